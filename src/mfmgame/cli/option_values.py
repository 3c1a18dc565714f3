"""Parsing of option values: numbers, names and years."""

from __future__ import annotations

import json
import re
from typing import Any

import typer

from mfmgame.documents.json_reading import is_lost
from mfmgame.errors import SpecificationError
from mfmgame.messages import HELD, shown

__all__ = ["FLOAT", "keyed_numbers", "keyed_values", "named_number", "names", "numbers", "years"]


def numbers(text: str, option: str) -> list[float]:
    """Read numbers separated by commas."""
    parts = [part for part in text.split(",") if part.strip()]
    return [_number(part, text, "numbers separated by commas", option) for part in parts]


def keyed_numbers(texts: list[str] | None, option: str) -> dict[str, float]:
    """Read the numbers of an option that repeats: ``NUMBER`` (its key is "") or ``KEY=NUMBER``."""
    values: dict[str, float] = {}
    for text in texts or []:
        key, _, value = text.rpartition("=")
        if key in values:
            raise SpecificationError(f"found {shown(key or value)} twice", pointer=option)
        values[key] = _number(value, text, "a number or NAME=NUMBER", option)
    return values


def named_number(text: str, name: str, option: str) -> float:
    """Read the number of an option that names what the number is: ``NAME=NUMBER``."""
    key, _, value = text.rpartition("=")
    if key != name:
        raise SpecificationError(f"found {shown(text)}, expected {name}=NUMBER", pointer=option)
    return _number(value, text, f"{name}=NUMBER", option)


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


FLOAT: dict[str, Any] = {"parser": _alone, "metavar": "FLOAT"}
"""How typer reads an option that is a number."""
