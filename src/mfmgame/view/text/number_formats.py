"""Numbers for people: few digits, thousands separated, units beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING

from mfmgame.documents.kept_shares import kept_share
from mfmgame.numerics.binary_logarithms import bits_at_most

if TYPE_CHECKING:
    from mfmgame.game.game import DefenseGame

__all__ = [
    "amount_text",
    "bound_text",
    "bracket_text",
    "count_text",
    "full_digits",
    "kept_text",
    "loss_heading",
    "loss_text",
    "loss_unit",
    "measured",
    "number_text",
    "percent_range",
    "percent_text",
    "printable",
    "resource_heading",
    "resource_text",
    "share_text",
    "told_apart",
    "unit_heading",
    "use_text",
]

_FULL_DIGITS = ContextVar("full_digits", default=False)
_LEAST_DIGITS, _MOST_DIGITS = 4, 12
"""Fewest and most significant digits of a bracket's ends."""
_ROUNDING = Context(prec=400, Emin=-2000, Emax=2000)
_DIGITS = 4
_SCIENTIFIC_FROM, _SCIENTIFIC_BELOW = 1e15, 1e-9
"""Sizes from which, and below which, a number is written with a power of ten."""


@contextmanager
def full_digits(*, on: bool = True) -> Iterator[None]:
    """Show every digit of each number within a ``with`` block."""
    before = _FULL_DIGITS.set(on)
    try:
        yield
    finally:
        _FULL_DIGITS.reset(before)


def printable(text: str) -> str:
    """Escape every character that could control a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def number_text(number: float) -> str:
    """Format a number for people: four significant digits, thousands separated."""
    if _FULL_DIGITS.get():
        return bound_text(number)
    return _rounded(number, _DIGITS)


def _rounded(number: float, digits: int) -> str:
    number += 0.0  # no -0
    size, text = abs(number), f"{number:.{digits}g}"
    if not math.isfinite(number) or size >= _SCIENTIFIC_FROM or 0.0 < size < _SCIENTIFIC_BELOW:
        return text
    return f"{Decimal(text):,f}"


def count_text(count: int | None) -> str:
    """Format a count of any size: its digits, or the power of two just above it.

    Examples
    --------
    >>> count_text(16001), count_text(2**64), count_text(None)
    ('16,001', '2^64', 'unbounded')
    """
    if count is None:
        return "unbounded"
    return f"{count:,}" if count < 10**9 else f"2^{bits_at_most(count):.6g}"


def told_apart(first: float, second: float) -> tuple[str, str]:
    """Format two numbers, with more digits than usual where that tells them apart.

    Examples
    --------
    >>> told_apart(25.159, 25.1664), told_apart(2.0, 2.00001)
    (('25.16', '25.17'), ('2', '2.00001'))
    """
    texts = number_text(first), number_text(second)
    if texts[0] != texts[1] or first == second:
        return texts
    for digits in range(5, 17):
        texts = _rounded(first, digits), _rounded(second, digits)
        if texts[0] != texts[1]:
            break
    return texts


def bound_text(number: float) -> str:
    """Format a proven bound: every digit, thousands separated."""
    return f"{number + 0.0:,}".removesuffix(".0")


def bracket_text(lower: float, upper: float) -> str:
    """Write a proven bracket with two digits beyond those that its ends share.

    The lower end is rounded down and the upper end up, so that the bracket as it is written is
    proven, too: the floats that its ends read back as enclose the bracket. With full digits,
    both ends are written in full.

    Parameters
    ----------
    lower, upper : float

    Examples
    --------
    >>> bracket_text(1313.3333333333321, 1313.3333333333335)
    'between 1,313.33333333 and 1,313.33333334'
    >>> bracket_text(2.9562, 3.0), bracket_text(3.5, 3.5)
    ('between 2.956 and 3', 'between 3.5 and 3.5')
    """
    ends = lower + 0.0, upper + 0.0
    if _FULL_DIGITS.get() or not all(map(math.isfinite, ends)) or not any(ends):
        return f"between {bound_text(lower)} and {bound_text(upper)}"
    low, high = (Decimal(repr(end)) for end in ends)
    size = max(abs(low), abs(high)).adjusted()
    difference = _ROUNDING.subtract(high, low)
    # Ends that share n digits differ in the next: their difference begins there or one later.
    digits = size - difference.adjusted() + 1 if difference else _MOST_DIGITS
    digits = max(_LEAST_DIGITS, min(_MOST_DIGITS, digits))
    step = Decimal((0, (1,), size - digits + 1))
    floor = low.quantize(step, ROUND_FLOOR, _ROUNDING)
    ceiling = high.quantize(step, ROUND_CEILING, _ROUNDING)
    return f"between {_decimal_text(floor)} and {_decimal_text(ceiling)}"


def _decimal_text(number: Decimal) -> str:
    """Write a decimal without needless zeros; with a power of ten as `number_text` would."""
    if not number:
        return "0"
    number = number.normalize(_ROUNDING)
    if not _SCIENTIFIC_BELOW <= abs(number) < _SCIENTIFIC_FROM:
        return f"{number:e}"
    return f"{number:,f}"


def loss_text(game: DefenseGame, loss: float) -> str:
    """Format a loss with its unit and period, if the game names them."""
    return f"{number_text(loss)} {_loss_unit(game)}".rstrip()


def _loss_unit(game: DefenseGame) -> str:
    period = f" per {printable(game.units.period)}" if game.units.period else ""
    return (printable(game.units.loss) + period).strip()


def loss_unit(game: DefenseGame) -> str:
    """Name the unit of losses: the game's own, or loss units."""
    return _loss_unit(game) or "loss units"


def kept_text(amount: float) -> str:
    """Format in per cent the kept share of work that an amount stands for."""
    return f"{number_text(100.0 * kept_share(amount))} %"


def amount_text(game: DefenseGame, resource: str, amount: float) -> str:
    """Format an amount of a resource without its unit, or the kept share in its place."""
    return kept_text(amount) if game.keeps_share(resource) else number_text(amount)


def use_text(game: DefenseGame, resource: str, used: float, limit: float) -> str:
    """State the use of a resource and its limit, if there is a limit."""
    if game.keeps_share(resource):
        least = f", at least {kept_text(limit)} must be kept" if math.isfinite(limit) else ""
        return f"keeps {kept_text(used)} of the work{least}"
    if math.isfinite(limit):
        return f"{number_text(used)} of {resource_text(game, resource, limit)} used"
    return f"{resource_text(game, resource, used)} used"


def resource_text(game: DefenseGame, resource: str, amount: float) -> str:
    """Format an amount of a resource with its unit, if the game names one."""
    if game.keeps_share(resource):
        return f"{kept_text(amount)} of the work"
    unit = game.units.resources.get(resource, "")
    return f"{number_text(amount)} {printable(unit)}".rstrip()


def loss_heading(game: DefenseGame, heading: str = "loss") -> str:
    """Write the heading of a column of losses, the unit below it."""
    return f"{heading}\n{printable(game.units.loss)}" if game.units.loss else heading


def resource_heading(game: DefenseGame, resource: str) -> str:
    """Write the heading of a column of amounts of a resource, the unit below it."""
    return unit_heading(game, resource, printable(resource))


def unit_heading(game: DefenseGame, resource: str, heading: str) -> str:
    """Write the heading of a column of amounts, the unit of their resource below it."""
    unit = "kept" if game.keeps_share(resource) else game.units.resources.get(resource, "")
    return heading + (f"\n{printable(unit)}" if unit else "")


def measured(amount: float, unit: str) -> str:
    """Format an amount with its unit, ``1 bit`` or ``2 bits``."""
    text = number_text(amount)
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def share_text(share: float) -> str:
    """Format a share with three decimals, or NaN as a dash."""
    return "-" if math.isnan(share) else f"{share:.3f}"


def percent_text(share: float) -> str:
    """Format a share in per cent with one decimal, or NaN as a dash."""
    return "-" if math.isnan(share) else f"{100.0 * share:.1f}".removesuffix(".0") + " %"


def percent_range(lower: float, upper: float) -> str:
    """Format a range of shares in per cent, or NaN as a dash."""
    if math.isnan(lower) or math.isnan(upper):
        return "-"
    return f"{percent_text(lower).removesuffix(' %')} to {percent_text(upper)}"
