"""Authorized bits: how many calls a policy allows, and how many bits a threat needs."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mfmgame.answer_displays import Displayed
from mfmgame.authority.counting.composed_values import Objects
from mfmgame.authority.counting.harmful_calls import read_harmful
from mfmgame.authority.counting.schema_reading import SchemaReader
from mfmgame.authority.counting.threat_bits import ThreatBits, share_a_call, threat_bits
from mfmgame.authority.counting.value_sets import MOST_BITS, AllOf, Values
from mfmgame.documents.policy import Policy, as_policy
from mfmgame.documents.tool_manifest import Manifest, Tool, as_manifest, digest_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, pointer_to, refuse_other_types, shown
from mfmgame.numerics.binary_logarithms import bits_at_most

__all__ = ["AllowedTool", "AuthorizedBits", "Remark", "ThreatBits", "authorized_bits"]

MOST_STEPS = 10**9
MOST_FREE_TEXT_BITS = 10_000


@dataclass(frozen=True)
class Remark:
    """A part of the arguments, and what is to be known about its count.

    Attributes
    ----------
    place : str
        Tool and argument, such as ``send_money.recipient``.
    text : str
    """

    place: str
    text: str

    def __str__(self) -> str:
        """Return place and text."""
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, eq=False)
class AllowedTool:
    """A tool that the policy allows.

    Attributes
    ----------
    name : str
    count : int or None
        Number of its calls; None if unbounded.
    is_exact : bool
        Whether there are exactly so many calls, not at most.
    most_calls : int or None
        Calls that the policy allows in a session.
    values : Values
        The sets of arguments.
    """

    name: str
    values: Values
    most_calls: int | None

    @property
    def count(self) -> int | None:
        """Number of calls."""
        return self.values.count

    @property
    def is_exact(self) -> bool:
        """Whether there are exactly so many calls."""
        return self.values.is_exact

    @property
    def bits(self) -> float:
        """Bits of the count, rounded up; infinite if unbounded, -inf without any call."""
        return _bits(self.count)

    @property
    def arguments(self) -> dict[str, int | None]:
        """Number of values of each argument, its absence included if it is optional."""
        objects = _objects_of(self.values)
        return {} if objects is None else {n: objects.factor(n) for n in objects.properties}


@dataclass(frozen=True, eq=False, repr=False)
class AuthorizedBits(Displayed):
    """The calls that a policy allows an agent, counted.

    Attributes
    ----------
    manifest : Manifest
    policy : Policy or None
        None: everything that the manifest declares is allowed.
    tools : tuple of AllowedTool
        The tools that the policy allows, in the order of the manifest.
    count : int or None
        Calls that are allowed at a step, no call among them; None if unbounded.
    is_exact : bool
        Whether there are exactly so many calls, not at most.
    bits_per_step : float
        log2 of the count, rounded up; infinite if unbounded.
    steps : int
        Calls of a session.
    bits : float
        Authorized bits of a session: bits a step times steps, rounded up.
    unbounded, assumed, ignored : tuple of Remark
        Arguments without a bound, arguments whose size is assumed, and keywords of the schemas
        that narrow no count.
    threats : tuple of ThreatBits
    shared_calls : tuple of pair of str
        Threats with bits of which a single call can be part of both.
    digest : str
        SHA-256 of the manifest's schemas and of the policy; decisions and scenarios name it.
    """

    manifest: Manifest
    policy: Policy | None
    tools: tuple[AllowedTool, ...]
    steps: int
    ignored: tuple[Remark, ...]
    threats: tuple[ThreatBits, ...] = ()
    shared_calls: tuple[tuple[str, str], ...] = ()
    count: int | None = field(init=False)

    def __post_init__(self) -> None:
        counts = [tool.count for tool in self.tools]
        known = [count for count in counts if count is not None]
        object.__setattr__(self, "count", 1 + sum(known) if len(known) == len(counts) else None)
        object.__setattr__(self, "_by_name", {tool.name: tool for tool in self.tools})

    @property
    def is_exact(self) -> bool:
        """Whether the count is exact, not at most."""
        return all(tool.is_exact for tool in self.tools)

    @property
    def bits_per_step(self) -> float:
        """Bits of the count, rounded up; infinite if unbounded."""
        return _bits(self.count)

    @property
    def bits(self) -> float:
        """Authorized bits of a session: bits a step times steps, rounded up."""
        if self.count is None:
            return math.inf if self.steps else 0.0
        if self.count & (self.count - 1) == 0 or not self.steps:
            return self.bits_per_step * self.steps
        return math.nextafter(self.bits_per_step * self.steps, math.inf)

    @property
    def unbounded(self) -> tuple[Remark, ...]:
        """Arguments without a bound."""
        return tuple(self._remarks("unbounded"))

    @property
    def assumed(self) -> tuple[Remark, ...]:
        """Arguments whose size is assumed."""
        return tuple(self._remarks("assumed"))

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest's schemas and of the policy."""
        policy = None if self.policy is None else self.policy.digest
        return digest_of({"tools": self.manifest.digest, "policy": policy})

    def refusal(self, tool: str, arguments: object) -> str | None:
        """Say why a call is outside the policy.

        Parameters
        ----------
        tool : str
        arguments : dict
            JSON values; numbers may be decimals.

        Returns
        -------
        str or None
            The reason, without any value of the arguments; None if the policy allows the call.

        Examples
        --------
        >>> import mfmgame as mg
        >>> tools = [{"name": "wait", "input_schema": {"type": "object", "properties": {}}}]
        >>> policy = mg.Policy(schema="mfmgame/policy/1", tools={"wait": {}})
        >>> allowed = mg.authorized_bits(tools, policy)
        >>> allowed.refusal("wait", {"then": "pay"})
        'wait: found an unknown argument, expected none'
        """
        allowed: AllowedTool | None = self._by_name.get(tool)  # type: ignore[attr-defined]
        if allowed is None:
            return f"{shown(tool)}: not a tool that the policy allows"
        try:
            problem = allowed.values.problem(arguments)
        except RecursionError:
            problem = "nested too deeply"
        return None if problem is None else f"{tool}: {problem}"

    def refuse_unenforceable(self) -> None:
        """Refuse counts that rest on something that no check can enforce.

        Raises
        ------
        SpecificationError
            If an argument is unbounded or has an assumed size.
        """
        for kind, remarks in (("unbounded", self.unbounded), ("assumed in size", self.assumed)):
            if remarks:
                more = f" (and {len(remarks) - 1} more)" if len(remarks) > 1 else ""
                raise SpecificationError(
                    f"argument {remarks[0].place} is {kind}: {remarks[0].text}{more}; "
                    "expected a policy that bounds every argument"
                )
        if self.count is None:
            raise SpecificationError(f"more than 2^{MOST_BITS} calls, expected a tighter policy")

    def _remarks(self, kind: str) -> Iterator[Remark]:
        for tool in self.tools:
            for place, text in getattr(tool.values, kind)():
                gap = "." if place and not place.startswith("[") else ""
                yield Remark(f"{tool.name}{gap}{place}", text)


def authorized_bits(
    tools: Manifest | Mapping[str, Any] | list[Any] | str | os.PathLike[str],
    policy: Policy | Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    steps: int | None = None,
    harmful: Sequence[str] = (),
    free_text_bits: float | None = None,
) -> AuthorizedBits:
    """Count the calls that a policy allows an agent, and the bits that threats need.

    Parameters
    ----------
    tools : Manifest, dict, list, str or path-like
        The agent's tools: the JSON of ``tools/list`` of the Model Context Protocol or a
        ``tools`` array of a chat API, or the path of its file.
    policy : Policy, dict, str or path-like, optional
        By default, everything that the manifest declares is allowed.
    steps : int, optional
        Calls of a session. By default, as many as the policy allows; 1 if it does not say.
    harmful : sequence of str
        What realises each threat, such as ``"fraud: send_money(amount>=1000)"``. Several calls
        are separated by ``;``, alternatives by ``|``.
    free_text_bits : float, optional
        Bits to assume for an argument without a bound. The guard enforces no such count.

    Returns
    -------
    AuthorizedBits

    Raises
    ------
    SpecificationError
        If the manifest, the policy or a harmful call is malformed, or names an unknown tool or
        argument.

    Notes
    -----
    A step allows a set of calls: for each tool the product over its arguments, and no call at
    all. Authorized bits of a step are log2 of its size, the entropy of the action space in the
    taxonomy's words; a threat that n calls realise needs ``log2(size**n / harmful sequences)``
    bits. The formulas are this package's own.

    Examples
    --------
    >>> import mfmgame as mg
    >>> tools = [{"name": "pay", "input_schema": {"type": "object", "additionalProperties": False,
    ...     "properties": {"amount": {"type": "integer", "minimum": 1, "maximum": 31}},
    ...     "required": ["amount"]}}]
    >>> allowed = mg.authorized_bits(tools, steps=2, harmful=["theft: pay(amount>=16)"])
    >>> allowed.count, allowed.bits, allowed.threats[0].bits
    (32, 10.0, 1.0)
    """
    manifest, rules = as_manifest(tools), as_policy(policy)
    assumed = _assumed_count(free_text_bits)
    allowed: list[AllowedTool] = []
    ignored: list[Remark] = []
    schemas_read = 0
    _refuse_unknown_tools(manifest, rules)
    for tool in manifest.tools:
        rule = None if rules is None else rules.rule_of(tool.name)
        if rule is not None and not rule.allow:
            continue
        closed = rules is not None and rules.undeclared_arguments == "deny"
        reader = SchemaReader(
            tool.schema, closed=closed, assumed_count=assumed, schemas_read=schemas_read
        )
        values = _arguments(reader, tool, rules)
        schemas_read = reader.schemas_read
        allowed.append(AllowedTool(tool.name, values, rule.calls if rule else None))
        ignored.extend(
            Remark(f"{tool.name}{pointer_to(place)}", keyword) for place, keyword in reader.ignored
        )
    found = AuthorizedBits(
        manifest, rules, tuple(allowed), _steps(steps, rules, allowed), tuple(ignored)
    )
    sequences = [read_harmful(text) for text in _texts(harmful)]
    threats = tuple(threat_bits(found, sequence) for sequence in sequences)
    with_bits = [
        sequence for sequence, threat in zip(sequences, threats, strict=True) if threat.bits > 0
    ]
    shared = tuple(
        (first.threat, second.threat)
        for first, second in itertools.combinations(with_bits, 2)
        if share_a_call(found, first, second)
    )
    return replace(found, threats=threats, shared_calls=shared)


def _texts(harmful: Sequence[str]) -> Sequence[str]:
    refuse_other_types(harmful, "harmful", list, tuple)
    for place, text in enumerate(harmful):
        refuse_other_types(text, f"harmful[{place}]", str)
    return harmful


def _arguments(reader: SchemaReader, tool: Tool, policy: Policy | None) -> Values:
    rules = {} if policy is None else policy.rule_of(tool.name).arguments
    try:
        return reader.arguments(rules)
    except SpecificationError as error:
        where = f"tool {shown(tool.name)}"
        raise SpecificationError(
            error.message, pointer=f"{where}, {error.pointer or '/'}"
        ) from None
    except RecursionError:
        raise SpecificationError("nested too deeply", pointer=f"tool {shown(tool.name)}") from None


def _refuse_unknown_tools(manifest: Manifest, policy: Policy | None) -> None:
    names = [tool.name for tool in manifest.tools]
    for name, rule in ({} if policy is None else policy.tools).items():
        if name not in names and rule.allow:
            raise SpecificationError(
                f"unknown tool {shown(name)}, expected {nearest(name, names, 'tool')}",
                pointer=f"policy: {pointer_to(('tools', name))}",
            )


def _steps(steps: int | None, policy: Policy | None, tools: Sequence[AllowedTool]) -> int:
    refuse_other_types(steps, "steps", int, type(None))
    if steps is not None and (isinstance(steps, bool) or not 0 <= steps <= MOST_STEPS):
        raise SpecificationError(
            f"found {shown(steps)}, expected an integer from 0 to {MOST_STEPS}", pointer="steps"
        )
    caps = [tool.most_calls for tool in tools if tool.most_calls is not None]
    limits = [] if steps is None else [steps]
    if policy is not None and policy.calls is not None:
        limits.append(policy.calls)
    if tools and len(caps) == len(tools):
        limits.append(sum(caps))
    return min(limits, default=1)


def _assumed_count(free_text_bits: float | None) -> int | None:
    refuse_other_types(free_text_bits, "free_text_bits", int, float, type(None))
    if free_text_bits is None:
        return None
    if isinstance(free_text_bits, bool) or not 0 <= free_text_bits <= MOST_FREE_TEXT_BITS:
        raise SpecificationError(
            f"found {shown(free_text_bits)}, expected 0 to {MOST_FREE_TEXT_BITS}",
            pointer="free_text_bits",
        )
    whole = int(free_text_bits)
    mantissa = math.ceil(math.ldexp(2.0 ** (free_text_bits - whole), 52))
    return -((-mantissa << whole) >> 52)


def _objects_of(values: Values) -> Objects | None:
    if isinstance(values, Objects):
        return values
    for part in values.sets if isinstance(values, AllOf) else ():
        found = _objects_of(part)
        if found is not None:
            return found
    return None


def _bits(count: int | None) -> float:
    if count is None:
        return math.inf
    return bits_at_most(count) if count else -math.inf
