# SPDX-License-Identifier: Apache-2.0
"""The one reader of our result files for every script here.

Shapes: `read([paths])` gives a list of Record; times in seconds, sizes in bytes, rates in bytes/s.
Errors: `Refused`, one sentence with the file and what was expected.
"""

import difflib
import json
import math
import os
import re
from dataclasses import dataclass, field

from collscale_script import Parser, Refused

SCHEMA_MAJOR = 1

ENGINES = ["nccl", "mpi", "flow", "event", "analytic"]
TRUST_ORDER = ["measured", "emulated", "simulated", "predicted"]
COLLECTIVE_ORDER = ["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "reduce",
                    "gather", "scatter", "send_recv", "barrier", "all_gather_v", "all_to_all_v"]


# What a file may leave out of a scenario (docs/results-format.md).
SCENARIO_DEFAULTS = {"topology": "", "algorithm": "auto", "protocol": "", "selector": "", "dtype": "float", "op": "sum",
                     "root": 0, "in_place": False, "nodes": 0, "layout": "", "placement": "packed", "failures": ""}


def results_parser(description, example):
    """The arguments of a script that reads result files."""
    parser = Parser(description, example)
    parser.add_argument("results", nargs="+", metavar="RESULTS", help="result files of any engine")
    return parser


@dataclass
class Record:
    """One answer of one engine, as in src/record/record.hpp."""

    file: str
    context: dict
    name: str
    engine: str
    trust: str
    scenario: dict
    time_s: float
    algbw_Bps: float
    busbw_Bps: float
    iterations: int = 1
    samples_s: list = field(default_factory=list)
    quantiles: dict = field(default_factory=dict)  # {"p5": seconds, ...}
    intervals: list = field(default_factory=list)  # [{level, low_s, high_s}]
    bottleneck: str = ""
    breakdown: list = field(default_factory=list)
    bound_s: float | None = None
    utilisation: float | None = None
    assumed_figures: int | None = None
    validated_to_ranks: int | None = None
    source: str = ""
    item: dict = field(default_factory=dict, repr=False)  # as the file has it
    fitted_on: str = ""  # the system whose measurements a fit is of, where they are read as well

    @property
    def collective(self):
        return self.scenario["collective"]

    @property
    def algorithm(self):
        return self.scenario.get("algorithm") or "auto"

    @property
    def variant(self):
        """The algorithm, and the protocol where one is named: "ring/LL128"."""
        return "/".join(part for part in (self.algorithm, self.scenario.get("protocol")) if part)

    @property
    def ranks(self):
        return int(self.scenario["ranks"])

    @property
    def size_bytes(self):
        return float(self.scenario["size_bytes"])

    @property
    def is_extrapolated(self):
        """Beyond the largest scale at which the answer was checked against a measurement."""
        return self.validated_to_ranks is not None and self.ranks > self.validated_to_ranks

    @property
    def is_fitted(self):
        """From a fit to measured times, so it knows how far it was checked. Not an engine's answer that starts from
        fitted figures of the topology: its context says how many those are."""
        return (self.trust == "predicted" and self.validated_to_ranks is not None
                and "calibrated_figures" not in self.context)

    @property
    def alternative(self):
        """What stands in the place of the measured algorithm or fabric, "" where this is the answer itself."""
        found = re.match(r"alternative, not measured: (.*?) x[0-9.e+-]+, ", self.source)
        return found.group(1) if found else ""

    @property
    def alternative_to(self):
        """The variant whose answer this stands in the place of; "" where that is not said."""
        found = re.search(r"; of the answer for ([^:]*): ", self.source)
        return found.group(1) if self.alternative and found else ""

    @property
    def system(self):
        """What was measured or modelled, in the fewest words that tell two of them apart."""
        if self.fitted_on:
            return self.fitted_on
        if self.trust == "measured" and self.source:
            described = re.split(r"[,(]", str(self.context.get("system", "")))[0].strip()
            return self.scenario.get("topology") or described or os.path.splitext(os.path.basename(self.file))[0]
        if self.trust == "measured":
            return self.context.get("host_name") or "this machine"
        return self.scenario.get("topology") or "no topology"

    def interval(self, level):
        """(low_s, high_s) of the interval at this level, or None."""
        for item in self.intervals:
            if math.isclose(item["level"], level):
                return item["low_s"], item["high_s"]
        return None


def bus_factor(collective, ranks):
    """busbw / algbw, the definition of nccl-tests' doc/PERFORMANCE.md."""
    if collective == "all_reduce":
        return 2 * (ranks - 1) / ranks
    if collective in ("all_gather", "reduce_scatter", "all_to_all", "gather", "scatter", "all_gather_v", "all_to_all_v"):
        return (ranks - 1) / ranks
    return 1.0


def busbw_at(record, time_s):
    """Bus bandwidth this record's scenario would have at another time: for bands."""
    return record.size_bytes / time_s * bus_factor(record.collective, record.ranks)


def _number(value, where):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Refused(f"{where} is {json.dumps(value)}, expected a finite number")
    return value


def _one_of(value, names, where):
    if value not in names:
        near = difflib.get_close_matches(str(value), names, n=1)
        hint = f", did you mean \"{near[0]}\"?" if near else f"; valid: {', '.join(names)}"
        raise Refused(f"{where}: unknown name {json.dumps(value)}{hint}")
    return value


def _record(path, context, item, index):
    where = f"{path}: benchmarks[{index}]"
    try:
        scenario = {**SCENARIO_DEFAULTS, **item["scenario"]}
        for key in ("ranks", "size_bytes"):
            _number(scenario[key], f"{where}.scenario.{key}")
        _one_of(scenario["collective"], COLLECTIVE_ORDER, f"{where}.scenario.collective")
        record = Record(
            file=path, context=context, name=item["name"], scenario=scenario,
            engine=_one_of(item["engine"], ENGINES, f"{where}.engine"),
            trust=_one_of(item["trust"], TRUST_ORDER, f"{where}.trust"),
            time_s=_number(item["time_s"], f"{where}.time_s"),
            algbw_Bps=_number(item["algbw_Bps"], f"{where}.algbw_Bps"),
            busbw_Bps=_number(item["busbw_Bps"], f"{where}.busbw_Bps"))
    except KeyError as missing:
        raise Refused(f"{where} has no field {missing}: is this a collscale result file?") from None
    except TypeError:
        raise Refused(f"{where} is not a record of collscale") from None
    record.item = item
    record.iterations = item.get("iterations", 1)
    record.samples_s = item.get("samples_s") or []
    try:
        for quantile in item.get("quantiles") or []:
            record.quantiles[quantile["which"]] = _number(quantile["value_s"], f"{where}.quantiles")
        for interval in item.get("intervals") or []:
            for key in ("level", "low_s", "high_s"):
                _number(interval[key], f"{where}.intervals.{key}")
    except (KeyError, TypeError):
        raise Refused(f"{where}: quantiles or intervals are not as results/schema/ says") from None
    record.intervals = item.get("intervals") or []
    record.breakdown = item.get("breakdown") or []
    record.bottleneck = item.get("bottleneck") or ""
    record.source = item.get("source") or ""
    for name in ("bound_s", "utilisation", "assumed_figures", "validated_to_ranks"):
        setattr(record, name, item.get(name))
    return record


def read_file(path):
    """The records of one file. Refuses a file of another major schema version."""
    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: not JSON: {error}") from None
    context = document.get("context") if isinstance(document, dict) else None
    if not isinstance(context, dict) or not isinstance(document.get("benchmarks"), list):
        raise Refused(f"{path}: expected a result file: an object with `context` and `benchmarks`")
    version = str(context.get("schema_version", ""))
    if not version:
        raise Refused(f"{path}: context.schema_version is missing, expected {SCHEMA_MAJOR}.x")
    if version.split(".")[0] != str(SCHEMA_MAJOR):
        raise Refused(f"{path}: schema version {version}, but these scripts read {SCHEMA_MAJOR}.x: "
                      "use the scripts of the version that wrote it")
    return [_record(path, context, item, index) for index, item in enumerate(document["benchmarks"])]


def read(paths):
    """The records of all files, in the order given; none at all is an error."""
    records = [record for path in paths for record in read_file(path)]
    if not records:
        raise Refused(f"no records in {', '.join(paths)}")
    link_fits(records)
    return records


def repository_of(source):
    """`github:owner/name@commit file [run]`: what stands before the commit, the file and the run."""
    return re.split(r"[@ \[]", source)[0]


def link_fits(records):
    """A fit's source names the repository of the measurements it is of: the two belong to one system in
    figures and tables."""
    system_of = {repository_of(r.source): r.system for r in records if r.trust == "measured" and r.source}
    for record in records:
        if record.is_fitted:
            for repository, system in system_of.items():
                if f" on {repository}," in record.source:
                    record.fitted_on = system


def are_alternatives(records):
    """Whether several algorithms answer one question here. If not, the algorithm that changes along a line is
    the library's or the selector's choice, and the line is one."""
    chosen = {}
    for record in records:
        question = (record.collective, record.engine, record.trust, record.system, record.ranks, record.size_bytes)
        if chosen.setdefault(question, record.algorithm) != record.algorithm:
            return True
    return False


def median_of(records):
    """The middle one of several answers to the same question, as repeats of others' measurements are."""
    return sorted(records, key=lambda r: r.time_s)[len(records) // 2]


def in_order(values, order):
    """Known names first, in the field's order, then the others by alphabet."""
    return sorted(set(values), key=lambda v: (order.index(v) if v in order else len(order), v))
