# SPDX-License-Identifier: Apache-2.0
"""A figure per system: its largest scale as measured, and as predicted from at most half of it."""

import math
import textwrap
from collections import defaultdict

import collscale_format as fmt
import collscale_style as style

COLUMNS = 3
MOST_PANELS = 9  # the rest is in the tables


def panels_of(held_outs):
    """The nearest prediction of each series, those of most points first."""
    nearest = {}
    for h in held_outs:
        if h.points and (h.name, h.across_nodes) not in nearest:
            nearest[(h.name, h.across_nodes)] = h
    chosen = sorted(nearest.values(), key=lambda h: (-len(h.points), h.name))[:MOST_PANELS]
    return sorted(chosen, key=lambda h: (not h.across_nodes, h.name))


def draw_panel(axis, held_out):
    points = held_out.points
    sizes = [p.size_bytes for p in points]
    style.band(axis, sizes, [p.low_s for p in points], [p.high_s for p in points], style.colour(0), 0.15)
    alone = "_" if len(points) == 1 else ""  # of which no line can be drawn
    axis.plot(sizes, [p.predicted_s for p in points], color=style.colour(0), linestyle="--", marker=alone, markersize=12)
    line = [(p.size_bytes, p.line_s) for p in points if p.line_s is not None]
    if line:
        axis.plot(*zip(*line), color=style.FAINT, linewidth=0.8, linestyle=":", marker=alone, markersize=12)
    axis.plot(sizes, [p.measured_s for p in points], markersize=3.5, **style.marks("measured", 1))
    style.size_axis(axis, min(sizes), max(sizes), most_steps=4)
    if max(sizes) / min(sizes) >= 1 << 21:  # narrow panels: 1 KiB, 1 MiB, 1 GiB
        axis.xaxis.set_major_locator(style.ticker.LogLocator(base=1024, numticks=9))
    style.time_axis(axis)
    error = sorted(p.error for p in points)[len(points) // 2]
    trained = ", ".join(map(str, held_out.trained_ranks)) if len(held_out.trained_ranks) < 4 else (
        f"{fmt.ranks(held_out.trained_ranks[0])} to {fmt.ranks(held_out.trained_ranks[-1])}")
    axis.set_title(f"{held_out.name}\n{fmt.ranks(held_out.ranks)} ranks from {trained}: "
                   f"{100 * math.expm1(error):.0f} %", fontsize=8)


def draw_all(held_outs, folder):
    """Names of the figures drawn into the folder, as SVG."""
    by_system = defaultdict(list)
    for h in held_outs:
        by_system[h.system].append(h)
    drawn = []
    for system, members in sorted(by_system.items()):
        panels = panels_of(members)
        if not panels:
            continue
        columns = min(COLUMNS, len(panels))
        rows = math.ceil(len(panels) / columns)
        figure, axes = style.plt.subplots(rows, columns, figsize=(0.8 + 3.5 * columns, 0.7 + 2.6 * rows), squeeze=False)
        for axis, held_out in zip(axes.flat, panels):
            draw_panel(axis, held_out)
        for axis in list(axes.flat)[len(panels):]:
            axis.set_visible(False)
        width_in, height_in = figure.get_size_inches()
        title = textwrap.wrap(f"{system}: measured (points), predicted from smaller scales (dashed, 95 % band), "
                              "straight line (dotted)", int(12 * width_in))
        figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.1 / height_in))
        figure.savefig(folder / f"{system}.svg", format="svg", metadata={"Date": None})
        style.plt.close(figure)
        drawn.append(system)
    return drawn
