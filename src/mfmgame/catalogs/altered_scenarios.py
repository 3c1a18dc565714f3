"""Scenarios with defenses dropped or entries added."""

from __future__ import annotations

from collections.abc import Sequence

from mfmgame.catalogs.scenario_entries import catalog_of
from mfmgame.documents.addition import Addition
from mfmgame.documents.base import refuse
from mfmgame.documents.catalog import Catalog, Defense, Threat
from mfmgame.documents.entry_references import (
    refuse_shared_ids,
    refuse_unknown_pairs,
    refuse_unknown_parts,
)
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import Overrides
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = ["altered"]


def altered(
    scenario: Scenario,
    drop: Sequence[str],
    additions: Sequence[Addition],
    catalog: Catalog | None = None,
) -> tuple[Scenario, Catalog]:
    """Drop defenses from a scenario and its catalog, and add entries.

    A dropped defense stays at a greatest level of 0, so that references to it remain valid.

    Parameters
    ----------
    scenario : Scenario
    drop : sequence of str
        Ids of defenses.
    additions : sequence of Addition
    catalog : Catalog, optional
        Catalog of the scenario; the catalog that it names by default.

    Returns
    -------
    scenario : Scenario
    catalog : Catalog

    Raises
    ------
    SpecificationError
        If a defense is unknown, or an addition contradicts the scenario.
    """
    catalog = catalog_of(scenario, catalog)
    try:
        scenario.check_references(catalog)
    except SpecificationError as error:
        raise scenario.located(error) from None
    for addition in additions:
        try:
            scenario = _with_entries(scenario, catalog, addition)
        except SpecificationError as error:
            raise error.located(addition.source) from None
    known = _ids([*catalog.defenses, *scenario.defenses])
    for name in drop:
        if name not in known:
            raise SpecificationError(
                f"unknown defense {shown(name)}, expected {nearest(name, known, 'defense')}",
                pointer="drop",
            )
    return _without(scenario, catalog, frozenset(drop))


def _with_entries(scenario: Scenario, catalog: Catalog, addition: Addition) -> Scenario:
    threats = _ids([*catalog.threats, *(scenario.threats or ())])
    defenses = _ids([*catalog.defenses, *scenario.defenses])
    for key, names, known in (
        ("threats", _ids(addition.threats), set(threats)),
        ("defenses", _ids(addition.defenses), set(defenses)),
    ):
        for index, name in enumerate(names):
            if name in known:
                raise refuse(
                    (key, index, "id"),
                    f"found {shown(name)}, which the scenario has, expected a new id",
                )
    threats += _ids(addition.threats)
    defenses += _ids(addition.defenses)
    stated = {(one.acts_on, one.defense) for one in scenario.effectiveness}
    losses, techniques = (
        dict.fromkeys(entry.id for entry in entries)
        for entries in (
            [*catalog.losses, *scenario.losses],
            [*catalog.techniques, *scenario.techniques],
        )
    )
    refuse_shared_ids("threats", _ids(addition.threats), "technique", techniques)
    refuse_unknown_parts(addition.threats, losses, techniques)
    refuse_unknown_pairs(
        addition.effectiveness, dict.fromkeys(threats), dict.fromkeys(defenses), techniques
    )
    for index, one in enumerate(addition.effectiveness):
        if (one.acts_on, one.defense) in stated:
            raise refuse(
                ("effectiveness", index),
                f"found {shown(one.acts_on)} with {shown(one.defense)}, of which the scenario "
                "has a value, expected another pair",
            )
    return scenario.model_copy(
        update={
            "threats": [*(scenario.threats or ()), *addition.threats],
            "defenses": [*scenario.defenses, *addition.defenses],
            "effectiveness": [*scenario.effectiveness, *addition.effectiveness],
        }
    )


def _ids(entries: Sequence[Threat] | Sequence[Defense]) -> list[str]:
    return [entry.id for entry in entries]


def _without(
    scenario: Scenario, catalog: Catalog, drop: frozenset[str]
) -> tuple[Scenario, Catalog]:
    changes = scenario.overrides or Overrides()
    kept = {
        name: change.model_copy(update={"max_level": None}) if name in drop else change
        for name, change in changes.defenses.items()
    }
    update: dict[str, object] = {"defenses": [_idle(one, drop) for one in scenario.defenses]}
    if scenario.overrides is not None:
        update["overrides"] = changes.model_copy(update={"defenses": kept})
    idle = [_idle(one, drop) for one in catalog.defenses]
    return scenario.model_copy(update=update), catalog.model_copy(update={"defenses": idle})


def _idle(defense: Defense, drop: frozenset[str]) -> Defense:
    """Set a defense's greatest level to 0 if it is dropped."""
    if defense.id not in drop:
        return defense
    stepped = {} if defense.levels is None else {"levels": [0.0]}
    return defense.model_copy(update={"max_level": 0.0, **stepped})
