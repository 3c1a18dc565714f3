"""Regret of plans over the draws: how much a plan that is kept costs beyond each draw's best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mfmgame.ensembles import estimates
from mfmgame.ensembles.estimates import CONFIDENCE, Estimate
from mfmgame.numerics.arrays import FloatArray

__all__ = ["HIGH", "NEAR", "PlanRegret", "least_mean_regret"]

Plan = TypeVar("Plan")

NEAR = 0.01
"""Greatest regret, as a share of the draw's value, of a plan that counts as near the best."""
HIGH = 0.95
"""Probability of the quantile that tells how high a regret may be."""


@dataclass(frozen=True)
class PlanRegret:
    """How a plan that is kept in every draw compares with the best plan of each draw.

    Attributes
    ----------
    near_best : Estimate
        Probability that the plan is best or costs at most 1 % more than the best plan. Draws that
        leave no allocation within the nominal plan count as not near the best.
    mean : Estimate
        Mean regret, with an approximate interval.
    high : Estimate
        95 % quantile of the regret, with a distribution-free interval.
    allowed : Estimate or None
        Probability that the plan keeps within every limit and rule of a draw; None for the nominal
        plan, which is scaled back to the limits.
    """

    near_best: Estimate
    mean: Estimate
    high: Estimate
    allowed: Estimate | None

    @classmethod
    def of(
        cls,
        regret: FloatArray,
        value: FloatArray,
        upper: FloatArray,
        allowed: FloatArray | None = None,
    ) -> PlanRegret:
        """Estimate the numbers of a plan from the draws with an answer.

        Parameters
        ----------
        regret : ndarray of float, shape (n_answered,)
            NaN where the plan has no loss.
        value, upper : ndarray of float, shape (n_answered,)
            Least loss of each draw, and its proven upper bound, which includes rounding errors.
        allowed : ndarray of float, shape (n_answered,), optional
            1 where the plan is allowed, else 0.
        """
        # Rounding must not part a plan from the best plan where the value is 0.
        is_near = regret <= NEAR * value + np.maximum(0.0, upper - value)
        known = regret[~np.isnan(regret)]
        return cls(
            near_best=estimates.share(int(np.count_nonzero(is_near)), len(regret)),
            mean=estimates.mean(known),
            high=estimates.quantile(known, HIGH),
            allowed=None if allowed is None else estimates.share(int(allowed.sum()), len(allowed)),
        )


def least_mean_regret(
    regrets: Mapping[Plan, FloatArray], confidence: float = CONFIDENCE
) -> tuple[Plan, tuple[Plan, ...]]:
    """Find the plan with the least mean regret, and the plans that the draws do not part from it.

    Two plans are compared draw by draw: the draws part them if the approximate interval of their
    mean difference in regret excludes 0.

    Parameters
    ----------
    regrets : mapping of plan to ndarray of float, shape (n_answered,)
        Regret of each plan in each draw; NaN where a plan has no loss.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    least : plan
        The first of them if means are equal.
    tied : tuple of plan
        The plans that cannot be told apart from it.

    Examples
    --------
    >>> regrets = {"a": np.array([0.0, 1.0, 0.0]), "b": np.array([1.0, 0.0, 1.0])}
    >>> least_mean_regret({**regrets, "c": np.array([4.0, 5.1, 4.0])})
    ('a', ('b',))
    """
    means = {plan: estimates.mean(_known(regret)).estimate for plan, regret in regrets.items()}
    least = min(means, key=lambda plan: np.nan_to_num(means[plan], nan=np.inf))
    differences = {
        plan: estimates.mean(_known(regret - regrets[least]), confidence)
        for plan, regret in regrets.items()
        if plan != least
    }
    return least, tuple(plan for plan, found in differences.items() if not found.lower > 0.0)


def _known(numbers: FloatArray) -> FloatArray:
    return numbers[~np.isnan(numbers)]
