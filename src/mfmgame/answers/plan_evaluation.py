"""Evaluation of a plan: what the worst attacker can do against levels that users have chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.answers.decision import decide
from mfmgame.answers.solution import scale_of
from mfmgame.answers.threshold import plan_threshold
from mfmgame.certificates.duality_certificate import (
    Certificate,
    lower_bound,
    scaled_to_plan,
    upper_bound,
)
from mfmgame.documents.result import Decision, Status
from mfmgame.documents.scenario import Scenario
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose, composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.game.plans import broken_rules, excess_use, plan_levels
from mfmgame.game.scenario_game import game_of
from mfmgame.numerics.arrays import FloatArray

__all__ = ["PlanEvaluation", "evaluate", "evaluate_levels"]


@dataclass(frozen=True, eq=False, repr=False)
class PlanEvaluation(Displayed):
    """Worst-case loss of a plan, with its proof.

    Attributes
    ----------
    game : DefenseGame
    name : str
        Name of the plan; empty if it has none.
    allocation : Labelled, length n_defenses
        Level of each defense.
    loss : float
        Loss that the worst attack causes against the plan, in loss units.
    lower, upper : float
        Proven bracket of this loss; rounding errors are included.
    attack : Labelled, length n_threats
        A worst attack on the plan: the effort on each threat, in [0, 1].
    coverage : Labelled, length n_threats
        Share of each threat that the plan stops.
    residual : Labelled, length n_threats
        Residual loss of each threat at full effort, in loss units.
    bandwidth_price : float
        Loss that one more bit of the attacker adds, in loss units per bit.
    certificate : Certificate
        Proof of `lower`, for allocations with exactly these levels.
    decision : {"operate", "terminate", "undecided"} or None
        Decision if this plan is kept; None if the game has no termination loss.
    plan_bandwidth : float or None
        Attacker bandwidth in bits up to which the plan costs at most the termination loss; None
        if no attacker can make it cost more, or if the game has no termination loss.
    excess : dict of str to float
        By how much the plan exceeds each limit that it exceeds, in units of the resource.
    broken_rules : tuple of str
        Rules between defenses that the plan breaks, one sentence each.
    """

    game: DefenseGame
    name: str
    allocation: Labelled
    loss: float
    lower: float
    upper: float
    attack: Labelled
    coverage: Labelled
    residual: Labelled
    bandwidth_price: float
    certificate: Certificate
    decision: Decision | None
    plan_bandwidth: float | None
    excess: Mapping[str, float]
    broken_rules: tuple[str, ...]

    @property
    def gap(self) -> float:
        """Width of the proven bracket, relative to the loss."""
        return (self.upper - self.lower) / scale_of(self.game, self.upper)

    @property
    def status(self) -> Status:
        """``proven``, or ``numerical`` if rounding leaves the bracket wider than the tolerance."""
        tolerance = composition_class(self.game.composition).tolerance
        return "proven" if self.gap <= tolerance else "numerical"

    @property
    def is_allowed(self) -> bool:
        """Whether the plan keeps within every limit and every rule."""
        return not self.excess and not self.broken_rules

    @property
    def margin(self) -> float | None:
        """Bandwidth up to which the plan holds, less the attacker's, in bits."""
        reached = self.plan_bandwidth
        return None if reached is None else reached - self.game.attacker_bandwidth

    @cached_property
    def resource_use(self) -> Labelled:
        """Units of each resource that the plan uses."""
        return Labelled(self.game.resources, self.game.use @ self.allocation.array)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats about the game's numbers."""
        return self.game.notes


def evaluate(problem: Scenario | DefenseGame, plan: str | Mapping[str, float]) -> PlanEvaluation:
    """Find the worst attack on a plan, its loss, and the bandwidth up to which the plan holds.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    plan : str or mapping of str to float
        Name of one of the problem's plans, or the level of each defense that runs, by id. The plan
        may exceed limits and break rules; the evaluation reports both.

    Returns
    -------
    PlanEvaluation

    Raises
    ------
    SpecificationError
        If the plan or a defense is unknown, or a defense cannot run at the stated level.

    Notes
    -----
    The loss is proven as the value of a game in which every level is fixed: the same lower and
    upper bounds apply (see ``mfmgame.certificates.duality_certificate``).

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[2.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=3.0,
    ...                       use={"budget": [3.0]}, limits={"budget": 2.0},
    ...                       termination_loss=4.5)
    >>> found = mg.evaluate(game, {"d0": 1.0})
    >>> found.loss, found.decision, found.plan_bandwidth, found.excess
    (5.0, 'terminate', 2.5, {'budget': 1.0})
    """
    game = game_of(problem)
    levels = plan_levels(game, plan)
    return evaluate_levels(game, levels, plan if isinstance(plan, str) else "")


def evaluate_levels(game: DefenseGame, levels: FloatArray, name: str = "") -> PlanEvaluation:
    """Evaluate a plan that is given as the level of every defense.

    Parameters
    ----------
    game : DefenseGame
    levels : ndarray of float, shape (n_defenses,)
    name : str, optional

    Returns
    -------
    PlanEvaluation
    """
    composition, stopping = compose(game), game.termination_loss
    exposure = composition.exposure(levels)
    residual = game.severity * exposure
    response = best_response(residual, game.ways, game.attacker_bandwidth)
    threats = np.flatnonzero(response.plan)
    certificate = scaled_to_plan(
        game,
        Certificate(
            threats=threats,
            anchors=composition.anchors(threats, levels),
            weights=response.plan[threats],
            limit_prices=np.zeros(len(game.resources)),
        ),
    )
    lower = lower_bound(game, composition, certificate, (levels, levels))
    upper = upper_bound(game, composition, levels, response.price)
    lower = min(max(lower, 0.0), upper)
    decision = None if stopping is None else decide(game, lower, upper, stopping)
    reached = (
        None
        if stopping is None or decision is None
        else plan_threshold(game, residual, stopping, decision)
    )
    return PlanEvaluation(
        game=game,
        name=name,
        allocation=Labelled(game.defense_ids, levels),
        loss=float(np.clip(response.loss, lower, upper)),
        lower=lower,
        upper=upper,
        attack=Labelled(game.threat_ids, response.plan),
        coverage=Labelled(game.threat_ids, 1.0 - exposure),
        residual=Labelled(game.threat_ids, residual),
        bandwidth_price=response.price,
        certificate=certificate,
        decision=decision,
        plan_bandwidth=reached,
        excess=excess_use(game, levels),
        broken_rules=tuple(broken_rules(game, levels)),
    )
