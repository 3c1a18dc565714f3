"""The Defense Coverage Index of a scenario, a game or a solution."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.answers.coverage_index import CoverageIndex, index_of
from mfmgame.answers.solution import Solution
from mfmgame.documents.float_reading import as_floats
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.solver import solve

__all__ = ["defense_coverage_index"]


def defense_coverage_index(
    problem: Scenario | DefenseGame | Solution,
    *,
    weights: ArrayLike | None = None,
    allocation: ArrayLike | None = None,
) -> CoverageIndex:
    """Compute the Defense Coverage Index.

    Parameters
    ----------
    problem : Scenario, DefenseGame or Solution
        Problem to measure; a scenario or game is solved first, unless an allocation is given.
    weights : array_like, shape (n_threats,), optional
        Weight of each threat, at least 0; its severity by default. The weights of threats that
        share a loss are scaled to sum to the greatest of them.
    allocation : array_like, shape (n_defenses,), optional
        Levels to measure; the optimal ones by default.

    Returns
    -------
    CoverageIndex

    Raises
    ------
    SpecificationError
        If the problem, the weights or the allocation are malformed or inconsistent.

    Notes
    -----
    The definition is this project's own: ``sum_i w[i] E[i,j] / sum_i w[i]`` of a defense ``j``.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[6.0, 2.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5], [1.0]], attacker_bandwidth=1.0,
    ...                       threat_classes=["inferring", "misleading"])
    >>> index = mg.defense_coverage_index(game)
    >>> index.defenses["d0"], index.worst_class, index.adversarial
    (0.625, 0.5, 0.5)
    """
    game = problem.game if isinstance(problem, Solution) else game_of(problem, Solution)
    levels = None if allocation is None else _vector(allocation, game.n_defenses, "allocation")
    weight = game.severity if weights is None else _vector(weights, game.n_threats, "weights")
    if levels is not None:
        return index_of(game, levels, weight, notes=game.notes)
    solution = problem if isinstance(problem, Solution) else solve(game)
    return index_of(game, solution.allocation.array, weight, solution.status, solution.notes)


def _vector(values: ArrayLike, length: int, name: str) -> FloatArray:
    vector = as_floats(values, name)
    if vector.shape != (length,) or not np.all(np.isfinite(vector) & (vector >= 0)):
        raise SpecificationError(
            f"expected {length} finite numbers that are at least 0", pointer=name
        )
    return vector
