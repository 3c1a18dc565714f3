"""Tool calls in OpenTelemetry spans (OTLP JSON, semantic conventions for generative AI)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mfmgame.authority.logs.logged_call import LoggedCall, logged_call
from mfmgame.documents.json_reading import MAX_DEPTH
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import members_of, placed
from mfmgame.messages import shown

__all__ = ["calls_of_spans"]

_OPERATION, _EXECUTES = "gen_ai.operation.name", "execute_tool"
_TOOL, _ARGUMENTS = "gen_ai.tool.name", "gen_ai.tool.call.arguments"
_CONVERSATION = "gen_ai.conversation.id"
_SECOND, _MILLISECOND = 10**9, 10**6
_LATEST = 2**64 - 1
"""Last nanosecond that OTLP can write."""


def calls_of_spans(export: Mapping[str, Any]) -> Iterator[LoggedCall]:
    """Read the tool calls of an export request, in order of their start times.

    The session of a call is its conversation, or its trace where no conversation is named.

    Parameters
    ----------
    export : mapping
        With ``resourceSpans``.

    Yields
    ------
    LoggedCall

    Raises
    ------
    SpecificationError
        If the request is not OTLP JSON, or a span that executes a tool has no name of the tool
        or no arguments.
    """
    starts: list[tuple[int, int, str, object, dict[str, Any]]] = []
    for place, span in _spans(export):
        with placed(place):
            attributes = _attributes(span)
            if attributes.get(_OPERATION) == _EXECUTES:
                start = _nanoseconds(span)
                starts.append((start, len(starts), place, span.get("traceId"), attributes))
    starts.sort(key=lambda entry: entry[:2])
    for start, _, place, trace, attributes in starts:
        with placed(place):
            for key in (_TOOL, _ARGUMENTS):
                if key not in attributes:
                    raise SpecificationError(
                        f"missing, expected the attribute {key} of a span that executes a tool",
                        pointer="/attributes",
                    )
            session = attributes.get(_CONVERSATION) or trace
            yield logged_call(
                session, attributes[_TOOL], attributes[_ARGUMENTS], _time(start), place
            )


def _spans(export: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk the spans of all resources and scopes, with their places."""
    for place, resource in _entries(export, "resourceSpans", ""):
        for inner, scope in _entries(resource, "scopeSpans", place):
            yield from _entries(scope, "spans", inner)


def _entries(
    members: Mapping[str, Any], key: str, place: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = members.get(key)
    if entries is None:  # OTLP leaves empty lists out
        return
    if not isinstance(entries, list):
        raise SpecificationError(
            f"found {shown(entries)}, expected a list", pointer=f"{place}/{key}"
        )
    for index, entry in enumerate(entries):
        where = f"{place}/{key}/{index}"
        with placed(where):
            checked = members_of(entry)
        yield where, checked


def _attributes(span: Mapping[str, Any]) -> dict[str, Any]:
    return _pairs(span.get("attributes"), "/attributes", 0)


def _pairs(entries: object, place: str, depth: int) -> dict[str, Any]:
    """Return the members of a list of keys and values."""
    found: dict[str, Any] = {}
    with placed(place):
        if not isinstance(entries, list | None):
            raise SpecificationError(f"found {shown(entries)}, expected a list")
        for index, entry in enumerate(entries or ()):
            with placed(f"/{index}"):
                key = members_of(entry).get("key")
                if not isinstance(key, str) or key in found:
                    raise SpecificationError(f"found the key {shown(key)}, expected unique texts")
                found[key] = _value(entry.get("value"), depth)
    return found


def _value(value: object, depth: int) -> Any:
    """Return the JSON value that an OTLP value of any type stands for."""
    if depth > MAX_DEPTH:
        raise SpecificationError(f"nested deeper than {MAX_DEPTH} levels")
    members = {} if value is None else members_of(value)
    if len(members) > 1:
        raise SpecificationError("found several values, expected one")
    for kind, content in members.items():
        if kind == "kvlistValue":
            return _pairs(members_of(content).get("values"), "/value/values", depth + 1)
        if kind == "arrayValue":
            entries = members_of(content).get("values") or []
            if not isinstance(entries, list):
                raise SpecificationError(f"found {shown(entries)}, expected a list")
            return [_value(entry, depth + 1) for entry in entries]
        if kind == "intValue":
            return _integer(content)
        return content
    return None


def _integer(value: object) -> int:
    """Return a 64-bit integer, which OTLP JSON writes as text."""
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
    except ValueError:
        pass
    raise SpecificationError(f"found {shown(value)}, expected an integer")


def _nanoseconds(span: Mapping[str, Any]) -> int:
    with placed("/startTimeUnixNano"):
        start = _integer(span.get("startTimeUnixNano", 0))
        if not 0 <= start <= _LATEST:
            raise SpecificationError(f"found {shown(start)}, expected nanoseconds since 1970")
    return start


def _time(nanoseconds: int) -> str:
    if not nanoseconds:
        return ""
    seconds, left = divmod(nanoseconds, _SECOND)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{left // _MILLISECOND:03}Z"
