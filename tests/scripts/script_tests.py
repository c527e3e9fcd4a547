#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Behaviour of the programs in scripts/, run as a user runs them. Usage: script_tests.py [unittest's arguments]."""

import csv
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = os.path.join(ROOT, "scripts")
PYTHON = "/usr/bin/python3"
SHELL_SCRIPTS = ["bench", "scale-study", "setup", "test"]
PYTHON_SCRIPTS = ["answers.py", "plot_busbw.py", "plot_extrapolation.py", "plot_model_terms.py", "plot_scaling.py",
                  "records_to_csv.py"]


def run(*command, **options):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **options.pop("env", {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment, check=False, **options)


def script(name, *arguments, **options):
    path = os.path.join(SCRIPTS, name)
    return run(*([PYTHON, path] if name.endswith(".py") else [path]), *arguments, **options)


class WithFixtures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        made = run(PYTHON, os.path.join(ROOT, "tests/fixtures/records/make_fixtures.py"), cls.folder)
        assert made.returncode == 0, made.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def files(self, *names):
        return [self.path(f"{name}.json") for name in names]

    def assert_refused(self, done, *words):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class HelpAndUsage(unittest.TestCase):
    def test_help_shows_an_example_and_succeeds(self):
        for name in SHELL_SCRIPTS + PYTHON_SCRIPTS:
            with self.subTest(name):
                done = script(name, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, r"Examples?:\n +scripts/" + re.escape(name))

    def test_an_unknown_flag_is_bad_usage(self):
        for name in SHELL_SCRIPTS + PYTHON_SCRIPTS:
            with self.subTest(name):
                done = script(name, "--no-such-flag")
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, "")

    def test_a_misspelt_flag_gets_the_nearest_one(self):
        self.assertIn("did you mean --skip-install?", script("bench", "--skip-instal").stderr)
        self.assertIn("did you mean --preset?", script("test", "--prest", "dev").stderr)

    def test_a_word_that_is_like_no_flag_is_refused_in_one_sentence(self):
        for name in SHELL_SCRIPTS:
            done = script(name, "word")
            self.assertEqual(done.returncode, 2, name)
            self.assertRegex(done.stderr, r"^error: unknown argument 'word': expected one of [^\n]*\n$")

    def test_a_missing_or_bad_argument_of_a_python_program_is_one_sentence(self):
        for name in PYTHON_SCRIPTS:
            for arguments in ([], ["--frobnicate"], ["x.json", "-o", "y", "--frobnicate"]):
                done = script(name, *arguments)
                self.assertEqual(done.returncode, 2, name)
                self.assertRegex(done.stderr, rf"^error: {name}: [^\n]*--help` shows the usage\n$")

    def test_an_empty_folder_name_is_refused_before_anything_is_done(self):
        for arguments in (["-o", ""], ["-o"], ["--output="]):
            done = script("bench", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, r"^error: [^\n]* needs a value, found nothing\n$")

    def test_test_refuses_an_unknown_preset(self):
        done = script("test", "--preset", "relaese")
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected release, dev, asan or ci", done.stderr)

    def test_bench_refuses_a_folder_with_something_in_it(self):
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "mine"), "w", encoding="utf-8").close()
            done = script("bench", "--skip-install", "--output", folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn("is not empty", done.stderr)
            self.assertEqual(os.listdir(folder), ["mine"])

    def test_bench_refuses_a_path_that_cannot_be_written_before_it_does_anything(self):
        done = script("bench", "--skip-install", "--output", "/proc/collscale")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot be written", done.stderr)
        self.assertNotIn("[1/", done.stderr)


class SystemsTable(unittest.TestCase):
    def test_help_shows_examples(self):
        done = script("systems-table", "--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Examples:\n  scripts/systems-table\n", done.stdout)

    def test_bad_usage_is_one_sentence(self):
        for arguments, says in ((["--frobnicate"], "unrecognized arguments: --frobnicate"),
                                (["--tool", "/no/such/collscale"], "--tool: /no/such/collscale is no program")):
            done = script("systems-table", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, r"^error: [^\n]*" + re.escape(says) + r"[^\n]*\n$")

    def test_a_file_that_does_not_load_is_refused_and_keeps_its_row_and_its_drawing(self):
        with tempfile.TemporaryDirectory() as root:
            for folder in ("scripts", "topologies", "docs/images/topologies"):
                shutil.copytree(os.path.join(ROOT, folder), os.path.join(root, folder))
            broken = os.path.join(root, "topologies/eagle.yaml")
            with open(broken, "a", encoding="utf-8") as stream:
                stream.write("colour: red\n")
            pages = (os.path.join(root, "topologies"), os.path.join(root, "docs/images/topologies"))
            before = self.contents(*pages)
            for arguments in ([], ["--check"]):
                done = run(os.path.join(root, "scripts/systems-table"), *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, r"^error: [^\n]*eagle\.yaml:\d+:\d+: [^\n]*\"colour\"[^\n]*\n$")
                self.assertEqual(self.contents(*pages), before)

    @staticmethod
    def contents(*folders):
        found = {}
        for folder in folders:
            for entry in os.scandir(folder):
                if entry.is_file():
                    with open(entry.path, "rb") as stream:
                        found[entry.path] = stream.read()
        return found


class Markers(unittest.TestCase):
    PAGE = "before\n<!-- table: begin -->\nold\n<!-- table: end -->\nafter\n"

    def setUp(self):
        sys.path.insert(0, SCRIPTS)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.page = os.path.join(self.folder.name, "page.md")

    def write(self, text):
        with open(self.page, "w", encoding="utf-8") as stream:
            stream.write(text)

    def test_what_stands_between_is_replaced_and_nothing_else(self):
        import collscale_script as cs
        self.write(self.PAGE)
        self.assertEqual(cs.between_markers(self.page, "table", "new\nlines"), self.PAGE.replace("old", "new\nlines"))
        cs.write_between_markers(self.page, "table", "old")
        self.assertEqual(cs.read_text(self.page), self.PAGE)

    def test_the_lines_of_a_source_are_its_comments_and_keep_their_indentation(self):
        import collscale_script as cs
        self.page = os.path.join(self.folder.name, "page.hpp")
        source = "{\n  // table: begin\n  old,\n  // table: end\n}\n"
        self.write(source)
        self.assertEqual(cs.between_markers(self.page, "table", "  new,"), source.replace("old", "new"))

    def test_a_page_without_them_or_with_the_end_first_is_refused(self):
        import collscale_script as cs
        for page in ("before\n", "<!-- table: end -->\n<!-- table: begin -->\n", self.PAGE.replace("table", "other")):
            self.write(page)
            with self.assertRaisesRegex(cs.Refused, "expected the lines"):
                cs.between_markers(self.page, "table", "new")
            self.assertEqual(cs.read_text(self.page), page)


class DocsAnswers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, SCRIPTS)
        loader = importlib.machinery.SourceFileLoader("docs_answers", os.path.join(SCRIPTS, "docs-answers"))
        spec = importlib.util.spec_from_loader("docs_answers", loader)
        cls.module = importlib.util.module_from_spec(spec)
        sys.modules["docs_answers"] = cls.module
        loader.exec_module(cls.module)

    def test_commands_are_found_with_what_stands_below_them(self):
        text = ["$ collscale not in a block", "```console", "$ collscale a \\", "    -b", "one", "", "$ mpirun x", "two", "```",
                "  ```", "  $ NCCL_ALGO=ring build/release/collscale c", "    three", "  ```"]
        found = self.module.shown_in("page", text)
        self.assertEqual([(s.command, s.output, s.indent) for s in found],
                         [("collscale a -b", ["one", ""], ""), ("NCCL_ALGO=ring build/release/collscale c", ["  three"], "  ")])

    def test_other_numbers_replace_those_shown_and_lines_left_out_stay_so(self):
        anew = self.module.anew
        new = ["head", "", "1 GiB  ring  6.00 ms", "2 GiB  ring  12.0 ms", "total  18.0 ms"]
        self.assertEqual(anew(["head", "", "1 GiB  ring  5.90 ms"], new, []), new)
        self.assertEqual(anew(["head", "", "…", "2 GiB  ring  11.9 ms", "..."], new, []),
                         ["head", "", "…", "2 GiB  ring  12.0 ms", "..."])
        self.assertEqual(anew(["error: no system x"], [], ["error: no system y"]), ["error: no system y"])
        self.assertEqual(anew(["head"], ["head"], ["9 of 30 figures are assumed"]), ["head"])

    def test_a_line_that_is_printed_no_more_is_named(self):
        new = self.module.anew(["head", "…", "a note that has gone"], ["head", "1 GiB"], [])
        self.assertEqual(self.module.in_no_output(new, ["head", "1 GiB"]), "a note that has gone")
        self.assertEqual(self.module.in_no_output(["head", "", "…"], ["head", "1 GiB"]), "")


class Setup(unittest.TestCase):
    def test_nothing_is_to_do_on_a_machine_that_is_set_up(self):
        done = script("setup", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^all \d+ packages are installed, nothing to do\n$")

    def test_the_missing_packages_and_the_command_are_named_before_anything_is_installed(self):
        with tempfile.TemporaryDirectory() as folder:  # a dpkg-query that knows of one package only
            with open(os.path.join(folder, "dpkg-query"), "w", encoding="utf-8") as stream:
                stream.write("#!/bin/sh\necho 'cmake ii '\necho 'g++ rc '\n")
            os.chmod(stream.name, 0o755)
            done = script("setup", "--dry-run", env={"PATH": f"{folder}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, done.stderr)
        command = done.stdout.splitlines()[-1]
        self.assertTrue(command.startswith("with: apt-get install -y --no-install-recommends "), command)
        self.assertIn(" g++ ", command)  # removed, only its settings are left
        self.assertNotIn(" cmake", command)

    def test_every_package_has_its_reason_in_the_docs(self):
        with open(os.path.join(ROOT, "docs/dependencies.md"), encoding="utf-8") as stream:
            docs = stream.read()
        with open(os.path.join(SCRIPTS, "packages"), encoding="utf-8") as stream:
            packages = [line.split()[1] for line in stream if not line.startswith("#")]
        self.assertGreater(len(packages), 10)
        for package in packages:
            self.assertIn(f"`{package}`", docs)


class Progress(unittest.TestCase):
    def shell(self, text):
        return run("bash", "-c", f". '{SCRIPTS}/common.sh'\n{text}")

    def test_no_escape_sequences_without_a_terminal(self):
        done = self.shell('step_total=1; step_begin "work"; logged /dev/null sleep 0.2; step_end; die 1 "broken"')
        self.assertEqual(done.returncode, 1)
        self.assertIn("[1/1] work", done.stderr)
        self.assertIn("error: broken", done.stderr)
        self.assertNotIn("\x1b", done.stderr + done.stdout)
        self.assertEqual(done.stdout, "")

    def test_a_failing_command_keeps_its_status_and_its_output_is_in_the_log(self):
        with tempfile.NamedTemporaryFile() as log:
            done = self.shell(f'logged {log.name} sh -c "echo out; echo err >&2; exit 4"')
            self.assertEqual(done.returncode, 4)
            self.assertEqual(log.read(), b"out\nerr\n")


class Reader(WithFixtures):
    def test_the_fixtures_are_as_the_schema_says(self):
        import jsonschema
        with open(os.path.join(ROOT, "results/schema/record.schema.json"), encoding="utf-8") as stream:
            schema = json.load(stream)
        for path in self.files("mpi", "flow", "analytic", "published", "extrapolated"):
            with open(path, encoding="utf-8") as stream:
                jsonschema.validate(json.load(stream), schema)

    def test_a_newer_schema_is_refused_in_one_sentence(self):
        self.assert_refused(script("records_to_csv.py", *self.files("newer_schema")), "schema version 2.0", "1.x")

    def test_what_is_not_a_result_file_is_refused(self):
        for text, word in (("{", "not JSON"), ("[]", "expected a result file"),
                           ('{"context": {}, "benchmarks": []}', "schema_version is missing"),
                           ('{"context": {"schema_version": "1.0"}, "benchmarks": []}', "no records"),
                           ('{"context": {"schema_version": "1.0"}, "benchmarks": [{"name": "a"}]}', "no field"),
                           ('{"context": {"schema_version": "1.0"}, "benchmarks": [3]}', "not a record")):
            with self.subTest(text):
                with open(self.path("bad.json"), "w", encoding="utf-8") as stream:
                    stream.write(text)
                self.assert_refused(script("answers.py", self.path("bad.json")), "bad.json", word)

    def test_a_time_that_is_no_number_is_refused(self):
        with open(self.path("mpi.json"), encoding="utf-8") as stream:
            document = json.load(stream)
        document["benchmarks"][3]["time_s"] = None
        with open(self.path("bad.json"), "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        self.assert_refused(script("answers.py", self.path("bad.json")), "benchmarks[3].time_s is null")

    def test_a_missing_file_is_named(self):
        self.assert_refused(script("answers.py", self.path("gone.json")), "gone.json", "No such file")

    def test_a_missing_module_names_the_package(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "matplotlib.py"), "w", encoding="utf-8") as stream:
                stream.write("raise ModuleNotFoundError(\"No module named 'matplotlib'\", name='matplotlib')\n")
            done = script("plot_busbw.py", *self.files("mpi"), "-o", self.path("x"), env={"PYTHONPATH": folder})
        self.assertEqual(done.returncode, 4)
        self.assertIn("apt-get install python3-matplotlib", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


class Tables(WithFixtures):
    def test_the_csv_has_one_row_per_record_in_si_units(self):
        done = script("records_to_csv.py", *self.files("mpi", "extrapolated"))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        records = []
        for path in self.files("mpi", "extrapolated"):
            with open(path, encoding="utf-8") as stream:
                records += json.load(stream)["benchmarks"]
        self.assertEqual(len(rows), len(records))
        for row, record in zip(rows, records):
            self.assertEqual(float(row["time_s"]), record["time_s"])
            self.assertEqual(float(row["busbw_Bps"]), record["busbw_Bps"])
            self.assertEqual(row["size_bytes"], str(record["scenario"]["size_bytes"]))
            self.assertEqual(row["collective"], record["scenario"]["collective"])
            intervals = {i["level"]: i for i in record["intervals"]}
            self.assertEqual(float(row["high95_s"]), intervals[0.95]["high_s"])
            quantiles = {q["which"]: q["value_s"] for q in record["quantiles"]}
            self.assertEqual(row["p95_s"], str(quantiles["p95"]) if quantiles else "")

    def test_the_answers_say_how_each_was_found(self):
        done = script("answers.py", *self.files("mpi", "flow", "analytic", "published", "extrapolated"))
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split() for line in done.stdout.splitlines() if line]
        self.assertEqual(sum(line[1] == "simulated" for line in lines), 12)
        self.assertEqual(sum(line[1] == "extrapolated" for line in lines), 1)
        self.assertEqual([line[2:4] for line in lines if line[1] == "extrapolated"], [["Elsewhere", "100,000"]])
        self.assertFalse(any(line[1] == "predicted" for line in lines))  # the simulator answered the same

    def test_a_simulation_from_fitted_figures_stays_one_beyond_what_was_measured(self):
        with open(self.files("flow")[0], encoding="utf-8") as stream:
            document = json.load(stream)
        document["context"]["calibrated_figures"] = "5"
        for record in document["benchmarks"]:
            record["validated_to_ranks"] = 2
        with open(self.path("calibrated") + ".json", "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        done = script("answers.py", self.path("calibrated") + ".json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("  simulated  ", done.stdout)
        self.assertNotIn("extrapolated", done.stdout)

    def test_an_output_that_cannot_be_written_is_refused_and_leaves_nothing(self):
        self.assert_refused(script("records_to_csv.py", *self.files("mpi"), "-o", "/proc/records.csv"),
                            "/proc/records.csv", "cannot be written")


class Figures(WithFixtures):
    def draw_twice(self, *arguments):
        digests = set()
        for prefix in ("first", "second"):
            done = script(*arguments, "-o", self.path(prefix))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, "")
            with open(self.path(f"{prefix}.svg"), "rb") as stream:
                digests.add(hashlib.sha256(stream.read()).hexdigest())
            self.assertGreater(os.path.getsize(self.path(f"{prefix}.png")), 10000)
            self.assertFalse([name for name in os.listdir(self.folder) if name.endswith(".part")])
        return digests

    def test_the_same_data_gives_the_same_svg_bytes(self):
        self.assertEqual(len(self.draw_twice("plot_busbw.py", *self.files("mpi", "flow", "analytic"))), 1)
        self.assertEqual(len(self.draw_twice("plot_scaling.py", *self.files("published", "extrapolated", "flow",
                                                                            "analytic"), "--size", "1GiB")), 1)

    def test_other_data_gives_another_svg(self):
        one = self.draw_twice("plot_scaling.py", *self.files("published", "extrapolated"), "--size", "1GiB")
        other = self.draw_twice("plot_scaling.py", *self.files("published", "extrapolated"), "--size", "16MiB")
        self.assertTrue(one.isdisjoint(other))

    def test_the_answer_is_drawn_with_and_without_measurements_and_alternatives(self):
        answers = self.files("extrapolated")
        self.assertEqual(len(self.draw_twice("plot_extrapolation.py", *answers)), 1)
        with open(answers[0], encoding="utf-8") as stream:
            document = json.load(stream)
        largest = max(document["benchmarks"], key=lambda b: (b["scenario"]["ranks"], b["scenario"]["size_bytes"]))
        document["benchmarks"] = [{**largest, "source": "alternative, not measured: pat x1.3, the analytic engine's "
                                                        "ratio to tree; of the answer: none"}]
        with open(self.path("alternative.json"), "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        plain = self.draw_twice("plot_extrapolation.py", *answers, *self.files("published"))
        more = self.draw_twice("plot_extrapolation.py", *answers, *self.files("published", "alternative"))
        self.assertTrue(plain.isdisjoint(more))

    def test_alternatives_are_those_of_the_answer_that_is_drawn(self):
        with open(self.files("extrapolated")[0], encoding="utf-8") as stream:
            document = json.load(stream)
        largest = max(document["benchmarks"], key=lambda b: (b["scenario"]["ranks"], b["scenario"]["size_bytes"]))
        algorithm = largest["scenario"].get("algorithm", "auto")

        def drawn(name, *of):
            source = "alternative, not measured: pat x1.3, the analytic engine's ratio to tree; of the answer for {}: none"
            with open(self.path(f"{name}.json"), "w", encoding="utf-8") as stream:
                json.dump({**document, "benchmarks": [{**largest, "source": source.format(one)} for one in of]}, stream)
            return self.draw_twice("plot_extrapolation.py", *self.files("extrapolated", name))

        self.assertEqual(drawn("one", algorithm), drawn("two", algorithm, "another"))
        self.assertTrue(drawn("one", algorithm).isdisjoint(drawn("none", "another")))

    def test_protocols_are_lines_of_their_own(self):
        with open(self.files("extrapolated")[0], encoding="utf-8") as stream:
            document = json.load(stream)
        for record in document["benchmarks"]:
            record["scenario"]["protocol"] = "LL"
        with open(self.path("ll.json"), "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        self.draw_twice("plot_extrapolation.py", *self.files("extrapolated", "ll"))
        with open(self.path("first.svg"), encoding="utf-8") as stream:
            self.assertIn("/LL", stream.read())

    def test_a_figure_of_an_answer_needs_one(self):
        self.assert_refused(script("plot_extrapolation.py", *self.files("flow"), "-o", self.path("x")),
                            "no extrapolated record")
        self.assert_refused(script("plot_extrapolation.py", *self.files("extrapolated"), "--size", "3KiB", "-o",
                                   self.path("x")), "--size 3 KiB")

    def test_a_size_that_nobody_has_is_refused_with_the_sizes_there_are(self):
        self.assert_refused(script("plot_scaling.py", *self.files("flow"), "--size", "3KiB", "-o", self.path("x")),
                            "--size 3 KiB", "512 B", "1 GiB")

    def test_a_size_without_a_unit_is_refused(self):
        self.assert_refused(script("plot_scaling.py", *self.files("flow"), "--size", "8M", "-o", self.path("x")), "8M")

    def test_an_output_that_cannot_be_written_is_refused(self):
        self.assert_refused(script("plot_busbw.py", *self.files("mpi"), "-o", "/proc/busbw"), "cannot be written")

    def test_a_folder_as_the_beginning_of_file_names_is_refused(self):
        for name in ("plot_busbw.py", "plot_extrapolation.py", "plot_scaling.py"):
            self.assert_refused(script(name, *self.files("mpi"), "-o", self.folder), "is a folder")
        self.assertFalse(os.path.exists(self.folder + ".svg"))


class ModelFigures(unittest.TestCase):
    def test_an_unknown_term_is_refused(self):
        done = script("plot_model_terms.py", "latencies")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"^error: TERM latencies: unknown, expected all, [^\n]*latency[^\n]*\n$")

    def test_a_tool_that_is_not_there_is_refused(self):
        done = script("plot_model_terms.py", "latency", "--tool", "/no/such/collscale")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"^error: --tool: /no/such/collscale is no program[^\n]*\n$")

    def test_a_figure_is_small_and_the_same_whenever_it_is_drawn(self):
        with tempfile.TemporaryDirectory() as folder:
            drawn = []
            # NCCL's own variables in the caller's shell must not show.
            for environment in ({}, {"NCCL_ALGO": "^ring"}):
                done = script("plot_model_terms.py", "pcie", "--tool", os.environ["COLLSCALE_TOOL"], "-o", folder,
                              env=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(os.path.join(folder, "pcie.svg"), "rb") as stream:
                    drawn.append(stream.read())
            self.assertEqual(drawn[0], drawn[1])
            self.assertLess(len(drawn[0]), 150_000)


class Formats(unittest.TestCase):
    def test_numbers_read_as_people_write_them(self):
        sys.path.insert(0, SCRIPTS)
        import collscale_format as fmt
        import collscale_records as cr
        for value, text in ((8, "8 B"), (65536, "64 KiB"), (1.5 * 2**20, "1.5 MiB"), (2**30, "1 GiB")):
            self.assertEqual(fmt.size(value), text)
        for value, text in ((8.5e-7, "850 ns"), (1.23e-5, "12.3 µs"), (9.996e-4, "1.00 ms"), (1.2, "1.20 s"),
                            (1234.0, "1230 s")):
            self.assertEqual(fmt.time(value), text)
        for value, text in ((48e9, "48.0 GB/s"), (12.3e6, "0.0123 GB/s"), (1.5e6, "1.50 MB/s"), (800, "0.800 kB/s")):
            self.assertEqual(fmt.bandwidth(value), text)
        for text, value in (("8B", 8), ("64KiB", 65536), ("8MB", 8e6), ("1 GiB", 2**30)):
            self.assertEqual(fmt.parse_size(text), value)
        self.assertEqual(cr.bus_factor("all_reduce", 8), 1.75)
        self.assertEqual(cr.bus_factor("all_gather", 8), 0.875)
        self.assertEqual(cr.bus_factor("broadcast", 8), 1)


if __name__ == "__main__":
    unittest.main()
