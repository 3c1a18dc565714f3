"""Sensitivity results as JSON documents: derivatives, shares, what-ifs, robust plans, indices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
from mfmgame.documents.catalog import Displays
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import Decision, Status

__all__ = [
    "GradientDocument",
    "InfluenceDocument",
    "RobustDocument",
    "SharesDocument",
    "TornadoDocument",
    "WhatIfDocument",
]

# Results may be larger or smaller than inputs may be.
Loss = Annotated[float, Field(ge=0.0)]
Bits = Annotated[float, Field(ge=0.0)]
Level = Annotated[float, Field(ge=0.0)]


class Slope(Strict):
    """A derivative and an elasticity; null where not known to exist."""

    derivative: float | None
    elasticity: float | None = Field(
        description="Percent change for a change of the number by one percent."
    )


class NumberSlopes(Strict):
    """A number of the game with its derivatives."""

    number: Identifier = Field(description="Kind of number, such as 'severity'.")
    name: str = Field(description="Id of the entry, or two ids separated by a slash.")
    size: float
    value: Slope
    threshold: Slope | None = Field(description="Null if no attacker can reach a threshold.")


class GradientDocument(Document):
    """Derivatives with respect to every number of a game."""

    schema_id: Literal["mfmgame/gradient/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    resources: Displays = {}
    status: Status
    value: Loss
    threshold: Bits | None
    numbers: list[NumberSlopes]
    notes: list[str]


class DefenseShare(Strict):
    """Share of a defense in the loss that the plan removes, in loss units."""

    level: Level
    share: float
    error: Loss = Field(description="Standard error of the share; 0 where it is exact.")
    alone: float = Field(description="Loss that the defense removes alone.")
    last: float = Field(description="Loss that it removes on top of all others.")


class SharesDocument(Document):
    """Shapley shares of the loss that a plan removes."""

    schema_id: Literal["mfmgame/shares/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    undefended: Loss
    defended: Loss
    removed: float
    permutations: int | None = Field(
        description="Number of random orders; null if all orders were used."
    )
    defenses: dict[Identifier, DefenseShare]
    notes: list[str]


class OutcomeBounds(Strict):
    """Proven bracket of a value."""

    lower: Loss
    upper: Loss


class OutcomeThreshold(Strict):
    """A threshold in short; its bandwidth is null if no attacker can reach it."""

    bandwidth: Bits | None
    decision: Decision
    margin: float | None


class OutcomeResult(Strict):
    """Short answer to one game."""

    value: Loss
    bounds: OutcomeBounds
    status: Status
    threshold: OutcomeThreshold | None = Field(description="Null without a termination loss.")
    allocation: dict[Identifier, Level]


class WithoutResult(Strict):
    """Short answer without one defense."""

    defense: Identifier
    value: Loss | None = Field(description="Null if no allocation is feasible without the defense.")
    change: float | None
    threshold: Bits | None
    decision: Decision | None
    status: Status | None = Field(description="Null if no allocation is feasible.")


class WhatIfDocument(Document):
    """Answers to a scenario before and after a change, and without each defense."""

    schema_id: Literal["mfmgame/what-if/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    dropped: list[Identifier]
    added: list[Identifier]
    before: OutcomeResult
    after: OutcomeResult
    change: float = Field(description="Change of the value.")
    without: list[WithoutResult] | None = Field(
        description="Answer without each defense of the changed scenario; null if not asked for."
    )
    notes: list[str]


class RobustInput(Strict):
    """An uncertain number, its interval, and its worst end."""

    nominal: float
    lower: float
    upper: float
    worst: float
    mixed: bool = Field(
        description="Whether its low end hurts in some places and its high end in others."
    )


class RobustDocument(Document):
    """Plan with the least worst case."""

    schema_id: Literal["mfmgame/robust/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    coverage: float | None
    exact: bool
    worst_case: OutcomeResult
    reached: Loss = Field(description="Proven lower bound on the least worst case.")
    nominal: OutcomeResult
    nominal_plan_worst_case: Loss
    robust_plan_nominal: Loss
    saved: float = Field(description="Reduction of the worst case by the robust plan.")
    price: float = Field(description="Extra loss of the robust plan if all numbers are nominal.")
    inputs: dict[Identifier, RobustInput]
    notes: list[str]


class TornadoEnds(Strict):
    """Value and threshold with a number at its ends."""

    input: Identifier
    nominal: float
    lower: float
    upper: float
    value: list[Loss]
    threshold: list[Bits | None] | None


class TornadoDocument(Document):
    """Value and threshold with each uncertain number at its ends, the others nominal."""

    schema_id: Literal["mfmgame/tornado/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    value: Loss
    threshold: Bits | None
    inputs: list[TornadoEnds]
    notes: list[str]


class InfluenceDocument(Document):
    """Sobol or Morris indices of every uncertain number; null where nothing varies."""

    schema_id: Literal["mfmgame/influence/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    method: Literal["sobol", "morris"]
    n: int
    seed: int
    solved: int
    unreached: int
    measures: dict[Literal["value", "threshold"], dict[Identifier, dict[str, float | None]]]
    second_order: dict[Literal["value", "threshold"], list[tuple[str, str, float | None]]]
    notes: list[str]
