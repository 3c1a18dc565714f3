"""Processes of servers: started with pipes, ended with all that they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence

from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["has_ended_within", "signal_group", "start_server"]

_POLL = 0.01


def start_server(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a server with pipes, in a process group of its own.

    A server that starts others, as npx does, ends with them.

    Parameters
    ----------
    command : sequence of str

    Returns
    -------
    subprocess.Popen

    Raises
    ------
    SpecificationError
        If the server cannot be started.
    """
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            process_group=0 if os.name == "posix" else None,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpecificationError(
            f"{shown(command[0])} cannot be started: {reason}", pointer="COMMAND"
        ) from None


def has_ended_within(server: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a server to end, and leave its process number taken.

    Parameters
    ----------
    server : subprocess.Popen
    seconds : float
        Most seconds to wait.

    Returns
    -------
    bool
    """
    end = time.monotonic() + seconds
    while not _has_ended(server):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL)
    return True


def signal_group(server: subprocess.Popen[bytes], name: str) -> None:
    """Signal a server that nobody has waited for, and the processes that it started.

    Parameters
    ----------
    server : subprocess.Popen
    name : {"SIGTERM", "SIGKILL"}
    """
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(server.pid, getattr(signal, name))
        elif name == "SIGTERM":
            server.terminate()
        else:
            server.kill()


def _has_ended(server: subprocess.Popen[bytes]) -> bool:
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    return server.poll() is not None
