// SPDX-License-Identifier: Apache-2.0
#include "record_io/results_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace collscale {
namespace {

namespace fs = std::filesystem;

std::string system_message(int code) { return std::generic_category().message(code); }

tl::unexpected<Error> cannot_write(const std::string& path, const std::string& why, ExitCode code) {
  return fail(fmt::format("cannot write \"{}\": {}", path, why), code);
}

/// An open file that is closed, and removed unless it was kept.
class TemporaryFile {
 public:
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  TemporaryFile(TemporaryFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), descriptor_(std::exchange(other.descriptor_, -1)) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    close();
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  /// In the folder of `target`, so that a rename stays within one file system.
  static Expected<TemporaryFile> beside(const fs::path& target) {
    const fs::path folder = target.parent_path().empty() ? fs::path(".") : target.parent_path();
    for (int attempt = 0; attempt < 100; ++attempt) {
      const fs::path path = folder / fmt::format(".{}.{}-{}.tmp", target.filename().string(),
                                                 static_cast<long>(::getpid()), attempt);
      // Not mkstemp: it would give 0600, and the result should have the user's usual permissions.
      const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor >= 0) return TemporaryFile(path.string(), descriptor);
      if (errno != EEXIST)
        return cannot_write(target.string(), system_message(errno), ExitCode::bad_input);
    }
    return cannot_write(target.string(), "too many temporary files beside it", ExitCode::failed);
  }

  int write(std::string_view text, Durability durability) const {
    while (!text.empty()) {
      const ssize_t count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return durability == Durability::buffered || ::fsync(descriptor_) == 0 ? 0 : errno;
  }

  int rename_to(const fs::path& target) {
    // Some file systems find out only here that there was no room.
    if (::close(std::exchange(descriptor_, -1)) != 0) return errno;
    if (::rename(path_.c_str(), target.c_str()) != 0) return errno;
    path_.clear();
    return 0;
  }

 private:
  TemporaryFile(std::string path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  std::string path_;
  int descriptor_ = -1;
};

struct Target {
  fs::path path;          ///< behind symbolic links, which stay as they are
  bool in_place = false;  ///< a device or a pipe: renaming over it would destroy it
};

Expected<Target> resolve(const std::string& path) {
  if (path.empty()) return fail("the name of the file to write is empty");
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return cannot_write(path, "it is a directory", ExitCode::bad_input);
    if (::access(path.c_str(), W_OK) != 0)
      return cannot_write(path, system_message(errno), ExitCode::bad_input);
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    return Target{error ? fs::path(path) : real, !S_ISREG(status.st_mode)};
  }
  if (errno != ENOENT) return cannot_write(path, system_message(errno), ExitCode::bad_input);
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    return cannot_write(path, fmt::format("the directory \"{}\" does not exist", folder.string()),
                        ExitCode::bad_input);
  }
  if (fs::path(path).filename().empty())
    return cannot_write(path, "it names no file", ExitCode::bad_input);
  return Target{path, false};
}

Expected<void> write_stream(const std::string& path, std::string_view text, std::FILE* stream) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (!written) return cannot_write(path, system_message(errno), ExitCode::failed);
  return {};
}

Expected<void> write_in_place(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return cannot_write(path, system_message(errno), ExitCode::bad_input);
  auto written = write_stream(path, text, file);
  if (std::fclose(file) != 0 && written)
    return cannot_write(path, system_message(errno), ExitCode::failed);
  return written;
}

}  // namespace

Expected<void> check_record(const Record& record) {
  const std::string place = benchmark_name(record.scenario);
  Expected<void> result;
  const auto check = [&](const char* field, double value, double low) {
    if (!result || (std::isfinite(value) && value >= low)) return;
    result = fail(fmt::format("the record {} has {} = {}: expected a finite number of at least {}",
                              place, field, value, low),
                  ExitCode::failed);
  };
  check("time_s", record.time_s, 0);
  check("algbw_Bps", record.algbw_Bps, 0);
  check("busbw_Bps", record.busbw_Bps, 0);
  check("size_bytes", record.scenario.size_bytes, 0);
  check("ranks", static_cast<double>(record.scenario.ranks), 1);
  for (const double sample : record.samples_s) check("samples_s", sample, 0);
  for (const Quantile& q : record.quantiles) check("quantiles", q.value_s, 0);
  for (const Interval& i : record.intervals) {
    check("intervals", i.level, 0);
    check("intervals", i.low_s, 0);
    check("intervals", i.high_s, 0);
  }
  for (const BreakdownTerm& term : record.breakdown) check("breakdown", term.exposed_s, -HUGE_VAL);
  if (record.bound_s) check("bound_s", *record.bound_s, 0);
  if (record.estimate_s) check("estimate_s", *record.estimate_s, 0);
  if (record.utilisation) check("utilisation", *record.utilisation, 0);
  if (record.attainable) check("attainable.time_s", record.attainable->time_s, 0);
  if (const auto& quality = record.quality) {
    check("quality.precision", quality->precision.value_or(0), 0);
    check("quality.cpu_share", quality->cpu_share.value_or(0), 0);
    check("quality.foreign_cores", quality->foreign_cores.value_or(0), 0);
    check("quality.drift", quality->drift, -1);
    check("quality.mode_ratio", quality->mode_ratio, 1);
    check("quality.clock_error_s", quality->clock_error_s.value_or(0), 0);
  }
  return result;
}

Expected<std::string> read_text_file(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return fail(fmt::format("cannot read \"{}\": it is a directory", path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  const bool opened = file.is_open();
  std::string text;
  // Not by iterators: those throw where the file system fails, read() says so.
  std::array<char, 65536> part{};
  while (file.read(part.data(), part.size()), file.gcount() > 0)
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  if (!opened || file.bad())
    return fail(
        fmt::format("cannot read \"{}\": {}", path, system_message(errno == 0 ? EIO : errno)));
  return text;
}

Expected<Results> read_results(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return tl::make_unexpected(text.error());
  return from_json(*text, path);
}

Expected<void> write_text_file(const std::string& path, std::string_view text,
                               Durability durability) {
  if (path == "-") return write_stream("stdout", text, stdout);
  const auto target = resolve(path);
  if (!target) return tl::make_unexpected(target.error());
  if (target->in_place) return write_in_place(path, text);
  auto file = TemporaryFile::beside(target->path);
  if (!file) return tl::make_unexpected(file.error());
  if (const int code = file->write(text, durability))
    return cannot_write(path, system_message(code), ExitCode::failed);
  if (const int code = file->rename_to(target->path))
    return cannot_write(path, system_message(code), ExitCode::failed);
  return {};
}

Expected<void> write_results(const std::string& path, const Results& results, Detail detail) {
  for (const Record& record : results.records) {
    if (auto checked = check_record(record); !checked) return checked;
  }
  return write_text_file(path, to_json(results, detail));
}

Expected<void> GrowingResults::write(const std::string& path, const Context& context,
                                     Durability durability) const {
  if (!state_) return state_;
  return write_text_file(path, to_json(context), durability);
}

Expected<void> check_writable(const std::string& path) {
  if (path == "-") return {};
  const auto target = resolve(path);
  if (!target) return tl::make_unexpected(target.error());
  if (target->in_place) return {};
  const auto file = TemporaryFile::beside(target->path);
  if (!file) return tl::make_unexpected(file.error());
  return {};
}

}  // namespace collscale
