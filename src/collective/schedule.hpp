// SPDX-License-Identifier: Apache-2.0
// The schedule algebra: one small term describes a collective algorithm for any number of ranks.
//
//   Term  := Phase | Seq[Term...] | Par[(weight, copies, Term)...] | Pipe(K, window, Term)
//          | Over(View, Term) | List(messages)
//
// A Phase says, seen from the RECEIVER: "at step s I hear from the rank d(s) behind me and gain the
// blocks that lie x behind me, x in X(s)". Every rank does the same, so one phase describes all of
// them, and its size does not depend on their number. docs/schedules.md teaches the algebra.
//
// A term is a description and holds no code: the executor (executor.hpp), the enumeration of flows
// (lane.hpp) and the closed-form loads (crossing.hpp) interpret it, and none knows an algorithm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "collective/collective.hpp"

namespace collscale {

/// e0 + e1·s + eu·u(s), where s is the step and u the phase's unit.
struct Affine {
  std::int32_t constant = 0;
  std::int32_t per_step = 0;
  std::int32_t per_unit = 0;
  bool operator==(const Affine&) const = default;
};

/// u(s): 1; base^s; base^(steps−1−s); the lowest set bit of s+1.
enum class Unit : std::uint8_t { one, power_up, power_down, ruler };

/// F(w, x) = the rank x behind w in a group of m. cyclic: (w−x) mod m. absolute: w−x, or no message
/// outside [0, m). exclusive_or: w ^ x, m = 2^k. dihedral (Swing, Bine; m = 2^k): x is a mask of
/// steps.
enum class Frame : std::uint8_t { cyclic, absolute, exclusive_or, dihedral };

/// What the offsets of a payload name. block: blocks by owner. pair: by (origin, destination).
/// spread: blocks of the sender's side by the offset of the FIRST of their destinations
/// (Schedule::spread). scope: no offsets, all that is in scope.
enum class Address : std::uint8_t { block, pair, spread, scope };

/// copy: the receiver's cell is set. give: the sender's cell is emptied and added. accumulate:
/// added, the sender keeps it. move: handed over. Dual exchanges copy and give.
enum class Transfer : std::uint8_t { copy, give, accumulate, move };

/// What step s waits for: the rank's own previous step; the step in which its payload arrived;
/// nothing in this phase (at most `window` unfinished sends per rank, 0 = no limit).
enum class Lag : std::uint8_t { previous, ruler, none };

/// Messages pass a switch, one per group. multicast: every rank sends what it owns up, the switch
/// sends all of it down to every rank, the sender included; its dual: every rank sends everything
/// up, the switch sums and sends each rank what it owns. all_reduce: everything up, the sum down.
/// Such a phase has one step and one arc of distance 0.
enum class InNetwork : std::uint8_t { none, multicast, all_reduce };

/// { x in [lo, hi) ∩ (−∞, cut) : ⌊x/div⌋ mod mod = residue }.
struct OffsetSet {
  Affine lo{};
  Affine hi{};
  bool hi_is_group_size = true;
  Affine divisor{1};
  Affine modulus{1};
  Affine residue{0};
  bool has_cut = false;
  std::int32_t cut_low = 0;   ///< offsets below are cut (used with negative offsets)
  std::int32_t cut_high = 0;  ///< offsets at or above are cut
  bool operator==(const OffsetSet&) const = default;
};

/// One message per step and receiver: the distance to its sender, what is gained, who receives.
struct Arc {
  Affine distance{};
  bool has_payload = false;  ///< false: the whole scope
  OffsetSet payload{};
  bool has_receivers = false;  ///< false: every rank of the group
  OffsetSet receivers{};
  bool operator==(const Arc&) const = default;
};

/// The arcs of a phase: up to three. Those not written to are default ones and take no room; a
/// reference to one stays good while others are written.
class ArcList {
 public:
  ArcList() = default;
  ArcList(const ArcList& other) { *this = other; }
  ArcList(ArcList&&) = default;
  ArcList& operator=(const ArcList& other) {
    if (this != &other)
      for (std::size_t i = 0; i < arcs_.size(); ++i)
        arcs_[i] = other.arcs_[i] ? std::make_unique<Arc>(*other.arcs_[i]) : nullptr;
    return *this;
  }
  ArcList& operator=(ArcList&&) = default;
  ~ArcList() = default;

  Arc& operator[](std::size_t i) {
    if (!arcs_[i]) arcs_[i] = std::make_unique<Arc>();
    return *arcs_[i];
  }
  const Arc& operator[](std::size_t i) const {
    static const Arc unwritten{};
    return arcs_[i] ? *arcs_[i] : unwritten;
  }
  bool operator==(const ArcList& other) const {
    for (std::size_t i = 0; i < arcs_.size(); ++i)
      if (!((*this)[i] == other[i])) return false;
    return true;
  }
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& arc : arcs_) sum += arc ? sizeof(Arc) : 0;
    return sum;
  }

 private:
  std::array<std::unique_ptr<Arc>, 3> arcs_;
};

struct Phase {
  Frame frame = Frame::cyclic;
  Unit unit = Unit::one;
  Address address = Address::block;
  Transfer transfer = Transfer::copy;
  Lag lag = Lag::previous;
  InNetwork network = InNetwork::none;
  bool dual = false;  ///< the transpose: steps and arrows reversed; set by dual()
  std::int8_t arc_count = 1;
  std::int32_t steps = 0;
  std::int32_t base = 2;  ///< of power_up and power_down
  std::int32_t window = 0;
  std::int64_t root = -1;  ///< set by restrict(): only this origin's block travels; −1: all
  ArcList arcs;
  bool operator==(const Phase&) const = default;
};

/// A change of ranks: run the term among ranks that differ only in the named digits. The ranks of
/// the whole term are numbered in mixed radix (Schedule::radix, digit 0 varies fastest). Local
/// index i → twist → mirror → shift → digits → rotation per digit → order within the node.
struct View {
  static constexpr int kMaxDigits = 4;
  /// Which digits vary, fastest first. None named: those of the group the view is used in (all of
  /// them at the top), so that core, mirror and shift can change the order of any group.
  std::array<std::int8_t, kMaxDigits> digits{};
  std::int8_t digit_count = 0;
  std::int8_t fixed_count = 0;
  bool mirror = false;
  enum class CoreMap : std::uint8_t { first, neighbour } core_map = CoreMap::first;
  /// Uneven nodes (Schedule::nodes) instead of digits. inside: the ranks of each node of run
  /// `node_run`; index i is the node's rank (i + turn) mod size. leaders: one group with one rank
  /// of every node, rank turn mod size; its block stands for all blocks of its node. Copy c of a
  /// child of Par adds c to `turn`.
  enum class Nodes : std::uint8_t { none, inside, leaders } nodes = Nodes::none;
  struct Fixed {
    std::int8_t digit = -1;
    std::int32_t value = 0;
    bool operator==(const Fixed&) const = default;
  };
  std::array<Fixed, kMaxDigits> fixed{};            ///< digits held at one value: one coset only
  std::array<std::int32_t, kMaxDigits> rotation{};  ///< added to each digit, by digit number
  std::int32_t twist = 0;
  std::int32_t shift = 0;
  std::int64_t core = 0;  ///< only the first `core` indices take part (0: all): folded algorithms
  std::int32_t node_run = 0;
  std::int32_t turn = 0;
  /// Digit 0, the local rank of equal nodes, in another order: value v is local rank
  /// (*orders)[turn][v]. Copy c of a child of Par adds c to `turn`: rings that go round a node over
  /// different links. It stays when a view within names digits.
  std::shared_ptr<const std::vector<std::vector<std::int32_t>>> orders;
  /// Explicit member lists, one per group, instead of digits: 4 bytes per rank.
  std::shared_ptr<const std::vector<std::vector<std::int32_t>>> members;
  bool operator==(const View&) const = default;
};

/// One explicit message of a List. It starts when both ends have finished all of their own messages
/// with lower step numbers (the source counts by source_step, the destination by
/// destination_step); an order in which no message can start is a deadlock, and the executor says
/// so.
struct Message {
  std::int32_t source = 0;
  std::int32_t destination = 0;
  std::int32_t source_step = 0;
  std::int32_t destination_step = 0;
  std::int32_t first_block = 0;
  std::int32_t blocks = 1;
  Transfer transfer = Transfer::copy;
};

struct Term;

struct Seq {
  std::vector<Term> terms;
};

/// Children act on disjoint byte intervals of EVERY block, in the ratio of their weights (Σ = 1,
/// copies counted). Copy c of a child has the rotation of `rotated_digit`, or the fixed value of
/// `fixed_digit`, increased by c: 32 channels are one entry.
struct Par {
  struct Child;
  std::vector<Child> children;
};

/// K copies of a term on K equal intervals of every block, in order; at most `window` chunks in
/// flight (0: no limit).
struct Pipe {
  std::int32_t chunks = 1;
  std::int32_t window = 0;
  std::shared_ptr<const Term> term;
};

struct Over {
  View view;
  std::shared_ptr<const Term> term;
};

struct List {
  std::shared_ptr<const std::vector<Message>> messages;
};

struct Term {
  std::variant<Phase, Seq, Par, Pipe, Over, List> node;
};

struct Par::Child {
  double weight = 1;  ///< of one copy
  std::int32_t copies = 1;
  std::int8_t rotated_digit = -1;
  std::int8_t fixed_digit = -1;
  std::shared_ptr<const Term> term;
};

/// `nodes` successive nodes of `ranks` ranks each.
struct NodeRun {
  std::int64_t nodes = 0;
  std::int64_t ranks = 0;
};

/// A term with what it is for: the collective whose states it starts and ends in, and the ranks.
struct Schedule {
  Collective collective = Collective::all_reduce;
  std::string algorithm;
  std::int64_t ranks = 0;
  std::int64_t root = 0;            ///< of broadcast, reduce, gather, scatter
  std::vector<std::int64_t> radix;  ///< sizes of the digits, digit 0 (local rank) first; Π = ranks
  std::vector<NodeRun> nodes;       ///< where nodes are uneven: Σ nodes·ranks = ranks
  /// all_to_all whose blocks go to several ranks (mixture of experts): by digit, a block whose
  /// first destination has value v goes to v, v+1, ..., v+spread−1 (mod radix). Empty: 1 each.
  std::vector<std::int64_t> spread;
  /// With spread: the way back. Every destination brings a contribution, the origin gets the sum.
  bool combines = false;
  Term term;
};

}  // namespace collscale
