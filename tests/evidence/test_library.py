"""Shipped evidence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import mfmgame as mg

COUNTS = Path(__file__).parents[3] / "shared" / "data" / "evidence" / "agentdyn.csv"


@pytest.mark.parametrize("name", mg.shipped_evidence())
def test_shipped_evidence_names_its_source_and_license(name):
    evidence = mg.load_evidence(name)
    assert evidence.name == name
    assert "at commit" in evidence.source
    assert evidence.license
    assert all(cell.adaptive is (name == "robustbench") for cell in evidence.cells)


def test_unknown_evidence_is_refused_with_the_names_there_are():
    with pytest.raises(mg.SpecificationError, match="did you mean 'agentdyn'"):
        mg.load_evidence("agentdin")


@pytest.mark.skipif(not COUNTS.exists(), reason="the table of counts is not here")
def test_the_counts_of_agentdyn_are_those_of_its_run_files():
    with COUNTS.open(encoding="utf-8", newline="") as stream:
        rows = {
            (row["model"], row["defense"].partition(" (")[0], row["suite"]): row
            for row in csv.DictReader(stream)
        }
    for cell in mg.load_evidence("agentdyn").cells:
        row = rows[cell.model, cell.defense, cell.suite]
        assert [cell.trials, cell.successes, cell.baseline_successes] == [
            int(row[f"paired_{name}"]) for name in ("trials", "successes", "baseline_successes")
        ]
        assert [cell.benign_trials, cell.benign_successes] == [
            int(row[name]) for name in ("benign_n", "benign_ok")
        ]
