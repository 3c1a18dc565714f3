"""The whole linear program of `additive` and `best_of`, for SciPy and PuLP.

`additive`: ``lam b[i] + mu[i] + v[i] sum_j E[i,j] x[j] >= v[i]``, every threat a row.

`best_of`: the inner maximum over ``z`` is stated as it stands, with its own variables:
``lam b[i] + mu[i] + v[i] sum_j E[i,j] z[i,j] >= v[i]``, ``0 <= z[i,j] <= x[j]``,
``sum_j z[i,j] <= 1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SolverError, SpecificationError
from mfmgame.game import DefenseGame

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["WholeProgram", "value_by_pulp", "value_by_scipy", "whole_program"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WholeProgram:
    """``minimise cost . c`` subject to ``matrix c <= right`` and ``0 <= c <= upper``.

    Attributes
    ----------
    cost, upper : ndarray of float, shape (n_columns,)
        Columns are the levels, ``lam``, ``mu`` and, for `best_of`, ``z`` row by row.
    matrix : SciPy CSR array, shape (n_rows, n_columns)
    right : ndarray of float, shape (n_rows,)
    """

    cost: FloatArray
    upper: FloatArray
    matrix: scipy.sparse.csr_array
    right: FloatArray


def whole_program(game: DefenseGame) -> WholeProgram:
    """State the whole program of an `additive` or `best_of` game.

    Parameters
    ----------
    game : DefenseGame

    Returns
    -------
    WholeProgram

    Raises
    ------
    SpecificationError
        If the composition is `independent`, which is no linear program.
    """
    import scipy.sparse as sp

    if game.composition == "independent":
        raise SpecificationError(
            "found 'independent', expected 'best_of' or 'additive'", pointer="composition"
        )
    n, m = game.n_threats, game.n_defenses
    effectiveness = game.effectiveness
    dense = effectiveness if isinstance(effectiveness, np.ndarray) else effectiveness.toarray()
    effect = sp.csr_array(game.severity[:, None] * dense)
    attack = [-sp.csr_array(game.bandwidth[:, None]), -sp.eye_array(n, format="csr")]
    limited = np.isfinite(game.limits)
    limit_rows = sp.csr_array(game.use[limited])
    if game.composition == "additive":
        blocks = [[-effect, *attack], [limit_rows, None, None]]
        right = [-game.severity, game.limits[limited]]
        n_shares = 0
    else:
        n_shares = n * m
        # Row i takes effect from its own m shares.
        own = sp.csr_array(
            (effect.toarray().ravel(), np.arange(n_shares), np.arange(n + 1) * m),
            shape=(n, n_shares),
        )
        once = sp.kron(sp.eye_array(n), np.ones((1, m)), format="csr")
        level_of = sp.kron(np.ones((n, 1)), sp.eye_array(m), format="csr")
        blocks = [
            [None, *attack, -own],
            [limit_rows, None, None, None],
            [None, None, None, once],
            [-level_of, None, None, sp.eye_array(n_shares)],
        ]
        right = [-game.severity, game.limits[limited], np.ones(n), np.zeros(n_shares)]
    cost = np.concatenate((np.zeros(m), [game.attacker_bandwidth], np.ones(n), np.zeros(n_shares)))
    upper = np.concatenate((game.max_level, np.full(1 + n + n_shares, np.inf)))
    present = [row for row in blocks if any(block is not None and block.shape[0] for block in row)]
    matrix = sp.csr_array(sp.block_array(present, format="csr"))
    return WholeProgram(cost, upper, matrix, np.concatenate(right))


def value_by_scipy(game: DefenseGame) -> float:
    """Value of an `additive` or `best_of` game by ``scipy.optimize.linprog``.

    Parameters
    ----------
    game : DefenseGame
        With at least one threat and one defense.

    Returns
    -------
    float
        In loss units.

    Raises
    ------
    SolverError
        If SciPy does not report an optimum.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0, 3.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[1.0, 0.0], [0.0, 1.0]], attacker_bandwidth=1.0,
    ...                       use={"budget": [1.0, 1.0]}, limits={"budget": 1.0})
    >>> round(value_by_scipy(game), 9)
    1.714285714
    """
    import scipy.optimize

    program = whole_program(game)
    outcome = scipy.optimize.linprog(
        program.cost,
        A_ub=program.matrix,
        b_ub=program.right,
        bounds=np.column_stack((np.zeros_like(program.upper), program.upper)),
        method="highs",
    )
    if outcome.status != 0:
        raise SolverError(f"linprog: {outcome.message}")
    return float(outcome.fun)


def value_by_pulp(game: DefenseGame) -> float:
    """Value of an `additive` or `best_of` game by PuLP and CBC.

    Parameters
    ----------
    game : DefenseGame
        With at least one threat and one defense.

    Returns
    -------
    float
        In loss units.

    Raises
    ------
    SolverError
        If CBC does not report an optimum.
    """
    import cbcbox
    import pulp

    program = whole_program(game)
    problem = pulp.LpProblem("defense_game", pulp.LpMinimize)
    columns = [
        problem.add_variable(f"c{index}", 0.0, None if np.isinf(top) else float(top))
        for index, top in enumerate(program.upper)
    ]
    problem += pulp.lpSum(
        float(cost) * column for cost, column in zip(program.cost, columns, strict=True)
    )
    for row, right in enumerate(program.right):
        start, end = program.matrix.indptr[row : row + 2]
        terms = zip(program.matrix.data[start:end], program.matrix.indices[start:end], strict=True)
        problem += pulp.lpSum(float(a) * columns[column] for a, column in terms) <= float(right)
    status = problem.solve(pulp.COIN_CMD(path=cbcbox.cbc_bin_path(), msg=False))
    if pulp.LpStatus[status] != "Optimal":
        raise SolverError(f"CBC: {pulp.LpStatus[status]}")
    return float(pulp.value(problem.objective))
