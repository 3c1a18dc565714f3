"""Shares of work that defenses keep, as amounts of a resource.

Kept shares multiply, and amounts of a resource add up: so the amount that stands for a share is its
negative logarithm. Amounts are rounded down to a binary grid. Sums of amounts on the grid are exact
in floats, and the sum of the amounts of some shares is never more than the amount of their product:
a plan that keeps exactly the least share of work is within the limit.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationError, WrapValidator, model_validator

from mfmgame.documents.base import (
    LARGEST,
    SMALLEST,
    WHOLE,
    Basis,
    Strict,
    Text,
    first_problem,
    refuse,
)
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["KeptCounts", "KeptShare", "amount_that_keeps", "kept_share", "percentage_point"]

_STEPS = 2**40
"""Steps of the grid in an amount of 1."""
_MOST_EXPONENT = 600.0
"""Greatest exponent, whose exponential is finite."""
_NO_WORK = "a defense that keeps no work is left out"

Count = Annotated[int, Field(ge=0, le=10**15), WHOLE]
Positive = Annotated[int, Field(ge=1, le=10**15), WHOLE]


@lru_cache(maxsize=4096)
def amount_that_keeps(share: Fraction) -> float:
    """Compute the amount of a resource that stands for a kept share of work.

    Parameters
    ----------
    share : fractions.Fraction
        More than 0; a share above 1 counts as 1.

    Returns
    -------
    float
        ``-ln(share)``, rounded down to a multiple of ``2**-40``.

    Examples
    --------
    >>> amount_that_keeps(Fraction(1, 2))
    0.6931471805592082
    >>> halves = amount_that_keeps(Fraction(2, 3)) + amount_that_keeps(Fraction(3, 4))
    >>> halves <= amount_that_keeps(Fraction(1, 2))
    True
    """
    if share >= 1:
        return 0.0
    # The logarithm of a rational number below 1 is irrational: enough digits tell its floor.
    digits = 40
    while True:
        context = Context(prec=digits, Emin=-(10**6), Emax=10**6)
        ends = [context.ln(Decimal(part)) for part in (share.denominator, share.numerator)]
        steps = context.multiply(context.subtract(*ends), Decimal(_STEPS))
        error = context.multiply(sum(ends) + 1, Decimal(_STEPS).scaleb(3 - digits))
        low, high = (
            math.floor(end) for end in (context.subtract(steps, error), context.add(steps, error))
        )
        if low == high:
            return low / _STEPS
        digits *= 2


def kept_share(amount: float) -> float:
    """Compute the share of work that an amount of a resource stands for.

    Examples
    --------
    >>> round(kept_share(amount_that_keeps(Fraction(1, 4))), 9)
    0.25
    """
    return math.exp(min(-amount, _MOST_EXPONENT))


def percentage_point(amount: float) -> float:
    """Compute the further amount that gives up one more percentage point of the kept work.

    Examples
    --------
    >>> round(percentage_point(amount_that_keeps(Fraction(1, 4))), 9)
    0.04
    """
    return 0.01 * math.exp(min(amount, _MOST_EXPONENT))


class KeptCounts(Strict):
    """Tasks that succeed with a defense, and on the baseline without the defense."""

    successes: Count = Field(json_schema_extra={"minimum": 1})
    trials: Positive
    baseline_successes: Positive
    baseline_trials: Positive

    @model_validator(mode="after")
    def _are_parts_of_trials(self) -> Self:
        for key, part, whole in (
            ("successes", self.successes, self.trials),
            ("baseline_successes", self.baseline_successes, self.baseline_trials),
        ):
            if part > whole:
                raise refuse((key,), f"found {part}, expected at most {whole}, the trials")
        if self.successes == 0:
            raise refuse(("successes",), f"found 0, expected more than 0: {_NO_WORK}")
        return self

    @property
    def share(self) -> Fraction:
        """Share of the baseline's work that succeeds with the defense."""
        kept = Fraction(self.successes, self.trials)
        return kept / Fraction(self.baseline_successes, self.baseline_trials)


def _share_or_counts(written: Any, validated: Any) -> Any:
    """Read a share or its counts, with errors that name no part of the union."""
    if isinstance(written, dict):
        try:
            return KeptCounts(**written)
        except ValidationError as error:
            raise first_problem(error) from None
    if written == 0 and not isinstance(written, bool):
        raise SpecificationError(f"found 0, expected more than 0: {_NO_WORK}")
    try:
        return validated(written)
    except ValidationError:
        raise SpecificationError(
            f"found {shown(written)}, expected a share of work kept, such as 0.5, or its counts"
        ) from None


class KeptShare(Strict):
    """A share of work, which stands for the amount of a resource that keeps the share."""

    group: ClassVar[None] = None
    """No group: the number is certain, and correlated with none."""

    kept_share: Annotated[
        Annotated[float, Field(ge=SMALLEST, le=LARGEST)] | KeptCounts,
        WrapValidator(_share_or_counts),
    ] = Field(description="Share of the work kept, or the counts it is from.")
    basis: Basis | None = Field(default=None, description="What the share rests on.")
    source: Text | None = Field(default=None, description="Where the share comes from.")

    @property
    def value(self) -> float:
        """Amount of the resource."""
        if isinstance(self.kept_share, KeptCounts):
            return amount_that_keeps(self.kept_share.share)
        return amount_that_keeps(Fraction(repr(self.kept_share)))
