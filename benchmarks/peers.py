"""One small adapter per peer, with its input and its value.

`prepare` states the problem in the peer's own terms and is not timed; `solve` is timed. A peer
that finds no optimum raises. Libraries are imported inside functions: OR-Tools and highspy
bring different builds of one library and cannot share a process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import mfmgame as mg
from mfmgame.whole_programs.program import WholeProgram, whole_program


@dataclass(frozen=True)
class Peer:
    name: str
    packages: tuple[str, ...]
    """Distributions that the peer needs besides this package."""
    prepare: Callable[[Any], Any]
    solve: Callable[[Any], Any]


def as_it_is(problem: Any) -> Any:
    return problem


def dense(game: mg.DefenseGame) -> np.ndarray:
    matrix = game.effectiveness
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


# Linear programs, as a whole.


def by_mfmgame(game: mg.DefenseGame) -> float:
    return mg.solve(game).value


def for_linprog(program: WholeProgram) -> dict[str, Any]:
    sign = np.where(np.isfinite(program.lower), -1.0, 1.0)
    return {
        "c": program.cost,
        "A_ub": program.matrix * sign[:, None],
        "b_ub": np.where(sign < 0, -program.lower, program.upper),
        "bounds": np.column_stack((np.zeros_like(program.top), program.top)),
        "method": "highs",
    }


def by_linprog(arguments: dict[str, Any]) -> float:
    from scipy.optimize import linprog

    return optimal(linprog(**arguments))


def for_milp(program: WholeProgram) -> dict[str, Any]:
    from scipy.optimize import Bounds, LinearConstraint

    return {
        "c": program.cost,
        "constraints": LinearConstraint(program.matrix, program.lower, program.upper),
        "bounds": Bounds(np.zeros_like(program.top), program.top),
        "integrality": program.integer.astype(int),
    }


def by_milp(gap: float | None) -> Callable[[dict[str, Any]], float]:
    def solve(arguments: dict[str, Any]) -> float:
        from scipy.optimize import milp

        return optimal(milp(**arguments, options={} if gap is None else {"mip_rel_gap": gap}))

    return solve


def optimal(outcome: Any) -> float:
    if outcome.status != 0:
        raise ArithmeticError(outcome.message)
    return float(outcome.fun)


def for_highspy(program: WholeProgram) -> Any:
    import highspy

    stated = highspy.HighsLp()
    stated.num_col_, stated.num_row_ = len(program.cost), len(program.lower)
    stated.col_cost_ = program.cost
    stated.col_lower_, stated.col_upper_ = np.zeros_like(program.cost), program.top
    stated.row_lower_, stated.row_upper_ = program.lower, program.upper
    stated.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    stated.a_matrix_.start_ = program.matrix.indptr
    stated.a_matrix_.index_ = program.matrix.indices
    stated.a_matrix_.value_ = program.matrix.data
    return stated


def by_highspy(stated: Any) -> float:
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(stated)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError(str(solver.getModelStatus()))
    return float(solver.getInfo().objective_function_value)


def by_cvxpy(solver: str) -> Callable[[WholeProgram], float]:
    def solve(program: WholeProgram) -> float:
        problem = cvxpy_problem(program, program.cost)
        return cvxpy_value(problem, solver)

    return solve


def cvxpy_problem(program: WholeProgram, cost: Any) -> Any:
    import cvxpy as cp

    columns = cp.Variable(len(program.cost), nonneg=True)
    demands, topped = np.isfinite(program.lower), np.isfinite(program.top)
    return cp.Problem(
        cp.Minimize(cost @ columns),
        [
            program.matrix[demands] @ columns >= program.lower[demands],
            program.matrix[~demands] @ columns <= program.upper[~demands],
            columns[topped] <= program.top[topped],
        ],
    )


def cvxpy_value(problem: Any, solver: str) -> float:
    import cvxpy as cp

    problem.solve(solver=solver)
    if problem.status != cp.OPTIMAL:
        raise ArithmeticError(problem.status)
    return float(problem.value)


def for_pulp(program: WholeProgram) -> Any:
    import pulp

    problem = pulp.LpProblem("game", pulp.LpMinimize)
    columns = [
        problem.add_variable(f"c{index}", 0.0, None if np.isinf(top) else top)
        for index, top in enumerate(program.top.tolist())
    ]
    problem += pulp.LpAffineExpression(list(zip(columns, program.cost.tolist(), strict=True)))
    matrix = program.matrix
    for row, (lower, upper) in enumerate(zip(program.lower, program.upper, strict=True)):
        entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
        terms = zip(
            [columns[column] for column in matrix.indices[entries]],
            matrix.data[entries].tolist(),
            strict=True,
        )
        total = pulp.LpAffineExpression(list(terms))
        problem += total >= float(lower) if np.isfinite(lower) else total <= float(upper)
    return problem


def by_pulp(problem: Any) -> float:
    import cbcbox
    import pulp

    status = problem.solve(pulp.COIN_CMD(path=cbcbox.cbc_bin_path(), msg=False))
    if pulp.LpStatus[status] != "Optimal":
        raise ArithmeticError(pulp.LpStatus[status])
    return float(pulp.value(problem.objective))


def by_pdlp(program: WholeProgram) -> float:
    from ortools.pdlp import solve_log_pb2, solvers_pb2
    from ortools.pdlp.python import pdlp

    stated = pdlp.QuadraticProgram()
    stated.resize_and_initialize(len(program.cost), len(program.lower))
    stated.objective_vector = program.cost
    stated.constraint_matrix = program.matrix.tocsc()
    stated.constraint_lower_bounds = program.lower
    stated.constraint_upper_bounds = program.upper
    stated.variable_lower_bounds = np.zeros_like(program.top)
    stated.variable_upper_bounds = program.top
    parameters = solvers_pb2.PrimalDualHybridGradientParams()
    result = pdlp.primal_dual_hybrid_gradient(stated, parameters)
    reason = result.solve_log.termination_reason
    if reason != solve_log_pb2.TERMINATION_REASON_OPTIMAL:
        raise ArithmeticError(solve_log_pb2.TerminationReason.Name(reason))
    return float(program.cost @ result.primal_solution)


def by_glop(program: WholeProgram) -> float:
    import scipy.sparse
    from ortools.linear_solver.python import model_builder_helper as helper

    stated = helper.ModelBuilderHelper()
    stated.fill_model_from_sparse_data(
        np.zeros_like(program.top),
        program.top,
        program.cost,
        program.lower,
        program.upper,
        scipy.sparse.csr_matrix(program.matrix),
    )
    solver = helper.ModelSolverHelper("GLOP")
    solver.solve(stated)
    if solver.status() != helper.SolveStatus.OPTIMAL:
        raise ArithmeticError(solver.status_string())
    return float(solver.objective_value())


MFMGAME = Peer("mfmgame", (), as_it_is, by_mfmgame)

LINEAR = [
    MFMGAME,
    Peer("SciPy linprog", ("scipy",), lambda game: for_linprog(whole_program(game)), by_linprog),
    Peer("highspy", ("highspy",), lambda game: for_highspy(whole_program(game)), by_highspy),
    Peer("CVXPY HiGHS", ("cvxpy", "highspy"), whole_program, by_cvxpy("HIGHS")),
    Peer("CVXPY Clarabel", ("cvxpy", "clarabel"), whole_program, by_cvxpy("CLARABEL")),
    Peer("PuLP CBC", ("PuLP", "cbcbox"), lambda game: for_pulp(whole_program(game)), by_pulp),
    Peer("OR-Tools GLOP", ("ortools",), whole_program, by_glop),
    Peer("OR-Tools PDLP", ("ortools",), whole_program, by_pdlp),
]


# `independent` games: an exponential cone for every threat.


def for_cone(game: mg.DefenseGame) -> tuple[mg.DefenseGame, np.ndarray]:
    return game, np.log1p(-dense(game))


def by_cone(problem: tuple[mg.DefenseGame, np.ndarray]) -> float:
    import cvxpy as cp

    game, exponents = problem
    level = cp.Variable(game.n_defenses, nonneg=True)
    price, surplus = cp.Variable(nonneg=True), cp.Variable(game.n_threats, nonneg=True)
    loss = cp.multiply(game.severity, cp.exp(exponents @ level))
    return cvxpy_value(
        cp.Problem(
            cp.Minimize(game.attacker_bandwidth * price + cp.sum(surplus)),
            [
                price * game.bandwidth + surplus >= loss,
                level <= game.max_level,
                game.use @ level <= game.limits,
            ],
        ),
        "CLARABEL",
    )


INDEPENDENT = [
    MFMGAME,
    Peer("CVXPY Clarabel", ("cvxpy", "clarabel"), for_cone, by_cone),
]


# Matrix games: the row player minimizes.


def matrix_by_mfmgame(losses: np.ndarray) -> float:
    if not hasattr(mg, "solve_matrix_game"):
        raise NotImplementedError
    return float(mg.solve_matrix_game(losses).value)


def matrix_for_linprog(losses: np.ndarray) -> dict[str, Any]:
    n, m = losses.shape
    return {
        "c": np.append(np.zeros(n), 1.0),
        "A_ub": np.column_stack((losses.T, -np.ones(m))),
        "b_ub": np.zeros(m),
        "A_eq": np.append(np.ones(n), 0.0)[None],
        "b_eq": [1.0],
        "bounds": [(0.0, None)] * n + [(None, None)],
        "method": "highs",
    }


def matrix_strategies(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute an optimal mixture of each player by SciPy; the row player minimizes."""
    from scipy.optimize import linprog

    outcome = linprog(**matrix_for_linprog(losses))
    optimal(outcome)
    return outcome.x[:-1], -outcome.ineqlin.marginals


def matrix_for_nashpy(losses: np.ndarray) -> Any:
    import nashpy

    return nashpy.Game(-losses)


def matrix_by_nashpy(game: Any) -> float:
    rows, columns = game.linear_program()
    return float(rows @ -game.payoff_matrices[0] @ columns)


def matrix_by_quantecon(payoffs: np.ndarray) -> float:
    from quantecon.optimize import minmax

    return -float(minmax(payoffs)[0])


def matrix_for_gambit(losses: np.ndarray) -> Any:
    import pygambit

    return pygambit.Game.from_arrays(-losses, losses)


def matrix_by_gambit(game: Any) -> float:
    import pygambit

    equilibrium = pygambit.nash.lp_solve(game, rational=False).equilibria[0]
    return -float(equilibrium.payoff(next(iter(game.players))))


MATRIX = [
    Peer("mfmgame", (), as_it_is, matrix_by_mfmgame),
    Peer("SciPy linprog", ("scipy",), matrix_for_linprog, by_linprog),
    Peer("Nashpy", ("nashpy",), matrix_for_nashpy, matrix_by_nashpy),
    Peer("QuantEcon minmax", ("quantecon",), lambda losses: -losses, matrix_by_quantecon),
    Peer("Gambit lp_solve", ("pygambit",), matrix_for_gambit, matrix_by_gambit),
]


# Sweeps: values at points of the attacker's bandwidth.


def sweep_by_mfmgame(problem: tuple[mg.DefenseGame, np.ndarray]) -> np.ndarray:
    game, points = problem
    return mg.sweep(game)(points)


def sweep_by_solves(problem: tuple[mg.DefenseGame, np.ndarray]) -> np.ndarray:
    game, points = problem
    solver = mg.Solver(game)
    return np.array([solver.solve(point).value for point in points.tolist()])


def sweep_for_cvxpy(problem: tuple[mg.DefenseGame, np.ndarray]) -> Any:
    import cvxpy as cp

    game, points = problem
    program = whole_program(game)
    parameter = cp.Parameter(nonneg=True)
    price = np.zeros_like(program.cost)
    price[game.n_defenses] = 1.0
    fixed = program.cost * (1.0 - price)
    return cvxpy_problem(program, fixed + parameter * price), parameter, points


def sweep_by_cvxpy(problem: Any) -> np.ndarray:
    stated, parameter, points = problem
    values = []
    for point in points.tolist():
        parameter.value = point
        values.append(cvxpy_value(stated, "HIGHS"))
    return np.array(values)


def sweep_for_linprog(problem: tuple[mg.DefenseGame, np.ndarray]) -> Any:
    game, points = problem
    return for_linprog(whole_program(game)), game.n_defenses, points


def sweep_by_linprog(problem: Any) -> np.ndarray:
    arguments, price, points = problem
    values = []
    for point in points.tolist():
        cost = arguments["c"].copy()
        cost[price] = point
        values.append(by_linprog(arguments | {"c": cost}))
    return np.array(values)


SWEEP = [
    Peer("mfmgame", (), as_it_is, sweep_by_mfmgame),
    Peer("mfmgame, one by one", (), as_it_is, sweep_by_solves),
    Peer("CVXPY HiGHS", ("cvxpy", "highspy"), sweep_for_cvxpy, sweep_by_cvxpy),
    Peer("SciPy linprog", ("scipy",), sweep_for_linprog, sweep_by_linprog),
]


# All-or-nothing defenses: the whole mixed-integer program. HiGHS stops at a gap of 1e-4 by
# default; the second peer asks for the gap of mfmgame.


STEPPED = [
    MFMGAME,
    Peer("SciPy milp", ("scipy",), lambda game: for_milp(whole_program(game)), by_milp(None)),
    Peer("SciPy milp, 1e-9", ("scipy",), lambda game: for_milp(whole_program(game)), by_milp(1e-9)),
]
