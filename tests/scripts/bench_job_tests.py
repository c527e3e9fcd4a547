#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The steps of scripts/bench, with the programs it calls played by stand-ins that answer from fixtures: what
it does when all goes well, when there is no GPU, and when a step fails. Usage: bench_job_tests.py"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Copies the fixture that plays the answer to wherever --json or -o points.
STAND_IN = """#!/bin/bash
echo "$(basename "$0") $*" >>"$CALLS"
case "$*" in *"$FAIL_ON"*) [ -n "$FAIL_ON" ] && echo "it broke" && exit 1 ;; esac
if [ "$(basename "$0")" = bench_nccl ]; then echo "error: no usable GPU here" >&2; exit 4; fi
case "$*" in
  *flow*) answer=flow ;; *analytic*) answer=analytic ;; extrapolate*) answer=extrapolated ;; *) answer=mpi ;;
esac
while [ $# -gt 1 ]; do
  case $1 in --json | -o) cp "$FIXTURES/$answer.json" "$2" ;; esac
  shift
done
"""
NINJA = """#!/bin/sh
[ "$3" = -t ] && printf 'collscale: phony\\nbench_mpi: phony\\nbench_nccl: phony\\n'
exit 0
"""
MPIRUN = """#!/bin/sh
if [ "$1" = --version ]; then echo "mpirun (Open MPI) 4.1.4"; exit 0; fi
while [ "${1#build/}" = "$1" ]; do shift; done
exec "$@"
"""


class BenchJob(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        shutil.copytree(os.path.join(ROOT, "scripts"), os.path.join(self.root, "scripts"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        fixtures = os.path.join(self.root, "fixtures")
        os.makedirs(fixtures)
        subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "tests/fixtures/records/make_fixtures.py"), fixtures],
                       check=True)
        with open(os.path.join(ROOT, "scripts/bench"), encoding="utf-8") as stream:
            published = {word for word in stream.read().replace('"', " ").split()
                         if word.startswith("results/published/") and word.endswith(".json")}
        for path in published:
            os.makedirs(os.path.join(self.root, os.path.dirname(path)), exist_ok=True)
            shutil.copy(os.path.join(fixtures, "published.json"), os.path.join(self.root, path))
        for name, text in (("bin/cmake", "#!/bin/sh\n"), ("bin/ninja", NINJA), ("bin/mpirun", MPIRUN),
                           ("build/release/collscale", STAND_IN), ("build/release/bench/bench_mpi", STAND_IN),
                           ("build/release/bench/bench_nccl", STAND_IN)):
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(path, 0o755)
        self.out = os.path.join(self.root, "out")

    def tearDown(self):
        shutil.rmtree(self.root)

    def bench(self, *arguments, fail_on=""):
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "FAIL_ON": fail_on,
                       "FIXTURES": os.path.join(self.root, "fixtures"), "CALLS": os.path.join(self.root, "calls"),
                       "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([os.path.join(self.root, "scripts/bench"), "--skip-install", *arguments],
                              capture_output=True, text=True, timeout=100, env=environment, check=False)

    def calls(self):
        with open(os.path.join(self.root, "calls"), encoding="utf-8") as stream:
            return stream.read().splitlines()

    def test_it_leaves_records_a_table_and_figures_and_ends_with_the_answers_and_the_path(self):
        done = self.bench("-o", self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = set(os.listdir(self.out))
        for name in ("mpi.json", "flow-all_reduce.json", "flow-all_gather.json", "analytic-all_gather.json",
                     "records.csv", "answers.txt", "doctor.txt", "busbw.svg", "busbw.png",
                     "scaling-alps.svg", "scaling-alps.png", "log"):
            self.assertIn(name, found)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], self.out)
        self.assertTrue(any("extrapolated" in line and "100,000" in line for line in lines), done.stdout)
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        steps = re.findall(r"^\[(\d+)/(\d+)\]", done.stderr, re.MULTILINE)
        self.assertEqual(steps, [(str(i + 1), str(len(steps))) for i in range(len(steps))])

    def test_without_a_gpu_it_says_so_in_one_line_and_goes_on(self):
        done = self.bench("-o", self.out, "--no-plots")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("skipped: no usable GPU here", done.stderr)
        self.assertNotIn("busbw.svg", os.listdir(self.out))

    def test_a_failing_step_is_named_and_what_was_done_before_is_kept(self):
        done = self.bench("-o", self.out, fail_on="--engine flow")
        self.assertEqual(done.returncode, 1)
        self.assertIn("it broke", done.stderr)
        self.assertIn("error: collscale predict --engine flow failed", done.stderr)
        self.assertIn("mpi.json", os.listdir(self.out))
        self.assertEqual(done.stdout, "")

    def test_quick_asks_for_less(self):
        self.assertEqual(self.bench("-o", self.out, "--no-plots", "--quick").returncode, 0)
        measured = [call for call in self.calls() if call.startswith("bench_mpi ")]
        self.assertEqual(len(measured), 1)
        self.assertIn("-f 8 --time-per-point 0.05s", measured[0])

    def test_a_second_run_of_the_day_gets_a_folder_of_its_own(self):
        first = self.bench("--no-plots").stdout.splitlines()[-1]
        second = self.bench("--no-plots").stdout.splitlines()[-1]
        self.assertEqual(second, first + "-2")


if __name__ == "__main__":
    unittest.main()
