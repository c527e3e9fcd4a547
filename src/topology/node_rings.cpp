// SPDX-License-Identifier: Apache-2.0
#include "topology/node_rings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace collscale {
namespace {

using Order = std::vector<std::int32_t>;

std::size_t index_of(std::int64_t value) { return static_cast<std::size_t>(value); }

LocalOrders of_full_mesh(std::int64_t ranks) {
  const auto around = static_cast<std::int32_t>(ranks - 1);
  LocalOrders rings;
  for (std::int32_t turn = 0; turn < around; ++turn) {
    Order ring = {0};  // the one outside
    for (std::int32_t i = 0; i < around; ++i) {
      const std::int32_t zigzag = i % 2 == 1 ? (i + 1) / 2 : around - i / 2;
      ring.push_back(1 + (zigzag + turn) % around);
    }
    rings.push_back(ring);
    if (ranks % 2 != 0) continue;
    std::reverse(ring.begin() + 1, ring.end());
    rings.push_back(std::move(ring));
  }
  return rings;
}

/// Looks for rings along cables, which carry both ways alike.
class RingSearch {
 public:
  RingSearch(const std::vector<LinkPair>& pairs, std::int64_t ranks)
      : ranks_(ranks), width_(index_of(ranks * ranks), 0.0), load_(width_) {
    for (const LinkPair& pair : pairs)
      if (std::max(pair.a, pair.b) < ranks)
        width(pair.a, pair.b) = width(pair.b, pair.a) = pair.links;
  }

  LocalOrders find() {
    constexpr int kMostRings = 16;
    std::vector<Order> found;
    std::size_t best = 0;
    double best_load = HUGE_VAL;
    while (found.size() < kMostRings) {
      Order ring = next();
      if (ring.empty()) break;
      for (std::size_t i = 0; i < ring.size(); ++i) {
        const std::int32_t a = ring[i];
        const std::int32_t b = ring[(i + 1) % ring.size()];
        load(a, b) += 1;
        load(b, a) += 1;
      }
      found.push_back(std::move(ring));
      const double each = fullest() / static_cast<double>(found.size());
      if (each >= best_load * (1 - 1e-9)) continue;
      best_load = each;
      best = found.size();
    }
    LocalOrders rings;
    for (std::size_t i = 0; i < best; ++i) {
      rings.push_back(found[i]);
      std::reverse(found[i].begin() + 1, found[i].end());
      rings.push_back(std::move(found[i]));
    }
    return rings;
  }

 private:
  double& width(std::int64_t a, std::int64_t b) { return width_[index_of(a * ranks_ + b)]; }
  double& load(std::int64_t a, std::int64_t b) { return load_[index_of(a * ranks_ + b)]; }
  /// What a cable would carry for its width with one ring more.
  double with_one_more(std::int64_t a, std::int64_t b) {
    return width(a, b) > 0 ? (load(a, b) + 1) / width(a, b) : HUGE_VAL;
  }
  double fullest() {
    double most = 0;
    for (std::size_t i = 0; i < width_.size(); ++i)
      if (width_[i] > 0) most = std::max(most, load_[i] / width_[i]);
    return most;
  }

  /// The ring whose fullest cable is least full; empty where there is none.
  Order next() {
    std::vector<double> limits;
    for (std::int64_t a = 0; a < ranks_; ++a)
      for (std::int64_t b = 0; b < a; ++b)
        if (width(a, b) > 0) limits.push_back(with_one_more(a, b));
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
    for (const double limit : limits) {
      limit_ = limit * (1 + 1e-12);
      tries_ = 0;
      ring_ = {0};
      used_.assign(index_of(ranks_), false);
      used_[0] = true;
      if (extend()) return ring_;
    }
    return {};
  }
  bool extend() {
    constexpr int kMostTries = 20000;  // of a dozen ranks a few hundred do
    if (++tries_ > kMostTries) return false;
    const std::int64_t here = ring_.back();
    if (ring_.size() == index_of(ranks_)) return with_one_more(here, 0) <= limit_;
    std::vector<std::int64_t> nexts;
    for (std::int64_t to = 0; to < ranks_; ++to)
      if (!used_[index_of(to)] && with_one_more(here, to) <= limit_) nexts.push_back(to);
    std::stable_sort(nexts.begin(), nexts.end(), [&](std::int64_t a, std::int64_t b) {
      return with_one_more(here, a) < with_one_more(here, b);
    });
    for (const std::int64_t to : nexts) {
      ring_.push_back(static_cast<std::int32_t>(to));
      used_[index_of(to)] = true;
      if (extend()) return true;
      ring_.pop_back();
      used_[index_of(to)] = false;
    }
    return false;
  }

  std::int64_t ranks_;
  std::vector<double> width_, load_;  ///< by pair
  double limit_ = 0;
  int tries_ = 0;
  Order ring_;
  std::vector<bool> used_;
};

}  // namespace

LocalOrders node_rings(const Node& node, std::int64_t ranks) {
  if (ranks < 3) return {};
  if (node.scale_up.kind == ScaleUpKind::full_mesh) return of_full_mesh(ranks);
  if (node.scale_up.kind == ScaleUpKind::links)
    return RingSearch(node.scale_up.pairs, ranks).find();
  return {};
}

namespace {

/// How often each rank is the first of a ring, and the last.
struct Ends {
  std::vector<int> first, last;
  explicit Ends(std::size_t ranks) : first(ranks, 0), last(ranks, 0) {}
  [[nodiscard]] int most() const {
    return std::max(*std::max_element(first.begin(), first.end()),
                    *std::max_element(last.begin(), last.end()));
  }
};

}  // namespace

LocalOrders rings_by_first_rank(const LocalOrders& rings) {
  if (rings.empty()) return {};
  constexpr std::size_t kMost = 128;
  const std::size_t ranks = rings.front().size();
  const auto at = [&](std::size_t ring, std::size_t place) {
    return index_of(rings[ring][place % ranks]);
  };
  Ends ends(ranks);
  LocalOrders turned;
  std::vector<std::vector<bool>> taken(rings.size(), std::vector<bool>(ranks, false));
  std::size_t best = 0;
  double best_share = HUGE_VAL;
  // Every ring begins once more, where beginning and end are rarest; at every rank they are even.
  for (std::size_t round = 1;
       round <= ranks && round * rings.size() <= std::max(kMost, rings.size()); ++round) {
    for (std::size_t ring = 0; ring < rings.size(); ++ring) {
      std::size_t begin = ranks;
      std::pair<int, int> rarest;
      for (std::size_t place = 0; place < ranks; ++place) {
        const int first = ends.first[at(ring, place)];
        const int last = ends.last[at(ring, place + ranks - 1)];
        const std::pair<int, int> here = {std::max(first, last), first + last};
        if (taken[ring][place] || (begin < ranks && here >= rarest)) continue;
        begin = place;
        rarest = here;
      }
      taken[ring][begin] = true;
      ++ends.first[at(ring, begin)];
      ++ends.last[at(ring, begin + ranks - 1)];
      turned.push_back(rings[ring]);
      std::rotate(turned.back().begin(), turned.back().begin() + static_cast<std::ptrdiff_t>(begin),
                  turned.back().end());
    }
    const double share = ends.most() / static_cast<double>(turned.size());
    if (share >= best_share * (1 - 1e-9)) continue;
    best_share = share;
    best = turned.size();
  }
  turned.resize(best);
  return turned;
}

}  // namespace collscale
