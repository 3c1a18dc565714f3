"""Stopped sessions of a watched log as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from mfmgame.authority.logs.log_watch import LogWatch, StoppedSession
from mfmgame.messages import counted
from mfmgame.view.text.number_formats import number_text, printable

__all__ = ["stopped_line", "summary_lines"]


def stopped_line(stopped: StoppedSession) -> str:
    """Write a stopped session on one line."""
    when = f" at {stopped.time}" if stopped.time else ""
    left = "" if stopped.left is None else f", {number_text(stopped.left)} left"
    return printable(
        f"session {stopped.session}: stopped{when}, call {stopped.call} ({stopped.tool}): "
        f"{stopped.reason}; {number_text(stopped.spent)} bits spent{left}"
    )


def summary_lines(watched: LogWatch) -> Iterator[str]:
    """Write what was watched, and the limit."""
    yield (
        f"{counted(watched.sessions, 'session')}, {counted(watched.calls, 'call')}: "
        f"{watched.stopped} stopped, {counted(watched.refused, 'call')} refused"
    )
    terms = watched.terms
    charges = terms.charges
    cost = number_text(charges.bits(1))
    if charges.limit_bits is None:
        yield f"no limit of bits: the policy alone decides; a call has {cost} bits"
    else:
        whose = "of all sessions" if terms.scope == "system" else "of each session"
        yield (
            f"limit {whose}: {number_text(charges.limit_bits)} bits, {charges.most} calls of "
            f"{cost} bits"
        )
    if not terms.is_proven:
        yield "no bound on the loss is proven: bits of threats are assumed"
