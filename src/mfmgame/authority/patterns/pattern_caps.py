"""Limits on the work that a pattern may cause, counted in steps and never in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from mfmgame.errors import SpecificationError

__all__ = ["Budget", "PatternError"]

_MOST_WORK = 3_000_000  # at most about a second


class PatternError(SpecificationError):
    """A pattern is malformed, not supported, or too large to count."""


@dataclass
class Budget:
    """Work left for one language; the same patterns always spend the same.

    Attributes
    ----------
    subject : str
        Start of the message of an error: which patterns are too large.
    left : int
        Steps of about a third of a microsecond.
    """

    subject: str
    left: int = _MOST_WORK

    def spend(self, steps: int) -> None:
        """Take steps off the budget.

        Raises
        ------
        PatternError
            If fewer steps are left.
        """
        self.left -= steps
        if self.left < 0:
            raise self.error("the work is above its limit")

    def spend_product(self, first: int, second: int) -> None:
        """Take off the steps of a product of two integers, and of adding it to a third."""
        small, large = sorted((first.bit_length(), second.bit_length()))
        self.spend(2 + (isqrt(small) * large >> 12))

    def error(self, reason: str) -> PatternError:
        """Build the error to raise where the patterns are too large."""
        return PatternError(f"{self.subject}: too large to count: {reason}")
