"""ATT&CK and ATLAS in STIX: what is read, what is left out and counted, what is refused."""

import collections
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.catalogs.importing import AssumedNumbers, import_attack
from mfmgame.catalogs.importing.attack import read_attack
from mfmgame.cli.app import app
from mfmgame.documents.catalog import Catalog
from specifications import labelled

ICS = Path(__file__).parents[3] / "shared" / "data" / "attack" / "ics-attack-18.1.json"
needs_ics = pytest.mark.skipif(not ICS.is_file(), reason="the ICS bundle is not beside the project")

HOSTILE = "T9\"'\\\n\r\t\x1b[31m\x00\u2028\u202e\u200b😀 <b>[red]../../x"
"""An id with quotes, lines, terminal sequences, and letters that reorder or hide others."""


def reference(code, source="mitre-attack") -> dict[str, Any]:
    return {"source_name": source, "external_id": code, "url": f"https://example.org/{code}"}


def thing(kind, key, code, source="mitre-attack", **more) -> dict[str, Any]:
    """An object as STIX 2.1 writes it; what is None in `more` is absent."""
    entry = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{key}",
        "created": "2020-01-01T00:00:00.000Z",
        "modified": "2020-01-01T00:00:00.000Z",
        "name": f"Name of {key}",
        "description": "A text that nobody reads.",
        "external_references": [
            {"source_name": "A report", "description": "Somebody. (2019). Something."},
            reference(code, source),
        ],
        **more,
    }
    return {name: value for name, value in entry.items() if value is not None}


def technique(key, code, *phases, chain="mitre-attack", source="mitre-attack", **more):
    found = [{"kill_chain_name": chain, "phase_name": phase} for phase in phases]
    return thing("attack-pattern", key, code, source, kill_chain_phases=found or None, **more)


def mitigation(key, code, source="mitre-attack", **more):
    return thing("course-of-action", key, code, source, **more)


def tactic(key, shortname, name, source="mitre-attack", **more):
    more = {"name": name, "x_mitre_shortname": shortname, **more}
    return thing("x-mitre-tactic", key, "TA9001", source, **more)


def relationship(kind, source, target, **more) -> dict[str, Any]:
    return {
        "type": "relationship",
        "id": f"relationship--{source}-{kind}-{target}",
        "modified": "2020-01-01T00:00:00.000Z",
        "relationship_type": kind,
        "source_ref": source,
        "target_ref": target,
        **more,
    }


def mitigates(mitigation, technique, **more):
    ends = f"course-of-action--{mitigation}", f"attack-pattern--{technique}"
    return relationship("mitigates", *ends, **more)


def below(child, parent, **more):
    ends = f"attack-pattern--{child}", f"attack-pattern--{parent}"
    return relationship("subtechnique-of", *ends, **more)


def bundle(*objects) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--1", "objects": list(objects)}


SMALL = (
    thing("x-mitre-collection", "all", "", name="Small ATT&CK", x_mitre_version="3.1"),
    {
        "type": "marking-definition",
        "id": "marking-definition--1",
        "definition_type": "statement",
        "definition": {"statement": "Free to use,  \u201cas is\u201d."},
    },
    {"type": "marking-definition", "id": "marking-definition--2", "definition": {"tlp": "white"}},
    tactic("way-in", "way-in", "The Way In"),
    technique("knock", "T9001", "way-in", "stay", x_mitre_is_subtechnique=False),
    technique("knock-twice", "T9001.001", "way-in", x_mitre_is_subtechnique=True),
    technique("climb", "T9002", "way-in"),
    mitigation("lock", "M9001", labels=["STANDARD 1 - A"]),
    mitigation("fence", "M9002"),
    below("knock-twice", "knock"),
    mitigates("lock", "knock", description=" Locked doors stay shut.\n"),
    mitigates("fence", "climb", description=""),
    {"type": "malware", "id": "malware--1", "name": 5, "modified": "2021-01-01T00:00:00Z"},
    relationship("uses", "malware--1", "attack-pattern--knock", description=7),
)
"""Small, in STIX 2.1, with objects that are no concern of a catalog (and may be anything)."""


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "attack.json"


@pytest.fixture
def load(file):
    def from_objects(*objects, numbers=None) -> Catalog:
        file.write_text(json.dumps(bundle(*objects)))
        return import_attack(file, numbers)

    return from_objects


def pairs(catalog) -> list[tuple[str, str]]:
    return [(entry.threat, entry.defense) for entry in catalog.effectiveness]


def left_out(catalog) -> list[str]:
    prefix = "left out: "
    return [note.removeprefix(prefix) for note in catalog.notes if note.startswith(prefix)]


class TestWhatIsRead:
    def test_all_of_a_small_bundle(self, load):
        catalog = load(*SMALL)
        assert catalog.name == "enterprise-attack"
        assert catalog.source == "Small ATT&CK 3.1"
        assert [origin.model_dump(exclude_defaults=True) for origin in catalog.origins] == [
            {
                "name": "Small ATT&CK",
                "version": "3.1",
                "date": "2020-01-01T00:00:00.000Z",
                "licence": "Free to use,  \u201cas is\u201d.",
                "url": "https://attack.mitre.org",
                "domains": {"enterprise-attack": "3.1"},
            }
        ]
        assert {threat.domain for threat in catalog.threats} == {"enterprise-attack"}
        assert [(t.id, t.name, t.threat_class, t.tactics, t.parent) for t in catalog.threats] == [
            ("T9001", "Name of knock", "The Way In", ["The Way In", "stay"], None),
            ("T9001.001", "Name of knock-twice", "The Way In", ["The Way In"], "T9001"),
            ("T9002", "Name of climb", "The Way In", ["The Way In"], None),
        ]
        assert [(d.id, d.name, d.categories) for d in catalog.defenses] == [
            ("M9001", "Name of lock", ["STANDARD 1 - A"]),
            ("M9002", "Name of fence", []),
        ]
        assert [(e.threat, e.defense, e.texts) for e in catalog.effectiveness] == [
            ("T9001", "M9001", ["Locked doors stay shut."]),
            ("T9002", "M9002", []),
        ]
        assert left_out(catalog) == []
        assert catalog.notes == [
            "Small ATT&CK 3.1 has no severities: every threat costs 1",
            "Small ATT&CK 3.1 has no bandwidths: every threat needs 1 bit",
            "Small ATT&CK 3.1 has no effectiveness: a defense stops 0.5 of what it acts on",
            "Small ATT&CK 3.1 has no costs: every defense uses 1 of 'budget' at level 1",
        ]
        assert {entry.basis for entry in catalog.effectiveness} == {"assumed"}

    def test_stix_2_0_says_the_same(self, file, load):
        newer = load(*SMALL)
        objects = [
            {key: value for key, value in entry.items() if key != "spec_version"} for entry in SMALL
        ]
        file.write_text(json.dumps({**bundle(*objects), "spec_version": "2.0"}))
        assert import_attack(file) == newer

    def test_the_numbers_are_the_analysts(self, load):
        numbers = AssumedNumbers(
            effectiveness=0.2, by_category={"STANDARD 1 - A": 0.7}, severity=3.0, bandwidth=2.0
        )
        catalog = load(*SMALL, numbers=numbers)
        assert [entry.value for entry in catalog.effectiveness] == [0.7, 0.2]
        assert {(t.severity, t.bandwidth) for t in catalog.threats} == {(3.0, 2.0)}

    def test_what_acts_on_a_technique_acts_on_its_sub_techniques_if_asked(self, load):
        assert pairs(load(*SMALL)) == [("T9001", "M9001"), ("T9002", "M9002")]
        inherited = load(*SMALL, numbers=AssumedNumbers(inherit=True))
        assert ("T9001.001", "M9001") in pairs(inherited)
        assert inherited.effectiveness[-1].texts == ["inherited from T9001"]

    def test_a_pair_in_two_relationships_is_one_with_both_texts(self, load):
        again = mitigates("lock", "knock", id="relationship--again", description="Twice.")
        catalog = load(*SMALL, again)
        assert catalog.effectiveness[0].texts == ["Locked doors stay shut.", "Twice."]
        assert len(catalog.effectiveness) == 2

    @pytest.mark.parametrize("before", [False, True])
    def test_of_two_mitigations_of_one_id_the_one_with_links_is_taken(self, load, before):
        """As in a release of ICS, where two of them are neither revoked nor deprecated."""
        later = "2022-01-01T00:00:00.000Z"
        other = mitigation("another", "M9001", modified=later)
        dead = mitigates("another", "climb", revoked=True)
        catalog = load(*[other] * before, *SMALL, *[other] * (not before), dead)
        assert [(d.id, d.name) for d in catalog.defenses] == [
            ("M9001", "Name of lock"),
            ("M9002", "Name of fence"),
        ]
        assert pairs(catalog) == [("T9001", "M9001"), ("T9002", "M9002")]
        assert left_out(catalog) == [
            "1 mitigation without a link, whose id another has, too: 'course-of-action--another'",
            "1 revoked link",
        ]

    def test_of_mitigations_of_one_id_without_links_the_newest_is_taken(self, load):
        modified = {"old": "2021-01-01T00:00:00Z", "new": "2023-01-01T00:00:00Z"}
        doubles = [mitigation(key, "M9003", modified=when) for key, when in modified.items()]
        catalog = load(*SMALL, *doubles)
        assert catalog.defenses[-1].name == "Name of new"
        assert left_out(catalog) == [
            "1 mitigation without a link, whose id another has, too: 'course-of-action--old'"
        ]

    def test_one_id_for_relationships_with_other_ends_is_not_one_relationship(self, load):
        """As the generator of ATLAS writes them, where the texts are equal."""
        objects = [
            *SMALL[:-4],
            *(mitigates("lock", k, id="relationship--1") for k in ("knock", "climb")),
        ]
        catalog = load(*objects)
        assert pairs(catalog) == [("T9001", "M9001"), ("T9002", "M9001")]
        assert left_out(catalog) == []

    def test_what_others_call_it(self, load):
        references = [reference("T9001"), reference("CAPEC-9001", "capec")]
        catalog = load(technique("knock", "", external_references=references))
        assert [(r.source, r.id) for r in catalog.threats[0].references] == [
            ("capec", "CAPEC-9001")
        ]

    def test_a_bundle_of_one_technique(self, load):
        catalog = load(technique("knock", "T9001"))
        assert (len(catalog.threats), len(catalog.defenses), pairs(catalog)) == (1, 0, [])
        assert catalog.threats[0].threat_class == "unclassified"

    def test_the_same_bytes_for_the_same_file(self, file):
        file.write_text(json.dumps(bundle(*SMALL)))
        outputs = [call("catalog", "import", "attack", file)[1] for _ in range(2)]
        assert outputs[0] == outputs[1]
        assert mg.Catalog(**json.loads(outputs[0])) == import_attack(file)


class TestDomains:
    @pytest.mark.parametrize(
        ("chain", "source", "more", "name"),
        [
            ("mitre-attack", "mitre-attack", {}, "enterprise-attack"),
            ("mitre-mobile-attack", "mitre-mobile-attack", {}, "mobile-attack"),
            ("mitre-mobile-attack", "mitre-attack", {}, "mobile-attack"),
            ("mitre-mobile-attack", "mitre-attack-mobile", {}, "mobile-attack"),
            ("mitre-ics-attack", "mitre-ics-attack", {}, "ics-attack"),
            ("mitre-ics-attack", "mitre-attack", {}, "ics-attack"),
            ("unheard", "mitre-attack", {"x_mitre_domains": ["ics-attack"]}, "ics-attack"),
            ("unheard", "mitre-ics-attack", {}, "ics-attack"),
            ("mitre-pre-attack", "mitre-pre-attack", {}, "pre-attack"),
            ("mitre-atlas", "mitre-atlas", {}, "atlas"),
        ],
    )
    def test_a_bundle_has_the_domain_of_its_techniques(self, load, chain, source, more, name):
        catalog = load(technique("a", "T9001", "way-in", chain=chain, source=source, **more))
        assert catalog.name == name
        assert [threat.id for threat in catalog.threats] == ["T9001"]

    def test_atlas(self, load):
        source = {"source": "mitre-atlas"}
        phase = {"chain": "mitre-atlas", **source}
        atlas = [reference("AML.T9001", "mitre-atlas"), reference("T9001")]
        catalog = load(
            tactic("stage", "ai-stage", "AI Stage", **source),
            technique("a", "", "ai-stage", chain="mitre-atlas", external_references=atlas),
            technique("b", "AML.T9001.000", **phase, x_mitre_is_subtechnique=True),
            mitigation("m", "", external_references=[reference("M9001"), atlas[0]]),
            below("b", "a"),
            mitigates("m", "a", description="Helps."),
            thing("x-mitre-matrix", "1", "mitre-atlas", name="ATLAS Matrix"),
        )
        assert catalog.name == "atlas"
        assert catalog.origins[0].name == "ATLAS Matrix"
        assert catalog.origins[0].version == catalog.origins[0].licence == ""
        assert catalog.origins[0].url == "https://atlas.mitre.org"
        assert [(t.id, t.tactics, t.parent) for t in catalog.threats] == [
            ("AML.T9001", ["AI Stage"], None),
            ("AML.T9001.000", ["AI Stage"], "AML.T9001"),
        ]
        assert [(r.source, r.id) for r in catalog.threats[0].references] == [("ATT&CK", "T9001")]
        assert pairs(catalog) == [("AML.T9001", "AML.T9001")]

    def test_several_domains_in_one_file_keep_their_own_tactics(self, load):
        catalog = load(
            tactic("a", "stage", "Stage of AI", "mitre-atlas"),
            tactic("e", "stage", "Stage", x_mitre_domains=["enterprise-attack"]),
            technique("e", "T9001", "stage"),
            technique("a", "AML.T9001", "stage", chain="mitre-atlas", source="mitre-atlas"),
        )
        assert catalog.name == "enterprise-attack+atlas"
        assert catalog.source == "Enterprise ATT&CK and ATLAS"
        assert [(t.id, t.threat_class) for t in catalog.threats] == [
            ("T9001", "Stage"),
            ("AML.T9001", "Stage of AI"),
        ]

    def test_several_releases_in_one_file(self, load):
        another = thing("x-mitre-collection", "b", "", name="More", x_mitre_version="0.1")
        another["modified"] = "2022-01-01T00:00:00Z"
        origin = load(*SMALL, another).origins[0]
        assert (origin.name, origin.version) == ("Small ATT&CK 3.1 and More 0.1", "")
        assert origin.date == another["modified"]

    @pytest.mark.parametrize(
        ("collection", "matrix", "origin"),
        [
            (("ATLAS", "0.1"), "ATLAS Matrix", ("ATLAS", "")),
            (("ATLAS", "0.1"), "ATLAS 5.6.0", ("ATLAS", "5.6.0")),
            (("ATLAS 5.6.0", "0.1"), "ATLAS Matrix", ("ATLAS", "5.6.0")),
            (("ATLAS", "5.6.0"), "ATLAS Matrix", ("ATLAS", "5.6.0")),
            (None, "ATLAS 3.0.0", ("ATLAS", "3.0.0")),
        ],
    )
    def test_a_release_of_atlas_is_never_its_collections_placeholder(
        self, load, collection, matrix, origin
    ):
        objects = [
            technique("a", "AML.T9001", chain="mitre-atlas", source="mitre-atlas"),
            thing("x-mitre-matrix", "1", "mitre-atlas", name=matrix),
        ]
        if collection is not None:
            name, version = collection
            objects.append(thing("x-mitre-collection", "1", "", name=name, x_mitre_version=version))
        catalog = load(*objects)
        found = catalog.origins[0]
        assert (found.name, found.version) == origin
        assert found.domains == {"atlas-atlas": origin[1]}
        assert catalog.threats[0].domain == "atlas-atlas"
        unstated = "the file does not say which release of ATLAS it is"
        assert (unstated in catalog.notes) == (origin[1] == "")

    def test_releases_of_several_domains_in_one_file_keep_their_versions(self, load):
        names = {"Enterprise ATT&CK": "17.1", "ATLAS": "0.1"}
        origin = load(
            technique("e", "T9001", "stage"),
            technique("a", "AML.T9001", chain="mitre-atlas", source="mitre-atlas"),
            *(
                thing("x-mitre-collection", name, "", name=name, x_mitre_version=version)
                for name, version in names.items()
            ),
        ).origins[0]
        assert (origin.name, origin.version) == ("Enterprise ATT&CK 17.1 and ATLAS", "")
        assert origin.domains == {"enterprise-attack": "17.1", "atlas-atlas": ""}

    def test_pre_attack_is_no_domain_of_the_navigator(self, load):
        catalog = load(technique("a", "T9001", chain="mitre-pre-attack", source="mitre-pre-attack"))
        assert (catalog.threats[0].domain, catalog.origins[0].domains) == (None, {})

    def test_without_a_release_the_date_is_that_of_the_newest_object(self, load):
        assert load(*SMALL[1:]).origins[0].date == "2021-01-01T00:00:00Z"
        assert load(*SMALL[1:]).origins[0].name == "Enterprise ATT&CK"

    def test_a_tactic_that_is_meant_names_the_class_before_one_that_is_not(self, load):
        old = tactic("old", "way-in", "Old Way", x_mitre_deprecated=True)
        assert load(*SMALL, old).threats[0].threat_class == "The Way In"
        assert load(*SMALL[4:], old).threats[0].threat_class == "Old Way"


class TestParents:
    @pytest.mark.parametrize(
        ("flag", "relation", "parent"),
        [
            (True, True, "T9002"),
            (None, True, "T9002"),
            (False, True, None),
            (True, False, "T9001"),
            (None, False, "T9001"),
            (False, False, None),
        ],
    )
    def test_by_relationship_else_by_id(self, load, flag, relation, parent):
        child = technique("c", "T9001.005", x_mitre_is_subtechnique=flag)
        others = technique("a", "T9001"), technique("b", "T9002")
        catalog = load(child, *others, *([below("c", "b")] if relation else []))
        assert catalog.threats[0].parent == parent

    def test_of_a_parent_that_is_left_out_there_is_none(self, load):
        gone = technique("a", "T9001", revoked=True)
        catalog = load(gone, technique("c", "T9001.005"), below("c", "a"))
        assert [(t.id, t.parent) for t in catalog.threats] == [("T9001.005", None)]

    def test_a_relationship_that_is_withdrawn_does_not_count(self, load):
        objects = technique("a", "T9001"), technique("b", "T9002"), technique("c", "T9001.005")
        catalog = load(*objects, below("c", "b", revoked=True))
        assert catalog.threats[2].parent == "T9001"
        assert left_out(catalog) == [
            "1 relationship of sub-techniques that are revoked or deprecated"
        ]


class TestWhatIsLeftOut:
    def test_each_kind_is_counted_once_in_a_fixed_order(self, load):
        catalog = load(
            *SMALL,
            technique("r1", "T9001", revoked=True),
            technique("r2", "T9001", revoked=True, x_mitre_deprecated=True),
            technique("d", "T9003", x_mitre_deprecated=True),
            technique("n", "N1", source="capec"),
            technique("n2", "N1", external_references=None),
            mitigation("r", "M9001", revoked=True),
            mitigation("d", "M9003", x_mitre_deprecated=True),
            mitigation("n", "M9003", "somebody"),
            mitigates("lock", "climb", revoked=True),
            mitigates("fence", "knock", x_mitre_deprecated=True),
            mitigates("lock", "r1"),
            mitigates("d", "knock"),
            mitigates("n", "n"),
            mitigates("lock", "absent"),
            mitigates("absent", "knock"),
            relationship("mitigates", "course-of-action--lock", "malware--1"),
            {**SMALL[6], "modified": "2019-12-31T23:59:59Z", "name": "Older"},
        )
        assert pairs(catalog) == [("T9001", "M9001"), ("T9002", "M9002")]
        assert left_out(catalog) == [
            "2 revoked techniques",
            "1 deprecated technique",
            "2 techniques without an id of ATT&CK or ATLAS",
            "1 revoked mitigation",
            "1 deprecated mitigation",
            "1 mitigation without an id of ATT&CK or ATLAS",
            "1 revoked link",
            "1 deprecated link",
            "3 links of techniques or mitigations that are left out",
            "3 links of techniques or mitigations that are not in the file",
            "1 version of objects that a newer one has replaced",
        ]

    def test_an_old_mitigation_with_the_id_of_its_technique_clashes_with_nothing(self, load):
        old = mitigation("old", "T9001", name="Name of knock", x_mitre_deprecated=True)
        catalog = load(*SMALL, old, mitigates("old", "knock"))
        assert len(catalog.defenses) == 2
        catalog = load(*SMALL, {**old, "x_mitre_deprecated": False}, mitigates("old", "knock"))
        assert ("T9001", "T9001") in pairs(catalog)

    @pytest.mark.parametrize(
        ("older", "newer"),
        [
            ("2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.001Z"),
            ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5Z"),
            ("2020-01-01T00:00:00.53535Z", "2020-01-01T00:00:00.535601Z"),
            ("2019-12-31T23:59:59.9Z", "2020-01-01T00:00:00Z"),
        ],
    )
    @pytest.mark.parametrize("swapped", [False, True])
    def test_of_several_versions_the_newest_counts(self, load, older, newer, swapped):
        versions = [
            technique("a", "T9001", name="old", modified=older),
            technique("a", "T9001", name="new", modified=newer),
        ]
        catalog = load(*(versions[::-1] if swapped else versions))
        assert [threat.name for threat in catalog.threats] == ["new"]
        assert left_out(catalog) == ["1 version of objects that a newer one has replaced"]

    def test_a_newer_version_may_revoke(self, load):
        newer = technique("climb", "T9002", revoked=True, modified="2021-01-01T00:00:00Z")
        catalog = load(*SMALL, newer)
        assert pairs(catalog) == [("T9001", "M9001")]
        assert left_out(catalog)[0] == "1 revoked technique"


def call(*arguments) -> tuple[int, bytes, bytes]:
    done = CliRunner().invoke(app, [*map(str, arguments)], prog_name="mfmgame")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout_bytes, done.stderr_bytes


def with_object(index, **changes) -> str:
    objects = copy.deepcopy(list(SMALL))
    objects[index].update(changes)
    return json.dumps(bundle(*objects))


def with_objects(*objects) -> str:
    return json.dumps(bundle(*SMALL, *objects))


NO_BUNDLE = "found no STIX bundle, expected a STIX bundle of ATT&CK or ATLAS (ATLAS.yaml goes to: "
REFUSED = {
    "nothing": ("", "not JSON"),
    "list": ("[]", "expected a JSON object"),
    "text": ('"bundle"', "expected a JSON object"),
    "object": ("{}", NO_BUNDLE),
    "another document": ('{"schema": "mfmgame/catalog/1", "name": "x"}', NO_BUNDLE),
    "another type": ('{"type": "report", "objects": []}', NO_BUNDLE),
    "null type": ('{"type": null}', NO_BUNDLE),
    "no objects": ('{"type": "bundle"}', "without attack patterns, expected a STIX bundle of"),
    "empty": ('{"type": "bundle", "objects": []}', "without attack patterns"),
    "objects null": ('{"type": "bundle", "objects": null}', "/objects: found null"),
    "objects object": ('{"type": "bundle", "objects": {}}', "/objects: found an object"),
    "object null": ('{"type": "bundle", "objects": [null]}', "/objects/0: found null"),
    "object list": ('{"type": "bundle", "objects": [[]]}', "/objects/0: found a list"),
    "object untyped": ('{"type": "bundle", "objects": [{}]}', "/objects/0/type: missing"),
    "type number": ('{"type": "bundle", "objects": [{"type": 1}]}', "/objects/0/type: found 1"),
    "only others": (json.dumps(bundle(*SMALL[-2:])), "without attack patterns"),
    "only revoked": (
        json.dumps(bundle(technique("a", "T9001", revoked=True))),
        "found 1 attack pattern, expected at least one that is neither revoked nor deprecated",
    ),
    "only capec": (
        json.dumps(bundle(technique("a", "CAPEC-9", source="capec"))),
        "found 1 attack pattern, expected at least one",
    ),
    "id null": (with_object(4, id=None), "/objects/4/id: found null, expected a string"),
    "id empty": (with_object(4, id=""), "/objects/4/id: found ''"),
    "name number": (with_object(4, name=5), "/objects/4/name: found 5, expected a string"),
    "revoked text": (with_object(4, revoked="no"), "/objects/4/revoked: found 'no'"),
    "deprecated number": (with_object(4, x_mitre_deprecated=1), "/x_mitre_deprecated: found 1"),
    "modified null": (with_object(4, modified=None), "/objects/4/modified: found null"),
    "phases text": (with_object(4, kill_chain_phases="x"), "/objects/4/kill_chain_phases: found"),
    "phase null": (
        with_object(4, kill_chain_phases=[{"phase_name": None}]),
        "/objects/4/kill_chain_phases/0/phase_name: found null",
    ),
    "references object": (
        with_object(4, external_references={}),
        "/objects/4/external_references: found an object, expected a list",
    ),
    "external id null": (
        with_object(4, external_references=[{"source_name": "mitre-attack", "external_id": None}]),
        "/objects/4/external_references/0/external_id: found null",
    ),
    "labels numbers": (with_object(7, labels=[1]), "/objects/7/labels/0: found 1"),
    "target null": (with_object(10, target_ref=None), "/objects/10/target_ref: found null"),
    "relation null": (
        with_object(10, relationship_type=None),
        "/objects/10/relationship_type: found null",
    ),
    "description list": (with_object(10, description=[]), "/objects/10/description: found a list"),
    "version number": (with_object(0, x_mitre_version=18.1), "/x_mitre_version: found 18.1"),
    "marking text": (with_object(1, definition="x"), "/objects/1/definition: found 'x'"),
    "two techniques": (
        with_objects(technique("another", "T9001")),
        "found two techniques with the id 'T9001' ('attack-pattern--knock' and "
        "'attack-pattern--another'), expected unique ids",
    ),
    "two mitigations": (
        with_objects(mitigation("another", "M9001"), mitigates("another", "climb")),
        "found two mitigations with the id 'M9001'",
    ),
    "hostile twice": (
        with_objects(technique("a", HOSTILE), technique("b", HOSTILE)),
        "found two techniques with the id ",
    ),
    "below itself": (
        with_objects(below("climb", "climb")),
        "found the technique 'T9002' below itself",
    ),
    "circle": (
        with_objects(
            technique("a", "T9101"), technique("b", "T9102"), below("a", "b"), below("b", "a")
        ),
        "found the technique 'T9101' below itself, a sub-technique of 'T9102', expected no circle",
    ),
    "deep": ("[" * 100_000, "nested deeper than 100 levels"),
    "deep object": (
        with_object(12, x_more=0).replace('"x_more": 0', '"x_more": ' + "[" * 200 + "]" * 200),
        "nested deeper than 100 levels",
    ),
    "key twice": (
        '{"type": "bundle", "objects": [{"type": "malware", "a": 1, "a": 2}]}',
        "/objects/0/a: duplicate key",
    ),
    "not a number": (
        '{"type": "bundle", "objects": [{"type": "malware", "a": NaN}]}',
        "/objects/0/a: found NaN, expected a finite number",
    ),
    "lone surrogate": (with_object(4, name="\ud800"), "/objects/4/name: "),
}


class TestRefusals:
    @pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
    def test_one_line_and_nothing_written(self, file, tmp_path, text, message):
        file.write_text(text)
        output = tmp_path / "catalog.json"
        code, out, err = call("catalog", "import", "attack", file, "-o", output)
        assert (code, out) == (2, b"")
        line = err.decode()
        assert line.startswith(f"error: {file}: ")
        assert line.count("\n") == 1
        assert message in line
        assert line.endswith("\n")
        assert line[:-1].isprintable()
        assert not output.exists()

    def test_yaml_is_told_where_to_go(self, tmp_path):
        file = tmp_path / "ATLAS.yaml"
        file.write_text("id: ATLAS\nmatrices: []\n")
        code, out, err = call("catalog", "import", "attack", file)
        assert (code, out) == (2, b"")
        assert err.decode() == (
            f"error: {file}: line 1, column 1: not JSON: Expecting value "
            "(ATLAS.yaml goes to: mfmgame catalog import atlas)\n"
        )

    def test_a_number_out_of_its_range(self, file, tmp_path):
        file.write_text(json.dumps(bundle(*SMALL)))
        for option, value in (
            ("--effectiveness", "2"),
            ("--severity", "-1"),
            ("--bandwidth", "nan"),
        ):
            code, out, err = call("catalog", "import", "attack", file, f"{option}={value}")
            assert (code, out, err.count(b"\n")) == (2, b"", 1)

    @pytest.mark.parametrize(
        "text", [HOSTILE, "\u202eT9001", "T 9001", "😀" * 50, "é"], ids=labelled
    )
    def test_any_text_is_an_id_and_survives(self, file, tmp_path, text):
        objects = (
            technique("a", text, text),
            mitigation("m", text),
            mitigates("m", "a", description=text),
        )
        file.write_text(json.dumps(bundle(*objects)))
        output = tmp_path / "catalog.json"
        code, _, err = call("catalog", "import", "attack", file, "-o", output)
        assert (code, err) == (0, b"")
        catalog = mg.load_catalog(output.name, tmp_path)
        assert catalog.threats == import_attack(file).threats
        assert pairs(catalog) == [(text, text)]
        assert catalog.threats[0].tactics == [text]

    def test_a_long_chain_of_sub_techniques_is_no_circle(self, load):
        count = 3000
        chain = [technique(str(k), f"T{k}") for k in range(count)]
        catalog = load(*chain, *(below(str(k), str(k + 1)) for k in range(count - 1)))
        assert catalog.threats[0].parent == "T1"


class TestCommand:
    def test_what_is_in_the_catalog_is_said(self, file, tmp_path):
        file.write_text(json.dumps(bundle(*SMALL, technique("r", "T9009", revoked=True))))
        output = tmp_path / "catalog.json"
        options = ("--inherit", "--effectiveness", "0.25", "--effectiveness", "STANDARD 1 - A=0.75")
        code, out, _ = call("catalog", "import", "attack", file, *options, "-o", output)
        assert code == 0
        said = out.decode()
        assert "3, 3 of them covered by a defense" in said
        assert "left out: 1 revoked technique" in said
        values = [entry.value for entry in mg.load_catalog(output.name, tmp_path).effectiveness]
        assert values == [0.75, 0.25, 0.75]


@pytest.fixture(scope="module")
def ics() -> Catalog:
    return import_attack(ICS)


@needs_ics
class TestIcs:
    def test_counts(self, ics):
        sizes = len(ics.threats), len(ics.defenses), len(ics.effectiveness)
        assert sizes == (83, 52, 331)
        assert ics.name == "ics-attack"
        assert ics.source == "ICS ATT&CK 18.1"
        assert left_out(ics) == ["12 deprecated techniques"]
        assert ics.origins[0].date.startswith("2025-11-13")
        assert "The MITRE Corporation" in ics.origins[0].licence
        assert all(entry.texts for entry in ics.effectiveness)
        assert all(threat.id.startswith("T0") for threat in ics.threats)
        assert not any("-" in threat.threat_class for threat in ics.threats)

    def test_coverage_counted_anew(self, ics):
        """With nothing but JSON: how many defenses act on each technique."""
        objects = json.loads(ICS.read_bytes())["objects"]
        live = {
            entry["id"]: next(
                one["external_id"]
                for one in entry["external_references"]
                if one["source_name"] in ("mitre-attack", "mitre-ics-attack")
            )
            for entry in objects
            if entry["type"] in ("attack-pattern", "course-of-action")
            and not entry.get("revoked", False)
            and not entry.get("x_mitre_deprecated", False)
        }
        expected = {
            (live[entry["target_ref"]], live[entry["source_ref"]])
            for entry in objects
            if entry.get("relationship_type") == "mitigates"
            and not entry.get("revoked", False)
            and not entry.get("x_mitre_deprecated", False)
            and entry["target_ref"] in live
            and entry["source_ref"] in live
        }
        assert set(pairs(ics)) == expected
        counts = collections.Counter(threat for threat, _ in expected)
        found = collections.Counter(threat for threat, _ in pairs(ics))
        assert found == counts
        assert len(counts) == 82

    def test_the_best_allocation_is_proven(self, ics, tmp_path):
        document = ics.model_dump(by_alias=True, exclude_defaults=True)
        (tmp_path / "ics.json").write_text(json.dumps(document))
        scenario = {
            "schema": "mfmgame/scenario/1",
            "catalog": "ics.json",
            "attacker": {"bandwidth": 3.0},
            "defender": {"limits": {"budget": 5.0}},
        }
        file = tmp_path / "scenario.json"
        file.write_text(json.dumps(scenario))
        game = mg.build_game(mg.load_scenario(file))
        solution = mg.solve(game)
        assert game.effectiveness.shape == (83, 52)
        assert 0 < solution.value <= 3.0
        mg.verify(solution, game)

    def test_reading_is_the_same_every_time(self):
        assert read_attack(ICS) == read_attack(ICS)
