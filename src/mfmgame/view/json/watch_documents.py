"""Watched logs as JSON documents: one for each stopped session, and a summary."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mfmgame.authority.logs.log_watch import LogWatch, StoppedSession

__all__ = ["stopped_document", "summary_document"]


def stopped_document(stopped: StoppedSession) -> dict[str, Any]:
    """Build the document of a stopped session, schema ``mfmgame/stopped-session/1``."""
    return {"schema": "mfmgame/stopped-session/1", **asdict(stopped)}


def summary_document(watched: LogWatch) -> dict[str, Any]:
    """Build the document of a watched log, schema ``mfmgame/watch/1``."""
    terms = watched.terms
    return {
        "schema": "mfmgame/watch/1",
        "sessions": watched.sessions,
        "calls": watched.calls,
        "stopped": watched.stopped,
        "refused": watched.refused,
        "certificate": terms.digest,
        "plan": terms.plan,
        "scope": terms.scope,
        "limit": terms.charges.limit_bits,
        "bits_per_call": terms.charges.bits(1),
        "most_calls": terms.charges.most,
        "is_proven": terms.is_proven,
    }
