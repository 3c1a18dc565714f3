"""The list of tools of a server, before there is anything to guard."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from mfmgame import __version__
from mfmgame.authority.guard.guard_messages import MessageError, read_message
from mfmgame.authority.guard.line_pipes import MOST_LINE_BYTES, read_lines, write_all
from mfmgame.authority.guard.server_process import has_ended_within, kill_group, start_server
from mfmgame.documents.tool_manifest import MOST_TOOLS, manifest_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["fetch_tools"]

_PROTOCOL_VERSION = "2025-06-18"
_SECONDS_TO_END = 1.0
_POLL = 0.05
_MOST_PAGES = 1000
_MOST_WAITING = 64


def fetch_tools(command: Sequence[str], timeout: float = 30.0) -> dict[str, Any]:
    """Start a server of the Model Context Protocol, ask for its tools, and end the server.

    Parameters
    ----------
    command : sequence of str
        Starts the server, which speaks on standard input and output.
    timeout : float, default 30
        Seconds until all pages of the list must have come.

    Returns
    -------
    dict
        ``{"tools": [...]}``, each entry as the server gave it.

    Raises
    ------
    SpecificationError
        If the server cannot be started, ends, does not answer in time, answers with an error,
        or gives something that is no list of tools.
    """
    with _talk(command, timeout) as talk:
        client = {"name": "mfmgame", "version": __version__}
        start = {"protocolVersion": _PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client}
        talk.ask("initialize", start)
        talk.say({"method": "notifications/initialized"})
        tools: list[Any] = []
        params: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            page = talk.ask("tools/list", params)
            listed, cursor = page.get("tools"), page.get("nextCursor")
            if not isinstance(listed, list):
                raise SpecificationError(
                    f"the server gave {shown(listed)}, expected a list of tools"
                )
            tools += listed
            if cursor is None:
                break
            if {"cursor": cursor} == params or len(tools) > MOST_TOOLS:
                raise SpecificationError("the server's list of tools does not end")
            params = {"cursor": cursor}
        else:
            raise SpecificationError("the server's list of tools does not end")
    manifest = {"tools": tools}
    manifest_of(manifest)  # refuses what is no list of tools
    return manifest


class _Talk:
    """Requests to a server, one at a time."""

    def __init__(self, server: subprocess.Popen[bytes], timeout: float) -> None:
        self._server, self._timeout = server, timeout
        self._deadline = time.monotonic() + timeout
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._number = 0
        self._is_over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request, and return the result; lines that are no answer to it are skipped."""
        self._number += 1
        self.say({"id": self._number, "method": method, "params": params})
        while True:
            answer = self._next()
            if answer.get("id") != self._number or "method" in answer:
                continue
            if isinstance(answer.get("result"), dict):
                return answer["result"]  # type: ignore[no-any-return]
            error = answer.get("error")
            reason = error.get("message") if isinstance(error, dict) else None
            raise SpecificationError(f"the server refuses {method}: {shown(reason)}")

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        assert self._server.stdin is not None
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        with contextlib.suppress(OSError):  # the next answer tells that the server has ended
            write_all(self._server.stdin.fileno(), line)

    def _next(self) -> dict[str, Any]:
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, self._deadline - time.monotonic()))
            except queue.Empty:
                raise SpecificationError(
                    f"the server gave no answer in {self._timeout:g} seconds"
                ) from None
            if line is None:
                raise SpecificationError("the server ended before it had listed its tools")
            if time.monotonic() > self._deadline:
                continue  # the next wait ends at once
            with contextlib.suppress(MessageError):  # servers write other lines, too
                return read_message(line)

    def _read(self) -> None:
        assert self._server.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in read_lines(self._server.stdout.fileno()):
                if len(line) <= MOST_LINE_BYTES:
                    self._put(line)
        self._put(None)

    def _put(self, line: bytes | None) -> None:
        while not self._is_over:
            with contextlib.suppress(queue.Full):
                self._lines.put(line, timeout=_POLL)
                return

    def end(self) -> None:
        """End the server, with all processes that it started."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._is_over = True
        self._server.stdin.close()
        has_ended_within(self._server, _SECONDS_TO_END)
        kill_group(self._server)
        self._server.wait()
        self._reader.join(_SECONDS_TO_END)
        if not self._reader.is_alive():  # no process outside the group holds the pipe
            self._server.stdout.close()


@contextlib.contextmanager
def _talk(command: Sequence[str], timeout: float) -> Iterator[_Talk]:
    """Start a server and talk to it; end it, whatever happens."""
    talk = _Talk(start_server(command), timeout)
    try:
        yield talk
    finally:
        talk.end()
