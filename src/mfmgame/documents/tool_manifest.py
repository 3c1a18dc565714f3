"""Tool manifests: which tools an agent has, and the JSON Schema of their arguments.

Read are answers to ``tools/list`` of the Model Context Protocol and the ``tools`` arrays of
chat APIs, in the forms that OpenAI and Anthropic document.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfmgame.documents.json_reading import STANDARD_INPUT, input_of, read_json
from mfmgame.errors import SpecificationError
from mfmgame.messages import pointer_to, refuse_other_types, shown

__all__ = ["Manifest", "Tool", "digest_of", "load_tools", "manifest_of"]

MOST_TOOLS = 10_000
_NO_ARGUMENTS = {"type": "object", "additionalProperties": False}


@dataclass(frozen=True)
class Tool:
    """A tool and the JSON Schema of its arguments.

    Attributes
    ----------
    name : str
    schema : dict or bool
        ``True`` if the manifest has no schema, so that any arguments are allowed.
    """

    name: str
    schema: Any


@dataclass(frozen=True)
class Manifest:
    """The tools of an agent.

    Attributes
    ----------
    name : str
        Of the file or of the server.
    tools : tuple of Tool
        In the order of the manifest.
    """

    name: str
    tools: tuple[Tool, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the names and schemas, in any order of tools; descriptions are left out."""
        return digest_of({tool.name: tool.schema for tool in self.tools})

    def joined(self, other: Manifest) -> Manifest:
        """Return the tools of two servers of the same agent as a single manifest.

        Parameters
        ----------
        other : Manifest

        Returns
        -------
        Manifest

        Raises
        ------
        SpecificationError
            If both have a tool of the same name.
        """
        tools = (*self.tools, *other.tools)
        with_unique_names = _unique(tools, other.name)
        return Manifest(f"{self.name} and {other.name}", with_unique_names)


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its keys.

    Parameters
    ----------
    value : JSON value

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.

    Examples
    --------
    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def load_tools(path: str | os.PathLike[str]) -> Manifest:
    """Load a tool manifest from a JSON file, or from standard input (``"-"``).

    Parameters
    ----------
    path : str or path-like
        An answer to ``tools/list`` of the Model Context Protocol, or a ``tools`` array of a
        chat API.

    Returns
    -------
    Manifest

    Raises
    ------
    SpecificationError
        If the file is not JSON or holds no list of tools.

    Examples
    --------
    >>> [tool.name for tool in load_tools("examples/claims_agent_tools.json").tools][:2]
    ['lookup_policy', 'read_claim']
    """
    file = input_of(path)
    source = STANDARD_INPUT if file is None else str(file)
    data = read_json(file)
    try:
        return manifest_of(data, "tools" if file is None else file.stem)
    except SpecificationError as error:
        raise error.located(source) from None


def manifest_of(data: Any, name: str = "tools") -> Manifest:
    """Read a tool manifest from parsed JSON.

    Parameters
    ----------
    data : dict or list
        As in the files of :func:`load_tools`; a message with the answer under ``result`` is
        read, too.
    name : str, default "tools"

    Returns
    -------
    Manifest

    Raises
    ------
    SpecificationError
        If there is no list of tools, an entry is not a tool, a name occurs twice, or the list
        goes on at a cursor.

    Examples
    --------
    >>> manifest_of([{"type": "function", "function": {"name": "stop"}}]).tools[0].name
    'stop'
    """
    place: tuple[str | int, ...] = ()
    if isinstance(data, Mapping) and isinstance(data.get("result"), Mapping):
        data, place = data["result"], ("result",)
    if isinstance(data, Mapping):
        if data.get("nextCursor"):
            raise _refused((*place, "nextCursor"), "the list of tools goes on, expected all pages")
        if "tools" not in data:
            raise _refused((*place, "tools"), "missing, expected a list of tools")
        data, place = data["tools"], (*place, "tools")
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise _refused(place, f"found {shown(data)}, expected a list of tools")
    if len(data) > MOST_TOOLS:
        raise _refused(place, f"found {len(data)} tools, expected at most {MOST_TOOLS}")
    tools = [_tool(entry, (*place, index)) for index, entry in enumerate(data)]
    return Manifest(name, _unique(tools, name))


def as_manifest(tools: object) -> Manifest:
    """Return the manifest that a user means: a manifest, parsed JSON, or the path of a file."""
    refuse_other_types(tools, "tools", Manifest, Mapping, list, str, os.PathLike)
    if isinstance(tools, Manifest):
        return tools
    if isinstance(tools, str | Path | os.PathLike):
        return load_tools(tools)
    return manifest_of(tools)


def _tool(entry: Any, place: tuple[str | int, ...]) -> Tool:
    if not isinstance(entry, Mapping):
        raise _refused(place, f"found {shown(entry)}, expected a tool")
    if entry.get("type") == "function":  # chat APIs
        function = entry.get("function", entry)
        if not isinstance(function, Mapping):
            raise _refused((*place, "function"), f"found {shown(function)}, expected an object")
        if function is not entry:
            place = (*place, "function")
        return Tool(_name(function, place), _schema(function, "parameters", _NO_ARGUMENTS, place))
    key = "inputSchema" if "inputSchema" in entry else "input_schema"
    if "name" not in entry and isinstance(entry.get("type"), str):  # a tool that the API hosts
        return Tool(entry["type"], True)
    return Tool(_name(entry, place), _schema(entry, key, True, place))


def _name(entry: Mapping[str, Any], place: tuple[str | int, ...]) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise _refused((*place, "name"), f"found {shown(name)}, expected the name of a tool")
    return name


def _schema(entry: Mapping[str, Any], key: str, default: Any, place: tuple[str | int, ...]) -> Any:
    schema = entry.get(key, default)
    if not isinstance(schema, Mapping | bool):
        raise _refused((*place, key), f"found {shown(schema)}, expected a JSON Schema")
    return schema


def _unique(tools: Iterable[Tool], where: str) -> tuple[Tool, ...]:
    by_name: dict[str, Tool] = {}
    for tool in tools:
        if tool.name in by_name:
            raise SpecificationError(
                f"found the tool {shown(tool.name)} twice in {where}, expected unique names"
            )
        by_name[tool.name] = tool
    return tuple(by_name.values())


def _refused(place: tuple[str | int, ...], message: str) -> SpecificationError:
    return SpecificationError(message, pointer=pointer_to(place))
