#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws bus bandwidth against message size: a row per system, a column per collective, a line per
algorithm and number of ranks. Writes PREFIX.svg and PREFIX.png."""

from collections import defaultdict

import collscale_format as fmt
import collscale_records as cr
import collscale_script as cs
import collscale_style as style

MAX_LINES = 7  # as many as there are colours


def series_of(records):
    """{(algorithm, ranks): {(trust, engine): [one record per size]}}; the algorithm is "" where it is a choice
    along the line."""
    by_algorithm = cr.are_alternatives(records)
    points = defaultdict(list)
    for record in records:
        line = (record.algorithm if by_algorithm else "", record.ranks)
        points[(line, (record.trust, record.engine), record.size_bytes)].append(record)
    series = defaultdict(lambda: defaultdict(list))
    for line, kind, size_bytes in sorted(points):
        series[line][kind].append(cr.median_of(points[(line, kind, size_bytes)]))
    return series


def thinned(keys):
    """At most MAX_LINES of the lines, the first and the last always among them."""
    keys = sorted(keys, key=lambda key: (key[1], key[0]))
    if len(keys) <= MAX_LINES:
        return keys
    return [keys[round(i * (len(keys) - 1) / (MAX_LINES - 1))] for i in range(MAX_LINES)]


def draw(axis, records):
    series = series_of(records)
    shown = thinned(series)
    name_algorithm = len({algorithm for algorithm, _ in shown}) > 1
    labels = []
    for index, key in enumerate(shown):
        algorithm, ranks = key
        for (trust, _), points in series[key].items():
            sizes = [p.size_bytes for p in points]
            rates = [p.busbw_Bps for p in points]
            marks = style.marks(trust, index)
            if trust == "measured":
                axis.plot(sizes, rates, color=style.colour(index), linewidth=0.8, alpha=0.7)
            axis.plot(sizes, rates, markersize=4, **marks)
            banded = [p for p in points if "p5" in p.quantiles and "p95" in p.quantiles]
            style.band(axis, [p.size_bytes for p in banded], [cr.busbw_at(p, p.quantiles["p95"]) for p in banded],
                       [cr.busbw_at(p, p.quantiles["p5"]) for p in banded], style.colour(index), 0.18)
        last = max((points[-1] for points in series[key].values()), key=lambda p: p.size_bytes)
        text = f"{fmt.ranks(ranks)} ranks" + (f", {algorithm}" if name_algorithm else "")
        labels.append((last.size_bytes, last.busbw_Bps, text, style.colour(index)))
    return labels, len(series) - len(shown)


def finding(records):
    """The best bandwidth that was measured here, or else of the first system."""
    best = max(records, key=lambda r: (r.trust == "measured" and not r.source, r.trust == "measured", r.busbw_Bps))
    return (f"{best.collective} reaches {fmt.bandwidth(best.busbw_Bps)} bus bandwidth at {fmt.size(best.size_bytes)} "
            f"on {fmt.ranks(best.ranks)} ranks of {best.system} ({best.trust})")


KEY = {"measured": "filled points: measured, band p5 to p95", "emulated": "open points: emulated",
       "simulated": "open points: simulated", "predicted": "lines: predicted"}


def main():
    parser = cr.results_parser(__doc__, "scripts/plot_busbw.py results/2026-11-22-vm/mpi.json -o busbw")
    parser.add_argument("-o", "--output", required=True, metavar="PREFIX", help="PREFIX.svg and PREFIX.png")
    arguments = parser.parse_args()
    style.check_prefix(arguments.output)

    records = cr.read(arguments.results)
    systems = list(dict.fromkeys(r.system for r in records))
    collectives = cr.in_order({r.collective for r in records}, cr.COLLECTIVE_ORDER)
    rows, columns = len(systems), len(collectives)
    figure, axes = style.plt.subplots(rows, columns, squeeze=False, sharey="row",
                                      figsize=(1.2 + 4.6 * columns, 1.5 + 2.9 * rows))
    height_in = figure.get_size_inches()[1]
    figure.subplots_adjust(left=0.75 / (1.2 + 4.6 * columns), right=1 - 1.15 / (1.2 + 4.6 * columns),
                           top=1 - 1.0 / height_in, bottom=0.95 / height_in, wspace=0.38, hspace=0.5)
    pending = []
    for row, system in enumerate(systems):
        of_system = [r for r in records if r.system == system]
        sizes = [r.size_bytes for r in of_system if r.size_bytes > 0]
        for column, collective in enumerate(collectives):
            axis = axes[row][column]
            here = [r for r in of_system if r.collective == collective and r.size_bytes > 0]
            if not here:
                axis.set_axis_off()
                continue
            labels, hidden = draw(axis, here)
            style.size_axis(axis, min(sizes), max(sizes))
            # Bands count up to a quarter above the best median: one lucky sample must not flatten the lines.
            best_Bps = max(r.busbw_Bps for r in of_system)
            bands_Bps = [cr.busbw_at(r, r.quantiles["p5"]) for r in of_system if r.quantiles.get("p5")]
            style.bandwidth_axis(axis, min(max([best_Bps, *bands_Bps]), 1.25 * best_Bps))
            if column > 0:
                axis.set_ylabel("")
            axis.set_title(f"{collective} on {system}" + (f" ({hidden} lines not shown)" if hidden else ""), pad=14)
            trusts = cr.in_order({r.trust for r in here}, cr.TRUST_ORDER)
            axis.text(0, 1.02, "; ".join(KEY[t] for t in trusts), transform=axis.transAxes, fontsize=7.5,
                      color=style.FAINT, va="bottom")
            pending.append((axis, labels))
    for axis, labels in pending:
        style.label_ends(axis, labels)
    style.save(figure, arguments.output, finding(records), records)


if __name__ == "__main__":
    cs.main_guard(main)
