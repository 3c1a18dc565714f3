"""The simplex method in integers: where it could run in circles, and what it finds."""

from fractions import Fraction

import numpy as np
import pytest

from mfmgame.numerics import exact_simplex
from mfmgame.numerics.exact_simplex import _Tableau, maximise


def whole(*rows) -> np.ndarray:
    return np.array(rows, dtype=object)


# Beale's program, which stands still for several exchanges: maximise
# 3/4 z0 - 20 z1 + 1/2 z2 - 6 z3; here its first rows and its gains are times 4.
BEALE = (
    whole([1, -32, -4, 36], [2, -48, -2, 12], [0, 0, 1, 0]),
    whole(0, 0, 1),
    whole(3, -80, 2, -24),
)


def beale() -> _Tableau:
    tableau = _Tableau(*BEALE)
    # Slack variables first.
    tableau._basic, tableau._nonbasic = np.array([0, 1, 2]), np.array([3, 4, 5, 6])
    return tableau


def test_care_where_nothing_is_gained_ends_on_beales_tableau(monkeypatch):
    tableau, pivots = beale(), []
    exchange = tableau.pivot

    def pivot(row, column):
        pivots.append((row, column))
        assert len(pivots) < 50
        return exchange(row, column)

    monkeypatch.setattr(tableau, "pivot", pivot)
    monkeypatch.setattr(exact_simplex, "_Tableau", lambda *_: tableau)
    maximise(*BEALE)
    assert Fraction(tableau._table[-1, -1], tableau._denominator) == 4 * Fraction(5, 4)


def test_an_optimum_is_feasible_and_worth_as_much_on_both_sides():
    matrix, right, gains = BEALE
    found = maximise(*BEALE)
    primal = [Fraction(part, found.denominator) for part in found.primal]
    dual = [Fraction(part, found.denominator) for part in found.dual]
    assert primal == [1, 0, 1, 0]
    assert all(matrix @ whole(*primal) <= right)
    assert all(whole(*dual) @ matrix >= gains)
    assert gains @ whole(*primal) == whole(*dual) @ right == 5


def test_of_rows_that_tie_the_least_variable_leaves():
    tableau = _Tableau(whole([1], [1], [1]), whole(1, 1, 1), whole(1))
    for basic, row in (([1, 2, 3], 0), ([3, 1, 2], 1), ([3, 2, 1], 2)):
        tableau._basic = np.array(basic)
        assert tableau.leaving(0) == row


def test_a_program_without_bounds_is_refused():
    with pytest.raises(ValueError, match="unbounded"):
        maximise(whole([-1]), whole(1), whole(1))
