"""Other optimal allocations of a game with stepped defenses: the cheapest, and their range.

Whether another one exists is a question to the same search: is there an allocation that
costs less, or that has a level elsewhere, and that no attack hurts more? It gives up after
some thousands of solves, and what is known by then is the answer.
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
from mfmgame.game.symmetry import families_of, twins_of
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.branch_and_bound import BoxSearch
from mfmgame.solving.cut_pool import CutPool

__all__ = ["as_good", "best_within", "cheapest_steps", "extremes", "trimmed"]


_EXACT = 1e-13
"""Share of the value that rounding may cost an allocation that is still called optimal."""
_EQUAL_VALUE = 1e-9
"""Share of the value by which optimal allocations of other levels may differ."""
_LESS = 1e-8
"""Share of its cost that a cheaper allocation saves at least."""
_MAX_SOLVES = 5000


def as_good(loss: float, tolerance: float) -> float:
    """The most that the worst attack may cause on an allocation that counts as good.

    Parameters
    ----------
    loss : float
        On the best one that was found.
    tolerance : float
        Of the solve, which the bracket stays within.

    Returns
    -------
    float
        1e-9 of the loss more, or half the tolerance if that is less.
    """
    return loss * (1.0 + max(_EXACT, min(_EQUAL_VALUE, 0.5 * tolerance)))


def cheapest_steps(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    cutoff: float,
    rest: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """The optimal allocation that uses least, each resource in units of its limit.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    allocation : ndarray of float, shape (n_defenses,)
        An optimal one.
    cutoff : float
        Loss that the worst attack may cause.
    rest : callable
        Makes the continuous levels of an allocation the cheapest beside its steps.

    Returns
    -------
    ndarray of float, shape (n_defenses,)
    """
    cost = resource_cost(game)
    best = rest(trimmed(game, composition, allocation, cost, cutoff))
    if not composition.is_polyhedral and not game.level_rules.stepped.all():
        return best  # curved: of almost the same value there are too many to tell apart
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
        # The rest beside the same steps is the cheapest already, but for rounding.
        if best[stepped].tobytes() in tried:
            break
        tried.add(best[stepped].tobytes())
    return best


def extremes(
    solution: Solution, composition: Composition, cuts: CutPool
) -> tuple[FloatArray, FloatArray]:
    """Least and greatest level of each defense over all optimal allocations.

    Parameters
    ----------
    solution : Solution
    composition : Composition
        Bound to the game's effectiveness.
    cuts : CutPool
        Of the solver that found it.

    Returns
    -------
    least, greatest : ndarray of float, shape (n_defenses,)
        Of allocations whose worst attack costs the value, but for 1e-9 of it.
    """
    game, allocation = solution.game, solution.allocation.array
    least, greatest = allocation.copy(), allocation.copy()
    whole = game.level_rules.whole(game.max_level)
    assert whole is not None
    cutoff = np.nextafter(solution.value * (1.0 + _EQUAL_VALUE), np.inf)
    left = _MAX_SOLVES
    families = families_of(twins_of(game))
    # Of those that are alike, in their order, the last has the least level of all.
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
    """The best allocation with no level above those of a plan; the plan itself if it is one.

    Parameters
    ----------
    game : DefenseGame
        With stepped defenses.
    plan : ndarray of float, shape (n_defenses,)

    Returns
    -------
    ndarray of float, shape (n_defenses,), or None
        None if limits and rules leave none.
    """
    rules = game.level_rules
    whole = rules.whole(game.max_level)
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
    """The allocation without steps that can be taken back one by one, the dearest first.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    allocation : ndarray of float, shape (n_defenses,)
    cost : ndarray of float, shape (n_defenses,)
        Of each defense, at level 1; those that cost nothing stay.
    cutoff : float
        Loss that the worst attack may cause then.

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
            response = best_response(residual, game.bandwidth, game.attacker_bandwidth)
            if response.loss <= cutoff and game.level_rules.allows(lower):
                best = lower
                break
    return best


def _with_cost(game: DefenseGame, cost: FloatArray) -> DefenseGame:
    """The game with what an allocation costs in all as one more resource."""
    priced = copy.copy(game)
    priced.resources = (*game.resources, "cost")
    priced.use = np.vstack((game.use, cost))
    priced.limits = np.append(game.limits, float(cost @ game.max_level))
    return priced
