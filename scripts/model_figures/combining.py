# SPDX-License-Identifier: Apache-2.0
"""How stages combine: pipelines, what switches add up, oversubscription, planes, and how far from the
lower bound the best algorithm is."""

import collscale_format as fmt
import collscale_style as style

from .tool import (half_octaves, label_ends, new_figure, percent, plain_log_axis, plot, powers_of_two,
                   provenance, save, system_file)

KIB, MIB, GIB = 2 ** 10, 2 ** 20, 2 ** 30
COLOSSUS = "colossus-100k"


def draw_pipeline(tool, folder):
    chunks = powers_of_two(0, 13)
    figure, axis = new_figure()
    labels, gains = [], {}
    system = "dgx-h100-superpod"
    for index, algorithm in enumerate(["chain", "binary_tree", "double_tree"]):
        def at(count, algorithm=algorithm):
            options = ["-a", algorithm] + (["--chunks", count] if count else [])
            return tool.predict(system, "broadcast", [64 * MIB], *options)[0]["time_s"]
        times = [at(count) for count in chunks]
        plot(axis, labels, algorithm, index, chunks, times, every=1)
        axis.axhline(at(0), color=style.colour(index), linewidth=0.8, linestyle=(0, (1, 1.2)))
        gains[algorithm] = times[0] / at(0)
    whole = tool.predict(system, "broadcast", [64 * MIB], "-a", "scatter_doubling")[0]["time_s"]
    axis.plot(chunks, [whole] * len(chunks), color=style.INK, linewidth=0.8)
    labels.append((chunks[-1], whole, "scatter_doubling", style.INK))
    plain_log_axis(axis, chunks[::2], "chunks", lambda value: f"{value:,.0f}")
    style.time_axis(axis)
    label_ends(axis, labels)
    save(figure, folder, "pipeline",
         f"Cut into the right number of chunks, a chain of 1,024 ranks broadcasts {gains['chain']:.0f} times as fast, "
         f"a binary tree {gains['binary_tree']:.0f} times",
         "broadcast of 64 MiB; dotted: the number of chunks that the model takes by itself",
         provenance(tool, system))


def draw_in_network(tool, folder):
    sizes = half_octaves(10, 32)
    figure, axis = new_figure()
    labels = []
    share = "{efficiency: {value: 0.9, label: assumed}, latency: {value: 6us, label: assumed}}"
    nvls = "    in_network: {efficiency: {value: 0.68, label: assumed}, latency: {value: 12.5us, label: assumed}}\n"
    system = system_file(switches=f"  in_network: {share}\n")
    system = system.replace("  nics:\n", nvls + "  nics:\n", 1)
    last = {}
    for index, algorithm in enumerate(["collnet_direct", "nvls_tree", "hierarchical_halving_doubling", "ring"]):
        points = tool.predict(system, "all_reduce", sizes, "-a", algorithm)
        rates = [p["busbw_Bps"] for p in points]
        plot(axis, labels, algorithm, index, sizes, rates)
        last[algorithm] = points
    style.size_axis(axis, sizes[0], sizes[-1])
    style.bandwidth_axis(axis, axis.get_ylim()[1])
    label_ends(axis, labels)
    figure.subplots_adjust(right=0.72)
    small = {name: points[0]["time_s"] for name, points in last.items()}
    save(figure, folder, "in_network",
         f"Switches that add up: 1 KiB in {fmt.time(small['collnet_direct'])} where trees between nodes need "
         f"{fmt.time(small['nvls_tree'])} and a ring {fmt.time(small['ring'])}",
         "all_reduce, 512 ranks; collnet_direct adds up between nodes, nvls_tree in them",
         provenance(tool, "64 nodes of 8 H100, 400 Gb/s; fabric.in_network assumed: 90 %, 6 µs"))


def draw_oversubscription(tool, folder):
    ratios = [1, 1.5, 2, 3, 4, 6, 8, 12, 16]
    figure, axis = new_figure(right=0.72)
    labels, last = [], {}
    cases = [("all_to_all", "pairwise"), ("all_reduce", "recursive_doubling"),
             ("all_reduce", "hierarchical_halving_doubling"), ("all_reduce", "ring")]
    for index, (collective, algorithm) in enumerate(cases):
        times = [tool.predict(system_file(nodes=256, oversubscription=ratio), collective, [GIB], "-a",
                              algorithm)[0]["time_s"] for ratio in ratios]
        last[algorithm] = [t / times[0] for t in times]
        plot(axis, labels, algorithm, index, ratios, last[algorithm], every=1)
    plain_log_axis(axis, [1, 2, 4, 8, 16], "oversubscription of the leaves", lambda value: f"1:{value:g}")
    axis.set_yscale("log", base=2)
    axis.yaxis.set_major_formatter(style.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_ylabel("time ÷ time at 1:1")
    label_ends(axis, labels)
    at = ratios.index(8)
    save(figure, folder, "oversubscription",
         f"Leaves of 1:8 make an all_to_all {last['pairwise'][at]:.1f} times as long, a ring "
         f"{last['ring'][at]:.2f} times: what counts is what crosses",
         "1 GiB, 2,048 ranks, 8 leaf groups; all_to_all, and all_reduce by three algorithms",
         provenance(tool, "256 nodes of 8 H100, 8 rails, adaptive routing"))


def draw_planes(tool, folder):
    splits = [1, 2, 4, 8, 16, 32, 64]
    figure, axis = new_figure()
    labels, first = [], {}
    for index, planes in enumerate([1, 2, 4, 8]):
        family = f"fat-tree:nodes=64,rails=8,planes={planes}"
        even = tool.predict(family, "all_reduce", [GIB], "-a", "hierarchical_halving_doubling")[0]["time_s"]
        times = [tool.predict(f"{family},routing=ecmp,queue_pairs={q}", "all_reduce", [GIB], "-a",
                              "hierarchical_halving_doubling")[0]["time_s"] / even for q in splits]
        plot(axis, labels, f"{planes} plane{'s' if planes > 1 else ''}", index, splits, times, every=1)
        first[planes] = times
    plain_log_axis(axis, splits, "flows that a message is split into (queue pairs)")
    axis.set_ylim(bottom=1)
    axis.set_ylabel("time ÷ time with an even share")
    label_ends(axis, labels)
    save(figure, folder, "planes",
         f"A NIC of 8 planes with one flow a message takes {first[8][0]:.1f} times as long; with 64 flows "
         f"{first[8][-1]:.1f} times",
         "all_reduce of 1 GiB, hierarchical_halving_doubling, 512 ranks, ecmp; by planes of equal sum",
         provenance(tool, "fat-tree:nodes=64,rails=8"))


def draw_bounds(tool, folder):
    sizes = half_octaves(3, 34)
    figure, axis = new_figure()
    labels, middle = [], {}
    for index, ranks in enumerate([8, 512, 4096, 100000]):
        points = tool.predict(COLOSSUS, "all_gather", sizes, ranks=[ranks])
        shares = [100 * p["utilisation"] for p in points]
        plot(axis, labels, f"{ranks:,} ranks", index, sizes, shares)
        middle[ranks] = shares
    style.size_axis(axis, sizes[0], sizes[-1])
    axis.set_ylim(0, 100)
    axis.set_ylabel("lower bound ÷ time (%)")
    label_ends(axis, labels)
    save(figure, folder, "bounds",
         f"The best all_gather comes to {percent(min(middle[8]) / 100)} or more of the lower bound in a node, but to "
         f"{percent(min(middle[100000]) / 100)} … {percent(max(middle[100000]) / 100)} among 100,000 ranks",
         "all_gather, the fastest algorithm at each point", provenance(tool, COLOSSUS))


FIGURES = {"pipeline": draw_pipeline, "in_network": draw_in_network, "oversubscription": draw_oversubscription,
           "planes": draw_planes, "bounds": draw_bounds}
