#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of docs/models.md into docs/images/models/, from what the tool itself prints: one
for each term of the cost, for how stages combine, for what libraries choose, for start-up and goodput.
Writes FOLDER/TERM.svg."""

import os

import collscale_script as cs
from model_figures import choices, combining, hundred_thousand, lifecycle, steps
from model_figures.tool import Tool

FIGURES = {**steps.FIGURES, **combining.FIGURES, **choices.FIGURES, **hundred_thousand.FIGURES, **lifecycle.FIGURES}


def main():
    parser = cs.Parser(__doc__, "scripts/plot_model_terms.py all")
    parser.add_argument("terms", nargs="+", metavar="TERM", help=f"all, or {', '.join(FIGURES)}")
    parser.add_tool()
    parser.add_argument("-o", "--output", default=cs.ROOT / "docs" / "images" / "models", metavar="FOLDER",
                        help="default: docs/images/models")
    arguments = parser.parse_args()
    for term in arguments.terms:
        if term not in FIGURES and term != "all":
            raise cs.Refused(f"TERM {term}: unknown, expected all, {', '.join(FIGURES)}")
    tool = Tool(arguments.tool)
    try:
        os.makedirs(arguments.output, exist_ok=True)
    except OSError as error:
        raise cs.Refused(f"--output {arguments.output}: {error.strerror}") from None
    for term in FIGURES if "all" in arguments.terms else arguments.terms:
        FIGURES[term](tool, arguments.output)


if __name__ == "__main__":
    cs.main_guard(main)
