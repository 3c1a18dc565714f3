"""Logs of Inspect: ``.eval`` archives, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfmgame.documents.json_reading import read_bytes
from mfmgame.errors import SpecificationError
from mfmgame.evidence.eval_archive import archived_log
from mfmgame.evidence.hostile_json import members_of, parsed, placed, short_text, text_of
from mfmgame.evidence.reading_options import Choice, agreed
from mfmgame.evidence.run_files import naming, with_progress
from mfmgame.evidence.score_polarity import PARTIAL, Polarity
from mfmgame.evidence.trials import Progress, Task, Trials
from mfmgame.messages import nearest, shown

__all__ = ["archived_samples", "read_inspect", "samples_of"]

_MOST_LISTED = 8
_SUITE_KEYS = ("suite_name", "task_suite", "suite")


@dataclass
class _Reading:
    """Options and counts that all samples of a read share."""

    trials: Trials
    choice: Choice
    polarity: Polarity
    names: dict[str, None] = field(default_factory=dict)
    """Scores that samples have, with the keys of those with several values."""


def read_inspect(files: Sequence[Path], choice: Choice, progress: Progress | None) -> Trials:
    """Count the samples of Inspect's logs by their score.

    No log says whether a high score is a success of the attack or of the model, so the option
    `attack_succeeded` must.

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
        If a file is not a log, a sample occurs twice, the score is ambiguous, or the option
        `attack_succeeded` is missing or no possible score.
    """
    reading = _Reading(Trials(), choice, Polarity(choice.options.attack_succeeded))
    models: list[str] = []
    unfinished: list[str] = []
    for file in with_progress(files, progress):
        with naming(file):
            header, samples = _log(file)
            evaluation = members_of(header.get("eval"))
            with placed("/eval"):
                models.append(text_of(evaluation, "model", ""))
            status = text_of(header, "status", "")
            if status != "success":
                unfinished.append(f"{file.name} with {shown(status)}")
            identity = text_of(evaluation, "eval_id", "") or str(file)
            for place, sample in samples:
                with placed(place):
                    _count(members_of(sample), evaluation, identity, reading)
    _finish(reading, unfinished)
    reading.trials.model = agreed(models)
    return reading.trials


def _log(file: Path) -> tuple[dict[str, Any], Iterator[tuple[str, Any]]]:
    """Return a log's header, and its samples with their places."""
    if file.name.lower().endswith(".eval"):
        return archived_samples(file)
    return samples_of(parsed(read_bytes(file), not_a_number=True))


def archived_samples(
    file: Path, *, exact: bool = False
) -> tuple[dict[str, Any], Iterator[tuple[str, Any]]]:
    """Return the header of an archive, and its samples with their places.

    Parameters
    ----------
    file : pathlib.Path
    exact : bool, default False
        As in :func:`parsed`.

    Returns
    -------
    header : dict
    samples : iterator of (str, object)

    Raises
    ------
    SpecificationError
        If the file is no archive, or its header is not JSON.
    """
    entries = archived_log(file)
    _, data = next(entries)
    with placed("header.json"):
        header = members_of(parsed(data, not_a_number=True))
    return header, ((name, _sample(name, data, exact)) for name, data in entries)


def samples_of(value: object) -> tuple[dict[str, Any], Iterator[tuple[str, Any]]]:
    """Return the header of a log in JSON, and its samples with their places.

    Parameters
    ----------
    value : JSON value

    Returns
    -------
    header : dict
    samples : iterator of (str, object)

    Raises
    ------
    SpecificationError
        If the value is no log with samples.
    """
    log = members_of(value)
    samples = log.get("samples")
    if not isinstance(log.get("eval"), dict) or not isinstance(samples, list):
        raise SpecificationError("found no samples, expected a log of Inspect with its samples")
    return log, ((f"/samples/{index}", sample) for index, sample in enumerate(samples))


def _sample(name: str, data: bytes, exact: bool) -> Any:
    with placed(name):
        return parsed(data, not_a_number=True, exact=exact)


def _count(
    sample: Mapping[str, Any], evaluation: Mapping[str, Any], identity: str, reading: _Reading
) -> None:
    trials = reading.trials
    number, epoch = sample.get("id"), sample.get("epoch", 1)
    for key, value, expected in (("id", number, (str, int)), ("epoch", epoch, (int,))):
        if isinstance(value, bool) or not isinstance(value, expected):
            raise SpecificationError(
                f"found {shown(value)}, expected the sample's {key}", pointer=f"/{key}"
            )
    with placed("/id"):
        sample_id = short_text(number) if isinstance(number, str) else shown(number)
    task = _task(sample, evaluation, sample_id)
    if not reading.choice.takes(task.attack, task.suite):
        return
    if sample.get("invalidation") is not None:
        trials.left_out["the sample was invalidated"] += 1
        return
    if _is_benign(sample):
        trials.left_out["no injection task, so no attack"] += 1
        return
    if sample.get("error") is not None:
        trials.errors[task.attack, task.suite] += 1
        return
    with placed("/scores"):
        has_score, value = _score(sample.get("scores"), reading)
        succeeded = reading.polarity.succeeded(value) if has_score else None
    if not has_score:
        trials.left_out["no score"] += 1
    elif succeeded is not None:
        repeat = text_of(sample, "uuid", "") or (identity, sample_id, epoch)
        trials.add_attack(task, succeeded, repeat)
    else:
        trials.left_out["no answer that could be scored"] += 1


def _task(sample: Mapping[str, Any], evaluation: Mapping[str, Any], sample_id: str) -> Task:
    """Name a sample by the ids of AgentDojo if it has them, else by its own id."""
    metadata, arguments = _optional(sample, "metadata"), _optional(evaluation, "task_args")
    with placed("/metadata"):
        suite = next((text_of(metadata, key) for key in _SUITE_KEYS if metadata.get(key)), "")
        injection = text_of(metadata, "injection_task_id", "")
        user_task = text_of(metadata, "user_task_id", sample_id)
    attack = arguments.get("attack")
    if not isinstance(attack, str) or not attack:
        attack = evaluation.get("task")
    return Task(short_text(attack), suite, user_task, injection)


def _is_benign(sample: Mapping[str, Any]) -> bool:
    """Tell whether a sample has a user's task of AgentDojo and no attacker's."""
    metadata = _optional(sample, "metadata")
    return bool(metadata.get("user_task_id")) and metadata.get("injection_task_id") is None


def _optional(members: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = members.get(key)
    with placed(f"/{key}"):
        return {} if value is None else members_of(value)


def _score(scores: object, reading: _Reading) -> tuple[bool, Any]:
    """Return whether a sample has the chosen score, and its value."""
    if scores is None:
        return False, None
    wanted = reading.choice.options.score
    values: dict[str, Any] = {}
    for name, score in members_of(scores).items():
        with placed(f"/{short_text(name)}"):
            value = members_of(score).get("value")
        if isinstance(value, dict):
            values |= {f"{name}.{short_text(key)}": part for key, part in value.items()}
        else:
            values[name] = value
    for name in values:
        if len(reading.names) < _MOST_LISTED:
            reading.names[name] = None
    if wanted is None:
        chosen = list(values)
    elif wanted in values:
        chosen = [wanted]
    else:
        chosen = [name for name in values if name.startswith(f"{wanted}.")]
    if len(chosen) > 1:
        listed = ", ".join(shown(name) for name in sorted(chosen)[:_MOST_LISTED])
        raise SpecificationError(
            f"found several scores, expected the option score to be one of {listed}"
        )
    return (True, values[chosen[0]]) if chosen else (False, None)


def _finish(reading: _Reading, unfinished: list[str]) -> None:
    """Refuse an unknown polarity, and note what a reader of the counts must know."""
    options, polarity, notes = reading.choice.options, reading.polarity, reading.trials.notes
    if options.score is not None and reading.names and not reading.trials.attacks:
        known = sorted(reading.names)
        if not any(name == options.score or name.startswith(f"{options.score}.") for name in known):
            raise SpecificationError(
                f"no sample has the score {shown(options.score)}, expected "
                f"{nearest(options.score, known, 'score')}",
                pointer="score",
            )
    if options.attack_succeeded is None and polarity.found:
        raise SpecificationError(
            "missing: whether a score means that the attack succeeded or was resisted differs "
            f"between tasks; expected the score of success, here one of {polarity.values()}",
            pointer="attack_succeeded",
        )
    partial = polarity.found.get(shown(PARTIAL), 0)
    if partial and options.attack_succeeded != PARTIAL:
        notes.append(f"partial scores (P) count as attacks that did not succeed: {partial}")
    if polarity.found and not any(counts.successes for counts in reading.trials.attacks.values()):
        notes.append(
            f"no score means that the attack succeeded ({options.attack_succeeded}); found "
            f"{polarity.values()}"
        )
    if unfinished:
        more = f", and {len(unfinished) - 1} more" if len(unfinished) > 1 else ""
        notes.append(f"logs that did not end with 'success': {unfinished[0]}{more}")
