// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX-512 F, DQ, VL, CD; called only where the processor has them.
#include <immintrin.h>

#include "sim/event/kernels_body.hpp"
#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

struct Avx512 {
  static constexpr std::int64_t kDoubles = 8;
  static constexpr int kVectors = 2;
  static constexpr int kBeside = 8;
  using F = __m512;
  using I = __m512i;
  using D = __m512d;

  static I load(const std::uint32_t* p) { return _mm512_loadu_si512(p); }
  static F load(const float* p) { return _mm512_loadu_ps(p); }
  static I load(const std::int32_t* p) { return _mm512_loadu_si512(p); }
  static void store(std::int32_t* p, I x) { _mm512_storeu_si512(p, x); }
  static void store(std::uint32_t* p, I x) { _mm512_storeu_si512(p, x); }
  static void store(float* p, F x) { _mm512_storeu_ps(p, x); }
  static I set(std::uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
  static F setf(float x) { return _mm512_set1_ps(x); }

  static I exclusive_or(I a, I b) { return _mm512_xor_si512(a, b); }
  static I exclusive_or(I a, I b, I c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
  static I both(I a, I b) { return _mm512_and_si512(a, b); }
  static I select(I mask, I a, I b) { return _mm512_ternarylogic_epi64(mask, a, b, 0xCA); }
  static I high_half(I x) { return _mm512_srli_epi64(x, 32); }
  static I product(I a, I b) { return _mm512_mul_epu32(a, b); }
  static I zip_low(I even, I odd) {
    return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA);
  }
  static I zip_high(I even, I odd) {
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
  }
  static I addi(I a, I b) { return _mm512_add_epi32(a, b); }
  static I subtract(I a, I b) { return _mm512_sub_epi32(a, b); }
  template <int kBits>
  static I shift_left(I x) {
    return _mm512_slli_epi32(x, kBits);
  }
  template <int kBits>
  static I shift_right(I x) {
    return _mm512_srli_epi32(x, kBits);
  }
  static I smaller(I a, I b) { return _mm512_min_epu32(a, b); }
  static bool any_small(I a) { return _mm512_testn_epi32_mask(a, set(~(kDelayTail - 1))) != 0; }

  static I largeri(I a, I b) { return _mm512_max_epi32(a, b); }
  static I whole(F x) { return _mm512_cvtps_epi32(x); }

  static I bits(F x) { return _mm512_castps_si512(x); }
  static F floats(I x) { return _mm512_castsi512_ps(x); }
  static I mantissa(I x) {
    return _mm512_ternarylogic_epi32(x, set(0x7fffffU), set(0x3f800000U), 0xEA);
  }
  static F to_float(I x) { return _mm512_cvtepi32_ps(x); }
  static F to_float_unsigned(I x) { return _mm512_cvtepu32_ps(x); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F subtractf(F a, F b) { return _mm512_sub_ps(a, b); }
  static F multiply(F a, F b) { return _mm512_mul_ps(a, b); }
  static F larger(F a, F b) { return _mm512_max_ps(a, b); }
  static F square_root(F x) { return _mm512_sqrt_ps(x); }

  static D setd(double x) { return _mm512_set1_pd(x); }
  static D loadd(const double* p) { return _mm512_loadu_pd(p); }
  static void stored(double* p, D x) { _mm512_storeu_pd(p, x); }
  static D load_as_double(const float* p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
  static D load_as_double(const std::int32_t* p) {
    return _mm512_cvtepi32_pd(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static void store_whole(std::int32_t* p, D x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtpd_epi32(x));
  }
  static D mind(D a, D b) { return _mm512_min_pd(a, b); }
  static D subtractd(D a, D b) { return _mm512_sub_pd(a, b); }
  static D addd(D a, D b) { return _mm512_add_pd(a, b); }
  static D maxd(D a, D b) { return _mm512_max_pd(a, b); }
};

constexpr Kernels kAvx512 = kernels_over<Avx512>(InstructionSet::avx512, "AVX-512");

}  // namespace

const Kernels* avx512_kernels() { return &kAvx512; }

}  // namespace collscale
