// SPDX-License-Identifier: Apache-2.0
// For every x86-64 processor.
#include <emmintrin.h>

#include "sim/event/kernels_body.hpp"
#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

/// The fused multiply-add of two floats, widened. The product is exact in double. The sum is
/// rounded to odd, which a second rounding to float cannot spoil (S. Boldo, G. Melquiond:
/// "Emulation of a FMA and correctly rounded sums", IEEE Trans. Computers 57, 2008).
__m128d fused(__m128d a, __m128d b, __m128d c) {
  const __m128d product = _mm_mul_pd(a, b);
  const __m128d sum = _mm_add_pd(product, c);
  const __m128d part = _mm_sub_pd(sum, product);  // what the sum has of c (Knuth's TwoSum)
  const __m128d error = _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, part)), _mm_sub_pd(c, part));
  const __m128i bits = _mm_castpd_si128(sum);
  const __m128i one = _mm_set_epi32(0, 1, 0, 1);
  const __m128i inexact = _mm_castpd_si128(_mm_cmpneq_pd(error, _mm_setzero_pd()));
  // 1 where the last bit is 0 and something was lost.
  const __m128i even = _mm_and_si128(_mm_andnot_si128(bits, one), inexact);
  // All ones where the error points towards zero: the neighbour is one below.
  const __m128i apart = _mm_xor_si128(_mm_castpd_si128(error), bits);
  const __m128i towards_zero =
      _mm_shuffle_epi32(_mm_srai_epi32(apart, 31), _MM_SHUFFLE(3, 3, 1, 1));
  const __m128i odd = _mm_sub_epi64(_mm_add_epi64(bits, _mm_andnot_si128(towards_zero, even)),
                                    _mm_and_si128(towards_zero, even));
  return _mm_castsi128_pd(odd);
}

struct Sse2 {
  static constexpr std::int64_t kDoubles = 2;
  static constexpr int kVectors = 1;
  static constexpr int kBeside = 4;
  using F = __m128;
  using I = __m128i;
  using D = __m128d;

  static I load(const std::uint32_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static F load(const float* p) { return _mm_loadu_ps(p); }
  static I load(const std::int32_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static void store(std::int32_t* p, I x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), x); }
  static void store(std::uint32_t* p, I x) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), x); }
  static void store(float* p, F x) { _mm_storeu_ps(p, x); }
  static I set(std::uint32_t x) { return _mm_set1_epi32(static_cast<int>(x)); }
  static F setf(float x) { return _mm_set1_ps(x); }

  static I exclusive_or(I a, I b) { return _mm_xor_si128(a, b); }
  static I exclusive_or(I a, I b, I c) { return exclusive_or(exclusive_or(a, b), c); }
  static I both(I a, I b) { return _mm_and_si128(a, b); }
  static I select(I mask, I a, I b) {
    return _mm_or_si128(_mm_and_si128(mask, a), _mm_andnot_si128(mask, b));
  }
  static I high_half(I x) { return _mm_srli_epi64(x, 32); }
  static I product(I a, I b) { return _mm_mul_epu32(a, b); }
  static I zip_low(I even, I odd) {
    return _mm_or_si128(_mm_and_si128(even, _mm_set_epi32(0, -1, 0, -1)), _mm_slli_epi64(odd, 32));
  }
  static I zip_high(I even, I odd) {
    return _mm_or_si128(_mm_srli_epi64(even, 32), _mm_and_si128(odd, _mm_set_epi32(-1, 0, -1, 0)));
  }
  static I addi(I a, I b) { return _mm_add_epi32(a, b); }
  static I subtract(I a, I b) { return _mm_sub_epi32(a, b); }
  template <int kBits>
  static I shift_left(I x) {
    return _mm_slli_epi32(x, kBits);
  }
  template <int kBits>
  static I shift_right(I x) {
    return _mm_srli_epi32(x, kBits);
  }
  /// Not the smaller one, but small where either is: all that any_small asks for.
  static I smaller(I a, I b) {
    const I zero = _mm_setzero_si128();
    const I top = set(~(kDelayTail - 1));
    const I either =
        _mm_or_si128(_mm_cmpeq_epi32(both(a, top), zero), _mm_cmpeq_epi32(both(b, top), zero));
    return _mm_andnot_si128(either, set(~0U));
  }
  static bool any_small(I x) {
    const I top = both(x, set(~(kDelayTail - 1)));
    return _mm_movemask_epi8(_mm_cmpeq_epi32(top, _mm_setzero_si128())) != 0;
  }

  static I largeri(I a, I b) { return select(_mm_cmpgt_epi32(a, b), a, b); }
  static I whole(F x) { return _mm_cvtps_epi32(x); }

  static I bits(F x) { return _mm_castps_si128(x); }
  static F floats(I x) { return _mm_castsi128_ps(x); }
  static I mantissa(I x) { return _mm_or_si128(both(x, set(0x7fffffU)), set(0x3f800000U)); }
  static F to_float(I x) { return _mm_cvtepi32_ps(x); }
  /// The high half's float times 2^16 is exact: only the sum rounds.
  static F to_float_unsigned(I x) {
    return add(multiply(to_float(shift_right<16>(x)), setf(65536.0F)),
               to_float(both(x, set(0xffffU))));
  }
  static F fma(F a, F b, F c) {
    const auto upper = [](F x) { return _mm_cvtps_pd(_mm_movehl_ps(x, x)); };
    const __m128 low = _mm_cvtpd_ps(fused(_mm_cvtps_pd(a), _mm_cvtps_pd(b), _mm_cvtps_pd(c)));
    const __m128 high = _mm_cvtpd_ps(fused(upper(a), upper(b), upper(c)));
    return _mm_movelh_ps(low, high);
  }
  static F add(F a, F b) { return _mm_add_ps(a, b); }
  static F subtractf(F a, F b) { return _mm_sub_ps(a, b); }
  static F multiply(F a, F b) { return _mm_mul_ps(a, b); }
  static F larger(F a, F b) { return _mm_max_ps(a, b); }
  static F square_root(F x) { return _mm_sqrt_ps(x); }

  static D setd(double x) { return _mm_set1_pd(x); }
  static D loadd(const double* p) { return _mm_loadu_pd(p); }
  static void stored(double* p, D x) { _mm_storeu_pd(p, x); }
  static D load_as_double(const float* p) {
    return _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd(reinterpret_cast<const double*>(p))));
  }
  static D load_as_double(const std::int32_t* p) {
    return _mm_cvtepi32_pd(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  }
  static void store_whole(std::int32_t* p, D x) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_cvtpd_epi32(x));
  }
  static D mind(D a, D b) { return _mm_min_pd(a, b); }
  static D subtractd(D a, D b) { return _mm_sub_pd(a, b); }
  static D addd(D a, D b) { return _mm_add_pd(a, b); }
  static D maxd(D a, D b) { return _mm_max_pd(a, b); }
};

constexpr Kernels kSse2 = kernels_over<Sse2>(InstructionSet::sse2, "SSE2");

}  // namespace

const Kernels* sse2_kernels() { return &kSse2; }

}  // namespace collscale
