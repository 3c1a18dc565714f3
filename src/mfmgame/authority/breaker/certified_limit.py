"""The limit of bits that a verified answer certifies for the plan in force."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

import numpy as np

from mfmgame.authority.breaker.counted_threats import refuse_uncounted_threats
from mfmgame.catalogs.scenario_entries import catalog_of
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.plan_result import EvaluationDocument
from mfmgame.documents.result import Result
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.tool_manifest import digest_of
from mfmgame.errors import CertificateError, SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.plans import plan_levels
from mfmgame.game.scenario_game import build_game
from mfmgame.messages import nearest, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.tables.scenario_files import load_scenario
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.claims import answer_of, load_result
from mfmgame.verification.verify import verify

__all__ = [
    "BEST",
    "THRESHOLD",
    "CertifiedLimit",
    "VerifiedPlan",
    "certified_limit",
    "greatest_bandwidth",
    "verified_plan",
]

_Way = tuple[Fraction, Fraction]
"""Residual loss and bits of a threat."""
BEST, THRESHOLD = "(best)", "(threshold)"
"""Plans of a result: its allocation, and the allocation of its threshold."""


@dataclass(frozen=True)
class CertifiedLimit:
    """The bits up to which the worst attack on a plan costs at most the termination loss.

    Attributes
    ----------
    limit : Fraction or None
        In bits; None if no attacker in the game can make the plan cost more.
    plan : str
        Name of the plan in force.
    termination_loss : float
        In loss units.
    assumed_threats : tuple of str
        Threats whose bits were not counted from the policy: the limit proves no bound on the
        loss if there are any.
    digest : str
        SHA-256 of the result, the scenario with its catalog, the plan, and manifest and policy.
    """

    limit: Fraction | None
    plan: str
    termination_loss: float
    assumed_threats: tuple[str, ...]
    digest: str


class _Plan(NamedTuple):
    """Levels of a plan, and the greatest bits that the verified answer claims for the plan."""

    levels: FloatArray
    claimed: float | None


class VerifiedPlan(NamedTuple):
    """A verified answer, its game, and the levels of the plan in force.

    `claimed` is the greatest bits that the answer claims for the plan.
    """

    answer: Result | EvaluationDocument
    scenario: Scenario
    catalog: Catalog
    game: DefenseGame
    termination_loss: float
    levels: FloatArray
    claimed: float | None


def certified_limit(
    result: Result | EvaluationDocument | Mapping[str, object] | str | os.PathLike[str],
    scenario: Scenario | str | os.PathLike[str],
    plan: str,
    policy_digest: str,
    *,
    allow_assumed_bits: bool = False,
) -> CertifiedLimit:
    """Verify an answer, and compute the limit of bits for the plan in force in fractions.

    Parameters
    ----------
    result : Result, EvaluationDocument, mapping, str or path-like
        JSON of ``solve`` or ``evaluate``, or its file.
    scenario : Scenario, str or path-like
        The scenario of the result, or its file. Uncertain numbers take their nominal values, as
        in the result.
    plan : str
        The plan in force: the name of a plan, ``"(best)"`` for the allocation of a result, or
        ``"(threshold)"`` for the allocation of its threshold.
    policy_digest : str
        Digest of manifest and policy, which the sources of the threats' bits must name.
    allow_assumed_bits : bool, default False
        Whether threats may have bits that name no digest.

    Returns
    -------
    CertifiedLimit

    Raises
    ------
    SpecificationError
        If a number does not follow from its proof, or the answer is not proven or undecided; if
        the scenario has no termination loss, or threats without bits alone cost more; if the
        plan is unknown; if the bits of a threat were not counted from this policy.
    """
    refuse_other_types(allow_assumed_bits, "allow_assumed_bits", bool)
    known = verified_plan(result, scenario, plan)
    assumed = refuse_uncounted_threats(
        known.scenario, known.catalog, known.game, policy_digest, allow_assumed_bits
    )
    limit = greatest_bandwidth(known.game, known.levels, known.termination_loss)
    if known.claimed is not None:
        claimed = Fraction(known.claimed)
        limit = claimed if limit is None else min(limit, claimed)
    content = {
        "result": known.answer.model_dump(mode="json", by_alias=True),
        "scenario": known.scenario.to_document(),
        "catalog": known.catalog.to_document(),
        "plan": {"name": plan, "levels": known.levels.tolist()},
        "policy": policy_digest,
    }
    return CertifiedLimit(limit, plan, known.termination_loss, assumed, digest_of(content))


def verified_plan(
    result: Result | EvaluationDocument | Mapping[str, object] | str | os.PathLike[str],
    scenario: Scenario | str | os.PathLike[str],
    plan: str,
) -> VerifiedPlan:
    """Verify an answer, and find the plan in force: what is known before tools are counted.

    Parameters
    ----------
    result, scenario, plan
        As for :func:`certified_limit`.

    Returns
    -------
    VerifiedPlan

    Raises
    ------
    SpecificationError
        As for :func:`certified_limit`, except for the bits of threats.
    """
    refuse_other_types(plan, "plan", str)
    answer, scenario = _as_answer(result), _as_scenario(scenario)
    catalog = catalog_of(scenario)
    game = build_game(scenario, catalog)
    loss = game.termination_loss
    if loss is None:
        raise scenario.located(
            SpecificationError(
                "missing, expected a termination loss: without one there is no limit to enforce",
                pointer="/termination",
            )
        )
    try:
        verify(answer, game)
    except CertificateError as error:
        raise SpecificationError(
            f"the result does not follow from its proof: {error.message}",
            pointer=error.pointer,
            source=error.source,
        ) from None
    if isinstance(answer, EvaluationDocument):
        found = _evaluated_plan(answer, game, plan)
    else:
        found = _solved_plan(answer, game, plan)
    return VerifiedPlan(answer, scenario, catalog, game, loss, found.levels, found.claimed)


def greatest_bandwidth(game: DefenseGame, levels: FloatArray, loss: float) -> Fraction | None:
    """Find the greatest bandwidth at which the worst attack on a plan costs at most a loss.

    All sums are exact. Residual losses of `independent` games are the top of narrow intervals.

    Parameters
    ----------
    game : DefenseGame
    levels : ndarray of float, shape (n_defenses,)
    loss : float
        In loss units.

    Returns
    -------
    Fraction or None
        In bits; None if all threats together cost no more.

    Raises
    ------
    SpecificationError
        If the threats that need no bits alone cost more.
    """
    exposures = ExactGame(game).exposures(np.arange(game.n_threats), levels)
    numbers = zip(game.severity.tolist(), game.bandwidth.tolist(), exposures, strict=True)
    ways: dict[int, list[_Way]] = {}
    losses = game.losses_of(np.arange(game.n_threats)).tolist()
    for number, (severity, bits, share) in zip(losses, numbers, strict=True):
        ways.setdefault(number, []).append((Fraction(severity) * share, Fraction(bits)))
    left = Fraction(loss) - sum(map(_free_loss, ways.values()), Fraction(0))
    if left < 0:
        raise SpecificationError(
            "the threats that need no bits alone cost more than the termination loss, "
            "expected a plan that a limit on calls can hold within it"
        )
    spent = Fraction(0)
    for slope, gain, bits in sorted(chain.from_iterable(map(_steps, ways.values())), reverse=True):
        if gain > left:
            return spent + left / slope
        left, spent = left - gain, spent + bits
    return None


def _free_loss(ways: list[_Way]) -> Fraction:
    return max((residual for residual, bits in ways if not bits), default=Fraction(0))


def _steps(ways: list[_Way]) -> Iterator[tuple[Fraction, Fraction, Fraction]]:
    """Yield slope, gain and bits of each step on the upper concave envelope of a loss's ways."""
    loss, used = _free_loss(ways), Fraction(0)
    while later := [way for way in ways if way[0] > loss and way[1] > used]:
        steps = [((residual - loss) / (bits - used), residual, bits) for residual, bits in later]
        slope, residual, bits = max(steps)
        yield slope, residual - loss, bits - used
        loss, used = residual, bits


def _as_answer(
    result: object,
) -> Result | EvaluationDocument:
    refuse_other_types(result, "result", Result, EvaluationDocument, Mapping, str, os.PathLike)
    source = ""
    if isinstance(result, str | os.PathLike):
        source = os.fspath(result)
        result = load_result(result)
    elif isinstance(result, Mapping):
        result = answer_of(result)
    if not isinstance(result, Result | EvaluationDocument):
        raise SpecificationError(
            f"found {shown(result.schema_id)}, expected the JSON of solve or evaluate",  # type: ignore[attr-defined]
            pointer="/schema",
            source=source,
        )
    return result


def _as_scenario(scenario: object) -> Scenario:
    refuse_other_types(scenario, "scenario", Scenario, str, os.PathLike)
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)  # type: ignore[arg-type]


def _solved_plan(result: Result, game: DefenseGame, plan: str) -> _Plan:
    threshold = result.threshold
    assert threshold is not None  # verified, as the game has a termination loss
    _refuse_unsure("/status", result.status, threshold.decision)
    if plan == BEST:
        return _Plan(_levels(game, result.allocation), threshold.plan_bandwidth)
    if plan == THRESHOLD:
        return _Plan(_levels(game, threshold.allocation), threshold.bandwidth)
    _refuse_unknown(plan, (BEST, THRESHOLD, *game.plans))
    return _Plan(plan_levels(game, plan), None)


def _evaluated_plan(document: EvaluationDocument, game: DefenseGame, plan: str) -> _Plan:
    _refuse_unknown(plan, document.plans)
    evaluation = document.plans[plan]
    _refuse_unsure(f"/plans/{plan}/status", evaluation.status, evaluation.decision)
    return _Plan(_levels(game, evaluation.allocation), evaluation.plan_bandwidth)


def _levels(game: DefenseGame, allocation: Mapping[str, float]) -> FloatArray:
    return np.array([allocation[defense] for defense in game.defense_ids], dtype=np.float64)


def _refuse_unknown(plan: str, known: Mapping[str, object] | tuple[str, ...]) -> None:
    if plan not in known:
        raise SpecificationError(
            f"found {shown(plan)}, expected {nearest(plan, known, 'plan')}", pointer="plan"
        )


def _refuse_unsure(pointer: str, status: str, decision: str | None) -> None:
    """Refuse an answer that is not proven, or that leaves the decision open."""
    if status != "proven":
        raise SpecificationError(f"found {shown(status)}, expected 'proven'", pointer=pointer)
    if decision == "undecided":
        raise SpecificationError(
            "found an undecided answer, expected a decision; solve with a narrower tolerance",
            pointer=pointer,
        )
