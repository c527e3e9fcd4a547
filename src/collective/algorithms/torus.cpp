// SPDX-License-Identifier: Apache-2.0
// Buckets on a torus: a ring along one dimension after the other. With k dimensions the data is cut
// in k parts, and part i begins with dimension i, so that the links of all dimensions are busy at
// once. N. Jain, Y. Sabharwal: "Optimal bucket algorithms for large MPI collectives on torus
// interconnects", ICS 2010.
#include <fmt/format.h>

#include <algorithm>

#include "collective/algorithms/families.hpp"
#include "collective/terms.hpp"

namespace collscale {
namespace {

/// The largest divisor of n that is not above its root: the smaller side of the squarest rectangle.
std::int64_t smaller_side(std::int64_t n) {
  std::int64_t best = 1;
  for (std::int64_t d = 1; d * d <= n; ++d)
    if (n % d == 0) best = d;
  return best;
}

/// n as a product of `count` (2 or 3) factors with the least sum, largest first.
std::vector<std::int64_t> equal_dimensions(std::int64_t n, int count) {
  if (count == 2) {
    const std::int64_t side = smaller_side(n);
    return {n / side, side};
  }
  std::vector<std::int64_t> best{n, 1, 1};
  for (std::int64_t d = 1; d * d * d <= n; ++d) {
    if (n % d != 0) continue;
    const std::int64_t side = smaller_side(n / d);
    if (n / d / side + side + d <= best[0] + best[1] + best[2]) best = {n / d / side, side, d};
  }
  std::sort(best.rbegin(), best.rend());
  return best;
}

std::string joined(const std::vector<std::int64_t>& sizes) {
  return fmt::format("{}", fmt::join(sizes, "x"));
}

/// Numbers the ranks by the torus, dimension 0 fastest.
Expected<void> number_by_dimension(const Shape& shape, Schedule& schedule, int count) {
  const std::vector<std::int64_t>& asked = shape.options.dimensions;
  const std::vector<std::int64_t> equal = equal_dimensions(shape.ranks, count);
  if (asked.empty()) {
    schedule.radix = equal;
    return {};
  }
  if (asked.size() != static_cast<std::size_t>(count))
    return fail(fmt::format("torus_{}d on {} dimensions ({}): expected {}, such as {}", count,
                            asked.size(), joined(asked), count, joined(equal)));
  std::int64_t left = shape.ranks;
  for (const std::int64_t size : asked) {
    if (size < 1 || left % size != 0) {
      left = 0;
      break;
    }
    left /= size;
  }
  if (left != 1)
    return fail(fmt::format("a torus of {} does not hold {} ranks: {} would", joined(asked),
                            shape.ranks, joined(equal)));
  schedule.radix = asked;
  return {};
}

/// The all_gather that ends with dimension `last`: its dual begins there.
Term buckets(const std::vector<std::int64_t>& sizes, std::size_t last, int direction) {
  std::vector<Term> rings;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    const std::size_t d = (last + i) % sizes.size();
    rings.push_back(over(digits_view({static_cast<int>(d)}), ring_gather(sizes[d], direction)));
  }
  return seq(std::move(rings));
}

enum class Half { gather, scatter, both };

template <Half half, int count>
Expected<Term> on_torus(const Shape& shape, Schedule& schedule) {
  if (auto ok = number_by_dimension(shape, schedule, count); !ok) return tl::unexpected(ok.error());
  std::vector<Par::Child> parts;
  for (std::size_t d = 0; d < schedule.radix.size(); ++d) {
    Term scatter = dual(buckets(schedule.radix, d, -1));
    Term gather = buckets(schedule.radix, d, +1);
    Term part = half == Half::gather    ? std::move(gather)
                : half == Half::scatter ? std::move(scatter)
                                        : seq({std::move(scatter), std::move(gather)});
    parts.push_back(child(1.0 / count, std::move(part)));
  }
  return par(std::move(parts));
}

constexpr std::string_view kSource =
    "N. Jain, Y. Sabharwal: Optimal bucket algorithms for large MPI collectives on torus "
    "interconnects, ICS 2010";

}  // namespace

Family torus_family() {
  using C = Collective;
  const Algorithm::Uses uses{.dimensions = true};
  constexpr std::string_view reduces =
      "rings along each dimension in turn; the parts begin with different dimensions";
  constexpr std::string_view gathers =
      "all_gather along each dimension in turn; the parts end with different dimensions";
  constexpr std::string_view scatters =
      "reduce_scatter along each dimension in turn; the parts begin with different dimensions";
  return {
      {C::all_reduce, "torus_2d", reduces, "sum of 2(n_d-1)", "2(n-1)/n S", kSource, uses,
       on_torus<Half::both, 2>},
      {C::all_reduce, "torus_3d", reduces, "sum of 2(n_d-1)", "2(n-1)/n S", kSource, uses,
       on_torus<Half::both, 3>},
      {C::all_gather, "torus_2d", gathers, "sum of (n_d-1)", "(n-1)/n S", kSource, uses,
       on_torus<Half::gather, 2>},
      {C::all_gather, "torus_3d", gathers, "sum of (n_d-1)", "(n-1)/n S", kSource, uses,
       on_torus<Half::gather, 3>},
      {C::reduce_scatter, "torus_2d", scatters, "sum of (n_d-1)", "(n-1)/n S", kSource, uses,
       on_torus<Half::scatter, 2>},
      {C::reduce_scatter, "torus_3d", scatters, "sum of (n_d-1)", "(n-1)/n S", kSource, uses,
       on_torus<Half::scatter, 3>},
  };
}

}  // namespace collscale
