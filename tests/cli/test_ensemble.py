"""`mfmgame ensemble`: what it says, and how it fails."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from mfmgame.view.json.ensemble_documents import ensemble_document
from mfmgame.view.text.number_formats import percent_range, percent_text
from subprocesses import HEARS_CTRL_C


@pytest.fixture
def spec(document, tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(document))
    return file


def run(*arguments):
    return CliRunner().invoke(app, ["ensemble", *map(str, arguments)])


def test_the_text_says_what_the_ensemble_found(spec):
    outcome = run(spec, "-n", 120, "--seed", 7)
    assert outcome.exit_code == 0
    found = mg.ensemble(mg.load_scenario(spec), n=120, seed=7)
    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert lines[0] == [
        "two",
        "threats",
        "(120",
        "draws",
        "of",
        "4",
        "uncertain",
        "numbers,",
        "seed",
        "7)",
    ]
    terminate = found.probability_of_termination()
    decision = next(line for line in lines if line[:1] == ["decision"])
    assert decision[:3] == ["decision", "to", "terminate"]
    assert " ".join(decision[3:]).startswith(f"{percent_text(terminate.estimate)} of the draws")
    assert outcome.stdout.count("decision to terminate") == 1
    assert "  regret: loss of the nominal plan less the least possible loss" in outcome.stdout
    stopped = percent_text(found.at_nominal("portfolio"))
    assert re.search(f"share of severity stopped +{re.escape(stopped)} ", outcome.stdout)
    value = next(line for line in lines if line[:1] == ["value"])
    assert value[1:3] == [f"{found.at_nominal('value'):.4g}", f"{found.mean('value'):.4g}"]
    assert value[5] == f"{found.quantile('value', 0.5).estimate:.4g}"
    funded = next(line for line in lines if line[:1] == ["d0"])
    share = found.funding["d0"].funded
    interval = percent_range(share.lower, share.upper)
    assert funded[1:7] == [*percent_text(share.estimate).split(), *interval.split()]


def test_an_end_that_is_not_known_is_said_in_words(document, spec):
    text = run(spec, "-n", 3, "--seed", 7).stdout
    assert "inf" not in text.replace("intervals", "")
    assert "at least" in text
    spec.write_text(json.dumps({**document, "termination": {"loss": {"range": [50, 60]}}}))
    lines = run(spec, "-n", 20, "--seed", 7).stdout.splitlines()
    threshold = next(line.split() for line in lines if line.startswith("  threshold"))
    assert threshold == ["threshold", "[bits]", "unreachable", "-", *["unreachable"] * 5]


def test_the_json_is_valid_and_holds_the_numbers_in_full(spec):
    outcome = run(spec, "-n", 120, "--seed", 7, "--json")
    document = json.loads(outcome.stdout)
    jsonschema.validate(document, mg.json_schema("ensemble"))
    found = mg.ensemble(mg.load_scenario(spec), n=120, seed=7)
    assert document == ensemble_document(found)
    assert document["terminate"]["estimate"] == found["terminate"].mean()
    assert document["exceedance"][-1]["probability"] == 0.0
    assert len(document["exceedance"]) == 101
    median = document["value"]["quantiles"][2]
    assert median == {"at": 0.5, **found.quantile("value", 0.5)._asdict()}


def test_a_number_that_is_infinite_is_null(document, tmp_path):
    cheap = {**document, "termination": {"loss": {"range": [50, 60]}}}
    found = mg.ensemble(mg.Scenario(**cheap), n=20, seed=7)
    told = ensemble_document(found)
    assert told["threshold"]["nominal"] is None
    assert told["threshold"]["mean"] is None
    assert told["threshold"]["quantiles"][0]["estimate"] is None
    assert told["unreachable"]["estimate"] == 1.0
    jsonschema.validate(told, mg.json_schema("ensemble"))


def test_a_scenario_without_termination_is_told(document, tmp_path):
    spec = tmp_path / "scenario.json"
    spec.write_text(json.dumps({key: document[key] for key in document if key != "termination"}))
    text = run(spec, "-n", 20, "--seed", 7).stdout
    assert "terminate" not in text
    told = json.loads(run(spec, "-n", 20, "--seed", 7, "--json").stdout)
    assert told["terminate"] is told["threshold"] is None
    jsonschema.validate(told, mg.json_schema("ensemble"))


def test_the_same_command_gives_the_same_bytes(spec, tmp_path):
    texts = {run(spec, "-n", 70, "--seed", 7, "--jobs", jobs).stdout for jobs in (1, 2, 1)}
    assert len(texts) == 1
    outputs = set()
    for name in ("a", "b"):
        outcome = run(spec, "-n", 70, "--seed", 7, "--json", "-o", tmp_path / name)
        assert (outcome.exit_code, outcome.stdout) == (0, "")
        outputs.add((tmp_path / name).read_bytes())
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-n", 0, "--seed", 1], "n: found 0, expected a number of draws"),
        (["-n", 5, "--seed", -1], "seed: found -1, expected an integer from 0"),
        (["-n", 5, "--seed", 1, "--jobs", 0], "jobs: found 0, expected"),
        (["-n", 5, "--seed", 1, "--dask", "tcp://x", "--ray"], "ray: found Dask and Ray"),
        (["-n", 5, "--seed", 1, "--dask", "nonsense"], "expected an address such as tcp://"),
        (["-n", 5, "--seed", 1, "--dask", ""], "dask: no Dask scheduler answers at ''"),
        (["-n", 5, "--seed", 1, "--dask", "http://localhost:80"], "answers at 'http://localh"),
        (["-n", 5, "--seed", 1, "--draws", "none/x.parquet"], "cannot be written"),
        (["-n", 5, "--seed", 1, "--draws", "x.csv"], "x.csv: found the ending '.csv', expected"),
        (
            ["-n", 5, "--seed", 1, "--dask", "tcp://x:1", "--jobs", 1],
            "--jobs: found beside --dask, expected one of them",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_exit_code_2(spec, arguments, complaint):
    outcome = run(spec, *arguments)
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert complaint in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_a_cluster_that_cannot_be_is_all_that_a_run_speaks_of(spec):
    command = [sys.executable, "-m", "mfmgame", "ensemble", spec.name, "-n", "5", "--seed", "1"]
    command += ["--dask", "nonsense", "--draws", "draws.parquet"]
    outcome = subprocess.run(
        command, cwd=spec.parent, check=False, capture_output=True, text=True, timeout=20
    )
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "error: scenario.json: dask: no Dask scheduler answers at 'nonsense'; expected an address "
        "such as tcp://host:8786\n"
    )
    assert [file.name for file in spec.parent.iterdir()] == ["scenario.json"]


def test_a_scenario_with_nothing_uncertain_is_refused(tmp_path):
    file = tmp_path / "certain.json"
    document = {"schema": "mfmgame/scenario/1", "threats": [], "attacker": {"bandwidth": 1}}
    file.write_text(json.dumps(document))
    outcome = run(file, "-n", 5, "--seed", 1)
    assert outcome.exit_code == 2
    assert outcome.stderr == (
        f"error: {file}: found no uncertain number, expected a range or a distribution "
        "in place of a number\n"
    )


def test_no_plan_at_nominal_values_is_exit_code_3(document, tmp_path):
    file = tmp_path / "scenario.json"
    limits = {"budget": {"range": [-3, 1]}}
    file.write_text(json.dumps({**document, "defender": {"limits": limits}}))
    assert run(file, "-n", 5, "--seed", 1).exit_code == 3


def test_neither_the_scenario_nor_its_catalog_is_written_over(spec, document, tmp_path):
    catalog = tmp_path / "small.json"
    entries = {key: document[key] for key in ("threats", "defenses", "effectiveness")}
    catalog.write_text(json.dumps({"schema": "mfmgame/catalog/1", "name": "small", **entries}))
    rest = {key: document[key] for key in document if key not in entries}
    spec.write_text(json.dumps({**rest, "catalog": "small.json"}))
    before = spec.read_bytes(), catalog.read_bytes()
    for file in (spec, catalog):
        for option in ("--draws", "-o"):
            outcome = run(spec, "-n", 5, "--seed", 1, option, file)
            assert outcome.exit_code == 2
            assert "found a file that this command reads" in outcome.stderr
    assert (spec.read_bytes(), catalog.read_bytes()) == before
    assert run(spec, "-n", 5, "--seed", 1).exit_code == 0


@pytest.mark.parametrize("other", ["q.parquet", "./q.parquet", "link.parquet", "folder/q.parquet"])
def test_draws_and_answer_are_two_files(spec, monkeypatch, other):
    monkeypatch.chdir(spec.parent)
    Path("link.parquet").symlink_to("q.parquet")
    Path("folder").symlink_to(".", target_is_directory=True)
    before = sorted(file.name for file in spec.parent.iterdir())
    outcome = run(spec, "-n", 5, "--seed", 1, "--draws", "q.parquet", "-o", other)
    assert outcome.exit_code == 2
    assert outcome.stderr == (
        f"error: {Path(other)}: found for both --draws and --output, expected two files\n"
    )
    assert sorted(file.name for file in spec.parent.iterdir()) == before


def test_the_same_command_reads_its_draws_and_says_so_where_they_are_damaged(spec):
    file = spec.parent / "q.parquet"
    first = run(spec, "-n", 60, "--seed", 1, "--draws", file)
    content = file.read_bytes()
    again = run(spec, "-n", 60, "--seed", 1, "--draws", file)
    assert (again.stdout, again.stderr) == (first.stdout, "")
    file.write_bytes(content[:204] + bytes([content[204] ^ 1]) + content[205:])
    damaged = run(spec, "-n", 60, "--seed", 1, "--draws", file)
    assert (damaged.exit_code, damaged.stdout) == (0, first.stdout)
    assert damaged.stderr == f"warning: found damaged draws in {file}; they are computed again\n"
    assert file.read_bytes() == content
    other = run(spec, "-n", 60, "--seed", 2, "--draws", file)
    assert (other.exit_code, other.stdout) == (2, "")
    assert other.stderr.startswith(f"error: {file}: found draws of another run")
    assert len(other.stderr.splitlines()) == 1
    assert file.read_bytes() == content


@contextlib.contextmanager
def long_run(spec, jobs):
    """A run in the middle of its work, of which a few chunks are kept."""
    command = [sys.executable, "-m", "mfmgame", "ensemble", spec.name, "--jobs", jobs]
    command += ["-n", "100000", "--seed", "3", "--draws", "draws.parquet"]
    started = subprocess.Popen(
        command,
        cwd=spec.parent,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job, as this may be, ignores the signal.
        preexec_fn=HEARS_CTRL_C,
    )
    parts = spec.parent / "draws.parquet.parts"
    deadline = time.monotonic() + 60
    try:
        while len(list(parts.glob("0*.parquet"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("send", "number", "code"),
    [
        (os.killpg, signal.SIGINT, 130),
        (os.killpg, signal.SIGTERM, 143),
        (os.kill, signal.SIGTERM, 143),
    ],
)
def test_a_run_that_is_asked_to_end_says_so_in_one_line_and_keeps_what_is_finished(
    spec, jobs, send, number, code
):
    with long_run(spec, jobs) as started:
        send(started.pid, number)
        # Its output ends only when no process of its has it any more.
        output, complaint = started.communicate(timeout=20)
    assert started.returncode == code
    assert output == ""
    assert len(complaint.splitlines()) == 1
    assert "draws.parquet.parts, and the same command resumes from there" in complaint
    assert len(list((spec.parent / "draws.parquet.parts").glob("0*.parquet"))) >= 3


def test_who_asks_twice_at_once_gets_the_same_answer(spec):
    with long_run(spec, "2") as started:
        for _ in range(5):
            started.send_signal(signal.SIGTERM)
        _, complaint = started.communicate(timeout=20)
    assert started.returncode == 143
    assert len(complaint.splitlines()) == 1


def test_processes_end_soon_after_a_kill_of_the_one_that_has_started_them(spec):
    with long_run(spec, "2") as started:
        os.kill(started.pid, signal.SIGKILL)
        started.communicate(timeout=20)
    assert started.returncode == -signal.SIGKILL


def test_a_terminal_sees_a_bar_on_standard_error_alone(spec):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "mfmgame", "ensemble", str(spec), "-n", "200", "--seed", "3"]
    outcome = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while more := os.read(ours, 65536):
            shown += more
    os.close(ours)
    assert b"200/200" in shown
    assert outcome.stdout.decode() == run(spec, "-n", 200, "--seed", 3).stdout
