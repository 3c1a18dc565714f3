"""Counts of the calls that a policy allows, as JSON documents."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mfmgame.documents.base import Document, Strict

__all__ = ["BandwidthDocument"]


class NamedDigest(Strict):
    """A file by its name, and the SHA-256 of what was counted."""

    name: str
    digest: str


class CountedRemark(Strict):
    """A part of the arguments, and what is to be known about its count."""

    place: str
    text: str


class CountResult(Strict):
    """How many, and log2 of it rounded up; null if unbounded."""

    count: str | None = Field(description="Decimal digits; hexadecimal digits after 0x if long.")
    bits: float | None = Field(description="Null if unbounded, or if nothing is allowed.")


class ToolResult(CountResult):
    """A tool that the policy allows."""

    is_exact: bool
    most_calls: int | None
    arguments: dict[str, CountResult]


class ThreatBitsResult(Strict):
    """The bits that it takes to single out a harmful sequence of calls."""

    threat: str
    calls: str
    steps: int
    sequences: str | None
    bits: float | None = Field(
        description="Rounded down; null if no allowed call is harmful, or if unbounded."
    )
    is_possible: bool | None = Field(
        description="Whether some allowed calls are harmful; null if unbounded."
    )


class NarrowingResult(Strict):
    """A narrower policy, and the bits a step that it takes off."""

    place: str
    change: str
    rule: dict[str, Any] | None
    bits: float | None = Field(description="Null if it bounds what was unbounded.")


class EntropyResult(Strict):
    """Estimate of an entropy in bits, with a 95 % interval."""

    bits: float
    interval: list[float] | None = Field(
        description="Null with a single session.",
        json_schema_extra={"minItems": 2, "maxItems": 2},
    )


class UsedBitsResult(Strict):
    """Entropy of the calls of a log: of the honest agent, not of an attacker."""

    calls: int
    sessions: int
    distinct_calls: int
    distinct_tools: int
    own_share: float = Field(description="Share of the calls that no other session made.")
    call: EntropyResult
    tool: EntropyResult


class UnusedAuthorityResult(Strict):
    """Authority that no call of a log used, and the policy without it."""

    calls: int = Field(description="Calls of the log that the policy allows.")
    outside: int = Field(description="Calls of the log that the policy does not allow.")
    narrowings: list[NarrowingResult]
    bits_per_step: float | None = Field(description="With all narrowings.")


class BandwidthDocument(Document):
    """Authorized bits of an agent."""

    schema_id: Literal["mfmgame/bandwidth/1"] = Field(alias="schema")
    manifest: NamedDigest
    policy: NamedDigest | None
    digest: str = Field(description="SHA-256 of manifest and policy, which sources name.")
    count: str | None = Field(description="Calls allowed at a step, no call among them.")
    is_exact: bool = Field(description="False: at most.")
    bits_per_step: float | None
    steps: int
    bits: float | None
    tools: dict[str, ToolResult]
    unbounded: list[CountedRemark]
    assumed: list[CountedRemark]
    ignored: list[CountedRemark]
    threats: list[ThreatBitsResult]
    shared_calls: list[list[str]] = Field(
        description="Pairs of threats with bits of which a single call can be part of both."
    )
    narrowings: list[NarrowingResult]
    scenario: dict[str, Any] | None = Field(
        description="Members for a scenario, with their sources; null if unbounded."
    )
    used: UsedBitsResult | None = Field(default=None, description="Null without a log.")
    unused: UnusedAuthorityResult | None = Field(default=None, description="Null without a log.")
