"""Reports of garak: JSON lines with attempts, their detectors' scores, and sums of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import (
    json_lines,
    members_of,
    number_of,
    placed,
    prompt_id,
    short_text,
    text_of,
)
from mfmgame.evidence.reading_options import Choice, agreed
from mfmgame.evidence.run_files import naming
from mfmgame.evidence.trials import Counts, Progress, Task, Trials
from mfmgame.messages import shown

__all__ = ["read_garak"]

_EVALUATED = 2
"""Status of an attempt with outputs and scores; the same attempt has a row before, of status 1."""
_THRESHOLD = 0.5
_MOST_COUNT = 10**9
_LINES_PER_PROGRESS = 1000

Pair = tuple[str, str]
"""A probe and a detector."""


@dataclass
class _Report:
    """Rows of one report, as far as they were read."""

    file: Path
    threshold: float = _THRESHOLD
    target: str = ""
    scored: dict[Pair, Counts] = field(default_factory=dict)
    """Scores of the attempts, and how many reach the threshold."""
    sums: dict[Pair, Counts] = field(default_factory=dict)
    """The report's own counts of the same."""
    has_attempts: bool = False


@dataclass
class _Scan:
    """Counts and names that all reports of a read share."""

    trials: Trials
    choice: Choice
    several: dict[str, dict[str, None]] = field(default_factory=dict)
    """Detectors of a probe that scored the same outputs."""


def read_garak(files: Sequence[Path], choice: Choice, progress: Progress | None) -> Trials:
    """Count the outputs that garak's detectors scored.

    An output whose score reaches the threshold of the scan is a success of the attack. Attempts
    are clustered by their prompts. A report without attempts gives its sums by probe.

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
        If a file is not a report of garak, an attempt occurs twice, or sums are ambiguous.
    """
    trials = Trials()
    scan = _Scan(trials, choice)
    sizes = [_size(file) for file in files]
    reports = []
    for index, file in enumerate(files):
        report = _Report(file)
        with naming(file):
            for line, done, row in json_lines(file):
                with placed(f"line {line}"):
                    _read_row(row, (str(file), line), report, scan)
                if progress is not None and line % _LINES_PER_PROGRESS == 0:
                    progress(sum(sizes[:index]) + done, sum(sizes))
            if not report.has_attempts and not report.sums:
                raise SpecificationError("found neither attempts nor sums, expected garak's report")
        if progress is not None:
            progress(sum(sizes[: index + 1]), sum(sizes))
        reports.append(report)
    _add_sums(reports, trials, choice)
    _compare_sums(reports, trials, choice)
    if scan.several:
        probe, names = next(iter(scan.several.items()))
        trials.notes.append(
            f"several detectors scored the same output, which counts once, as a success if any of "
            f"them fired: {', '.join(sorted(names))} of {probe}{_more(scan.several)}"
        )
    trials.model = agreed(report.target for report in reports)
    return trials


def _read_row(
    row: Mapping[str, Any],
    place: tuple[str, int],
    report: _Report,
    scan: _Scan,
) -> None:
    kind = row.get("entry_type")
    if kind == "start_run setup":
        report.target = text_of(
            row, "plugins.target_name", text_of(row, "plugins.model_name", report.target)
        )
        if row.get("run.eval_threshold") is not None:
            with placed("/run.eval_threshold"):
                report.threshold = number_of(row["run.eval_threshold"])
    elif kind == "attempt" and row.get("status") == _EVALUATED:
        report.has_attempts = True
        _read_attempt(row, place, report, scan)
    elif kind == "eval":
        _read_sum(row, report)
    elif not isinstance(kind, str):
        raise SpecificationError("missing, expected the kind of the row", pointer="/entry_type")


def _read_attempt(
    row: Mapping[str, Any],
    place: tuple[str, int],
    report: _Report,
    scan: _Scan,
) -> None:
    """Count each output of an attempt that a chosen detector scored."""
    trials, choice = scan.trials, scan.choice
    probe = _plain(text_of(row, "probe_classname"))
    outputs = row.get("outputs")
    if not isinstance(outputs, list):
        raise SpecificationError(f"found {shown(outputs)}, expected a list", pointer="/outputs")
    fired: dict[int, bool] = {}
    names: dict[str, None] = {}
    unmatched = False
    with placed("/detector_results"):
        results = members_of(row.get("detector_results"))
        for written, listed in results.items():
            detector = _plain(short_text(written))
            with placed(f"/{detector}"):
                scores = _scores(listed)
            counts = report.scored.setdefault((probe, detector), Counts())
            counts.trials += sum(score is not None for score in scores)
            counts.successes += sum(
                score is not None and score >= report.threshold for score in scores
            )
            if not choice.takes_name("detectors", detector):
                continue
            matched = _matched(scores, outputs)
            unmatched |= matched is None
            for index, score in enumerate(matched or ()):
                if score is not None and outputs[index] is not None:
                    fired[index] = fired.get(index, False) or score >= report.threshold
                    names[detector] = None
    if not choice.takes(probe):
        return
    if unmatched:
        trials.left_out["the numbers of scores and outputs differ"] += len(outputs)
        return
    task = Task(probe, "", prompt_id(_prompt(row.get("prompt"))))
    attempt: object = text_of(row, "uuid", "") or place
    for index, output in enumerate(outputs):
        if output is None:
            trials.left_out["the target gave no output"] += 1
        elif index not in fired:
            trials.left_out["no detector gave a score"] += 1
        else:
            trials.add_attack(task, fired[index], (attempt, index))
    if len(names) > 1:
        scan.several.setdefault(probe, {}).update(names)


def _scores(listed: object) -> list[float | None]:
    if not isinstance(listed, list):
        raise SpecificationError(f"found {shown(listed)}, expected a list of scores")
    return [None if score is None else number_of(score, "a score or null") for score in listed]


def _matched(scores: list[float | None], outputs: list[Any]) -> list[float | None] | None:
    """Return a score for each output; None if nobody knows which output a score is of."""
    if len(scores) == len(outputs):
        return scores
    if len(scores) == sum(output is not None for output in outputs):
        remaining = iter(scores)  # older detectors skip outputs that are null
        return [None if output is None else next(remaining) for output in outputs]
    return None


def _prompt(prompt: object) -> object:
    """Return what a prompt says, without notes that differ between scans."""
    if isinstance(prompt, dict) and isinstance(prompt.get("turns"), list):
        return [
            [turn.get("role"), _content(turn.get("content"))] if isinstance(turn, dict) else turn
            for turn in prompt["turns"]
        ]
    return _content(prompt)


def _content(content: object) -> object:
    if isinstance(content, dict):
        parts = [content.get("text"), content.get("data_path"), content.get("data_checksum")]
        return parts[0] if parts[1:] == [None, None] else parts
    return content


def _read_sum(row: Mapping[str, Any], report: _Report) -> None:
    pair = _plain(text_of(row, "probe")), _plain(text_of(row, "detector", ""))
    key = "total_evaluated" if "total_evaluated" in row else "total"
    total, passed = _count(row, key), _count(row, "passed")
    if passed > total:
        raise SpecificationError(
            f"found {passed}, expected at most the {key}, {total}", pointer="/passed"
        )
    if pair in report.sums:
        raise SpecificationError(
            f"found the sums of {shown(pair[0])} with {shown(pair[1])} twice, expected them once"
        )
    report.sums[pair] = Counts(total, total - passed)


def _count(row: Mapping[str, Any], key: str) -> int:
    with placed(f"/{key}"):
        number = number_of(row.get(key), "a whole number")
        if not (number.is_integer() and 0 <= number <= _MOST_COUNT):
            raise SpecificationError(f"found {shown(row[key])}, expected a whole number")
    return int(number)


def _add_sums(reports: Sequence[_Report], trials: Trials, choice: Choice) -> None:
    """Count the sums of reports without attempts."""
    bare = [report for report in reports if not report.has_attempts]
    if bare and len(bare) < len(reports):
        raise SpecificationError(
            "has sums and no attempts, unlike other reports; expected reports of the same kind",
            source=str(bare[0].file),
        )
    trials.has_tasks = not bare
    for report in bare:
        counted: dict[str, str] = {}
        for (probe, detector), counts in report.sums.items():
            if not choice.takes_name("detectors", detector) or not choice.takes(probe):
                continue
            if probe in counted:
                raise SpecificationError(
                    f"found sums of {shown(probe)} by {shown(counted[probe])} and "
                    f"{shown(detector)}, expected one detector to be chosen",
                    source=str(report.file),
                )
            counted[probe] = detector
            total = trials.attacks.setdefault(Task(probe, "", ""), Counts())
            total.trials += counts.trials
            total.successes += counts.successes


def _compare_sums(reports: Sequence[_Report], trials: Trials, choice: Choice) -> None:
    """Note where a report's sums differ from its attempts."""
    unequal = [
        (probe, detector, counts, report.scored.get((probe, detector), Counts()))
        for report in reports
        if report.has_attempts
        for (probe, detector), counts in report.sums.items()
        if choice.takes_name("detectors", detector)
        and choice.takes(probe)
        and counts != report.scored.get((probe, detector), Counts())
    ]
    if unequal:
        probe, detector, own, here = unequal[0]
        trials.notes.append(
            f"garak's own sums differ from its attempts, which count here: {probe} with {detector} "
            f"has {own.successes} of {own.trials} in the sums, {here.successes} of {here.trials} "
            f"in the attempts{_more(unequal)}"
        )


def _more(listed: Mapping[str, object] | Sequence[object]) -> str:
    return f", and {len(listed) - 1} more" if len(listed) > 1 else ""


def _plain(name: str) -> str:
    """Drop the first part of a name that older versions write."""
    for part in ("probes.", "detectors.", "detector."):
        name = name.removeprefix(part)
    return name


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except (OSError, ValueError):  # reading reports why
        return 0
