"""The state of a circuit breaker as text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from mfmgame.authority.breaker.breaker_status import BreakerStatus, ScopeStatus
from mfmgame.messages import counted
from mfmgame.view.text.fitting_table import table_of
from mfmgame.view.text.layout import Fact, facts_table, notes_text
from mfmgame.view.text.number_formats import number_text, printable

__all__ = ["status_text"]


def status_text(status: BreakerStatus) -> Group:
    """Show the state of a circuit breaker: what is spent and left, by scope."""
    parts: list[RenderableType] = [facts_table(list(_facts(status)))]
    if status.scope == "session":
        table = table_of(["session", "state", "calls", "bits spent", "bits left", "calls left"], 2)
        for scope in status.scopes:
            table.add_row(
                printable(scope.name),
                _state(scope),
                str(scope.calls),
                number_text(scope.spent),
                _or_no_limit(scope.left),
                _or_no_limit(scope.calls_left),
            )
        parts.append(table)
    return Group(*parts, *notes_text(list(_notes(status))))


def _facts(status: BreakerStatus) -> Iterator[Fact]:
    yield "plan in force", printable(status.plan)
    shared = "all sessions share it" if status.scope == "system" else "for each session"
    if status.limit is None:
        yield "limit", "none"
    else:
        yield "limit", f"{number_text(status.limit)} bits, {shared}"
        yield "a call", f"{number_text(status.bits_per_call)} bits"
        yield "calls that fit", str(status.most_calls)
    if status.scope == "system":
        (scope,) = status.scopes
        yield "state", _state(scope)
        yield "spent", f"{number_text(scope.spent)} bits, {counted(scope.calls, 'charged call')}"
        if scope.left is not None:
            calls_left = counted(scope.calls_left or 0, "call")
            yield "left", f"{number_text(scope.left)} bits, {calls_left}"
    yield "sessions", str(status.sessions)
    yield "decisions", f"{status.admitted} admitted, {status.refused} refused"
    yield "resets", str(status.resets)
    yield "certificate", status.certificate


def _state(scope: ScopeStatus) -> str:
    return "closed: admits calls" if scope.opened is None else f"open since {scope.opened}"


def _or_no_limit(value: float | None) -> str:
    return "no limit" if value is None else number_text(value)


def _notes(status: BreakerStatus) -> Iterator[str]:
    if status.limit is None:
        yield "there is no limit of bits: only the policy binds"
    if not status.is_proven:
        yield "bits of threats are assumed: no bound on the loss is proven"
