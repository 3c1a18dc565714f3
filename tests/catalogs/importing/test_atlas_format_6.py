"""Format 6 of ATLAS, beside format 5: the same content, the choice of techniques, refusals."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "atlas"
ATLAS_5, ATLAS_6 = FOLDER / "ATLAS.yaml", FOLDER / "v6" / "ATLAS-5.6.0-in-format-6.yaml"
needs_both = pytest.mark.skipif(
    not (ATLAS_5.exists() and ATLAS_6.exists()),
    reason="ATLAS 5.6.0 in both formats is not beside the project",
)

SMALL = """
format-version: 6.1.0
collection: {name: TINY, version: 2026.10, modified-date: 2026-10-01}
matrix: {id: TINY-matrix}
tactics:
  TT1: {id: TT1, name: Getting in, created-date: 2020-01-01}
  TT2: {id: TT2, name: Staying in}
techniques:
  T1:
    {id: T1, name: Guess the password, maturity: Realized, platforms: [Enterprise, Agentic AI],
     attack-reference: {id: A1, url: "https://example.org/A1"}}
  T1.001: {id: T1.001, name: Guess it by machine, maturity: Feasible, platforms: [Agentic AI]}
  T2: {name: Ask for it, maturity: null, platforms: null, references: null}
mitigations:
  M1: {id: M1, name: Longer passwords, categories: [Policy], lifecycle-phases: [Deployment]}
  M2: {id: M2, name: Lock the account}
case-studies:
  CS1: {id: CS1, type: Incident, date: null}
relationships:
  TINY-matrix:
    sequences: [{source: TINY-matrix, target: TT2, relationship-type: sequences, position: 1}]
  OTHER-matrix: {sequences: [{source: OTHER-matrix, target: TT1, position: 1}]}
  M2: {mitigates: [{source: M2, target: T1.001, description: null}]}
  M1:
    mitigates:
    - {source: M1, target: T1, description: "Harder to guess.\\n"}
    - {source: M1, target: T1, description: "Slower, too."}
  T1: {achieves: [{source: T1, target: TT2}, {target: TT1}], invents: {of-a-new-type: 1}}
  T1.001: {specializes: [{source: T1.001, target: T1}], achieves: null}
  CS1: {employs: [{source: CS1, target: T1, tactic: TT1, step-id: S00, leads-to: [S01]}]}
"""


def read(text: str, tmp_path: Path, *arguments, **options) -> mg.Catalog:
    file = tmp_path / "atlas.yaml"
    file.write_text(text, encoding="utf-8")
    return mg.import_atlas(file, *arguments, **options)


def pairs(catalog: mg.Catalog) -> dict[tuple[str, str], list[str]]:
    return {(entry.threat, entry.defense): entry.texts for entry in catalog.effectiveness}


def run(*arguments):
    return CliRunner().invoke(app, ["catalog", "import", "atlas", *map(str, arguments)])


class TestWhatIsRead:
    @pytest.fixture
    def catalog(self, tmp_path) -> mg.Catalog:
        return read(SMALL, tmp_path)

    def test_techniques_have_tactics_by_name_and_parents_of_relationships(self, catalog):
        assert [
            (one.id, one.threat_class, one.tactics, one.parent, one.maturity)
            for one in catalog.threats
        ] == [
            ("T1", "Staying in", ["Staying in", "Getting in"], None, "realized"),
            ("T1.001", "Staying in", ["Staying in", "Getting in"], "T1", "feasible"),
            ("T2", "unclassified", [], None, ""),
        ]
        assert catalog.threats[0].references[0].id == "A1"

    def test_links_follow_the_order_of_the_mitigations(self, catalog):
        assert pairs(catalog) == {
            ("T1", "M1"): ["Harder to guess.", "Slower, too."],
            ("T1.001", "M2"): [],
        }
        first = catalog.defenses[0]
        assert (first.id, first.lifecycle, first.categories) == ("M1", ["Deployment"], ["Policy"])

    def test_a_note_says_the_release_and_the_format(self, catalog):
        assert catalog.notes[0] == "TINY 2026.10 is in format 6.1.0"
        origin = catalog.origins[0]
        assert (origin.name, origin.version, origin.date) == ("TINY", "2026.10", "2026-10-01")

    def test_relationships_with_an_end_outside_the_file_are_counted(self, tmp_path):
        text = SMALL + (
            "  M9: {mitigates: [{target: T1}]}\n"
            "  T9: {achieves: [{target: TT1}], specializes: [{target: T1}]}\n"
            "  T2: {achieves: [{target: TT9}], specializes: [{target: T8}]}\n"
        )
        text = text.replace("target: T1.001, description", "target: T7, description")
        catalog = read(text, tmp_path)
        assert catalog.notes[1:5] == [
            "left out: 1 link to techniques that are not in the file",
            "1 sub-technique of techniques that are not in the file",
            "left out: 3 relationships of techniques or mitigations that are not in the file",
            "kept: 1 relationship to tactics that are not in the file",
        ]
        assert catalog.threats[2].tactics == ["TT9"]


@needs_both
def test_both_formats_of_one_release_give_the_same_entries():
    five, six = mg.import_atlas(ATLAS_5), mg.import_atlas(ATLAS_6)
    for part in ("threats", "defenses", "effectiveness"):
        entries = [
            [entry.model_dump(exclude={"source"}) for entry in getattr(catalog, part)]
            for catalog in (five, six)
        ]
        assert entries[0] == entries[1]
    assert "which is no longer updated" in five.notes[0]
    assert "is in format 6" in six.notes[0]


class TestSelection:
    @pytest.mark.parametrize(
        ("options", "ids"),
        [
            ({"platforms": ["Enterprise"]}, ["T1"]),
            ({"platforms": ["agentic ai"]}, ["T1", "T1.001"]),
            ({"platforms": ["Enterprise", "Agentic AI"]}, ["T1", "T1.001"]),
            ({"maturities": ["realized"]}, ["T1"]),
            ({"maturities": ("Realized", "Feasible")}, ["T1", "T1.001"]),
            ({"maturities": ["feasible"], "platforms": ["Agentic AI"]}, ["T1.001"]),
        ],
    )
    def test_techniques_are_kept_by_platform_and_maturity(self, options, ids, tmp_path):
        catalog = read(SMALL, tmp_path, **options)
        assert [threat.id for threat in catalog.threats] == ids
        assert {entry.threat for entry in catalog.effectiveness} <= set(ids)
        assert len(catalog.defenses) == 2

    def test_what_is_left_out_is_counted(self, tmp_path):
        catalog = read(SMALL, tmp_path, platforms=["Agentic AI"], maturities=["Feasible"])
        assert catalog.notes[1:3] == [
            "left out: 1 technique of platforms other than 'Agentic AI'",
            "left out: 1 technique of maturities other than 'Feasible'",
        ]

    def test_a_parent_that_is_left_out_hands_its_links_down(self, tmp_path):
        numbers = mg.AssumedNumbers(inherit=True)
        catalog = read(SMALL, tmp_path, numbers, maturities=["feasible"])
        assert pairs(catalog) == {("T1.001", "M2"): [], ("T1.001", "M1"): ["inherited from T1"]}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                ["--platform", "Agentic"],
                "platforms: unknown platform 'Agentic', expected one of 'Predictive AI', "
                "'Generative AI', 'Agentic AI', 'Enterprise'",
            ),
            (
                ["--maturity", "real"],
                "maturities: unknown maturity 'real', expected one of 'feasible', "
                "'demonstrated', 'realized'",
            ),
            (
                ["--platform", "Predictive AI"],
                "platforms: found 'Predictive AI', which leaves no technique",
            ),
        ],
    )
    def test_an_unknown_or_empty_choice_is_refused(self, options, message, tmp_path):
        file = tmp_path / "atlas.yaml"
        file.write_text(SMALL)
        done = run(file, *options)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith(f"error: {file}: {message}")

    def test_format_5_has_maturities_but_no_platforms(self, tmp_path):
        text = (
            "id: ATLAS\nversion: 1.0.0\nmatrices: [{techniques: [{id: T1, maturity: realized}, "
            "{id: T2, maturity: feasible}]}]\n"
        )
        assert len(read(text, tmp_path, maturities=["Feasible"]).threats) == 1
        with pytest.raises(mg.SpecificationError) as caught:
            read(text, tmp_path, platforms=["Enterprise"])
        assert "ATLAS 1.0.0 states no platforms; files of format 6 do" in str(caught.value)


def changed(*replacement: str) -> str:
    text = SMALL.replace(*replacement)
    assert text != SMALL
    return text


REFUSED = {
    "a path": ("v6/ATLAS-2026.06.yaml", "found only a path to another file, 'v6/ATLAS-2026.06.y"),
    "format 7": (changed("6.1.0", "7.0.0"), "/format-version: found '7.0.0', expected format 5"),
    "no version": (changed("6.1.0", "null"), "/format-version: found null"),
    "versions": (changed("6.1.0", "[6]"), "/format-version: found a list"),
    "techniques in a list": ("format-version: 6\ntechniques: []\n", "/techniques: found a list"),
    "no techniques": ("format-version: 6.0.0\n", "/techniques: found no techniques"),
    "an id that is a number": ("format-version: 6\ntechniques: {1: {}}\n", "/techniques/1: found"),
    "an entry that is null": ("format-version: 6\ntechniques: {T1: }\n", "/techniques/T1: found"),
    "another id": (changed("{id: M2", "{id: M3"), "/mitigations/M2/id: found 'M3', expected 'M2'"),
    "another source": (
        changed("source: M2", "source: M1"),
        "/relationships/M2/mitigates/0/source: found 'M1', expected 'M2'",
    ),
    "relationships in a list": (
        "format-version: 6\ntechniques: {T1: {}}\nrelationships: []\n",
        "/relationships: found a list, expected an object",
    ),
    "a relationship without a target": (
        changed("{target: TT1}", "{position: 1}"),
        "/relationships/T1/achieves/1/target: missing",
    ),
    "a description that is a list": (
        changed('"Slower, too."', "[x]"),
        "/relationships/M1/mitigates/1/description: found a list",
    ),
    "a circle": (
        changed("invents: {of-a-new-type: 1}", "specializes: [{target: T1.001}]"),
        "found the technique 'T1' below itself",
    ),
    "a key twice": (changed("  T2: {name", "  T1: {name"), "duplicate key 'T1'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_file_is_refused_in_one_line(name, tmp_path):
    text, message = REFUSED[name]
    file = tmp_path / "atlas.yaml"
    file.write_text(text)
    done = run(file, "-o", tmp_path / "out.json")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {file}: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.json").exists()
