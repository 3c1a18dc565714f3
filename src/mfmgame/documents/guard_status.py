"""The state of a circuit breaker as a JSON document."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mfmgame.documents.base import Document, Strict

__all__ = ["GuardStatusDocument"]


class GuardedScope(Strict):
    """State of the system, or of a session."""

    name: str
    is_open: bool = Field(description="Whether all calls are refused until a reset.")
    opened: str | None = Field(description="When it opened, in UTC.")
    calls: int = Field(description="Charged calls since the last reset.")
    spent: float = Field(description="Bits, rounded up.")
    left: float | None = Field(description="Bits, rounded down; null without a limit.")
    calls_left: int | None = Field(description="Charged calls that still fit.")


class GuardStatusDocument(Document):
    """State of a circuit breaker: the bits that are spent and left, and the decisions so far."""

    schema_id: Literal["mfmgame/guard-status/1"] = Field(alias="schema")
    certificate: str = Field(description="SHA-256 of result, scenario, plan, tools and policy.")
    plan: str
    scope: Literal["system", "session"]
    limit: float | None = Field(description="In bits, rounded down; null without a limit.")
    bits_per_call: float = Field(description="Rounded up.")
    most_calls: int | None = Field(description="Charged calls that fit in the limit.")
    is_proven: bool = Field(description="Whether the limit proves a bound on the loss.")
    scopes: list[GuardedScope]
    sessions: int
    admitted: int
    refused: int
    resets: int
