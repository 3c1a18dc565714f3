"""Distributions of uncertain numbers, one class for each form.

The form `measured` has its own file, :mod:`mfmgame.documents.measured_distribution`.

Quantile functions follow the parametrisation of :mod:`scipy.stats` and use the kernels
beneath it; PERT is the beta distribution on ``[low, high]`` whose shapes are
``1 + 4 (mode - low) / (high - low)`` and ``1 + 4 (high - mode) / (high - low)`` [1]_.

References
----------
.. [1] D. G. Malcolm, J. H. Roseboom, C. E. Clark and W. Fazar, "Application of a technique
   for research and development program evaluation", Operations Research 7 (1959).
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError

from mfmgame.documents.base import (
    LARGEST,
    REGULAR,
    Amount,
    first_problem,
    refuse,
)
from mfmgame.documents.distribution_base import Distribution
from mfmgame.documents.measured_distribution import Measured
from mfmgame.documents.stated_numbers import StatedNumber
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, nearest, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "FORMS",
    "Beta",
    "Discrete",
    "Distribution",
    "Lognormal",
    "Measured",
    "Pert",
    "Range",
    "Triangular",
    "Uniform",
    "parsed",
]

MOST_SIGMAS = 8.0
"""Default end of a lognormal, in sigmas: 1e-15 of the probability lies beyond."""

Shape = Annotated[float, Field(ge=1e-2, le=1e6)]
Sigma = Annotated[float, Field(gt=0.0, le=50.0)]
Positive = Annotated[float, Field(gt=0.0, le=LARGEST), *REGULAR]
Weight = Annotated[float, Field(ge=0.0, le=LARGEST)]
SOME_WEIGHT = Field(json_schema_extra={"contains": {"exclusiveMinimum": 0}})


class Bounded(Distribution):
    """A distribution between two stated numbers."""

    low: Amount
    high: Amount

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return self.low, self.high

    def _check(self) -> None:
        _refuse_reversed(self.low, self.high)

    def _implied(self) -> float:
        return 0.5 * self.low + 0.5 * self.high

    def _between(self, shares: FloatArray) -> FloatArray:
        return self.low * (1.0 - shares) + self.high * shares

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        return self._between(probabilities)


class Uniform(Bounded):
    """A uniform distribution from low to high."""

    distribution: Literal["uniform"]


class Range(Distribution):
    """A uniform distribution between two numbers, in short form."""

    range: list[Amount] = Field(
        description="Least and greatest value.", json_schema_extra={"minItems": 2, "maxItems": 2}
    )

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return self.range[0], self.range[1]

    def _check(self) -> None:
        if len(self.range) != 2:
            found = counted(len(self.range), "number")
            raise refuse(("range",), f"found {found}, expected the least and the greatest")
        low, high = self.range
        if low > high:
            raise refuse(
                ("range",), f"found {shown(low)} before {shown(high)}, expected the least first"
            )

    def _implied(self) -> float:
        return 0.5 * self.range[0] + 0.5 * self.range[1]

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        return self.range[0] * (1.0 - probabilities) + self.range[1] * probabilities


class _Peaked(Bounded):
    mode: Amount

    def _check(self) -> None:
        super()._check()
        if not self.low <= self.mode <= self.high:
            raise refuse(("mode",), f"found {shown(self.mode)}, expected {self._expected()}")

    def _implied(self) -> float:
        return self.mode

    def _share_below_mode(self) -> float:
        # Halves, because the difference of two numbers may overflow.
        return (0.5 * self.mode - 0.5 * self.low) / (0.5 * self.high - 0.5 * self.low)


class Triangular(_Peaked):
    """A density that rises linearly from low to mode and falls linearly to high."""

    distribution: Literal["triangular"]

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        import numpy as np

        peak = self._share_below_mode()
        rising = np.sqrt(probabilities * peak)
        falling = 1.0 - np.sqrt((1.0 - probabilities) * (1.0 - peak))
        return self._between(np.where(probabilities < peak, rising, falling))


class Pert(_Peaked):
    """A beta distribution with the given mode, a smooth alternative to the triangular."""

    distribution: Literal["pert"]

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        from scipy.special import betaincinv

        peak = self._share_below_mode()
        shares = betaincinv(1.0 + 4.0 * peak, 1.0 + 4.0 * (1.0 - peak), probabilities)
        return self._between(shares)


class Beta(Bounded):
    """A beta distribution, from 0 to 1 unless low and high are given."""

    distribution: Literal["beta"]
    a: Shape
    b: Shape
    low: Amount = 0.0
    high: Amount = 1.0

    def _implied(self) -> float:
        share = self.a / (self.a + self.b)
        return self.low * (1.0 - share) + self.high * share

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        from scipy.special import betaincinv

        return self._between(betaincinv(self.a, self.b, probabilities))


class Lognormal(Distribution):
    """A number whose logarithm is normal, truncated at low and high if given."""

    distribution: Literal["lognormal"]
    median: Positive
    sigma: Sigma = Field(description="Standard deviation of the natural logarithm.")
    low: Positive | None = Field(
        default=None, description="Least value; 8 sigma below the median by default."
    )
    high: Positive | None = Field(
        default=None, description="Greatest value; 8 sigma above the median by default."
    )

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        spread = MOST_SIGMAS * self.sigma
        low = self.median * math.exp(-spread) if self.low is None else self.low
        high = self.median * math.exp(spread) if self.high is None else self.high
        return low, high

    def _check(self) -> None:
        low, high = self.support
        _refuse_reversed(low, high)
        if not low <= self.median <= high:
            raise refuse(("median",), f"found {shown(self.median)}, expected {self._expected()}")

    def _implied(self) -> float:
        return self.median

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        import numpy as np
        from scipy.special import ndtr, ndtri

        low, high = (float(ndtr(self._sigmas(end))) for end in self.support)
        inside = ndtri(low + probabilities * (high - low))
        return np.asarray(self.median * np.exp(self.sigma * inside))

    def _sigmas(self, value: float) -> float:
        return (math.log(value) - math.log(self.median)) / self.sigma


class Discrete(Distribution):
    """Distribution over a few values, equally likely or weighted."""

    is_continuous: ClassVar[bool] = False

    distribution: Literal["discrete"]
    values: list[Amount] = Field(json_schema_extra={"minItems": 1, "uniqueItems": True})
    weights: Annotated[list[Weight], SOME_WEIGHT] | None = None

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value with a weight above 0."""
        values = [value for value, _ in self._weighted()]
        return min(values), max(values)

    def _check(self) -> None:
        if not self.values:
            raise refuse(("values",), "found none, expected one or more")
        if len(set(self.values)) < len(self.values):
            raise refuse(("values",), "found a value twice, expected each once")
        if self.weights is not None:
            if len(self.weights) != len(self.values):
                found = counted(len(self.weights), "weight")
                raise refuse(
                    ("weights",), f"found {found}, expected {len(self.values)}, one per value"
                )
            if not any(self.weights):
                raise refuse(("weights",), "found no weight above 0, expected one or more")

    def _weighted(self) -> list[tuple[float, float]]:
        """Pair values with weights, leaving out those of weight 0."""
        weights = self.weights or [1.0] * len(self.values)
        return [pair for pair in zip(self.values, weights, strict=True) if pair[1] > 0.0]

    def _holds(self, value: float) -> bool:
        return any(value == held for held, _ in self._weighted())

    def _expected(self) -> str:
        return "one of the values that have a weight"

    def _implied(self) -> float:
        return max(self._weighted(), key=lambda pair: pair[1])[0]

    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        import numpy as np

        values, weights = np.array(sorted(self._weighted())).T
        up_to = np.cumsum(weights / weights.max())
        places = np.searchsorted(up_to / up_to[-1], probabilities, side="left")
        return np.asarray(values[np.minimum(places, len(values) - 1)])


def _refuse_reversed(low: float, high: float) -> None:
    if low > high:
        raise refuse(("high",), f"found {shown(high)}, expected at least low, {shown(low)}")


FORMS: dict[str, type[Distribution]] = {
    "uniform": Uniform,
    "triangular": Triangular,
    "pert": Pert,
    "beta": Beta,
    "lognormal": Lognormal,
    "discrete": Discrete,
    "measured": Measured,
}
"""Distributions by their names in specifications."""


def parsed(data: dict[str, Any]) -> Distribution | StatedNumber:
    """Parse an object that stands for a number.

    Raises
    ------
    SpecificationError
        If the object is no distribution; the error's pointer is relative to the object.
    """
    if "range" in data:
        form: type[Distribution | StatedNumber] = Range
    elif "distribution" in data:
        name = data["distribution"]
        if not isinstance(name, str) or name not in FORMS:
            raise refuse(
                ("distribution",),
                f"found {shown(name)}, expected {nearest(name, FORMS, 'distribution')}",
            )
        form = FORMS[name]
    elif "value" in data:
        form = StatedNumber
    else:
        raise SpecificationError(
            "found an object, expected a number, or an object with 'range', 'distribution' or "
            "'value'"
        )
    try:
        return form(**data)
    except ValidationError as error:
        raise first_problem(error) from None
