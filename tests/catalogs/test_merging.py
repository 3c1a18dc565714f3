"""Several catalogs as one: order, what is equal, and what is not."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.catalogs import resolve_catalog
from mfmgame.catalogs.importing import AssumedNumbers, import_atlas
from mfmgame.cli.app import app
from specifications import CATALOG, changed

ATLAS = Path(__file__).parents[3] / "shared" / "data" / "atlas" / "ATLAS.yaml"
needs_atlas = pytest.mark.skipif(not ATLAS.is_file(), reason="ATLAS is not beside the project")

HOSTILE = "\"'[red]x[/red]\n\r\x1b[31m\u202e:smile:\U0001f600"


def catalog(name: str, **parts) -> mg.Catalog:
    return mg.Catalog(schema="mfmgame/catalog/1", name=name, **parts)


def threat(ident: str, /, **parts) -> dict:
    return {"id": ident, "severity": 1.0, "bandwidth": 1.0, **parts}


def pair(value: float, **parts) -> dict:
    return {"threat": "t", "defense": "d", "value": value, **parts}


def with_pair(name: str, entry: dict) -> mg.Catalog:
    return catalog(name, threats=[threat("t")], defenses=[{"id": "d"}], effectiveness=[entry])


def call(*arguments):
    return CliRunner().invoke(app, ["catalog", "merge", *map(str, arguments)])


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(merged: mg.Catalog) -> str:
        document = merged.model_dump(by_alias=True, exclude_unset=True)
        Path(f"{merged.name}.json").write_text(json.dumps(document), "utf-8")
        return f"{merged.name}.json"

    return written


class TestUnited:
    def test_techniques_of_one_bandwidth_join_and_losses_stay_apart(self):
        lock = {"id": "lock", "bandwidth": 1.0, "basis": "assumed"}
        first, last = (
            catalog(
                name,
                losses=[{"id": name, "severity": 2.0}],
                techniques=[lock | {"name": named, "source": name, "tactics": [name]}],
                threats=[{"id": f"by {name}", "loss": name, "steps": ["lock"]}],
            )
            for name, named in (("one", ""), ("other", "Pick the lock"))
        )
        merged = mg.merge_catalogs(first, last)
        assert [loss.id for loss in merged.losses] == ["one", "other"]
        [joined] = merged.techniques
        assert (joined.name, joined.source) == ("Pick the lock", "one; other")
        assert joined.tactics == ["one", "other"]

    def test_techniques_of_two_bandwidths_are_in_conflict(self):
        one, other = (
            catalog("c", techniques=[{"id": "lock", "bandwidth": bits, "name": f"{bits}"}])
            for bits in (1.0, 2.0)
        )
        with pytest.raises(mg.SpecificationError, match=r"1 conflict.*: technique 'lock': bandw"):
            mg.merge_catalogs(one, other)
        assert mg.merge_catalogs(one, other, prefer="last").techniques == other.techniques

    def test_everything_stands_in_the_order_of_the_catalogs(self):
        one = catalog(
            "one",
            source="S",
            notes=["n", "m"],
            origins=[{"name": "O", "version": "1"}],
            threats=[threat("b"), threat("a")],
            defenses=[{"id": "y"}],
            systems=[{"id": "s", "inputs": ["text"], "target_type": "encoder"}],
        )
        other = catalog(
            "other",
            source="R",
            notes=["m", "k"],
            origins=[{"name": "O", "version": "1"}, {"name": "O", "version": "2"}],
            threats=[threat("a"), threat("0")],
            defenses=[{"id": "x"}, {"id": "y"}],
            effectiveness=[{"threat": "a", "defense": "x", "value": 0.5}],
        )
        merged = mg.merge_catalogs(one, other)
        assert [entry.id for entry in merged.threats] == ["b", "a", "0"]
        assert [entry.id for entry in merged.defenses] == ["y", "x"]
        assert [entry.id for entry in merged.systems] == ["s"]
        assert [(entry.threat, entry.defense) for entry in merged.effectiveness] == [("a", "x")]
        assert (merged.name, merged.source) == ("one+other", "S; R")
        assert merged.notes == ["n", "m", "k"]
        assert [(origin.name, origin.version) for origin in merged.origins] == [
            ("O", "1"),
            ("O", "2"),
        ]

    @pytest.mark.parametrize("merged", [mg.load_catalog("mfm"), mg.Catalog(**CATALOG)])
    def test_a_catalog_with_itself_is_itself(self, merged):
        assert mg.merge_catalogs(merged) == merged
        assert mg.merge_catalogs(merged, merged, merged) == merged

    def test_another_name_may_be_given(self):
        assert mg.merge_catalogs(catalog("a"), catalog("b"), name=HOSTILE).name == HOSTILE

    def test_numbers_keep_their_basis_and_source(self):
        provenance = {"severity": {"basis": "measured", "source": "incidents"}}
        one = catalog("one", threats=[threat("a", basis="paper", source="p")])
        other = catalog(
            "other", threats=[threat("b", basis="assumed", source="q", provenance=provenance)]
        )
        merged = mg.merge_catalogs(one, other)
        assert merged.threats == [*one.threats, *other.threats]

    def test_shipped_numbers_stay_what_they_are(self):
        mfm, small = mg.load_catalog("mfm"), catalog("small", threats=[threat("a")])
        merged, alone = resolve_catalog(mg.merge_catalogs(small, mfm)), resolve_catalog(mfm)
        assert merged.threats[1:] == alone.threats
        np.testing.assert_array_equal(merged.effectiveness[1:], alone.effectiveness)

    def test_rules_of_one_side_only_are_taken(self):
        rules, plain = mg.Catalog(**CATALOG), catalog("plain", threats=[threat("a")])
        for order in [(rules, plain), (plain, rules)]:
            assert mg.merge_catalogs(*order).assumptions == rules.assumptions

    def test_nothing_to_merge_is_refused(self):
        with pytest.raises(mg.SpecificationError, match="catalogs: found none, expected one"):
            mg.merge_catalogs()


class TestEffectiveness:
    def test_equal_values_keep_all_texts_and_sources(self):
        one = with_pair("one", pair(0.5, texts=["a", "b"], basis="assumed", source="S"))
        other = with_pair("other", pair(0.5, texts=["b", "c"], basis="assumed", source="R"))
        (entry,) = mg.merge_catalogs(one, other).effectiveness
        assert entry.texts == ["a", "b", "c"]
        assert (entry.value, entry.basis, entry.source) == (0.5, "assumed", "S; R")

    @pytest.mark.parametrize("turned", [False, True])
    def test_one_without_basis_or_source_takes_those_of_the_other(self, turned):
        both = [with_pair("one", pair(0.5)), with_pair("other", pair(0.5, basis="measured"))]
        (entry,) = mg.merge_catalogs(*reversed(both) if turned else both).effectiveness
        assert (entry.value, entry.basis, entry.source) == (0.5, "measured", None)

    @pytest.mark.parametrize(
        ("entry", "conflict"),
        [
            (pair(0.25, basis="paper"), "1 conflict, .*: 't' by 'd': value 0.5 or 0.25$"),
            (pair(0.5, basis="measured"), "'t' by 'd': basis \"paper\" or \"measured\"$"),
            (pair(0.5, source="S"), '2 conflicts, .*: basis "paper" or null; .* null or "S"$'),
        ],
    )
    def test_different_values_and_bases_are_conflicts(self, entry, conflict):
        one, other = with_pair("one", pair(0.5, basis="paper")), with_pair("other", entry)
        with pytest.raises(mg.SpecificationError, match=conflict):
            mg.merge_catalogs(one, other)
        (first,) = mg.merge_catalogs(one, other, prefer="first").effectiveness
        (last,) = mg.merge_catalogs(one, other, prefer="last").effectiveness
        assert [first, last] == [*one.effectiveness, *other.effectiveness]


class TestConflicts:
    one = catalog(
        "one", threats=[threat("a"), threat("b", name="B")], defenses=[{"id": "d", "use": {"x": 1}}]
    )
    other = catalog(
        "other",
        threats=[threat("b", name="C", severity=2.5), threat("a")],
        defenses=[{"id": "d", "use": {"x": 2}}],
    )

    def test_all_are_named_in_one_line(self):
        with pytest.raises(mg.SpecificationError) as raised:
            mg.merge_catalogs(self.one, self.other)
        assert str(raised.value) == (
            "3 conflicts, expected none (or prefer the first or the last): "
            "threat 'b': name \"B\" or \"C\"; threat 'b': severity 1.0 or 2.5; "
            'defense \'d\': use {"x": 1.0} or {"x": 2.0}'
        )

    @pytest.mark.parametrize(("prefer", "severity", "use"), [("first", 1, 1), ("last", 2.5, 2)])
    def test_a_preference_takes_whole_entries_and_is_noted(self, prefer, severity, use):
        merged = mg.merge_catalogs(self.one, self.other, prefer=prefer)
        assert [entry.id for entry in merged.threats] == ["a", "b"]
        assert (merged.threats[1].severity, merged.defenses[0].use) == (severity, {"x": use})
        note = f"3 conflicts in 2 entries resolved by taking the {prefer} catalog's entry"
        assert merged.notes == [note]

    def test_of_three_the_last_wins(self):
        third = catalog("third", threats=[threat("b", severity=7.0)])
        for prefer, severity in (("first", 1.0), ("last", 7.0)):
            merged = mg.merge_catalogs(self.one, self.other, third, prefer=prefer)
            assert merged.threats[1].severity == severity

    def test_other_rules_are_a_conflict(self):
        one = mg.Catalog(**CATALOG)
        other = mg.Catalog(**changed(CATALOG, "/assumptions/goals/0/impact", 6.0))
        with pytest.raises(mg.SpecificationError, match=r"^1 conflict, .*: assumptions: goals "):
            mg.merge_catalogs(one, other)
        merged = mg.merge_catalogs(one, other, prefer="last")
        assert merged.assumptions == other.assumptions

    def test_long_values_are_shown_where_they_differ(self):
        source = "chosen by the analyst; not in ATLAS 5.1.0"
        one = catalog("one", threats=[threat("a", source=source)])
        other = catalog("two", threats=[threat("a", source=source.replace("5.1", "5.2"))])
        with pytest.raises(mg.SpecificationError, match=r"source \.\.\.LAS 5\.1\.0\" or \.\.\.LAS"):
            mg.merge_catalogs(one, other)

    def test_an_unknown_preference_is_refused(self):
        message = "prefer: found 'none', expected one of 'first', 'last'"
        with pytest.raises(mg.SpecificationError, match=message):
            mg.merge_catalogs(self.one, self.other, prefer="none")

    def test_hostile_names_make_one_line_that_is_not_cut(self):
        names = [f"{number}{HOSTILE * 9}" for number in range(30)]
        sides = [
            catalog(
                name,
                threats=[threat(one) for one in names],
                defenses=[{"id": one} for one in names],
                effectiveness=[
                    {"threat": one, "defense": one, "value": 0.5, "source": f"{HOSTILE}{name}"}
                    | ({"basis": "paper"} if name == "one" else {"basis": "measured"})
                    for one in names
                ],
            )
            for name in ("one", "two")
        ]
        with pytest.raises(mg.SpecificationError) as raised:
            mg.merge_catalogs(*sides)
        line = str(raised.value)
        assert line.startswith("60 conflicts (20 named here, 40 more), expected none ")
        assert line.isascii()
        assert line.isprintable()
        assert line.count("; ") == 19
        assert len(line) < 1900


class TestCommand:
    def test_a_file_and_a_shipped_catalog(self, write):
        own = write(catalog("own", threats=[threat("a")]))
        done = call(own, "mfm", "-o", "merged.json", "--name", "ours")
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.startswith("catalog     ours\nthreats     74, 73 of them")
        expected = mg.merge_catalogs(
            mg.load_catalog("own.json"), mg.load_catalog("mfm"), name="ours"
        )
        assert mg.load_catalog("merged.json") == expected

    def test_it_goes_to_standard_output_and_is_the_same_every_time(self, write):
        own = write(catalog("own", threats=[threat("a", name=HOSTILE)]))
        texts = [call(own, "mfm").stdout for _ in range(2)]
        assert texts[0] == texts[1]
        assert json.loads(texts[0])["name"] == "own+mfm"

    def test_conflicts_are_one_line_and_nothing_is_written(self, write):
        files = write(TestConflicts.one), write(TestConflicts.other)
        done = call(*files, "-o", "merged.json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("error: merge: 3 conflicts, expected none")
        assert done.stderr.count("\n") == 1
        assert not Path("merged.json").exists()
        done = call(*files, "-o", "merged.json", "--prefer", "last")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "note: 3 conflicts in 2 entries resolved" in done.stdout

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["mfm"], "merge: found one catalog, expected two or more"),
            (["mfm", "mmf"], "mmf: unknown catalog 'mmf', expected a known catalog"),
            (["mfm", "none.json"], "none.json: no such file"),
            (["mfm", "mfm", "--prefer", "x"], "merge: prefer: found 'x', expected one of"),
            (["mfm", "mfm", "--name", ""], "merge: /name: found '', expected "),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, arguments, message):
        done = call(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {message}")


@needs_atlas
def test_atlas_with_two_severities():
    atlas, severe = (import_atlas(ATLAS, AssumedNumbers(severity=value)) for value in (1.0, 2.0))
    assert mg.merge_catalogs(atlas, atlas) == atlas
    with pytest.raises(mg.SpecificationError, match=r"^170 conflicts \(20 named here, 150 more\)"):
        mg.merge_catalogs(atlas, severe)
    merged = mg.merge_catalogs(atlas, mg.load_catalog("mfm"), severe, prefer="last")
    assert merged.threats[:170] == severe.threats
    assert (len(merged.threats), len(merged.defenses)) == (243, 50)


def test_notes_of_a_catalog_that_gave_way_say_so():
    first, last = (
        mg.Catalog(
            schema="mfmgame/catalog/1",
            name=name,
            notes=[f"costs of {name}"],
            threats=[{"id": "t", "severity": severity, "bandwidth": 1.0}],
        )
        for name, severity in (("old", 1.0), ("new", 2.0))
    )
    assert mg.merge_catalogs(first, last, prefer="last").notes == [
        "of 'old', taken in part: costs of old",
        "costs of new",
        "1 conflict in 1 entry resolved by taking the last catalog's entry",
    ]


SHOWN = {"utility": {"shown_as": "kept_share"}}


class TestKeptShares:
    def measured(self, name: str, defense: str, **parts) -> mg.Catalog:
        share = {"kept_share": 0.9, "basis": "measured"}
        return catalog(name, defenses=[{"id": defense, "use": {"utility": share}}], **parts)

    def test_keep_their_form_and_how_they_are_shown(self):
        first = self.measured("one", "d", resources=SHOWN)
        merged = mg.merge_catalogs(first, self.measured("two", "e", resources=SHOWN))
        document = merged.to_document()
        assert document["resources"] == SHOWN
        share = {"kept_share": 0.9, "basis": "measured"}
        assert [one["use"]["utility"] for one in document["defenses"]] == [share, share]

    def test_are_refused_beside_plain_amounts_of_the_resource(self):
        shown, plain = self.measured("one", "d", resources=SHOWN), self.measured("two", "e")
        with pytest.raises(mg.SpecificationError, match="resource 'utility': shown_as"):
            mg.merge_catalogs(shown, plain)
        assert mg.merge_catalogs(shown, plain, prefer="first").to_document()["resources"]
