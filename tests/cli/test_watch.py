"""The command watch: lines as they come, exit statuses, interruption and closed output."""

import json
import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mfmgame.cli.app import app
from mfmgame.documents.json_schema import json_schema
from subprocesses import HEARS_CTRL_C, STRICT_PYTHON

TOOLS = [
    {
        "name": "read",
        "input_schema": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"page": {"type": "integer", "minimum": 1, "maximum": 7}},
            "required": ["page"],
        },
    }
]
SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "threats": [{"id": "theft", "severity": 10, "bandwidth": 20}],
    "attacker": {"bandwidth": 2},
    "termination": {"loss": 5},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watch")
    documents = {
        "tools": TOOLS,
        "policy": {"schema": "mfmgame/policy/1", "tools": {"read": {}}},
        "scenario": SCENARIO,
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    result = CliRunner().invoke(app, ["solve", str(folder / "scenario.json"), "--json"])
    (folder / "result.json").write_text(result.stdout, "utf-8")
    return folder


def arguments(files, log, *more):
    named = [f"--{name}={files / name}.json" for name in ("result", "scenario", "tools", "policy")]
    return ["watch", *named, "--plan=(best)", f"--log={log}", "--allow-assumed-bits", *more]


def line(session, page=1):
    return json.dumps({"session": session, "tool": "read", "arguments": {"page": page}}) + "\n"


def run(files, text, *more):
    return CliRunner().invoke(app, arguments(files, "-", *more), input=text)


def test_a_log_within_the_limit_exits_with_0(files):
    done = run(files, line("a") * 3)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "1 session, 3 calls: 0 stopped, 0 calls refused",
        "limit of all sessions: 10 bits, 3 calls of 3 bits",
        "no bound on the loss is proven: bits of threats are assumed",
    ]


def test_a_stopped_session_exits_with_4(files):
    done = run(files, line("a") * 4 + line("b"))
    assert done.exit_code == 4
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("session a: stopped, call 4 (read): the call needs 3 bits")
    assert second.startswith("session b: stopped, call 1 (read): the breaker is open; 9 bits spent")
    done = run(files, line("a") * 3 + line("b"), "--scope", "session")
    assert done.exit_code == 0


def test_a_bad_line_exits_with_2_and_loses_nothing_before(files):
    done = run(files, line("a") * 4 + "oops\n" + line("b"))
    assert done.exit_code == 2
    assert done.stdout.startswith("session a: stopped")
    assert "1 session, 4 calls: 1 stopped" in done.stdout
    assert done.stderr == "error: <stdin>: line 5: column 1: not JSON: Expecting value\n"


def test_a_name_cannot_forge_a_line(files):
    done = run(files, line("a\nsession b: stopped", page=9))
    assert len([row for row in done.stdout.splitlines() if row.startswith("session b")]) == 0
    assert done.exit_code == 4


def test_json_lines_follow_their_schemas(files):
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    done = run(files, line("a") * 4, "--json")
    stopped, summary = map(json.loads, done.stdout.splitlines())
    jsonschema.validate(stopped, json_schema("stopped-session"))
    jsonschema.validate(summary, json_schema("watch"))
    assert (stopped["call"], stopped["spent"], stopped["left"]) == (4, 9.0, 1.0)
    assert (summary["limit"], summary["most_calls"], summary["stopped"]) == (10.0, 3, 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"--format": "xml"}, "--format"),
        ({"--plan": "none"}, "none"),
        ({"--log": "nothing.jsonl"}, "nothing.jsonl: no such file"),
    ],
)
def test_bad_options_give_one_line_and_exit_with_2(files, change, expected):
    changed = [f"{name}={value}" for name, value in change.items()]
    command = [*STRICT_PYTHON, "-m", "mfmgame", *arguments(files, "-"), *changed]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def started(files, *more, **options):
    return subprocess.Popen(
        [*STRICT_PYTHON, "-m", "mfmgame", *arguments(files, "-", *more)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_lines_come_at_once_and_an_interruption_sums_up(files):
    with started(files, preexec_fn=HEARS_CTRL_C) as process:
        process.stdin.write(line("a") * 4)
        process.stdin.flush()
        assert process.stdout.readline().startswith("session a: stopped")  # while input is open
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output.startswith("1 session, 4 calls: 1 stopped")
    assert errors == "error: interrupted\n"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX pipes")
def test_a_closed_output_ends_the_command_silently(files):
    with started(files) as process:
        process.stdout.close()
        process.stdin.write(line("a") * 4)
        process.stdin.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == ""
