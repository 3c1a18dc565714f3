"""The last digits of an `independent` optimum.

A bracket of relative width ``g`` pins a curved optimum down only to about ``sqrt(g)``. Its
conditions of optimality are smooth equations, which Newton's method solves to rounding from
there: a defense that runs in part gains what it pays, a threat that runs in part causes the price
of its bandwidth and the surplus of its loss, efforts on the threats of a loss with a surplus sum
to 1, and scarce resources are used up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate, attack_plan
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray

__all__ = ["smooth_optimum"]


_EDGE = 1e-5
"""Share of the whole within which a level or effort is taken to be at its end."""
_LEFT = 1e-7
"""Share of the attacker's bandwidth that an attack leaves unused only if a bit has no price."""
_STEPS = 20
_SOLVED = 1e-12
"""Relative size of a step after which another would change rounding only."""


def smooth_optimum(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    certificate: Certificate,
) -> tuple[FloatArray, Certificate]:
    """Solve for an optimum and its proof to the last digits.

    Parameters
    ----------
    game : DefenseGame
        Of the composition `independent`.
    composition : Composition
        Bound to its effectiveness.
    allocation : ndarray of float, shape (n_defenses,)
        Near an optimal one.
    certificate : Certificate
        Of nearly the value.

    Returns
    -------
    allocation : ndarray of float, shape (n_defenses,)
    certificate : Certificate
        One cut, exact at the allocation, for each threat that runs.
    """
    levels = _moved_to_ends(allocation, game.max_level)
    plan = attack_plan(game, certificate)
    conditions = _Conditions(game, composition, levels, plan, certificate.limit_prices)
    residual = game.severity * composition.exposure(levels)
    prices = np.zeros(conditions.n_shared)  # unknowns that occur linearly may start anywhere
    prices[:1] = best_response(residual, game.ways, game.attacker_bandwidth).price
    point = _Point(
        levels=levels,
        efforts=conditions.efforts,
        prices=prices,
        limit_prices=certificate.limit_prices[conditions.priced],
    )
    for _ in range(_STEPS):
        matrix, missing = conditions.linearized(point)
        if not matrix.size:
            break
        size = np.abs(matrix).max(axis=1, initial=0.0)
        size[size == 0.0] = 1.0
        step = np.linalg.lstsq(matrix / size[:, None], -missing / size, rcond=1e-12)[0]
        point = conditions.moved(point, step)
        if np.abs(step[: conditions.n_in_part]).max(initial=0.0) <= _SOLVED:
            break
    levels = np.clip(point.levels, 0.0, game.max_level)
    limit_prices = np.zeros(len(game.limits))
    limit_prices[conditions.priced] = np.maximum(point.limit_prices, 0.0)
    return levels, replace(
        certificate,
        threats=conditions.running,
        anchors=conditions.depths @ levels,
        weights=np.clip(point.efforts, 0.0, 1.0),
        limit_prices=limit_prices,
    )


def _moved_to_ends(numbers: FloatArray, most: FloatArray | float) -> FloatArray:
    """Set levels or efforts that are nearly 0, or nearly the most, to just that."""
    edge = _EDGE * most
    moved = np.where(numbers > most - edge, most, numbers)
    return np.where(numbers < edge, 0.0, moved)


class _Point(NamedTuple):
    """An allocation and a proof that are near optimal ones.

    Attributes
    ----------
    levels : ndarray of float, shape (n_defenses,)
    efforts : ndarray of float, shape (n_running,)
    prices : ndarray of float, shape (n_shared,)
        What one more bit is worth to the attacker, if it has a price; then the surplus of each
        loss that several threats cause in full.
    limit_prices : ndarray of float, shape (n_priced,)
    """

    levels: FloatArray
    efforts: FloatArray
    prices: FloatArray
    limit_prices: FloatArray


class _Conditions:
    """The smooth equations that an optimum solves.

    Their unknowns are the levels of defenses that run in part, the efforts on threats that
    run in part, the prices of what these efforts share (the bandwidth, and losses that several
    threats cause in full), and the prices of limits.

    Attributes
    ----------
    running : ndarray of int, shape (n_running,)
        The threats that run.
    efforts : ndarray of float, shape (n_running,)
        Efforts near 0 or 1 are moved there.
    depths : ndarray of float, shape (n_running, n_defenses)
        What one level of each defense adds to the depth of each running threat.
    priced : ndarray of int, shape (n_priced,)
        The resources whose limits have a price.
    n_in_part : int
        Number of the defenses and the threats that run in part.
    """

    def __init__(
        self,
        game: DefenseGame,
        composition: Composition,
        levels: FloatArray,
        plan: FloatArray,
        limit_prices: FloatArray,
    ) -> None:
        effort = _moved_to_ends(plan, 1.0)
        self.running = np.flatnonzero(effort)
        self.efforts = effort[self.running]
        self.depths = composition.cuts(self.running, np.zeros(len(self.running)))[1]
        self.priced = np.flatnonzero(
            limit_prices * (game.use @ game.max_level) > _EDGE * float(effort @ game.severity)
        )
        self._severity, self._bits = game.severity[self.running], game.bandwidth[self.running]
        self._use, self._limits = game.use[self.priced], game.limits[self.priced]
        self._inside = np.flatnonzero((levels > 0.0) & (levels < game.max_level))
        self._in_part = np.flatnonzero(self.efforts < 1.0)
        self.n_in_part = len(self._inside) + len(self._in_part)
        self._shared, self._sums = self._constraints(game, plan)
        self.n_shared = len(self._sums)

    def _constraints(self, game: DefenseGame, plan: FloatArray) -> tuple[FloatArray, FloatArray]:
        """State the sums that efforts in part keep: linear forms of the efforts, and the sums."""
        owners = game.losses_of(self.running)
        losses = owners[self._in_part]
        in_full = game.ways.total_efforts(plan)[losses] > 1.0 - _EDGE
        split = np.unique(losses[in_full])
        forms, sums = owners == split[:, None], np.ones(len(split))
        # Where all losses are caused in full, the attack may leave bandwidth unused.
        spends_all = game.bandwidth @ plan >= (1.0 - _LEFT) * game.attacker_bandwidth
        if not in_full.all() or (len(split) and spends_all):
            forms = np.vstack((self._bits, forms))
            sums = np.append(game.attacker_bandwidth, sums)
        return forms.astype(np.float64), sums

    def linearized(self, point: _Point) -> tuple[FloatArray, FloatArray]:
        """Compute the derivatives of the equations at a point, and what each is off there."""
        inside, in_part, n_shared = self._inside, self._in_part, self.n_shared
        n_part, n_priced = len(in_part), len(self.priced)
        depths, use, shared = self.depths[:, inside], self._use[:, inside], self._shared[:, in_part]
        loss = self._severity * np.exp(-(self.depths @ point.levels))
        force = (point.efforts * loss)[:, None] * depths
        missing = np.concatenate(
            (
                force.sum(axis=0) - point.limit_prices @ use,
                loss[in_part] - point.prices @ shared,
                self._shared @ point.efforts - self._sums,
                self._use @ point.levels - self._limits,
            )
        )
        slopes = loss[in_part, None] * depths[in_part]
        to_part, to_price = np.zeros((n_part, n_part)), np.zeros((n_shared, len(inside)))
        matrix = np.block(
            [
                [-force.T @ depths, slopes.T, to_price.T, -use.T],
                [-slopes, to_part, -shared.T, np.zeros((n_part, n_priced))],
                [to_price, shared, np.zeros((n_shared, n_shared + n_priced))],
                [use, np.zeros((n_priced, n_part + n_shared + n_priced))],
            ]
        )
        return matrix, missing

    def moved(self, point: _Point, step: FloatArray) -> _Point:
        """Add a step in the unknowns to a point."""
        levels, efforts = point.levels.copy(), point.efforts.copy()
        ends = [len(self._inside), self.n_in_part, self.n_in_part + self.n_shared]
        of_levels, of_efforts, of_prices, of_limit_prices = np.split(step, ends)
        levels[self._inside] += of_levels
        efforts[self._in_part] += of_efforts
        limit_prices = point.limit_prices + of_limit_prices
        return _Point(levels, efforts, point.prices + of_prices, limit_prices)
