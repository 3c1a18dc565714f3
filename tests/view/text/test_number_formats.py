"""Numbers for people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.view.text.number_formats import (
    bound_text,
    full_digits,
    loss_heading,
    loss_text,
    number_text,
    resource_text,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5.0, "5"),
        (20.701495826520684, "20.7"),
        (1234567.8, "1,235,000"),
        (999999.0, "1,000,000"),
        (9999.0, "9,999"),
        (-1234.56, "-1,235"),
        (0.00012345, "0.0001234"),
        (3e-9, "0.000000003"),
        (1.5e14, "150,000,000,000,000"),
        (1e15, "1e+15"),
        (2.5e-12, "2.5e-12"),
        (math.inf, "inf"),
    ],
)
def test_a_number_has_four_significant_digits_and_separated_thousands(number, text):
    assert number_text(number) == text


@given(st.floats(1e-9, 9.99e14))
def test_a_short_number_is_never_scientific_and_close(number):
    text = number_text(number)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(number, rel=5.1e-4)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_full_digits_read_back_as_the_same_number(number):
    with full_digits():
        text = number_text(number)
    assert float(text.replace(",", "")) == number
    assert float(bound_text(number).replace(",", "")) == number


def test_units_stand_beside_losses_and_amounts():
    game = mg.DefenseGame(
        severity=[8.0],
        bandwidth=[1.0],
        effectiveness=[[0.5]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0], "staff": [2.0]},
        units=mg.Units(loss="kUSD", period="year", resources={"budget": "kUSD"}),
    )
    assert loss_text(game, 1200.0) == "1,200 kUSD per year"
    assert loss_heading(game) == "loss\nkUSD"
    assert resource_text(game, "budget", 3.0) == "3 kUSD"
    assert resource_text(game, "staff", 3.0) == "3"


def test_without_units_a_number_stands_alone():
    game = mg.DefenseGame(
        severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5]], attacker_bandwidth=1.0
    )
    assert loss_text(game, 1200.0) == "1,200"
    assert loss_heading(game, "severity") == "severity"
