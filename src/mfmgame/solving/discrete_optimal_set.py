"""Optimal allocations of a game with stepped defenses: the cheapest, and their ranges.

The same search decides whether another optimal allocation exists: an allocation that costs
less, or that has some level elsewhere, and whose worst attack costs no more. The search gives
up after some thousands of solves; the answer is then the best known.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from mfmgame.answers.solution import Solution
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition, compose
from mfmgame.game.feasibility import is_within_limits, resource_cost
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.game.symmetry import families_of, interchangeable_pairs
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.branch_and_bound import BoxSearch
from mfmgame.solving.cut_pool import CutPool

__all__ = ["best_within", "cheapest_steps", "extremes", "loss_cutoff", "trimmed"]


_EXACT = 1e-13
"""Relative rounding error of the value within which an allocation still counts as optimal."""
_EQUAL_VALUE = 1e-9
"""Relative difference in value within which allocations with other levels count as optimal."""
_LESS = 1e-8
"""Least relative saving of a cheaper allocation."""
_MAX_SOLVES = 5000


def loss_cutoff(loss: float, tolerance: float) -> float:
    """Compute the greatest loss at which an allocation still counts as optimal.

    Parameters
    ----------
    loss : float
        Loss of the worst attack on the best allocation found.
    tolerance : float
        Tolerance of the solve, which the bracket stays within.

    Returns
    -------
    float
        The loss plus 1e-9 of it, or plus half the tolerance if that is less.
    """
    return loss * (1.0 + max(_EXACT, min(_EQUAL_VALUE, 0.5 * tolerance)))


def cheapest_steps(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    cutoff: float,
    rest: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Find the optimal allocation that uses least, each resource in units of its limit.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness matrix.
    allocation : ndarray of float, shape (n_defenses,)
        An optimal allocation.
    cutoff : float
        Greatest loss that the worst attack may cause.
    rest : callable
        Makes the continuous levels of an allocation the cheapest for its steps.

    Returns
    -------
    ndarray of float, shape (n_defenses,)
    """
    cost = resource_cost(game)
    best = rest(trimmed(game, composition, allocation, cost, cutoff))
    if not composition.is_polyhedral and not game.level_rules.stepped.all():
        return best  # curved: too many allocations have almost the same value
    priced = _with_cost(game, cost)
    cuts = CutPool(priced, composition)
    left = _MAX_SOLVES
    stepped, tried = game.level_rules.stepped, {best[game.level_rules.stepped].tobytes()}
    while cost @ best > 0.0 and left > 0:
        priced.limits[-1] = (cost @ best) * (1.0 - _LESS)
        search = BoxSearch(
            priced,
            composition,
            cuts,
            tolerance=0.0,
            cutoff=np.nextafter(cutoff, np.inf),
            max_rounds=left,
            first=True,
        )
        search.run()
        left -= search.rounds
        if search.response is None:
            break
        best = rest(trimmed(game, composition, search.allocation, cost, cutoff))
        # For the same steps, `rest` already returns the cheapest levels, up to rounding.
        if best[stepped].tobytes() in tried:
            break
        tried.add(best[stepped].tobytes())
    return best


def extremes(
    solution: Solution, composition: Composition, cuts: CutPool
) -> tuple[FloatArray, FloatArray]:
    """Find the least and greatest level of each defense over all optimal allocations.

    Parameters
    ----------
    solution : Solution
    composition : Composition
        Bound to the game's effectiveness matrix.
    cuts : CutPool
        Cuts of the solver that found the solution.

    Returns
    -------
    least, greatest : ndarray of float, shape (n_defenses,)
        Over allocations whose worst attack costs the value, within a relative 1e-9.
    """
    game, allocation = solution.game, solution.allocation.array
    least, greatest = allocation.copy(), allocation.copy()
    whole = game.level_rules.full_box(game.max_level)
    assert whole is not None
    cutoff = np.nextafter(solution.value * (1.0 + _EQUAL_VALUE), np.inf)
    left = _MAX_SOLVES
    families = families_of(interchangeable_pairs(game))
    # In a family of interchangeable defenses, ordered by level, the last has the least level.
    last = {one: family[-1] for family in families for one in family}
    first = {one: family[0] for family in families for one in family}
    for family in families:
        least[family], greatest[family] = least[family].min(), greatest[family].max()
    for defense, levels in enumerate(game.level_rules.levels):
        for side, known, speaker in ((1, least, last), (0, greatest, first)):
            if speaker.get(defense, defense) != defense:
                continue
            while levels is not None and left > 0:
                further = (
                    levels[levels < known[defense]] if side else levels[levels > known[defense]]
                )
                if not len(further):
                    break
                box: Box = (whole[0].copy(), whole[1].copy())
                box[side][defense] = further[-1] if side else further[0]
                search = BoxSearch(
                    game,
                    composition,
                    cuts,
                    tolerance=0.0,
                    cutoff=cutoff,
                    box=box,
                    max_rounds=left,
                    first=True,
                )
                search.run()
                left -= search.rounds
                if search.response is None:
                    break
                np.minimum(least, search.allocation, out=least)
                np.maximum(greatest, search.allocation, out=greatest)
    for family in families:
        least[family], greatest[family] = least[family].min(), greatest[family].max()
    return least, greatest


def best_within(game: DefenseGame, plan: FloatArray) -> FloatArray | None:
    """Find the best allocation with no level above a plan's; the plan itself if allowed.

    Parameters
    ----------
    game : DefenseGame
        With stepped defenses.
    plan : ndarray of float, shape (n_defenses,)

    Returns
    -------
    ndarray of float, shape (n_defenses,), or None
        None if limits and rules allow no allocation.
    """
    rules = game.level_rules
    whole = rules.full_box(game.max_level)
    if whole is None or (rules.allows(plan) and is_within_limits(game, plan)):
        return None if whole is None else plan
    composition = compose(game)
    box = (whole[0], np.minimum(whole[1], plan))
    search = BoxSearch(
        game,
        composition,
        CutPool(game, composition),
        tolerance=_EQUAL_VALUE,
        box=box,
        ordered=False,
    )
    search.run()
    return None if search.response is None else search.allocation


def trimmed(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    cost: FloatArray,
    cutoff: float,
) -> FloatArray:
    """Remove the steps of an allocation that are not needed, one by one, the dearest first.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness matrix.
    allocation : ndarray of float, shape (n_defenses,)
    cost : ndarray of float, shape (n_defenses,)
        Cost of each defense at level 1; defenses that cost nothing stay.
    cutoff : float
        Greatest loss that the worst attack may then cause.

    Returns
    -------
    ndarray of float, shape (n_defenses,)
    """
    best = allocation
    for defense in np.argsort(-cost * allocation, kind="stable").tolist():
        levels = game.level_rules.levels[defense]
        if levels is None or cost[defense] == 0.0:
            continue
        for level in levels[levels < best[defense]]:
            lower = best.copy()
            lower[defense] = level
            residual = game.severity * composition.exposure(lower)
            response = best_response(residual, game.ways, game.attacker_bandwidth)
            if response.loss <= cutoff and game.level_rules.allows(lower):
                best = lower
                break
    return best


def _with_cost(game: DefenseGame, cost: FloatArray) -> DefenseGame:
    """Add the total cost of an allocation to the game as one more resource."""
    priced = copy.copy(game)
    priced.resources = (*game.resources, "cost")
    priced.use = np.vstack((game.use, cost))
    priced.limits = np.append(game.limits, float(cost @ game.max_level))
    return priced
