"""Weights and costs as options of the command line."""

import importlib.metadata
import json

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from specifications import CATALOG

ATLAS = """
id: ATLAS
version: 1.0.0
matrices:
- tactics: [{id: AML.TA1, name: Impact}]
  techniques:
  - {id: AML.T0051, name: Prompt injection, tactics: [AML.TA1]}
  - {id: AML.T0051.000, name: Direct, subtechnique-of: AML.T0051}
  mitigations:
  - {id: AML.M1, name: Filter, techniques: [{id: AML.T0051, use: it filters}]}
  - {id: AML.M2, name: Audit}
"""


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ATLAS.yaml").write_text(ATLAS)
    (tmp_path / "small.json").write_text(json.dumps(CATALOG))
    (tmp_path / "w.csv").write_text("threat,weight\nAML.T0051,3\ntheft,4\n")
    (tmp_path / "c.csv").write_text("defense,cost,basis\nAML.M1,5,measured\nAML.M2,6,measured\n")


def call(*arguments):
    done = CliRunner().invoke(app, [*arguments], prog_name="mfmgame")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def imported(*options):
    done = call("catalog", "import", "atlas", "ATLAS.yaml", *options)
    assert (done.exit_code, done.stderr) == (0, "")
    return mg.Catalog(**json.loads(done.stdout))


def complaint(*arguments):
    done = call("catalog", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("error: ").rstrip()


def test_weights_and_costs_enter_an_import():
    catalog = imported("--weights", "w.csv", "--costs", "c.csv")
    assert [threat.severity for threat in catalog.threats] == [3.0, 0.0]
    assert [defense.use for defense in catalog.defenses] == [{"budget": 5.0}, {"budget": 6.0}]
    assert catalog.notes == [
        "ATLAS 1.0.0 is in format 5, which is no longer updated: later releases have format 6",
        "ATLAS 1.0.0 has no bandwidths: every threat needs 1 bit",
        "ATLAS 1.0.0 has no effectiveness: a defense stops 0.5 of what it acts on",
        "w.csv: 1 unknown id of weight 4 of 7 left out ('theft')",
        "w.csv: 1 threat of weight 0",
    ]


def test_every_defense_has_the_cost_of_the_option():
    catalog = imported("--cost", "2.5")
    assert [defense.use for defense in catalog.defenses] == [{"budget": 2.5}] * 2
    assert catalog.notes[-1] == (
        "ATLAS 1.0.0 has no costs: every defense uses 2.5 of 'budget' at level 1"
    )


def test_incidents_enter_an_import():
    pytest.importorskip("genai_incidents", reason="genai-incidents is not installed")
    catalog = imported(
        *("--incidents", "--incident-score", "Critical=100", "--incident-score", "Low=0"),
        *("--incident-years", "2023:2024", "--incident-quality", "reviewed, curated"),
        *("--incident-corpus", "security", "--incident-tier", "feed"),
    )
    assert all(threat.severity > 0 for threat in catalog.threats)
    assert [origin.name for origin in catalog.origins] == ["ATLAS", "genai-incidents"]
    assert catalog.origins[1].licence == "CC-BY-4.0"
    said = " ".join(catalog.notes)
    for part in ("2023:2024", "quality reviewed or curated", "corpus security", "tier feed"):
        assert part in said
    assert "Low 0, Medium 3, High 7, Critical 100" in said


def test_the_same_input_gives_the_same_bytes():
    arguments = ("catalog", "import", "atlas", "ATLAS.yaml", "--weights", "w.csv")
    assert call(*arguments).stdout_bytes == call(*arguments).stdout_bytes


def test_a_catalog_is_weighed_and_solved_with_its_notes(tmp_path):
    call("catalog", "import", "atlas", "ATLAS.yaml", "-o", "atlas.json")
    done = call(
        *("catalog", "weigh", "atlas.json", "--weights", "w.csv", "--costs", "c.csv"),
        *("-o", "weighed.json"),
    )
    assert done.exit_code == 0
    assert "rests on assumed numbers of 2 threats, 1 effectiveness value" in done.stdout
    assert mg.load_catalog("weighed.json") == imported("--weights", "w.csv", "--costs", "c.csv")
    (tmp_path / "s.json").write_text(
        json.dumps(
            {
                "schema": "mfmgame/scenario/1",
                "catalog": "weighed.json",
                "attacker": {"bandwidth": 1.0},
                "defender": {"limits": {"budget": 5.0}},
            }
        )
    )
    result = json.loads(call("solve", "s.json", "--json").stdout)
    assert result["value"] == 1.5  # 3, half of it stopped by the filter
    assert "w.csv: 1 threat of weight 0" in result["notes"]
    assert "rests on assumed numbers of 2 threats, 1 effectiveness value" in result["notes"]
    assert "w.csv: 1 threat of weight 0" in call("catalog", "show", "weighed.json").stdout


def test_weighing_a_weighed_catalog_changes_nothing():
    call("catalog", "weigh", "small.json", "--weights", "w.csv", "-o", "once.json")
    call("catalog", "weigh", "once.json", "--weights", "w.csv", "-o", "twice.json")
    assert mg.load_catalog("once.json") == mg.load_catalog("twice.json")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--weights", "w.csv", "--incidents"], "found --weights and --incidents, expected one"),
        (["--incident-years", "2023:"], "found --incident-... alone, expected it with --incidents"),
        (["--incident-score", "Low=1"], "found --incident-... alone"),
        (
            ["--incidents", "--incident-score", "3"],
            "--incident-score: found 3 alone, expected NAME=",
        ),
        (["--incidents", "--incident-score", "Low=x"], "--incident-score: found 'Low=x', expected"),
        (["--incidents", "--incident-score", "Lo=1"], "/scores: unknown severity 'Lo'"),
        (["--incidents", "--incident-score", "Low=-1"], "scores: found -1.0 of 'Low', expected"),
        (["--incidents", "--incident-years", "2023"], "--incident-years: found '2023', expected"),
        (["--incidents", "--incident-years", "2023:x"], "--incident-years: found '2023:x'"),
        (["--incidents", "--incident-years", "2026:2023"], "years: found 2026 to 2023"),
        (["--incidents", "--incident-quality", ""], "--incident-quality: found '', expected names"),
        (["--incidents", "--incident-quality", "auto,"], "--incident-quality: found 'auto,'"),
        (["--incidents", "--incident-tier", "fed"], "/tier: unknown tier 'fed', expected"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options, message):
    assert complaint("weigh", "small.json", *options).startswith(f"small.json: {message}")
    assert complaint("import", "atlas", "ATLAS.yaml", *options).startswith(f"ATLAS.yaml: {message}")


def test_weighing_by_nothing_is_refused():
    assert complaint("weigh", "small.json") == (
        "small.json: found nothing to weigh by, expected --weights, --incidents, --kev or --costs"
    )


@pytest.mark.parametrize("cost", ["-1", "nan", "1e200"])
def test_a_cost_out_of_range_is_refused(cost):
    found = complaint("import", "atlas", "ATLAS.yaml", "--cost", cost)
    assert found.startswith("ATLAS.yaml: cost: found ")


def test_bad_tables_are_named_and_not_the_catalog():
    assert complaint("weigh", "small.json", "--costs", "c.csv") == (
        "c.csv: line 2: unknown defense 'AML.M1', expected one of 'guard', 'lock'"
    )
    assert complaint("weigh", "small.json", "--weights", "c.csv").startswith("c.csv: line 1: ")
    assert complaint("weigh", "small.json", "--weights", "no.csv") == "no.csv: no such file"


def test_without_the_package_the_way_to_get_it_is_said(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert 'pip install "mfmgame[evidence]"' in complaint("weigh", "small.json", "--incidents")


def test_a_severity_beside_evidence_is_refused():
    assert complaint("import", "atlas", "ATLAS.yaml", "--severity", "7", "--weights", "w.csv") == (
        "ATLAS.yaml: found --severity and --weights, expected one of them"
    )


def test_a_table_that_omits_defenses_is_refused_unless_told_what_becomes_of_them(tmp_path):
    (tmp_path / "part.csv").write_text("defense,cost\nAML.M1,90000\n")
    arguments = ("import", "atlas", "ATLAS.yaml", "--costs", "part.csv")
    assert complaint(*arguments) == (
        "part.csv: omits 'AML.M2' and gives the costs of 1 of 2 defenses, expected all, "
        "--other-costs or --only-listed"
    )
    dear = imported("--costs", "part.csv", "--other-costs", "50000")
    assert [defense.use for defense in dear.defenses] == [{"budget": 90000.0}, {"budget": 50000.0}]
    alone = imported("--costs", "part.csv", "--only-listed")
    assert [defense.id for defense in alone.defenses] == ["AML.M1"]
    both = (*arguments, "--other-costs", "1", "--only-listed")
    assert complaint(*both) == (
        "ATLAS.yaml: --other-costs: found beside --only-listed, expected one of them"
    )
    assert complaint("import", "atlas", "ATLAS.yaml", "--only-listed") == (
        "ATLAS.yaml: --only-listed: found without --costs, expected it, too"
    )
