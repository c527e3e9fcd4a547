// SPDX-License-Identifier: Apache-2.0
// The selector's answers for scripts/check-openmpi-choice. A line of stdin:
//   function ranks element_bytes bytes commutative
// and of stdout: the same, then the number that the rule names and the number of what runs.
#include <iostream>
#include <string>

#include "selector/openmpi/openmpi.hpp"

int main() {
  collscale::OpenMpiCall call;
  for (std::string function; std::cin >> function >> call.ranks >> call.element_bytes >>
                             call.bytes >> call.commutative;) {
    const auto parsed = collscale::parse_openmpi_function(function);
    if (!parsed) {
      std::cerr << "error: " << parsed.error().message << '\n';
      return 2;
    }
    call.function = *parsed;
    const auto choice = collscale::openmpi_choice(call);
    std::cout << function << ' ' << call.ranks << ' ' << call.element_bytes << ' '
              << static_cast<long long>(call.bytes) << ' ' << call.commutative << ' '
              << choice.chosen << ' ' << choice.runs << '\n';
  }
  return 0;
}
