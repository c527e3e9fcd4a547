// SPDX-License-Identifier: Apache-2.0
// bench_mpi --matrix with a rank whose every message is late: what a user sees when a node or its
// link is bad. slow_rank_bench RANK FILE [wrong]; wrong: it spoils what it received instead. The
// shipped programs hold no such switch.
#include <chrono>
#include <thread>

#include "bench/suite/matrix.hpp"
#include "measure/mpi/mpi_communicator.hpp"
#include "measure/mpi/ping_pong.hpp"

namespace collscale {

class BadPingPong {
 public:
  BadPingPong(const MpiCommunicator& ranks, std::int64_t size_bytes, bool slow, bool wrong)
      : honest_(ranks, size_bytes), slow_(slow), wrong_(wrong) {}
  [[nodiscard]] std::span<std::byte> send() const { return honest_.send(); }
  [[nodiscard]] std::span<std::byte> receive() const { return honest_.receive(); }
  void operator()(int partner, bool starts, std::int64_t round_trips) const {
    for (std::int64_t i = 0; i < round_trips; ++i) {
      if (slow_) std::this_thread::sleep_for(std::chrono::milliseconds(60));
      honest_(partner, starts, 1);
      if (wrong_) receive()[5] ^= std::byte{1};
    }
  }

 private:
  MpiPingPong honest_;
  bool slow_;
  bool wrong_;
};

}  // namespace collscale

int main(int argc, char** argv) {
  using namespace collscale;
  const MpiSession session(argc, argv);
  MpiCommunicator ranks;
  if (argc < 3) return 2;
  const bool culprit = ranks.rank() == std::stoi(argv[1]);
  BenchOptions options;
  options.sizes_bytes = {8, 65536};
  options.sampling.fixed_samples = 5;
  options.sampling.fixed_batch = 1;
  options.sampling.fixed_warmup = 0;
  options.json_path = argv[2];
  BenchBackend backend;
  backend.reports = ranks.rank() == 0;
  backend.ranks = ranks.size();
  const std::vector<int> node_of(static_cast<std::size_t>(ranks.size()), 0);
  const bool wrong = argc > 3;
  return static_cast<int>(
      run_matrix(options, backend, ranks, node_of, [&](std::int64_t size_bytes) {
        return BadPingPong(ranks, size_bytes, culprit && !wrong, culprit && wrong);
      }));
}
