# SPDX-License-Identifier: Apache-2.0
"""Predictions of scales that were left out, by the program that users run, and what they are judged by.

The largest scale of every published series is predicted from the records of at most a d-th of its ranks:
`collscale extrapolate` sees a file that holds nothing else, so nothing of the answer can leak into it.
"""

import json
import math
import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median

import collscale_script as cs

DISTANCES = (2, 4, 8, 16)
REGIMES = ("latency", "middle", "bandwidth")
LEVEL = 0.95


def regime_of(size_bytes):
    return "latency" if size_bytes < 65536 else "bandwidth" if size_bytes > 67108864 else "middle"


@dataclass
class Point:
    size_bytes: float
    measured_s: float
    predicted_s: float
    low_s: float
    high_s: float
    line_s: float | None  # a straight line in ln t over ln n through the last two scales, where there are two

    @property
    def error(self):
        return abs(math.log(self.predicted_s / self.measured_s))

    @property
    def line_error(self):
        return None if self.line_s is None else abs(math.log(self.line_s / self.measured_s))

    @property
    def inside(self):
        return self.low_s <= self.measured_s <= self.high_s

    @property
    def log_width(self):
        return math.log(self.high_s / self.low_s)

    @property
    def score(self):
        """Winkler's interval score in ln t: the width, and 2/alpha of what lies outside (smaller is better)."""
        outside = max(0.0, math.log(self.low_s / self.measured_s), math.log(self.measured_s / self.high_s))
        return self.log_width + 2 / (1 - LEVEL) * outside


@dataclass
class HeldOut:
    """One series predicted at its largest scale."""

    system: str
    collective: str
    algorithm: str
    distance: int
    trained_ranks: list
    ranks: int
    across_nodes: bool
    engine: str = "nccl"
    points: list = field(default_factory=list)
    refused: str = ""

    @property
    def name(self):
        return f"{self.collective}/{self.algorithm}"


def nodes_of(record):
    return int(record.scenario.get("nodes") or 1)


def cells_of(records):
    """{ranks: {size: median time}}"""
    values = defaultdict(lambda: defaultdict(list))
    for record in records:
        values[record.ranks][record.size_bytes].append(record.time_s)
    return {ranks: {size: median(times) for size, times in sizes.items()} for ranks, sizes in values.items()}


def at_size(cells, size):
    """Straight lines in logarithms between measured sizes; None outside them."""
    sizes = sorted(cells)
    if size in cells:
        return cells[size]
    if not sizes or not sizes[0] < size < sizes[-1]:
        return None
    upper = next(s for s in sizes if s > size)
    lower = sizes[sizes.index(upper) - 1]
    share = math.log(size / lower) / math.log(upper / lower)
    return math.exp((1 - share) * math.log(cells[lower]) + share * math.log(cells[upper]))


def straight_line(cells, scales, size, ranks):
    if len(scales) < 2:
        return None
    first, last = scales[-2:]
    before, after = at_size(cells[first], size), at_size(cells[last], size)
    if before is None or after is None:
        return None
    return after * (after / before) ** (math.log(ranks / last) / math.log(last / first))


def topology_of(records):
    """The machine's own file where the records name one, else a fat tree of its node size with room for all."""
    named = records[0].scenario.get("topology")
    if named:
        return named
    across = [r for r in records if nodes_of(r) > 1]
    per_node = max((r.ranks // nodes_of(r) for r in across), default=max(r.ranks for r in records))
    return f"fat-tree:nodes=16384,gpus={per_node},radix=1024,hop_latency=0ns"


class Predictor:
    """`collscale extrapolate` on files of its own."""

    def __init__(self, tool, folder, priors_of=None, same_system=True):
        self.tool, self.folder, self.priors_of = tool, folder, priors_of or {}
        self.same_system = ["--same-system"] if same_system else []

    def __call__(self, number, training, held_out, sizes, topology):
        path = os.path.join(self.folder, f"train-{number}.json")
        cs.write_text(path, json.dumps({"context": training[0].context, "benchmarks": [r.item for r in training]}))
        priors = ["--priors", self.priors_of[held_out.system]] if held_out.system in self.priors_of else []
        try:
            answer_file = self.tool.json("extrapolate", path, "-t", topology, "-c", held_out.collective, "-a",
                                         held_out.algorithm, "-s", ",".join(f"{int(s)}B" for s in sizes), "-n",
                                         held_out.ranks, *self.same_system, *priors)
        except cs.ToolFailed as failed:
            return {}, failed.sentence
        answers = {}
        for answer in answer_file["benchmarks"]:
            interval = next(i for i in answer["intervals"] if math.isclose(i["level"], LEVEL))
            answers[round(answer["scenario"]["size_bytes"])] = (answer["time_s"], interval["low_s"], interval["high_s"])
        return answers, ""

    def fill(self, number, training, held_out, truth, topology, line_at=lambda size: None):
        """The points of `held_out`, or why it is refused; `truth`: {size: time}."""
        answers, held_out.refused = self(number, training, held_out, sorted(truth), topology)
        held_out.points = [Point(size, measured_s, *answers[round(size)], line_at(size))
                           for size, measured_s in sorted(truth.items()) if round(size) in answers]


def plan(records_by_system):
    """(HeldOut, training records, truth as {size: time}, cells of the training)."""
    planned = []
    for system, records in records_by_system.items():
        series = defaultdict(list)
        for record in records:
            series[(record.collective, record.algorithm)].append(record)
        for (collective, algorithm), members in series.items():
            for across in (True, False):
                tier = [r for r in members if (nodes_of(r) > 1) == across]
                scales = sorted({r.ranks for r in tier})
                for distance in DISTANCES:
                    trained = [n for n in scales if n * distance <= scales[-1]]
                    # A distance that is met nearly: 6 from 2 of 8 GPUs counts as none.
                    if not trained or scales[-1] >= 1.5 * distance * trained[-1]:
                        continue
                    training = [r for r in members if r.ranks <= trained[-1]]
                    truth = cells_of(r for r in tier if r.ranks == scales[-1])[scales[-1]]
                    held_out = HeldOut(system, collective, algorithm, distance, trained, scales[-1], across, members[0].engine)
                    planned.append((held_out, training, truth, cells_of(r for r in tier if r.ranks <= trained[-1])))
    return planned


def predict_all(tool, folder, records_by_system, progress, priors_of=None):
    """Every HeldOut; `priors_of` has files with priors for systems that are not to have the program's own."""
    planned = plan(records_by_system)
    predictor = Predictor(tool, folder, priors_of)

    def one(item):
        number, (held_out, training, truth, cells) = item
        topology = topology_of(records_by_system[held_out.system])
        predictor.fill(number, training, held_out, truth, topology,
                       lambda size: straight_line(cells, held_out.trained_ranks, size, held_out.ranks))
        progress(number + 1, len(planned))
        return held_out

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, enumerate(planned)))


def predict_siblings(tool, folder, pairs, records_by_system):
    """A HeldOut per series and scale that both systems of a pair have, of the second, predicted from the first's records as
    those of another machine; sizes between those that the first measured there. {pair: [HeldOut]}"""
    predictor = Predictor(tool, folder, same_system=False)
    predicted = defaultdict(list)
    for known, unknown in pairs:
        series = defaultdict(list)
        for record in records_by_system[unknown]:
            series[(record.collective, record.algorithm, record.ranks, nodes_of(record))].append(record)
        for (collective, algorithm, ranks, nodes), members in series.items():
            training = [r for r in records_by_system[known] if (r.collective, r.algorithm) == (collective, algorithm)]
            there = [r.size_bytes for r in training if (r.ranks, nodes_of(r)) == (ranks, nodes)]
            truth = {size: time_s for size, time_s in cells_of(members)[ranks].items()
                     if there and min(there) <= size <= max(there)}
            if not truth:
                continue
            held_out = HeldOut(unknown, collective, algorithm, 1, [ranks], ranks, nodes > 1)
            predictor.fill("sibling", training, held_out, truth, topology_of(members))
            predicted[(known, unknown)].append(held_out)
    return predicted


def noise_floors(records_by_system):
    """By system: the median ratio of the largest to the smallest of repeated measurements of a point."""
    floors = {}
    for system, records in records_by_system.items():
        repeats = defaultdict(list)
        for r in records:
            repeats[(r.collective, r.algorithm, r.ranks, r.size_bytes)].append(r.time_s)
        ratios = [max(times) / min(times) for times in repeats.values() if len(times) > 1]
        if ratios:
            floors[system] = median(ratios)
    return floors


def by_system(held_outs, value, wanted=lambda point: True):
    """{system: median over its points of value}"""
    values = defaultdict(list)
    for held_out in held_outs:
        for point in held_out.points:
            if wanted(point) and value(point) is not None:
                values[held_out.system].append(value(point))
    return {system: median(list_) for system, list_ in values.items()}


def mean_by_system(held_outs, value):
    values = defaultdict(list)
    for held_out in held_outs:
        for point in held_out.points:
            if value(point) is not None:
                values[held_out.system].append(value(point))
    return {system: sum(list_) / len(list_) for system, list_ in values.items()}


def line_scores(held_outs):
    """The straight line's interval score with intervals made as ours are: of its errors' 2.5 and 97.5 % quantiles,
    those of a system from the others where there are others."""
    errors = defaultdict(list)
    for held_out in held_outs:
        for point in held_out.points:
            if point.line_s is not None:
                errors[held_out.system].append(math.log(point.measured_s / point.line_s))
    scores = {}
    for system, own in errors.items():
        others = sorted(e for s, list_ in errors.items() if s != system or len(errors) == 1 for e in list_)
        low = min(0.0, others[int(0.025 * (len(others) - 1))])
        high = max(0.0, others[math.ceil(0.975 * (len(others) - 1))])
        scores[system] = sum(high - low + 2 / (1 - LEVEL) * max(0.0, low - e, e - high) for e in own) / len(own)
    return scores
