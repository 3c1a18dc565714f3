"""Untrusted files, read with limits on size, depth and aliases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from mfmgame.documents.base import first_problem
from mfmgame.documents.json_reading import MAX_DEPTH, read_bytes, read_document
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown

__all__ = ["Outside", "checked", "null_as", "read_json_model", "read_yaml", "read_yaml_model"]

_MAX_YAML_BYTES = 64 * 2**20
_MAX_YAML_NODES = 5_000_000
"""Most nodes, with each alias expanded."""
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


class Outside(BaseModel):
    """Part of a file that is read and checked; other parts are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, validate_by_name=False)


Model = TypeVar("Model", bound=Outside)


def null_as(empty: Callable[[], Any]) -> BeforeValidator:
    """Read null as the empty value of a type, such as ``str`` or ``list``."""
    return BeforeValidator(lambda value: empty() if value is None else value)


def read_json_model(path: Path, model: type[Model]) -> Model:
    """Read a model's fields from a JSON file.

    A key may appear twice if both values are null.

    Parameters
    ----------
    path : pathlib.Path
    model : type of Outside

    Returns
    -------
    Outside

    Raises
    ------
    SpecificationError
        If the file is not JSON or does not fit the model.
    """
    return checked(read_document(path, repeated_nulls=True), path, model)


def read_yaml_model(path: Path, model: type[Model]) -> Model:
    """Read a model's fields from a YAML file, as :func:`read_json_model` does.

    Parameters
    ----------
    path : pathlib.Path
    model : type of Outside

    Returns
    -------
    Outside

    Raises
    ------
    SpecificationError
        If the file is not YAML of plain values, is too large or too deep, grows too large with
        its aliases expanded, or does not fit the model.
    """
    return checked(read_yaml(path), path, model)


def read_yaml(path: Path) -> Any:
    """Read a YAML file of plain values; dates and fractions stay text.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    object
        Of whatever type the file has at its top level.

    Raises
    ------
    SpecificationError
        If the file is not YAML of plain values, is too large or too deep, or grows too large
        with its aliases expanded.
    """
    try:
        return _parsed_yaml(read_bytes(path, _MAX_YAML_BYTES))
    except SpecificationError as error:
        raise error.located(str(path)) from None


def checked(document: Any, path: Path, model: type[Model]) -> Model:
    """Read a model's fields from the document of a file.

    Parameters
    ----------
    document : object
        As a reader returned it.
    path : pathlib.Path
        Of the file, for errors.
    model : type of Outside

    Returns
    -------
    Outside

    Raises
    ------
    SpecificationError
        If the document does not fit the model.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise first_problem(error).located(str(path)) from None


def _parsed_yaml(data: bytes) -> Any:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(loader):  # type: ignore[misc]
        """The safe loader, with unique keys, and with dates and fractions as text."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key, _ in node.value:
                if key.value in seen and isinstance(key, yaml.ScalarNode):
                    line = key.start_mark.line + 1
                    raise SpecificationError(
                        f"line {line}: duplicate key {shown(key.value)}, expected unique keys"
                    )
                seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
            return super().construct_mapping(node, deep)

    for kind in ("timestamp", "float"):  # a date, or a version such as 5.10, is text
        Loader.add_constructor(f"tag:yaml.org,2002:{kind}", loader.construct_yaml_str)
    try:
        _refuse_bombs(data, loader)
        return yaml.load(data, Loader=Loader)
    except SpecificationError:
        raise
    except yaml.MarkedYAMLError as error:
        # Some versions have their own depth limit, and reach it while reading ahead.
        if "nest" in str(error.problem).partition("'")[0]:
            raise SpecificationError(_TOO_DEEP) from None
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SpecificationError(f"{where}not YAML of plain values: {error.problem}") from None
    except (yaml.YAMLError, ValueError, OverflowError, TypeError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SpecificationError(f"not YAML of plain values: {reason}") from None


def _refuse_bombs(data: bytes, loader: Any) -> None:
    """Refuse a document that is too deep or too large with its aliases expanded."""
    import yaml

    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(data, Loader=loader):
        if isinstance(event, yaml.AliasEvent) and event.start_mark:
            if event.anchor not in sizes:
                raise SpecificationError(
                    f"line {event.start_mark.line + 1}: found the alias {shown(event.anchor)} "
                    "within or before its anchor, expected it after"
                )
            total += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, total))
            total += 1
            if len(open_nodes) > MAX_DEPTH:
                raise SpecificationError(_TOO_DEEP)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if total > _MAX_YAML_NODES:
            raise SpecificationError(
                f"more than {_MAX_YAML_NODES} values, with its aliases written out"
            )
