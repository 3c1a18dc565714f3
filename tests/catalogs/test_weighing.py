"""Weights in place of a catalog's severities, and what is said of them."""

import pytest

import mfmgame as mg
from mfmgame.catalogs import resolve_catalog
from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.knowledge_base import KnowledgeBase, Link, Mitigation, Technique
from mfmgame.catalogs.weighing import Weights, cited, weighed
from mfmgame.documents.catalog import Origin
from mfmgame.documents.sourced_entries import Sourced
from specifications import CATALOG

BASE = KnowledgeBase(
    name="base",
    origin=Origin(name="BASE", version="1"),
    techniques=(Technique("T1"), Technique("T2", parent="T1"), Technique("T3")),
    mitigations=(Mitigation("M1"), Mitigation("M2")),
    links=(Link("T1", "M1"), Link("T3", "M2")),
)
LIST = Origin(name="list", version="2", date="2026-01-01", licence="CC-BY-4.0", attribution="us")


def weights(by_threat, **changes):
    return Weights(by_threat, **{"basis": "derived", "source": "list 2 (2026-01-01)", **changes})


@pytest.fixture
def catalog():
    return as_catalog(BASE, AssumedNumbers())


def test_weights_become_severities_and_a_threat_without_one_weighs_nothing(catalog):
    result = weighed(catalog, weights({"T1": 3.0, "T3": 0.0}))
    assert [threat.severity for threat in result.threats] == [3.0, 0.0, 0.0]
    assert [threat.bandwidth for threat in result.threats] == [1.0, 1.0, 1.0]
    assert "list 2 (2026-01-01): 2 threats of weight 0" in result.notes
    assert result.effectiveness == catalog.effectiveness
    assert result.defenses == catalog.defenses


def test_the_provenance_is_that_of_each_weight(catalog):
    result = weighed(catalog, weights({"T1": 3.0, "T3": 1.0}, bases={"T3": "measured"}))
    severities = [threat.provenance["severity"] for threat in result.threats]
    source = "list 2 (2026-01-01)"
    assert severities == [
        Sourced(basis=basis, source=source) for basis in ("derived", "derived", "measured")
    ]
    assert {threat.basis for threat in result.threats} == {"assumed"}


def test_unknown_ids_are_counted_with_what_stands_behind_them(catalog):
    given = weights({"T1": 3.0, "T8": 4.0, "T9": 1.0}, named={"T1": 2, "T8": 5, "T9": 1})
    assert (
        "list 2 (2026-01-01): 2 unknown ids, named 6 times, of weight 5 of 8 left out ('T8', 'T9')"
    ) in weighed(catalog, given).notes


def test_of_many_unknown_ids_the_first_are_named(catalog):
    given = weights({"T1": 1.0} | {f"X{number}": 1.0 for number in range(7)})
    assert any(
        note.endswith("7 unknown ids of weight 7 of 8 left out ('X0', 'X1', 'X2', 'X3', 'X4', ...)")
        for note in weighed(catalog, given).notes
    )


@pytest.mark.parametrize("by_threat", [{}, {"T8": 4.0}])
def test_weights_of_no_threat_of_the_catalog_are_refused(catalog, by_threat):
    with pytest.raises(mg.SpecificationError, match=r"^list 2 .*none for a threat in 'base'"):
        weighed(catalog, weights(by_threat))


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), 1e101])
def test_a_weight_that_is_no_severity_is_refused(catalog, weight):
    with pytest.raises(mg.SpecificationError) as caught:
        weighed(catalog, weights({"T3": weight}))
    assert caught.value.pointer == "/threats/2/severity"


def test_what_a_licence_asks_to_name_stands_in_the_catalog(catalog):
    result = weighed(catalog, weights({"T1": 1.0}, origin=LIST))
    assert result.origins == [*catalog.origins, LIST]


def test_weighing_again_leaves_nothing_of_the_first_time(catalog):
    first = weights({"T1": 1.0, "T9": 1.0}, origin=LIST, notes=("all of them",))
    second = weights({"T2": 2.0, "T9": 1.0}, source="other")
    assert weighed(weighed(catalog, first), first) == weighed(catalog, first)
    again = weighed(weighed(catalog, first), second)
    assert again == weighed(catalog, second)
    assert again.notes[0] == catalog.notes[1]  # the first was on severities


def test_an_origin_is_cited_by_what_is_known_of_it():
    assert cited(LIST) == "list 2 (2026-01-01)"
    assert cited(Origin(name="list")) == "list"


def test_bandwidths_that_the_rules_derive_stay_as_they_were():
    small = mg.Catalog(**CATALOG)
    before = resolve_catalog(small).threats
    after = resolve_catalog(weighed(small, weights({"prompt-injection": 9.0}))).threats
    assert [threat.severity for threat in after] == [9.0, 0.0]
    assert [t.bandwidth for t in after] == [t.bandwidth for t in before]


class TestProvenance:
    def note(self, catalog):
        return resolve_catalog(catalog).notes[-1]

    def test_a_bandwidth_that_is_assumed_keeps_its_threat_assumed(self, catalog):
        assert self.note(weighed(catalog, weights({"T1": 1.0}))) == (
            "rests on assumed numbers of 3 threats, 2 defenses, 2 effectiveness values"
        )

    def test_where_the_bandwidth_is_measured_weights_decide(self, catalog):
        threats = [
            threat.model_copy(update={"provenance": {"bandwidth": Sourced(basis="measured")}})
            for threat in catalog.threats
        ]
        catalog = catalog.model_copy(update={"threats": threats})
        assert self.note(catalog).startswith("rests on assumed numbers of 3 threats")
        given = weights({"T1": 1.0}, bases={"T3": "assumed"})
        result = weighed(catalog, given)
        assert self.note(result).startswith("rests on assumed numbers of 1 threat,")
        assert [threat.basis for threat in resolve_catalog(result).threats] == [
            "derived",
            "derived",
            "assumed",
        ]


@pytest.mark.parametrize("name", ["severity", "bandwidth", "cost"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1e101, 1e-101])
def test_an_analysts_number_out_of_range_is_refused(name, value):
    with pytest.raises(mg.SpecificationError) as caught:
        as_catalog(BASE, AssumedNumbers(**{name: value}))
    assert caught.value.pointer == name
