"""Evidence files as a single file."""

from __future__ import annotations

import pytest

import mfmgame as mg

COUNTS = {
    "threat": "t",
    "trials": 10,
    "successes": 1,
    "baseline_trials": 10,
    "baseline_successes": 6,
}


def evidence(name, *cells, **more):
    return mg.Evidence(
        schema="mfmgame/evidence/1", name=name, cells=[COUNTS | cell for cell in cells], **more
    )


def test_cells_of_all_files_stand_in_their_order():
    merged = mg.merge_evidence(
        evidence("a", {"defense": "x"}), evidence("b", {"defense": "y"}), name="both"
    )
    assert [cell.defense for cell in merged.cells] == ["x", "y"]
    assert merged.name == "both"


def test_cells_keep_the_source_and_license_of_their_file():
    merged = mg.merge_evidence(
        evidence("a", {"defense": "x"}, source="ours", license="MIT"),
        evidence("b", {"defense": "x"}, {"defense": "y", "source": "quoted"}, source="theirs"),
    )
    assert [cell.source for cell in merged.cells] == ["ours", "theirs", "quoted"]
    assert [cell.license for cell in merged.cells] == ["MIT", "", ""]
    assert merged.source == ""


@pytest.mark.parametrize("names", [("a", "b"), ("same", "same")])
def test_a_cell_twice_from_one_source_is_refused(names):
    files = [evidence(name, {"defense": "x"}, source="ours") for name in names]
    with pytest.raises(mg.SpecificationError, match=f"'t', 'x' from one source in '{names[0]}'"):
        mg.merge_evidence(*files)


def test_one_file_is_refused():
    with pytest.raises(mg.SpecificationError, match="expected two or more"):
        mg.merge_evidence(evidence("a"))


def test_a_baseline_with_other_counts_is_refused():
    files = [
        evidence(name, {"defense": name, "baseline_id": "base", "baseline_successes": count})
        for name, count in (("a", 6), ("b", 7))
    ]
    with pytest.raises(mg.SpecificationError, match="'base' with other counts"):
        mg.merge_evidence(*files, name="c")
