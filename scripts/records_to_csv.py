#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes result files as one CSV table: one row per record, SI units only (seconds, bytes, bytes/s)."""

import csv
import io

import collscale_records as cr
import collscale_script as cs

SCENARIO = ["topology", "collective", "algorithm", "protocol", "selector", "dtype", "op", "root", "in_place",
            "size_bytes", "ranks", "nodes", "layout", "placement", "failures"]
QUANTILES = ["min", "p5", "p50", "p95", "max", "mean"]


def cell(value):
    """Empty for nothing; whole numbers without a point; the shortest digits that read back the same."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def row(record):
    low95, high95 = record.interval(0.95) or (None, None)
    low50, high50 = record.interval(0.50) or (None, None)
    values = {"engine": record.engine, "trust": record.trust}
    values.update({key: record.scenario.get(key) for key in SCENARIO})
    values.update(time_s=record.time_s, algbw_Bps=record.algbw_Bps, busbw_Bps=record.busbw_Bps,
                  samples=len(record.samples_s))
    values.update({f"{key}_s": record.quantiles.get(key) for key in QUANTILES})
    values.update(low50_s=low50, high50_s=high50, low95_s=low95, high95_s=high95,
                  bottleneck=record.bottleneck, bound_s=record.bound_s, utilisation=record.utilisation,
                  assumed_figures=record.assumed_figures, validated_to_ranks=record.validated_to_ranks,
                  source=record.source, file=record.file.rsplit("/", 1)[-1])
    return {key: cell(value) for key, value in values.items()}


def main():
    parser = cr.results_parser(__doc__, "scripts/records_to_csv.py results/2026-11-22-vm/*.json -o records.csv")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="default: - (stdout)")
    arguments = parser.parse_args()
    rows = [row(record) for record in cr.read(arguments.results)]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    cs.write_text(arguments.output, text.getvalue())


if __name__ == "__main__":
    cs.main_guard(main)
