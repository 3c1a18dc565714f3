"""Ensembles: what uncertain numbers make of an answer, as a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import Status

__all__ = ["EnsembleDocument"]

# What comes out may be larger or smaller than what may go in.
Quantity = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Interval(Strict):
    """An interval that holds the true number, with the confidence that the document states."""

    lower: float | None = Field(description="Null where there are too few draws to say.")
    upper: float | None = Field(description="Null where there are too few draws to say.")


class Probability(Interval):
    """A probability, and its exact interval."""

    estimate: Share | None


class QuantileResult(Interval):
    """A quantile, and a distribution-free interval; null where it is infinite."""

    at: Share
    estimate: float | None


class Distribution(Strict):
    """How a number is distributed over the draws that have an answer."""

    nominal: float | None = Field(description="With every input at its nominal value.")
    mean: float | None = Field(description="Null where a number is infinite or there is none.")
    quantiles: list[QuantileResult]


class Exceedance(Strict):
    """How likely it is that the value is above a loss."""

    loss: Quantity
    probability: Share


class FundingResult(Strict):
    """How often a defense is in the optimum, and how much of it."""

    funded: Probability
    mean_level: Quantity | None
    nominal_level: Quantity


class Input(Strict):
    """An uncertain number: its nominal value and the ends of what it may be."""

    nominal: float
    lower: float
    upper: float


class EnsembleDocument(Document):
    """What an ensemble says of a scenario."""

    schema_id: Literal["mfmgame/ensemble/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    draws: int = Field(ge=1)
    seed: int = Field(ge=0)
    infeasible: int = Field(
        ge=0, description="Draws that leave no allocation within the limits; no share counts them."
    )
    status: Status = Field(description="That of the first draw that is not proven.")
    unproven: int = Field(
        ge=0, description="Draws whose bracket is wider than asked for, or whose threshold is."
    )
    undecided: int = Field(
        ge=0,
        description="Draws whose bracket holds the termination loss; of `terminate`, only the "
        "upper end of the interval counts them.",
    )
    confidence: Share
    inputs: dict[Identifier, Input]
    terminate: Probability | None = Field(description="Null without a termination loss.")
    unreachable: Probability | None = Field(
        description="Of the threshold: that no attacker in the game can reach it."
    )
    value: Distribution
    threshold: Distribution | None
    adversarial: Distribution
    portfolio: Distribution
    regret: Distribution = Field(
        description="Worst loss against the plan at nominal values, less the value."
    )
    measures: dict[Identifier, Distribution]
    exceedance: list[Exceedance] = Field(
        description="Points of the loss-exceedance curve, at the hundredths of probability."
    )
    defenses: dict[Identifier, FundingResult]
    notes: list[str]
