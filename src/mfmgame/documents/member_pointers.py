"""Members of documents by JSON pointers, in which ids may stand for positions in lists."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = ["key_of", "parts_of", "set_by_id", "set_member"]

_NOUNS = {
    "threats": "threat",
    "defenses": "defense",
    "losses": "loss",
    "techniques": "technique",
}


def key_of(part: str) -> str:
    """Read one part of a JSON pointer as the key that it stands for."""
    return part.replace("~1", "/").replace("~0", "~")


def parts_of(pointer: str) -> list[str]:
    """Split a JSON pointer (RFC 6901) into keys.

    Raises
    ------
    SpecificationError
        If the pointer is empty or does not begin with a slash.

    Examples
    --------
    >>> parts_of("/defenses/waf/use/budget")
    ['defenses', 'waf', 'use', 'budget']
    """
    if not pointer.startswith("/"):
        raise SpecificationError(
            f"found {shown(pointer)}, expected a JSON pointer such as /attacker/bandwidth"
        )
    return [key_of(part) for part in pointer[1:].split("/")]


def set_member(document: Any, place: Sequence[Any], value: Any) -> None:
    """Set a member of a document, and make the objects that hold it.

    Parameters
    ----------
    document : dict
        Changed in place.
    place : sequence of str or int
        Keys, and positions in lists; the position after the last appends.
    value : object

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        If the document has no such place.
    """
    inside = document
    for part, following in pairwise(place):
        if isinstance(inside, list):
            inside = inside[int(part)]
        else:
            inside = inside.setdefault(part, [] if following in (0, "0") else {})
    if isinstance(inside, list):
        index = int(place[-1])
        inside[index : index + 1] = [value]
    else:
        inside[place[-1]] = value


def set_by_id(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Set a member of a scenario's document; ids may stand for positions in lists.

    A number of a catalog's entry is set under ``overrides``; ``/effectiveness/THREAT/DEFENSE`` and
    ``/effectiveness/technique/TECHNIQUE/DEFENSE`` are the values of pairs.

    Parameters
    ----------
    document : dict
        Changed in place.
    pointer : str
        JSON pointer.
    value : object

    Raises
    ------
    SpecificationError
        If no entry has the id, or the document has no such place.
    """
    try:
        place = _place(document, parts_of(pointer))
    except SpecificationError as error:
        raise SpecificationError(error.message, pointer=pointer) from None
    try:
        set_member(document, place, value)
    except (KeyError, IndexError, TypeError, ValueError):
        raise SpecificationError(
            "leads nowhere, expected a place in the scenario", pointer=pointer
        ) from None


def _place(document: dict[str, Any], parts: list[str]) -> list[Any]:
    member, *rest = parts
    if member == "effectiveness" and len(rest) == 2 and not rest[0].isdigit():
        techniques = [entry.get("id") for entry in document.get("techniques") or []]
        return _pair(document, "technique" if rest[0] in techniques else "threat", rest)
    if member == "effectiveness" and len(rest) == 3 and rest[0] == "technique":
        return _pair(document, "technique", rest[1:])
    if member not in _NOUNS or not rest:
        return list(parts)
    own, *inside = rest
    ids = [entry.get("id") for entry in document.get(member) or []]
    if own in ids:
        return [member, ids.index(own), *inside]
    if own.isdigit() and int(own) < len(ids):
        return [member, int(own), *inside]
    if document.get("catalog") is not None:
        return ["overrides", *parts]
    expected = nearest(own, ids, _NOUNS[member])
    raise SpecificationError(f"unknown {_NOUNS[member]} {shown(own)}, expected {expected}")


def _pair(document: dict[str, Any], noun: str, pair: list[str]) -> list[Any]:
    """The place of the value of a pair, which is made if there is none."""
    entries = document.get("effectiveness") or []
    document["effectiveness"] = entries
    for index, entry in enumerate(entries):
        if [entry.get(noun), entry.get("defense")] == pair:
            return ["effectiveness", index, "value"]
    entries.append({noun: pair[0], "defense": pair[1]})
    return ["effectiveness", len(entries) - 1, "value"]
