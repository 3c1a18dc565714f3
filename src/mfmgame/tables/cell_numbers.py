"""Numbers as people write them in cells: currency signs, per cent, separators, ranges."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from mfmgame.documents.json_reading import is_lost
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.tables.sheets import Cell

__all__ = [
    "BITS",
    "KEPT_SHARE",
    "SHARE",
    "DecimalMark",
    "Measure",
    "decimal_mark",
    "flag_cell",
    "is_pert",
    "kept_cell",
    "number_cell",
    "number_or_distribution",
]

DecimalMark = Literal[".", ","]
_SIGNS: Mapping[str, tuple[str, ...]] = {
    "$": ("$", "us$", "usd", "aud", "cad", "hkd", "mxn", "nzd", "sgd", "dollar", "dollars"),
    "€": ("€", "eur", "euro", "euros"),
    "£": ("£", "gbp", "pound", "pounds"),
    "¥": ("¥", "jpy", "cny", "rmb", "yen", "yuan"),
    "₹": ("₹", "inr", "rupee", "rupees"),
}
"""Signs of currencies, and the units that each may stand for."""
_SPACES = str.maketrans("", "", " \t\u00a0\u2007\u2009\u202f\u2019'")
_NUMBER = re.compile(r"[+-]?(?=[0-9.,]*[0-9])([0-9.,]+)(?:[eE]([+-]?[0-9]+))?")
_WITH_UNIT = re.compile(
    r"(?P<sign>[+-]?)(?P<before>[^\W\d_]{0,12}[$€£¥₹]?)\s*(?P<number>[0-9.,][0-9.,\s\u2019']*(?:[eE][+-]?[0-9]+)?)"
    r"(?P<after>[^\d\s.,+%-][^\d.,]{0,30})?"
)
_RANGE = re.compile(
    r"([+-]?[0-9][^-\u2013\u2014]*?)\s*(?:-|\u2013|\u2014|\bto\b)\s*([0-9][^-\u2013\u2014]*)"
)
_LONGEST_NUMBER = 80
_EXACT_IN_WORKBOOKS = 15
"""Significant digits that every spreadsheet program keeps."""


@dataclass(frozen=True)
class Measure:
    """Kind of quantity that the numbers of a column state.

    Attributes
    ----------
    is_share : bool
        Whether a number may be written per cent.
    units : sequence of str
        Spellings of the unit that a cell may repeat; empty if no unit is stated.
    is_kept : bool
        Whether a number is a share of work that is kept, which stands for an amount.
    """

    is_share: bool = False
    units: Sequence[str] = ()
    is_kept: bool = False

    def refuse_unit(self, unit: str, text: str) -> None:
        """Refuse a unit beside a number, or the sign of a currency, that is not the stated unit.

        Parameters
        ----------
        unit : str
        text : str
            The cell, for the error.

        Raises
        ------
        SpecificationError
        """
        written = _folded(unit)
        known = [_folded(one) for one in self.units]
        if not written or written in known or (not known and written in _SIGNS):
            return
        if any(word in one for word in _SIGNS.get(written, ()) for one in known):
            return  # the sign of the currency that the unit counts in, perhaps in thousands
        number = f"a plain number in {self.units[0]}" if known else "a number"
        hint = "" if self.is_share or self == BITS else ": write the unit under units"
        raise SpecificationError(f"found {shown(text.strip())}, expected {number}{hint}")


SHARE = Measure(is_share=True)
"""Numbers that may be written per cent."""
KEPT_SHARE = Measure(is_share=True, is_kept=True)
"""Shares of work that are kept."""
BITS = Measure(units=("bits", "bit"))
"""Numbers of bits."""


def _folded(unit: str) -> str:
    return "".join(unit.casefold().split())


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
            match = _NUMBER.fullmatch(_bare(_unit_of(part)[0])[0])
            mark = _shown_mark(match[1], bool(match[2])) if match else None
            if mark is not None and mark != "?":
                settled.setdefault(mark, part)
    if len(settled) == 2:
        raise SpecificationError(
            f"found {shown(settled['.'])} and {shown(settled[','])} in one column, "
            "expected one decimal mark"
        )
    return next(iter(settled), None)


def number_or_distribution(cell: Cell, mark: DecimalMark | None, measure: Measure = SHARE) -> Any:
    """Read a cell as what a document may hold in the place of a number.

    Parameters
    ----------
    cell : str or float
        A number, ``low..high``, ``low/likely/high``, or the JSON object of a distribution.
    mark : {".", ","} or None
        The decimal mark; None if it is not known.
    measure : Measure, optional
        What the number counts.

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
        return _kept(cell, f"{cell:.12g}") if measure.is_kept and cell is not None else cell
    text = cell.strip()
    if text.startswith("{"):
        return _json_object(text)
    parts = _parts(text)
    if measure.is_kept:
        return _kept(_number(text, mark, measure) if len(parts) == 1 else math.inf, text)
    numbers = [_number(part, mark, measure) for part in parts]
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


def _kept(share: float, text: str) -> dict[str, float]:
    """Make the object of a kept share; only per cent may say more than the whole work."""
    if math.isinf(share) or (share > 1.0 and "%" not in text):
        expected = "a share of work kept, such as 54 % or 0.54"
        raise SpecificationError(f"found {shown(text)}, expected {expected}")
    return {"kept_share": share}


def kept_cell(value: Any) -> str | None:
    """Write what stands for a kept share of work in a cell; None if it is a plain number.

    Examples
    --------
    >>> kept_cell({"kept_share": 0.54})
    '54 %'
    """
    if not isinstance(value, dict):
        return None
    if value.keys() != {"kept_share"} or isinstance(value["kept_share"], dict):
        return json.dumps(value, ensure_ascii=False)
    percent = f"{Decimal(repr(float(value['kept_share']))).scaleb(2):f}"
    percent = percent.rstrip("0").rstrip(".") if "." in percent else percent
    return percent + "0" * (_shown_mark(percent, has_exponent=False) == "?") + " %"


def flag_cell(value: bool | None) -> Cell:
    """Write a flag as the cell that reads back as the flag; None as a blank cell."""
    return None if value is None else "yes" if value else "no"


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
    return sign + bare.removeprefix(sign).strip("".join(_SIGNS)), is_percent


def _unit_of(text: str) -> tuple[str, str]:
    """Split a cell into its number and the unit beside the number; no unit if there is none."""
    match = _WITH_UNIT.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    before, after = (match["before"] or "", match["after"] or "") if match else ("", "")
    if match is None or bool(before) == bool(after):
        return text, ""
    return match["sign"] + match["number"], before or after


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


def _number(text: str, mark: DecimalMark | None, measure: Measure) -> float:
    plain_text, unit = _unit_of(text)
    measure.refuse_unit(unit, text)
    bare, is_percent = _bare(plain_text)
    match = _NUMBER.fullmatch(bare)
    if match is None:
        ends = _RANGE.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
        hint = f", or a range such as {ends[1]}..{ends[2]}" if ends else ""
        raise SpecificationError(f"found {shown(text.strip())}, expected a number{hint}")
    if is_percent and not measure.is_share:
        raise SpecificationError(
            f"found {shown(text.strip())}, expected an amount: per cent only where a share is "
            "expected"
        )
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
