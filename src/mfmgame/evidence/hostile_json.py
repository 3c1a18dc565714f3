"""JSON of scanners: parsed fast, refused where ambiguous, and read member by member."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from mfmgame.documents.json_reading import decoded, exact_number, opened
from mfmgame.errors import SpecificationError
from mfmgame.messages import is_encodable, shown

__all__ = [
    "json_lines",
    "members_of",
    "number_of",
    "parsed",
    "placed",
    "prompt_id",
    "short_text",
    "text_of",
]

MOST_LINE_BYTES = 64 * 2**20
_LONGEST_TEXT = 1000
_TOO_DEEP = "nested too deeply"


def parsed(data: bytes, *, line: int = 0, not_a_number: bool = False, exact: bool = False) -> Any:
    """Parse JSON with unique keys.

    Unlike `read_document`, which checks every value, this function leaves the values to the
    caller: a report holds megabytes of conversations, and only a few members are counted.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte-order mark.
    line : int, default 0
        Number of the line that the data are, if they are a line of a file.
    not_a_number : bool, default False
        Whether NaN and Infinity may stand in the file, as Python's own writers leave them there.
    exact : bool, default False
        Whether to read numbers with a fraction or exponent by :func:`exact_number`; the caller
        refuses unfit numbers where it uses them.

    Returns
    -------
    object

    Raises
    ------
    SpecificationError
        If the data are not JSON, or an object repeats a key.

    Examples
    --------
    >>> parsed(b'{"security": true}')
    {'security': True}
    """
    with placed(f"line {line}" if line else ""):
        text = decoded(data)
        try:
            return json.loads(
                text,
                object_pairs_hook=_with_unique_keys,
                parse_float=exact_number if exact else None,
                parse_constant=_constants(not_a_number=not_a_number, exact=exact),
            )
        except json.JSONDecodeError as error:
            place = "" if line else f"line {error.lineno}, "
            raise SpecificationError(
                f"{place}column {error.colno}: not JSON: {error.msg}"
            ) from None
        except RecursionError:
            raise SpecificationError(_TOO_DEEP) from None
        except SpecificationError:
            raise
        except ValueError:  # an integer with more digits than Python converts
            raise SpecificationError("a number has too many digits") from None


def json_lines(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Read a file with a JSON object on each line.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    int
        Number of the line.
    int
        Bytes read so far.
    dict
        The object; blank lines are skipped.

    Raises
    ------
    SpecificationError
        If a line is too long or is not a JSON object.
    """
    done = number = 0
    with opened(path) as stream:
        while data := stream.readline(MOST_LINE_BYTES + 1):
            number += 1
            done += len(data)
            if len(data) > MOST_LINE_BYTES:
                raise SpecificationError(
                    f"longer than the limit of {MOST_LINE_BYTES} bytes", pointer=f"line {number}"
                )
            if data.strip():
                row = parsed(data, line=number)
                with placed(f"line {number}"):
                    yield number, done, members_of(row)


def placed(place: str) -> AbstractContextManager[None]:
    """Put a place, a line or a JSON pointer, before the place of an error.

    Parameters
    ----------
    place : str

    Raises
    ------
    SpecificationError
        As raised within, with the longer place.
    """
    return _Placed(place)


class _Placed:
    """The context of :func:`placed`: a class, because logs enter it for every call."""

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SpecificationError):
            gap = ": " if self.place and error.pointer and not self.place.startswith("/") else ""
            raise SpecificationError(
                error.message, pointer=f"{self.place}{gap}{error.pointer}", source=error.source
            ) from None


def members_of(value: object) -> dict[str, Any]:
    """Return a JSON object as a dict; refuse any other value."""
    if not isinstance(value, dict):
        raise SpecificationError(f"found {shown(value)}, expected an object")
    return value


def text_of(members: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """Return the text of a member.

    Parameters
    ----------
    members : mapping
    key : str
    default : str, optional
        Returned if the member is missing or null; by default, this is refused.

    Returns
    -------
    str

    Raises
    ------
    SpecificationError
        If the member is missing, or is no text of valid Unicode and moderate length.
    """
    value = members.get(key)
    if value is None and default is not None:
        return default
    with placed(f"/{key}"):
        if key not in members:
            raise SpecificationError("missing, expected text")
        return short_text(value)


def short_text(value: object) -> str:
    """Return text of valid Unicode and moderate length; refuse any other value."""
    if not isinstance(value, str):
        raise SpecificationError(f"found {shown(value)}, expected text")
    if len(value) > _LONGEST_TEXT:
        raise SpecificationError(f"found {len(value)} characters, expected at most {_LONGEST_TEXT}")
    if not is_encodable(value):
        raise SpecificationError(f"{shown(value)} is not valid Unicode")
    return value


def number_of(value: object, what: str = "a number") -> float:
    """Return a JSON number as a finite float; refuse any other value."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        raise SpecificationError(f"found {shown(value)}, expected {what}")
    return float(value)


def prompt_id(value: object) -> str:
    """Shorten any JSON value to a text that only the same value gives.

    Prompts may be long or secret; tasks of two scans are paired by this text.

    Parameters
    ----------
    value : JSON value

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    SpecificationError
        If the value is nested too deeply.

    Examples
    --------
    >>> prompt_id({"a": 1, "b": 2}) == prompt_id({"b": 2, "a": 1})
    True
    """
    try:
        text = json.dumps(value, sort_keys=True)
    except RecursionError:
        raise SpecificationError(_TOO_DEEP) from None
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a long integer
        return False


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise SpecificationError(f"found the key {shown(key)} twice, expected unique keys")
            seen.add(key)
    return members


def _constants(*, not_a_number: bool, exact: bool) -> Callable[[str], Any]:
    """Choose what becomes of NaN and Infinity."""
    if exact:
        return exact_number
    return float if not_a_number else _refuse_constant


def _refuse_constant(text: str) -> float:
    raise SpecificationError(f"found {text}, expected a finite number")
