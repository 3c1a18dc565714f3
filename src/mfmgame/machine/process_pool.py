"""Worker processes on this machine: how they start, and why none outlives its parent."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["ended_on_interruption", "loky_backend"]

SECONDS_BETWEEN_LOOKS = 0.5
SAFE_PATH = "PYTHONSAFEPATH"
"""Environment variable that keeps Python from looking for modules in the current folder."""


def loky_backend() -> Any:
    """Make joblib's backend for processes, which start whatever files the current folder holds.

    Python would look for modules there first: a file named ``signal.py`` would replace Python's
    own, and no process would start. Once started, a process uses this process's search path.
    """
    import joblib
    from joblib.externals.loky.backend.spawn import get_preparation_data
    from joblib.parallel import LokyBackend

    before = os.environ.get(SAFE_PATH)
    safe = "" if Path(joblib.__file__).parents[1] == Path.cwd() else "1"

    class Backend(LokyBackend):  # type: ignore[misc, unused-ignore]
        def _prepare_worker_env(self, n_jobs: int) -> dict[str, str]:
            return {**super()._prepare_worker_env(n_jobs), SAFE_PATH: safe}

    # joblib's cleanup process starts here, with this environment. After an interruption it may
    # find that another process has already removed a file.
    with _environment(**{SAFE_PATH: safe, "PYTHONWARNINGS": "ignore"}):
        get_preparation_data("", init_main_module=False)
    return Backend(inner_max_num_threads=1, initializer=_start, initargs=(os.getpid(), before))


def _start(parent: int, safe_path: str | None) -> None:
    """Initialize a worker process."""
    _set({SAFE_PATH: safe_path})
    end_with_parent(parent)


@contextmanager
def _environment(**variables: str | None) -> Iterator[None]:
    """Set environment variables temporarily; None unsets one."""
    before = {name: os.environ.get(name) for name in variables}
    try:
        _set(variables)
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@contextmanager
def ended_on_interruption() -> Iterator[None]:
    """Kill the worker processes if the block is interrupted or fails."""
    try:
        yield
    except BaseException:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=False, kill_workers=True)
        raise


def end_with_parent(parent: int) -> None:
    """Make a worker process end soon after its parent, however the parent ended.

    A worker waits for work on a pipe of which it holds both ends, so it would wait forever. On
    Windows the pipe breaks by itself, and a process keeps its parent's number.

    Parameters
    ----------
    parent : int
        Number of the parent process.
    """
    if os.name != "nt":
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)
