"""Why each defense is or is not funded, and how much spending is enough, as a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
from mfmgame.documents.catalog import Displays
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import Bounds, Decision, OneSided, Role, Status

__all__ = ["ExplanationDocument", "Reason"]

Quantity = Annotated[float, Field(ge=0.0)]
Reason = Literal[
    "needed",
    "dispensable",
    "required",
    "imposed",
    "cannot_run",
    "stops_nothing",
    "covered",
    "tied",
    "dear",
    "worse",
    "excluded",
]


class WhyResult(Strict):
    """Reason for which a defense is or is not funded, and the numbers that give it."""

    reason: Reason
    sentence: str = Field(description="The reason in words, with its numbers rounded.")
    resource: Identifier | None = Field(
        description="Resource whose limit decides; null if several do, or none does."
    )
    saves: Quantity | None = Field(
        description="Greatest saving of loss: per unit of `resource`, or by the greatest level if "
        "`resource` is null."
    )
    price: Quantity | None = Field(
        description="Saving of loss that the same use of resources brings at the margin."
    )
    needs: Quantity | None = Field(description="Units of `resource` that the least step uses.")
    loss_with: Quantity | None = Field(description="Loss of the best plan that runs the defense.")
    covered_by: list[Identifier] = Field(
        description="Funded defenses that stop at least as much of the same threats."
    )


class ExplainedDefenseResult(Strict):
    """A defense: its cost, the loss without it, the threats that it stops, and the reason."""

    defense: Identifier
    level: Quantity
    max_level: Quantity
    cost: dict[Identifier, Quantity] = Field(
        description="Use of each resource at its level; at its greatest level if it is not funded."
    )
    loss_without: Quantity | None = Field(
        description="Loss of the best plan if the defense is not available; null if there is none."
    )
    status_without: Status | None = Field(description="Null if no plan is feasible without it.")
    stops: dict[Identifier, float] = Field(
        description="Share of each threat of the worst attack that the plan stops less without "
        "the defense."
    )
    keeps_out: dict[Identifier, float] = Field(
        description="The same for threats that are in the worst attack on the best plan without "
        "the defense only."
    )
    stops_at: dict[Identifier, Identifier] | None = Field(
        default=None,
        description="By chain among these threats, the technique at which the defense stops it "
        "best; absent if no threat is a chain.",
    )
    role: Role
    why: WhyResult


class KneeResult(Strict):
    """Least limit at which the loss and the limit together are least."""

    limit: Quantity
    value: Quantity
    total: Quantity = Field(description="Value and limit together.")
    excess: Quantity = Field(description="Most by which `total` may exceed the least total.")


class SpendingResult(Strict):
    """How much of a resource is enough."""

    resource: Identifier
    limit: Quantity
    used: Quantity
    worth: OneSided = Field(description="Decrease of the value per unit at the limit.")
    knee: KneeResult | None = Field(
        default=None, description="Present if the resource has the unit of the losses."
    )
    operate_limit: Quantity | None = Field(
        default=None,
        description="Least limit at which the decision is to operate; null if there is none; "
        "absent without a termination loss.",
    )
    status: Status


class ExplanationDocument(Document):
    """Why each defense is or is not funded, and how much spending is enough."""

    schema_id: Literal["mfmgame/explanation/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    status: Status
    value: Quantity
    bounds: Bounds
    decision: Decision | None = Field(description="Null without a termination loss.")
    question: str = Field(description="Question that the order of the defenses answers.")
    defenses: list[ExplainedDefenseResult] = Field(
        description="Funded defenses first, by the loss without each, greatest first."
    )
    limits: list[SpendingResult] = Field(description="A member for each limited resource.")
    notes: list[str]
