"""What every distribution has in common: its nominal value, support and quantiles."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from mfmgame.documents.base import Amount, Basis, Identifier, Strict, Text, refuse
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    pass


__all__ = ["Distribution"]

LEAST_SHARE = 2.0**-64
"""Probabilities this small count as 0: no draw has one, and kernels may fail on them."""


class Distribution(Strict):
    """A number that is not known: where it may lie, and how likely it lies where."""

    is_continuous: ClassVar[bool] = True

    nominal: Amount | None = Field(
        default=None, description="What to use where one number is needed."
    )
    group: Identifier | None = Field(
        default=None, description="Numbers of one group are correlated as 'correlations' says."
    )
    basis: Basis | None = Field(default=None, description="What the distribution rests on.")
    source: Text | None = Field(default=None, description="Where it comes from.")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        self._check()
        if self.nominal is not None and not self._holds(self.nominal):
            raise refuse(("nominal",), f"found {shown(self.nominal)}, expected {self._expected()}")
        return self

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""

    @property
    def center(self) -> float:
        """The nominal value: as stated, or the one that the form implies."""
        if self.nominal is not None:
            return self.nominal
        lower, upper = self.support
        return min(max(self._implied() + 0.0, lower), upper)

    def quantiles(self, probabilities: FloatArray) -> FloatArray:
        """Values that the number is at most with given probabilities.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n,)
            In [0, 1].

        Returns
        -------
        ndarray of float, shape (n,)
            Within the support.
        """
        import numpy as np

        lower, upper = self.support
        # Kernels take another path through memory with gaps, and may round otherwise.
        within = np.ascontiguousarray(probabilities, dtype=np.float64)
        if lower == upper:
            return np.full(within.shape, lower)
        inside = np.clip(self._quantiles(within), lower, upper)
        return np.where(within <= LEAST_SHARE, lower, np.where(within >= 1.0, upper, inside))

    def _check(self) -> None:
        """Refuse parameters that contradict each other."""

    def _holds(self, value: float) -> bool:
        lower, upper = self.support
        return lower <= value <= upper

    def _expected(self) -> str:
        lower, upper = self.support
        return f"a value from {lower!r} to {upper!r}"

    @abstractmethod
    def _implied(self) -> float:
        """The nominal value where none is stated."""

    @abstractmethod
    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        """Quantiles where the support is more than one value."""
