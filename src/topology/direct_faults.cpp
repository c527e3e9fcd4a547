// SPDX-License-Identifier: Apache-2.0
#include "topology/direct_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "topology/fabric.hpp"
#include "topology/fault_words.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;
using Numbers = std::vector<std::int64_t>;
using Things = std::vector<std::vector<std::int64_t>>;

class DirectNames {
 public:
  DirectNames(const System& system, std::string_view text, bool both_ways)
      : system_(system),
        fabric_(system),
        text_(text),
        words_(fault_words::words_of(text)),
        both_ways_(both_ways) {
    nodes_ = fabric_.find_class(Kind::nic_out)->count / fabric_.nics_per_node();
  }

  Expected<Things> things() {
    if (words_.empty()) return fail("\"\" names nothing");
    auto read = std::holds_alternative<Torus>(system_.fabric) ? torus() : dragonfly();
    if (!read) return tl::unexpected(read.error());
    if (at_ < words_.size()) return unknown({"out", "in"});
    return std::move(things_);
  }

 private:
  [[nodiscard]] bool take(std::string_view word) {
    const bool here = at_ < words_.size() && words_[at_] == word;
    if (here) ++at_;
    return here;
  }
  /// Those that come next, else all.
  Expected<Numbers> numbers(std::string_view unit, std::int64_t count) {
    const bool given = at_ < words_.size() && fault_words::is_number(words_[at_]);
    return fault_words::expand(text_, given ? words_[at_++] : "*", unit, count);
  }
  [[nodiscard]] tl::unexpected<Error> unknown(const std::vector<std::string>& known) const {
    return fault_words::unknown(text_, at_ < words_.size() ? words_[at_] : "", known);
  }

  void add_cable(std::int64_t link) {
    if (!both_ways_) return things_.push_back({link});
    const std::int64_t back = fabric_.reverse(link);
    if (cables_.insert(std::min(link, back)).second) things_.push_back({link, back});
  }
  void add_nic(std::int64_t node, std::int64_t nic, bool out, bool in,
               std::vector<std::int64_t>& into) const {
    const std::int64_t at = node * fabric_.nics_per_node() + nic;
    if (out || both_ways_) into.push_back(fabric_.find_class(Kind::nic_out)->first + at);
    if (in || both_ways_) into.push_back(fabric_.find_class(Kind::nic_in)->first + at);
  }
  /// With those NICs of the nodes that end there: the `part`-th of `parts`.
  void add_router(std::int64_t router, std::int64_t first_node, std::int64_t end_node,
                  std::int64_t part, std::int64_t parts, std::vector<std::int64_t>& into) const {
    for (const LinkTo& hop : fabric_.hops_from(router)) {
      into.push_back(hop.link);
      into.push_back(fabric_.reverse(hop.link));
    }
    for (std::int64_t node = first_node; node < std::min(end_node, nodes_); ++node)
      for (std::int64_t nic = 0; nic < fabric_.nics_per_node(); ++nic)
        if (nic * parts / fabric_.nics_per_node() == part) add_nic(node, nic, true, true, into);
  }

  /// After the word "nic", or the nodes and "nic".
  Expected<void> nics(const Numbers& of_nodes, const Numbers& of_node, bool whole_nodes) {
    const bool out = take("out");
    const bool in = !out && take("in");
    for (const std::int64_t node : of_nodes) {
      std::vector<std::int64_t> links;
      for (const std::int64_t nic : of_node) {
        add_nic(node, nic, !in, !out, links);
        if (!whole_nodes) things_.push_back(std::exchange(links, {}));
      }
      if (whole_nodes) things_.push_back(std::move(links));
    }
    return {};
  }
  Expected<void> nic_word() {
    std::string_view of_node = "*";
    if (at_ < words_.size()) {
      const std::size_t dot = words_[at_].find('.');
      if (dot != std::string_view::npos) {
        of_node = words_[at_].substr(dot + 1);
        words_[at_] = words_[at_].substr(0, dot);
      }
    }
    const auto of_nodes = numbers("node", nodes_);
    if (!of_nodes) return tl::unexpected(of_nodes.error());
    const auto which = fault_words::expand(text_, of_node, "nic", fabric_.nics_per_node());
    if (!which) return tl::unexpected(which.error());
    return nics(*of_nodes, *which, false);
  }
  /// After the nodes: their NICs, or some.
  Expected<void> nics_of(const Numbers& of_nodes) {
    const bool some = take("nic");
    const auto which = some ? numbers("nic", fabric_.nics_per_node())
                            : fault_words::expand(text_, "*", "nic", fabric_.nics_per_node());
    if (!which) return tl::unexpected(which.error());
    return nics(of_nodes, *which, !some);
  }

  Expected<void> torus() {
    const auto names = direct_tier_names(system_);
    if (take("nic")) return nic_word();
    if (take("router")) {
      const auto which = numbers("router", nodes_);
      if (!which) return tl::unexpected(which.error());
      for (const std::int64_t node : *which) {
        things_.emplace_back();
        add_router(node, node, node + 1, 0, 1, things_.back());
      }
      return {};
    }
    const bool of_node = take("node");
    auto which =
        of_node ? numbers("node", nodes_) : fault_words::expand(text_, "*", "node", nodes_);
    if (!which) return tl::unexpected(which.error());
    if (at_ < words_.size()) {
      const std::string_view word = words_[at_];
      const char sign = word.front();
      const std::string_view dimension = sign == '+' || sign == '-' ? word.substr(1) : word;
      const auto found = std::find(names.begin(), names.end(), dimension);
      if (found != names.end()) {
        ++at_;
        const int tier = static_cast<int>(found - names.begin());
        for (const std::int64_t node : *which)
          for (const LinkTo& hop : fabric_.hops_from(node)) {
            const LinkClass& of = fabric_.class_of(hop.link);
            if (of.tier == tier && sign != (of.kind == Kind::plus ? '-' : '+')) add_cable(hop.link);
          }
        return {};
      }
    }
    if (of_node && (at_ == words_.size() || words_[at_] == "nic" || words_[at_] == "out" ||
                    words_[at_] == "in"))
      return nics_of(*which);
    std::vector<std::string> known = {"node", "nic", "router"};
    for (const std::string_view name : names)
      for (const char* sign : {"", "+", "-"}) known.push_back(sign + std::string(name));
    return unknown(known);
  }

  Expected<void> dragonfly() {
    const auto& figures = std::get<Dragonfly>(system_.fabric);
    const DragonflyRoutes routes(figures);
    const std::int64_t of_group = routes.routers() + routes.spines();
    const auto all = [](std::int64_t count) {
      Numbers every(static_cast<std::size_t>(count));
      for (std::size_t i = 0; i < every.size(); ++i) every[i] = static_cast<std::int64_t>(i);
      return every;
    };
    if (take("nic")) return nic_word();
    if (take("node")) {
      const auto which = numbers("node", nodes_);
      if (!which) return tl::unexpected(which.error());
      return nics_of(*which);
    }
    Numbers groups = all(routes.groups());
    const bool of_groups = take("group");
    if (of_groups) {
      auto which = numbers("group", routes.groups());
      if (!which) return tl::unexpected(which.error());
      groups = *std::move(which);
    }
    // By their numbers within a group.
    const auto routers = [&](Numbers& into) -> Expected<bool> {
      const std::string_view word = at_ < words_.size() ? words_[at_] : "";
      const bool spine = word == "spine" && routes.spines() > 0;
      if (!spine && word != (routes.spines() > 0 ? "leaf" : "router")) return false;
      ++at_;
      const auto which = numbers(word, spine ? routes.spines() : routes.routers());
      if (!which) return tl::unexpected(which.error());
      into.clear();
      for (const std::int64_t one : *which) into.push_back(one + (spine ? routes.routers() : 0));
      return true;
    };
    Numbers from = all(of_group);
    const auto named = routers(from);
    if (!named) return tl::unexpected(named.error());
    const bool to = *named && take("to");
    const bool local = !to && take("local");
    const bool global = !to && !local && take("global");
    if (!to && !local && !global) {
      if (!of_groups || at_ < words_.size()) {
        std::vector<std::string> known = {"group", "node", "nic", "local", "global", "to"};
        for (const char* each : {"router", "leaf", "spine"}) known.emplace_back(each);
        return unknown(known);
      }
      const std::int64_t nodes_of_router = routes.nodes_of_router();
      const std::int64_t parts = routes.node_routers();
      for (const std::int64_t group : groups) {
        if (!*named) things_.emplace_back();
        for (const std::int64_t one : from) {
          if (*named) things_.emplace_back();
          const bool has_nodes = one < routes.routers();
          const std::int64_t first = (group * routes.routers() + one) / parts * nodes_of_router;
          add_router(group * of_group + one, first, has_nodes ? first + nodes_of_router : first,
                     one % parts, parts, things_.back());
        }
      }
      return {};
    }
    Numbers ends = all(of_group);
    if (to) {
      const auto named_end = routers(ends);
      if (!named_end) return tl::unexpected(named_end.error());
      if (!*named_end) {
        const auto which = numbers("router", routes.routers());
        if (!which) return tl::unexpected(which.error());
        ends = *which;
      }
    }
    const std::int64_t of_kind =
        std::llround(global ? figures.global_links.value : figures.local_links.value);
    const auto which = numbers(global ? "port" : "link", of_kind);
    if (!which) return tl::unexpected(which.error());
    const auto among = [](const Numbers& sorted, std::int64_t value) {
      return std::binary_search(sorted.begin(), sorted.end(), value);
    };
    for (const std::int64_t group : groups)
      for (const std::int64_t one : from)
        for (const LinkTo& hop : fabric_.hops_from(group * of_group + one)) {
          const LinkClass& of = fabric_.class_of(hop.link);
          if ((of.kind == Kind::global) != global) continue;
          const std::int64_t index = hop.link - of.first;
          const std::int64_t number =
              global ? routes.global_ends(index).port : routes.local_ends(index).parallel;
          if (among(*which, number) && (global || among(ends, hop.to % of_group)))
            add_cable(hop.link);
        }
    return {};
  }

  const System& system_;
  Fabric fabric_;
  std::string_view text_;
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
  bool both_ways_;
  std::int64_t nodes_ = 0;
  Things things_;
  std::set<std::int64_t> cables_;  ///< that are among them
};

}  // namespace

Expected<Things> direct_fault_links(const System& system, std::string_view text, bool both_ways) {
  return DirectNames(system, text, both_ways).things();
}

}  // namespace collscale
