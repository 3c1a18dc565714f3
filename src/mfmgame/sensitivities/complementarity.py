"""An optimum seen from both sides: which of its numbers every optimum shares.

Every optimal allocation is complementary to every optimal proof of the value. So, given one
of each, linear equations hold for all optima:

- of the proofs, that a defense that runs in part gains what it pays, that the cuts of a
  threat that surely runs have weights of sum 1, and that the attacker's bandwidth is used up;
- of the allocations, that a limit with a price is used up, that a defense which gains more
  or less than it pays keeps its level, and that a threat that runs in part loses per bit
  what the last bit is worth.

What these equations determine is the same in all optima. What they leave open may or may not
be: it is called open here. The equations of the proofs are stated and solved in
:mod:`mfmgame.sensitivities.optimal_proofs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition, compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray, rows_above
from mfmgame.numerics.linear_equations import Equations
from mfmgame.sensitivities.active_cuts import NEAR, TightCuts, tight_cuts
from mfmgame.sensitivities.optimal_proofs import OptimalProof, Proofs

__all__ = ["SaddlePoint", "acts_on", "saddle_point"]


_STRICT = 1e-7
"""Relative size above which an effort, price or reduced cost is certainly not 0."""


@dataclass(frozen=True, eq=False)
class SaddlePoint:
    """One optimum of both sides, and which of its numbers every optimum shares.

    Attributes
    ----------
    allocation, gain : ndarray of float, shape (n_defenses,)
        Level of each defense, and what one more level of it takes off the value beyond
        what it pays for resources, in loss units.
    exposure, effort, reach : ndarray of float, shape (n_threats,)
        Share of each threat that gets through; the attacker's effort on it; and the part
        of the effort on which coverage acts (less only where a threat is just covered).
    price : float
        What one more bit is worth to the attacker, in loss units.
    limit_prices : ndarray of float, shape (n_resources,)
    level_known, gain_known : ndarray of bool, shape (n_defenses,)
    exposure_known, effort_known, reach_known : ndarray of bool, shape (n_threats,)
    idle : ndarray of float, shape (n_threats,)
        Effectiveness at which all optimal allocations fill the threat, for `best_of`; a
        defense of less does nothing against it, one of just as much fills what is left.
    fill_known : ndarray of bool, shape (n_threats,)
        Whether the levels of all better defenses that act on the threat are known.
    price_known : bool
    limit_price_known : ndarray of bool, shape (n_resources,)
    certificate : Certificate
        What the efforts and prices prove.
    proofs : Proofs
        All proofs of the value that stand on the cuts of these optima.
    """

    allocation: FloatArray
    gain: FloatArray
    exposure: FloatArray
    effort: FloatArray
    reach: FloatArray
    price: float
    limit_prices: FloatArray
    level_known: BoolArray
    gain_known: BoolArray
    exposure_known: BoolArray
    effort_known: BoolArray
    reach_known: BoolArray
    idle: FloatArray
    fill_known: BoolArray
    price_known: bool
    limit_price_known: BoolArray
    certificate: Certificate
    proofs: Proofs


def saddle_point(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    certificate: Certificate,
) -> SaddlePoint:
    """Find out which numbers of an optimum every optimum shares.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    allocation : ndarray of float, shape (n_defenses,)
        An optimal one, as precise as numbers are.
    certificate : Certificate
        Of the value, as precise.

    Returns
    -------
    SaddlePoint
    """
    exposure = composition.exposure(allocation)
    residual = game.severity * exposure
    price = best_response(residual, game.ways, game.attacker_bandwidth).price
    excess = residual - price * game.bandwidth
    tied = np.abs(excess) <= NEAR * game.severity
    runs = (excess > 0.0) & ~tied
    cuts = tight_cuts(game, composition, allocation, np.flatnonzero(tied | runs))
    proof = OptimalProof(game, allocation, certificate, cuts, runs, price)
    plan = _Allocations(game, composition, allocation, cuts, proof)
    idle = np.zeros(game.n_threats)
    used = proof.weights > _STRICT
    np.maximum.at(idle, cuts.threats[used], composition.idle_effects(cuts.anchors[used]))
    fill_known = ~acts_on(game, ~plan.level_known, idle)
    exposure_known = fill_known.copy()
    # An attacker with bandwidth to spare may as well run a threat that nothing gets through
    # of, and so a proof may: then nothing does at any optimal allocation.
    spent = float(game.bandwidth @ proof.effort)
    spare = (game.bandwidth == 0.0) | (spent < (1.0 - _STRICT) * game.attacker_bandwidth)
    stopped = (residual <= NEAR * game.severity) & (game.severity > 0.0)
    exposure_known |= stopped & spare & (proof.effort < 1.0 - _STRICT)
    if not composition.is_polyhedral:
        # The loss is strictly convex in the depth of a threat that runs.
        exposure_known |= (proof.effort > _STRICT) & (game.severity > 0.0)
    return SaddlePoint(
        allocation=allocation,
        gain=proof.gain,
        exposure=exposure,
        effort=proof.effort,
        reach=proof.reach,
        price=price,
        limit_prices=proof.limit_prices,
        level_known=plan.level_known,
        gain_known=proof.gain_known,
        exposure_known=exposure_known,
        effort_known=proof.effort_known,
        reach_known=proof.reach_known,
        idle=idle,
        fill_known=fill_known,
        price_known=plan.price_known,
        limit_price_known=proof.limit_price_known,
        certificate=Certificate(cuts.threats, cuts.anchors, proof.weights, proof.limit_prices),
        proofs=proof.proofs,
    )


def acts_on(game: DefenseGame, defenses: BoolArray, idle: FloatArray) -> BoolArray:
    """Whether any of some defenses acts on each threat, and more than idle ones."""
    effect = compose(game).alone[:, np.flatnonzero(defenses)]
    return rows_above(effect, idle)


class _Allocations:
    """What all optimal allocations share, by complementarity to one proof."""

    def __init__(
        self,
        game: DefenseGame,
        composition: Composition,
        allocation: FloatArray,
        cuts: TightCuts,
        proof: OptimalProof,
    ) -> None:
        n_defenses = game.n_defenses
        loss = float(proof.weights @ (game.severity[cuts.threats])) or 1.0
        rows = []

        def levels_only(matrix: FloatArray) -> None:
            rows.append(np.hstack((matrix, np.zeros((len(matrix), 1)))))

        levels_only(game.use[proof.limit_prices * (game.use @ game.max_level) > _STRICT * loss])
        fixed = (np.abs(proof.gain) * game.max_level > _STRICT * loss) | (game.max_level == 0.0)
        levels_only(np.eye(n_defenses)[fixed])
        used = (proof.weights > _STRICT) & (game.severity[cuts.threats] > 0.0)
        in_part = used & (proof.effort[cuts.threats] < 1.0 - _STRICT)
        ratio = game.bandwidth / np.where(game.severity > 0.0, game.severity, 1.0)
        rows.append(np.column_stack((cuts.gradients[in_part], ratio[cuts.threats[in_part]])))
        if not composition.is_polyhedral:
            levels_only(cuts.gradients[used])
        else:
            order = np.flatnonzero(used)
            order = order[np.argsort(cuts.threats[order], kind="stable")]
            same = cuts.threats[order[1:]] == cuts.threats[order[:-1]]
            levels_only((cuts.gradients[order[1:]] - cuts.gradients[order[:-1]])[same])
        spent = float(game.bandwidth @ proof.effort)
        if spent < game.attacker_bandwidth * (1.0 - _STRICT):
            rows.append(np.eye(n_defenses + 1)[-1:])
        matrix = np.concatenate(rows)
        widest = float(ratio.max(initial=0.0)) or 1.0
        size = np.append(np.where(game.max_level > 0.0, game.max_level, 1.0), 1.0 / widest)
        equations = Equations(matrix, np.zeros(len(matrix)), size)
        known = equations.determines(np.eye(n_defenses + 1))
        self.level_known, self.price_known = known[:-1], bool(known[-1])
