"""`--plot FILE` of every command: what is drawn, and what is refused before any work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mfmgame.cli.app import app
from specifications import SCENARIO
from view.plots.answers import UNCERTAIN

COMMANDS = [
    ["solve", "scenario.json"],
    ["sweep", "scenario.json"],
    ["sweep", "scenario.json", "--limit", "budget"],
    ["threshold", "scenario.json"],
    ["dci", "scenario.json"],
    ["portfolio", "projects.json", "--limit", "budget"],
    ["ensemble", "uncertain.json", "-n", "8", "--seed", "1"],
    ["sensitivity", "uncertain.json", "--method", "tornado"],
]


@pytest.fixture(autouse=True)
def _inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    projects = json.loads(json.dumps(SCENARIO))
    for defense in projects["defenses"]:
        defense["kind"] = "binary"
    for name, document in (
        ("scenario", SCENARIO),
        ("projects", projects),
        ("uncertain", UNCERTAIN),
    ):
        Path(f"{name}.json").write_text(json.dumps(document))


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_draws_and_prints_what_it_would(command):
    plain = run(*command)
    assert plain.exit_code == 0, plain.output
    drawn = run(*command, "--plot", "picture.png")
    assert drawn.exit_code == 0, drawn.output
    assert drawn.stdout == plain.stdout
    assert Path("picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89P")]
)
def test_the_ending_says_which_kind(kind, start):
    assert run("solve", "scenario.json", "--plot", f"picture.{kind}").exit_code == 0
    first = Path(f"picture.{kind}").read_bytes()
    assert first.startswith(start)
    run("solve", "scenario.json", "--plot", f"picture.{kind}")
    assert Path(f"picture.{kind}").read_bytes() == first


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--plot", "picture.gif"], "expected .png, .svg or .pdf"),
        (["--plot", "picture"], "expected .png, .svg or .pdf"),
        (["--plot", "a.png", "-o", "./a.png"], "expected two files"),
    ],
    ids=["gif", "none", "twice"],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(command, options, message, tmp_path):
    before = sorted(tmp_path.iterdir())
    done = run(*command, *options)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert sorted(tmp_path.iterdir()) == before


def test_a_picture_is_refused_where_a_method_has_none():
    done = run("sensitivity", "scenario.json", "--plot", "picture.png")
    assert done.exit_code == 2
    assert "--plot: found with --method gradient, expected with tornado" in done.stderr


def test_the_threshold_picture_does_not_change_the_exit_status():
    Path("scenario.json").write_text(json.dumps({**SCENARIO, "termination": {"loss": 0.001}}))
    done = run("threshold", "scenario.json", "--fail-on-terminate", "--plot", "picture.svg")
    assert done.exit_code == 4
    assert Path("picture.svg").exists()


def test_without_matplotlib_one_line_names_the_extra():
    code = "import sys; sys.modules['matplotlib'] = None; from mfmgame.cli.app import main; main()"
    arguments = ["ensemble", "uncertain.json", "-n", "100000", "--seed", "1", "--plot", "a.png"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr == (
        'error: drawing needs matplotlib: python -m pip install "mfmgame[plot]" (in a clone: '
        'python -m pip install -e ".[plot]")\n'
    )
    assert not Path("a.png").exists()
