"""Formats by name, and the options that mean something for each."""

import copy
import json
import os

import pytest

from mfmgame.errors import SpecificationError
from mfmgame.evidence.reading import FORMATS, ReadingOptions, read_trials


def refusal(*arguments, **options):
    with pytest.raises(SpecificationError) as caught:
        read_trials(*arguments, **options)
    return str(caught.value)


def test_an_unknown_format_is_refused_with_the_nearest(tmp_path):
    assert "did you mean 'garak'?" in refusal("grak", [tmp_path])


def test_an_option_that_means_nothing_for_a_format_is_refused(tmp_path):
    text = refusal("garak", [tmp_path], ReadingOptions(attack_succeeded="C"))
    assert text == "attack_succeeded: means nothing for garak, expected only attacks, detectors"


def test_options_of_another_type_are_refused():
    with pytest.raises(SpecificationError, match="attacks: found 'dan', expected a tuple"):
        ReadingOptions(attacks="dan")
    with pytest.raises(SpecificationError, match="score: found 3, expected a str"):
        ReadingOptions(score=3)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"null", b"{}", b'{"results": 1}'])
def test_a_file_of_another_kind_gives_one_line_for_every_format(tmp_path, format_name, data):
    file = tmp_path / "report.json"
    file.write_bytes(data)
    text = refusal(format_name, [file])
    assert text.startswith(f"{file}: ")
    assert "\n" not in text


@pytest.mark.parametrize("format_name", FORMATS)
def test_absent_and_unreadable_files_give_one_line_for_every_format(
    tmp_path, monkeypatch, format_name
):
    assert refusal(format_name, [tmp_path / "absent.eval"]).endswith("no such file")
    assert refusal(format_name, ["\0"]).startswith("\0: cannot be read")

    def denied(*_):
        raise PermissionError(13, "Permission denied", "folder")

    monkeypatch.setattr(os, "scandir", denied)
    assert refusal(format_name, [tmp_path]) == "folder: cannot be read: Permission denied"


AGENTDOJO = {
    "suite_name": "banking",
    "pipeline_name": "model",
    "user_task_id": "user_task_0",
    "injection_task_id": "injection_task_0",
    "attack_type": "direct",
    "utility": True,
    "security": False,
}
GARAK = {
    "entry_type": "attempt",
    "uuid": "a",
    "status": 2,
    "probe_classname": "dan.Dan",
    "prompt": {"turns": [{"role": "user", "content": {"text": "do harm"}}]},
    "outputs": [{"text": "no"}],
    "detector_results": {"base.Trigger": [0.0]},
}
PROMPTFOO = {
    "evalId": "e",
    "results": {
        "results": [
            {
                "testIdx": 0,
                "id": "r",
                "provider": {"id": "http", "label": "bot"},
                "vars": {"prompt": "do harm"},
                "success": False,
                "failureReason": 1,
                "testCase": {"vars": {"prompt": "do harm"}},
                "metadata": {"pluginId": "pii", "strategyId": "base64"},
            }
        ]
    },
}
INSPECT = {
    "status": "success",
    "eval": {"task": "t", "model": "m", "eval_id": "e", "task_args": {"attack": "direct"}},
    "samples": [
        {
            "id": 1,
            "epoch": 1,
            "uuid": "u",
            "scores": {"judge": {"value": {"security": "C"}}},
            "metadata": {"user_task_id": "u", "injection_task_id": "i", "suite_name": "s"},
        }
    ],
}
PYRIT = [
    {
        "attack_result_id": "r",
        "objective": "do harm",
        "outcome": "success",
        "atomic_attack_identifier": {"children": {"attack": {"class_name": "Crescendo"}}},
    }
]
ODD_VALUES = (None, True, 0, -1.5, 10**400, "", "x", "x" * 2000, "\ud800", [], [[]], {}, {"": {}})


def places(value, path=()):
    """Every place in a document, as the keys that lead to it."""
    yield path
    members = value if isinstance(value, dict) else ()
    for key in range(len(value)) if isinstance(value, list) else members:
        yield from places(value[key], (*path, key))


def replaced(document, path, value):
    if not path:
        return value
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("format_name", "document"),
    list(zip(FORMATS, (AGENTDOJO, GARAK, PROMPTFOO, INSPECT, PYRIT), strict=True)),
    ids=FORMATS,
)
def test_any_value_anywhere_gives_counts_or_one_line(tmp_path, format_name, document):
    options = ReadingOptions(attack_succeeded="C") if format_name == "inspect" else None
    file = tmp_path / "report.json"

    def said(text):
        file.write_text(text, "utf-8")
        try:
            trials = read_trials(format_name, [file], options)
        except SpecificationError as error:
            return str(error)
        return sum(counts.trials for counts in trials.attacks.values())

    assert said(json.dumps(document)) == 1
    for path in places(document):
        for value in ODD_VALUES:
            answer = said(json.dumps(replaced(document, path, value)))
            assert answer in (0, 1) or ("\n" not in answer and len(answer) < 500)
