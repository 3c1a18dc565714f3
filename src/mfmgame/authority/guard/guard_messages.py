"""Messages of the Model Context Protocol that the guard reads, and those that it writes.

A message that two parsers may read differently is refused: the guard would judge other content
than the server acts on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from mfmgame.documents.json_reading import MAX_DEPTH, is_lost
from mfmgame.documents.tool_manifest import digest_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import HELD, is_encodable, shown

__all__ = [
    "INVALID_REQUEST",
    "PARSE_ERROR",
    "MessageError",
    "call_of",
    "error_answer",
    "is_blank",
    "list_request",
    "message_line",
    "read_message",
    "refused_call",
    "stateless_meta",
    "stateless_words",
    "tool_digests",
]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
_OWN_KEYS = {"jsonrpc", "id", "method", "params", "result", "error"}
_CALL = "tools/call"
_CALL_KEYS = {"name", "arguments", "task", "_meta"}
_PROTOCOL_META = "io.modelcontextprotocol/"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_SHOWN_ALONE = {"_meta", "icons"}
"""Members of a tool that neither the model nor the server acts on."""


class MessageError(SpecificationError):
    """A line that is not a message of the protocol; `code` is that of JSON-RPC."""

    code = PARSE_ERROR


class _RequestError(MessageError):
    """A message whose JSON is valid but whose members are not."""

    code = INVALID_REQUEST


def is_blank(line: bytes) -> bool:
    """Tell whether a line has no message."""
    return not line.strip(b" \t\r\n")


def read_message(line: bytes, *, exact: bool = False) -> dict[str, Any]:
    """Read a line of JSON-RPC strictly.

    Parameters
    ----------
    line : bytes
        With or without its line break.
    exact : bool, default False
        Whether numbers with a fraction or exponent become Decimal rather than float.

    Returns
    -------
    dict

    Raises
    ------
    MessageError
        If the line is not JSON in UTF-8, has a carriage return within it, a duplicate key, a
        number that a float cannot hold, half a surrogate pair or too many levels; or if the
        value is no object, misspells a member of JSON-RPC or the method ``tools/call``, or has
        an ID that is neither text nor a whole number.

    Examples
    --------
    >>> read_message(b'{"jsonrpc": "2.0", "method": "ping", "id": 1}')["method"]
    'ping'
    """
    if b"\r" in line.removesuffix(b"\n").removesuffix(b"\r"):
        raise MessageError("found a carriage return within the line, expected one message a line")
    try:
        value = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=_with_unique_keys,
            parse_float=_decimal if exact else _float,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise MessageError(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise MessageError(f"column {error.colno}: not JSON: {error.msg}") from None
    except MessageError:
        raise
    except RecursionError:
        raise MessageError(f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:  # an integer with more digits than Python converts
        raise MessageError("a number has too many digits") from None
    _refuse_depth(value)
    if _SURROGATE.search(line):
        _refuse_half_pairs(value)
    return _checked_request(value)


def call_of(message: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the tool and the arguments of a ``tools/call``.

    Parameters
    ----------
    message : mapping

    Returns
    -------
    str
    dict

    Raises
    ------
    MessageError
        If the name is no text, the arguments are no object, or a member is misspelt.
    """
    params = message.get("params")
    if not isinstance(params, dict):
        raise _RequestError("found no params, expected the tool's name and arguments")
    _refuse_misspelt(params, _CALL_KEYS)
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str):
        raise _RequestError(f"found the name {shown(name)}, expected the name of a tool")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise _RequestError(f"found {shown(arguments)}, expected the arguments as an object")
    return name, arguments


def stateless_meta(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request says of its protocol version and client.

    The protocol's stateless versions have no handshake: each request says it.

    Parameters
    ----------
    message : mapping

    Returns
    -------
    dict
        Empty for a request of an earlier version.
    """
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    if not isinstance(meta, dict) or f"{_PROTOCOL_META}protocolVersion" not in meta:
        return {}
    return {key: value for key, value in meta.items() if key.startswith(_PROTOCOL_META)}


def stateless_words(version: str, client: Mapping[str, Any]) -> dict[str, Any]:
    """Write what a request of a stateless version says of its protocol version and client.

    Parameters
    ----------
    version : str
    client : mapping
        Name and version of the client, which has no capabilities.
    """
    words = {"protocolVersion": version, "clientInfo": client, "clientCapabilities": {}}
    return {f"{_PROTOCOL_META}{key}": value for key, value in words.items()}


def message_line(members: Mapping[str, Any]) -> bytes:
    """Write a message of JSON-RPC as a line."""
    text = json.dumps({"jsonrpc": "2.0", **members}, separators=(",", ":"), default=float)
    return text.encode("ascii") + b"\n"


def list_request(identity: str, meta: Mapping[str, Any], cursor: str | None = None) -> bytes:
    """Write the guard's own ``tools/list``."""
    params: dict[str, Any] = {"_meta": meta} if meta else {}
    if cursor is not None:
        params["cursor"] = cursor
    return message_line({"id": identity, "method": "tools/list", "params": params})


def refused_call(message: Mapping[str, Any], reason: str) -> bytes:
    """Write the answer to a refused call: a tool error, which a model can read."""
    result: dict[str, Any] = {"content": [{"type": "text", "text": reason}], "isError": True}
    if stateless_meta(message):
        result["resultType"] = "complete"
    return message_line({"id": message["id"], "result": result})


def error_answer(error: MessageError) -> bytes:
    """Write the JSON-RPC error to a line that is not passed on."""
    text = f"the guard did not pass this message on: {error}"
    return message_line({"id": None, "error": {"code": error.code, "message": text}})


def tool_digests(tools: Sequence[Any]) -> dict[str, str]:
    """Return a digest of each entry of a list of tools: name, description, schemas and all.

    Parameters
    ----------
    tools : list of JSON values

    Returns
    -------
    dict
        By name. Entries of one name have a digest in common, which no single entry has.
    """
    found: dict[str, str] = {}
    for entry in tools:
        if isinstance(entry, dict):
            kept = {key: value for key, value in entry.items() if key not in _SHOWN_ALONE}
            name = str(entry.get("name"))
            found[name] = found.get(name, "") + digest_of(kept)
    return found


def _checked_request(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        what = "a batch" if isinstance(value, list) else shown(value)
        raise _RequestError(f"found {what}, expected a single message")
    _refuse_misspelt(value, _OWN_KEYS)
    if not isinstance(value.get("method", ""), str):
        raise _RequestError(f"found the method {shown(value['method'])}, expected text")
    method = value.get("method", "")
    if method != _CALL and _letters(method) == _letters(_CALL):
        raise _RequestError(f"found the method {shown(method)}, expected {_CALL!r}")
    identity = value.get("id")
    is_number = isinstance(identity, int) and not isinstance(identity, bool)
    # An answer to a message that could not be read has no ID to name.
    may_be_null = "method" not in value and identity is None
    if "id" in value and not (isinstance(identity, str) or is_number or may_be_null):
        raise _RequestError(f"found the id {shown(identity)}, expected text or an integer")
    return value


def _letters(method: str) -> str:
    """Return the letters by which a careless server may tell methods apart."""
    return "".join(filter(str.isalnum, method.casefold()))


def _refuse_misspelt(members: Mapping[str, Any], known: set[str]) -> None:
    """Refuse keys that some parsers, which ignore case, take for a key of the protocol."""
    for key in members:
        if key not in known and key.casefold() in known:
            raise _RequestError(f"found the key {shown(key)}, expected {key.casefold()!r}")


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            part
            for node in level
            if isinstance(node, dict | list)
            for part in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return
    raise MessageError(f"nested deeper than {MAX_DEPTH} levels")


def _refuse_half_pairs(value: Any) -> None:
    if not is_encodable(json.dumps(value, ensure_ascii=False, default=str)):
        raise MessageError("found half a surrogate pair, expected valid Unicode")


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise MessageError(f"found the key {shown(key)} twice, expected unique keys")
            seen.add(key)
    return members


def _float(text: str) -> float:
    value = float(text)
    if is_lost(text, value):
        raise MessageError(f"found {shown(text)}, expected {HELD}")
    return value


def _decimal(text: str) -> Decimal:
    _float(text)
    return Decimal(text)


def _refuse_constant(text: str) -> float:
    raise MessageError(f"found {text}, expected a finite number")
