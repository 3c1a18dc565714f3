"""Time of a decision of the circuit breaker, in memory and with a state file.

``python -m benchmarks.guard`` prints medians of one run, and the time that the disk takes to
confirm a write of the same size: the least time that a decision on disk can take.
"""

import os
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import mfmgame as mg
from mfmgame.authority.breaker_store import Terms
from mfmgame.authority.charges import Charges

CALLS = 3000
TOOLS = [
    {
        "name": "send_money",
        "inputSchema": {
            "type": "object",
            "properties": {
                "recipient": {"enum": ["landlord", "insurer", "bank"]},
                "amount": {"type": "integer", "minimum": 1, "maximum": 1000},
            },
            "required": ["recipient", "amount"],
            "additionalProperties": False,
        },
    },
    {"name": "balance", "inputSchema": {"type": "object", "additionalProperties": False}},
]
CALL = {"name": "send_money", "arguments": {"recipient": "bank", "amount": 250}}


def decisions(path: Path | None) -> list[float]:
    """Seconds of each decision in turn."""
    allowed = mg.authorized_bits(TOOLS)
    assert allowed.count is not None
    charges = Charges(allowed.count, Fraction(10**9))
    terms = Terms("sha256:benchmark", charges, "system", "benchmark", True)
    spent = []
    with mg.CircuitBreaker(allowed, terms, path) as breaker:
        for _ in range(CALLS):
            start = time.perf_counter()
            decision = breaker.admit("session", CALL)
            spent.append(time.perf_counter() - start)
            assert decision.admitted
    return spent


def confirmed_writes(folder: Path) -> list[float]:
    """Seconds that the disk takes to confirm each of many writes of three pages."""
    spent = []
    with (folder / "writes").open("wb", buffering=0) as stream:
        for _ in range(300):
            start = time.perf_counter()
            stream.write(bytes(3 * 4096))
            os.fsync(stream.fileno())
            spent.append(time.perf_counter() - start)
    return spent


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            "admit, state in memory": decisions(None),
            "admit, state on disk": decisions(Path(folder) / "guard.db"),
            "a confirmed write alone": confirmed_writes(Path(folder)),
        }
    for name, spent in rows.items():
        print(f"{name:24}  median {1e6 * statistics.median(spent):7.0f} microseconds")


if __name__ == "__main__":
    main()
