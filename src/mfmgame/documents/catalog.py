"""Catalogs: threats, defenses, and the effectiveness of defenses on threats."""

from __future__ import annotations

from collections.abc import Sequence
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
from mfmgame.documents.entry_references import (
    refuse_greater_severities,
    refuse_inconsistent_entries,
    refuse_missing_numbers,
    refuse_shared_ids,
    refuse_unknown_pairs,
    refuse_unknown_parts,
    refuse_unknown_rules,
)
from mfmgame.documents.losses_and_techniques import Effectiveness, Loss, Technique
from mfmgame.documents.sourced_entries import Reference, Sourced
from mfmgame.documents.uncertain_numbers import Correlations, UncertainDocument
from mfmgame.messages import shown

__all__ = [
    "LEVELS_BESIDE_NO_KIND",
    "NO_CATALOG",
    "NO_TRAITS",
    "SCHEMA_URL",
    "Assumptions",
    "AxisEffect",
    "Catalog",
    "Channel",
    "ClassBandwidth",
    "Defense",
    "DefenseTraits",
    "Displays",
    "Domain",
    "Flow",
    "GoalImpact",
    "Kind",
    "Level",
    "Levels",
    "Modality",
    "Origin",
    "Resource",
    "ShownAs",
    "System",
    "TargetType",
    "Threat",
    "ThreatTraits",
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
Steps = Annotated[list[Identifier], Field(json_schema_extra={"minItems": 1})]
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
        json_schema_extra={
            "allOf": [
                {"anyOf": [stated("traits"), stated("severity"), stated("loss")]},
                {"anyOf": [stated("traits"), stated("bandwidth"), stated("steps")]},
                {"anyOf": [unstated("traits"), unstated("steps")]},
            ]
        }
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
    loss: Identifier | None = Field(
        default=None,
        description="Loss to which the threat leads; the severity is at most the loss's, and the "
        "loss's by default.",
    )
    steps: Steps | None = Field(
        default=None,
        description="Techniques that must all succeed; the bandwidth is their sum by default.",
    )

    @model_validator(mode="after")
    def _has_usable_steps(self) -> Self:
        if self.steps is not None and not self.steps:
            raise refuse(("steps",), "found none, expected one technique or more")
        if self.steps is not None and self.traits is not None:
            raise refuse(("traits",), "found beside 'steps', expected one of the two")
        return self

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
    losses: list[Loss] = []
    techniques: list[Technique] = []
    threats: list[Threat] = []
    defenses: list[Defense] = []
    effectiveness: list[Effectiveness] = []
    systems: list[System] = []
    assumptions: Assumptions | None = None
    correlations: Correlations = {}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse_inconsistent_entries(
            self.threats, self.defenses, self.effectiveness, self.losses, self.techniques
        )
        refuse_duplicates((system.id for system in self.systems), "systems")
        threats, defenses, losses, techniques = (
            dict.fromkeys(entry.id for entry in entries)
            for entries in (self.threats, self.defenses, self.losses, self.techniques)
        )
        refuse_shared_ids("techniques", list(techniques), "threat", threats)
        refuse_unknown_parts(self.threats, losses, techniques)
        refuse_unknown_pairs(self.effectiveness, threats, defenses, techniques)
        refuse_unknown_rules(self.defenses, defenses)
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
            if threat.severity is None and threat.loss is None:
                goal = threat.traits.goal
                refuse_unknown(goal, goals, "goal", *place, "traits", "goal")
                for axis in threat.traits.axes:
                    refuse_unknown(axis, axes, "axis", *place, "traits", "axes", axis)
            if threat.bandwidth is None:
                name = threat.threat_class
                refuse_unknown(name, classes, "class", *place, "class")
        return self

    def refuse_contradictions(self) -> None:
        """Refuse threats whose own severity is more than the severity of their loss.

        Raises
        ------
        SpecificationError
        """
        refuse_greater_severities(self.threats, {loss.id: loss.severity for loss in self.losses})


NO_CATALOG = Catalog(schema="mfmgame/catalog/1", name="none")
"""Catalog of a scenario that names no catalog."""
