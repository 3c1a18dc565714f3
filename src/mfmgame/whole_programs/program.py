"""The whole linear program of an `additive` or `best_of` game, every threat a row.

`additive`: ``lam b[i] + mu[i] + v[i] sum_j E[i,j] x[j] >= v[i]``.

`best_of`: the inner maximum over ``z`` is stated as it stands, with its own variables:
``lam b[i] + mu[i] + v[i] sum_j E[i,j] z[i,j] >= v[i]``, ``0 <= z[i,j] <= x[j]``,
``sum_j z[i,j] <= 1``, for the pairs whose ``v[i] E[i,j]`` is not 0.

Where some defenses are stepped, columns of 0 and 1 choose their levels
(:mod:`mfmgame.whole_programs.discrete_rows`), and it is a mixed-integer program.

The solver here never builds it: it is for other solvers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.whole_programs.discrete_rows import StepProgram, step_program

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["WholeProgram", "whole_program"]


@dataclass(frozen=True, eq=False)
class WholeProgram:
    """``minimise cost . c`` subject to ``lower <= matrix c <= upper`` and ``0 <= c <= top``.

    Attributes
    ----------
    cost, top : ndarray of float, shape (n_columns,)
        Columns are the levels, ``lam``, ``mu``, the shares ``z``, and the steps.
    matrix : SciPy CSR array, shape (n_rows, n_columns)
        Rows are the threats, the limits, then, for `best_of`, ``sum_j z[i,j] <= 1`` of the
        threats that have shares and ``z[i,j] <= x[j]`` of every share; last those of the
        steps.
    lower, upper : ndarray of float, shape (n_rows,)
    limited : ndarray of int, shape (n_limits,)
        The resources that have a limit.
    share_threats, share_defenses : ndarray of int, shape (n_shares,)
        The pair of each share, in order of the threats.
    steps : StepProgram or None
        What stepped defenses add; their columns are 0 or 1.
    """

    cost: FloatArray
    top: FloatArray
    matrix: scipy.sparse.csr_array
    lower: FloatArray
    upper: FloatArray
    limited: IntArray
    share_threats: IntArray
    share_defenses: IntArray
    steps: StepProgram | None

    @property
    def integer(self) -> NDArray[np.bool_]:
        """Which columns are 0 or 1, shape (n_columns,)."""
        n_steps = 0 if self.steps is None else len(self.steps.steps)
        return np.arange(len(self.cost)) >= len(self.cost) - n_steps


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

    composition = compose(game)
    if composition.form not in ("sum", "fill"):
        raise SpecificationError(
            f"found {game.composition!r}, which is no linear program, expected 'additive' or "
            "'best_of'",
            pointer="/composition",
        )
    n, m = game.n_threats, game.n_defenses
    effect = sp.csr_array(composition.matrix, copy=True)
    effect.data *= np.repeat(game.severity, np.diff(effect.indptr))
    effect.eliminate_zeros()
    effect.sort_indices()
    threats = np.repeat(np.arange(n), np.diff(effect.indptr))
    defenses = effect.indices.astype(np.intp)
    limited = np.flatnonzero(np.isfinite(game.limits))
    priced = sp.hstack((sp.csr_array(game.bandwidth[:, None]), sp.eye_array(n)))
    limits = sp.csr_array(game.use[limited])
    if composition.form == "sum":
        threats, defenses = threats[:0], defenses[:0]
        blocks = [[effect, priced], [limits, None]]
        most = game.limits[limited]
    else:
        count = len(defenses)
        sharing, first = np.unique(threats, return_index=True)
        ends = np.append(first, count)
        share, one = np.arange(count), np.ones(count)
        own = sp.csr_array((effect.data, share, effect.indptr), shape=(n, count))
        once = sp.csr_array((one, share, ends), shape=(len(sharing), count))
        level = sp.csr_array((one, defenses, np.arange(count + 1)), shape=(count, m))
        blocks = [
            [None, priced, own],
            [limits, None, None],
            [None, None, once],
            [-level, None, sp.eye_array(count)],
        ]
        most = np.concatenate((game.limits[limited], np.ones(len(sharing)), np.zeros(count)))
    extra = len(threats)
    matrix = sp.csr_array(sp.block_array(blocks, format="csr"))
    cost = np.concatenate((np.zeros(m), [game.attacker_bandwidth], np.ones(n), np.zeros(extra)))
    top = np.concatenate((game.max_level, np.full(1 + n + extra, np.inf)))
    lower = np.concatenate((game.severity, np.full(len(most), -np.inf)))
    upper = np.concatenate((np.full(n, np.inf), most))
    steps = step_program(game.level_rules) if game.is_discrete else None
    if steps is not None:
        n_steps = len(steps.steps)
        beside = sp.csr_array((len(steps.rows), len(cost) - m))
        rest = [sp.csr_array(steps.level_part), beside, sp.csr_array(steps.step_part)]
        none = sp.csr_array((matrix.shape[0], n_steps))
        matrix = sp.csr_array(sp.vstack((sp.hstack((matrix, none)), sp.hstack(rest)), format="csr"))
        cost, top = np.append(cost, np.zeros(n_steps)), np.append(top, np.ones(n_steps))
        lower, upper = np.append(lower, steps.lower), np.append(upper, steps.upper)
    return WholeProgram(
        cost=cost,
        top=top,
        matrix=matrix,
        lower=lower,
        upper=upper,
        limited=limited,
        share_threats=threats,
        share_defenses=defenses,
        steps=steps,
    )
