"""Plans: allocations that users name or state, to be judged rather than found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from mfmgame.documents.float_reading import as_float
from mfmgame.errors import SpecificationError
from mfmgame.game.game import GRANTED, DefenseGame
from mfmgame.messages import nearest, pointer_to, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["broken_rules", "excess_use", "lowered_to_range", "plan_levels"]


def plan_levels(game: DefenseGame, plan: str | Mapping[str, float]) -> FloatArray:
    """Return the level of every defense in a plan.

    Parameters
    ----------
    game : DefenseGame
    plan : str or mapping of str to float
        Name of one of the game's plans, or the level of each defense that runs, by id.

    Returns
    -------
    ndarray of float, shape (n_defenses,)

    Raises
    ------
    SpecificationError
        If the plan or a defense is unknown, or a defense cannot run at the level.

    Examples
    --------
    >>> game = DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5, 0.2]],
    ...                    attacker_bandwidth=1.0, plans={"current": {"d1": 1.0}})
    >>> plan_levels(game, "current").tolist()
    [0.0, 1.0]
    """
    refuse_other_types(plan, "plan", str, Mapping)
    where: tuple[str, ...] = ("plan",)
    if isinstance(plan, str):
        if plan not in game.plans:
            raise SpecificationError(
                f"found {shown(plan)}, expected {nearest(plan, game.plans, 'plan')}",
                pointer="plan",
            )
        where, plan = ("plans", plan), game.plans[plan]
    levels = np.zeros(game.n_defenses)
    positions = {defense: j for j, defense in enumerate(game.defense_ids)}
    for defense, stated in plan.items():
        pointer = pointer_to((*where, str(defense)))
        if defense not in positions:
            hint = nearest(defense, positions, "defense")
            raise SpecificationError(
                f"unknown defense {shown(defense)}, expected {hint}", pointer=pointer
            )
        j = positions[defense]
        levels[j] = as_float(stated, pointer)
        expected = _unmet_range(game, j, float(levels[j]))
        if expected:
            raise SpecificationError(f"found {shown(stated)}, expected {expected}", pointer=pointer)
    levels.flags.writeable = False
    return levels


def _unmet_range(game: DefenseGame, defense: int, level: float) -> str:
    """Describe the levels that a defense can take; empty if a level is among them."""
    steps = game.level_rules.levels[defense]
    if steps is not None:
        allowed = sorted({0.0, *steps.tolist()})
        return "" if level in allowed else "one of " + ", ".join(f"{step:g}" for step in allowed)
    most = float(game.max_level[defense])
    return "" if 0.0 <= level <= most else f"a level from 0 to {most:g}"


def lowered_to_range(game: DefenseGame, levels: FloatArray) -> FloatArray:
    """Lower each level of a plan, where needed, to the greatest level that its defense can take.

    Limits and rules between defenses are not considered.

    Parameters
    ----------
    game : DefenseGame
    levels : ndarray of float, shape (n_defenses,)

    Returns
    -------
    ndarray of float, shape (n_defenses,)
    """
    lowered = np.minimum(levels, game.max_level)
    for j, steps in enumerate(game.level_rules.levels if game.is_discrete else ()):
        if steps is not None:
            lowered[j] = steps[steps <= lowered[j]].max(initial=0.0)
    return lowered


def excess_use(game: DefenseGame, levels: FloatArray) -> dict[str, float]:
    """Compute by how much a plan exceeds each limit that it exceeds, in units of the resource."""
    used = game.use @ levels
    over = used > game.limits * (1.0 + GRANTED)
    return {
        resource: float(used[row] - game.limits[row])
        for row, resource in enumerate(game.resources)
        if over[row]
    }


def broken_rules(game: DefenseGame, levels: FloatArray) -> list[str]:
    """List the rules between defenses that a plan breaks, one line each."""
    return list(_broken(game, levels))


def _broken(game: DefenseGame, levels: FloatArray) -> Iterator[str]:
    ids, rules = game.defense_ids, game.level_rules
    for defense, required in rules.requires:
        if levels[defense] > 0.0 and not levels[required] > 0.0:
            yield f"{shown(ids[defense])} runs without {shown(ids[required])}, which it requires"
    for group, at_least, at_most in rules.groups:
        running = [ids[j] for j in group if levels[j] > 0.0]
        if not at_least <= len(running) <= at_most:
            few = len(running) < at_least
            bounds = f"at least {at_least} must" if few else f"at most {at_most} may"
            names = ", ".join(shown(ids[j]) for j in group)
            yield f"{len(running)} of {names} run, {bounds}"
