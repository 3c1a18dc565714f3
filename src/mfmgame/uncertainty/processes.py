"""Processes of this machine that compute: none of them outlives the one that has started it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["end_with_parent", "ended_on_interruption"]

SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def ended_on_interruption() -> Iterator[None]:
    """No process is left behind when the work is broken off."""
    try:
        yield
    except BaseException:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise


def end_with_parent(parent: int) -> None:
    """In a worker: end soon after the process that has started it, however that has ended.

    A worker waits for work from a pipe whose other end it holds as well, and so would wait
    on. On Windows the pipe breaks by itself, and a process keeps the number of its parent.

    Parameters
    ----------
    parent : int
        The number of the process that has started this one.
    """
    if os.name != "nt":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)
