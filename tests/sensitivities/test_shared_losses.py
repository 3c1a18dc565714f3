"""Derivatives, ranges and reasons where several threats can cause one loss."""

import numpy as np
import pytest

import mfmgame as mg


def one_loss(**arrays) -> mg.DefenseGame:
    """A game in which all threats cause the same loss."""
    n_threats = len(arrays["severity"])
    arrays.setdefault("effectiveness", np.empty((n_threats, 0)))
    return mg.DefenseGame(threat_losses=["leak"] * n_threats, **arrays)


def test_derivatives_of_a_mix_of_ways_that_is_small_enough_for_paper():
    # Half a cheap and half a dear way take 2 bits; a bit moves half an effort: 6 - 4 over 2 bits.
    gradient = mg.value_gradient(
        one_loss(severity=[4.0, 6.0, 4.5], bandwidth=[1.0, 3.0, 2.0], attacker_bandwidth=2.0)
    )
    assert gradient.at == pytest.approx(5.0)
    assert gradient.severity.array == pytest.approx([0.5, 0.5, 0.0])
    assert gradient.bandwidth.array == pytest.approx([-0.5, -0.5, 0.0])
    assert gradient.attacker_bandwidth == pytest.approx(1.0)


def test_bits_beyond_the_dearest_way_of_a_loss_are_worth_nothing():
    game = one_loss(severity=[4.0, 6.0], bandwidth=[1.0, 3.0], attacker_bandwidth=3.5)
    assert mg.value_gradient(game).attacker_bandwidth == 0.0
    assert mg.sensitivity(game).bandwidth_price == (0.0, 0.0)
    last = mg.sensitivity(game.with_attacker_bandwidth(3.0)).bandwidth_price
    assert last == pytest.approx((1.0, 0.0))


def test_of_two_equally_bad_ways_neither_has_a_derivative():
    gradient = mg.value_gradient(
        one_loss(severity=[4.0, 4.0], bandwidth=[0.0, 0.0], attacker_bandwidth=0.0)
    )
    assert np.isnan(gradient.severity.array).all()
    assert gradient.bandwidth.array.tolist() == [0.0, 0.0]  # one free way remains


@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
def test_a_plan_that_makes_ways_equally_bad_gives_a_bit_no_price(composition):
    # The defenses run at equal levels, so that either way causes the same, up to rounding.
    game = one_loss(
        severity=[2.7, 2.7],
        bandwidth=[0.3, 0.7],
        effectiveness=[[0.7, 0.0], [0.0, 0.7]],
        attacker_bandwidth=5.0,
        use={"budget": [1.0, 2.0]},
        limits={"budget": 1.7},
        composition=composition,
    )
    gradient = mg.value_gradient(game)
    assert gradient.attacker_bandwidth == 0.0
    # Both defenses gain what they pay: the dearer one meets twice the effort.
    exposure = gradient.at / 2.7
    assert gradient.severity.array == pytest.approx([exposure / 3, exposure * 2 / 3])
    assert gradient.bandwidth.array.tolist() == [0.0, 0.0]


def test_ways_whose_bandwidths_differ_by_rounding_have_prices():
    game = one_loss(
        severity=[6.0, 6.0],
        bandwidth=[0.3, 0.1 + 0.2],
        effectiveness=[[0.5, 0.0], [0.0, 0.75]],
        attacker_bandwidth=0.3,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 0.5},
    )
    found = mg.assess(game)
    mg.verify(mg.Result(**mg.result_document(found)), game)
    assert found.sensitivity.bandwidth_price == pytest.approx((found.solution.value / 0.3, 0.0))


def test_a_way_that_another_way_stands_in_for_needs_no_defense():
    game = one_loss(
        severity=[6.0, 6.0],
        bandwidth=[1.0, 1.0],
        effectiveness=[[0.5, 0.0], [0.0, 0.0]],
        attacker_bandwidth=2.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 1.0},
    )
    found = mg.explain(game)
    assert [row.why.reason for row in found.defenses] == ["stops_nothing"] * 2
    assert found.sensitivity.limit_prices["budget"] == (0.0, 0.0)


def test_a_defense_is_needed_for_the_way_that_it_keeps_out():
    # The plan leaves 3 of the first way, less than the second way causes.
    game = one_loss(
        severity=[6.0, 4.0],
        bandwidth=[1.0, 1.0],
        effectiveness=[[0.5], [0.0]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0]},
        limits={"budget": 1.0},
    )
    (row,) = mg.explain(game).defenses
    assert (row.why.reason, row.loss_without) == ("needed", pytest.approx(6.0))
    assert (row.stops, list(row.keeps_out)) == ({}, ["t0"])
    assert row.level == pytest.approx(2 / 3)  # the cheapest level that suffices
