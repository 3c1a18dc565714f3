"""A circuit breaker that admits an agent's calls up to a certified limit of bits."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import NoneType, TracebackType
from typing import Any, NamedTuple, Self

from mfmgame.authority.breaker.breaker_status import BreakerStatus, reset_scopes, status_of
from mfmgame.authority.breaker.breaker_store import (
    SYSTEM,
    Admission,
    BreakerStore,
    Scope,
    ScopeState,
    SessionState,
    Terms,
    Transaction,
    now,
)
from mfmgame.authority.breaker.certified_limit import certified_limit
from mfmgame.authority.breaker.charges import Charges
from mfmgame.authority.breaker.store_file import StoreError
from mfmgame.authority.counting.authorized_bits import AuthorizedBits, authorized_bits
from mfmgame.documents.json_reading import path_of
from mfmgame.documents.plan_result import EvaluationDocument
from mfmgame.documents.policy import SOURCES, Policy
from mfmgame.documents.result import Result
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.tool_manifest import Manifest
from mfmgame.errors import SpecificationError
from mfmgame.messages import is_encodable, nearest, refuse_other_types, shown

__all__ = ["CircuitBreaker"]

_UNPROVEN = "no bound on the loss is proven: bits of threats are assumed"
_NO_LIMIT = "no limit of bits: no attacker in the game can make the plan cost more than stopping"
_LONGEST_NAME = 1000


class _Call(NamedTuple):
    """A call as it is logged, with the reason to refuse it whatever the state is."""

    session: str
    tool: str
    digest: str
    refusal: str | None


class CircuitBreaker:
    """A switch that admits calls while their bits fit in a certified limit.

    Build a breaker with :meth:`from_result`. A call is admitted if the policy allows it, and the
    bits of all charged calls, this call included, fit in the limit of the plan in force. A call
    that does not fit opens the breaker: all further calls in its scope are refused until a person
    calls :meth:`reset`. Every charged call costs log2 of the number of calls that the policy
    allows at a step. A refused call costs nothing.

    Threads may share a breaker, and processes a state file. After a fork, a breaker with a file
    works in both processes; a breaker in memory refuses all calls in the child process.

    Parameters
    ----------
    allowed : AuthorizedBits
        The calls that the policy allows.
    terms : Terms
        The certificate, with count, limit and scope.
    store : pathlib.Path or None
        The state file.

    Attributes
    ----------
    terms : Terms

    Notes
    -----
    Each decision is a transaction that is committed before `admit` returns. If the process is
    killed between any two steps, no spent bit is lost or counted twice; a call that was charged
    but not made stays charged. The file uses SQLite's write-ahead log with ``synchronous=FULL``:
    a committed decision survives a loss of power if the disk and its file system keep what they
    confirm as written. SQLite does not promise either on a network file system, where processes
    of different machines would not see each other's locks: keep the file on a local disk.
    Whoever can write the file can give the agent more calls.

    The limit bounds the loss only if every harmful effect needs a call that this breaker admits,
    the bits of all threats were counted from this policy, and a severity covers every repetition
    within the scope. A lucky guess costs no bits.

    Examples
    --------
    >>> import mfmgame as mg
    >>> tools = [{"name": "pay", "input_schema": {"type": "object", "additionalProperties": False,
    ...     "properties": {"amount": {"type": "integer", "minimum": 1, "maximum": 3}},
    ...     "required": ["amount"]}}]
    >>> scenario = mg.Scenario(schema="mfmgame/scenario/1",
    ...     threats=[{"id": "theft", "severity": 10, "bandwidth": 8}],
    ...     attacker={"bandwidth": 2}, termination={"loss": 5})
    >>> result = mg.result_document(mg.assess(scenario))
    >>> with CircuitBreaker.from_result(result, scenario, None, tools=tools, plan="(best)",
    ...                                 allow_assumed_bits=True) as breaker:
    ...     [breaker.admit("s1", {"name": "pay", "arguments": {"amount": 2}}).admitted
    ...      for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, allowed: AuthorizedBits, terms: Terms, store: Path | None = None) -> None:
        self._allowed, self._policy = allowed, allowed.policy
        self.terms = terms
        self._charges = terms.charges
        self._bits_of_a_call = terms.charges.bits(1)
        self._is_charged_at_start = self._policy is None or not all(
            self._policy.trusts(source) for source in SOURCES[:-1]
        )
        rules = {} if self._policy is None else self._policy.tools
        self._caps = {name: rule.calls for name, rule in rules.items() if rule.calls is not None}
        most = None if self._policy is None else self._policy.calls
        self._most_calls = math.inf if most is None else most
        self._unrecorded: set[str] = set()
        self._caveat = _caveat(terms)
        self._store = BreakerStore(store, terms)

    @classmethod
    def from_result(
        cls,
        result: Result | EvaluationDocument | Mapping[str, Any] | str | os.PathLike[str],
        scenario: Scenario | str | os.PathLike[str],
        policy: AuthorizedBits | Policy | Mapping[str, Any] | str | os.PathLike[str] | None,
        *,
        tools: Manifest | Mapping[str, Any] | list[Any] | str | os.PathLike[str] | None = None,
        plan: str,
        store: str | os.PathLike[str] | None = None,
        scope: Scope = "system",
        allow_assumed_bits: bool = False,
    ) -> Self:
        """Verify a result, and build the breaker that enforces the limit of the plan in force.

        Parameters
        ----------
        result : Result, EvaluationDocument, mapping, str or path-like
            JSON of ``solve`` or ``evaluate``, or its file.
        scenario : Scenario, str or path-like
            The scenario of the result, or its file.
        policy : AuthorizedBits, Policy, mapping, str, path-like or None
            The policy, its JSON or its file. None allows everything that the tools declare.
        tools : Manifest, mapping, list, str or path-like, optional
            The agent's tools, unless `policy` is an AuthorizedBits.
        plan : str
            The plan in force: the name of a plan of the scenario or the evaluation, ``"(best)"``
            for the allocation of a result, or ``"(threshold)"`` for the allocation of its
            threshold.
        store : str or path-like, optional
            State file, created unless it exists. By default the state ends with the process.
        scope : {"system", "session"}
            Whether all sessions share the limit, or each session has its own.
        allow_assumed_bits : bool, default False
            Whether threats may have bits that were not counted from this policy. No bound on the
            loss is proven then.

        Returns
        -------
        CircuitBreaker

        Raises
        ------
        SpecificationError
            If the result does not follow from its proof, or is not proven or undecided; if the
            scenario has no termination loss; if the plan is unknown; if an argument of a tool is
            unbounded or of assumed size; if the bits of a threat were counted from another
            policy, or were assumed without permission; if the state file cannot be used or
            belongs to another certificate.

        Examples
        --------
        >>> import mfmgame as mg
        >>> mg.CircuitBreaker.from_result("examples/llava.json", "examples/llava.json", None,
        ...                               tools=[], plan="(best)")
        Traceback (most recent call last):
        mfmgame.errors.SpecificationError: examples/llava.json: /schema: found
        'mfmgame/scenario/1', expected a known schema; did you mean 'mfmgame/evaluation/1'?
        """
        allowed = _counted_calls(policy, tools)
        refuse_other_types(scope, "scope", str)
        if scope not in ("system", "session"):
            raise SpecificationError(
                f"found {shown(scope)}, expected {nearest(scope, ('system', 'session'), 'scope')}",
                pointer="scope",
            )
        refuse_other_types(store, "store", str, os.PathLike, NoneType)
        found = certified_limit(
            result, scenario, plan, allowed.digest, allow_assumed_bits=allow_assumed_bits
        )
        assert allowed.count is not None  # as nothing is unbounded
        charges = Charges(allowed.count, found.limit)
        terms = Terms(found.digest, charges, scope, plan, not found.assumed_threats)
        return cls(allowed, terms, None if store is None else path_of(store, "store"))

    def admit(self, session: str, call: Mapping[str, Any]) -> Admission:
        """Decide on a call, and charge its bits before it is made.

        Parameters
        ----------
        session : str
            Name of the conversation that the call belongs to.
        call : mapping
            The tool under ``name`` or ``tool``, and its ``arguments``, an object; absent or null
            arguments are an empty object.

        Returns
        -------
        Admission
            Refused with the reason if the call is malformed or outside the policy, if it exceeds
            a cap or the limit, if the breaker is open, or if the state cannot be written.
        """
        read = self._read(session, call)
        try:
            with self._store.transaction() as state:
                return self._decide(state, read)
        except StoreError as fault:
            return Admission(False, str(fault), 0.0, None, None)

    def taint(self, session: str, source: str) -> None:
        """Charge all further calls of a session, as it has read from an untrusted source.

        Parameters
        ----------
        session : str
        source : str
            ``user``, ``image``, ``memory``, ``tool_description``, ``tool_result`` or
            ``tool_result:NAME``. Nothing changes if the policy trusts the source.

        Raises
        ------
        SpecificationError
            If an argument is not a text, or the state cannot be written. The session's calls
            through this breaker are charged even then.
        """
        for name, value in (("session", session), ("source", source)):
            refuse_other_types(value, name, str)
            if name == "session" and (problem := _problem_of_name(value)):
                raise SpecificationError(problem, pointer="session")
        if self._is_charged_at_start or (self._policy and self._policy.trusts(source)):
            return
        self._unrecorded.add(session)
        try:
            with self._store.transaction() as state:
                _, known = state.read(SYSTEM, session, True)
                known.is_charged = True
                state.save_session(session, known)
        except StoreError as fault:
            raise SpecificationError(str(fault)) from None
        self._unrecorded.discard(session)

    def status(self) -> BreakerStatus:
        """Read what is spent and left.

        Returns
        -------
        BreakerStatus

        Raises
        ------
        SpecificationError
            If the state cannot be read.
        """
        return status_of(self._store)

    def reset(self, reason: str, by: str, session: str | None = None) -> None:
        """Close the breaker and return the spent bits; the reset is logged.

        Only a person may decide that what was spent no longer counts.

        Parameters
        ----------
        reason : str
        by : str
            Name of the person.
        session : str, optional
            The session to reset, if each session has its own limit; all by default.

        Raises
        ------
        SpecificationError
            If reason or person is empty, the session is unknown, or the state cannot be written.
        """
        reset_scopes(self._store, reason, by, session)

    def close(self) -> None:
        """Close the state; further calls are refused."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, session: object, call: object) -> _Call:
        """Read a call from anywhere, and say why it is refused whatever the state is."""
        if not isinstance(session, str):
            return _Call("", "", "", f"session: found {shown(session)}, expected a text")
        if problem := _problem_of_name(session):
            return _Call("", "", "", f"session: {problem}")
        if not isinstance(call, Mapping):
            return _Call(session, "", "", "call: expected an object")
        tool = call.get("name", call.get("tool"))
        if not isinstance(tool, str) or _problem_of_name(tool):
            return _Call(session, "", "", f"tool: found {shown(tool)}, expected a name")
        arguments = call.get("arguments")
        arguments = {} if arguments is None else arguments
        if not isinstance(arguments, Mapping):
            return _Call(session, tool, "", "arguments: expected an object")
        try:
            text = _CANONICAL.encode([tool, arguments])
            digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        except RecursionError:
            return _Call(session, tool, "", "arguments: nested too deeply")
        except (TypeError, ValueError):
            reason = "arguments: found a value that is not JSON, such as NaN or half a character"
            return _Call(session, tool, "", reason)
        return _Call(session, tool, digest, self._allowed.refusal(tool, arguments))

    def _decide(self, state: Transaction, call: _Call) -> Admission:
        name = call.session if self.terms.scope == "session" else SYSTEM
        scope, session = state.read(name, call.session, self._is_charged_at_start)
        session.is_charged = session.is_charged or call.session in self._unrecorded
        if scope.opened is not None:
            reason = f"the breaker is open since {scope.opened}, until a person resets it"
        else:
            reason = call.refusal or self._broken_cap(call.tool, session)
            if not reason and session.is_charged and self._is_full(scope):
                reason, scope.opened = self._why_it_opens(scope), now()
                state.save_scope(name, scope)
        is_admitted, bits = not reason, 0.0
        if is_admitted:
            if session.is_charged:
                scope.calls, bits = scope.calls + 1, self._bits_of_a_call
                state.save_scope(name, scope)
            session.calls += 1
            if call.tool in self._caps:
                by_tool = session.calls_by_tool
                by_tool[call.tool] = by_tool.get(call.tool, 0) + 1
            state.save_session(call.session, session)
        decision = Admission(
            is_admitted,
            reason or self._caveat,
            bits,
            self._charges.bits(scope.calls),
            self._charges.left(scope.calls),
        )
        state.log(call.session, call.tool, call.digest, decision)
        return decision

    def _is_full(self, scope: ScopeState) -> bool:
        return self._charges.most is not None and scope.calls >= self._charges.most

    def _why_it_opens(self, scope: ScopeState) -> str:
        spent, limit = self._charges.bits(scope.calls), self._charges.limit_bits
        return (
            f"the call needs {self._bits_of_a_call:.4g} bits, and {spent:.6g} of {limit:.6g} bits "
            "are spent: the breaker opens"
        )

    def _broken_cap(self, tool: str, session: SessionState) -> str:
        """Say which cap on the calls of a session a call exceeds; empty if none."""
        if session.calls >= self._most_calls:
            return f"the policy allows {self._most_calls} calls in a session"
        cap = self._caps.get(tool)
        if cap is not None and session.calls_by_tool.get(tool, 0) >= cap:
            return f"the policy allows {cap} calls of {shown(tool)} in a session"
        return ""


def _counted_calls(policy: object, tools: object) -> AuthorizedBits:
    if isinstance(policy, AuthorizedBits):
        if tools is not None:
            raise SpecificationError(
                "found beside an AuthorizedBits, which has tools, expected None", pointer="tools"
            )
        allowed = policy
    else:
        allowed = authorized_bits(tools, policy)  # type: ignore[arg-type]
    allowed.refuse_unenforceable()
    return allowed


def _caveat(terms: Terms) -> str:
    caveats = [_NO_LIMIT] if terms.charges.limit is None else []
    return "; ".join([*caveats, *([] if terms.is_proven else [_UNPROVEN])])


def _problem_of_name(name: str) -> str:
    if len(name) > _LONGEST_NAME:
        return f"found {len(name)} characters, expected at most {_LONGEST_NAME}"
    return "" if is_encodable(name) else f"found {shown(name)}, which is not valid Unicode"


def _decimal_text(value: object) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


_CANONICAL = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    allow_nan=False,
    ensure_ascii=False,
    default=_decimal_text,
)
