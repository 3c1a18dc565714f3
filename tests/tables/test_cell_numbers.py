"""Numbers as people write them: read as they were meant, or refused; never off by 1000."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfmgame.errors import SpecificationError
from mfmgame.tables.cell_numbers import decimal_mark, number_cell, number_or_distribution

MEANT = [
    ("3", 3.0),
    (" 3 ", 3.0),
    ("0.5", 0.5),
    (".5", 0.5),
    ("0,5", 0.5),
    ("0.500", 0.5),
    ("-2", -2.0),
    ("+2", 2.0),
    ("1e3", 1000.0),
    ("1.500e3", 1500.0),
    ("$900000", 900000.0),
    ("€ 1.5", 1.5),
    ("900 000 $", 900000.0),
    ("900\u202f000", 900000.0),
    ("900'000", 900000.0),
    ("40 %", 0.4),
    ("40%", 0.4),
    ("12,5 %", 0.125),
    ("1,000,000", 1e6),
    ("1.000.000", 1e6),
    ("1,234.5", 1234.5),
    ("1.234,5", 1234.5),
    ("1,234.567", 1234.567),
]
AMBIGUOUS = ["1,500", "1.500", "900.000", "$1,500", "12.345 %", "-1,500", "1,500..2,500"]
NO_NUMBERS = [
    "high",
    "1-2",
    "1..",
    "..2",
    "1//2",
    "1/2",
    "1,50,000",
    "1.2.3.",
    "$",
    "%",
    "1e",
    "--1",
]
NO_NUMBERS += [
    "--1",
    "nan",
    "inf",
    "0x10",
    "1_000",
    "\u0661",
    "1 kUSD",
    "=1+1",
    "1e9999999",
    "1e999",
    "1e-999",
]


@pytest.mark.parametrize(("text", "number"), MEANT)
def test_a_number_is_read_as_it_was_meant(text, number):
    assert number_or_distribution(text, None) == number


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_separator_that_may_be_either_is_refused(text):
    with pytest.raises(SpecificationError, match="expected a number without separators"):
        number_or_distribution(text, None)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_anything_else_is_refused(text):
    with pytest.raises(SpecificationError, match=r"^found "):
        number_or_distribution(text, None)


@pytest.mark.parametrize(("mark", "number"), [(".", 1500.0), (",", 1.5)])
def test_a_known_decimal_mark_settles_a_separator(mark, number):
    assert number_or_distribution("1,500", mark) == number


def test_a_number_of_the_other_mark_is_refused():
    with pytest.raises(SpecificationError, match=r"expected '\.' as the decimal mark"):
        number_or_distribution("2,75", ".")


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,500", "2,75"], ","),
        (["1.500", "2.75"], "."),
        (["1,500", "1,000,000"], "."),
        (["1,500", "900"], None),
        (["high", "0.4..0.8"], "."),
    ],
)
def test_another_cell_of_the_column_settles_the_mark(texts, mark):
    assert decimal_mark(texts) == mark


def test_two_marks_in_a_column_are_refused():
    with pytest.raises(SpecificationError, match="expected one decimal mark"):
        decimal_mark(["2,75", "2.75"])


def test_ranges_and_estimates_are_distributions():
    assert number_or_distribution("40 %..80 %", None) == {"range": [0.4, 0.8]}
    pert = {"distribution": "pert", "low": 1.0, "mode": 2.0, "high": 4.0}
    assert number_or_distribution("1/2/4", None) == pert
    assert number_or_distribution('{"distribution": "beta", "a": 1, "b": 2}', None)["a"] == 1


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_what_is_written_is_read_back_to_the_bit(number, exact):
    cell = number_cell(number, exact=exact)
    read = number_or_distribution(cell, decimal_mark([cell] if isinstance(cell, str) else []))
    assert read == number or math.isclose(read, number, rel_tol=0.0)


@given(st.lists(st.floats(min_value=1e-3, max_value=1e7), min_size=1, max_size=5))
def test_a_written_column_needs_no_decimal_key(numbers):
    cells = [number_cell(number, exact=True) for number in numbers]
    assert [number_or_distribution(cell, decimal_mark(cells)) for cell in cells] == numbers
