// SPDX-License-Identifier: Apache-2.0
// Compiled for AVX2 and FMA; called only where the processor has them.
#include <immintrin.h>

#include "sim/event/kernels_body.hpp"
#include "sim/event/kernels_sets.hpp"

namespace collscale {
namespace {

struct Avx2 {
  static constexpr std::int64_t kDoubles = 4;
  static constexpr int kVectors = 1;
  static constexpr int kBeside = 4;
  using F = __m256;
  using I = __m256i;
  using D = __m256d;

  static I load(const std::uint32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static F load(const float* p) { return _mm256_loadu_ps(p); }
  static I load(const std::int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void store(std::int32_t* p, I x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
  static void store(std::uint32_t* p, I x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x);
  }
  static void store(float* p, F x) { _mm256_storeu_ps(p, x); }
  static I set(std::uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
  static F setf(float x) { return _mm256_set1_ps(x); }

  static I exclusive_or(I a, I b) { return _mm256_xor_si256(a, b); }
  static I exclusive_or(I a, I b, I c) { return exclusive_or(exclusive_or(a, b), c); }
  static I both(I a, I b) { return _mm256_and_si256(a, b); }
  static I select(I mask, I a, I b) { return _mm256_blendv_epi8(b, a, mask); }
  static I high_half(I x) { return _mm256_srli_epi64(x, 32); }
  static I product(I a, I b) { return _mm256_mul_epu32(a, b); }
  static I zip_low(I even, I odd) {
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
  }
  static I zip_high(I even, I odd) {
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
  }
  static I addi(I a, I b) { return _mm256_add_epi32(a, b); }
  static I subtract(I a, I b) { return _mm256_sub_epi32(a, b); }
  template <int kBits>
  static I shift_left(I x) {
    return _mm256_slli_epi32(x, kBits);
  }
  template <int kBits>
  static I shift_right(I x) {
    return _mm256_srli_epi32(x, kBits);
  }
  static I smaller(I a, I b) { return _mm256_min_epu32(a, b); }
  static bool any_small(I x) {
    const I top = both(x, set(~(kDelayTail - 1)));
    return _mm256_movemask_epi8(_mm256_cmpeq_epi32(top, _mm256_setzero_si256())) != 0;
  }

  static I largeri(I a, I b) { return _mm256_max_epi32(a, b); }
  static I whole(F x) { return _mm256_cvtps_epi32(x); }

  static I bits(F x) { return _mm256_castps_si256(x); }
  static F floats(I x) { return _mm256_castsi256_ps(x); }
  static I mantissa(I x) { return _mm256_or_si256(both(x, set(0x7fffffU)), set(0x3f800000U)); }
  static F to_float(I x) { return _mm256_cvtepi32_ps(x); }
  /// Exact halves, rounded once when added.
  static F to_float_unsigned(I x) {
    return fma(to_float(shift_right<16>(x)), setf(65536.0F), to_float(both(x, set(0xffffU))));
  }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F subtractf(F a, F b) { return _mm256_sub_ps(a, b); }
  static F multiply(F a, F b) { return _mm256_mul_ps(a, b); }
  static F larger(F a, F b) { return _mm256_max_ps(a, b); }
  static F square_root(F x) { return _mm256_sqrt_ps(x); }

  static D setd(double x) { return _mm256_set1_pd(x); }
  static D loadd(const double* p) { return _mm256_loadu_pd(p); }
  static void stored(double* p, D x) { _mm256_storeu_pd(p, x); }
  static D load_as_double(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
  static D load_as_double(const std::int32_t* p) {
    return _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static void store_whole(std::int32_t* p, D x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtpd_epi32(x));
  }
  static D mind(D a, D b) { return _mm256_min_pd(a, b); }
  static D subtractd(D a, D b) { return _mm256_sub_pd(a, b); }
  static D addd(D a, D b) { return _mm256_add_pd(a, b); }
  static D maxd(D a, D b) { return _mm256_max_pd(a, b); }
};

constexpr Kernels kAvx2 = kernels_over<Avx2>(InstructionSet::avx2, "AVX2");

}  // namespace

const Kernels* avx2_kernels() { return &kAvx2; }

}  // namespace collscale
