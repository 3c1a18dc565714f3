"""State of a circuit breaker: certificate, spent calls, sessions, decisions and resets."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

from mfmgame.authority.charges import Charges
from mfmgame.authority.store_file import StoreError, StoreFile
from mfmgame.errors import SpecificationError

__all__ = ["SYSTEM", "BreakerStore", "ScopeState", "SessionState", "Terms", "Transaction"]

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


@dataclass
class ScopeState:
    """Charged calls of a scope since its last reset, and when the breaker opened, if it did."""

    calls: int
    opened: str | None


@dataclass
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
            if scope not in ("system", "session"):
                raise ValueError
            charges = Charges(int(count, 16), None if limit is None else _fraction(limit))
            return Terms(digest, charges, scope, plan, bool(is_proven))
        except (ValueError, TypeError, ZeroDivisionError):
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

    def scope(self, name: str) -> ScopeState:
        """Read the state of a scope, which is closed unless a call opened it."""
        row = self._execute("SELECT calls, opened FROM scopes WHERE name = ?", (name,)).fetchone()
        return ScopeState(0, None) if row is None else ScopeState(_counted(row[0]), row[1])

    def save_scope(self, name: str, state: ScopeState) -> None:
        """Write the state of a scope."""
        self._execute(
            "INSERT OR REPLACE INTO scopes VALUES (?, ?, ?)", (name, state.calls, state.opened)
        )

    def session(self, name: str, is_charged: bool) -> SessionState:
        """Read the state of a session; a new session is charged or not."""
        row = self._execute(
            "SELECT is_charged, calls, calls_by_tool FROM sessions WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            return SessionState(is_charged, 0, {})
        try:
            by_tool = json.loads(row[2])
            for calls in by_tool.values():
                _counted(calls)
        except (ValueError, TypeError, AttributeError):
            raise StoreError("the calls of a session in the state are damaged") from None
        return SessionState(bool(row[0]), _counted(row[1]), by_tool)

    def save_session(self, name: str, state: SessionState) -> None:
        """Write the state of a session."""
        self._execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
            (name, int(state.is_charged), state.calls, json.dumps(state.calls_by_tool)),
        )

    def log(
        self,
        session: str | None,
        tool: str | None,
        call_digest: str | None,
        is_charged: bool,
        bits: float,
        spent: float,
        is_admitted: bool,
        reason: str,
    ) -> None:
        """Add a decision."""
        self._execute(
            "INSERT INTO entries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                now(),
                session,
                tool,
                call_digest,
                int(is_charged),
                bits,
                spent,
                int(is_admitted),
                reason,
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
        return {name: ScopeState(_counted(calls), opened) for name, calls, opened in rows}

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
    return datetime.now(UTC).isoformat(timespec="microseconds")


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


def _fraction(text: str) -> Fraction:
    numerator, denominator = text.split("/")
    return Fraction(int(numerator, 16), int(denominator, 16))
