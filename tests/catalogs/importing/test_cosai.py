"""The CoSAI Risk Map: risks, controls, pairs of both files, controls of all risks, refusals."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app

COSAI = Path(__file__).parents[4] / "shared" / "data" / "cosai"
needs_cosai = pytest.mark.skipif(
    not COSAI.exists(), reason="the risk map is not beside the project"
)

FILES = {
    "risks.yaml": """
risks:
- id: poisoning
  title: Data poisoning
  category: supply
  controls: [filter, inventory]
  mappings:
    mitre-atlas: [AML.T0020@5.0.1, AML.T0059]
    stride: [Tampering]
    owasp-top10-llm: null
- {id: theft, title: Theft of the model, controls: [inventory]}
""",
    "controls.yaml": """
categories: [{id: data, title: Data controls}]
controls:
- id: filter
  title: Filter of the data
  category: data
  components: all
  risks: [poisoning]
  lifecycleStage: [training]
  mappings: {mitre-atlas: [AML.M0007@5.0.1]}
- {id: inventory, title: Inventory, category: other, risks: [poisoning, theft]}
- {id: policies, title: Policies, risks: all, lifecycleStage: none}
""",
    "frameworks.yaml": """
frameworks:
- id: mitre-atlas
  name: MITRE ATLAS
  version: '5.0.1'
  techniqueUriPattern: https://atlas.mitre.org/techniques/{id}
""",
}


@pytest.fixture
def folder(tmp_path):
    """Write the files, some of them changed or absent."""

    def write(**changes: str | None) -> Path:
        place = tmp_path / "risk map"
        place.mkdir()
        for name, text in (FILES | {f"{key}.yaml": text for key, text in changes.items()}).items():
            if text is not None:
                (place / name).write_text(text, encoding="utf-8")
        return place

    return write


def pairs(catalog: mg.Catalog) -> dict[tuple[str, str], float]:
    return {(entry.threat, entry.defense): entry.value for entry in catalog.effectiveness}


def run(*arguments):
    return CliRunner().invoke(app, ["catalog", "import", "cosai", *map(str, arguments)])


class TestWhatIsRead:
    def test_risks_are_threats_and_controls_defenses(self, folder):
        catalog = mg.import_cosai(folder())
        assert [(one.id, one.name, one.threat_class) for one in catalog.threats] == [
            ("poisoning", "Data poisoning", "supply"),
            ("theft", "Theft of the model", "unclassified"),
        ]
        assert [(one.id, one.categories, one.lifecycle) for one in catalog.defenses] == [
            ("filter", ["Data controls"], ["training"]),
            ("inventory", ["other"], []),
            ("policies", [], []),
        ]
        assert pairs(catalog) == {
            ("poisoning", "filter"): 0.5,
            ("poisoning", "inventory"): 0.5,
            ("theft", "inventory"): 0.5,
        }

    def test_mappings_are_references_with_the_version_beside_the_framework(self, folder):
        catalog = mg.import_cosai(folder())
        assert [(one.source, one.id, one.url) for one in catalog.threats[0].references] == [
            ("MITRE ATLAS 5.0.1", "AML.T0020", "https://atlas.mitre.org/techniques/AML.T0020"),
            ("MITRE ATLAS", "AML.T0059", "https://atlas.mitre.org/techniques/AML.T0059"),
            ("stride", "Tampering", ""),
        ]
        (mitigation,) = catalog.defenses[0].references
        assert (mitigation.id, mitigation.url) == ("AML.M0007", "")

    def test_frameworks_may_be_absent(self, folder):
        catalog = mg.import_cosai(folder(frameworks=None))
        assert catalog.threats[0].references[0].source == "mitre-atlas 5.0.1"

    def test_effectiveness_by_category(self, folder):
        numbers = mg.AssumedNumbers(by_category={"Data controls": 0.75})
        assert pairs(mg.import_cosai(folder(), numbers))["poisoning", "filter"] == 0.75


class TestPairs:
    def test_pairs_of_one_file_alone_are_kept_and_named(self, folder):
        risks = FILES["risks.yaml"].replace("[inventory]", "[filter, alarm]")
        catalog = mg.import_cosai(folder(risks=risks))
        assert catalog.notes[:3] == [
            "kept: 1 pair that only risks.yaml states: 'theft' with 'filter'",
            "kept: 1 pair that only controls.yaml states: 'theft' with 'inventory'",
            "left out: 1 pair with an id that is not in the files: 'theft' with 'alarm'",
        ]
        assert {("theft", "filter"), ("theft", "inventory")} <= set(pairs(catalog))

    def test_controls_of_all_risks_cover_nothing_and_are_named(self, folder):
        catalog = mg.import_cosai(folder())
        assert catalog.notes[0] == "1 control of all risks, left out of coverage: 'Policies'"

    def test_a_share_makes_them_cover_every_risk(self, folder):
        catalog = mg.import_cosai(folder(), universal=0.125)
        assert {pair: value for pair, value in pairs(catalog).items() if pair[1] == "policies"} == {
            ("poisoning", "policies"): 0.125,
            ("theft", "policies"): 0.125,
        }
        assert catalog.notes[:2] == [
            "1 control of all risks, assumed to stop 0.125 of each: 'Policies'",
            "linked to more than half of all threats: 'Inventory' (2 of 2), 'Policies' (2 of 2)",
        ]

    def test_a_risk_that_names_a_control_of_all_risks_keeps_the_pair(self, folder):
        risks = FILES["risks.yaml"].replace("[inventory]", "[inventory, policies]")
        catalog = mg.import_cosai(folder(risks=risks), universal=0.125)
        values = pairs(catalog)
        assert (values["theft", "policies"], values["poisoning", "policies"]) == (0.5, 0.125)
        assert not any("only risks.yaml" in note for note in catalog.notes)


@needs_cosai
class TestRiskMap:
    def test_pairs_agree_with_a_plain_reading_of_either_file(self):
        catalog = mg.import_cosai(COSAI)
        risks, controls = (
            yaml.safe_load((COSAI / f"{name}.yaml").read_text("utf-8"))[name]
            for name in ("risks", "controls")
        )
        assert set(pairs(catalog)) == {
            (risk["id"], control) for risk in risks for control in risk["controls"]
        }
        assert set(pairs(catalog)) == {
            (risk, control["id"])
            for control in controls
            if control["risks"] != "all"
            for risk in control["risks"]
        }
        assert (len(catalog.threats), len(catalog.defenses), len(pairs(catalog))) == (36, 35, 128)
        assert catalog.notes[0].startswith("7 controls of all risks, left out of coverage: ")
        n_references = sum(len(one.references) for one in (*catalog.threats, *catalog.defenses))
        assert n_references == sum(
            len(ids) for entry in (*risks, *controls) for ids in entry.get("mappings", {}).values()
        )

    def test_it_solves_and_its_answer_is_verified(self, tmp_path):
        done = run(COSAI, "--universal", "share=0.1", "-o", tmp_path / "cosai.json")
        assert done.exit_code == 0
        assert "380" in done.stdout
        (tmp_path / "scenario.json").write_text(
            json.dumps(
                {
                    "schema": "mfmgame/scenario/1",
                    "catalog": "cosai.json",
                    "attacker": {"bandwidth": 5.0},
                    "defender": {"limits": {"budget": 6.0}},
                }
            )
        )
        game = mg.build_game(mg.load_scenario(tmp_path / "scenario.json"))
        solution = mg.solve(game)
        assert mg.verify(solution, game).gap <= 1e-9
        assert 0.0 < solution.value < 5.0


REFUSED = {
    "no risks": ({"risks": None}, "risks.yaml: no such file"),
    "no controls": ({"controls": None}, "controls.yaml: no such file"),
    "an empty file": ({"risks": ""}, "risks.yaml: found null, expected an object"),
    "a list": ({"controls": "[]"}, "controls.yaml: found a list, expected an object"),
    "an empty list": ({"risks": "risks: []"}, "/risks: found none, expected one or more"),
    "an id twice": ({"risks": "risks: [{id: a}, {id: a}]"}, "/risks/1/id: duplicate id 'a'"),
    "an id that is a number": ({"risks": "risks: [{id: 1}]"}, "/risks/0/id: found 1, expected a"),
    "an unknown word": (
        {"controls": "controls: [{id: a, risks: most}]"},
        "/controls/0/risks: found 'most', expected a list",
    ),
    "mappings in a list": (
        {"risks": "risks: [{id: a, mappings: [x]}]"},
        "/risks/0/mappings: found a list, expected an object",
    ),
    "frameworks by name": ({"frameworks": "frameworks: {a: b}"}, "frameworks.yaml: /frameworks: "),
    "too deep": ({"risks": "risks: " + "[" * 3000 + "]" * 3000}, "nested deeper than 100 levels"),
    "an alias of itself": ({"risks": "risks: &a [*a]"}, "found the alias 'a' within"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_folder_is_refused_in_one_line(name, folder, tmp_path):
    changes, message = REFUSED[name]
    place = folder(**changes)
    done = run(place, "-o", tmp_path / "out.json")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"error: {place}")
    assert message in done.stderr
    assert not (tmp_path / "out.json").exists()


def test_a_file_in_place_of_the_folder_is_refused(folder):
    done = run(folder() / "risks.yaml")
    assert done.exit_code == 2
    assert "found no folder, expected the folder of risks.yaml and controls.yaml" in done.stderr


@pytest.mark.parametrize("text", ["0.1", "share=", "share=x", "part=0.1", "share=1.5", "share=nan"])
def test_a_universal_share_is_a_named_number_from_0_to_1(text, folder):
    done = run(folder(), "--universal", text)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "universal: found" in done.stderr
