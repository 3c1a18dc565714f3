"""Limits of allocations: feasibility, scaling to the limits, and resource cost."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from mfmgame.game.game import GRANTED, DefenseGame
from mfmgame.game.level_rules import LevelRules
from mfmgame.numerics.arrays import FloatArray
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, exact_dot_sign, rounded_down, wide

__all__ = [
    "NEGLIGIBLE_LEVEL",
    "affordable_levels",
    "all_within_limits",
    "can_run",
    "held_game",
    "idle_defenses",
    "is_within_limits",
    "proportional_allocation",
    "reachable_levels",
    "resource_cost",
    "scaled_to_limits",
    "with_all_free",
    "within_limits_beside",
]


NEGLIGIBLE_LEVEL = 2.0**-64
"""Level, or share of a greatest level below 1, whose effect is less than rounding."""
_EPS = 2.0**-52


def reachable_levels(max_level: FloatArray, use: FloatArray, limits: FloatArray) -> FloatArray:
    """Find the greatest level of each defense alone within the limits, shape (n_defenses,)."""
    affordable = np.full_like(use, np.inf)
    np.divide(limits[:, None], use, out=affordable, where=use > 0.0)
    return np.asarray(np.minimum(max_level, affordable.min(axis=0, initial=np.inf)))


def can_run(max_level: FloatArray, reach: FloatArray) -> NDArray[np.bool_]:
    """Tell which defenses can reach more than a negligible share of their range."""
    return (reach > NEGLIGIBLE_LEVEL * np.minimum(max_level, 1.0)) & (reach > 0.0)


def idle_defenses(game: DefenseGame) -> NDArray[np.bool_]:
    """Tell which defenses the limits keep from running at all, shape (n_defenses,)."""
    reach = reachable_levels(game.max_level, game.use, game.limits)
    return np.asarray((game.max_level > 0.0) & ~can_run(game.max_level, reach))


def resource_cost(game: DefenseGame) -> FloatArray:
    """Compute each defense's resource use at level 1, in shares of the limits."""
    total = game.use @ game.max_level
    available = np.where(np.isfinite(game.limits) & (game.limits > 0), game.limits, total)
    return np.divide(1.0, available, out=np.zeros_like(total), where=available > 0) @ game.use


def affordable_levels(game: DefenseGame) -> FloatArray:
    """Find the greatest level of each defense that the limits allow it alone."""
    using = game.use > 0.0
    alone = np.divide(
        game.limits[:, None], game.use, out=np.full_like(game.use, np.inf), where=using
    )
    most: FloatArray = np.minimum(game.max_level, alone.min(axis=0, initial=np.inf))
    return most


def proportional_allocation(game: DefenseGame) -> FloatArray:
    """Spread every resource over its users in proportion."""
    full = game.use @ game.max_level
    limits = game.kept_limits
    share = np.divide(limits, full, out=np.ones_like(full), where=full > limits)
    levels = with_all_free(game, game.max_level * share.min(initial=1.0))
    return scaled_to_limits(game, levels)


def with_all_free(game: DefenseGame, allocation: FloatArray) -> FloatArray:
    """Raise each defense without resource use to its greatest level, which can only help."""
    return np.where(game.use.any(axis=0), allocation, game.max_level)


def held_game(game: DefenseGame, allocation: FloatArray) -> DefenseGame:
    """Build the continuous game of the other defenses, stepped ones held at their levels.

    Held defenses use no resource in this game, and their greatest level is the held one, so they
    run at it. The limits are what the held defenses leave; the tolerance granted to whole steps
    is not available to the others.
    """
    stepped = game.level_rules.stepped
    held = copy.copy(game)
    held.level_rules = LevelRules.continuous(game.n_defenses)
    held.max_level = np.where(stepped, allocation, game.max_level)
    held.use = np.where(stepped, 0.0, game.use)
    used = wide(game.use[:, stepped]) @ wide(allocation[stepped])
    left = wide(game.limits) - used * (1.0 + len(allocation) * WIDE_EPS)
    trace = np.where(np.isfinite(game.limits), GRANTED * game.limits, 0.0)
    left = np.where(left > trace, left, 0.0)
    held.limits = np.array([rounded_down(limit) for limit in left])
    return held


def is_within_limits(game: DefenseGame, allocation: FloatArray) -> bool:
    """Tell whether an allocation keeps within every limit, without rounding error."""
    limits = zip(game.use, game.kept_limits.tolist(), strict=True)
    return not any(_overspends(use, allocation, limit) for use, limit in limits)


def scaled_to_limits(game: DefenseGame, allocation: FloatArray) -> FloatArray:
    """Scale an allocation back as little as needed to keep within the limits exactly."""
    levels = np.minimum(np.maximum(allocation, 0.0), game.max_level)
    for use, limit in zip(game.use, game.kept_limits.tolist(), strict=True):
        while _overspends(use, levels, limit):
            shrink = min(limit / float(use @ levels), 1.0) * (1.0 - 4 * _EPS)
            levels = np.where(use > 0, levels * shrink, levels)
    return levels


def within_limits_beside(
    game: DefenseGame, allocation: FloatArray, held: NDArray[np.bool_]
) -> FloatArray:
    """Scale an allocation back to the limits, if possible, with some defenses held."""
    levels = np.minimum(np.maximum(allocation, 0.0), game.max_level)
    for use, limit in zip(game.use, game.kept_limits.tolist(), strict=True):
        moving = np.where(held, 0.0, use)
        room = limit - float((use - moving) @ levels)
        slack = 4 * _EPS * limit
        while _overspends(use, levels, limit) and (moving * levels).any():
            share = min(max(room - slack, 0.0) / float(moving @ levels), 1.0 - 4 * _EPS)
            levels = np.where(moving > 0, levels * share, levels)
            slack *= 2.0
    return levels


def _overspends(use: FloatArray, levels: FloatArray, limit: float) -> bool:
    """Tell whether levels use more than a limit, perhaps infinite, without rounding error."""
    excess = wide(use) @ wide(levels) - limit
    if abs(excess) >= (len(levels) + 4) * WIDE_EPS * limit:
        return bool(excess > 0.0)
    return exact_dot_sign(use, levels, limit) > 0


def all_within_limits(game: DefenseGame, allocations: FloatArray) -> FloatArray:
    """Scale many allocations back to the limits, by products of whole matrices.

    Parameters
    ----------
    game : DefenseGame
    allocations : ndarray of float, shape (n_allocations, n_defenses)

    Returns
    -------
    ndarray of float, shape (n_allocations, n_defenses)
    """
    levels = np.clip(allocations, 0.0, game.max_level)
    rounding = (game.n_defenses + 4) * WIDE_EPS
    for use, limit in zip(game.use, game.kept_limits.tolist(), strict=True):
        over = np.full(len(levels), np.isfinite(limit))
        while over.any():
            used = wide(levels[over]) @ wide(use)
            excess = used - limit
            for place in np.flatnonzero(np.abs(excess) <= rounding * used).tolist():
                row = levels[np.flatnonzero(over)[place]]
                excess[place] = exact_dot_sign(use, row, limit)
            over[over] = excess > 0.0
            share = np.minimum(limit / used[excess > 0.0].astype(np.float64), 1.0)
            shrunk = levels[over] * (share * (1.0 - 4 * _EPS))[:, None]
            levels[over] = np.where(use > 0.0, shrunk, levels[over])
    return levels
