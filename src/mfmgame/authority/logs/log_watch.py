"""Sessions of a log that a circuit breaker would have stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mfmgame.authority.breaker.circuit_breaker import CircuitBreaker
from mfmgame.authority.logs.logged_call import LoggedCall
from mfmgame.errors import SpecificationError

__all__ = ["LogWatch", "StoppedSession"]

_CACHED_KIBIBYTES = 4096
_OPEN = "the breaker is open"
"""How the breaker's reason begins for each call after the call that opened it."""


@dataclass(frozen=True)
class StoppedSession:
    """The first call of a session that the breaker would have refused.

    Attributes
    ----------
    session : str
    call : int
        Number of the call in the session, from 1.
    tool : str
    time : str
        As logged; empty if the log has no time.
    reason : str
        Why the breaker refuses the call.
    spent : float
        Bits spent in the breaker's scope before the call, rounded up.
    left : float or None
        Bits left in the scope, rounded down; None without a limit.
    place : str
        File and line, or file and JSON pointer, of the call.
    """

    session: str
    call: int
    tool: str
    time: str
    reason: str
    spent: float
    left: float | None
    place: str


class LogWatch:
    """Feed logged calls to a circuit breaker and count what it would have refused.

    Memory does not grow with the log: the numbers of calls of each session are in a temporary
    database on disk.

    Parameters
    ----------
    breaker : CircuitBreaker
        With a temporary state of its own.

    Attributes
    ----------
    terms : Terms
        Limit and scope of the breaker.
    calls, refused, sessions, stopped : int
        Numbers of calls, of refused calls, of sessions, and of sessions with a refused call.
    """

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker, self.terms = breaker, breaker.terms
        self.calls = self.refused = self.sessions = self.stopped = 0
        self._counts = sqlite3.connect("", isolation_level=None)  # a private file, gone at the end
        self._counts.execute(f"PRAGMA cache_size = -{_CACHED_KIBIBYTES}")
        self._counts.execute("PRAGMA journal_mode = OFF")
        self._counts.execute(
            "CREATE TABLE sessions (name TEXT PRIMARY KEY, calls INTEGER, stopped INTEGER) "
            "WITHOUT ROWID"
        )

    def stopped_sessions(self, calls: Iterable[LoggedCall]) -> Iterator[StoppedSession]:
        """Yield each session at its first refused call; its further calls count as refused or not.

        Parameters
        ----------
        calls : iterable of LoggedCall
            In the order in which they were made.

        Yields
        ------
        StoppedSession

        Raises
        ------
        SpecificationError
            If the temporary state cannot be written.
        """
        for call in calls:
            number, is_stopped = self._counted(call.session)
            decision = self._breaker.admit(
                call.session, {"name": call.tool, "arguments": call.arguments}
            )
            if decision.spent is None:
                raise SpecificationError(decision.reason)
            if decision.admitted:
                self._breaker.taint(call.session, f"tool_result:{call.tool}")
                continue
            self.refused += 1
            if is_stopped:
                continue
            self.stopped += 1
            self._counts.execute("UPDATE sessions SET stopped = 1 WHERE name = ?", [call.session])
            # The breaker opened while the log was read, so its clock says nothing about the log.
            reason = _OPEN if decision.reason.startswith(_OPEN) else decision.reason
            yield StoppedSession(
                call.session,
                number,
                call.tool,
                call.time,
                reason,
                decision.spent,
                decision.left,
                call.place,
            )

    def _counted(self, session: str) -> tuple[int, bool]:
        """Count a call; return its number in the session, and whether the session is stopped."""
        rows = self._counts.execute(
            "INSERT INTO sessions VALUES (?, 1, 0) "
            "ON CONFLICT DO UPDATE SET calls = calls + 1 RETURNING calls, stopped",
            [session],
        ).fetchall()
        ((number, stopped),) = rows
        self.calls += 1
        self.sessions += number == 1
        return number, bool(stopped)
