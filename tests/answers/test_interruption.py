"""Little time, and Ctrl-C: what is proven by then is kept."""

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.optimal_set import OptimalFace


@pytest.fixture
def large_game() -> mg.DefenseGame:
    """A game that takes several rounds."""
    rng = np.random.default_rng(1)
    return mg.DefenseGame(
        severity=rng.lognormal(size=2000),
        bandwidth=rng.uniform(0.5, 2.0, 2000),
        effectiveness=0.9 * rng.random((2000, 20)),
        attacker_bandwidth=50.0,
        use={"budget": np.ones(20)},
        limits={"budget": 3.0},
    )


def test_out_of_time_the_bracket_holds_and_says_that_it_is_wide(large_game):
    hurried, value = mg.solve(large_game, time_limit=1e-9), mg.solve(large_game).value
    assert not hurried.is_proven
    assert hurried.lower <= value <= hurried.upper
    proven = mg.verify(hurried, large_game)
    assert proven.lower <= value <= proven.upper


def test_time_enough_changes_nothing(large_game):
    assert mg.solve(large_game, time_limit=600.0).value == mg.solve(large_game).value


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), "60", True])
def test_a_time_limit_is_above_zero(large_game, seconds):
    with pytest.raises(mg.SpecificationError, match="time_limit"):
        mg.solve(large_game, time_limit=seconds)


@pytest.fixture
def interrupted_in_the_third_round(monkeypatch):
    solve, calls = CutPool.solve, []

    def interrupted(pool, *arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return solve(pool, *arguments)

    monkeypatch.setattr(CutPool, "solve", interrupted)


@pytest.mark.usefixtures("interrupted_in_the_third_round")
def test_an_interruption_carries_what_is_proven(large_game):
    with pytest.raises(mg.Interrupted, match="the value is proven from") as interruption:
        mg.solve(large_game)
    solution = interruption.value.solution
    assert 0.0 < solution.lower < solution.upper
    assert mg.verify(solution, large_game).lower > 0.0


def test_an_interruption_is_one_for_those_who_wait_for_ctrl_c():
    assert issubclass(mg.Interrupted, KeyboardInterrupt)


@pytest.mark.usefixtures("interrupted_in_the_third_round")
@pytest.mark.parametrize("composition", ["best_of", "independent"])
def test_an_interruption_far_from_the_value_has_its_proof(composition):
    rng = np.random.default_rng(5)
    game = mg.DefenseGame(
        severity=rng.uniform(0.1, 10.0, 73),
        bandwidth=rng.uniform(0.1, 1.0, 73),
        effectiveness=np.where(rng.random((73, 15)) < 0.3, rng.uniform(0.1, 0.9, (73, 15)), 0.0),
        attacker_bandwidth=8.0,
        use={"budget": rng.uniform(1.0, 5.0, 15)},
        limits={"budget": 9.0},
        composition=composition,
    )
    with pytest.raises(mg.Interrupted) as interruption:
        mg.solve(game)
    solution = interruption.value.solution
    assert solution.gap > 1e-3
    assert 0.5 * solution.value < solution.lower < solution.upper
    assert mg.verify(solution, game).lower > 0.0


def test_when_time_is_up_no_cheaper_allocation_is_searched(large_game, monkeypatch):
    def search(face, tolerance):
        raise AssertionError("the search for a cheaper allocation has begun")

    monkeypatch.setattr(OptimalFace, "cheapest", search)
    assert not mg.solve(large_game, time_limit=1e-9).is_proven
    with pytest.raises(AssertionError, match="has begun"):
        mg.solve(large_game, time_limit=600.0)


@pytest.fixture
def many_projects() -> mg.DefenseGame:
    """A stepped game that takes many boxes."""
    rng = np.random.default_rng(3)
    return mg.DefenseGame(
        severity=rng.uniform(0.1, 10.0, 60),
        bandwidth=rng.uniform(0.1, 1.0, 60),
        effectiveness=np.where(rng.random((60, 14)) < 0.3, rng.uniform(0.1, 0.9, (60, 14)), 0.0),
        attacker_bandwidth=8.0,
        use={"budget": rng.uniform(1.0, 5.0, 14)},
        limits={"budget": 12.0},
        levels={f"d{j}": [0, 1] for j in range(14)},
    )


def test_out_of_time_a_stepped_game_has_an_allocation_and_a_bracket(many_projects):
    hurried, value = mg.solve(many_projects, time_limit=1e-9), mg.solve(many_projects).value
    assert not hurried.is_proven
    assert hurried.lower <= value <= hurried.upper
    assert many_projects.level_rules.allows(hurried.allocation.array)
    proven = mg.verify(hurried, many_projects)
    assert proven.lower <= value <= proven.upper


def test_a_gap_asked_for_is_the_gap_that_is_proven(many_projects):
    exact = mg.solve(many_projects)
    for gap in (0.3, 0.03, 1e-6):
        rough = mg.solve(many_projects, mip_gap=gap)
        assert rough.gap <= gap
        assert rough.lower <= exact.value <= rough.value <= exact.value / (1.0 - gap)
        assert rough.rounds <= exact.rounds


@pytest.mark.parametrize("after", [5, 20, 31, 43, 50, 64, 75])
def test_an_interrupted_search_keeps_its_tree(many_projects, monkeypatch, after):
    solve, calls = CutPool.solve, []
    found = mg.solve(many_projects)
    is_over = after > found.rounds  # and a cheaper allocation is looked for

    def interrupted(pool, *arguments):
        calls.append(arguments)
        if len(calls) == after:
            raise KeyboardInterrupt
        return solve(pool, *arguments)

    monkeypatch.setattr(CutPool, "solve", interrupted)
    with pytest.raises(mg.Interrupted, match="the value is proven from") as interruption:
        mg.solve(many_projects)
    monkeypatch.undo()
    solution, value = interruption.value.solution, mg.solve(many_projects).value
    assert solution.is_proven is is_over
    assert 0.0 < solution.lower <= value <= solution.value
    assert mg.verify(solution, many_projects).lower <= value


def test_an_interruption_before_any_choice_of_levels_is_a_plain_one(many_projects, monkeypatch):
    def interrupted(pool, *arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(CutPool, "solve", interrupted)
    with pytest.raises(KeyboardInterrupt) as interruption:
        mg.solve(many_projects)
    assert not isinstance(interruption.value, mg.Interrupted)


@pytest.mark.parametrize("gap", [-1.0, 0.0, 1.0, float("nan"), "0.1", True])
def test_a_gap_is_a_share(many_projects, gap):
    with pytest.raises(mg.SpecificationError, match="mip_gap"):
        mg.solve(many_projects, mip_gap=gap)
