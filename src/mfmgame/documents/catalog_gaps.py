"""Gaps of a catalog, as a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from mfmgame.documents.base import BasisName, Document, Identifier, Strict

__all__ = ["BasisCounts", "DuplicateEntry", "GapsDocument", "GroupEntry", "UncoveredThreat"]

Count = Annotated[int, Field(ge=0)]
Quantity = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
BasisCounts = Annotated[
    dict[BasisName, Count],
    Field(
        description="Numbers counted by basis.",
        json_schema_extra={"required": list(get_args(BasisName))},
    ),
]


class UncoveredThreat(Strict):
    """A threat that no defense covers; its share is null if no threat has a severity."""

    id: Identifier
    name: str
    severity: Quantity
    share: Share | None = Field(description="Share of the severity of all threats.")


class NumberBases(Strict):
    """Bases of the numbers; effectiveness by the rule counts only above 0."""

    severity: BasisCounts
    bandwidth: BasisCounts
    use: BasisCounts
    effectiveness: BasisCounts


class DuplicateEntry(Strict):
    """Entries with the same name, ignoring case and spaces."""

    kind: Literal["threat", "defense"]
    name: str
    ids: list[Identifier]


class GroupEntry(Strict):
    """Threats of a class or tactic; the name is null for threats without a tactic."""

    name: Identifier | None
    threats: Count
    covered: Count
    severity: Quantity
    share: Share | None = Field(description="Of the severity, in covered threats.")
    best: dict[Identifier, Share] = Field(
        description="Defenses that alone, at level 1, stop most of the severity."
    )


class GapsDocument(Document):
    """Gaps of a catalog."""

    schema_id: Literal["mfmgame/gaps/1"] = Field(alias="schema")
    catalog: Identifier
    threats: Count
    defenses: Count
    covered: Count = Field(description="Threats that a defense covers.")
    severity: Quantity = Field(description="Severity of all threats together, in loss units.")
    covered_share: Share | None = Field(description="Of the severity, in covered threats.")
    uncovered: list[UncoveredThreat]
    idle_defenses: list[Identifier] = Field(description="Defenses that cover no threat.")
    harmless: list[Identifier] = Field(description="Threats of severity 0.")
    bases: NumberBases
    duplicates: list[DuplicateEntry]
    uncovered_parents: list[Identifier] = Field(
        description="Uncovered threats that have a covered form."
    )
    uncovered_forms: list[Identifier] = Field(
        description="Uncovered threats that are a form of a covered threat."
    )
    classes: list[GroupEntry]
    tactics: list[GroupEntry]
    notes: list[str]
