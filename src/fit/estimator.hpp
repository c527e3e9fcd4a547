// SPDX-License-Identifier: Apache-2.0
// The point estimate: measured scales of one tier in, time at any larger scale out.
//
// It is anchored at the largest measured scale k: the shape over sizes is what was measured there,
// and only the growth from k to the target comes from a law. Of what MPI chooses itself a fit to
// all scales (local_fit.hpp) is averaged with that, in ln t. docs/method.md gives the reasons; the
// laws:
//   ring     t(n,S) = t~(k, S k/n) (a + b(g-1)) / (a + b(g_k-1)), a and b from the measured scales
//            along the ray S/n = const (the protocol switches of a ring lie at fixed S/n)
//   tree     t(n,S) = t~(k,S) (A + B c(g)) / (A + B c(g_k)), A and B from all scales at sizes
//            within an octave of S; c = log2 g. Of MPI with growth by 1 + c levels (on a torus
//            Priors::torus_ends + c) as Priors::growth_weight scales more
//   chain    as tree, with c = g-1
//   library  of NCCL ring with L(n)/L(k) steps, by weight w; the rest tree, from 64 KiB on averaged
//            with a fit of [1, log2 g, g-1, S f(n), S, S log2 g, sqrt S] to everything that a tree
//            may have served. w follows the bus bandwidth reached at (k, S k/n), because libraries
//            switch to the ring at fixed S/n. Where the anchor has left the tree for the ring, the
//            tree takes its time at the largest size that was one's and so much per byte more. Of
//            MPI the same with the law "ring" for the ring; all_to_all is that law alone, and
//            all_reduce, where it is a ring from one size on (ring_switch.hpp), from there
// all_to_all takes (g/g_k)^contention more, whatever the law, and of NCCL's large blocks a is 0.
// On a torus of D dimensions a message passes D/4 g^(1/D) links on average, and an all_to_all that
// many times the bytes: log2 g + D (g^(1/D) - 1) in place of log2 g, (g-1) g^(s/D) in place of
// g-1, s from 0 for small messages to 1 for large ones.
//
// t~ is the monotone hull (size_curve.hpp), f the busbw factor, L the ring's steps, g the number of
// nodes (of ranks inside one node, where all of NCCL is a ring). Every coefficient is >= 0, fitted
// to relative errors with Huber weights.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "collective/collective.hpp"
#include "fit/global_fit.hpp"
#include "fit/library_terms.hpp"
#include "fit/local_fit.hpp"
#include "fit/octaves.hpp"
#include "fit/priors.hpp"
#include "fit/series.hpp"
#include "fit/size_curve.hpp"
#include "fit/uncertainty.hpp"

namespace collscale {

struct Estimate {
  double log_time = 0;
  /// How far the laws that were mixed lie apart, in ln t; 0 with a local fit.
  double spread = 0;
};

class Estimator {
 public:
  /// From the cells of `series` of one tier with at most `max_ranks` ranks; `times_s` gives the
  /// time of each cell. There must be at least one such cell.
  Estimator(const Series& series, std::span<const double> times_s, bool network,
            std::int64_t max_ranks, const Priors& priors = kPublishedPriors);

  [[nodiscard]] Estimate at(double log_size, Place target) const;

  /// ln of the time on the straight line in ln t over ln g through what was measured at scales
  /// `index` and `index` + 1.
  [[nodiscard]] double line(std::size_t index, double log_size, Place target) const;
  /// Through the two largest; there must be two.
  [[nodiscard]] double line(double log_size, Place target) const {
    return line(scales_.size() - 2, log_size, target);
  }
  /// Through the largest and the largest of at most half its units, the smallest where none is:
  /// over a shorter step what one measurement is off would be a slope. There must be two.
  [[nodiscard]] double steady_line(double log_size, Place target) const;
  /// Whether that line stands beside the laws: of what MPI chooses itself.
  [[nodiscard]] bool doubts_laws() const { return !local_fit_.empty(); }

  /// How rough the growth from the scale below to the largest is over the sizes (uncertainty.hpp);
  /// kTypicalRoughness where two scales share too few sizes to tell.
  [[nodiscard]] double roughness() const { return roughness_; }
  [[nodiscard]] std::size_t scale_count() const { return scales_.size(); }
  [[nodiscard]] bool network() const { return network_; }
  [[nodiscard]] ErrorsOf errors_of() const { return {network_ || !nccl_, nccl_}; }
  [[nodiscard]] Inside inside() const { return inside_; }
  /// Whether, inside a node, the largest scale takes clearly less time than the one below: where
  /// every accelerator brings links along, more of them are quicker.
  [[nodiscard]] bool quickens(double log_size) const { return quickening(log_size) > 0; }
  [[nodiscard]] const Priors& priors() const { return priors_; }
  [[nodiscard]] Place anchor() const { return scales_.back().place; }
  /// ln of the time at measured scale `index` as it was measured, without the hull; at sizes that
  /// it lacks, as the laws have it there.
  [[nodiscard]] double as_measured(std::size_t index, double log_size) const;
  /// What the interval of a prediction for `target` widens by because the size was not measured at
  /// scale `index`, in ln t. Where a ring may serve, the same bytes per rank count as well.
  [[nodiscard]] HalfWidths unmeasured_size(std::size_t index, double log_size, Place target) const;
  [[nodiscard]] Place place(std::size_t index) const { return scales_[index].place; }

 private:
  struct Scale {
    Place place;
    SizeCurve measured;
    SizeCurve curve;  ///< with the sizes that only smaller scales have, see complete()
    double log_peak_busbw = 0;
    /// The largest size surely below a switch from trees to rings seen here; infinity without one.
    double log_tree_limit = 0;
  };
  /// base + per × (log2 g or g-1); only the ratio at two places is used.
  struct GrowthLaw {
    double base = 1;
    double per = 0;
  };
  /// The next larger scale: `time_of_size` is what was measured there.
  void add_scale(const Series& series, std::span<const double> times_s, Place place,
                 const std::map<double, double>& time_of_size);
  /// Sizes outside those of a scale that the scales below it have: as these predict them. A scale
  /// of few sizes must not be extended where another was measured.
  [[nodiscard]] SizeCurve complete(const Series& series, std::span<const double> times_s,
                                   const Scale& scale, std::vector<double> sizes,
                                   std::vector<double> times) const;
  [[nodiscard]] double line_through(std::size_t low, std::size_t high, double log_size,
                                    Place target) const;
  struct ScaleOf {
    const Estimator* estimator;
    std::size_t index;
  };
  /// What stands for measured scale `index`: at a size that it lacks the same scale of the side
  /// whose laws serve there, if it has one.
  [[nodiscard]] ScaleOf scale_of(std::size_t index, double log_size) const;
  [[nodiscard]] const Estimator& side(double log_size) const;
  /// The laws, from the scales that there are.
  void fit(const Series& series, std::span<const double> times_s);
  void fit_growth();
  /// From all scales at sizes within an octave; nothing where fewer than two have such a size.
  [[nodiscard]] std::optional<GrowthLaw> growth_near(double log_center) const;
  void fit_rays();
  [[nodiscard]] static GrowthLaw peers_alone(GrowthLaw law, double share);
  void fit_global();
  void fit_locally(const Series& series, std::span<const double> times_s);
  void split_at_ring(const Series& series, std::span<const double> times_s);
  [[nodiscard]] Estimate by_growth(double log_size, Place target) const;
  [[nodiscard]] double coordinate(double units) const;
  [[nodiscard]] double torus_share(double log_share) const;
  [[nodiscard]] double ray_coordinate(double log_share, double units) const;
  [[nodiscard]] double ring(double log_size, Place target) const;
  [[nodiscard]] double start_steps(double log_size) const;
  [[nodiscard]] double slower_joint(double log_share, Place target) const;
  [[nodiscard]] double doublings_again(Place target) const;
  /// ln of the hull time at measured scale `index`.
  [[nodiscard]] double measured(std::size_t index, double log_size) const {
    return scales_[index].curve.log_time(log_size);
  }
  [[nodiscard]] double quickening(double log_size) const;
  [[nodiscard]] double further_gain(double log_size, Place target) const;
  [[nodiscard]] double contention(Place target) const;
  [[nodiscard]] double ends_of(double log_size) const;
  [[nodiscard]] double assumed_ends() const;
  [[nodiscard]] double drawn_to_ends() const;
  [[nodiscard]] double bandwidth_share(double log_size) const;
  [[nodiscard]] double assumed_growth(double log_size, Place target) const;
  [[nodiscard]] double beyond_two_nodes(Place target) const;
  [[nodiscard]] double tree(double log_size, Place target) const;
  [[nodiscard]] double tree_limit(const SizeCurve& curve, double log_peak_busbw) const;
  [[nodiscard]] double slope_of_trees() const;
  [[nodiscard]] Estimate trees(double log_size, Place target) const;
  [[nodiscard]] double ring_weight(double log_size, Place target) const;
  [[nodiscard]] double peer_weight(double log_size, Place target) const;

  Priors priors_;
  Collective collective_;
  Growth growth_;
  double torus_dimensions_ = 0;
  bool nccl_ = false;
  bool network_ = true;
  Inside inside_ = Inside::unknown;
  std::vector<Scale> scales_;
  double roughness_ = kTypicalRoughness;
  std::array<GrowthLaw, kOctaves> growth_laws_{};  ///< by size, octaves from 1 B
  std::array<GrowthLaw, kOctaves> ray_laws_{};     ///< by bytes per rank, octaves from 1 B
  bool rays_fitted_ = false;
  SizeCurve node_;  ///< one full node; no sizes where none was measured
  GlobalFit global_;
  LocalFit local_fit_;  ///< empty but of MPI's own choice across nodes, two scales or more
  /// Where all_reduce is a ring from one size on (ring_switch.hpp): below that size, and from it
  /// on.
  std::vector<Estimator> sides_;
  double log_ring_begin_ = 0;
};

}  // namespace collscale
