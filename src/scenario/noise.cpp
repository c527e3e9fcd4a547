// SPDX-License-Identifier: Apache-2.0
#include "scenario/noise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scenario/special_functions.hpp"
#include "units/quantity.hpp"
#include "units/suggest.hpp"

namespace collscale {
namespace {

struct Knot {
  double at;
  double value;
};

/// Gauss quadrature for −ln v, v exponential of mean 1 (a Gumbel variable): v and weight [D].
constexpr std::array<Knot, 6> kGumbel{{{3.3142377295593617, 0.137783884061183},
                                       {0.91823956756888325, 0.54502436522059994},
                                       {0.14952835260824665, 0.2843209411938748},
                                       {0.0097809253713908306, 0.032024021607478893},
                                       {0.00017335358159762179, 0.00084383709006086421},
                                       {3.7640116432710162e-07, 2.9508268023339082e-06}}};

/// x with P(X > x) = tail of a standard normal X, relative error 1.2e-9 (P. J. Acklam's rational
/// approximation, 2003) [R]. tail < 0.5.
double upper_quantile(double tail) {
  if (tail < 0.02425) {
    const double q = std::sqrt(-2 * std::log(tail));
    return -(((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q -
               2.549732539343734) *
                  q +
              4.374664141464968) *
                 q +
             2.938163982698783) /
           ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q +
             3.754408661907416) *
                q +
            1);
  }
  const double q = 0.5 - tail;
  const double r = q * q;
  return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
            1.383577518672690e+02) *
               r -
           3.066479806614716e+01) *
              r +
          2.506628277459239) *
         q /
         (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
            6.680131188771972e+01) *
               r -
           1.328068155288572e+01) *
              r +
          1);
}

/// The normal quantile that the largest of n has at v = −n ln U.
double normal_at(double v, double n) {
  const double tail = -std::expm1(-v / n);
  return tail > 0.5 ? -upper_quantile(1 - tail) : upper_quantile(tail);
}

double harmonic_number(double n) {
  constexpr double kEuler = 0.57721566490153286;
  // Γ'/Γ: by recurrence to 16, from there the asymptotic series, error < 1e-9.
  double below = 0;
  for (; n < 16; ++n) below += 1 / (n + 1);
  const double inverse = 1 / n;
  return std::log(n) + kEuler + inverse / 2 - inverse * inverse / 12 +
         inverse * inverse * inverse * inverse / 120 - below;
}

/// Γ(n+1) / Γ(n+1−s), 0 < s < 1.
double gamma_ratio(double n, double s) {
  if (n > 1e5) return std::pow(n, s) * (1 + s * (1 - s) / (2 * n));
  return std::exp(log_factorial(n) - log_factorial(n - s));
}

/// Between the knots as a geometric mean; `at` lies within them.
double interpolate(std::span<const Knot> table, double at) {
  std::size_t i = 1;
  while (i + 1 < table.size() && table[i].at < at) ++i;
  const Knot& low = table[i - 1];
  const Knot& high = table[i];
  return low.value * std::pow(high.value / low.value, (at - low.at) / (high.at - low.at));
}

constexpr double kNormalStep = 0.871;  ///< ± 0.001

/// (c − 1) / sigma of lognormal noise of mean 1, by sigma; c ± 0.5 % to sigma 1.25, ± 3 %
/// to 2.
constexpr std::array<Knot, 10> kLognormalStep{{{0, kNormalStep},
                                               {0.125, 0.906},
                                               {0.25, 0.947},
                                               {0.5, 1.053},
                                               {0.75, 1.211},
                                               {1, 1.440},
                                               {1.25, 1.810},
                                               {1.5, 2.374},
                                               {1.75, 3.256},
                                               {2, 4.707}}};

/// (c − 1) · shape of Pareto noise of mean 1, by 1 / shape; c ± 0.3 %. 0: that of exponential
/// noise.
constexpr std::array<Knot, 12> kParetoStep{{{0, 1},
                                            {0.02, 1.024},
                                            {0.05, 1.065},
                                            {0.1, 1.145},
                                            {0.15, 1.246},
                                            {0.2, 1.376},
                                            {0.25, 1.552},
                                            {0.3, 1.789},
                                            {1.0 / 3, 1.993},
                                            {0.36, 2.204},
                                            {0.38, 2.395},
                                            {0.4, 2.625}}};

/// c / √p of detours of length 1, by √p; c ± 1 %. 0: Hammersley's process.
constexpr std::array<Knot, 10> kDetourStep{{{0, 1},
                                            {0.1, 1.101},
                                            {0.2, 1.158},
                                            {0.3, 1.223},
                                            {0.4, 1.264},
                                            {0.5, 1.297},
                                            {0.6, 1.305},
                                            {0.7, 1.289},
                                            {0.8, 1.234},
                                            {0.84, 1.19}}};
/// From here on there are paths on which every message meets one: the threshold of directed site
/// percolation on the square lattice (I. Jensen, J. Phys. A 32, 1999: 0.70549) [R].
constexpr double kDetourAlways = 0.70549;

double detour_step(double probability) {
  if (probability >= kDetourAlways) return 1;
  const double root = std::sqrt(probability);
  return std::min(1.0, root * interpolate(kDetourStep, root));
}

Expected<double> long_ring_step_s(const Noise& noise) {
  switch (noise.kind) {
    case NoiseKind::none:
      return 0.0;
    case NoiseKind::exponential:
      return 2 * noise.mean_s;
    case NoiseKind::normal:
      return kNormalStep * noise.sigma_s;
    case NoiseKind::detour:
      return noise.length_s * detour_step(noise.probability);
    case NoiseKind::lognormal:
      if (noise.sigma > kLognormalStep.back().at)
        return fail(
            fmt::format("lognormal noise of sigma {:g} on a ring: the cost of a step is "
                        "known for sigma of at most {:g}",
                        noise.sigma, kLognormalStep.back().at));
      return noise.mean_s * (1 + noise.sigma * interpolate(kLognormalStep, noise.sigma));
    case NoiseKind::pareto:
      if (noise.shape <= 2)
        return fail(
            fmt::format("pareto noise of shape {:g} on a ring: the cost of a step grows "
                        "without bound, expected a shape above 2",
                        noise.shape));
      if (1 / noise.shape > kParetoStep.back().at)
        return fail(
            fmt::format("pareto noise of shape {:g} on a ring: the cost of a step is known "
                        "for shapes of at least {:g}",
                        noise.shape, 1 / kParetoStep.back().at));
      return noise.mean_s * (1 + interpolate(kParetoStep, 1 / noise.shape) / noise.shape);
  }
  return 0.0;
}

struct Kind {
  std::string_view name;
  NoiseKind kind;
  std::string_view form;
};

constexpr std::array<Kind, 6> kKinds{
    {{"none", NoiseKind::none, "none"},
     {"normal", NoiseKind::normal, "normal:SIGMA, such as normal:200ns"},
     {"lognormal", NoiseKind::lognormal, "lognormal:MEAN:SIGMA, such as lognormal:1us:0.5"},
     {"exponential", NoiseKind::exponential, "exponential:MEAN, such as exponential:1us"},
     {"pareto", NoiseKind::pareto, "pareto:MEAN:SHAPE, such as pareto:1us:3"},
     {"detour", NoiseKind::detour, "detour:PROBABILITY:LENGTH, such as detour:0.001:100us"}}};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':')) {
    parts.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  parts.push_back(text);
  return parts;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

/// A number in (low, high].
Expected<double> number_in(std::string_view noise, std::string_view what, std::string_view text,
                           double low, double high) {
  const std::optional<double> value = number(text);
  if (value && *value > low && *value <= high) return *value;
  return fail(fmt::format("noise \"{}\": {} \"{}\", expected a number above {:g}{}", noise, what,
                          text, low, high < 1e9 ? fmt::format(" and at most {:g}", high) : ""));
}

Expected<double> time_of(std::string_view noise, std::string_view text) {
  auto value = parse_time_s(text);
  if (value) return value;
  return fail(fmt::format("noise \"{}\": {}", noise, value.error().message));
}

}  // namespace

Expected<Noise> parse_noise(std::string_view text) {
  const std::vector<std::string_view> parts = split(text);
  const auto* const kind = std::find_if(kKinds.begin(), kKinds.end(),
                                        [&](const Kind& k) { return k.name == parts.front(); });
  if (kind == kKinds.end()) {
    std::vector<std::string> names;
    for (const Kind& k : kKinds) names.emplace_back(k.name);
    return fail(fmt::format("unknown noise \"{}\"{}", parts.front(),
                            suggestion(std::string(parts.front()), names)));
  }
  const auto wanted =
      static_cast<std::size_t>(std::count(kind->form.begin(), kind->form.end(), ':'));
  const std::size_t expected = kind->kind == NoiseKind::none ? 0 : wanted / 2;  // form and example
  if (parts.size() != expected + 1)
    return fail(fmt::format("noise \"{}\": expected {}", text, kind->form));

  Noise noise;
  noise.kind = kind->kind;
  constexpr double kAny = 1e9;
  Expected<double> first = 0.0;
  Expected<double> second = 0.0;
  switch (noise.kind) {
    case NoiseKind::none:
      return noise;
    case NoiseKind::normal:
      first = time_of(text, parts[1]);
      noise.sigma_s = first.value_or(0);
      break;
    case NoiseKind::exponential:
      first = time_of(text, parts[1]);
      noise.mean_s = first.value_or(0);
      break;
    case NoiseKind::lognormal:
      first = time_of(text, parts[1]);
      second = number_in(text, "sigma", parts[2], 0, 4);
      noise.mean_s = first.value_or(0);
      noise.sigma = second.value_or(0);
      break;
    case NoiseKind::pareto:
      first = time_of(text, parts[1]);
      second = number_in(text, "shape", parts[2], 1, kAny);
      noise.mean_s = first.value_or(0);
      noise.shape = second.value_or(0);
      break;
    case NoiseKind::detour:
      first = number_in(text, "probability", parts[1], 0, 1);
      second = time_of(text, parts[2]);
      noise.probability = first.value_or(0);
      noise.length_s = second.value_or(0);
      break;
  }
  if (!first) return tl::unexpected(first.error());
  if (!second) return tl::unexpected(second.error());
  return noise;
}

double mean_s(const Noise& noise) {
  switch (noise.kind) {
    case NoiseKind::none:
    case NoiseKind::normal:
      return 0;
    case NoiseKind::lognormal:
    case NoiseKind::exponential:
    case NoiseKind::pareto:
      return noise.mean_s;
    case NoiseKind::detour:
      return noise.probability * noise.length_s;
  }
  return 0;
}

NormalMax normal_max(double n) {
  if (n <= 1) return {};
  NormalMax max{0, 0, 0};
  for (const Knot& knot : kGumbel) {
    const double z = normal_at(knot.at, n);
    max.first += knot.value * z;
    max.second += knot.value * z * z;
    max.third += knot.value * z * z * z;
  }
  return max;
}

double expected_max_s(const Noise& noise, double n) {
  if (n <= 1) return mean_s(noise);
  switch (noise.kind) {
    case NoiseKind::none:
      return 0;
    case NoiseKind::normal:
      return noise.sigma_s * normal_max(n).first;
    case NoiseKind::exponential:
      return noise.mean_s * harmonic_number(n);
    case NoiseKind::detour:
      if (noise.probability >= 1) return noise.length_s;
      return -noise.length_s * std::expm1(n * std::log1p(-noise.probability));
    case NoiseKind::pareto: {
      const double s = 1 / noise.shape;
      return noise.mean_s * (1 - s) * gamma_ratio(n, s) * std::exp(log_factorial(1 - s)) / (1 - s);
    }
    case NoiseKind::lognormal: {
      double sum = 0;
      for (const Knot& knot : kGumbel)
        sum += knot.value * std::exp(noise.sigma * normal_at(knot.at, n));
      return noise.mean_s * std::exp(-noise.sigma * noise.sigma / 2) * sum;
    }
  }
  return 0;
}

Expected<double> ring_step_s(const Noise& noise, double ranks) {
  return long_ring_step_s(noise).map(
      [&](double step_s) { return std::min(step_s, expected_max_s(noise, ranks)); });
}

}  // namespace collscale
