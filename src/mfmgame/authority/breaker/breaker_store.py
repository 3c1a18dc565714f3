"""State of a circuit breaker: certificate, spent calls, sessions, decisions and resets."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

from mfmgame.authority.breaker.charges import Charges
from mfmgame.authority.breaker.store_file import StoreError, StoreFile
from mfmgame.errors import SpecificationError

__all__ = [
    "SYSTEM",
    "Admission",
    "BreakerStore",
    "Scope",
    "ScopeState",
    "SessionState",
    "Terms",
    "Transaction",
    "now",
]

Scope = Literal["system", "session"]
SYSTEM = "system"


@dataclass(frozen=True)
class Terms:
    """The certificate that a state belongs to.

    Attributes
    ----------
    digest : str
        SHA-256 of everything that the limit rests on.
    charges : Charges
        Count of calls and limit of bits.
    scope : {"system", "session"}
        Whether all sessions share the limit, or each has its own.
    plan : str
        Name of the plan in force.
    is_proven : bool
        Whether the limit proves a bound on the loss.
    """

    digest: str
    charges: Charges
    scope: Scope
    plan: str
    is_proven: bool


@dataclass(frozen=True, slots=True)
class Admission:
    """Decision on a call.

    Attributes
    ----------
    admitted : bool
    reason : str
        Why the call is refused, on one line; for an admitted call, what the limit does not
        prove, if anything.
    bits : float
        Bits that the call was charged, rounded up; 0 if refused or not charged.
    spent : float or None
        Bits spent in the scope, this call included, rounded up; None if the state is unreadable.
    left : float or None
        Bits left in the scope, rounded down; None without a limit, or if the state is unreadable.
    """

    admitted: bool
    reason: str
    bits: float
    spent: float | None
    left: float | None


@dataclass(slots=True)
class ScopeState:
    """Charged calls of a scope since its last reset, and when the breaker opened, if it did."""

    calls: int
    opened: str | None


@dataclass(slots=True)
class SessionState:
    """Calls that a session was admitted, and whether they are charged."""

    is_charged: bool
    calls: int
    calls_by_tool: dict[str, int]


class BreakerStore:
    """State of a circuit breaker in a SQLite file, shared by threads and processes.

    Parameters
    ----------
    path : pathlib.Path or None
        None keeps the state in a private temporary database.
    terms : Terms or None
        The certificate in force, which a new state takes; None reads those of the file, which
        must exist.

    Raises
    ------
    SpecificationError
        If the file cannot be opened, is no state, or is the state of another certificate.
    """

    def __init__(self, path: Path | None, terms: Terms | None = None) -> None:
        self._file = StoreFile(path, must_exist=terms is None)
        try:
            with self.transaction() as state:
                found = state.terms()
                if found is None and terms is not None:
                    state.write_terms(terms)
                    found = terms
            self.terms = _agreed(found, terms)
        except (StoreError, SpecificationError) as error:
            self.close()
            text = error.message if isinstance(error, SpecificationError) else str(error)
            raise SpecificationError(text, source=str(path or "")) from None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the only right to change the state, as :meth:`StoreFile.transaction` says."""
        with self._file.transaction() as connection:
            yield Transaction(connection)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Transaction:
    """Reads and changes of the state in a transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        Within a transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def terms(self) -> Terms | None:
        """Read the certificate; None in a new state."""
        rows = self._execute(
            "SELECT digest, count, limit_bits, scope, plan, is_proven FROM certificate"
        ).fetchall()
        if not rows:
            return None
        try:
            ((digest, count, limit, scope, plan, is_proven),) = rows
            charges = Charges(int(count, 16), None if limit is None else _fraction(limit))
            if (
                scope not in ("system", "session")
                or charges.count < 1
                or (charges.limit or 0) < 0
                or not (isinstance(digest, str) and isinstance(plan, str))
            ):
                raise ValueError
            return Terms(digest, charges, scope, plan, bool(is_proven))
        except (ValueError, TypeError, AttributeError, ZeroDivisionError):
            raise StoreError("the certificate in the state is damaged") from None

    def write_terms(self, terms: Terms) -> None:
        """Write the certificate of a new state."""
        limit, most = terms.charges.limit, terms.charges.most
        self._execute(
            "INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                terms.digest,
                hex(terms.charges.count),
                None if limit is None else f"{limit.numerator:#x}/{limit.denominator:#x}",
                terms.scope,
                None if most is None else hex(most),
                terms.plan,
                int(terms.is_proven),
            ),
        )

    def read(self, scope: str, session: str, is_charged: bool) -> tuple[ScopeState, SessionState]:
        """Read a scope and a session; say whether a new session is charged."""
        calls, opened, *known = self._execute(
            "SELECT scopes.calls, opened, is_charged, sessions.calls, calls_by_tool "
            "FROM (SELECT 1) LEFT JOIN scopes ON scopes.name = ? "
            "LEFT JOIN sessions ON sessions.name = ?",
            (scope, session),
        ).fetchone()
        state = ScopeState(0 if calls is None else _counted(calls), _opened(opened))
        if known[0] is None:
            return state, SessionState(is_charged, 0, {})
        return state, SessionState(bool(known[0]), _counted(known[1]), _counts(known[2]))

    def save_scope(self, name: str, state: ScopeState) -> None:
        """Write the state of a scope."""
        self._execute(
            "INSERT INTO scopes VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
            "SET calls = excluded.calls, opened = excluded.opened",
            (name, state.calls, state.opened),
        )

    def save_session(self, name: str, state: SessionState) -> None:
        """Write the state of a session."""
        self._execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET is_charged "
            "= excluded.is_charged, calls = excluded.calls, calls_by_tool = excluded.calls_by_tool",
            (
                name,
                int(state.is_charged),
                state.calls,
                json.dumps(state.calls_by_tool) if state.calls_by_tool else "{}",
            ),
        )

    def log(self, session: str, tool: str, call_digest: str, decision: Admission) -> None:
        """Add a decision."""
        self._execute(
            "INSERT INTO entries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                time.time_ns() // 1000,
                session,
                tool,
                call_digest,
                decision.bits,
                decision.spent,
                decision.admitted,
                decision.reason,
            ),
        )

    def log_reset(self, scope: str, by: str, reason: str, calls: int, spent: float) -> None:
        """Add a reset."""
        self._execute(
            "INSERT INTO resets VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (now(), scope, by, reason, calls, spent),
        )

    def scopes(self) -> dict[str, ScopeState]:
        """Read all scopes that were charged or opened."""
        rows = self._execute("SELECT name, calls, opened FROM scopes ORDER BY name")
        return {_text(name): ScopeState(_counted(calls), _opened(at)) for name, calls, at in rows}

    def totals(self) -> tuple[int, int, int, int]:
        """Count sessions, admitted calls, refused calls and resets."""
        row: tuple[int, int, int, int] = self._execute(
            "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM entries "
            "WHERE is_admitted), (SELECT count(*) FROM entries WHERE NOT is_admitted), "
            "(SELECT count(*) FROM resets)"
        ).fetchone()
        return row


def now() -> str:
    """Return the time in UTC, to the microsecond."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _agreed(found: Terms | None, wanted: Terms | None) -> Terms:
    if found is None:
        raise SpecificationError("found a state without a certificate")
    if wanted is None or found == wanted:
        return found
    if found.digest != wanted.digest:
        raise SpecificationError(
            f"found the state of the certificate {found.digest}, expected {wanted.digest}; "
            "keep a state file for each result, scenario, plan and policy"
        )
    raise SpecificationError(
        f"found the scope {found.scope!r}, expected {wanted.scope!r}; "
        "keep a state file for each scope"
    )


def _counted(value: object) -> int:
    if type(value) is not int or value < 0:
        raise StoreError("a count in the state is damaged")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise StoreError("a name or time in the state is damaged")
    return value


def _opened(value: object) -> str | None:
    return None if value is None else _text(value)


def _counts(text: str) -> dict[str, int]:
    if text == "{}":
        return {}
    try:
        return {tool: _counted(calls) for tool, calls in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise StoreError("the calls of a session in the state are damaged") from None


def _fraction(text: str) -> Fraction:
    numerator, denominator = text.split("/")
    return Fraction(int(numerator, 16), int(denominator, 16))
