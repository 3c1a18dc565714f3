"""The `independent` game as an exponential-cone program, for CVXPY."""

from __future__ import annotations

import warnings

import numpy as np

from mfmgame.errors import SolverError, SpecificationError
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import dense

__all__ = ["independent_value_by_cvxpy"]


def independent_value_by_cvxpy(game: DefenseGame) -> float:
    """Compute the value of an `independent` game by CVXPY and Clarabel.

    ``minimise B lam + sum_g mu[g]`` over the losses ``g``, subject to, for each threat ``i`` of
    ``g``, ``lam b[i] + mu[g] >= v[i] exp(sum_j log(1 - E[i,j]) x[j])`` and the limits.

    Parameters
    ----------
    game : DefenseGame
        With at least one threat and one defense, and effectiveness below 1.

    Returns
    -------
    float
        In loss units, to about 1e-8 of the greatest severity.

    Raises
    ------
    SpecificationError
        If the game has another composition.
    SolverError
        If the cone solver does not report an optimum.
    """
    import cvxpy as cp

    composition = compose(game)
    if composition.form != "depth":
        raise SpecificationError(
            f"found {game.composition!r}, expected 'independent'", pointer="composition"
        )
    depths = dense(composition.matrix)
    unit = float(game.severity.max()) or 1.0
    level = cp.Variable(game.n_defenses)
    loss_of = game.losses_of(np.arange(game.n_threats))
    price, surplus = cp.Variable(nonneg=True), cp.Variable(game.n_losses, nonneg=True)
    through = cp.exp(-depths @ level)
    limited = np.isfinite(game.limits)
    constraints = [
        price * game.bandwidth + surplus[loss_of] >= cp.multiply(game.severity / unit, through),
        level >= 0,
        level <= game.max_level,
    ]
    if limited.any():
        constraints.append(game.use[limited] @ level <= game.limits[limited])
    problem = cp.Problem(
        cp.Minimize(game.attacker_bandwidth * price + cp.sum(surplus)), constraints
    )
    # As precisely as Clarabel can: its own default is sometimes the limit.
    for tolerance in (1e-11, 1e-9, 1e-8):
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Solution may be inaccurate")
                problem.solve(
                    solver=cp.CLARABEL,
                    tol_gap_abs=tolerance,
                    tol_gap_rel=tolerance,
                    tol_feas=tolerance,
                )
        except cp.error.SolverError as error:
            raise SolverError(f"Clarabel: {error}") from None
        if problem.status == cp.OPTIMAL:
            break
    else:
        raise SolverError(f"Clarabel: {problem.status}")
    return float(problem.value) * unit
