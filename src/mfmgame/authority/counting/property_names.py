"""References in a JSON Schema, and the names of properties that its parts declare."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from mfmgame.errors import SpecificationError

__all__ = ["PropertyNames", "target_of"]

_MOST_STEPS = 200_000
"""From schema to schema in search of names: many parts that name much take quadratic time."""


def target_of(root: Any, reference: str) -> Any:
    """Return the schema at a local reference.

    Parameters
    ----------
    root : JSON Schema
    reference : str
        Such as ``#/$defs/amount``.

    Returns
    -------
    JSON Schema

    Raises
    ------
    LookupError
        If there is nothing at the place, or the reference is no JSON pointer.

    Examples
    --------
    >>> target_of({"$defs": {"a/b": {"const": 1}}}, "#/$defs/a~1b")
    {'const': 1}
    """
    if reference != "#" and not reference.startswith("#/"):
        raise LookupError(reference)
    target = root
    for step in unquote(reference[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping):
            target = target[name]
        elif isinstance(target, list) and name.isascii() and name.isdigit():
            target = target[int(name)]
        else:
            raise LookupError(reference)
    return target


class PropertyNames:
    """Find the properties that schemas name, with their references followed.

    Parameters
    ----------
    root : JSON Schema
        The schema that local references are resolved in.
    """

    def __init__(self, root: Any) -> None:
        self.root = root
        self._steps = 0

    def of_parts(self, schema: Mapping[str, Any]) -> list[str]:
        """Return the names of the properties that the parts of a schema declare, not itself.

        Parameters
        ----------
        schema : mapping

        Returns
        -------
        list of str
            Each name once.

        Raises
        ------
        SpecificationError
            If the search takes too long.
        """
        names: dict[str, None] = {}
        pending = list(self._parts(schema))
        seen = set(map(id, pending))
        while pending:
            part = pending.pop()
            self._steps += 1
            if isinstance(part.get("properties"), Mapping):
                names.update(dict.fromkeys(part["properties"]))
                self._steps += len(part["properties"])
            if self._steps > _MOST_STEPS:
                raise SpecificationError("too many parts that name properties")
            for inner in self._parts(part):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    pending.append(inner)
        return list(names)

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the schemas that apply to the same value."""
        parts = [part for key in ("anyOf", "oneOf", "allOf") for part in _listed(schema.get(key))]
        if isinstance(schema.get("$ref"), str):
            with contextlib.suppress(LookupError):  # reading the reference itself says so
                parts.append(target_of(self.root, schema["$ref"]))
        yield from (part for part in parts if isinstance(part, Mapping))


def _listed(parts: Any) -> list[Any]:
    return parts if isinstance(parts, list) else []
