"""Optimal allocations: whether there are several, and which to return.

By complementary slackness, the proof of a solve restricts all optimal allocations; the rest is
searched on the cuts that the solve has left behind.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import attack_plan, fixed_defenses
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition
from mfmgame.game.feasibility import (
    affordable_levels,
    is_within_limits,
    resource_cost,
    scaled_to_limits,
    with_all_free,
    within_limits_beside,
)
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.progress import Found

__all__ = ["OptimalFace"]


_EPS = 2.0**-52
_MAX_MOVES = 20
_MAX_EQUATIONS = 1000
_EXACT = 1e-13
"""Relative rounding error of the value within which an allocation still counts as optimal."""
_NUDGES = (1.0, 1.0 + 2.0**-48, 1.0 + 2.0**-44, 1.0 + 2.0**-40)
"""Factors that raise levels until rounding uncovers no threat that they just cover."""
_NEAT = 1e-11
"""Distance from an end of its range at which a level is moved there, relative to the greatest
level; near 0, also relative to the greatest affordable level."""
_TRACE = 1e-10
"""Greatest affordable share of a level, relative to other defenses, that counts as a trace."""
_NEAT_COST = 1e-10
"""Greatest cost of neat levels, relative to a threat's residual loss, to the loss at which
the threat would run, or to the value."""
_EQUAL_VALUE = 1e-9
"""Relative difference in value within which allocations with other levels count as optimal."""
_LEVEL = 1e-3
"""Share of the greatest level that the gap may leave open where a level counts as decided."""
_DECISIVE = 1e-7
"""Relative size above which a difference, an effort, a price or a pivot is no rounding."""


class OptimalFace:
    """The set of all optimal allocations of a game, given one of them.

    Parameters
    ----------
    found : Found
        The known optimal allocation.
    composition : Composition
        Bound to the game's effectiveness matrix.
    cuts : CutPool
        Cuts of the solver that found the allocation.
    """

    def __init__(self, found: Found, composition: Composition, cuts: CutPool) -> None:
        self._found, self._proof = found, found.certificate.priced
        self._game = found.game
        self._composition = composition
        self._cuts = cuts
        self._is_curved = not composition.is_polyhedral

    def without_traces(self, tolerance: float) -> Found:
        """Remove defenses so expensive that the limits allow only a trace of them.

        Parameters
        ----------
        tolerance : float
            Tolerance of the solve; the bracket stays within it.
        """
        found, game = self._found, self._game
        most = affordable_levels(game) / np.where(game.max_level > 0.0, game.max_level, 1.0)
        traces = most <= _TRACE * most.max(initial=0.0)
        if not found.allocation[traces].any():
            return found
        levels = np.where(traces, 0.0, found.allocation)
        residual = self._residual(levels)
        answer = best_response(residual, game.ways, game.attacker_bandwidth)
        loss = found.response.loss
        if answer.loss - loss > min(self._room(tolerance), _NEAT_COST * scale_of(game, loss)):
            return found
        return found._replace(allocation=levels, response=answer)

    def cheapest(self, tolerance: float) -> Found:
        """Find the optimal allocation that uses least, each resource in units of its limit.

        Keep the known allocation if no cheaper one is found, or where the composition is
        curved: there, several optima are rare, and near the optimum an allocation of equal
        value cannot be told from a merely cheaper one.

        Parameters
        ----------
        tolerance : float
            Tolerance of the solve; the bracket stays within it.
        """
        found, game = self._found, self._game
        # Every optimal allocation exhausts a resource whose price is significant.
        worth = self._proof.limit_prices * np.minimum(game.limits, game.use @ game.max_level)
        spare = worth <= _EQUAL_VALUE * found.response.loss
        if self._is_curved or not (spare & game.use.any(axis=1) & (game.limits > 0)).any():
            return found
        kept = self._kept | ~game.use.any(axis=0)  # a free defense runs in full
        scale = scale_of(game, found.response.loss)
        if self._is_alone(kept) or not (len(self._cuts) or self._cuts.solve(game, scale)):
            return found
        cost = resource_cost(game)
        moved = self._moved(cost, _EXACT * found.response.loss, kept)
        if moved is None:
            return found
        before = found.response.plan * self._residual(found.allocation)
        # A level that misses 0 by rounding would look like a saving, or a cost.
        moved = np.where(moved <= _NEAT * affordable_levels(game), 0.0, moved)
        for factor in _NUDGES:
            cheaper = with_all_free(game, scaled_to_limits(game, factor * moved))
            residual = self._residual(cheaper)
            answer = best_response(residual, game.ways, game.attacker_bandwidth)
            if (
                cost @ cheaper < cost @ found.allocation
                and self._costs_nothing(answer.plan * residual - before)
                and answer.loss - found.response.loss <= self._room(tolerance)
            ):
                lower = min(found.lower, answer.loss)
                return found._replace(allocation=cheaper, response=answer, lower=lower)
        return found

    def tidied(self, tolerance: float) -> Found:
        """Move levels that miss 0 or their greatest level by rounding to that end.

        Keep the known allocation if any threat gains by the move: no loss, however small, is
        traded for neat levels.

        Parameters
        ----------
        tolerance : float
            Tolerance of the solve; the bracket stays within it.
        """
        found, game, levels = self._found, self._game, self._found.allocation
        most = game.max_level
        neat = np.where(levels >= (1.0 - _NEAT) * most, most, levels)
        neat[levels <= _NEAT * affordable_levels(game)] = 0.0
        neat = within_limits_beside(game, neat, neat == most)
        if np.array_equal(neat, levels) or not is_within_limits(game, neat):
            return found
        before, after = self._residual(levels), self._residual(neat)
        worth = np.maximum(before, found.response.price * game.bandwidth)
        if (after > before + _NEAT_COST * worth + 8 * _EPS * game.severity).any():
            return found
        answer = best_response(after, game.ways, game.attacker_bandwidth)
        loss = found.response.loss
        if answer.loss - loss > min(self._room(tolerance), _NEAT_COST * scale_of(game, loss)):
            return found
        lower = min(found.lower, answer.loss)
        return found._replace(allocation=neat, response=answer, lower=lower)

    def extremes(self, tolerance: float) -> tuple[FloatArray, FloatArray]:
        """Find the least and greatest level of each defense over all optimal allocations.

        Parameters
        ----------
        tolerance : float
            Tolerance of the solve.

        Returns
        -------
        least, greatest : ndarray of float, shape (n_defenses,)
        """
        found, game, allocation = self._found, self._game, self._found.allocation
        least, greatest = allocation.copy(), allocation.copy()
        kept = self._kept
        scale = scale_of(game, found.response.loss)
        if self._is_alone(kept) or self._cuts.solve(game, scale) is None:
            return least, greatest
        slack = (0.5 * tolerance if self._is_curved else _EQUAL_VALUE) * found.response.loss
        near = _EQUAL_VALUE * game.max_level

        def look(direction: FloatArray) -> bool:
            """Check whether another optimum lies further against a direction."""
            moved = self._moved(direction, slack, kept)
            if moved is None:  # unknown: assume another optimum
                return True
            np.minimum(least, moved, out=least)
            np.maximum(greatest, moved, out=greatest)
            return bool(np.any(np.abs(moved - allocation) > near))

        # An irregular direction is constant over all optima only if there is a single optimum.
        any_other = np.where(kept, 0.0, 1.0 + np.sqrt(np.arange(2.0, game.n_defenses + 2)) % 1.0)
        if look(any_other) | look(-any_other):
            for defense in np.flatnonzero(~kept).tolist():
                direction = np.zeros(game.n_defenses)
                direction[defense] = 1.0
                if least[defense] > 0.0:
                    look(direction)
                if greatest[defense] < game.max_level[defense]:
                    look(-direction)
        return (
            np.where(allocation - least <= near, allocation, least),
            np.where(greatest - allocation <= near, allocation, greatest),
        )

    def range_of(self, direction: FloatArray) -> tuple[float, float]:
        """Find the range of ``direction . x`` over all optima; NaN for an end not found."""
        game, loss = self._game, self._found.response.loss
        if not len(self._cuts) and self._cuts.solve(game, scale_of(game, loss)) is None:
            return math.nan, math.nan
        slack = _EQUAL_VALUE * loss
        ends = (self._moved(sign * direction, slack, self._kept) for sign in (1.0, -1.0))
        low, high = (math.nan if end is None else float(direction @ end) for end in ends)
        return low, high

    @cached_property
    def _kept(self) -> NDArray[np.bool_]:
        """Defenses with the same level in all optima, shape (n_defenses,)."""
        found, game = self._found, self._game
        loss = found.response.loss
        # Below this cost, another level may differ by rounding or by the gap alone.
        noise = max(_DECISIVE * loss, (loss - found.lower) / _LEVEL)
        surely = fixed_defenses(game, self._composition, self._proof, _DECISIVE, noise)
        return np.asarray(surely | (game.max_level == 0.0), dtype=bool)

    def _is_alone(self, kept: NDArray[np.bool_]) -> bool:
        """Check whether the known optimum is provably unique, given the fixed levels.

        In all optima, a limit with a price is used up, the cuts of one threat are equal, and
        threats that run in part lose the same per bit: linear equations in the undecided
        levels and the attacker's price.
        """
        found, game = self._found, self._game
        doubt = found.response.loss - found.lower > _EQUAL_VALUE * found.response.loss
        if self._is_curved or doubt or kept.all():
            return bool(kept.all())
        certificate = self._proof
        weights, threats = certificate.weights, certificate.threats
        worth = certificate.limit_prices * np.minimum(game.limits, game.use @ game.max_level)
        priced = game.use[worth > _DECISIVE * float(weights @ game.severity[threats])]
        in_part = attack_plan(game, certificate)[threats] < 1.0 - _DECISIVE
        counts = np.bincount(threats[weights > _DECISIVE], minlength=game.n_threats)
        used = ((weights > _DECISIVE) & (in_part | (counts[threats] > 1))).nonzero()[0]
        unknown = np.concatenate((~kept, [in_part[used].any()]))
        n_unknown = np.count_nonzero(unknown)
        if not n_unknown <= len(used) + len(priced) <= _MAX_EQUATIONS:
            return False
        used = used[threats[used].argsort(kind="stable")]
        threats, in_part = threats[used], in_part[used]
        _, gradients = self._composition.cuts(threats, certificate.anchors[used])
        ratio = game.bandwidth[threats] / game.severity[threats]
        cuts = np.column_stack((gradients, ratio / (ratio.max(initial=0.0) or 1.0)))
        alike = (cuts[1:] - cuts[:-1])[threats[1:] == threats[:-1]]
        spent = np.column_stack((priced, np.zeros(len(priced))))

        equations = np.concatenate((cuts[in_part], alike, spent))[:, unknown]
        equations *= np.append(game.max_level, 1.0)[unknown]
        size = np.abs(equations).max(axis=1)
        equations = equations[size > 0.0] / size[size > 0.0, None]
        if len(equations) < n_unknown:
            return False
        pivots = np.linalg.svd(equations, compute_uv=False)
        return bool(pivots[-1] > _DECISIVE * pivots[0])

    def _moved(
        self, direction: FloatArray, slack: float, kept: NDArray[np.bool_]
    ) -> FloatArray | None:
        """Move the known optimum as far against a direction as the allowed loss permits.

        Parameters
        ----------
        direction : ndarray of float, shape (n_defenses,)
            Linear function ``direction . x`` to minimize.
        slack : float
            Further loss allowed to the worst attack, in loss units.
        kept : ndarray of bool, shape (n_defenses,)
            Defenses that keep their level.

        Returns
        -------
        ndarray of float, shape (n_defenses,), or None
            None if HiGHS finds no such allocation.
        """
        game, loss, allocation = self._game, self._found.response.loss, self._found.allocation
        for _ in range(_MAX_MOVES):
            moved = self._cuts.least(direction, loss, allocation, kept)
            if moved is None:
                break
            moved = scaled_to_limits(game, moved)
            residual = self._residual(moved)
            answer = best_response(residual, game.ways, game.attacker_bandwidth)
            # A value of 0 leaves no slack: allow each threat a tiny uncovered share instead.
            uncovered = _EQUAL_VALUE * float(answer.plan @ game.severity)
            if answer.loss <= loss + (slack if loss > uncovered else uncovered):
                return moved
            if not self._cuts.extend(moved, residual, answer, None):
                break
        return None

    def _room(self, tolerance: float) -> float:
        """Compute how far a loss may grow with the bracket still within the tolerance."""
        loss = self._found.response.loss
        left = tolerance * scale_of(self._game, loss) - (loss - self._found.lower)
        return 0.5 * max(left, 0.0)

    def _costs_nothing(self, changes: FloatArray) -> bool:
        """Check whether changes of the threats' losses add up to no more than their rounding.

        Even a loss too small to show beside the others is not traded for savings.
        """
        rounding = 8 * _EPS * self._game.severity
        real = np.abs(changes) > rounding
        return math.fsum(changes[real].tolist()) <= 4 * math.fsum(rounding[real].tolist())

    def _residual(self, allocation: FloatArray) -> FloatArray:
        return self._game.severity * self._composition.exposure(allocation)
