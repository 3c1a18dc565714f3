"""Draws of a scenario with uncertain numbers: time by workers, and memory by draws."""

import json
import time
from pathlib import Path

import pytest

import mfmgame as mg
from benchmarks.measure import cpu_seconds, memory

MODELS = Path(__file__).resolve().parents[1] / "models"


def uncertain_scenario():
    """Build a scenario of 73 threats and 15 defenses with a range for every assumed number."""
    document = json.loads((MODELS / "mfm.json").read_text("utf-8"))
    rules = document["assumptions"]
    for goal in rules["goals"]:
        impact = goal["impact"]
        bounds = {"low": impact / 2, "mode": impact, "high": impact * 2}
        goal["impact"] = {"distribution": "pert", **bounds}
    for one in rules["classes"]:
        one["bits"] = {"range": [one["bits"] / 2, one["bits"] * 2]}
    for defense in document["defenses"]:
        defense["traits"]["strength"] = {"distribution": "beta", "a": 4, "b": 2}
        median = defense["use"]["budget"]
        defense["use"]["budget"] = {"distribution": "lognormal", "median": median, "sigma": 0.3}
    rules["axes"][0]["signal_factor"] = {"range": [0.05, 0.2]}
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        catalog="mfm",
        attacker={"bandwidth": {"range": [4, 12]}},
        defender={"limits": {"budget": 10, "bandwidth": 3}},
        termination={"loss": 24},
    )
    return scenario, mg.Catalog(**document)


@pytest.mark.parametrize(("draws", "jobs"), [(1_000, 1), (10_000, 1), (10_000, 2)])
def test_ensemble(draws, jobs, benchmark, results, smoke, tmp_path):
    scenario, catalog = uncertain_scenario()
    n = draws // 100 if smoke else draws
    # Exclude imports, compilation and the start of processes from the time.
    mg.ensemble(scenario, n=2, seed=1, catalog=catalog, workers=mg.Workers(jobs=jobs))
    target = tmp_path / "draws.parquet"

    def draw():
        start, spent = time.perf_counter(), cpu_seconds()
        mg.ensemble(
            scenario, n=n, seed=7, catalog=catalog, workers=mg.Workers(jobs=jobs), to=target
        )
        return time.perf_counter() - start, cpu_seconds() - spent

    with memory() as grown:
        wall, cpu = benchmark.pedantic(draw, rounds=1)
    results.append(
        {
            "kind": "ensemble",
            "draws": n,
            "inputs": len(mg.GameFamily(scenario, catalog).inputs),
            "jobs": jobs,
            "wall": wall,
            "cpu": cpu,
            "memory": grown["bytes"],
            "file": target.stat().st_size,
        }
    )
