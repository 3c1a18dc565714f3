"""Entries of a scenario's game, from catalog, rules, overrides and own entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import NoneType

import numpy as np

from mfmgame.catalogs import rules
from mfmgame.catalogs.effectiveness_pairs import EffectivenessPairs
from mfmgame.catalogs.library import load_catalog
from mfmgame.catalogs.losses_and_techniques import LossesAndTechniques, losses_and_techniques
from mfmgame.catalogs.measured_pairs import MeasuredPairs, measured_pairs, note_on_harm
from mfmgame.catalogs.number_bases import (
    NumberBases,
    basis_by_rules,
    code_of,
    number_bases,
    with_bases,
)
from mfmgame.documents.base import LARGEST, SMALLEST, refuse
from mfmgame.documents.catalog import (
    NO_CATALOG,
    Assumptions,
    Catalog,
    Defense,
    ShownAs,
    System,
    Threat,
)
from mfmgame.documents.losses_and_techniques import Loss, Technique
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import Attacker, DefenseOverride, Overrides
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types, shown
from mfmgame.numerics.arrays import BoolArray, FloatArray, IntArray

__all__ = [
    "Entries",
    "catalog_of",
    "displays_of",
    "notes_on",
    "resolve",
    "resolve_catalog",
]


@dataclass(frozen=True, eq=False)
class Entries:
    """Every threat and defense of a game, with all numbers.

    Attributes
    ----------
    threats : list of Threat, length n_threats
        Each with a severity and a bandwidth.
    defenses : list of Defense, length n_defenses
    effectiveness : ndarray of float, shape (n_threats, n_defenses)
        Of a chain, the greatest of its steps where no value is stated: each composition has a
        rule of its own.
    bases : NumberBases
        What each number rests on.
    static : ndarray of bool, shape (n_threats, n_defenses)
        Whether an effectiveness was measured by attacks that did not adapt to the defense.
    stated : ndarray of bool, shape (n_threats, n_defenses)
        Whether an effectiveness is explicit.
    sources : mapping of (int, int) to str
        Where explicit effectiveness values come from, by row and column; rows of techniques
        follow those of threats.
    measured : mapping of (str, str) to Measured
        Effectiveness from counts of attacks, by threat or technique, and defense.
    notes : tuple of str
        Caveats about these numbers that every answer repeats.
    shown_as : mapping of str to str
        How amounts of a resource are shown, where stated.
    losses : list of Loss
    techniques : list of Technique, length n_techniques
    technique_effectiveness : ndarray of float, shape (n_techniques, n_defenses)
    steps : tuple of ndarray of int
        Positions of each threat's distinct steps among the techniques; empty if no threat is a
        chain.
    """

    threats: list[Threat]
    defenses: list[Defense]
    effectiveness: FloatArray
    bases: NumberBases
    static: BoolArray
    stated: BoolArray
    sources: Mapping[tuple[int, int], str]
    measured: MeasuredPairs
    shown_as: Mapping[str, ShownAs]
    losses: list[Loss]
    techniques: list[Technique]
    technique_effectiveness: FloatArray
    steps: tuple[IntArray, ...]
    notes: tuple[str, ...] = ()

    def counts(self, effectiveness: FloatArray) -> tuple[int, int]:
        """Count the assumed values and the statically measured values of a matrix above 0."""
        above, assumed = effectiveness > 0.0, self.bases.effectiveness == code_of("assumed")
        return int(np.count_nonzero(assumed & above)), int(np.count_nonzero(self.static & above))


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
        If the scenario refers to a missing catalog, system, threat, defense, loss, technique or
        resource, repeats an id of its catalog, or states a severity above that of the loss.
    """
    catalog = catalog_of(scenario, catalog)
    try:
        scenario.check_references(catalog)
        if not (scenario.is_drawn or catalog.is_drawn):
            scenario.refuse_contradictions(catalog)
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


def displays_of(scenario: Scenario, catalog: Catalog | None = None) -> dict[str, ShownAs]:
    """Collect how resources are shown: as the scenario says, else as its catalog says."""
    stated = {**catalog_of(scenario, catalog).resources, **scenario.resources}
    return {name: resource.shown_as for name, resource in stated.items()}


def _assembled(scenario: Scenario, catalog: Catalog) -> Entries:
    system = next((entry for entry in catalog.systems if entry.id == scenario.system), None)
    flows = None if scenario.deployment is None else scenario.deployment.flows
    changes = scenario.overrides or Overrides()
    applied = {
        index: threat
        for index, threat in enumerate(catalog.threats)
        if rules.applies(threat, system, flows)
    }
    parts = losses_and_techniques(scenario, catalog)
    threats = [
        *_catalog_threats(scenario, catalog, applied, system, parts),
        *_own_threats(scenario, parts),
    ]
    defenses = [
        _overridden(defense, changes.defenses.get(defense.id)) for defense in catalog.defenses
    ] + scenario.defenses
    techniques = list(parts.techniques.values())
    bases_of_traits = [threat.basis for threat in (*applied.values(), *(scenario.threats or ()))]
    pairs = EffectivenessPairs(threats, techniques, defenses, bases_of_traits)
    for document in (catalog, scenario):
        pairs.enter(document)
    n, steps = len(threats), parts.steps_of(threats)
    for row, rows in enumerate(steps):
        if len(rows):
            pairs.fill_chain(row, n + rows)
    measured = measured_pairs(
        scenario, catalog, {*parts.techniques, *(threat.id for threat in threats)}
    )
    entries = Entries(
        threats=threats,
        defenses=defenses,
        effectiveness=pairs.values[:n],
        bases=number_bases(scenario, catalog, threats, defenses, pairs.bases[:n]),
        static=pairs.static[:n],
        stated=pairs.stated[:n],
        sources=pairs.sources,
        measured=measured,
        shown_as=displays_of(scenario, catalog),
        losses=list(parts.losses.values()),
        techniques=techniques,
        technique_effectiveness=pairs.values[n:],
        steps=steps,
    )
    counts = entries.counts(entries.effectiveness)
    uncertain = len(scenario.uncertain) + len(catalog.uncertain)
    noted = (*notes_on(entries, counts, scenario), *note_on_harm(measured))
    return replace(entries, notes=(*catalog.notes, *noted, *_note_on_uncertainty(uncertain)))


def _own_threats(scenario: Scenario, parts: LossesAndTechniques) -> Iterator[Threat]:
    """Set the numbers of the scenario's own threats, and what they rest on."""
    stated = scenario.bases
    for index, threat in enumerate(scenario.threats or ()):
        place, elsewhere = ("threats", index), parts.bases_of(threat, None)
        sourced = with_bases(threat, place, stated, elsewhere=elsewhere)
        is_plain = threat.loss is None and threat.steps is None
        yield sourced if is_plain else _with_numbers(sourced, None, None, {}, parts)


def _catalog_threats(
    scenario: Scenario,
    catalog: Catalog,
    applied: Mapping[int, Threat],
    system: System | None,
    parts: LossesAndTechniques,
) -> Iterator[Threat]:
    """Set the numbers of the threats of the catalog, and what they rest on."""
    stated, bases, rules_used = scenario.bases, catalog.bases, catalog.assumptions
    by_rules = None if rules_used is None else basis_by_rules(rules_used)
    changes = (scenario.overrides or Overrides()).threats
    for index, original in applied.items():
        threat, change = original, changes.get(original.id)
        if change is not None and change.loss is not None:
            threat = threat.model_copy(update={"loss": change.loss})
        elsewhere = parts.bases_of(threat, by_rules)
        sourced = with_bases(threat, ("threats", index), bases, change, stated, elsewhere)
        numbers = {} if change is None else change.model_dump(exclude_none=True, exclude={"loss"})
        yield _with_numbers(sourced, rules_used, system, numbers, parts)


def _with_numbers(
    threat: Threat,
    assumptions: Assumptions | None,
    system: System | None,
    changes: Mapping[str, float],
    parts: LossesAndTechniques,
) -> Threat:
    """Set a threat's numbers: overridden, its own, its loss's or steps', or by the rules."""
    own = {"severity": threat.severity, "bandwidth": threat.bandwidth}
    taken = parts.numbers_of(threat)
    numbers: dict[str, float] = {str(key): value for key, value in taken.items()}
    numbers |= {key: value for key, value in own.items() if value is not None}
    numbers |= changes
    if "severity" in taken:  # a drawn severity may exceed the drawn loss
        numbers["severity"] = min(numbers["severity"], taken["severity"])
    traits = threat.traits and rules.restricted_to_inputs(threat.traits, system)
    if traits is not None and assumptions is not None and len(numbers) < len(own):
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
    return threat.model_copy(update={**numbers, "traits": traits})


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


def _assumed_numbers(scenario: Scenario) -> list[str]:
    """Name the assumed numbers of a scenario outside its threats, defenses and effectiveness."""
    assumed = {place for place, basis in scenario.bases.items() if basis == "assumed"}
    n_limits = sum(place[:2] == ("defender", "limits") for place in assumed)
    return [
        *(["the attacker's bandwidth"] if ("attacker", "bandwidth") in assumed else ()),
        *(["the termination loss"] if ("termination", "loss") in assumed else ()),
        *([counted(n_limits, "limit")] if n_limits else ()),
    ]


def notes_on(entries: Entries, counts: tuple[int, int], scenario: Scenario) -> tuple[str, ...]:
    """Write the notes on assumed numbers and on measurements by static attacks, if any.

    Parameters
    ----------
    entries : Entries
    counts : tuple of int
        By :meth:`Entries.counts`.
    scenario : Scenario
    """
    n_assumed, n_static = counts
    assumed = {
        "threat": sum(threat.basis == "assumed" for threat in entries.threats),
        "defense": sum(defense.basis == "assumed" for defense in entries.defenses),
        "effectiveness value": n_assumed,
    }
    listed = ", ".join(
        [
            *(counted(count, noun) for noun, count in assumed.items() if count),
            *_assumed_numbers(scenario),
        ]
    )
    return (
        *((f"rests on assumed numbers of {listed}",) if listed else ()),
        *_note_on_static_attacks(n_static),
    )


def _note_on_static_attacks(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    values = counted(count, "measured effectiveness value")
    come, bounds = ("comes", "an upper bound") if count == 1 else ("come", "upper bounds")
    return (f"{values} {come} from attacks that did not adapt to the defense: {bounds}",)


def _note_on_uncertainty(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    verb, whose = ("is", "its") if count == 1 else ("are", "their")
    value = "value" if count == 1 else "values"
    return (f"{counted(count, 'number')} {verb} uncertain; this uses {whose} nominal {value}",)
