"""Scenarios: the games that users ask to solve."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, model_validator

from mfmgame.documents.attack_graph import AttackGraphEntry
from mfmgame.documents.base import (
    Identifier,
    Quantity,
    Text,
    refuse,
    refuse_unknown,
    stated,
    unstated,
)
from mfmgame.documents.catalog import (
    NO_CATALOG,
    NO_TRAITS,
    SCHEMA_URL,
    Catalog,
    Defense,
    Resource,
    Threat,
)
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.entry_references import (
    refuse_greater_severities,
    refuse_inconsistent_entries,
    refuse_missing_numbers,
    refuse_shared_ids,
    refuse_unknown_others,
    refuse_unknown_pairs,
    refuse_unknown_parts,
    refuse_unknown_rules,
)
from mfmgame.documents.json_reading import STANDARD_INPUT, input_of, read_document
from mfmgame.documents.losses_and_techniques import Effectiveness, Loss, Technique
from mfmgame.documents.measured_distribution import refuse_different_baselines
from mfmgame.documents.member_pointers import set_by_id
from mfmgame.documents.scenario_parts import (
    Attacker,
    Defender,
    Deployment,
    Overrides,
    Termination,
    ThreatOverride,
    Units,
)
from mfmgame.documents.uncertain_numbers import Correlations, UncertainDocument
from mfmgame.errors import SpecificationError
from mfmgame.messages import pointer_to, shown

__all__ = ["Scenario", "read_scenario"]

Entry = TypeVar("Entry", Threat, Defense)


def _without_traits(entry: Entry) -> Entry:
    if entry.traits is not None:
        raise refuse(("traits",), "found in a scenario, expected in a catalog only")
    return entry


class Scenario(UncertainDocument):
    """A game to solve: threats, defenses, and both sides' resources.

    Raises
    ------
    SpecificationError
        If the scenario is malformed or inconsistent; the error's `pointer` says where.

    Examples
    --------
    >>> from mfmgame import Scenario
    >>> Scenario(schema="mfmgame/scenario/1", threats=[], attacker={"bandwidth": 2}).composition
    'best_of'
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                stated("catalog"),
                {"allOf": [stated("threats"), unstated("system", "deployment", "overrides")]},
                {"allOf": [stated("graph"), unstated("system", "deployment", "overrides")]},
            ]
        }
    )

    elsewhere = MappingProxyType(
        {
            "limits": "/defender/limits",
            "budget": "/defender/limits/budget",
            "bandwidth": "/attacker/bandwidth",
            "loss": "/termination/loss",
        }
    )

    schema_id: Literal["mfmgame/scenario/1"] = Field(alias="schema")
    schema_url: Text | None = SCHEMA_URL
    name: Text = "unnamed"
    description: Text = ""
    units: Units | None = None
    resources: dict[Identifier, Resource] = Field(
        default={}, description="How resources are shown; the catalog's own are inherited."
    )
    composition: CompositionName = "best_of"
    catalog: Identifier | None = Field(
        default=None, description="Name of a shipped catalog, or a file relative to this file."
    )
    system: Identifier | None = Field(default=None, description="A system of the catalog.")
    deployment: Deployment | None = None
    overrides: Overrides | None = None
    losses: list[Loss] = []
    techniques: list[Technique] = []
    threats: list[Annotated[Threat, AfterValidator(_without_traits), NO_TRAITS]] | None = None
    defenses: list[Annotated[Defense, AfterValidator(_without_traits), NO_TRAITS]] = []
    effectiveness: list[Effectiveness] = []
    graph: AttackGraphEntry | None = Field(
        default=None, description="Attacks as the paths of a graph, in place of threats."
    )
    attacker: Attacker
    defender: Defender = Defender()
    termination: Termination | None = None
    plans: dict[Identifier, dict[Identifier, Quantity]] = Field(
        default={}, description="Allocations by name: the level of each defense that runs."
    )
    correlations: Correlations = {}

    _source: Text = PrivateAttr(default="")
    _place_of: Callable[[str], str] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        threats = self.threats or []
        refuse_inconsistent_entries(
            threats, self.defenses, self.effectiveness, self.losses, self.techniques
        )
        for index, threat in enumerate(threats):
            refuse_missing_numbers(index, threat)
        if self.graph is not None:
            self._refuse_beside_graph()
        if self.catalog is None:
            if self.threats is None and self.graph is None:
                raise refuse((), "found neither 'threats' nor 'catalog', expected one of them")
            for key in ("system", "deployment", "overrides"):
                if getattr(self, key) is not None:
                    raise refuse((key,), "found without 'catalog', expected with one")
            self.check_references(NO_CATALOG)
        return self

    def _refuse_beside_graph(self) -> None:
        """Refuse threats and compositions that a graph excludes."""
        if self.threats:
            raise refuse(
                ("threats",), "found beside a graph, expected none: its paths are the threats"
            )
        if self.composition != "independent":
            raise refuse(
                ("composition",),
                f"found {shown(self.composition)} with a graph, expected 'independent': a graph is "
                "searched by sums along its paths, and only the layers of 'independent' add up so",
            )

    def check_references(self, catalog: Catalog) -> None:
        """Refuse references to missing entries, and ids that the catalog repeats.

        Parameters
        ----------
        catalog : Catalog
            The catalog that the scenario builds on.

        Raises
        ------
        SpecificationError
            For an unknown system, threat, defense or resource, and for an id that the catalog
            also has.
        """
        self.check_baselines(catalog)
        defenses = {defense.id: defense for defense in catalog.defenses}
        threats, losses, techniques = (
            dict.fromkeys(entry.id for entry in entries)
            for entries in (catalog.threats, catalog.losses, catalog.techniques)
        )
        changes = self.overrides or Overrides()
        if self.system is not None:
            refuse_unknown(
                self.system, [system.id for system in catalog.systems], "system", "system"
            )
        for key, noun, changed, known in (
            ("threats", "threat", changes.threats, threats),
            ("defenses", "defense", changes.defenses, defenses),
            ("losses", "loss", changes.losses, losses),
            ("techniques", "technique", changes.techniques, techniques),
        ):
            for name in changed:
                refuse_unknown(name, known, noun, "overrides", key, name)
        for name, change in changes.defenses.items():
            if defenses[name].traits is None and not change.strength is change.retention is None:
                raise refuse(
                    ("overrides", "defenses", name),
                    "found strength or retention of a defense that has no traits, "
                    "expected an 'effectiveness' entry",
                )
        own_threats, own_defenses, own_losses, own_techniques = (
            [entry.id for entry in entries]
            for entries in (self.threats or (), self.defenses, self.losses, self.techniques)
        )
        for key, own, known in (
            ("threats", own_threats, threats),
            ("defenses", own_defenses, defenses),
            ("losses", own_losses, losses),
            ("techniques", own_techniques, techniques),
        ):
            for index, name in enumerate(own):
                if name in known:
                    raise refuse(
                        (key, index, "id"),
                        f"duplicate id {shown(name)} (catalog {shown(catalog.name)} has it), "
                        "expected a new id, or a change under 'overrides'",
                    )
        every = dict.fromkeys([*defenses, *own_defenses])
        every_threat = dict.fromkeys([*threats, *own_threats])
        every_loss = dict.fromkeys([*losses, *own_losses])
        every_technique = dict.fromkeys([*techniques, *own_techniques])
        refuse_shared_ids("techniques", own_techniques, "threat", every_threat)
        refuse_shared_ids("threats", own_threats, "technique", techniques)
        refuse_unknown_parts(self.threats or (), every_loss, every_technique)
        if self.graph is not None:
            self.graph.check_references(every_loss, every_technique)
        for name, way in changes.threats.items():
            if way.loss is not None:
                place = ("overrides", "threats", name, "loss")
                refuse_unknown(way.loss, every_loss, "loss", *place)
        refuse_unknown_pairs(self.effectiveness, every_threat, every, every_technique)
        refuse_unknown_rules(self.defenses, every)
        for name, change in changes.defenses.items():
            for key in ("requires", "conflicts"):
                others = getattr(change, key) or []
                refuse_unknown_others(name, others, every, "overrides", "defenses", name, key)
        for index, group in enumerate(self.defender.groups):
            for position, name in enumerate(group.defenses):
                refuse_unknown(
                    name, every, "defense", "defender", "groups", index, "defenses", position
                )
        uses = [defense.use for defense in (*catalog.defenses, *self.defenses)]
        used = {resource: None for use in uses for resource in use}
        for name, change in changes.defenses.items():
            for resource in change.use:
                where = ("overrides", "defenses", name, "use", resource)
                refuse_unknown(resource, used, "resource", *where)
        for resource in self.defender.limits:
            refuse_unknown(resource, used, "resource", "defender", "limits", resource)
        for resource in self.units.resources if self.units else ():
            refuse_unknown(resource, used, "resource", "units", "resources", resource)
        for resource in self.resources:
            refuse_unknown(resource, used, "resource", "resources", resource)
        for plan, levels in self.plans.items():
            for name in levels:
                refuse_unknown(name, every, "defense", "plans", plan, name)

    def refuse_contradictions(self, catalog: Catalog = NO_CATALOG) -> None:
        """Refuse threats whose own severity is more than the severity of their loss.

        Parameters
        ----------
        catalog : Catalog, optional
            The catalog that the scenario builds on.

        Raises
        ------
        SpecificationError
        """
        changes = self.overrides or Overrides()
        severities = {loss.id: loss.severity for loss in (*catalog.losses, *self.losses)}
        severities |= {
            name: change.severity
            for name, change in changes.losses.items()
            if change.severity is not None
        }
        refuse_greater_severities(self.threats or (), severities)
        for threat in catalog.threats:
            change = changes.threats.get(threat.id, ThreatOverride())
            loss = change.loss or threat.loss
            severity = threat.severity if change.severity is None else change.severity
            if loss is not None and severity is not None and severity > severities[loss]:
                key = "loss" if change.severity is None else "severity"
                changed = getattr(change, key) is not None
                raise refuse(
                    ("overrides", *(("threats", threat.id, key) if changed else ("losses", loss))),
                    f"found a severity of {shown(severity)} of {shown(threat.id)}, expected at "
                    f"most {shown(severities[loss])}, the severity of the loss {shown(loss)}",
                )

    def check_baselines(self, catalog: Catalog) -> None:
        """Refuse a baseline of measured numbers that has other counts in the catalog.

        Parameters
        ----------
        catalog : Catalog

        Raises
        ------
        SpecificationError
        """
        within = f"catalog {shown(catalog.name)}: "
        refuse_different_baselines(
            (prefix + pointer_to(place), form)
            for prefix, document in ((within, catalog), ("", self))
            for place, form in document.uncertain.items()
        )

    def with_(
        self,
        *,
        composition: str | None = None,
        attacker_bandwidth: float | None = None,
        limits: Mapping[str, float | Mapping[str, Any]] | None = None,
        termination_loss: float | None = None,
        set: Mapping[str, Any] | None = None,  # noqa: A002 - the name of the command's option
    ) -> Scenario:
        """Return the scenario with some of its members replaced.

        Parameters
        ----------
        composition : str, optional
        attacker_bandwidth : float, optional
            In bits.
        limits : mapping of str to float or mapping, optional
            The limits to replace, in units of their resources; the others stay. The least share
            of work to keep is ``{"kept_share": 0.5}``.
        termination_loss : float, optional
            In loss units.
        set : mapping of str to object, optional
            Values by JSON pointer. An id may stand for a position in a list, as in
            ``/defenses/waf/use/budget``; a number of the catalog is set under ``overrides``; and
            ``/effectiveness/THREAT/DEFENSE`` or ``/effectiveness/technique/TECHNIQUE/DEFENSE`` is
            the value of a pair.

        Returns
        -------
        Scenario

        Raises
        ------
        SpecificationError
            If a pointer leads nowhere, or the changed scenario is malformed or inconsistent.

        Examples
        --------
        >>> import mfmgame as mg
        >>> scenario = mg.load_scenario("examples/llava.json")
        >>> scenario.with_(attacker_bandwidth=2.0, limits={"budget": 5.0}).attacker.bandwidth
        2.0
        """
        members: dict[str, Any] = {}
        if composition is not None:
            members["/composition"] = composition
        if attacker_bandwidth is not None:
            members["/attacker/bandwidth"] = attacker_bandwidth
        for resource, limit in (limits or {}).items():
            members[pointer_to(("defender", "limits", resource))] = limit
        if termination_loss is not None:
            members["/termination/loss"] = termination_loss
        document = self.to_document()
        for pointer, value in (members | dict(set or {})).items():
            set_by_id(document, pointer, value)
        changed = Scenario(**document)
        changed._source = self._source
        return changed

    @property
    def source(self) -> str:
        """File that the scenario was read from, if any."""
        return self._source

    def read_from(self, source: str, place_of: Callable[[str], str] | None = None) -> Self:
        """Remember where the scenario was read, for errors to say so.

        Parameters
        ----------
        source : str
            The file.
        place_of : callable, optional
            Names the place of a JSON pointer in a file of another kind, such as a cell.

        Returns
        -------
        Scenario
            The same one.
        """
        self._source, self._place_of = source, place_of
        return self

    def located(self, error: SpecificationError) -> SpecificationError:
        """Return an error about the scenario, naming file and place; as it is if it names a file.

        Parameters
        ----------
        error : SpecificationError

        Returns
        -------
        SpecificationError
        """
        if error.source:
            return error
        pointer = error.pointer if self._place_of is None else self._place_of(error.pointer)
        return SpecificationError(error.message, pointer=pointer, source=self._source)

    @property
    def folder(self) -> Path:
        """Folder to which a catalog's path is relative."""
        return Path() if self._source in ("", STANDARD_INPUT) else Path(self._source).parent


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario from a JSON file.

    Parameters
    ----------
    path : str or path-like
        The file; ``"-"`` reads standard input.

    Returns
    -------
    Scenario
        The validated scenario.

    Raises
    ------
    SpecificationError
        If the file cannot be read, or is malformed or inconsistent; the message names the file,
        the JSON pointer, what was found and what was expected.

    Examples
    --------
    >>> read_scenario("examples/llava.json").name
    'LLaVA as a plain model'
    """
    file = input_of(path)
    source = STANDARD_INPUT if file is None else os.fspath(path)
    document = read_document(file)
    try:
        scenario = Scenario(**document)
    except SpecificationError as error:
        raise error.located(source) from None
    return scenario.read_from(source)
