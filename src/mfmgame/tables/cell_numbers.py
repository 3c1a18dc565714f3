"""Numbers as people write them in cells: currency signs, per cent, separators, ranges."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from mfmgame.documents.json_reading import is_lost
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.tables.sheets import Cell

__all__ = ["DecimalMark", "decimal_mark", "is_pert", "number_cell", "number_or_distribution"]

DecimalMark = Literal[".", ","]
_SIGNS = "$€£¥₹"
_SPACES = str.maketrans("", "", " \t\u00a0\u2007\u2009\u202f\u2019'")
_NUMBER = re.compile(r"[+-]?(?=[0-9.,]*[0-9])([0-9.,]+)(?:[eE]([+-]?[0-9]+))?")
_EXACT_IN_WORKBOOKS = 15
"""Significant digits that every spreadsheet program keeps."""


def decimal_mark(texts: Iterable[str]) -> DecimalMark | None:
    """Find the decimal mark that the numbers of a column show beyond doubt.

    Parameters
    ----------
    texts : iterable of str
        Numbers, or anything else, which shows nothing.

    Returns
    -------
    str or None
        None if no number settles the mark.

    Raises
    ------
    SpecificationError
        If two numbers contradict each other.

    Examples
    --------
    >>> decimal_mark(["1,500", "2,75"]), decimal_mark(["1,500", "900"])
    (',', None)
    """
    settled: dict[DecimalMark, str] = {}
    for text in texts:
        for part in _parts(text):
            match = _NUMBER.fullmatch(_bare(part)[0])
            mark = _shown_mark(match[1], bool(match[2])) if match else None
            if mark is not None and mark != "?":
                settled.setdefault(mark, part)
    if len(settled) == 2:
        raise SpecificationError(
            f"found {shown(settled['.'])} and {shown(settled[','])} in one column, "
            "expected one decimal mark"
        )
    return next(iter(settled), None)


def number_or_distribution(cell: Cell, mark: DecimalMark | None) -> Any:
    """Read a cell as what a document may hold in the place of a number.

    Parameters
    ----------
    cell : str or float
        A number, ``low..high``, ``low/likely/high``, or the JSON object of a distribution.
    mark : {".", ","} or None
        The decimal mark; None if it is not known.

    Returns
    -------
    float or dict

    Raises
    ------
    SpecificationError
        If the cell holds something else.

    Examples
    --------
    >>> number_or_distribution("40 %", None), number_or_distribution("0.4..0.8", None)
    (0.4, {'range': [0.4, 0.8]})
    """
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text.startswith("{"):
        return _json_object(text)
    parts = _parts(text)
    numbers = [_number(part, mark) for part in parts]
    if len(parts) == 1:
        return numbers[0]
    if ".." in text:
        return {"range": numbers}
    low, likely, high = numbers
    return {"distribution": "pert", "low": low, "mode": likely, "high": high}


def number_cell(value: Any, *, exact: bool) -> Cell:
    """Write a number, or what stands in its place, so that reading gives the same back.

    Parameters
    ----------
    value : float, int or dict
    exact : bool
        Whether cells hold text anyway, as in CSV.

    Returns
    -------
    str or float
    """
    if isinstance(value, dict):
        if value.keys() == {"range"}:
            return "..".join(_text(end) for end in value["range"])
        if is_pert(value):
            return "/".join(_text(value[key]) for key in ("low", "mode", "high"))
        return json.dumps(value, ensure_ascii=False)
    number = float(value)
    if exact or float(f"{number:.{_EXACT_IN_WORKBOOKS}g}") != number:
        return _text(number)
    return number


def is_pert(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is an estimate of three points and says nothing else."""
    keys = {"distribution", "low", "mode", "high"}
    return value.keys() == keys and value["distribution"] == "pert"


def _text(number: float) -> str:
    """Write a number so that no reader takes its decimal point for a separator."""
    number = float(number)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    text = repr(number)
    return text + "0" if _shown_mark(text.lstrip("-"), "e" in text) == "?" else text


def _json_object(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecificationError(
            f"found {shown(text)}, expected a number or a distribution as a JSON object"
        ) from None
    return found


def _parts(text: str) -> list[str]:
    """Split a range or an estimate of three points; anything else is one part."""
    if text.count("..") == 1:
        return text.split("..")
    return text.split("/") if text.count("/") == 2 else [text]


def _bare(text: str) -> tuple[str, bool]:
    """A number without spaces and currency sign, and whether it counts hundredths."""
    bare = text.translate(_SPACES)
    is_percent = bare.endswith("%")
    bare = bare.removesuffix("%")
    sign = bare[:1] if bare[:1] in ("+", "-") else ""
    return sign + bare.removeprefix(sign).strip(_SIGNS), is_percent


def _shown_mark(digits: str, has_exponent: bool) -> DecimalMark | Literal["?"] | None:
    """Tell which decimal mark digits and separators show; "?" if either is possible."""
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return None
    if points and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    own: DecimalMark = "." if points else ","
    if points + commas > 1:
        return "," if points else "."
    whole, _, rest = digits.partition(own)
    groups = len(rest) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")
    return "?" if groups and not has_exponent else own


def _number(text: str, mark: DecimalMark | None) -> float:
    bare, is_percent = _bare(text)
    match = _NUMBER.fullmatch(bare)
    if match is None:
        raise SpecificationError(f"found {shown(text.strip())}, expected a number")
    digits, exponent = match[1], match[2] or "0"
    own = _shown_mark(digits, match[2] is not None)
    if own == "?" and mark is None:
        other = digits.replace(",", "").replace(".", "")
        raise SpecificationError(
            f"found {shown(text.strip())}, which may be {other} or "
            f"{float(digits.replace(',', '.')):g}; expected a number without separators, or the "
            "key 'decimal' in the sheet 'scenario'"
        )
    decimal = mark or own or "."
    if own not in (None, "?", decimal):
        raise SpecificationError(
            f"found {shown(text.strip())}, expected {shown(decimal)} as the decimal mark"
        )
    group = "," if decimal == "." else "."
    whole, _, rest = digits.partition(decimal)
    first, *others = whole.split(group)
    if group in rest or (others and not (first and all(len(part) == 3 for part in others))):
        raise SpecificationError(f"found {shown(text.strip())}, expected a number")
    plain = f"{'-' if bare.startswith('-') else ''}{whole.replace(group, '') or '0'}.{rest or '0'}"
    if len(exponent) > 6:
        raise SpecificationError(f"found {shown(text.strip())}, expected a number")
    written = f"{plain}e{exponent}"
    value = float(Decimal(written).scaleb(-2)) if is_percent else float(written)
    if is_lost(written, value):
        raise SpecificationError(
            f"found {shown(text.strip())}, expected 0 or a magnitude that a float can hold"
        )
    return value
