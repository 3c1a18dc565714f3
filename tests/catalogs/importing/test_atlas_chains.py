"""Case studies of ATLAS as chains, and techniques as their steps."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.catalogs import resolve_catalog
from mfmgame.cli.app import app

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "atlas"
ATLAS_5, ATLAS_6 = FOLDER / "ATLAS.yaml", FOLDER / "v6" / "ATLAS-5.6.0-in-format-6.yaml"
needs_both = pytest.mark.skipif(
    not (ATLAS_5.exists() and ATLAS_6.exists()),
    reason="ATLAS 5.6.0 in both formats is not beside the project",
)
FORMAT_5 = """
id: ATLAS
version: 1.0.0
matrices:
- id: ATLAS
  techniques:
  - {id: T1, name: Find the model, maturity: realized}
  - {id: T2, name: Ask it, maturity: feasible}
  - {id: T2.001, name: Ask it twice, subtechnique-of: T2, maturity: realized}
  mitigations: [{id: M1, name: Fewer answers, techniques: [{id: T2}]}]
case-studies:
- id: CS1
  name: Twenty questions
  case-study-type: incident
  procedure: [{technique: T1, tactic: A1}, {technique: T2.001}, {technique: T1}]
- {id: CS2, case-study-type: exercise, procedure: [{technique: T2}]}
- {id: CS3, procedure: [{technique: T1}, {technique: T9}]}
- {id: CS4, procedure: []}
"""
FORMAT_6 = """
format-version: 6.1.0
collection: {name: ATLAS, version: 1.0.0}
techniques: {T1: {name: Find the model}, T2: {name: Ask it}, T3: {name: Tell}}
case-studies: {CS1: {name: Twenty questions, type: Incident}}
relationships:
  CS1:
    employs:
    - {source: CS1, target: T3, step-id: S02, leads-to: null}
    - {source: CS1, target: T2, step-id: S01, leads-to: [S02]}
    - {source: CS1, target: T1, step-id: S00, leads-to: [S01, S07]}
"""


def read(text: str, folder: Path, *arguments, **options) -> mg.Catalog:
    file = folder / "atlas.yaml"
    file.write_text(text, encoding="utf-8")
    return mg.import_atlas(file, *arguments, **options)


def test_a_case_study_is_a_threat_and_its_techniques_the_steps(tmp_path):
    numbers = mg.AssumedNumbers(severity=3.0, bandwidth=2.0, effectiveness=0.25, inherit=True)
    catalog = read(FORMAT_5, tmp_path, numbers, chains=True)
    assert [(one.id, one.threat_class, one.steps) for one in catalog.threats] == [
        ("CS1", "incident", ["T1", "T2.001", "T1"]),
        ("CS2", "exercise", ["T2"]),
    ]
    assert {threat.severity for threat in catalog.threats} == {3.0}
    assert [threat.bandwidth for threat in catalog.threats] == [None, None]
    assert [(entry.id, entry.bandwidth) for entry in catalog.techniques] == [
        ("T1", 2.0),
        ("T2", 2.0),
        ("T2.001", 2.0),
    ]
    assert [(pair.threat, pair.technique, pair.value) for pair in catalog.effectiveness] == [
        (None, "T2", 0.25),
        (None, "T2.001", 0.25),
    ]
    assert "left out: 1 chain with steps that are left out or not in the file" in catalog.notes
    entries = resolve_catalog(catalog)
    assert [threat.bandwidth for threat in entries.threats] == [4.0, 2.0]
    assert entries.effectiveness.tolist() == [[0.25], [0.25]]


def test_a_selection_of_techniques_keeps_only_whole_chains(tmp_path):
    catalog = read(FORMAT_5, tmp_path, maturities=["realized"], chains=True)
    assert [threat.id for threat in catalog.threats] == ["CS1"]
    assert "left out: 2 chains with steps that are left out or not in the file" in catalog.notes


def test_steps_come_in_the_order_in_which_they_lead_to_each_other(tmp_path):
    catalog = read(FORMAT_6, tmp_path, chains=True)
    assert catalog.threats[0].steps == ["T1", "T2", "T3"]
    assert catalog.threats[0].threat_class == "incident"
    circle = FORMAT_6.replace("leads-to: null", "leads-to: [S00]")
    with pytest.raises(mg.SpecificationError) as caught:
        read(circle, tmp_path, chains=True)
    assert str(caught.value) == (
        f"{tmp_path / 'atlas.yaml'}: /relationships/CS1/employs/2/leads-to: found a step that "
        "leads to itself, expected no circle of steps"
    )


def test_steps_alone_are_imported_without_case_studies(tmp_path):
    catalog = read(FORMAT_5, tmp_path, as_steps=True)
    assert not catalog.threats
    assert len(catalog.techniques) == 3
    assert not any("costs 1" in note for note in catalog.notes if "threat" in note)


def test_a_file_without_case_studies_has_no_chains(tmp_path):
    text = FORMAT_5.partition("case-studies")[0]
    with pytest.raises(mg.SpecificationError, match="found no case study with steps, expected at"):
        read(text, tmp_path, chains=True)


def command(*words: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["catalog", "import", "atlas", *words])
    return answer.exit_code, answer.stderr


def test_steps_have_no_severities_to_set(tmp_path):
    file = tmp_path / "atlas.yaml"
    file.write_text(FORMAT_5, encoding="utf-8")
    refusal = f"error: {file}: --severity: found with --as-steps, expected none: steps have no "
    assert command(str(file), "--as-steps", "--severity", "2") == (2, f"{refusal}severities\n")
    table = tmp_path / "weights.csv"
    table.write_text("threat,weight\nCS1,5\n", encoding="utf-8")
    out = tmp_path / "out.json"
    words = ("--chains", "--weights", str(table), "-o", str(out))
    assert command(str(file), *words) == (0, "")
    assert [threat.severity for threat in mg.load_catalog(str(out)).threats] == [5.0, 0.0]


@needs_both
def test_both_formats_of_atlas_have_the_same_57_chains_of_449_steps():
    chains_5, chains_6 = (
        [
            (one.id, one.name, one.threat_class, one.steps)
            for one in mg.import_atlas(file, chains=True).threats
        ]
        for file in (ATLAS_5, ATLAS_6)
    )
    assert chains_5 == chains_6
    assert len(chains_5) == 57
    assert sum(len(steps) for *_, steps in chains_5) == 449
