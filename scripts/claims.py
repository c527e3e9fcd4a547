# SPDX-License-Identifier: Apache-2.0
"""Published single figures (results/published/claims.csv) beside what our commands say of the same."""

import csv
import json
import pathlib
import subprocess

import collscale_format as fmt
import collscale_records as cr

FILE = pathlib.Path(__file__).resolve().parent.parent / "results" / "published" / "claims.csv"
# A peak is claimed without a size: of the largest messages that people measure.
PEAK_SIZE = 8 << 30


def number(text):
    return float(text) if text else None


def command_for(claim):
    """What answers the claim, or None where no one command does."""
    if claim["check"] == "startup" and claim["unit"] == "s" and "alone" not in claim["id"]:
        return ["startup", "-n", claim["ranks"], "--library", claim["library"].lower()]
    if claim["check"] != "predict" or claim["quantity"] not in ("busbw", "time") or not claim["topology"]:
        return None
    size = int(number(claim["size_high_bytes"]) or PEAK_SIZE)
    if claim["collective"] == "send_recv" and claim["quantity"] == "time":
        return None  # between which two ranks is not for predict to say
    return ["predict", "-t", claim["topology"], "-c", claim["collective"], "-s", f"{size}B", "-n", claim["ranks"],
            *(["-a", claim["algorithm"]] if claim["algorithm"] and claim["algorithm"] != "auto" else [])]


def said(claim, answer):
    """(value, low, high) in the claim's unit; no interval: None."""
    if claim["check"] == "startup":
        point = answer["points"][0]
        return point["time_s"], point.get("low_s"), point.get("high_s")
    record = answer["benchmarks"][0]
    if claim["quantity"] == "time":
        return record["time_s"], None, None
    return record["busbw_Bps"], None, None


def worded(value, unit):
    if value is None:
        return "-"
    return fmt.bandwidth(value) if unit == "B/s" else fmt.time(value)


def rows(program):
    """Rows of a table in Markdown, and how many claims no command answers."""
    with open(FILE, encoding="utf-8", newline="") as stream:
        claims = list(csv.DictReader(stream))
    table = ["| claim | said | ours | ours ÷ theirs | evidence | source |", "|---|---|---|---|---|---|"]
    unanswered = 0
    for claim in claims:
        command = command_for(claim)
        if command is None:
            unanswered += 1
            continue
        done = subprocess.run([program, *command, "--json", "-"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise cr.Refused(f"{claim['id']}: {done.stderr.strip().splitlines()[-1]}")
        value, low, high = said(claim, json.loads(done.stdout))
        theirs = number(claim["low"]) or number(claim["high"])
        interval = f" ({worded(low, claim['unit'])} to {worded(high, claim['unit'])})" if low is not None else ""
        table.append(f"| {claim['what']} | {worded(theirs, claim['unit'])} | {worded(value, claim['unit'])}{interval} | "
                     f"{value / theirs:.2f} | {claim['evidence']}, {claim['kind']} | {claim['source']} |")
    return table, unanswered, len(claims)
