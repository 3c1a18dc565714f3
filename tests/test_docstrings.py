"""Every public name has a docstring in the numpydoc format that says what it should."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import ERROR_MSGS, validate

import mfmgame as mg

NOT_ASKED = {
    "EX01": "an example a method; every function is asked for one below",
    "ES01": "a longer text where one line says all",
    "SA01": "a list of neighbours; the reference groups them",
    "SS05": "a verb first; a noun phrase says what a thing is",
    "PR07": "a sentence on a parameter whose type says all",
    "RT03": "a sentence on a returned value whose type says all",
    "RT01": "a section for what the summary says that a method returns",
}
ASKED = ERROR_MSGS.keys() - NOT_ASKED.keys()
DESCRIBED = (property, classmethod, staticmethod)
"""Members with a docstring of their own, beside functions."""


@cache
def public_names() -> tuple[str, ...]:
    return tuple(name for name in mg.__all__ if not inspect.ismodule(getattr(mg, name)))


def is_document(name: str) -> bool:
    """Whether the keys of a JSON document are its attributes: its schema describes them."""
    return hasattr(getattr(mg, name), "model_json_schema")


def members(name: str) -> Iterator[str]:
    """The public methods and properties that a class defines."""
    kind = getattr(mg, name)
    if inspect.isclass(kind):
        for key, member in vars(kind).items():
            described = inspect.isfunction(member) or isinstance(member, DESCRIBED)
            if described and not key.startswith("_") and key != "model_post_init":
                yield f"{name}.{key}"


def functions() -> list[str]:
    channel = [f"channel.{name}" for name in mg.channel.__all__]
    return [name for name in public_names() if inspect.isfunction(getattr(mg, name))] + channel


def found(name: str) -> Any:
    value: Any = mg
    for part in name.split("."):
        value = getattr(value, part)
    return value


def errors(name: str) -> dict[str, str]:
    return {code: text for code, text in validate(f"mfmgame.{name}")["errors"] if code in ASKED}


@pytest.mark.parametrize("name", public_names())
def test_a_public_name_has_a_valid_docstring(name):
    wrong = errors(name)
    if inspect.isclass(getattr(mg, name)):
        wrong.pop("PR01", None)  # fields are attributes: the next test
    assert wrong == {}
    assert {member: errors(member) for member in members(name) if errors(member)} == {}


@pytest.mark.parametrize(
    "name", [name for name in public_names() if dataclasses.is_dataclass(getattr(mg, name))]
)
def test_every_field_of_an_answer_is_described(name):
    kind = getattr(mg, name)
    # Inherited fields are described where they are defined.
    documents = [ClassDoc(base) for base in kind.__mro__ if dataclasses.is_dataclass(base)]
    entries = [
        entry
        for document in documents
        for entry in (*document["Attributes"], *document["Parameters"])
    ]
    described = {key for entry in entries for key in re.split(r",\s*", entry.name)}
    fields = {field.name for field in dataclasses.fields(kind) if not field.name.startswith("_")}
    assert fields - described == set()


@pytest.mark.parametrize("name", functions())
def test_a_function_says_what_it_returns_and_raises_and_shows_how(name):
    document = FunctionDoc(found(name))
    writes = ("export_program", "init_scenario", "save_scenario")
    assert document["Returns"] or document["Yields"] or name in writes
    assert document["Examples"]
    assert document["Raises"] or name in (
        "check_catalog",
        "shipped_catalogs",
        "shipped_evidence",
        "result_document",
    )


@pytest.mark.parametrize("name", [*functions(), "DefenseGame", "Frontier", "Solution"])
def test_an_array_has_its_shape(name):
    document = ClassDoc(found(name)) if inspect.isclass(found(name)) else FunctionDoc(found(name))
    parts = ("Parameters", "Returns", "Attributes")
    entries = [entry for part in parts if part in document for entry in document[part]]
    for entry in entries:
        if re.search(r"\bndarray|\barray_like|\bLabelled", entry.type):
            said = f"{entry.type} {' '.join(entry.desc)}"
            assert re.search(r"shape|length|broadcast", said), f"{name}: {entry.name} has no shape"
