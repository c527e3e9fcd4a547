#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws one figure for each term of the models into docs/images/models/, from what the tool itself
prints: start-up and goodput against the number of ranks. Writes FOLDER/startup.svg and goodput.svg."""

import argparse
import json
import os
import re
import subprocess
import textwrap

import collscale_format as fmt
import collscale_records as cr
import collscale_style as style

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WIDTH_IN, HEIGHT_IN = 7.4, 4.6


class Tool:
    """The program whose answers are drawn."""

    def __init__(self, path):
        if not os.access(path, os.X_OK):
            raise cr.Refused(f"--tool {path}: there is no such program; build it or name another")
        self.path = path
        version = re.match(r"collscale (\S+)", self.text("--version"))
        self.version = version.group(1) if version else "?"

    def text(self, *arguments):
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise cr.Refused(f"collscale {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.text(*arguments, "--json", "-"))


def new_figure():
    figure, axis = style.plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))
    figure.subplots_adjust(left=0.12, right=0.8, top=0.8, bottom=0.19)
    return figure, axis


def save(figure, folder, name, title, key, provenance):
    """Title, key and provenance as in every figure here; SVG only, whole or not at all."""
    lines = textwrap.wrap(title, int(WIDTH_IN * 9.3))
    figure.suptitle("\n".join(lines), x=0.01, y=1 - 0.1 / HEIGHT_IN, ha="left", va="top", fontsize=12,
                    fontweight="bold")
    figure.text(0.01, 1 - (0.16 + 0.2 * len(lines)) / HEIGHT_IN, key, ha="left", va="top", fontsize=8,
                color=style.FAINT)
    figure.text(0.01, 0.08 / HEIGHT_IN, "\n".join(textwrap.wrap(provenance, int(WIDTH_IN * 16))), ha="left",
                va="bottom", fontsize=7, color=style.FAINT)
    path = os.path.join(folder, f"{name}.svg")
    try:
        figure.savefig(path + ".part", format="svg", metadata={"Date": None})
        os.replace(path + ".part", path)
    except OSError as error:
        raise cr.Refused(f"{path}: cannot be written: {error.strerror}") from None
    style.plt.close(figure)


def percent(share):
    return f"{100 * share:.0f}\u00a0%"


def powers_of_two(first, last):
    return [2 ** k for k in range(first, last + 1)]


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
        for checkpoint, linestyle in (("60s", "-"), ("5s", (0, (1, 1.2)))):
            answer = tool.json("goodput", "-n", ",".join(map(str, ranks)), "--failures", name, "--checkpoint", checkpoint)
            points = answer["points"]
            axis.plot([p["ranks"] for p in points], [100 * p["goodput"] for p in points], color=style.colour(index),
                      linestyle=linestyle)
            if checkpoint == "60s":
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
         "lines: checkpoints of 60 s; dotted: of 5 s; number: failures per 1,000 node-days; points: published",
         f"predicted (collscale goodput) · collscale {tool.version} · failure rates of others: arXiv 2410.21680 "
         "(RSC-1), arXiv 2407.21783 (Llama 3), arXiv 2602.00277 (Meta 32K)")


FIGURES = {"startup": draw_startup, "goodput": draw_goodput}


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise cr.Refused(f"{self.prog}: {message}; `{self.prog} --help` shows the usage")


def main():
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
                    epilog="Example:\n  scripts/plot_model_terms.py all")
    parser.add_argument("terms", nargs="+", metavar="TERM", help=f"all, or {', '.join(FIGURES)}")
    parser.add_argument("--tool", default=os.path.join(ROOT, "build", "release", "collscale"), metavar="PROGRAM",
                        help="default: build/release/collscale")
    parser.add_argument("-o", "--output", default=os.path.join(ROOT, "docs", "images", "models"), metavar="FOLDER",
                        help="default: docs/images/models")
    arguments = parser.parse_args()
    for term in arguments.terms:
        if term not in FIGURES and term != "all":
            raise cr.Refused(f"TERM {term}: unknown, expected all, {', '.join(FIGURES)}")
    tool = Tool(arguments.tool)
    try:
        os.makedirs(arguments.output, exist_ok=True)
    except OSError as error:
        raise cr.Refused(f"--output {arguments.output}: {error.strerror}") from None
    for term in FIGURES if "all" in arguments.terms else arguments.terms:
        FIGURES[term](tool, arguments.output)


if __name__ == "__main__":
    cr.main_guard(main)
