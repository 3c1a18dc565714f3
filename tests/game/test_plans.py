"""Plans: their levels, what they exceed and which rules they break."""

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.game.plans import broken_rules, excess_use, plan_levels


def game(**changes) -> mg.DefenseGame:
    """Two stepped defenses, of which the first needs the second, and a continuous defense."""
    arguments = {
        "severity": [8.0],
        "bandwidth": [1.0],
        "effectiveness": [[0.5, 0.25, 0.25]],
        "attacker_bandwidth": 1.0,
        "use": {"budget": [3.0, 2.0, 1.0]},
        "limits": {"budget": 4.0},
        "max_level": [1.0, 2.0, 1.0],
        "levels": {"waf": [0.0, 1.0], "log": [0.0, 1.0, 2.0]},
        "requires": {"waf": ["log"]},
        "groups": [mg.DefenseGroup(["waf", "log"], at_most=1)],
        "defense_ids": ["waf", "log", "tune"],
        "plans": {"current": {"log": 2, "tune": 0.5}},
    }
    return mg.DefenseGame(**{**arguments, **changes})


def test_a_named_plan_gives_the_level_of_every_defense():
    assert plan_levels(game(), "current").tolist() == [0.0, 2.0, 0.5]


def test_the_empty_plan_runs_nothing():
    assert plan_levels(game(), {}).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("curent", "plan: found 'curent', expected a known plan; did you mean 'current'?"),
        ({"waff": 1}, "/plan/waff: unknown defense 'waff', expected a known defense"),
        ({"waf": 0.5}, "/plan/waf: found 0.5, expected one of 0, 1"),
        ({"tune": 1.5}, "/plan/tune: found 1.5, expected a level from 0 to 1"),
        ({"tune": -1}, "/plan/tune: found -1, expected a level from 0 to 1"),
        ({"tune": "half"}, "/plan/tune: "),
        ({"tune": float("nan")}, "/plan/tune: "),
        (3, "plan: "),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused_with_its_place(plan, message):
    with pytest.raises(mg.SpecificationError) as caught:
        plan_levels(game(), plan)
    assert str(caught.value).startswith(message)


def test_a_level_of_a_named_plan_is_refused_with_the_name():
    with pytest.raises(mg.SpecificationError, match=r"/plans/current/waf: found 2"):
        plan_levels(game(plans={"current": {"waf": 2}}), "current")


def test_a_plan_over_a_limit_says_by_how_much():
    assert excess_use(game(), np.array([1.0, 2.0, 0.0])) == {"budget": 3.0}
    assert excess_use(game(), np.array([1.0, 0.0, 1.0])) == {}


def test_rounding_of_decimals_is_no_excess():
    tenths = game(use={"budget": [0.1, 0.2, 0.0]}, limits={"budget": 0.3})
    assert excess_use(tenths, np.array([1.0, 1.0, 0.0])) == {}


def test_broken_rules_are_named():
    assert broken_rules(game(), np.array([1.0, 0.0, 0.0])) == [
        "'waf' runs without 'log', which it requires"
    ]
    assert broken_rules(game(), np.array([1.0, 1.0, 0.0])) == [
        "2 of 'waf', 'log' run, at most 1 may"
    ]
    needed = game(groups=[mg.DefenseGroup(["waf", "log"], at_least=1)])
    assert broken_rules(needed, np.zeros(3)) == ["0 of 'waf', 'log' run, at least 1 must"]
