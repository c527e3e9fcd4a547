// SPDX-License-Identifier: Apache-2.0
#include "fit/estimator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "fit/node_rates.hpp"
#include "fit/octaves.hpp"
#include "fit/roughness.hpp"
#include "fit/uncertainty.hpp"
#include "stats/nnls.hpp"

namespace collscale {
namespace {

// ln of how much longer NCCL's trees take on more than two nodes, where an inner node has a parent
// and two children: ln 1.8, of B200 nodes (NVLSTree 718 to 388 GB/s, Tree 339 to 192 from 2 to 4
// nodes, flat afterwards; github:togethercomputer/together-nccl-tests).
constexpr double kTreeOnTwoNodes = 0.59;
// Share of the largest bus bandwidth at which a library begins to leave the tree for the ring, and
// at which it has left it.
constexpr double kRingBegins = 0.25;
constexpr double kRingAlone = 0.45;
// Of what MPI chooses itself, how much the local fit says; the growth from the largest scale says
// the rest. all_reduce changes between algorithms whose times do not fall onto one another along
// any ray, so that the largest scale alone tells little of it.
constexpr double kLocalShare = 0.5;
constexpr double kLocalShareOfAllReduce = 0.75;
// Inside a node, what starting a kernel takes of small messages, in rings of two: along
// rays they take 1.2 to 1.7 times as long on 4 accelerators as on 2, and on 8 as on 4, over A100 to
// GB200 (github:ai-dynamo/aiconfigurator).
constexpr double kStart = 4;
// As Priors::contention, of NCCL: it sends over the NIC of the peer's rail, so that little crosses
// the spines. On 2 to 32 nodes of p5 2 GiB take 1.03 times as long per byte that leaves a node for
// each doubling.
constexpr double kContentionOfNccl = 0.05;
// As Priors::contention, where one scale stands for all peers: none of its time is taken not to
// grow with them, so that less is left for contention.
constexpr double kContentionFromOneScale = 0.15;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// The latencies of a message of MPI are those of the smallest one at that scale times the ratio of
// their times to the power 1 less this. From 0.2 to 0.5 the errors from one scale change by less
// than a twentieth; 0 is all latency, 1 the smallest message's alone.
constexpr double kLatencyOfPieces = 1.0 / 3;
// At sizes that only smaller scales have, what these miss at the nearest size that was measured
// counts as well, e^-1 of it so many octaves away. With none, answers fell by up to 12 % from the
// largest scale to the next; with 2 to 8 of them, half of the sizes of a scale left out were
// missed by less than with none, by MPI and by NCCL.
constexpr double kFadingOctaves = 4;
// A scale of at most half the units of the largest lies far enough from it for a line
// (steady_line); 33 of 64 nodes were meant to be half.
constexpr double kNearlyHalf = 1.9;
constexpr double kMostEnds = 4;  // latencies of a level that a node may stand for

// The weight of a law that begins to serve at one place and serves alone at another.
double ramp(double at, double begin, double end) {
  return std::clamp((at - begin) / (end - begin), 0.0, 1.0);
}

// Of a block per pair of ranks, from 0 up to 256 B to 1 from 64 KiB on.
double largeness(double log_share) { return ramp(log_share, 8 * kOctave, 16 * kOctave); }

std::ptrdiff_t count_scales(const Series& series, bool network, std::int64_t max_ranks) {
  const std::vector<std::int64_t> scales = series.scales(network);
  return std::count_if(scales.begin(), scales.end(),
                       [&](std::int64_t ranks) { return ranks <= max_ranks; });
}

// Times of one full node, by size; empty where none was measured.
SizeCurve node_curve(const Series& series, std::span<const double> times_s) {
  std::vector<double> sizes;
  std::vector<double> times;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if (cell.nodes != 1 || cell.ranks != series.ranks_per_node) continue;
    sizes.push_back(cell.size_bytes);
    times.push_back(times_s[i]);
  }
  return {sizes, times};
}

}  // namespace

Estimator::Estimator(const Series& series, std::span<const double> times_s, bool network,
                     std::int64_t max_ranks, const Priors& priors)
    : priors_(priors),
      collective_(series.collective),
      growth_(network || series.engine != Engine::nccl ? series.growth : Growth::ring),
      torus_dimensions_(network ? series.torus_dimensions : 0),
      nccl_(series.engine == Engine::nccl),
      network_(network),
      inside_(inside_of(series)) {
  if (network && series.ranks_per_node > 1) node_ = node_curve(series, times_s);
  // Every peer gets another block: with several scales to tell by, the peers are counted.
  if (growth_ == Growth::library && collective_ == Collective::all_to_all &&
      count_scales(series, network, max_ranks) > 1)
    growth_ = Growth::ring;
  std::map<double, double> below;  // times by size, of one scale and of the next
  std::map<double, double> here;
  const Cell* previous = nullptr;
  const auto close_scale = [&] {
    add_scale(series, times_s, place_of(*previous, network), here);
    if (!below.empty()) roughness_ = roughness_of(below, here);
    below = std::exchange(here, {});
  };
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if ((cell.nodes > 1) != network || cell.ranks > max_ranks) continue;
    if (previous != nullptr && previous->ranks != cell.ranks) close_scale();
    here[cell.size_bytes] = times_s[i];
    previous = &cell;
  }
  if (previous != nullptr) close_scale();
  fit(series, times_s);
}

void Estimator::add_scale(const Series& series, std::span<const double> times_s, Place place,
                          const std::map<double, double>& time_of_size) {
  std::vector<double> sizes;
  std::vector<double> times;
  for (const auto& [size_bytes, time_s] : time_of_size) {
    sizes.push_back(size_bytes);
    times.push_back(time_s);
  }
  Scale scale;
  scale.place = place;
  scale.measured = SizeCurve(sizes, times);
  scale.curve = complete(series, times_s, scale, sizes, times);
  scale.log_peak_busbw = -kInfinity;
  for (const double log_size : scale.measured.log_sizes())
    scale.log_peak_busbw =
        std::max(scale.log_peak_busbw, log_size - scale.measured.log_time(log_size));
  scale.log_tree_limit = tree_limit(scale.curve, scale.log_peak_busbw);
  scales_.push_back(std::move(scale));
}

void Estimator::fit(const Series& series, std::span<const double> times_s) {
  const bool chosen_by_mpi = series.growth == Growth::library && !nccl_;
  if (chosen_by_mpi && scales_.size() > 1 && LocalFit::serves(collective_))
    fit_locally(series, times_s);
  if (chosen_by_mpi && collective_ == Collective::all_reduce && torus_dimensions_ == 0)
    split_at_ring(series, times_s);
  if (growth_ == Growth::ring || (growth_ == Growth::library && !nccl_)) fit_rays();
  if (growth_ != Growth::ring) fit_growth();
  if (growth_ == Growth::library && scales_.size() > 1) {
    fit_global();
  }
}

double Estimator::tree_limit(const SizeCurve& curve, double log_peak_busbw) const {
  double before = kInfinity;
  for (const double log_size : curve.log_sizes()) {
    const double share = std::exp(log_size - curve.log_time(log_size) - log_peak_busbw);
    if (log_size > kLogLatencyEnd && share > kRingAlone) return before;
    before = log_size;
  }
  return kInfinity;
}

SizeCurve Estimator::complete(const Series& series, std::span<const double> times_s,
                              const Scale& scale, std::vector<double> sizes,
                              std::vector<double> times) const {
  if (scales_.empty()) return scale.measured;
  const double margin = 0.9 * kOctave;
  const double first = scale.measured.log_sizes().front() - margin;
  const double last = scale.measured.log_sizes().back() + margin;
  const Place below = scales_.back().place;
  // Along rays the same bytes per rank are another size.
  const double shift = growth_ == Growth::ring ? std::log(scale.place.ranks / below.ranks) : 0.0;
  std::vector<double> smaller;
  std::vector<double> larger;
  for (const double log_size : scales_.back().curve.log_sizes()) {
    if (log_size + shift < first) smaller.push_back(log_size + shift);
    if (log_size + shift > last) larger.push_back(log_size + shift);
  }
  if (smaller.empty() && larger.empty()) return scale.measured;
  Estimator from_below = *this;  // what has been read so far, and is complete
  if (scales_.size() == 1 && network_) from_below.growth_ = series.growth;
  from_below.fit(series, times_s);
  std::vector<double> all_sizes;
  std::vector<double> all_times;
  const auto missed_at = [&](double log_size) {
    return scale.measured.log_time(log_size) - from_below.at(log_size, scale.place).log_time;
  };
  const auto add = [&](double log_size) {
    const std::span<const double> measured = scale.measured.log_sizes();
    const double edge = log_size < measured.front() ? measured.front() : measured.back();
    const double share = std::exp(-std::fabs(log_size - edge) / (kFadingOctaves * kOctave));
    all_sizes.push_back(std::exp(log_size));
    all_times.push_back(
        std::exp(from_below.at(log_size, scale.place).log_time + share * missed_at(edge)));
  };
  for (const double log_size : smaller) add(log_size);
  all_sizes.insert(all_sizes.end(), sizes.begin(), sizes.end());
  all_times.insert(all_times.end(), times.begin(), times.end());
  for (const double log_size : larger) add(log_size);
  return {all_sizes, all_times};
}

double Estimator::coordinate(double units) const {
  if (growth_ == Growth::chain) return units - 1.0;
  return tree_levels(units, torus_dimensions_);
}

// Small messages wait for their turn at the ends, large ones for the middle of the torus.
double Estimator::torus_share(double log_share) const {
  if (torus_dimensions_ == 0 || collective_ != Collective::all_to_all) return 0;
  return largeness(log_share) / torus_dimensions_;
}

double Estimator::ray_coordinate(double log_share, double units) const {
  return (units - 1.0) * std::pow(units, torus_share(log_share));
}

void Estimator::fit_growth() {
  std::array<std::optional<GrowthLaw>, kOctaves> fitted;
  for (std::size_t g = 0; g < kOctaves; ++g)
    fitted[g] = growth_near(static_cast<double>(g) * kOctave);
  // Sizes that two scales do not share take the law of the nearest size that they do.
  for (std::size_t g = 0; g < kOctaves; ++g) {
    std::optional<GrowthLaw> law = fitted[g];
    for (std::size_t away = 1; away < kOctaves && !law; ++away) {
      if (g >= away) law = fitted[g - away];
      if (!law && g + away < kOctaves) law = fitted[g + away];
    }
    if (law) growth_laws_[g] = *law;
  }
}

std::optional<Estimator::GrowthLaw> Estimator::growth_near(double log_center) const {
  const Scale& k = scales_.back();
  std::vector<double> a;
  std::vector<double> b;
  int scales_used = 0;
  for (const Scale& scale : scales_) {
    // Two nodes are special for bandwidth: no switch is between them and their neighbours.
    if (log_center > kLogBandwidthBegin && network_ && scale.place.units <= 2.0 &&
        scales_.size() > 2)
      continue;
    const std::size_t rows_before = b.size();
    for (const double log_size : scale.curve.log_sizes()) {
      if (std::fabs(log_size - log_center) > 1.01 * kOctave) continue;
      const double ratio = std::exp(scale.curve.log_time(log_size) - k.curve.log_time(log_size));
      a.insert(a.end(), {1.0 / ratio, coordinate(scale.place.units) / ratio});
      b.push_back(1.0);
    }
    scales_used += b.size() > rows_before ? 1 : 0;
  }
  if (scales_used < 2) return std::nullopt;
  if (!nccl_ && growth_ != Growth::chain && priors_.growth_weight > 0) {
    // As if so many scales more had grown by levels: MPI jumps from one algorithm to another, and
    // two scales are little to tell a law from a jump.
    const double ends = drawn_to_ends();
    const double weight =
        std::sqrt(priors_.growth_weight * static_cast<double>(b.size()) / scales_used) /
        (ends + coordinate(k.place.units));
    a.insert(a.end(), {weight, -weight * ends});
    b.push_back(0.0);
  }
  const NnlsResult fit = huber_nnls(a, 2, b, 3);
  if (fit.x[0] + fit.x[1] <= 0.0) return std::nullopt;
  return GrowthLaw{fit.x[0], fit.x[1]};
}

void Estimator::fit_rays() {
  std::vector<const Scale*> used;
  for (const Scale& scale : scales_) {
    if (!network_ || scale.place.units > 2.0) {
      used.push_back(&scale);
    }
  }
  if (used.size() < 2) {
    used.clear();
    for (const Scale& scale : scales_) {
      used.push_back(&scale);
    }
  }
  rays_fitted_ = used.size() >= 2;
  if (!rays_fitted_) {
    return;
  }
  const Scale& k = scales_.back();
  for (std::size_t g = 0; g < kOctaves; ++g) {
    std::vector<double> a;
    std::vector<double> b;
    for (const Scale* scale : used) {
      for (int neighbour = -1; neighbour <= 1; ++neighbour) {
        const double log_share = (static_cast<double>(g) + neighbour) * kOctave;
        const double ratio =
            std::exp(scale->curve.log_time(log_share + std::log(scale->place.ranks)) -
                     k.curve.log_time(log_share + std::log(k.place.ranks)));
        a.insert(a.end(), {1.0 / ratio, ray_coordinate(log_share, scale->place.units) / ratio});
        b.push_back(1.0);
      }
    }
    const NnlsResult fit = huber_nnls(a, 2, b, 3);
    if (fit.x[0] + fit.x[1] > 0.0) ray_laws_[g] = {fit.x[0], fit.x[1]};
    if (network_ && nccl_ && collective_ == Collective::all_to_all)
      ray_laws_[g] = peers_alone(ray_laws_[g], largeness(static_cast<double>(g) * kOctave));
  }
}

// NCCL's all_to_all is one kernel, whose start large blocks do not wait for: what does not grow
// with the peers is something else, as two nodes that are better off than four.
Estimator::GrowthLaw Estimator::peers_alone(GrowthLaw law, double share) {
  law.base *= 1.0 - share;
  if (law.base + law.per <= 0.0) law.per = 1;
  return law;
}

void Estimator::fit_global() {
  std::vector<LocalFit::Point> points;
  for (const Scale& scale : scales_)
    for (const double log_size : scale.curve.log_sizes())
      if (!nccl_ || log_size <= scale.log_tree_limit)
        points.push_back({scale.place, log_size, scale.curve.log_time(log_size)});
  global_ = GlobalFit(collective_, points);
}

// From the times as they were measured: where the hull cuts off, another algorithm ran.
void Estimator::fit_locally(const Series& series, std::span<const double> times_s) {
  std::vector<LocalFit::Point> points;
  for (std::size_t i = 0; i < series.cells.size(); ++i) {
    const Cell& cell = series.cells[i];
    if ((cell.nodes > 1) != network_ || cell.ranks > std::llround(anchor().ranks)) continue;
    points.push_back({place_of(cell, network_), std::log(cell.size_bytes), std::log(times_s[i])});
  }
  local_fit_ = LocalFit(collective_, torus_dimensions_, drawn_to_ends(), points);
}

double Estimator::ring(double log_size, Place target) const {
  const Place k = anchor();
  const double log_share = log_size - std::log(target.ranks);
  const double anchored = scales_.back().curve.log_time(log_share + std::log(k.ranks));
  const double contended = anchored + contention(target);
  if (!rays_fitted_) {
    const double start = network_ || !nccl_ ? 0.0 : start_steps(log_share + std::log(k.ranks));
    return contended + std::log((start + ring_steps(collective_, target)) /
                                (start + ring_steps(collective_, k)));
  }
  return contended + over_octaves(ray_laws_, log_share, [&](const GrowthLaw& law) {
           return std::log((law.base + law.per * ray_coordinate(log_share, target.units)) /
                           (law.base + law.per * ray_coordinate(log_share, k.units)));
         });
}

// With one scale inside a node: of small messages what it takes to start, in a ring's steps.
double Estimator::start_steps(double log_size) const {
  const double latency = 1.0 - ramp(log_size, kLogLatencyEnd, kLogBandwidthBegin);
  return kStart * latency * ring_steps(collective_, {2, 2});
}

// What all_to_all takes more than its peers say: everybody sends to everybody, and the more nodes
// the less of that stays near. On a torus the coordinate has it.
double Estimator::contention(Place target) const {
  if (!network_ || collective_ != Collective::all_to_all || torus_dimensions_ > 0) return 0;
  const double of_mpi = scales_.size() > 1 ? priors_.contention : kContentionFromOneScale;
  const double contention = nccl_ ? kContentionOfNccl : of_mpi;
  return contention * std::max(0.0, std::log(target.units / anchor().units));
}

// With one scale: a latency per level and some levels' for the ends, a constant bus bandwidth; from
// two nodes on what two nodes have over more of them.
double Estimator::assumed_growth(double log_size, Place target) const {
  const Place k = anchor();
  const double bandwidth = bandwidth_share(log_size);
  const double ends = ends_of(log_size);
  double latency = std::log((ends + coordinate(target.units)) / (ends + coordinate(k.units)));
  // Iterations of rooted operations follow one another down NCCL's chain: what is measured is how
  // often one can begin.
  if (growth_ == Growth::chain && nccl_) latency = 0;
  const double rate =
      std::log(bus_factor(collective_, target.ranks) / bus_factor(collective_, k.ranks));
  return (1.0 - bandwidth) * latency + bandwidth * (rate + beyond_two_nodes(target));
}

// With one scale: how much of a time, in ln, is bytes, which take as long on more nodes. By the
// size; and where MPI moves the same bytes on more nodes, by what the smallest message takes, too:
// that is latency, and the rest is bytes or the latencies of more pieces (kLatencyOfPieces).
double Estimator::bandwidth_share(double log_size) const {
  const double by_size = ramp(log_size, kLogLatencyEnd, kLogBandwidthBegin);
  const bool same_bytes = collective_ == Collective::all_reduce ||
                          collective_ == Collective::all_gather ||
                          collective_ == Collective::reduce_scatter;
  if (nccl_ || !same_bytes) return by_size;
  const SizeCurve& curve = scales_.back().curve;
  const double latency = curve.log_time(curve.log_sizes().front()) - curve.log_time(log_size);
  return std::max(by_size, 1.0 - std::exp(kLatencyOfPieces * std::min(latency, 0.0)));
}

// In latencies of a level. Where a full node was measured, too, it is the tree without levels: what
// it takes are the ends.
double Estimator::ends_of(double log_size) const {
  const Place k = anchor();
  if (!node_.log_sizes().empty() && log_size < kLogBandwidthBegin) {
    const double share =
        std::exp(node_.log_time(log_size) - scales_.back().curve.log_time(log_size));
    if (share < 1.0) return std::min(share / (1.0 - share) * coordinate(k.units), kMostEnds);
  }
  return assumed_ends();
}

double Estimator::assumed_ends() const {
  return torus_dimensions_ > 0 ? priors_.torus_ends : priors_.ends;
}

// What laws of several scales are drawn to: what is best from one scale is too steep for them.
double Estimator::drawn_to_ends() const { return torus_dimensions_ > 0 ? priors_.torus_ends : 1; }

double Estimator::beyond_two_nodes(Place target) const {
  if (!network_ || !nccl_ || anchor().units > 2.0 || target.units <= 2.0) return 0;
  if (growth_ == Growth::tree) return kTreeOnTwoNodes;
  return growth_ == Growth::library ? 0.25 * kTreeOnTwoNodes : 0;  // a tree there or not
}

double Estimator::tree(double log_size, Place target) const {
  const Place k = anchor();
  const SizeCurve& curve = scales_.back().curve;
  double anchored = curve.log_time(log_size);
  const double log_limit = scales_.back().log_tree_limit;
  // What a tree took of a size in the latency regime was no time for bytes.
  if (growth_ == Growth::library && log_size > log_limit && log_limit >= kLogLatencyEnd)
    anchored = std::max(anchored, curve.log_time(log_limit) + log_size - log_limit);
  if (scales_.size() == 1) return anchored + assumed_growth(log_size, target);
  if (growth_ == Growth::tree && nccl_ && log_size > kLogBandwidthBegin) {
    return anchored +
           std::log(bus_factor(collective_, target.ranks) / bus_factor(collective_, k.ranks));
  }
  return anchored + over_octaves(growth_laws_, log_size, [&](const GrowthLaw& law) {
           return std::log((law.base + law.per * coordinate(target.units)) /
                           (law.base + law.per * coordinate(k.units)));
         });
}

// Seconds per byte of NCCL's trees beyond the largest size where one surely served the anchor:
// between what its last octave there took and what the ring takes at its best, which was chosen for
// being the faster. Measured, trees take 1 to 2.2 times as long per byte as rings.
double Estimator::slope_of_trees() const {
  const Scale& k = scales_.back();
  const double log_limit = k.log_tree_limit;
  double begin_bytes = 0;
  double begin_s = 0;
  for (const double log_size : k.curve.log_sizes()) {
    if (log_size > log_limit - 0.9 * kOctave) break;
    begin_bytes = std::exp(log_size);
    begin_s = std::exp(k.curve.log_time(log_size));
  }
  const double limit_s = std::exp(k.curve.log_time(log_limit));
  const double last = (limit_s - begin_s) / (std::exp(log_limit) - begin_bytes);
  return std::sqrt(std::min(last, std::exp(-log_limit) * limit_s) * std::exp(-k.log_peak_busbw));
}

// Growth over the nodes is that of the levels, which the bytes do not wait for: a tree is a
// pipeline.
Estimate Estimator::trees(double log_size, Place target) const {
  const Scale& k = scales_.back();
  if (nccl_ && scales_.size() > 1 && log_size > k.log_tree_limit) {
    Estimate estimate = trees(k.log_tree_limit, target);
    const double more_bytes = std::exp(log_size) - std::exp(k.log_tree_limit);
    estimate.log_time = std::log(std::exp(estimate.log_time) + slope_of_trees() * more_bytes);
    return estimate;
  }
  Estimate estimate{tree(log_size, target), 0};
  if (log_size >= kLogLatencyEnd && scales_.size() > 1) {
    const double log_global =
        k.curve.log_time(log_size) + global_.log_growth(log_size, k.place, target);
    estimate.spread = 0.5 * std::fabs(estimate.log_time - log_global);
    estimate.log_time = 0.5 * (estimate.log_time + log_global);
  }
  return estimate;
}

double Estimator::ring_weight(double log_size, Place target) const {
  const Scale& k = scales_.back();
  const double collapsed = log_size + std::log(k.place.ranks / target.ranks);
  const double share = std::exp(collapsed - k.curve.log_time(collapsed) - k.log_peak_busbw);
  // Where latency is all there is, no bandwidth tells of a ring.
  return ramp(share, kRingBegins, kRingAlone) *
         ramp(log_size, kLogLatencyEnd, kLogLatencyEnd + 2 * kOctave);
}

// MPI's all_to_all of small blocks may be Bruck's, which has a tree's steps: MPICH's and Open MPI's
// are up to about 256 B per pair of ranks.
double Estimator::peer_weight(double log_size, Place target) const {
  if (nccl_ || collective_ != Collective::all_to_all) return 0;
  return ramp(log_size - std::log(target.ranks), 8 * kOctave, 10 * kOctave);
}

HalfWidths Estimator::unmeasured_size(std::size_t index, double log_size, Place target) const {
  if (const ScaleOf of = scale_of(index, log_size); of.estimator != this)
    return of.estimator->unmeasured_size(of.index, log_size, target);
  const Scale& scale = scales_[index];
  const auto doubt = [&](double at) {
    HalfWidths widths = scale.curve.beyond(at);
    const HalfWidths alone = scale.measured.beyond(at);
    // Only smaller scales have it: one step of growth is assumed on the way.
    if (index > 0 && alone.up + alone.down > widths.up + widths.down) {
      const HalfWidths step =
          one_scale_widths(priors_, errors_of().network,
                           std::log(scale.place.units / scales_[index - 1].place.units), inside_);
      widths = {std::min(widths.up + step.up, alone.up),
                std::min(widths.down + step.down, alone.down)};
    }
    return widths;
  };
  HalfWidths widths = doubt(log_size);
  if (growth_ == Growth::ring || growth_ == Growth::library) {
    const HalfWidths per_rank = doubt(log_size + std::log(scale.place.ranks / target.ranks));
    widths = {std::max(widths.up, per_rank.up), std::max(widths.down, per_rank.down)};
  }
  return widths;
}

double Estimator::line(std::size_t index, double log_size, Place target) const {
  return line_through(index, index + 1, log_size, target);
}

double Estimator::steady_line(double log_size, Place target) const {
  const std::size_t high = scales_.size() - 1;
  std::size_t low = high - 1;
  while (low > 0 && kNearlyHalf * place(low).units > place(high).units) --low;
  return line_through(low, high, log_size, target);
}

double Estimator::line_through(std::size_t low, std::size_t high, double log_size,
                               Place target) const {
  const double log_low = std::log(place(low).units);
  const double log_high = std::log(place(high).units);
  const double share = (std::log(target.units) - log_low) / (log_high - log_low);
  return (1.0 - share) * as_measured(low, log_size) + share * as_measured(high, log_size);
}

Estimate Estimator::at(double log_size, Place target) const {
  if (!sides_.empty()) return side(log_size).at(log_size, target);
  Estimate estimate = by_growth(log_size, target);
  if (local_fit_.empty()) return estimate;
  const double share = collective_ == Collective::all_reduce ? kLocalShareOfAllReduce : kLocalShare;
  // What the two differ by tells nothing of the error that the learned widths do not: added, it
  // made intervals at twice the ranks wider for the same score.
  estimate.spread = 0;
  estimate.log_time =
      share * local_fit_.log_time(log_size, target) + (1.0 - share) * estimate.log_time;
  return estimate;
}

Estimate Estimator::by_growth(double log_size, Place target) const {
  const Scale& k = scales_.back();
  Estimate estimate;
  if (growth_ == Growth::ring) {
    const double slower = slower_joint(log_size - std::log(target.ranks), target);
    estimate.log_time = ring(log_size, target) + slower;
    // The interval holds another joint and none; and where they got quicker, that they do no more.
    estimate.spread = (slower + further_gain(log_size, target)) / kSpreadShare;
    return estimate;
  }
  if (growth_ != Growth::library) {
    estimate.log_time = tree(log_size, target);
    return estimate;
  }
  double log_ring = 0;
  if (rays_fitted_) {
    log_ring = ring(log_size, target);
  } else {
    log_ring =
        k.curve.log_time(log_size + std::log(k.place.ranks / target.ranks)) +
        std::log(ring_steps(collective_, target) / ring_steps(collective_, k.place)) +
        beyond_two_nodes(target) + contention(target) +
        torus_share(log_size - std::log(target.ranks)) * std::log(target.units / k.place.units);
  }
  const double weight = std::max(ring_weight(log_size, target), peer_weight(log_size, target));
  const Estimate of_trees = trees(log_size, target);
  estimate.log_time = weight * log_ring + (1.0 - weight) * of_trees.log_time;
  estimate.spread = weight > 0.0 && weight < 1.0
                        ? std::fabs(log_ring - of_trees.log_time) * std::min(weight, 1.0 - weight)
                        : (1.0 - weight) * of_trees.spread;
  return estimate;
}

}  // namespace collscale
