"""Evidence files: what they hold, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfmgame as mg

CELL = {"threat": "t", "defense": "d", "trials": 10, "successes": 3}


def evidence(**changes):
    return mg.Evidence(schema="mfmgame/evidence/1", name="own", cells=[CELL | changes])


@given(st.integers(1, 60), st.integers(5, 60), st.data())
def test_effectiveness_is_one_less_the_ratio_of_rates(trials, baseline_trials, data):
    successes = data.draw(st.integers(0, trials))
    baseline_successes = data.draw(st.integers(5, baseline_trials))
    (cell,) = evidence(
        trials=trials,
        successes=successes,
        baseline_trials=baseline_trials,
        baseline_successes=baseline_successes,
    ).cells
    ratio = (successes / trials) / (baseline_successes / baseline_trials)
    assert cell.effectiveness == pytest.approx(1.0 - ratio, abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"successes": 11}, "/cells/0/successes: found 11, expected at most the trials, 10"),
        ({"successes": -1}, "/cells/0/successes: found -1, expected at least 0"),
        ({"trials": 1.5}, "/cells/0/trials: found 1.5"),
        ({"effective_trials": 11.0}, "/cells/0/effective_trials: found 11.0, expected at most"),
        ({"effective_trials": 0.0}, "/cells/0/effective_trials: found 0.0, expected more than 0"),
        ({"interval": [0.5]}, "/cells/0/interval: found 1 number"),
        ({"interval": [0.5, 0.1]}, "/cells/0/interval: found the upper end first"),
        ({"sucesses": 1}, "did you mean 'successes'?"),
        ({"benign_successes": 1}, "expected at most the benign_trials, 0"),
        ({"adaptive": 1}, "/cells/0/adaptive: found 1, expected true or false"),
    ],
)
def test_a_wrong_cell_is_refused_with_its_place(changes, message):
    with pytest.raises(mg.SpecificationError) as refusal:
        evidence(**changes)
    assert message in str(refusal.value)


def test_a_cell_twice_is_refused():
    with pytest.raises(mg.SpecificationError, match="first at /cells/0"):
        mg.Evidence(schema="mfmgame/evidence/1", name="own", cells=[CELL, CELL])
    mg.Evidence(schema="mfmgame/evidence/1", name="own", cells=[CELL, CELL | {"model": "m"}])


def test_a_written_file_reads_back(tmp_path):
    found = evidence(baseline_trials=10, baseline_successes=8, left_out={"reason": 2})
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(found.to_document()), encoding="utf-8")
    assert mg.load_evidence(file) == found
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(mg.SpecificationError, match=r"evidence\.json"):
        mg.load_evidence(file)
