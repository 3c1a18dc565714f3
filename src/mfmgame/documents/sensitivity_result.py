"""What matters, as JSON documents: derivatives, shares, what-ifs, robust plans, indices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
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

# What comes out may be larger or smaller than what may go in.
Loss = Annotated[float, Field(ge=0.0)]
Bits = Annotated[float, Field(ge=0.0)]
Level = Annotated[float, Field(ge=0.0)]


class Slope(Strict):
    """A derivative and an elasticity; null where none is known to exist."""

    derivative: float | None
    elasticity: float | None = Field(description="Per cent, for one per cent of the number.")


class NumberSlopes(Strict):
    """A number of the game and the derivatives in it."""

    number: Identifier = Field(description="What it is, as 'severity'.")
    name: str = Field(description="Whose: an id, or two with a slash between them.")
    size: float
    value: Slope
    threshold: Slope | None = Field(description="Null where there is no threshold to reach.")


class GradientDocument(Document):
    """Derivatives in every number of a game."""

    schema_id: Literal["mfmgame/gradient/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    value: Loss
    threshold: Bits | None
    numbers: list[NumberSlopes]
    notes: list[str]


class DefenseShare(Strict):
    """What one defense has of what the plan removes, in loss units."""

    level: Level
    share: float
    error: Loss = Field(description="Standard error of the share; 0 where it is exact.")
    alone: float = Field(description="What it removes with no other.")
    last: float = Field(description="What it adds to all others.")


class SharesDocument(Document):
    """Shapley shares of the loss that a plan removes."""

    schema_id: Literal["mfmgame/shares/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    undefended: Loss
    defended: Loss
    removed: float
    permutations: int | None = Field(description="Random orders; null where all were taken.")
    defenses: dict[Identifier, DefenseShare]
    notes: list[str]


class OutcomeBounds(Strict):
    """Proven bracket of a value."""

    lower: Loss
    upper: Loss


class OutcomeThreshold(Strict):
    """A threshold in short; its bandwidth is null where no attacker can reach it."""

    bandwidth: Bits | None
    decision: Decision
    margin: float | None


class OutcomeResult(Strict):
    """The answer to one game, in short."""

    value: Loss
    bounds: OutcomeBounds
    status: Status
    threshold: OutcomeThreshold | None = Field(description="Null without a termination loss.")
    allocation: dict[Identifier, Level]


class WithoutResult(Strict):
    """What is left without one defense."""

    defense: Identifier
    value: Loss | None = Field(description="Null where no allocation is feasible without it.")
    change: float | None
    threshold: Bits | None
    decision: Decision | None
    status: Status | None = Field(description="Null where no allocation is feasible.")


class WhatIfDocument(Document):
    """The answers to a scenario as it is, as it would be, and without each defense."""

    schema_id: Literal["mfmgame/what-if/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    status: Status
    dropped: list[Identifier]
    added: list[Identifier]
    before: OutcomeResult
    after: OutcomeResult
    change: float = Field(description="What it adds to the value.")
    without: list[WithoutResult] | None = Field(
        description="Each defense of the scenario as it would be; null if not asked for."
    )
    notes: list[str]


class RobustInput(Strict):
    """An uncertain number, the interval looked at, and its worst end."""

    nominal: float
    lower: float
    upper: float
    worst: float
    mixed: bool = Field(description="Whether it hurts here at one end and there at the other.")


class RobustDocument(Document):
    """The plan whose worst case is least."""

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
    saved: float = Field(description="What the robust plan takes off the worst case.")
    price: float = Field(description="What it costs if all numbers are nominal.")
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
    """Each uncertain number at its ends, the others at their nominal values."""

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
