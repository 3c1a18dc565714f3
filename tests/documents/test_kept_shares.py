"""Shares of work that defenses keep: their forms in documents, and the amounts that they are."""

import copy
import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.documents.kept_shares import amount_that_keeps, kept_share
from specifications import CATALOG, CATALOG_SCENARIO

COUNTS = {"successes": 2, "trials": 3, "baseline_successes": 9, "baseline_trials": 10}
SHARES = st.fractions(Fraction(1, 1000), 1, max_denominator=1000)
LARGE_SHARES = st.fractions(Fraction(1, 10**15), 1, max_denominator=10**15)


def scenario(kept, least, **changes) -> mg.Scenario:
    """One threat; defenses that each keep a share of work, under a least share to keep."""
    defenses = [
        {"id": f"d{place}", "use": {"utility": {"kept_share": share}}, "kind": "binary"}
        for place, share in enumerate(kept)
    ]
    document = {
        "schema": "mfmgame/scenario/1",
        "resources": {"utility": {"shown_as": "kept_share"}},
        "threats": [{"id": f"t{place}", "severity": 8.0, "bandwidth": 1.0} for place in range(4)],
        "defenses": defenses,
        "effectiveness": [
            {"threat": f"t{place}", "defense": f"d{place}", "value": 0.5}
            for place in range(len(defenses))
        ],
        "attacker": {"bandwidth": 4.0},
        "defender": {"limits": {"utility": {"kept_share": least}}},
        "plans": {"all": {one["id"]: 1.0 for one in defenses}},
    }
    return mg.Scenario(**{**document, **changes})


def counts(share: Fraction) -> dict[str, int]:
    """Counts whose ratio is a share."""
    own = {"successes": share.numerator, "trials": share.denominator}
    return {**own, "baseline_successes": 7, "baseline_trials": 7}


@given(LARGE_SHARES)
@settings(max_examples=50, deadline=None)
def test_an_amount_is_the_logarithm_rounded_down_to_the_grid(share):
    amount = amount_that_keeps(share)
    assert (amount * 2**40).is_integer()
    exact = math.log(share.denominator) - math.log(share.numerator)
    assert -1e-13 * (1.0 + exact) < exact - amount < 2.0**-40 + 1e-13 * (1.0 + exact)
    assert kept_share(amount) == pytest.approx(float(share), rel=2e-12)


@given(st.lists(LARGE_SHARES, min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_sums_of_amounts_are_exact_and_at_most_the_amount_of_the_product(shares):
    amounts = [amount_that_keeps(share) for share in shares]
    total = sum(map(Fraction, amounts))
    assert Fraction(sum(amounts)) == total
    assert total <= amount_that_keeps(math.prod(shares))


@given(st.lists(SHARES, min_size=2, max_size=4), st.sampled_from(["binary", "continuous"]))
@settings(max_examples=25, deadline=None)
def test_a_plan_that_keeps_exactly_the_least_share_is_allowed(shares, kind):
    least = math.prod(shares)
    found = scenario(map(counts, shares), counts(least))
    defenses = [{**one, "kind": kind} for one in found.to_document()["defenses"]]
    found = mg.Scenario(**{**found.to_document(), "defenses": defenses})
    plan = mg.evaluate(found, "all")
    assert not plan.excess
    solved = mg.solve(found)
    assert solved.allocation.array == pytest.approx(1.0, abs=1e-9)
    assert solved.value == pytest.approx(plan.loss, rel=1e-9)


@given(st.lists(SHARES, min_size=2, max_size=4), st.integers(10**3, 10**10))
@settings(max_examples=25, deadline=None)
def test_a_plan_that_keeps_just_less_than_the_least_share_is_not_allowed(shares, parts):
    least = math.prod(shares) * (1 + Fraction(1, parts))
    assume(max(shares) < 1 and least <= 1)
    limit = amount_that_keeps(least)
    found = scenario(map(counts, shares), 1.0).with_(limits={"utility": limit})
    assert set(mg.evaluate(found, "all").excess) == {"utility"}
    assert not mg.solve(found).allocation.array.all()


def test_the_same_share_is_the_same_amount_however_it_is_written():
    game = mg.build_game(scenario([0.54, counts(Fraction(27, 50)), COUNTS], 0.5))
    assert game.use[0, 0] == game.use[0, 1]
    assert game.use[0, 2] == amount_that_keeps(Fraction(20, 27))


def test_a_share_above_the_whole_work_counts_as_the_whole_work():
    more = {"successes": 10, "trials": 10, "baseline_successes": 9, "baseline_trials": 10}
    assert mg.build_game(scenario([more, 1.02], 1)).use.tolist() == [[0.0, 0.0]]


def test_a_document_comes_back_as_it_was_written():
    stated = {"kept_share": COUNTS, "basis": "measured", "source": "a trial"}
    document = scenario([0.54, 0.9], 0.25).to_document()
    document["defenses"][0]["use"]["utility"] = stated
    found = mg.Scenario(**copy.deepcopy(document))
    assert found.to_document() == document
    assert mg.Scenario(**found.to_document()).stated == found.stated
    assert found.bases[("defenses", 0, "use", "utility")] == "measured"
    assert not found.uncertain


@pytest.mark.parametrize(
    ("share", "place", "message"),
    [
        (0, "", "found 0, expected more than 0: a defense that keeps no work is left out"),
        (-0.5, "", "found -0.5, expected a share of work kept, such as 0.5, or its counts"),
        ("half", "", "found 'half', expected a share of work kept, such as 0.5, or its counts"),
        (True, "", "found true, expected a share of work kept, such as 0.5, or its counts"),
        (
            {**COUNTS, "successes": 0},
            "/successes",
            "found 0, expected more than 0: a defense that keeps no work is left out",
        ),
        ({**COUNTS, "successes": 4}, "/successes", "found 4, expected at most 3, the trials"),
        ({**COUNTS, "baseline_successes": 0}, "/baseline_successes", "found 0, expected at least"),
        ({"successes": 1}, "/trials", "missing, expected a value (and 2 more)"),
        ({**COUNTS, "tasks": 1}, "/tasks", "unknown key 'tasks'"),
    ],
)
def test_what_is_no_share_is_refused(share, place, message):
    with pytest.raises(mg.SpecificationError) as caught:
        scenario([0.9, share], 0.5)
    assert caught.value.pointer == f"/defenses/1/use/utility/kept_share{place}"
    assert caught.value.message.startswith(message)


def test_shares_stand_beside_uncertain_numbers():
    threats = [{"id": "t0", "severity": {"range": [2.0, 4.0]}, "bandwidth": 1.0}]
    effectiveness = [{"threat": "t0", "defense": "d0", "value": 0.5}]
    found = scenario([COUNTS, 0.9], 0.5, threats=threats, effectiveness=effectiveness)
    assert mg.robust_plan(found).solution.value == pytest.approx(2.0)
    assert len(mg.ensemble(found, n=3, seed=0)) == 3


@pytest.mark.parametrize("least", [{"kept_share": 0.5}, {"kept_share": COUNTS}])
def test_a_limit_is_replaced_by_a_least_share(least):
    found = scenario([0.9], 0.75).with_(limits={"utility": least})
    assert found.to_document()["defender"]["limits"] == {"utility": least}


def test_an_unknown_resource_is_not_shown():
    resources = {"utilty": {"shown_as": "kept_share"}}
    with pytest.raises(mg.SpecificationError, match="did you mean 'utility'") as caught:
        scenario([0.9], 0.5, resources=resources)
    assert caught.value.pointer == "/resources/utilty"
    with pytest.raises(mg.SpecificationError, match="unknown resource 'utilty'"):
        mg.Catalog(**{**CATALOG, "resources": resources})
    with pytest.raises(mg.SpecificationError, match=r"shown_as\['utilty'\]: no defense uses it"):
        mg.DefenseGame(
            severity=[1.0],
            bandwidth=[1.0],
            effectiveness=[[0.5]],
            attacker_bandwidth=1.0,
            shown_as={"utilty": "kept_share"},
        )


def test_a_scenario_inherits_how_its_catalog_shows_resources():
    resource = next(iter(CATALOG["defenses"][0]["use"]))
    shown = {resource: {"shown_as": "kept_share"}}
    catalog = mg.Catalog(**{**CATALOG, "resources": shown})
    found = mg.build_game(mg.Scenario(**CATALOG_SCENARIO), catalog)
    assert found.shown_as == {resource: "kept_share"}
    assert "assumes that kept shares of work multiply" in found.notes
    own = {resource: {"shown_as": "amount"}}
    other = mg.build_game(mg.Scenario(**{**CATALOG_SCENARIO, "resources": own}), catalog)
    assert other.shown_as == {resource: "amount"}
    assert "assumes that kept shares of work multiply" not in other.notes


def test_an_added_defense_may_keep_a_share_but_no_range():
    added = {"id": "guard", "use": {"utility": {"kept_share": 0.5}}}
    addition = mg.Addition(schema="mfmgame/addition/1", defenses=[added])
    assert addition.defenses[0].use == {"utility": amount_that_keeps(Fraction(1, 2))}
    added["use"]["utility"] = {"range": [0.1, 0.2]}
    with pytest.raises(mg.SpecificationError, match="expected a certain number") as caught:
        mg.Addition(schema="mfmgame/addition/1", defenses=[added])
    assert caught.value.pointer == "/defenses/0/use/utility"
