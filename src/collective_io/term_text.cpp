// SPDX-License-Identifier: Apache-2.0
#include "collective_io/term_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <vector>

namespace collscale {
namespace {

void append_product(std::string& text, std::int32_t factor, std::string_view symbol) {
  if (factor == 0) return;
  if (factor > 0 && !text.empty()) text += '+';
  if (factor == -1) text += '-';
  if (factor != 1 && factor != -1) text += fmt::format("{}", factor);
  text += symbol;
}

/// "s+1", "-2u", "4u-1"
std::string affine_text(const Affine& a) {
  std::string text;
  append_product(text, a.per_unit, "u");
  append_product(text, a.per_step, "s");
  if (a.constant != 0 || text.empty())
    text += fmt::format("{}{}", a.constant > 0 && !text.empty() ? "+" : "", a.constant);
  return text;
}

bool is_constant(const Affine& a, std::int32_t value) {
  return a.constant == value && a.per_step == 0 && a.per_unit == 0;
}

std::string set_text(const OffsetSet& set) {
  std::string cut;
  if (set.has_cut) {
    if (set.cut_high != 0 && set.cut_low < 0) cut = fmt::format(" below {}", set.cut_high);
    if (set.cut_high == 0) cut = fmt::format(" from {} on", set.cut_low);
  }
  const std::string high = set.hi_is_group_size ? "m" : affine_text(set.hi);
  if (is_constant(set.modulus, 1)) {
    Affine next = set.lo;
    next.constant += 1;
    const bool one = !set.hi_is_group_size && next.constant == set.hi.constant &&
                     next.per_step == set.hi.per_step && next.per_unit == set.hi.per_unit;
    if (one) return fmt::format("{{{}}}{}", affine_text(set.lo), cut);
    return fmt::format("[{}, {}){}", affine_text(set.lo), high, cut);
  }
  const std::string x =
      is_constant(set.divisor, 1) ? "x" : fmt::format("⌊x/{}⌋", affine_text(set.divisor));
  std::string range;
  if (!is_constant(set.lo, 0) || !set.hi_is_group_size)
    range = fmt::format(" in [{}, {})", affine_text(set.lo), high);
  return fmt::format("{{{} mod {} = {}}}{}{}", x, affine_text(set.modulus),
                     affine_text(set.residue), range, cut);
}

std::string_view frame_name(Frame frame) {
  switch (frame) {
    case Frame::cyclic:
      return "cyclic";
    case Frame::absolute:
      return "absolute";
    case Frame::exclusive_or:
      return "exclusive_or";
    case Frame::dihedral:
      return "dihedral";
  }
  return "";
}

std::string unit_text(const Phase& p) {
  if (p.unit == Unit::power_up) return fmt::format(", u = {}^s", p.base);
  if (p.unit == Unit::power_down) return fmt::format(", u = {}^{}-s", p.base, p.steps - 1);
  if (p.unit == Unit::ruler) return ", u = lowest bit of s+1";
  return "";
}

std::string phase_text(const Phase& p) {
  std::string text = p.dual ? "Dual " : "";
  if (p.network == InNetwork::multicast) return text + "switch: multicast of what each rank owns";
  if (p.network == InNetwork::all_reduce) return text + "switch: sum of everything, to all";
  if (p.root >= 0) text += fmt::format("Restrict({}) ", p.root);
  text += fmt::format("{}, {} step{}{}:", frame_name(p.frame), p.steps, p.steps == 1 ? "" : "s",
                      unit_text(p));
  for (int a = 0; a < p.arc_count; ++a) {
    const Arc& arc = p.arcs[static_cast<std::size_t>(a)];
    text += fmt::format("{} d = {}", a > 0 ? ";" : "", affine_text(arc.distance));
    if (arc.has_payload) text += fmt::format(", X = {}", set_text(arc.payload));
    if (arc.has_receivers) text += fmt::format(", W = {}", set_text(arc.receivers));
  }
  if (p.address == Address::pair) text += ", pairs";
  if (p.address == Address::spread) text += ", spread";
  if (p.address == Address::scope) text += ", all in scope";
  if (p.transfer == Transfer::give) text += ", give";
  if (p.transfer == Transfer::accumulate) text += ", both add";
  if (p.transfer == Transfer::move) text += ", move";
  if (p.lag == Lag::none)
    text += p.window > 0 ? fmt::format(", window {}", p.window) : std::string(", no waiting");
  if (p.lag == Lag::ruler) text += ", waits for its payload only";
  return text;
}

std::string view_text(const View& v) {
  std::vector<std::string> parts;
  if (v.members)
    parts.push_back(
        fmt::format("{} listed group{}", v.members->size(), v.members->size() == 1 ? "" : "s"));
  if (v.nodes == View::Nodes::inside)
    parts.push_back(fmt::format("inside the nodes of run {}", v.node_run));
  if (v.nodes == View::Nodes::leaders) parts.push_back("one rank of every node");
  for (int i = 0; i < v.digit_count; ++i) {
    const auto digit = v.digits[static_cast<std::size_t>(i)];
    const auto rotation = v.rotation[static_cast<std::size_t>(digit)];
    parts.push_back(rotation == 0 ? fmt::format("digit {}", digit)
                                  : fmt::format("digit {} rotated by {}", digit, rotation));
  }
  for (int i = 0; i < v.fixed_count; ++i) {
    const View::Fixed& fixed = v.fixed[static_cast<std::size_t>(i)];
    parts.push_back(fmt::format("digit {} = {}", fixed.digit, fixed.value));
  }
  if (v.orders)
    parts.push_back(fmt::format("local ranks in order {} of {}", v.turn + 1, v.orders->size()));
  if (v.twist != 0) parts.push_back(fmt::format("twisted by {}", v.twist));
  if (v.mirror) parts.emplace_back("mirrored");
  if (v.shift != 0) parts.push_back(fmt::format("shifted by {}", v.shift));
  if (v.core > 0) parts.push_back(fmt::format("core of {}", v.core));
  return fmt::format("Over({})", fmt::join(parts, ", "));
}

std::string weight_text(double weight) {
  const double whole = std::round(1 / weight);
  if (std::abs(whole * weight - 1) < 1e-9) return fmt::format("1/{}", whole);
  return fmt::format("{:.4g}", weight);
}

std::string child_text(const Par::Child& c) {
  if (c.copies == 1) return weight_text(c.weight) + " of the data:";
  std::vector<std::string> changes;
  if (c.rotated_digit >= 0)
    changes.push_back(fmt::format("digit {} rotated by c", c.rotated_digit));
  if (c.fixed_digit >= 0) changes.push_back(fmt::format("digit {} fixed at +c", c.fixed_digit));
  return fmt::format("copies c = 0..{}, each {} of the data{}{}:", c.copies - 1,
                     weight_text(c.weight), changes.empty() ? "" : ", ", fmt::join(changes, ", "));
}

void write(const Term& term, std::size_t depth, std::string& out) {
  const auto line = [&](std::size_t at, const std::string& text) {
    out += std::string(2 * at, ' ') + text + '\n';
  };
  if (const auto* p = std::get_if<Phase>(&term.node)) {
    line(depth, phase_text(*p));
  } else if (const auto* s = std::get_if<Seq>(&term.node)) {
    line(depth, "Seq");
    for (const Term& part : s->terms) write(part, depth + 1, out);
  } else if (const auto* par = std::get_if<Par>(&term.node)) {
    line(depth, "Par");
    for (const Par::Child& c : par->children) {
      line(depth + 1, child_text(c));
      write(*c.term, depth + 2, out);
    }
  } else if (const auto* pipe = std::get_if<Pipe>(&term.node)) {
    line(depth, pipe->window > 0
                    ? fmt::format("Pipe({} chunks, window {})", pipe->chunks, pipe->window)
                    : fmt::format("Pipe({} chunks)", pipe->chunks));
    write(*pipe->term, depth + 1, out);
  } else if (const auto* over = std::get_if<Over>(&term.node)) {
    line(depth, view_text(over->view));
    write(*over->term, depth + 1, out);
  } else if (const auto* list = std::get_if<List>(&term.node)) {
    line(depth, fmt::format("List({} message{})", list->messages->size(),
                            list->messages->size() == 1 ? "" : "s"));
  }
}

}  // namespace

std::string term_text(const Term& term) {
  std::string out;
  write(term, 0, out);
  return out;
}

}  // namespace collscale
