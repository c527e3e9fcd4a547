# SPDX-License-Identifier: Apache-2.0
"""Numbers for people: IEC sizes, times with three digits, GB/s = 1e9 B/s; sizes from people; tables in Markdown."""

import re

from collscale_script import Refused

IEC = ["B", "KiB", "MiB", "GiB", "TiB"]


def size(size_bytes):
    """8 B, 64 KiB, 1.5 MiB."""
    value, unit = float(size_bytes), 0
    while value >= 1024 and unit < len(IEC) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.4g} {IEC[unit]}"


def digits3(value):
    """Three significant digits without an exponent: 0.0123, 1.20, 48.0, 123, 1230."""
    if value == 0:
        return "0"
    text = f"{value:#.3g}"
    return f"{float(text):.0f}" if "e+" in text else text.rstrip(".")


def time(seconds, digits=digits3):
    """850 ns, 12.3 µs, 4.56 ms, 1.20 s."""
    for scale, unit in ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms")):
        if seconds < 999.5 * scale:
            return f"{digits(seconds / scale)} {unit}"
    return f"{digits(seconds)} s"


def tick_time(seconds):
    """As time(), without the zeros that say how precise a number is: 50 ms."""
    return time(seconds, lambda value: f"{value:.3g}")


def bandwidth(rate_Bps):
    """GB/s; below 1 MB/s in kB/s, so that small messages do not all read 0."""
    if rate_Bps >= 1e7:
        return f"{digits3(rate_Bps / 1e9)} GB/s"
    if rate_Bps >= 1e5:
        return f"{digits3(rate_Bps / 1e6)} MB/s"
    return f"{digits3(rate_Bps / 1e3)} kB/s"


def ranks(count):
    """100,000"""
    return f"{count:,}"


def markdown_table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
                      *("| " + " | ".join(row) + " |" for row in rows)])


def parse_size(text):
    """`1GiB`, `64KiB`, `8B`, `8MB` to bytes. A bare `8M` is refused, as in the tool."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([kKMGT]i?)?B\s*", text)
    try:
        value = float(match.group(1))
    except (AttributeError, ValueError):
        raise Refused(f"size '{text}': expected a number with its unit, such as 8B, 64KiB, 1GiB or 8MB") from None
    prefix = match.group(2) or ""
    base = 1024 if prefix.endswith("i") else 1000
    return value * base ** (" kMGT".index(prefix[0].replace("K", "k")) if prefix else 0)
