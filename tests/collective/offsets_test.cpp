// SPDX-License-Identifier: Apache-2.0
#include "collective/offsets.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

#include "collective/terms.hpp"

namespace collscale {
namespace {

RC_GTEST_PROP(Offsets, CountAndRunsAgreeWithMembership, ()) {
  Offsets set;
  set.low = *rc::gen::inRange<std::int64_t>(-60, 60);
  set.high = *rc::gen::inRange<std::int64_t>(-60, 90);
  set.divisor = *rc::gen::inRange<std::int64_t>(1, 9);
  set.modulus = *rc::gen::inRange<std::int64_t>(1, 9);
  set.residue = *rc::gen::inRange<std::int64_t>(0, set.modulus);
  std::vector<std::int64_t> members;
  for (std::int64_t x = -100; x < 100; ++x)
    if (set.contains(x)) members.push_back(x);
  std::vector<std::int64_t> listed;
  set.for_each([&](std::int64_t x) { listed.push_back(x); });
  std::sort(listed.begin(), listed.end());
  RC_ASSERT(listed == members);
  RC_ASSERT(set.count() == static_cast<std::int64_t>(members.size()));
}

/// The law that makes frames interchangeable: "x behind me" is "x − d behind the one d behind me",
/// with d the most recent step of x.
TEST(Frames, OffsetsCompose) {
  for (const Frame frame : {Frame::cyclic, Frame::exclusive_or, Frame::dihedral}) {
    for (const Unit unit : {Unit::power_up, Unit::power_down}) {
      Phase p = phase(frame, unit, 5, {arc(units_of(1))});
      const std::int64_t m = 32;
      for (std::int64_t w = 0; w < m; ++w) {
        for (std::int64_t x = 1; x < m; ++x) {
          std::int64_t d = x & -x;  // unit down: the lowest bit is the last step
          if (unit == Unit::power_up)
            while ((x & ~(2 * d - 1)) != 0) d *= 2;
          EXPECT_EQ(behind(p, behind(p, w, d, m), x - d, m), behind(p, w, x, m));
          EXPECT_EQ(ahead(p, behind(p, w, x, m), x, m), w);
        }
      }
    }
  }
}

TEST(Frames, EveryOffsetNamesAnotherRank) {
  for (const Frame frame : {Frame::cyclic, Frame::exclusive_or, Frame::dihedral}) {
    Phase p = phase(frame, Unit::power_up, 4, {arc(units_of(1))});
    for (std::int64_t w = 0; w < 16; ++w) {
      std::set<std::int64_t> seen;
      for (std::int64_t x = 0; x < 16; ++x) seen.insert(behind(p, w, x, 16));
      EXPECT_EQ(seen.size(), 16U);
    }
  }
}

TEST(Frames, DihedralHopsAreThoseOfSwing) {
  // De Sensi et al., Swing, NSDI 2024: 1, −1, 3, −5, 11, −21.
  const std::vector<std::int64_t> hops{1, -1, 3, -5, 11, -21};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(dihedral_hop(i), hops[static_cast<std::size_t>(i)]);
}

TEST(Frames, AbsoluteOffsetsEndAtTheGroup) {
  const Phase p = phase(Frame::absolute, Unit::one, 1, {arc(constant(3))});
  EXPECT_EQ(behind(p, 5, 3, 8), 2);
  EXPECT_EQ(behind(p, 2, 3, 8), kNoRank);
  EXPECT_EQ(behind(p, 6, -3, 8), kNoRank);
}

TEST(Units, AreOnePowersAndRuler) {
  Phase p = phase(Frame::cyclic, Unit::ruler, 15, {arc(units_of(1))});
  const std::vector<std::int64_t> ruler{1, 2, 1, 4, 1, 2, 1, 8};
  for (std::int64_t s = 0; s < 8; ++s)
    EXPECT_EQ(unit_value(p, s), ruler[static_cast<std::size_t>(s)]);
  p.unit = Unit::power_down;
  p.steps = 4;
  p.base = 3;
  EXPECT_EQ(unit_value(p, 0), 27);
  EXPECT_EQ(unit_value(p, 3), 1);
}

}  // namespace
}  // namespace collscale
