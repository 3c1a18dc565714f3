"""Recipe that puts numbers of a scenario and its catalog into the arrays of a game.

:func:`mfmgame.build_game` reads documents, which takes longer than solving the game. A recipe
knows the array cell of each number, and applies the catalog's rules again, on arrays, where
the rules use the number.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, get_args

import numpy as np

from mfmgame.catalogs import rules
from mfmgame.catalogs.scenario_entries import Entries, notes_on
from mfmgame.documents.base import LARGEST, SMALLEST
from mfmgame.documents.catalog import Axis, Catalog, Flow, Modality
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import (
    DefenseOverride,
    Overrides,
    ThreatOverride,
)
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.derived_numbers import DerivedNumbers, states
from mfmgame.uncertainty.uncertain_inputs import Address

__all__ = ["Cell", "Recipe"]


_TRAITS = {"acts": get_args(Axis), "guards": get_args(Flow), "modalities": get_args(Modality)}
_TAKEN = {"losses": "loss_severity", "techniques": "technique_bandwidth"}
"""Arrays of the numbers that threats may take from losses and techniques."""


class Cell(NamedTuple):
    """A position in an array; an empty name means no cell: the number has no effect."""

    array: str
    position: int


NOWHERE = Cell("", 0)


class Recipe:
    """Arrays of the numbers that make up a game, and the steps to build other games.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog
        Catalog that the scenario builds on.
    entries : Entries
        Entries that scenario and catalog resolve to.
    game : DefenseGame
        Game built from the entries.

    Attributes
    ----------
    arrays : dict of str to ndarray
        Nominal numbers: those of the game, and the inputs of the rules.
    """

    def __init__(
        self, scenario: Scenario, catalog: Catalog, entries: Entries, game: DefenseGame
    ) -> None:
        self._scenario, self._catalog, self._entries, self._game = scenario, catalog, entries, game
        self._changes = scenario.overrides or Overrides()
        self._limits = scenario.defender.limits
        self._rows = {threat.id: row for row, threat in enumerate(entries.threats)}
        self._columns = {defense.id: column for column, defense in enumerate(entries.defenses)}
        self._with_traits = [j for j, defense in enumerate(entries.defenses) if defense.traits]
        self._traits_rows = [i for i, threat in enumerate(entries.threats) if threat.traits]
        self._threat_table = rules.ThreatTable.of(
            [threat.traits for threat in entries.threats if threat.traits]
        )
        system = next((entry for entry in catalog.systems if entry.id == scenario.system), None)
        self._system = system if system and system.channel else None
        self._derived = DerivedNumbers(scenario, catalog, entries)
        self._index_stated()
        self._index_rules()
        self.arrays = self._nominal_arrays()
        self._notes: dict[tuple[int, int], tuple[str, ...]] = {}

    def _index_stated(self) -> None:
        """Index the explicit effectiveness values that count: the last value of each pair."""
        self._stated: dict[tuple[int, int], int] = {}
        below = enumerate(self._entries.techniques, start=len(self._rows))
        rows = {**self._rows, **{technique.id: row for row, technique in below}}
        self._stated_entries = [*self._catalog.effectiveness, *self._scenario.effectiveness]
        for position, entry in enumerate(self._stated_entries):
            if entry.acts_on in rows:
                self._stated[rows[entry.acts_on], self._columns[entry.defense]] = position
        pairs = np.array(list(self._stated), dtype=np.intp).reshape(-1, 2)
        self._stated_rows, self._stated_columns = pairs.T
        self._stated_order = {position: k for k, position in enumerate(self._stated.values())}

    def _index_rules(self) -> None:
        """Index the severities and bandwidths that come from rules, and the rules' inputs."""
        self._by_rule: dict[str, list[int]] = {"severity": [], "bandwidth": []}
        assumptions = self._catalog.assumptions
        goals: list[int] = []
        kinds: dict[tuple[float, ...], int] = {}
        kind_of: list[int] = []
        classes: list[int] = []
        extra: list[bool] = []
        if assumptions is not None:
            goal_rows = {entry.goal: row for row, entry in enumerate(assumptions.goals)}
            class_rows = {entry.threat_class: row for row, entry in enumerate(assumptions.classes)}
            for threat in self._catalog.threats:
                traits, row = threat.traits, self._rows.get(threat.id)
                if traits is None or row is None:
                    continue
                way = self._entries.threats[row].loss is not None
                if not (way or states(self._scenario, threat, "severity")):
                    weights = tuple(traits.axes.get(one.axis, 0.0) for one in assumptions.axes)
                    self._by_rule["severity"].append(row)
                    goals.append(goal_rows[traits.goal])
                    kind_of.append(kinds.setdefault(weights, len(kinds)))
                if not states(self._scenario, threat, "bandwidth"):
                    self._by_rule["bandwidth"].append(row)
                    classes.append(class_rows[threat.threat_class])
                    extra.append(rules.needs_extra(traits))
        self._goals, self._kind_of = np.array(goals, np.intp), np.array(kind_of, np.intp)
        self._kinds = list(kinds)
        self._classes, self._extra = np.array(classes, np.intp), np.array(extra, dtype=bool)

    def _nominal_arrays(self) -> dict[str, FloatArray]:
        game, assumptions = self._game, self._catalog.assumptions
        defenses = [self._entries.defenses[j].traits for j in self._with_traits]
        table = rules.DefenseTable.of([traits for traits in defenses if traits])
        arrays: dict[str, FloatArray] = {
            "severity": game.severity,
            "bandwidth": game.bandwidth,
            "use": game.use,
            "limits": np.array([self._limits.get(name, np.inf) for name in game.resources]),
            "max_level": game.max_level,
            "attacker_bandwidth": np.array([game.attacker_bandwidth]),
            "termination_loss": np.array([game.termination_loss or 0.0]),
            "stated": np.array([self._stated_entries[k].value for k in self._stated.values()]),
            **{name: getattr(table, name) for name in ("strength", "retention", *_TRAITS)},
            **self._derived.arrays,
        }
        if assumptions is not None:
            channel = (self._system and self._system.channel) or assumptions.channel
            arrays |= {
                "impact": np.array([entry.impact for entry in assumptions.goals]),
                "bits": np.array([entry.bits for entry in assumptions.classes]),
                "extra": np.array([one.black_box_only_extra_bits for one in assumptions.classes]),
                "effects": np.array(
                    [[getattr(one, name) for name in rules.FACTORS] for one in assumptions.axes]
                ).reshape(-1, len(rules.FACTORS)),
                "channel": np.array([channel.signal, channel.noise]),
            }
        return arrays

    def cell(self, address: Address) -> Cell | None:
        """Find the cell of a number; None if its effect requires reading the documents again."""
        side, place = address
        if place[-1] == "max_level" and self._game.is_discrete:
            return None  # the number may change levels, too
        return (self._in_scenario if side == "scenario" else self._in_catalog)(place)

    def _in_scenario(self, place: tuple[str | int, ...]) -> Cell | None:
        first_threat = len(self._entries.threats) - len(self._scenario.threats or ())
        first_defense = len(self._entries.defenses) - len(self._scenario.defenses)
        match place:
            case ("attacker", "bandwidth"):
                return Cell("attacker_bandwidth", 0)
            case ("termination", "loss"):
                return Cell("termination_loss", 0)
            case ("defender", "limits", str(resource)):
                return Cell("limits", self._game.resources.index(resource))
            case ("threats", int(i), ("severity" | "bandwidth") as key):
                return Cell(key, first_threat + i)
            case ("defenses", int(j), "use", str(resource)):
                return self._use(resource, first_defense + j)
            case ("defenses", int(j), "max_level"):
                return Cell("max_level", first_defense + j)
            case ("effectiveness", int(k), "value"):
                return self._stated_cell(len(self._catalog.effectiveness) + k)
            case (("losses" | "techniques") as key, int(k), _):
                return Cell(_TAKEN[key], len(getattr(self._catalog, key)) + k)
            case ("overrides", ("losses" | "techniques") as key, str(name), _):
                ids = [entry.id for entry in getattr(self._catalog, key)]
                return Cell(_TAKEN[key], ids.index(name))
            case ("overrides", "threats", str(name), ("severity" | "bandwidth") as key):
                return Cell(key, self._rows[name]) if name in self._rows else NOWHERE
            case ("overrides", "defenses", str(name), "use", str(resource)):
                return self._use(resource, self._columns[name])
            case ("overrides", "defenses", str(name), "max_level"):
                return Cell("max_level", self._columns[name])
            case ("overrides", "defenses", str(name), ("strength" | "retention") as key):
                return Cell(key, self._with_traits.index(self._columns[name]))
        return None

    def _in_catalog(self, place: tuple[str | int, ...]) -> Cell | None:
        match place:
            case ("threats", int(i), ("severity" | "bandwidth") as key):
                name = self._catalog.threats[i].id
                change = self._changes.threats.get(name, ThreatOverride())
                counts = name in self._rows and getattr(change, key) is None
                return Cell(key, self._rows[name]) if counts else NOWHERE
            case ("defenses", int(j), *within):
                return self._in_defense(j, within)
            case ("effectiveness", int(k), "value"):
                return self._stated_cell(k)
            case (("losses" | "techniques") as key, int(k), str(number)):
                change = getattr(self._changes, key).get(getattr(self._catalog, key)[k].id)
                is_overridden = getattr(change, number, None) is not None
                return NOWHERE if is_overridden else Cell(_TAKEN[key], k)
            case ("assumptions", "goals", int(k), "impact"):
                return Cell("impact", k)
            case ("assumptions", "classes", int(k), key):
                return Cell("bits" if key == "bits" else "extra", k)
            case ("assumptions", "axes", int(k), str(factor)):
                return Cell("effects", k * len(rules.FACTORS) + rules.FACTORS.index(factor))
            case ("assumptions", "channel", key):
                return NOWHERE if self._system else Cell("channel", int(key == "noise"))
            case ("systems", int(k), "channel", key):
                used = self._system is self._catalog.systems[k] and self._catalog.assumptions
                return Cell("channel", int(key == "noise")) if used else NOWHERE
        return None

    def _in_defense(self, j: int, within: list[str | int]) -> Cell | None:
        change = self._changes.defenses.get(self._catalog.defenses[j].id, DefenseOverride())
        match within:
            case ["use", str(resource)]:
                return NOWHERE if resource in change.use else self._use(resource, j)
            case ["max_level"]:
                return NOWHERE if change.max_level is not None else Cell("max_level", j)
            case ["traits", ("strength" | "retention") as key]:
                overridden = getattr(change, key) is not None
                return NOWHERE if overridden else Cell(key, self._with_traits.index(j))
            case ["traits", ("acts" | "guards" | "modalities") as key, str(name)]:
                names = _TRAITS[key]
                row = self._with_traits.index(j)
                return Cell(key, row * len(names) + names.index(name))
        return None

    def _use(self, resource: str, column: int) -> Cell:
        row = self._game.resources.index(resource)
        return Cell("use", row * self._game.n_defenses + column)

    def _stated_cell(self, position: int) -> Cell:
        place = self._stated_order.get(position)
        return NOWHERE if place is None else Cell("stated", place)

    def game(self, changed: Mapping[str, FloatArray]) -> DefenseGame:
        """Build the game of the nominal arrays with some arrays replaced.

        Parameters
        ----------
        changed : mapping of str to ndarray
            Replacement arrays, of the shapes of :attr:`arrays`.

        Returns
        -------
        DefenseGame
            The game of the documents with these numbers written in, except for notes on
            uncertain numbers.

        Raises
        ------
        SpecificationError
            If a rule gives a number that is out of its range.
        """
        arrays = {**self.arrays, **changed}
        severity = self._derived.severities(arrays, self._with_severities(arrays, changed))
        bandwidth = self._derived.bandwidths(arrays, self._with_bandwidths(arrays, changed))
        game = copy.copy(self._game)
        effectiveness, on_techniques = self._with_effectiveness(arrays, changed)
        if game.chains is not None:
            bits = _fixed(arrays["technique_bandwidth"])
            game.chains = replace(game.chains, effectiveness=on_techniques, bandwidth=bits)
            effectiveness = game.chains.completed(effectiveness, game.composition)
        game.attacker_bandwidth = float(arrays["attacker_bandwidth"][0])
        if game.termination_loss is not None:
            game.termination_loss = float(arrays["termination_loss"][0])
        game.severity, game.bandwidth = _fixed(severity), _fixed(bandwidth)
        game.effectiveness = _fixed(effectiveness)
        game.use, game.limits = _fixed(arrays["use"]), _fixed(arrays["limits"])
        game.max_level = _fixed(arrays["max_level"])
        game.notes = self._notes_with(effectiveness)
        return game

    def _with_severities(
        self, arrays: Mapping[str, FloatArray], changed: Mapping[str, FloatArray]
    ) -> FloatArray:
        severity, rows = arrays["severity"], self._by_rule["severity"]
        if not rows or changed.keys().isdisjoint(("impact", "effects", "channel")):
            return severity
        effects, (signal, noise) = arrays["effects"].tolist(), arrays["channel"].tolist()
        taken = np.array([rules.taken(kind, effects, signal, noise) for kind in self._kinds])
        given = arrays["impact"][self._goals] * taken[self._kind_of]
        return _entered(severity, rows, given)

    def _with_bandwidths(
        self, arrays: Mapping[str, FloatArray], changed: Mapping[str, FloatArray]
    ) -> FloatArray:
        bandwidth, rows = arrays["bandwidth"], self._by_rule["bandwidth"]
        if not rows or changed.keys().isdisjoint(("bits", "extra")):
            return bandwidth
        bits, extra = arrays["bits"][self._classes], arrays["extra"][self._classes]
        return _entered(bandwidth, rows, np.where(self._extra, bits + extra, bits))

    def _with_effectiveness(
        self, arrays: Mapping[str, FloatArray], changed: Mapping[str, FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """Compute the effectiveness on threats, but for what follows from steps; on techniques."""
        nominal = np.asarray(self._game.effectiveness)
        on_techniques, n_threats = self._entries.technique_effectiveness, len(nominal)
        by_rule = not changed.keys().isdisjoint(("strength", "retention", *_TRAITS))
        if not by_rule and "stated" not in changed:
            return nominal, on_techniques
        matrix = np.vstack([nominal, on_techniques])
        if by_rule:
            table = rules.DefenseTable(
                **{name: arrays[name] for name in ("strength", "retention", *_TRAITS)}
            )
            shares = rules.effectiveness_of(self._threat_table, table)
            matrix[np.ix_(self._traits_rows, self._with_traits)] = shares
        matrix[self._stated_rows, self._stated_columns] = arrays["stated"]
        return matrix[:n_threats], matrix[n_threats:]

    def _notes_with(self, effectiveness: FloatArray) -> tuple[str, ...]:
        counts = self._entries.counts(effectiveness)
        if counts not in self._notes:
            noted = notes_on(self._entries, counts, self._scenario)
            self._notes[counts] = (*self._catalog.notes, *noted)
        return self._notes[counts]


def _entered(array: FloatArray, rows: list[int], given: FloatArray) -> FloatArray:
    """Copy an array with some rows set to the numbers that the rules give."""
    if not ((given == 0.0) | ((given >= SMALLEST) & (given <= LARGEST))).all():
        raise SpecificationError(
            f"found a number from rules out of range, expected 0 or {SMALLEST} to {LARGEST}",
            pointer="/catalog",
        )
    entered = array.copy()
    entered[rows] = given
    return entered


def _fixed(array: FloatArray) -> FloatArray:
    view = array.view()
    view.flags.writeable = False
    return view
