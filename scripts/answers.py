#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the answers of a run as one table: for each collective, system and number of ranks the time of
the smallest and of the largest message, the bus bandwidth of the largest, and how far to trust it."""

from collections import defaultdict

import collscale_format as fmt
import collscale_records as cr
import collscale_script as cs

COLUMNS = ["collective", "how", "system", "ranks", "smallest", "largest", "bus bandwidth", "95 % interval of the time"]
RIGHT = {"ranks", "smallest", "largest", "bus bandwidth"}
HOW_ORDER = ["measured", "measured by others", "emulated", "simulated", "predicted", "extrapolated"]


def how(record):
    if record.is_fitted and record.is_extrapolated:
        return "extrapolated"
    return "measured by others" if record.trust == "measured" and record.source else record.trust


def chosen(records):
    """Groups that the table shows: of other people's measurements and of fits only the largest scale, and
    no closed-form prediction where the simulator answered the same question."""
    groups = defaultdict(list)
    for record in records:
        groups[(record.collective, how(record), record.system, record.ranks)].append(record)
    simulated = {(c, s, n) for (c, h, s, n) in groups if h == "simulated"}
    largest = defaultdict(int)
    for collective, word, system, ranks in groups:
        largest[(collective, word, system)] = max(largest[(collective, word, system)], ranks)
    kept = {}
    for (collective, word, system, ranks), members in groups.items():
        only_largest = word in ("measured by others", "extrapolated") or any(m.is_fitted for m in members)
        if only_largest and ranks < largest[(collective, word, system)]:
            continue
        if word == "predicted" and ((collective, system, ranks) in simulated or any(m.is_fitted for m in members)):
            continue
        kept[(collective, word, system, ranks)] = members
    return kept


def line(key, members):
    collective, word, system, ranks = key
    sizes = sorted({m.size_bytes for m in members})
    small = cr.median_of([m for m in members if m.size_bytes == sizes[0]])
    large = cr.median_of([m for m in members if m.size_bytes == sizes[-1]])
    band = large.interval(0.95)
    return {
        "collective": collective, "how": word, "system": system, "ranks": fmt.ranks(ranks),
        "smallest": f"{fmt.size(small.size_bytes)} in {fmt.time(small.time_s)}",
        "largest": f"{fmt.size(large.size_bytes)} in {fmt.time(large.time_s)}",
        "bus bandwidth": fmt.bandwidth(large.busbw_Bps),
        "95 % interval of the time": f"{fmt.time(band[0])} to {fmt.time(band[1])}" if band else "",
    }


def table(records):
    kept = chosen(records)
    order = sorted(kept, key=lambda k: (cr.COLLECTIVE_ORDER.index(k[0]) if k[0] in cr.COLLECTIVE_ORDER else 99,
                                        HOW_ORDER.index(k[1]), k[2], k[3]))
    rows = [line(key, kept[key]) for key in order]
    columns = [c for c in COLUMNS if any(row[c] for row in rows)]
    widths = {c: max(len(c), *(len(row[c]) for row in rows)) for c in columns}

    def put(values):
        cells = [values[c].rjust(widths[c]) if c in RIGHT else values[c].ljust(widths[c]) for c in columns]
        return "  ".join(cells).rstrip()

    lines = [put({c: c for c in columns}), put({c: "-" * widths[c] for c in columns})]
    for previous, row in zip([None, *rows], rows):
        if previous and previous["collective"] != row["collective"]:
            lines.append("")
        lines.append(put(row))
    return "\n".join(lines) + "\n"


def main():
    parser = cr.results_parser(__doc__, "scripts/answers.py results/2026-11-22-vm/*.json")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="default: - (stdout)")
    arguments = parser.parse_args()
    cs.write_text(arguments.output, table([r for r in cr.read(arguments.results) if not r.alternative]))


if __name__ == "__main__":
    cs.main_guard(main)
