"""Authority that no logged call used, and the rules that take it away."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mfmgame.answer_displays import Displayed
from mfmgame.authority.counting.authorized_bits import AllowedTool, AuthorizedBits
from mfmgame.authority.counting.composed_values import Objects
from mfmgame.authority.counting.json_values import value_key
from mfmgame.authority.counting.narrowings import Narrowing
from mfmgame.authority.counting.value_sets import Choices, Values
from mfmgame.authority.logs.logged_call import LoggedCall
from mfmgame.documents.policy import Policy
from mfmgame.messages import counted, refuse_other_types

__all__ = ["UnusedAuthority", "unused_authority"]

MOST_VALUES = 8
"""Length of a list of observed values that a rule may have: people must be able to check it."""
_LEAST_SESSIONS = 2
"""Sessions that must share each listed value: values of a single session foretell others."""
_LONGEST_VALUE = 100


@dataclass(frozen=True, eq=False, repr=False)
class UnusedAuthority(Displayed):
    """Authority that no logged call used.

    The calls describe the honest agent while it was logged. A rule takes nothing from the logged
    calls, and may refuse calls that the agent needs later.

    Attributes
    ----------
    authorized : AuthorizedBits
        Before the rules.
    narrowings : tuple of Narrowing
        Each with the bits a step that its rule alone takes off; largest first.
    narrowed : AuthorizedBits
        With all rules in the policy.
    calls : int
        Logged calls within the policy; the others are left out.
    outside : int
        Logged calls that the policy does not allow.
    """

    authorized: AuthorizedBits
    narrowings: tuple[Narrowing, ...]
    narrowed: AuthorizedBits
    calls: int
    outside: int

    @property
    def policy(self) -> Policy:
        """The policy with all rules."""
        assert self.narrowed.policy is not None
        return self.narrowed.policy


@dataclass
class _Uses:
    """Values of an argument in the calls of a tool, with up to two sessions of each."""

    sessions: dict[Any, set[str]] = field(default_factory=dict)
    values: dict[Any, Any] = field(default_factory=dict)
    given: int = 0
    is_long: bool = False
    """Whether there are too many values to list, or a value that is too long."""

    def add(self, session: str, value: Any) -> None:
        self.given += 1
        if self.is_long:
            return
        is_short = value is None or isinstance(value, bool | int | float | Decimal)
        if not is_short and not (isinstance(value, str) and len(value) <= _LONGEST_VALUE):
            self.is_long = True
            return
        key = value_key(value)
        self.values.setdefault(key, value)
        seen = self.sessions.setdefault(key, set())
        if len(seen) < _LEAST_SESSIONS:
            seen.add(session)
        self.is_long = len(self.values) > MOST_VALUES

    def listed(self) -> list[Any] | None:
        """Return the values as JSON; None if they are no list that a rule may have."""
        if self.is_long or any(len(seen) < _LEAST_SESSIONS for seen in self.sessions.values()):
            return None
        values = [_plain(self.values[key]) for key in sorted(self.values, key=repr)]
        return values if all(value_key(v) in self.values for v in values) else None


@dataclass
class _ToolUses:
    """Calls of a tool, and the values of its arguments."""

    calls: int = 0
    arguments: dict[str, _Uses] = field(default_factory=dict)


def unused_authority(authorized: AuthorizedBits, calls: Iterable[LoggedCall]) -> UnusedAuthority:
    """Find the authority that no logged call used.

    Never-called tools are denied, optional arguments that were always left out are left out, and
    an argument that had at most 8 values is bound to them, if two sessions or more gave each.

    Parameters
    ----------
    authorized : AuthorizedBits
    calls : iterable of LoggedCall
        Of honest sessions, in any order.

    Returns
    -------
    UnusedAuthority

    Raises
    ------
    SpecificationError
        If an argument is of another type, or a log cannot be read.

    Examples
    --------
    >>> import mfmgame as mg
    >>> tools = [{"name": name, "input_schema": {"type": "object", "properties": {},
    ...           "additionalProperties": False}} for name in ("read", "send", "stop")]
    >>> unused = mg.unused_authority(mg.authorized_bits(tools), [mg.LoggedCall("s1", "read", {})])
    >>> [(found.place, round(found.bits, 3)) for found in unused.narrowings]
    [('send', 0.415), ('stop', 0.415)]
    """
    refuse_other_types(authorized, "authorized", AuthorizedBits)
    refuse_other_types(calls, "calls", Iterable)
    uses, outside = _uses_by_tool(authorized, calls)
    found: list[Narrowing] = []
    tools: list[AllowedTool] = []
    for tool in authorized.tools:
        if tool.name not in uses:
            rule = {"tools": {tool.name: {"allow": False}}}
            bits = _bits_off(authorized, tool, None)
            found.append(Narrowing(tool.name, "deny the tool: never called", rule, bits))
            continue
        narrowed = dict(_narrowed_arguments(tool, uses[tool.name]))
        for name, (change, rule, values) in narrowed.items():
            alone = _with_arguments(tool, {name: values})
            members = {"tools": {tool.name: {"arguments": {name: rule}}}}
            place, bits = f"{tool.name}.{name}", _bits_off(authorized, tool, alone)
            found.append(Narrowing(place, change, members, bits))
        tools.append(_with_arguments(tool, {n: values for n, (_, _, values) in narrowed.items()}))
    found.sort(key=lambda narrowing: -narrowing.bits)
    policy = _with_rules(authorized.policy, [narrowing.rule or {} for narrowing in found])
    narrowed_bits = replace(authorized, tools=tuple(tools), policy=policy, threats=())
    within = sum(used.calls for used in uses.values())
    return UnusedAuthority(authorized, tuple(found), narrowed_bits, within, outside)


def _uses_by_tool(
    authorized: AuthorizedBits, calls: Iterable[LoggedCall]
) -> tuple[dict[str, _ToolUses], int]:
    """Return how each called tool was used within the policy, and the number of calls outside."""
    uses: dict[str, _ToolUses] = {}
    outside = 0
    for call in calls:
        refuse_other_types(call, "calls", LoggedCall)
        if authorized.refusal(call.tool, call.arguments) is not None:
            outside += 1
            continue
        tool = uses.setdefault(call.tool, _ToolUses())
        tool.calls += 1
        for name, value in call.arguments.items():
            tool.arguments.setdefault(name, _Uses()).add(call.session, value)
    return uses, outside


def _narrowed_arguments(
    tool: AllowedTool, uses: _ToolUses
) -> Iterator[tuple[str, tuple[str, dict[str, Any], Values]]]:
    """Yield the arguments that a rule can narrow: the change, the rule, and the values left."""
    if not isinstance(tool.values, Objects):
        return
    for name, values in tool.values.properties.items():
        used = uses.arguments.get(name)
        if used is None:
            if values.count != 0:
                change = f"leave the argument out: absent in {counted(uses.calls, 'call')}"
                yield name, (change, {"leave_out": True}, Choices([]))
            continue
        listed = used.listed()
        if listed is not None and (values.count is None or len(listed) < values.count):
            change = f"allow {counted(len(listed), 'value')}: seen in {counted(used.given, 'call')}"
            yield name, (change, {"enum": listed}, Choices(listed))


def _with_arguments(tool: AllowedTool, arguments: Mapping[str, Values]) -> AllowedTool:
    """Return a tool with other sets of values for some arguments."""
    if not arguments or not isinstance(tool.values, Objects):
        return tool
    values = tool.values
    properties = {**values.properties, **arguments}
    return replace(tool, values=Objects(properties, values.required, values.others))


def _bits_off(authorized: AuthorizedBits, tool: AllowedTool, left: AllowedTool | None) -> float:
    """Compute the bits a step that go if a tool is narrowed or denied.

    Infinite if the tool loses its only unbounded argument; 0 if other calls stay unbounded.
    """
    tools = (left if one is tool else one for one in authorized.tools)
    after = replace(authorized, tools=tuple(one for one in tools if one is not None), threats=())
    if authorized.count is None:
        was_unbounded = tool.count is None and (left is None or left.count is not None)
        return math.inf if was_unbounded else 0.0
    assert after.count is not None
    return math.log2(authorized.count) - math.log2(after.count)


def _with_rules(policy: Policy | None, rules: Iterable[Mapping[str, Any]]) -> Policy:
    """Return a policy with further rules."""
    allow_all = {"schema": "mfmgame/policy/1", "name": "narrowed to the logged calls"}
    allow_all |= {"other_tools": "allow", "undeclared_arguments": "allow"}
    document = (
        allow_all
        if policy is None
        else policy.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )
    for rule in rules:
        document = _merged(document, rule)
    return Policy(**document)


def _merged(members: Any, others: Any) -> Any:
    """Return JSON with the members of another object added, at any depth."""
    if not (isinstance(members, Mapping) and isinstance(others, Mapping)):
        return others
    return {**members, **{k: _merged(members.get(k), value) for k, value in others.items()}}


def _plain(value: Any) -> Any:
    """Return a value as the JSON of a policy has it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
