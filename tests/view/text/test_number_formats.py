"""Numbers for people."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.view.text.number_formats import (
    bound_text,
    bracket_text,
    full_digits,
    loss_heading,
    loss_text,
    number_text,
    resource_text,
    told_apart,
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


FINITE = st.floats(allow_nan=False, allow_infinity=False)


def ends_of(bracket: str) -> list[Decimal]:
    words = bracket.replace(",", "").split()
    assert (words[0], words[2]) == ("between", "and")
    return [Decimal(words[1]), Decimal(words[3])]


@given(FINITE, st.one_of(FINITE, st.floats(0, 1e-6), st.just(0.0)))
def test_a_bracket_as_it_is_written_holds_the_proven_one(number, other):
    for pair in ((number, other), (number, number * (1.0 + abs(other) % 1e-6))):
        lower, upper = sorted(pair)
        if math.isinf(upper - lower):
            continue
        first, last = ends_of(bracket_text(lower, upper))
        assert first <= Decimal(repr(lower))
        assert last >= Decimal(repr(upper))
        assert float(first) <= lower <= upper <= float(last)
        # Not so few digits that they lose what is proven.
        slack = Decimal(upper) - Decimal(lower) + max(map(abs, map(Decimal, pair))) / 10**11
        assert last - first <= 3 * slack
        assert all(len(end.normalize().as_tuple().digits) <= 13 for end in (first, last))


@given(FINITE, FINITE)
def test_a_bracket_with_full_digits_reads_back_as_its_ends(lower, upper):
    with full_digits():
        text = bracket_text(lower, upper)
    assert [float(end) for end in ends_of(text)] == [lower, upper]


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (1313.3333333333321, 1313.3333333333335, "between 1,313.33333333 and 1,313.33333334"),
        (737.9999999999989, 738.0, "between 737.999999999 and 738"),
        (3.5, 3.5, "between 3.5 and 3.5"),
        (1 / 3, 1 / 3, "between 0.333333333333 and 0.333333333334"),
        (2.95625, 2.9571, "between 2.9562 and 2.9571"),
        (2.0, 3.14159, "between 2 and 3.142"),
        (0.3, 0.3, "between 0.3 and 0.3"),
        (0.0, 0.0, "between 0 and 0"),
        (-0.0, 5.0, "between 0 and 5"),
        (-1.00001, -1.0, "between -1.00001 and -1"),
        (123456.7, 234567.8, "between 123,400 and 234,600"),
        (1e-12, 2.5e-12, "between 1e-12 and 2.5e-12"),
        (2e20, 2e20, "between 2e+20 and 2e+20"),
        (0.0, math.inf, "between 0 and inf"),
    ],
)
def test_a_bracket_has_the_digits_that_its_ends_share_and_two_more(lower, upper, text):
    assert bracket_text(lower, upper) == text


@given(st.floats(1e-9, 9e14), st.floats(1e-9, 1e-2))
def test_numbers_told_apart_are_never_scientific(number, share):
    first, second = told_apart(number, number * (1.0 + share))
    assert "e" not in first + second
    assert first != second or number * (1.0 + share) == pytest.approx(number, rel=1e-14)
