// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "record_io/results_file.hpp"

namespace collscale {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
  return "unknown";
#endif
}

/// The processor's name as Linux gives it; "" elsewhere and where the kernel hides it.
std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
}

}  // namespace

Context make_context(std::string_view program) {
  Context context;
  context["schema_version"] = kSchemaVersion;
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  context["date"] =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  context["executable"] = program;
  context["num_cpus"] = fmt::format("{}", std::thread::hardware_concurrency());
  context["cpu_model"] = cpu_model();
  context["collscale_version"] = COLLSCALE_VERSION;
  context["library_build_type"] = COLLSCALE_BUILD_TYPE;
  context["compiler"] = compiler();
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) context["host_name"] = host.data();
  utsname system{};
  if (uname(&system) == 0) {
    context["os"] = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
  }
  return context;
}

}  // namespace collscale
