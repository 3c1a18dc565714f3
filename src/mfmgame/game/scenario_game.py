"""The game of a scenario: its entries as labelled arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mfmgame.catalogs.number_bases import resources_of
from mfmgame.catalogs.scenario_entries import Entries, resolve
from mfmgame.documents.base import refuse
from mfmgame.documents.catalog import Catalog, Defense
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.chains import Chains
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import DefenseGroup
from mfmgame.messages import refuse_other_types, shown

__all__ = ["build_game", "game_of", "game_of_entries"]


def game_of(problem: Scenario | DefenseGame, *others: type) -> DefenseGame:
    """Return a given game, or build the game of a scenario.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    *others : type
        Other types that the calling function takes.

    Returns
    -------
    DefenseGame

    Raises
    ------
    SpecificationError
        If `problem` is of another type, or as for :func:`build_game`.
    """
    refuse_other_types(problem, "problem", Scenario, DefenseGame, *others)
    return problem if isinstance(problem, DefenseGame) else build_game(problem)


def build_game(scenario: Scenario, catalog: Catalog | None = None) -> DefenseGame:
    """Build the game of a scenario.

    Parameters
    ----------
    scenario : Scenario
        From :func:`load_scenario`, or built from a dictionary.
    catalog : Catalog, optional
        Catalog to use in place of the one that the scenario names.

    Returns
    -------
    DefenseGame
        The applicable threats, in the catalog's order, against its defenses.

    Raises
    ------
    SpecificationError
        If the scenario refers to a missing entry, or its level rules are inconsistent.

    Examples
    --------
    >>> import mfmgame as mg
    >>> mg.build_game(mg.load_scenario("examples/llava.json")).n_defenses
    15
    """
    entries = resolve(scenario, catalog)
    try:
        if scenario.graph is not None:
            raise refuse(
                ("graph",),
                "found an attack graph, expected listed threats: coverage indices, Navigator "
                "layers, exports, portfolios, ensembles, ranges and sensitivities need every "
                "threat listed, and a graph has too many paths (solve, sweep, threshold, evaluate "
                "and verify take graphs)",
            )
        return game_of_entries(scenario, entries)
    except SpecificationError as error:
        raise scenario.located(error) from None


def game_of_entries(scenario: Scenario, entries: Entries) -> DefenseGame:
    """Build the game of a scenario's resolved entries.

    Parameters
    ----------
    scenario : Scenario
    entries : Entries

    Returns
    -------
    DefenseGame

    Raises
    ------
    SpecificationError
        If the level rules are inconsistent, or the composition cannot take an effectiveness.
    """
    threats, defenses = entries.threats, entries.defenses
    levels = _stepped_levels(scenario, defenses)
    chains, effectiveness = _chains(entries), entries.effectiveness
    if chains is not None:
        effectiveness = chains.completed(effectiveness, scenario.composition)
    composition_class(scenario.composition).check_effectiveness(
        effectiveness, [one.id for one in threats], [one.id for one in defenses]
    )
    game = DefenseGame(
        severity=[threat.severity or 0.0 for threat in threats],
        bandwidth=[threat.bandwidth or 0.0 for threat in threats],
        effectiveness=effectiveness,
        attacker_bandwidth=scenario.attacker.bandwidth,
        use={name: [d.use.get(name, 0.0) for d in defenses] for name in resources_of(defenses)},
        limits=scenario.defender.limits,
        max_level=[defense.max_level for defense in defenses],
        levels=levels,
        requires={d.id: d.requires for d in defenses if d.requires},
        groups=_groups(scenario, defenses),
        composition=scenario.composition,
        termination_loss=None if scenario.termination is None else scenario.termination.loss,
        threat_ids=[threat.id for threat in threats],
        defense_ids=[defense.id for defense in defenses],
        threat_classes=[threat.threat_class for threat in threats],
        threat_losses=[threat.loss or "" for threat in threats],
        threat_names=[threat.name for threat in threats],
        defense_names=[defense.name for defense in defenses],
        name=scenario.name,
        plans=scenario.plans,
        units=scenario.units,
        shown_as=entries.shown_as,
        notes=entries.notes,
    )
    game.bases, game.chains = entries.bases, chains
    return game


def _chains(entries: Entries) -> Chains | None:
    """Collect the techniques of a game; None if no threat is a chain."""
    if not entries.steps:
        return None
    return Chains(
        technique_ids=tuple(technique.id for technique in entries.techniques),
        technique_names=tuple(technique.name for technique in entries.techniques),
        effectiveness=entries.technique_effectiveness,
        bandwidth=np.array([technique.bandwidth for technique in entries.techniques]),
        steps=entries.steps,
        stated=entries.stated,
    )


def _stepped_levels(scenario: Scenario, defenses: Sequence[Defense]) -> dict[str, list[float]]:
    """Collect the levels of every stepped defense by id, and refuse rules on continuous ones."""
    stepped: dict[str, list[float]] = {}
    for defense in defenses:
        kind = defense.kind if "kind" in defense.model_fields_set else scenario.defender.kind
        if defense.levels is not None:
            stepped[defense.id] = defense.levels
        elif kind == "binary":
            stepped[defense.id] = [0.0, defense.max_level] if defense.max_level else [0.0]
    first_own = len(defenses) - len(scenario.defenses)
    for index, defense in enumerate(defenses):
        own = ("defenses", index - first_own) if index >= first_own else ("catalog",)
        if defense.levels and defense.levels[-1] > defense.max_level:
            raise refuse(
                own,
                f"found a level of {shown(defense.levels[-1])} of {shown(defense.id)}, expected at "
                f"most its max_level, {shown(defense.max_level)}",
            )
        for key, names in (("requires", defense.requires), ("conflicts", defense.conflicts)):
            place = (*own, key) if index >= first_own else own
            for name in (defense.id, *names) if names else ():
                _refuse_continuous(name, stepped, place)
    for index, group in enumerate(scenario.defender.groups):
        for position, name in enumerate(group.defenses):
            place = ("defender", "groups", index, "defenses", position)
            _refuse_continuous(name, stepped, place)
    return stepped


def _refuse_continuous(
    name: str, stepped: Mapping[str, list[float]], place: tuple[str | int, ...]
) -> None:
    if name not in stepped:
        raise refuse(
            place,
            f"found the continuous defense {shown(name)} in a rule, expected kind 'binary' "
            "or 'levels'",
        )


def _groups(scenario: Scenario, defenses: Sequence[Defense]) -> list[DefenseGroup]:
    """List the scenario's groups, with each conflict as a group of which at most one may run."""
    stated = [
        DefenseGroup(group.defenses, group.at_least, group.at_most)
        for group in scenario.defender.groups
    ]
    pairs = {
        tuple(sorted((defense.id, other))): None
        for defense in defenses
        for other in defense.conflicts
    }
    return stated + [DefenseGroup(pair, at_most=1) for pair in pairs]
