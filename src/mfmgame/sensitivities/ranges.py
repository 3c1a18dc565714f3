"""Ranges of an optimum's numbers over all optima: least and greatest of each number.

Linear equations (see :mod:`mfmgame.sensitivities.complementarity`) fix some numbers. For the
rest, the optimal proofs form a polytope, and the optimal allocations are searched on the cuts
of a solve; each number is a linear form on one of the two. An `independent` game has neither:
there the rest stays unknown, written NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, reach_of
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray
from mfmgame.sensitivities.complementarity import SaddlePoint
from mfmgame.sensitivities.optimal_proofs import Proofs
from mfmgame.solving.optimal_set import OptimalFace
from mfmgame.sweeps.touching_lines import precise_solver, slope_beside

__all__ = ["OptimalRanges", "Range", "optimal_ranges"]


_SAME = 1e-7
"""Relative difference of two ends that counts as rounding."""
_ACTS = 1e-7
"""Weight above which a proof certainly uses a cut."""


class Range(NamedTuple):
    """Least and greatest value of each number, in arrays of one shape; NaN if unknown."""

    least: FloatArray
    greatest: FloatArray

    @property
    def is_one(self) -> BoolArray:
        """Whether least and greatest are equal, up to rounding."""
        size = np.maximum(np.abs(self.least), np.abs(self.greatest))
        return np.asarray(self.greatest - self.least <= _SAME * size)


class OptimalRanges(NamedTuple):
    """The ranges from which derivatives are computed.

    Attributes
    ----------
    levels : Range, shape (n_defenses,)
    exposure, effort, reach : Range, shape (n_threats,)
        As in :class:`~mfmgame.sensitivities.complementarity.SaddlePoint`.
    gain : Range, shape (n_defenses,)
    limit_prices : Range, shape (n_resources,)
    price : Range, shape ()
    """

    levels: Range
    exposure: Range
    effort: Range
    reach: Range
    gain: Range
    limit_prices: Range
    price: Range


def optimal_ranges(game: DefenseGame, point: SaddlePoint) -> OptimalRanges:
    """Find the ranges of an optimum's numbers over all optima.

    Parameters
    ----------
    game : DefenseGame
    point : SaddlePoint
        One of the optima.

    Returns
    -------
    OptimalRanges

    Raises
    ------
    SolverError
        If HiGHS refuses a program.
    """
    ranges = OptimalRanges(
        levels=_settled(point.allocation, point.level_known),
        exposure=_settled(point.exposure, point.exposure_known),
        effort=_settled(point.effort, point.effort_known),
        reach=_settled(point.reach, point.reach_known),
        gain=_settled(point.gain, point.gain_known),
        limit_prices=_settled(point.limit_prices, point.limit_price_known),
        price=_settled(np.array(point.price), np.array(point.price_known)),
    )
    if compose(game).is_polyhedral:
        _fill_by_proofs(game, point.proofs, ranges)
        _fill_by_allocations(game, point, ranges)
        if np.isnan(ranges.price.least):
            _fill_price(game, ranges.price)
    return ranges


def _settled(numbers: FloatArray, known: BoolArray) -> Range:
    settled = np.where(known, numbers, np.nan)
    return Range(settled, settled.copy())


def _fill_by_proofs(game: DefenseGame, proofs: Proofs, ranges: OptimalRanges) -> None:
    """Fill ranges of efforts, limit prices and gains: linear forms on the polytope of proofs."""
    polytope, cuts, free, tight = proofs
    owners, shares = cuts.threats[free], compose(game).acting_shares(cuts.anchors)[free]
    no_weights, no_prices = np.zeros(len(free)), np.zeros(len(tight))
    force = game.severity[cuts.threats, None] * cuts.gradients
    fixed = np.ones(len(cuts.threats), dtype=bool)
    fixed[free] = False

    def fill(found: Range, place: int, weights: FloatArray, prices: FloatArray) -> None:
        low, high = polytope.range_of(np.concatenate((weights, prices)))
        found.least[place], found.greatest[place] = low, high

    acting = np.isin(np.arange(game.n_threats), owners)
    for threat in np.flatnonzero(acting & np.isnan(ranges.effort.least)).tolist():
        fill(ranges.effort, threat, (owners == threat).astype(np.float64), no_prices)
    for threat in np.flatnonzero(acting & np.isnan(ranges.reach.least)).tolist():
        fill(ranges.reach, threat, np.where(owners == threat, shares, 0.0), no_prices)
    for resource in np.flatnonzero(np.isnan(ranges.limit_prices.least)).tolist():
        fill(ranges.limit_prices, resource, no_weights, (tight == resource).astype(np.float64))
    for defense in np.flatnonzero(np.isnan(ranges.gain.least)).tolist():
        fill(ranges.gain, defense, force[free, defense], -game.use[tight, defense])
        for end in ranges.gain:
            end[defense] += force[fixed, defense].sum()


def _fill_by_allocations(game: DefenseGame, point: SaddlePoint, ranges: OptimalRanges) -> None:
    """Fill ranges of levels and exposures: linear forms on the optimal allocations.

    A cut that some proof uses is exact at all optimal allocations, so the exposure is
    linear there.
    """
    levels = np.flatnonzero(np.isnan(ranges.levels.least)).tolist()
    exposures = np.flatnonzero(
        np.isnan(ranges.exposure.least) & (ranges.effort.greatest > _ACTS) & (game.severity > 0.0)
    ).tolist()
    if not levels and not exposures:
        return
    solver = precise_solver(game)
    face = OptimalFace(solver.find(), compose(game), solver.cuts)
    for defense in levels:
        direction = np.zeros(game.n_defenses)
        direction[defense] = 1.0
        low, high = face.range_of(direction)
        ranges.levels.least[defense] = np.maximum(low, 0.0)
        ranges.levels.greatest[defense] = np.minimum(high, game.max_level[defense])
    for threat in exposures:
        gradient = _gradient_used(point, threat)
        if gradient is None:
            continue
        here = point.exposure[threat] + gradient @ point.allocation
        low, high = face.range_of(gradient)
        ranges.exposure.least[threat] = np.maximum(here - high, 0.0)
        ranges.exposure.greatest[threat] = np.minimum(here - low, 1.0)


def _gradient_used(point: SaddlePoint, threat: int) -> FloatArray | None:
    """Return the gradient of a cut of a threat that some proof uses."""
    polytope, cuts, free, _ = point.proofs
    own = np.flatnonzero(cuts.threats == threat)
    for cut in own[point.certificate.weights[own] > _ACTS].tolist():
        return np.asarray(cuts.gradients[cut])
    for place in np.flatnonzero(cuts.threats[free] == threat).tolist():
        weight = np.zeros(len(polytope.size))
        weight[place] = 1.0
        if polytope.range_of(weight)[1] > _ACTS:
            return np.asarray(cuts.gradients[free[place]])
    return None


def _fill_price(game: DefenseGame, price: Range) -> None:
    """Fill the worth of the last bit and of the next: slopes of the adjacent pieces."""
    here, reach = game.attacker_bandwidth, reach_of(game, ATTACKER_BANDWIDTH)
    solver = precise_solver(game)
    price.least[...] = (
        slope_beside(solver, ATTACKER_BANDWIDTH, here, reach) if here < reach else 0.0
    )
    if here > 0.0:
        price.greatest[...] = slope_beside(solver, ATTACKER_BANDWIDTH, here, 0.0)
