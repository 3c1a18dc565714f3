"""The whole program of `additive` and `best_of` games for SciPy and PuLP."""

from __future__ import annotations

import numpy as np

from mfmgame.errors import SolverError
from mfmgame.game.game import DefenseGame
from mfmgame.whole_programs.program import whole_program

__all__ = ["value_by_pulp", "value_by_scipy"]


def value_by_scipy(game: DefenseGame) -> float:
    """Compute the value of an `additive` or `best_of` game by SciPy's ``linprog`` or ``milp``.

    Parameters
    ----------
    game : DefenseGame

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
    if program.steps is not None:
        rows = scipy.optimize.LinearConstraint(program.matrix, program.lower, program.upper)
        found = scipy.optimize.milp(
            program.cost,
            constraints=rows,
            bounds=scipy.optimize.Bounds(np.zeros_like(program.top), program.top),
            integrality=program.integer.astype(int),
            options={"mip_rel_gap": 0.0},
        )
        if found.status != 0:
            raise SolverError(f"milp: {found.message}")
        return float(found.fun)
    demands = np.isfinite(program.lower)
    sign = np.where(demands, -1.0, 1.0)
    outcome = scipy.optimize.linprog(
        program.cost,
        A_ub=program.matrix * sign[:, None],
        b_ub=np.where(demands, -program.lower, program.upper),
        bounds=np.column_stack((np.zeros_like(program.top), program.top)),
        method="highs",
    )
    if outcome.status != 0:
        raise SolverError(f"linprog: {outcome.message}")
    return float(outcome.fun)


def value_by_pulp(game: DefenseGame) -> float:
    """Compute the value of an `additive` or `best_of` game by PuLP and CBC.

    Parameters
    ----------
    game : DefenseGame
        With at least one threat or one defense.

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
        problem.add_variable(
            f"c{index}",
            0.0,
            None if np.isinf(top) else float(top),
            "Integer" if whole else "Continuous",
        )
        for index, (top, whole) in enumerate(zip(program.top, program.integer, strict=True))
    ]
    problem += pulp.lpSum(
        float(cost) * column for cost, column in zip(program.cost, columns, strict=True)
    )
    for row, (lower, upper) in enumerate(zip(program.lower, program.upper, strict=True)):
        start, end = program.matrix.indptr[row : row + 2]
        terms = zip(program.matrix.data[start:end], program.matrix.indices[start:end], strict=True)
        total = pulp.lpSum(float(a) * columns[column] for a, column in terms)
        if np.isfinite(lower):
            problem += total >= float(lower)
        if np.isfinite(upper):
            problem += total <= float(upper)
    status = problem.solve(pulp.COIN_CMD(path=cbcbox.cbc_bin_path(), msg=False))
    if pulp.LpStatus[status] != "Optimal":
        raise SolverError(f"CBC: {pulp.LpStatus[status]}")
    return float(pulp.value(problem.objective))
