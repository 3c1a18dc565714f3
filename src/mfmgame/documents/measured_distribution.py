"""Effectiveness measured by counts of attacks, with and without the defense.

    E = 1 - p / q,   p ~ Beta(s + 1/2, n - s + 1/2),   q likewise of the baseline,

clipped to [0, 1): the posteriors of both success rates from Jeffreys's prior [1]_. Trials that
repeat a task say less than independent trials: `effective_trials` states how many independent
trials they are worth, and the successes are scaled to them. Numbers with one baseline are
correlated by its rate; a distribution here is that of a number alone.

References
----------
.. [1] H. Jeffreys, "An invariant form for the prior probability in estimation problems",
   Proc. R. Soc. Lond. A 186 (1946).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from mfmgame.documents.base import REGULAR, WHOLE, Identifier, Strict, refuse, unstated
from mfmgame.documents.distribution_base import LEAST_SHARE, Distribution
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.numerics.beta_ratio import BetaRatio, BetaShapes

__all__ = ["Baseline", "Measured", "refuse_different_baselines"]

MOST_TRIALS = 1_000_000_000
LARGEST_SHARE = math.nextafter(1.0, 0.0)
"""Greatest effectiveness: below 1, so that independent layers keep a finite depth, 36.7."""
_SAME = 1e-9
"""Relative excess of the effective trials that counts as rounding."""
_PRIOR = 0.5

Successes = Annotated[int, Field(ge=0, le=MOST_TRIALS), WHOLE]
Trials = Annotated[int, Field(ge=1, le=MOST_TRIALS), WHOLE]
EffectiveTrials = Annotated[float, Field(gt=0.0, le=MOST_TRIALS), *REGULAR]


class _Counts(Strict):
    """Trials of attacks and their successes."""

    successes: Successes = Field(description="Trials in which the attack succeeded.")
    trials: Trials
    effective_trials: EffectiveTrials | None = Field(
        default=None,
        description="Number of independent trials that say as much; all trials by default.",
    )

    @model_validator(mode="after")
    def _counts_are_consistent(self) -> Self:
        if self.successes > self.trials:
            raise refuse(
                ("successes",),
                f"found {self.successes} in {counted(self.trials, 'trial')}, expected at most as "
                "many as trials",
            )
        if (self.effective_trials or 0.0) > self.trials * (1.0 + _SAME):
            raise refuse(
                ("effective_trials",),
                f"found {shown(self.effective_trials)}, expected at most the trials, {self.trials}",
            )
        return self

    @property
    def shapes(self) -> BetaShapes:
        """Shapes of the posterior of the attack's success rate."""
        effective = min(float(self.trials), self.effective_trials or float(self.trials))
        share = effective / self.trials
        failures = self.trials - self.successes
        return BetaShapes(self.successes * share + _PRIOR, failures * share + _PRIOR)


class Baseline(_Counts):
    """Attacks on the same tasks without the defense."""

    id: Identifier = Field(description="Name of the baseline; one name stands for one draw.")

    def rates(self, probabilities: FloatArray) -> FloatArray:
        """Compute quantiles of the success rate without the defense.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n,)
            Above 0 and below 1.

        Returns
        -------
        ndarray of float, shape (n,)
        """
        return _rates(self.shapes, probabilities)


class Measured(_Counts, Distribution):
    """Effectiveness from counts of successful attacks, with and without the defense."""

    model_config = ConfigDict(json_schema_extra={"allOf": [unstated("group")]})

    distribution: Literal["measured"]
    baseline: Baseline

    @property
    def support(self) -> tuple[float, float]:
        """0, and the largest number below 1."""
        return 0.0, LARGEST_SHARE

    @property
    def plug_in(self) -> float | None:
        """Estimate from the rates as counted, below 0 if attacks succeed more often.

        None if no attack succeeded on the baseline.
        """
        base = self.baseline
        expected = base.successes * self.trials
        return (expected - self.successes * base.trials) / expected if expected else None

    def given(self, probabilities: FloatArray, baseline_rates: FloatArray) -> FloatArray:
        """Compute the effectiveness from quantiles of the own rate and rates of the baseline.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n,)
            Of the success rate with the defense; above 0 and below 1.
        baseline_rates : ndarray of float, shape (n,)

        Returns
        -------
        ndarray of float, shape (n,)
            Within the support.
        """
        return np.clip(1.0 - _rates(self.shapes, probabilities) / baseline_rates, *self.support)

    def _check(self) -> None:
        if self.group is not None:
            raise refuse(
                ("group",),
                f"found {shown(self.group)} beside measured counts, expected none: the shared "
                "baseline correlates such numbers",
            )

    def _expected(self) -> str:
        return "a value from 0 to below 1"

    def _implied(self) -> float:
        return _median(self.shapes, self.baseline.shapes)

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        inner = np.clip(probabilities, LEAST_SHARE, LARGEST_SHARE)
        return 0.0 - np.expm1(BetaRatio(self.shapes, self.baseline.shapes).logs_exceeded(inner))


def refuse_different_baselines(numbers: Iterable[tuple[str, Distribution]]) -> None:
    """Refuse a baseline that has other counts in another place.

    Parameters
    ----------
    numbers : iterable of (str, Distribution)
        Each with the name of its place.

    Raises
    ------
    SpecificationError
        Names both places.
    """
    first: dict[str, tuple[str, Baseline]] = {}
    for place, form in numbers:
        if isinstance(form, Measured):
            base = form.baseline
            where, known = first.setdefault(base.id, (place, base))
            if known.shapes != base.shapes or known.trials != base.trials:
                raise SpecificationError(
                    f"found other counts of the baseline {shown(base.id)} than at "
                    f"{where}/baseline, expected the same, or another id",
                    pointer=f"{place}/baseline",
                )


def _rates(shapes: BetaShapes, probabilities: FloatArray) -> FloatArray:
    from scipy.special import betaincinv

    # On memory with gaps, kernels take another path and may round differently.
    return np.asarray(betaincinv(shapes.a, shapes.b, np.ascontiguousarray(probabilities)))


@lru_cache(maxsize=4096)
def _median(shapes: BetaShapes, baseline: BetaShapes) -> float:
    (log,) = BetaRatio(shapes, baseline).logs_exceeded(np.array([0.5])).tolist()
    return -math.expm1(log)
