"""Checks of evaluated plans: each number follows from the plan's own levels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.answers.decision import decide
from mfmgame.answers.plan_evaluation import evaluate_levels
from mfmgame.answers.solution import scale_of
from mfmgame.answers.threshold import plan_threshold
from mfmgame.documents.plan_result import PlanResult
from mfmgame.errors import SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import composition_class
from mfmgame.game.plans import broken_rules, excess_use, plan_levels
from mfmgame.numerics.arrays import FloatArray
from mfmgame.verification.agreement import (
    Pointer,
    check_between,
    check_each,
    check_equal,
    check_keys,
    check_number,
    refuse,
)
from mfmgame.verification.bases import check_bases
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.claims import claimed_allocation, claimed_certificate, claimed_vector

__all__ = ["check_evaluation"]


def check_evaluation(
    place: Pointer, claimed: PlanResult, exact: ExactGame
) -> tuple[Fraction, Fraction]:
    """Check the evaluation of a plan, and return the proven bracket of its loss.

    Parameters
    ----------
    place : tuple
        Where the evaluation is claimed.
    claimed : PlanResult
    exact : ExactGame
        The exact game that the plan is claimed to be evaluated in.

    Returns
    -------
    lower, upper : Fraction

    Raises
    ------
    CertificateError
        If any number does not follow; the pointer refers to the evaluation's JSON.
    """
    game, budget, ids = exact.game, exact.game.attacker_bandwidth, exact.game.threat_ids
    levels = claimed_allocation(place, claimed.allocation, claimed.use, game).array
    try:
        plan_levels(game, dict(claimed.allocation))
        named = plan_levels(game, str(place[-1])) if place[-1] in game.plans else levels
    except SpecificationError as error:
        raise refuse((*place, "allocation"), error.message) from None
    check_each((*place, "allocation"), game.defense_ids, levels, named)
    _check_excess(place, claimed, exact)
    exposure = exact.composition.exposure(levels)
    residual = game.severity * exposure
    response = best_response(residual, game.ways, budget)
    attack = claimed_vector((*place, "attack"), claimed.attack, ids)
    check_each((*place, "attack"), ids, attack, response.plan)
    there = (*place, "threats")
    check_keys(there, claimed.threats, ids)
    columns: tuple[tuple[str, FloatArray, ArrayLike], ...] = (
        ("severity", game.severity, 0.0),
        ("bandwidth", game.bandwidth, 0.0),
        ("coverage", 1.0 - exposure, np.ones(game.n_threats)),
        ("residual", residual, game.severity),
    )
    for name, found, scale in columns:
        column = [getattr(claimed.threats[threat], name) for threat in ids]
        check_each(there, ids, column, found, scale, last=(name,))
    proof = (*place, "certificate")
    certificate = claimed_certificate(proof, claimed.certificate, game)
    exact.check_certificate((*proof, "cuts"), proof, certificate, budget)
    lower = exact.lower(certificate, budget, game.limits, (levels, levels))
    upper = exact.excess(levels, response.price) + Fraction(response.price) * Fraction(budget)
    slack = exact.slack(upper)
    check_between((*place, "loss"), claimed.loss, lower - slack, upper + slack)
    bounds = claimed.bounds
    check_between((*place, "bounds", "lower"), bounds.lower, lower - slack, lower)
    check_between((*place, "bounds", "upper"), bounds.upper, upper, upper + slack)
    _check_decision(place, claimed, exact, residual)
    gap = (bounds.upper - bounds.lower) / scale_of(game, bounds.upper)
    narrow = gap <= composition_class(game.composition).tolerance
    check_equal((*place, "status"), claimed.status, "proven" if narrow else "numerical")
    check_bases((*place, "bases"), claimed.bases, evaluate_levels(game, levels))
    return lower, upper


def _check_excess(place: Pointer, claimed: PlanResult, exact: ExactGame) -> None:
    """Check what a plan exceeds, and which rules it breaks."""
    game = exact.game
    levels = np.array([claimed.allocation[defense] for defense in game.defense_ids])
    found = excess_use(game, levels)
    check_keys((*place, "excess"), claimed.excess, found)
    for resource, excess in found.items():
        scale = float(game.limits[game.resources.index(resource)])
        check_number((*place, "excess", resource), claimed.excess[resource], excess, scale)
    rules = broken_rules(game, levels)
    check_equal((*place, "broken_rules"), len(claimed.broken_rules), len(rules))
    for k, (rule, expected) in enumerate(zip(claimed.broken_rules, rules, strict=True)):
        check_equal((*place, "broken_rules", k), rule, expected)


def _check_decision(
    place: Pointer, claimed: PlanResult, exact: ExactGame, residual: FloatArray
) -> None:
    """Check the decision for a plan, and the bandwidth up to which the plan holds."""
    game, loss = exact.game, exact.game.termination_loss
    decision = reached = None
    if loss is not None:
        decision = decide(game, claimed.bounds.lower, claimed.bounds.upper, loss)
        reached = plan_threshold(game, residual, loss, decision)
    check_equal((*place, "decision"), claimed.decision, decision)
    price = best_response(residual, game.ways, reached or 0.0).price
    rounding = (reached or 0.0) + (float(game.severity.sum()) / price if price > 0 else 0.0)
    check_number((*place, "plan_bandwidth"), claimed.plan_bandwidth, reached, rounding)
    margin = None if reached is None else reached - game.attacker_bandwidth
    check_number((*place, "margin"), claimed.margin, margin, rounding + game.attacker_bandwidth)
