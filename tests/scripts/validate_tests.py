#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/validate: its figures on known numbers, and as a user runs it."""

import math
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import held_out as ho  # noqa: E402
import plot_held_out  # noqa: E402

TOOL = os.environ["COLLSCALE_TOOL"]


def validate(*arguments):
    return subprocess.run([os.path.join(ROOT, "scripts", "validate"), "--program", TOOL, *arguments], capture_output=True,
                          text=True, timeout=110, check=False)


class Figures(unittest.TestCase):
    def test_a_point_inside_its_interval_scores_the_width(self):
        point = ho.Point(1024, 1.0, 1.1, 0.5, 2.0, None)
        self.assertTrue(point.inside)
        self.assertAlmostEqual(point.score, math.log(4))
        self.assertAlmostEqual(point.error, math.log(1.1))

    def test_a_point_outside_pays_forty_times_the_distance(self):
        point = ho.Point(1024, 4.0, 1.1, 0.5, 2.0, 1.0)
        self.assertFalse(point.inside)
        self.assertAlmostEqual(point.score, math.log(4) + 40 * math.log(2))
        self.assertAlmostEqual(point.line_error, math.log(4))

    def test_the_line_goes_on_as_the_last_two_scales_did(self):
        cells = {8: {1024.0: 1.0}, 16: {1024.0: 2.0}}
        self.assertAlmostEqual(ho.straight_line(cells, [8, 16], 1024.0, 64), 8.0)
        self.assertIsNone(ho.straight_line(cells, [16], 1024.0, 64))

    def test_sizes_between_two_are_on_a_straight_line_in_logarithms(self):
        self.assertAlmostEqual(ho.at_size({1.0: 1.0, 4.0: 4.0}, 2.0), 2.0)
        self.assertIsNone(ho.at_size({1.0: 1.0, 4.0: 4.0}, 8.0))

    def test_regimes_are_those_of_the_estimator(self):
        self.assertEqual([ho.regime_of(s) for s in (65535, 65536, 67108864, 67108865)],
                         ["latency", "middle", "middle", "bandwidth"])


class Panels(unittest.TestCase):
    def drawn(self, sizes):
        points = [ho.Point(size, 2.0, 2.1, 1.0, 4.0, 3.0) for size in sizes]
        held_out = ho.HeldOut("Somewhere", "all_reduce", "auto", 2, [8, 16], 32, True, points=points)
        figure, axis = plot_held_out.style.plt.subplots()
        plot_held_out.draw_panel(axis, held_out)
        figure.canvas.draw()
        shown = [c for c in axis.collections for path in c.get_paths() if path.get_extents().height > 0]
        markers = [line.get_marker() for line in axis.lines]
        plot_held_out.style.plt.close(figure)
        return shown, markers

    def test_a_series_of_many_sizes_has_a_band(self):
        shown, markers = self.drawn([1024.0, 2048.0, 4096.0])
        self.assertEqual(len(shown), 1)
        self.assertNotIn("_", markers)

    def test_one_size_alone_has_its_interval_and_prediction_too(self):
        shown, markers = self.drawn([1024.0])
        self.assertEqual(len(shown), 1)
        self.assertEqual(markers.count("_"), 2)  # predicted, and the straight line


class AsAUser(unittest.TestCase):
    def test_alps_is_predicted_as_well_as_the_tables_say(self):
        done = validate("alps-gh200")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = re.findall(r"^\| alps-gh200 \| (\d+) \| [\d, ]+ \| 256 \| 1 \| (\d+) \| ([\d.]+) % \| ([\d.]+) %", done.stdout, re.M)
        self.assertEqual([int(r[0]) for r in rows], [2, 4, 8, 16])
        for distance, points, error, line in rows:
            self.assertEqual(int(points), 30)
            self.assertLess(float(error), 12, distance)
            self.assertLess(float(error), float(line), distance)

    def test_a_missed_target_is_said_and_fails_where_that_is_asked(self):
        done = validate("l40s-aiconfigurator", "--gate")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("distance 2: nothing to judge by", done.stdout)

    def test_only_claims_about_the_system_are_asked(self):
        self.assertIn("\n1 single figures, 1 of which", validate("sophia-a100").stdout)

    def test_bad_usage_is_one_sentence(self):
        for arguments, words in ((["alps"], "no system \"alps\""), (["--programme", "x"], "unrecognized arguments"),
                                 (["alps-gh200", "--docs"], "leave out SYSTEM"),
                                 (["--program", "/nowhere"], "/nowhere is no program")):
            done = validate(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
