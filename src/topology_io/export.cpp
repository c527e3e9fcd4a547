// SPDX-License-Identifier: Apache-2.0
#include "topology_io/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "topology/fabric.hpp"
#include "topology/flow_hash.hpp"
#include "units/quantity.hpp"
#include "xml/escape.hpp"

namespace collscale {

namespace {

constexpr double kMostBytes = 512.0 * 1024 * 1024;
constexpr double kBytesPerLink = 150;  // of either format, about
constexpr double kBytesPerRoute = 90;  // and of each link on it:
constexpr double kBytesPerStep = 45;

/// Links of a route on average, from some of them.
double mean_route(const Fabric& fabric, const ExportOptions& options) {
  const std::int64_t stride = std::max<std::int64_t>(1, options.ranks / 64);
  double links = 0;
  double routes = 0;
  for (std::int64_t a = 0; a < options.ranks; a += stride) {
    for (std::int64_t b = 0; b < options.ranks; b += stride) {
      links += fabric.path(a, b, flow_hash(a, b, options.seed, 0)).length;
      routes += 1;
    }
  }
  return routes > 0 ? links / routes : 0;
}

Expected<void> check_size(const System& system, const Fabric& fabric, double links,
                          const ExportOptions& options) {
  if (options.ranks > max_ranks(system))
    return fail(fmt::format("--ranks: found {}, more than the {} of {}", options.ranks,
                            max_ranks(system), system.name));
  const auto n = static_cast<double>(options.ranks);
  const double bytes = links * kBytesPerLink +
                       n * (n - 1) * (kBytesPerRoute + kBytesPerStep * mean_route(fabric, options));
  if (bytes <= kMostBytes) return {};
  return fail(fmt::format(
      "the links and routes of {} ranks of {} would take about {}, more than "
      "{}: ask for fewer with --ranks",
      format_count(options.ranks), system.name, format_size(bytes), format_size(kMostBytes)));
}

std::string identifier(const Fabric& fabric, std::int64_t link) {
  std::string id = fabric.link_name(link);
  std::replace(id.begin(), id.end(), ' ', '_');
  return xml_escaped(id);
}

bool is_scale_up(const LinkClass& link_class) {
  using Kind = LinkClass::Kind;
  return link_class.kind == Kind::scale_up_out || link_class.kind == Kind::scale_up_in ||
         link_class.kind == Kind::scale_up_link;
}

}  // namespace

Expected<std::string> simgrid_platform(const System& system, const ExportOptions& options) {
  const Fabric fabric(system);
  if (auto fits = check_size(system, fabric, 0, options); !fits)
    return tl::unexpected<Error>(fits.error());
  const auto route = [&](std::int64_t a, std::int64_t b) {
    return fabric.path(a, b, flow_hash(a, b, options.seed, 0));
  };
  std::set<std::int64_t> used;
  for (std::int64_t a = 0; a < options.ranks; ++a)
    for (std::int64_t b = 0; b < options.ranks; ++b)
      for (const std::int64_t link : route(a, b).view()) used.insert(link);

  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(
      out,
      "<?xml version=\"1.0\"?>\n"
      "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      "<!-- {}: {} of {} ranks, flow hashes of seed {}. Links are one way. Within a node "
      "the latency is a link of its own, since forwarding to another rail has none. -->\n"
      "<platform version=\"4.1\">\n  <zone id=\"system\" routing=\"Full\">\n",
      xml_escaped(system.origin), options.ranks, max_ranks(system), options.seed);
  for (std::int64_t rank = 0; rank < options.ranks; ++rank)
    fmt::format_to(out, "    <host id=\"rank-{}\" speed=\"1Gf\"/>\n", rank);
  fmt::format_to(out,
                 "    <link id=\"scale-up_latency\" bandwidth=\"1e18Bps\" latency=\"{}s\" "
                 "sharing_policy=\"FATPIPE\"/>\n",
                 fabric.latency_s(0));
  for (const std::int64_t link : used) {
    const LinkClass& link_class = fabric.class_of(link);
    fmt::format_to(out, "    <link id=\"{}\" bandwidth=\"{}Bps\" latency=\"{}s\"/>\n",
                   identifier(fabric, link), link_class.capacity_Bps,
                   is_scale_up(link_class) ? 0.0 : fabric.link_latency_s(link));
  }
  for (std::int64_t a = 0; a < options.ranks; ++a) {
    for (std::int64_t b = 0; b < options.ranks; ++b) {
      if (a == b) continue;
      fmt::format_to(out, "    <route src=\"rank-{}\" dst=\"rank-{}\" symmetrical=\"NO\">", a, b);
      const std::int64_t per_node = fabric.ranks_per_node();
      const NodeLinks* links = fabric.node_links();
      const bool in_node = fabric.turning_level(a, b) == 0;
      const int hops = in_node && links ? links->hops(a % per_node, b % per_node) : in_node ? 1 : 0;
      for (int hop = 0; hop < hops; ++hop) text += "<link_ctn id=\"scale-up_latency\"/>";
      for (const std::int64_t link : route(a, b).view())
        fmt::format_to(out, "<link_ctn id=\"{}\"/>", identifier(fabric, link));
      text += "</route>\n";
    }
  }
  text += "  </zone>\n</platform>\n";
  return text;
}

Expected<std::string> links_json(const System& system, const ExportOptions& options) {
  using Json = nlohmann::ordered_json;
  const Fabric fabric(system);
  const auto count = static_cast<double>(fabric.link_count());
  if (auto fits = check_size(system, fabric, count, options); !fits)
    return tl::unexpected<Error>(fits.error());
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{{\"system\": {},\n \"links\": [", Json(system.origin).dump());
  for (std::int64_t link = 0; link < fabric.link_count(); ++link) {
    const LinkClass& link_class = fabric.class_of(link);
    const LinkEnds ends = fabric.ends(link);
    const Json one = {
        {"name", fabric.link_name(link)},          {"tier", fabric.tier_name(link_class)},
        {"from", fabric.vertex_name(ends.from)},   {"to", fabric.vertex_name(ends.to)},
        {"capacity_Bps", link_class.capacity_Bps}, {"latency_s", fabric.link_latency_s(link)}};
    fmt::format_to(out, "{}\n  {}", link == 0 ? "" : ",", one.dump());
  }
  text += "\n ]";
  if (options.ranks > 0) {
    text += ",\n \"routes\": [";
    bool first = true;
    for (std::int64_t a = 0; a < options.ranks; ++a) {
      for (std::int64_t b = 0; b < options.ranks; ++b) {
        if (a == b) continue;
        const Path path = fabric.path(a, b, flow_hash(a, b, options.seed, 0));
        fmt::format_to(out, "{}\n  {{\"source\":{},\"destination\":{},\"links\":[{}]}}",
                       first ? "" : ",", a, b, fmt::join(path.begin(), path.end(), ","));
        first = false;
      }
    }
    text += "\n ]";
  }
  text += "}\n";
  return text;
}

}  // namespace collscale
