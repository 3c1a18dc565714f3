"""Keywords of JSON Schema on numbers and strings, and the rules of a policy on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from mfmgame.authority.counting.json_values import exact_number
from mfmgame.authority.counting.scalar_values import Dates, Numbers, Strings, least_common_multiple
from mfmgame.authority.counting.value_sets import AllOf, Anything, Values
from mfmgame.authority.patterns.pattern_caps import PatternError
from mfmgame.authority.patterns.string_languages import language
from mfmgame.documents.policy import ArgumentRule
from mfmgame.errors import SpecificationError
from mfmgame.messages import pointer_to, shown

__all__ = ["Place", "least_of", "read_numbers", "read_strings", "refused", "size_of"]

Place = tuple[str | int, ...]


def read_numbers(
    is_integer: bool, schema: Mapping[str, Any], rule: ArgumentRule, place: Place
) -> Values:
    """Read the keywords of numbers, and a rule on them.

    Parameters
    ----------
    is_integer : bool
    schema : mapping
    rule : ArgumentRule
    place : tuple of str or int
        Of the schema, for errors.

    Returns
    -------
    Values

    Raises
    ------
    SpecificationError
        If a keyword is malformed.
    """
    step = Fraction(1) if is_integer else None
    for stated in (_number(schema, "multipleOf", place), exact_number(rule.multipleOf)):
        if stated is not None:
            if stated <= 0:
                raise refused((*place, "multipleOf"), "expected more than 0")
            step = stated if step is None else least_common_multiple(step, stated)
    least = _end(schema, "inimum", max, exact_number(rule.minimum), place)
    greatest = _end(schema, "aximum", min, exact_number(rule.maximum), place)
    return Numbers(step, least[0], greatest[0], open_minimum=least[1], open_maximum=greatest[1])


def read_strings(
    schema: Mapping[str, Any],
    rule: ArgumentRule,
    place: Place,
    ignored: list[tuple[Place, str]],
) -> Values:
    """Read the keywords of strings, and a rule on them.

    Parameters
    ----------
    schema : mapping
    rule : ArgumentRule
    place : tuple of str or int
        Of the schema, for errors.
    ignored : list
        Takes the place and the text of each pattern of the schema that cannot be counted.

    Returns
    -------
    Values

    Raises
    ------
    SpecificationError
        If a keyword is malformed, or the rule's pattern cannot be counted.
    """
    shortest = max(size_of(schema, "minLength", place) or 0, rule.minLength or 0)
    longest = least_of(size_of(schema, "maxLength", place), rule.maxLength)
    patterns = []
    for pattern in (schema.get("pattern"), rule.pattern):
        if pattern is not None:
            if not isinstance(pattern, str):
                raise refused((*place, "pattern"), f"found {shown(pattern)}, expected a pattern")
            try:
                language([pattern])
            except PatternError as error:
                if pattern == rule.pattern:
                    raise
                ignored.append((place, error.message))
            else:
                patterns.append(pattern)
    strings: Values
    try:
        strings = Strings(
            language(
                patterns,
                alphabet=rule.allowed_characters,
                shortest=shortest,
                longest=longest,
            ),
            has_pattern=bool(patterns),
        )
    except PatternError as error:
        strings = Anything(error.message)
    if len(patterns) < sum(part is not None for part in (schema.get("pattern"), rule.pattern)):
        strings = AllOf([strings])
    if rule.earliest is not None and rule.latest is not None:
        return Dates(rule.earliest, rule.latest, strings)
    return strings


def _end(
    schema: Mapping[str, Any], word: str, nearest: Any, rule: Fraction | None, place: Place
) -> tuple[Fraction | None, bool]:
    """Return the tighter of the bounds, and whether the bound itself is excluded."""
    key, exclusive_key = f"m{word}", f"exclusiveM{word}"
    stated = _number(schema, key, place)
    exclusive = schema.get(exclusive_key)
    if isinstance(exclusive, bool):  # as up to draft 4
        ends = [(stated, exclusive)]
    else:
        ends = [(stated, False), (_number(schema, exclusive_key, place), True)]
    known = [(end, is_open) for end, is_open in (*ends, (rule, False)) if end is not None]
    if not known:
        return None, False
    tightest = nearest(end for end, _ in known)
    return tightest, any(is_open for end, is_open in known if end == tightest)


def _number(schema: Mapping[str, Any], key: str, place: Place) -> Fraction | None:
    if key not in schema:
        return None
    number = exact_number(schema[key])
    if number is None:
        raise refused((*place, key), f"found {shown(schema[key])}, expected a number")
    return number


def size_of(schema: Mapping[str, Any], key: str, place: Place) -> int | None:
    """Read a keyword that is a count of characters or items; None if absent."""
    number = _number(schema, key, place)
    if number is None:
        return None
    if number.denominator != 1 or number < 0:
        raise refused(
            (*place, key), f"found {shown(schema[key])}, expected an integer of 0 or more"
        )
    return int(number)


def least_of(*bounds: int | None) -> int | None:
    """Return the least of the bounds that are known; None if none is."""
    return min((bound for bound in bounds if bound is not None), default=None)


def refused(place: Sequence[str | int], message: str) -> SpecificationError:
    """Make the error about the schema at a place."""
    return SpecificationError(message, pointer=pointer_to(place))
