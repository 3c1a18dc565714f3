"""Numbers of a catalog from evidence."""

from __future__ import annotations

import pytest

import mfmgame as mg

CATALOG = mg.Catalog(
    schema="mfmgame/catalog/1",
    name="own",
    threats=[{"id": name, "severity": 1, "bandwidth": 1} for name in ("injection", "jailbreak")],
    defenses=[
        {"id": "guard", "use": {"budget": 2}},
        {"id": "filter", "use": {"budget": 1}},
        {"id": "wall"},
    ],
    effectiveness=[
        {"threat": "jailbreak", "defense": "guard", "value": 0.5, "basis": "assumed"},
        {"threat": "injection", "defense": "guard", "value": 0.5, "basis": "assumed"},
    ],
)
COUNTS = {"trials": 100, "successes": 10, "baseline_trials": 100, "baseline_successes": 40}


def evidence(*cells):
    return mg.Evidence(
        schema="mfmgame/evidence/1",
        name="scan",
        source="our scan",
        cells=[{"threat": "injection", **COUNTS, **cell} for cell in cells],
    )


def benign(done, baseline_done, trials=20):
    return {
        "benign_trials": trials,
        "benign_successes": done,
        "baseline_benign_trials": trials,
        "baseline_benign_successes": baseline_done,
    }


def values(catalog):
    return {(entry.threat, entry.defense): entry for entry in catalog.effectiveness}


def test_a_measured_pair_replaces_the_catalogs_and_others_stay():
    found = values(mg.measured_catalog(CATALOG, evidence({"defense": "guard"})))
    assert found["jailbreak", "guard"] == values(CATALOG)["jailbreak", "guard"]
    entry = found["injection", "guard"]
    assert entry.basis == "measured"
    assert entry.value == pytest.approx(0.746, abs=0.001)
    assert "our scan" in entry.source
    assert "10 of 100 attacks succeed with the defense, 40 of 100 without" in entry.source


def test_a_static_attack_is_said_in_the_catalog_and_in_every_note():
    catalog = mg.measured_catalog(
        CATALOG, evidence({"defense": "guard", "adaptive": False}), utility=None
    )
    assert values(catalog)["injection", "guard"].adaptive is False
    scenario = mg.Scenario(schema="mfmgame/scenario/1", catalog="own", attacker={"bandwidth": 1})
    notes = mg.build_game(scenario, catalog).notes
    assert any("did not adapt" in note for note in notes)


def test_a_mapped_pair_is_a_proxy_with_its_reason():
    pair = mg.MappedPair("other", "their-guard", "injection", "filter", reason="same family")
    catalog = mg.measured_catalog(
        CATALOG, evidence({"threat": "other", "defense": "their-guard"}), [pair]
    )
    entry = values(catalog)["injection", "filter"]
    assert entry.basis == "proxy"
    assert entry.source.endswith("same family")


def test_a_direct_measurement_goes_before_a_proxy():
    pair = mg.MappedPair("other", "their-guard", "injection", "guard")
    catalog = mg.measured_catalog(
        CATALOG,
        evidence(
            {"threat": "other", "defense": "their-guard", "successes": 39}, {"defense": "guard"}
        ),
        [pair],
    )
    assert values(catalog)["injection", "guard"].basis == "measured"


def test_too_few_baseline_successes_leave_the_catalogs_number_and_a_note():
    catalog = mg.measured_catalog(
        CATALOG, evidence({"defense": "guard", "successes": 0, "baseline_successes": 4})
    )
    assert values(catalog)["injection", "guard"].basis == "assumed"
    assert any("not measured" in note and "guard on injection" in note for note in catalog.notes)


def test_the_work_that_a_defense_keeps_is_a_resource():
    catalog = mg.measured_catalog(
        CATALOG, evidence({"defense": "guard", **benign(6, 12)}, {"defense": "filter"})
    )
    guard, filtered, _ = catalog.defenses
    assert guard.use["utility"] == pytest.approx(0.6931471805599453, abs=1e-11)
    assert guard.use["budget"] == 2
    assert "utility" not in filtered.use
    assert any("taken to keep all work: filter" in note for note in catalog.notes)
    assert catalog.resources["utility"].shown_as == "kept_share"


def test_a_defense_that_keeps_more_work_than_none_uses_nothing():
    catalog = mg.measured_catalog(CATALOG, evidence({"defense": "guard", **benign(15, 12)}))
    assert catalog.defenses[0].use["utility"] == 0.0


def test_a_defense_that_keeps_no_work_is_left_out_by_name():
    catalog = mg.measured_catalog(
        CATALOG, evidence({"defense": "guard", **benign(0, 12)}, {"defense": "filter"})
    )
    assert [defense.id for defense in catalog.defenses] == ["filter", "wall"]
    assert any("keep no work at all: guard (0 of 20 tasks)" in note for note in catalog.notes)


def test_work_counts_once_though_each_attack_repeats_it():
    work = benign(6, 12)
    catalog = mg.measured_catalog(
        CATALOG,
        evidence(*({"defense": "guard", "attack": name, **work} for name in ("direct", "hidden"))),
    )
    stated = catalog.to_document()["defenses"][0]["use"]["utility"]["kept_share"]
    assert stated["trials"] == 20


def test_only_the_models_asked_for_count():
    cells = evidence(
        {"defense": "guard", "model": "a"}, {"defense": "guard", "model": "b", "successes": 0}
    )
    catalog = mg.measured_catalog(CATALOG, cells, models=["a"])
    assert "model a" in values(catalog)["injection", "guard"].source
    with pytest.raises(mg.SpecificationError, match="unknown model 'c'"):
        mg.measured_catalog(CATALOG, cells, models=["c"])


def test_evidence_of_no_pair_is_refused_and_of_other_pairs_noted():
    with pytest.raises(mg.SpecificationError, match=r"no cell .*--map"):
        mg.measured_catalog(CATALOG, evidence({"defense": "guards"}))
    catalog = mg.measured_catalog(CATALOG, evidence({"defense": "guards"}, {"defense": "guard"}))
    assert any("fits no pair of the catalog: guards on injection" in n for n in catalog.notes)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("injection", "guard", "injection", "gard"), "unknown defense 'gard'"),
        (("injection", "gard", "injection", "guard"), "unknown defense 'gard'"),
        (("injektion", "guard", "injection", "guard"), "unknown threat 'injektion'"),
    ],
)
def test_a_map_of_an_unknown_name_is_refused(pair, message):
    with pytest.raises(mg.SpecificationError, match=message):
        mg.measured_catalog(CATALOG, evidence({"defense": "guard"}), [mg.MappedPair(*pair)])


def test_a_measured_catalog_reads_back_as_it_was_written():
    catalog = mg.measured_catalog(CATALOG, evidence({"defense": "guard", **benign(6, 12)}))
    assert mg.Catalog(**catalog.to_document()) == catalog


def test_equal_runs_without_an_attack_of_two_proxies_both_count():
    proxies = [
        mg.MappedPair("other", theirs, "injection", "guard") for theirs in ("first", "second")
    ]
    catalog = mg.measured_catalog(
        CATALOG,
        evidence(
            *(
                {"threat": "other", "defense": pair.evidence_defense, **benign(6, 12)}
                for pair in proxies
            )
        ),
        proxies,
    )
    kept = catalog.to_document()["defenses"][0]["use"]["utility"]["kept_share"]
    assert (kept["successes"], kept["trials"]) == (12, 40)


def test_a_map_to_the_same_pair_states_what_its_numbers_are():
    pair = mg.MappedPair("injection", "guard", "injection", "guard", "proxy", "an older release")
    entry = values(mg.measured_catalog(CATALOG, evidence({"defense": "guard"}), [pair]))
    assert entry["injection", "guard"].basis == "proxy"


def test_several_lines_to_one_pair_have_the_weakest_basis_and_all_reasons():
    pairs = [
        mg.MappedPair("other", name, "injection", "wall", basis, reason)
        for name, basis, reason in (("a", "measured", "first"), ("b", "proxy", "second"))
    ]
    cells = evidence(*({"threat": "other", "defense": name} for name in ("a", "b")))
    entry = values(mg.measured_catalog(CATALOG, cells, pairs))["injection", "wall"]
    assert entry.basis == "proxy"
    assert entry.source.endswith("first; second")


def own_work(use, **more):
    document = CATALOG.to_document()
    document["defenses"][1]["use"]["utility"] = use
    return mg.Catalog(**document, **more)


def test_amounts_of_another_resource_never_become_shares():
    catalog = own_work(3.0)
    measured = mg.measured_catalog(catalog, evidence({"defense": "guard"}))
    assert "utility" not in measured.resources
    with pytest.raises(mg.SpecificationError, match="expected another name"):
        mg.measured_catalog(catalog, evidence({"defense": "guard", **benign(6, 12)}))


def test_a_share_that_the_catalog_states_stays_where_none_is_measured():
    catalog = own_work({"kept_share": 0.5}, resources={"utility": {"shown_as": "kept_share"}})
    measured = mg.measured_catalog(catalog, evidence({"defense": "filter"}))
    assert measured.defenses[1].use["utility"] == catalog.defenses[1].use["utility"]
    assert not any("keep all work" in note for note in measured.notes)


def test_counts_of_static_and_unknown_attacks_together_are_an_upper_bound():
    cells = [{"suite": "a", "adaptive": False}, {"suite": "b"}]
    catalog = mg.measured_catalog(
        CATALOG, evidence(*({"defense": "guard", **one} for one in cells))
    )
    assert values(catalog)["injection", "guard"].adaptive is False
