"""Bits that threats need: what it takes to single out a harmful sequence of calls."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mfmgame.authority.counting.conditions import Conditions
from mfmgame.authority.counting.harmful_calls import HarmfulCall, HarmfulSequence
from mfmgame.authority.counting.value_sets import power, product
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown
from mfmgame.numerics.binary_logarithms import bits_at_least, bits_at_most

if TYPE_CHECKING:
    from mfmgame.authority.counting.authorized_bits import AuthorizedBits

__all__ = ["ThreatBits", "share_a_call", "threat_bits"]


@dataclass(frozen=True)
class ThreatBits:
    """The bits that it takes to single out a harmful sequence of calls.

    Attributes
    ----------
    threat : str
    calls : str
        The harmful calls, as written.
    steps : int
        Number of calls in a sequence.
    sequences : int or None
        Number of harmful sequences; None if unbounded.
    bits : float
        log2 of all sequences over the harmful ones, rounded down; infinite if no allowed call
        is harmful, NaN if unbounded.
    """

    threat: str
    calls: str
    steps: int
    sequences: int | None
    bits: float


def threat_bits(allowed: AuthorizedBits, harmful: HarmfulSequence) -> ThreatBits:
    """Count the harmful sequences of a threat, and the bits that single one out.

    Parameters
    ----------
    allowed : AuthorizedBits
    harmful : HarmfulSequence

    Returns
    -------
    ThreatBits

    Raises
    ------
    SpecificationError
        If a harmful call names an unknown tool or argument.
    """
    factors: list[int | None] = []
    # A call that is repeated by * is one object.
    for _, repeated in itertools.groupby(harmful.steps, key=id):
        calls = list(repeated)
        count = _harmful_count(allowed, calls[0])
        factors.append(None if count is None else power(count, len(calls)))
    sequences = product(factors)
    total = None if allowed.count is None else power(allowed.count, len(harmful.steps))
    if sequences == 0:
        bits = math.inf
    elif sequences is None or total is None:
        bits = math.nan
    else:
        bits = max(0.0, _difference(total, sequences))
    return ThreatBits(harmful.threat, harmful.text, len(harmful.steps), sequences, bits)


def _difference(total: int, part: int) -> float:
    """Return log2(total / part), rounded down."""
    shared = math.gcd(total, part)
    total, part = total // shared, part // shared
    if part == 1:
        return bits_at_least(total)
    return math.nextafter(bits_at_least(total) - bits_at_most(part), -math.inf)


def share_a_call(allowed: AuthorizedBits, first: HarmfulSequence, second: HarmfulSequence) -> bool:
    """Whether an allowed call may be part of both sequences."""
    return any(
        _harmful_count(allowed, [HarmfulCall(one.tool, _both(one, other))]) != 0
        for one, other in itertools.product(first.different_calls(), second.different_calls())
        if one.tool == other.tool
    )


def _both(first: HarmfulCall, second: HarmfulCall) -> Conditions:
    conditions = {path: list(listed) for path, listed in first.conditions.items()}
    for path, listed in second.conditions.items():
        conditions[path] = [*conditions.get(path, ()), *listed]
    return conditions


def _harmful_count(allowed: AuthorizedBits, alternatives: Sequence[HarmfulCall]) -> int | None:
    total = 0
    for call in alternatives:
        names = [tool.name for tool in allowed.manifest.tools]
        if call.tool not in names:
            raise SpecificationError(
                f"unknown tool {shown(call.tool)}, expected {nearest(call.tool, names, 'tool')}",
                pointer="harmful",
            )
        tool = next((tool for tool in allowed.tools if tool.name == call.tool), None)
        if tool is None:
            continue
        try:
            count = tool.values.count_where(call.conditions)
        except SpecificationError as error:
            raise SpecificationError(error.message, pointer=f"harmful {call.tool}") from None
        if count is None:
            return None
        total += count
    return total
