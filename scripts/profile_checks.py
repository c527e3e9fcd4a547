# SPDX-License-Identifier: Apache-2.0
"""How far a profile of `collscale calibrate` is from published measurements that it was not fitted on, and how often
its intervals hold them. Used by scripts/make-profiles."""

import json
import math
import statistics

import collscale_script as cs

REGIMES = ("latency", "middle", "bandwidth")


def regime_of(size_bytes):
    return REGIMES[0] if size_bytes < 2**16 else REGIMES[1] if size_bytes <= 2**26 else REGIMES[2]


def measured_points(path, tier):
    """{(collective, algorithm, ranks): {size: median time}} of one tier of a results file."""
    records = json.loads(cs.read_text(path))["benchmarks"]
    times = {}
    for record in records:
        scenario = record["scenario"]
        if (scenario.get("nodes", 1) > 1) != (tier == "network"):
            continue
        key = (scenario["collective"], scenario.get("algorithm", "auto"), scenario["ranks"])
        times.setdefault(key, {}).setdefault(scenario["size_bytes"], []).append(record["time_s"])
    return {key: {size: statistics.median(values) for size, values in by_size.items()} for key, by_size in times.items()}


class Checker:
    """Asks `collscale predict` about measured points."""

    def __init__(self, tool):
        self.tool = tool

    def predicted(self, system, profile, key, sizes, how):
        collective, algorithm, ranks = key
        more = ["-a", algorithm] if algorithm != "auto" else ["--selector", how] if how else []
        try:
            return self.tool.json("predict", "-t", system, "-c", collective, "-n", ranks,
                                  "-s", ",".join(f"{int(size)}B" for size in sizes),
                                  "--profile", profile, "--any-system", *more)["benchmarks"]
        except cs.ToolFailed:  # what cannot be priced is no point
            return []

    def points(self, path, tier, system, profile, how=""):
        """(size, ln(measured ÷ predicted), {level: inside}, 95 % width) of every point that can be priced. `how`: of
        points whose algorithm nobody names, a selector; "": plain."""
        found = []
        for key, by_size in measured_points(path, tier).items():
            for record in self.predicted(system, profile, key, sorted(by_size), how):
                size = record["scenario"]["size_bytes"]
                measured = by_size[size]
                intervals = record.get("intervals") or []
                inside = {one["level"]: one["low_s"] <= measured <= one["high_s"] for one in intervals}
                widths = [one["high_s"] / one["low_s"] for one in intervals if one["level"] > 0.9]
                found.append((size, math.log(measured / record["time_s"]), inside, widths[0] if widths else None))
        return found


def summary(points):
    """Of some points: their number, error (the mean over the regimes of the median, by ln), shares inside the 50 and
    95 % intervals, median width."""
    if not points:
        return None
    by_size = [[abs(point[1]) for point in points if regime_of(point[0]) == regime] for regime in REGIMES]
    judged = [point for point in points if point[2]]

    def share(level):
        return statistics.mean(point[2][level] for point in judged) if judged else None
    return {"points": len(points), "error": math.expm1(statistics.mean(statistics.median(misses) for misses in by_size if misses)),
            "bias": math.expm1(statistics.median(point[1] for point in points)),
            "inside_50": share(0.5), "inside_95": share(0.95),
            "width": statistics.median(point[3] for point in judged) if judged else None}


def by_regime(points):
    return {regime: summary([point for point in points if regime_of(point[0]) == regime]) for regime in REGIMES}
