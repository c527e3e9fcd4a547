// SPDX-License-Identifier: Apache-2.0
#include "fit/normal_form.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "units/quantity.hpp"

namespace collscale {
namespace {

struct Exponents {
  double value;
  const char* text;  ///< of n to it
};
constexpr std::array<Exponents, 9> kExponents = {{{0, ""},
                                                  {0.25, "n^(1/4)"},
                                                  {1.0 / 3, "n^(1/3)"},
                                                  {0.5, "n^(1/2)"},
                                                  {2.0 / 3, "n^(2/3)"},
                                                  {0.75, "n^(3/4)"},
                                                  {1, "n"},
                                                  {1.5, "n^(3/2)"},
                                                  {2, "n^2"}}};
constexpr int kLogExponents = 3;
constexpr std::size_t kMostColumns = 3;
constexpr double kNothing = 1e-9;  ///< share of the time that is rounding

double growth(double n, double exponent, int log_exponent) {
  return std::pow(n, exponent) * std::pow(std::log2(n), log_exponent);
}

/// A column of the design matrix, each row divided by its time: the right side is then 1 for all.
using Column = std::vector<double>;

struct Fit {
  std::array<double, kMostColumns> coefficients{};
  double error = 0;
};

/// Least squares by Gram and Schmidt, and the errors with one row left out each: residual ÷ (1 −
/// leverage). Nothing where columns are alike or a row is fitted by itself alone.
std::optional<Fit> solve(std::span<const Column* const> columns) {
  const std::size_t rows = columns.front()->size();
  const std::size_t count = columns.size();
  std::array<Column, kMostColumns> q;
  std::array<std::array<double, kMostColumns>, kMostColumns> r{};
  for (std::size_t c = 0; c < count; ++c) {
    q[c] = *columns[c];
    double before = 0;
    for (const double value : q[c]) before += value * value;
    for (std::size_t k = 0; k < c; ++k) {
      for (std::size_t row = 0; row < rows; ++row) r[k][c] += q[k][row] * q[c][row];
      for (std::size_t row = 0; row < rows; ++row) q[c][row] -= r[k][c] * q[k][row];
    }
    double after = 0;
    for (const double value : q[c]) after += value * value;
    if (!(after > 1e-12 * before)) return std::nullopt;
    r[c][c] = std::sqrt(after);
    for (double& value : q[c]) value /= r[c][c];
  }
  std::array<double, kMostColumns> projected{};
  for (std::size_t c = 0; c < count; ++c)
    for (const double value : q[c]) projected[c] += value;
  Fit fit;
  for (std::size_t c = count; c-- > 0;) {
    double value = projected[c];
    for (std::size_t k = c + 1; k < count; ++k) value -= r[c][k] * fit.coefficients[k];
    fit.coefficients[c] = value / r[c][c];
  }
  double squares = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    double residual = 1;
    double leverage = 0;
    for (std::size_t c = 0; c < count; ++c) {
      residual -= projected[c] * q[c][row];
      leverage += q[c][row] * q[c][row];
    }
    if (leverage > 1 - 1e-9) return std::nullopt;
    const double left_out = residual / (1 - leverage);
    squares += left_out * left_out;
  }
  fit.error = std::sqrt(squares / static_cast<double>(rows));
  return fit;
}

class Search {
 public:
  Search(std::span<const double> n, std::span<const double> times_s) {
    for (const double time_s : times_s) one_.push_back(1 / time_s);
    for (const Exponents& exponent : kExponents) {
      for (int j = 0; j < kLogExponents; ++j) {
        if (exponent.value == 0 && j == 0) continue;
        terms_.push_back({0, exponent.value, j});
        Column column;
        for (std::size_t row = 0; row < n.size(); ++row)
          column.push_back(growth(n[row], exponent.value, j) / times_s[row]);
        columns_.push_back(std::move(column));
      }
    }
  }

  [[nodiscard]] NormalForm best(std::size_t most_terms) const {
    NormalForm best = constant();
    for (std::size_t terms = 1; terms <= most_terms; ++terms) {
      const NormalForm found = best_of(terms);
      if (found.error < kTermGain * best.error) best = found;
    }
    return best;
  }

 private:
  [[nodiscard]] NormalForm constant() const {
    const Column* only = &one_;
    NormalForm form;
    if (const auto fit = solve({&only, 1})) {
      form.constant = fit->coefficients[0];
      form.error = fit->error;
    }
    return form;
  }

  [[nodiscard]] NormalForm best_of(std::size_t terms) const {
    NormalForm best;
    best.error = std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < terms_.size(); ++a) {
      if (terms == 1) {
        consider(std::array{a}, best);
        continue;
      }
      for (std::size_t b = a + 1; b < terms_.size(); ++b) consider(std::array{a, b}, best);
    }
    return best;
  }

  /// The form of these terms, with a constant where that is not negative.
  void consider(std::span<const std::size_t> chosen, NormalForm& best) const {
    std::array<const Column*, kMostColumns> columns{&one_};
    std::size_t count = 1;
    for (const std::size_t term : chosen) columns[count++] = &columns_[term];
    std::size_t first = 0;
    auto fit = solve(std::span(columns).first(count));
    if (fit && fit->coefficients[0] < 0) {
      first = 1;
      fit = solve(std::span(columns).subspan(1, count - 1));
    }
    if (!fit || fit->error >= best.error) return;
    for (std::size_t c = 0; c + first < count; ++c)
      if (fit->coefficients[c] < 0) return;
    best.error = fit->error;
    best.constant = first == 0 ? fit->coefficients[0] : 0;
    if (best.constant * one_.back() < kNothing) best.constant = 0;
    best.terms.clear();
    for (std::size_t c = 0; c < chosen.size(); ++c) {
      NormalTerm term = terms_[chosen[c]];
      term.coefficient = fit->coefficients[c + 1 - first];
      if (term.coefficient > 0) best.terms.push_back(term);
    }
  }

  Column one_;
  std::vector<Column> columns_;
  std::vector<NormalTerm> terms_;
};

}  // namespace

double NormalForm::at(double n) const {
  double sum = constant;
  for (const NormalTerm& term : terms)
    sum += term.coefficient * growth(n, term.exponent, term.log_exponent);
  return sum;
}

std::optional<NormalForm> fit_normal_form(std::span<const double> n,
                                          std::span<const double> times_s) {
  if (n.size() < kNormalFormScales) return std::nullopt;
  return Search(n, times_s).best(n.size() < kTwoTermScales ? 1 : 2);
}

std::string to_text(const NormalForm& form) {
  std::string text = form.constant > 0 || form.terms.empty() ? format_time(form.constant) : "";
  for (const NormalTerm& term : form.terms) {
    if (!text.empty()) text += " + ";
    text += format_time(term.coefficient);
    for (const Exponents& exponent : kExponents)
      if (exponent.value == term.exponent && exponent.value > 0)
        text.append(" ").append(exponent.text);
    if (term.log_exponent == 1) text += " log2(n)";
    if (term.log_exponent == 2) text += " log2(n)^2";
  }
  return text;
}

}  // namespace collscale
