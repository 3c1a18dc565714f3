"""Narrowings of a policy, by the bits that each takes off a step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mfmgame.authority.counting.authorized_bits import AllowedTool, AuthorizedBits
from mfmgame.authority.counting.composed_values import UNDECLARED, Objects

__all__ = ["LISTED_VALUES", "Narrowing", "narrowings"]

LISTED_VALUES = 16
"""Length of the list that a narrowing gives an argument: somebody can still write it."""


@dataclass(frozen=True)
class Narrowing:
    """A narrower policy, and what it takes off.

    Attributes
    ----------
    place : str
        Tool, or tool and argument.
    change : str
        In words.
    rule : dict or None
        Members to add to the policy; None if somebody has to say which values are allowed.
    bits : float
        Bits a step that the narrowing takes off; infinite for an unbounded argument.
    """

    place: str
    change: str
    rule: dict[str, Any] | None
    bits: float


def narrowings(authorized: AuthorizedBits, most: int = 5) -> tuple[Narrowing, ...]:
    """Find the narrowings that take off most bits of a step.

    Parameters
    ----------
    authorized : AuthorizedBits
    most : int, default 5

    Returns
    -------
    tuple of Narrowing
        Unbounded arguments first; then each tool without it, each optional argument without
        it, and each argument with at most 16 values, in decreasing order of bits. Each is
        counted alone.

    Examples
    --------
    >>> import mfmgame as mg
    >>> tools = [{"name": "pay", "input_schema": {"type": "object", "additionalProperties": False,
    ...     "properties": {"amount": {"type": "integer", "minimum": 1, "maximum": 1023}},
    ...     "required": ["amount"]}}]
    >>> [(n.place, n.change, round(n.bits, 2)) for n in narrowings(mg.authorized_bits(tools))]
    [('pay', 'deny the tool', 10.0), ('pay.amount', 'allow 16 values', 5.91)]
    """
    if authorized.count is None:
        found = [_bounded(remark.place) for remark in authorized.unbounded]
        return tuple(found[:most])
    listed = [narrowing for tool in authorized.tools for narrowing in _of(authorized, tool)]
    listed.sort(key=lambda narrowing: -narrowing.bits)
    return tuple(narrowing for narrowing in listed[:most] if narrowing.bits > 0)


def _bounded(place: str) -> Narrowing:
    if place.endswith(UNDECLARED):
        rule = {"undeclared_arguments": "deny"}
        return Narrowing(place, "refuse what the schema does not name", rule, math.inf)
    return Narrowing(place, "bound the argument", None, math.inf)


def _of(authorized: AuthorizedBits, tool: AllowedTool) -> Iterator[Narrowing]:
    count, calls = authorized.count, tool.count
    assert count is not None
    assert calls is not None

    def bits_off(left: int) -> float:
        return math.log2(count) - math.log2(count - calls + left)

    yield Narrowing(
        tool.name, "deny the tool", {"tools": {tool.name: {"allow": False}}}, bits_off(0)
    )
    if not isinstance(tool.values, Objects) or not calls:
        return
    for name, values in tool.values.properties.items():
        factor, place = tool.values.factor(name), f"{tool.name}.{name}"
        if factor is None or values.count is None:
            continue
        others = calls // factor
        if name not in tool.values.required:
            rule = {"tools": {tool.name: {"arguments": {name: {"leave_out": True}}}}}
            yield Narrowing(place, "leave the argument out", rule, bits_off(others))
        if values.count > LISTED_VALUES:
            left = others * (factor - values.count + LISTED_VALUES)
            yield Narrowing(place, f"allow {LISTED_VALUES} values", None, bits_off(left))
