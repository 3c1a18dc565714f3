"""Best response over ways of losses."""

from __future__ import annotations

import math

import numpy as np

from mfmgame.game.attacker import BestResponse
from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["best_way_response", "envelope"]


def best_way_response(
    residual: FloatArray, bits: FloatArray, loss_of: IntArray, budget: float
) -> BestResponse:
    plan = np.zeros(len(residual))
    order = np.lexsort((-residual, bits, loss_of))
    bounds = np.searchsorted(loss_of[order], np.arange(loss_of.max(initial=-1) + 2))
    steps: list[tuple[float, int, int, int, float]] = []
    for goal in range(len(bounds) - 1):
        hull = envelope(order[bounds[goal] : bounds[goal + 1]].tolist(), residual, bits)
        b0, r0, last = 0.0, 0.0, -1
        for k, way in enumerate(hull):
            width, gain = float(bits[way]) - b0, float(residual[way]) - r0
            if width == 0.0:
                plan[way] = 1.0
            else:
                steps.append((-gain / width, goal, k, way, width))
            b0, r0, last = float(bits[way]), float(residual[way]), way
        _ = last
    steps.sort()
    left, price = budget, 0.0
    current: dict[int, int] = {int(loss_of[w]): int(w) for w in np.flatnonzero(plan)}
    for slope, goal, _, way, width in steps:
        if left <= 0.0 and price:
            break
        share = min(1.0, left / width)
        if share < 1.0:
            price = -slope
        if share > 0.0:
            if goal in current:
                plan[current[goal]] = 1.0 - share
            plan[way] = share
            current[goal] = way
        left -= width * share
        if share < 1.0:
            break
    chosen = plan.nonzero()[0]
    return BestResponse(plan, math.fsum((plan[chosen] * residual[chosen]).tolist()), price)


def envelope(ways: list[int], residual: FloatArray, bits: FloatArray) -> list[int]:
    hull: list[int] = []
    for way in ways:
        b, r = float(bits[way]), float(residual[way])
        if r <= (float(residual[hull[-1]]) if hull else 0.0):
            continue
        while hull:
            b1, r1 = float(bits[hull[-1]]), float(residual[hull[-1]])
            b0, r0 = (float(bits[hull[-2]]), float(residual[hull[-2]])) if len(hull) > 1 else (0.0, 0.0)
            if b1 == 0.0 or (r1 - r0) * (b - b1) > (r - r1) * (b1 - b0):
                break
            hull.pop()
        hull.append(way)
    return hull
