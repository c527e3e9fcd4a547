# SPDX-License-Identifier: Apache-2.0
"""Start-up and goodput against the number of ranks."""

import collscale_style as style

from .tool import new_figure, percent, powers_of_two, save

# ---- start-up

# Published, seconds by ranks: arXiv 2510.20171 figure 21; arXiv 2602.00277 figure 2.
PUBLISHED = [("NCCL, 2510.20171", 0, {8192: 14.5, 32768: 55.71, 98304: 265.0}),
             ("NCCLX, 2510.20171", 1, {8192: 3.97, 32768: 11.89, 98304: 24.0}),
             ("NCCL, 2602.00277", 2, {16384: 17, 22528: 30, 65536: 100, 98304: 200})]


def of_library(tool, ranks, *options):
    return tool.json("startup", "-n", ",".join(map(str, ranks)), *options)


def draw_startup(tool, folder):
    ranks = sorted({round(2 ** (k / 4)) for k in range(40, 73)} | {8192, 98304})
    lines = [("NCCL to 2.28.3", 0, of_library(tool, ranks)),
             ("NCCL 2.28.9", 3, of_library(tool, ranks, "--nccl-version", "2.28.9")),
             ("NCCLX", 1, of_library(tool, ranks, "--library", "ncclx"))]
    low, high = lines[0][2]["validated_ranks"]
    figure, axis = new_figure()
    labels = []
    for label, index, answer in lines:
        points = answer["points"]
        ink = style.colour(index)
        for inside in (True, False):
            for part in ([p for p in points if p["ranks"] <= low], [p for p in points if low <= p["ranks"] <= high],
                         [p for p in points if p["ranks"] >= high]):
                is_inside = low <= part[0]["ranks"] and part[-1]["ranks"] <= high
                if inside == is_inside:
                    axis.plot([p["ranks"] for p in part], [p["time_s"] for p in part], color=ink,
                              linestyle="-" if inside and not points[0]["derived"] else (0, (4, 2)))
        if not points[0]["derived"]:
            axis.fill_between([p["ranks"] for p in points], [p["low_s"] for p in points],
                              [p["high_s"] for p in points], color=ink, alpha=0.13, linewidth=0)
        labels.append((points[-1]["ranks"], points[-1]["time_s"], label, ink))
    for label, index, published in PUBLISHED:
        axis.plot(list(published), list(published.values()), label=label, **style.marks("measured", index))
    for scale in (low, high):
        axis.axvline(scale, color=style.INK, linewidth=0.8, linestyle=":")
    style.ranks_axis(axis, powers_of_two(10, 18))
    style.time_axis(axis)
    axis.yaxis.set_major_formatter(style.ticker.FuncFormatter(lambda value, _: f"{value:,g} s"))
    axis.legend(frameon=False, fontsize=8, loc="upper left")
    style.label_ends(axis, labels)
    at = {p["ranks"]: p for p in lines[0][2]["points"]}
    newer = {p["ranks"]: p for p in lines[1][2]["points"]}
    loops = sum(part["time_s"] for part in at[98304]["parts"] if part["part"] in ("ring check", "pairs", "other loops"))
    title = (f"Setting up a communicator of {98304:,} ranks took NCCL {at[98304]['time_s']:.0f} s, "
             f"{percent(loops / at[98304]['time_s'])} of it quadratic in ranks; "
             f"2.28.9 should need about {newer[98304]['time_s']:.0f} s")
    save(figure, folder, "startup", title,
         "points: published; lines: the model through them, bands 35 %; dashed: extrapolated or derived from the source",
         f"predicted (collscale startup) · collscale {tool.version} · measurements of others: arXiv 2510.20171 "
         "(figure 21), arXiv 2602.00277 (figure 2)")


# ---- goodput

CLUSTERS = [("rsc-1", 0), ("llama-3", 1), ("meta-32k", 2)]


def draw_goodput(tool, folder):
    ranks = sorted({round(2 ** (k / 4)) for k in range(48, 73)} | {98304})
    figure, axis = new_figure()
    labels = []
    at_98k = {}
    for name, index in CLUSTERS:
        for checkpoint, linestyle in (("1s", "-"), ("60s", (0, (1, 1.2)))):
            answer = tool.json("goodput", "-n", ",".join(map(str, ranks)), "--failures", name, "--checkpoint", checkpoint)
            points = answer["points"]
            axis.plot([p["ranks"] for p in points], [100 * p["goodput"] for p in points], color=style.colour(index),
                      linestyle=linestyle)
            if checkpoint == "1s":
                rate = 1000 * answer["failures_per_node_day"]
                labels.append((points[-1]["ranks"], 100 * points[-1]["goodput"], f"{name}: {rate:.3g}",
                               style.colour(index)))
                at_98k[name] = next(p["goodput"] for p in points if p["ranks"] == 98304)
    # Effective training time: arXiv 2602.00277, synchronous training at about 98K GPUs.
    axis.plot([98304], [44], label="98K: failures every 18 min (arXiv 2602.00277)",
              **style.marks("measured", 0))
    # More than 90 % is stated (arXiv 2407.21783): an arrow from the bound upwards.
    axis.errorbar([16384], [90], yerr=[[0], [5]], lolims=True, color=style.colour(1), marker=style.marker(1),
                  linestyle="none", label="Llama 3, 16K: above 90 % (arXiv 2407.21783)")
    style.ranks_axis(axis, powers_of_two(12, 18))
    axis.set_ylim(0, 100)
    axis.set_ylabel("share of the time that counts (%)")
    axis.legend(frameon=False, fontsize=8, loc="lower left")
    style.label_ends(axis, labels)
    least, most = min(at_98k.values()), max(at_98k.values())
    save(figure, folder, "goodput",
         f"With restarts of 10 min, {98304:,} ranks of 8 per node keep {percent(least)} to {percent(most)} of their time, "
         "by how often nodes fail",
         "lines: checkpoints that stop the job for 1 s; dotted: for 60 s; number: failures per 1,000 node-days; points: published",
         f"predicted (collscale goodput) · collscale {tool.version} · failure rates of others: arXiv 2410.21680 "
         "(RSC-1), arXiv 2407.21783 (Llama 3), arXiv 2602.00277 (Meta 32K)")


FIGURES = {"startup": draw_startup, "goodput": draw_goodput}
