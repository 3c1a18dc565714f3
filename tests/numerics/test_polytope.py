"""Ranges of linear forms over a polytope, beside SciPy's solver."""

import numpy as np
import pytest
from scipy.optimize import linprog

from mfmgame.numerics.polytope import Polytope


def ends_by_scipy(polytope: Polytope, form) -> list[float]:
    rows = {"A_ub": polytope.at_most, "b_ub": polytope.most}
    rows |= {"A_eq": polytope.equal, "b_eq": polytope.sides}
    found = [linprog(sign * form, **rows) for sign in (1.0, -1.0)]
    return [
        sign * one.fun if one.success else np.nan for sign, one in zip((1, -1), found, strict=True)
    ]


@pytest.mark.parametrize("seed", range(40))
def test_a_warm_program_gives_every_range_that_a_fresh_solver_gives(seed):
    rng = np.random.default_rng(seed)
    inside, n_rows = rng.integers(0, 3, 6).astype(float), 4
    equal = rng.integers(-1, 2, (2, 6)).astype(float)
    at_most = rng.integers(-1, 3, (n_rows, 6)).astype(float)
    polytope = Polytope(equal, equal @ inside, at_most, at_most @ inside + 1.0, np.ones(6))
    for form in rng.integers(-2, 3, (8, 6)).astype(float):
        expected = ends_by_scipy(polytope, form)  # NaN where the form has no bound
        assert polytope.range_of(form) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_an_empty_polytope_has_no_range():
    none = Polytope(
        np.array([[1.0, 1.0]]), np.array([-1.0]), np.empty((0, 2)), np.empty(0), np.ones(2)
    )
    assert np.isnan(none.range_of(np.array([1.0, 0.0]))).all()
