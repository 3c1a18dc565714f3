"""Authorized bits as JSON documents, and as lines for a scenario."""

from __future__ import annotations

import math
from typing import Any

from mfmgame.authority.counting.authorized_bits import AuthorizedBits, Remark
from mfmgame.authority.counting.narrowings import Narrowing, narrowings
from mfmgame.authority.counting.threat_bits import ThreatBits
from mfmgame.authority.logs.clustered_entropy import Entropy
from mfmgame.authority.logs.unused_authority import UnusedAuthority
from mfmgame.authority.logs.used_bits import UsedBits
from mfmgame.messages import counted
from mfmgame.numerics.binary_logarithms import bits_at_most
from mfmgame.view.text.number_formats import count_text

__all__ = ["bandwidth_document", "scenario_lines"]

_MOST_DIGITS = 300


def bandwidth_document(
    authorized: AuthorizedBits,
    used: UsedBits | None = None,
    unused: UnusedAuthority | None = None,
) -> dict[str, Any]:
    """Build the document of authorized bits, schema ``mfmgame/bandwidth/1``."""
    policy = authorized.policy
    return {
        "schema": "mfmgame/bandwidth/1",
        "manifest": {"name": authorized.manifest.name, "digest": authorized.manifest.digest},
        "policy": None if policy is None else {"name": policy.name, "digest": policy.digest},
        "digest": authorized.digest,
        "count": _digits(authorized.count),
        "is_exact": authorized.is_exact,
        "bits_per_step": _finite(authorized.bits_per_step),
        "steps": authorized.steps,
        "bits": _finite(authorized.bits),
        "tools": {
            tool.name: {
                **_count(tool.count),
                "is_exact": tool.is_exact,
                "most_calls": tool.most_calls,
                "arguments": {name: _count(count) for name, count in tool.arguments.items()},
            }
            for tool in authorized.tools
        },
        "unbounded": [_remark(remark) for remark in authorized.unbounded],
        "assumed": [_remark(remark) for remark in authorized.assumed],
        "ignored": [_remark(remark) for remark in authorized.ignored],
        "threats": [_threat(threat) for threat in authorized.threats],
        "shared_calls": [list(pair) for pair in authorized.shared_calls],
        "narrowings": [_narrowing(found) for found in narrowings(authorized)],
        "scenario": None if authorized.count is None else scenario_lines(authorized),
        "used": None if used is None else _used(used),
        "unused": None if unused is None else _unused(unused),
    }


def _used(used: UsedBits) -> dict[str, Any]:
    return {
        "calls": used.calls,
        "sessions": used.sessions,
        "distinct_calls": used.distinct_calls,
        "distinct_tools": used.distinct_tools,
        "own_share": used.own_share,
        "call": _entropy(used.entropy),
        "tool": _entropy(used.tool_entropy),
    }


def _entropy(entropy: Entropy) -> dict[str, Any]:
    ends = (entropy.low, entropy.high)
    return {"bits": entropy.bits, "interval": None if None in ends else list(ends)}


def _unused(unused: UnusedAuthority) -> dict[str, Any]:
    return {
        "calls": unused.calls,
        "outside": unused.outside,
        "narrowings": [_narrowing(found) for found in unused.narrowings],
        "bits_per_step": _finite(unused.narrowed.bits_per_step),
    }


def _narrowing(found: Narrowing) -> dict[str, Any]:
    return {
        "place": found.place,
        "change": found.change,
        "rule": found.rule,
        "bits": _finite(found.bits),
    }


def scenario_lines(authorized: AuthorizedBits) -> dict[str, Any]:
    """Build the members of a scenario that authorized bits give, with their sources."""
    lines: dict[str, Any] = {
        "attacker": {
            "bandwidth": {
                "value": authorized.bits,
                "basis": _basis(authorized),
                "source": _authorized_source(authorized),
            }
        }
    }
    threats = [
        {
            "id": threat.threat,
            "bandwidth": threat.bits,
            "provenance": {
                "bandwidth": {
                    "basis": _basis(authorized),
                    "source": _threat_source(authorized, threat),
                }
            },
        }
        for threat in authorized.threats
        if math.isfinite(threat.bits)
    ]
    return {**lines, "threats": threats} if threats else lines


def _basis(authorized: AuthorizedBits) -> str:
    return "assumed" if authorized.assumed else "derived"


def _authorized_source(authorized: AuthorizedBits) -> str:
    policy = authorized.policy
    counted_from = authorized.manifest.name
    if policy is not None:
        counted_from += f" and policy {policy.name}"
    word = "" if authorized.is_exact else "at most "
    return (
        f"{counted(authorized.steps, 'call')} of {word}{count_text(authorized.count)} choices, "
        f"counted from {counted_from}, {authorized.digest}"
    )


def _threat_source(authorized: AuthorizedBits, threat: ThreatBits) -> str:
    times = f"^{threat.steps}" if threat.steps > 1 else ""
    return (
        f"{threat.calls}: {count_text(threat.sequences)} of {count_text(authorized.count)}{times} "
        f"choices, counted from {authorized.manifest.name}, {authorized.digest}"
    )


def _threat(threat: ThreatBits) -> dict[str, Any]:
    return {
        "threat": threat.threat,
        "calls": threat.calls,
        "steps": threat.steps,
        "sequences": _digits(threat.sequences),
        "bits": _finite(threat.bits),
        "is_possible": None if math.isnan(threat.bits) else threat.sequences != 0,
    }


def _count(count: int | None) -> dict[str, Any]:
    return {"count": _digits(count), "bits": bits_at_most(count) if count else None}


def _digits(count: int | None) -> str | None:
    if count is None:
        return None
    return str(count) if count < 10**_MOST_DIGITS else hex(count)


def _finite(bits: float) -> float | None:
    return bits if math.isfinite(bits) else None


def _remark(remark: Remark) -> dict[str, str]:
    return {"place": remark.place, "text": remark.text}
