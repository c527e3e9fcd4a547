// SPDX-License-Identifier: Apache-2.0
#include "measure/nccl/nccl_algorithms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "units/suggest.hpp"

namespace collscale {
namespace {

struct Algorithm {
  std::string_view name;
  std::string_view variable;  // in NCCL_ALGO
  int since;
  bool every_protocol;  // else Simple alone
  bool of_all_reduce, of_gather_and_scatter, of_rooted;
};

// Which functions have which algorithm: NVIDIA/nccl v2.28.9-1 src/graph/tuning.cc:230-330 (the
// loops over collectives, and what `continue`s there); PAT came with 2.23.
constexpr std::array kAlgorithms = {
    Algorithm{"ring", "Ring", 21800, true, true, true, true},
    Algorithm{"tree", "Tree", 21800, true, true, false, false},
    Algorithm{"collnet_direct", "CollnetDirect", 21800, false, true, true, false},
    Algorithm{"collnet_chain", "CollnetChain", 21800, false, true, false, false},
    Algorithm{"nvls", "NVLS", 21800, false, true, true, false},
    Algorithm{"nvls_tree", "NVLSTree", 21800, false, true, false, false},
    Algorithm{"pat", "PAT", 22300, false, false, true, false},
};

struct Protocol {
  std::string_view name;      // in a benchmark's name
  std::string_view variable;  // in NCCL_PROTO and in the record
};
constexpr std::array kProtocols = {Protocol{"ll", "LL"}, Protocol{"ll128", "LL128"},
                                   Protocol{"simple", "Simple"}};

bool runs(const Algorithm& algorithm, Collective collective) {
  switch (collective) {
    case Collective::all_reduce:
      return algorithm.of_all_reduce;
    case Collective::all_gather:
    case Collective::reduce_scatter:
      return algorithm.of_gather_and_scatter;
    case Collective::broadcast:
    case Collective::reduce:
      return algorithm.of_rooted;
    default:
      return false;
  }
}

std::string joined(std::string_view algorithm, std::string_view protocol) {
  return fmt::format("{}_{}", algorithm, protocol);
}

bool has(const Algorithm& algorithm, const Protocol& protocol) {
  return algorithm.every_protocol || protocol.name == "simple";
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return result;
}

/// One variable of the environment, put back when it goes.
class Held {
 public:
  Held(const char* variable, const std::string& value) : variable_(variable) {
    if (const char* const before = std::getenv(variable)) before_ = before;
    if (!value.empty()) setenv(variable, value.c_str(), 1);
  }
  ~Held() {
    if (before_) {
      setenv(variable_, before_->c_str(), 1);
    } else {
      unsetenv(variable_);
    }
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  const char* variable_;
  std::optional<std::string> before_;
};

}  // namespace

NcclChoice nccl_choice(std::string_view name) {
  NcclChoice choice;
  choice.name = name;
  for (const Algorithm& algorithm : kAlgorithms) {
    if (name == algorithm.name) choice.algorithm = algorithm.variable;
    for (const Protocol& protocol : kProtocols) {
      if (name == joined(algorithm.name, protocol.name)) {
        choice.algorithm = algorithm.variable;
        choice.protocol = protocol.variable;
      }
    }
  }
  return choice;
}

std::vector<std::string> nccl_algorithm_names(Collective collective, int nccl_version) {
  std::vector<std::string> names;
  for (const bool with_protocol : {false, true}) {
    for (const Algorithm& algorithm : kAlgorithms) {
      if (!runs(algorithm, collective) || nccl_version < algorithm.since) continue;
      if (!with_protocol) {
        names.emplace_back(algorithm.name);
        continue;
      }
      for (const Protocol& protocol : kProtocols) {
        if (has(algorithm, protocol)) names.push_back(joined(algorithm.name, protocol.name));
      }
    }
  }
  return names;
}

Expected<std::vector<std::string>> expand_nccl_algorithms(const std::vector<std::string>& words) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const std::string& given : words) {
    const std::string word = lower(given);
    if (word == "auto") {
      add("auto");
      continue;
    }
    if (word == "all") add("auto");
    const std::size_t slash = word.find('/');
    const std::string algorithm_word = word.substr(0, slash);
    const std::string protocol_word = slash == std::string::npos ? "" : word.substr(slash + 1);
    std::vector<std::string> valid{"auto", "all"};
    bool found = false;
    for (const Algorithm& algorithm : kAlgorithms) {
      const bool meant = algorithm_word == "all" || algorithm_word == algorithm.name;
      valid.emplace_back(algorithm.name);
      if (meant && slash == std::string::npos) {
        add(std::string(algorithm.name));
        found = true;
      }
      for (const Protocol& protocol : kProtocols) {
        if (!has(algorithm, protocol)) continue;
        const std::string name = joined(algorithm.name, protocol.name);
        valid.push_back(fmt::format("{}/{}", algorithm.name, protocol.name));
        if (word == name || (meant && slash != std::string::npos &&
                             (protocol_word == "all" || protocol_word == protocol.name))) {
          add(name);
          found = true;
        }
      }
    }
    if (!found) {
      const std::string near = nearest_name(word, valid);
      return fail(fmt::format("-a {}: NCCL has no such algorithm{}", given,
                              near.empty()
                                  ? "; valid: auto, all, ring, tree, collnet_direct, "
                                    "collnet_chain, nvls, nvls_tree, pat, and with a protocol as "
                                    "ring/ll128 (ll, ll128, simple, all)"
                                  : fmt::format(", did you mean \"{}\"?", near)));
    }
  }
  return names;
}

void with_nccl_choice(const NcclChoice& choice, const std::function<void()>& make) {
  const Held algorithm("NCCL_ALGO", choice.algorithm);
  const Held protocol("NCCL_PROTO", choice.protocol);
  make();
}

}  // namespace collscale
