"""The state of a circuit breaker as a JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mfmgame.authority.breaker.breaker_status import BreakerStatus

__all__ = ["status_document"]


def status_document(status: BreakerStatus) -> dict[str, Any]:
    """Build the document of a breaker's state, schema ``mfmgame/guard-status/1``."""
    document = asdict(status)
    document["scopes"] = [
        {**asdict(scope), "is_open": scope.opened is not None} for scope in status.scopes
    ]
    return {"schema": "mfmgame/guard-status/1", **document}
