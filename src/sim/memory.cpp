// SPDX-License-Identifier: Apache-2.0
#include "sim/memory.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <memory>

#include "units/quantity.hpp"

namespace collscale {

double available_memory_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/meminfo", "r"),
                                                             &std::fclose);
  char line[128];
  while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
    double kibibytes = 0;
    if (std::sscanf(line, "MemAvailable: %lf kB", &kibibytes) == 1) return kibibytes * 1024;
  }
  return std::numeric_limits<double>::infinity();
}

Expected<void> check_memory(double bytes, double limit_bytes, std::string_view what) {
  const double most = limit_bytes > 0 ? limit_bytes : available_memory_bytes();
  if (bytes <= most) return {};
  return fail(fmt::format("{} would take some {} of memory, more than {} {}", what,
                          format_size(bytes), limit_bytes > 0 ? "the limit of" : "the available",
                          format_size(most)));
}

}  // namespace collscale
