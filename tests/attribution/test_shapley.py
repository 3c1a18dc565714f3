"""Shapley shares of what a plan removes, against plain sums over all orders."""

import itertools
import math
import time

import hypothesis
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.attribution.coalitions import Coalitions
from plain_games import worst_loss
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]


def shares_by_orders(game: mg.DefenseGame, levels: list[float]) -> list[float]:
    """The mean, over all orders, of what each defense adds to those before it."""
    count = game.n_defenses
    shares = [0.0] * count
    for order in itertools.permutations(range(count)):
        for member, added in enumerate(added_by(game, order, levels)):
            shares[member] += added
    return [share / math.factorial(count) for share in shares]


def added_by(game: mg.DefenseGame, order, levels=None) -> list[float]:
    """What each defense adds to those before it in an order; all in full by default."""
    levels = game.max_level.tolist() if levels is None else levels
    present, added = [0.0] * game.n_defenses, [0.0] * game.n_defenses
    before = worst_loss(game, present)
    for member in order:
        present[member] = levels[member]
        after = worst_loss(game, present)
        added[member], before = before - after, after
    return added


@pytest.mark.parametrize("composition", COMPOSITIONS)
@hypothesis.settings(max_examples=40)
@hypothesis.given(data=st.data())
def test_shares_are_means_over_all_orders(composition, data):
    game = data.draw(games(composition, max_threats=6, max_defenses=4))
    found = mg.shapley_shares(game)
    expected = shares_by_orders(game, list(found.levels.values()))
    scale = max(1.0, found.undefended)
    assert found.shares.array == pytest.approx(expected, abs=1e-9 * scale)
    assert math.fsum(found.shares.values()) == pytest.approx(found.removed, abs=1e-12 * scale)
    assert not found.errors.array.any()


@pytest.mark.parametrize("composition", COMPOSITIONS)
@hypothesis.settings(max_examples=30)
@hypothesis.given(data=st.data())
def test_every_set_has_the_worst_loss_of_its_definition(composition, data):
    game = data.draw(games(composition, max_threats=6, max_defenses=4))
    coalitions = Coalitions(game, game.max_level)
    count = len(coalitions.members)
    sets = np.array(list(itertools.product([False, True], repeat=count)), dtype=bool)
    sets = sets.reshape(2**count, count)
    expected = []
    for chosen in sets:
        levels = np.zeros(game.n_defenses)
        levels[coalitions.members[chosen]] = game.max_level[coalitions.members[chosen]]
        expected.append(worst_loss(game, levels.tolist()))
    assert coalitions.worst_losses(sets) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_what_two_defenses_both_do_is_shared_between_them():
    # Either alone takes 4 of 8; both together no more, as they never count twice.
    game = mg.DefenseGame(
        severity=[8.0], bandwidth=[0.0], effectiveness=[[0.5, 0.5, 0.0]], attacker_bandwidth=0.0
    )
    solution = mg.solve(game)
    levels = mg.shapley_shares(solution).levels
    found = mg.shapley_shares(solution)
    assert (found.undefended, found.defended, found.removed) == (8.0, 4.0, 4.0)
    if levels["d0"] == levels["d1"] == 1.0:
        assert dict(found.shares) == {"d0": 2.0, "d1": 2.0, "d2": 0.0}
        assert dict(found.alone) == {"d0": 4.0, "d1": 4.0, "d2": 0.0}
        assert dict(found.last) == {"d0": 0.0, "d1": 0.0, "d2": 0.0}
    else:
        pytest.fail("both defenses are free, and run in full")


def test_two_defenses_of_two_threats_help_only_together():
    # The attacker runs the worse threat: each defense alone leaves it another of 4.
    game = mg.DefenseGame(
        severity=[4.0, 4.0],
        bandwidth=[1.0, 1.0],
        effectiveness=[[0.5, 0.0], [0.0, 0.5]],
        attacker_bandwidth=1.0,
    )
    found = mg.shapley_shares(game)
    assert dict(found.alone) == {"d0": 0.0, "d1": 0.0}
    assert dict(found.last) == {"d0": 2.0, "d1": 2.0}
    assert dict(found.shares) == {"d0": 1.0, "d1": 1.0}


def large_game(n_threats: int, n_defenses: int, composition: str = "best_of") -> mg.DefenseGame:
    random = np.random.default_rng(7)
    return mg.DefenseGame(
        severity=random.uniform(1, 8, n_threats),
        bandwidth=random.uniform(0.5, 2, n_threats),
        effectiveness=random.uniform(0, 0.9, (n_threats, n_defenses)),
        attacker_bandwidth=n_threats / 4,
        max_level=np.full(n_defenses, 0.3),
        composition=composition,
    )


def test_fifteen_defenses_are_exact_and_sixteen_are_sampled():
    assert mg.shapley_shares(large_game(5, 15)).permutations is None
    sampled = mg.shapley_shares(large_game(5, 16))
    assert sampled.permutations == 2000
    assert sampled.errors.array.all()


def test_samples_agree_with_all_orders_within_their_errors():
    game = large_game(20, 10)
    exact = mg.shapley_shares(game).shares.array
    apart = []
    for seed in range(20):
        found = mg.shapley_shares(game, permutations=100, seed=seed)
        assert math.fsum(found.shares.values()) == pytest.approx(found.removed, rel=1e-12)
        apart.append((found.shares.array - exact) / found.errors.array)
    # About normal: mean 0 and deviation 1 over 200 numbers, of which each ten add up to 0.
    assert abs(np.mean(apart)) < 0.3
    assert 0.7 < np.std(apart) < 1.4


def test_the_error_of_two_pairs_is_half_of_what_they_differ_by():
    # Three defenses have three pairs of an order and its reverse, here of different means.
    game = mg.DefenseGame(
        severity=[5.0, 5.0, 8.0],
        bandwidth=[1.0, 1.0, 1.0],
        effectiveness=[[0.375, 0.375, 0.25], [0.25, 0.5, 0.125], [0.5, 0.375, 0.0]],
        attacker_bandwidth=1.0,
        composition="additive",
    )
    means = [
        np.mean([added_by(game, order), added_by(game, order[::-1])], axis=0)
        for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2))
    ]
    answers = {
        ((one + other).tobytes(), abs(one - other).tobytes()) for one in means for other in means
    }
    n_apart = 0
    for seed in range(12):
        found = mg.shapley_shares(game, permutations=4, seed=seed)
        total, apart = (2.0 * numbers for numbers in (found.shares.array, found.errors.array))
        assert (total.tobytes(), np.round(apart, 12).tobytes()) in answers
        n_apart += apart.any()
    assert n_apart >= 3


def test_a_seed_says_all():
    game = large_game(5, 16)
    first, again, other = (
        mg.shapley_shares(game, permutations=20, seed=seed).shares.array.tobytes()
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_sparse_games_have_the_same_shares():
    for composition in COMPOSITIONS:
        game = large_game(8, 6, composition)
        sparse = mg.DefenseGame(
            severity=game.severity,
            bandwidth=game.bandwidth,
            effectiveness=sp.csr_array(game.effectiveness),
            attacker_bandwidth=game.attacker_bandwidth,
            max_level=game.max_level,
            composition=composition,
        )
        assert mg.shapley_shares(sparse).shares.array == pytest.approx(
            mg.shapley_shares(game).shares.array, rel=1e-9
        )


def test_a_plan_that_funds_nothing_has_nothing_to_share():
    game = mg.DefenseGame(
        severity=[3.0],
        bandwidth=[1.0],
        effectiveness=[[0.5]],
        attacker_bandwidth=1.0,
        max_level=[0.0],
    )
    found = mg.shapley_shares(game)
    assert (found.removed, dict(found.shares)) == (0.0, {"d0": 0.0})
    assert mg.shapley_shares(game, permutations=4).shares["d0"] == 0.0


def test_32768_sets_take_about_a_second():
    game = large_game(73, 15)
    solution = mg.solve(game)
    started = time.process_time()
    mg.shapley_shares(solution)
    assert time.process_time() - started < 10.0  # generous: the machine may be shared


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"permutations": 3}, "permutations: found 3, expected an even number from 4 to 10000000"),
        ({"permutations": True}, "permutations: found true"),
        ({"permutations": 2}, "permutations: found 2"),
        ({"seed": -1}, "seed: found -1, expected an integer from 0"),
        ({"seed": 2**64}, "seed: found 18446744073709551616"),
        ({"seed": 1.5}, "seed: found 1.5"),
    ],
)
def test_options_out_of_range_are_refused(options, complaint):
    with pytest.raises(mg.SpecificationError, match=complaint.replace("*", r"\*")):
        mg.shapley_shares(large_game(2, 2), **options)
