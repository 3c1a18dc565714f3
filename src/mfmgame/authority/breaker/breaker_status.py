"""Status and reset of a circuit breaker, from its state alone."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mfmgame.authority.breaker.breaker_store import SYSTEM, BreakerStore, Scope, ScopeState, Terms
from mfmgame.authority.breaker.store_file import StoreError
from mfmgame.documents.json_reading import path_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import is_encodable, nearest, refuse_other_types, shown

__all__ = ["BreakerStatus", "ScopeStatus", "read_status", "reset_scopes", "reset_store"]


@dataclass(frozen=True)
class ScopeStatus:
    """State of a scope: the system, or a session.

    Attributes
    ----------
    name : str
        ``system``, or the name of the session.
    calls : int
        Charged calls since the last reset.
    spent : float
        Bits of these calls, rounded up.
    left : float or None
        Bits left, rounded down; None without a limit.
    calls_left : int or None
        Charged calls that still fit; None without a limit.
    opened : str or None
        When a call opened the breaker; None while the breaker admits calls.
    """

    name: str
    calls: int
    spent: float
    left: float | None
    calls_left: int | None
    opened: str | None


@dataclass(frozen=True)
class BreakerStatus:
    """State of a circuit breaker: the bits that are spent and left, and the decisions so far.

    Attributes
    ----------
    certificate : str
        SHA-256 of everything that the limit rests on.
    plan : str
        Name of the plan in force.
    scope : {"system", "session"}
    limit : float or None
        In bits, rounded down; None for no limit.
    bits_per_call : float
        Bits that a charged call costs, rounded up.
    most_calls : int or None
        Charged calls that fit in the limit of a scope; None for no limit.
    is_proven : bool
        Whether the limit proves a bound on the loss.
    scopes : tuple of ScopeStatus
        The system; or every session that was charged or opened its breaker, by name.
    sessions, admitted, refused, resets : int
        Numbers of sessions, of admitted and refused calls, and of resets.
    """

    certificate: str
    plan: str
    scope: Scope
    limit: float | None
    bits_per_call: float
    most_calls: int | None
    is_proven: bool
    scopes: tuple[ScopeStatus, ...]
    sessions: int
    admitted: int
    refused: int
    resets: int

    @property
    def is_open(self) -> bool:
        """Whether the breaker refuses the calls of any scope."""
        return any(scope.opened is not None for scope in self.scopes)


def read_status(path: str | os.PathLike[str]) -> BreakerStatus:
    """Read the status of a circuit breaker from its state file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    BreakerStatus

    Raises
    ------
    SpecificationError
        If the file is missing or is no state of a circuit breaker.
    """
    store = BreakerStore(path_of(path))
    try:
        return status_of(store)
    finally:
        store.close()


def reset_store(
    path: str | os.PathLike[str], reason: str, by: str, session: str | None = None
) -> None:
    """Reset a circuit breaker by its state file, as :meth:`CircuitBreaker.reset` does.

    Parameters
    ----------
    path : str or path-like
    reason : str
    by : str
        Name of the person.
    session : str, optional
        The session to reset, if each session has its own limit; all by default.

    Raises
    ------
    SpecificationError
        If reason or person is empty, the session is unknown, or the file cannot be used.
    """
    store = BreakerStore(path_of(path))
    try:
        reset_scopes(store, reason, by, session)
    finally:
        store.close()


def status_of(store: BreakerStore) -> BreakerStatus:
    """Read the status of an open state."""
    try:
        with store.transaction() as state:
            scopes, totals = state.scopes(), state.totals()
            if store.terms.scope == "system":
                scopes.setdefault(SYSTEM, ScopeState(0, None))
    except StoreError as fault:
        raise SpecificationError(str(fault)) from None
    terms, charges = store.terms, store.terms.charges
    most = charges.most
    return BreakerStatus(
        certificate=terms.digest,
        plan=terms.plan,
        scope=terms.scope,
        limit=charges.limit_bits,
        bits_per_call=charges.bits(1),
        most_calls=most,
        is_proven=terms.is_proven,
        scopes=tuple(
            ScopeStatus(
                name=name,
                calls=scope.calls,
                spent=charges.bits(scope.calls),
                left=charges.left(scope.calls),
                calls_left=None if most is None else max(0, most - scope.calls),
                opened=scope.opened,
            )
            for name, scope in scopes.items()
        ),
        sessions=totals[0],
        admitted=totals[1],
        refused=totals[2],
        resets=totals[3],
    )


def reset_scopes(store: BreakerStore, reason: str, by: str, session: str | None) -> None:
    """Reset the system, a session or all sessions, and log who did so and why."""
    for name, text in (("reason", reason), ("by", by)):
        refuse_other_types(text, name, str)
        if not text.strip() or not is_encodable(text):
            raise SpecificationError(f"found {shown(text)}, expected a text", pointer=name)
    refuse_other_types(session, "session", str, type(None))
    terms: Terms = store.terms
    if session is not None and terms.scope == "system":
        raise SpecificationError(
            "found a session, expected none: all sessions share the limit", pointer="session"
        )
    try:
        with store.transaction() as state:
            scopes = state.scopes()
            if session is not None:
                if session not in scopes:
                    hint = nearest(session, scopes, "session")
                    raise SpecificationError(
                        f"found {shown(session)}, expected {hint}", pointer="session"
                    )
                scopes = {session: scopes[session]}
            elif terms.scope == "system":
                scopes.setdefault(SYSTEM, ScopeState(0, None))
            for name, scope in scopes.items():
                state.log_reset(name, by, reason, scope.calls, terms.charges.bits(scope.calls))
                scope.calls, scope.opened = 0, None
                state.save_scope(name, scope)
    except StoreError as fault:
        raise SpecificationError(str(fault)) from None
