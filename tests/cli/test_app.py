"""The command line as scripts and terminals meet it: streams, files and exit codes."""

import contextlib
import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app, main
from mfmgame.documents.json_schema import SCHEMA_NAMES
from mfmgame.view.output_files import write_text
from specifications import CATALOG, CATALOG_SCENARIO, SCENARIO, changed, without
from subprocesses import STRICT_PYTHON

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "llava_agent.json"
MODULE = [*STRICT_PYTHON, "-m", "mfmgame"]
ESCAPE = b"\x1b"

HOSTILE = (
    "[red]x[/red]\n\r\t\x1b[31m\x1b]0;title\x07\x9b2J\x85\u2028\u202e\u2066\u200b\ufeff:smile:"
)
"""A name with markup, lines, terminal sequences, and letters that reorder or hide others."""


def call(*arguments, stdin=b"", columns=None):
    """What ``mfmgame`` with these arguments does, in this process: many times faster."""
    done = CliRunner().invoke(
        app,
        [*map(str, arguments)],
        input=stdin,
        prog_name="mfmgame",
        **({} if columns is None else {"terminal_width": columns}),
    )
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return subprocess.CompletedProcess(
        arguments, done.exit_code, done.stdout_bytes, done.stderr_bytes
    )


def run(*arguments, stdin=b"", **environment):
    """What it does in a process of its own."""
    return subprocess.run(
        [*MODULE, *map(str, arguments)],
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


def run_in_shell(command, *arguments):
    """The same by a shell command, in which ``"$@"`` is the program and its arguments."""
    return subprocess.run(
        ["/bin/sh", "-c", command, "sh", *MODULE, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def run_on_terminal(*arguments, **environment):
    """Exit code and everything that reaches a terminal 100 columns wide."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    settings = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [*MODULE, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**settings, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the end, on Linux
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    return process.wait(timeout=60), shown


def unwrapped(text: bytes) -> str:
    """The same text on one line."""
    return " ".join(text.decode().split())


def answered(done) -> bytes:
    """Standard output of a process that must have done what it was asked."""
    assert done.stderr == b""
    assert done.returncode == 0
    return done.stdout


def complaint(done, code=2) -> str:
    """The one line of a process that must have refused."""
    assert done.stdout == b""
    line = done.stderr.decode()
    assert line.endswith("\n")
    assert line.startswith("error: ")
    assert line[:-1].isprintable()
    assert done.returncode == code
    return line[:-1]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Put documents into an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def put(document, name="scenario.json"):
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        (tmp_path / name).write_bytes(text)
        return name

    return put


@pytest.fixture
def scenario(write):
    return write(SCENARIO)


class TestHelp:
    def test_the_version_is_that_of_the_package(self):
        assert answered(run("--version")) == f"mfmgame {mg.__version__}\n".encode()

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["solve"],
            ["verify"],
            ["threshold"],
            ["dci"],
            ["export"],
            ["schema"],
            ["catalog"],
            ["catalog", "show"],
        ],
        ids=" ".join,
    )
    def test_every_command_explains_itself(self, arguments):
        usage = answered(call(*arguments, "--help")).decode()
        assert usage.startswith(" ".join(["Usage: mfmgame", *arguments]))
        assert "--help" in usage

    @pytest.mark.parametrize("group", [[], ["catalog"], ["catalog", "import"]], ids=" ".join)
    def test_no_purpose_of_a_command_is_cut_at_80_columns(self, group):
        purposes = answered(call(*group, "--help", columns=80)).decode().partition("Commands:")[2]
        assert purposes
        assert "..." not in purposes

    @pytest.mark.parametrize(
        ("command", "usage"),
        [
            (["verify"], "RESULT SPEC"),
            (["compare"], "SPEC [SPEC2]"),
            (["schema"], "[NAME]"),
            (["catalog", "merge"], "CATALOG..."),
        ],
        ids=" ".join,
    )
    def test_the_usage_names_the_arguments_as_the_documentation_does(self, command, usage):
        line = answered(call(*command, "--help")).decode().splitlines()[0]
        assert line == f"Usage: mfmgame {' '.join(command)} [OPTIONS] {usage}"

    def test_only_solve_offers_all_compositions(self):
        assert "all shows" in unwrapped(answered(call("solve", "--help")))
        assert "all shows" not in unwrapped(answered(call("sweep", "--help")))

    def test_the_help_of_schema_names_every_schema(self):
        usage = unwrapped(answered(call("schema", "--help"))).replace("- ", "-")
        assert [name for name in SCHEMA_NAMES if name not in usage] == []

    def test_the_help_lists_the_commands(self):
        usage = answered(call("--help")).decode()
        for command in ("solve", "verify", "threshold", "dci", "export", "schema", "catalog"):
            assert re.search(rf"^ *{command} ", usage, re.MULTILINE)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["slove"], "solve"),
            (["solve"], "SPEC"),
            (["solve", "a.json", "b.json"], "b.json"),
            (["solve", "a.json", "--jsn"], "--json"),
            (["solve", "a.json", "-o"], "-o"),
            (["catalog", "lst"], "list"),
        ],
    )
    def test_a_misspelt_command_exits_2_and_names_what_is_meant(self, arguments, named):
        done = call(*arguments)
        assert done.returncode == 2
        assert done.stdout == b""
        assert named in done.stderr.decode()

    @pytest.mark.parametrize("number", ["-1e-400", "x"])
    @pytest.mark.parametrize(
        ("command", "option"), [("sweep", "--from"), ("sweep", "--at"), ("portfolio", "--mip-gap")]
    )
    def test_a_number_that_an_option_cannot_hold_is_refused(self, command, option, number):
        done = run(command, "examples/llava.json", option, number)
        assert done.returncode == 2
        assert done.stdout == b""
        (line,) = done.stderr.decode().splitlines()
        assert option in line
        assert f"found '{number}', expected " in line

    @pytest.mark.parametrize(
        "arguments",
        [["solve", "a.json", HOSTILE], ["solve", f"--{HOSTILE}"], [HOSTILE]],
        ids=["one file too many", "unknown option", "unknown command"],
    )
    def test_a_hostile_name_that_is_not_expected_does_not_reach_the_terminal_raw(self, arguments):
        """As where a shell replaces ``*`` by whatever files there are."""
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stdout == b""
        for line in done.stderr.decode().split("\n"):
            assert line.isprintable()


class TestAnswers:
    @pytest.mark.parametrize("command", ["solve", "threshold", "dci"])
    def test_text_says_what_is_asked(self, scenario, command):
        text = answered(call(command, scenario)).decode()
        assert text.startswith("two threats  (2 threats, 2 defenses, best_of)\n")
        assert text.endswith("\n")
        assert not text.endswith("\n\n")

    def test_json_is_the_result_of_the_library(self, scenario):
        document = mg.result_document(mg.assess(mg.load_scenario(scenario)))
        found = json.loads(answered(call("solve", scenario, "--json")))
        assert json.dumps(found) == json.dumps(document)

    @pytest.mark.parametrize("command", ["solve", "threshold", "dci"])
    def test_a_scenario_may_come_by_standard_input(self, scenario, command):
        by_file = answered(call(command, scenario, "--json"))
        text = Path(scenario).read_bytes()
        assert answered(call(command, "-", "--json", stdin=text)) == by_file

    def test_the_catalog_of_standard_input_is_sought_in_the_working_directory(self, write):
        write(CATALOG, "small.json")
        text = json.dumps(CATALOG_SCENARIO).encode()
        assert json.loads(answered(call("solve", "-", "--json", stdin=text)))["value"] > 0

    @pytest.mark.parametrize(
        "name", ["scenario", "result", "frontier", "catalog", "addition", "robust", "what-if"]
    )
    def test_schema_prints_that_of_the_library(self, name):
        assert json.loads(answered(call("schema", name))) == mg.json_schema(name)

    def test_schema_is_that_of_a_scenario_unless_named(self):
        assert answered(call("schema")) == answered(call("schema", "scenario"))

    def test_catalog_list_names_every_shipped_catalog(self):
        lines = answered(call("catalog", "list")).decode().splitlines()
        assert [line.split(":")[0] for line in lines] == mg.shipped_catalogs()

    def test_catalog_show_prints_what_can_be_read_again(self):
        document = json.loads(answered(call("catalog", "show", "mfm", "--json")))
        assert mg.Catalog(**document) == mg.load_catalog("mfm")

    def test_catalog_show_reads_a_file(self, write):
        assert answered(call("catalog", "show", write(CATALOG, "small.json"))).startswith(
            b"small\n"
        )


class TestReproducibility:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["solve", EXAMPLE],
            ["solve", EXAMPLE, "--json"],
            ["threshold", EXAMPLE, "--json"],
            ["dci", EXAMPLE, "--json"],
        ],
        ids=lambda arguments: " ".join(Path(part).name for part in arguments),
    )
    def test_the_same_input_gives_the_same_bytes(self, arguments):
        first, second = (run(*arguments, PYTHONHASHSEED=seed) for seed in ("1", "2"))
        assert answered(first) == answered(second)

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/effectiveness/0/threat", "zzz"),
            ("/effectiveness/0/defense", "zzz"),
            ("/overrides", {"threats": {"zzz": {}}}),
        ],
    )
    def test_the_same_mistake_gives_the_same_message(self, write, pointer, value):
        file = write(changed({**SCENARIO, "catalog": "mfm"}, pointer, value))
        messages = {complaint(run("solve", file, PYTHONHASHSEED=seed)) for seed in ("1", "2")}
        assert len(messages) == 1
        assert " expected one of " in messages.pop()


BAD_INPUT = [
    (b"", "line 1, column 1: not JSON: Expecting value"),
    (b"[1, 2]", "expected a JSON object at the top level"),
    (b"\xff\xfe", "byte 0 is not UTF-8"),
    (b"[" * 100_000, "nested deeper than 100 levels"),
    (b'{"a": [0, NaN]}', "/a/1: found NaN, expected a finite number"),
    (b'{"a": {"b\\n": 1, "b\\n": 2}}', "/a/b\\n: duplicate key, expected unique keys"),
    (b'{"name": "\\ud800"}', "/name: '\\ud800' is not valid Unicode"),
    (
        changed(SCENARIO, "/attacker/bandwith", 1),
        "/attacker/bandwith: unknown key 'bandwith', expected a known key; "
        "did you mean 'bandwidth'?",
    ),
    (
        changed(SCENARIO, "/effectiveness/0/threat", "jailbrake"),
        "/effectiveness/0/threat: unknown threat 'jailbrake', expected a known threat; "
        "did you mean 'jailbreak'?",
    ),
    (
        changed(SCENARIO, "/effectiveness/0/defense", HOSTILE),
        "/effectiveness/0/defense: unknown defense '[red]x[/red]\\n\\r\\t\\x1b[31m\\x1b]0;",
    ),
    (
        changed(SCENARIO, "/threats/1/id", "jailbreak"),
        "/threats/1/id: duplicate id 'jailbreak' (first at /threats/0), expected unique ids",
    ),
    (
        changed(SCENARIO, "/defender/limits/bugdet", 1),
        "/defender/limits/bugdet: unknown resource 'bugdet', expected a known resource; "
        "did you mean 'budget'?",
    ),
    (
        changed(SCENARIO, "/catalog", "mmf"),
        "/catalog: unknown catalog 'mmf', expected a known catalog; did you mean 'mfm'? "
        "(a file's name ends in .json)",
    ),
    (
        changed(SCENARIO, "/system", "llava"),
        "/system: found without 'catalog', expected with one",
    ),
    (
        without(SCENARIO, "/threats"),
        "found neither 'threats' nor 'catalog', expected one of them",
    ),
    (
        changed(SCENARIO, "/defenses/0/levels", [0, 2]),
        "/defenses/0/levels/1: found 2.0, expected at most the max_level, 1.0",
    ),
    (
        changed(changed(SCENARIO, "/composition", "independent"), "/effectiveness/0/value", 1),
        "/composition: found 'independent' with an effectiveness of 1 ",
    ),
    ({**SCENARIO, "self": 1}, "/self: unknown key 'self', expected "),
    ({**SCENARIO, "größe": 1}, "/größe: unknown key 'größe', expected "),
]
bad_input = pytest.mark.parametrize(
    ("document", "message"), [pytest.param(*case, id=case[1][:40]) for case in BAD_INPUT]
)


class TestRefusals:
    @bad_input
    def test_bad_input_is_one_line_and_exit_code_2(self, write, document, message):
        file = write(document)
        assert complaint(run("solve", file)).startswith(f"error: {file}: {message}")

    @bad_input
    @pytest.mark.parametrize("command", ["solve", "threshold", "dci"])
    def test_every_command_says_the_same_of_it(self, write, command, document, message):
        file = write(document)
        assert complaint(call(command, file)).startswith(f"error: {file}: {message}")
        by_pipe = call(command, "-", "--json", stdin=Path(file).read_bytes())
        assert complaint(by_pipe).startswith(f"error: <stdin>: {message}")

    @pytest.mark.parametrize("command", ["solve", "threshold", "dci"])
    @pytest.mark.parametrize("form", [[], ["--json"]])
    def test_no_feasible_allocation_is_exit_code_3(self, write, command, form):
        file = write(changed(SCENARIO, "/defender/limits/budget", -1))
        message = complaint(call(command, file, *form), code=3)
        assert message.startswith(f"error: {file}: the limit of 'budget' is -1.0, less than ")

    def test_a_threshold_needs_a_termination_loss(self, write):
        file = write(without(SCENARIO, "/termination"))
        assert complaint(call("threshold", file)) == (
            f"error: {file}: /termination: missing, expected the loss of stopping the system"
        )

    @pytest.mark.parametrize(
        "document", [b"[]", b'{"self": 1}', changed(CATALOG, "/threats/1/severity", -1)]
    )
    def test_a_bad_catalog_is_named_and_not_its_scenario(self, write, document):
        write(document, "small.json")
        file = write(CATALOG_SCENARIO)
        message = complaint(call("solve", file))
        assert message.startswith("error: small.json: ")
        assert complaint(call("catalog", "show", "small.json")) == message

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("mmf", "unknown catalog 'mmf', expected a known catalog; did you mean 'mfm'? "),
            ("missing.json", "no such file"),
            ("-", "unknown catalog '-', expected one of 'agentdyn', 'mfm'"),
            (HOSTILE, "[red]x[/red]\\n\\r\\t\\x1b[31m"),
        ],
        ids=["misspelt", "missing", "dash", "hostile"],
    )
    def test_an_unknown_catalog_is_refused(self, write, name, message):
        assert message in complaint(call("catalog", "show", name))

    def test_an_unknown_schema_is_refused(self):
        assert complaint(call("schema", "scenarios")) == (
            "error: no schema is named 'scenarios', expected a known schema; "
            "did you mean 'scenario'?"
        )

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("missing.json", "missing.json"),
            ("new\nline\x1b[31m.json", "new\\nline\\x1b[31m.json"),
            ("right\u202eto left", "right\\u202eto left"),
            ("\udcff.json", "\\udcff.json"),
            ("[red].json", "[red].json"),
            ("größe.json", "größe.json"),
        ],
    )
    def test_a_hostile_file_name_is_shown_as_one_printable_line(self, write, name, shown):
        assert complaint(call("solve", name)) == f"error: {shown}: no such file"

    @pytest.mark.parametrize("name", ["", ".", "/", "/dev/zero", "/dev/null"])
    def test_what_is_no_file_is_refused(self, write, name):
        assert "expected a file" in complaint(call("solve", name))

    def test_a_long_name_of_a_missing_catalog_is_cut_short(self, write):
        file = write(changed(CATALOG_SCENARIO, "/catalog", "x" * 100_000 + ".json"))
        assert len(complaint(call("solve", file))) <= 2000

    def test_a_message_is_ascii_where_the_terminal_knows_no_other_letters(self, write):
        done = run("solve", "größe.json", PYTHONIOENCODING="ascii")
        assert complaint(done) == "error: gr\\xf6\\xdfe.json: no such file"


class TestDecision:
    @pytest.mark.parametrize(
        ("loss", "flags", "code"),
        [
            (0.1, ["--fail-on-terminate"], 4),
            (0.1, ["--fail-on-terminate", "--json"], 4),
            (0.1, [], 0),
            (100.0, ["--fail-on-terminate"], 0),
        ],
    )
    def test_the_exit_code_says_terminate_only_if_asked_to(self, write, loss, flags, code):
        done = run("threshold", write(changed(SCENARIO, "/termination/loss", loss)), *flags)
        decision = "terminate" if loss < 1 else "operate"
        assert decision in done.stdout.decode().lower()
        assert (done.stderr, done.returncode) == (b"", code)

    def test_the_answer_is_written_before_the_exit_code_says_terminate(self, write):
        file = write(changed(SCENARIO, "/termination/loss", 0.1))
        done = run("threshold", file, "--fail-on-terminate", "--json", "-o", "answer.json")
        assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 4)
        answer = json.loads(Path("answer.json").read_text())
        assert answer["threshold"]["decision"] == "terminate"


class TestOutputFile:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["solve", "scenario.json"],
            ["solve", "scenario.json", "--json"],
            ["threshold", "scenario.json", "--json"],
            ["dci", "scenario.json"],
            ["schema", "result"],
            ["catalog", "show", "mfm"],
        ],
        ids=" ".join,
    )
    def test_the_file_holds_what_standard_output_would(self, scenario, tmp_path, arguments):
        shown = answered(call(*arguments))
        assert answered(call(*arguments, "-o", "answer")) == b""
        assert Path("answer").read_bytes() == shown
        assert sorted(path.name for path in tmp_path.iterdir()) == ["answer", "scenario.json"]

    def test_an_older_answer_is_replaced_and_keeps_its_permissions(self, scenario):
        Path("answer").write_text("old" * 10_000)
        Path("answer").chmod(0o640)
        answered(call("solve", scenario, "-o", "answer"))
        assert Path("answer").read_text().startswith("two threats")
        assert stat.S_IMODE(Path("answer").stat().st_mode) == 0o640

    def test_a_new_answer_has_the_permissions_of_any_new_file(self, scenario):
        done = run_in_shell('umask 027 && exec "$@"', "solve", scenario, "-o", "answer")
        assert answered(done) == b""
        assert stat.S_IMODE(Path("answer").stat().st_mode) == 0o640

    @pytest.mark.parametrize("other", ["one.svg", "./one.svg", "link.svg"])
    def test_a_picture_and_an_answer_are_two_files(self, scenario, other):
        Path("link.svg").symlink_to("one.svg")
        done = call("sweep", scenario, "--plot", "one.svg", "-o", other)
        assert "found for both --plot and --output, expected two files" in complaint(done)
        assert not Path("one.svg").exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            ["solve", "scenario.json", "-o", "scenario.json"],
            ["solve", "scenario.json", "--json", "-o", "./scenario.json"],
            ["solve", "scenario.json", "-o", "link"],
            ["threshold", "scenario.json", "-o", "scenario.json"],
            ["export", "scenario.lp", "-o", "scenario.lp"],
            ["sweep", "scenario.svg", "--plot", "scenario.svg"],
            ["catalog", "check", "catalog.json", "-o", "catalog.json"],
            ["catalog", "merge", "mfm", "catalog.json", "-o", "catalog.json"],
            ["catalog", "weigh", "catalog.json", "--weights", "w.csv", "-o", "w.csv"],
        ],
        ids=" ".join,
    )
    def test_what_a_command_reads_is_never_written_over(self, scenario, arguments):
        text = Path("scenario.json").read_text()
        Path("link").symlink_to("scenario.json")
        threat = {"id": "t", "severity": 1, "bandwidth": 1}
        catalog = {"schema": "mfmgame/catalog/1", "name": "own", "threats": [threat]}
        inputs = {
            "scenario.json": text,
            "scenario.lp": text,
            "scenario.svg": text,
            "catalog.json": json.dumps(catalog),
            "w.csv": "threat,weight\nt,2\n",
        }
        for name, content in inputs.items():
            Path(name).write_text(content)
        done = call(*arguments)
        assert done.returncode == 2
        assert b"found a file that this command reads" in done.stderr
        assert {name: Path(name).read_text() for name in inputs} == inputs

    def test_a_link_still_leads_to_the_answer(self, scenario):
        Path("link").symlink_to("target")
        answered(call("solve", scenario, "-o", "link"))
        assert Path("link").is_symlink()
        assert Path("target").read_text().startswith("two threats")

    @pytest.mark.parametrize(
        ("document", "code"),
        [
            (b"[]", 2),
            (changed(SCENARIO, "/attacker/bandwidth", -1), 2),
            (changed(SCENARIO, "/defenses/0/levels", [0, 2]), 2),
            (changed(SCENARIO, "/defenses/0/levels", [1]), 3),
            (changed(SCENARIO, "/defender/limits/budget", -1), 3),
        ],
    )
    @pytest.mark.parametrize("older", [True, False])
    def test_nothing_is_written_for_bad_input(self, write, tmp_path, document, code, older):
        file = write(document)
        if older:
            Path("answer").write_text("old")
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        complaint(call("solve", file, "-o", "answer"), code)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("missing/answer", "No such file or directory"),
            ("folder", "Is a directory"),
            ("scenario.json/answer", "Not a directory"),
            ("link", "No such file or directory"),
            ("x" * 300, "File name too long"),
        ],
        ids=lambda text: text[:20],
    )
    def test_a_file_that_cannot_be_written_is_named(self, scenario, tmp_path, target, reason):
        (tmp_path / "folder").mkdir()
        (tmp_path / "link").symlink_to("missing/answer")
        before = sorted(path.name for path in tmp_path.iterdir())
        message = complaint(call("solve", scenario, "-o", target))
        assert message.startswith(f"error: {target}: cannot be written: {reason}")
        assert sorted(path.name for path in tmp_path.iterdir()) == before

    def test_a_hostile_name_is_shown_as_one_printable_line(self, scenario):
        message = complaint(call("solve", scenario, "-o", "a\n\x1b[31m\u202e/b"))
        assert message.startswith("error: a\\n\\x1b[31m\\u202e/b: cannot be written: ")

    def test_a_pipe_is_written_to_and_not_replaced(self, scenario):
        os.mkfifo("pipe")
        received = []
        reader = threading.Thread(
            target=lambda: received.append(Path("pipe").read_text()), daemon=True
        )
        reader.start()
        done = call("solve", scenario, "-o", "pipe")
        assert stat.S_ISFIFO(os.stat("pipe").st_mode)
        if done.returncode == 0:
            reader.join(timeout=10)
            assert received[0].startswith("two threats")
        else:
            assert complaint(done).startswith("error: pipe: cannot be written: ")

    @pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
    def test_an_interrupted_write_leaves_the_old_file_whole(
        self, tmp_path, monkeypatch, step, interruption
    ):
        def interrupt(*_):
            raise interruption

        (tmp_path / "answer").write_text("old")
        monkeypatch.setattr(os, step, interrupt)
        with pytest.raises(interruption):
            write_text("new", tmp_path / "answer")
        assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]

    def test_a_full_disk_leaves_the_old_file_whole(self, tmp_path, monkeypatch):
        def fail(_):
            raise OSError(28, "No space left on device")

        (tmp_path / "answer").write_text("old")
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(mg.SpecificationError, match="No space left on device"):
            write_text("new", tmp_path / "answer")
        assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("name", ["game.mps", "game.lp"])
class TestExport:
    def test_the_file_is_that_of_the_library(self, scenario, tmp_path, name):
        mg.export_program(mg.load_scenario(scenario), tmp_path / f"library-{name}")
        expected = Path(f"library-{name}").read_bytes()
        assert answered(call("export", scenario, "-o", name)) == b""
        assert Path(name).read_bytes() == expected
        assert answered(call("export", "-", "-o", name, stdin=Path(scenario).read_bytes())) == b""
        assert Path(name).read_bytes() == expected

    def test_the_same_input_gives_the_same_bytes(self, write, name):
        files = []
        for seed in ("1", "2"):
            answered(run("export", EXAMPLE, "-o", write(b"", name), PYTHONHASHSEED=seed))
            files.append(Path(name).read_bytes())
        assert files[0] == files[1]

    def test_it_says_where_it_is_to_write(self, scenario, name):
        assert "--output" in complaint(run("export", scenario))
        message = complaint(call("export", scenario, "-o", f"{name}.gz"))
        assert message == f"error: {name}.gz: found the ending '.gz', expected .mps or .lp"

    def test_what_is_no_linear_program_is_refused(self, write, name):
        file = write(changed(SCENARIO, "/composition", "independent"))
        assert complaint(call("export", file, "-o", name)) == (
            f"error: {file}: /composition: found 'independent', which is no linear program, "
            "expected 'additive' or 'best_of'"
        )
        assert not Path(name).exists()

    def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(self, scenario, name):
        Path("folder", name).mkdir(parents=True)
        for target in (f"missing/{name}", f"folder/{name}"):
            message = complaint(call("export", scenario, "-o", target))
            assert message.startswith(f"error: {target}: cannot be written: ")
        assert [str(path) for path in Path("folder").iterdir()] == [f"folder/{name}"]

    def test_an_interrupted_write_leaves_the_old_file_whole(self, write, monkeypatch, name):
        file = write(SCENARIO)
        write(b"old", name)
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
        assert "cannot be written: full" in complaint(call("export", file, "-o", name))
        assert Path(name).read_bytes() == b"old"
        assert sorted(path.name for path in Path.cwd().iterdir()) == sorted([file, name])


class TestStreams:
    @pytest.mark.parametrize(
        "arguments",
        [["solve", "scenario.json"], ["solve", "scenario.json", "--json"], ["--help"]],
        ids=" ".join,
    )
    def test_a_reader_that_has_gone_is_no_reason_to_complain(self, scenario, arguments):
        ours, theirs = os.pipe()
        os.close(ours)
        with os.fdopen(theirs, "wb") as closed:
            done = subprocess.run(
                [*MODULE, *arguments], stdout=closed, stderr=subprocess.PIPE, check=False
            )
        assert done.stderr == b""
        assert done.returncode in (0, 1)

    @pytest.mark.parametrize(
        "arguments",
        [["solve", EXAMPLE], ["schema", "result"], ["catalog", "show", "mfm", "--json"]],
        ids=lambda arguments: arguments[0],
    )
    def test_a_reader_may_go_after_the_first_line(self, arguments):
        done = run_in_shell('"$@" | head -n 1', *arguments)
        assert done.stdout.count(b"\n") == 1
        assert done.stderr == b""

    @pytest.mark.parametrize("form", [[], ["--json"]])
    @pytest.mark.parametrize("stream", [">&-", ">/dev/full"])
    def test_an_answer_that_cannot_be_shown_is_an_error_in_one_line(self, scenario, stream, form):
        done = run_in_shell(f'exec "$@" {stream}', "solve", scenario, *form)
        assert done.returncode not in (0, 3, 4)
        assert re.fullmatch(rb"error: .+\n", done.stderr)

    def test_bad_input_is_refused_without_any_stream_to_say_so(self, write):
        file = write(b"[]")
        assert run_in_shell('exec "$@" >&- 2>&-', "solve", file).returncode == 2
        assert run_in_shell('exec "$@" 2>/dev/full', "solve", file).returncode == 2

    def test_standard_input_may_be_closed(self, write):
        done = run_in_shell('exec "$@" <&-', "solve", "-")
        assert complaint(done).startswith("error: <stdin>: ")

    def test_an_answer_in_a_file_needs_no_standard_output(self, scenario):
        done = run_in_shell('exec "$@" >&-', "solve", scenario, "-o", "answer")
        assert (done.stderr, done.returncode) == (b"", 0)
        assert Path("answer").read_text().startswith("two threats")


NAMED = changed(changed(SCENARIO, "/name", "größer 予算 😀"), "/threats/0/class", "Ελλάδα")
NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


class TestLetters:
    @pytest.mark.parametrize(
        "environment",
        [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, NARROW, {"LC_ALL": "C"}],
        ids=["ascii", "latin-1", "C without UTF-8", "C"],
    )
    def test_any_encoding_of_the_output_will_do(self, write, environment):
        file = write(NAMED)
        assert b"2 threats, 2 defenses" in answered(run("solve", file, **environment))
        document = json.loads(answered(run("solve", file, "--json", **environment)).decode("utf-8"))
        assert document["scenario"] == "größer 予算 😀"

    def test_a_file_is_utf_8_whatever_the_output_is(self, write):
        file = write(NAMED)
        answered(run("solve", file, "-o", "answer", **NARROW))
        assert Path("answer").read_text(encoding="utf-8").startswith("größer 予算 😀")

    def test_json_bytes_do_not_depend_on_the_encoding(self, write):
        file = write(NAMED)
        usual = answered(run("solve", file, "--json", PYTHONIOENCODING="utf-8"))
        assert answered(run("solve", file, "--json", **NARROW)) == usual


class TestTerminal:
    @pytest.mark.parametrize("command", ["solve", "dci"])
    def test_a_name_cannot_forge_a_line(self, write, command):
        document = json.loads(
            json.dumps(SCENARIO)
            .replace('"two threats"', json.dumps("name\nforged"))
            .replace('"jailbreak"', json.dumps("threat\nforged"))
            .replace('"misleading"', json.dumps("class\nforged"))
            .replace('"filter"', json.dumps("defense\nforged"))
            .replace('"budget"', json.dumps("resource\nforged"))
        )
        text = answered(call(command, write(document))).decode()
        assert text.count("forged") >= 3
        assert text.count("forged") == text.count("\\nforged")

    def test_a_terminal_gets_styles_and_a_pipe_does_not(self, scenario):
        code, shown = run_on_terminal("solve", scenario)
        assert code == 0
        assert b"\x1b[1mtwo threats\x1b[0m" in shown
        assert ESCAPE not in answered(run("solve", scenario, FORCE_COLOR="1"))

    def test_no_color_turns_styles_off(self, scenario):
        code, shown = run_on_terminal("solve", scenario, NO_COLOR="1")
        assert (code, ESCAPE in shown) == (0, False)
        assert shown.startswith(b"two threats  (2 threats")

    def test_an_empty_no_color_does_not_turn_styles_off(self, scenario):
        assert ESCAPE in run_on_terminal("solve", scenario, NO_COLOR="")[1]

    def test_text_fits_the_terminal(self, scenario):
        shown = run_on_terminal("solve", scenario, NO_COLOR="1")[1].decode()
        assert max(len(line) for line in shown.splitlines()) <= 100

    def test_json_and_files_and_errors_have_no_styles(self, scenario):
        assert ESCAPE not in run_on_terminal("solve", scenario, "--json")[1]
        assert run_on_terminal("solve", scenario, "-o", "answer") == (0, b"")
        assert ESCAPE not in Path("answer").read_bytes()
        assert run_on_terminal("solve", "missing.json") == (
            2,
            b"error: missing.json: no such file\r\n",
        )

    @pytest.mark.parametrize(
        "arguments",
        [
            ["solve"],
            ["threshold"],
            ["dci"],
            ["solve", "--json"],
            ["dci", "--json"],
        ],
        ids=" ".join,
    )
    def test_hostile_names_do_not_reach_it_raw(self, write, arguments):
        document = json.loads(
            json.dumps(SCENARIO)
            .replace('"two threats"', json.dumps(HOSTILE))
            .replace('"jailbreak"', json.dumps("threat " + HOSTILE))
            .replace('"misleading"', json.dumps("class " + HOSTILE))
            .replace('"filter"', json.dumps("defense " + HOSTILE))
            .replace('"budget"', json.dumps("resource " + HOSTILE))
        )
        document = changed(document, "/attacker/bandwidth", 3.0)
        command, *form = arguments
        code, shown = run_on_terminal(command, write(document), *form, NO_COLOR="1")
        assert code == 0
        assert "[red]x" in shown.decode()
        for line in shown.decode().split("\r\n"):
            assert line.isprintable()

    def test_a_hostile_catalog_does_not_reach_it_raw(self, write):
        document = json.loads(
            json.dumps(CATALOG)
            .replace('"small"', json.dumps(HOSTILE))
            .replace('"a report"', json.dumps(HOSTILE))
            .replace('"Prompt injection"', json.dumps(HOSTILE))
            .replace('"theft"', json.dumps(HOSTILE))
            .replace('"lock"', json.dumps(HOSTILE))
            .replace('"assistant"', json.dumps(HOSTILE))
            .replace('"agent-action"', json.dumps(HOSTILE))
            .replace('"budget"', json.dumps(HOSTILE))
        )
        write(document, "hostile.json")
        for form in ([], ["--json"]):
            code, shown = run_on_terminal("catalog", "show", "hostile.json", *form, NO_COLOR="1")
            assert code == 0
            for line in shown.decode().split("\r\n"):
                assert line.isprintable()


def test_an_interrupted_solve_says_what_is_proven_by_then(tmp_path, capsys, monkeypatch):
    from mfmgame.solving.cut_pool import CutPool

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(CutPool, "solve", interrupted)
    monkeypatch.setattr(sys, "argv", ["mfmgame", "solve", "examples/llava.json"])
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 130
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "examples/llava.json: interrupted; the value is proven from 0.0 to " in complaint
