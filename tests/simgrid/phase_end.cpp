// SPDX-License-Identifier: Apache-2.0
// How long a phase takes in SimGrid: all flows start together on an exported platform. Built and
// run by scripts/validate-simgrid, against Debian's libsimgrid-dev; not part of the build.
//
//   phase_end PLATFORM.xml with-latency|no-latency < FLOWS     FLOWS: lines "source destination
//   bytes"
//
// prints the seconds until the last flow ends.
#include <cstdio>
#include <cstring>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

int main(int argc, char* argv[]) {
  sg4::Engine engine(&argc, argv);
  // Plain max-min sharing: no factors on latency or bandwidth, no window, no reverse traffic.
  sg4::Engine::set_config("network/model:CM02");
  sg4::Engine::set_config("network/crosstraffic:0");
  sg4::Engine::set_config("network/bandwidth-factor:1");
  sg4::Engine::set_config("network/latency-factor:1");
  sg4::Engine::set_config("network/TCP-gamma:0");
  sg4::Engine::set_config("network/weight-S:0");
  if (argc != 3) return 2;
  engine.load_platform(argv[1]);
  // A flow's share falls with its latency in CM02; without latencies all weigh the same.
  if (std::strcmp(argv[2], "no-latency") == 0)
    for (sg4::Link* link : engine.get_all_links()) link->set_latency(0);
  double end_s = -1;
  sg4::Actor::create("phase", engine.get_all_hosts().front(), [&end_s] {
    std::vector<sg4::CommPtr> flows;
    long source = 0;
    long destination = 0;
    double bytes = 0;
    while (std::scanf("%ld %ld %lf", &source, &destination, &bytes) == 3) {
      const auto host = [](long rank) {
        return sg4::Host::by_name("rank-" + std::to_string(rank));
      };
      // Sizes are whole bytes there.
      flows.push_back(
          sg4::Comm::sendto_async(host(source), host(destination), static_cast<uint64_t>(bytes)));
    }
    sg4::Comm::wait_all(flows);
    end_s = sg4::Engine::get_clock();
  });
  engine.run();
  std::printf("%.17g\n", end_s);
  return end_s < 0 ? 1 : 0;
}
