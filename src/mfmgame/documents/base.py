"""Base of all specification models: strict validation and located errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import ErrorDetails

from mfmgame.errors import SpecificationError
from mfmgame.messages import HELD, is_encodable, nearest, pointer_to, shown

__all__ = [
    "BASES",
    "LARGEST",
    "MEASUREMENTS",
    "REGULAR",
    "SMALLEST",
    "WHOLE",
    "Amount",
    "Basis",
    "BasisName",
    "Document",
    "Identifier",
    "Quantity",
    "Share",
    "Strict",
    "Text",
    "first_problem",
    "refuse",
    "refuse_duplicates",
    "refuse_repeated",
    "refuse_unknown",
    "stated",
    "unstated",
]

LARGEST = 1e100
"""Largest magnitude of any number in a specification, so that sums and ratios stay finite."""
SMALLEST = 1e-100
"""Smallest magnitude of a nonzero number."""


def _regular(written: Any, as_float: Callable[[Any], float]) -> float:
    value = as_float(written)
    if abs(value) < SMALLEST and written != 0:  # a fraction may be nonzero where its float is 0
        raise SpecificationError(
            f"found {shown(written)}, expected 0 or at least {SMALLEST} in magnitude"
        )
    return value + 0.0  # -0.0 becomes 0.0


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _encodable(text: str) -> str:
    if not is_encodable(text):
        raise SpecificationError(f"{shown(text)} is not valid Unicode")
    return text


REGULAR = (
    WrapValidator(_regular),
    Field(
        json_schema_extra={
            "not": {
                "exclusiveMinimum": -SMALLEST,
                "exclusiveMaximum": SMALLEST,
                "not": {"const": 0},
            }
        }
    ),
)
"""Added to the bounds of a number: 0, or a magnitude that quotients can bear."""
WHOLE = BeforeValidator(_whole)
"""Added to the bounds of an integer: it may be written 2.0, which is 2 in JSON."""
Quantity = Annotated[float, Field(ge=0.0, le=LARGEST), *REGULAR]
Amount = Annotated[float, Field(ge=-LARGEST, le=LARGEST), *REGULAR]
Share = Annotated[float, Field(ge=0.0, le=1.0), *REGULAR]
Text = Annotated[str, AfterValidator(_encodable)]
Identifier = Annotated[Text, Field(min_length=1)]
OTHER_WORDS = {
    "min": ("low",),
    "minimum": ("low",),
    "most_likely": ("mode",),
    "likely": ("mode",),
    "max": ("high",),
    "maximum": ("high",),
    "cost": ("use",),
    "impact": ("severity",),
    "magnitude": ("severity",),
    "title": ("name",),
    "label": ("name",),
    "comment": ("description", "source"),
    "notes": ("description",),
    "rationale": ("source", "description"),
    "description": ("source",),
}
"""Keys of other vocabularies, FAIR's among them, and what they are called here."""
Basis = Literal["measured", "proxy", "paper", "derived", "assumed"]
"""Bases of numbers, the strongest first; everything else on bases derives from this
list. A ``proxy`` was measured on another mechanism of the same family."""
BASES: tuple[Basis, ...] = get_args(Basis)
BasisName = Literal[Basis, "not_stated"]
"""A basis, or the word for none in documents."""
MEASUREMENTS: frozenset[Basis | None] = frozenset({"measured", "proxy"})
"""Bases of numbers that come from measurements, of this mechanism or of another."""


def stated(*keys: str) -> dict[str, Any]:
    """Require in JSON Schema that keys are present and not null."""
    not_null = {key: {"not": {"type": "null"}} for key in keys}
    return {"required": list(keys), "properties": not_null}


def unstated(*keys: str) -> dict[str, Any]:
    """Require in JSON Schema that keys are absent or null."""
    return {"properties": {key: {"type": "null"} for key in keys}}


class Strict(BaseModel):
    """A frozen model that coerces nothing and refuses unknown keys."""

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Keys that belong to another part of a document, and the place where they stand there."""

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
                    raise refuse((key,), f"unknown key {shown(key)}, expected {cls._meant(key)}")
        return data

    @classmethod
    def _meant(cls, key: str) -> str:
        """Suggest the known key that an unknown key likely stands for."""
        known = [field.alias or name for name, field in cls.model_fields.items()]
        if key in cls.elsewhere:
            return f"it at {cls.elsewhere[key]}"
        words = [word for word in OTHER_WORDS.get(key, ()) if word in known]
        return f"{shown(words[0])} instead" if words else nearest(key, known, "key")


class Document(Strict):
    """A top-level document; an invalid one raises :class:`SpecificationError`."""

    def __init__(self, /, **data: Any) -> None:
        self.refuse_other_schema(data)
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise first_problem(error) from None

    @classmethod
    def refuse_other_schema(cls, data: Mapping[str, Any]) -> None:
        """Refuse data that says that it is a document of another kind."""
        version = get_args(cls.model_fields["schema_id"].annotation)[0]
        if data.get("schema", version) != version:
            raise refuse(("schema",), f"found {shown(data['schema'])}, expected {shown(version)}")


def refuse(pointer: Sequence[str | int], message: str) -> SpecificationError:
    """Make the error for a validator to raise about the value at `pointer`."""
    return SpecificationError(message, pointer=pointer_to(pointer))


def refuse_duplicates(ids: Iterable[str], key: str, field: str = "id", within: str = "") -> None:
    """Refuse a list (under `key`, `within` a part) with a repeated id."""
    seen: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in seen:
            raise refuse(
                (key, index, field),
                f"duplicate id {shown(name)} (first at {within}/{key}/{seen[name]}), "
                "expected unique ids",
            )
        seen[name] = index


def refuse_repeated(names: Sequence[str], key: str) -> None:
    """Refuse a list of names, under `key`, that is empty or repeats a name."""
    if not names:
        raise refuse((key,), "found none, expected one or more")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse((key, index), f"found {shown(name)} again, expected it once")


def refuse_unknown(name: str, known: Collection[str], noun: str, *pointer: str | int) -> None:
    """Refuse an unknown name, suggesting the nearest known name."""
    if name not in known:
        raise refuse(
            pointer, f"unknown {noun} {shown(name)}, expected {nearest(name, known, noun)}"
        )


def first_problem(error: ValidationError) -> SpecificationError:
    """Convert the first of pydantic's problems to a one-line error."""
    problems = error.errors(include_url=False)
    first = problems[0]
    place = first["loc"]
    if place[-1:] == ("[key]",) and place[-2:-1] == (first["input"],):
        place = place[:-1]  # pydantic marks a wrong key this way
    pointer, cause = pointer_to(place), first.get("ctx", {}).get("error")
    if isinstance(cause, SpecificationError):
        pointer, message = pointer + cause.pointer, cause.message
    else:
        message = _message(first)
    more = len(problems) - 1
    return SpecificationError(message + (f" (and {more} more)" if more else ""), pointer=pointer)


def _message(problem: ErrorDetails) -> str:
    kind, text = problem["type"], problem["msg"]
    if kind == "missing":
        return "missing, expected a value"
    limits = problem.get("ctx", {})
    if kind in _COMPARISONS:
        name, phrase = _COMPARISONS[kind]
        expected = f"{phrase} {limits[name]!r}"
    elif kind == "literal_error":
        listed = text.removeprefix("Input should be ").replace(" or ", ", ")
        expected = nearest(
            problem["input"], [name.strip("'") for name in listed.split(", ")], "value"
        )
    elif kind in ("string_too_short", "too_short"):
        expected = "at least one character"
    elif kind == "float_type" and type(problem["input"]) is int:  # a huge integer
        expected = HELD
    elif kind in _TYPES:
        expected = _TYPES[kind]
    else:
        expected = text.removeprefix("Input should be ")
    return f"found {shown(problem['input'])}, expected {expected}"


_TYPES = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "float_type": "a number",
    "list_type": "a list",
    "model_type": "an object",
    "string_type": "a string",
}
_COMPARISONS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
"""Phrases of pydantic's comparisons, with the key of their bound."""
