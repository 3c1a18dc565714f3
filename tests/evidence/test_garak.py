"""Reports of garak: attempts, sums, and which of them count."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence import hostile_json
from mfmgame.evidence.reading import ReadingOptions, read_trials
from mfmgame.evidence.trials import Counts, Task

EXAMPLE = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "formats"
SETUP = {"entry_type": "start_run setup", "plugins.target_name": "bot", "run.eval_threshold": 0.5}


def attempt(uuid="a", scores=(0.0,), text="do harm", detector="base.Trigger", **more):
    prompt = {"turns": [{"role": "user", "content": {"text": text, "notes": {"id": uuid}}}]}
    return {
        "entry_type": "attempt",
        "uuid": uuid,
        "status": 2,
        "probe_classname": "latent.Whois",
        "prompt": prompt,
        "outputs": [{"text": "…"} for _ in scores],
        "detector_results": {detector: list(scores)},
        **more,
    }


def sums(passed, total, detector="base.Trigger", key="total_evaluated", probe="latent.Whois"):
    row = {"entry_type": "eval", "probe": probe, "detector": detector}
    return row | {"passed": passed, key: total}


def read(path, *rows, **options):
    file = path / "scan.report.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return read_trials("garak", [path], ReadingOptions(**options))


def refusal(path, *rows, **options):
    with pytest.raises(SpecificationError) as caught:
        read(path, *rows, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def total(trials):
    return Counts(
        sum(counts.trials for counts in trials.attacks.values()),
        sum(counts.successes for counts in trials.attacks.values()),
    )


def test_a_score_at_the_threshold_is_a_success_of_the_attack(tmp_path):
    assert total(read(tmp_path, SETUP, attempt(scores=(0.0, 0.49, 0.5, 1.0)))) == Counts(4, 2)
    strict = SETUP | {"run.eval_threshold": 0.9}
    assert total(read(tmp_path, strict, attempt(scores=(0.0, 0.49, 0.5, 1.0)))) == Counts(4, 1)


def test_attempts_of_a_prompt_are_repeats_whatever_their_ids(tmp_path):
    rows = attempt("a"), attempt("b", (1.0,)), attempt("c", text="other")
    trials = read(tmp_path, SETUP, *rows)
    assert sorted(counts.trials for counts in trials.attacks.values()) == [1, 2]
    defended = read(tmp_path, SETUP, *(row | {"uuid": f"x{row['uuid']}"} for row in rows))
    assert trials.attacks.keys() == defended.attacks.keys()
    assert trials.model == "bot"


def test_old_reports_with_texts_are_read(tmp_path):
    old = attempt(prompt="do harm", outputs=["no", "yes"], scores=(0.0, 1.0))
    trials = read(tmp_path, {"entry_type": "start_run setup", "plugins.model_name": "old"}, old)
    assert (total(trials), trials.model) == (Counts(2, 1), "old")


def test_rows_before_detection_do_not_count(tmp_path):
    before = attempt(status=1, detector_results={})
    assert total(read(tmp_path, SETUP, before, attempt())) == Counts(1, 0)
    assert "found neither attempts nor sums" in refusal(tmp_path, SETUP, before)


def test_missing_outputs_and_scores_are_left_out(tmp_path):
    rows = attempt(scores=(1.0, None, 0.0), outputs=[None, {"text": "a"}, {"text": "b"}])
    trials = read(tmp_path, SETUP, rows)
    assert total(trials) == Counts(1, 0)
    assert trials.left_out == Counter(
        {"the target gave no output": 1, "no detector gave a score": 1}
    )


def test_scores_that_skip_missing_outputs_are_matched_or_left_out(tmp_path):
    outputs = [None, "a", "b"]
    assert total(read(tmp_path, attempt(scores=(0.0, 1.0), outputs=outputs))) == Counts(2, 1)
    trials = read(tmp_path, attempt("a"), attempt("b", scores=(0.0,) * 4, outputs=outputs))
    assert total(trials) == Counts(1, 0)
    assert trials.left_out == Counter({"the numbers of scores and outputs differ": 3})


def test_an_output_of_several_detectors_counts_once(tmp_path):
    both = {"base.Trigger": [0.0, 0.0], "base.Judge": [1.0, None]}
    trials = read(tmp_path, attempt(scores=(0, 0), detector_results=both))
    assert total(trials) == Counts(2, 1)
    assert "base.Judge, base.Trigger of latent.Whois" in trials.notes[0]
    row = attempt(scores=(0, 0), detector_results=both)
    chosen = read(tmp_path, row, detectors=("base.Judge",))
    assert (total(chosen), chosen.notes) == (Counts(1, 1), [])
    assert "did you mean 'base.Judge'?" in refusal(tmp_path, row, detectors=("base.Jdge",))


def test_sums_count_where_there_are_no_attempts(tmp_path):
    trials = read(tmp_path, SETUP, sums(90, 100), sums(7, 10, key="total", probe="dan.Dan"))
    assert trials.attacks == {
        Task("latent.Whois", "", ""): Counts(100, 10),
        Task("dan.Dan", "", ""): Counts(10, 3),
    }
    assert not trials.has_tasks


def test_sums_of_several_detectors_need_a_choice(tmp_path):
    rows = sums(90, 100), sums(80, 100, "base.Judge")
    assert "expected one detector to be chosen" in refusal(tmp_path, *rows)
    assert total(read(tmp_path, *rows, detectors=("base.Judge",))) == Counts(100, 20)


def test_sums_that_differ_from_the_attempts_are_noted(tmp_path):
    assert read(tmp_path, SETUP, attempt(), sums(1, 1)).notes == []
    (note,) = read(tmp_path, SETUP, attempt(), sums(0, 1)).notes
    assert "has 1 of 1 in the sums, 0 of 1 in the attempts" in note


def test_probes_are_chosen_by_name_or_family(tmp_path):
    rows = attempt("a"), attempt("b", probe_classname="dan.Dan")
    for name in ("dan", "dan.Dan"):
        assert [task.attack for task in read(tmp_path, *rows, attacks=(name,)).attacks] == [
            "dan.Dan"
        ]
    assert "expected a known attack; did you mean 'dan.Dan'?" in refusal(
        tmp_path, *rows, attacks=("dan.Da",)
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([attempt(), attempt()], "line 2: found the run of 'latent.Whois'"),
        ([sums(1, 1), sums(1, 1)], "line 2: found the sums of 'latent.Whois'"),
        ([sums(2, 1)], "line 1: /passed: found 2, expected at most the total_evaluated, 1"),
        ([sums(True, 1)], "line 1: /passed: found true, expected a whole number"),
        ([sums(0.5, 1)], "line 1: /passed: found 0.5, expected a whole number"),
        ([sums(1, 10**400)], "line 1: /total_evaluated: found an integer of many digits"),
        ([attempt(scores=("1",))], "line 1: /detector_results/base.Trigger: found '1'"),
        ([attempt(scores=(True,))], "line 1: /detector_results/base.Trigger: found true"),
        ([attempt(outputs="no")], "line 1: /outputs: found 'no', expected a list"),
        ([attempt(detector_results=[])], "line 1: /detector_results: found a list"),
        ([attempt(probe_classname=None)], "line 1: /probe_classname: found null"),
        ([{}], "line 1: /entry_type: missing"),
        ([SETUP | {"run.eval_threshold": "x"}], "line 1: /run.eval_threshold: found 'x'"),
        ([[]], "line 1: found a list, expected an object"),
    ],
)
def test_impossible_rows_are_refused_with_their_line(tmp_path, rows, message):
    text = refusal(tmp_path, *rows)
    assert text.startswith(f"{tmp_path / 'scan.report.jsonl'}: {message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\n\x80", "line 2: byte 0 is not UTF-8"),
        (b'{"entry_type": "init"}\n{"a": NaN}', "line 2: found NaN"),
        (b"\n" + b"[" * 50_000, "line 2: nested too deeply"),
        (b'{"entry_type": ', "line 1: column 16: not JSON"),
        (b'{"a": 1, "a": 1}', "line 1: found the key 'a' twice"),
        (b" " * 200 + b"{}", "line 1: longer than the limit of 100 bytes"),
    ],
)
def test_hostile_lines_are_refused_with_their_number(tmp_path, monkeypatch, data, message):
    if "longer" in message:
        monkeypatch.setattr(hostile_json, "MOST_LINE_BYTES", 100)
    file = tmp_path / "x.report.jsonl"
    file.write_bytes(data)
    with pytest.raises(SpecificationError) as caught:
        read_trials("garak", [file])
    assert str(caught.value).startswith(f"{file}: {message}")


def test_progress_counts_bytes(tmp_path):
    seen = []
    read(tmp_path, *(attempt(str(number)) for number in range(1500)))
    read_trials("garak", [tmp_path], progress=lambda done, of: seen.append((done, of)))
    size = (tmp_path / "scan.report.jsonl").stat().st_size
    assert len(seen) == 2
    assert 0 < seen[0][0] < size
    assert seen[-1] == (size, size)


@pytest.mark.skipif(not EXAMPLE.exists(), reason="needs the examples of formats")
def test_the_example_is_read():
    trials = read_trials("garak", [EXAMPLE / "garak.report.jsonl"])
    assert (total(trials), trials.notes, trials.model) == (Counts(3, 2), [], "helpdesk-bot")
