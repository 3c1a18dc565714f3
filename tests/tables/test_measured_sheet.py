"""The sheet of measured effectiveness: the same scenario in every file, and errors with cells."""

import copy
import json

import openpyxl
import pytest

import mfmgame as mg
from specifications import SCENARIO

FORM = {
    "distribution": "measured",
    "successes": 3,
    "trials": 40,
    "effective_trials": 12.3,
    "baseline": {"id": "none", "successes": 20, "trials": 40, "effective_trials": 1 / 3},
}
MEASURED = copy.deepcopy(SCENARIO)
MEASURED["effectiveness"] = [
    {
        "threat": "jailbreak",
        "defense": "filter",
        "value": FORM,
        "basis": "measured",
        "source": "a scan",
        "texts": ["as seen"],
    },
    {"threat": "jailbreak", "defense": "monitor", "value": 0.25, "texts": ["a guess"]},
    {
        "threat": "extraction",
        "defense": "filter",
        "value": {**FORM, "successes": 39, "nominal": 0.1, "effective_trials": None},
    },
    {"threat": "extraction", "defense": "monitor", "value": {**FORM, "source": "own runs"}},
]


def workbook(folder, *cells):
    """A workbook with some cells of the sheet changed as a user would by hand."""
    file = folder / "plan.xlsx"
    mg.save_scenario(mg.Scenario(**copy.deepcopy(MEASURED)), file)
    book = openpyxl.load_workbook(file)
    for name, value in cells:
        book["measured"][name] = value
    book.save(file)
    return file


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


@pytest.mark.parametrize("kind", ["plan.xlsx", "plan"])
def test_every_file_gives_the_same_numbers_and_draws(tmp_path, kind):
    first = mg.Scenario(**copy.deepcopy(MEASURED))
    mg.save_scenario(first, tmp_path / kind)
    again = mg.load_scenario(tmp_path / kind)
    by_pair = [
        {
            (entry["threat"], entry["defense"]): without_nulls(entry)
            for entry in one.to_document()["effectiveness"]
        }
        for one in (first, again)
    ]
    assert by_pair[0] == by_pair[1]
    draws = [mg.GameFamily(one).inputs.draws(2, 0, 50).tobytes() for one in (first, again)]
    assert draws[0] == draws[1]
    answers = [json.dumps(mg.result_document(mg.assess(one))) for one in (first, again)]
    assert answers[0] == answers[1]


def test_the_sheet_has_a_row_for_each_pair_that_states_no_more(tmp_path):
    mg.save_scenario(mg.Scenario(**copy.deepcopy(MEASURED)), tmp_path / "plan")
    assert (tmp_path / "plan" / "measured.csv").read_text().splitlines() == [
        "threat,defense,successes,trials,effective_trials,baseline,baseline_successes,"
        "baseline_trials,baseline_effective_trials,nominal,basis,source",
        "jailbreak,filter,3,40,12.3,none,20,40,0.3333333333333333,,measured,a scan",
        "extraction,filter,39,40,,none,20,40,0.3333333333333333,0.1,,",
    ]


def test_columns_may_be_named_with_spaces_and_pairs_by_their_names(tmp_path):
    changes = [("G1", "Baseline successes"), ("A2", "Jailbreak by image"), ("C2", 2)]
    entry = mg.load_scenario(workbook(tmp_path, *changes)).to_document()["effectiveness"][-2]
    assert (entry["threat"], entry["value"]["successes"]) == ("jailbreak", 2)
    assert entry["value"]["baseline"]["successes"] == 20


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("C2", 41, "measured!C2: value.successes: found 41 in 40 trials, expected at most as many"),
        ("C2", 1.5, "measured!C2: value.successes: found 1.5, expected"),
        ("C2", "some", "measured!C2: successes: found 'some', expected a number"),
        ("D2", None, "measured!D2: value.trials: missing, expected a value"),
        ("F2", None, "measured!F2: value.baseline.id: missing, expected a value"),
        ("G2", 21, "found other counts of the baseline 'none' than at"),
        ("A2", "jailbrake", "measured!A2: threat: unknown threat 'jailbrake'"),
        ("B3", "monitor", "measured!A3: threat: found 'monitor' against 'extraction' again, expe"),
        ("C1", "successs", "measured!C1: unknown column 'successs', expected a known column; did"),
    ],
)
def test_an_error_names_the_cell(tmp_path, name, value, expected):
    with pytest.raises(mg.SpecificationError) as caught:
        mg.load_scenario(workbook(tmp_path, (name, value)))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
