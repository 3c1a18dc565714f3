"""What a catalog leaves open: counted by hand, and on ATLAS."""

import json
import math
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.catalogs import resolve_catalog
from mfmgame.catalogs.gaps import groups_of
from mfmgame.catalogs.importing import import_atlas
from mfmgame.cli.app import app
from mfmgame.documents.catalog_gaps import GapsDocument
from mfmgame.view.json.answer_documents import gaps_document
from specifications import CATALOG

ATLAS = Path(__file__).parents[3] / "shared" / "data" / "atlas" / "ATLAS.yaml"
needs_atlas = pytest.mark.skipif(not ATLAS.is_file(), reason="ATLAS is not beside the project")

HOSTILE = "\"'[red]x[/red]\n\r\x1b[31m\u202e\u2066:smile:\U0001f600"

SMALL = {
    "schema": "mfmgame/catalog/1",
    "name": "small",
    "origins": [{"name": "A base", "version": "3", "date": "2026-01-02", "licence": "CC0-1.0"}],
    "threats": [
        {
            "id": "T1",
            "name": "Phish  ING",
            "class": "access",
            "tactics": ["access", "impact"],
            "severity": 2.0,
            "bandwidth": 1.0,
            "basis": "paper",
            "provenance": {"severity": {"basis": "measured", "source": "incidents"}},
            "maturity": "seen",
        },
        {"id": "T1.1", "class": "access", "parent": "T1", "severity": 1.0, "bandwidth": 1.0},
        {"id": "T2", "name": "phish ing", "severity": 3.0, "bandwidth": 2.0, "basis": "paper"},
        {"id": "T2.1", "parent": "T2", "severity": 0.0, "bandwidth": 0.0},
        {"id": "T3", "class": "access", "tactics": ["impact"], "severity": 4.0, "bandwidth": 1.0},
    ],
    "defenses": [
        {"id": "d1", "name": "D", "family": "F", "use": {"x": 1.0, "y": 2.0}, "basis": "assumed"},
        {"id": "d2", "name": "d "},
        {"id": "d3", "use": {"x": 1.0}},
    ],
    "effectiveness": [
        {"threat": "T1", "defense": "d1", "value": 0.5, "basis": "derived"},
        {"threat": "T1", "defense": "d3", "value": 0.75},
        {"threat": "T2.1", "defense": "d1", "value": 1.0, "basis": "assumed"},
        {"threat": "T2", "defense": "d2", "value": 0.0, "basis": "measured"},
    ],
}
"""T1 and T2.1 are covered: 2 of a severity of 10."""


@pytest.fixture
def small() -> mg.CatalogGaps:
    return mg.check_catalog(mg.Catalog(**SMALL))


def call(*arguments):
    done = CliRunner().invoke(app, ["catalog", *map(str, arguments)])
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(document: dict) -> str:
        Path("catalog.json").write_text(json.dumps(document), "utf-8")
        return "catalog.json"

    return written


class TestByHand:
    def test_totals(self, small):
        assert (small.threats, small.defenses, small.covered) == (5, 3, 2)
        assert (small.severity, small.covered_share) == (10.0, 0.2)

    def test_uncovered_threats_the_most_severe_first(self, small):
        assert [(one.id, one.severity, one.share) for one in small.uncovered] == [
            ("T3", 4.0, 0.4),
            ("T2", 3.0, 0.3),
            ("T1.1", 1.0, 0.1),
        ]

    def test_lists(self, small):
        assert small.idle_defenses == ("d2",)
        assert small.harmless == ("T2.1",)
        assert small.uncovered_parents == ("T2",)
        assert small.uncovered_forms == ("T1.1",)

    def test_same_names_up_to_case_and_spaces(self, small):
        assert [(found.kind, found.name, found.ids) for found in small.duplicates] == [
            ("threat", "Phish  ING", ("T1", "T2")),
            ("defense", "D", ("d1", "d2")),
        ]

    def test_bases(self, small):
        stated = {
            kind: {name: count for name, count in counts.items() if count}
            for kind, counts in small.bases.items()
        }
        assert stated == {
            "severity": {"measured": 1, "paper": 1, "not stated": 3},
            "bandwidth": {"paper": 2, "not stated": 3},
            "use": {"assumed": 2, "not stated": 1},
            "effectiveness": {"derived": 1, "assumed": 1, "measured": 1, "not stated": 1},
        }

    def test_classes(self, small):
        access, rest = small.classes
        assert (access.name, access.threats, access.covered) == ("access", 3, 1)
        assert (access.severity, access.share) == (7.0, 2 / 7)
        assert access.best == {"d3": pytest.approx(1.5 / 7), "d1": pytest.approx(1 / 7)}
        assert (rest.name, rest.threats, rest.covered, rest.share) == ("unclassified", 2, 1, 0.0)
        assert rest.best == {}

    def test_a_threat_counts_in_each_of_its_tactics(self, small):
        found = [(g.name, g.threats, g.covered, g.severity) for g in small.tactics]
        assert found == [("access", 1, 1, 2.0), ("impact", 2, 1, 6.0), (None, 3, 1, 4.0)]

    def test_an_unknown_grouping_is_refused(self):
        with pytest.raises(mg.SpecificationError, match="by: found 'name', expected one of"):
            groups_of(resolve_catalog(mg.Catalog(**SMALL)), "name")


class TestRules:
    def test_numbers_by_the_rules_count(self):
        gaps = mg.check_catalog(mg.Catalog(**CATALOG))
        assert (gaps.covered, gaps.covered_share, gaps.tactics) == (2, 1.0, ())
        assert gaps.bases["severity"]["derived"] == 1
        assert gaps.bases["severity"]["not stated"] == 1
        assert gaps.bases["effectiveness"] == {
            "measured": 0,
            "proxy": 0,
            "paper": 0,
            "derived": 1,
            "assumed": 0,
            "not stated": 1,
        }

    def test_the_shipped_catalog_rests_on_what_its_note_says(self):
        gaps = mg.check_catalog(mg.load_catalog("mfm"))
        n_assumed = gaps.bases["effectiveness"]["assumed"]
        assert gaps.notes == (
            f"rests on assumed numbers of 73 threats, 15 defenses, {n_assumed} effectiveness "
            "values",
        )
        assert gaps.bases["severity"]["assumed"] == gaps.bases["bandwidth"]["assumed"] == 73


def test_a_catalog_of_nothing_has_no_shares():
    gaps = mg.check_catalog(mg.Catalog(schema="mfmgame/catalog/1", name="none"))
    assert (gaps.threats, gaps.severity, gaps.uncovered, gaps.classes) == (0, 0.0, (), ())
    assert math.isnan(gaps.covered_share)
    assert gaps_document(gaps)["covered_share"] is None


class TestDocument:
    @pytest.mark.parametrize("document", [SMALL, CATALOG, {**CATALOG, "name": HOSTILE}])
    def test_it_follows_its_schema(self, document):
        found = gaps_document(mg.check_catalog(mg.Catalog(**document)))
        jsonschema.validate(json.loads(json.dumps(found)), mg.json_schema("gaps"))
        assert GapsDocument(**found).catalog == document["name"]

    def test_the_command_prints_it(self, write):
        file = write(SMALL)
        document = json.loads(call("check", file, "--json"))
        assert document == gaps_document(mg.check_catalog(mg.Catalog(**SMALL)))
        assert document["tactics"][-1]["name"] is None
        assert document["bases"]["use"]["not_stated"] == 1
        done = CliRunner().invoke(app, ["schema", "gaps"])
        assert json.loads(done.stdout) == mg.json_schema("gaps")


class TestText:
    def test_totals_come_first(self, write):
        lines = call("check", write(SMALL)).splitlines()
        assert [line.split() for line in lines[:4]] == [
            ["catalog", "small"],
            ["threats", "5,", "2", "of", "them", "covered", "by", "a", "defense"],
            ["severity", "10,", "0.200", "covered"],
            ["defenses", "3,", "1", "without", "a", "threat", "to", "cover"],
        ]
        assert "covered by no defense: 3" in lines
        assert "not covered, although a form of the threat is: 1" in lines

    def test_long_lists_are_cut_unless_all_is_asked_for(self, write):
        threats = [{"id": f"t{n}", "severity": 1.0, "bandwidth": 1.0} for n in range(25)]
        file = write({"schema": "mfmgame/catalog/1", "name": "many", "threats": threats})
        cut, whole = call("check", file), call("check", file, "--all")
        assert "\n  and 5 more (--all lists them)\n" in cut
        assert "  t19 " in cut
        assert "  t20 " not in cut
        assert "  t24 " in whole
        assert "more (" not in whole

    @pytest.mark.parametrize("command", [["check"], ["show"], ["show", "--by", "tactic"]])
    def test_hostile_names_reach_it_escaped(self, command, write):
        threat = {"id": HOSTILE, "name": HOSTILE, "class": HOSTILE, "tactics": [HOSTILE]}
        other = {**threat, "id": "other", "parent": HOSTILE, "maturity": HOSTILE}
        file = write(
            {
                **SMALL,
                "name": HOSTILE,
                "source": HOSTILE,
                "notes": [HOSTILE],
                "origins": [dict.fromkeys(("name", "version", "date", "licence", "url"), HOSTILE)],
                "threats": [one | {"severity": 1.0, "bandwidth": 1.0} for one in (threat, other)],
                "defenses": [{"id": HOSTILE, "family": HOSTILE, "use": {HOSTILE: 1.0}}],
                "effectiveness": [{"threat": "other", "defense": HOSTILE, "value": 0.5}],
            }
        )
        text = call(*command, file)
        assert all(letter.isprintable() or letter == "\n" for letter in text)
        assert "[red]x[/red]" in text
        assert "\\u202e" in text

    def test_show_by_class(self, write):
        lines = call("show", write(SMALL), "--by", "class").splitlines()
        assert lines[:2] == ["small", "from A base 3 (2026-01-02), CC0-1.0"]
        rows = [line.split() for line in lines if line.startswith("  ")]
        assert rows[1] == ["access", "3", "1", "7", "0.286", "d3", "0.214,", "d1", "0.143"]
        assert rows[2] == ["unclassified", "2", "1", "3", "0.000", "-"]

    def test_show_by_tactic_says_so_where_there_is_none(self):
        assert "\nno threat has a tactic\n" in call("show", "mfm", "--by", "tactic")

    def test_show_has_what_an_imported_catalog_says(self, write):
        text = call("show", write(SMALL))
        headings = [line.split() for line in text.splitlines() if line.startswith("  ")]
        form = ["form", "of"]
        columns = ["threat", "name", "class", "tactics", "maturity", *form, "severity", "bits"]
        assert headings[0] == [*columns, "basis"]
        assert ["defense", "name", "family", "x", "y", "covers", "basis"] in headings
        assert "from A base 3 (2026-01-02), CC0-1.0" in text

    def test_show_of_the_shipped_catalog_stays_as_it_was(self):
        text = call("show", "mfm")
        headings = text.split("defenses\n")[1].splitlines()[0].split()
        assert headings[:2] == ["defense", "name"]
        assert "family" not in headings

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["show", "mfm", "--by", "x"], "mfm: by: found 'x', expected one of 'class', 'tactic'"),
            (["show", "mfm", "--by", "class", "--json"], "mfm: --by: found with --json, expected"),
            (["check", "none.json"], "none.json: no such file"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, arguments, message):
        done = CliRunner().invoke(app, ["catalog", *arguments])
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {message}")


@needs_atlas
def test_atlas():
    atlas = import_atlas(ATLAS)
    gaps = mg.check_catalog(atlas)
    assert (gaps.threats, len(gaps.uncovered), gaps.covered) == (170, 96, 74)
    assert gaps.idle_defenses == ()
    assert gaps.bases["effectiveness"]["assumed"] == len(atlas.effectiveness)
    assert sum(group.threats for group in gaps.classes) == 170
    assert gaps == mg.check_catalog(atlas)
