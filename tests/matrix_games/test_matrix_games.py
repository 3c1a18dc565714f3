"""Zero-sum matrix games: every value proven, whatever the sizes of the payoffs."""

from dataclasses import replace
from fractions import Fraction

import nashpy
import numpy as np
import pytest
from scipy.optimize import linprog

import mfmgame as mg
from exact_games import exact_value, least_earned, most_paid
from mfmgame.matrix_games.matrix_solution import MatrixCertificate

SIZES_OF_PAYOFFS = {
    "1e-6 to 1e9": lambda rng: 10.0 ** rng.uniform(-6, 9, (12, 12)),
    "1e-6 to 1e9, any sign": lambda rng: (
        10.0 ** rng.uniform(-6, 9, (12, 12)) * rng.choice([-1.0, 1.0], (12, 12))
    ),
    "1e-6 to 1e8": lambda rng: 10.0 ** rng.uniform(-6, 8, (12, 12)),
    "1e-6 to 1e7": lambda rng: 10.0 ** rng.uniform(-6, 7, (12, 12)),
    "1e-6 to 1e3": lambda rng: 10.0 ** rng.uniform(-6, 3, (12, 12)),
    "normal times 1e-8": lambda rng: 1e-8 * rng.normal(size=(15, 20)),
    "18 orders of magnitude": lambda rng: (
        10.0 ** rng.uniform(-9, 9, (10, 14)) * rng.choice([-1.0, 1.0], (10, 14))
    ),
    "a diagonal from 1e-6 to 1e9": lambda rng: np.diag(10.0 ** rng.uniform(-6, 9, 12)),
    "rows from 1e-6 to 1e9": lambda rng: (
        rng.normal(size=(12, 12)) * 10.0 ** rng.uniform(-6, 9, (12, 1))
    ),
    "columns from 1e-6 to 1e9": lambda rng: (
        rng.normal(size=(12, 12)) * 10.0 ** rng.uniform(-6, 9, (1, 12))
    ),
    "a common offset": lambda rng: 1e9 + rng.normal(size=(12, 12)),
    "duplicates": lambda rng: rng.normal(size=(12, 12))[rng.integers(0, 12, 12)][
        :, rng.integers(0, 12, 12)
    ],
    "integers with ties": lambda rng: rng.integers(-2, 3, (12, 12)),
    "zeros and ones": lambda rng: rng.integers(0, 2, (12, 12), dtype=np.uint8),
    "mostly zeros": lambda rng: rng.normal(size=(12, 12)) * (rng.random((12, 12)) < 0.3),
    "skew-symmetric": lambda rng: (lambda half: half - half.T)(rng.normal(size=(12, 12))),
    "low rank": lambda rng: rng.normal(size=(12, 2)) @ rng.normal(size=(2, 12)),
    "about 1e-300": lambda rng: 1e-300 * rng.normal(size=(8, 8)),
    "about 1e300": lambda rng: 1e300 * rng.normal(size=(8, 8)),
    "subnormal": lambda rng: 1e-320 * rng.normal(size=(8, 8)),
    "1e-300 to 1e300": lambda rng: (
        10.0 ** rng.uniform(-300, 300, (4, 4)) * rng.choice([-1.0, 1.0], (4, 4))
    ),
    "beyond float64's integers": lambda rng: rng.integers(-(2**62), 2**62, (8, 8)),
    "unsigned integers of 64 bits": lambda rng: rng.integers(2**63, 2**64, (8, 8), np.uint64),
}
SEEDS = 40
"""The first few of them are also solved in fractions."""


def assert_proven(matrix, solution: mg.MatrixSolution) -> None:
    """Judge a solution by plain fractions."""
    rows, columns = solution.row_strategy, solution.column_strategy
    for strategy, length in zip((rows, columns), np.shape(matrix), strict=True):
        assert strategy.shape == (length,)
        assert np.all(strategy >= 0.0)
        assert abs(float(sum(map(Fraction, strategy.tolist()))) - 1.0) <= 2.0**-52
    lower = least_earned(matrix, solution.certificate.columns.fractions())
    upper = most_paid(matrix, solution.certificate.rows.fractions())
    assert (lower, upper) == (solution.certificate.lower, solution.certificate.upper)
    assert solution.lower <= lower <= upper <= solution.upper
    assert solution.lower <= solution.value <= solution.upper
    assert solution.is_proven
    solution.verify(matrix)
    # The rounded strategies guarantee the value, too; up to its own rounding.
    digit = Fraction(np.spacing(abs(solution.value)))
    assert least_earned(matrix, columns.tolist()) - digit <= Fraction(solution.value)
    assert Fraction(solution.value) <= most_paid(matrix, rows.tolist()) + digit


@pytest.mark.parametrize("sizes", SIZES_OF_PAYOFFS)
def test_payoffs_of_any_size_give_a_proven_value(sizes):
    for seed in range(SEEDS):
        matrix = SIZES_OF_PAYOFFS[sizes](np.random.default_rng([7, seed]))
        solution = mg.solve_matrix_game(matrix)
        assert_proven(matrix, solution)
        if seed < 2:
            value = exact_value(matrix)
            assert solution.certificate.lower <= value <= solution.certificate.upper
            error = abs(Fraction(solution.value) - value)
            assert error <= max(
                Fraction(1e-9) * abs(value), Fraction(np.spacing(abs(solution.value)))
            )


@pytest.mark.parametrize(
    ("matrix", "value"),
    [
        ([[5]], 5),
        ([[1, 4, 2]], 4),
        ([[1], [4], [2]], 1),
        (np.zeros((3, 4)), 0),
        (np.full((4, 3), 0.1), 0.1),
        ([[1, -1], [-1, 1]], 0),
        ([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], 0),
        ([[3, 0], [0, 1]], Fraction(3, 4)),
        ([[99999999, 0], [0, 99999999]], Fraction(99999999, 2)),
        ([[90000000, 90000001], [90000001, 90000000]], Fraction(180000001, 2)),
        (np.array([[2**62, 2**62 - 1], [2**62 - 1, 2**62]]), 2**62 - Fraction(1, 2)),
        (np.array([[2**64 - 1, 0], [0, 2**64 - 1]], dtype=np.uint64), Fraction(2**64 - 1, 2)),
        (np.array([[1, 2], [3, 0]], dtype=np.uint8), Fraction(3, 2)),
        (np.array([[-128, 127], [127, -128]], dtype=np.int8), Fraction(-1, 2)),
        (np.array([[True, False], [False, True]]), Fraction(1, 2)),
        (np.array([[0.25, 1.0], [1.0, 0.25]], dtype=np.float32), Fraction(5, 8)),
        (np.diag([1e-300, 1e300]), Fraction(1e-300) / (1 + Fraction(1e-300) / Fraction(1e300))),
        (np.full((2, 2), 1.7e308), Fraction(1.7e308)),
    ],
    ids=str,
)
def test_values_known_by_hand(matrix, value):
    solution = mg.solve_matrix_game(matrix)
    assert solution.certificate.lower <= value <= solution.certificate.upper
    assert solution.value == float(value)
    assert_proven(matrix, solution)


def test_every_line_of_a_solution_reads_as_it_should():
    solution = mg.solve_matrix_game([[3, 0, 1], [0, 1, 0]])
    assert repr(solution).split("\n") == [
        "MatrixSolution: matrix game  (2 rows, 3 columns)",
        "  value   0.75",
        "  proven  between 0.75 and 0.75",
        "  gap     0.0e+00",
    ]
    assert solution.to_frame()["probability"].to_dict() == {0: 0.25, 1: 0.75}
    assert solution.to_frame("columns")["probability"].to_dict() == {0: 0.25, 1: 0.75}
    assert solution.to_frame("columns").index.name == "column"
    assert not solution.row_strategy.flags.writeable
    with pytest.raises(mg.SpecificationError, match="lines: found 'threats', expected 'rows'"):
        solution.to_frame("threats")


@pytest.mark.parametrize("tolerance", [0, 1e-200])
def test_least_tolerances_ask_for_the_exact_value(tolerance):
    matrix = np.random.default_rng(3).normal(size=(9, 12))
    solution = mg.solve_matrix_game(matrix, tolerance=tolerance)
    assert solution.certificate.lower == solution.certificate.upper == exact_value(matrix)
    assert solution.is_proven
    assert solution.gap == 0.0


def test_an_exact_value_out_of_reach_is_a_bracket_that_says_so():
    matrix = np.random.default_rng(4).normal(size=(120, 120))
    solution = mg.solve_matrix_game(matrix, tolerance=0)
    assert not solution.is_proven
    assert 0.0 < solution.gap < 1e-30
    solution.verify(matrix)


@pytest.mark.parametrize("shape", [(15, 73), (73, 15), (100, 100)])
def test_other_solvers_agree(shape):
    matrix = np.random.default_rng(0).normal(size=shape)
    solution = mg.solve_matrix_game(matrix)
    n_rows, n_columns = shape
    whole = linprog(
        np.append(np.zeros(n_rows), 1.0),
        A_ub=np.column_stack((matrix.T, -np.ones(n_columns))),
        b_ub=np.zeros(n_columns),
        A_eq=[np.append(np.ones(n_rows), 0.0)],
        b_eq=[1.0],
        bounds=[(0, None)] * n_rows + [(None, None)],
    )
    assert solution.value == pytest.approx(whole.fun, rel=1e-9)
    rows, columns = nashpy.Game(-matrix).linear_program()
    assert solution.value == pytest.approx(float(rows @ matrix @ columns), rel=1e-9)


@pytest.mark.parametrize("shape", [(40, 40_000), (40_000, 40), (250, 300)])
def test_large_games_are_proven(shape):
    matrix = np.random.default_rng(5).normal(size=shape)
    solution = mg.solve_matrix_game(matrix)
    assert solution.is_proven
    # Floats suffice to confirm what is far wider than their rounding.
    assert (solution.row_strategy @ matrix).max() <= solution.value + 1e-12
    assert (matrix @ solution.column_strategy).min() >= solution.value - 1e-12


@pytest.mark.parametrize("sizes", ["any sign", "skew", "offset", "rows"])
def test_games_too_large_for_fractions_are_proven_where_floats_fail(sizes):
    rng = np.random.default_rng(6)
    signs = rng.choice([-1.0, 1.0], (120, 120))
    half = 10.0 ** rng.uniform(-6, 9, (120, 120))
    matrix = {
        "any sign": half * signs,
        "skew": half - half.T,
        "offset": 1e9 + signs,
        "rows": rng.normal(size=(120, 120)) * 10.0 ** rng.uniform(-4, 5, (120, 1)),
    }[sizes]
    solution = mg.solve_matrix_game(matrix)
    assert solution.is_proven
    solution.verify(matrix)


def test_the_same_game_gives_the_same_bytes():
    matrix = np.random.default_rng(8).normal(size=(30, 40))
    first, second = (mg.solve_matrix_game(matrix.copy()) for _ in range(2))
    assert first.row_strategy.tobytes() == second.row_strategy.tobytes()
    assert first.column_strategy.tobytes() == second.column_strategy.tobytes()
    assert (first.value, first.certificate.lower) == (second.value, second.certificate.lower)


def test_the_callers_matrix_is_left_as_it_is():
    matrix = np.random.default_rng(9).normal(size=(5, 6)) * 1e200
    before = matrix.copy()
    mg.solve_matrix_game(matrix)
    assert np.array_equal(matrix, before)


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1.0, 2.0], [NAN, 0.0]], r"matrix\[1, 0\]: found nan, expected a finite number"),
        ([[1.0, -INFINITY]], r"matrix\[0, 1\]: found -inf, expected a finite number"),
        (np.empty((0, 0)), r"matrix: found shape \(0, 0\), expected at least one row and"),
        (np.empty((0, 5)), r"matrix: found shape \(0, 5\), expected at least one row and"),
        (np.empty((5, 0)), r"matrix: found shape \(5, 0\), expected at least one row and"),
        ([], "matrix: found 1 axes, expected 2"),
        ([1.0, 2.0], "matrix: found 1 axes, expected 2"),
        (3.0, "matrix: found 0 axes, expected 2"),
        (np.zeros((2, 2, 2)), "matrix: found 3 axes, expected 2"),
        ([[1.0], [1.0, 2.0]], "matrix: found rows of different lengths"),
        ([["1", "2"]], "matrix: found str"),
        ([[1j]], "matrix: found complex128 entries, expected a dense matrix of real numbers"),
        ([[None]], "matrix: found object entries"),
        ([[10**30]], "matrix: found object entries"),
        ([[2**60 + 1, 0.5]], r"matrix\[0, 0\]: found 1152921504606846977, expected a number that"),
        ([[2**64 - 1, -1]], r"matrix\[0, 0\]: found 18446744073709551615, expected a number that"),
        (np.array([[0, 1]], dtype="m8[s]"), "matrix: found timedelta64"),
        (np.ma.array([[1.0, 2.0]], mask=[[False, True]]), r"matrix\[0, 1\]: found a masked entry"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused_in_one_line(matrix, message):
    with pytest.raises(mg.SpecificationError, match=message) as refusal:
        mg.solve_matrix_game(matrix)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("tolerance", [-1e-9, 1.0, NAN])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(mg.SpecificationError, match="expected a number from 0 to below 1"):
        mg.solve_matrix_game([[1.0]], tolerance=tolerance)


MATRIX = [[3, 0], [0, 1]]


def forged(**changes) -> mg.MatrixSolution:
    """A true solution, with something else in its place."""
    solution = mg.solve_matrix_game(MATRIX)
    mixture = changes.pop("weights", None)
    if mixture is not None:
        proof = replace(solution.certificate, rows=mixture)
        changes |= {"certificate": proof, "row_strategy": mixture.shares}
    return replace(solution, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": 0.8}, "the value is not between its bounds"),
        ({"lower": 0.76}, "the lower bound does not follow"),
        ({"upper": 0.74}, "the upper bound does not follow"),
        ({"gap": 0.5}, "the gap does not match the bounds"),
        ({"row_strategy": np.array([0.5, 0.5])}, "the row strategy does not match its weights"),
        ({"weights": mg.Mixture.of(2, [0, 1], [1, 1])}, "the upper bound does not follow"),
        ({"weights": mg.Mixture.of(3, [0, 1], [1, 3])}, "the row weights are not a mixed strategy"),
        (
            {
                "weights": mg.Mixture(
                    2, np.array([0, 1], dtype=np.intp), np.array([2, -1], dtype=object)
                )
            },
            "the row weights are not a mixed strategy",
        ),
        (
            {
                "weights": mg.Mixture(
                    2, np.array([0, 1, 1], dtype=np.intp), np.array([1, 1, 2], dtype=object)
                )
            },
            "the row weights are not a mixed strategy",
        ),
    ],
    ids=["value", "lower", "upper", "gap", "shares", "other", "size", "negative", "twice"],
)
def test_verify_refuses_what_does_not_follow(changes, message):
    mg.solve_matrix_game(MATRIX).verify(MATRIX)
    with pytest.raises(mg.CertificateError, match=message):
        forged(**changes).verify(MATRIX)


def test_verify_refuses_another_game():
    solution = mg.solve_matrix_game(MATRIX)
    with pytest.raises(mg.CertificateError, match="the column weights are not a mixed strategy"):
        solution.verify([[3, 0, 1], [0, 1, 1]])
    with pytest.raises(mg.CertificateError, match="the lower bound does not follow"):
        solution.verify([[2, 0], [0, 1]])


def test_a_certificate_is_what_its_strategies_guarantee():
    proof = mg.solve_matrix_game([[0, 1, -1], [-1, 0, 1], [1, -1, 0]]).certificate
    assert isinstance(proof, MatrixCertificate)
    assert proof.rows.fractions() == proof.columns.fractions() == (Fraction(1, 3),) * 3
    assert proof.lower == proof.upper == 0
