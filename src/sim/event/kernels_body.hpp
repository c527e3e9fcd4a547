// SPDX-License-Identifier: Apache-2.0
// The kernels over an instruction set V; included once by each file that defines one. Everything
// is in an anonymous namespace: code compiled for AVX-512 must not stand in for code that is not.
//
// V has L doubles (type D), or 2L floats or 32-bit integers (types F, I). 64-bit lanes of an I
// stand for two ranks: the low half is the even one, the high half the odd one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

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

  /// The generator's state for kVectors vectors of ranks: chains of dependent operations side by
  /// side.
  template <int kVectors>
  struct Words {
    I left[kVectors], right[kVectors];

    void begin(const std::uint32_t* key_low, const std::uint32_t* key_high, std::uint32_t first) {
      for (int i = 0; i < kVectors; ++i) {
        left[i] = V::exclusive_or(V::load(key_low + i * kLanes), V::set(first));
        right[i] = V::load(key_high + i * kLanes);
      }
    }
    void round(std::uint32_t key) {
      const I multiplier = V::set(kDelayMultiplier);
      for (int i = 0; i < kVectors; ++i) {
        const I even = V::product(left[i], multiplier);
        const I odd = V::product(V::high_half(left[i]), multiplier);
        left[i] = V::exclusive_or(V::zip_high(even, odd), right[i], V::set(key));
        right[i] = V::zip_low(even, odd);
      }
    }
  };

  /// Words of kVectors vectors of ranks in a pair of steps.
  template <int kVectors>
  struct Pair {
    I first[kVectors], second[kVectors];
  };

  static constexpr std::size_t kLogParts = 4;

  /// Logarithms of kCount vectors, in parts, between which the words of the next pair are drawn
  /// (fill_in_pipeline).
  template <int kCount>
  struct Logs {
    F x[kCount], m[kCount], p[kCount];

    template <std::size_t number>
    void part(const DelayLaw& law) {
      constexpr std::size_t kFirst[kLogParts + 1] = {6, 5, 3, 1, 0};
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
      if constexpr (number + 1 == kLogParts)
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

  /// The delays of kVectors vectors of ranks in a pair of steps, with 32 bits of every word.
  template <Kind kKind, int kVectors>
  struct Draw {
    static constexpr int kLogs = is_normal(kKind) ? kVectors : 2 * kVectors;
    Logs<kLogs> logs;
    I angle[kVectors];

    explicit Draw(const Pair<kVectors>& w) {
      for (int i = 0; i < kVectors; ++i) {
        logs.x[i] = V::to_float_unsigned(w.first[i]);
        if constexpr (is_normal(kKind))
          angle[i] = w.second[i];
        else
          logs.x[kVectors + i] = V::to_float_unsigned(w.second[i]);
      }
    }

    /// What follows the logarithms: out[i] of the first step, out[kVectors + i] of the second.
    void finish(const DelayLaw& law, F* out) const {
      if constexpr (is_normal(kKind)) {
        for (int i = 0; i < kVectors; ++i) {
          const Two z = on_circle(V::square_root(V::larger(logs.x[i], V::setf(0))), angle[i]);
          out[i] = z.first;
          out[kVectors + i] = z.second;
        }
      } else {
        for (int i = 0; i < kLogs; ++i) out[i] = logs.x[i];
      }
      if constexpr (kKind == Kind::lognormal)
        for (int i = 0; i < 2 * kVectors; ++i)
          out[i] = V::fma(out[i], V::setf(law.exponent_slope), V::setf(law.exponent_offset));
      if constexpr (kKind == Kind::lognormal || kKind == Kind::pareto) {
        exp2_of<2 * kVectors>(out);
        for (int i = 0; i < 2 * kVectors; ++i) out[i] = V::multiply(V::setf(law.scale), out[i]);
      }
    }
  };

  /// Out: float, or 32-bit integers, to which delays are rounded.
  template <class Out>
  struct Fill {
    const DelayLaw& law;
    const std::uint32_t* key_low;
    const std::uint32_t* key_high;
    std::int64_t ranks;
    const StepKeys& keys;
    int first_pair;
    int pairs;
    Out* rows;
    std::int64_t stride;
  };

  /// Words of a pair some of which are continued, kept until their delays can be put right.
  template <int kVectors>
  struct Small {
    alignas(64) std::uint32_t first[kVectors * kLanes];
    alignas(64) std::uint32_t second[kVectors * kLanes];

    void keep(const Pair<kVectors>& w) {
      for (int i = 0; i < kVectors; ++i) {
        V::store(first + i * kLanes, w.first[i]);
        V::store(second + i * kLanes, w.second[i]);
      }
    }
    template <class Out>
    [[gnu::noinline, gnu::cold]] void correct(const Fill<Out>& fill, std::int64_t r, int p) const {
      Out* row = fill.rows + 2 * p * fill.stride + r;
      for (std::int64_t i = 0; i < kVectors * kLanes; ++i) {
        if (first[i] >= kDelayTail && second[i] >= kDelayTail) continue;
        const auto [even, odd] =
            delay_pair(fill.law, std::uint64_t{fill.key_high[r + i]} << 32U | fill.key_low[r + i],
                       fill.keys, fill.first_pair + p, {first[i], second[i]});
        put_delay(row[i], even);
        put_delay(row[fill.stride + i], odd);
      }
    }
  };

  template <Kind kKind, int kVectors>
  static bool any_small(const Pair<kVectors>& w) {
    I smallest = w.first[0];
    for (int i = 1; i < kVectors; ++i) smallest = V::smaller(smallest, w.first[i]);
    if constexpr (!is_normal(kKind))
      for (int i = 0; i < kVectors; ++i) smallest = V::smaller(smallest, w.second[i]);
    return V::any_small(smallest);
  }

  static void put_delays(float* row, F delays) { V::store(row, delays); }
  static void put_delays(std::int32_t* row, F delays) { V::store(row, V::whole(delays)); }

  template <Kind kKind, int kVectors, class Out>
  static void put(const Fill<Out>& fill, const Draw<kKind, kVectors>& draw, std::int64_t r, int p) {
    F out[2 * kVectors];
    draw.finish(fill.law, out);
    Out* row = fill.rows + 2 * p * fill.stride + r;
    for (int i = 0; i < kVectors; ++i) {
      put_delays(row + i * kLanes, out[i]);
      put_delays(row + fill.stride + i * kLanes, out[kVectors + i]);
    }
  }

  /// kVectors vectors divide the ranks. The words of the next pair are drawn while the logarithms
  /// of the last are worked out, part by part: each alone is a chain of operations that wait for
  /// one another, of which the processor's window is full before it sees the next.
  template <Kind kKind, int kVectors, class Out>
  static void fill_in_pipeline(const Fill<Out>& fill) {
    Small<kVectors> small;
    for (std::int64_t r = 0; r < fill.ranks; r += kVectors * kLanes) {
      Words<kVectors> words;
      words.begin(fill.key_low + r, fill.key_high + r, fill.keys.first);
      const std::uint32_t* key = fill.keys.round.data();
      for (int i = 0; i < kMixingRounds + 2 * fill.first_pair; ++i) words.round(*key++);
      Pair<kVectors> pair;
      const auto next = [&](I* to) {
        for (int i = 0; i < kVectors; ++i) to[i] = words.left[i];
      };
      next(pair.first);
      words.round(*key++);
      next(pair.second);
      for (int p = 0; p < fill.pairs; ++p) {
        Draw<kKind, kVectors> draw(pair);
        const bool any = any_small<kKind>(pair);
        if (any) [[unlikely]]
          small.keep(pair);
        const bool more = p + 1 < fill.pairs;
        if (more) {
          words.round(*key++);
          next(pair.first);
        }
        draw.logs.template part<0>(fill.law);
        draw.logs.template part<1>(fill.law);
        if (more) {
          words.round(*key++);
          next(pair.second);
        }
        draw.logs.template part<2>(fill.law);
        draw.logs.template part<3>(fill.law);
        put(fill, draw, r, p);
        if (any) [[unlikely]]
          small.correct(fill, r, p);
      }
    }
  }

  static void fill_delays(const DelayLaw& law, const std::uint32_t* key_low,
                          const std::uint32_t* key_high, std::int64_t ranks, const StepKeys& keys,
                          int first_pair, int pairs, float* rows, std::int64_t stride) {
    const Fill<float> fill{law, key_low, key_high, ranks, keys, first_pair, pairs, rows, stride};
    switch (law.kind) {
      case Kind::exponential:
        return fill_in_pipeline<Kind::exponential, V::kVectors>(fill);
      case Kind::normal:
        return fill_in_pipeline<Kind::normal, V::kVectors>(fill);
      case Kind::lognormal:
        return fill_in_pipeline<Kind::lognormal, V::kVectors>(fill);
      case Kind::pareto:
        return fill_in_pipeline<Kind::pareto, V::kVectors>(fill);
      case Kind::none:
      case Kind::detour:
      case Kind::samples:
        // Something is looked up for each rank.
        return portable_kernels()->fill_delays(law, key_low, key_high, ranks, keys, first_pair,
                                               pairs, rows, stride);
    }
  }

  static void fill_ticks(const DelayLaw& law, const std::uint32_t* key_low,
                         const std::uint32_t* key_high, std::int64_t ranks, const StepKeys& keys,
                         int pairs, std::int32_t* rows, std::int64_t stride) {
    fill_in_pipeline<Kind::exponential, V::kVectors>(
        Fill<std::int32_t>{law, key_low, key_high, ranks, keys, 0, pairs, rows, stride});
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
      return sweep_steps<kSweepSteps, true>(t, own, edge, places, rows, stride, carry);
    if (steps == kSweepSteps)
      return sweep_steps<kSweepSteps, false>(t, own, edge, places, rows, stride, carry);
    for (int k = 0; k < steps; ++k) {
      double* const of_step = carry + k * V::kDoubles;
      if (rows)
        sweep_steps<1, true>(t, own, edge, places, rows + k * stride, stride, of_step);
      else
        sweep_steps<1, false>(t, own, edge, places, rows, stride, of_step);
    }
  }

  template <int kSteps>
  static std::int32_t sweep_steps_of_ticks(std::int32_t* t, const std::int32_t* own,
                                           const std::int32_t* edge, std::int64_t places,
                                           const std::int32_t* rows, std::int64_t stride,
                                           std::int32_t* carry) {
    constexpr int kBeside = 4;
    static_assert(kKernelGrain % (kBeside * kLanes) == 0);
    I before[kSteps];
    for (int k = 0; k < kSteps; ++k) before[k] = V::load(carry + k * kLanes);
    I latest = V::load(t);
    for (std::int64_t at = 0; at < places; at += kBeside * kLanes) {
      I clock[kBeside], mine[kBeside], left[kBeside];
      for (int i = 0; i < kBeside; ++i) {
        clock[i] = V::load(t + at + i * kLanes);
        mine[i] = V::load(own + at + i * kLanes);
        left[i] = V::load(edge + at + i * kLanes);
      }
      for (int k = 0; k < kSteps; ++k) {
        const I last = clock[kBeside - 1];
        for (int i = kBeside - 1; i >= 0; --i)
          clock[i] = V::addi(V::largeri(V::addi(clock[i], mine[i]),
                                        V::addi(i > 0 ? clock[i - 1] : before[k], left[i])),
                             V::load(rows + k * stride + at + i * kLanes));
        before[k] = last;
      }
      for (int i = 0; i < kBeside; ++i) {
        V::store(t + at + i * kLanes, clock[i]);
        latest = V::largeri(latest, clock[i]);
      }
    }
    for (int k = 0; k < kSteps; ++k) V::store(carry + k * kLanes, before[k]);
    alignas(64) std::int32_t all[kLanes];
    V::store(all, latest);
    return *std::max_element(all, all + kLanes);
  }

  static std::int32_t sweep_ticks(std::int32_t* t, const std::int32_t* own,
                                  const std::int32_t* edge, std::int64_t places,
                                  const std::int32_t* rows, std::int64_t stride, int steps,
                                  std::int32_t* carry) {
    if (steps == kSweepSteps)
      return sweep_steps_of_ticks<kSweepSteps>(t, own, edge, places, rows, stride, carry);
    std::int32_t latest = 0;
    for (int k = 0; k < steps; ++k)
      latest = sweep_steps_of_ticks<1>(t, own, edge, places, rows + k * stride, stride,
                                       carry + k * kLanes);
    return latest;
  }

  static void sweep_wide_ticks(double* t, const std::int32_t* own, const std::int32_t* edge,
                               std::int64_t places, const std::int32_t* rows, std::int64_t stride,
                               int steps, double* carry) {
    for (int k = 0; k < steps; ++k) {
      D left[2] = {V::loadd(carry + k * kLanes), V::loadd(carry + k * kLanes + V::kDoubles)};
      for (std::int64_t at = 0; at < places; at += kLanes) {
        for (int half = 0; half < 2; ++half) {
          const std::int64_t here = at + half * V::kDoubles;
          const D clock = V::loadd(t + here);
          const D next = V::maxd(V::addd(clock, V::load_as_double(own + here)),
                                 V::addd(left[half], V::load_as_double(edge + here)));
          V::stored(t + here, V::addd(next, V::load_as_double(rows + k * stride + here)));
          left[half] = clock;
        }
      }
      V::stored(carry + k * kLanes, left[0]);
      V::stored(carry + k * kLanes + V::kDoubles, left[1]);
    }
  }

  /// See TickKernels::come_near.
  static bool come_near(const double* t, std::int64_t places, double within, double* base,
                        std::int32_t* near) {
    D first[2] = {V::loadd(t), V::loadd(t + V::kDoubles)};
    D last[2] = {first[0], first[1]};
    for (std::int64_t at = 0; at < places; at += kLanes) {
      for (int half = 0; half < 2; ++half) {
        const D clock = V::loadd(t + at + half * V::kDoubles);
        first[half] = V::mind(first[half], clock);
        last[half] = V::maxd(last[half], clock);
      }
    }
    double spread[kLanes];
    for (int half = 0; half < 2; ++half) {
      V::stored(base + half * V::kDoubles, first[half]);
      V::stored(spread + half * V::kDoubles, V::subtractd(last[half], first[half]));
    }
    if (*std::max_element(spread, spread + kLanes) >= within) return false;
    for (std::int64_t at = 0; at < places; at += kLanes)
      for (int half = 0; half < 2; ++half)
        V::store_whole(near + at + half * V::kDoubles,
                       V::subtractd(V::loadd(t + at + half * V::kDoubles), first[half]));
    return true;
  }

  static void leave(double* t, std::int64_t places, const double* base, const std::int32_t* near) {
    for (std::int64_t at = 0; at < places; at += kLanes)
      for (int half = 0; half < 2; ++half)
        V::stored(t + at + half * V::kDoubles,
                  V::addd(V::loadd(base + half * V::kDoubles),
                          V::load_as_double(near + at + half * V::kDoubles)));
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
  return {set,
          name,
          V::kDoubles,
          Body<V>::fill_delays,
          Body<V>::sweep,
          {2 * V::kDoubles, Body<V>::fill_ticks, Body<V>::sweep_ticks, Body<V>::sweep_wide_ticks,
           Body<V>::come_near, Body<V>::leave},
          Body<V>::exchange};
}

}  // namespace
}  // namespace collscale
