// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "bench/sweep/sweep.hpp"
#include "measure/clock.hpp"
#include "record_io/results_file.hpp"

namespace collscale {
namespace {

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t value = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The same bytes whenever and wherever it runs, on how many processes it may be.
Context context_of(const Sweep& sweep) {
  Context context = make_context("collscale-sweep");
  for (const char* key : {"date", "host_name", "os", "cpu_model", "num_cpus"}) context.erase(key);
  context["sweep"] = sweep.question();
  return context;
}

std::string part_of(const std::string& path) { return path + ".part"; }

}  // namespace

Expected<SweepFile> SweepFile::open(const Sweep& sweep, const std::string& path, bool resume) {
  if (auto writable = check_writable(path); !writable) return tl::unexpected(writable.error());
  SweepFile file;
  file.sweep_ = &sweep;
  file.path_ = path;
  if (!resume || !std::filesystem::exists(path)) {
    std::error_code none;
    std::filesystem::remove(part_of(path), none);
    file.results_.context = context_of(sweep);
    file.results_.context["tasks_done"] = "0";
    return file;
  }
  auto found = read_results(path);
  if (!found) return tl::unexpected(found.error());
  const auto& context = found->context;
  const auto question = context.find("sweep");
  const auto done = context.find("tasks_done");
  if (question == context.end() || done == context.end())
    return fail(fmt::format("--resume: {} is not a file of collscale-sweep", path));
  if (question->second != sweep.question())
    return fail(fmt::format("--resume: {} holds another sweep: {}", path, question->second));
  const auto tasks = whole_number(done->second);
  if (!tasks || *tasks > sweep.tasks())
    return fail(fmt::format("--resume: {}: tasks_done is \"{}\", at most {} is expected", path,
                            done->second, sweep.tasks()));
  file.done_ = *tasks;
  file.results_ = *std::move(found);
  file.read_part();
  return file;
}

/// What cannot be read, or is of another sweep, is answered again.
void SweepFile::read_part() {
  if (!std::filesystem::exists(part_of(path_))) return;
  auto found = read_results(part_of(path_));
  if (!found || found->context["sweep"] != sweep_->question()) return;
  const std::string text = found->context["blocks"];
  auto next = found->records.begin();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view entry = std::string_view(text).substr(at, end - at);
    const std::size_t colon = std::min(entry.find(':'), entry.size() - 1);
    const auto block = whole_number(entry.substr(0, colon));
    const auto count = whole_number(entry.substr(colon + 1));
    const auto left = static_cast<std::size_t>(std::distance(next, found->records.end()));
    if (!block || !count || *block >= sweep_->blocks() || *count > left) return;
    const auto last = next + static_cast<std::ptrdiff_t>(*count);
    if (!has(*block))
      waiting_.emplace(*block, std::vector<Record>(std::make_move_iterator(next),
                                                   std::make_move_iterator(last)));
    next = last;
    at = end + 1;
  }
  move_finished();
}

bool SweepFile::has(std::size_t block) const {
  return sweep_->task_of(block) < done_ || waiting_.count(block) > 0;
}

std::size_t SweepFile::missing() const {
  return sweep_->blocks() - sweep_->first_block(done_) - waiting_.size();
}

void SweepFile::move_finished() {
  for (; done_ < sweep_->tasks(); ++done_) {
    const std::size_t first = sweep_->first_block(done_);
    const std::size_t last = sweep_->first_block(done_ + 1);
    std::size_t here = 0;
    for (auto it = waiting_.find(first); it != waiting_.end() && it->first < last; ++it) ++here;
    if (here < last - first) return;
    std::vector<Record> records;
    for (std::size_t block = first; block < last; ++block) {
      auto node = waiting_.extract(block);
      for (Record& record : node.mapped()) records.push_back(std::move(record));
    }
    for (Record& record : sweep_->finish(done_, std::move(records)))
      results_.records.push_back(std::move(record));
  }
}

Expected<void> SweepFile::take(std::size_t block, std::vector<Record> records) {
  waiting_.emplace(block, std::move(records));
  move_finished();
  if (steady_now_s() - last_write_s_ < 20 * write_cost_s_) return {};
  return write();
}

Expected<void> SweepFile::write() {
  const double start_s = steady_now_s();
  results_.context["tasks_done"] = fmt::format("{}", done_);
  auto written = write_results(path_, results_);
  // After the file: what is in both counts once.
  if (written) written = write_part();
  last_write_s_ = steady_now_s();
  write_cost_s_ = last_write_s_ - start_s;
  return written;
}

Expected<void> SweepFile::write_part() const {
  if (waiting_.empty()) {
    std::error_code none;
    std::filesystem::remove(part_of(path_), none);
    return {};
  }
  Results part{context_of(*sweep_), {}};
  std::vector<std::string> blocks;
  for (const auto& [block, records] : waiting_) {
    blocks.push_back(fmt::format("{}:{}", block, records.size()));
    part.records.insert(part.records.end(), records.begin(), records.end());
  }
  part.context["blocks"] = fmt::format("{}", fmt::join(blocks, " "));
  return write_results(part_of(path_), part);
}

}  // namespace collscale
