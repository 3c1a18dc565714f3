"""Logs of agent runs as a stream of tool calls, whatever the format of the log."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from mfmgame.authority.logs.benchmark_runs import (
    calls_of_agentdojo,
    calls_of_archive,
    calls_of_inspect,
)
from mfmgame.authority.logs.logged_call import LoggedCall, logged_call
from mfmgame.authority.logs.otlp_spans import calls_of_spans
from mfmgame.documents.json_reading import MAX_BYTES, STANDARD_INPUT, input_of, opened
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import MOST_LINE_BYTES, members_of, parsed, placed
from mfmgame.evidence.run_files import files_below
from mfmgame.messages import nearest, refuse_other_types, shown

__all__ = ["FORMATS", "read_calls"]

_ARCHIVE = b"PK\x03\x04"
_ENDINGS = (".json", ".jsonl", ".ndjson", ".eval")
_OPENINGS = (b"{", b"[", b",")
"""How the first line of a JSON document ends that goes on in the next line."""
_KEYS: Mapping[str, tuple[str, ...]] = {
    "otlp": ("resourceSpans",),
    "inspect": ("eval", "samples"),
    "agentdojo": ("suite_name", "user_task_id"),
    "lines": ("session", "tool"),
}
FORMATS = tuple(_KEYS)
"""Names of the formats that :func:`read_calls` reads."""


def read_calls(
    log: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word for it
) -> Iterator[LoggedCall]:
    """Read the tool calls of a log of agent runs, in order.

    A line is read when its call is asked for, so that standard input may go on without end.

    Parameters
    ----------
    log : str or path-like
        A file, a folder with files below, or ``"-"`` for standard input.
    format : str, optional
        ``"otlp"`` (OpenTelemetry spans: a document, or an export request on each line),
        ``"inspect"``, ``"agentdojo"``, or ``"lines"`` (on each line an object with session, tool,
        arguments and time). By default, the content of each file tells.

    Yields
    ------
    LoggedCall

    Raises
    ------
    SpecificationError
        If the log cannot be read, or at the first line that is malformed; all calls before the
        line have been returned.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = Path(folder, "log.jsonl")
    ...     _ = log.write_text('{"session": "s1", "tool": "stop", "arguments": {}}')
    ...     [call.tool for call in read_calls(log)]
    ['stop']
    """
    refuse_other_types(format, "format", str, type(None))
    if format is not None and format not in FORMATS:
        raise SpecificationError(
            f"found {shown(format)}, expected {nearest(format, FORMATS, 'format')}",
            pointer="format",
        )
    path = input_of(log)
    return _calls_of([None] if path is None else files_below([path], _ENDINGS), format)


def _calls_of(files: list[Path] | list[None], format: str | None) -> Iterator[LoggedCall]:  # noqa: A002
    for file in files:
        source = STANDARD_INPUT if file is None else str(file)
        try:
            yield from _calls_of_file(file, format, f"{source}: ")
        except SpecificationError as error:
            raise error.located(source) from None


def _calls_of_file(
    file: Path | None,
    format: str | None,  # noqa: A002
    source: str,
) -> Iterator[LoggedCall]:
    with opened(file) as stream:
        first = _first_line(stream)
        if file is not None and first[1].startswith(_ARCHIVE):
            if format not in (None, "inspect"):
                raise SpecificationError(f"found an archive, expected the format {format}")
            for call in calls_of_archive(file):
                yield call._replace(place=source + call.place)
            return
        for place, value in _values(stream, first):
            with placed(place):
                members = members_of(value)
                format = format or _format_of(members)  # noqa: A001
                for call in _reader(format, file)(members):
                    yield call._replace(place=source + _joined(place, call.place))


def _joined(place: str, inner: str) -> str:
    """Join a line's place and the pointer within the line, as errors join them."""
    return f"{place}: {inner}" if place.startswith("line") and inner else f"{place}{inner}"


def _reader(
    format: str,  # noqa: A002
    file: Path | None,
) -> Callable[[Mapping[str, Any]], Iterator[LoggedCall]]:
    if format == "otlp":
        return calls_of_spans
    if format == "inspect":
        return calls_of_inspect
    if format == "agentdojo":
        return lambda run: calls_of_agentdojo(run, file or Path(STANDARD_INPUT))
    return _call_of_line


def _format_of(members: Mapping[str, Any]) -> str:
    """Tell the format of a log by the keys of its first object."""
    for name, keys in _KEYS.items():
        if all(key in members for key in keys):
            return name
    raise SpecificationError(
        "found no known keys, expected resourceSpans (OTLP), eval and samples (Inspect), "
        "suite_name and user_task_id (AgentDojo), or session and tool"
    )


def _first_line(stream: BinaryIO) -> tuple[int, bytes]:
    """Return the number and the bytes of the first line that is not blank."""
    for number, line in _lines(stream, 0):
        return number, line
    return 0, b""


def _lines(stream: BinaryIO, number: int) -> Iterator[tuple[int, bytes]]:
    """Walk the lines that are not blank, with their numbers; `number` lines are read already."""
    while line := stream.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > MOST_LINE_BYTES:
            raise SpecificationError(
                f"longer than the limit of {MOST_LINE_BYTES} bytes", pointer=f"line {number}"
            )
        if line.strip():
            yield number, line


def _values(stream: BinaryIO, first: tuple[int, bytes]) -> Iterator[tuple[str, Any]]:
    """Walk the JSON values of a stream with their places: a document, or a value a line."""
    number, line = first
    if not line:
        raise SpecificationError("is empty, expected a log with a tool call")
    try:
        value = parsed(line, line=number, exact=True)
    except SpecificationError:
        if not line.rstrip().endswith(_OPENINGS):
            raise
        yield from _document(line, stream)
        return
    yield from _entries(value, f"line {number}")
    for place, later in _lines(stream, number):
        yield f"line {place}", parsed(later, line=place, exact=True)


def _document(line: bytes, stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    data = line + stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SpecificationError(f"larger than the limit of {MAX_BYTES} bytes")
    yield from _entries(parsed(data, exact=True), "")


def _entries(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Walk the entries of a list; any other value is its own only entry."""
    if not isinstance(value, list):
        yield place, value
        return
    for index, entry in enumerate(value):
        yield _joined(place, f"/{index}"), entry


def _call_of_line(members: Mapping[str, Any]) -> Iterator[LoggedCall]:
    """Read a line with session, tool, arguments and time."""
    time = members.get("time")
    text = time if isinstance(time, str) else "" if time is None else shown(time)
    yield logged_call(
        members.get("session"), members.get("tool"), members.get("arguments"), text, ""
    )
