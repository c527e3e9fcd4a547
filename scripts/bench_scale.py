#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the simulators cost at full scale: the target of each row, and what this machine takes.

Runs the benchmark programs of a build, each row in a process of its own so that its memory is its own, and prints
a table; the best of some repetitions counts, since other work on the machine only ever adds. Exit 3 where a target is
missed and --gate is given.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import collscale_format as fmt
import collscale_script as cs

# Work, program, benchmark (a regular expression), target; per second where the target is a rate. Memory in bytes.
ROWS = [
    ("hierarchical all_reduce, 1 GiB, colossus-100k, ecmp, 100,000 GPUs", "bench_engines",
     "flow_ecmp/all_reduce_hierarchical/100000", 0.1, 200e6),
    ("the same on 1,000,000 GPUs, four planes, ecmp", "bench_engines",
     "flow_million/all_reduce_hierarchical_ecmp/1000000", 1.0, 1e9),
    ("ring all_reduce, 100,000, ecmp", "bench_engines", "flow_ecmp/all_reduce_ring/100000", 0.5, None),
    ("double tree all_reduce, 100,000, ecmp", "bench_engines", "flow_ecmp/all_reduce_double_tree/100000", 0.5, None),
    ("halving/doubling all_reduce, 100,000, ecmp", "bench_engines",
     "flow_ecmp/all_reduce_halving_doubling/100000", 0.5, None),
    ("PAT all_gather, 100,000, ecmp", "bench_engines", "flow_ecmp/all_gather_pat/100000", 0.5, None),
    ("all_to_all by aggregated demand, 100,000", "bench_engines", "flow_ecmp/all_to_all_pairwise/100000", 2.0, None),
    ("all_to_all by aggregated demand, 1,000,000", "bench_engines",
     "flow_million/all_to_all_pairwise/1000000", 30.0, None),
    ("200 hash trials of the first row", "bench_engines", "flow_trials/200/real_time", 10.0, None),
    ("progressive filling, 100,000 unequal flows, three tiers", "bench_max_min", "rates/ecmp_random", 1.0, None),
    ("event: ring without noise, rank-steps per second", "bench_event", "ring/none/[^/]*/real_time", "1e10/s", None),
    ("event: exponential noise", "bench_event", "ring/exponential:1us/[^/]*/real_time", "2.5e9/s", None),
    ("event: lognormal noise", "bench_event", "ring/lognormal:1us:0.5/[^/]*/real_time", "1e9/s", None),
    ("event: Pareto noise", "bench_event", "ring/pareto:1us:3/[^/]*/real_time", "1e9/s", None),
    ("event: flat ring, 100,000 ranks, exponential noise on every step", "bench_event",
     "flat_ring_of_100000/exponential:1us.*", 8.0, None),
    ("event: logarithmic depth, 1,048,576 ranks", "bench_event", "log_depth/.*", 15.0, 4e9),
    ("event: the same, messages per second", "bench_event", "log_depth/.*", "1e7/s", None),
]
# 4 collectives x 8 algorithms x 25 sizes x 5 systems of 100,000 accelerators: 4,000 points, by engine flow. Broadcast
# has the second eight names, the others the first: no name is of both.
SWEEP = ("sweep: 4 collectives x 8 algorithms x 25 sizes x 5 systems, 100,000", 60.0, 4000)
SWEEP_ARGUMENTS = [
    *("-t", "colossus-100k"),
    *("-t", "fat-tree:nodes=12500,rails=8,radix=128,routing=ecmp,oversubscription=3"),
    *("-t", "fat-tree:nodes=12500,planes=4,radix=128,routing=ecmp"),
    *("-t", "torus:dims=25x25x20,gpus=8"),
    *("-t", "dragonfly:groups=125,routers=20,nodes=5,gpus=8,global=7,routing=adaptive"),
    *("-C", "all_reduce,all_gather,reduce_scatter,broadcast"),
    *("-a", "ring,bidirectional_ring,hierarchical,hierarchical_3level,hierarchical_halving_doubling,swing,bine,pat,"
      "chain,binomial,knomial,binary_tree,scatter_all_gather,scatter_doubling,double_tree,bine_tree"),
    *("-s", "64B:1GiB:x2", "--engine", "flow"),
]
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def run(program, pattern, repetitions):
    """The benchmarks that match, and the largest memory of the process; None where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        command = [program, f"--benchmark_filter=^{pattern}$", f"--benchmark_out={out}", "--benchmark_min_time=0.01",
                   f"--benchmark_repetitions={repetitions}"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        errors = child.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise cs.Refused(f"{program} failed on {pattern}: {errors.strip()}", exit_code=1)
        try:
            with open(out, encoding="utf-8") as file:
                found = json.load(file)["benchmarks"]
        except (OSError, ValueError, KeyError):
            return None, 0
    found = [one for one in found if one.get("run_type", "iteration") == "iteration"]
    wrong = [one for one in found if one.get("error_occurred")]
    if wrong:
        raise cs.Refused(f"{wrong[0]['name']}: {wrong[0].get('error_message', 'failed')}", exit_code=1)
    return found or None, usage.ru_maxrss * 1024


def run_sweep(program, points, repetitions):
    """The shortest time from start to end, and the largest memory."""
    best, memory = None, 0
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "sweep.json")
        for _ in range(repetitions):
            start = time.monotonic()
            child = subprocess.Popen([program, *SWEEP_ARGUMENTS, "-o", out], stderr=subprocess.PIPE)
            errors = child.stderr.read().decode(errors="replace")
            _, status, usage = os.wait4(child.pid, 0)
            took = time.monotonic() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                raise cs.Refused(f"{program} failed: {errors.strip()}", exit_code=1)
            best = took if best is None else min(best, took)
            memory = max(memory, usage.ru_maxrss * 1024)
        with open(out, encoding="utf-8") as file:
            found = len(json.load(file)["benchmarks"])
        if found != points:
            raise cs.Refused(f"the sweep has {found} points, {points} are expected", exit_code=1)
    return best, memory


def megabytes(value):
    return f"{value / 1e6:.0f} MB"


def main():
    parser = cs.Parser(__doc__)
    parser.add_argument("--build", default="build/release", help="the build folder (default build/release)")
    parser.add_argument("--repetitions", type=int, default=3, help="the best of so many counts (default 3)")
    parser.add_argument("--gate", action="store_true", help="exit 3 where a target is missed")
    options = parser.parse_args()
    table = [("work", "target", "measured", "of target", "memory", "")]
    missed = False
    for work, name, pattern, target, most_memory in ROWS:
        program = os.path.join(options.build, "bench", name)
        found, memory = (None, 0)
        if os.access(program, os.X_OK):
            print(f"{work} ...", file=sys.stderr)
            found, memory = run(program, pattern, options.repetitions)
        is_rate = isinstance(target, str)
        goal = float(target[:-2]) if is_rate else target
        wanted = (f">= {goal:.2g}/s" if is_rate else f"<= {fmt.tick_time(goal)}") + (
            f", {megabytes(most_memory)}" if most_memory else "")
        if found is None:
            missed = True  # a gate that measured nothing has not been passed
            table.append((work, wanted, "not built", "", "", ""))
            continue
        if is_rate:
            best = max(one["items_per_second"] for one in found)
            share, shown = best / goal, f"{best:.3g}/s"
            good = best >= goal
        else:
            best = min(one["real_time"] * SECONDS[one["time_unit"]] for one in found)
            share, shown = best / goal, fmt.time(best)
            good = best <= goal
        good = good and not (most_memory and memory > most_memory)
        missed = missed or not good
        table.append((work, wanted, shown, f"{100 * share:.0f} %", megabytes(memory), "" if good else "missed"))
    work, goal, points = SWEEP
    program = os.path.join(options.build, "bench", "collscale-sweep")
    if os.access(program, os.X_OK):
        print(f"{work} ...", file=sys.stderr)
        best, memory = run_sweep(program, points, options.repetitions)
        missed = missed or best > goal
        table.append((work, f"<= {fmt.tick_time(goal)}", fmt.time(best), f"{100 * best / goal:.0f} %", megabytes(memory),
                      "" if best <= goal else "missed"))
    else:
        missed = True
        table.append((work, f"<= {fmt.tick_time(goal)}", "not built", "", "", ""))
    if all(row[2] == "not built" for row in table[1:]):
        raise cs.Refused(f"--build: {options.build} holds none of the programs that are measured; build them first")
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        cells = [cell.ljust(width) if i in (0, 5) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    load = os.getloadavg()[0]
    cores = os.cpu_count() or 1
    if load > cores + 1:
        print(f"the load average is {load:.1f} on {cores} cores: on an idle machine all of this is faster",
              file=sys.stderr)
    return 3 if options.gate and missed else 0


if __name__ == "__main__":
    cs.main_guard(main)
