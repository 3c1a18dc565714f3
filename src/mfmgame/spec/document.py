"""What every specification model shares: strictness, and errors that say where."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from mfmgame.errors import SpecificationError
from mfmgame.spec.reading import pointer_to

__all__ = [
    "LARGEST",
    "SMALLEST",
    "Amount",
    "Document",
    "Identifier",
    "Quantity",
    "Share",
    "Strict",
    "nearest",
    "refuse",
    "refuse_duplicates",
    "refuse_unknown",
    "shown",
]

LARGEST = 1e100
"""Largest magnitude of any number in a specification: sums and ratios stay finite."""
SMALLEST = 1e-100
"""Smallest magnitude of a number that is not zero."""


def _regular(value: float) -> float:
    if 0.0 < abs(value) < SMALLEST:
        raise SpecificationError(
            f"found {shown(value)}, expected 0 or at least {SMALLEST} in magnitude"
        )
    return value + 0.0  # -0.0 becomes 0.0


Quantity = Annotated[float, Field(ge=0.0, le=LARGEST), AfterValidator(_regular)]
Amount = Annotated[float, Field(ge=-LARGEST, le=LARGEST), AfterValidator(_regular)]
Share = Annotated[float, Field(ge=0.0, le=1.0), AfterValidator(_regular)]
Identifier = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A frozen model that coerces nothing and refuses keys it does not know."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_by_name=False
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in known:
                    raise refuse(
                        (key,), f"unknown key {shown(key)}, expected {nearest(key, known, 'key')}"
                    )
        return data


class Document(Strict):
    """A top-level document; a bad one raises :class:`SpecificationError`."""

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise _first_problem(error) from None


def refuse(pointer: Sequence[str | int], message: str) -> SpecificationError:
    """Error for a validator to raise about the value that `pointer` leads to from here."""
    return SpecificationError(message, pointer=pointer_to(pointer))


def refuse_duplicates(ids: Iterable[str], key: str, field: str = "id") -> None:
    """Refuse a list (under `key`) in which two entries have the same id."""
    seen: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in seen:
            raise refuse(
                (key, index, field),
                f"duplicate id {shown(name)} (first at /{key}/{seen[name]}), expected unique ids",
            )
        seen[name] = index


def refuse_unknown(name: str, known: Collection[str], noun: str, *pointer: str | int) -> None:
    """Refuse a name that is not known, with the nearest one that is."""
    if name not in known:
        raise refuse(
            pointer, f"unknown {noun} {shown(name)}, expected {nearest(name, known, noun)}"
        )


def nearest(name: object, known: Iterable[str], noun: str) -> str:
    """Say what was expected: the nearest known name, or all of them where they are few."""
    names = list(known)
    matches = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if matches:
        return f"a known {noun}; did you mean {shown(matches[0])}?"
    if not names:
        return f"none: no {noun} is known here"
    listed = ", ".join(shown(entry) for entry in names[:12])
    return f"one of {listed}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def shown(value: object, width: int = 60) -> str:
    """Representation of an input value on one short line of plain ASCII."""
    text = ascii(value[: width + 1] if isinstance(value, (str, list)) else value)
    return text if len(text) <= width else text[: width - 3] + "..."


def _first_problem(error: ValidationError) -> SpecificationError:
    problems = error.errors(include_url=False)
    first = problems[0]
    pointer, cause = pointer_to(first["loc"]), first.get("ctx", {}).get("error")
    if isinstance(cause, SpecificationError):
        pointer, message = pointer + cause.pointer, cause.message
    else:
        message = _message(first)
    more = len(problems) - 1
    return SpecificationError(
        message + (f" (and {more} more)" if more else ""), pointer=shown(pointer, 200)[1:-1]
    )


def _message(problem: ErrorDetails) -> str:
    kind, text = problem["type"], problem["msg"]
    if kind == "missing":
        return "missing, expected a value"
    expected = text.removeprefix("Input should be ")
    if kind == "literal_error":
        choices = [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]
        expected = nearest(problem["input"], choices, "value")
    return f"found {shown(problem['input'])}, expected {expected}"
