// SPDX-License-Identifier: Apache-2.0
#include "model/run_loads.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "collective/crossing.hpp"
#include "model/collisions.hpp"

namespace collscale {
namespace {

constexpr std::size_t kMostNodes = 16;
constexpr std::size_t kMostGroups = 8;

/// The k in [0, count) with low ≤ at + k·hop < high.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
  [[nodiscard]] std::int64_t size() const { return std::max<std::int64_t>(0, last - first); }
};

Range within(std::int64_t at, std::int64_t hop, std::int64_t count, std::int64_t low,
             std::int64_t high) {
  if (hop == 0) return at >= low && at < high ? Range{0, count} : Range{0, 0};
  if (hop < 0) {  // −at − hop·k in [1 − high, 1 − low)
    at = -at;
    hop = -hop;
    std::swap(low, high);
    low = 1 - low;
    high = 1 - high;
  }
  Range range;
  range.first = std::max<std::int64_t>(0, floor_div(low - at + hop - 1, hop));
  range.last = std::min(count, floor_div(high - at + hop - 1, hop));
  range.last = std::max(range.first, range.last);
  return range;
}

/// A progression of messages.
struct Progression {
  std::int64_t source = 0, destination = 0, source_hop = 0, destination_hop = 0, count = 0;
  [[nodiscard]] Progression part(std::int64_t first, std::int64_t length) const {
    return {source + first * source_hop, destination + first * destination_hop, source_hop,
            destination_hop, length};
  }
};

enum class End { source, destination };

/// The messages of a box whose one end lies in [low, high), as progressions.
class Window {
 public:
  Window(const FlowBox& box, End end, std::int64_t low, std::int64_t high)
      : end_(end), low_(low), high_(high) {
    for (int i = 0; i < box.side_count; ++i)
      sides_[static_cast<std::size_t>(count_++)] = box.sides[static_cast<std::size_t>(i)];
    if (count_ == 0) sides_[static_cast<std::size_t>(count_++)] = {1, 0, 0};
    // The innermost side is the one with most elements within the window, the others go from far to
    // near, so that whole stretches outside are skipped.
    const auto elements = [&](const FlowBox::Side& side) {
      const std::int64_t h = std::max<std::int64_t>(1, std::abs(hop(side)));
      return std::min(side.count, (high_ - low_) / h + 1);
    };
    const auto begin = sides_.begin();
    const auto last = begin + count_;
    std::iter_swap(
        std::max_element(begin, last,
                         [&](const auto& a, const auto& b) { return elements(a) < elements(b); }),
        last - 1);
    for (auto i = begin; i + 1 < last; ++i)
      for (auto j = i; j > begin && std::abs(hop(*j)) > std::abs(hop(*(j - 1))); --j)
        std::iter_swap(j, j - 1);
    for (int i = count_ - 1; i >= 0; --i) {
      const auto at = static_cast<std::size_t>(i);
      const std::int64_t reach = (sides_[at].count - 1) * hop(sides_[at]);
      below_[at] = (i + 1 < count_ ? below_[at + 1] : 0) + std::min<std::int64_t>(0, reach);
      above_[at] = (i + 1 < count_ ? above_[at + 1] : 0) + std::max<std::int64_t>(0, reach);
    }
  }

  template <class F>
  void for_each(const FlowBox& box, F&& f) const {
    visit(0, box.source, box.destination, f);
  }

 private:
  [[nodiscard]] std::int64_t hop(const FlowBox::Side& side) const {
    return end_ == End::source ? side.source_hop : side.destination_hop;
  }
  template <class F>
  void visit(int i, std::int64_t source, std::int64_t destination, F&& f) const {
    const auto at = static_cast<std::size_t>(i);
    const FlowBox::Side& side = sides_[at];
    const std::int64_t position = end_ == End::source ? source : destination;
    if (i + 1 == count_) {
      const Range range = within(position, hop(side), side.count, low_, high_);
      if (range.size() > 0)
        f(Progression{source, destination, side.source_hop, side.destination_hop, side.count}.part(
            range.first, range.size()));
      return;
    }
    const Range range =
        within(position, hop(side), side.count, low_ - above_[at + 1], high_ - below_[at + 1]);
    for (std::int64_t k = range.first; k < range.last; ++k)
      visit(i + 1, source + k * side.source_hop, destination + k * side.destination_hop, f);
  }

  End end_;
  std::int64_t low_;
  std::int64_t high_;
  std::array<FlowBox::Side, View::kMaxDigits + 1> sides_{};
  std::array<std::int64_t, View::kMaxDigits + 1> below_{};  ///< how far sides from i on reach down
  std::array<std::int64_t, View::kMaxDigits + 1> above_{};
  int count_ = 0;
};

template <class F>
void for_each_in(const FlowBox& box, End end, std::int64_t low, std::int64_t high, F&& f) {
  Window(box, end, low, high).for_each(box, f);
}

double& at(std::vector<double>& values, std::int64_t index) {
  return values[static_cast<std::size_t>(index)];
}

double messages_of(const FlowBox& box) {
  double product = 1;
  for (int i = 0; i < box.side_count; ++i)
    product *= static_cast<double>(box.sides[static_cast<std::size_t>(i)].count);
  return product;
}

/// The message at a share of every side of a box: 0 the first, 1 the last.
Progression message_at(const FlowBox& box, double share) {
  Progression message{box.source, box.destination, 0, 0, 1};
  for (int i = 0; i < box.side_count; ++i) {
    const FlowBox::Side& side = box.sides[static_cast<std::size_t>(i)];
    const auto k = static_cast<std::int64_t>(share * static_cast<double>(side.count - 1));
    message.source += k * side.source_hop;
    message.destination += k * side.destination_hop;
  }
  return message;
}

/// In one progression: both ends in one aligned block.
double within_blocks(const Progression& p, std::int64_t block) {
  if (p.source_hop == p.destination_hop) {
    const std::int64_t distance = std::abs(p.destination - p.source);
    if (distance >= block) return 0;
    const std::int64_t low = std::min(p.source, p.destination);
    const std::int64_t crossing = floor_sum(p.count, low + distance, p.source_hop, block) -
                                  floor_sum(p.count, low, p.source_hop, block);
    return static_cast<double>(p.count - crossing);
  }
  if (p.source_hop == 0 || p.destination_hop == 0) {
    const bool fixed_source = p.source_hop == 0;
    const std::int64_t fixed = fixed_source ? p.source : p.destination;
    const std::int64_t low = fixed / block * block;
    return static_cast<double>(within(fixed_source ? p.destination : p.source,
                                      fixed_source ? p.destination_hop : p.source_hop, p.count, low,
                                      low + block)
                                   .size());
  }
  double same = 0;
  for (std::int64_t k = 0; k < p.count; ++k)
    same += (p.source + k * p.source_hop) / block == (p.destination + k * p.destination_hop) / block
                ? 1
                : 0;
  return same;
}

double within_blocks(const FlowBox& box, int side, std::int64_t source, std::int64_t destination,
                     std::int64_t block) {
  if (side + 1 >= box.side_count) {
    Progression p{source, destination, 0, 0, 1};
    if (side < box.side_count) {
      const FlowBox::Side& last = box.sides[static_cast<std::size_t>(side)];
      p = {source, destination, last.source_hop, last.destination_hop, last.count};
    }
    return within_blocks(p, block);
  }
  const FlowBox::Side& here = box.sides[static_cast<std::size_t>(side)];
  const bool aligned = here.source_hop == here.destination_hop && here.source_hop % block == 0;
  if (aligned)
    return static_cast<double>(here.count) *
           within_blocks(box, side + 1, source, destination, block);
  double sum = 0;
  for (std::int64_t k = 0; k < here.count; ++k)
    sum += within_blocks(box, side + 1, source + k * here.source_hop,
                         destination + k * here.destination_hop, block);
  return sum;
}

}  // namespace

std::int64_t floor_sum(std::int64_t n, std::int64_t a, std::int64_t h, std::int64_t m) {
  std::int64_t sum = 0;
  // Bring a and h into [0, m).
  const std::int64_t whole_h = floor_div(h, m);
  sum += whole_h * (n * (n - 1) / 2);
  h -= whole_h * m;
  const std::int64_t whole_a = floor_div(a, m);
  sum += whole_a * n;
  a -= whole_a * m;
  while (true) {
    const std::int64_t top = a + h * n;  // the first value not summed
    if (top < m) return sum;
    // Count lattice points by columns of the transposed line.
    n = top / m;
    a = top % m;
    std::swap(h, m);
    sum += (h / m) * (n * (n - 1) / 2) + (a / m) * n;
    h %= m;
    a %= m;
  }
}

double count_within_blocks(const FlowBox& box, std::int64_t block) {
  // The longest side last: it is summed, the others are walked.
  FlowBox sorted = box;
  for (int i = 1; i < sorted.side_count; ++i) {
    FlowBox::Side& last = sorted.sides[static_cast<std::size_t>(sorted.side_count - 1)];
    FlowBox::Side& here = sorted.sides[static_cast<std::size_t>(i - 1)];
    if (here.count > last.count) std::swap(here, last);
  }
  return within_blocks(sorted, 0, sorted.source, sorted.destination, block);
}

double collision_factor(const FabricShape& shape, const FabricShape::Tier& tier, double flows) {
  if (!shape.hashes || flows <= 0) return 1;
  const double groups =
      std::max(1.0, static_cast<double>(shape.ranks) / static_cast<double>(tier.group_ranks));
  return expected_max_over_mean(flows * shape.queue_pairs, tier.links_per_part,
                                2 * groups * static_cast<double>(tier.parts));
}

double nic_collision_factor(const FabricShape& shape, double messages) {
  if (!shape.hashes || shape.planes <= 1 || messages <= 0) return 1;
  const double nics = static_cast<double>(shape.ranks) * static_cast<double>(shape.nics_per_node) /
                      static_cast<double>(shape.ranks_per_node);
  return expected_max_over_mean(messages * shape.queue_pairs, shape.planes, 2 * nics);
}

namespace {

/// The local rank at which a lane enters the nodes, if that is all that tells it from another.
std::int64_t turn_of(const View& view) {
  if (view.nodes != View::Nodes::none) return view.turn;
  for (int i = 0; i < view.fixed_count; ++i)
    if (view.fixed[static_cast<std::size_t>(i)].digit == 0)
      return view.fixed[static_cast<std::size_t>(i)].value;
  return view.rotation[0];
}

View straight(View view) {
  view.turn = 0;
  view.rotation[0] = 0;
  for (int i = 0; i < view.fixed_count; ++i)
    if (view.fixed[static_cast<std::size_t>(i)].digit == 0)
      view.fixed[static_cast<std::size_t>(i)].value = 0;
  return view;
}

bool same_but_turned(const Lane& a, const Lane& b) {
  return a.map.size == b.map.size && a.map.radix == b.map.radix &&
         a.scope_fraction == b.scope_fraction && straight(a.map.view) == straight(b.map.view) &&
         a.phase == b.phase;
}

}  // namespace

std::vector<const Lane*> RunLoads::representatives(const std::vector<const Lane*>& lanes) {
  std::vector<const Lane*> found;
  turns_.clear();
  const std::int64_t in_node = std::min(shape_.ranks, shape_.ranks_per_node);
  for (const Lane* lane : lanes) {
    const View& view = lane->map.view;
    const std::int64_t turn = turn_of(view);
    // Digit 0 must be the local rank, or all ranks one digit, for a turn to stay in the node.
    const bool by_node = view.nodes != View::Nodes::none ||
                         (lane->map.radix.size() > 1 && lane->map.radix.front() == in_node);
    std::size_t at = found.size();
    for (std::size_t i = 0; by_node && i < found.size() && at == found.size(); ++i)
      if (same_but_turned(*found[i], *lane)) at = i;
    if (at < found.size()) {
      turns_[at].push_back(turn - turn_of(found[at]->map.view));
      continue;
    }
    found.push_back(lane);
    turns_.push_back({0});
  }
  return found;
}

/// The local rank after a turn: nodes are full but the last.
std::int64_t RunLoads::turned(std::int64_t local, std::int64_t turn, std::int64_t node) const {
  if (turn == 0) return local;
  const std::int64_t size =
      std::min(shape_.ranks_per_node, shape_.ranks - node * shape_.ranks_per_node);
  return floor_mod(local + turn, size);
}

void RunLoads::clear() {
  entries_.clear();
  even_port_ = 0;
  even_nic_ = 0;
  even_up_.assign(shape_.tiers.size(), 0.0);
}

void RunLoads::add_edges(const FlowBox& box, double count, LevelCounts& edges) const {
  double left = messages_of(box);
  double inside = count_within_blocks(box, shape_.ranks_per_node);
  edges[0] += count * inside;
  left -= inside;
  for (std::size_t t = 0; t < shape_.tiers.size() && left > 0; ++t) {
    inside += 0;
    const double here = count_within_blocks(box, shape_.tiers[t].group_ranks);
    edges[t + 1] += count * (here - inside);
    left -= here - inside;
    inside = here;
  }
  if (left > 0) edges[static_cast<std::size_t>(shape_.levels - 1)] += count * left;
}

void RunLoads::add_entry(const Lane& lane, int arc, const FlowBox& box, double bytes) {
  Entry entry{box, bytes, Entry::Kind::messages, false, 1, lane_};
  if (lane.phase.network != InNetwork::none) {
    entry.kind = arc == 0 ? Entry::Kind::to_switch : Entry::Kind::from_switch;
    entry.in_node = stays_in_node(lane, shape_.ranks_per_node);
    entry.groups = static_cast<double>(lane.map.group_count);
  }
  entries_.push_back(entry);
}

void RunLoads::add_step(const Lane& lane, const RankLayout& layout, std::int64_t step, double count,
                        Bytes which, ArcEdges* edges) {
  for (int arc = 0; arc < arc_count(lane); ++arc) {
    const double bytes = which == Bytes::largest ? message_fraction(lane, step, arc)
                                                 : mean_message_fraction(lane, step, arc);
    for_each_flow_box(lane, layout, step, arc, [&](const FlowBox& box) {
      add_entry(lane, arc, box, count * bytes);
      if (edges == nullptr) return;
      LevelCounts& of_arc = (*edges)[static_cast<std::size_t>(arc)];
      if (lane.phase.network == InNetwork::none)
        add_edges(box, count, of_arc);
      else  // what all have in common is where the message turns round
        of_arc[static_cast<std::size_t>(
            stays_in_node(lane, shape_.ranks_per_node)
                ? 0
                : fabric_.turning_level(lane.map.rank(0, 0),
                                        lane.map.rank(0, lane.map.size - 1)))] += 1;
    });
  }
}

/// Every rank to every other of its group, in groups of which no two ranks share a node, or all do.
void RunLoads::add_all_to_all_in_groups(const Lane& lane, ArcEdges& edges) {
  const bool in_node = stays_in_node(lane, shape_.ranks_per_node);
  const double sent =
      static_cast<double>(total_gain(lane.phase, lane.map.size)) * lane.scope_fraction;
  int level = 0;
  const auto copies = static_cast<double>(turns_[lane_].size());
  const double sent_of_all = copies * sent;
  if (in_node) {
    even_port_ += sent_of_all;
  } else {
    // The farthest two of a group; groups that do not fill whole blocks of a tier may straddle.
    level = fabric_.turning_level(lane.map.rank(0, 0), lane.map.rank(0, lane.map.size - 1));
    const std::int64_t span = index_layout(lane.map).stride * lane.map.size;
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t)
      if (shape_.ranks > shape_.tiers[t].group_ranks && shape_.tiers[t].group_ranks % span != 0)
        level = std::max(level, static_cast<int>(t) + 2);
    even_nic_ += sent_of_all * static_cast<double>(shape_.ranks_per_node) /
                 static_cast<double>(shape_.nics_per_node);
    const double others = static_cast<double>(lane.map.size - 1);
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
      const FabricShape::Tier& tier = shape_.tiers[t];
      if (shape_.ranks <= tier.group_ranks) continue;
      const double leaving =
          static_cast<double>(all_pairs_crossing(lane, tier.group_ranks)) / others;
      even_up_[t] += sent_of_all * leaving / static_cast<double>(tier.parts);
    }
  }
  edges[0][static_cast<std::size_t>(level)] +=
      static_cast<double>(lane.map.size * lane.map.group_count) *
      static_cast<double>(lane.phase.steps);
}

void RunLoads::add_lane(const Lane& lane, ArcEdges& edges) {
  const Phase& phase = lane.phase;
  const Affine& d = phase.arcs[0].distance;
  const bool to_all = phase.lag == Lag::none && phase.frame == Frame::cyclic &&
                      phase.network == InNetwork::none && phase.root < 0 && phase.arc_count == 1 &&
                      !phase.arcs[0].has_receivers && d.per_unit == 0 &&
                      (d.per_step == 1 || d.per_step == -1) && phase.steps == lane.map.size - 1 &&
                      lane.map.view.digit_count == 1 && lane.map.view.core == 0;
  const bool apart = to_all && (stays_in_node(lane, shape_.ranks_per_node) ||
                                index_layout(lane.map).stride % shape_.ranks_per_node == 0);
  if (apart) return add_all_to_all_in_groups(lane, edges);
  const RankLayout layout = rank_layout(lane.map);
  bool single = phase.steps > 1;
  for (int arc = 0; arc < arc_count(lane) && single; ++arc) {
    const double bytes = mean_message_fraction(lane, phase.steps / 2, arc);
    single = for_each_flow_box_of_single_messages(lane, layout, arc, [&](const FlowBox& box) {
      add_entry(lane, arc, box, bytes);
      add_edges(box, 1, edges[static_cast<std::size_t>(arc)]);
    });
  }
  if (single) return;
  for (const StepClass& steps : step_classes(lane))
    add_step(lane, layout, steps.first, static_cast<double>(steps.count), Bytes::mean, &edges);
}

StepLoads RunLoads::step(const std::vector<Lane>& lanes, std::int64_t step) {
  clear();
  ArcEdges edges{};
  std::vector<const Lane*> all;
  for (const Lane& lane : lanes) all.push_back(&lane);
  lane_ = 0;
  for (const Lane* lane : representatives(all)) {
    add_step(*lane, rank_layout(lane->map), step, 1, Bytes::largest, lane_ == 0 ? &edges : nullptr);
    ++lane_;
  }
  StepLoads loads = busiest();
  for (LevelCounts& of_arc : edges)
    for (double& count : of_arc) count /= static_cast<double>(lanes.front().map.group_count);
  loads.edges = edges;
  return loads;
}

StepLoads RunLoads::all_steps(const std::vector<const Lane*>& lanes) {
  clear();
  ArcEdges edges{};
  lane_ = 0;
  for (const Lane* lane : representatives(lanes)) {
    ArcEdges of_lane{};
    add_lane(*lane, of_lane);
    const auto copies = static_cast<double>(turns_[lane_].size());
    for (std::size_t arc = 0; arc < edges.size(); ++arc)
      for (std::size_t level = 0; level < edges[arc].size(); ++level)
        edges[arc][level] += copies * of_lane[arc][level];
    ++lane_;
  }
  StepLoads loads = busiest();
  loads.edges = edges;
  return loads;
}

void RunLoads::choose_samples() {
  const auto choose = [&](std::int64_t size, std::size_t most) {
    const std::int64_t blocks = (shape_.ranks + size - 1) / size;
    std::vector<std::int64_t> chosen;
    if (blocks <= static_cast<std::int64_t>(most)) {
      for (std::int64_t block = 0; block < blocks; ++block) chosen.push_back(block);
      return chosen;
    }
    const auto offer = [&](std::int64_t rank) {
      if (chosen.size() >= most || rank < 0 || rank >= shape_.ranks) return;
      const std::int64_t block = rank / size;
      if (std::find(chosen.begin(), chosen.end(), block) == chosen.end()) chosen.push_back(block);
    };
    const auto offer_at = [&](const Entry& entry, double share) {
      const Progression message = message_at(entry.box, share);
      if (entry.kind != Entry::Kind::from_switch) offer(message.source);
      if (entry.kind != Entry::Kind::to_switch) offer(message.destination);
    };
    offer(shape_.ranks - 1);  // perhaps partly used
    // Where a box begins and ends blocks are partly filled, in between they are full.
    for (const double share : {0.0, 0.5, 1.0})
      for (const Entry& entry : entries_) offer_at(entry, share);
    offer(0);
    return chosen;
  };
  nodes_.clear();
  for (const std::int64_t node : choose(shape_.ranks_per_node, kMostNodes)) {
    NodeSample sample;
    sample.node = node;
    sample.out.assign(static_cast<std::size_t>(shape_.ranks_per_node), even_port_);
    sample.in = sample.out;
    sample.nic_out.assign(static_cast<std::size_t>(shape_.nics_per_node), even_nic_);
    sample.nic_in = sample.nic_out;
    nodes_.push_back(std::move(sample));
  }
  groups_.resize(shape_.tiers.size());
  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
    groups_[t].clear();
    const FabricShape::Tier& tier = shape_.tiers[t];
    const bool turns_inside = shape_.ranks <= tier.group_ranks;
    if (turns_inside && (t > 0 || shape_.forwards_across_rails || shape_.rails == 1)) continue;
    for (const std::int64_t group : choose(tier.group_ranks, kMostGroups)) {
      GroupSample sample;
      sample.group = group;
      sample.up.assign(static_cast<std::size_t>(tier.parts), even_up_[t]);
      sample.down = sample.up;
      sample.flows_up.assign(static_cast<std::size_t>(tier.parts), 0.0);
      sample.flows_down = sample.flows_up;
      groups_[t].push_back(std::move(sample));
    }
  }
}

void RunLoads::load_node(const Entry& entry, NodeSample& sample) const {
  const std::int64_t size = shape_.ranks_per_node;
  const std::int64_t low = sample.node * size;
  const Turns& turns = turns_[entry.lane];
  // What one message adds at its source, and at its destination: `times` messages alike.
  const auto send = [&](std::int64_t source, std::int64_t destination, double times) {
    const double bytes = entry.bytes * times;
    const bool stays = destination >= low && destination < low + size;
    const std::int64_t node = destination / size;
    for (const std::int64_t turn : turns) {
      const std::int64_t from = turned(source - low, turn, sample.node);
      if (entry.kind == Entry::Kind::to_switch) {
        at(entry.in_node ? sample.out : sample.nic_out, entry.in_node ? from : shape_.nic(from)) +=
            bytes;
        continue;
      }
      if (stays) {
        at(sample.out, from) += bytes;
        continue;
      }
      const std::int64_t to = turned(destination % size, turn, node);
      const bool forwarded = shape_.forwards_across_rails && shape_.rail(from) != shape_.rail(to);
      if (forwarded) {
        at(sample.out, from) += bytes;
        at(sample.in, to) += bytes;
      }
      at(sample.nic_out, shape_.nic(forwarded ? to : from)) += bytes;
    }
  };
  const auto receive = [&](std::int64_t source, std::int64_t destination, double times) {
    const bool stays = entry.kind == Entry::Kind::from_switch
                           ? entry.in_node
                           : source >= low && source < low + size;
    for (const std::int64_t turn : turns) {
      const std::int64_t to = turned(destination - low, turn, sample.node);
      at(stays ? sample.in : sample.nic_in, stays ? to : shape_.nic(to)) += entry.bytes * times;
    }
  };
  // All but those within the node are alike after a whole turn of local ranks at the far end.
  const auto walk = [&](const Progression& p, std::int64_t far, std::int64_t far_hop,
                        const auto& each) {
    const Range inside = within(far, far_hop, p.count, low, low + size);
    const auto one = [&](std::int64_t k, double times) {
      each(p.source + k * p.source_hop, p.destination + k * p.destination_hop, times);
    };
    const bool alike = (far == p.source ? p.destination_hop : p.source_hop) == 0 &&
                       p.count > 2 * size && inside.size() <= size;
    if (!alike) {
      for (std::int64_t k = 0; k < p.count; ++k) one(k, 1);
      return;
    }
    for (std::int64_t k = inside.first; k < inside.last; ++k) one(k, 1);
    const std::int64_t period = size / std::gcd(std::abs(far_hop), size);
    const auto outside = [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t k = first; k < std::min(first + period, last); ++k)
        one(k, static_cast<double>((last - 1 - k) / period + 1));
    };
    outside(0, inside.size() > 0 ? inside.first : p.count);
    if (inside.size() > 0) outside(inside.last, p.count);
  };
  if (entry.kind != Entry::Kind::from_switch)
    for_each_in(entry.box, End::source, low, low + size,
                [&](const Progression& p) { walk(p, p.destination, p.destination_hop, send); });
  if (entry.kind != Entry::Kind::to_switch)
    for_each_in(entry.box, End::destination, low, low + size,
                [&](const Progression& p) { walk(p, p.source, p.source_hop, receive); });
}

void RunLoads::load_group(const Entry& entry, std::size_t tier_index, GroupSample& sample) const {
  const FabricShape::Tier& tier = shape_.tiers[tier_index];
  const std::int64_t low = sample.group * tier.group_ranks;
  const std::int64_t high = low + tier.group_ranks;
  if (entry.kind != Entry::Kind::messages) {
    // Added up at every switch: one message for each of the switches' trees, not for each rank.
    if (entry.in_node || shape_.ranks <= tier.group_ranks) return;
    const bool up = entry.kind == Entry::Kind::to_switch;
    const std::int64_t rank = up ? entry.box.source : entry.box.destination;
    for (const std::int64_t turn : turns_[entry.lane]) {
      const std::int64_t local = turned(rank % shape_.ranks_per_node, turn, 0);
      const std::int64_t only = tier.parts == 1 ? 0 : shape_.rail(local);  // of a single tree
      for (std::int64_t part = 0; part < tier.parts; ++part) {
        const double trees = entry.groups / static_cast<double>(tier.parts);
        if (trees < 1 && part != only) continue;
        at(up ? sample.up : sample.down, part) += entry.bytes * std::max(1.0, trees);
        at(up ? sample.flows_up : sample.flows_down, part) += std::max(1.0, trees);
      }
    }
    return;
  }
  const Turns& turns = turns_[entry.lane];
  const auto part_of = [&](std::int64_t rank, std::int64_t turn) {
    if (tier.parts == 1) return std::int64_t{0};
    const std::int64_t node = rank / shape_.ranks_per_node;
    return shape_.rail(turned(rank % shape_.ranks_per_node, turn, node));
  };
  // The rail of one end of a progression, whose local ranks repeat after at most a node's.
  const auto add = [&](std::vector<double>& load, std::vector<double>& flows, std::int64_t first,
                       std::int64_t hop, std::int64_t count) {
    const std::int64_t period =
        tier.parts == 1 || hop % shape_.ranks_per_node == 0
            ? 1
            : shape_.ranks_per_node / std::gcd(std::abs(hop), shape_.ranks_per_node);
    for (std::int64_t k = 0; k < std::min(period, count); ++k) {
      const auto times = static_cast<double>((count - 1 - k) / period + 1);
      for (const std::int64_t turn : turns) {
        at(load, part_of(first + k * hop, turn)) += entry.bytes * times;
        at(flows, part_of(first + k * hop, turn)) += times;
      }
    }
  };
  const bool by_rail = tier_index == 0 && !shape_.forwards_across_rails && shape_.rails > 1;
  const auto changes_rail = [&](std::int64_t a, std::int64_t b) {
    return by_rail && a / shape_.ranks_per_node != b / shape_.ranks_per_node &&
           part_of(a, 0) != part_of(b, 0);
  };
  for_each_in(entry.box, End::source, low, high, [&](const Progression& p) {
    const Range inside = within(p.destination, p.destination_hop, p.count, low, high);
    const auto leaves = [&](const Progression& q) {
      if (q.count <= 0) return;
      if (shape_.forwards_across_rails)  // on the rail of the destination
        add(sample.up, sample.flows_up, q.destination, q.destination_hop, q.count);
      else
        add(sample.up, sample.flows_up, q.source, q.source_hop, q.count);
    };
    leaves(p.part(0, inside.size() > 0 ? inside.first : p.count));
    if (inside.size() > 0) leaves(p.part(inside.last, p.count - inside.last));
    for (std::int64_t k = inside.first; by_rail && k < inside.last; ++k) {
      const Progression one = p.part(k, 1);
      if (!changes_rail(one.source, one.destination)) continue;
      add(sample.up, sample.flows_up, one.source, 0, 1);
      add(sample.down, sample.flows_down, one.destination, 0, 1);
    }
  });
  for_each_in(entry.box, End::destination, low, high, [&](const Progression& p) {
    const Range inside = within(p.source, p.source_hop, p.count, low, high);
    const auto enters = [&](const Progression& q) {
      if (q.count > 0)
        add(sample.down, sample.flows_down, q.destination, q.destination_hop, q.count);
    };
    enters(p.part(0, inside.size() > 0 ? inside.first : p.count));
    if (inside.size() > 0) enters(p.part(inside.last, p.count - inside.last));
  });
}

StepLoads RunLoads::busiest() {
  choose_samples();
  double port = 0;
  double nic = 0;
  bool any_in_node_switch = false;
  bool any_fabric_switch = false;
  for (const Entry& entry : entries_) {
    const bool is_switch = entry.kind != Entry::Kind::messages;
    any_in_node_switch = any_in_node_switch || (is_switch && entry.in_node);
    any_fabric_switch = any_fabric_switch || (is_switch && !entry.in_node);
  }
  for (NodeSample& sample : nodes_) {
    for (const Entry& entry : entries_) load_node(entry, sample);
    for (const auto* loads : {&sample.out, &sample.in})
      port = std::max(port, *std::max_element(loads->begin(), loads->end()));
    for (const auto* loads : {&sample.nic_out, &sample.nic_in})
      nic = std::max(nic, *std::max_element(loads->begin(), loads->end()));
  }
  StepLoads result;
  result.even[kScaleUpResource] = port / shape_.scale_up_Bps;
  result.even[kNicResource] = nic / shape_.nic_Bps;
  // Switches that add up leave less of the ports' bandwidth.
  const auto& clos = *std::get_if<Clos>(&system_.fabric);
  if (any_in_node_switch && system_.node.scale_up.in_network)
    result.even[kScaleUpResource] *=
        system_.node.scale_up.efficiency.value / system_.node.scale_up.in_network->efficiency.value;
  if (any_fabric_switch && clos.in_network)
    result.even[kNicResource] *= clos.efficiency.value / clos.in_network->efficiency.value;
  result.hashed = result.even;
  double smallest = 0;
  for (const Entry& entry : entries_)
    if (entry.bytes > 0) smallest = smallest > 0 ? std::min(smallest, entry.bytes) : entry.bytes;
  if (smallest > 0) result.hashed[kNicResource] *= nic_collision_factor(shape_, nic / smallest);
  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
    const FabricShape::Tier& tier = shape_.tiers[t];
    double most = 0;
    double flows = 0;
    for (GroupSample& sample : groups_[t]) {
      for (const Entry& entry : entries_) load_group(entry, t, sample);
      for (const auto& [load, count] :
           {std::pair{&sample.up, &sample.flows_up}, std::pair{&sample.down, &sample.flows_down}}) {
        for (std::size_t part = 0; part < load->size(); ++part) {
          if ((*load)[part] <= most) continue;
          most = (*load)[part];
          flows = (*count)[part];
        }
      }
    }
    const std::size_t r = static_cast<std::size_t>(kFirstTierResource) + t;
    result.even[r] = most / (tier.link_Bps * tier.links_per_part);
    result.hashed[r] = result.even[r] * collision_factor(shape_, tier, flows);
  }
  return result;
}

}  // namespace collscale
