# SPDX-License-Identifier: Apache-2.0
"""The story that 100,000 ranks tell: what NCCL runs there, and what would be faster."""

import collscale_format as fmt
import collscale_style as style

from .tool import half_octaves, label_ends, new_figure, plot, provenance, save, time_of

GIB = 2 ** 30
COLOSSUS = "colossus-100k"
RANKS, NODES = 100000, 12500
NCCL = ("--selector", "nccl:2.28")


def nccl_estimate(tool, collective, sizes):
    """NCCL's own estimate of what it chooses."""
    return [p["choice"]["estimate_s"] for p in tool.table(COLOSSUS, collective, sizes, *NCCL, ranks=[RANKS])]


def finish(axis, labels, sizes):
    style.size_axis(axis, sizes[0], sizes[-1])
    style.time_axis(axis)
    label_ends(axis, labels)


def draw_gather(tool, folder):
    sizes = half_octaves(10, 36)
    figure, axis = new_figure(height_in=5.2, right=0.7)
    labels = []
    chosen = tool.predict(COLOSSUS, "all_gather", sizes, *NCCL, ranks=[RANKS])
    at = sizes.index(GIB)
    gib = {"nccl": chosen[at]["time_s"]}
    plot(axis, labels, "NCCL's choice (ring)", 0, sizes, list(map(time_of, chosen)))
    axis.plot(sizes, nccl_estimate(tool, "all_gather", sizes), color=style.colour(0), linestyle=(0, (1, 1.2)))
    for index, algorithm in ((1, "hierarchical"), (2, "hierarchical_3level"), (3, "hierarchical_halving_doubling"),
                             (4, "pat")):
        points = tool.predict(COLOSSUS, "all_gather", sizes, "-a", algorithm, ranks=[RANKS])
        plot(axis, labels, algorithm, index, sizes, list(map(time_of, points)))
        gib[algorithm] = points[at]["time_s"]
    eighths = [size / 8 for size in sizes]
    rail = tool.predict(COLOSSUS, "all_gather", eighths, "--ranks-per-node", 1, *NCCL, ranks=[NODES])
    plot(axis, labels, "one rail: NCCL's choice, size/8", 5, sizes, list(map(time_of, rail)), linestyle=(0, (5, 1.5)))
    best = tool.predict(COLOSSUS, "all_gather", sizes, ranks=[RANKS])
    plot(axis, labels, "lower bound", 6, sizes, [p["bound_s"] for p in best], marked=False)
    finish(axis, labels, sizes)
    save(figure, folder, "all_gather_100k",
         f"Gathering 1 GiB over 100,000 ranks takes NCCL's ring {fmt.time(gib['nccl'])}; algorithms that know the "
         f"nodes need {fmt.time(gib['hierarchical_3level'])}",
         "all_gather; dotted: NCCL's own estimate; dashed: 12,500 ranks, one per node, which gather their eighth",
         provenance(tool, f"{COLOSSUS}, nccl:2.28"))


def draw_reduce(tool, folder):
    sizes = half_octaves(10, 36)
    figure, axis = new_figure(height_in=5.2, right=0.7)
    labels = []
    chosen = tool.predict(COLOSSUS, "all_reduce", sizes, *NCCL, ranks=[RANKS])
    at = sizes.index(GIB)
    plot(axis, labels, "NCCL's choice", 0, sizes, list(map(time_of, chosen)))
    estimates = nccl_estimate(tool, "all_reduce", sizes)
    axis.plot(sizes, estimates, color=style.colour(0), linestyle=(0, (1, 1.2)))
    for index, algorithm in ((1, "hierarchical"), (2, "recursive_doubling"), (3, "hierarchical_halving_doubling"),
                             (4, "ring")):
        points = tool.predict(COLOSSUS, "all_reduce", sizes, "-a", algorithm, ranks=[RANKS])
        plot(axis, labels, algorithm, index, sizes, list(map(time_of, points)))
    best = tool.predict(COLOSSUS, "all_reduce", sizes, "-a", "hierarchical", ranks=[RANKS])
    plot(axis, labels, "lower bound, no switches", 6, sizes, [p["bound_s"] for p in best], marked=False)
    finish(axis, labels, sizes)
    save(figure, folder, "all_reduce_100k",
         f"all_reduce of 1 GiB: NCCL takes {chosen[at]['scenario']['algorithm']}, {fmt.time(chosen[at]['time_s'])} on "
         f"the fabric where its model says {fmt.time(estimates[at])}",
         "all_reduce; dotted: NCCL's own estimate", provenance(tool, f"{COLOSSUS}, nccl:2.28"))


FIGURES = {"all_gather_100k": draw_gather, "all_reduce_100k": draw_reduce}
