"""Games as whole programs for other solvers, to check this package.

Each builder states the problem independently of this package's solver, with no cut, bound
or scaling of ours, and hands it to a well-known library. The builders are slower and need
the extra ``mfmgame[references]``.
"""

from mfmgame.references.cone import independent_value_by_cvxpy
from mfmgame.references.nashpy_game import matrix_game_value_by_nashpy
from mfmgame.references.whole_lp import value_by_pulp, value_by_scipy

__all__ = [
    "independent_value_by_cvxpy",
    "matrix_game_value_by_nashpy",
    "value_by_pulp",
    "value_by_scipy",
]
