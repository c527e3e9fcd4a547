#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Published single figures (results/published/claims.csv) beside what our commands say of the same.

Every row has either the command that is asked, and what of its JSON is read, or the reason why nothing of ours says
anything about it. The columns are described in results/published/README.md.
"""

import csv
import math
import os
import re
import shlex
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import collscale_format as fmt
import collscale_script as cs

FILE = cs.ROOT / "results" / "published" / "claims.csv"
SHORT = {"time": "benchmarks.0.time_s", "busbw": "benchmarks.0.busbw_Bps"}
OPERATIONS = {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "-": lambda a, b: a - b}
AGREES, NEAR, FAR = math.log(1.1), math.log(1.25), math.log(2)


def at_path(document, path):
    """`points.0.matrix{algorithm=Ring,protocol=LL}.estimate_s`: keys, positions, and the element that matches."""
    for step in re.findall(r"(?:[^.{]|\{[^}]*\})+", SHORT.get(path, path)):
        name, wanted = re.fullmatch(r"([^{]+)(?:\{(.*)\})?", step).groups()
        document = document[int(name) if name.isdigit() else name]
        if wanted:
            pairs = [pair.split("=") for pair in wanted.split(",")]
            document = next(item for item in document if all(str(item[key]) == value for key, value in pairs))
    return document


def value_of(formula, answer, beside):
    """A number: paths and numbers joined by ` * `, ` / ` and ` - `, from left to right. `beside:` before a path is of
    the second command."""
    words = formula.split(" ")

    def operand(word):
        if re.fullmatch(r"[0-9.]+", word):
            return float(word)
        return at_path(beside, word.removeprefix("beside:")) if word.startswith("beside:") else at_path(answer, word)

    # A key may hold a space ("ring check"): what is no operation belongs to the word before it.
    joined = []
    for word in words:
        if joined and word not in OPERATIONS and joined[-1] not in OPERATIONS:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    value = operand(joined[0])
    for operation, word in zip(joined[1::2], joined[2::2]):
        value = OPERATIONS[operation](value, operand(word))
    return value


def worded(value, unit):
    if value is None:
        return ""
    if unit == "s":
        return fmt.time(value) if value < 3600 else f"{fmt.digits3(value / 3600)} h"
    if unit in ("B/s", "B"):
        return fmt.bandwidth(value) if unit == "B/s" else f"{fmt.digits3(value / 1e9)} GB"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"×{text}" if unit == "1" else f"{text} {unit}"


@dataclass
class Claim:
    """A row of the file, and what we say of it where something does."""

    row: dict
    ours: float | None = None
    interval: tuple | None = None
    how: str = ""

    @property
    def bounds(self):
        return tuple(float(self.row[edge]) if self.row[edge] else None for edge in ("low", "high"))

    @property
    def said(self):
        low, high = self.bounds
        unit = self.row["unit"]
        if low is None or high is None:
            return f"at most {worded(high, unit)}" if low is None else f"at least {worded(low, unit)}"
        return worded(low, unit) if low == high else f"{worded(low, unit)} to {worded(high, unit)}"

    @property
    def ratio(self):
        """Ours over the nearest end of what was said; 1 between the two."""
        low, high = self.bounds
        if low is not None and self.ours < low:
            return self.ours / low
        return self.ours / high if high is not None and self.ours > high else 1.0

    @property
    def verdict(self):
        if self.row["made_from"]:
            return "made from it"
        if self.row["evidence"] == "derived":
            return "by its formula" if abs(math.log(self.ratio)) <= AGREES else "not its formula"
        if None in self.bounds and self.ratio == 1:
            return "within the bound"
        off = abs(math.log(self.ratio)) if self.ratio > 0 else math.inf
        if off <= AGREES:
            return "agrees"
        inside = self.interval and all(self.interval[0] <= b <= self.interval[1] for b in self.bounds if b is not None)
        if inside:
            return "in our interval"
        return "near" if off <= NEAR else "off" if off <= FAR else "far off"


ORDER = ["agrees", "within the bound", "in our interval", "near", "off", "far off", "by its formula", "not its formula",
         "made from it"]


def how_of(command, answer):
    """Which of our models answered, and how far it was checked."""
    if command[0] == "startup":
        first, last = answer["validated_ranks"]
        return f"start-up, {fmt.ranks(int(first))} to {fmt.ranks(int(last))} ranks"
    if command[0] == "goodput":
        return "goodput, first order"
    if command[0] == "topo":
        return "the system's file"
    if "--table" in command:
        return f"NCCL's model, {answer['selector']}"
    record = answer["benchmarks"][0]
    checked = record["validated_to_ranks"]
    known = f"measured to {fmt.ranks(checked)} ranks" if checked else "not calibrated"
    return f"{record['engine']}, {record['trust']}, {known}"


def interval_of(command, answer):
    if command[0] == "startup" and len(command) > 1:
        return answer["points"][0]["low_s"], answer["points"][0]["high_s"]
    if "benchmarks" in answer:
        for item in answer["benchmarks"][0]["intervals"]:
            if math.isclose(item["level"], 0.95):
                return item["low_s"], item["high_s"]
    return None


def answered(tool, row):
    claim = Claim(row)
    if not row["ask"]:
        return claim
    command = shlex.split(row["ask"])
    answer = tool.json(*command)
    beside = tool.json(*shlex.split(row["beside"])) if row["beside"] else None
    try:
        claim.ours = value_of(row["reads"], answer, beside)
    except (KeyError, IndexError, StopIteration, ValueError, TypeError):
        raise cs.Refused(f"{FILE}: {row['id']}: no \"{row['reads']}\" in what `collscale {row['ask']}` says") from None
    claim.how = how_of(command, answer)
    if row["unit"] == "s" and row["reads"] in ("time", "points.0.time_s"):
        claim.interval = interval_of(command, answer)
    return claim


def read(topologies=None):
    """All rows; or those whose command is about one of these systems."""
    with open(FILE, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if topologies is None:
        return rows
    return [row for row in rows if set(shlex.split(row["ask"])) & set(topologies)]


def check(tool, topologies=None):
    rows = read(topologies)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda row: answered(tool, row), rows))


def summary(claims):
    asked = [c for c in claims if c.ours is not None]
    free = [c for c in asked if not c.row["made_from"] and c.row["evidence"] != "derived"]
    counts = Counter(c.verdict for c in asked)
    listed = ", ".join(f"{v} {counts[v]}" for v in ORDER if counts[v])
    return (f"{len(claims)} single figures, {len(asked)} of which a command of ours says something about: {listed}. "
            f"\"Agrees\": within 10 % of what was said, \"near\": within 25 %, \"far off\": a factor of 2 and more; \"in our interval\": "
            f"farther off than 10 %, but our interval covers it; \"made from it\": a model or a system's file took the figure "
            "from there, so that it proves nothing; \"by its formula\": nobody published the figure, it was worked out from a "
            f"published formula, which ours must give; {len(free)} are neither. The commands are in `results/published/claims.csv`, "
            "column `ask`.")


def table(claims):
    rows = []
    for claim in claims:
        if claim.ours is None:
            continue
        unit = claim.row["unit"]
        ours = worded(claim.ours, unit)
        if claim.interval:
            ours += f" ({worded(claim.interval[0], unit)} to {worded(claim.interval[1], unit)})"
        rows.append([claim.row["what"], claim.row["source"], f"{claim.row['kind']}, {claim.row['evidence']}", claim.said,
                     ours, f"{claim.ratio:.2f}", claim.how, claim.verdict])
    return fmt.markdown_table(["claim", "source", "evidence", "said", "ours", "ours ÷ theirs", "how", "verdict"], rows)


def worst(claims):
    """Those that are off, farthest first, and of those that are near the ones whose reason is known."""
    bad = [c for c in claims if c.ours is not None and
           (c.verdict in ("off", "far off", "not its formula") or c.verdict == "near" and c.row["remark"])]
    bad.sort(key=lambda c: -abs(math.log(c.ratio)) if c.ratio > 0 else -math.inf)
    by_reason = defaultdict(list)
    for claim in bad:
        by_reason[claim.row["remark"] or "not known"].append(f"`{claim.row['id']}` ×{claim.ratio:.2g}")
    return "\n".join(f"* {', '.join(ids)}: {reason}." for reason, ids in by_reason.items())


def unanswered(claims):
    by_reason = defaultdict(list)
    for claim in claims:
        if claim.ours is None:
            by_reason[claim.row["no_answer"]].append(claim.row["id"])
    ordered = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    return fmt.markdown_table(["why nothing of ours says anything", "claims"],
                              [[reason, ", ".join(f"`{id_}`" for id_ in ids)] for reason, ids in ordered])


def report(claims):
    return "\n\n".join(part for part in (summary(claims), table(claims),
                                         f"Where they are off, farthest first, and why (of those that are near, where the reason is known):\n\n{worst(claims)}" if worst(claims) else "",
                                         unanswered(claims)) if part)


def page(claims):
    """docs/validation.md with these claims, as `stale` and `write_stale` take it."""
    return {cs.VALIDATION_PAGE: cs.between_markers(cs.VALIDATION_PAGE, "claims", report(claims))}


def write(claims):
    cs.write_stale(page(claims))


def main():
    parser = cs.Parser(__doc__, "scripts/claims.py", "scripts/claims.py --docs")
    parser.add_tool()
    parser.add_argument("--docs", action="store_true", help="write docs/validation.md")
    parser.add_argument("--check", action="store_true", help="print nothing; 1 where docs/validation.md says something else")
    options = parser.parse_args()
    claims = check(cs.Tool(options.tool))
    if options.check:
        cs.refuse_stale(cs.stale(page(claims)), "scripts/claims.py --docs")
        return
    print(report(claims))
    if options.docs:
        write(claims)


if __name__ == "__main__":
    cs.main_guard(main)
