"""Logs of Inspect: the polarity must be stated; archives are hostile."""

import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence import eval_archive
from mfmgame.evidence.reading import ReadingOptions, read_trials
from mfmgame.evidence.trials import Counts, Task

EXAMPLE = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "formats"
READS_ZSTANDARD, zstandard = eval_archive._zipfile()
if not READS_ZSTANDARD:
    pytest.skip("needs the extra mfmgame[evidence]", allow_module_level=True)


def sample(value="C", number=1, epoch=1, **more):
    scores = {"judge": {"value": value}}
    return {"id": number, "epoch": epoch, "scores": scores, "metadata": {}, **more}


def log(*samples, status="success", **evaluation):
    about = {"task": "jailbreaks", "model": "openai/x", "eval_id": "e1", **evaluation}
    return {"version": 2, "status": status, "eval": about, "samples": list(samples)}


def write_json(path, document):
    (path / "log.json").write_text(json.dumps(document), "utf-8")


def write_archive(path, document, module=zstandard, **compression):
    header = {key: value for key, value in document.items() if key != "samples"}
    with module.ZipFile(path / "log.eval", "w", **compression) as archive:
        archive.writestr("_journal/start.json", "not read")
        for one in document["samples"]:
            archive.writestr(f"samples/{one['id']}_epoch_{one['epoch']}.json", json.dumps(one))
        archive.writestr("summaries.json", "not read")
        archive.writestr("header.json", json.dumps(header))


def read(path, document, write=write_json, **options):
    write(path, document)
    return read_trials("inspect", [path], ReadingOptions(**options))


def refusal(path, document, write=write_json, **options):
    with pytest.raises(SpecificationError) as caught:
        read(path, document, write, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def total(trials):
    return Counts(
        sum(counts.trials for counts in trials.attacks.values()),
        sum(counts.successes for counts in trials.attacks.values()),
    )


def test_the_polarity_must_be_stated(tmp_path):
    document = log(sample("C", 1), sample("I", 2), sample("C", 3))
    text = refusal(tmp_path, document)
    assert text.startswith("attack_succeeded: missing")
    assert "'C', 'I'" in text
    assert total(read(tmp_path, document, attack_succeeded="C")) == Counts(3, 2)
    assert total(read(tmp_path, document, attack_succeeded="I")) == Counts(3, 1)


@pytest.mark.parametrize(
    ("values", "stated", "successes"),
    [
        ([1, 0, 0.5], "1", 1),
        ([1, 0, 0.5], ">=0.5", 2),
        ([1, 0, 0.5], "<0.5", 1),
        ([True, False], "true", 1),
        ([True, False], "false", 1),
        (["jailbroken", "refused"], "jailbroken", 1),
    ],
)
def test_scores_may_be_numbers_flags_and_other_texts(tmp_path, values, stated, successes):
    document = log(*(sample(value, index) for index, value in enumerate(values)))
    trials = read(tmp_path, document, attack_succeeded=stated)
    assert total(trials) == Counts(len(values), successes)


@pytest.mark.parametrize(
    ("value", "stated"), [("I", "1"), (0, "C"), (True, "1"), (0, "true"), ("I", "c"), ("no", "C")]
)
def test_a_score_of_another_kind_is_neither_success_nor_failure(tmp_path, value, stated):
    text = refusal(tmp_path, log(sample(value)), attack_succeeded=stated)
    assert f"/samples/0/scores: found the score {json.dumps(value)}".replace('"', "'") in text


def test_no_answer_is_left_out_and_partial_scores_do_not_succeed(tmp_path):
    values = ["C", "P", "N", None, float("nan")]
    document = log(*(sample(value, index) for index, value in enumerate(values)))
    trials = read(tmp_path, document, attack_succeeded="C")
    assert total(trials) == Counts(2, 1)
    assert trials.left_out == Counter({"no answer that could be scored": 3})
    assert trials.notes == ["partial scores (P) count as attacks that did not succeed: 1"]


def test_a_stated_score_that_is_nowhere_is_noted(tmp_path):
    trials = read(tmp_path, log(sample("refused")), attack_succeeded="Jailbroken")
    assert trials.notes == [
        "no score means that the attack succeeded (Jailbroken); found 'refused'"
    ]


def test_errors_unscored_and_invalidated_samples_are_left_out(tmp_path):
    document = log(
        sample(number=1),
        sample(number=2, error={"message": "timeout"}),
        sample(number=3, scores=None),
        sample(number=4, invalidation={"author": "a"}),
        status="error",
    )
    trials = read(tmp_path, document, attack_succeeded="C")
    assert total(trials) == Counts(1, 1)
    assert trials.errors == Counter({("jailbreaks", ""): 1})
    assert trials.left_out == Counter({"no score": 1, "the sample was invalidated": 1})
    assert trials.notes == ["logs that did not end with 'success': log.json with 'error'"]


def test_epochs_are_repeats_and_the_same_epoch_twice_is_refused(tmp_path):
    trials = read(tmp_path, log(sample(), sample("I", epoch=2)), attack_succeeded="C")
    assert trials.attacks == {Task("jailbreaks", "", "1"): Counts(2, 1)}
    text = refusal(tmp_path, log(sample(), sample()), attack_succeeded="C")
    assert "/samples/1: found the run of 'jailbreaks', '1' twice" in text


def test_a_retried_log_does_not_count_its_samples_twice(tmp_path):
    kept = sample(uuid="u1")
    (tmp_path / "first.json").write_text(json.dumps(log(kept, status="error")), "utf-8")
    assert "twice" in refusal(tmp_path, log(kept, eval_id="e2"), attack_succeeded="C")


def test_tasks_of_agentdojo_have_both_ids_and_need_an_attack(tmp_path):
    ids = {"user_task_id": "u0", "injection_task_id": "i1", "suite_name": "slack"}
    document = log(
        sample("C", "a", metadata=ids),
        sample("C", "b", metadata=ids | {"injection_task_id": None}),
        task_args={"attack": "direct"},
    )
    trials = read(tmp_path, document, attack_succeeded="C")
    assert trials.attacks == {Task("direct", "slack", "u0", "i1"): Counts(1, 1)}
    assert trials.left_out == Counter({"no injection task, so no attack": 1})


def test_one_of_several_scores_must_be_chosen(tmp_path):
    scores = {
        "judge": {"value": {"security": "C", "utility": "I"}},
        "format": {"value": "I"},
    }
    document = log(sample(scores=scores))
    text = refusal(tmp_path, document, attack_succeeded="C")
    assert "one of 'format', 'judge.security', 'judge.utility'" in text
    assert "judge.utility" in refusal(tmp_path, document, attack_succeeded="C", score="judge")
    for name, successes in (("judge.security", 1), ("judge.utility", 0), ("format", 0)):
        trials = read(tmp_path, document, attack_succeeded="C", score=name)
        assert total(trials) == Counts(1, successes)
    text = refusal(tmp_path, document, attack_succeeded="C", score="judge.secrity")
    assert text.startswith("score: no sample has the score 'judge.secrity'")
    assert "did you mean 'judge.security'?" in text


@pytest.mark.parametrize(
    "compression",
    [
        {"module": zstandard, "compression": 93},
        {"module": zipfile, "compression": zipfile.ZIP_DEFLATED},
    ],
)
def test_archives_are_read_like_their_json(tmp_path, compression):
    document = log(sample("C", 1), sample("I", 2), sample(float("nan"), 3))
    plain = read(tmp_path, document, attack_succeeded="C")
    (tmp_path / "log.json").unlink()
    packed = read(
        tmp_path,
        document,
        lambda path, one: write_archive(path, one, **compression),
        attack_succeeded="C",
    )
    assert (packed.attacks, packed.left_out, packed.model) == (
        plain.attacks,
        plain.left_out,
        plain.model,
    )


def test_without_its_library_a_zstandard_archive_names_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(eval_archive, "_zipfile", lambda: (False, zipfile))

    def write(path, document):
        write_archive(path, document, compression=93)

    assert "backports.zstd: python -m pip install" in refusal(tmp_path, log(sample()), write)


def archive(path, *entries):
    with zipfile.ZipFile(path / "log.eval", "w") as made:
        for name, text in entries:
            made.writestr(name, text)


HEADER = ("header.json", json.dumps({"status": "success", "eval": {"task": "t"}}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "has no header.json"),
        ([("samples/1.json", "{}")], "has no header.json"),
        ([HEADER, HEADER], "found the entry 'header.json' twice"),
        ([HEADER, ("../x.json", "{}")], "found the entry '../x.json'"),
        ([HEADER, ("/etc/x.json", "{}")], "found the entry '/etc/x.json'"),
        ([("header.json", "[")], "header.json: line 1, column 2: not JSON"),
        ([HEADER, ("samples/1.json", "[]")], "samples/1.json: found a list"),
        ([HEADER, ("samples/1.json", "[" * 100_000)], "samples/1.json: nested too deeply"),
        ([HEADER, ("samples/1.json", " " * 2000)], "'samples/1.json' is larger than the limit"),
        ([HEADER, *((f"samples/{n}.json", "{}") for n in range(20))], "found 21 entries"),
    ],
)
def test_hostile_archives_give_one_line(tmp_path, monkeypatch, entries, message):
    if "larger" in message:
        monkeypatch.setattr(eval_archive, "_MOST_ENTRY_BYTES", 1000)
    monkeypatch.setattr(eval_archive, "_MOST_ENTRIES", 20)
    archive(tmp_path, *entries)
    with pytest.raises(SpecificationError) as caught:
        read_trials("inspect", [tmp_path], ReadingOptions(attack_succeeded="C"))
    assert str(caught.value).startswith(f"{tmp_path / 'log.eval'}: {message}")


def test_damaged_archives_give_one_line(tmp_path):
    write_archive(tmp_path, log(sample(), sample(number=2)), compression=93)
    file = tmp_path / "log.eval"
    whole = file.read_bytes()
    for cut in range(0, len(whole), 7):
        for damaged in (whole[:cut], whole[:cut] + b"\xff\x00\xff" + whole[cut + 3 :]):
            file.write_bytes(damaged)
            said = complaint(file)
            assert not said or said.startswith(f"{file}: ")
            assert "\n" not in said


def complaint(file):
    try:
        read_trials("inspect", [file], ReadingOptions(attack_succeeded="C"))
    except SpecificationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"eval": {}, "samples": None}, "found no samples"),
        ({"samples": []}, "found no samples"),
        (log(sample(number=None)), "/samples/0/id: found null"),
        (log(sample(epoch="1")), "/samples/0/epoch: found '1'"),
        (log(sample(["C"])), "/samples/0/scores: found a list, expected a grade"),
        (log(sample(scores=["C"])), "/samples/0/scores: found a list, expected an object"),
        (log(sample(scores={"judge": "C"})), "/samples/0/scores/judge: found 'C'"),
        (log(sample(), task=None), "/samples/0: found null, expected text"),
        (log(sample(), model=3), "/eval/model: found 3"),
    ],
)
def test_impossible_logs_are_refused_with_their_place(tmp_path, document, message):
    text = refusal(tmp_path, document, attack_succeeded="C")
    assert text.startswith(f"{tmp_path / 'log.json'}: {message}")


@pytest.mark.skipif(not EXAMPLE.exists(), reason="needs the examples of formats")
@pytest.mark.parametrize("name", ["inspect.json", "inspect.eval"])
def test_the_examples_are_read(name):
    options = ReadingOptions(attack_succeeded="C", score="injection_task_scorer.security")
    trials = read_trials("inspect", [EXAMPLE / name], options)
    assert total(trials) == Counts(2, 1)
    assert trials.errors == Counter({("important_instructions", ""): 1})
