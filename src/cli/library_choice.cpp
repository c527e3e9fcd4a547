// SPDX-License-Identifier: Apache-2.0
#include "cli/library_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "selector/nccl/tables.hpp"

namespace collscale {
namespace {

/// The minor number of the first "2.NN" of a text; 0 where there is none.
int nccl_minor(std::string_view text) {
  const auto at = text.find("2.");
  if (at == std::string_view::npos) return 0;
  return std::atoi(std::string(text.substr(at + 2, 2)).c_str());
}

std::string text_of(const Context& context, const std::string& key) {
  const auto found = context.find(key);
  return found == context.end() ? std::string() : found->second;
}

/// As NCCL_ALGO calls the algorithms that records name.
std::string nccl_name(std::string_view algorithm) {
  constexpr std::array<std::pair<std::string_view, NcclAlgorithm>, 7> kNames = {
      {{"ring", NcclAlgorithm::ring},
       {"tree", NcclAlgorithm::tree},
       {"nvls", NcclAlgorithm::nvls},
       {"nvls_tree", NcclAlgorithm::nvls_tree},
       {"pat", NcclAlgorithm::pat},
       {"collnet_direct", NcclAlgorithm::collnet_direct},
       {"collnet_chain", NcclAlgorithm::collnet_chain}}};
  for (const auto& [ours, theirs] : kNames)
    if (ours == algorithm) return std::string(name(theirs));
  // The switches between nodes added up, which of the ways to that is not known.
  if (algorithm == "collnet_sharp") return "NVLS,CollNetDirect,CollNetChain";
  return {};
}

std::optional<Selection> as_named(const Series& series) {
  if (series.algorithm == "auto") return std::nullopt;
  Selection selection;
  selection.algorithm = series.algorithm;
  selection.protocol = series.protocol;
  return selection;
}

/// Choosers are made once for each collective, algorithm and number of ranks.
using Choosers =
    std::map<std::tuple<Collective, std::string, std::string, std::int64_t>, Expected<Chooser>>;

}  // namespace

std::optional<Selector> selector_of(const Context& context, Engine engine) {
  if (engine == Engine::mpi) {
    const std::string library = text_of(context, "library") + text_of(context, "mpi_library");
    if (library.find("Open MPI") == std::string::npos) return std::nullopt;
    return OpenMpiSelector{};
  }
  if (engine != Engine::nccl) return std::nullopt;
  const std::string library = text_of(context, "library");
  if (library.find("RCCL") != std::string::npos) return std::nullopt;
  const std::string version = text_of(context, "nccl_version");
  const int minor = nccl_minor(version.empty() ? library : version);
  NcclSelector nccl;
  if (minor > 0) nccl.version.minor = std::clamp(minor, kOldestNccl.minor, kNewestNccl.minor);
  return nccl;
}

namespace {

ChooseFunction chooser_of(const Selector& selector, const System& system) {
  auto known = std::make_shared<Choosers>();
  return [known, selector, &system](const Series& series, std::int64_t ranks,
                                    double size_bytes) -> Expected<std::optional<Selection>> {
    Selector here = selector;
    auto* const nccl = std::get_if<NcclSelector>(&here);
    if (series.algorithm != "auto") {
      if (nccl == nullptr) return as_named(series);
      nccl->environment.algorithms = nccl_name(series.algorithm);
      if (nccl->environment.algorithms.empty()) return as_named(series);
    }
    if (nccl != nullptr && !series.protocol.empty()) nccl->environment.protocols = series.protocol;
    const std::tuple key(series.collective, series.algorithm, series.protocol, ranks);
    auto found = known->find(key);
    if (found == known->end())
      found = known
                  ->emplace(key, Chooser::make(here, with_shared_racks(system, ranks),
                                               series.collective, ranks))
                  .first;
    if (!found->second) return as_named(series);  // NCCL does not know such a node
    const auto selection = found->second->choose(size_bytes);
    if (!selection) return tl::unexpected(selection.error());
    if (selection->algorithm.empty()) return fail("no algorithm here is like the library's");
    return std::optional<Selection>(*selection);
  };
}

}  // namespace

OfferFunction offers_of(const Selector& selector, const System& system) {
  auto known = std::make_shared<Choosers>();
  return [known, selector, &system](Collective collective, std::int64_t ranks, double size_bytes) {
    const std::tuple key(collective, std::string("auto"), std::string(), ranks);
    auto found = known->find(key);
    if (found == known->end())
      found = known
                  ->emplace(key, Chooser::make(selector, with_shared_racks(system, ranks),
                                               collective, ranks))
                  .first;
    return found->second ? found->second->offers(size_bytes) : std::vector<Selection>{};
  };
}

namespace {

Library library_from(const Selector& selector, const System& system) {
  Library library;
  library.use.name = selector_name(selector);
  if (const auto* const nccl = std::get_if<NcclSelector>(&selector)) {
    library.use.algorithms = nccl->environment.algorithms;
    library.use.protocols = nccl->environment.protocols;
  }
  library.choose = chooser_of(selector, system);
  library.offers = offers_of(selector, system);
  return library;
}

}  // namespace

std::vector<Library> libraries_of(const std::optional<Selector>& selector, const System& system) {
  if (!selector) return {Library{}};
  std::vector<Library> all = {library_from(*selector, system)};
  const auto* const nccl = std::get_if<NcclSelector>(&*selector);
  if (nccl == nullptr) return all;
  // What users and plug-ins turn off: LL128 where a network does not keep the order of 128 bytes
  // (aws-ofi-nccl then sets NCCL_PROTO itself), LL, both; NVLink SHARP; all but the ring.
  for (const NcclEnvironment& less :
       {NcclEnvironment{"", "^LL128"}, NcclEnvironment{"", "^LL"}, NcclEnvironment{"", "Simple"},
        NcclEnvironment{"^NVLS,NVLSTree", ""}, NcclEnvironment{"Ring", ""},
        NcclEnvironment{"Ring", "^LL128"}}) {
    NcclSelector other = *nccl;
    other.environment = less;
    all.push_back(library_from(other, system));
  }
  return all;
}

std::optional<Selector> selector_of(const LibraryUse& use) {
  auto selector = parse_selector(use.name);
  if (!selector) return {};
  if (auto* const nccl = std::get_if<NcclSelector>(&*selector)) {
    nccl->environment = {use.algorithms, use.protocols};
    nccl->pieces = use.pieces;
  }
  return *selector;
}

}  // namespace collscale
