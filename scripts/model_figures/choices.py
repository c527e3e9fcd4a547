# SPDX-License-Identifier: Apache-2.0
"""What libraries choose, what that costs on the fabric, and which algorithm would win."""

import math
import re

import collscale_format as fmt
import collscale_script as cs
import collscale_style as style

from .tool import half_octaves, label_ends, new_figure, plot, powers_of_two, provenance, save

COLOSSUS = "colossus-100k"
# Light enough for black letters: Okabe and Ito's colours, mixed with white; black itself with more of it.
TILE, BLACK_TILE = 0.45, 0.2


def draw_selection(tool, folder):
    sizes = half_octaves(10, 34)
    figure, (left, right) = new_figure(height_in=4.2, panels=2, right=0.86)
    figure.subplots_adjust(wspace=0.42, left=0.09)
    labels = ([], [])
    worst = (0, 0, 0)
    for index, ranks in enumerate([64, 1024, 8192, 100000]):
        points = tool.table(COLOSSUS, "all_reduce", sizes, "--selector", "nccl:2.28", ranks=[ranks])
        estimates, regrets = [], []
        for point in points:
            cells = [c for c in point["matrix"] if c["available"]]
            chosen = next(c for c in cells if c["chosen"])
            estimates.append(chosen["estimate_s"] / chosen["fabric_s"])
            regrets.append(chosen["fabric_s"] / min(c["fabric_s"] for c in cells))
            worst = max(worst, (regrets[-1], ranks, point["size_bytes"]))
        plot(left, labels[0], "", index, sizes, estimates)
        plot(right, labels[1], f"{ranks:,}", index, sizes, regrets)
    for axis, text in ((left, "NCCL's estimate ÷ time on the fabric"), (right, "time ÷ the best of NCCL's matrix")):
        style.size_axis(axis, sizes[0], sizes[-1])
        axis.set_xticks([2.0 ** k for k in (10, 18, 26, 34)])
        axis.set_ylabel(text)
    left.axhline(1, color=style.INK, linewidth=0.8)
    left.set_ylim(bottom=0)
    label_ends(right, labels[1])
    save(figure, folder, "selection",
         f"By this fabric's costs NCCL's choice takes at most {worst[0]:.2f} times as long as its best alternative: "
         f"{worst[1]:,} ranks, {fmt.size(2 ** round(math.log2(worst[2])))}",
         "all_reduce as nccl:2.28 chooses, 64 to 100,000 ranks", provenance(tool, COLOSSUS))


def draw_map(tool, folder, name, system, collective, title, key, options=(), sizes=None, ranks=None):
    """The algorithm of each point as a coloured tile with a letter."""
    found = {}
    for scale in ranks:
        for size in sizes:
            try:
                found[scale, size] = tool.predict(system, collective, [size], *options,
                                                  ranks=[scale])[0]["scenario"]["algorithm"]
            except cs.Refused as refused:  # the library runs what our registry does not have
                found[scale, size] = re.search(r"the library's (\S+)", str(refused)).group(1) + " (not priced)"
    names = []
    for size in sizes:
        for scale in ranks:
            if found[scale, size] not in names:
                names.append(found[scale, size])
    figure, axis = new_figure(right=0.66)
    inks = [style.matplotlib.colors.to_rgb(style.colour(index)) for index in range(len(names))]
    tiles = style.matplotlib.colors.ListedColormap(
        [[1 - (TILE if any(ink) else BLACK_TILE) * (1 - part) for part in ink] for ink in inks])
    axis.pcolormesh([[names.index(found[scale, size]) for scale in ranks] for size in sizes], cmap=tiles, vmin=-0.5,
                    vmax=len(names) - 0.5, edgecolor="white", linewidth=0.6)
    for column, scale in enumerate(ranks):
        for row, size in enumerate(sizes):
            # Once at the beginning of a run and now and then within it.
            if column % 4 == 0 or found[scale, size] != found[ranks[column - 1], size]:
                axis.text(column + 0.5, row + 0.45, chr(ord("A") + names.index(found[scale, size])), ha="center",
                          va="center", fontsize=7.5)
    axis.set_xticks([k + 0.5 for k in range(len(ranks))], [fmt.ranks(r) for r in ranks], rotation=45, ha="right",
                    fontsize=7.5)
    step = max(1, len(sizes) // 10)
    axis.set_yticks([k + 0.5 for k in range(0, len(sizes), step)], [fmt.size(s) for s in sizes[::step]], fontsize=8)
    axis.grid(False)
    figure.subplots_adjust(bottom=0.24)
    axis.set_xlabel("ranks")
    axis.set_ylabel("message size")
    for index, algorithm in enumerate(names):
        axis.text(1.03, 0.98 - 0.075 * index, f"{chr(ord('A') + index)}  {algorithm}", transform=axis.transAxes,
                  color=style.colour(index), fontsize=8.5, va="top")
    save(figure, folder, name, title(found, names), key, provenance(tool, system))


def draw_winners(tool, folder):
    sizes = [8 * 4 ** k for k in range(0, 16)]
    ranks = powers_of_two(3, 16) + [100000]

    def title(found, names):
        return (f"{len(names)} algorithms of all_reduce win somewhere: fewest steps for small messages, "
                f"{found[100000, sizes[-1]]} for large ones among 100,000 ranks")

    draw_map(tool, folder, "winners", COLOSSUS, "all_reduce", title,
             "all_reduce, the fastest of all algorithms at each point", sizes=sizes, ranks=ranks)


def draw_openmpi(tool, folder):
    sizes = [4 * 4 ** k for k in range(0, 14)]
    ranks = powers_of_two(1, 13)

    def title(found, names):
        return f"Open MPI 4.1's fixed rules run {len(names)} algorithms of all_reduce, whatever the machine"

    draw_map(tool, folder, "openmpi", "fat-tree:nodes=8192,gpus=1", "all_reduce", title,
             "all_reduce, what the rules run at each point", ("--selector", "openmpi:4.1"), sizes=sizes, ranks=ranks)


FIGURES = {"selection": draw_selection, "winners": draw_winners, "openmpi": draw_openmpi}
