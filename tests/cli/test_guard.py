"""The guard on the command line: a running switch, its state, and what is refused at the start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from guarded import SERVER, START, call, line
from mfmgame.cli.app import app
from mfmgame.documents.json_schema import json_schema
from scripted_server import TOOLS

POLICY = {"schema": "mfmgame/policy/1", "tools": {"read": {}, "pay": {}}}
OPTIONS = {
    "--result": "result.json",
    "--scenario": "scenario.json",
    "--plan": "(best)",
    "--policy": "policy.json",
    "--state": "guard.db",
}


def write_files(folder, source="a guess"):
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        threats=[{"id": "theft", "severity": 10, "bandwidth": 16, "source": source}],
        attacker={"bandwidth": 2},
        termination={"loss": 5},
    )
    files = {
        "scenario.json": scenario.to_document(),
        "result.json": mg.result_document(mg.assess(scenario)),
        "policy.json": POLICY,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path, mg.authorized_bits(TOOLS, POLICY).digest)
    return tmp_path


def words(*more, **changes):
    options = OPTIONS | {f"--{name}": value for name, value in changes.items()}
    return [word for pair in options.items() for word in pair] + list(more)


def guard(*arguments, messages=()):
    """Run the guard as a process; return its status, its answers by ID, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "mfmgame", "guard", *arguments],
        input=b"".join(line(message) for message in messages),
        capture_output=True,
        check=False,
    )
    answers = [json.loads(text) for text in done.stdout.splitlines()]
    said = [text for text in done.stderr.decode().splitlines() if not text.isdigit()]
    return done.returncode, {answer["id"]: answer["result"] for answer in answers}, said


def invoke(*arguments):
    done = CliRunner().invoke(app, ["guard", *map(str, arguments)], prog_name="mfmgame")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_running_switch_from_the_first_call_to_the_reset(folder):
    calls = [call(number, "pay", amount=number) for number in range(1, 5)]
    status, answers, said = guard(*words("--", *SERVER), messages=[*START, *calls])
    assert (status, said) == (0, [])
    assert ["isError" in answers[number] for number in range(1, 5)] == [False, False, True, True]
    shown = invoke("status", "--state", "guard.db")
    assert "open since" in shown.stdout
    assert "no bound" not in shown.stdout
    # Another process finds the breaker open.
    _, answers, _ = guard(*words("--", *SERVER), messages=[*START, calls[0]])
    assert "the breaker is open" in answers[1]["content"][0]["text"]
    assert invoke("reset", "--state", "guard.db", "--reason", "seen").exit_code == 0
    document = json.loads(invoke("status", "--state", "guard.db", "--json").stdout)
    assert (document["scopes"][0]["is_open"], document["scopes"][0]["calls"]) == (False, 0)
    assert (document["admitted"], document["refused"], document["resets"]) == (2, 3, 1)
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(document, json_schema("guard-status"))


def test_assumed_bits_need_a_permission_and_are_named(folder):
    write_files(folder)
    _, answers, said = guard(*words("--", *SERVER), messages=[*START, call(1, "pay", amount=1)])
    assert "assumed bits of threat 'theft'" in answers[1]["content"][0]["text"]
    assert said[0].startswith("guard: every call is refused: scenario.json: found assumed bits")
    _, answers, said = guard(
        *words("--allow-assumed-bits", "--log-arguments", "--", *SERVER),
        messages=[*START, call(1, "pay", amount=3)],
    )
    assert "isError" not in answers[1]
    assert said[0] == "guard: bits of threats are assumed: no bound on the loss is proven"
    logged = json.loads(said[1])
    assert (logged["name"], logged["arguments"], logged["admitted"]) == ("pay", {"amount": 3}, True)
    assert "no bound on the loss is proven" in invoke("status", "--state", "guard.db").stdout


def test_tools_of_other_servers_are_choices_of_the_same_attacker(folder):
    Path("other.json").write_text(json.dumps({"tools": [{"name": "mail", "inputSchema": {}}]}))
    options = words("--other-tools", "other.json", "--", *SERVER)
    _, answers, _ = guard(*options, messages=[*START, call(1, "pay", amount=1)])
    assert "the bits of threat 'theft' were counted from" in answers[1]["content"][0]["text"]


def test_each_session_has_a_limit_of_its_own_if_the_scope_says_so(folder):
    calls = [call(number, "pay", amount=1) for number in range(1, 4)]
    for name in ("a", "b"):
        more = ("--scope", "session", "--session", name, "--", *SERVER)
        _, answers, _ = guard(*words(*more), messages=[*START, *calls])
        assert ["isError" in answers[number] for number in range(1, 4)] == [False, False, True]
    assert invoke("reset", "--state", "guard.db", "--reason", "x", "--session", "a").exit_code == 0
    shown = invoke("status", "--state", "guard.db").stdout
    assert "closed: admits calls" in shown
    assert "open since" in shown


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"result": "none.json"}, "none.json: no such file"),
        ({"plan": "bset"}, "did you mean"),
        ({"policy": "scenario.json"}, "scenario.json: "),
        ({"state": "result.json"}, "result.json: "),
        ({"state": "none/guard.db"}, "none/guard.db: "),
    ],
)
def test_what_can_be_checked_is_checked_before_the_server_starts(folder, change, complaint):
    done = invoke(*words("--", "touch", "started", **change))
    assert (done.exit_code, done.stdout) == (2, "")
    (said,) = done.stderr.splitlines()
    assert complaint in said
    assert not Path("started").exists()


def test_the_command_of_the_server_may_be_the_name_of_a_command(folder):
    done = invoke(*words("--", "status"))
    assert done.exit_code == 2
    assert "'status' cannot be started" in done.stderr
    assert "Missing option '--result'" in invoke("--", "status").stderr


def test_status_and_reset_refuse_what_is_no_state(folder):
    for file in ("none.db", "result.json"):
        done = invoke("status", "--state", file)
        assert done.exit_code == 2
        assert done.stderr.startswith(f"error: {file}: ")
    assert not Path("none.db").exists()
