// SPDX-License-Identifier: Apache-2.0
// The kernels over an instruction set V; included once by each file that defines one. Everything
// is in an anonymous namespace: code compiled for AVX-512 must not stand in for code that is not.
//
// V has L doubles (type D), or 2L floats or 32-bit integers (types F, I). 64-bit lanes of an I
// stand for two ranks: the low half is the even one, the high half the odd one.
#pragma once

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

  /// Words of both steps of kTogether pairs: chains of dependent operations side by side.
  template <int kTogether>
  struct Words {
    I first[kTogether], second[kTogether];
  };

  template <int kTogether>
  static Words<kTogether> words(I low, I high, const StepKeys* keys) {
    const I multiplier = V::set(kDelayMultiplier);
    Words<kTogether> out;
    for (int i = 0; i < kTogether; ++i) {
      out.first[i] = V::exclusive_or(low, V::set(keys[i].first));
      out.second[i] = high;
    }
    for (std::size_t round = 0; round < kDelayRounds; ++round) {
      for (int i = 0; i < kTogether; ++i) {
        const I even = V::product(out.first[i], multiplier);
        const I odd = V::product(V::high_half(out.first[i]), multiplier);
        out.first[i] =
            V::exclusive_or(V::zip_high(even, odd), out.second[i], V::set(keys[i].round[round]));
        out.second[i] = V::zip_low(even, odd);
      }
    }
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
    const auto w = words<1>(V::load(key_low), V::load(key_high), &keys);
    V::store(w0, w.first[0]);
    V::store(w1, w.second[0]);
    for (std::int64_t i = 0; i < kLanes; ++i) {
      if (w0[i] >= kDelayTail && w1[i] >= kDelayTail) continue;
      const auto [a, b] = delay_pair(law, std::uint64_t{key_high[i]} << 32U | key_low[i], keys);
      first[i] = a;
      second[i] = b;
    }
  }

  template <int kCount>
  static void log_of(const DelayLaw& law, F* x) {
    F m[kCount];
    F p[kCount];
    for (int i = 0; i < kCount; ++i) {
      const I bits = V::bits(x[i]);
      x[i] = V::to_float(V::subtract(V::set(0x4f800000U), bits));
      m[i] = V::floats(V::mantissa(bits));
      p[i] = V::setf(law.log_polynomial[6]);
    }
    for (std::size_t k = 6; k-- > 0;)
      for (int i = 0; i < kCount; ++i) p[i] = V::fma(p[i], m[i], V::setf(law.log_polynomial[k]));
    for (int i = 0; i < kCount; ++i) x[i] = V::fma(x[i], V::setf(law.log_slope), p[i]);
  }

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

  /// The delays of 2L ranks in the steps of kTogether pairs, with 32 bits of every word: those of
  /// pair i are out[2i], [2i+1]. True: some words are continued.
  template <Kind kKind, int kTogether>
  static bool delays(const DelayLaw& law, const std::uint32_t* key_low,
                     const std::uint32_t* key_high, const StepKeys* keys, F* out) {
    constexpr bool kNormal = kKind == Kind::normal || kKind == Kind::lognormal;
    const auto w = words<kTogether>(V::load(key_low), V::load(key_high), keys);
    I smallest = w.first[0];
    for (int i = 1; i < kTogether; ++i) smallest = V::smaller(smallest, w.first[i]);
    if constexpr (!kNormal)
      for (int i = 0; i < kTogether; ++i) smallest = V::smaller(smallest, w.second[i]);
    if constexpr (kNormal) {
      F x[kTogether];
      for (int i = 0; i < kTogether; ++i) x[i] = V::to_float_unsigned(w.first[i]);
      log_of<kTogether>(law, x);
      for (int i = 0; i < kTogether; ++i) {
        const Two z = on_circle(V::square_root(V::larger(x[i], V::setf(0))), w.second[i]);
        out[2 * i] = z.first;
        out[2 * i + 1] = z.second;
      }
    } else {
      for (int i = 0; i < kTogether; ++i) {
        out[2 * i] = V::to_float_unsigned(w.first[i]);
        out[2 * i + 1] = V::to_float_unsigned(w.second[i]);
      }
      log_of<2 * kTogether>(law, out);
    }
    if constexpr (kKind == Kind::lognormal)
      for (int i = 0; i < 2 * kTogether; ++i)
        out[i] = V::fma(out[i], V::setf(law.exponent_slope), V::setf(law.exponent_offset));
    if constexpr (kKind == Kind::lognormal || kKind == Kind::pareto) {
      exp2_of<2 * kTogether>(out);
      for (int i = 0; i < 2 * kTogether; ++i) out[i] = V::multiply(V::setf(law.scale), out[i]);
    }
    return V::any_small(smallest);
  }

  template <Kind kKind>
  static void fill(const DelayLaw& law, const std::uint32_t* key_low, const std::uint32_t* key_high,
                   std::int64_t ranks, const StepKeys* keys, int pairs, float* rows,
                   std::int64_t stride) {
    const auto some = [&]<int kTogether>(std::int64_t r, int p) {
      F out[2 * kTogether];
      float* row = rows + 2 * p * stride + r;
      const bool corrects = delays<kKind, kTogether>(law, key_low + r, key_high + r, keys + p, out);
      for (int i = 0; i < 2 * kTogether; ++i) V::store(row + i * stride, out[i]);
      if (corrects) [[unlikely]]
        for (int i = 0; i < kTogether; ++i)
          correct(law, key_low + r, key_high + r, keys[p + i], row + 2 * i * stride,
                  row + (2 * i + 1) * stride);
    };
    for (std::int64_t r = 0; r < ranks; r += kLanes) {
      int p = 0;
      for (; p + V::kPairs <= pairs; p += V::kPairs) some.template operator()<V::kPairs>(r, p);
      for (; p < pairs; ++p) some.template operator()<1>(r, p);
    }
  }

  static void fill_delays(const DelayLaw& law, const std::uint32_t* key_low,
                          const std::uint32_t* key_high, std::int64_t ranks, const StepKeys* keys,
                          int pairs, float* rows, std::int64_t stride) {
    const auto with = [&](auto&& fill_kind) {
      fill_kind(law, key_low, key_high, ranks, keys, pairs, rows, stride);
    };
    switch (law.kind) {
      case Kind::exponential:
        return with(fill<Kind::exponential>);
      case Kind::normal:
        return with(fill<Kind::normal>);
      case Kind::lognormal:
        return with(fill<Kind::lognormal>);
      case Kind::pareto:
        return with(fill<Kind::pareto>);
      case Kind::none:
      case Kind::detour:
      case Kind::samples:
        return with(portable_kernels()->fill_delays);  // something is looked up for each rank
    }
  }

  template <int kSteps, bool kDelays>
  static void sweep_steps(double* t, const double* own, const double* edge, std::int64_t ranks,
                          const float* rows, std::int64_t stride, double* carry) {
    D before[kSteps];
    for (int k = 0; k < kSteps; ++k) before[k] = V::setd(carry[k]);
    constexpr int kBeside = 4;  // vectors side by side, so that one need not wait for another
    static_assert(kKernelGrain % (kBeside * V::kDoubles) == 0);
    for (std::int64_t r = 0; r < ranks; r += kBeside * V::kDoubles) {
      D clock[kBeside];
      for (int i = 0; i < kBeside; ++i) clock[i] = V::loadd(t + r + i * V::kDoubles);
      for (int k = 0; k < kSteps; ++k) {
        D left[kBeside];
        left[0] = V::shift_in(before[k], clock[0]);
        for (int i = 1; i < kBeside; ++i) left[i] = V::shift_in(clock[i - 1], clock[i]);
        before[k] = clock[kBeside - 1];
        for (int i = 0; i < kBeside; ++i) {
          const std::int64_t at = r + i * V::kDoubles;
          clock[i] =
              V::maxd(V::addd(clock[i], V::loadd(own + at)), V::addd(left[i], V::loadd(edge + at)));
          if constexpr (kDelays)
            clock[i] = V::addd(clock[i], V::load_as_double(rows + k * stride + at));
        }
      }
      for (int i = 0; i < kBeside; ++i) V::stored(t + r + i * V::kDoubles, clock[i]);
    }
    for (int k = 0; k < kSteps; ++k) carry[k] = V::last(before[k]);
  }

  static void sweep(double* t, const double* own, const double* edge, std::int64_t ranks,
                    const float* rows, std::int64_t stride, int steps, double* carry) {
    if (steps == kSweepSteps && rows)
      sweep_steps<kSweepSteps, true>(t, own, edge, ranks, rows, stride, carry);
    else if (steps == kSweepSteps)
      sweep_steps<kSweepSteps, false>(t, own, edge, ranks, rows, stride, carry);
    else if (rows)
      sweep_steps<1, true>(t, own, edge, ranks, rows, stride, carry);
    else
      sweep_steps<1, false>(t, own, edge, ranks, rows, stride, carry);
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
  return {set, name, Body<V>::fill_delays, Body<V>::sweep, Body<V>::exchange};
}

}  // namespace
}  // namespace collscale
