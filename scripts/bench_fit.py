#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What calibrating and extrapolating costs on many measurements: makes a result file of all_reduce times from a known
law with noise, runs `collscale calibrate` and `collscale extrapolate --profile` on it with 1,000 bootstrap replicates,
twice, and prints seconds of wall and processor time and whether the two gave the same numbers.

  scripts/bench_fit.py                                   20,000 rows
  scripts/bench_fit.py --rows 2000 --keep synthetic.json
Exit codes: 0 ok, 1 a command failed or two runs differ, 2 bad usage, 3 slower than --limit.
"""
import json
import math
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

import collscale_script as cs

RANKS_PER_NODE, NODES = 8, [1, 2, 4, 8, 16, 32, 64, 128]
ALGORITHMS = ["auto", "ring", "tree", "pat", "halving_doubling", "recursive_doubling", "hierarchical", "nvls_tree"]
SIZES = [2 ** k for k in range(3, 33)]


def records(rows, algorithms, engine, seed):
    """`rows` records of 240 points per algorithm, in as many runs as it takes."""
    draw = random.Random(seed)
    points = [(algorithm, nodes, size) for algorithm in ALGORITHMS[:algorithms] for nodes in NODES for size in SIZES]
    for row in range(rows):
        algorithm, nodes, size = points[row % len(points)]
        ranks, run = RANKS_PER_NODE * nodes, row // len(points)
        ring = 2 * (ranks - 1) * (3e-6 + size / ranks / 80e9)
        tree = 15e-6 + 12e-6 * math.log2(2 * nodes) + size / 25e9
        time_s = min(ring, tree) * math.exp(draw.gauss(0, 0.05))
        scenario = {"collective": "all_reduce", "algorithm": algorithm, "size_bytes": size, "ranks": ranks,
                    "nodes": nodes}
        yield {"name": f"all_reduce/{algorithm}/float/bytes:{size}/ranks:{ranks}", "run_type": "iteration", "iterations": 1,
               "real_time": time_s * 1e6, "cpu_time": time_s * 1e6, "time_unit": "us", "engine": engine,
               "trust": "measured", "scenario": scenario, "time_s": time_s, "algbw_Bps": size / time_s,
               "busbw_Bps": size / time_s * 2 * (ranks - 1) / ranks, "source": f"synthetic [run {run}]"}


def seconds(command):
    """Wall and processor seconds, and what it printed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise cs.Refused(f"{' '.join(command)}: {done.stderr.strip()}", exit_code=1)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    parser = cs.Parser(__doc__)
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--algorithms", type=int, default=1, choices=range(1, len(ALGORITHMS) + 1), metavar="N",
                        help=f"measured ones, each a series of its own, 1 to {len(ALGORITHMS)} [1]")
    parser.add_argument("--engine", default="mpi", choices=("mpi", "nccl"),
                        help="whose: of what MPI chooses more is fitted [mpi]")
    parser.add_argument("--limit", type=float, metavar="S", help="exit 3 where both take longer than this together")
    parser.add_argument("--keep", metavar="FILE", help="write the measurements there, too")
    parser.add_tool("--program")
    options = parser.parse_args()
    if options.rows < 2 * len(NODES) * len(SIZES) * options.algorithms:
        raise cs.Refused(f"--rows {options.rows}: expected at least 480 per algorithm")
    cs.Tool(options.program, "--program")
    text = json.dumps({"context": {"schema_version": "1.3"}, "benchmarks": list(records(options.rows, options.algorithms, options.engine, 1))})
    with tempfile.TemporaryDirectory() as folder:
        data, profile = os.path.join(folder, "data.json"), os.path.join(folder, "profile.json")
        for path in [data] + ([options.keep] if options.keep else []):
            pathlib.Path(path).write_text(text, encoding="utf-8")
        calibrate = [options.program, "calibrate", data, "-t", "colossus-100k", "-c", "all_reduce", "-o", profile]
        extrapolate = [options.program, "extrapolate", "--profile", profile, "-t", "colossus-100k", "-c", "all_reduce",
                       "-a", "all", "-s", "8B:4GiB:x2", "-n", "1024:100000:x4,100000", "--json", "-"]
        total, seen = 0.0, []
        for repetition in range(2):
            fitted, answered = seconds(calibrate), seconds(extrapolate)
            numbers = [(b["time_s"], b["intervals"]) for b in json.loads(answered[2])["benchmarks"]]
            seen.append((pathlib.Path(profile).read_text(encoding="utf-8"), numbers))
            if repetition == 0:
                for name, (wall, processor, _) in (("calibrate", fitted), ("extrapolate", answered)):
                    print(f"{name:12} {wall:6.2f} s, {processor:6.2f} s of processor time")
                total = fitted[0] + answered[0]
    same = seen[0] == seen[1]
    print(f"{options.rows:,} rows, 1,000 replicates, {len(numbers)} answers: {total:.1f} s; the second run gave "
          f"{'the same' if same else 'other'} numbers")
    if not same:
        sys.exit(1)
    if options.limit and total > options.limit:
        sys.exit(3)


if __name__ == "__main__":
    cs.main_guard(main)
