#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws time and bus bandwidth of one message size against the number of ranks, a column per
collective: measured points, simulated points, predicted lines, and extrapolations dashed with their
50 % and 95 % bands beyond a rule at the last measured scale. Writes PREFIX.svg and PREFIX.png."""

import math
from collections import defaultdict

import collscale_format as fmt
import collscale_records as cr
import collscale_script as cs
import collscale_style as style

LEVELS = [(0.95, 0.13), (0.5, 0.22)]  # interval and how opaque its band is


def common_size(records):
    """The largest size that most systems have in common."""
    systems = defaultdict(set)
    for record in records:
        systems[record.size_bytes].add(record.system)
    return max(systems, key=lambda size: (len(systems[size]), size))


def of_size(records, wanted):
    found = [r for r in records if math.isclose(r.size_bytes, wanted, rel_tol=1e-9)]
    if not found:
        sizes = ", ".join(fmt.size(s) for s in sorted({r.size_bytes for r in records}))
        raise cs.Refused(f"--size {fmt.size(wanted)}: no record has this size; there are {sizes}")
    return found


def without_other_algorithms(records):
    """Beside a fit only the measurements of the algorithm that it is of."""
    fitted = {(r.system, r.collective): r.variant for r in records if r.is_fitted}
    return [r for r in records if r.trust != "measured"
            or fitted.get((r.system, r.collective), r.variant) == r.variant]


def draw_fit(axis, points, value, index):
    """Solid inside the measured scales, dashed with bands beyond them."""
    ink = style.colour(index)
    inside = [p for p in points if not p.is_extrapolated]
    beyond = inside[-1:] + [p for p in points if p.is_extrapolated]
    alone = style.alone(points, index)
    axis.plot([p.ranks for p in inside], [value(p, p.time_s) for p in inside], color=ink, **alone)
    axis.plot([p.ranks for p in beyond], [value(p, p.time_s) for p in beyond], color=ink, linestyle=(0, (4, 2)), **alone)
    for level, alpha in LEVELS:
        banded = [p for p in points if p.interval(level)]
        style.band(axis, [p.ranks for p in banded], [value(p, p.interval(level)[0]) for p in banded],
                   [value(p, p.interval(level)[1]) for p in banded], ink, alpha)


def draw(axis, records, value, colour_of):
    """Everything of one collective on one axis; returns the labels of the line ends."""
    labels = []
    by_algorithm = cr.are_alternatives(records)
    series = defaultdict(lambda: defaultdict(list))
    for record in sorted(records, key=lambda r: r.ranks):
        line = (record.trust, record.engine, record.is_fitted, record.algorithm if by_algorithm else "")
        series[record.system][line].append(record)
    for system, kinds in series.items():
        index = colour_of[system]
        for (trust, _, fitted, _), points in kinds.items():
            if fitted:
                draw_fit(axis, points, value, index)
            else:
                axis.plot([p.ranks for p in points], [value(p, p.time_s) for p in points],
                          markersize=5, **style.marks(trust, index))
        last = max((points[-1] for points in kinds.values()), key=lambda p: p.ranks)
        label = (last.ranks, value(last, last.time_s), system, style.colour(index))
        if last.ranks * 4 < max(r.ranks for r in records):
            style.label_point(axis, *label)
        else:
            labels.append(label)
    return labels


def draw_rule(axis, records, say):
    """A vertical rule at the largest scale that each fit was checked at."""
    scales = {}
    for record in records:
        if record.is_fitted:
            scales[record.system] = max(scales.get(record.system, 0), record.validated_to_ranks)
    for scale in sorted(set(scales.values())):
        axis.axvline(scale, color=style.INK, linewidth=0.8, linestyle=":")
    if say and scales:
        largest = max(scales.values())
        axis.annotate(f"measured to {fmt.ranks(largest)}", xy=(largest, 1), xycoords=("data", "axes fraction"),
                      xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=7.5,
                      color=style.INK)


def key_of(records):
    words = {"measured": "filled points: measured", "emulated": "open points: emulated",
             "simulated": "open points: simulated"}
    parts = [words[t] for t in cr.in_order({r.trust for r in records}, cr.TRUST_ORDER) if t in words]
    if any(r.trust == "predicted" for r in records):
        parts.append("lines: predicted")
    if any(r.is_fitted and r.is_extrapolated for r in records):
        parts.append("dashed: extrapolated, bands 50 % and 95 %")
    return "; ".join(parts)


def finding(records):
    """What the largest scale takes, by every kind of answer there is."""
    collective = cr.in_order({r.collective for r in records}, cr.COLLECTIVE_ORDER)[0]
    of_collective = [r for r in records if r.collective == collective]
    largest = max(r.ranks for r in of_collective)
    answers = []
    for record in sorted((r for r in of_collective if r.ranks == largest), key=lambda r: not r.is_fitted):
        word = "extrapolated" if record.is_fitted and record.is_extrapolated else record.trust
        text = f"{fmt.time(record.time_s)} {word} for {record.system}"
        band = record.interval(0.95)
        if band:
            text = (f"{fmt.time(record.time_s)} (95 %: {fmt.time(band[0])} to {fmt.time(band[1])}) "
                    f"{word} for {record.system}")
        if word != "predicted":
            answers.append(text)
    if not answers:
        fastest_s = min(r.time_s for r in of_collective if r.ranks == largest)
        answers = [f"{fmt.time(fastest_s)} predicted"]
    answers = list(dict.fromkeys(answers))
    return (f"{collective} of {fmt.size(of_collective[0].size_bytes)} on {fmt.ranks(largest)} ranks: "
            + ", ".join(answers))


def main():
    parser = cr.results_parser(__doc__, "scripts/plot_scaling.py results/published/alps-gh200.json "
                               "results/2026-11-22-vm/*.json --size 1GiB -o scaling")
    parser.add_argument("-o", "--output", required=True, metavar="PREFIX", help="PREFIX.svg and PREFIX.png")
    parser.add_argument("--size", metavar="SIZE", help="such as 1GiB; default: the largest that most systems have")
    parser.add_argument("--min-ranks", type=int, default=2, metavar="N", help="leave out fewer ranks (default 2)")
    arguments = parser.parse_args()
    style.check_prefix(arguments.output)

    everything = [r for r in cr.read(arguments.results) if r.ranks >= arguments.min_ranks and not r.alternative]
    if not everything:
        raise cs.Refused(f"--min-ranks {arguments.min_ranks}: no record has so many ranks")
    wanted = fmt.parse_size(arguments.size) if arguments.size else common_size(everything)
    records = without_other_algorithms(of_size(everything, wanted))
    systems = list(dict.fromkeys(r.system for r in records))
    colour_of = {system: index for index, system in enumerate(systems)}
    collectives = cr.in_order({r.collective for r in records}, cr.COLLECTIVE_ORDER)
    columns = len(collectives)
    width_in, height_in = 1.6 + 5.0 * columns, 7.6
    figure, axes = style.plt.subplots(2, columns, squeeze=False, sharex="col", sharey="row",
                                      figsize=(width_in, height_in))
    figure.subplots_adjust(left=0.95 / width_in, right=1 - 1.45 / width_in, top=1 - 1.15 / height_in,
                           bottom=0.95 / height_in, wspace=0.4, hspace=0.12)
    pending = []
    for column, collective in enumerate(collectives):
        here = [r for r in records if r.collective == collective]
        over_time, over_rate = axes[0][column], axes[1][column]
        pending.append((over_time, draw(over_time, here, lambda record, time_s: time_s, colour_of)))
        pending.append((over_rate, draw(over_rate, here, cr.busbw_at, colour_of)))
        for axis in (over_time, over_rate):
            style.ranks_axis(axis, [r.ranks for r in here])
            axis.tick_params(labelleft=True)
            draw_rule(axis, here, say=axis is over_rate)
        over_time.set_xlabel("")
        over_time.set_title(f"{collective}, {fmt.size(wanted)}")
    style.time_axis(axes[0][0])
    # Bands count up to twice the best answer: a wide one must not press everything else to the floor.
    best_Bps = max(r.busbw_Bps for r in records)
    bands_Bps = [cr.busbw_at(r, r.interval(level)[0]) for r in records for level, _ in LEVELS if r.interval(level)]
    style.bandwidth_axis(axes[1][0], min(max([best_Bps, *bands_Bps]), 2 * best_Bps))
    for axis, labels in pending:
        style.label_ends(axis, labels)
    style.save(figure, arguments.output, finding(records), records, key_of(records))


if __name__ == "__main__":
    cs.main_guard(main)
