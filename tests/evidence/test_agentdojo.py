"""Runs of AgentDojo: what a success is, what is left out, and what is refused."""

import csv
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence.reading import ReadingOptions, read_trials
from mfmgame.evidence.trials import Counts, Task

SHARED = Path(__file__).parents[3] / "shared" / "data"
RUNS, COUNTS = SHARED / "agentdyn" / "runs", SHARED / "evidence" / "agentdyn.csv"
MODEL = "gpt-4o-2024-08-06"


def run(**more):
    members = {
        "suite_name": "banking",
        "pipeline_name": "model-filter",
        "user_task_id": "user_task_0",
        "injection_task_id": "injection_task_0",
        "attack_type": "direct",
        "error": None,
        "utility": True,
        "security": False,
    }
    return members | more


def benign(**more):
    return run(attack_type=None, injection_task_id=None, **more)


def write(folder, *runs, pipeline="model-filter"):
    """Write runs where AgentDojo writes them."""
    for members in runs:
        attack = members["attack_type"] or "none"
        parent = folder / pipeline / members["suite_name"] / members["user_task_id"] / attack
        parent.mkdir(parents=True, exist_ok=True)
        file = parent / f"{members['injection_task_id'] or 'none'}.json"
        file.write_text(json.dumps(members), "utf-8")
    return folder


def read(*paths, **options):
    return read_trials("agentdojo", paths, ReadingOptions(**options))


def refusal(*paths, **options):
    with pytest.raises(SpecificationError) as caught:
        read(*paths, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_security_true_is_a_success_of_the_attack(tmp_path):
    trials = read(write(tmp_path, run(), run(injection_task_id="injection_task_1", security=True)))
    assert trials.attacks == {
        Task("direct", "banking", "user_task_0", "injection_task_0"): Counts(1, 0),
        Task("direct", "banking", "user_task_0", "injection_task_1"): Counts(1, 1),
    }
    assert trials.model == "model-filter"


@pytest.mark.parametrize("name", [None, "none"])
def test_a_run_without_attack_counts_its_work_and_not_its_security(tmp_path, name):
    trials = read(write(tmp_path, benign(utility=False, security=True) | {"attack_type": name}))
    assert trials.benign == {("banking", "user_task_0"): Counts(1, 0)}
    assert not trials.attacks


def test_a_crash_is_an_error_although_it_says_security_true(tmp_path):
    crashed = [
        run(error="context overflow", security=True),
        run(injection_task_id="injection_task_1", security=None),
        run(injection_task_id="injection_task_2", utility="yes"),
        benign(error="crash"),
    ]
    trials = read(write(tmp_path, *crashed, run(injection_task_id="injection_task_3")))
    assert trials.errors == Counter({("direct", "banking"): 3, ("", "banking"): 1})
    assert sum(counts.trials for counts in trials.attacks.values()) == 1
    assert not trials.benign


def test_a_goal_of_the_attacker_run_as_a_task_is_left_out(tmp_path):
    solo = benign(user_task_id="injection_task_4")
    trials = read(write(tmp_path, run(), solo))
    assert trials.left_out == Counter({"the attacker's goal was run as the user's task": 1})
    assert not trials.benign


def test_the_folder_tells_defenses_apart_that_the_record_does_not_name(tmp_path):
    write(tmp_path, run(pipeline_name="model"), pipeline="model")
    write(tmp_path, run(pipeline_name="model"), pipeline="model-drift")
    assert "'model-drift' after runs of 'model'" in refusal(tmp_path)
    assert read(tmp_path / "model-drift").model == "model"


def test_suites_single_files_and_deeper_folders_are_read(tmp_path, monkeypatch):
    write(tmp_path, run(), run(suite_name="slack"))
    (tmp_path / "model-filter" / "notes.txt").write_text("not read")
    (tmp_path / "model-filter" / "._hidden.json").write_text("not read")
    pipeline = tmp_path / "model-filter"
    assert [task.suite for task in read(pipeline / "slack").attacks] == ["slack"]
    assert [task.suite for task in read(pipeline, suites=("slack",)).attacks] == ["slack"]
    monkeypatch.chdir(pipeline / "slack" / "user_task_0" / "direct")
    assert [task.suite for task in read("injection_task_0.json").attacks] == ["slack"]


def test_a_run_read_twice_is_refused(tmp_path):
    write(tmp_path, run())
    text = refusal(tmp_path, tmp_path / "model-filter")
    assert "injection_task_0.json: found the run of" in text
    assert "twice" in text


@pytest.mark.parametrize("key", ["suite_name", "user_task_id", "injection_task_id", "attack_type"])
def test_a_file_that_is_no_run_is_named_with_what_it_lacks(tmp_path, key):
    members = run()
    del members[key]
    file = tmp_path / "run.json"
    file.write_text(json.dumps(members), "utf-8")
    assert refusal(tmp_path).startswith(f"{file}: /{key}: missing")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\x00", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"security": NaN}', "found NaN"),
        (b'{"security": true, "security": false}', "'security' twice"),
        (b'{"a": ' + b"1" * 5000 + b"}", "too many digits"),
        (b"[]", "expected an object"),
        (json.dumps(run(suite_name=["x"])).encode(), "/suite_name: found a list, expected text"),
        (json.dumps(run(suite_name="x" * 2000)).encode(), "found 2000 characters"),
        (json.dumps(run(user_task_id="\ud800")).encode(), "not valid Unicode"),
        (json.dumps(run(injection_task_id=None)).encode(), "/injection_task_id: found null"),
    ],
)
def test_hostile_files_give_one_line(tmp_path, data, message):
    file = tmp_path / "run.json"
    file.write_bytes(data)
    text = refusal(tmp_path)
    assert text.startswith(f"{file}: ")
    assert message in text


def test_a_pipe_or_a_broken_link_in_a_folder_is_refused_and_never_waited_for(tmp_path):
    write(tmp_path, run())
    (tmp_path / "model-filter" / "loop").symlink_to(tmp_path)  # is not followed
    assert len(read(tmp_path).attacks) == 1
    os.mkfifo(tmp_path / "a.json")
    assert "found a pipe" in refusal(tmp_path)
    (tmp_path / "a.json").unlink()
    (tmp_path / "a.json").symlink_to(tmp_path / "a.json")
    assert "broken link" in refusal(tmp_path)


def test_nothing_to_read_is_refused(tmp_path):
    assert "found no file *.json" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "absent")
    assert refusal() == "paths: found none, expected one or more"
    write(tmp_path, benign(user_task_id="injection_task_4"))
    assert "found no trial that counts; left out: 1 because" in refusal(tmp_path)


def test_an_absent_attack_or_suite_is_refused_with_the_nearest(tmp_path):
    write(tmp_path, run())
    assert "did you mean 'direct'?" in refusal(tmp_path, attacks=("dirct",))
    assert "expected 'banking'" in refusal(tmp_path, suites=("slack",))


@pytest.mark.skipif(not RUNS.exists(), reason="needs runs of AgentDyn beside the project")
@pytest.mark.parametrize("defense", ["none", "drift", "piguard_detector", "tool_filter"])
def test_published_runs_give_the_published_counts(defense):
    trials = read(RUNS / (MODEL if defense == "none" else f"{MODEL}-{defense}"))
    published = [
        row
        for row in csv.DictReader(COUNTS.read_text("utf-8").splitlines())
        if (row["defense"], row["model"]) == (defense, MODEL)
    ]
    assert [row["suite"] for row in published] == ["all", "shopping", "github", "dailylife"]
    for row in published:
        suites = {"shopping", "github", "dailylife"} if row["suite"] == "all" else {row["suite"]}
        attacks = [counts for task, counts in trials.attacks.items() if task.suite in suites]
        done = [counts for (suite, _), counts in trials.benign.items() if suite in suites]
        assert total(attacks) == Counts(int(row["trials"]), int(row["successes"]))
        assert total(done) == Counts(int(row["benign_n"]), int(row["benign_ok"]))
    assert not trials.errors


def total(listed):
    return Counts(
        sum(counts.trials for counts in listed), sum(counts.successes for counts in listed)
    )
