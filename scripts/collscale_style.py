# SPDX-License-Identifier: Apache-2.0
"""How every figure here looks: colours, marks, ticks, direct labels, provenance, reproducible files.

Measured = filled points, simulated = open points, predicted = line, extrapolated = dashed with band.
Colours are Okabe and Ito's (2008, "Color Universal Design"), told apart by markers as well.
"""

import math
import os
import re
import textwrap

import collscale_format as fmt
import collscale_records as cr
import collscale_script as cs

matplotlib = cs.import_or_explain("matplotlib", "python3-matplotlib")
matplotlib.use("Agg")
plt = cs.import_or_explain("matplotlib.pyplot", "python3-matplotlib")
ticker = cs.import_or_explain("matplotlib.ticker", "python3-matplotlib")

# Yellow (#F0E442) is left out: too light for lines on white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
INK, FAINT = "#222222", "#777777"

plt.rcParams.update({
    "svg.hashsalt": "collscale",  # with metadata Date=None: the same data gives the same bytes
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans", "font.size": 9,
    "axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.labelsize": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": FAINT, "axes.labelcolor": INK,
    "text.color": INK, "xtick.color": FAINT, "ytick.color": FAINT,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "axes.grid": True, "grid.color": "#e4e4e4", "grid.linewidth": 0.6, "axes.axisbelow": True,
    "lines.linewidth": 1.5, "lines.markersize": 5, "path.simplify": False,
})


def colour(index):
    return COLOURS[index % len(COLOURS)]


def marker(index):
    return MARKERS[index % len(MARKERS)]


def marks(trust, index):
    """The keyword arguments of plot() for one kind of answer."""
    c = colour(index)
    if trust == "measured":
        return {"color": c, "marker": marker(index), "markerfacecolor": c, "linestyle": "none", "zorder": 3}
    if trust in ("simulated", "emulated"):
        return {"color": c, "marker": marker(index), "markerfacecolor": "white", "linestyle": "none", "zorder": 3}
    return {"color": c, "linestyle": "-"}


def alone(points, index):
    """What makes a line of one point seen."""
    return {"marker": marker(index), "markerfacecolor": "white", "zorder": 3} if len(points) == 1 else {}


def band(axis, xs, lows, highs, ink, alpha):
    """Intervals along xs, as a band; of one point alone, as a bar."""
    if len(xs) > 1:
        axis.fill_between(xs, lows, highs, color=ink, alpha=alpha, linewidth=0)
    else:
        axis.vlines(xs, lows, highs, color=ink, alpha=alpha, linewidth=6)


def size_axis(axis, low, high, most_steps=6):
    """log2 with IEC ticks, at most about seven of them; fewer steps for narrow panels."""
    axis.set_xscale("log", base=2)
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    step = max(1, math.ceil((last - first) / most_steps))
    axis.set_xticks([2.0 ** k for k in range(last, first - 1, -step)])
    axis.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: fmt.size(value)))
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.set_xlim(2.0 ** (first - 0.4), 2.0 ** (last + 0.4))
    axis.set_xlabel("message size")


def ranks_axis(axis, counts, label="ranks (one per GPU)"):
    """log2 with a tick at rank counts that were really asked for, thinned where they would collide."""
    axis.set_xscale("log", base=2)
    counts = sorted(set(counts))
    octaves = math.log2(counts[-1] / counts[0]) if len(counts) > 1 else 1
    shown = [counts[-1]]
    for count in reversed(counts[:-1]):
        if math.log2(shown[-1] / count) >= octaves / 6:
            shown.append(count)
    axis.set_xticks(shown)
    axis.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: fmt.ranks(round(value))))
    axis.xaxis.set_minor_locator(ticker.NullLocator())
    axis.set_xlim(counts[0] * 2 ** -0.5, counts[-1] * 2 ** 0.5)
    axis.set_xlabel(label)


def bandwidth_axis(axis, top_Bps):
    """Linear from zero, in GB/s = 1e9 B/s."""
    axis.set_ylim(0, top_Bps * 1.08 if top_Bps > 0 else 1)
    axis.yaxis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value / 1e9:g}"))
    axis.set_ylabel("bus bandwidth (GB/s)")


def time_axis(axis):
    """Logarithmic, with times in words."""
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    # A span of less than two decades gets ticks at 2 and 5 as well, or there would be one or none.
    subs = (1.0, 2.0, 5.0) if high / low < 100 else (1.0,)
    axis.yaxis.set_major_locator(ticker.LogLocator(base=10, subs=subs, numticks=12))
    axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: fmt.tick_time(value)))
    axis.yaxis.set_minor_formatter(ticker.NullFormatter())
    axis.set_ylabel("time")


def label_ends(axis, labels):
    """Writes (x, y, text, colour) right of the axes, moved apart so that no two overlap."""
    if not labels:
        return
    figure = axis.figure
    height_px = axis.get_window_extent().height
    line_px = 8.5 * 1.25 * figure.dpi / 72
    # Positions as fractions of the axes' height, lowest first, each at least one line above the last.
    to_fraction = axis.transAxes.inverted()
    placed = []
    for x, y, text, ink in labels:
        fraction = to_fraction.transform(axis.transData.transform((x, y)))[1]
        placed.append([min(max(fraction, 0.0), 1.0), x, y, text, ink])
    placed.sort(key=lambda item: item[0])
    gap = min(line_px / height_px, 1.0 / len(placed))
    wanted = [item[0] for item in placed]
    at = list(wanted)
    # Pool neighbours that collide and centre each pool on what its members wanted.
    pools = []
    for index, fraction in enumerate(wanted):
        pools.append([[index], fraction])
        while len(pools) > 1:
            lower, upper = pools[-2], pools[-1]
            half = gap * (len(lower[0]) + len(upper[0])) / 2
            if upper[1] - lower[1] >= half - 1e-12:
                break
            members = lower[0] + upper[0]
            centre = sum(wanted[i] for i in members) / len(members)
            half_pool = gap * (len(members) - 1) / 2
            pools[-2:] = [[members, min(max(centre, half_pool), 1 - half_pool)]]
    for members, centre in pools:
        for order, index in enumerate(members):
            at[index] = centre + gap * (order - (len(members) - 1) / 2)
    for position, (_, x, y, text, ink) in zip(at, placed):
        axis.annotate(text, xy=(x, y), xycoords="data", xytext=(1.02, position), textcoords="axes fraction",
                      color=ink, fontsize=8.5, va="center", ha="left", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": ink, "linewidth": 0.5, "alpha": 0.6,
                                  "relpos": (0, 0.5), "shrinkA": 0, "shrinkB": 3})


def label_point(axis, x, y, text, ink):
    """Writes the text right beside a point that lies inside the axes."""
    axis.annotate(text, xy=(x, y), xytext=(7, 1), textcoords="offset points", color=ink, fontsize=8.5)


def provenance(records):
    """One line: engines, host, date, version, data source. All from the data, nothing from the clock."""
    engines = cr.in_order({f"{r.trust} ({r.engine})" for r in records}, [])
    parts = [", ".join(engines)]
    for label, keys in (("host", ("host_name", "host")), ("", ("date",))):
        found = {str(r.context[k])[:10] if k == "date" else str(r.context[k])
                 for r in records for k in keys if r.context.get(k)}
        if found:
            parts.append(f"{label} {', '.join(sorted(found))}".strip())
    versions = {version_of(r.context) for r in records} - {""}
    if versions:
        parts.append(", ".join(sorted(versions)))
    sources = sorted({cr.repository_of(r.source) for r in records if r.source and r.trust == "measured"})
    if sources:
        more = f" and {len(sources) - 2} more" if len(sources) > 2 else ""
        parts.append("measurements of others: " + "; ".join(sources[:2]) + more)
    return " · ".join(parts)


def version_of(context):
    version = str(context.get("collscale_version", ""))
    sha = str(context.get("git_sha", ""))[:9]
    return " ".join(part for part in ("collscale", version, f"({sha})" if sha else "") if part) if version else ""


def check_prefix(prefix):
    """Refuses, before anything is drawn, a PREFIX that no files can be named by."""
    if prefix.endswith("/") or os.path.isdir(prefix):
        raise cs.Refused(f"--output {prefix}: is a folder, expected the beginning of two file names, "
                         f"such as {os.path.join(prefix, 'figure')}")
    folder = os.path.dirname(prefix) or "."
    if not os.path.isdir(folder):
        raise cs.Refused(f"--output {prefix}: there is no folder {folder}")


def save(figure, prefix, title, records, key=""):
    """Adds title, key and provenance, writes PREFIX.svg and PREFIX.png (each once), whole or not at all."""
    width_in, height_in = figure.get_size_inches()
    # A number and its unit stay on one line.
    whole = re.sub(r"(?<=\d) (?=([KMGT]i)?B\b|[nµm]?s\b|[kMG]B/s|ranks|%)", "\u00a0", title)
    lines = textwrap.wrap(whole, int(width_in * 9.3))
    figure.suptitle("\n".join(lines), x=0.01, y=1 - 0.1 / height_in, ha="left", va="top", fontsize=12,
                    fontweight="bold")
    figure.text(0.01, 1 - (0.16 + 0.2 * len(lines)) / height_in, key, ha="left", va="top", fontsize=8, color=FAINT)
    figure.text(0.01, 0.08 / height_in, "\n".join(textwrap.wrap(provenance(records), int(width_in * 16))),
                ha="left", va="bottom", fontsize=7, color=FAINT)
    for extension, options in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 150})):
        path = f"{prefix}.{extension}"
        temporary = f"{path}.part"
        try:
            figure.savefig(temporary, format=extension, **options)
            os.replace(temporary, path)
        except OSError as error:
            raise cs.Refused(f"{path}: cannot be written: {error.strerror}") from None
    plt.close(figure)
