# SPDX-License-Identifier: Apache-2.0
"""What all figures of docs/models.md share: the program that answers, the small systems it is asked
about, and how a figure is laid out and saved.

Shapes: `Tool.predict` gives the records of `collscale predict` as dictionaries, in the order printed.
Errors: `Refused`, one sentence.
"""

import os
import re
import tempfile
import textwrap

import collscale_script as cs
import collscale_style as style

WIDTH_IN, HEIGHT_IN = 7.4, 4.6


class Tool(cs.Tool):
    """The program whose answers are drawn."""

    def __init__(self, path):
        super().__init__(path)
        version = re.match(r"collscale (\S+)", self.text("--version"))
        self.version = version.group(1) if version else "?"

    def _predict(self, system, collective, sizes, ranks, options):
        listed = ",".join(f"{size:.0f}B" for size in sizes)
        # Of the models alone: a ready profile changes with what was measured.
        arguments = ["predict", "-c", collective, "-s", listed, "--profile", "none"]
        if ranks:
            arguments += ["-n", ",".join(map(str, ranks))]
        arguments += map(str, options)
        if not system.startswith("name:"):
            return self.json(*arguments, "-t", system)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "system.yaml")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(system)
            return self.json(*arguments, "-t", path)

    def predict(self, system, collective, sizes, *options, ranks=None):
        """`system`: a name, a family with parameters, or the text of a file (system_file)."""
        return self._predict(system, collective, sizes, ranks, options)["benchmarks"]

    def table(self, system, collective, sizes, *options, ranks=None):
        """NCCL's matrix, its choice and the cost on the fabric, a dictionary per point."""
        return self._predict(system, collective, sizes, ranks, ("--table", *options))["points"]


def time_of(record):
    return record["time_s"]


def exposed(record, *terms):
    """Seconds of these terms in the breakdown."""
    return sum(part["exposed_s"] for part in record["breakdown"] if part["term"] in terms)


def _figures(indent, figures):
    return "".join(f"{' ' * indent}{key}: {{value: {value}, label: assumed}}\n" for key, value in figures.items())


def system_file(nodes=64, gpus=8, nic="400Gbps", leaf_nodes=32, hop="600ns", oversubscription=1, rails=8,
                routing="adaptive", nics=None, scale_up=None, compute=None, fabric=None, switches=""):
    """A file of two tiers: leaf groups of `leaf_nodes` nodes under one spine, the figures of an H100 node
    where nothing else is asked for. Dictionaries add optional keys to their section."""
    uplink = {"link": nic, "oversubscription": oversubscription}
    return (
        "name: small\ndescription: small system for one figure\nas_of: 2026-01\n" + _figures(0, {"nodes": nodes}) +
        "node:\n  name: small-node\n" + _figures(2, {"accelerators": gpus, "ranks_per_accelerator": 1}) +
        "  scale_up:\n    kind: nvswitch\n" +
        _figures(4, {"bandwidth": "450GB/s", "efficiency": 0.824, "latency": "1.9us", **(scale_up or {})}) +
        "  nics:\n" + _figures(4, {"per_node": gpus, "bandwidth": nic, "latency": "4us", **(nics or {})}) +
        ("  compute:\n" + _figures(4, compute) if compute else "") +
        f"fabric:\n  kind: clos\n  rails: {rails}\n  routing: {routing}\n  cross_rail: forward\n" +
        _figures(2, {"efficiency": 1, **(fabric or {})}) + switches +
        "  tiers:\n    - name: leaf\n" + _figures(6, {"children": leaf_nodes, **uplink, "hop_latency": hop}) +
        "    - name: spine\n" + _figures(6, {"children": -(-nodes // leaf_nodes), "hop_latency": hop}))


def new_figure(height_in=HEIGHT_IN, panels=1, right=0.8):
    figure, axes = style.plt.subplots(1, panels, figsize=(WIDTH_IN, height_in), squeeze=False)
    figure.subplots_adjust(left=0.11, right=right, top=1 - 0.92 / height_in, bottom=0.87 / height_in, wspace=0.3)
    return figure, axes[0][0] if panels == 1 else axes[0]


def save(figure, folder, name, title, key, provenance):
    """Title, key and provenance as in every figure here; SVG only, whole or not at all."""
    # A number and its unit stay on one line.
    whole = re.sub(r"(?<=\d) (?=([KMGT]i)?B\b|[nµm]?s\b|[kMG]B/s|ranks|%)", "\u00a0", title)
    height_in = figure.get_size_inches()[1]
    lines = textwrap.wrap(whole, int(WIDTH_IN * 9.3))
    figure.suptitle("\n".join(lines), x=0.01, y=1 - 0.1 / height_in, ha="left", va="top", fontsize=12,
                    fontweight="bold")
    figure.text(0.01, 1 - (0.16 + 0.2 * len(lines)) / height_in, key, ha="left", va="top", fontsize=8,
                color=style.FAINT)
    figure.text(0.01, 0.08 / height_in, "\n".join(textwrap.wrap(provenance, int(WIDTH_IN * 16))), ha="left",
                va="bottom", fontsize=7, color=style.FAINT)
    path = os.path.join(folder, f"{name}.svg")
    try:
        figure.savefig(path + ".part", format="svg", metadata={"Date": None})
        os.replace(path + ".part", path)
    except OSError as error:
        raise cs.Refused(f"{path}: cannot be written: {error.strerror}") from None
    style.plt.close(figure)


def provenance(tool, system, engines="predicted (analytic)"):
    return f"{engines} · collscale predict {tool.version} · {system}"


def label_ends(axis, labels):
    """As the house style does, once the limits of both axes are known."""
    axis.get_xlim(), axis.get_ylim()
    style.label_ends(axis, labels)


def octave_from(sizes, holds):
    """The first whole power of two among the sizes from which on holds(index), for a title."""
    return next(size for index, size in enumerate(sizes) if size & (size - 1) == 0 and holds(index))


def plot(axis, labels, label, index, xs, ys, linestyle="-", marked=True, every=None):
    """A line with few markers, and its label for label_ends."""
    axis.plot(xs, ys, color=style.colour(index), linestyle=linestyle,
              marker=style.marker(index) if marked else None, markersize=4,
              markevery=every or max(1, len(xs) // 8))
    if label:
        labels.append((xs[-1], ys[-1], label, style.colour(index)))


def percent(share):
    return f"{100 * share:.0f}\u00a0%"


def powers_of_two(first, last):
    return [2 ** k for k in range(first, last + 1)]


def half_octaves(first, last):
    """From 2^first to 2^last, two points an octave."""
    return [round(2 ** (k / 2)) for k in range(2 * first, 2 * last + 1)]


def plain_log_axis(axis, values, label, text=lambda value: f"{value:g}"):
    """Logarithmic, ticks at these values."""
    axis.set_xscale("log", base=2)
    axis.set_xticks(values)
    axis.xaxis.set_major_formatter(style.ticker.FuncFormatter(lambda value, _: text(value)))
    axis.xaxis.set_minor_locator(style.ticker.NullLocator())
    axis.set_xlabel(label)
