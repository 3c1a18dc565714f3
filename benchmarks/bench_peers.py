"""Every peer on every game: value, time and memory."""

from dataclasses import asdict

from benchmarks.cases import PROOF
from benchmarks.measure import measured, proof

SECONDS = 2.0


def test_peer(case, benchmark, results, smoke, pytestconfig):
    if case.peer == PROOF:
        found = benchmark.pedantic(proof, args=(case,), rounds=1)
    else:
        seconds = 0.0 if smoke else SECONDS
        budget = pytestconfig.getoption("--budget")
        found = measured(case, benchmark, seconds=seconds, budget=budget)
    results.append({"kind": "peer", **asdict(case), **found})
