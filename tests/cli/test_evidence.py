"""Evidence on the command line: from a scanner's file to a measured catalog."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app

SCANS = Path(__file__).parents[2] / "examples" / "evidence"
GUARDED, PLAIN = SCANS / "guarded.report.jsonl", SCANS / "plain.report.jsonl"
NAMED = ("--threat", "prompt-injection", "--defense", "guard")


def call(*arguments):
    done = CliRunner().invoke(app, [*map(str, arguments)], prog_name="mfmgame")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def complaint(*arguments):
    done = call(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def read(output, *more):
    done = call(
        "evidence", "read", "garak", GUARDED, "--baseline", PLAIN, *NAMED, "-o", output, *more
    )
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_from_a_scan_to_a_catalog(tmp_path):
    text = read(tmp_path / "guard.json", "--source", "our scan")
    assert "3 of 29" in text
    assert "did not adapt" in text
    evidence = mg.load_evidence(tmp_path / "guard.json")
    assert [cell.successes for cell in evidence.cells] == [3, 4]
    shown = call("evidence", "show", tmp_path / "guard.json")
    assert shown.stdout == text
    catalog = tmp_path / "measured.json"
    options = ("--evidence", tmp_path / "guard.json", "--name", "measured", "-o", catalog)
    done = call("catalog", "measure", SCANS / "helpdesk.json", *options)
    assert (done.exit_code, done.stderr) == (0, "")
    found = mg.load_catalog(str(catalog))
    assert found.name == "measured"
    entry = next(one for one in found.effectiveness if one.defense == "guard")
    # The attack that the guard stops less: 4 of 24 beside 15 of 24.
    assert entry.basis == "measured"
    assert entry.value == pytest.approx(0.72, abs=0.02)


def test_files_with_one_input_are_the_same_bytes(tmp_path):
    for name in ("a.json", "b.json"):
        read(tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_the_model_is_that_of_the_files_unless_named(tmp_path):
    read(tmp_path / "a.json")
    read(tmp_path / "b.json", "--model", "other")
    models = [mg.load_evidence(tmp_path / name).cells[0].model for name in ("a.json", "b.json")]
    assert models == ["helpdesk-agent", "other"]


def test_merged_files_hold_all_cells_and_nothing_twice(tmp_path):
    read(tmp_path / "a.json", "--attack", "promptinject")
    read(tmp_path / "b.json", "--attack", "latentinjection")
    done = call("evidence", "merge", tmp_path / "a.json", tmp_path / "b.json", "--json")
    assert len(json.loads(done.stdout)["cells"]) == 2
    line = complaint("evidence", "merge", tmp_path / "a.json", tmp_path / "a.json")
    assert "from one source" in line


def test_the_output_is_never_an_input(tmp_path):
    read(tmp_path / "a.json")
    before = (tmp_path / "a.json").read_bytes()
    other = ("evidence", "show", tmp_path / "a.json", "--json", "-o", tmp_path / "a.json")
    assert "found a file that this command reads" in complaint(*other)
    assert (tmp_path / "a.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("read", "garak", GUARDED, "--threat", "t"), "--defense: missing"),
        (("read", "garak", GUARDED, "--defense", "t"), "--threat: missing"),
        (("read", "garrak", GUARDED, *NAMED), "did you mean 'garak'"),
        (("read", "garak", "none.jsonl", *NAMED), "none.jsonl: no such file"),
        (("read", "garak", GUARDED, *NAMED, "--suite", "s"), "means nothing for garak"),
        (("read", "promptfoo", GUARDED, *NAMED), "guarded.report.jsonl"),
        (("read", "garak", GUARDED, *NAMED, "--baseline", GUARDED), "--baseline: found"),
        (("read", "garak", GUARDED, *NAMED, "--attack", "x"), "--attack: found no attack 'x'"),
        (("read", "csv", PLAIN), "plain.report.jsonl: line 1"),
        (("read", "csv", PLAIN, "--threat", "t"), "--threat: means nothing for csv"),
        (("read", "csv", PLAIN, "--attack", "a"), "attacks: means nothing for csv"),
        (("show", "agentdin"), "did you mean 'agentdyn'"),
        (("show", SCANS / "helpdesk.json"), "expected 'mfmgame/evidence/1'"),
    ],
)
def test_wrong_input_is_refused_in_one_line(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert said in complaint("evidence", *arguments)
    assert not list(tmp_path.iterdir())
