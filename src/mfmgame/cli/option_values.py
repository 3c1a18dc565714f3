"""Parsing of option values: numbers, names and years."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import typer

from mfmgame.documents.json_reading import is_lost
from mfmgame.documents.kept_shares import KeptShare
from mfmgame.errors import SpecificationError
from mfmgame.messages import HELD, shown

__all__ = [
    "FLOAT",
    "FLOAT_OR_SHARE",
    "amount_or_share",
    "keyed_numbers",
    "keyed_texts",
    "keyed_values",
    "named_number",
    "names",
    "numbers",
    "years",
]


def numbers(text: str, option: str) -> list[float]:
    """Read numbers separated by commas."""
    parts = [part for part in text.split(",") if part.strip()]
    return [_number(part, text, "numbers separated by commas", option) for part in parts]


def keyed_numbers(texts: list[str] | None, option: str) -> dict[str, float]:
    """Read the numbers of an option that repeats: ``NUMBER`` (its key is "") or ``KEY=NUMBER``."""
    return {
        key: _number(value, f"{key}={value}" if key else value, "a number or NAME=NUMBER", option)
        for key, value in keyed_texts(texts, option).items()
    }


def keyed_texts(texts: list[str] | None, option: str) -> dict[str, str]:
    """Split the texts of an option that repeats: ``TEXT`` (its key is "") or ``KEY=TEXT``."""
    values: dict[str, str] = {}
    for text in texts or []:
        key, _, value = text.rpartition("=")
        if key in values:
            raise SpecificationError(f"found {shown(key or value)} twice", pointer=option)
        values[key] = value
    return values


def named_number(text: str, name: str, option: str) -> float:
    """Read the number of an option that names what the number is: ``NAME=NUMBER``."""
    key, _, value = text.rpartition("=")
    if key != name:
        raise SpecificationError(f"found {shown(text)}, expected {name}=NUMBER", pointer=option)
    return _number(value, text, f"{name}=NUMBER", option)


def amount_or_share(text: str, is_share: bool, option: str) -> float | KeptShare:
    """Read an amount of a resource, or per cent where a kept share of work is expected."""
    is_percent = text.rstrip().endswith("%")
    if not is_share:
        hint = ": the resource is not shown as a kept share" if is_percent else ""
        return _number(text, text, f"a number{hint}", option)
    expected = "a share of work kept, such as 50%"
    if not is_percent:
        raise SpecificationError(f"found {shown(text)}, expected {expected}", pointer=option)
    percent = _number(text.rstrip().removesuffix("%"), text, expected, option)
    if not 0.0 < percent <= 100.0:
        expected += ", above 0% and at most 100%"
        raise SpecificationError(f"found {shown(text)}, expected {expected}", pointer=option)
    return KeptShare(kept_share=float(Decimal(repr(percent)).scaleb(-2)))


def keyed_values(texts: list[str] | None, option: str) -> dict[str, Any]:
    """Read the JSON values of an option that repeats, ``KEY=VALUE``; other text is itself."""
    values: dict[str, Any] = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or key in values:
            found = f"found {shown(text)}" if not equals else f"found {shown(key)} twice"
            raise SpecificationError(f"{found}, expected POINTER=VALUE", pointer=option)
        try:
            values[key] = json.loads(value)
        except (ValueError, RecursionError):
            values[key] = value
    return values


def names(text: str | None, option: str) -> tuple[str, ...]:
    """Read names separated by commas; none if the option is not given."""
    if text is None:
        return ()
    found = tuple(name.strip() for name in text.split(","))
    if not all(found):
        raise SpecificationError(
            f"found {shown(text)}, expected names separated by commas", pointer=option
        )
    return found


def years(text: str | None, option: str) -> tuple[int | None, int | None]:
    """Read both ends of ``FIRST:LAST``; an end that is left out is open."""
    parts = (":" if text is None else text).split(":")
    if len(parts) != 2 or not all(re.fullmatch("[0-9]{0,4}", part) for part in parts):
        raise SpecificationError(f"found {shown(text)}, expected FIRST:LAST", pointer=option)
    first, last = (int(part) if part else None for part in parts)
    return first, last


def _number(part: str, text: str, expected: str, option: str) -> float:
    """Read the number that a part of an option's text says."""
    try:
        value = float(part)
    except ValueError:
        pass
    else:
        if not is_lost(part, value):
            return value
        expected = HELD
    raise SpecificationError(f"found {shown(text)}, expected {expected}", pointer=option)


def _alone(text: str | float) -> float:
    """Read the number of an option that takes only one; a default stands for itself."""
    try:
        return _number(text, text, "a number", "") if isinstance(text, str) else text
    except SpecificationError as error:
        raise typer.BadParameter(error.message) from None


def _alone_or_percent(text: str) -> str:
    """Check the text of a number, which may be per cent; whether a share is meant shows later."""
    _alone(text.rstrip().removesuffix("%"))
    return text


FLOAT: dict[str, Any] = {"parser": _alone, "metavar": "FLOAT"}
"""How typer reads an option that is a number."""
FLOAT_OR_SHARE: dict[str, Any] = {"parser": _alone_or_percent, "metavar": "FLOAT"}
"""How typer reads an option for :func:`amount_or_share`: as text, refused if it is no number."""
