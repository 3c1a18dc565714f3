"""MITRE ATLAS from its YAML: what is read, what is left out, and what is refused."""

import collections
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.catalogs.importing import AssumedNumbers, import_atlas
from mfmgame.cli.app import app

ATLAS = Path(__file__).parents[3] / "shared" / "data" / "atlas" / "ATLAS.yaml"

SMALL = """
id: TINY
version: 1.2.0
matrices:
- id: TINY
  tactics:
  - {id: TT1, name: Getting in}
  - {id: TT2, name: Staying in}
  techniques:
  - id: T1
    name: Guess the password
    tactics: [TT2, TT1]
    maturity: realized
    modified_date: 2026-03-01
    ATT&CK-reference: {id: A1, url: "https://example.org/A1"}
  - id: T1.001
    name: Guess it by machine
    subtechnique-of: T1
    modified_date: 2026-04-01
  - id: T2
    name: Ask for it
    tactics: [TT9]
  mitigations:
  - id: M1
    name: Longer passwords
    category: [Policy]
    ml-lifecycle: [Deployment, {id: T2, use: in the wrong place}]
    techniques:
    - {id: T1, use: "Harder to guess.\\n"}
    - {id: T1, use: "Slower, too."}
    - {id: T1, use: "Slower, too."}
    - {id: T7, use: Not in the file.}
  - id: M2
    name: Lock the account
    category: [Policy, Technical]
    techniques:
    - {id: T1.001}
"""


def read(text: str, tmp_path: Path, numbers: AssumedNumbers | None = None) -> mg.Catalog:
    file = tmp_path / "atlas.yaml"
    file.write_text(text, encoding="utf-8")
    return import_atlas(file, numbers)


def pairs(catalog: mg.Catalog) -> dict[tuple[str, str], float]:
    return {(entry.threat, entry.defense): entry.value for entry in catalog.effectiveness}


class TestWhatIsRead:
    @pytest.fixture
    def catalog(self, tmp_path) -> mg.Catalog:
        return read(SMALL, tmp_path)

    def test_techniques_are_threats_with_tactics_by_name(self, catalog):
        first = catalog.threats[0]
        assert (first.id, first.name, first.maturity) == ("T1", "Guess the password", "realized")
        assert first.tactics == ["Staying in", "Getting in"]
        assert first.threat_class == "Staying in"
        assert first.references[0].model_dump() == {
            "source": "ATT&CK",
            "id": "A1",
            "url": "https://example.org/A1",
        }

    def test_a_sub_technique_has_the_tactics_of_its_parent(self, catalog):
        child = catalog.threats[1]
        assert (child.parent, child.threat_class) == ("T1", "Staying in")

    def test_an_unknown_tactic_keeps_its_id(self, catalog):
        assert catalog.threats[2].tactics == ["TT9"]

    def test_mitigations_are_defenses_with_lifecycle_and_categories(self, catalog):
        first = catalog.defenses[0]
        assert (first.id, first.lifecycle, first.categories) == ("M1", ["Deployment"], ["Policy"])
        assert first.use == {"budget": 1.0}

    def test_a_pair_that_stands_twice_is_one_with_both_texts(self, catalog):
        entry = catalog.effectiveness[0]
        assert entry.texts == ["Harder to guess.", "Slower, too."]
        assert pairs(catalog) == {("T1", "M1"): 0.5, ("T1.001", "M2"): 0.5}

    def test_what_is_left_out_is_counted(self, catalog):
        assert catalog.notes == [
            "TINY 1.2.0 is in format 5, which is no longer updated: later releases have format 6",
            "left out: 1 link to techniques that are not in the file",
            "left out: 1 entry of ml-lifecycle that are no stages, of M1",
            "TINY 1.2.0 has no severities: every threat costs 1",
            "TINY 1.2.0 has no bandwidths: every threat needs 1 bit",
            "TINY 1.2.0 has no effectiveness: a defense stops 0.5 of what it acts on",
            "TINY 1.2.0 has no costs: every defense uses 1 of 'budget' at level 1",
        ]

    def test_a_version_keeps_its_zeros(self, tmp_path):
        assert read(SMALL.replace("1.2.0", "5.10"), tmp_path).origins[0].version == "5.10"

    def test_the_origin_is_kept(self, catalog):
        assert catalog.origins[0].model_dump(exclude_defaults=True) == {
            "name": "TINY",
            "version": "1.2.0",
            "date": "2026-04-01",
            "licence": "Apache-2.0",
            "url": "https://atlas.mitre.org",
        }

    def test_every_number_is_marked_as_assumed(self, catalog):
        entries = [*catalog.threats, *catalog.defenses, *catalog.effectiveness]
        assert {entry.basis for entry in entries} == {"assumed"}
        assert all(entry.source for entry in entries)


class TestParents:
    def test_an_id_with_a_dot_says_it_where_nothing_else_does(self, tmp_path):
        catalog = read(SMALL.replace("subtechnique-of", "form-of"), tmp_path)
        assert (catalog.threats[1].parent, catalog.threats[1].threat_class) == ("T1", "Staying in")

    def test_a_parent_that_is_not_there_is_counted(self, tmp_path):
        catalog = read(SMALL.replace("subtechnique-of: T1", "subtechnique-of: T8"), tmp_path)
        assert "1 sub-technique of techniques that are not in the file" in catalog.notes

    def test_what_is_inherited_is_counted(self, tmp_path):
        catalog = read(SMALL, tmp_path, AssumedNumbers(inherit=True))
        assert "1 pair inherited from a parent technique" in catalog.notes


class TestNumbersOfTheAnalyst:
    def test_effectiveness_by_category_is_the_greatest_of_them(self, tmp_path):
        numbers = AssumedNumbers(effectiveness=0.1, by_category={"Policy": 0.3, "Technical": 0.6})
        assert pairs(read(SMALL, tmp_path, numbers)) == {("T1", "M1"): 0.3, ("T1.001", "M2"): 0.6}

    def test_sub_techniques_may_inherit(self, tmp_path):
        catalog = read(SMALL, tmp_path, AssumedNumbers(inherit=True))
        assert ("T1.001", "M1") in pairs(catalog)
        assert catalog.effectiveness[-1].texts == ["inherited from T1"]

    def test_severity_bandwidth_and_cost(self, tmp_path):
        catalog = read(SMALL, tmp_path, AssumedNumbers(severity=2.0, bandwidth=3.0, cost=4.0))
        assert {(threat.severity, threat.bandwidth) for threat in catalog.threats} == {(2.0, 3.0)}
        assert catalog.defenses[0].use == {"budget": 4.0}

    @pytest.mark.parametrize(
        ("numbers", "message"),
        [
            (AssumedNumbers(effectiveness=1.5), "effectiveness: found 1.5, expected 0 to 1"),
            (AssumedNumbers(effectiveness=float("nan")), "effectiveness: found nan"),
            (AssumedNumbers(by_category={"Polcy": 0.5}), "did you mean 'Policy'?"),
            (
                AssumedNumbers(by_category={"Policy": -1.0}),
                "found -1.0 of 'Policy', expected 0 to 1",
            ),
            (AssumedNumbers(severity=-1.0), "severity: found -1.0, expected at least 0"),
            (
                AssumedNumbers(bandwidth=float("inf")),
                "bandwidth: found inf, expected at most 1e+100",
            ),
            (AssumedNumbers(cost=-2.0), "cost: found -2.0, expected at least 0"),
        ],
    )
    def test_a_number_out_of_its_range_is_refused(self, numbers, message, tmp_path):
        with pytest.raises(mg.SpecificationError) as caught:
            read(SMALL, tmp_path, numbers)
        assert message in str(caught.value)


@pytest.mark.skipif(not ATLAS.exists(), reason="the file of ATLAS 5.6.0 is not beside the project")
class TestAtlas560:
    def test_counts_agree_with_a_plain_reading(self):
        matrix = yaml.safe_load(ATLAS.read_text(encoding="utf-8"))["matrices"][0]
        catalog = import_atlas(ATLAS)
        assert [threat.id for threat in catalog.threats] == [t["id"] for t in matrix["techniques"]]
        links = collections.Counter(
            (use["id"], mitigation["id"])
            for mitigation in matrix["mitigations"]
            for use in mitigation["techniques"]
        )
        assert (links.total(), len(links)) == (246, 244)
        assert pairs(catalog).keys() == links.keys()
        assert (len(catalog.threats), len(catalog.defenses)) == (170, 35)
        assert len({entry.threat for entry in catalog.effectiveness}) == 74

    def test_it_solves_and_its_answer_is_verified(self, tmp_path):
        run = CliRunner().invoke(
            app, ["catalog", "import", "atlas", str(ATLAS), "-o", str(tmp_path / "atlas.json")]
        )
        assert run.exit_code == 0
        assert "170, 74 of them covered by a defense" in run.stdout
        scenario = tmp_path / "scenario.json"
        scenario.write_text(
            json.dumps(
                {
                    "schema": "mfmgame/scenario/1",
                    "catalog": "atlas.json",
                    "attacker": {"bandwidth": 120.0},
                    "defender": {"limits": {"budget": 8.0}},
                }
            )
        )
        game = mg.build_game(mg.load_scenario(scenario))
        solution = mg.solve(game)
        assert mg.verify(solution, game).gap <= 1e-9
        assert 96.0 < solution.value < 120.0

    def test_the_same_file_gives_the_same_bytes(self, tmp_path):
        outputs = [tmp_path / "one.json", tmp_path / "two.json"]
        for output in outputs:
            CliRunner().invoke(app, ["catalog", "import", "atlas", str(ATLAS), "-o", str(output)])
        assert outputs[0].read_bytes() == outputs[1].read_bytes()


NAMES = ["a\"b'c", "new\nline", "\u202eright to left", "[red]x[/red]", "<script>", "x" * 5000, "😀"]


@pytest.mark.parametrize("name", NAMES)
def test_any_id_survives_the_way_to_a_file_and_back(name, tmp_path):
    document = yaml.safe_load(SMALL)
    matrix = document["matrices"][0]
    matrix["techniques"][0]["id"] = matrix["techniques"][1]["subtechnique-of"] = name
    matrix["mitigations"][0] |= {"id": name + "!", "techniques": [{"id": name}]}
    source, output = tmp_path / "atlas.yaml", tmp_path / "atlas.json"
    source.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    run = CliRunner().invoke(app, ["catalog", "import", "atlas", str(source), "-o", str(output)])
    assert run.exit_code == 0
    catalog = mg.load_catalog(str(output))
    assert catalog.threats[0].id == catalog.threats[1].parent == name
    assert (name, name + "!") in pairs(catalog)


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "empty": ("", "found no list of matrices"),
    "a list": ("- 1\n- 2\n", "found no list of matrices"),
    "the newer layout": ("id: ATLAS\ntactics: []\n", "mfmgame catalog import attack"),
    "matrices by name": ("id: A\nmatrices: {a: b}\n", "found no list of matrices"),
    "a billion laughs": (bomb(12), "aliases written out"),
    "within itself": ("a: &a [*a]\n", "line 1: found the alias 'a' within or before its anchor"),
    "no such anchor": ("a: *b\n", "found the alias 'b' within"),
    "too deep": ("a: " + "[" * 3000 + "]" * 3000, "nested deeper than 100 levels"),
    "an object of Python": (
        "a: !!python/object/apply:os.system [ls]\n",
        "not YAML of plain values",
    ),
    "a key that stands twice": (SMALL.replace("version: 1.2.0", "id: B"), "duplicate key 'id'"),
    "two documents": (SMALL + "---\n" + SMALL, "not YAML of plain values"),
    "a tab": ("a:\n\t- b\n", "line 2, column 1: not YAML of plain values"),
    "not UTF-8": (b"id: \xff\xfe\n", "not YAML of plain values"),
    "a control character": ("id: 'a\x07'\n", "not YAML of plain values"),
    "an id that is a number": (SMALL.replace("id: T2\n", "id: 7\n"), "/matrices/0/techniques/2/id"),
    "an id that is null": (SMALL.replace("id: T2\n", "id: null\n"), "/matrices/0/techniques/2/id"),
    "an empty id": (SMALL.replace("id: T2\n", "id: ''\n"), "expected at least one character"),
    "an id that stands twice": (SMALL.replace("id: T2\n", "id: T1\n"), "duplicate id 'T1'"),
    "techniques that are text": ("id: A\nmatrices: [{techniques: x}]\n", "expected a list"),
    "a link without an id": (
        SMALL.replace("{id: T1.001}", "{use: x}"),
        "missing, expected a value",
    ),
    "no techniques": ("id: A\nmatrices: [{}]\n", "found no techniques in its matrices"),
    "a technique below itself": (
        SMALL.replace("id: T1\n", "id: T1\n    subtechnique-of: T1.001\n"),
        "expected no circle of sub-techniques",
    ),
    "an unhashable key": ("? [a]\n: b\n", "not YAML of plain values"),
    "a great integer": ("id: A\nversion: " + "9" * 5000 + "\nmatrices: []\n", "digits"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name, tmp_path):
    content, message = HOSTILE[name]
    source, output = tmp_path / "atlas.yaml", tmp_path / "atlas.json"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    output.write_text("as it was")
    run = CliRunner().invoke(app, ["catalog", "import", "atlas", str(source), "-o", str(output)])
    assert run.exit_code == 2
    assert run.stderr.startswith(f"error: {source}: ")
    assert message in run.stderr
    assert run.stderr.count("\n") == 1
    assert output.read_text() == "as it was"


@pytest.mark.parametrize("levels", [101, 999, 1000, 1001, 50_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", ""), ("[", "")])
@pytest.mark.parametrize("compiled", [True, False])
def test_deep_nesting_is_refused_in_the_same_words(
    compiled, opening, closing, levels, tmp_path, monkeypatch
):
    if not compiled:
        monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    source = tmp_path / "atlas.yaml"
    source.write_text(f"{opening * levels}1{closing * levels}")
    with pytest.raises(mg.SpecificationError) as caught:
        mg.import_atlas(source)
    assert str(caught.value) == f"{source}: nested deeper than 100 levels"


def test_words_of_the_file_are_not_taken_for_deep_nesting(tmp_path):
    source = tmp_path / "atlas.yaml"
    source.write_text("a: !nesting b\n")
    with pytest.raises(mg.SpecificationError, match="could not determine a constructor"):
        mg.import_atlas(source)
