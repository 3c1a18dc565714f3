"""Lists of tools among the messages of a server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mfmgame.authority.guard.guard_messages import MessageError, read_message

__all__ = ["LIST_CHANGED", "MOST_PAGES", "ListAnswer", "ListRequests", "page_of"]

MOST_PAGES = 1000
LIST_CHANGED = "notifications/tools/list_changed"


@dataclass(frozen=True)
class ListAnswer:
    """An answer to ``tools/list``, or the server's word that its tools changed.

    Attributes
    ----------
    is_own : bool
        Whether the guard has asked, so that the answer is not passed on.
    message : dict or None
        None if the answer cannot be read strictly.
    """

    is_own: bool
    message: dict[str, Any] | None


class ListRequests:
    """The requests for a list of tools that wait for an answer.

    A thread that sends requests adds them; another, which reads answers, takes them out.
    """

    def __init__(self) -> None:
        self._waiting: dict[str | float, bool] = {}

    def add(self, identity: str | int, *, is_own: bool) -> None:
        """Expect an answer to a request that is about to be sent."""
        self._waiting[identity] = is_own

    def answer(self, line: bytes) -> ListAnswer | None:
        """Recognize an answer to ``tools/list`` or a change of tools in a line of the server.

        Parameters
        ----------
        line : bytes

        Returns
        -------
        ListAnswer or None
            None for any other line.
        """
        if not self._waiting and b"list_changed" not in line:
            return None
        try:
            messages, is_strict = [read_message(line)], True
        except MessageError:
            messages, is_strict = _read_loosely(line), False
        for message in messages:
            if message.get("method") == LIST_CHANGED:
                return ListAnswer(False, message)
            identity = message.get("id")
            if "method" not in message and isinstance(identity, str | int | float):
                is_own = self._waiting.pop(identity, None)
                if is_own is not None:
                    return ListAnswer(is_own, message if is_strict else None)
        return None


def page_of(message: dict[str, Any]) -> tuple[list[Any] | None, str | None]:
    """Return the tools of an answer to ``tools/list``, and the cursor of the next page.

    Parameters
    ----------
    message : dict

    Returns
    -------
    list of JSON values or None
        None if the answer holds no list.
    str or None
        None on the last page.
    """
    result = message.get("result")
    if not isinstance(result, dict):
        return None, None
    tools, cursor = result.get("tools"), result.get("nextCursor")
    return (
        tools if isinstance(tools, list) else None,
        cursor if isinstance(cursor, str) and cursor else None,
    )


def _read_loosely(line: bytes) -> list[dict[str, Any]]:
    """Read a line, or a batch, as a careless client may; nothing if there is no object."""
    try:
        value = json.loads(line.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return []
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, dict)]
