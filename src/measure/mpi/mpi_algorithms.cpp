// SPDX-License-Identifier: Apache-2.0
#include "measure/mpi/mpi_algorithms.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "selector/openmpi/openmpi.hpp"
#include "units/quantity.hpp"

namespace collscale {

namespace {

constexpr const char* kDynamicRules = "OMPI_MCA_coll_tuned_use_dynamic_rules";

/// Of segmented_ring, where the library's own default is no segments, which makes it the plain
/// ring; as large as Open MPI's decision rules used to ask for.
constexpr int kRingSegmentBytes = 1 << 20;

/// "all_gather_v" -> "allgatherv": the function's name in Open MPI's variables. reduce_scatter is
/// measured with MPI_Reduce_scatter_block.
std::string function_name(Collective collective) {
  if (collective == Collective::broadcast) {
    return "bcast";
  }
  if (collective == Collective::reduce_scatter) {
    return "reduce_scatter_block";
  }
  std::string text(name(collective));
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  return text;
}

/// A control variable that can be set, holds a whole number and belongs to no object.
class Variable {
 public:
  static std::optional<Variable> find(const std::string& name) {
    Variable found;
    int bind = 0;
    int scope = 0;
    int verbosity = 0;
    int name_size = 0;
    int text_size = 0;
    MPI_Datatype type = MPI_DATATYPE_NULL;
    const bool usable =
        MPI_T_cvar_get_index(name.c_str(), &found.index_) == MPI_SUCCESS &&
        MPI_T_cvar_get_info(found.index_, nullptr, &name_size, &verbosity, &type, &found.items_,
                            nullptr, &text_size, &bind, &scope) == MPI_SUCCESS &&
        type == MPI_INT && bind == MPI_T_BIND_NO_OBJECT && scope != MPI_T_SCOPE_CONSTANT &&
        scope != MPI_T_SCOPE_READONLY;  // as MPI_Allgatherv's in Open MPI 4.1
    return usable ? std::optional(found) : std::nullopt;
  }

  [[nodiscard]] std::optional<int> read() const {
    int value = 0;
    return with_handle([&](MPI_T_cvar_handle handle) { return MPI_T_cvar_read(handle, &value); })
               ? std::optional(value)
               : std::nullopt;
  }
  bool write(int value) const {
    return with_handle([&](MPI_T_cvar_handle handle) { return MPI_T_cvar_write(handle, &value); });
  }

  struct Item {
    int value = 0;
    std::string name;
  };
  [[nodiscard]] std::vector<Item> items() const {
    std::vector<Item> all;
    int count = 0;
    int size = 0;
    if (items_ == MPI_T_ENUM_NULL ||
        MPI_T_enum_get_info(items_, &count, nullptr, &size) != MPI_SUCCESS) {
      return all;
    }
    for (int i = 0; i < count; ++i) {
      std::array<char, 128> text{};
      Item item;
      size = static_cast<int>(text.size());
      if (MPI_T_enum_get_item(items_, i, &item.value, text.data(), &size) == MPI_SUCCESS) {
        item.name = text.data();
        all.push_back(item);
      }
    }
    return all;
  }

 private:
  template <class F>
  bool with_handle(F&& f) const {
    MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
    int count = 0;
    if (MPI_T_cvar_handle_alloc(index_, nullptr, &handle, &count) != MPI_SUCCESS) {
      return false;
    }
    const bool done = count == 1 && f(handle) == MPI_SUCCESS;
    MPI_T_cvar_handle_free(&handle);
    return done;
  }

  int index_ = 0;
  MPI_T_enum items_ = MPI_T_ENUM_NULL;
};

/// Gives a variable a value for as long as this lives.
class Setting {
 public:
  Setting(const std::string& name, int value) : variable_(Variable::find(name)) {
    if (variable_) {
      before_ = variable_->read();
      variable_->write(value);
    }
  }
  ~Setting() {
    if (before_) {
      variable_->write(*before_);
    }
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  std::optional<Variable> variable_;
  std::optional<int> before_;
};

std::string variable_name(Collective collective) {
  return fmt::format("coll_tuned_{}_algorithm", function_name(collective));
}

std::vector<Variable::Item> choices(Collective collective) {
  const auto variable = Variable::find(variable_name(collective));
  std::vector<Variable::Item> items = variable ? variable->items() : std::vector<Variable::Item>{};
  // 0 is "ignore": the library chooses.
  items.erase(std::remove_if(items.begin(), items.end(),
                             [](const Variable::Item& item) { return item.value == 0; }),
              items.end());
  for (Variable::Item& item : items) {
    item.name = mpi_algorithm_name(item.name);
  }
  return items;
}

}  // namespace

void enable_algorithm_choice() { ::setenv(kDynamicRules, "1", 0); }

std::string mpi_algorithm_name(std::string_view library_name) {
  std::string text(library_name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text == "nonoverlapping" ? "non_overlapping" : text;
}

MpiAlgorithms::MpiAlgorithms(const MpiCommunicator& ranks) : ranks_(ranks) {
  const char* const rules = std::getenv(kDynamicRules);
  const bool enabled = rules != nullptr && std::string_view(rules) != "0";
  // Not without need: Open MPI then loads every component that it has, drivers of networks that are
  // not there included, which takes a fifth of a second.
  int provided = 0;
  has_tools_ = enabled && MPI_T_init_thread(MPI_THREAD_SINGLE, &provided) == MPI_SUCCESS;
}

MpiAlgorithms::~MpiAlgorithms() {
  for (auto& [key, made] : made_) {
    MPI_Comm handle = made.handle();
    MPI_Comm_free(&handle);
  }
  if (has_tools_) {
    MPI_T_finalize();
  }
}

std::vector<std::string> MpiAlgorithms::names(Collective collective) const {
  std::vector<std::string> all;
  if (has_tools_) {
    for (const Variable::Item& item : choices(collective)) {
      all.push_back(item.name);
    }
  }
  return all;
}

Expected<void> MpiAlgorithms::check_runs(const Scenario& scenario) {
  const std::string& algorithm = scenario.algorithm;
  if (algorithm == "auto") {
    return {};
  }
  const auto refused = [&](const std::string& why) {
    return fail(fmt::format("{}/{}: {}", name(scenario.collective), algorithm, why));
  };
  if (algorithm == "two_proc" && scenario.ranks != 2) {
    return refused("is for 2 ranks");
  }
  const auto function = openmpi_function(scenario.collective);
  if (!function) {
    return {};
  }
  if (algorithm == "segmented_ring") {
    const double least = static_cast<double>(scenario.ranks) * kRingSegmentBytes;
    return scenario.size_bytes >= least
               ? Expected<void>{}
               : refused(fmt::format("runs ring below {}", format_size(least)));
  }
  OpenMpiCall call;
  call.function = *function;
  call.ranks = scenario.ranks;
  call.element_bytes = element_bytes(scenario.dtype);
  const bool blocks = scenario.collective != Collective::all_reduce &&
                      scenario.collective != Collective::broadcast &&
                      scenario.collective != Collective::reduce;
  call.bytes =
      blocks ? scenario.size_bytes / static_cast<double>(scenario.ranks) : scenario.size_bytes;
  const auto all = openmpi_algorithms(*function);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    if (mpi_algorithm_name(all[i]) == algorithm) {
      const int runs = openmpi_runs(call, number);
      if (runs == number) {
        return {};
      }
      call.bytes = 1e15;  // told apart, so that there is one sentence for all sizes
      const bool always = openmpi_runs(call, number) != number;
      return refused(fmt::format("runs {} {}",
                                 mpi_algorithm_name(openmpi_algorithm(*function, runs)),
                                 always ? fmt::format("on {} ranks", scenario.ranks)
                                        : std::string("for the smallest messages")));
    }
  }
  return {};
}

MpiCommunicator MpiAlgorithms::communicator(Collective collective, const std::string& algorithm) {
  if (algorithm == "auto") {
    return ranks_;
  }
  if (const auto known = made_.find({collective, algorithm}); known != made_.end()) {
    return known->second;
  }
  int number = 0;
  for (const Variable::Item& item : choices(collective)) {
    number = item.name == algorithm ? item.value : number;
  }
  const std::string variable = variable_name(collective);
  const Setting choice(variable, number);
  // A chain of one line, as the library's own rules ask for; its default here are four.
  const Setting fanout(variable + "_chain_fanout", 1);
  const Setting segments(algorithm == "segmented_ring" ? variable + "_segmentsize" : "",
                         kRingSegmentBytes);
  MPI_Comm handle = MPI_COMM_NULL;
  MPI_Comm_dup(ranks_.handle(), &handle);
  MpiCommunicator made(handle);
  made_.emplace(std::pair(collective, algorithm), made);
  return made;
}

}  // namespace collscale
