"""Evidence cells from trials with and without a defense."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np

from mfmgame.documents.evidence_file import LEAST_BASELINE_SUCCESSES, Evidence, EvidenceCell
from mfmgame.errors import SpecificationError
from mfmgame.evidence.intervals import CONFIDENCE, TaskTable, effective_trials, ratio_interval
from mfmgame.evidence.trials import Counts, Trials
from mfmgame.messages import counted, refuse_other_types, shown
from mfmgame.numerics.beta_ratio import BetaRatio, BetaShapes

__all__ = ["baseline_name", "evidence_from_trials"]

_LEAST_SHARE_IN_COMMON = 0.5
"""Share of the smaller side's tasks that both sides must have run, to be compared as pairs."""
_ONLY_WITH = "attack without a run of the baseline"
_ONLY_WITHOUT = "attack of the baseline without a run with the defense"
_ONLY_WITH_BENIGN = "task without an attack, without a run of the baseline"
_ONLY_WITHOUT_BENIGN = "task of the baseline without an attack, without a run with the defense"
_BENIGN_ERRORS = "run without an attack that ended in an error"
Side = Mapping[Any, Counts]


def evidence_from_trials(
    defended: Trials,
    baseline: Trials | None = None,
    *,
    threat: str,
    defense: str,
    model: str | None = None,
    unpaired: bool = False,
    by_suite: bool = False,
    adaptive: bool | None = None,
    name: str = "scan",
    source: str = "",
    license: str = "",  # noqa: A002 - the name of the document's key
) -> Evidence:
    """Make an evidence file from trials with and without a defense.

    Parameters
    ----------
    defended, baseline : Trials
        With the defense, and of the same model without it. Without a baseline, there are counts
        only.
    threat, defense : str
        Ids of a catalog or scenario.
    model : str, optional
        By default, the model that the baseline's files name, or those with the defense.
    unpaired : bool, default False
        Whether to compare all trials of both sides; by default, those of the tasks that both
        sides ran.
    by_suite : bool, default False
        Whether each suite has cells of its own.
    adaptive : bool, optional
        Whether the attacker adapted to the defense, if known.
    name, source, license : str, optional
        Of the evidence file.

    Returns
    -------
    Evidence
        A cell for each attack, in the order of attacks and suites.

    Raises
    ------
    SpecificationError
        If there is no attack, or trials are to be paired and the sides have hardly a task in
        common.

    Examples
    --------
    >>> import mfmgame as mg
    >>> plain = mg.read_trials("garak", ["examples/evidence/plain.report.jsonl"])
    >>> guarded = mg.read_trials("garak", ["examples/evidence/guarded.report.jsonl"])
    >>> evidence = mg.evidence_from_trials(guarded, plain, threat="injection", defense="guard")
    >>> [round(cell.effectiveness, 3) for cell in evidence.cells]
    [0.865, 0.733]
    """
    refuse_other_types(defended, "defended", Trials)
    refuse_other_types(baseline, "baseline", Trials, NoneType)
    for argument, text in {"threat": threat, "defense": defense}.items():
        refuse_other_types(text, argument, str)
    refuse_other_types(model, "model", str, NoneType)
    if not defended.attacks:
        raise SpecificationError("found no attack with the defense, expected one or more")
    sides = [defended, *([baseline] if baseline else ())]
    if model is None:
        model = next((side.model for side in reversed(sides) if side.model), "")
    groups = sorted({(task.attack, task.suite if by_suite else None) for task in defended.attacks})
    reasons = sorted({reason for side in sides for reason in side.left_out})
    return Evidence(
        schema="mfmgame/evidence/1",
        name=name,
        source=source,
        license=license,
        left_out={reason: sum(side.left_out[reason] for side in sides) for reason in reasons},
        notes=list(dict.fromkeys(note for side in sides for note in side.notes)),
        cells=[
            EvidenceCell(
                threat=threat,
                defense=defense,
                model=model,
                adaptive=adaptive,
                **_completed(model, _counts(sides, attack, suite, unpaired=unpaired)),
            )
            for attack, suite in groups
        ],
    )


def _counts(
    sides: Sequence[Trials], attack: str, suite: str | None, *, unpaired: bool
) -> dict[str, Any]:
    """Count the trials of an attack in a suite, or in all suites for None."""
    has_baseline = len(sides) > 1
    attacks: list[Side] = [
        {
            task: counts
            for task, counts in side.attacks.items()
            if task.attack == attack and suite in (None, task.suite)
        }
        for side in sides
    ]
    benign: list[Side] = [
        {task: counts for task, counts in side.benign.items() if suite in (None, task[0])}
        for side in sides
    ]
    left_out = {_BENIGN_ERRORS: sum(_errors(side, "", suite) for side in sides)}
    if has_baseline and not unpaired:
        _refuse_different_tasks(attack, *attacks)
        _keep_common(attacks, left_out, _ONLY_WITH, _ONLY_WITHOUT)
        _keep_common(benign, left_out, _ONLY_WITH_BENIGN, _ONLY_WITHOUT_BENIGN)
    table = TaskTable.of(attacks[0], attacks[1] if has_baseline else {})
    has_tasks = all(side.has_tasks for side in sides)
    found: dict[str, Any] = {
        "attack": attack,
        "suite": _suite_name(attacks[0]) if suite is None else suite,
        "errors": _errors(sides[0], attack, suite),
        "left_out": {reason: count for reason, count in left_out.items() if count},
        "paired": has_baseline and not unpaired and has_tasks,
    }
    names = [("", "benign_"), ("baseline_", "baseline_benign_")][: len(sides)]
    for (prefix, benign_prefix), side, tasks in zip(names, attacks, benign, strict=True):
        found |= _summed(prefix, side) | _summed(benign_prefix, tasks)
    own, others = effective_trials(table) if has_tasks else (None, None)
    found |= {"effective_trials": own, "baseline_effective_trials": others}
    if has_baseline:
        found["baseline_errors"] = _errors(sides[1], attack, suite)
        interval = ratio_interval(table) if has_tasks else None
        if interval is not None:
            found |= {"interval": list(interval), "interval_from": "clusters"}
    return found


def _errors(side: Trials, attack: str, suite: str | None) -> int:
    return sum(
        count
        for (name, within), count in side.errors.items()
        if name == attack and suite in (None, within)
    )


def _summed(prefix: str, side: Side) -> dict[str, int]:
    return {
        f"{prefix}trials": sum(counts.trials for counts in side.values()),
        f"{prefix}successes": sum(counts.successes for counts in side.values()),
    }


def _suite_name(tasks: Side) -> str:
    suites = {task.suite for task in tasks}
    return suites.pop() if len(suites) == 1 else "all"


def _refuse_different_tasks(attack: str, defended: Side, baseline: Side) -> None:
    """Refuse sides with hardly a task in common."""
    n_common = len(defended.keys() & baseline.keys())
    least = min(len(defended), len(baseline))
    if n_common == 0 or n_common < _LEAST_SHARE_IN_COMMON * least:
        raise SpecificationError(
            f"found {counted(n_common, 'task')} of the attack {shown(attack)} with and without "
            f"the defense, of {len(defended)} with it and {len(baseline)} without, expected the "
            "same tasks (--unpaired compares different tasks)"
        )


def _keep_common(sides: list[Side], left_out: dict[str, int], *reasons: str) -> None:
    """Keep the tasks that both sides ran, and count the trials of the others."""
    kept = sides[0].keys() & sides[1].keys()
    for index, reason in enumerate(reasons):
        others = [counts for task, counts in sides[index].items() if task not in kept]
        left_out[reason] = sum(counts.trials for counts in others)
        sides[index] = {task: counts for task, counts in sides[index].items() if task in kept}


def baseline_name(
    parts: Iterable[str], successes: int, trials: int, effective: float | None
) -> str:
    """Name a baseline by its counts, so that cells of several defenses share its name.

    Parameters
    ----------
    parts : iterable of str
        Model, attack and suite; empty parts are left out.
    successes, trials : int
    effective : float or None
        Independent trials that would be as informative.

    Returns
    -------
    str

    Examples
    --------
    >>> baseline_name(["gpt-4o", "", "shopping"], 45, 180, 22.5)
    'gpt-4o/shopping (45 of 180, as good as 22.5)'
    """
    told = f"{successes} of {trials}"
    if effective is not None and effective < trials:
        told += f", as good as {effective:.6g}"
    return f"{'/'.join(part for part in parts if part) or 'baseline'} ({told})"


def _completed(model: str, found: dict[str, Any]) -> dict[str, Any]:
    """Name the baseline, and add the interval of effective trials where clusters give none."""
    if found.get("baseline_trials"):
        found["baseline_id"] = baseline_name(
            (model, found["attack"], found["suite"]),
            found["baseline_successes"],
            found["baseline_trials"],
            found["baseline_effective_trials"],
        )
    if found.get("baseline_successes", 0) < LEAST_BASELINE_SUCCESSES:
        return found | {"interval": None, "interval_from": None}
    if "interval" in found:
        return found
    rate, other = (
        _posterior(
            *(found[f"{side}{name}"] for name in ("successes", "trials", "effective_trials"))
        )
        for side in ("", "baseline_")
    )
    tails = (0.5 - 0.5 * CONFIDENCE, 0.5 + 0.5 * CONFIDENCE)
    ends = [1.0 - math.exp(_log_ratio_exceeded(rate, other, probability)) for probability in tails]
    has_clusters = found["effective_trials"] is not None
    basis = "clusters" if has_clusters else "independent trials"
    return found | {"interval": ends, "interval_from": basis}


def _posterior(successes: int, trials: int, effective: float | None) -> BetaShapes:
    """Compute the posterior of a success rate from effective trials, by Jeffreys's prior."""
    share = 1.0 if effective is None else effective / trials
    return BetaShapes(successes * share + 0.5, (trials - successes) * share + 0.5)


def _log_ratio_exceeded(rate: BetaShapes, other: BetaShapes, probability: float) -> float:
    """Compute the logarithm of a ratio of rates that is exceeded with a probability."""
    log = float(BetaRatio(rate, other).logs_exceeded(np.array([probability]))[0])
    if log < 0.0:
        return log
    inverse = BetaRatio(other, rate).logs_exceeded(np.array([1.0 - probability]))
    return -float(inverse[0])
