"""The guard's decisions: which lines of a client reach the server, and what is answered else."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mfmgame.authority.breaker.breaker_store import Admission
from mfmgame.authority.breaker.circuit_breaker import CircuitBreaker
from mfmgame.authority.guard.guard_messages import (
    MessageError,
    call_of,
    error_answer,
    is_blank,
    list_request,
    read_message,
    refused_call,
    stateless_meta,
    tool_digests,
)
from mfmgame.authority.guard.tool_lists import (
    LIST_CHANGED,
    MOST_PAGES,
    ListAnswer,
    ListRequests,
    page_of,
)
from mfmgame.documents.tool_manifest import MOST_TOOLS, Manifest, manifest_of
from mfmgame.errors import MfmgameError
from mfmgame.messages import shown

__all__ = ["CallGate"]

SECONDS_TO_LIST = 20.0
"""For which calls wait until the server has listed its tools."""
_HANDSHAKE = {"initialize", "server/discover", "ping"}
_WITHOUT_TEXT = _HANDSHAKE | {"tools/list", "logging/setLevel"}
"""Methods whose answers bring the model no text beside the descriptions of tools."""


@dataclass
class _Pages:
    """The guard's own list of tools, as far as it has arrived."""

    tools: list[Any] = field(default_factory=list)
    count: int = 0
    again: bool = False


class CallGate:
    """Decide on each line of a client, from the tools that the server itself lists.

    Parameters
    ----------
    count : callable
        Builds the breaker from the tools of the server.
    session : str
    to_server, to_client : callable
        Write a line.
    warn : callable
        Says a sentence to the operator.
    log : callable or None
        Takes each decided call, with its arguments, as a JSON object.
    requests : ListRequests
    """

    def __init__(
        self,
        count: Callable[[Manifest], CircuitBreaker],
        session: str,
        *,
        to_server: Callable[[bytes], None],
        to_client: Callable[[bytes], None],
        warn: Callable[[str], None],
        log: Callable[[dict[str, Any]], None] | None,
        requests: ListRequests,
    ) -> None:
        self._count, self._session = count, session
        self._to_server, self._to_client = to_server, to_client
        self._warn, self._log = warn, log
        self._requests = requests
        self._breaker: CircuitBreaker | None = None
        self._closed_because = ""
        self._meta: dict[str, Any] | None = None
        self._pages: _Pages | None = None
        self._pinned: dict[str, str] = {}
        self._changed: dict[str, str] = {}
        self._listed_early: list[dict[str, str]] = []
        self._held: deque[tuple[float, dict[str, Any], bytes]] = deque()
        self._tainted: set[str] = set()

    @property
    def is_holding(self) -> bool:
        """Whether calls wait for the list of tools."""
        return bool(self._held)

    def seconds_left(self) -> float | None:
        """Return how long the first held call may still wait; None if no call waits."""
        return max(0.0, self._held[0][0] - time.monotonic()) if self._held else None

    def client_line(self, line: bytes) -> None:
        """Pass a line of the client on, hold it, or answer it with a refusal."""
        if is_blank(line):
            self._to_server(line)
            return
        try:
            message = read_message(line, exact=True)
        except MessageError as error:
            self._to_client(error_answer(error))
            return
        method = message.get("method")
        if method == "tools/call":
            self._ask_if_stateless(message)
            self._held.append((time.monotonic() + SECONDS_TO_LIST, message, line))
            self._decide()
            return
        if method == "tools/list" and "id" in message:
            self._requests.add(message["id"], is_own=False)
        elif method == "notifications/cancelled":
            self._forget(message)
        elif method is not None and method not in _WITHOUT_TEXT and not _is_notification(method):
            self._taint(f"tool_result:{method}")
        self._to_server(line)
        if method == "notifications/initialized":
            self._ask({})
        elif method is not None and "id" in message and method not in _HANDSHAKE:
            self._ask_if_stateless(message)

    def list_answer(self, answer: ListAnswer) -> None:
        """Compare a list of tools with the list that was counted, or count it."""
        message = answer.message
        if message is not None and message.get("method") == LIST_CHANGED:
            self._ask_again()
        elif answer.is_own:
            self._own_page(message)
            self._decide()
        elif message is None:
            self._close("an answer to tools/list is ambiguous JSON")
        else:
            self._compare(tool_digests(page_of(message)[0] or []))

    def give_up(self) -> None:
        """Refuse the calls that have waited too long for the list of tools."""
        while self._held and self._held[0][0] <= time.monotonic():
            self._refuse(self._held.popleft()[1], "the server has not listed its tools in time")

    def end(self) -> None:
        """Close the state."""
        if self._breaker is not None:
            self._breaker.close()

    # The list of tools.

    def _ask_if_stateless(self, message: dict[str, Any]) -> None:
        meta = stateless_meta(message)
        if meta:
            self._ask(meta)

    def _ask(self, meta: dict[str, Any]) -> None:
        """Ask the server for its tools, once, as soon as the protocol allows it."""
        if self._meta is None:
            self._meta = meta
            self._request_page(_Pages())

    def _ask_again(self) -> None:
        if self._pages is not None:
            self._pages.again = True
        elif self._meta is not None:
            self._request_page(_Pages())

    def _request_page(self, pages: _Pages, cursor: str | None = None) -> None:
        self._pages = pages
        identity = f"guard{secrets.token_hex(16)}"
        self._requests.add(identity, is_own=True)
        self._to_server(list_request(identity, self._meta or {}, cursor))

    def _own_page(self, message: dict[str, Any] | None) -> None:
        pages, self._pages = self._pages or _Pages(), None
        if message is None:
            self._close("the answer to tools/list is ambiguous JSON")
            return
        tools, cursor = page_of(message)
        if tools is None:
            self._close("the server does not list its tools")
            return
        pages.tools += tools
        pages.count += 1
        if cursor is not None:
            if pages.count >= MOST_PAGES or len(pages.tools) > MOST_TOOLS:
                self._close("the server's list of tools is too long")
            else:
                self._request_page(pages, cursor)
            return
        if pages.again:
            self._request_page(_Pages())
        elif self._breaker is None:
            self._start(pages.tools)
        else:
            self._compare(tool_digests(pages.tools))

    def _start(self, tools: list[Any]) -> None:
        """Count the calls that the server's tools allow, and take up the limit."""
        try:
            self._breaker = self._count(manifest_of(tools, "the server"))
            if self._breaker.terms.charges.most == 0:
                self._warn("no call fits in the limit: the first call opens the breaker")
        except MfmgameError as error:
            self._close(str(error))
            return
        if not self._breaker.terms.is_proven:
            self._warn("bits of threats are assumed: no bound on the loss is proven")
        self._pinned = tool_digests(tools)
        early, self._tainted = self._tainted, set()
        for source in ("tool_description", *sorted(early)):
            self._taint(source)
        for listed in self._listed_early:
            self._compare(listed)

    def _compare(self, listed: dict[str, str]) -> None:
        if self._breaker is None:
            self._listed_early.append(listed)
            return
        for name, digest in listed.items():
            pinned = self._pinned.get(name)
            if pinned != digest and name not in self._changed:
                what = "was added" if pinned is None else "changed"
                self._changed[name] = (
                    f"{shown(name)} {what} after the calls were counted; restart the guard"
                )
                self._warn(self._changed[name])

    def _close(self, reason: str) -> None:
        """Refuse every call until the guard is restarted."""
        if not self._closed_because:
            self._closed_because = reason
            self._warn(f"every call is refused: {reason}")
        self._decide()

    # Calls.

    def _decide(self) -> None:
        """Decide on the calls that wait, in order, if the tools are known."""
        while self._held and (self._breaker is not None or self._closed_because):
            _, message, line = self._held.popleft()
            reason = self._closed_because or self._refusal(message)
            if reason:
                self._refuse(message, reason)
            else:
                self._to_server(line)

    def _refusal(self, message: dict[str, Any]) -> str:
        """Charge a call; return why it is refused, or no text if it is admitted."""
        assert self._breaker is not None
        try:
            name, arguments = call_of(message)
        except MessageError as error:
            return str(error)
        if name in self._changed:
            reason = self._changed[name]
        elif name not in self._pinned:
            reason = f"{shown(name)} is no tool of this server"
        else:
            call = {"name": name, "arguments": arguments}
            reason = _reason(self._breaker.admit(self._session, call))
        if not reason:
            # From here on, any message of the server may carry text of the tool.
            self._taint(f"tool_result:{name}")
            reason = self._closed_because
        if self._log is not None:
            decision = {"session": self._session, "admitted": not reason, "reason": reason}
            self._log({**decision, "name": name, "arguments": arguments})
        return reason

    def _refuse(self, message: dict[str, Any], reason: str) -> None:
        if "id" in message:
            self._to_client(refused_call(message, f"refused by the guard: {reason}"))

    def _taint(self, source: str) -> None:
        """Note that text of a source may reach the model."""
        if source in self._tainted:
            return
        self._tainted.add(source)
        if self._breaker is not None:
            try:
                self._breaker.taint(self._session, source)
            except MfmgameError as error:
                self._close(str(error))

    def _forget(self, message: dict[str, Any]) -> None:
        """Drop a held call that the client cancels before it is decided."""
        params = message.get("params")
        if isinstance(params, dict) and "requestId" in params:
            kept = [held for held in self._held if held[1].get("id") != params["requestId"]]
            self._held = deque(kept)


def _reason(decision: Admission) -> str:
    """Say why a call is refused, with the bits; no text if it is admitted."""
    if decision.admitted:
        return ""
    if decision.spent is None or decision.left is None or " bits are spent" in decision.reason:
        return decision.reason
    limit = decision.spent + decision.left
    return f"{decision.reason}; {decision.spent:.4g} of {limit:.4g} bits are spent"


def _is_notification(method: str) -> bool:
    return method.startswith("notifications/")
