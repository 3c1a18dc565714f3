"""Watched logs of agent runs, as JSON documents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mfmgame.documents.base import Document

__all__ = ["StoppedSessionDocument", "WatchDocument"]


class StoppedSessionDocument(Document):
    """The first call of a session that the circuit breaker would have refused."""

    schema_id: Literal["mfmgame/stopped-session/1"] = Field(alias="schema")
    session: str
    call: int = Field(description="Number of the call in the session, from 1.")
    tool: str
    time: str = Field(description="As logged; empty if the log has no time.")
    reason: str
    spent: float = Field(description="Bits spent in the scope before the call, rounded up.")
    left: float | None = Field(description="Bits left, rounded down; null without a limit.")
    place: str = Field(description="File and line, or file and JSON pointer, of the call.")


class WatchDocument(Document):
    """Summary of a watched log."""

    schema_id: Literal["mfmgame/watch/1"] = Field(alias="schema")
    sessions: int
    calls: int
    stopped: int = Field(description="Sessions with a refused call.")
    refused: int = Field(description="Refused calls.")
    certificate: str = Field(description="SHA-256 of everything that the limit rests on.")
    plan: str
    scope: Literal["system", "session"]
    limit: float | None = Field(description="In bits, rounded down; null without a limit.")
    bits_per_call: float
    most_calls: int | None = Field(description="Calls that fit in the limit of a scope.")
    is_proven: bool = Field(description="Whether the limit proves a bound on the loss.")
