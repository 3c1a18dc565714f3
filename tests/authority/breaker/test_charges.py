"""Calls that fit in a limit of bits: compared with powers of integers, never rounded up."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath.libmp import to_rational

from mfmgame.authority.breaker.charges import Charges, most_calls

LIMITS = st.fractions(0, 3000, max_denominator=60)


def fits(count: int, calls: int, limit: Fraction) -> bool:
    return count ** (calls * limit.denominator) <= 2**limit.numerator


@given(st.one_of(st.integers(2, 40), st.integers(2, 2**200)), LIMITS)
def test_one_more_call_would_be_too_many(count, limit):
    calls = most_calls(count, limit)
    assert fits(count, calls, limit)
    assert not fits(count, calls + 1, limit)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(-1, 1))
def test_only_powers_of_two_use_up_a_limit(exponent, calls, off):
    count, limit = 2**exponent + off, Fraction(exponent * calls)
    if count > 1:
        assert most_calls(count, limit) == max(
            k for k in range(calls * 2 + 2) if count**k <= 2**limit
        )


def test_a_limit_just_short_of_a_call_admits_none():
    bits = log2(3, digits=1200)
    assert most_calls(3, bits - Fraction(1, 10**1100)) == 0
    assert most_calls(3, bits + Fraction(1, 10**1100)) == 1


def log2(count: int, digits: int = 60) -> Fraction:
    """The binary logarithm, nearly exact."""
    with mpmath.workdps(digits):
        return Fraction(*map(int, to_rational(mpmath.log(count, 2)._mpf_)))


def test_counts_and_limits_may_be_huge():
    limit = Fraction(10**100)
    assert most_calls(2**100_000, limit) == 10**95
    few = most_calls(3 * 2**99_999, limit)
    assert 10**95 - 10**90 < few < 10**95
    assert most_calls(2, limit) == 10**100


def test_no_call_is_allowed_where_only_no_call_is_counted():
    assert most_calls(1, Fraction(5)) == 0


def test_no_limit_fits_any_number_of_calls():
    charges = Charges(7, None)
    assert (charges.most, charges.left(10**6), charges.limit_bits) == (None, None, None)


@given(st.integers(2, 10**9), LIMITS, st.integers(0, 10**6))
def test_bits_are_rounded_up_and_what_is_left_down(count, limit, calls):
    charges = Charges(count, limit)
    exact, tiny = log2(count) * calls, Fraction(1, 10**40)
    left = max(Fraction(0), limit - exact)
    assert exact - tiny <= charges.bits(calls) <= exact * (1 + Fraction(1, 2**51)) + tiny
    assert left * (1 - Fraction(1, 2**51)) - tiny <= charges.left(calls) <= left + tiny


def test_whole_bits_stay_whole():
    charges = Charges(16, Fraction(12))
    assert [charges.bits(3), charges.left(2), charges.left(3), charges.left(9)] == [12, 4, 0, 0]


@pytest.mark.parametrize("count", [3, 5, 1000])
def test_the_limit_itself_is_rounded_down(count):
    assert Fraction(Charges(count, Fraction(1, 3)).limit_bits) < Fraction(1, 3)
