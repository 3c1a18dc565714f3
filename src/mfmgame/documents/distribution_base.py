"""Base class of distributions: nominal value, support and quantiles."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

from pydantic import Field, model_validator

from mfmgame.documents.base import Amount, Basis, Identifier, Strict, Text, refuse
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Distribution"]

LEAST_SHARE = 2.0**-64
"""Probabilities up to this count as 0: no draw has one, and kernels may fail on them."""


class Distribution(Strict):
    """An uncertain number: its possible values and their probabilities."""

    is_continuous: ClassVar[bool] = True

    nominal: Amount | None = Field(
        default=None, description="Value used where a single number is needed."
    )
    group: Identifier | None = Field(
        default=None, description="Group of numbers whose correlation 'correlations' states."
    )
    basis: Basis | None = Field(default=None, description="Basis of the distribution.")
    source: Text | None = Field(default=None, description="Source of the distribution.")

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
        """Nominal value: the stated value, or the value that the form implies."""
        if self.nominal is not None:
            return self.nominal
        lower, upper = self.support
        return min(max(self._implied() + 0.0, lower), upper)

    def quantiles(self, probabilities: FloatArray) -> FloatArray:
        """Compute the quantiles at given probabilities.

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
        # On memory with gaps, kernels take another path and may round differently.
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
        """Return the nominal value where none is stated."""

    @abstractmethod
    def _quantiles(self, probabilities: FloatArray) -> FloatArray:
        """Compute quantiles where the support has more than one value."""
