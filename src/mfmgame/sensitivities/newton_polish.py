"""The last digits of an `independent` optimum.

A bracket of relative width ``g`` pins a curved optimum down only to about ``sqrt(g)``. Its
conditions of optimality are smooth equations, which Newton's method solves to rounding from
there: what a defense that runs in part gains is what it pays, a threat that runs in part
loses per bit what the last bit is worth, and what is scarce is used up.
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
    effort = _moved_to_ends(attack_plan(game, certificate), 1.0)
    levels = _moved_to_ends(allocation, game.max_level)
    conditions = _Conditions(game, composition, levels, effort, certificate.limit_prices)
    residual = game.severity * composition.exposure(levels)
    point = _Point(
        levels=levels,
        efforts=effort[conditions.running],
        price=best_response(residual, game.ways, game.attacker_bandwidth).price,
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
    price : float
        What one more bit is worth to the attacker.
    limit_prices : ndarray of float, shape (n_priced,)
    """

    levels: FloatArray
    efforts: FloatArray
    price: float
    limit_prices: FloatArray


class _Conditions:
    """The smooth equations that an optimum solves.

    Their unknowns are the levels of defenses that run in part, the efforts on threats that
    run in part, the price of a bit if there are such threats, and the prices of limits.

    Attributes
    ----------
    running : ndarray of int, shape (n_running,)
        The threats that run.
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
        effort: FloatArray,
        limit_prices: FloatArray,
    ) -> None:
        self.running = np.flatnonzero(effort)
        self.depths = composition.cuts(self.running, np.zeros(len(self.running)))[1]
        self.priced = np.flatnonzero(
            limit_prices * (game.use @ game.max_level) > _EDGE * float(effort @ game.severity)
        )
        self._severity, self._bits = game.severity[self.running], game.bandwidth[self.running]
        self._use, self._limits = game.use[self.priced], game.limits[self.priced]
        self._attacker_bandwidth = game.attacker_bandwidth
        self._inside = np.flatnonzero((levels > 0.0) & (levels < game.max_level))
        self._in_part = np.flatnonzero(effort[self.running] < 1.0)
        self._has_price = len(self._in_part) > 0
        self.n_in_part = len(self._inside) + len(self._in_part)

    def linearized(self, point: _Point) -> tuple[FloatArray, FloatArray]:
        """Compute the derivatives of the equations at a point, and what each is off there."""
        inside, in_part, has_price = self._inside, self._in_part, int(self._has_price)
        n_part, n_priced = len(in_part), len(self.priced)
        depths, use, bits = self.depths[:, inside], self._use[:, inside], self._bits[in_part]
        loss = self._severity * np.exp(-(self.depths @ point.levels))
        force = (point.efforts * loss)[:, None] * depths
        missing = np.concatenate(
            (
                force.sum(axis=0) - point.limit_prices @ use,
                loss[in_part] - point.price * bits,
                [point.efforts @ self._bits - self._attacker_bandwidth] if has_price else [],
                self._use @ point.levels - self._limits,
            )
        )
        slopes = loss[in_part, None] * depths[in_part]
        to_part, to_price = np.zeros((n_part, n_part)), np.zeros((has_price, len(inside)))
        matrix = np.block(
            [
                [-force.T @ depths, slopes.T, to_price.T, -use.T],
                [-slopes, to_part, -bits[:, None][:, :has_price], np.zeros((n_part, n_priced))],
                [to_price, bits[None][:has_price], np.zeros((has_price, has_price + n_priced))],
                [use, np.zeros((n_priced, n_part + has_price + n_priced))],
            ]
        )
        return matrix, missing

    def moved(self, point: _Point, step: FloatArray) -> _Point:
        """Add a step in the unknowns to a point."""
        levels, efforts = point.levels.copy(), point.efforts.copy()
        ends = [len(self._inside), self.n_in_part, self.n_in_part + int(self._has_price)]
        of_levels, of_efforts, of_price, of_limit_prices = np.split(step, ends)
        levels[self._inside] += of_levels
        efforts[self._in_part] += of_efforts
        price = point.price + float(of_price.sum())
        return _Point(levels, efforts, price, point.limit_prices + of_limit_prices)
