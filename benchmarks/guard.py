"""Time of a decision of the circuit breaker, and of a call through the guard.

``python -m benchmarks.guard`` prints medians of one run, and the time that the disk takes to
confirm a write of the same size: the least time that a decision on disk can take. The same server
answers calls with and without the guard before it.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import mfmgame as mg
from mfmgame.authority.breaker.breaker_store import Terms
from mfmgame.authority.breaker.charges import Charges

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
SERVER = f"""
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    result = {{"tools": {TOOLS}}} if request["method"] == "tools/list" else {{"content": []}}
    if "id" in request:
        print(json.dumps({{"jsonrpc": "2.0", "id": request["id"], "result": result}}), flush=True)
"""


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


def answered_calls(command: list[str]) -> list[float]:
    """Seconds from each call to its answer."""
    spent = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def asked(message: dict[str, object]) -> None:
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            server.stdin.flush()
            assert "isError" not in json.loads(server.stdout.readline())["result"]

        asked({"id": "start", "method": "initialize"})
        server.stdin.write(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
        for number in range(CALLS):
            start = time.perf_counter()
            asked({"id": number, "method": "tools/call", "params": CALL})
            spent.append(time.perf_counter() - start)
        server.stdin.close()
    return spent


def guard_before(server: list[str], folder: Path) -> list[str]:
    """Write the files of a guard with a wide limit; return its command."""
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        threats=[{"id": "theft", "severity": 10, "bandwidth": 10**6}],
        attacker={"bandwidth": 2},
        termination={"loss": 5},
    )
    files = {
        "scenario": scenario.to_document(),
        "result": mg.result_document(mg.assess(scenario)),
        "policy": {"schema": "mfmgame/policy/1", "other_tools": "allow"},
    }
    command = [sys.executable, "-m", "mfmgame", "guard", "--plan", "(best)"]
    for name, content in files.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(content))
        command += [f"--{name}", str(file)]
    state = folder / "proxy.db"
    return [*command, "--state", str(state), "--allow-assumed-bits", "--", *server]


def main() -> None:
    """Print the medians."""
    server = [sys.executable, "-S", "-c", SERVER]
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            "admit, state in memory": decisions(None),
            "admit, state on disk": decisions(Path(folder) / "guard.db"),
            "a confirmed write alone": confirmed_writes(Path(folder)),
            "a call of a server": answered_calls(server),
            "the same, guarded": answered_calls(guard_before(server, Path(folder))),
        }
    for name, spent in rows.items():
        print(f"{name:24}  median {1e6 * statistics.median(spent):7.0f} microseconds")


if __name__ == "__main__":
    main()
