"""A request to end (SIGTERM) is answered as one from the keyboard: in order, with one line."""

from __future__ import annotations

import signal
import time
from types import FrameType

__all__ = ["default_signals", "interrupt_on_termination", "interruption_code"]

EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
SECONDS_OF_ONE_REQUEST = 1.0
"""Who asks a process and its group asks the process twice."""

_asked_at: float | None = None


def interrupt_on_termination() -> None:
    """Raise KeyboardInterrupt when the process is asked to end."""
    signal.signal(signal.SIGTERM, _interrupt)


def default_signals() -> None:
    """Let what is left of the process end at once, with no word, when it is asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def interruption_code() -> int:
    """The exit code after an interruption: 143 if the process was asked to end, else 130."""
    return EXIT_INTERRUPTED if _asked_at is None else EXIT_TERMINATED


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _asked_at
    now = time.monotonic()
    if _asked_at is None or now - _asked_at > SECONDS_OF_ONE_REQUEST:
        _asked_at = now
        raise KeyboardInterrupt
