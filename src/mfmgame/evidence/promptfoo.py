"""Results of promptfoo's red teaming: JSON, or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mfmgame.documents.json_reading import read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import (
    json_lines,
    members_of,
    parsed,
    placed,
    prompt_id,
    text_of,
)
from mfmgame.evidence.reading_options import Choice, agreed
from mfmgame.evidence.run_files import naming, with_progress
from mfmgame.evidence.trials import Progress, Task, Trials
from mfmgame.messages import shown

__all__ = ["read_promptfoo"]

_FAILURE_REASONS = (0, 1, 2)
_IS_ERROR = 2
_NOT_ASKED = ("sessionId",)
"""Variables that differ between two scans of the same test."""


def read_promptfoo(files: Sequence[Path], choice: Choice, progress: Progress | None) -> Trials:
    """Count the results of red-team tests.

    ``success: true`` means that the target passed the test: the attack did not succeed.

    Parameters
    ----------
    files : sequence of pathlib.Path
    choice : Choice
    progress : callable, optional

    Returns
    -------
    Trials

    Raises
    ------
    SpecificationError
        If a file has no results, a result occurs twice, or the results are of several providers
        of which none is chosen.
    """
    trials = Trials()
    prompts: set[str] = set()
    for file in with_progress(files, progress):
        with naming(file):
            for place, evaluation, result in _results(file):
                with placed(place):
                    _count(members_of(result), evaluation, trials, choice, prompts)
    if len(prompts) > 1:
        trials.notes.append(f"{len(prompts)} prompts were tested; their results count together")
    providers = [name for name in choice.found("targets") if choice.takes_name("targets", name)]
    trials.model = agreed(providers)
    return trials


def _results(file: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield the place of each result, the id of its evaluation and the result."""
    if file.name.lower().endswith(".jsonl"):
        for line, _, row in json_lines(file):
            yield f"line {line}", str(file), row
        return
    document = members_of(parsed(read_bytes(file)))
    evaluation = text_of(document, "evalId", "") or str(file)
    place, results = "/results", document.get("results")
    if isinstance(results, dict):  # as in all but the oldest versions
        place, results = "/results/results", results.get("results")
    if not isinstance(results, list):
        raise SpecificationError(
            f"found {shown(results)}, expected promptfoo's list of results", pointer=place
        )
    for index, result in enumerate(results):
        yield f"{place}/{index}", evaluation, result


def _count(
    result: Mapping[str, Any],
    evaluation: str,
    trials: Trials,
    choice: Choice,
    prompts: set[str],
) -> None:
    passed = result.get("success")
    if not isinstance(passed, bool):
        raise SpecificationError(
            f"found {shown(passed)}, expected true or false", pointer="/success"
        )
    attack = _attack(result)
    if not attack:
        trials.left_out["no plugin: not a red-team test"] += 1
        return
    if not choice.takes(attack):
        return
    provider = _provider(result)
    if not choice.takes_name("targets", provider):
        trials.left_out["another target"] += 1
        return
    found = choice.found("targets")
    if not choice.options.targets and len(found) > 1:
        raise SpecificationError(
            f"found results of {shown(found[0])} and {shown(found[1])}, expected those of one "
            "target, or the option targets",
            pointer="/provider",
        )
    if _is_error(result):
        trials.errors[attack, ""] += 1
        return
    prompt = str(result.get("promptIdx", ""))
    prompts.add(prompt)
    number = result.get("testIdx")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise SpecificationError(
            f"found {shown(number)}, expected a whole number", pointer="/testIdx"
        )
    repeat = (evaluation, provider, prompt, number, text_of(result, "id", ""))
    trials.add_attack(Task(attack, "", _test(result)), not passed, repeat)


def _attack(result: Mapping[str, Any]) -> str:
    """Name the plugin and strategy of a test; empty without a plugin."""
    for holder in (result, result.get("testCase")):
        metadata = holder.get("metadata") if isinstance(holder, dict) else None
        if isinstance(metadata, dict) and metadata.get("pluginId") is not None:
            with placed("/metadata"):
                plugin, strategy = (
                    text_of(metadata, "pluginId"),
                    text_of(metadata, "strategyId", ""),
                )
            return f"{plugin}/{strategy}" if strategy else plugin
    return ""


def _provider(result: Mapping[str, Any]) -> str:
    provider = result.get("provider")
    if isinstance(provider, dict):
        with placed("/provider"):
            return text_of(provider, "label", "") or text_of(provider, "id", "")
    return text_of(result, "provider", "")


def _is_error(result: Mapping[str, Any]) -> bool:
    reason = result.get("failureReason")
    if reason is None:  # older versions tell errors only by the absence of a grade
        return bool(result.get("error")) and result.get("gradingResult") is None
    if isinstance(reason, bool) or reason not in _FAILURE_REASONS:
        raise SpecificationError(
            f"found {shown(reason)}, expected 0, 1 or 2", pointer="/failureReason"
        )
    return bool(reason == _IS_ERROR)


def _test(result: Mapping[str, Any]) -> str:
    """Identify a test by its own variables, which defended and undefended scans share.

    The rendered prompt may hold the defense, and some strategies rewrite the variables of the
    result, so the variables of the test case come first.
    """
    for holder in (result.get("testCase"), result):
        variables = holder.get("vars") if isinstance(holder, dict) else None
        if isinstance(variables, dict):
            asked = {key: value for key, value in variables.items() if key not in _NOT_ASKED}
            if asked:
                return prompt_id(asked)
    return f"test {result.get('testIdx', '')}"
