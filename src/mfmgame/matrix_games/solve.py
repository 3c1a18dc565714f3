"""Solver of zero-sum matrix games that proves each value.

The defender's program has a constraint for every column, but only columns that the attacker would
play matter. So the solver warm-starts a linear program over some columns, adds columns that pay
more than its value, and repeats until no column does. The guarantees of its strategies are then
computed exactly. Where this bracket is wider than asked for, the lines in play make a small game
that is solved in integers and grows by any better line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.documents.float_reading import as_float
from mfmgame.errors import SpecificationError
from mfmgame.matrix_games.matrix_solution import MatrixCertificate, MatrixSolution
from mfmgame.matrix_games.mixture_master import MixtureMaster
from mfmgame.matrix_games.payoffs import Mixture, Payoffs
from mfmgame.matrix_games.refinement import strategies_of_basis
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_simplex import Integers, maximise, work_of

__all__ = ["MatrixSolution", "solve_matrix_game"]


FEWEST_ADDED = 100
"""Columns that may enter a program at once, however few rows there are."""
MAX_TINY = 100
"""Most entries of a game that is solved in integers at once."""
TINY_WORK, SPARE_WORK, MAX_WORK = 1e7, 1e9, 1.5e10
"""Work of games solved in integers: a millisecond, some tenths of a second, and some seconds."""
MOST_ADDED = 8
"""Lines of each side that enter an integer game at once."""
MAX_SCALINGS = 6
"""Most programs tried, each in other units."""
SHARP = 1e-30
"""Gap that shows that the right lines are in play."""


def solve_matrix_game(matrix: ArrayLike, *, tolerance: float = 1e-9) -> MatrixSolution:
    """Solve a zero-sum game in which the row player, the defender, minimises.

    The attacker chooses the column. The game is a linear program [1]_, whose answer is then
    proven in exact arithmetic.

    Parameters
    ----------
    matrix : array_like, shape (n_rows, n_columns)
        Payment of the defender when it plays the row and the attacker the column, in any unit.
        Finite numbers of any sign and size; integers and floats are taken exactly.
    tolerance : float, default 1e-9
        Greatest relative width of the proven bracket (see ``MatrixSolution.gap``);
        0 asks for the exact value.

    Returns
    -------
    MatrixSolution
        The same input gives the same bytes. Where the tolerance is out of reach, `is_proven` is
        False; the bounds hold all the same.

    Raises
    ------
    SpecificationError
        If the matrix is not a matrix of finite real numbers with at least one row and column, or
        the tolerance is not from 0 to below 1.
    SolverError
        If HiGHS refuses the program.

    References
    ----------
    .. [1] G. B. Dantzig, "A proof of the equivalence of the programming problem and the game
       problem", in Activity Analysis of Production and Allocation (1951).

    Examples
    --------
    >>> import mfmgame as mg
    >>> solution = mg.solve_matrix_game([[3, 0], [0, 1]])
    >>> solution.value, solution.row_strategy, solution.column_strategy
    (0.75, array([0.25, 0.75]), array([0.25, 0.75]))
    >>> solution.lower <= 0.75 <= solution.upper
    True
    """
    tolerance = as_float(tolerance, "tolerance")
    if not 0.0 <= tolerance < 1.0:
        raise SpecificationError(
            f"found {shown(tolerance)}, expected a number from 0 to below 1", pointer="tolerance"
        )
    payoffs = Payoffs(matrix)
    certificate = _saddle_point(payoffs) or _if_tiny(payoffs) or _best_of_both(payoffs, tolerance)
    return MatrixSolution.of(payoffs, certificate, tolerance)


def _saddle_point(payoffs: Payoffs) -> MatrixCertificate | None:
    """Find the exact solution in pure strategies, if one exists."""
    most, least = payoffs.entries.max(axis=1), payoffs.entries.min(axis=0)
    row, column = int(most.argmin()), int(least.argmax())
    if most[row] != least[column]:
        return None
    n_rows, n_columns = payoffs.shape
    return MatrixCertificate.of(
        payoffs, Mixture.of(n_rows, [row], [1]), Mixture.of(n_columns, [column], [1])
    )


def _best_of_both(payoffs: Payoffs, tolerance: float) -> MatrixCertificate:
    """Find the first narrow enough bracket: by floats, with more digits, in integers."""
    matrix = payoffs.approximate
    unit = max(abs(float(matrix.max(axis=1).min())), abs(float(matrix.min(axis=0).max())))
    found = []
    for attempt in range(MAX_SCALINGS):
        generated = _generated(matrix, unit, levelled=attempt % 2 == 1)
        rows, columns = (Mixture.of_floats(side) for side in generated.strategies)
        found.append(MatrixCertificate.of(payoffs, rows, columns))
        # A value that is small beside the stakes needs more precision than the tolerance.
        if found[-1].width <= tolerance * min(abs(found[-1].lower), abs(found[-1].upper)):
            return found[-1]
        sharper = strategies_of_basis(payoffs, *generated.basis)
        if sharper is not None:
            found.append(MatrixCertificate.of(payoffs, *sharper))
        best = min(found, key=lambda certificate: certificate.width)
        if best.gap(payoffs) <= max(tolerance, SHARP):
            break
        # HiGHS decides with absolute tolerances: scale them to the size of the value.
        unit = max(abs(payoffs.approximated(end)) for end in (best.lower, best.upper))
    if best.gap(payoffs) <= min(tolerance, SHARP):
        return best
    enough = best.gap(payoffs) <= tolerance
    return _in_integers(payoffs, best, most_work=SPARE_WORK if enough else MAX_WORK)


class _Generated(NamedTuple):
    """Float64 strategies and the lines of their basis, each of rows and of columns."""

    strategies: tuple[FloatArray, FloatArray]
    basis: tuple[IntArray, IntArray]


def _generated(matrix: FloatArray, unit: float, *, levelled: bool) -> _Generated:
    """Generate lines of the longer side, in units of the value, and solve for strategies."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    if is_tall:
        matrix = np.ascontiguousarray(-matrix.T)
    n_rows, n_columns = matrix.shape
    row, column = int(matrix.max(axis=1).argmin()), int(matrix.min(axis=0).argmax())
    reach = np.maximum(matrix.max(axis=1), -matrix.min(axis=1))
    master = MixtureMaster(reach, unit, levelled=levelled)
    most = max(n_rows, FEWEST_ADDED)
    order = np.empty(0, dtype=np.intp)
    entered = np.zeros(n_columns, dtype=bool)
    paid, value = matrix.mean(axis=0), -np.inf
    best = None
    while True:
        better = np.flatnonzero((paid > value) & ~entered)
        if not len(better):
            break
        if len(better) > most:
            better = _greatest(paid, better, most)
        entered[better] = True
        order = np.append(order, better)
        master.add_columns(matrix[:, better])
        point = master.solve()
        if point is None:
            break
        best = point
        paid = point.rows @ matrix
        value = paid[order].max()
    rows, columns = np.zeros(n_rows), np.zeros(n_columns)
    if best is None:  # pure strategies must suffice
        rows[row] = columns[column] = 1.0
        basis = (np.array([row]), np.array([column]))
    else:
        order = order[: len(best.columns)]
        rows, columns[order] = best.rows, best.columns
        basis = (np.flatnonzero(best.basic_rows), order[best.basic_columns])
    if is_tall:
        return _Generated((columns, rows), basis[::-1])
    return _Generated((rows, columns), basis)


def _greatest(paid: FloatArray, columns: IntArray, most: int) -> IntArray:
    """Choose the columns that pay most, and only one of equal payers, which may be copies."""
    top = columns[np.argpartition(-paid[columns], most)[:most]]
    distinct = np.unique(paid[top], return_index=True)[1]
    if 2 * len(distinct) > most:
        return top
    return columns[np.unique(-paid[columns], return_index=True)[1][:most]]


def _in_integers(
    payoffs: Payoffs, certificate: MatrixCertificate, most_work: float
) -> MatrixCertificate:
    """Solve exactly over the lines in play, or return the best bracket found on the way."""
    rows, columns = certificate.rows.lines, certificate.columns.lines
    while True:
        block, _ = payoffs.block(rows, columns)
        most_work -= work_of(block)
        if most_work < 0:
            break
        mixtures = _optimal(payoffs, rows, columns, block)
        upper, better_columns = payoffs.most_paid(mixtures[0])
        lower, better_rows = payoffs.least_earned(mixtures[1])
        found = MatrixCertificate(*mixtures, lower, upper)
        certificate = found if found.width < certificate.width else certificate
        if not found.width:
            break
        rows = np.union1d(rows, better_rows[:MOST_ADDED])
        columns = np.union1d(columns, better_columns[:MOST_ADDED])
    return certificate


def _if_tiny(payoffs: Payoffs) -> MatrixCertificate | None:
    """Solve exactly a game so small that no other way is faster."""
    n_rows, n_columns = payoffs.shape
    if n_rows * n_columns > MAX_TINY:
        return None
    rows, columns = np.arange(n_rows), np.arange(n_columns)
    block, _ = payoffs.block(rows, columns)
    if work_of(block) > TINY_WORK:
        return None
    return MatrixCertificate.of(payoffs, *_optimal(payoffs, rows, columns, block))


def _optimal(
    payoffs: Payoffs, rows: IntArray, columns: IntArray, block: Integers
) -> tuple[Mixture, Mixture]:
    """Find optimal strategies over the chosen lines alone.

    The game, made positive, is ``maximise sum p`` subject to ``p B <= 1, p >= 0`` [1]_; its
    value is ``1 / sum p``.

    References
    ----------
    .. [1] G. B. Dantzig, "A proof of the equivalence of the programming problem and the game
       problem", in Activity Analysis of Production and Allocation (1951).
    """
    ones = [np.array([1] * count, dtype=object) for count in block.shape]
    found = maximise((block - (block.min() - 1)).T, ones[1], ones[0])
    n_rows, n_columns = payoffs.shape
    return (
        Mixture.of(n_rows, rows, found.primal),
        Mixture.of(n_columns, columns, found.dual),
    )
