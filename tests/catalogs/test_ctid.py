"""Mappings of CTID to ATT&CK: what is read, what it counts as, and what is refused."""

import copy
import json
import math
from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.catalogs.importing import AssumedNumbers, MappingScores, import_ctid, kev_weights
from mfmgame.catalogs.importing.ctid import read_ctid
from mfmgame.catalogs.weighing import weighed
from mfmgame.cli.app import app
from mfmgame.documents.catalog import Catalog

AWS = Path(__file__).parents[3] / "shared" / "data" / "ctid" / "aws_attack-16.1.json"


def row(capability="wall", technique="T1000", category=None, value=None, **more):
    """A row as the editor writes it today."""
    scored = {"score_category": category, "score_value": value} if category else {}
    return {
        "capability_id": capability,
        "capability_description": (capability or "").title(),
        "mapping_type": "technique_scores" if category else "mitigates",
        "attack_object_id": technique,
        "attack_object_name": f"Name of {technique}",
        "capability_group": "outside",
        "references": ["https://example.org"],
        "status": "complete",
        **scored,
        **more,
    }


def mapping(*rows, **metadata):
    return {
        "metadata": {
            "mapping_version": "",
            "technology_domain": "enterprise",
            "attack_version": "16.1",
            "mapping_framework": "aws",
            "mapping_framework_version": "1/2/2024",
            "author": None,
            "creation_date": "01/01/2020",
            "last_update": "03/04/2025",
            "mapping_types": {
                "technique_scores": {"name": "Technique MappingScores", "description": ""},
                "mitigates": {"name": "Mitigates", "description": ""},
            },
            "capability_groups": {"outside": "Around the house"},
            **metadata,
        },
        "mapping_objects": list(rows),
    }


NOT_MAPPABLE = row("moat", None, mapping_type="non_mappable", status="non_mappable") | {
    "attack_object_name": None
}
SCORED = mapping(
    row("wall", "T1000", "protect", "partial", comments="High.\n"),
    row("wall", "T1000", "detect", "minimal", comments="Squeaks."),
    row("wall", "T1000.001", "protect", "significant"),
    row("dog", "T1000", "detect", "significant", comments="Barks.", capability_group="inside"),
    row("dog", "T1000", "respond", "significant", comments="Barks."),
    NOT_MAPPABLE,
)
KEV = mapping(
    row("CVE-1", "T1000", mapping_type="exploitation_technique"),
    row("CVE-1", "T1000", mapping_type="primary_impact"),
    row("CVE-1", "T1001", mapping_type="secondary_impact"),
    row("CVE-2", "T1000", mapping_type="primary_impact"),
    row("CVE-2", "T1000.001", mapping_type="uncategorized"),
    mapping_framework="kev",
)


@pytest.fixture
def put(tmp_path):
    """Write a document to a file."""

    def write(document, name="mapping.json") -> Path:
        file = tmp_path / name
        file.write_text(json.dumps(document), encoding="utf-8")
        return file

    return write


@pytest.fixture
def read(put):
    def imported(document, numbers=None, scores=None) -> Catalog:
        return import_ctid(put(document), numbers, scores)

    return imported


def pairs(catalog: Catalog) -> dict[tuple[str, str], float]:
    return {(entry.threat, entry.defense): entry.value for entry in catalog.effectiveness}


def run(*arguments):
    return CliRunner().invoke(app, ["catalog", "import", "ctid", *map(str, arguments)])


class TestWhatIsRead:
    @pytest.fixture
    def catalog(self, read) -> Catalog:
        return read(SCORED)

    def test_techniques_are_threats_in_the_order_of_the_file(self, catalog):
        assert [(t.id, t.name, t.parent, t.tactics) for t in catalog.threats] == [
            ("T1000", "Name of T1000", None, []),
            ("T1000.001", "Name of T1000.001", "T1000", []),
        ]

    def test_capabilities_that_map_to_something_are_defenses(self, catalog):
        assert [(d.id, d.name, d.family) for d in catalog.defenses] == [
            ("wall", "Wall", "Around the house"),
            ("dog", "Dog", "inside"),
        ]

    def test_what_cannot_be_mapped_is_left_out_and_counted(self, catalog):
        assert catalog.notes[:2] == [
            "left out: 1 row that cannot be mapped",
            "left out: 1 capability without a row that counts",
        ]

    def test_name_and_origin(self, catalog):
        assert catalog.name == "aws-attack-16.1"
        assert catalog.origins[0].model_dump(exclude_defaults=True) == {
            "name": "AWS",
            "version": "1/2/2024 for ATT&CK 16.1",
            "date": "03/04/2025",
            "licence": "Apache-2.0",
            "url": "https://center-for-threat-informed-defense.github.io/mappings-explorer/",
            "domains": {"enterprise-attack": "16.1"},
        }

    def test_another_domain_stands_in_the_name(self, read):
        catalog = read(mapping(row(), technology_domain="mobile", last_update=None))
        assert catalog.name == "aws-attack-16.1-mobile"
        assert catalog.origins[0].version == "1/2/2024 for ATT&CK 16.1 (mobile)"
        assert catalog.origins[0].date == "01/01/2020"

    def test_a_file_of_mobile_may_name_techniques_of_enterprise(self, read):
        """As that of KEV does: the numbers of mobile techniques start at 1398."""
        names = ["T1397", "T1398", "T1456.001", "T0800", "other"]
        catalog = read(
            mapping(*(row(technique=name) for name in names), technology_domain="Mobile")
        )
        assert [threat.domain for threat in catalog.threats] == [
            "enterprise-attack",
            "mobile-attack",
            "mobile-attack",
            "ics-attack",
            None,
        ]
        assert catalog.origins[0].domains == {
            "enterprise-attack": "16.1",
            "mobile-attack": "16.1",
            "ics-attack": "16.1",
        }

    def test_texts_are_kept_once_and_the_source_says_the_scores(self, catalog):
        by_pair = {(e.threat, e.defense): e for e in catalog.effectiveness}
        assert by_pair["T1000", "wall"].texts == ["High.", "Squeaks."]
        assert by_pair["T1000", "dog"].texts == ["Barks."]
        assert by_pair["T1000", "wall"].source == (
            "protect partial, detect minimal of AWS 1/2/2024 for ATT&CK 16.1; weights assumed"
        )
        assert {entry.basis for entry in catalog.effectiveness} == {"assumed"}

    def test_the_weights_stand_in_one_note(self, catalog):
        assert [note for note in catalog.notes if "weights" in note] == [
            "weights of scores, assumed: protect 1, detect 0.5, respond 0.5; times minimal 0.2, "
            "partial 0.5, significant 0.8; the best of several counts"
        ]

    @pytest.mark.parametrize(
        ("extra", "note"),
        [
            (row("dog", None), "left out: 1 row without a technique"),
            (row("dog", " "), "left out: 1 row without a technique"),
            (row(None), "left out: 1 row without a capability"),
            (row("dog", mapping_type=None), "left out: 1 row without a mapping type"),
            (row("dog", mapping_type=[]), "left out: 1 row without a mapping type"),
            (
                row("dog", "T1", "protect"),
                "left out: 1 row without a category and a score",
            ),
            (
                row("dog", score_value="partial"),
                "left out: 1 row without a category and a score",
            ),
            (
                row("dog", mapping_type="technique_scores"),
                "left out: 1 row without a category and a score",
            ),
            (
                row("dog", mapping_type="related_to"),
                "left out: 1 row related to a technique but no defense against it",
            ),
            (row("dog", mapping_type="primary_impact"), "left out: 1 row of vulnerabilities"),
            (row(status="participant_review"), "kept: 1 row of status 'participant_review'"),
            (row(attack_version="15.1"), "kept: 1 row of another version of ATT&CK"),
        ],
    )
    def test_a_row_that_is_not_plain_is_counted(self, extra, note, read):
        catalog = read(mapping(row(), extra))
        assert note in catalog.notes
        assert pairs(catalog) == {("T1000", "wall"): 0.5}

    def test_a_technique_that_nothing_maps_to_is_a_threat_without_a_defense(self, read):
        alone = row(None, "T2000", mapping_type=None, status="non_mappable")
        catalog = read(mapping(alone, alone, row()))
        assert [threat.id for threat in catalog.threats] == ["T1000", "T2000"]
        assert pairs(catalog) == {("T1000", "wall"): 0.5}
        assert "kept: 1 technique that the file lists as unmapped" in catalog.notes

    def test_blanks_around_ids_and_names_do_not_make_others(self, read):
        catalog = read(mapping(row(), row(" wall", "T1000 ", attack_object_name=" Other")))
        assert pairs(catalog) == {("T1000", "wall"): 0.5}
        assert catalog.threats[0].name == "Name of T1000"

    def test_keys_that_may_be_absent(self, read):
        bare = {"capability_id": "a", "attack_object_id": "T1", "mapping_type": "mitigates"}
        document = {"metadata": {"mapping_framework": "mine"}, "mapping_objects": [bare]}
        catalog = read(document)
        assert (catalog.name, catalog.source) == ("mine-attack", "mine for ATT&CK")
        assert pairs(catalog) == {("T1", "a"): 0.5}


class TestEditions:
    """All say the same as the row of today."""

    TODAY = mapping(row("wall", "T1000", "protect", "partial", comments="High."))

    def test_the_first_with_lists_numbers_and_capitals(self, read):
        document = copy.deepcopy(self.TODAY)
        document["metadata"] |= {
            "mapping_types": [{"id": "0a1b-2c", "name": "technique-scores", "description": ""}],
            "groups": [{"id": "3d4e-5f", "name": "Around the house"}],
        }
        del document["metadata"]["capability_groups"]
        only = document.pop("mapping_objects")[0]
        del only["capability_group"], only["status"]
        only |= {
            "mapping_type": "0a1b-2c",
            "group": "3d4e-5f",
            "tags": [],
            "score_category": "Protect",
            "score_value": "Partial",
            "related_score": "",
        }
        document["attack_objects"] = [only]
        assert read(document) == read(self.TODAY)

    def test_one_with_a_list_of_types_in_each_row(self, read):
        document = copy.deepcopy(self.TODAY)
        document["metadata"]["mapping_types"] = {"0a1b": {"name": "technique_scores"}}
        document["metadata"]["groups"] = document["metadata"].pop("capability_groups")
        only = document["mapping_objects"][0]
        only["group"] = only.pop("capability_group")
        only["mapping_type"] = ["0a1b"]
        assert read(document) == read(self.TODAY)

    @pytest.mark.parametrize("version", ["16.1", 16.1])
    def test_versions_may_be_numbers(self, version, read):
        document = mapping(*self.TODAY["mapping_objects"], attack_version=version)
        assert read(document) == read(self.TODAY)

    @pytest.mark.parametrize("kind", ["protects", "Protects", "mitigates"])
    @pytest.mark.parametrize("by_id", [False, True])
    def test_a_control_without_a_score_is_an_assumption(self, kind, by_id, read):
        """The editions of NIST 800-53 for older ATT&CK say it in these words."""
        key = "0a1b-2c" if by_id else kind
        document = mapping(
            row("AC-1", "T1000", mapping_type=key, status="complete"),
            row(None, "T1001", mapping_type="non_mappable", status="non_mappable"),
            mapping_framework="nist_800_53",
            mapping_framework_version="rev4",
            mapping_types={key: {"name": kind}, "non_mappable": {"name": "Non-mappable"}},
        )
        catalog = read(document, AssumedNumbers(effectiveness=0.25))
        assert pairs(catalog) == {("T1000", "AC-1"): 0.25}
        assert catalog.effectiveness[0].basis == "assumed"
        assert [threat.id for threat in catalog.threats] == ["T1000", "T1001"]
        said = "NIST 800-53 rev4 for ATT&CK 16.1"
        assert f"1 pair of {said} without a score" in catalog.notes
        assert f"{said} has no effectiveness: a defense stops 0.25 of what it acts on" in (
            catalog.notes
        )

    def test_names_may_stand_in_lists_of_one(self, read):
        document = copy.deepcopy(self.TODAY)
        document["metadata"]["capability_groups"] = {"outside": ["Around the house"]}
        assert read(document) == read(self.TODAY)

    def test_a_key_that_is_null_twice_says_nothing(self, put, read):
        document = mapping(row(), row(None, "T2000", mapping_type="non_mappable"))
        once, twice = '"capability_id": null', '"capability_id": null, "capability_id": null'
        file = put(document)
        file.write_text(file.read_text("utf-8").replace(once, twice), "utf-8")
        assert file.read_text("utf-8").count(once) == 2
        assert import_ctid(file) == read(document)

    def test_a_type_of_its_own_is_a_defense_where_it_is_scored(self, read):
        document = copy.deepcopy(self.TODAY)
        document["mapping_objects"][0]["mapping_type"] = "some-product"
        assert read(document) == read(self.TODAY)


class TestWeightsOfScores:
    def test_the_best_counts_by_default(self, read):
        # wall on T1000: protect partial 1 * 0.5 over detect minimal 0.5 * 0.2;
        # dog: detect and respond significant, each 0.5 * 0.8.
        assert pairs(read(SCORED)) == {
            ("T1000", "wall"): 0.5,
            ("T1000.001", "wall"): 0.8,
            ("T1000", "dog"): 0.4,
        }

    def test_independent_scores_stop_what_the_others_let_through(self, read):
        # 1 - 0.5 * 0.9 and 1 - 0.6 * 0.6; one score alone is what it is.
        found = pairs(read(SCORED, scores=MappingScores(combine="independent")))
        assert found["T1000", "wall"] == pytest.approx(0.55, abs=1e-15)
        assert found["T1000", "dog"] == pytest.approx(0.64, abs=1e-15)
        assert found["T1000.001", "wall"] == 0.8

    def test_every_weight_may_be_set(self, read):
        scores = MappingScores(partial=0.25, significant=1.0, detect=0.75, respond=0.0)
        assert pairs(read(SCORED, scores=scores)) == {
            ("T1000", "wall"): 0.25,
            ("T1000.001", "wall"): 1.0,
            ("T1000", "dog"): 0.75,
        }

    def test_one_score_in_one_category_may_be_set(self, read):
        catalog = read(SCORED, scores=MappingScores(pairs={"detect/minimal": 0.9}))
        assert pairs(catalog)["T1000", "wall"] == 0.9
        assert pairs(catalog)["T1000", "dog"] == 0.4
        assert any("significant 0.8; but detect/minimal 0.9; the best" in n for n in catalog.notes)

    def test_a_row_that_stands_twice_counts_once(self, read):
        partial = row("wall", "T1000", "protect", "partial", comments="High.")
        other = partial | {"comments": "Thick."}
        scores = MappingScores(combine="independent")
        once = read(mapping(partial, partial), scores=scores)
        twice = read(mapping(partial, other), scores=scores)
        assert (pairs(once)["T1000", "wall"], pairs(twice)["T1000", "wall"]) == (0.5, 0.75)
        assert twice.effectiveness[0].source.startswith("protect partial (2 rows) of AWS")

    def test_options_set_them(self, put, tmp_path):
        output = tmp_path / "out.json"
        done = run(
            put(SCORED),
            *("--score", "detect=1", "--score", "respond/significant=0.5"),
            *("--combine", "independent", "-o", output),
        )
        assert done.exit_code == 0
        found = pairs(mg.load_catalog(str(output)))
        assert found["T1000", "wall"] == pytest.approx(0.6)
        assert found["T1000", "dog"] == pytest.approx(0.9)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--score", "detec=0.5"], "unknown score 'detec', expected a known score; did you"),
            (["--score", "detect/ful=1"], "unknown score 'detect/ful', expected"),
            (["--score", "0.5"], "unknown score '', expected one of 'minimal'"),
            (["--score", "detect=x"], "found 'detect=x', expected a number or NAME=NUMBER"),
            (["--score", "detect=1.1"], "found 1.1 for 'detect', expected 0 to 1"),
            (["--score", "detect=nan"], "found nan for 'detect', expected 0 to 1"),
            (["--score", "protect/partial=-1"], "found -1.0 for 'protect/partial'"),
            (["--score", "detect=1", "--score", "detect=1"], "found 'detect' twice"),
            (["--combine", "worst"], "unknown rule 'worst', expected one of 'best', 'independe"),
            (["--effectiveness", "outside=0.5"], "unknown category 'outside'"),
        ],
    )
    def test_a_bad_option_is_refused_in_one_line(self, options, message, put, tmp_path):
        output = tmp_path / "out.json"
        done = run(put(SCORED), *options, "-o", output)
        assert (done.exit_code, done.stderr.count("\n"), output.exists()) == (2, 1, False)
        assert message in done.stderr

    @pytest.mark.parametrize(
        "wrong",
        [{"partial": 2.0}, {"respond": math.nan}, {"pairs": {"detect": 0.5}}, {"combine": "sum"}],
    )
    def test_bad_weights_are_refused(self, wrong):
        with pytest.raises(mg.SpecificationError):
            MappingScores(**wrong)


class TestWithoutScores:
    DOCUMENT = mapping(
        row("AC-1", "T1000"),
        row("AC-1", "T1000", comments="Said."),
        row("AC-2", "T1000.001", comments=""),
        mapping_framework="nist_800_53",
        mapping_framework_version="rev5",
    )

    def test_a_pair_has_the_effectiveness_of_the_analyst(self, read):
        catalog = read(self.DOCUMENT, AssumedNumbers(effectiveness=0.3))
        assert pairs(catalog) == {("T1000", "AC-1"): 0.3, ("T1000.001", "AC-2"): 0.3}
        assert [entry.texts for entry in catalog.effectiveness] == [["Said."], []]
        said = "NIST 800-53 rev5 for ATT&CK 16.1"
        assert catalog.notes[0] == f"2 pairs of {said} without a score"
        assert f"{said} has no effectiveness: a defense stops 0.3 of what it acts on" in (
            catalog.notes
        )
        assert not any("weights" in note for note in catalog.notes)

    def test_the_knowledge_base_has_no_values(self, put):
        base = read_ctid(put(self.DOCUMENT))
        assert {link.value for link in base.links} == {None}

    def test_sub_techniques_may_inherit(self, read):
        catalog = read(self.DOCUMENT, AssumedNumbers(inherit=True))
        assert ("T1000.001", "AC-1") in pairs(catalog)

    def test_mappings_of_incidents_are_refused(self, put):
        document = mapping(row(mapping_type="related-to"), NOT_MAPPABLE, mapping_framework="veris")
        with pytest.raises(mg.SpecificationError) as caught:
            import_ctid(put(document))
        assert caught.value.pointer == "/metadata/mapping_framework"
        assert "found 'veris', whose rows name no defense" in caught.value.message


class TestVulnerabilities:
    def test_they_become_threats_alone_weighed_by_their_number(self, read):
        catalog = read(KEV)
        assert {t.id: t.severity for t in catalog.threats} == {
            "T1000": 2.0,
            "T1001": 1.0,
            "T1000.001": 1.0,
        }
        assert (catalog.defenses, catalog.effectiveness) == ([], [])
        severity = catalog.threats[0].provenance["severity"]
        assert (severity.basis, severity.source) == (
            "derived",
            "number of distinct CVEs in KEV 1/2/2024 for ATT&CK 16.1 (03/04/2025)",
        )
        assert catalog.threats[0].basis == "assumed"

    @pytest.mark.parametrize(
        ("types", "counts"),
        [
            (None, {"T1000": 2, "T1001": 1, "T1000.001": 1}),
            (["primary_impact"], {"T1000": 2}),
            (["exploitation_technique"], {"T1000": 1}),
            (["exploitation_technique", "secondary_impact"], {"T1000": 1, "T1001": 1}),
        ],
    )
    def test_weights_count_distinct_vulnerabilities_of_the_chosen_types(self, types, counts, put):
        weights = kev_weights(put(KEV), types)
        assert weights.by_threat == counts
        assert weights.basis == "derived"
        assert ("only" in weights.source) == (types is not None)

    def test_another_catalog_may_be_weighed(self, read, put):
        catalog = weighed(read(SCORED), kev_weights(put(KEV)))
        assert [threat.severity for threat in catalog.threats] == [2.0, 1.0]
        assert any(
            "1 unknown id of weight 1 of 4 left out ('T1001')" in note for note in catalog.notes
        )

    def test_weights_of_a_file_without_vulnerabilities_are_refused(self, put):
        with pytest.raises(mg.SpecificationError, match="found no row of exploitation_technique"):
            kev_weights(put(SCORED))

    def test_an_unknown_type_is_refused(self, put):
        with pytest.raises(mg.SpecificationError, match="did you mean 'primary_impact'"):
            kev_weights(put(KEV), ["primary"])

    def test_a_severity_beside_the_number_is_refused(self, put, tmp_path):
        done = run(put(KEV), "--severity", "3", "-o", tmp_path / "out.json")
        assert done.exit_code == 2
        assert "severity: found 3.0, expected none" in done.stderr


@pytest.fixture(scope="module")
def told() -> dict[tuple[str, str], list[float]]:
    """The scores of each pair by a plain reading, as numbers."""
    factor = {"protect": 1.0, "detect": 0.5, "respond": 0.5}
    share = {"minimal": 0.2, "partial": 0.5, "significant": 0.8}
    values = defaultdict(list)
    for entry in json.loads(AWS.read_text(encoding="utf-8"))["mapping_objects"]:
        if entry["status"] != "non_mappable":
            pair = entry["attack_object_id"], entry["capability_id"]
            number = factor[entry["score_category"]] * share[entry["score_value"]]
            values[pair].append(number)
    return values


@pytest.mark.skipif(not AWS.exists(), reason="the mapping of AWS is not beside the project")
class TestAws:
    def test_counts(self, told):
        catalog = import_ctid(AWS)
        assert sum(map(len, told.values())) == 487
        assert len(told) == len(catalog.effectiveness) == 473
        assert len({technique for technique, _ in told}) == len(catalog.threats) == 215
        assert len({capability for _, capability in told}) == len(catalog.defenses) == 20
        assert catalog.notes[:2] == [
            "left out: 10 rows that cannot be mapped",
            "left out: 10 capabilities without a row that counts",
        ]
        assert all("." not in t.id or t.parent == t.id.split(".")[0] for t in catalog.threats)

    def test_values_agree_with_a_plain_reading(self, told):
        assert pairs(import_ctid(AWS)) == {pair: max(values) for pair, values in told.items()}
        combined = pairs(import_ctid(AWS, scores=MappingScores(combine="independent")))
        for pair, values in told.items():
            rest = math.prod(1.0 - value for value in values)
            assert combined[pair] == pytest.approx(1.0 - rest, abs=1e-15)

    def test_it_solves_and_its_answer_is_verified(self, tmp_path):
        outputs = [tmp_path / "one.json", tmp_path / "two.json"]
        for output in outputs:
            done = run(AWS, "-o", output)
            assert done.exit_code == 0
        assert "215, 215 of them covered by a defense" in done.stdout
        assert outputs[0].read_bytes() == outputs[1].read_bytes()
        scenario = tmp_path / "scenario.json"
        scenario.write_text(
            json.dumps(
                {
                    "schema": "mfmgame/scenario/1",
                    "catalog": "one.json",
                    "attacker": {"bandwidth": 100.0},
                    "defender": {"limits": {"budget": 6.0}},
                }
            )
        )
        game = mg.build_game(mg.load_scenario(scenario))
        solution = mg.solve(game)
        assert mg.verify(solution, game).gap <= 1e-9
        assert 50.0 < solution.value < 100.0


NAMES = ["a\"b'c", "new\nline", "\u202eright to left", "[red]x[/red]", "<script>", "x" * 5000, "😀"]


@pytest.mark.parametrize("name", NAMES)
def test_any_id_survives_the_way_to_a_file_and_back(name, put, tmp_path):
    output = tmp_path / "out.json"
    file = put(mapping(row(name, name, comments=name, capability_group=name)))
    assert run(file, "-o", output).exit_code == 0
    catalog = mg.load_catalog(str(output))
    assert pairs(catalog) == {(name, name): 0.5}
    assert (catalog.defenses[0].family, catalog.effectiveness[0].texts) == (name, [name])


def with_rows(*rows, **metadata) -> str:
    return json.dumps(mapping(*rows, **metadata))


HOSTILE = {
    "empty": ("", "line 1, column 1: not JSON"),
    "a list": ("[]", "expected a JSON object at the top level"),
    "another format": ('{"type": "bundle", "objects": []}', "expected the JSON of Mappings Explo"),
    "no rows": ('{"metadata": {"mapping_framework": "aws"}}', "found no metadata with mapping_obj"),
    "metadata that is text": ('{"metadata": "x", "mapping_objects": []}', "/metadata: found 'x'"),
    "no framework": ('{"metadata": {}, "mapping_objects": []}', "/metadata/mapping_framework: mis"),
    "an empty framework": (with_rows(row(), mapping_framework=""), "/mapping_framework: found ''"),
    "a framework of null": (with_rows(row(), mapping_framework=None), "found null, expected a"),
    "rows that are null": (
        '{"metadata": {"mapping_framework": "a"}, "mapping_objects": null}',
        "/mapping_objects: found null, expected a list",
    ),
    "no row at all": (with_rows(), "found no row that maps a defense or a vulnerability"),
    "no row that counts": (with_rows(NOT_MAPPABLE), "found no row that maps a defense"),
    "a row that is text": (with_rows("x"), "/mapping_objects/0: found 'x', expected an object"),
    "an old row that is text": (
        '{"metadata": {"mapping_framework": "a"}, "attack_objects": [3]}',
        "/attack_objects/0: found 3, expected an object",
    ),
    "an id that is a number": (
        with_rows(row(), row() | {"capability_id": 7}),
        "/mapping_objects/1/capability_id: found 7, expected a string",
    ),
    "a technique that is a list": (
        with_rows(row(technique=["T1"])),
        "/mapping_objects/0/attack_object_id: found a list",
    ),
    "comments that are a number": (
        with_rows(row(comments=1)),
        "/mapping_objects/0/comments: found 1",
    ),
    "a type that is a number": (
        with_rows(row(mapping_type=1)),
        "/mapping_objects/0/mapping_type: found 1, expected a string or a list",
    ),
    "types that are numbers": (
        with_rows(row(mapping_type=[1])),
        "/mapping_objects/0/mapping_type/0: found 1",
    ),
    "an unknown type": (
        with_rows(row(), row(mapping_type="mitigate")),
        "/mapping_objects/1/mapping_type: unknown mapping type 'mitigate' without a score",
    ),
    "an unknown score": (
        with_rows(row(), row("a", "T1", "protect", "full")),
        "/mapping_objects/1/score_value: unknown score 'full', expected",
    ),
    "an unknown category": (
        with_rows(row("a", "T1", "protects", "partial")),
        "/mapping_objects/0/score_category: unknown category of scores 'protects'",
    ),
    "a score that is a number": (
        with_rows(row("a", "T1", "protect", 3)),
        "/mapping_objects/0/score_value: found 3",
    ),
    "groups that are text": (
        with_rows(row(), capability_groups="x"),
        "/metadata/capability_groups: found 'x', expected an object",
    ),
    "a group that is a number": (
        with_rows(row(), capability_groups={"a": 1}),
        "/metadata/capability_groups/a: found 1",
    ),
    "listed types without ids": (
        with_rows(row(), mapping_types=[{"name": "x"}]),
        "/metadata/mapping_types/0: found an object, expected",
    ),
    "a listed type that stands twice": (
        with_rows(row(), mapping_types=[{"id": "x"}, {"id": "x"}]),
        "/metadata/mapping_types/1/id: found 'x' twice",
    ),
    "a version that is true": (
        with_rows(row(), attack_version=True),
        "/metadata/attack_version: found true",
    ),
    "a key that is null once and something once": (
        with_rows(row(comments="x")).replace('"comments":', '"comments": null, "comments":'),
        "/mapping_objects/0/comments: duplicate key",
    ),
    "a name in a list of two": (
        with_rows(row(), capability_groups={"a": ["x", "y"]}),
        "/metadata/capability_groups/a: found a list, expected a string",
    ),
    "a key that stands twice": (
        '{"metadata": {}, "metadata": {}}',
        "/metadata: duplicate key",
    ),
    "not a number": (
        '{"metadata": {"attack_version": NaN}}',
        "/metadata/attack_version: found NaN, expected a finite number",
    ),
    "half of a pair": ('{"metadata": {"mapping_framework": "\\ud800"}}', "is not valid Unicode"),
    "too deep": ('{"metadata": ' + "[" * 3000 + "]" * 3000 + "}", "nested deeper than 100 levels"),
    "far too deep": ("[" * 200_000, "nested deeper than 100 levels"),
    "not UTF-8": (b'{"metadata": "\xff"}', "byte 14 is not UTF-8"),
    "a great integer": ('{"metadata": ' + "9" * 5000 + "}", "a number has too many digits"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name, tmp_path):
    content, message = HOSTILE[name]
    source, output = tmp_path / "mapping.json", tmp_path / "out.json"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    output.write_text("as it was")
    done = run(source, "-o", output)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {source}: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert output.read_text() == "as it was"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    done = run(tmp_path / "no.json")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "no such file" in done.stderr


def test_errors_name_the_file_for_callers_of_the_library(put):
    file = put(mapping(row(mapping_type="other")))
    for reader in (import_ctid, read_ctid, kev_weights):
        with pytest.raises(mg.SpecificationError) as caught:
            reader(file)
        assert (caught.value.source, caught.value.pointer) == (
            str(file),
            "/mapping_objects/0/mapping_type",
        )


def test_vulnerabilities_weigh_an_import_on_the_command_line(put):
    mapping_file, kev = put(SCORED, "scored.json"), put(KEV, "kev.json")
    run = CliRunner().invoke(
        app, ["catalog", "import", "ctid", str(mapping_file), "--kev", str(kev)]
    )
    assert run.exit_code == 0
    threats = json.loads(run.stdout)["threats"]
    assert [threat["severity"] for threat in threats] == [2.0, 1.0]
    assert threats[0]["provenance"]["severity"]["basis"] == "derived"
