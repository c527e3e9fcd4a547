// SPDX-License-Identifier: Apache-2.0
#include "model/lane_likeness.hpp"

#include <cstddef>

namespace collscale {

std::int64_t turn_of(const View& view) {
  if (view.nodes != View::Nodes::none || view.orders) return view.turn;
  for (int i = 0; i < view.fixed_count; ++i)
    if (view.fixed[static_cast<std::size_t>(i)].digit == 0)
      return view.fixed[static_cast<std::size_t>(i)].value;
  return view.rotation[0];
}

View straight(View view) {
  view.turn = 0;
  view.rotation[0] = 0;
  for (int i = 0; i < view.fixed_count; ++i)
    if (view.fixed[static_cast<std::size_t>(i)].digit == 0)
      view.fixed[static_cast<std::size_t>(i)].value = 0;
  return view;
}

bool same_but_turned(const Lane& a, const Lane& b) {
  return a.map.size == b.map.size && a.map.radix == b.map.radix &&
         a.scope_fraction == b.scope_fraction && straight(a.map.view) == straight(b.map.view) &&
         a.phase == b.phase;
}

bool sends_alike(const Lane& a, const Lane& b, bool backwards) {
  const Phase& p = a.phase;
  const Phase& q = b.phase;
  return (p.dual != q.dual) == backwards && p.steps == q.steps && p.network == InNetwork::none &&
         a.map.size == b.map.size && a.gathers_for_others == b.gathers_for_others &&
         a.map.radix == b.map.radix && p.frame == q.frame && p.unit == q.unit &&
         p.address == q.address && p.transfer == q.transfer && p.lag == q.lag &&
         p.network == q.network && p.arc_count == q.arc_count && p.base == q.base &&
         p.window == q.window && p.root == q.root && p.arcs == q.arcs;
}

bool is_same(const Lane& a, const Lane& b, bool backwards) {
  return sends_alike(a, b, backwards) && a.scope_fraction == b.scope_fraction &&
         a.map.view == b.map.view;
}

}  // namespace collscale
