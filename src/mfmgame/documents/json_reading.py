"""Reading of JSON from outside: malformed, ambiguous or non-finite input is refused."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Self

from mfmgame.errors import SpecificationError
from mfmgame.messages import HELD, is_encodable, pointer_to, refuse_other_types, shown

__all__ = [
    "MAX_DEPTH",
    "STANDARD_INPUT",
    "decoded",
    "exact_number",
    "input_of",
    "is_lost",
    "opened",
    "path_of",
    "read_bytes",
    "read_document",
    "read_json",
    "refuse_unfit",
    "remember_files",
    "was_read",
]

STANDARD_INPUT = "<stdin>"
MAX_BYTES = 256 * 2**20
MAX_DEPTH = 100
_REPEATED_KEY = object()
_NOT_ZERO = re.compile("[1-9]")
_files_read: ContextVar[list[Path] | None] = ContextVar("files read", default=None)


def path_of(path: str | os.PathLike[str], name: str = "path") -> Path:
    """Convert a path argument to a Path.

    Parameters
    ----------
    path : str or path-like
    name : str
        Of the argument, for errors.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    SpecificationError
        If `path` is of another type.
    """
    refuse_other_types(path, name, str, os.PathLike)
    return Path(path)


def input_of(path: str | os.PathLike[str]) -> Path | None:
    """Convert a path argument to a Path, or to None for ``"-"``, standard input."""
    file = path_of(path)
    return None if os.fspath(path) == "-" else file


def read_document(path: Path | None, *, repeated_nulls: bool = False) -> dict[str, Any]:
    """Read one JSON object from a file, or from standard input when `path` is None.

    Parameters
    ----------
    path : pathlib.Path or None
        A regular file or a pipe, UTF-8 with or without a byte-order mark.
    repeated_nulls : bool, default False
        Whether a key may appear twice if both values are null.

    Returns
    -------
    dict
        The parsed object: finite numbers and encodable text only.

    Raises
    ------
    SpecificationError
        If the file is missing, too large or too deep, or is not a JSON object with unique keys,
        finite numbers and valid Unicode.
    """
    document = read_json(path, repeated_nulls=repeated_nulls)
    if not isinstance(document, dict):
        raise SpecificationError("expected a JSON object at the top level", source=_source_of(path))
    return document


def read_json(path: Path | None, *, repeated_nulls: bool = False) -> Any:
    """Read one JSON value of any kind, as :func:`read_document` reads an object.

    Parameters
    ----------
    path : pathlib.Path or None
    repeated_nulls : bool, default False

    Returns
    -------
    object

    Raises
    ------
    SpecificationError
        As for :func:`read_document`, except that the value may be a list or a scalar.
    """
    try:
        value = _parse(read_bytes(path), repeated_nulls)
        refuse_unfit(value)
    except SpecificationError as error:
        raise error.located(_source_of(path)) from None
    return value


def _source_of(path: Path | None) -> str:
    return STANDARD_INPUT if path is None else str(path)


def read_bytes(path: Path | None, most: int | None = None) -> bytes:
    """Read all of a file, or of standard input when `path` is None.

    Parameters
    ----------
    path : pathlib.Path or None
        A regular file or a pipe.
    most : int, optional
        Greatest size in bytes; `MAX_BYTES` by default.

    Returns
    -------
    bytes

    Raises
    ------
    SpecificationError
        If the file cannot be read or is larger.
    """
    most = MAX_BYTES if most is None else most
    with opened(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise SpecificationError(f"larger than the limit of {most} bytes")
    return data


@contextlib.contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file, or standard input when `path` is None, and report what fails on one line.

    Parameters
    ----------
    path : pathlib.Path or None
        A regular file or a pipe.

    Yields
    ------
    binary stream

    Raises
    ------
    SpecificationError
        If the file cannot be read.
    """
    if path is None and sys.stdin is None:
        raise SpecificationError("cannot be read: it is closed")
    try:
        if path is not None and path.exists() and not (path.is_file() or path.is_fifo()):
            raise IsADirectoryError(errno.EISDIR, "found a folder or device, expected a file")
        with sys.stdin.buffer if path is None else path.open("rb") as stream:
            yield stream
    except SpecificationError:
        raise
    except FileNotFoundError:
        raise SpecificationError("no such file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SpecificationError(f"cannot be read: {reason}") from None
    files = _files_read.get()
    if files is not None and path is not None:
        files.append(path)


def remember_files() -> None:
    """Start to record which files are read."""
    _files_read.set([])


def was_read(file: Path) -> bool:
    """Tell whether a file was read since recording started."""
    with contextlib.suppress(OSError):  # if the file does not exist
        return any(file.samefile(read) for read in _files_read.get() or () if read.exists())
    return False


def decoded(data: bytes) -> str:
    """Decode UTF-8 with or without a byte-order mark.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    str

    Raises
    ------
    SpecificationError
        If the data is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecificationError(f"byte {error.start} is not UTF-8") from None


def is_lost(text: str, value: float) -> bool:
    """Tell whether a nonzero or finite decimal number became 0 or infinite as a float.

    Parameters
    ----------
    text : str
        The number as written.
    value : float

    Returns
    -------
    bool
    """
    digits = text.lower().partition("e")[0]
    return (value == 0.0 or math.isinf(value)) and bool(_NOT_ZERO.search(digits))


class _Unfit(float):
    """A float that differs from the written number, or is NaN; its repr is the written text."""

    def __new__(cls, written: str, value: float) -> Self:
        unfit = super().__new__(cls, value)
        unfit.written = written
        return unfit

    written: str

    def __repr__(self) -> str:
        return self.written


def _number(text: str) -> float:
    value = float(text)
    return _Unfit(text, value) if is_lost(text, value) else value


def exact_number(text: str) -> Decimal | float:
    """Convert a JSON number to the decimal as written.

    Parameters
    ----------
    text : str
        A number, or NaN or Infinity, which Python reads although JSON excludes them.

    Returns
    -------
    decimal.Decimal or float
        A float that :func:`refuse_unfit` refuses if the number is not finite, or is beyond the
        magnitudes of floats: exact arithmetic with its exponent could take all memory.

    Examples
    --------
    >>> exact_number("0.10")
    Decimal('0.10')
    """
    value = _number(text) if text[-1].isdigit() else _constant(text)
    return value if isinstance(value, _Unfit) else Decimal(text)


def refuse_unfit(value: Any) -> None:
    """Refuse a parsed JSON value that holds a repeated key, lost number or invalid text.

    Parameters
    ----------
    value : JSON value

    Raises
    ------
    SpecificationError
        At the first value that is not valid; its pointer says where.

    Examples
    --------
    >>> refuse_unfit({"amount": 5})
    """
    for pointer, problem in _problems(value):
        raise SpecificationError(problem, pointer=pointer_to(pointer))


def _constant(text: str) -> float:
    """Mark NaN or Infinity, which Python reads although JSON excludes them."""
    return _Unfit(text, math.nan)


def _parse(data: bytes, repeated_nulls: bool) -> Any:
    text = decoded(data)
    as_object = partial(_object, repeated_nulls=repeated_nulls)
    try:
        return json.loads(
            text, object_pairs_hook=as_object, parse_float=_number, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        raise SpecificationError(
            f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        ) from None
    except RecursionError:
        raise SpecificationError(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:  # an integer with more digits than Python converts
        raise SpecificationError("a number has too many digits") from None


def _object(pairs: list[tuple[str, Any]], repeated_nulls: bool) -> dict[Any, Any]:
    members: dict[Any, Any] = {}
    for key, value in pairs:
        if key in members and not (repeated_nulls and members[key] is value is None):
            members[_REPEATED_KEY] = key
        members[key] = value
    return members


def _problems(document: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Walk the document in order and yield every value that is invalid."""
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while pending:
        pointer, value = pending.pop()
        if len(pointer) > MAX_DEPTH:
            yield (), f"nested deeper than {MAX_DEPTH} levels"
        elif isinstance(value, dict):
            if _REPEATED_KEY in value:
                repeated = value.pop(_REPEATED_KEY)
                yield (*pointer, repeated), "duplicate key, expected unique keys"
            for key in value:
                if not is_encodable(key):
                    yield pointer, f"the key {shown(key)} is not valid Unicode"
            pending.extend(((*pointer, key), item) for key, item in reversed(value.items()))
        elif isinstance(value, list):
            indexed = list(enumerate(value))
            pending.extend(((*pointer, index), item) for index, item in reversed(indexed))
        elif isinstance(value, str) and not is_encodable(value):
            yield pointer, f"{shown(value)} is not valid Unicode"
        elif isinstance(value, _Unfit):
            expected = "a finite number" if math.isnan(value) else HELD
            yield pointer, f"found {shown(value)}, expected {expected}"
