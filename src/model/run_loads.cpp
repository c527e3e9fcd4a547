// SPDX-License-Identifier: Apache-2.0
#include "model/run_loads.hpp"

#include <algorithm>
#include <numeric>

#include "collective/crossing.hpp"
#include "model/lane_likeness.hpp"

namespace collscale {
namespace {

constexpr std::size_t kKnownStages = 8;
constexpr std::size_t kMostKnownSteps = 128;

}  // namespace

void RunLoads::find_representatives(const std::vector<const Lane*>& lanes) {
  lanes_.clear();
  const std::int64_t in_node = std::min(shape_.ranks, shape_.ranks_per_node);
  for (const Lane* lane : lanes) {
    const View& view = lane->map.view;
    // Digit 0 must be the local rank, or all ranks one digit, for a turn to stay in the node.
    const bool by_node = view.nodes != View::Nodes::none || view.orders ||
                         (lane->map.radix.size() > 1 && lane->map.radix.front() == in_node);
    std::size_t at = by_node ? 0 : lanes_.size();
    while (at < lanes_.size() && !same_but_turned(*lanes_[at].lane, *lane)) ++at;
    if (at < lanes_.size() && view.orders)
      lanes_[at].turns.push_back(view.turn);
    else if (at < lanes_.size())
      lanes_[at].turns.push_back(turn_of(view) - turn_of(lanes_[at].lane->map.view));
    else if (view.orders)
      lanes_.push_back({lane, {view.turn}, {}, kNone, view.orders.get()});
    else
      lanes_.push_back({lane, {0}});
  }
  samples_.clear_turns();
  for (const Representative& lane : lanes_) {
    if (lane.orders != nullptr)
      samples_.add_orders(*lane.orders, lane.turns);
    else
      samples_.add_turns(lane.turns);
  }
  turned_lanes_ = lanes_.size();
}

const RankLayout& RunLoads::layout_of(std::size_t number) {
  Representative& lane = lanes_[number];
  if (lane.layout.pieces.empty()) lane.layout = rank_layout(lane.lane->map);
  return lane.layout;
}

RunLoads::Likeness RunLoads::likeness(const Known& stage, bool backwards) const {
  if (stage.lanes.size() != lanes_.size()) return Likeness::none;
  bool same = true;
  for (std::size_t i = 0; i < lanes_.size() && same; ++i)
    same = is_same(stage.lanes[i], *lanes_[i].lane, backwards) && stage.turns[i] == lanes_[i].turns;
  if (same) return Likeness::same;
  return part_of_alike(all_numbers(), stage.lanes, backwards) > 0 ? Likeness::but_turned
                                                                  : Likeness::none;
}

RunLoads::Numbers RunLoads::all_numbers() const {
  Numbers all(lanes_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

double RunLoads::part_of_alike(const Numbers& numbers, const std::vector<Lane>& known,
                               bool backwards) const {
  if (known.size() != numbers.size() || shape_.ranks % shape_.ranks_per_node != 0 ||
      !turn_together(numbers))
    return 0;
  double part = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Lane& a = known[i];
    const Lane& b = *lanes_[numbers[i]].lane;
    const double here = a.scope_fraction > 0 ? b.scope_fraction / a.scope_fraction : 0;
    if (i == 0) part = here;
    if (here != part || !sends_alike(a, b, backwards) ||
        straight(a.map.view) != straight(b.map.view))
      return 0;
  }
  return part;
}

/// All lanes enter the nodes at the same local ranks.
bool RunLoads::turn_together(const Numbers& numbers) const {
  const auto local = [&](const Representative& lane) {
    return floor_mod(lane.lane->map.rank(0, 0), shape_.ranks_per_node);
  };
  const Representative& first = lanes_[numbers.front()];
  return std::all_of(numbers.begin(), numbers.end(), [&](std::size_t number) {
    const Representative& lane = lanes_[number];
    return lane.turns == first.turns && local(lane) == local(first);
  });
}

const RunLoads::Known::Step* RunLoads::find_known(std::int64_t step) const {
  if (like_ == kNone) return nullptr;
  const std::int64_t wanted = backwards_ ? lanes_.front().lane->phase.steps - 1 - step : step;
  for (const Known::Step& known : known_[like_].steps)
    if (known.step == wanted && (known.reversible || !backwards_) &&
        (known.of_one_turn || likeness_ == Likeness::same))
      return &known;
  return nullptr;
}

RunLoads::Meeting RunLoads::meeting(std::size_t number) const {
  const std::int64_t in_node = shape_.ranks_per_node;
  const Representative& lane = lanes_[number];
  const std::int64_t first = lane.lane->map.rank(0, 0);
  std::vector<double> ports(static_cast<std::size_t>(in_node), 0.0);
  std::vector<double> nics(ports);
  std::vector<double> parts(ports);
  for (const std::int64_t turn : lane.turns) {
    const std::int64_t local = floor_mod(first + turn, in_node);
    ++ports[static_cast<std::size_t>(local)];
    ++nics[static_cast<std::size_t>(shape_.nic(local))];
    ++parts[static_cast<std::size_t>(shape_.rail(local))];
  }
  const auto most = [](const std::vector<double>& counts) {
    return *std::max_element(counts.begin(), counts.end());
  };
  return {most(ports), most(nics), most(parts), lane.copies()};
}

bool RunLoads::at_one_local_rank(const Numbers& numbers) const {
  const std::int64_t in_node = shape_.ranks_per_node;
  if (direct_ != nullptr || shape_.ranks % in_node != 0 || !reversible_ || even_.port > 0 ||
      even_.nic > 0 || lanes_[numbers.front()].orders != nullptr || !turn_together(numbers))
    return false;
  const std::int64_t local = floor_mod(lanes_[numbers.front()].lane->map.rank(0, 0), in_node);
  return std::all_of(entries_.begin(), entries_.end(), [&](const LoadEntry& entry) {
    const FlowBox& box = entry.box;
    bool at_one = entry.kind == LoadEntry::Kind::messages && entry.lane < lanes_.size() &&
                  box.source % in_node == local && box.destination % in_node == local;
    for (int i = 0; i < box.side_count && at_one; ++i) {
      const FlowBox::Side& side = box.sides[static_cast<std::size_t>(i)];
      at_one = side.source_hop % in_node == 0 && side.destination_hop % in_node == 0;
    }
    return at_one;
  });
}

void RunLoads::keep_one_turn() {
  samples_.add_turns({0});
  for (LoadEntry& entry : entries_) entry.lane = turned_lanes_;
  ++turned_lanes_;
}

RunLoads::Busiest RunLoads::of_all_turns(std::size_t number, const Busiest& of_one,
                                         double part) const {
  const Meeting meet = meeting(number);
  Busiest all = of_one;
  all.port *= meet.port * part;
  all.nic *= meet.nic * part;
  all.smallest_message *= part;
  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
    const double times = shape_.tiers[t].parts == 1 ? meet.all : meet.part;
    all.up[t].bytes *= times * part;
    all.up[t].flows *= times;
  }
  return all;
}

/// No message of the box is handed to another rank of its node to leave on that one's rail: it
/// loads links alike when it runs backwards.
bool RunLoads::keeps_rails(const FlowBox& box) const {
  if (!shape_.forwards_across_rails || shape_.rails == 1) return true;
  const std::int64_t in_node = shape_.ranks_per_node;
  bool same_local = shape_.ranks % in_node == 0 && (box.destination - box.source) % in_node == 0;
  for (int i = 0; i < box.side_count && same_local; ++i) {
    const FlowBox::Side& side = box.sides[static_cast<std::size_t>(i)];
    same_local = (side.destination_hop - side.source_hop) % in_node == 0;
  }
  return same_local || count_within_blocks(box, in_node) == messages_of(box);
}

void RunLoads::clear() {
  entries_.clear();
  reversible_ = true;
  even_.port = 0;
  even_.nic = 0;
  even_.up.assign(shape_.tiers.size(), 0.0);
  if (direct_ != nullptr) direct_->clear();
}

/// Turns whose levels are counted on a torus or dragonfly: of one step those of the first lane of
/// those that a representative stands for, of all steps all.
std::size_t RunLoads::counted_turns(const LoadEntry& entry) const {
  if (!one_step_) return samples_.turn_count(entry.lane);
  return entry.lane >= lanes_.size() ? static_cast<std::size_t>(shape_.ranks_per_node) : 1;
}

/// `times` messages for each of the entry's.
void RunLoads::add_edges(const LoadEntry& entry, double times, LevelCounts& edges) const {
  const bool whole_nodes = entry.lane >= lanes_.size();
  const double count = whole_nodes ? times * static_cast<double>(shape_.ranks_per_node) : times;
  double left = messages_of(entry.box);
  double inside = count_within_blocks(entry.box, shape_.ranks_per_node);
  edges[0] += count * inside;
  left -= inside;
  if (direct_ != nullptr) {
    const double of_one = count / static_cast<double>(counted_turns(entry));
    for (std::size_t level = 0; level < direct_levels_.size(); ++level)
      if (direct_levels_[level] > 0) edges[level] += of_one * direct_levels_[level];
    return;
  }
  for (std::size_t t = 0; t < shape_.tiers.size() && left > 0; ++t) {
    const double here = count_within_blocks(entry.box, shape_.tiers[t].group_ranks);
    edges[t + 1] += count * (here - inside);
    left -= here - inside;
    inside = here;
  }
  if (left > 0) edges[static_cast<std::size_t>(shape_.levels - 1)] += count * left;
}

const LoadEntry& RunLoads::add_entry(std::size_t number, int arc, const FlowBox& box,
                                     double bytes) {
  const Lane& lane = *lanes_[number].lane;
  LoadEntry entry{box, bytes, LoadEntry::Kind::messages, false, 1, number};
  if (lane.phase.network != InNetwork::none) {
    entry.kind = arc == 0 ? LoadEntry::Kind::to_switch : LoadEntry::Kind::from_switch;
    entry.in_node = stays_in_node(lane, shape_.ranks_per_node);
    entry.groups = static_cast<double>(lane.map.group_count);
    reversible_ = false;
  } else {
    if (take_whole_nodes(number, entry.box)) entry.lane = lanes_[number].whole_nodes;
    reversible_ = reversible_ && keeps_rails(entry.box);
  }
  entries_.push_back(entry);
  if (direct_ != nullptr) {
    direct_levels_ = direct_->add(entry, samples_, counted_turns(entries_.back()));
    reversible_ = reversible_ && direct_->reverses_alike();
  }
  return entries_.back();
}

/// Takes away the side that runs through all local ranks of nodes: all turns of one message.
bool RunLoads::take_whole_nodes(std::size_t number, FlowBox& box) {
  const std::int64_t in_node = shape_.ranks_per_node;
  if (in_node == 1 || lanes_[number].orders != nullptr || shape_.ranks % in_node != 0 ||
      box.source % in_node != 0 || box.destination % in_node != 0)
    return false;
  const auto begin = box.sides.begin();
  const auto end = begin + box.side_count;
  const auto whole = std::find_if(begin, end, [&](const FlowBox::Side& side) {
    return side.count == in_node && side.source_hop == 1 && side.destination_hop == 1;
  });
  if (whole == end) return false;
  std::copy(whole + 1, end, whole);
  --box.side_count;
  Representative& lane = lanes_[number];
  if (lane.whole_nodes != kNone) return true;
  std::vector<std::int64_t> turns;
  for (std::size_t copy = 0; copy < lane.turns.size(); ++copy)
    for (std::int64_t turn = 0; turn < in_node; ++turn) turns.push_back(turn);
  samples_.add_turns(turns);
  lane.whole_nodes = turned_lanes_++;
  return true;
}

void RunLoads::add_step(std::size_t number, std::int64_t step, double count, Bytes which,
                        ArcEdges* edges) {
  const Lane& lane = *lanes_[number].lane;
  for (int arc = 0; arc < arc_count(lane); ++arc) {
    const double bytes = which == Bytes::largest ? message_fraction(lane, step, arc)
                                                 : mean_message_fraction(lane, step, arc);
    for_each_flow_box(lane, layout_of(number), step, arc, [&](const FlowBox& box) {
      const LoadEntry& entry = add_entry(number, arc, box, count * bytes);
      if (edges == nullptr) return;
      LevelCounts& of_arc = (*edges)[static_cast<std::size_t>(arc)];
      if (lane.phase.network == InNetwork::none)
        add_edges(entry, count, of_arc);
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
void RunLoads::add_all_to_all_in_groups(const Lane& lane, double copies, ArcEdges* edges) {
  reversible_ = false;  // entered evenly, once
  const bool in_node = stays_in_node(lane, shape_.ranks_per_node);
  const double sent =
      static_cast<double>(total_gain(lane.phase, lane.map.size)) * lane.scope_fraction;
  int level = 0;
  const double sent_of_all = copies * sent;
  if (in_node) {
    even_.port += sent_of_all;
  } else {
    // The farthest two of a group; groups that do not fill whole blocks of a tier may straddle.
    level = fabric_.turning_level(lane.map.rank(0, 0), lane.map.rank(0, lane.map.size - 1));
    const std::int64_t span = index_layout(lane.map).stride * lane.map.size;
    if (direct_ != nullptr)
      level = direct_->add_all_pairs(DirectLoads::Partners::alike,
                                     sent_of_all / static_cast<double>(lane.map.size - 1));
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t)
      if (shape_.ranks > shape_.tiers[t].group_ranks && shape_.tiers[t].group_ranks % span != 0)
        level = std::max(level, static_cast<int>(t) + 2);
    even_.nic += sent_of_all * static_cast<double>(shape_.ranks_per_node) /
                 static_cast<double>(shape_.nics_per_node);
    const double others = static_cast<double>(lane.map.size - 1);
    for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
      const FabricShape::Tier& tier = shape_.tiers[t];
      if (shape_.ranks <= tier.group_ranks) continue;
      const double leaving =
          static_cast<double>(all_pairs_crossing(lane, tier.group_ranks)) / others;
      even_.up[t] += sent_of_all * leaving / static_cast<double>(tier.parts);
    }
  }
  if (edges == nullptr) return;
  (*edges)[0][static_cast<std::size_t>(level)] +=
      static_cast<double>(lane.map.size * lane.map.group_count) *
      static_cast<double>(lane.phase.steps);
}

/// Ranks of one local rank, as many on each node; on a torus or dragonfly one on every node.
bool RunLoads::may_add_evenly(const Lane& lane) const {
  const bool alike = shape_.node_links == nullptr;  // to every rank of a node
  if (stays_in_node(lane, shape_.ranks_per_node)) {
    if (alike) return true;
    if (direct_ != nullptr) return false;
  }
  const std::int64_t stride = index_layout(lane.map).stride;
  if (direct_ == nullptr) return stride % shape_.ranks_per_node == 0;
  return stride == shape_.ranks_per_node && stride * lane.map.size == shape_.ranks &&
         lane.map.size * lane.map.group_count == shape_.ranks;
}

void RunLoads::add_lane(std::size_t number, ArcEdges* edges) {
  const Lane& lane = *lanes_[number].lane;
  const Phase& phase = lane.phase;
  const Affine& d = phase.arcs[0].distance;
  const bool to_all = phase.lag == Lag::none && phase.frame == Frame::cyclic &&
                      phase.network == InNetwork::none && phase.root < 0 && phase.arc_count == 1 &&
                      !phase.arcs[0].has_receivers && d.per_unit == 0 &&
                      (d.per_step == 1 || d.per_step == -1) && phase.steps == lane.map.size - 1 &&
                      lane.map.view.digit_count == 1 && lane.map.view.core == 0;
  if (to_all && may_add_evenly(lane))
    return add_all_to_all_in_groups(lane, lanes_[number].copies(), edges);
  bool single = phase.steps > 1;
  for (int arc = 0; arc < arc_count(lane) && single; ++arc) {
    const double bytes = mean_message_fraction(lane, phase.steps / 2, arc);
    single =
        for_each_flow_box_of_single_messages(lane, layout_of(number), arc, [&](const FlowBox& box) {
          const LoadEntry& entry = add_entry(number, arc, box, bytes);
          if (edges != nullptr) add_edges(entry, 1, (*edges)[static_cast<std::size_t>(arc)]);
        });
  }
  if (single) return;
  for (const StepClass& steps : step_classes(lane))
    add_step(number, steps.first, static_cast<double>(steps.count), Bytes::mean, edges);
}

void RunLoads::begin(const std::vector<Lane>& lanes) {
  find_representatives(price_detail::pointers(lanes));
  like_ = kNone;
  likeness_ = Likeness::none;
  for (std::size_t i = 0; i < known_.size() && likeness_ != Likeness::same; ++i) {
    for (const bool backwards : {false, true}) {
      const Likeness found = likeness(known_[i], backwards);
      if (found == Likeness::none || (found == Likeness::but_turned && like_ != kNone)) continue;
      like_ = i;
      backwards_ = backwards;
      likeness_ = found;
    }
  }
  if (like_ != kNone) return;
  if (known_.size() == kKnownStages) known_.erase(known_.begin());
  Known& stage = known_.emplace_back();
  for (const Representative& lane : lanes_) {
    stage.lanes.push_back(*lane.lane);
    stage.turns.push_back(lane.turns);
  }
}

StepLoads RunLoads::step(std::int64_t step) {
  if (const Known::Step* known = find_known(step)) {
    StepLoads loads =
        loads_of(known->of_one_turn ? of_all_turns(0, known->busiest,
                                                   lanes_.front().lane->scope_fraction /
                                                       known_[like_].lanes.front().scope_fraction)
                                    : known->busiest);
    loads.edges = known->edges;
    return loads;
  }
  clear();
  one_step_ = true;
  ArcEdges edges{};
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    add_step(i, step, 1, Bytes::largest, i == 0 ? &edges : nullptr);
  for (LevelCounts& of_arc : edges) {
    if (direct_ != nullptr) drop_unlikely(of_arc);
    of_arc /= static_cast<double>(lanes_.front().lane->map.group_count);
  }
  const bool one_turn = at_one_local_rank(all_numbers());
  if (one_turn) keep_one_turn();
  const Busiest found = busiest(LoadSamples::Directions::as_entered, LoadSamples::Steps::one);
  StepLoads loads = loads_of(one_turn ? of_all_turns(0, found, 1) : found);
  loads.edges = edges;
  std::vector<Known::Step>& steps = known_.back().steps;
  if (like_ == kNone && steps.size() < kMostKnownSteps)
    steps.push_back({step, found, one_turn, reversible_, edges});
  return loads;
}

void RunLoads::add_lanes(const Numbers& numbers, double times, ArcEdges* edges) {
  for (const std::size_t number : numbers) {
    ArcEdges of_lane{};
    add_lane(number, edges != nullptr ? &of_lane : nullptr);
    if (edges == nullptr) continue;
    for (std::size_t arc = 0; arc < edges->size(); ++arc)
      for (std::size_t level = 0; level < of_lane[arc].size(); ++level)
        (*edges)[arc][level] += times * lanes_[number].copies() * of_lane[arc][level];
  }
}

/// Of lanes that come in pairs, one the other backwards, the first of each; else none.
RunLoads::Numbers RunLoads::first_of_pairs(const Numbers& numbers) const {
  Numbers first;
  std::vector<bool> paired(numbers.size(), false);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (paired[i]) continue;
    const Representative& lane = lanes_[numbers[i]];
    const auto pairs_with = [&](const Representative& other) {
      return lane.turns == other.turns && is_same(*lane.lane, *other.lane, true);
    };
    std::size_t other = i + 1;
    while (other < numbers.size() && (paired[other] || !pairs_with(lanes_[numbers[other]])))
      ++other;
    if (other == numbers.size()) return {};
    paired[other] = true;
    first.push_back(numbers[i]);
  }
  return first;
}

LoadSamples::Directions RunLoads::add_all(const Numbers& numbers, ArcEdges* edges) {
  clear();
  const Numbers half = first_of_pairs(numbers);
  add_lanes(half, 2, edges);
  if (!half.empty() && reversible_) return LoadSamples::Directions::there_and_back;
  clear();
  if (edges != nullptr) *edges = {};
  add_lanes(numbers, 1, edges);
  return LoadSamples::Directions::as_entered;
}

std::optional<RunLoads::Busiest> RunLoads::sum_between_nodes(const Numbers& numbers) {
  for (const KnownSum& known : known_sums_)
    if (const double part = part_of_alike(numbers, known.lanes, false); part > 0)
      return of_all_turns(numbers.front(), known.of_one_turn, part);
  const auto directions = add_all(numbers, nullptr);
  if (!at_one_local_rank(numbers)) return std::nullopt;
  keep_one_turn();
  if (known_sums_.size() == kKnownStages) known_sums_.erase(known_sums_.begin());
  KnownSum& sum = known_sums_.emplace_back();
  for (const std::size_t number : numbers) sum.lanes.push_back(*lanes_[number].lane);
  sum.of_one_turn = busiest(directions, LoadSamples::Steps::together);
  return of_all_turns(numbers.front(), sum.of_one_turn, 1);
}

StepLoads RunLoads::all_steps(const std::vector<const Lane*>& lanes, Edges wanted) {
  find_representatives(lanes);
  one_step_ = false;
  if (wanted == Edges::left_out) {
    Numbers within;
    Numbers between;
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      (stays_in_node(*lanes_[i].lane, shape_.ranks_per_node) ? within : between).push_back(i);
    const auto sum = between.empty() ? std::nullopt : sum_between_nodes(between);
    if (sum) {
      // What is sent between nodes at one local rank takes no ports, what stays within no NICs.
      Busiest both = *sum;
      if (!within.empty()) {
        const Busiest inside = busiest(add_all(within, nullptr), LoadSamples::Steps::together);
        both.port = inside.port;
        both.link_s = inside.link_s;
        both.node_hops = inside.node_hops;
      }
      return loads_of(both);
    }
  }
  ArcEdges counted{};
  const auto directions = add_all(all_numbers(), wanted == Edges::counted ? &counted : nullptr);
  StepLoads loads = loads_of(busiest(directions, LoadSamples::Steps::together));
  loads.edges = counted;
  if (direct_ != nullptr)
    for (LevelCounts& of_arc : loads.edges) drop_unlikely(of_arc);
  return loads;
}

void RunLoads::add_all_pairs(double bytes, StepLoads& loads) {
  if (direct_ == nullptr) return;
  direct_->clear();
  const int level = direct_->add_all_pairs(DirectLoads::Partners::any, bytes);
  set_direct(direct_->busiest(LoadSamples::Directions::as_entered), loads);
  if (shape_.ranks <= shape_.ranks_per_node) return;
  loads.edges[0] = {};
  loads.edges[0][static_cast<std::size_t>(level)] = 1;
}

void RunLoads::set_direct(const DirectLoads::PerTier& busiest, StepLoads& loads) const {
  using Kind = LinkClass::Kind;
  for (const LinkClass& links : fabric_.classes()) {
    const bool between_nodes =
        links.kind == Kind::plus || links.kind == Kind::local || links.kind == Kind::global;
    if (!between_nodes) continue;  // minus: as plus
    const auto tier = static_cast<std::size_t>(links.tier);
    const std::size_t r = static_cast<std::size_t>(kFirstTierResource) + tier;
    loads.even[r] = busiest[tier].even / links.capacity_Bps;
    loads.hashed[r] = busiest[tier].hashed / links.capacity_Bps;
  }
}

RunLoads::Busiest RunLoads::busiest(LoadSamples::Directions directions, LoadSamples::Steps steps) {
  samples_.load(entries_, even_, directions, steps);
  Busiest found;
  for (const LoadEntry& entry : entries_) {
    const bool is_switch = entry.kind != LoadEntry::Kind::messages;
    found.switch_in_node = found.switch_in_node || (is_switch && entry.in_node);
    found.switch_in_fabric = found.switch_in_fabric || (is_switch && !entry.in_node);
    double& smallest = found.smallest_message;
    if (entry.bytes > 0) smallest = smallest > 0 ? std::min(smallest, entry.bytes) : entry.bytes;
  }
  found.port = samples_.busiest_port();
  found.link_s = samples_.busiest_link_s();
  found.node_hops = samples_.node_hops();
  found.nic = samples_.busiest_nic();
  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) found.up[t] = samples_.busiest_uplinks(t);
  if (direct_ != nullptr) found.direct = direct_->busiest(directions);
  return found;
}

StepLoads RunLoads::loads_of(const Busiest& busiest) const {
  StepLoads result;
  result.even[kScaleUpResource] = busiest.port / shape_.scale_up_Bps;
  if (shape_.node_links != nullptr) result.set_links(busiest.link_s, busiest.node_hops);
  result.even[kNicResource] = busiest.nic / shape_.nic_Bps;
  // Switches that add up leave less of the ports' bandwidth.
  if (busiest.switch_in_node && system_.node.scale_up.in_network)
    result.even[kScaleUpResource] *=
        system_.node.scale_up.efficiency.value / system_.node.scale_up.in_network->efficiency.value;
  const InNetworkReduction* between_nodes = fabric_in_network(system_);
  if (busiest.switch_in_fabric && between_nodes != nullptr)
    result.even[kNicResource] *= fabric_efficiency(system_).value / between_nodes->efficiency.value;
  result.hashed = result.even;
  if (busiest.smallest_message > 0)
    result.hashed[kNicResource] *=
        nic_collision_factor(shape_, busiest.nic / busiest.smallest_message);
  for (std::size_t t = 0; t < shape_.tiers.size(); ++t) {
    const FabricShape::Tier& tier = shape_.tiers[t];
    const std::size_t r = static_cast<std::size_t>(kFirstTierResource) + t;
    result.even[r] = busiest.up[t].bytes / (tier.link_Bps * tier.links_per_part);
    result.hashed[r] = result.even[r] * collision_factor(shape_, tier, busiest.up[t].flows);
  }
  if (direct_ != nullptr) set_direct(busiest.direct, result);
  return result;
}

}  // namespace collscale
