"""Weights from incidents: by hand, and against a plain count of the whole package."""

import importlib.metadata
import importlib.resources
import json
import math
from collections import Counter

import pytest

import mfmgame as mg
from mfmgame.catalogs.incidents import (
    SCORES,
    Incident,
    IncidentSelection,
    incident_weights,
    weights_of,
)
from mfmgame.documents.catalog import Origin

ORIGIN = Origin(name="incidents", version="1", date="2026-10-09")


def incident(number, techniques, **changes):
    return {
        "id": f"INC-{number}",
        "year": 2024,
        "severity": "High",
        "mitre_atlas": techniques,
        "quality_tier": "reviewed",
        "corpus": "security",
        "tier": "feed",
        "title": "not read",
        **changes,
    }


RECORDS = [
    incident(1, ["AML.T1"]),
    incident(2, ["AML.T1", "AML.T1"], severity="Low", year=2023),
    incident(3, ["AML.T1", "AML.T1.000", "AML.T2"], severity="Critical", tier="landmark"),
    incident(4, ["AML.T1.000", "AML.T1.001"], severity="Medium", quality_tier="auto"),
    incident(5, ["AML.T1"], severity="Critical", status="retracted"),
    incident(6, ["AML.T2"], severity="Low", status="disputed", year=2026),
    incident(7, []),
    incident(8, ["AML.T9"], severity="Info", corpus="ai-harm", year=2022),
]

DATA = {"generated": "2026-10-09", "version": "0", "incidents": RECORDS}
ATLAS = {"atlas": "2026.09", "capec": None}


def weights(selection=None, records=RECORDS):
    selection = selection or IncidentSelection()
    read = [Incident.model_validate(record) for record in records]
    return weights_of(read, selection, {**SCORES, **selection.scores}, ORIGIN, "2026.09")


class TestByHand:
    def test_a_weight_is_the_sum_of_the_scores_of_the_incidents(self):
        assert weights().by_threat == {
            "AML.T1": 8.0,
            "AML.T1.000": 13.0,
            "AML.T1.001": 3.0,
            "AML.T2": 11.0,
            "AML.T9": 0.0,
        }
        assert weights().named == {
            "AML.T1": 2,
            "AML.T1.000": 2,
            "AML.T1.001": 1,
            "AML.T2": 2,
            "AML.T9": 1,
        }

    def test_what_did_not_count_is_said(self):
        assert weights().notes == (
            "6 of 8 incidents count, 1 of them disputed; left out: 1 retracted, 1 without an "
            "ATLAS technique",
            "an incident counts for each technique of ATLAS 2026.09 that it names, but not for "
            "one of which it names a sub-technique, too (1 time)",
            "a weight is a sum of assumed scores: Info 0, Low 1, Medium 3, High 7, Critical 10; "
            "most labels of incidents are made by rules, so the counts are not rates",
        )
        assert (weights().basis, weights().source) == ("derived", "incidents 1 (2026-10-09)")

    def test_scores_are_the_analysts(self):
        given = weights(IncidentSelection(scores={"High": 100.0, "Low": 0.25}))
        assert given.by_threat["AML.T1"] == 100.25
        assert "Low 0.25, Medium 3, High 100" in given.notes[2]

    @pytest.mark.parametrize(
        ("selection", "counted", "left_out"),
        [
            (IncidentSelection(first_year=2024), 4, "2 outside the years 2024:"),
            (IncidentSelection(last_year=2023), 2, "5 outside the years :2023"),
            (
                IncidentSelection(first_year=2023, last_year=2023),
                1,
                "6 outside the years 2023:2023",
            ),
            (IncidentSelection(quality=["auto"]), 1, "6 not of quality auto"),
            (IncidentSelection(quality=["auto", "curated"]), 1, "6 not of quality auto or curated"),
            (IncidentSelection(corpus=["security"]), 5, "1 not of corpus security"),
            (IncidentSelection(tier=["landmark"]), 1, "6 not of tier landmark"),
        ],
    )
    def test_a_selection_leaves_out_and_says_so(self, selection, counted, left_out):
        note = weights(selection).notes[0]
        assert note.startswith(f"{counted} of 8 incidents count")
        assert left_out in note
        assert "1 retracted" in note

    def test_each_incident_is_left_out_for_one_reason(self):
        selection = IncidentSelection(first_year=2024, corpus=["security"], tier=["feed"])
        assert weights(selection).notes[0] == (
            "3 of 8 incidents count, 1 of them disputed; left out: 1 not of tier feed, "
            "2 outside the years 2024:, 1 retracted, 1 without an ATLAS technique"
        )

    def test_the_order_of_incidents_does_not_matter(self):
        forward, backward = weights(), weights(records=RECORDS[::-1])
        assert forward == backward
        assert list(forward.by_threat) == list(backward.by_threat)

    def test_no_incident_no_weight(self):
        assert weights(records=[]).by_threat == {}
        assert weights(records=[]).notes[0] == "0 of 0 incidents count"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (IncidentSelection(scores={"Hihg": 1.0}), "/scores: unknown severity 'Hihg'.* 'High'"),
        (
            IncidentSelection(scores={"High": -1.0}),
            "scores: found -1.0 of 'High', expected a number",
        ),
        (IncidentSelection(scores={"High": math.nan}), "scores: found nan of 'High'"),
        (IncidentSelection(scores={"High": math.inf}), "scores: found inf of 'High'"),
        (IncidentSelection(quality=["best"]), "/quality: unknown quality 'best'"),
        (
            IncidentSelection(corpus=["security", "harm"]),
            "/corpus: unknown corpus 'harm'.*'ai-harm'",
        ),
        (IncidentSelection(tier=["landmarks"]), "/tier: unknown tier 'landmarks'.*'landmark'"),
        (IncidentSelection(first_year=2025, last_year=2024), "years: found 2025 to 2024"),
    ],
)
def test_a_selection_of_what_is_not_there_is_refused(selection, message):
    with pytest.raises(mg.SpecificationError, match=message):
        incident_weights(selection)


class TestPackage:
    """A package put in the place of the real one."""

    @pytest.fixture
    def install(self, tmp_path, monkeypatch):
        def put(data=DATA, taxonomies=ATLAS, text=None):
            (tmp_path / "data").mkdir()
            text = json.dumps(data) if text is None else text
            (tmp_path / "data" / "incidents.min.json").write_text(text)
            if taxonomies is not None:
                text = json.dumps(taxonomies)
                (tmp_path / "data" / "taxonomy_versions.json").write_text(text)
            monkeypatch.setattr(importlib.resources, "files", lambda name: tmp_path)
            monkeypatch.setattr(importlib.metadata, "version", lambda name: "7.0")

        return put

    def test_its_version_date_and_licence_are_named(self, install):
        install()
        given = incident_weights()
        assert given.by_threat == weights().by_threat
        assert given.source == "genai-incidents 7.0 (2026-10-09)"
        assert given.origin.licence == "CC-BY-4.0"
        assert given.origin.attribution

    def test_a_missing_package_is_named_with_the_way_to_get_it(self, monkeypatch):
        def missing(name):
            raise importlib.metadata.PackageNotFoundError(name)

        monkeypatch.setattr(importlib.metadata, "version", missing)
        with pytest.raises(mg.SpecificationError) as caught:
            incident_weights()
        assert str(caught.value) == (
            'weights of incidents need genai-incidents: python -m pip install "mfmgame[evidence]" '
            '(in a clone: python -m pip install -e ".[evidence]")'
        )

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"data": {}}, "/generated: missing"),
            ({"data": []}, "expected a JSON object at the top level"),
            ({"text": "{"}, "line 1, column 2: not JSON"),
            ({"taxonomies": None}, "no such file"),
            ({"taxonomies": {"atlas": None}}, "/atlas: found null, expected a"),
            *(
                ({"data": {"generated": "x", "incidents": [{**RECORDS[0], **wrong}]}}, message)
                for wrong, message in [
                    ({"severity": "Severe"}, "/incidents/0/severity: found 'Severe'"),
                    ({"year": "2024"}, "/incidents/0/year: found '2024', expected a"),
                    ({"mitre_atlas": "AML.T1"}, "/incidents/0/mitre_atlas: found 'AML.T1'"),
                    ({"mitre_atlas": [""]}, "/incidents/0/mitre_atlas/0: found ''"),
                    ({"mitre_atlas": None}, "/incidents/0/mitre_atlas: found null"),
                    ({"quality_tier": None}, "/incidents/0/quality_tier: found null"),
                    ({"status": "withdrawn"}, "/incidents/0/status: found 'withdrawn'"),
                ]
            ),
            (
                {"data": {"generated": "x", "incidents": [RECORDS[0], RECORDS[0]]}},
                "/incidents: found 'INC-1' 2 times",
            ),
        ],
    )
    def test_another_shape_is_refused_in_one_line(self, install, changes, message):
        install(**changes)
        with pytest.raises(mg.SpecificationError) as caught:
            incident_weights()
        assert str(caught.value).startswith(f"genai-incidents 7.0: {message}")
        assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def records():
    """What the real package holds."""
    package = pytest.importorskip("genai_incidents", reason="genai-incidents is not installed")
    return package.load_incidents()


@pytest.fixture(scope="module")
def read(records):
    """The same as it counts, once for all selections."""
    return [Incident.model_validate(record) for record in records]


class TestWholePackage:
    """The real one, counted again in plain Python."""

    def plain(self, records, scores, keep):
        sums, times = Counter(), Counter()
        for record in records:
            if record.get("status") == "retracted" or not keep(record):
                continue
            ids = set(record["mitre_atlas"])
            for name in ids:
                if not any(other.startswith(name + ".") for other in ids):
                    sums[name] += scores[record["severity"]]
                    times[name] += 1
        return dict(sums), dict(times)

    @pytest.mark.parametrize(
        ("selection", "keep"),
        [
            (IncidentSelection(), lambda record: True),
            (
                IncidentSelection(first_year=2023, last_year=2025),
                lambda record: 2023 <= record["year"] <= 2025,
            ),
            (
                IncidentSelection(
                    quality=["reviewed", "curated"], scores={"Low": 2.0, "Critical": 100.0}
                ),
                lambda record: record["quality_tier"] != "auto",
            ),
            (
                IncidentSelection(tier=["landmark"], corpus=["ai-harm"]),
                lambda record: record["tier"] == "landmark" and record["corpus"] == "ai-harm",
            ),
            (IncidentSelection(corpus=["security"]), lambda record: record["corpus"] == "security"),
        ],
    )
    def test_a_plain_count_says_the_same(self, records, read, selection, keep):
        scores = {**SCORES, **selection.scores}
        given = weights_of(read, selection, scores, ORIGIN, "")
        assert (given.by_threat, given.named) == self.plain(records, scores, keep)
        kept = [r for r in records if keep(r) and r.get("status") != "retracted"]
        counting = sum(bool(record["mitre_atlas"]) for record in kept)
        assert given.notes[0].startswith(f"{counting} of {len(records)} incidents count")

    def test_what_is_installed_is_read(self, records):
        given = incident_weights()
        assert given.by_threat == self.plain(records, SCORES, lambda record: True)[0]
        version = importlib.metadata.version("genai-incidents")
        assert given.source == f"genai-incidents {version} ({given.origin.date})"
