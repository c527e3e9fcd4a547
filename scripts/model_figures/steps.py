# SPDX-License-Identifier: Apache-2.0
"""One figure for each term of the cost of a step, in the order in which they are applied."""

import collscale_format as fmt
import collscale_style as style

from .tool import (exposed, half_octaves, label_ends, new_figure, octave_from, percent, plain_log_axis, plot,
                   powers_of_two, provenance, save, system_file, time_of)

KIB, MIB, GIB = 2 ** 10, 2 ** 20, 2 ** 30
COLOSSUS = "colossus-100k"
SCALES = powers_of_two(3, 16) + [100000]
# Enough of a node and a fabric for one term: 64 nodes of 8 H100, two leaf groups.
SMALL = "64 nodes of 8 H100, 400 Gb/s, 2 leaf groups"


def draw_latency(tool, folder):
    figure, axis = new_figure(right=0.77)
    labels, at_most = [], {}
    for index, algorithm in enumerate(["ring", "hierarchical", "hierarchical_3level", "tree", "recursive_doubling"]):
        points = [r for r in tool.predict(COLOSSUS, "all_reduce", [8], "-a", algorithm, ranks=SCALES)
                  if r["scenario"]["ranks"] >= 16]
        plot(axis, labels, algorithm, index, [r["scenario"]["ranks"] for r in points], list(map(time_of, points)),
             every=2)
        at_most[algorithm] = points[-1]["time_s"]
    style.ranks_axis(axis, SCALES[1:])
    style.time_axis(axis)
    label_ends(axis, labels)
    save(figure, folder, "latency",
         f"An all_reduce of 8 B among 100,000 ranks takes {fmt.time(at_most['ring'])} round a ring, "
         f"{fmt.time(at_most['recursive_doubling'])} by doubling",
         "all_reduce of 8 B: latency alone", provenance(tool, COLOSSUS))


def draw_bandwidth(tool, folder):
    sizes = half_octaves(10, 34)
    points = tool.predict(COLOSSUS, "all_reduce", sizes, "-a", "halving_doubling", ranks=[4096])
    parts = [("latency", None, 2), ("bandwidth", "scale-up", 0), ("bandwidth", "nic", 1)]

    def share(point, term, tier):
        return sum(p["exposed_s"] for p in point["breakdown"]
                   if p["term"] == term and (tier is None or p["tier"] == tier)) / point["time_s"]

    figure, axis = new_figure(right=0.78)
    shares = [[100 * share(p, term, tier) for p in points] for term, tier, _ in parts]
    axis.stackplot(sizes, shares, colors=[style.colour(index) for _, _, index in parts], alpha=0.75, linewidth=0)
    style.size_axis(axis, sizes[0], sizes[-1])
    axis.set_xlim(sizes[0], sizes[-1])
    axis.set_ylim(0, 100)
    axis.set_ylabel("share of the time (%)")
    axis.grid(False)
    base, labels = 0, []
    for (term, tier, index), values in zip(parts, shares):
        labels.append((sizes[-1], base + values[-1] / 2, f"{term} {tier or ''}".strip(), style.colour(index)))
        base += values[-1]
    label_ends(axis, labels)
    half = octave_from(sizes, lambda i: shares[0][i] < 50)
    save(figure, folder, "bandwidth",
         f"Halving and doubling among 4,096 ranks: bandwidth is most of the time from about {fmt.size(half)} on, "
         "on NICs as much as in the nodes",
         "all_reduce, exposed time of each term and resource", provenance(tool, f"{COLOSSUS}, 4,096 of its ranks"))


def draw_protocol(tool, folder):
    sizes = [round(2 ** (k / 4)) for k in range(40, 129)]
    points = tool.table("dgx-h100-superpod", "all_reduce", sizes, "--selector", "nccl:2.28", ranks=[128])
    figure, axis = new_figure()
    labels, fabric = [], {}
    for index, protocol in enumerate(["LL", "LL128", "Simple"]):
        cells = [next(c for c in p["matrix"] if c["algorithm"] == "Ring" and c["protocol"] == protocol) for p in points]
        fabric[protocol] = [c["fabric_s"] for c in cells]
        plot(axis, labels, protocol, index, sizes, fabric[protocol])
        axis.plot(sizes, [c["estimate_s"] for c in cells], color=style.colour(index), linestyle=(0, (1, 1.2)))
    style.size_axis(axis, sizes[0], sizes[-1])
    style.time_axis(axis)
    label_ends(axis, labels)
    ll128 = octave_from(sizes, lambda i: fabric["LL128"][i] < fabric["LL"][i])
    simple = octave_from(sizes, lambda i: fabric["Simple"][i] < fabric["LL128"][i])
    save(figure, folder, "protocol",
         f"Round a ring of 128 ranks LL is quickest for small messages, LL128 at {fmt.size(ll128)}, "
         f"Simple from about {fmt.size(simple)} on",
         "all_reduce, Ring; lines: on the fabric; dotted: NCCL's own estimate",
         provenance(tool, "dgx-h100-superpod, nccl:2.28"))


def draw_ecmp(tool, folder):
    splits = [1, 2, 4, 8, 16, 32, 64]
    figure, axis = new_figure()
    labels = []
    worst = 0
    for index, nodes in enumerate([32, 64, 256]):
        family = f"fat-tree:nodes={nodes}"
        even = tool.predict(family, "all_gather", [GIB], "-a", "recursive_doubling")[0]["time_s"]
        lines = [tool.predict(f"{family},routing=ecmp,queue_pairs={q}", "all_gather", [GIB], "-a",
                              "recursive_doubling")[0]["time_s"] / even for q in splits]
        plot(axis, labels, f"{8 * nodes:,} ranks", index, splits, lines, marked=False)
        worst = max(worst, lines[0])
        if nodes != 64:
            continue
        for seed in range(1, 9):
            hashed = [tool.predict(f"{family},routing=ecmp,queue_pairs={q}", "all_gather", [GIB], "-a",
                                   "recursive_doubling", "--engine", "flow", "--seed", seed)[0] for q in splits]
            axis.plot(splits, [p["time_s"] / even for p in hashed], alpha=0.7, **style.marks("simulated", index))
    plain_log_axis(axis, splits, "flows that a message is split into (queue pairs)")
    axis.set_ylim(bottom=1)
    axis.set_ylabel("time ÷ time with an even share")
    label_ends(axis, labels)
    save(figure, folder, "ecmp",
         f"Flows hashed onto links take up to {worst:.1f} times as long; splitting each into 16 takes most of it back",
         "all_gather of 1 GiB by recursive doubling; points: explicit hashing, 8 seeds, 512 ranks",
         provenance(tool, "fat-tree, 1:1, routing ecmp", "predicted (analytic), simulated (flow)"))


def draw_imbalance(tool, folder):
    excess = [0.025 * k for k in range(0, 25)]
    figure, axis = new_figure()
    labels = []
    for index, ratio in enumerate([1, 1.5, 2, 3]):
        def at(value, ratio=ratio):
            system = system_file(oversubscription=ratio, fabric={"imbalance": f"{value:g}"} if value else None)
            return tool.predict(system, "all_to_all", [GIB], "-a", "pairwise")[0]["time_s"]
        base = at(0)
        plot(axis, labels, f"1:{ratio:g}", index, [100 * e for e in excess], [at(e) / base for e in excess])
    axis.set_xlabel("what the busiest uplink carries beyond the even share (%)")
    axis.set_ylabel("time ÷ time with an even share")
    label_ends(axis, labels)
    save(figure, folder, "imbalance",
         "Uneven spraying costs nothing until it makes an uplink the slowest resource",
         "all_to_all of 1 GiB, half of it between two leaf groups; by oversubscription of the leaves",
         provenance(tool, SMALL))


def draw_pcie(tool, folder):
    speeds = [100, 200, 300, 400, 500, 600, 800, 1000, 1200, 1600]
    figure, axis = new_figure()
    labels = []
    for index, (label, bandwidth) in enumerate([("no limit", None), ("PCIe 5.0 x16", "63GB/s"),
                                                ("PCIe 4.0 x16", "31.5GB/s")]):
        rates = [tool.predict(system_file(nic=f"{speed}Gbps", nics={"pcie": bandwidth} if bandwidth else None),
                              "all_to_all", [GIB], "-a", "pairwise")[0]["busbw_Bps"] for speed in speeds]
        plot(axis, labels, label, index, speeds, rates, every=1)
    axis.set_xlabel("NIC of each accelerator (Gb/s)")
    style.bandwidth_axis(axis, axis.get_ylim()[1])
    label_ends(axis, labels)
    save(figure, folder, "pcie", "Behind PCIe 5.0 x16 (63 GB/s) a NIC faster than 500 Gb/s brings nothing",
         "all_to_all of 1 GiB, 512 ranks", provenance(tool, SMALL.replace(", 400 Gb/s", "")))


def draw_window(tool, folder):
    hops_us = [0.6 * 10 ** (k / 20) for k in range(0, 67)]
    trips = [2 * (4 + 3 * hop) for hop in hops_us]
    figure, axis = new_figure()
    labels = []
    nominal = 50e9
    for index, channels in enumerate([1, 4, 16]):
        window = f"{3.5 * channels:g}MiB"
        rates = []
        for hop in hops_us:
            system = system_file(nodes=2, gpus=1, rails=1, leaf_nodes=1, hop=f"{hop:.4f}us", nics={"window": window})
            rates.append(tool.predict(system, "broadcast", [16 * GIB], "-a", "linear")[0]["algbw_Bps"])
        plot(axis, labels, f"{channels} x 3.5 MiB", index, trips, rates)
        if channels == 1:
            knee = next(t for t, r in zip(trips, rates) if r < 0.98 * nominal)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(style.ticker.FuncFormatter(lambda value, _: fmt.tick_time(value * 1e-6)))
    axis.set_xlabel("round trip between two nodes")
    style.bandwidth_axis(axis, nominal)
    axis.set_ylabel("bandwidth of one message (GB/s)")
    label_ends(axis, labels)
    save(figure, folder, "window",
         f"One channel's window of 3.5 MiB does not fill 400 Gb/s on round trips above some {knee:.0f} µs",
         "broadcast of 16 GiB from one node to another; by windows under way",
         provenance(tool, "2 nodes, one 400 Gb/s NIC each, switch latency varied"))


def draw_message_rate(tool, folder):
    sizes = half_octaves(12, 30)
    figure, axis = new_figure()
    labels = []
    at_small = {}
    for index, gap in enumerate([None, "20ns", "100ns", "500ns"]):
        points = tool.predict(system_file(nics={"message_gap": gap} if gap else None), "all_to_all", sizes, "-a",
                              "pairwise")
        plot(axis, labels, f"gap {gap}" if gap else "no gap", index, [s / 512 for s in sizes],
             list(map(time_of, points)))
        at_small[gap] = points[0]["time_s"]
    style.size_axis(axis, sizes[0] / 512, sizes[-1] / 512)
    axis.set_xlabel("message (one block)")
    style.time_axis(axis)
    label_ends(axis, labels)
    save(figure, folder, "message_rate",
         f"With 100 ns between messages of a NIC, 512 ranks need {fmt.time(at_small['100ns'])} to exchange blocks "
         f"of 8 B, not {fmt.time(at_small[None])}",
         "pairwise all_to_all; by the least time between two messages of a NIC", provenance(tool, SMALL))


def draw_overhead(tool, folder):
    figure, axis = new_figure()
    labels, last = [], {}
    for index, algorithm in enumerate(["pairwise", "two_phase", "three_phase", "bruck"]):
        for without in (False, True):
            points = [r for r in tool.predict(COLOSSUS, "all_to_all", [64 * MIB], "-a", algorithm,
                                              *(["--without", "overhead"] if without else []), ranks=SCALES)
                      if r["scenario"]["ranks"] >= 64]
            plot(axis, labels, "" if without else algorithm, index, [r["scenario"]["ranks"] for r in points],
                 list(map(time_of, points)), linestyle=(0, (1, 1.2)) if without else "-", marked=not without, every=2)
            last[algorithm, without] = points[-1]["time_s"]
    style.ranks_axis(axis, SCALES[3:])
    style.time_axis(axis)
    label_ends(axis, labels)
    save(figure, folder, "overhead",
         f"One microsecond a message makes a pairwise all_to_all of 64 MiB take {fmt.time(last['pairwise', False])} "
         f"at 100,000 ranks; three phases take {fmt.time(last['three_phase', False])}",
         "all_to_all of 64 MiB per rank; dotted: --without overhead", provenance(tool, COLOSSUS))


def draw_work(tool, folder, name, key, figures_of, title, what, algorithms):
    rates = [50e9 * 2 ** (k / 2) for k in range(0, 13)]
    figure, axis = new_figure(right=0.72)
    labels, shares = [], {}
    for index, algorithm in enumerate(algorithms):
        shares[algorithm] = []
        for rate in rates:
            point = tool.predict(system_file(compute={key: f"{rate / 1e9:.6g}GB/s"}), "all_reduce", [GIB], "-a",
                                 algorithm)[0]
            shares[algorithm].append(100 * exposed(point, name) / point["time_s"])
        plot(axis, labels, algorithm, index, rates, shares[algorithm])
    plain_log_axis(axis, rates[::2], what, lambda value: f"{value / 1e9:g}")
    axis.set_ylim(0, 100)
    axis.set_ylabel("share of the time (%)")
    label_ends(axis, labels)
    save(figure, folder, name, title(shares, rates), figures_of, provenance(tool, SMALL))


def draw_reduction(tool, folder):
    draw_work(tool, folder, "reduction", "reduce", "all_reduce of 1 GiB, 512 ranks, exposed time of adding up",
              lambda shares, rates: f"Adding up at {rates[4] / 1e9:g} GB/s, not overlapped, is "
              f"{percent(shares['ring'][4] / 100)} of a ring's all_reduce and "
              f"{percent(shares['tree'][4] / 100)} of a tree's",
              "speed of adding up (GB/s of one operand)",
              ["tree", "ring", "halving_doubling", "recursive_doubling"])


def draw_copy(tool, folder):
    draw_work(tool, folder, "copy", "copy", "all_reduce of 1 GiB, 512 ranks, exposed time of packing and unpacking",
              lambda shares, rates: f"Packing at {rates[8] / 1e9:g} GB/s is "
              f"{percent(shares['halving_doubling'][8] / 100)} of halving and doubling; a ring packs nothing",
              "speed of packing and unpacking (GB/s)",
              ["halving_doubling", "pat", "hierarchical_halving_doubling", "ring"])


def draw_noise(tool, folder):
    scales = SCALES[1:]
    figure, axis = new_figure(right=0.77)
    labels, last = [], {}
    for kind, linestyle in (("exponential:1us", "-"), ("pareto:1us:3", (0, (4, 2)))):
        for index, algorithm in enumerate(["ring", "tree", "recursive_doubling"]):
            points = tool.predict(COLOSSUS, "all_reduce", [8], "-a", algorithm, "--noise", kind, ranks=scales)
            added = [exposed(p, "noise") for p in points]
            plot(axis, labels, algorithm if linestyle == "-" else "", index, scales, added, linestyle=linestyle,
                 every=2)
            last[kind, algorithm] = added[-1]
    style.ranks_axis(axis, scales)
    style.time_axis(axis)
    axis.set_ylabel("added by noise")
    label_ends(axis, labels)
    kind = "exponential:1us"
    save(figure, folder, "noise",
         f"Delays of 1 µs a message add {fmt.time(last[kind, 'ring'])} to a ring of 100,000 ranks, "
         f"{fmt.time(last[kind, 'recursive_doubling'])} to doubling",
         "all_reduce of 8 B; lines: exponential delays; dashed: Pareto of shape 3, both of mean 1 µs",
         provenance(tool, COLOSSUS))


FIGURES = {"latency": draw_latency, "bandwidth": draw_bandwidth, "protocol": draw_protocol, "ecmp": draw_ecmp,
           "imbalance": draw_imbalance, "pcie": draw_pcie, "window": draw_window, "message_rate": draw_message_rate,
           "overhead": draw_overhead, "reduction": draw_reduction, "copy": draw_copy, "noise": draw_noise}
