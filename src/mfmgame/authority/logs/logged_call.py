"""A tool call as a log of agent runs has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mfmgame.documents.json_reading import refuse_unfit
from mfmgame.errors import SpecificationError
from mfmgame.evidence.hostile_json import parsed, placed, short_text
from mfmgame.messages import is_encodable, shown

__all__ = ["LoggedCall", "logged_call"]


class LoggedCall(NamedTuple):
    """A tool call of a logged agent run.

    Attributes
    ----------
    session : str
        Conversation or run in which the agent made the call.
    tool : str
    arguments : dict
        As parsed from JSON; numbers with a fraction or exponent are decimals.
    time : str
        As logged; empty if the log has no time.
    place : str
        File and line, or file and JSON pointer, of the call.

    Examples
    --------
    >>> LoggedCall("s1", "read_claim", {"claim": 7}).tool
    'read_claim'
    """

    session: str
    tool: str
    arguments: dict[str, Any]
    time: str = ""
    place: str = ""


def logged_call(
    session: object, tool: object, arguments: object, time: str, place: str
) -> LoggedCall:
    """Build a logged call from values of a log, which may be anything.

    Parameters
    ----------
    session, tool : object
    arguments : object
        An object, JSON text of an object, or None for a call without arguments.
    time, place : str

    Returns
    -------
    LoggedCall

    Raises
    ------
    SpecificationError
        If session or tool is no text, or the arguments are no object with unique keys, finite
        numbers and valid Unicode.
    """
    session, tool = _name(session, "/session"), _name(tool, "/tool")
    with placed("/arguments"):
        if isinstance(arguments, str):
            arguments = _from_text(arguments)
        elif arguments is None:
            arguments = {}
        if not isinstance(arguments, Mapping):
            raise SpecificationError(f"found {shown(arguments)}, expected an object")
        refuse_unfit(arguments)
    return LoggedCall(session, tool, dict(arguments), time, place)


def _name(value: object, place: str) -> str:
    with placed(place):
        if not (text := short_text(value)):
            raise SpecificationError("found no text, expected a name")
        return text


def _from_text(text: str) -> Any:
    if not is_encodable(text):
        raise SpecificationError(f"{shown(text)} is not valid Unicode")
    return parsed(text.encode("utf-8"), exact=True) if text.strip() else {}
