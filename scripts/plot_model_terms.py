#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of docs/models.md into docs/images/models/, from what the tool itself prints: one
for each term of the cost, for how stages combine, for what libraries choose, for start-up and goodput.
Writes FOLDER/TERM.svg."""

import argparse
import os

import collscale_records as cr
from model_figures import choices, combining, hundred_thousand, lifecycle, steps
from model_figures.tool import Tool

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

FIGURES = {**steps.FIGURES, **combining.FIGURES, **choices.FIGURES, **hundred_thousand.FIGURES, **lifecycle.FIGURES}


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
