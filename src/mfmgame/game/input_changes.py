"""Differences between the inputs of two games."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mfmgame.game.chains import Chains
from mfmgame.game.game import DefenseGame
from mfmgame.messages import pointer_to
from mfmgame.numerics.arrays import FloatArray, dense

__all__ = ["InputChange", "input_changes"]

Value = float | str | tuple[float, ...] | None


class InputChange(NamedTuple):
    """An input that differs between two games.

    Attributes
    ----------
    pointer : str
        The input, with ids in place of positions, such as ``/threats/phishing/severity``.
    before, after : float, str, tuple of float or None
        None where the game has no such input.
    """

    pointer: str
    before: Value
    after: Value


def input_changes(before: DefenseGame, after: DefenseGame) -> list[InputChange]:
    """List the inputs that differ between two games, in the order of the games.

    Parameters
    ----------
    before, after : DefenseGame

    Returns
    -------
    list of InputChange

    Examples
    --------
    >>> game = DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5]],
    ...                    attacker_bandwidth=1.0)
    >>> input_changes(game, game.with_attacker_bandwidth(2.0))
    [InputChange(pointer='/attacker/bandwidth', before=1.0, after=2.0)]
    """
    first, second = _inputs(before), _inputs(after)
    return [
        InputChange(pointer, first.get(pointer), second.get(pointer))
        for pointer in {**first, **second}
        if first.get(pointer) != second.get(pointer)
    ]


def _inputs(game: DefenseGame) -> dict[str, Value]:
    """Collect the inputs of a game by pointer; a use, an effectiveness or a level of 0 is none."""
    found: dict[tuple[str, ...], Value] = {
        ("composition",): game.composition,
        ("attacker", "bandwidth"): game.attacker_bandwidth,
        ("termination", "loss"): game.termination_loss,
        ("units", "loss"): game.units.loss or None,
        ("units", "period"): game.units.period or None,
    }
    for resource, unit in game.units.resources.items():
        found["units", "resources", resource] = unit
    for resource, display in game.shown_as.items():
        found["resources", resource, "shown_as"] = display
    for resource, limit in zip(game.resources, game.limits.tolist(), strict=True):
        found["defender", "limits", resource] = limit if np.isfinite(limit) else None
    for group, (members, at_least, at_most) in enumerate(game.level_rules.groups):
        names = " ".join(game.defense_ids[j] for j in sorted(members))
        found["defender", "groups", str(group)] = f"{at_least} to {at_most} of {names}"
    for i, threat in enumerate(game.threat_ids):
        found["threats", threat, "class"] = game.threat_classes[i]
        found["threats", threat, "loss"] = game.threat_losses[i] or None
        found["threats", threat, "severity"] = float(game.severity[i])
        found["threats", threat, "bandwidth"] = float(game.bandwidth[i])
    for j, defense in enumerate(game.defense_ids):
        levels = game.level_rules.levels[j]
        found["defenses", defense, "max_level"] = float(game.max_level[j])
        found["defenses", defense, "levels"] = None if levels is None else tuple(levels.tolist())
        for row in np.flatnonzero(game.use[:, j]).tolist():
            found["defenses", defense, "use", game.resources[row]] = float(game.use[row, j])
    for first, second in game.level_rules.requires:
        required = game.defense_ids[second]
        found["defenses", game.defense_ids[first], "requires", required] = required
    matrix = dense(game.effectiveness)
    if game.chains is not None:
        matrix = game.chains.without_derived(matrix)
        found |= _inputs_of_chains(game, game.chains)
    found |= _pairs(matrix, game.threat_ids, game.defense_ids)
    for plan, levels_of in game.plans.items():
        running = {defense: float(level) for defense, level in levels_of.items() if level}
        found["plans", plan] = None if running else "runs nothing"
        for defense, level in running.items():
            found["plans", plan, defense] = level
    return {pointer_to(parts): value for parts, value in found.items()}


def _inputs_of_chains(game: DefenseGame, chains: Chains) -> dict[tuple[str, ...], Value]:
    """Collect the steps of chains, and the numbers of techniques."""
    found: dict[tuple[str, ...], Value] = {
        ("threats", threat, "steps"): " ".join(chains.steps_of(i)) or None
        for i, threat in enumerate(game.threat_ids)
    }
    for technique, bits in zip(chains.technique_ids, chains.bandwidth.tolist(), strict=True):
        found["techniques", technique, "bandwidth"] = bits
    return found | _pairs(chains.effectiveness, chains.technique_ids, game.defense_ids)


def _pairs(
    matrix: FloatArray, rows: Sequence[str], defenses: Sequence[str]
) -> dict[tuple[str, ...], Value]:
    """Collect the values of effectiveness above 0; no id belongs to a threat and a technique."""
    return {
        ("effectiveness", rows[i], defenses[j]): float(matrix[i, j])
        for i, j in np.argwhere(matrix).tolist()
    }
