"""Entries of a scenario's game, from catalog, rules, overrides and own entries."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType

import numpy as np
from numpy.typing import NDArray

from mfmgame.catalogs import rules
from mfmgame.catalogs.library import load_catalog
from mfmgame.catalogs.measured_pairs import MeasuredPairs, measured_pairs, note_on_harm
from mfmgame.documents.base import LARGEST, SMALLEST, refuse
from mfmgame.documents.catalog import (
    NO_CATALOG,
    Assumptions,
    Basis,
    Catalog,
    Defense,
    Effectiveness,
    System,
    Threat,
)
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import Attacker, DefenseOverride, Overrides, ThreatOverride
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "Entries",
    "basis_by_rules",
    "catalog_of",
    "notes_on",
    "resolve",
    "resolve_catalog",
    "weakest",
]


_STRENGTHS: tuple[Basis, ...] = ("measured", "paper", "derived", "assumed")
"""Bases of numbers, the weakest last."""


@dataclass(frozen=True, eq=False)
class Entries:
    """Every threat and defense of a game, with all numbers.

    Attributes
    ----------
    threats : list of Threat, length n_threats
        Each with a severity and a bandwidth.
    defenses : list of Defense, length n_defenses
    effectiveness : ndarray of float, shape (n_threats, n_defenses)
    assumed : ndarray of bool, shape (n_threats, n_defenses)
        Whether an effectiveness above 0 rests on assumptions.
    measured : mapping of (str, str) to Measured
        Effectiveness from counts of attacks, by threat and defense.
    notes : tuple of str
        Caveats about these numbers that every answer repeats.
    """

    threats: list[Threat]
    defenses: list[Defense]
    effectiveness: FloatArray
    assumed: NDArray[np.bool_]
    measured: MeasuredPairs
    notes: tuple[str, ...]


def resolve(scenario: Scenario, catalog: Catalog | None = None) -> Entries:
    """Assemble the entries of a scenario.

    A scenario's own entries are added to its catalog's. An override replaces a number of the
    catalog; an explicit effectiveness overrides the rule, and the scenario's overrides the
    catalog's.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog, optional
        Catalog to use; the scenario's by default.

    Returns
    -------
    Entries

    Raises
    ------
    SpecificationError
        If the scenario refers to a missing catalog, system, threat, defense or resource, or
        repeats an id of its catalog.
    """
    catalog = catalog_of(scenario, catalog)
    try:
        scenario.check_references(catalog)
        return _assembled(scenario, catalog)
    except SpecificationError as error:
        raise scenario.located(error) from None


def resolve_catalog(catalog: Catalog) -> Entries:
    """Assemble the entries of a whole catalog: every threat, no system, no overrides."""
    refuse_other_types(catalog, "catalog", Catalog)
    scenario = Scenario(
        schema="mfmgame/scenario/1", catalog=catalog.name, attacker=Attacker(bandwidth=0.0)
    )
    return resolve(scenario, catalog)


def catalog_of(scenario: Scenario, catalog: Catalog | None = None) -> Catalog:
    """Return the given catalog, or load the scenario's; an empty catalog if it names none."""
    refuse_other_types(scenario, "scenario", Scenario)
    refuse_other_types(catalog, "catalog", Catalog, NoneType)
    if catalog is not None:
        return catalog
    if scenario.catalog is None:
        return NO_CATALOG
    try:
        return load_catalog(scenario.catalog, scenario.folder)
    except SpecificationError as error:
        if error.source:
            raise
        found = SpecificationError(error.message, pointer="/catalog")
        raise scenario.located(found) from None


def _assembled(scenario: Scenario, catalog: Catalog) -> Entries:
    system = next((entry for entry in catalog.systems if entry.id == scenario.system), None)
    flows = None if scenario.deployment is None else scenario.deployment.flows
    changes = scenario.overrides or Overrides()
    threats = [
        _with_numbers(threat, catalog.assumptions, system, changes.threats.get(threat.id))
        for threat in catalog.threats
        if rules.applies(threat, system, flows)
    ] + (scenario.threats or [])
    defenses = [
        _overridden(defense, changes.defenses.get(defense.id)) for defense in catalog.defenses
    ] + scenario.defenses
    matrix, assumed = _by_rule(threats, defenses)
    _enter([*catalog.effectiveness, *scenario.effectiveness], threats, defenses, matrix, assumed)
    measured = measured_pairs(scenario, catalog, {threat.id for threat in threats})
    return Entries(
        threats=threats,
        defenses=defenses,
        effectiveness=matrix,
        assumed=assumed,
        measured=measured,
        notes=(
            *catalog.notes,
            *notes_on(
                threats,
                defenses,
                int(np.count_nonzero(assumed & (matrix > 0))),
                scenario,
            ),
            *note_on_harm(measured),
            *_note_on_uncertainty(len(scenario.uncertain) + len(catalog.uncertain)),
        ),
    )


def _with_numbers(
    threat: Threat,
    assumptions: Assumptions | None,
    system: System | None,
    change: ThreatOverride | None,
) -> Threat:
    """Set a threat's severity and bandwidth: overridden, its own, or by the rules."""
    change = change or ThreatOverride()
    own = {"severity": threat.severity, "bandwidth": threat.bandwidth}
    numbers = {key: value for key, value in own.items() if value is not None}
    overridden = change.model_dump(exclude_none=True)
    bases = {"severity": threat.basis_of("severity"), "bandwidth": threat.basis_of("bandwidth")}
    basis = weakest([bases[key] for key in numbers.keys() - overridden.keys()])
    numbers |= overridden
    traits = threat.traits and rules.restricted_to_inputs(threat.traits, system)
    if traits is not None and assumptions is not None and len(numbers) < len(own):
        basis = basis_by_rules(assumptions)
        if "severity" not in numbers:
            channel = (system and system.channel) or assumptions.channel
            numbers["severity"] = rules.severity(traits, assumptions, channel)
        if "bandwidth" not in numbers:
            numbers["bandwidth"] = rules.bandwidth(threat, traits, assumptions)
        for key, number in numbers.items():
            if number and not SMALLEST <= number <= LARGEST:
                raise refuse(
                    ("catalog",),
                    f"the rules give {shown(threat.id)} a {key} of {number!r}, "
                    f"expected 0 or from {SMALLEST} to {LARGEST}",
                )
    return threat.model_copy(update={**numbers, "traits": traits, "basis": basis})


def weakest(bases: list[Basis | None]) -> Basis | None:
    """Return the weakest of several bases."""
    stated: list[Basis] = [basis for basis in bases if basis is not None]
    return max(stated, key=_STRENGTHS.index, default=None)


def basis_by_rules(assumptions: Assumptions) -> Basis:
    """Return the basis of numbers that the rules derive from assumptions."""
    used = [*assumptions.goals, *assumptions.classes, *assumptions.axes, assumptions.channel]
    return weakest(["derived", *(entry.basis for entry in used)]) or "derived"


def _overridden(defense: Defense, change: DefenseOverride | None) -> Defense:
    if change is None:
        return defense
    update: dict[str, object] = {"use": {**defense.use, **change.use}}
    if change.kind is not None or change.levels is not None:  # either replaces both
        update |= {"kind": change.kind or "continuous", "levels": change.levels}
    plain = {"max_level", "requires", "conflicts"}
    update |= change.model_dump(include=plain, exclude_none=True)
    if defense.traits is not None:
        strengths = change.model_dump(include={"strength", "retention"}, exclude_none=True)
        update["traits"] = defense.traits.model_copy(update=strengths)
    return defense.model_copy(update=update)


def _by_rule(
    threats: list[Threat], defenses: list[Defense]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Compute rule-based effectiveness of pairs that both have traits, and mark assumed values."""
    matrix = np.zeros((len(threats), len(defenses)))
    rows = [index for index, threat in enumerate(threats) if threat.traits]
    columns = [index for index, defense in enumerate(defenses) if defense.traits]
    matrix[np.ix_(rows, columns)] = rules.effectiveness(
        [threat.traits for threat in threats if threat.traits],
        [defense.traits for defense in defenses if defense.traits],
    )
    assumed = np.zeros(matrix.shape, dtype=bool)
    assumed[:, [index for index, d in enumerate(defenses) if d.basis == "assumed"]] = True
    return matrix, assumed


def _enter(
    entries: list[Effectiveness],
    threats: list[Threat],
    defenses: list[Defense],
    matrix: FloatArray,
    assumed: NDArray[np.bool_],
) -> None:
    """Override the rule by explicit values, in place, skipping absent threats."""
    row = {threat.id: index for index, threat in enumerate(threats)}
    column = {defense.id: index for index, defense in enumerate(defenses)}
    for entry in entries:
        if entry.threat in row:
            place = row[entry.threat], column[entry.defense]
            matrix[place] = entry.value
            assumed[place] = entry.basis == "assumed"


def _assumed_numbers(scenario: Scenario) -> list[str]:
    """Name the assumed numbers of a scenario outside its threats, defenses and effectiveness."""
    assumed = {place for place, basis in scenario.bases.items() if basis == "assumed"}
    n_limits = sum(place[:2] == ("defender", "limits") for place in assumed)
    return [
        *(["the attacker's bandwidth"] if ("attacker", "bandwidth") in assumed else ()),
        *(["the termination loss"] if ("termination", "loss") in assumed else ()),
        *([counted(n_limits, "limit")] if n_limits else ()),
    ]


def notes_on(
    threats: list[Threat],
    defenses: list[Defense],
    n_assumed_values: int,
    scenario: Scenario,
) -> tuple[str, ...]:
    """Write the note on entries with assumed numbers, and on other assumed numbers, if any."""
    counts = {
        "threat": sum(threat.basis == "assumed" for threat in threats),
        "defense": sum(defense.basis == "assumed" for defense in defenses),
        "effectiveness value": n_assumed_values,
    }
    listed = ", ".join(
        [
            *(counted(count, noun) for noun, count in counts.items() if count),
            *_assumed_numbers(scenario),
        ]
    )
    return (f"rests on assumed numbers of {listed}",) if listed else ()


def _note_on_uncertainty(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    verb, whose = ("is", "its") if count == 1 else ("are", "their")
    value = "value" if count == 1 else "values"
    return (f"{counted(count, 'number')} {verb} uncertain; this uses {whose} nominal {value}",)
