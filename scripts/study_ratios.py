#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How wrong the analytic engine's ratio between two algorithms is, where both were measured at one point: the width that
`collscale extrapolate --alternatives` gives such a ratio (src/fit/alternatives.hpp). Prints, by the size of the ratio, the
median error and that of 95 %, as factors.

  scripts/study_ratios.py
"""
import itertools
import json
import math
import statistics
from collections import defaultdict

import collscale_script as cs

NCCL = ["ring", "tree", "nvls", "nvls_tree", "collnet_chain", "collnet_direct"]
MPI = ["ring", "recursive_doubling", "halving_doubling", "bruck", "pairwise", "recursive_halving"]
HOSTS = "fat-tree:nodes=16384,gpus=1,nic=200Gbps"  # MPI on hosts, several of them on fabrics without closed forms
DATA = [("together-b200", "together-b200", NCCL), ("marenostrum5-h100", "marenostrum5-acc", NCCL),
        ("leonardo-mpi-03-28", HOSTS, MPI), ("leonardo-mpi-04-06", HOSTS, MPI), ("leonardo-mpi-06-04", HOSTS, MPI),
        ("lumi-mpi", HOSTS, MPI)]


def measured(path, names):
    """{(collective, ranks, size): {algorithm: median seconds}} where there are two or more."""
    times = defaultdict(lambda: defaultdict(list))
    for item in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]:
        scenario = item["scenario"]
        if scenario.get("algorithm") in names and scenario["size_bytes"] >= 1:
            point = (scenario["collective"], scenario["ranks"], scenario["size_bytes"])
            times[point][scenario["algorithm"]].append(item["time_s"])
    return {point: {a: statistics.median(t) for a, t in of.items()} for point, of in times.items() if len(of) > 1}


def predicted(tool, topology, points):
    """{(point, algorithm): seconds} of those that the engine prices."""
    sizes = defaultdict(set)
    for (collective, ranks, size), of in points.items():
        for algorithm in of:
            sizes[(collective, ranks, algorithm)].add(size)
    times = {}
    for (collective, ranks, algorithm), wanted in sizes.items():
        try:
            answer = tool.json("predict", "-t", topology, "-c", collective, "-a", algorithm, "-n", ranks, "-s",
                               ",".join(f"{int(s)}B" for s in sorted(wanted)))
        except cs.ToolFailed:
            continue
        for item in answer["benchmarks"]:
            times[((collective, ranks, item["scenario"]["size_bytes"]), algorithm)] = item["time_s"]
    return times


def main():
    parser = cs.Parser(__doc__)
    parser.add_tool()
    tool = cs.Tool(parser.parse_args().tool)
    pairs = []  # ln of the ratio, measured and predicted
    for name, topology, names in DATA:
        points = measured(cs.ROOT / "results" / "published" / f"{name}.json", names)
        times = predicted(tool, topology, points)
        for point, of in points.items():
            for a, b in itertools.combinations(sorted(of), 2):
                if (point, a) in times and (point, b) in times:
                    pairs.append((math.log(of[a] / of[b]), math.log(times[point, a] / times[point, b])))
    for low, high in ((0, math.inf), (0, 1), (1, 2), (2, math.inf)):
        errors = sorted(abs(m - p) for m, p in pairs if low <= abs(p) < high)
        print(f"|ln ratio| {low} to {high}: {len(errors)} points, median x{math.exp(statistics.median(errors)):.2f}, "
              f"95 % within x{math.exp(errors[int(0.95 * len(errors))]):.2f}")
    print(f"the quicker one is the quicker one at {100 * sum((m > 0) == (p > 0) for m, p in pairs) / len(pairs):.0f} %")


if __name__ == "__main__":
    cs.main_guard(main)
