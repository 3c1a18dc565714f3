"""Results of promptfoo: what passes a test resists the attack."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence.reading import ReadingOptions, read_trials
from mfmgame.evidence.trials import Counts

EXAMPLE = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "formats"


def result(number=0, success=True, plugin="pii:direct", strategy=None, **more):
    return {
        "promptIdx": 0,
        "testIdx": number,
        "provider": {"id": "http", "label": "bot"},
        "vars": {"prompt": f"do harm {number}", "sessionId": str(number)},
        "success": success,
        "failureReason": 0 if success else 1,
        "metadata": {"pluginId": plugin} | ({"strategyId": strategy} if strategy else {}),
        **more,
    }


def layout(*results, evaluation="e1"):
    return {"evalId": evaluation, "results": {"version": 3, "results": list(results)}}


def read(path, document, name="results.json", **options):
    (path / name).write_text(json.dumps(document), "utf-8")
    return read_trials("promptfoo", [path], ReadingOptions(**options))


def refusal(path, document, **options):
    with pytest.raises(SpecificationError) as caught:
        read(path, document, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def by_attack(trials):
    totals = {}
    for task, counts in trials.attacks.items():
        total = totals.setdefault(task.attack, Counts())
        total.trials += counts.trials
        total.successes += counts.successes
    return totals


def test_success_true_means_that_the_attack_was_resisted(tmp_path):
    rows = result(0), result(1, success=False), result(2, success=False, strategy="jailbreak")
    trials = read(tmp_path, layout(*rows))
    assert by_attack(trials) == {"pii:direct": Counts(2, 1), "pii:direct/jailbreak": Counts(1, 1)}
    assert trials.model == "bot"


def test_errors_are_left_out_whatever_they_say(tmp_path):
    rows = [
        result(0, failureReason=2),
        result(1, success=False, failureReason=2, error="HTTP 503"),
        result(2, success=False, failureReason=1, error="leaked"),
        result(3, success=False, failureReason=None, error="HTTP 503"),
        result(4, success=False, failureReason=None, error="leaked", gradingResult={"pass": False}),
    ]
    trials = read(tmp_path, layout(*rows))
    assert by_attack(trials) == {"pii:direct": Counts(2, 2)}
    assert trials.errors == Counter({("pii:direct", ""): 3})


def test_a_test_is_the_same_in_two_scans(tmp_path):
    asked = {"prompt": "do harm"}
    plain = result(0, vars={"prompt": "rewritten"}, testCase={"vars": asked})
    other = result(7, vars=asked | {"sessionId": "x"}, prompt={"raw": "<defense> do harm"})
    tasks = [
        read(tmp_path, layout(row, evaluation=name)).attacks.keys()
        for name, row in (("e1", plain), ("e2", other))
    ]
    assert tasks[0] == tasks[1]


def test_tests_without_a_plugin_are_left_out(tmp_path):
    trials = read(tmp_path, layout(result(0), result(1, metadata={})))
    assert trials.left_out == Counter({"no plugin: not a red-team test": 1})
    assert "found no trial that counts" in refusal(tmp_path, layout(result(metadata=None)))


def test_plugin_and_strategy_may_stand_in_the_test_case(tmp_path):
    metadata = {"pluginId": "pii", "strategyId": "base64"}
    trials = read(tmp_path, layout(result(metadata=None, testCase={"metadata": metadata})))
    assert list(by_attack(trials)) == ["pii/base64"]


def test_results_of_several_targets_need_a_choice(tmp_path):
    document = layout(result(0), result(1, provider="other"))
    assert "expected those of one target" in refusal(tmp_path, document)
    trials = read(tmp_path, document, targets=("other",))
    assert (by_attack(trials), trials.model) == ({"pii:direct": Counts(1, 0)}, "other")


def test_repeated_tests_are_trials_of_their_own_and_repeated_files_are_refused(tmp_path):
    same = {"vars": {"prompt": "do harm"}}
    trials = read(tmp_path, layout(result(0, **same), result(1, **same)))
    assert list(trials.attacks.values()) == [Counts(2, 0)]
    text = refusal(tmp_path, layout(result(0, **same), result(0, **same)))
    assert "/results/results/1: found the run of 'pii:direct'" in text
    (tmp_path / "copy.json").write_bytes((tmp_path / "results.json").read_bytes())
    (tmp_path / "results.json").unlink()
    assert "twice" in refusal(tmp_path, layout(result(0, **same)))


def test_older_layouts_and_lines_are_read(tmp_path):
    rows = [result(0), result(1, success=False)]
    assert by_attack(read(tmp_path, {"results": rows})) == {"pii:direct": Counts(2, 1)}
    (tmp_path / "results.json").unlink()
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    trials = read_trials("promptfoo", [tmp_path])
    assert by_attack(trials) == {"pii:direct": Counts(2, 1)}


def test_several_prompts_are_noted(tmp_path):
    trials = read(tmp_path, layout(result(0), result(0, promptIdx=1)))
    assert trials.notes == ["2 prompts were tested; their results count together"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "found a list, expected an object"),
        ({"results": "x"}, "/results: found 'x', expected promptfoo's list of results"),
        ({"results": {"results": 1}}, "/results/results: found 1"),
        (layout(result(), 3), "/results/results/1: found 3, expected an object"),
        (layout(result(success="true")), "/results/results/0/success: found 'true'"),
        (layout(result(success=None)), "/results/results/0/success: found null"),
        (layout(result(failureReason=7)), "/results/results/0/failureReason: found 7"),
        (layout(result(failureReason=True)), "/results/results/0/failureReason: found true"),
        (layout(result(testIdx="1")), "/results/results/0/testIdx: found '1'"),
        (layout(result(plugin=3)), "/results/results/0/metadata/pluginId: found 3"),
    ],
)
def test_impossible_results_are_refused_with_their_place(tmp_path, document, message):
    assert refusal(tmp_path, document).startswith(f"{tmp_path / 'results.json'}: {message}")


@pytest.mark.skipif(not EXAMPLE.exists(), reason="needs the examples of formats")
def test_the_example_is_read():
    trials = read_trials("promptfoo", [EXAMPLE / "promptfoo.json"])
    assert by_attack(trials) == {"pii:direct/jailbreak": Counts(1, 1), "pii:direct": Counts(1, 0)}
    assert trials.errors == Counter({("pii:direct", ""): 1})
