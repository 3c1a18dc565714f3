"""Parts of error messages: pointers, values and the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any

from mfmgame.errors import MissingPackageError, SpecificationError

__all__ = [
    "HELD",
    "counted",
    "is_encodable",
    "joined",
    "missing_package",
    "nearest",
    "pointer_to",
    "refuse_other_types",
    "shown",
]

HELD = "0 or a magnitude that a float can hold"
"""Expected value where a nonzero number becomes 0 or infinite as a float."""
_LONGEST_PART = 100
_MOST_NAMES = 1000
_MOST_LISTED, _MOST_IDS_LISTED = 12, 3
_NOUNS_OF_IDS = ("threat", "defense", "threat or defense")
_LONGEST_LIST = 80
_MOST_JOINED = 20


def pointer_to(parts: Iterable[str | int]) -> str:
    """Write the JSON pointer (RFC 6901) of the value at `parts`, with long keys shortened."""
    return "".join("/" + _escaped(str(part)) for part in parts)


def _escaped(part: str) -> str:
    if len(part) > _LONGEST_PART:
        part = part[: _LONGEST_PART - 3] + "..."
    return part.replace("~", "~0").replace("/", "~1")


def nearest(name: object, known: Iterable[str], noun: str) -> str:
    """Describe the expected names: the nearest known name, or all of them if few."""
    names = list(known)
    candidates = [entry for entry in names[:_MOST_NAMES] if len(entry) <= _LONGEST_PART]
    text = name if isinstance(name, str) else shown(name)  # a long integer has no str
    matches = difflib.get_close_matches(text[:_LONGEST_PART], candidates, n=1, cutoff=0.6)
    if matches:
        return f"a known {noun}; did you mean {shown(matches[0])}?"
    if not names:
        return f"none: no {noun} is known here"
    if len(names) == 1:
        return shown(names[0])
    listed = [shown(entry) for entry in names[:_MOST_LISTED]]
    if noun in _NOUNS_OF_IDS and sum(map(len, listed)) > _LONGEST_LIST:
        listed = listed[:_MOST_IDS_LISTED]
    left = len(names) - len(listed)
    return f"one of {', '.join(listed)}" + (f" and {left} more" if left else "")


def joined(texts: Sequence[str]) -> str:
    """Join texts with commas: the first twenty, and a count of the rest."""
    more = len(texts) - _MOST_JOINED
    return ", ".join(texts[:_MOST_JOINED]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """Format a count with its noun: ``"1 threat"``, ``"2 threats"``."""
    ending = "es" if noun.endswith("s") else "s"
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + ending
    return f"{number} {noun if number == 1 else plural}"


def shown(value: object, width: int = 60) -> str:
    """Format an input value as one short line, with characters that do not print escaped."""
    if isinstance(value, (dict, list, tuple)):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**width:
        return "an integer of many digits"
    text = repr(value[: width + 1] if isinstance(value, str) else value)
    return text if len(text) <= width else text[: width - 3] + "..."


def missing_package(what: str, packages: str, extra: str) -> MissingPackageError:
    """Build the error to raise where a package of an optional extra is not installed.

    Parameters
    ----------
    what : str
        What needs the packages, with its verb: ``"the report needs"``.
    packages : str
    extra : str
        Name of the extra of this package that installs them.

    Returns
    -------
    MissingPackageError

    Examples
    --------
    >>> str(missing_package("drawing needs", "matplotlib", "plot")).partition(" (")[0]
    'drawing needs matplotlib: python -m pip install "mfmgame[plot]"'
    """
    return MissingPackageError(
        f'{what} {packages}: python -m pip install "mfmgame[{extra}]" '
        f'(in a clone: python -m pip install -e ".[{extra}]")'
    )


def is_encodable(text: str) -> bool:
    """Tell whether text is valid Unicode, without half a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def refuse_other_types(value: object, name: str, *expected: Any, why: str = "") -> None:
    """Refuse an argument of none of the expected types; NoneType permits its absence."""
    if not isinstance(value, expected):
        plain = isinstance(value, (str, bytes, int, float)) or value is None
        found = shown(value) if plain else _a(type(value))
        names = [_a(kind) for kind in expected if kind is not NoneType]
        listed = " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        raise SpecificationError(f"found {found}, expected {listed}{why}", pointer=name)


def _a(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOaeio' else 'a'} {kind.__name__}"
