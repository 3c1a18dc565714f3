"""Evaluations and comparisons of plans, as JSON documents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
from mfmgame.documents.catalog import Displays
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import (
    BasisShare,
    Bounds,
    CertificateResult,
    Decision,
    Quantity,
    Share,
    Status,
    ThreatResult,
)

__all__ = ["ComparisonDocument", "CompositionsDocument", "EvaluationDocument"]


class PlanResult(Strict):
    """Worst-case loss of a plan, with its proof."""

    loss: Quantity
    bounds: Bounds
    status: Status
    allocation: dict[Identifier, Quantity]
    use: dict[Identifier, Quantity] = Field(description="What the plan uses.")
    excess: dict[Identifier, Quantity] = Field(
        description="By how much the plan exceeds each limit that it exceeds."
    )
    broken_rules: list[str] = Field(description="Rules between defenses that the plan breaks.")
    decision: Decision | None = Field(description="Null without a termination loss.")
    plan_bandwidth: Quantity | None = Field(
        description="Bits up to which the plan costs at most the termination loss; null if no "
        "attacker can make it cost more, or without a termination loss."
    )
    margin: float | None = Field(description="These bits less the attacker's.")
    attack: dict[Identifier, Share]
    threats: dict[Identifier, ThreatResult]
    certificate: CertificateResult = Field(
        description="Proof of the lower bound, for exactly these levels."
    )
    bases: list[BasisShare] | None = Field(
        default=None, description="What the loss rests on; null if no number states its basis."
    )


class EvaluationDocument(Document):
    """Evaluations of the plans that were asked for."""

    schema_id: Literal["mfmgame/evaluation/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    plans: dict[str, PlanResult]
    notes: list[str]


class PlanChangeResult(Strict):
    """Defenses that run more, and that run less, than in the baseline."""

    added: list[Identifier]
    dropped: list[Identifier]


class ComparedPlan(Strict):
    """A plan in short."""

    loss: Quantity
    bounds: Bounds
    status: Status
    decision: Decision | None
    plan_bandwidth: Quantity | None
    allocation: dict[Identifier, Quantity]
    use: dict[Identifier, Quantity]
    excess: dict[Identifier, Quantity]
    broken_rules: list[str]
    change: PlanChangeResult


class ComparedThreshold(Strict):
    """Self-destruction threshold: the plan may change with the attacker's bandwidth."""

    bandwidth: Quantity | None
    decision: Decision
    margin: float | None


class ScenarioPlans(Strict):
    """No defense, the named plans and the best plan of a scenario."""

    scenario: str
    composition: CompositionName
    resources: Displays = {}
    baseline: str | None = Field(
        description="Name of the plan that changes refer to; null for no defense."
    )
    undefended: ComparedPlan
    plans: dict[str, ComparedPlan]
    best: ComparedPlan
    bounds: Bounds = Field(description="Proven bracket of the least loss of any allowed plan.")
    threshold: ComparedThreshold | None = Field(description="Null without a termination loss.")


class InputChangeResult(Strict):
    """An input that differs between the scenarios; null where a scenario has none."""

    pointer: str
    before: float | str | list[float] | None
    after: float | str | list[float] | None


class ComparisonDocument(Document):
    """Plans of one scenario, or of two scenarios, side by side."""

    schema_id: Literal["mfmgame/comparison/1"] = Field(alias="schema")
    status: Status
    scenarios: list[ScenarioPlans] = Field(description="One or two scenarios.")
    inputs: list[InputChangeResult] = Field(description="Inputs that differ between two.")
    notes: list[str]


class CompositionAnswer(Strict):
    """Short answer under one composition."""

    value: Quantity
    bounds: Bounds
    status: Status
    allocation: dict[Identifier, Quantity]
    use: dict[Identifier, Quantity]
    threshold: ComparedThreshold | None = Field(description="Null without a termination loss.")


class CompositionsDocument(Document):
    """Answers to one scenario under every composition."""

    schema_id: Literal["mfmgame/compositions/1"] = Field(alias="schema")
    scenario: str
    resources: Displays = {}
    status: Status
    compositions: dict[CompositionName, CompositionAnswer]
    refused: dict[CompositionName, str] = Field(
        description="Compositions that cannot interpret the numbers, with the reason."
    )
    notes: list[str]
