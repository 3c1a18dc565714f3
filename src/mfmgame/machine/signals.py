"""Termination signals, handled like an interruption from the keyboard."""

from __future__ import annotations

import signal
import time
from types import FrameType

__all__ = ["default_signals", "interrupt_on_termination", "interruption_code"]

EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
SECONDS_OF_ONE_REQUEST = 1.0
"""Interval within which signals count as one: a sender that signals a process and its group
reaches the process twice."""

_asked_at: float | None = None


def interrupt_on_termination() -> None:
    """Raise KeyboardInterrupt when the process receives SIGTERM."""
    signal.signal(signal.SIGTERM, _interrupt)


def default_signals() -> None:
    """Restore the default signal handlers, so that the process ends at once and silently."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def interruption_code() -> int:
    """Return the exit code of an interruption: 143 after SIGTERM, otherwise 130."""
    return EXIT_INTERRUPTED if _asked_at is None else EXIT_TERMINATED


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _asked_at
    now = time.monotonic()
    if _asked_at is None or now - _asked_at > SECONDS_OF_ONE_REQUEST:
        _asked_at = now
        raise KeyboardInterrupt
