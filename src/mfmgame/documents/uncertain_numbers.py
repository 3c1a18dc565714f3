"""Documents whose numbers may be ranges or distributions.

Wherever a model takes a single number, a document may hold a range or a distribution instead.
These are taken out before validation: the strict models, and everything built on them, see the
document with the nominal numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Self, Union, get_args, get_origin

from pydantic import BaseModel, Field, PrivateAttr

from mfmgame.documents.base import Basis, Document, Identifier, refuse
from mfmgame.documents.distributions import Distribution, parsed
from mfmgame.documents.kept_shares import KeptShare
from mfmgame.documents.measured_distribution import refuse_different_baselines
from mfmgame.documents.stated_numbers import StatedNumber
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, pointer_to, shown

__all__ = [
    "Correlations",
    "Place",
    "UncertainDocument",
    "number_keys",
    "number_models",
    "rank_to_normal",
    "with_certain_numbers",
    "with_numbers",
]

Place = tuple[str | int, ...]
"""Path from a document to a number in it: keys and indices."""

_Certain = StatedNumber | KeptShare
_Form = Distribution | _Certain
_Walk = Callable[[Any, Place], Iterator[tuple[Place, _Form]]]
Correlations = Annotated[
    dict[Identifier, Annotated[float, Field(ge=-1.0, le=1.0)]],
    Field(description="Spearman's rank correlation of any two uncertain numbers of a group."),
]


class UncertainDocument(Document):
    """A document in which ranges and distributions may stand for numbers.

    Its fields and :meth:`model_dump` hold the nominal numbers; :meth:`to_document` returns the
    full document.
    """

    if TYPE_CHECKING:  # each document lists it among its own fields
        correlations: Correlations

    _uncertain: dict[Place, Distribution] = PrivateAttr(default={})
    _stated: dict[Place, _Certain] = PrivateAttr(default={})
    _is_drawn: bool = PrivateAttr(default=False)

    def __init__(self, /, **data: Any) -> None:
        self._fill(data)
        self.refuse_contradictions()

    @classmethod
    def at_draw(cls, data: dict[str, Any]) -> Self:
        """Read a document that has drawn numbers in place of its uncertain numbers.

        Drawn numbers may contradict each other where the nominal numbers do not, as the severity
        of a threat above that of its loss.

        Parameters
        ----------
        data : dict
            Arguments of the document's model.

        Returns
        -------
        UncertainDocument
        """
        document = cls.__new__(cls)
        document._fill(data)
        document._is_drawn = True
        return document

    def _fill(self, data: dict[str, Any]) -> None:
        model = type(self)
        forms = dict(_found(model, data, ()))
        stated = {place: form for place, form in forms.items() if isinstance(form, _Certain)}
        found = {place: form for place, form in forms.items() if isinstance(form, Distribution)}
        data = with_numbers(data, {place: form.value for place, form in stated.items()})
        if not found:
            super().__init__(**data)
        else:
            for end, name in enumerate(("least", "greatest")):
                numbers = {place: form.support[end] for place, form in found.items()}
                _refuse_end(model, with_numbers(data, numbers), numbers, name)
            nominal = {place: form.center for place, form in found.items()}
            super().__init__(**with_numbers(data, nominal))
            self._uncertain = found
        self._stated = stated
        _refuse_wrong_groups(found, self.correlations)
        refuse_different_baselines((pointer_to(place), form) for place, form in found.items())

    def refuse_contradictions(self) -> None:
        """Refuse nominal numbers of which each is valid alone, but not beside the others."""

    @property
    def is_drawn(self) -> bool:
        """Whether drawn numbers stand for the uncertain numbers."""
        return self._is_drawn

    @property
    def uncertain(self) -> Mapping[Place, Distribution]:
        """Distribution of each uncertain number by its place, in the document's order."""
        return MappingProxyType(self._uncertain)

    @property
    def stated(self) -> Mapping[Place, StatedNumber | KeptShare]:
        """Numbers that stand beside their basis and source, and kept shares, by place."""
        return MappingProxyType(self._stated)

    def restated(self, forms: Mapping[Place, StatedNumber | KeptShare]) -> Self:
        """Remember how numbers at some places are stated.

        Parameters
        ----------
        forms : mapping of tuple to StatedNumber or KeptShare
            Forms whose values are the numbers at their places.

        Returns
        -------
        UncertainDocument
            The same document.
        """
        self._stated = {**self._stated, **forms}
        return self

    @property
    def bases(self) -> Mapping[Place, Basis | None]:
        """Basis of each number stated as its own object, by place."""
        forms: list[tuple[Place, _Form]] = [*self._uncertain.items(), *self._stated.items()]
        return {place: form.basis for place, form in forms}

    def to_document(self, *, without_defaults: bool = False) -> dict[str, Any]:
        """Return the document as written to a file, with ranges and distributions.

        Parameters
        ----------
        without_defaults : bool, default False
            Whether to leave out values that equal their default.

        Returns
        -------
        dict
            Arguments of the document's model, ready for :func:`json.dump`.
        """
        plain = self.model_dump(
            by_alias=True, exclude_unset=not without_defaults, exclude_defaults=without_defaults
        )
        forms = {
            place: form.model_dump(exclude_unset=True)
            for place, form in (*self._uncertain.items(), *self._stated.items())
        }
        document: dict[str, Any] = with_numbers(plain, forms)
        return document


def with_numbers(data: Any, numbers: Mapping[Place, Any]) -> Any:
    """Return data with values set at some places, sharing unchanged parts."""
    if not numbers:
        return data
    if () in numbers:
        return numbers[()]
    inner: dict[str | int, dict[Place, Any]] = {}
    for place, number in numbers.items():
        inner.setdefault(place[0], {})[place[1:]] = number
    changed = data.copy()
    for key, within in inner.items():
        known = not isinstance(data, dict) or key in data
        changed[key] = with_numbers(data[key] if known else {}, within)
    return changed


def with_certain_numbers(model: type[BaseModel], data: dict[str, Any]) -> dict[str, Any]:
    """Return data with the values of stated numbers and kept shares; refuse distributions."""
    values: dict[Place, float] = {}
    for place, form in _found(model, data, ()):
        if isinstance(form, Distribution):
            raise refuse(place, "found an uncertain number, expected a certain number")
        values[place] = form.value
    plain: dict[str, Any] = with_numbers(data, values)
    return plain


def rank_to_normal(correlation: float) -> float:
    """Compute Pearson's correlation of normal variables from Spearman's rank correlation."""
    return 2.0 * math.sin(math.pi * correlation / 6.0)


@dataclass(frozen=True)
class _Keys:
    """Keys under which a model takes numbers, and members that may hold more numbers."""

    numbers: Mapping[str, str]
    inner: Mapping[str, _Walk]
    models: Sequence[type[BaseModel]]


def number_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """List the models within a model, itself included, that hold numbers."""
    found = [model]
    for one in found:
        found += [nested for nested in _keys(one).models if nested not in found]
    return found


def number_keys(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the keys under which a model takes a number or an object of numbers.

    Returns
    -------
    mapping of str to {"number", "numbers"}
    """
    return _keys(model).numbers


@cache
def _keys(model: type[BaseModel]) -> _Keys:
    numbers: dict[str, str] = {}
    inner: dict[str, _Walk] = {}
    models: list[type[BaseModel]] = []
    for name, field in model.model_fields.items():
        key, kind = field.alias or name, _bare(field.annotation)
        arguments = [_bare(argument) for argument in get_args(kind)]
        if key == "correlations":
            continue
        if kind is float:
            numbers[key] = "number"
        elif get_origin(kind) is dict and arguments[1] is float:
            numbers[key] = "numbers"
        else:
            nested = arguments[-1] if get_origin(kind) in (dict, list) else kind
            if isinstance(nested, type) and issubclass(nested, BaseModel):
                keys = _keys(nested)
                if keys.numbers or keys.inner:
                    inner[key] = _walk(get_origin(kind), nested)
                    models.append(nested)
    return _Keys(numbers, inner, models)


def _bare(annotation: Any) -> Any:
    """Strip annotations and None from a type."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            (annotation,) = (one for one in get_args(annotation) if one is not NoneType)
        else:
            return annotation


def _walk(container: Any, model: type[BaseModel]) -> _Walk:
    """Make the search for distributions in a model, a list of it, or an object of it."""

    def found_in_all(data: Any, place: Place) -> Iterator[tuple[Place, _Form]]:
        if container is None:
            yield from _found(model, data, place)
        elif type(data) is container:
            for key, item in enumerate(data) if container is list else data.items():
                yield from _found(model, item, (*place, key))

    return found_in_all


def _found(model: type[BaseModel], data: Any, place: Place) -> Iterator[tuple[Place, _Form]]:
    """Find distributions in data for a model; other data is left to the model to refuse."""
    if type(data) is not dict:
        return
    keys = _keys(model)
    for key, value in data.items():
        if key in keys.inner:
            yield from keys.inner[key](value, (*place, key))
        elif type(value) is dict and key in keys.numbers:
            if keys.numbers[key] == "number":
                yield (*place, key), _parsed(value, (*place, key))
            else:
                for name, number in value.items():
                    if type(number) is dict:
                        yield (*place, key, name), _parsed(number, (*place, key, name))


def _parsed(data: dict[str, Any], place: Place) -> _Form:
    try:
        return parsed(data)
    except SpecificationError as error:
        raise SpecificationError(error.message, pointer=pointer_to(place) + error.pointer) from None


def _refuse_end(
    model: type[UncertainDocument], data: dict[str, Any], numbers: Mapping[Place, float], end: str
) -> None:
    """Refuse uncertain numbers that are not all valid at one end of their supports."""
    certain = {key: value for key, value in data.items() if key != "correlations"}
    try:
        Document.__init__(model.__new__(model), **certain)
    except SpecificationError as error:
        if any(pointer_to(place) == error.pointer for place in numbers):
            raise SpecificationError(
                f"the {end} possible value is out of range: {error.message}",
                pointer=error.pointer,
            ) from None
        raise


def _refuse_wrong_groups(
    found: Mapping[Place, Distribution], correlations: Mapping[str, float]
) -> None:
    sizes = dict.fromkeys(correlations, 0)
    for place, form in found.items():
        if form.group is not None:
            if form.group not in sizes:
                raise refuse(
                    (*place, "group"),
                    f"unknown group {shown(form.group)}, expected "
                    f"{nearest(form.group, sizes, 'group')} under /correlations",
                )
            sizes[form.group] += 1
    for name, size in sizes.items():
        where, correlation = ("correlations", name), correlations[name]
        if size < 2:
            raise refuse(
                where,
                f"found {size or 'no'} uncertain number{'s'[: size != 1]} of this group, "
                "expected two or more",
            )
        # Least correlation that all pairs of the normal variables behind the ranks can share.
        least = 6.0 / math.pi * math.asin(-0.5 / (size - 1))
        if correlation < least - 1e-12:
            raise refuse(
                where,
                f"found {shown(correlation)}, expected at least {least!r}, the least "
                f"correlation that {size} numbers can share",
            )
