"""What must hold of every matrix game's value, whoever computes it."""

from fractions import Fraction

import hypothesis
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mfmgame as mg
from exact_games import exact_value, least_earned, most_paid

shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6)
integers = hnp.arrays(np.int64, shapes, elements=st.integers(-9, 9))
floats = hnp.arrays(
    np.float64,
    shapes,
    elements=st.floats(allow_nan=False, allow_infinity=False),
)
matrices = st.one_of(integers, floats)
each = hypothesis.settings(max_examples=100)


def exactly(matrix) -> Fraction:
    """The value, from a certificate whose two ends meet."""
    solution = mg.solve_matrix_game(matrix, tolerance=0)
    assert solution.certificate.lower == solution.certificate.upper
    return solution.certificate.lower


@each
@hypothesis.given(matrix=matrices)
def test_the_bracket_is_what_both_strategies_guarantee(matrix):
    solution = mg.solve_matrix_game(matrix)
    lower = least_earned(matrix, solution.certificate.columns.fractions())
    upper = most_paid(matrix, solution.certificate.rows.fractions())
    assert solution.lower <= lower <= upper <= solution.upper
    assert solution.lower <= solution.value <= solution.upper
    assert solution.is_proven


@each
@hypothesis.given(matrix=matrices)
def test_the_exact_value_is_that_of_a_textbook_simplex(matrix):
    assert exactly(matrix) == exact_value(matrix)


@each
@hypothesis.given(matrix=integers, offset=st.integers(-(2**40), 2**40))
def test_an_offset_moves_the_value_by_itself(matrix, offset):
    assert exactly(matrix + offset) == exactly(matrix) + offset


@each
@hypothesis.given(matrix=integers, factor=st.integers(1, 2**40))
def test_a_factor_multiplies_the_value(matrix, factor):
    assert exactly(matrix * factor) == exactly(matrix) * factor


@each
@hypothesis.given(matrix=matrices)
def test_the_players_change_places_by_transposition_and_sign(matrix):
    assert exactly(-matrix.T) == -exactly(matrix)


@each
@hypothesis.given(matrix=matrices, data=st.data())
def test_the_order_of_lines_means_nothing(matrix, data):
    rows = data.draw(st.permutations(range(matrix.shape[0])))
    columns = data.draw(st.permutations(range(matrix.shape[1])))
    assert exactly(matrix[rows][:, columns]) == exactly(matrix)


@each
@hypothesis.given(matrix=integers)
def test_repeated_lines_change_nothing(matrix):
    assert exactly(np.vstack((matrix, matrix[:1]))) == exactly(matrix)
    assert exactly(np.hstack((matrix, matrix[:, :1]))) == exactly(matrix)


@each
@hypothesis.given(matrix=integers, data=st.data())
def test_another_row_never_raises_the_value_and_another_column_never_lowers_it(matrix, data):
    row = data.draw(hnp.arrays(np.int64, (1, matrix.shape[1]), elements=st.integers(-9, 9)))
    column = data.draw(hnp.arrays(np.int64, (matrix.shape[0], 1), elements=st.integers(-9, 9)))
    assert exactly(np.vstack((matrix, row))) <= exactly(matrix)
    assert exactly(np.hstack((matrix, column))) >= exactly(matrix)
