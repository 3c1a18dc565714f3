"""The last digits of an `independent` optimum.

A bracket of relative width ``g`` pins a curved optimum down only to about ``sqrt(g)``. Its
conditions of optimality are smooth equations, which Newton's method solves to rounding from
there: what a defense that runs in part gains is what it pays, a threat that runs in part
loses per bit what the last bit is worth, and what is scarce is used up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mfmgame.certificates.certificate import Certificate, as_plan
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
    """An optimum and its proof, to the last digits.

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
    effort = as_plan(game, certificate)
    effort = np.where(effort > 1.0 - _EDGE, 1.0, np.where(effort < _EDGE, 0.0, effort))
    edge = _EDGE * game.max_level
    levels = np.where(allocation > game.max_level - edge, game.max_level, allocation)
    levels = np.where(allocation < edge, 0.0, levels)
    inside = np.flatnonzero((levels > 0.0) & (levels < game.max_level))
    running = np.flatnonzero(effort)
    depths = composition.cuts(running, np.zeros(len(running)))[1]
    in_part = np.flatnonzero(effort[running] < 1.0)
    priced = np.flatnonzero(
        certificate.limit_prices * (game.use @ game.max_level)
        > _EDGE * float(effort @ game.severity)
    )
    residual = game.severity * composition.exposure(levels)
    price = best_response(residual, game.bandwidth, game.attacker_bandwidth).price
    prices = certificate.limit_prices[priced]
    severity, bits = game.severity[running], game.bandwidth[running]
    efforts = effort[running]
    n_inside, n_part = len(inside), len(in_part)
    for _ in range(_STEPS):
        loss = severity * np.exp(-(depths @ levels))
        force = (efforts * loss)[:, None] * depths[:, inside]
        use = game.use[priced][:, inside]
        missing = np.concatenate(
            (
                force.sum(axis=0) - prices @ use,
                loss[in_part] - price * bits[in_part],
                [efforts @ bits - game.attacker_bandwidth] if n_part else [],
                game.use[priced] @ levels - game.limits[priced],
            )
        )
        slopes = loss[in_part, None] * depths[in_part][:, inside]
        n_priced, n_budget = len(priced), int(n_part > 0)
        matrix = np.block(
            [
                [-force.T @ depths[:, inside], slopes.T, np.zeros((n_inside, n_budget)), -use.T],
                [
                    -slopes,
                    np.zeros((n_part, n_part)),
                    -bits[in_part][:, None][:, :n_budget],
                    np.zeros((n_part, n_priced)),
                ],
                [
                    np.zeros((n_budget, n_inside)),
                    bits[in_part][None][:n_budget],
                    np.zeros((n_budget, n_budget + n_priced)),
                ],
                [use, np.zeros((n_priced, n_part + n_budget + n_priced))],
            ]
        )
        if not matrix.size:
            break
        size = np.abs(matrix).max(axis=1, initial=0.0)
        size[size == 0.0] = 1.0
        step = np.linalg.lstsq(matrix / size[:, None], -missing / size, rcond=1e-12)[0]
        levels[inside] += step[:n_inside]
        efforts[in_part] += step[n_inside : n_inside + n_part]
        if n_part:
            price += float(step[n_inside + n_part])
        prices = prices + step[n_inside + n_part + n_budget :]
        if np.abs(step[: n_inside + n_part]).max(initial=0.0) <= _SOLVED:
            break
    levels = np.clip(levels, 0.0, game.max_level)
    limit_prices = np.zeros(len(game.limits))
    limit_prices[priced] = np.maximum(prices, 0.0)
    return levels, replace(
        certificate,
        threats=running,
        anchors=depths @ levels,
        weights=np.clip(efforts, 0.0, 1.0),
        limit_prices=limit_prices,
    )
