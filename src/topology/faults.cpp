// SPDX-License-Identifier: Apache-2.0
#include "topology/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "topology/direct_faults.hpp"
#include "topology/fabric.hpp"
#include "topology/fault_words.hpp"
#include "topology/permutation.hpp"
#include "units/quantity.hpp"

namespace collscale {
namespace {

using Kind = LinkClass::Kind;
using Numbers = std::vector<std::int64_t>;
using fault_words::is_number;
using fault_words::number;
using fault_words::words_of;

/// All the links that a name stands for, one after another, as a product of numbers.
struct Selection {
  enum class What : std::uint8_t { plane, node, nic, device, cable } what = What::plane;
  int tier = 0;
  Numbers planes, groups, switches, uplinks;  ///< of node and nic: groups are nodes, switches NICs
  bool forth = true;                          ///< up, out
  bool back = true;                           ///< down, in
};

class Names {
 public:
  explicit Names(System system)
      : system_(std::move(system)), clos_(*std::get_if<Clos>(&system_.fabric)), fabric_(system_) {
    const std::int64_t per_plane = fabric_.find_class(Kind::nic_out)->count / fabric_.planes();
    nodes_ = per_plane / fabric_.nics_per_node();
    for (const Tier& tier : clos_.tiers) tiers_.push_back(tier.name);
  }

  Expected<Selection> parse(std::string_view text) {
    text_ = text;
    Selection s;
    std::vector<std::string_view> words = words_of(text);
    std::size_t at = 0;
    const auto take_numbers = [&](std::string_view unit, std::int64_t count,
                                  Numbers& into) -> Expected<void> {
      const bool given = at < words.size() && is_number(words[at]);
      auto numbers = expand(given ? words[at] : "*", unit, count);
      if (!numbers) return tl::unexpected(numbers.error());
      if (given) ++at;
      into = *std::move(numbers);
      return {};
    };
    const auto take_word = [&](std::string_view word) {
      const bool here = at < words.size() && words[at] == word;
      if (here) ++at;
      return here;
    };
    s.planes = *expand("*", "plane", fabric_.planes());
    if (take_word("plane"))
      if (auto ok = take_numbers("plane", clos_.planes, s.planes); !ok)
        return tl::unexpected(ok.error());
    if (at == words.size()) {
      if (words.empty()) return fail("\"\" names nothing");
      s.what = Selection::What::plane;
      return s;
    }
    if (words[at] == "nic" || words[at] == "node") {
      const bool is_nic = words[at] == "nic";
      ++at;
      std::string_view nic = "*";
      if (is_nic && at < words.size()) {
        const std::size_t dot = words[at].find('.');
        if (dot != std::string_view::npos) {
          nic = words[at].substr(dot + 1);
          words[at] = words[at].substr(0, dot);
        }
      }
      if (auto ok = take_numbers("node", nodes_, s.groups); !ok) return tl::unexpected(ok.error());
      s.what = is_nic ? Selection::What::nic : Selection::What::node;
      if (take_word("nic")) {
        s.what = Selection::What::nic;
        if (auto ok = take_numbers("nic", fabric_.nics_per_node(), s.switches); !ok)
          return tl::unexpected(ok.error());
      } else {
        auto numbers = expand(nic, "nic", fabric_.nics_per_node());
        if (!numbers) return tl::unexpected(numbers.error());
        s.switches = *std::move(numbers);
      }
      if (take_word("out"))
        s.back = false;
      else if (take_word("in"))
        s.forth = false;
      return at == words.size() ? Expected<Selection>(s) : unknown(words[at], {"nic", "out", "in"});
    }
    const auto tier = std::find(tiers_.begin(), tiers_.end(), words[at]);
    if (tier == tiers_.end()) {
      std::vector<std::string> known = tiers_;
      known.insert(known.end(), {"plane", "node", "nic"});
      return unknown(words[at], known);
    }
    ++at;
    s.tier = static_cast<int>(tier - tiers_.begin());
    s.what = Selection::What::device;
    const std::int64_t groups = groups_of(s.tier);
    const std::int64_t switches = switches_of(s.tier);
    const std::string unit = s.tier == 0 && clos_.rails > 1 ? "rail" : "switch";
    if (s.tier > 0 && groups == 1) {
      s.groups = {0};
      if (auto ok = take_numbers(*tier, switches, s.switches); !ok)
        return tl::unexpected(ok.error());
    } else {
      if (auto ok = take_numbers(*tier, groups, s.groups); !ok) return tl::unexpected(ok.error());
      const bool named = take_word(unit);
      std::optional<Error> wrong;
      if (named) {
        if (auto ok = take_numbers(unit, switches, s.switches); !ok) wrong = ok.error();
      } else {
        s.switches = *expand("*", unit, switches);
      }
      if (wrong) return tl::unexpected(*wrong);
    }
    const bool up = take_word("up");
    const bool down = !up && take_word("down");
    if (up || down || take_word("link")) {
      s.what = Selection::What::cable;
      s.forth = !down;
      s.back = !up;
      if (s.tier + 1 == static_cast<int>(tiers_.size()))
        return fail(
            fmt::format("\"{}\": the {} tier is the top one, it has no uplinks: name the "
                        "switch, or links of the tier below",
                        text_, *tier));
      if (auto ok = take_numbers("uplink", fabric_.tier_links(s.tier).uplinks, s.uplinks); !ok)
        return tl::unexpected(ok.error());
    }
    if (at < words.size()) return unknown(words[at], {unit, "up", "down", "link"});
    return s;
  }

  [[nodiscard]] static std::int64_t count(const Selection& s) {
    const auto size = [](const Numbers& n) { return static_cast<std::int64_t>(n.size()); };
    switch (s.what) {
      case Selection::What::plane:
        return size(s.planes);
      case Selection::What::node:
        return size(s.planes) * size(s.groups);
      case Selection::What::nic:
      case Selection::What::device:
        return size(s.planes) * size(s.groups) * size(s.switches);
      case Selection::What::cable:
        break;
    }
    return size(s.planes) * size(s.groups) * size(s.switches) * size(s.uplinks);
  }

  /// f(link) for the `index`-th thing of a selection.
  template <class F>
  void links(const Selection& s, std::int64_t index, bool both_ways, F&& f) const {
    const auto next = [&index](const Numbers& numbers) {
      const auto size = static_cast<std::int64_t>(numbers.size());
      const std::int64_t value = numbers[static_cast<std::size_t>(index % size)];
      index /= size;
      return value;
    };
    const bool forth = s.forth || both_ways;
    const bool back = s.back || both_ways;
    const auto nic = [&](std::int64_t plane, std::int64_t node, std::int64_t k) {
      const LinkClass& out = *fabric_.find_class(Kind::nic_out);
      const std::int64_t at =
          plane * (out.count / fabric_.planes()) + node * fabric_.nics_per_node() + k;
      if (forth) f(out.first + at);
      if (back) f(fabric_.find_class(Kind::nic_in)->first + at);
    };
    // Of the cables between a tier and the next: `position` among those of a group (and rail).
    const auto cable = [&](int tier, std::int64_t plane, std::int64_t at_in_plane) {
      const std::int64_t at = plane * fabric_.tier_links(tier).plane_links + at_in_plane;
      if (forth) f(fabric_.find_class(Kind::up, tier)->first + at);
      if (back) f(fabric_.find_class(Kind::down, tier)->first + at);
    };
    switch (s.what) {
      case Selection::What::plane: {
        const std::int64_t plane = next(s.planes);
        for (std::int64_t node = 0; node < nodes_; ++node)
          for (std::int64_t k = 0; k < fabric_.nics_per_node(); ++k) nic(plane, node, k);
        for (int tier = 0; tier + 1 < static_cast<int>(tiers_.size()); ++tier)
          for (std::int64_t i = 0; i < fabric_.tier_links(tier).plane_links; ++i)
            cable(tier, plane, i);
        return;
      }
      case Selection::What::node: {
        const std::int64_t node = next(s.groups);
        const std::int64_t plane = next(s.planes);
        for (std::int64_t k = 0; k < fabric_.nics_per_node(); ++k) nic(plane, node, k);
        return;
      }
      case Selection::What::nic: {
        const std::int64_t k = next(s.switches);
        const std::int64_t node = next(s.groups);
        nic(next(s.planes), node, k);
        return;
      }
      case Selection::What::cable: {
        const Fabric::TierLinks here = fabric_.tier_links(s.tier);
        const std::int64_t uplink = next(s.uplinks);
        const std::int64_t device = next(s.switches);
        const std::int64_t group = next(s.groups);
        cable(s.tier, next(s.planes), (group * here.switches + device) * here.uplinks + uplink);
        return;
      }
      case Selection::What::device:
        break;
    }
    const std::int64_t device = next(s.switches);
    const std::int64_t group = next(s.groups);
    const std::int64_t plane = next(s.planes);
    const auto tier = s.tier;
    if (tier + 1 < static_cast<int>(tiers_.size())) {
      const Fabric::TierLinks here = fabric_.tier_links(tier);
      for (std::int64_t u = 0; u < here.uplinks; ++u)
        cable(tier, plane, (group * here.switches + device) * here.uplinks + u);
    }
    const std::int64_t group_nodes = fabric_.tier_links(tier).group_nodes;
    if (tier == 0) {
      const std::int64_t last = std::min(nodes_, (group + 1) * group_nodes);
      for (std::int64_t node = group * group_nodes; node < last; ++node)
        for (std::int64_t local = 0; local < fabric_.ranks_per_node(); ++local)
          if (fabric_.rail_of(local) == device) nic(plane, node, fabric_.nic_of(0, local));
      return;
    }
    // Every switch below of the right place, of each rail where leaves are below, has one cable.
    const Fabric::TierLinks below = fabric_.tier_links(tier - 1);
    const std::int64_t children = group_nodes / below.group_nodes;
    const std::int64_t last = std::min(groups_of(tier - 1), (group + 1) * children);
    for (std::int64_t child = group * children; child < last; ++child) {
      if (tier == 1)
        for (std::int64_t rail = 0; rail < below.switches; ++rail)
          cable(0, plane, (child * below.switches + rail) * below.uplinks + device);
      else
        cable(tier - 1, plane, child * below.switches * below.uplinks + device);
    }
  }

 private:
  [[nodiscard]] std::int64_t groups_of(int tier) const {
    const std::int64_t nodes = fabric_.tier_links(tier).group_nodes;
    return (nodes_ + nodes - 1) / nodes;
  }
  [[nodiscard]] std::int64_t switches_of(int tier) const {
    if (tier == 0) return clos_.rails;
    const Fabric::TierLinks below = fabric_.tier_links(tier - 1);
    return tier == 1 ? below.uplinks : below.switches * below.uplinks;
  }
  [[nodiscard]] tl::unexpected<Error> unknown(std::string_view word,
                                              const std::vector<std::string>& known) const {
    return fault_words::unknown(text_, word, known);
  }
  [[nodiscard]] Expected<Numbers> expand(std::string_view text, std::string_view unit,
                                         std::int64_t count) const {
    return fault_words::expand(text_, text, unit, count);
  }

  System system_;
  const Clos& clos_;
  Fabric fabric_;
  std::string_view text_;
  std::int64_t nodes_ = 0;
  std::vector<std::string> tiers_;
};

/// "2% of leaf up": how many of so many, and what is left of the text.
Expected<std::optional<double>> take_share(std::string_view& text, bool& percent) {
  const std::size_t of = text.find(" of ");
  if (of == std::string_view::npos) return std::optional<double>();
  std::string_view share = text.substr(0, of);
  percent = !share.empty() && share.back() == '%';
  if (percent) share.remove_suffix(1);
  const auto value = number<double>(share);
  const bool whole = value && *value == std::floor(*value);
  if (!value || !(*value >= 0) || (percent && *value > 100) || (!percent && !whole))
    return fail(
        fmt::format("\"{}\": \"{}\" is no share, expected a percentage or a count as in "
                    "\"2% of leaf up\" or \"3 of nic\"",
                    text, text.substr(0, of)));
  text.remove_prefix(of + 4);
  return std::optional<double>(*value);
}

/// Of the texts so far and this one: a stream of random numbers.
std::uint64_t stream_of(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = seed * 0x9e3779b97f4a7c15U + 0x6661756c7473U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

System with_links_apart(System system) {
  if (auto* clos = std::get_if<Clos>(&system.fabric)) clos->routing = Routing::ecmp;
  return system;
}

Expected<void> add_fault(const System& system, std::string_view text, bool degraded,
                         std::uint64_t seed, Faults& faults) {
  std::string_view name = text;
  double left = 0;
  if (degraded) {
    const std::size_t equals = text.rfind('=');
    const auto share =
        equals == std::string_view::npos ? std::nullopt : number<double>(text.substr(equals + 1));
    if (!share || !(*share > 0 && *share <= 1))
      return fail(
          fmt::format("\"{}\": expected the share of the capacity that is left, above 0 "
                      "and at most 1, as in \"leaf 12 up=0.5\"",
                      text));
    left = *share;
    name = text.substr(0, equals);
  }
  bool percent = false;
  const auto share = take_share(name, percent);
  if (!share) return tl::unexpected(share.error());
  const auto how_many = [&](std::int64_t all) -> Expected<std::int64_t> {
    if (!*share) return all;
    const std::int64_t chosen = percent ? std::llround(**share / 100 * static_cast<double>(all))
                                        : static_cast<std::int64_t>(std::min(**share, 1e18));
    if (chosen > all)
      return fail(fmt::format("\"{}\": there are only {}", text, format_count(all)));
    return chosen;
  };
  const auto add = [&](std::int64_t link) { faults.links.push_back({link, left}); };
  // add_things(i) for what is chosen of so many.
  const auto choose = [&](std::int64_t all, const auto& add_thing) -> Expected<void> {
    const auto chosen = how_many(all);
    if (!chosen) return tl::unexpected(chosen.error());
    const Permutation drawn(all, stream_of(seed, text));
    for (std::int64_t i = 0; i < *chosen; ++i) add_thing(*share ? drawn(i) : i);
    return {};
  };
  Expected<void> added;
  if (std::holds_alternative<Clos>(system.fabric)) {
    Names names(with_links_apart(system));
    const auto selection = names.parse(name);
    if (!selection) return tl::unexpected(selection.error());
    added = choose(Names::count(*selection),
                   [&](std::int64_t i) { names.links(*selection, i, !degraded, add); });
  } else {
    const auto things = direct_fault_links(system, name, !degraded);
    if (!things) return tl::unexpected(things.error());
    added = choose(static_cast<std::int64_t>(things->size()), [&](std::int64_t i) {
      for (const std::int64_t link : (*things)[static_cast<std::size_t>(i)]) add(link);
    });
  }
  if (!added) return added;
  std::sort(faults.links.begin(), faults.links.end(), [](const LinkFault& a, const LinkFault& b) {
    return a.link != b.link ? a.link < b.link : a.left < b.left;
  });
  faults.links.erase(
      std::unique(faults.links.begin(), faults.links.end(),
                  [](const LinkFault& a, const LinkFault& b) { return a.link == b.link; }),
      faults.links.end());
  faults.text +=
      fmt::format("{}{} {}", faults.text.empty() ? "" : "; ", degraded ? "degrade" : "fail", text);
  return {};
}

}  // namespace collscale
