# SPDX-License-Identifier: Apache-2.0
"""What every program in scripts/ has in common: its arguments, how it ends, the files that it writes.

Errors: `Refused`, one sentence and an exit code; `main_guard` prints it.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = ROOT / "build" / "release" / "collscale"
VALIDATION_PAGE = ROOT / "docs" / "validation.md"


class Refused(Exception):
    """The program cannot go on; the text is one sentence for the user. Exit codes: 1 something failed, 2 bad usage or
    input, 4 not available here."""

    def __init__(self, sentence, exit_code=2):
        super().__init__(sentence)
        self.exit_code = exit_code


class ToolFailed(Refused):
    """A command of the program ended badly; `sentence` is what it said."""

    def __init__(self, command, sentence, exit_code):
        super().__init__(f"{command}: {sentence}", exit_code)
        self.sentence = sentence


class Parser(argparse.ArgumentParser):
    """The arguments of a script; `examples` as a user types them. What is wrong is one sentence, as everywhere here,
    without the usage."""

    def __init__(self, description, *examples):
        listed = "\n  ".join(examples)
        super().__init__(description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
                         epilog=f"Example{'s' if len(examples) > 1 else ''}:\n  {listed}" if examples else None,
                         allow_abbrev=False)

    def error(self, message):
        raise Refused(f"{self.prog}: {message}; `scripts/{self.prog} --help` shows the usage")

    def add_tool(self, flag="--tool"):
        """The built program, which `Tool` then checks."""
        self.add_argument(flag, metavar="PROGRAM", default=os.environ.get("COLLSCALE_TOOL") or str(TOOL),
                          help="the built collscale [$COLLSCALE_TOOL, else build/release/collscale]")


def main_guard(main):
    """Runs main() and ends with the exit code that it returns (none: 0), or that what went wrong has."""
    try:
        sys.exit(main())
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone: nothing to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def import_or_explain(module, package):
    """Imports a module that Debian packages; without it, says how to get it."""
    import importlib
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = (error.name or module).split(".")[0]
        # This runs while modules are imported, before main_guard can catch anything.
        print(f"error: {os.path.basename(sys.argv[0])} needs the Python module {root}: install it with "
              f"`apt-get install {package}` and run this with /usr/bin/python3 (this is {sys.executable})",
              file=sys.stderr)
        sys.exit(4)


def read_text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {getattr(error, 'strerror', None) or 'is no text'}") from None


def write_text(path, text):
    """Whole or not at all: through a temporary file beside it. `-` is stdout."""
    if str(path) == "-":
        sys.stdout.write(text)
        return
    temporary = f"{path}.part"
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}") from None


def between_markers(path, name, inside):
    """The page or source with other text between the comments "NAME: begin" and "NAME: end", each on a line of its own."""
    begin, end = ((f"<!-- {name}: {edge} -->" if pathlib.Path(path).suffix == ".md" else f"// {name}: {edge}")
                  for edge in ("begin", "end"))
    parts = re.fullmatch(rf"(.*^[ \t]*{re.escape(begin)}\n).*?(^[ \t]*{re.escape(end)}$.*)", read_text(path), re.S | re.M)
    if not parts:
        raise Refused(f"{path}: expected the lines \"{begin}\" and \"{end}\", one after the other")
    return f"{parts[1]}{inside}\n{parts[2]}"


def write_between_markers(path, name, inside):
    write_text(path, between_markers(path, name, inside))


def stale(files):
    """Those of {path: text} whose file holds something else, or is not there."""
    return [path for path, text in files.items() if not path.exists() or read_text(path) != text]


def write_stale(files):
    for path in stale(files):
        write_text(path, files[path])


def refuse_stale(paths, remedy):
    """Names files that are not what they should be, if there are any; the exit code is 1."""
    if paths:
        names = ", ".join(str(path.relative_to(ROOT)) for path in paths[:5])
        more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
        raise Refused(f"stale: {names}{more}; run {remedy}", exit_code=1)


class Tool:
    """The program collscale, asked with the systems of this source tree."""

    def __init__(self, path, flag="--tool"):
        if not os.access(path, os.X_OK) or os.path.isdir(path):
            given = "$COLLSCALE_TOOL" if str(path) == os.environ.get("COLLSCALE_TOOL") else flag
            raise Refused(f"{given}: {path} is no program; build it first")
        self.path = str(path)
        # What the caller's shell forces upon NCCL must not show in an answer.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("NCCL_")}
        self.environment["COLLSCALE_TOPOLOGIES"] = str(ROOT / "topologies")

    def text(self, *arguments):
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, check=False,
                              env=self.environment)
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
            sentence = said[0].removeprefix("error: ") if said else f"ended with {done.returncode} and without a word"
            raise ToolFailed(f"collscale {' '.join(map(str, arguments))}", sentence, max(done.returncode, 1))
        return done.stdout

    def json(self, *arguments):
        try:
            return json.loads(self.text(*arguments, "--json", "-"))
        except json.JSONDecodeError:
            raise Refused(f"{self.path}: its answer to {' '.join(map(str, arguments))} is no JSON", exit_code=1) from None
