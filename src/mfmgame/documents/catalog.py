"""Catalogs: threats, defenses, and the effectiveness of defenses on threats."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from mfmgame.documents.base import (
    LARGEST,
    REGULAR,
    Basis,
    Identifier,
    Quantity,
    Share,
    Strict,
    Text,
    refuse,
    refuse_duplicates,
    refuse_unknown,
    stated,
    unstated,
)
from mfmgame.documents.uncertain_numbers import Correlations, UncertainDocument
from mfmgame.messages import shown

__all__ = [
    "LEVELS_BESIDE_NO_KIND",
    "NO_CATALOG",
    "NO_TRAITS",
    "SCHEMA_URL",
    "Assumptions",
    "AxisEffect",
    "Basis",
    "Catalog",
    "Channel",
    "ClassBandwidth",
    "Defense",
    "DefenseTraits",
    "Displays",
    "Domain",
    "Effectiveness",
    "Flow",
    "GoalImpact",
    "Kind",
    "Level",
    "Levels",
    "Modality",
    "Origin",
    "Reference",
    "Resource",
    "ShownAs",
    "Sourced",
    "System",
    "TargetType",
    "Threat",
    "ThreatTraits",
    "refuse_inconsistent_entries",
    "refuse_missing_numbers",
    "refuse_unknown_others",
    "refuse_unknown_pairs",
    "refuse_unknown_rules",
    "refuse_unusable_levels",
]

Kind = Literal["continuous", "binary"]
Level = Literal["model", "system"]
Modality = Literal["text", "image", "audio"]
Flow = Literal["input", "model", "output", "action", "interaction", "memory"]
Axis = Literal["signal", "noise", "bandwidth"]
Knowledge = Literal["white", "grey", "black"]
Domain = Literal["enterprise-attack", "mobile-attack", "ics-attack", "atlas-atlas"]
"""Domains of techniques, as the Navigators of ATT&CK and ATLAS name them."""
ShownAs = Literal["amount", "kept_share"]
TargetType = Literal["encoder", "image_generator", "text_generator", "audio_to_text"]

AtLeastOne = Annotated[float, Field(ge=1.0, le=LARGEST), *REGULAR]
Positive = Annotated[float, Field(gt=0.0, le=LARGEST), *REGULAR]
Levels = Annotated[list[Quantity], Field(json_schema_extra={"minItems": 1, "uniqueItems": True})]
LEVELS_BESIDE_NO_KIND = ConfigDict(
    json_schema_extra={
        "anyOf": [unstated("levels"), {"properties": {"kind": {"not": {"const": "binary"}}}}]
    }
)
"""JSON Schema of the rule that :func:`refuse_unusable_levels` checks."""
SCHEMA_URL = Field(
    default=None, alias="$schema", description="Address of a JSON Schema, for editors."
)
NO_TRAITS = Field(json_schema_extra=unstated("traits"))
"""Schema of an entry outside a catalog, which has no traits."""


class Sourced(Strict):
    """An entry whose numbers share one basis and one source."""

    basis: Basis | None = Field(default=None, description="What the entry's numbers rest on.")
    source: Text | None = Field(default=None, description="Where the entry's numbers come from.")


class Reference(Strict):
    """Id of an entry in another knowledge base."""

    source: Identifier
    id: Identifier
    url: Text = ""


class Origin(Strict):
    """Origin of a catalog."""

    name: Identifier
    version: Text = ""
    date: Text = Field(default="", description="Date of the version, as its publisher writes it.")
    licence: Text = ""
    attribution: Text = Field(default="", description="Credit that the licence requires.")
    url: Text = ""
    domains: dict[Domain, Text] = Field(
        default={},
        description="Domains of its techniques, each with its version of ATT&CK or ATLAS.",
    )


class ThreatTraits(Strict):
    """Traits of a threat in the taxonomy: 1 full, 0.5 partial, absent or 0 none."""

    goal: Identifier
    capability: Text = ""
    modalities: dict[Modality, Share] = {}
    flows: dict[Flow, Share] = {}
    axes: dict[Axis, Share] = {}
    knowledge: dict[Knowledge, Share] = {}
    targets: dict[TargetType, Share] = {}


class Threat(Sourced):
    """A threat, with its numbers or the traits from which rules derive them."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [stated("traits"), stated("severity", "bandwidth")]}
    )

    id: Identifier
    name: Text = ""
    level: Level | None = None
    threat_class: Identifier = Field(default="unclassified", alias="class")
    severity: Quantity | None = Field(default=None, description="Loss at full effort, undefended.")
    bandwidth: Quantity | None = Field(default=None, description="Bits needed at full effort.")
    provenance: dict[Literal["severity", "bandwidth"], Sourced] = Field(
        default={}, description="Basis and source of a number, where they differ from the entry's."
    )
    description: Text = ""
    tactics: list[Identifier] = []
    parent: Identifier | None = Field(
        default=None, description="Threat of which this threat is a form."
    )
    maturity: Text = ""
    domain: Domain | None = Field(
        default=None, description="Domain of ATT&CK or ATLAS, for a technique."
    )
    references: list[Reference] = []
    traits: ThreatTraits | None = None

    def basis_of(self, number: Literal["severity", "bandwidth"]) -> Basis | None:
        """Return the basis of the severity or bandwidth."""
        return self.provenance.get(number, self).basis


class DefenseTraits(Strict):
    """Axes and flows that a defense protects, for the effectiveness rule."""

    strength: Share
    retention: Share = Field(description="Share of the strength kept against an adaptive attacker.")
    acts: dict[Axis, Share] = {}
    guards: dict[Flow, Share] = {}
    modalities: dict[Modality, Share] = {}


class Defense(Sourced):
    """A defense: its resource use at level 1, and its levels."""

    model_config = LEVELS_BESIDE_NO_KIND

    id: Identifier
    name: Text = ""
    level: Level | None = None
    family: Text = ""
    use: dict[Identifier, Quantity] = Field(
        default={}, description="Resource units used at level 1."
    )
    max_level: Quantity = 1.0
    kind: Kind = Field(
        default="continuous",
        description="binary: only level 0 and the greatest. Without 'kind' and 'levels', the "
        "defender's kind.",
    )
    levels: Levels | None = Field(
        default=None, description="Levels that a stepped defense can take."
    )
    requires: list[Identifier] = Field(
        default=[], description="Defenses that must run if this defense runs."
    )
    conflicts: list[Identifier] = Field(
        default=[], description="Defenses that must not run if this defense runs."
    )
    description: Text = ""
    lifecycle: list[Text] = Field(default=[], description="Stages in which the defense is applied.")
    categories: list[Text] = []
    references: list[Reference] = []
    traits: DefenseTraits | None = None

    @model_validator(mode="after")
    def _levels_are_usable(self) -> Self:
        refuse_unusable_levels(self.kind, self.levels)
        if self.levels and self.levels[-1] > self.max_level:
            raise refuse(
                ("levels", len(self.levels) - 1),
                f"found {shown(self.levels[-1])}, expected at most the max_level, "
                f"{shown(self.max_level)}",
            )
        return self


def refuse_unusable_levels(kind: Kind | None, levels: Sequence[float] | None) -> None:
    """Refuse levels that are empty, out of order, or given with kind 'binary'."""
    if levels is not None:
        if kind == "binary":
            raise refuse(("levels",), "found with kind 'binary', expected one of the two")
        if not levels or sorted(set(levels)) != list(levels):
            raise refuse(("levels",), "expected one level or more, in increasing order")


class Effectiveness(Sourced):
    """Share of a threat that a defense stops at level 1."""

    threat: Identifier
    defense: Identifier
    value: Share
    adaptive: bool | None = Field(
        default=None,
        description="Whether the attacker of the measurement adapted to the defense.",
    )
    texts: list[Text] = Field(default=[], description="Statements of the source about the pair.")


class Channel(Sourced):
    """Clean signal and noise power of a system."""

    signal: Positive
    noise: Positive


class System(Sourced):
    """A multimodal model that threats and defenses may apply to."""

    id: Identifier
    name: Text = ""
    typical_tasks: list[Text] = []
    inputs: list[Modality]
    outputs: list[Text] = []
    target_type: TargetType
    channel: Channel | None = None


class GoalImpact(Sourced):
    """Loss when an attacker fully reaches a goal."""

    goal: Identifier
    impact: Quantity


class ClassBandwidth(Sourced):
    """Bits that a threat of a class needs, and the extra bits with black-box access only."""

    threat_class: Identifier = Field(alias="class")
    bits: Quantity
    black_box_only_extra_bits: Quantity = 0.0


class AxisEffect(Sourced):
    """Factors of signal, noise and bandwidth at full effect on an axis."""

    axis: Axis
    signal_factor: Share = 1.0
    noise_factor: AtLeastOne = 1.0
    bandwidth_factor: Share = 1.0


class Resource(Strict):
    """How amounts of a resource are shown to people."""

    shown_as: ShownAs = Field(
        description="kept_share: an amount stands for the share of work that is kept, and is the "
        "negative logarithm of the share."
    )


Displays = Annotated[
    dict[Identifier, Resource],
    Field(description="How the amounts of resources are shown to people, where stated."),
]


class Assumptions(Strict):
    """Numbers with which the rules turn traits into severities and bandwidths."""

    goals: list[GoalImpact]
    classes: list[ClassBandwidth]
    axes: list[AxisEffect]
    channel: Channel

    @model_validator(mode="after")
    def _entries_are_unique(self) -> Self:
        for key, field, names in (
            ("goals", "goal", [entry.goal for entry in self.goals]),
            ("classes", "class", [entry.threat_class for entry in self.classes]),
            ("axes", "axis", [entry.axis for entry in self.axes]),
        ):
            refuse_duplicates(names, key, field, "/assumptions")
        return self


class Catalog(UncertainDocument):
    """A catalog file: threats, defenses, and the effectiveness of defenses on threats."""

    schema_id: Literal["mfmgame/catalog/1"] = Field(alias="schema")
    name: Identifier
    schema_url: Text | None = SCHEMA_URL
    source: Text = ""
    origins: list[Origin] = []
    notes: list[Text] = Field(default=[], description="Caveats that every answer repeats.")
    resources: Displays = {}
    threats: list[Threat] = []
    defenses: list[Defense] = []
    effectiveness: list[Effectiveness] = []
    systems: list[System] = []
    assumptions: Assumptions | None = None
    correlations: Correlations = {}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse_inconsistent_entries(self.threats, self.defenses, self.effectiveness)
        refuse_duplicates((system.id for system in self.systems), "systems")
        refuse_unknown_pairs(
            self.effectiveness,
            [threat.id for threat in self.threats],
            [defense.id for defense in self.defenses],
        )
        refuse_unknown_rules(self.defenses, [defense.id for defense in self.defenses])
        used = {resource: None for defense in self.defenses for resource in defense.use}
        for resource in self.resources:
            refuse_unknown(resource, used, "resource", "resources", resource)
        rules = self.assumptions
        goals = [entry.goal for entry in rules.goals] if rules else []
        classes = [entry.threat_class for entry in rules.classes] if rules else []
        axes = [entry.axis for entry in rules.axes] if rules else []
        for index, threat in enumerate(self.threats):
            if threat.traits is None:
                refuse_missing_numbers(index, threat)
                continue
            place = ("threats", index)
            if threat.severity is None:
                goal = threat.traits.goal
                refuse_unknown(goal, goals, "goal", *place, "traits", "goal")
                for axis in threat.traits.axes:
                    refuse_unknown(axis, axes, "axis", *place, "traits", "axes", axis)
            if threat.bandwidth is None:
                name = threat.threat_class
                refuse_unknown(name, classes, "class", *place, "class")
        return self


def refuse_inconsistent_entries(
    threats: Sequence[Threat], defenses: Sequence[Defense], entries: Sequence[Effectiveness]
) -> None:
    """Refuse duplicate threats, defenses and (threat, defense) pairs."""
    refuse_duplicates((threat.id for threat in threats), "threats")
    refuse_duplicates((defense.id for defense in defenses), "defenses")
    seen: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(entries):
        pair = (entry.threat, entry.defense)
        if pair in seen:
            raise refuse(
                ("effectiveness", index),
                f"duplicate pair {shown(entry.threat)} with {shown(entry.defense)} (first at "
                f"/effectiveness/{seen[pair]}), expected one entry per pair",
            )
        seen[pair] = index


def refuse_unknown_pairs(
    entries: Sequence[Effectiveness], threats: Collection[str], defenses: Collection[str]
) -> None:
    """Refuse effectiveness entries with an unknown defense or threat."""
    for index, entry in enumerate(entries):
        refuse_unknown(entry.threat, threats, "threat", "effectiveness", index, "threat")
        refuse_unknown(entry.defense, defenses, "defense", "effectiveness", index, "defense")


def refuse_unknown_rules(defenses: Sequence[Defense], known: Collection[str]) -> None:
    """Refuse rules between defenses that name an unknown defense or the rule's own defense."""
    for index, defense in enumerate(defenses):
        for key, names in (("requires", defense.requires), ("conflicts", defense.conflicts)):
            refuse_unknown_others(defense.id, names, known, "defenses", index, key)


def refuse_unknown_others(
    own: str, names: Sequence[str], known: Collection[str], *pointer: str | int
) -> None:
    """Refuse unknown names and the defense's own name in a list of other defenses."""
    for position, name in enumerate(names):
        refuse_unknown(name, known, "defense", *pointer, position)
        if name == own:
            raise refuse((*pointer, position), f"found {shown(name)} itself, expected another")


def refuse_missing_numbers(index: int, threat: Threat) -> None:
    """Refuse a threat without traits that lacks a severity or bandwidth."""
    for key, number in (("severity", threat.severity), ("bandwidth", threat.bandwidth)):
        if number is None:
            raise refuse(("threats", index, key), "missing, expected a number")


NO_CATALOG = Catalog(schema="mfmgame/catalog/1", name="none")
"""Catalog of a scenario that names no catalog."""
