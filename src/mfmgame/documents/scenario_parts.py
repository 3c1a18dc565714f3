"""Parts of a scenario: resources of both sides, units, and changes of catalog numbers."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from mfmgame.documents.base import (
    WHOLE,
    Amount,
    Identifier,
    Quantity,
    Share,
    Strict,
    Text,
    refuse,
    refuse_repeated,
    stated,
)
from mfmgame.documents.catalog import (
    LEVELS_BESIDE_NO_KIND,
    Flow,
    Kind,
    Levels,
    refuse_unusable_levels,
)

__all__ = [
    "Attacker",
    "Defender",
    "DefenseOverride",
    "Deployment",
    "Group",
    "LossOverride",
    "Overrides",
    "TechniqueOverride",
    "Termination",
    "ThreatOverride",
    "Units",
]

Count = Annotated[int, Field(ge=0, le=1_000_000), WHOLE]


class Attacker(Strict):
    """Resources of the attacker."""

    bandwidth: Quantity = Field(description="Bits that all threats together may use.")


class Group(Strict):
    """Bounds on how many defenses of a group run, at any level but 0."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                stated("at_most"),
                {"required": ["at_least"], "properties": {"at_least": {"minimum": 1}}},
            ]
        }
    )

    name: Text = ""
    defenses: list[Identifier] = Field(json_schema_extra={"minItems": 1, "uniqueItems": True})
    at_least: Count = 0
    at_most: Count | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        refuse_repeated(self.defenses, "defenses")
        most = len(self.defenses) if self.at_most is None else self.at_most
        if self.at_least > min(most, len(self.defenses)):
            raise refuse(
                ("at_least",),
                f"found {self.at_least}, expected at most "
                f"{min(most, len(self.defenses))}, the most that may run",
            )
        if self.at_most is None and not self.at_least:
            raise refuse((), "found no bound, expected 'at_least' of 1 or more, 'at_most', or both")
        return self


class Defender(Strict):
    """Resources of the defender; a resource without a limit is unlimited."""

    limits: dict[Identifier, Amount] = {}
    kind: Kind = Field(
        default="continuous",
        description="Kind of every defense that states neither kind nor levels.",
    )
    groups: list[Group] = []


class Termination(Strict):
    """Cost of stopping the system now."""

    loss: Quantity = Field(description="Loss in the loss units of the severities.")


class Units(Strict):
    """Names of the units of losses, periods and resources, all optional."""

    loss: Text = Field(default="", description="Of severities and losses, such as kUSD.")
    period: Text = Field(default="", description="In which losses occur, such as year.")
    resources: dict[Identifier, Text] = Field(
        default={}, description="Of each resource, such as kUSD."
    )


class Deployment(Strict):
    """Flows of the deployed system, beyond answering prompts."""

    flows: list[Flow]


class ThreatOverride(Strict):
    """Numbers that replace a catalog threat's, and the loss to which it leads."""

    severity: Quantity | None = None
    bandwidth: Quantity | None = None
    loss: Identifier | None = Field(
        default=None, description="Loss to which the threat leads, of the catalog or scenario."
    )


class LossOverride(Strict):
    """Number that replaces a catalog loss's."""

    severity: Quantity | None = None


class TechniqueOverride(Strict):
    """Number that replaces a catalog technique's."""

    bandwidth: Quantity | None = None


class DefenseOverride(Strict):
    """Numbers that replace a catalog defense's."""

    model_config = LEVELS_BESIDE_NO_KIND

    use: dict[Identifier, Quantity] = {}
    max_level: Quantity | None = None
    kind: Kind | None = None
    levels: Levels | None = None
    requires: list[Identifier] | None = None
    conflicts: list[Identifier] | None = None
    strength: Share | None = None
    retention: Share | None = None

    @model_validator(mode="after")
    def _levels_are_usable(self) -> Self:
        refuse_unusable_levels(self.kind, self.levels)
        return self


class Overrides(Strict):
    """Single values that replace a catalog's, by id."""

    threats: dict[Identifier, ThreatOverride] = {}
    defenses: dict[Identifier, DefenseOverride] = {}
    losses: dict[Identifier, LossOverride] = {}
    techniques: dict[Identifier, TechniqueOverride] = {}
