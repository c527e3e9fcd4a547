// SPDX-License-Identifier: Apache-2.0
// The kernels over an instruction set V; included once by each file that defines one. Everything
// is in an anonymous namespace: code compiled for AVX-512 must not stand in for code that is not.
//
// V has L doubles (type D), or 2L floats or 32-bit integers (types F, I). 64-bit lanes of an I
// stand for two ranks: the low half is the even one, the high half the odd one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sim/event/kernels.hpp"
#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

template <class V>
struct Body {
  using F = typename V::F;
  using I = typename V::I;
  using D = typename V::D;
  static constexpr std::int64_t kLanes = 2 * V::kDoubles;

  /// Words of both steps of kTogether pairs: chains of dependent operations side by side.
  template <int kTogether>
  struct Words {
    I first[kTogether], second[kTogether];

    void begin(const std::uint32_t* key_low, const std::uint32_t* key_high, const StepKeys* keys) {
      const I low = V::load(key_low);
      const I high = V::load(key_high);
      for (int i = 0; i < kTogether; ++i) {
        first[i] = V::exclusive_or(low, V::set(keys[i].first));
        second[i] = high;
      }
    }
    void round(const StepKeys* keys, std::size_t number) {
      const I multiplier = V::set(kDelayMultiplier);
      for (int i = 0; i < kTogether; ++i) {
        const I even = V::product(first[i], multiplier);
        const I odd = V::product(V::high_half(first[i]), multiplier);
        first[i] =
            V::exclusive_or(V::zip_high(even, odd), second[i], V::set(keys[i].round[number]));
        second[i] = V::zip_low(even, odd);
      }
    }
  };

  template <int kTogether>
  static Words<kTogether> words(const std::uint32_t* key_low, const std::uint32_t* key_high,
                                const StepKeys* keys) {
    Words<kTogether> out;
    out.begin(key_low, key_high, keys);
    for (std::size_t number = 0; number < kDelayRounds; ++number) out.round(keys, number);
    return out;
  }

  /// Some words of a pair are continued: their delays anew, one by one.
  [[gnu::noinline, gnu::cold]] static void correct(const DelayLaw& law,
                                                   const std::uint32_t* key_low,
                                                   const std::uint32_t* key_high,
                                                   const StepKeys& keys, float* first,
                                                   float* second) {
    alignas(64) std::uint32_t w0[kLanes];
    alignas(64) std::uint32_t w1[kLanes];
    const auto w = words<1>(key_low, key_high, &keys);
    V::store(w0, w.first[0]);
    V::store(w1, w.second[0]);
    for (std::int64_t i = 0; i < kLanes; ++i) {
      if (w0[i] >= kDelayTail && w1[i] >= kDelayTail) continue;
      const auto [a, b] = delay_pair(law, std::uint64_t{key_high[i]} << 32U | key_low[i], keys);
      first[i] = a;
      second[i] = b;
    }
  }

  /// Logarithms of kCount vectors, in as many parts as words have rounds: the two are worked out
  /// side by side (fill_in_pipeline).
  template <int kCount>
  struct Logs {
    F x[kCount], m[kCount], p[kCount];

    template <std::size_t number>
    void part(const DelayLaw& law) {
      constexpr std::size_t kFirst[kDelayRounds + 1] = {6, 5, 3, 1, 0};
      if constexpr (number == 0) {
        for (int i = 0; i < kCount; ++i) {
          const I bits = V::bits(x[i]);
          x[i] = V::to_float(V::subtract(V::set(0x4f800000U), bits));
          m[i] = V::floats(V::mantissa(bits));
          p[i] = V::setf(law.log_polynomial[6]);
        }
      }
      for (std::size_t k = kFirst[number]; k-- > kFirst[number + 1];)
        for (int i = 0; i < kCount; ++i) p[i] = V::fma(p[i], m[i], V::setf(law.log_polynomial[k]));
      if constexpr (number + 1 == kDelayRounds)
        for (int i = 0; i < kCount; ++i) x[i] = V::fma(x[i], V::setf(law.log_slope), p[i]);
    }
  };

  template <int kCount>
  static void exp2_of(F* y) {
    const F round = V::setf(0x1.8p23F);
    F moved[kCount];
    F p[kCount];
    for (int i = 0; i < kCount; ++i) {
      moved[i] = V::add(y[i], round);
      y[i] = V::subtractf(y[i], V::subtractf(moved[i], round));
      p[i] = V::setf(kExp2Polynomial[5]);
    }
    for (std::size_t k = 5; k-- > 0;)
      for (int i = 0; i < kCount; ++i) p[i] = V::fma(p[i], y[i], V::setf(kExp2Polynomial[k]));
    for (int i = 0; i < kCount; ++i)
      y[i] = V::floats(V::addi(V::bits(p[i]), V::template shift_left<23>(V::bits(moved[i]))));
  }

  struct Two {
    F first, second;
  };

  static Two on_circle(F radius, I word) {
    const I quarter = V::template shift_right<30>(V::addi(word, V::set(0x20000000U)));
    const I rest = V::subtract(word, V::template shift_left<30>(quarter));
    const F x =
        V::multiply(V::to_float(rest), V::setf(static_cast<float>(1.5707963267948966 * 0x1p-30)));
    const F z = V::multiply(x, x);
    F s = V::setf(kSinePolynomial[3]);
    F c = V::setf(kCosinePolynomial[3]);
    for (std::size_t i = 3; i-- > 0;) {
      s = V::fma(s, z, V::setf(kSinePolynomial[i]));
      c = V::fma(c, z, V::setf(kCosinePolynomial[i]));
    }
    s = V::multiply(s, x);
    const I swaps = V::subtract(V::set(0), V::both(quarter, V::set(1)));
    const I sine = V::select(swaps, V::bits(c), V::bits(s));
    const I cosine = V::select(swaps, V::bits(s), V::bits(c));
    const I two = V::set(2);
    const I cosine_sign = V::template shift_left<30>(V::both(V::addi(quarter, V::set(1)), two));
    const I sine_sign = V::template shift_left<30>(V::both(quarter, two));
    return {V::multiply(radius, V::floats(V::exclusive_or(cosine, cosine_sign))),
            V::multiply(radius, V::floats(V::exclusive_or(sine, sine_sign)))};
  }

  using Kind = DelayLaw::Kind;

  static constexpr bool is_normal(Kind kind) {
    return kind == Kind::normal || kind == Kind::lognormal;
  }

  /// The delays of 2L ranks in the steps of kTogether pairs, with 32 bits of every word: those of
  /// pair i are out[2i], [2i+1].
  template <Kind kKind, int kTogether>
  struct Draw {
    static constexpr int kLogs = is_normal(kKind) ? kTogether : 2 * kTogether;
    Logs<kLogs> logs;
    I angle[kTogether];
    I smallest;  ///< of the words that are continued where they are small

    explicit Draw(const Words<kTogether>& w) {
      smallest = w.first[0];
      for (int i = 1; i < kTogether; ++i) smallest = V::smaller(smallest, w.first[i]);
      if constexpr (is_normal(kKind)) {
        for (int i = 0; i < kTogether; ++i) {
          logs.x[i] = V::to_float_unsigned(w.first[i]);
          angle[i] = w.second[i];
        }
      } else {
        for (int i = 0; i < kTogether; ++i) smallest = V::smaller(smallest, w.second[i]);
        for (int i = 0; i < kTogether; ++i) {
          logs.x[2 * i] = V::to_float_unsigned(w.first[i]);
          logs.x[2 * i + 1] = V::to_float_unsigned(w.second[i]);
        }
      }
    }

    /// What follows the logarithms.
    void finish(const DelayLaw& law, F* out) const {
      if constexpr (is_normal(kKind)) {
        for (int i = 0; i < kTogether; ++i) {
          const Two z = on_circle(V::square_root(V::larger(logs.x[i], V::setf(0))), angle[i]);
          out[2 * i] = z.first;
          out[2 * i + 1] = z.second;
        }
      } else {
        for (int i = 0; i < kLogs; ++i) out[i] = logs.x[i];
      }
      if constexpr (kKind == Kind::lognormal)
        for (int i = 0; i < 2 * kTogether; ++i)
          out[i] = V::fma(out[i], V::setf(law.exponent_slope), V::setf(law.exponent_offset));
      if constexpr (kKind == Kind::lognormal || kKind == Kind::pareto) {
        exp2_of<2 * kTogether>(out);
        for (int i = 0; i < 2 * kTogether; ++i) out[i] = V::multiply(V::setf(law.scale), out[i]);
      }
    }
  };

  struct Fill {
    const DelayLaw& law;
    const std::uint32_t* key_low;
    const std::uint32_t* key_high;
    std::int64_t ranks;
    const StepKeys* keys;
    int pairs;
    float* rows;
    std::int64_t stride;
  };

  template <Kind kKind, int kTogether>
  static void put(const Fill& fill, const Draw<kKind, kTogether>& draw, std::int64_t r, int p) {
    F out[2 * kTogether];
    draw.finish(fill.law, out);
    float* row = fill.rows + 2 * p * fill.stride + r;
    for (int i = 0; i < 2 * kTogether; ++i) V::store(row + i * fill.stride, out[i]);
    if (V::any_small(draw.smallest)) [[unlikely]]
      for (int i = 0; i < kTogether; ++i)
        correct(fill.law, fill.key_low + r, fill.key_high + r, fill.keys[p + i],
                row + 2 * i * fill.stride, row + (2 * i + 1) * fill.stride);
  }

  /// kTogether divides the pairs. The words of the next vectors are drawn while the logarithms of
  /// the last are worked out, part by part: each alone is a chain of operations that wait for one
  /// another, of which the processor's window is full before it sees the next.
  template <Kind kKind, int kTogether>
  static void fill_in_pipeline(const Fill& fill) {
    auto next = words<kTogether>(fill.key_low, fill.key_high, fill.keys);
    for (std::int64_t r = 0; r < fill.ranks; r += kLanes) {
      for (int p = 0; p < fill.pairs; p += kTogether) {
        Draw<kKind, kTogether> draw(next);
        const bool wraps = p + kTogether == fill.pairs;
        const std::int64_t next_r = wraps && r + kLanes < fill.ranks ? r + kLanes : r;
        const StepKeys* next_keys = fill.keys + (wraps ? 0 : p + kTogether);
        next.begin(fill.key_low + next_r, fill.key_high + next_r, next_keys);
        const auto side_by_side = [&]<std::size_t... number>(std::index_sequence<number...>) {
          ((next.round(next_keys, number), draw.logs.template part<number>(fill.law)), ...);
        };
        side_by_side(std::make_index_sequence<kDelayRounds>());
        put(fill, draw, r, p);
      }
    }
  }

  template <Kind kKind>
  static void fill_kind(const Fill& fill) {
    if (fill.pairs % V::kPairs == 0) return fill_in_pipeline<kKind, V::kPairs>(fill);
    return fill_in_pipeline<kKind, 1>(fill);
  }

  static void fill_delays(const DelayLaw& law, const std::uint32_t* key_low,
                          const std::uint32_t* key_high, std::int64_t ranks, const StepKeys* keys,
                          int pairs, float* rows, std::int64_t stride) {
    const Fill fill{law, key_low, key_high, ranks, keys, pairs, rows, stride};
    switch (law.kind) {
      case Kind::exponential:
        return fill_kind<Kind::exponential>(fill);
      case Kind::normal:
        return fill_kind<Kind::normal>(fill);
      case Kind::lognormal:
        return fill_kind<Kind::lognormal>(fill);
      case Kind::pareto:
        return fill_kind<Kind::pareto>(fill);
      case Kind::none:
      case Kind::detour:
      case Kind::samples:
        // Something is looked up for each rank.
        return portable_kernels()->fill_delays(law, key_low, key_high, ranks, keys, pairs, rows,
                                               stride);
    }
  }

  template <int kSteps, bool kDelays>
  static void sweep_steps(double* t, const double* own, const double* edge, std::int64_t places,
                          const float* rows, std::int64_t stride, double* carry) {
    constexpr std::int64_t kWidth = V::kDoubles;
    // Vectors side by side, so that one need not wait for another; as many as there are registers.
    constexpr int kBeside = V::kBeside;
    static_assert(kKernelGrain % (kBeside * kWidth) == 0);
    D before[kSteps];
    for (int k = 0; k < kSteps; ++k) before[k] = V::loadd(carry + k * kWidth);
    for (std::int64_t at = 0; at < places; at += kBeside * kWidth) {
      D clock[kBeside];
      for (int i = 0; i < kBeside; ++i) clock[i] = V::loadd(t + at + i * kWidth);
      for (int k = 0; k < kSteps; ++k) {
        const D last = clock[kBeside - 1];
        for (int i = kBeside - 1; i >= 0; --i) {
          const std::int64_t here = at + i * kWidth;
          const D left = i > 0 ? clock[i - 1] : before[k];
          clock[i] = V::maxd(V::addd(clock[i], V::loadd(own + here)),
                             V::addd(left, V::loadd(edge + here)));
          if constexpr (kDelays)
            clock[i] = V::addd(clock[i], V::load_as_double(rows + k * stride + here));
        }
        before[k] = last;
      }
      for (int i = 0; i < kBeside; ++i) V::stored(t + at + i * kWidth, clock[i]);
    }
    for (int k = 0; k < kSteps; ++k) V::stored(carry + k * kWidth, before[k]);
  }

  static void sweep(double* t, const double* own, const double* edge, std::int64_t places,
                    const float* rows, std::int64_t stride, int steps, double* carry) {
    if (steps == kSweepSteps && rows)
      sweep_steps<kSweepSteps, true>(t, own, edge, places, rows, stride, carry);
    else if (steps == kSweepSteps)
      sweep_steps<kSweepSteps, false>(t, own, edge, places, rows, stride, carry);
    else if (rows)
      sweep_steps<1, true>(t, own, edge, places, rows, stride, carry);
    else
      sweep_steps<1, false>(t, own, edge, places, rows, stride, carry);
  }

  static void exchange(double* to, const double* from, const double* own, const double* edge,
                       std::int64_t ranks, std::int64_t mask, const float* row) {
    if (mask % V::kDoubles == 0) {
      for (std::int64_t r = 0; r < ranks; r += V::kDoubles) {
        D clock = V::maxd(V::addd(V::loadd(from + r), V::loadd(own + r)),
                          V::addd(V::loadd(from + (r ^ mask)), V::loadd(edge + r)));
        if (row) clock = V::addd(clock, V::load_as_double(row + r));
        V::stored(to + r, clock);
      }
      return;
    }
    for (std::int64_t r = 0; r < ranks; ++r) {
      const double mine = from[r] + own[r];
      const double theirs = from[r ^ mask] + edge[r];
      const double clock = mine > theirs ? mine : theirs;
      to[r] = row ? clock + static_cast<double>(row[r]) : clock;
    }
  }
};

template <class V>
constexpr Kernels kernels_over(InstructionSet set, const char* name) {
  return {set, name, V::kDoubles, Body<V>::fill_delays, Body<V>::sweep, Body<V>::exchange};
}

}  // namespace
}  // namespace collscale
