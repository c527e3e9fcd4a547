#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the answer for the largest scale that was asked for: time against ranks at one size, with what was measured and
a rule at the last measured scale; bus bandwidth against message size at that scale; and the alternatives at that size
with their intervals. Takes what `collscale extrapolate --alternatives --json` wrote, and the measurements it is of.
Writes PREFIX.svg and PREFIX.png."""

import dataclasses
import math
import re
import textwrap
from collections import defaultdict

import collscale_format as fmt
import collscale_records as cr
import collscale_script as cs
import collscale_style as style

LEVELS = [(0.95, 0.13), (0.5, 0.22)]  # interval and how opaque its band is
DASHED = (0, (4, 2))
MOST_ALTERNATIVES = 9
LONGEST_NAME = 26


def parts_of(records):
    """(answers, alternatives, measurements), of one collective, one system, one measured algorithm."""
    fitted = [r for r in records if r.is_fitted]
    answers = [r for r in fitted if not r.alternative]
    if not answers:
        raise cs.Refused("no extrapolated record: give what `collscale extrapolate ... --json` wrote")
    collectives = {r.collective for r in answers}
    if len(collectives) > 1:
        raise cs.Refused(f"extrapolations of {', '.join(sorted(collectives))}: expected one collective")
    algorithms = sorted({r.variant for r in answers})
    measured = [r for r in records if r.trust == "measured" and r.collective in collectives
                and r.variant in algorithms]
    return answers, [r for r in fitted if r.alternative], measured, algorithms


def node_sizes(answer):
    """(ranks per node of the measured system, of the target) where the answer was mapped from one to the other."""
    found = re.search(r"\((\d+) per node\).* mapped to (\d+) per node", answer.source)
    return (int(found.group(1)), int(found.group(2))) if found else (1, 1)


def mapped(record, per_node):
    """A measurement between nodes as the answer takes it (src/fit/target_place.hpp): the same nodes, with NCCL the same
    bytes per rank, with MPI the same bytes per node."""
    theirs, ours = per_node
    if theirs == ours or record.ranks <= theirs:
        return record
    if record.engine == "nccl":
        factor = ours / theirs
    else:
        factor = theirs / ours if record.collective in ("all_to_all", "send_recv") else 1
    scenario = record.scenario | {"ranks": record.ranks * ours // theirs, "size_bytes": record.size_bytes * factor}
    moved = dataclasses.replace(record, scenario=scenario)
    moved.busbw_Bps = cr.busbw_at(moved, record.time_s)
    return moved


def shortened(name):
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME - 1] + "…"


def pick_size(answers, wanted):
    sizes = sorted({r.size_bytes for r in answers})
    if wanted is None:
        return sizes[-1]
    found = [s for s in sizes if math.isclose(s, wanted, rel_tol=1e-9)]
    if not found:
        raise cs.Refused(f"--size {fmt.size(wanted)}: no extrapolation has this size; there are "
                         + ", ".join(fmt.size(s) for s in sizes))
    return found[0]


def medians(records, key):
    """One record per key: the middle one of repeated measurements."""
    groups = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return [cr.median_of(groups[k]) for k in sorted(groups)]


def draw_bands(axis, points, at, value, index):
    for level, alpha in LEVELS:
        banded = [p for p in points if p.interval(level)]
        style.band(axis, [at(p) for p in banded], [value(p, p.interval(level)[0]) for p in banded],
                   [value(p, p.interval(level)[1]) for p in banded], style.colour(index), alpha)


def draw_ranks(axis, answers, measured, algorithms, size):
    labels = []
    for index, algorithm in enumerate(algorithms):
        points = sorted((r for r in answers if r.variant == algorithm and r.size_bytes == size),
                        key=lambda r: r.ranks)
        inside = [p for p in points if not p.is_extrapolated]
        beyond = inside[-1:] + [p for p in points if p.is_extrapolated]
        alone = style.alone(points, index)
        axis.plot([p.ranks for p in inside], [p.time_s for p in inside], color=style.colour(index), **alone)
        axis.plot([p.ranks for p in beyond], [p.time_s for p in beyond], color=style.colour(index), linestyle=DASHED,
                  **alone)
        draw_bands(axis, points, lambda p: p.ranks, lambda _, time_s: time_s, index)
        known = [r for r in measured if r.variant == algorithm and math.isclose(r.size_bytes, size, rel_tol=1e-6)]
        known = medians(known, lambda r: r.ranks)
        axis.plot([p.ranks for p in known], [p.time_s for p in known], **style.marks("measured", index))
        if len(algorithms) > 1:
            labels.append((points[-1].ranks, points[-1].time_s, shortened(algorithm), style.colour(index)))
    counts = [r.ranks for r in answers] + [r.ranks for r in measured if math.isclose(r.size_bytes, size, rel_tol=1e-6)]
    of_mpi = any(r.engine == "mpi" for r in measured)
    style.ranks_axis(axis, counts, *(["ranks"] if of_mpi else []))
    last = max(r.validated_to_ranks for r in answers)
    theirs, ours = node_sizes(answers[0])
    axis.axvline(last * ours / theirs, color=style.INK, linewidth=0.8, linestyle=":")
    text = f"measured to {fmt.ranks(last)}" + (f",\n{theirs} a node" if theirs != ours else "")
    axis.annotate(text, xy=(last * ours / theirs, 1), va="top", xycoords=("data", "axes fraction"), xytext=(4, -2),
                  textcoords="offset points", fontsize=7.5, color=style.INK)
    style.time_axis(axis)
    axis.set_title(f"{fmt.size(size)}, by ranks")
    style.label_ends(axis, labels)


def draw_sizes(axis, answers, measured, algorithms, ranks):
    labels, best_Bps = [], 0.0
    known_ranks = max((r.ranks for r in measured), default=0)
    for index, algorithm in enumerate(algorithms):
        points = sorted((r for r in answers if r.variant == algorithm and r.ranks == ranks),
                        key=lambda r: r.size_bytes)
        axis.plot([p.size_bytes for p in points], [p.busbw_Bps for p in points], color=style.colour(index),
                  linestyle=DASHED if points[0].is_extrapolated else "-", **style.alone(points, index))
        draw_bands(axis, points, lambda p: p.size_bytes, cr.busbw_at, index)
        known = medians([r for r in measured if r.variant == algorithm and r.ranks == known_ranks],
                        lambda r: r.size_bytes)
        known = [p for p in known if points[0].size_bytes <= p.size_bytes <= points[-1].size_bytes]
        axis.plot([p.size_bytes for p in known], [p.busbw_Bps for p in known], **style.marks("measured", index))
        best_Bps = max([best_Bps] + [p.busbw_Bps for p in points + known])
        if len(algorithms) > 1:
            labels.append((points[-1].size_bytes, points[-1].busbw_Bps, shortened(algorithm), style.colour(index)))
    sizes = [r.size_bytes for r in answers]
    style.size_axis(axis, min(sizes), max(sizes))
    style.bandwidth_axis(axis, 1.2 * best_Bps)
    theirs, ours = node_sizes(answers[0])
    measured_text = f"; points: measured on {fmt.ranks(known_ranks * theirs // ours)}" if known_ranks else ""
    if known_ranks and theirs != ours:
        measured_text += f", {theirs} a node"
    axis.set_title(f"{fmt.ranks(ranks)} ranks, by size{measured_text}")
    style.label_ends(axis, labels)


def draw_alternatives(axis, answer, alternatives):
    """The answer above, the others below it by their time, each with its intervals."""
    rows = [answer] + sorted(alternatives, key=lambda r: r.time_s)[:MOST_ALTERNATIVES]
    for row, record in enumerate(rows):
        ink = style.colour(0) if record is answer else style.FAINT
        for level, width in ((0.95, 1.2), (0.5, 4)):
            low, high = record.interval(level)
            axis.plot([low, high], [row, row], color=ink, linewidth=width, solid_capstyle="butt",
                      alpha=1 if level > 0.9 else 0.5)
        axis.plot([record.time_s], [row], marker="o" if record is answer else "D", color=ink,
                  markerfacecolor="white", linestyle="none", zorder=3)
    axis.axvline(answer.time_s, color=style.colour(0), linewidth=0.6, linestyle=":")
    names = ["the answer" if r is answer else r.alternative for r in rows]
    axis.set_yticks(range(len(rows)), [f"{name}\n{fmt.time(r.time_s)}" for name, r in zip(names, rows)], fontsize=7.5)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(style.ticker.FuncFormatter(lambda value, _: fmt.tick_time(value)))
    axis.xaxis.set_minor_formatter(style.ticker.NullFormatter())
    axis.set_xlabel("time")
    axis.set_title(f"alternatives, {fmt.size(answer.size_bytes)} on {fmt.ranks(answer.ranks)}")


def finding(answer, algorithms):
    low, high = answer.interval(0.95)
    distance = answer.ranks / answer.validated_to_ranks
    by = f" by {answer.variant}" if len(algorithms) > 1 else ""
    text = (f"{answer.collective} of {fmt.size(answer.size_bytes)} on {fmt.ranks(answer.ranks)} ranks of "
            f"{answer.scenario.get('topology')}{by}: {fmt.time(answer.time_s)} (95 %: {fmt.time(low)} to {fmt.time(high)})")
    if distance > 1:
        text += f", ×{distance:.0f} beyond the largest measured scale"
    return text


def key_of(answer, measured, alternatives, columns):
    parts = ["filled points: measured"] if measured else []
    parts.append("dashed: extrapolated, bands and bars 50 % and 95 %")
    theirs, ours = node_sizes(answer)
    if measured and theirs != ours:
        parts.append(f"measured with {theirs} ranks per node, drawn at as many nodes of {ours} with the same bytes per "
                     f"{'rank' if measured[0].engine == 'nccl' else 'node'}")
    if alternatives:
        parts.append("alternatives: not measured, the answer × the analytic engine's ratio")
    if any(" in place of 1:1" in r.alternative for r in alternatives):
        parts.append("tapers: ranks in order, up to scattered ones")
    if answer.bottleneck:
        parts.append(f"bottleneck by the analytic engine: {answer.bottleneck}")
    if answer.assumed_figures is not None:
        parts.append(f"{answer.assumed_figures} figures of the topology assumed or recalled")
    return "\n".join(textwrap.wrap("; ".join(parts), columns * 85))


def main():
    parser = cr.results_parser(__doc__, "scripts/plot_extrapolation.py answer.json results/published/alps-gh200.json "
                               "--size 1GiB -o answer\nwith answer.json from\n  collscale extrapolate "
                               "results/published/alps-gh200.json -t colossus-100k -c all_reduce\n    "
                               "-s 1KiB:1GiB:x4 -n 256:65536:x4,100000 --alternatives --json answer.json")
    parser.add_argument("-o", "--output", required=True, metavar="PREFIX", help="PREFIX.svg and PREFIX.png")
    parser.add_argument("--size", metavar="SIZE", help="of the first and third part; default: the largest")
    arguments = parser.parse_args()
    style.check_prefix(arguments.output)

    answers, alternatives, measured, algorithms = parts_of(cr.read(arguments.results))
    measured = [mapped(r, node_sizes(answers[0])) for r in measured]
    size = pick_size(answers, fmt.parse_size(arguments.size) if arguments.size else None)
    ranks = max(r.ranks for r in answers)
    here = [r for r in answers if r.size_bytes == size and r.ranks == ranks]
    answer = min(here, key=lambda r: r.time_s)
    others = [r for r in alternatives if r.size_bytes == size and r.ranks == ranks
              and r.alternative_to in ("", answer.variant)]
    columns = 3 if others else 2
    # Names stand beside the ends of the lines.
    names_in = 0.15 + 0.085 * max(len(shortened(a)) for a in algorithms) if len(algorithms) > 1 else 0
    width_in, height_in = 5.2 * columns + 0.6 + 2 * names_in, 4.9
    figure, axes = style.plt.subplots(1, columns, squeeze=False, figsize=(width_in, height_in),
                                      gridspec_kw={"width_ratios": [1, 1, 0.95][:columns]})
    figure.subplots_adjust(left=0.8 / width_in, right=1 - (0.35 + (0 if others else names_in)) / width_in,
                           top=1 - 1.3 / height_in, bottom=0.95 / height_in, wspace=0.24 + names_in / 4.4)
    draw_ranks(axes[0][0], answers, measured, algorithms, size)
    draw_sizes(axes[0][1], answers, measured, algorithms, ranks)
    if others:
        box = axes[0][2].get_position()  # room for the names
        axes[0][2].set_position([box.x0 + 0.05, box.y0, box.width - 0.05, box.height])
        draw_alternatives(axes[0][2], answer, others)
    style.save(figure, arguments.output, finding(answer, algorithms), answers + measured,
               key_of(answer, measured, others, columns))


if __name__ == "__main__":
    cs.main_guard(main)
