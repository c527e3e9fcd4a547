#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/claims.py: what is read of an answer, what is said of it, and that every row is answered or says why not."""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import claims  # noqa: E402
import collscale_script as cs  # noqa: E402

ANSWER = {"benchmarks": [{"time_s": 6.0, "busbw_Bps": 3.0}],
          "parts": [{"part": "ring check", "time_s": 2.0}, {"part": "pairs", "time_s": 4.0}],
          "figures": [{"figure": "fabric.tiers[2].oversubscription", "value": 9.0}]}


def claim(low, high, ours, interval=None, made_from="", evidence="first-hand"):
    row = {"low": low, "high": high, "unit": "s", "made_from": made_from, "evidence": evidence}
    return claims.Claim(row, ours, interval)


class Formulas(unittest.TestCase):
    def test_paths_and_numbers_are_joined_from_left_to_right(self):
        beside = {"benchmarks": [{"time_s": 4.0}]}
        for formula, value in (("time", 6.0), ("time / beside:time - 1 * 100", 50.0), ("1 / busbw", 1 / 3),
                               ("parts{part=ring check}.time_s * parts{part=pairs}.time_s", 8.0),
                               ("figures{figure=fabric.tiers[2].oversubscription}.value", 9.0), ("benchmarks.0.time_s", 6.0)):
            self.assertAlmostEqual(claims.value_of(formula, ANSWER, beside), value, msg=formula)


class Verdicts(unittest.TestCase):
    def test_the_nearest_end_counts(self):
        self.assertEqual(claim("1", "2", 1.5).ratio, 1)
        self.assertEqual(claim("1", "2", 4.0).ratio, 2)
        self.assertEqual(claim("1", "2", 0.5).ratio, 0.5)
        self.assertEqual(claim("", "2", 0.5).ratio, 1)
        self.assertEqual(claim("4", "", 2.0).ratio, 0.5)

    def test_words_follow_the_ratio(self):
        for ours, verdict in ((1.05, "agrees"), (0.92, "agrees"), (1.2, "near"), (1.6, "off"), (2.5, "far off"), (0.3, "far off")):
            self.assertEqual(claim("1", "1", ours).verdict, verdict)
        self.assertEqual(claim("", "2", 1.0).verdict, "within the bound")
        self.assertEqual(claim("", "2", 5.0).verdict, "far off")
        self.assertEqual(claim("1", "1", 1.6, (0.9, 2.0)).verdict, "in our interval")
        self.assertEqual(claim("1", "1", 1.0, made_from="yes").verdict, "made from it")
        self.assertEqual(claim("1", "1", 1.0, evidence="derived").verdict, "by its formula")
        self.assertEqual(claim("1", "1", 1.2, evidence="derived").verdict, "not its formula")


class AllRows(unittest.TestCase):
    def test_every_row_is_answered_or_says_why_not_and_what_is_off_is_explained(self):
        found = claims.check(cs.Tool(os.environ["COLLSCALE_TOOL"]))
        self.assertGreater(len(found), 130)
        for one in found:
            self.assertEqual(one.ours is None, bool(one.row["no_answer"]), one.row["id"])
            if one.ours is not None and one.verdict in ("off", "far off"):
                self.assertTrue(one.row["remark"], one.row["id"])
        self.assertIn("| claim |", claims.report(found))


if __name__ == "__main__":
    unittest.main()
