// SPDX-License-Identifier: Apache-2.0
// How rates are found anew. A link's level λ is the rate (by weight) at which it fills; the rate of
// a flow is the least λ on its route, or its cap; λ in turn follows from the rates that the link's
// flows have because of other links:
//   λ = the y at which Σ count·weight·min(y, rate elsewhere) = capacity,  ∞ where it never fills.
// Only flows slower than λ have a say in λ, so that levels can be settled in rising order, as the
// distances of shortest paths are; and after a change only the links that no longer agree with
// their own flows need it (G. Ramalingam, T. Reps, An incremental algorithm for a generalization of
// the shortest-path problem, J. Algorithms 21 (1996)). The least of the old and new levels goes
// first. One that falls is final; one that rises is first set to ∞, lest two links that share flows
// hold each other down.
#include "sim/max_min_phase.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace collscale {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSame = 1e-13;      ///< relative: rounding, no change
constexpr double kTogether = 1e-12;  ///< relative: ends this close are one event
/// Share of a link's capacity up to which sums that have gone up and down often are good enough.
constexpr double kSurelyFree = 1 - 1e-6;

bool same(double a, double b) {
  return a == b || std::abs(a - b) <= kSame * std::min(std::abs(a), std::abs(b));
}

/// Entries by key, the least on top; an entry's key can change. Four children to a node.
class KeyedHeap {
 public:
  explicit KeyedHeap(std::size_t entries) : where_(entries, kOut) {}
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] double key() const { return heap_.front().key; }
  [[nodiscard]] std::int32_t top() const { return heap_.front().entry; }
  void set(std::int32_t entry, double key) {
    std::uint32_t& at = where_[static_cast<std::size_t>(entry)];
    if (at == kOut) {
      at = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back({key, entry});
      up(at);
      return;
    }
    const bool sooner = key < heap_[at].key;
    heap_[at].key = key;
    if (sooner)
      up(at);
    else
      down(at);
  }
  void erase(std::int32_t entry) {
    const std::uint32_t at = where_[static_cast<std::size_t>(entry)];
    if (at == kOut) return;
    where_[static_cast<std::size_t>(entry)] = kOut;
    const Item last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size()) return;
    const bool sooner = last.key < heap_[at].key;
    put(at, last);
    if (sooner)
      up(at);
    else
      down(at);
  }

 private:
  struct Item {
    double key;
    std::int32_t entry;
  };
  static constexpr std::uint32_t kOut = 0xFFFFFFFFU;
  void put(std::uint32_t at, const Item& item) {
    heap_[at] = item;
    where_[static_cast<std::size_t>(item.entry)] = at;
  }
  void up(std::uint32_t at) {
    const Item item = heap_[at];
    while (at > 0) {
      const std::uint32_t parent = (at - 1) / 4;
      if (heap_[parent].key <= item.key) break;
      put(at, heap_[parent]);
      at = parent;
    }
    put(at, item);
  }
  void down(std::uint32_t at) {
    const Item item = heap_[at];
    const auto size = static_cast<std::uint32_t>(heap_.size());
    while (4 * at + 1 < size) {
      std::uint32_t least = 4 * at + 1;
      const std::uint32_t end = std::min(least + 4, size);
      for (std::uint32_t child = least + 1; child < end; ++child)
        if (heap_[child].key < heap_[least].key) least = child;
      if (heap_[least].key >= item.key) break;
      put(at, heap_[least]);
      at = least;
    }
    put(at, item);
  }
  std::vector<Item> heap_;
  std::vector<std::uint32_t> where_;
};

class Run {
 public:
  Run(const RoutedFlows& flows, std::span<const double> capacity_Bps)
      : routed_(flows),
        capacity_(capacity_Bps),
        members_(flows, capacity_Bps.size()),
        flows_(flows.size()),
        links_(capacity_Bps.size()),
        unsettled_(capacity_Bps.size()),
        ends_(flows.size()) {
    for (std::size_t l = 0; l < links_.size(); ++l) links_[l].first = members_.first[l];
    result_.end_s.assign(flows.size(), 0.0);
    for (std::size_t f = 0; f < flows_.size(); ++f) {
      const RoutedFlow& flow = flows.flow(f);
      flows_[f].share = flow.count * flow.weight;
      flows_[f].cap = flow.most_Bps / flow.weight;
      flows_[f].left_bytes = flow.bytes;
      starts_.emplace_back(flow.start_s, static_cast<std::int32_t>(f));
    }
    std::sort(starts_.begin(), starts_.end());
  }

  FluidPhase run() {
    std::size_t next = 0;
    while (next < starts_.size() || !ends_.empty()) {
      const double start_s = next < starts_.size() ? starts_[next].first : kInfinity;
      now_s_ = std::max(now_s_, std::min(start_s, ends_.empty() ? kInfinity : ends_.key()));
      ++result_.events;
      const double until_s = now_s_ * (1 + kTogether);
      while (!ends_.empty() && ends_.key() <= until_s) {
        const std::int32_t flow = ends_.top();
        ends_.erase(flow);
        end(flow);
      }
      const std::size_t first = next;
      while (next < starts_.size() && starts_[next].first <= now_s_) ++next;
      if (first == 0 && next == starts_.size())
        begin_all();
      else
        for (std::size_t i = first; i < next; ++i) begin(starts_[i].second);
      settle();
      commit();
    }
    result_.makespan_s = 0;
    for (const double end_s : result_.end_s)
      result_.makespan_s = std::max(result_.makespan_s, end_s);
    return std::move(result_);
  }

 private:
  static constexpr std::int32_t kOwnCap = -1;
  struct Flow {
    double share = 1;  ///< count × weight
    double level = 0;  ///< rate by weight
    double cap = 0;    ///< most of it
    double left_bytes = 0;
    double since_s = 0;   ///< when left_bytes was true
    double rate_Bps = 0;  ///< since then
    std::int32_t bottleneck = kOwnCap;
    bool touched = false;
  };
  struct Link {
    double level = kInfinity;
    double wanted = kInfinity;  ///< by its flows
    std::int64_t first = 0;     ///< in members_.flows
    std::int64_t count = 0;     ///< flows under way, at the front of its members
    double used = 0;            ///< Σ share·level of the flows with a level, up to rounding
    double unbounded = 0;       ///< Σ share of those that nothing holds yet
    bool dirty = false;
  };
  template <class T>
  static std::size_t index(T i) {
    return static_cast<std::size_t>(i);
  }
  [[nodiscard]] std::span<std::int32_t> on(const Link& link) {
    return {members_.flows.data() + link.first, index(link.count)};
  }

  /// All flows at once: a plain progressive filling.
  void begin_all() {
    const auto solved = max_min_rates(routed_, capacity_);
    for (std::size_t l = 0; l < links_.size(); ++l) {
      links_[l].count = members_.first[l + 1] - members_.first[l];
      links_[l].level = links_[l].wanted = solved->level_Bps[l];
    }
    for (std::size_t f = 0; f < flows_.size(); ++f) {
      find_level(static_cast<std::int32_t>(f));
      touch(static_cast<std::int32_t>(f));
      for (const std::int32_t l : routed_.route(f))
        use(links_[index(l)], flows_[f].share, flows_[f].level);
    }
  }

  void begin(std::int32_t number) {
    for (const std::int32_t l : routed_.route(index(number))) {
      // The members are the transpose of all routes: this flow's entry is somewhere behind.
      Link& link = links_[index(l)];
      const auto from = members_.flows.begin() + link.first + link.count;
      const auto to = members_.flows.begin() + members_.first[index(l) + 1];
      std::iter_swap(from, std::find(from, to, number));
      ++link.count;
      mark(l);
    }
    find_level(number);
    for (const std::int32_t l : routed_.route(index(number)))
      use(links_[index(l)], flows_[index(number)].share, flows_[index(number)].level);
    flows_[index(number)].since_s = now_s_;
    touch(number);
  }

  void end(std::int32_t number) {
    Flow& flow = flows_[index(number)];
    result_.end_s[index(number)] = now_s_;
    const double level = std::exchange(flow.level, 0.0);
    flow.rate_Bps = 0;
    for (const std::int32_t l : routed_.route(index(number))) {
      Link& link = links_[index(l)];
      use(link, -flow.share, level);
      const auto flows = on(link);
      std::iter_swap(std::find(flows.begin(), flows.end(), number), flows.end() - 1);
      --link.count;
      mark(l);
    }
  }

  void mark(std::int32_t l) {
    if (links_[index(l)].dirty) return;
    links_[index(l)].dirty = true;
    dirty_.push_back(l);
  }
  static void use(Link& link, double share, double level) {
    if (level < kInfinity)
      link.used += share * level;
    else
      link.unbounded += share;
  }
  void touch(std::int32_t f) {
    if (flows_[index(f)].touched) return;
    flows_[index(f)].touched = true;
    touched_.push_back(f);
  }

  /// The least level on a flow's route and its cap, but for link `except`.
  [[nodiscard]] std::pair<double, std::int32_t> least(std::int32_t f, std::int32_t except) const {
    std::pair<double, std::int32_t> found{flows_[index(f)].cap, kOwnCap};
    for (const std::int32_t l : routed_.route(index(f)))
      if (l != except && links_[index(l)].level < found.first) found = {links_[index(l)].level, l};
    return found;
  }
  void find_level(std::int32_t f) {
    std::tie(flows_[index(f)].level, flows_[index(f)].bottleneck) = least(f, -1);
  }

  /// The level at which a link fills.
  double wanted_level(std::int32_t l) {
    ++result_.link_updates;
    Link& link = links_[index(l)];
    const double capacity = capacity_[index(l)];
    // Of a link far from full its flows need not be looked at.
    if (link.level == kInfinity && link.unbounded <= 0 && link.used < capacity * kSurelyFree)
      return kInfinity;
    caps_.clear();
    double used = 0;
    double share = 0;
    for (const std::int32_t f : on(link)) {
      const Flow& flow = flows_[index(f)];
      const double cap = flow.bottleneck == l ? least(f, l).first : flow.level;
      caps_.emplace_back(cap, flow.share);
      used += cap * flow.share;
      share += flow.share;
    }
    if (used <= capacity * (1 + kSame)) return kInfinity;
    double level = capacity / share;
    while (true) {  // those slower than the level leave more to the others
      double left = capacity;
      double free = 0;
      std::size_t faster = 0;
      for (const auto& [cap, of] : caps_) {
        if (cap < level) {
          left -= cap * of;
        } else {
          free += of;
          ++faster;
        }
      }
      if (faster == 0) return level;  // by rounding
      const double next = left / free;
      if (next <= level * (1 + kSame)) return level;
      level = next;
    }
  }

  void settle() {
    while (true) {
      for (const std::int32_t l : dirty_) {
        Link& link = links_[index(l)];
        link.dirty = false;
        link.wanted = wanted_level(l);
        if (same(link.wanted, link.level))
          unsettled_.erase(l);
        else
          unsettled_.set(l, std::min(link.wanted, link.level));
      }
      dirty_.clear();
      if (unsettled_.empty()) return;
      const std::int32_t l = unsettled_.top();
      Link& link = links_[index(l)];
      if (link.wanted < link.level) {
        unsettled_.erase(l);
        link.level = link.wanted;
        for (const std::int32_t f : on(link)) {
          Flow& flow = flows_[index(f)];
          if (flow.level <= link.level) {
            mark_tied(flow, l, link.level);
            continue;
          }
          const double before = std::exchange(flow.level, link.level);
          flow.bottleneck = l;
          changed(f, before, l);
        }
      } else {
        const double before = link.level;
        link.level = kInfinity;
        if (link.wanted < kInfinity)
          unsettled_.set(l, link.wanted);
        else
          unsettled_.erase(l);
        for (const std::int32_t f : on(link)) {
          if (flows_[index(f)].bottleneck != l) {
            mark_tied(flows_[index(f)], l, before);
            continue;
          }
          const double level = flows_[index(f)].level;
          find_level(f);
          changed(f, level, l);
        }
      }
    }
  }

  /// A flow's level changed because of link `cause`: what its other links want may have changed.
  void changed(std::int32_t f, double before, std::int32_t cause) {
    touch(f);
    const Flow& flow = flows_[index(f)];
    for (const std::int32_t l : routed_.route(index(f))) {
      use(links_[index(l)], -flow.share, before);
      use(links_[index(l)], flow.share, flow.level);
      if (l != cause) mark(l);
    }
  }

  /// A flow has another bottleneck than link l, as tight as l is or was: what the other one wants
  /// hangs on l, too.
  void mark_tied(const Flow& flow, std::int32_t l, double level) {
    if (flow.bottleneck != l && flow.bottleneck != kOwnCap && same(flow.level, level))
      mark(flow.bottleneck);
  }

  void commit() {
    for (const std::int32_t f : touched_) {
      Flow& flow = flows_[index(f)];
      flow.touched = false;
      const double rate_Bps = flow.level * routed_.flow(index(f)).weight;
      if (flow.level <= 0 || same(rate_Bps, flow.rate_Bps)) continue;
      ++result_.rate_changes;
      flow.left_bytes = std::max(0.0, flow.left_bytes - flow.rate_Bps * (now_s_ - flow.since_s));
      flow.since_s = now_s_;
      flow.rate_Bps = rate_Bps;
      ends_.set(f, now_s_ + (flow.left_bytes > 0 ? flow.left_bytes / rate_Bps : 0.0));
    }
    touched_.clear();
  }

  const RoutedFlows& routed_;
  std::span<const double> capacity_;
  FlowsOfLinks members_;
  std::vector<Flow> flows_;
  std::vector<Link> links_;
  std::vector<std::pair<double, std::int32_t>> starts_;
  KeyedHeap unsettled_;  ///< links
  KeyedHeap ends_;       ///< flows
  std::vector<std::int32_t> dirty_;
  std::vector<std::int32_t> touched_;
  std::vector<std::pair<double, double>> caps_;  ///< of the link looked at: cap, share
  double now_s_ = 0;
  FluidPhase result_;
};

/// The same flows without the links that cannot fill: no flow is ever faster than its cap and the
/// narrowest of its links, and where all flows of a link together do not fill it at those rates it
/// never says anything. Narrowest links become caps. What is left is numbered anew.
struct Reduced {
  RoutedFlows flows;
  std::vector<double> capacity_Bps;
};

Reduced reduce(const RoutedFlows& flows, std::span<const double> capacity_Bps) {
  std::vector<double> most(flows.size());
  std::vector<double> sum(capacity_Bps.size(), 0.0);
  for (std::size_t f = 0; f < flows.size(); ++f) {
    const RoutedFlow& flow = flows.flow(f);
    most[f] = flow.most_Bps;
    for (const std::int32_t l : flows.route(f))
      most[f] = std::min(most[f], capacity_Bps[static_cast<std::size_t>(l)] / flow.count);
    for (const std::int32_t l : flows.route(f))
      sum[static_cast<std::size_t>(l)] += most[f] * flow.count;
  }
  Reduced left;
  std::vector<std::int32_t> number(capacity_Bps.size(), -1);
  for (std::size_t l = 0; l < sum.size(); ++l) {
    if (sum[l] <= capacity_Bps[l] * (1 + kSame)) continue;
    number[l] = static_cast<std::int32_t>(left.capacity_Bps.size());
    left.capacity_Bps.push_back(capacity_Bps[l]);
  }
  left.flows.reserve(flows.size(), flows.links().size());
  std::vector<std::int32_t> route;
  for (std::size_t f = 0; f < flows.size(); ++f) {
    route.clear();
    for (const std::int32_t l : flows.route(f))
      if (number[static_cast<std::size_t>(l)] >= 0)
        route.push_back(number[static_cast<std::size_t>(l)]);
    RoutedFlow flow = flows.flow(f);
    flow.most_Bps = most[f];
    left.flows.add(route, flow);
  }
  return left;
}

}  // namespace

Expected<FluidPhase> max_min_phase(const RoutedFlows& flows, std::span<const double> capacity_Bps) {
  if (auto good = check_flows(flows, capacity_Bps); !good) return tl::unexpected(good.error());
  const Reduced reduced = reduce(flows, capacity_Bps);
  return Run(reduced.flows, reduced.capacity_Bps).run();
}

}  // namespace collscale
