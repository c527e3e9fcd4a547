// SPDX-License-Identifier: Apache-2.0
// What failures leave of the time of a large job: its mean time between failures, how often to
// write a checkpoint, and the share of the time that ends up in the result.
#pragma once

#include <array>
#include <string_view>

namespace collscale {

/// Failures that end the job, per node and day.
struct FailureRate {
  std::string_view name;
  double per_node_day = 0;
  std::string_view source;
};

/// The first two and the last [S], the third [A] (tags: scenario/noise.hpp).
inline constexpr std::array<FailureRate, 4> kFailureRates{
    {{"rsc-1", 6.50e-3, "Meta RSC-1, arXiv 2410.21680"},
     {"rsc-2", 2.34e-3, "Meta RSC-2, arXiv 2410.21680"},
     {"llama-3", 419.0 / 54 / 2048,
      "419 interruptions in 54 days of 2,048 nodes, arXiv 2407.21783"},
     {"meta-32k", 2.3e-3, "Meta, 32K H100, arXiv 2602.00277"}}};

/// Below this many ranks nothing may be concluded: 7.9 h were measured at 1,024 ranks where
/// failures in proportion to the nodes give 28.8 h (arXiv 2410.21680 [S]).
inline constexpr double kGoodputRanksMin = 4096;

/// What a checkpoint stops a job for where only the copy to host memory does, and the rest is
/// written beside the next steps: stalls of the order of a minute, cut 54.2 times on average
/// (ByteCheckpoint, arXiv 2407.20143, abstracts of its versions 1 and 3).
inline constexpr double kCheckpointStall_s = 1;

struct GoodputOptions {
  double failures_per_node_day = kFailureRates[0].per_node_day;
  double ranks_per_node = 8;
  double checkpoint_s = kCheckpointStall_s;  ///< the job stands still while one is written
  double restart_s = 600;                    ///< from a failure to the next step
  double interval_s = 0;                     ///< of work between checkpoints; 0: the best
};

/// Shares sum to 1.
struct Goodput {
  double nodes = 0;
  double mtbf_s = 0;
  double interval_s = 0;
  double share = 0;             ///< expected effective training time ratio, 0 … 1
  double restart_share = 0;     ///< lost to restarts
  double rework_share = 0;      ///< lost to work after the last checkpoint
  double checkpoint_share = 0;  ///< lost to writing checkpoints
};

/// MTBF = 1 / (nodes · r). With restart u, checkpoint w and work dt between checkpoints
///   share = (1 − (u + dt/2) / MTBF) / (1 + w / dt), at least 0 (arXiv 2410.21680 [S]),
/// to first order: failures are rare within u and dt. dt: the maximum of that expression,
///   dt = √(w² + 2 w (MTBF − u)) − w [D],
/// which is √(2 w MTBF) − w where u and w are short beside the MTBF (J. W. Young, Commun. ACM 17,
/// 1974; J. T. Daly, Future Gener. Comput. Syst. 22, 2006 [R]). ranks ≥ 1; the last node may be
/// partly used. With MTBF ≤ u nothing is done: share 0, interval 0.
/// Checkpoints that cost nothing are written all the time: interval 0.
Goodput expected_goodput(double ranks, const GoodputOptions& options);

/// Links of the access layer that fail for good, share per month (Alibaba HPN, SIGCOMM'24,
/// section 2.3 [P]).
inline constexpr double kNicLinkFailuresPerMonth = 0.057e-2;

/// Time of a ring over its time without failures, when one of the `planes` ≥ 2 of a rank is lost
/// and its traffic moves to the others [D].
constexpr double rerouted_ring_slowdown(double planes) { return planes / (planes - 1); }

}  // namespace collscale
