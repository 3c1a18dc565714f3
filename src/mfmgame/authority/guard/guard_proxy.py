"""The guard as a process: a proxy between a client and the server that it starts."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

from mfmgame.authority.breaker.circuit_breaker import CircuitBreaker
from mfmgame.authority.guard.call_gate import CallGate
from mfmgame.authority.guard.guard_messages import MessageError, error_answer
from mfmgame.authority.guard.line_pipes import MOST_LINE_BYTES, read_lines, write_all
from mfmgame.authority.guard.server_process import signal_group, start_server
from mfmgame.authority.guard.tool_lists import ListRequests
from mfmgame.documents.tool_manifest import Manifest

__all__ = ["GuardProxy"]

SECONDS_AFTER_INPUT = 5.0
"""For the server to end by itself after its input is closed."""
SECONDS_AFTER_SIGNAL = 0.5
"""Seconds for the server to end after the guard is told to end: clients allow little time."""
SECONDS_TO_TERMINATE = 1.0
_MOST_WAITING = 16
_PART = 2**18
_POLL = 0.02
_FAILURE = 1


class GuardProxy:
    """Pass messages between a client, on two file descriptors, and a server.

    The thread that runs the proxy decides and writes to the server; another thread reads from the
    client, and a third passes on what the server writes, also while the server does not read.

    Parameters
    ----------
    command : sequence of str
        Starts the server.
    count : callable
        Builds the breaker from the tools of the server.
    session : str, optional
        A random name by default.
    warn : callable
        Says a sentence to the operator.
    log : callable, optional
        Takes each decided call, with its arguments, as a JSON object.
    handles : pair of int, default (0, 1)
        File descriptors from and to the client.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: Callable[[Manifest], CircuitBreaker],
        session: str | None = None,
        *,
        warn: Callable[[str], None],
        log: Callable[[dict[str, Any]], None] | None = None,
        handles: tuple[int, int] = (0, 1),
    ) -> None:
        self._command = list(command)
        self._from_client, self._to_client = handles
        self._warn = warn
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MOST_WAITING)
        self._client_lock = threading.Lock()
        self._is_cut = False
        self._requests = ListRequests()
        self._is_reading = True
        self._is_writing, self._parts_written = False, 0
        self._heard_end = threading.Event()
        self._was_stopped = False
        self._server: subprocess.Popen[bytes] | None = None
        self._gate = CallGate(
            count,
            f"guard-{secrets.token_hex(8)}" if session is None else session,
            to_server=self._write_to_server,
            to_client=self._answer_client,
            warn=warn,
            log=log,
            requests=self._requests,
        )

    def run(self) -> int:
        """Start the server, pass messages until one side ends, and end the server.

        Returns
        -------
        int
            Exit status of the server; 1 if it had to be stopped.

        Raises
        ------
        SpecificationError
            If the server cannot be started.
        KeyboardInterrupt
            If the guard is told to end; the server has ended by then.
        """
        try:
            try:
                self._start()
                self._pass_messages()
                self._end(SECONDS_AFTER_INPUT)
            except BaseException:
                self._end(SECONDS_AFTER_SIGNAL)
                raise
        finally:  # whatever interrupts the end itself
            self._signal("SIGKILL")
            if self._server is not None:
                self._server.wait()
            self._gate.end()
        return self._status()

    def _start(self) -> None:
        server = start_server(self._command)
        assert server.stdin is not None
        assert server.stdout is not None
        self._input: int | None = server.stdin.fileno()
        self._output = server.stdout.fileno()
        self._reader = threading.Thread(target=self._read_server, daemon=True)
        self._waiter = threading.Thread(target=self._wait_for, args=(server,), daemon=True)
        self._server = server
        for thread in (self._reader, self._waiter):
            thread.start()
        threading.Thread(target=self._read_client, daemon=True).start()

    # The thread that decides.

    def _pass_messages(self) -> None:
        is_ending = False
        while not (is_ending and not self._gate.is_holding):
            self._gate.give_up()
            try:
                kind, value = self._events.get(timeout=self._gate.seconds_left())
            except queue.Empty:
                continue
            if kind == "line":
                self._gate.client_line(value)
                self._room.release()
            elif kind == "tools":
                self._gate.list_answer(value)
            elif kind == "client ended":
                is_ending = True
                self._heard_end.set()
            else:
                return

    def _write_to_server(self, line: bytes) -> None:
        if self._input is not None:
            self._is_writing = True
            try:
                for start in range(0, len(line), _PART):
                    write_all(self._input, line[start : start + _PART])
                    self._parts_written += 1
            except OSError:  # the server does not read any more
                self._input = None
                self._events.put(("server ended", None))
            self._is_writing = False

    def _answer_client(self, line: bytes) -> None:
        with self._client_lock, contextlib.suppress(OSError):
            # A server that ended within a line leaves the line to the client as it is.
            write_all(self._to_client, b"\n" + line if self._is_cut else line)
            self._is_cut = False

    # The threads that read.

    def _read_client(self) -> None:
        in_long_line = False
        try:
            for line in read_lines(self._from_client):
                if not in_long_line and len(line) <= MOST_LINE_BYTES:
                    self._room.acquire()
                    self._events.put(("line", line))
                elif not in_long_line:
                    limit = f"a line longer than the limit of {MOST_LINE_BYTES} bytes"
                    self._answer_client(error_answer(MessageError(limit)))
                in_long_line = not line.endswith(b"\n")
        except OSError:
            pass  # as at the end
        finally:
            self._events.put(("client ended", None))
            self._watch_end()

    def _watch_end(self) -> None:
        """Stop a server that keeps the guard from hearing that its client has ended."""
        written = -1
        while not self._heard_end.wait(SECONDS_AFTER_INPUT):
            if self._is_writing and written == self._parts_written:
                self._signal("SIGKILL")
                return
            written = self._parts_written

    def _read_server(self) -> None:
        has_reader, in_long_line = True, False
        try:
            for line in read_lines(self._output):
                self._is_reading = False
                is_part = in_long_line or len(line) > MOST_LINE_BYTES
                answer = None if is_part else self._requests.answer(line)
                if answer is not None:
                    self._events.put(("tools", answer))
                if has_reader and not (answer is not None and answer.is_own):
                    has_reader = self._pass_on(line, is_start=not in_long_line)
                in_long_line = not line.endswith(b"\n")
                self._is_reading = True
        finally:
            if in_long_line and has_reader:
                self._is_cut = True
                self._client_lock.release()
            self._events.put(("server ended", None))

    def _pass_on(self, line: bytes, *, is_start: bool) -> bool:
        """Write a line of the server, or a part of it; tell whether the client reads.

        The client's lock is held until the line is complete, or the client has ended.
        """
        if is_start:
            self._client_lock.acquire()
        has_reader = True
        try:
            write_all(self._to_client, line)
        except OSError:
            self._events.put(("client ended", None))
            has_reader = False
        if line.endswith(b"\n") or not has_reader:
            self._client_lock.release()
        return has_reader

    def _wait_for(self, server: subprocess.Popen[bytes]) -> None:
        if hasattr(os, "waitid"):
            # Its process group keeps its number until the end, when the rest of it is stopped.
            os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
        else:
            server.wait()
        self._events.put(("server ended", None))

    # The end.

    def _end(self, grace: float) -> None:
        """Close the server's input, stop the server if it goes on, and pass on the rest."""
        self._heard_end.set()
        if self._server is None:
            return
        assert self._server.stdin is not None
        self._input = None
        self._server.stdin.close()
        self._waiter.join(grace)
        for name, seconds in (("SIGTERM", SECONDS_TO_TERMINATE), ("SIGKILL", None)):
            if self._waiter.is_alive():
                self._was_stopped = True
                self._signal(name)
                self._waiter.join(seconds)
        self._pass_on_rest(grace)

    def _pass_on_rest(self, grace: float) -> None:
        """Wait until all that the server wrote has reached the client.

        A process that the server left behind may keep the pipe open: nothing more is expected
        from it.
        """
        idle = 0.0
        while self._reader.is_alive() and idle < SECONDS_AFTER_SIGNAL:
            self._reader.join(_POLL)
            must_hurry = grace < SECONDS_AFTER_INPUT
            idle = idle + _POLL if self._is_reading or must_hurry else 0.0
        if not self._reader.is_alive() and self._server is not None:
            assert self._server.stdout is not None
            self._server.stdout.close()

    def _signal(self, name: str) -> None:
        """Send a signal to the server and to the processes that it started."""
        if self._server is not None and self._server.returncode is None:
            signal_group(self._server, name)

    def _status(self) -> int:
        assert self._server is not None
        if self._was_stopped:
            self._warn("the server did not end after its input was closed; it was stopped")
            return _FAILURE
        code = self._server.returncode
        if code < 0:
            self._warn(f"the server was ended by signal {-code}")
            return _FAILURE
        return code
