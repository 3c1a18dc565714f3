"""Losses that several threats lead to, techniques that are steps of chains, and effectiveness."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from mfmgame.documents.base import (
    Identifier,
    Quantity,
    Share,
    Text,
    refuse,
    stated,
    unstated,
)
from mfmgame.documents.sourced_entries import Reference, Sourced

__all__ = ["Effectiveness", "Loss", "Technique"]


class Loss(Sourced):
    """A loss that is suffered once, whichever of its threats succeed."""

    id: Identifier
    name: Text = ""
    severity: Quantity = Field(description="Loss in full, undefended.")
    description: Text = ""


class Technique(Sourced):
    """A step of chains, which is not a threat by itself."""

    id: Identifier
    name: Text = ""
    bandwidth: Quantity = Field(description="Bits needed at full effort.")
    tactics: list[Identifier] = []
    description: Text = ""
    references: list[Reference] = []


class Effectiveness(Sourced):
    """Share of a threat, or of a technique, that a defense stops at level 1."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"allOf": [stated("threat"), unstated("technique")]},
                {"allOf": [stated("technique"), unstated("threat")]},
            ]
        }
    )

    threat: Identifier | None = None
    technique: Identifier | None = None
    defense: Identifier
    value: Share
    adaptive: bool | None = Field(
        default=None,
        description="Whether the attacker of the measurement adapted to the defense.",
    )
    texts: list[Text] = Field(default=[], description="Statements of the source about the pair.")

    @model_validator(mode="after")
    def _names_a_threat_or_a_technique(self) -> Self:
        if self.threat is None and self.technique is None:
            raise refuse(("threat",), "missing, expected a threat or a technique")
        if self.threat is not None and self.technique is not None:
            raise refuse(("technique",), "found beside 'threat', expected one of the two")
        return self

    @property
    def acts_on(self) -> str:
        """Id of the threat or technique on which the defense acts; no id belongs to both."""
        found = self.technique if self.threat is None else self.threat
        assert found is not None
        return found
