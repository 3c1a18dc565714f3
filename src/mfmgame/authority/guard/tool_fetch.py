"""The list of tools of a server, before there is anything to guard."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mfmgame import __version__
from mfmgame.authority.guard.guard_messages import message_line, stateless_words
from mfmgame.authority.guard.line_pipes import MOST_LINE_BYTES, read_lines, write_all
from mfmgame.authority.guard.server_process import has_ended_within, signal_group, start_server
from mfmgame.authority.guard.tool_lists import MOST_PAGES, ListRequests, page_of
from mfmgame.documents.tool_manifest import MOST_TOOLS, manifest_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["fetch_tools"]

_CLIENT = {"name": "mfmgame", "version": __version__}
_HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": _CLIENT}
_STATELESS = stateless_words("2026-07-28", _CLIENT)
_SECONDS_TO_END = 1.0
_MOST_SECONDS = 86_400
_BYTES_OF_A_LINE = 100
"""Memory that a line takes beside its text."""


class _RefusalError(SpecificationError):
    """The server answers a request with an error."""


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
    if not 0 < timeout <= _MOST_SECONDS:
        raise SpecificationError(
            f"found {timeout:g}, expected seconds above 0, at most {_MOST_SECONDS}",
            pointer="--timeout",
        )
    with _talk(command, timeout) as talk:
        manifest = {"tools": _listed(talk)}
    manifest_of(manifest)  # refuses what is no list of tools
    return manifest


def _listed(talk: _Talk) -> list[Any]:
    """List the tools after a handshake, or without it if the server refuses a handshake."""
    try:
        talk.ask("initialize", _HANDSHAKE)
    except _RefusalError as refusal:
        try:
            return _all_pages(talk, {"_meta": _STATELESS})
        except _RefusalError as error:
            raise SpecificationError(f"{refusal}; without a handshake, {error}") from None
    talk.say({"method": "notifications/initialized"})
    return _all_pages(talk, {})


def _all_pages(talk: _Talk, params: Mapping[str, Any]) -> list[Any]:
    tools: list[Any] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        at = {} if cursor is None else {"cursor": cursor}
        page, following = page_of(talk.ask("tools/list", {**params, **at}))
        if page is None:
            raise SpecificationError("the server's answer to tools/list has no list of tools")
        tools += page
        if following is None:
            return tools
        if following == cursor or len(tools) > MOST_TOOLS:
            break
        cursor = following
    raise SpecificationError("the server's list of tools does not end")


class _Talk:
    """Requests to a server, one at a time.

    Two threads write and read, so that a server that does neither holds up no deadline.
    """

    def __init__(self, server: subprocess.Popen[bytes], timeout: float) -> None:
        self._server, self._timeout = server, timeout
        self._deadline = time.monotonic() + timeout
        self._to_server: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._from_server: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self._requests, self._number = ListRequests(), 0
        for target in (self._write, self._read):
            threading.Thread(target=target, daemon=True).start()

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request, and return the answer; other lines of the server are skipped."""
        self._number += 1
        self._requests.add(self._number, is_own=True)
        self.say({"id": self._number, "method": method, "params": params})
        answer = self._answer()
        if answer is None:
            raise SpecificationError(f"the server's answer to {method} is ambiguous JSON")
        if isinstance(answer.get("result"), dict):
            return answer
        error = answer.get("error")
        reason = error.get("message") if isinstance(error, dict) else None
        raise _RefusalError(f"the server refuses {method}: {shown(reason)}")

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        self._to_server.put(message_line(message))

    def end(self) -> bool:
        """End the server, with all that it started; tell whether it ended by itself."""
        self._to_server.put(None)
        try:
            if has_ended_within(self._server, _SECONDS_TO_END):
                return True
            signal_group(self._server, "SIGTERM")
            has_ended_within(self._server, _SECONDS_TO_END)
            return False
        finally:
            signal_group(self._server, "SIGKILL")
            self._server.wait()

    def _answer(self) -> dict[str, Any] | None:
        """Wait for the answer to the last request; None if it cannot be read strictly."""
        while (left := self._deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self._from_server.get(timeout=left)
                if isinstance(line, Exception):
                    raise line
                answer = self._requests.answer(line)
                if answer is not None and answer.is_own:
                    return answer.message
        raise SpecificationError(f"the server gave no answer in {self._timeout:g} seconds")

    def _write(self) -> None:
        assert self._server.stdin is not None
        with self._server.stdin as pipe, contextlib.suppress(OSError):
            while (line := self._to_server.get()) is not None:
                write_all(pipe.fileno(), line)

    def _read(self) -> None:
        assert self._server.stdout is not None
        size = 0
        with self._server.stdout as pipe, contextlib.suppress(OSError):
            for line in read_lines(pipe.fileno()):
                size += len(line) + _BYTES_OF_A_LINE
                if size > MOST_LINE_BYTES:
                    self._from_server.put(
                        SpecificationError(f"the server wrote more than {MOST_LINE_BYTES} bytes")
                    )
                    return
                self._from_server.put(line)
        self._from_server.put(EOFError())


@contextlib.contextmanager
def _talk(command: Sequence[str], timeout: float) -> Iterator[_Talk]:
    """Start a server and talk to it; end it, whatever happens."""
    server = start_server(command)
    talk = _Talk(server, timeout)
    has_ended = False
    try:
        try:
            yield talk
        finally:
            has_ended = talk.end()
    except EOFError:
        how = f"ended with exit status {server.returncode}"
        if not has_ended:
            how = "closed its output"
        elif server.returncode < 0:
            how = f"was ended by signal {-server.returncode}"
        raise SpecificationError(f"the server {how} before it had listed its tools") from None
