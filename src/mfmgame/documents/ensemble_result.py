"""Results over draws of uncertain numbers, as a JSON document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Identifier, Strict
from mfmgame.documents.composition_names import CompositionName
from mfmgame.documents.result import Status

__all__ = ["EnsembleDocument"]

# Results may be larger or smaller than inputs may be.
Quantity = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Interval(Strict):
    """Confidence interval of a number, at the confidence that the document states."""

    lower: float | None = Field(description="Null where there are too few draws to say.")
    upper: float | None = Field(description="Null where there are too few draws to say.")


class Probability(Interval):
    """A probability with its exact interval."""

    estimate: Share | None


class QuantileResult(Interval):
    """A quantile with a distribution-free interval; null where it is infinite."""

    at: Share
    estimate: float | None


class Distribution(Strict):
    """Distribution of a number over the draws that have an answer."""

    nominal: float | None = Field(description="Number with every input at its nominal value.")
    mean: float | None = Field(description="Null if a number is infinite or no draw has an answer.")
    quantiles: list[QuantileResult]


class Exceedance(Strict):
    """Probability that the value exceeds a loss."""

    loss: Quantity
    probability: Share


class FundingResult(Strict):
    """How often the optimum funds a defense, and at what level."""

    funded: Probability
    mean_level: Quantity | None
    nominal_level: Quantity


class Mean(Interval):
    """A mean with Student's interval, which is approximate."""

    estimate: float | None


class RegretResult(Strict):
    """How a plan that is kept in every draw compares with the best plan of each draw."""

    near_best: Probability = Field(
        description="Probability that the plan is best or costs at most 1 % more than the best."
    )
    mean_regret: Mean
    high_regret: QuantileResult
    allowed: Probability | None = Field(
        description="Probability that the plan keeps within all limits and rules of a draw; null "
        "for the nominal plan, which is scaled back to the limits."
    )


class PlanResult(RegretResult):
    """Loss and regret of a named plan; it is kept in draws that do not allow it."""

    loss: Distribution = Field(description="Loss of the worst attack against the plan.")
    regret: Distribution = Field(
        description="Excess of the loss over the value of the draw; 0 where the loss is less."
    )


class LeastMeanRegret(Strict):
    """The plan with the least mean regret; null stands for the nominal plan."""

    plan: Identifier | None
    not_told_apart: list[Identifier | None] = Field(
        description="Plans whose mean regret may be less: the interval of the mean difference, "
        "draw by draw, includes 0."
    )


class Recommendation(Strict):
    """Regrets of the nominal plan and of every named plan."""

    nominal_plan: RegretResult
    plans: dict[Identifier, PlanResult]
    least_mean_regret: LeastMeanRegret


class Input(Strict):
    """An uncertain number: its nominal value and the ends of its support."""

    nominal: float
    lower: float
    upper: float


class EnsembleDocument(Document):
    """Answer to a scenario over draws of its uncertain numbers."""

    schema_id: Literal["mfmgame/ensemble/1"] = Field(alias="schema")
    scenario: str
    composition: CompositionName
    draws: int = Field(ge=1)
    seed: int = Field(ge=0)
    infeasible: int = Field(
        ge=0,
        description="Draws without an allocation within the limits; no probability counts them.",
    )
    status: Status = Field(description="Status of the first draw that is not proven.")
    unproven: int = Field(
        ge=0, description="Draws whose bracket or threshold is less precise than asked for."
    )
    undecided: int = Field(
        ge=0,
        description="Draws whose bracket holds the termination loss; only the upper end of the "
        "interval of `terminate` counts them.",
    )
    confidence: Share
    inputs: dict[Identifier, Input]
    terminate: Probability | None = Field(description="Null without a termination loss.")
    unreachable: Probability | None = Field(
        description="Probability that no attacker in the game can reach the threshold."
    )
    value: Distribution
    threshold: Distribution | None
    adversarial: Distribution
    portfolio: Distribution
    regret: Distribution = Field(
        description="Worst loss against the plan for nominal values, less the value."
    )
    measures: dict[Identifier, Distribution]
    exceedance: list[Exceedance] = Field(
        description="Points of the loss-exceedance curve, at each percent of probability."
    )
    defenses: dict[Identifier, FundingResult]
    recommendation: Recommendation | None = Field(
        default=None, description="Absent if the scenario names no plan."
    )
    notes: list[str]
