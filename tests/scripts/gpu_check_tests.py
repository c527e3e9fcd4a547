#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/gpu-check with the built bench_nccl on the stand-ins of tests/standin. The environment names both:
COLLSCALE_BENCH_NCCL, COLLSCALE_STANDIN_LIB."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = os.environ["COLLSCALE_BENCH_NCCL"]
# Rows as nccl-tests prints them: size, count, type, redop, root; time, algbw, busbw, #wrong out of place, then in place.
NCCL_TESTS = """#!/bin/sh
echo "# nThread 1 nGpus 2"
for size in 8 256; do
  echo "        $size           2     float     sum      -1    10.50    0.00    0.00      0    10.40    0.00    0.00      0"
done
"""


class GpuCheck(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name) / "check"

    def check(self, *arguments, gpus=2, **variables):
        environment = {**os.environ, "LD_LIBRARY_PATH": os.environ["COLLSCALE_STANDIN_LIB"],
                       "COLLSCALE_STANDIN_GPUS": str(gpus), **variables}
        return subprocess.run([str(ROOT / "scripts" / "gpu-check"), "-o", str(self.folder), "--quick", *arguments],
                              capture_output=True, text=True, timeout=100, env=environment, check=False)

    def report(self):
        return (self.folder / "report.md").read_text(encoding="utf-8")

    def test_every_step_is_reported_and_leaves_its_file_and_log(self):
        done = self.check("--gpus", "2", "--bench", BENCH, "--only", "in_place", "two_processes_tcp", "pairs", "gate", "bad_type")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.strip(), str(self.folder / "report.md"))
        report = self.report()
        self.assertIn("stand-in, not a GPU", report)
        self.assertIn("| pairs | pairs of GPUs, all at once and in turn | left out | 0.0 | needs 4 GPUs, here are 2 |", report)
        self.assertIn("4 ok, 0 failed, 1 left out.", report)
        self.assertIn("exit 3", report)
        records = json.loads((self.folder / "two_processes_tcp.json").read_text())["benchmarks"]
        self.assertEqual({record["scenario"]["ranks"] for record in records}, {2})
        self.assertTrue((self.folder / "log" / "gate.log").stat().st_size > 0)
        self.assertTrue((self.folder / "environment.txt").exists())

    def test_a_step_that_fails_is_told_and_the_others_run(self):
        done = self.check("--gpus", "2", "--bench", BENCH, "--only", "in_place", "bad_type",
                          COLLSCALE_STANDIN_FAULT="ncclAllGather:1:error=ncclSystemError")
        self.assertEqual(done.returncode, 1)
        self.assertIn("| in_place | in place | failed |", self.report())
        self.assertIn("exit 1, expected 0: ncclAllGather", self.report())
        self.assertIn("1 ok, 1 failed", self.report())

    def test_nccl_tests_are_run_alternately_and_laid_beside(self):
        tests = pathlib.Path(self.scratch.name) / "tests"
        tests.mkdir()
        (tests / "all_reduce_perf").write_text(NCCL_TESTS)
        (tests / "all_reduce_perf").chmod(0o755)
        done = self.check("--gpus", "2", "--bench", BENCH, "--only", "bad_flag", "--nccl-tests", str(tests), "--rounds", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(self.report(), r"\| all_reduce \| 256 \| 10\.50 \(10\.50 \.\. 10\.50\) \| [0-9.]+ \(")
        self.assertIn("Not compared: all_gather_perf is not in ", self.report())

    def test_bad_usage_is_one_sentence(self):
        for arguments, sentence in ((["--only", "evens"], 'unknown step "evens"'), (["--frobnicate"], "--frobnicate"),
                                    (["--gpus", "1", "--bench", "/nowhere"], "/nowhere is no program"),
                                    (["--gpus", "0"], "expected 1 or more")):
            done = self.check(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(sentence, done.stderr)

    def test_without_a_gpu_that_is_said(self):
        done = self.check(PATH="/nowhere:/usr/bin:/bin") if not os.path.exists("/usr/bin/nvidia-smi") else None
        if done:
            self.assertEqual(done.returncode, 4)
            self.assertIn("no nvidia-smi here", done.stderr)


if __name__ == "__main__":
    unittest.main()
