// SPDX-License-Identifier: Apache-2.0
#include "fit/parameters.hpp"

#include <array>
#include <cmath>

#include "fit/library_terms.hpp"
#include "stats/nnls.hpp"
#include "stats/quantiles.hpp"

namespace collscale {
namespace {

constexpr LawTerm kBase = {"base", "s", "time that no rank and no byte adds to"};
constexpr LawTerm kStep = {"per_step", "s", "one step of the ring"};
constexpr LawTerm kLevel = {"per_level", "s", "each doubling of the nodes"};
constexpr LawTerm kUnit = {"per_unit", "s", "each further node (rank, inside one node)"};
constexpr LawTerm kBusByte = {"per_bus_byte", "s/B", "one byte of bus traffic: 1 / bus bandwidth"};
constexpr LawTerm kSharedBusByte = {"per_bus_byte", "s/B",
                                    "one byte of bus traffic, beside the next terms"};
constexpr LawTerm kByte = {"per_byte", "s/B", "one byte of the message"};
constexpr LawTerm kByteLevel = {"per_byte_level", "s/B", "one byte, each doubling of the nodes"};
constexpr LawTerm kSqrtByte = {"per_sqrt_byte", "s/B^0.5",
                               "filling of the pipeline, by sqrt(size)"};

constexpr std::array kRing = {kBase, kStep, kBusByte};
constexpr std::array kTree = {kBase, kLevel, kByte, kByteLevel};
constexpr std::array kChain = {kBase, kUnit, kByte};
constexpr std::array kLibrary = {kBase, kLevel,     kUnit,    kSharedBusByte,
                                 kByte, kByteLevel, kSqrtByte};

void append_features(std::vector<double>& row, Growth growth, Collective collective,
                     double size_bytes, Place place) {
  const double level = std::log2(place.units);
  const double bus_bytes = size_bytes * bus_factor(collective, place.ranks);
  switch (growth) {
    case Growth::ring:
      row.insert(row.end(), {1.0, ring_steps(collective, place), bus_bytes});
      break;
    case Growth::tree:
      row.insert(row.end(), {1.0, level, size_bytes, size_bytes * level});
      break;
    case Growth::chain:
      row.insert(row.end(), {1.0, place.units - 1.0, size_bytes});
      break;
    case Growth::library: {
      const LibraryFeatures features = library_features(collective, size_bytes, place);
      row.insert(row.end(), features.begin(), features.end());
      break;
    }
  }
}

// Zeroes every column that is another one, further left, times a number: with one scale a step
// cannot be told from the base, and rounding must not choose between them.
void clear_repeats(std::vector<double>& a, std::size_t columns) {
  const std::size_t rows = a.size() / columns;
  for (std::size_t j = 1; j < columns; ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      bool repeats = rows > 0 && a[i] > 0.0;
      for (std::size_t r = 0; r < rows && repeats; ++r) {
        const double expected = a[r * columns + i] * (a[j] / a[i]);
        repeats = std::fabs(a[r * columns + j] - expected) <= 1e-9 * std::fabs(expected);
      }
      for (std::size_t r = 0; r < rows && repeats; ++r) {
        a[r * columns + j] = 0.0;
      }
    }
  }
}

}  // namespace

std::span<const LawTerm> law_terms(Growth growth) {
  switch (growth) {
    case Growth::ring:
      return kRing;
    case Growth::tree:
      return kTree;
    case Growth::chain:
      return kChain;
    case Growth::library:
      break;
  }
  return kLibrary;
}

LawFit fit_law(const Series& series, std::span<const double> times_s, bool network,
               std::span<const int> counts) {
  const Growth growth = network ? series.growth : Growth::ring;
  const std::size_t columns = law_terms(growth).size();
  std::vector<double> a;
  std::vector<double> b;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    const int count = counts.empty() ? 1 : counts[i];
    if ((cell.nodes > 1) != network || count == 0) {
      continue;
    }
    const double weight = std::sqrt(static_cast<double>(count));
    append_features(a, growth, series.collective, cell.size_bytes, place_of(cell, network));
    for (std::size_t j = a.size() - columns; j < a.size(); ++j) {
      a[j] *= weight / times_s[i];
    }
    b.push_back(weight);
  }
  clear_repeats(a, columns);
  LawFit law;
  law.coefficients = huber_nnls(a, columns, b).x;
  std::vector<double> residuals;
  for (std::size_t i = 0; i < b.size(); ++i) {
    double ratio = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      ratio += a[i * columns + j] * law.coefficients[j];
    }
    residuals.push_back(std::fabs(std::log(std::max(ratio / b[i], 1e-300))));
  }
  law.median_residual = residuals.empty() ? 0.0 : std::expm1(median(residuals));
  return law;
}

}  // namespace collscale
