"""The whole linear program of an `additive` or `best_of` game, every threat a row.

`additive`: ``lam b[i] + mu[i] + v[i] sum_j E[i,j] x[j] >= v[i]``.

`best_of`: the inner maximum over ``z`` is stated as it stands, with its own variables:
``lam b[i] + mu[i] + v[i] sum_j E[i,j] z[i,j] >= v[i]``, ``0 <= z[i,j] <= x[j]``,
``sum_j z[i,j] <= 1``, for the pairs whose ``v[i] E[i,j]`` is not 0.

Threats that cause the same loss share one ``mu``.

Where some defenses are stepped, columns of 0 and 1 choose their levels
(:mod:`mfmgame.whole_programs.level_rule_rows`), and it is a mixed-integer program.

The solver here never builds it: it is for other solvers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import Composition, compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.whole_programs.level_rule_rows import StepProgram, step_program

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["WholeProgram", "whole_program"]


@dataclass(frozen=True, eq=False)
class WholeProgram:
    """``minimise cost . c`` subject to ``lower <= matrix c <= upper`` and ``0 <= c <= top``.

    Attributes
    ----------
    cost, top : ndarray of float, shape (n_columns,)
        Columns are the levels, ``lam``, the ``mu`` of each loss, the shares ``z``, and the steps.
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
    effect = _losses_taken_off(game, composition)
    limited = np.flatnonzero(np.isfinite(game.limits))
    loss_of = game.losses_of(np.arange(n))
    n_losses = game.n_losses
    own_loss = sp.csr_array((np.ones(n), loss_of, np.arange(n + 1)), shape=(n, n_losses))
    priced = sp.hstack((sp.csr_array(game.bandwidth[:, None]), own_loss))
    limits = sp.csr_array(game.use[limited])
    threats = np.repeat(np.arange(n), np.diff(effect.indptr))
    defenses = effect.indices.astype(np.intp)
    if composition.form == "sum":
        threats, defenses = threats[:0], defenses[:0]
        blocks = [[effect, priced], [limits, None]]
        most = game.limits[limited]
    else:
        share = np.arange(len(defenses))
        own = sp.csr_array((effect.data, share, effect.indptr), shape=(n, len(share)))
        once, below_level, most_of_shares = _share_rows(threats, defenses, m)
        blocks = [[None, priced, own], [limits, None, None], once, below_level]
        most = np.concatenate((game.limits[limited], most_of_shares))
    extra = len(threats)
    program = WholeProgram(
        cost=np.concatenate(
            (np.zeros(m), [game.attacker_bandwidth], np.ones(n_losses), np.zeros(extra))
        ),
        top=np.concatenate((game.max_level, np.full(1 + n_losses + extra, np.inf))),
        matrix=sp.csr_array(sp.block_array(blocks, format="csr")),
        lower=np.concatenate((game.severity, np.full(len(most), -np.inf))),
        upper=np.concatenate((np.full(n, np.inf), most)),
        limited=limited,
        share_threats=threats,
        share_defenses=defenses,
        steps=None,
    )
    return _with_steps(program, step_program(game.level_rules)) if game.is_discrete else program


def _losses_taken_off(game: DefenseGame, composition: Composition) -> scipy.sparse.csr_array:
    """Build ``v[i] E[i,j]``, without those that are 0, shape (n_threats, n_defenses)."""
    import scipy.sparse as sp

    effect = sp.csr_array(composition.matrix, copy=True)
    effect.data *= np.repeat(game.severity, np.diff(effect.indptr))
    effect.eliminate_zeros()
    effect.sort_indices()
    return effect


def _share_rows(
    threats: IntArray, defenses: IntArray, n_defenses: int
) -> tuple[list[Any], list[Any], FloatArray]:
    """Build the rows ``sum_j z[i,j] <= 1`` and ``z[i,j] - x[j] <= 0``.

    Parameters
    ----------
    threats, defenses : ndarray of int, shape (n_shares,)
        The pair of each share, in order of the threats.
    n_defenses : int

    Returns
    -------
    once, below_level : list
        Blocks of either kind of rows: on the levels, on ``lam`` and ``mu``, on the shares.
    most : ndarray of float
        Right-hand sides of both.
    """
    import scipy.sparse as sp

    count = len(defenses)
    sharing, first = np.unique(threats, return_index=True)
    share, one = np.arange(count), np.ones(count)
    once = sp.csr_array((one, share, np.append(first, count)), shape=(len(sharing), count))
    level = sp.csr_array((one, defenses, np.arange(count + 1)), shape=(count, n_defenses))
    most = np.concatenate((np.ones(len(sharing)), np.zeros(count)))
    return [None, None, once], [-level, None, sp.eye_array(count)], most


def _with_steps(program: WholeProgram, steps: StepProgram) -> WholeProgram:
    """Add the rows and columns of stepped defenses to a program without them."""
    import scipy.sparse as sp

    n_rows, n_columns = program.matrix.shape
    n_levels, n_steps = steps.level_part.shape[1], len(steps.steps)
    beside = sp.csr_array((len(steps.rows), n_columns - n_levels))
    rest = [sp.csr_array(steps.level_part), beside, sp.csr_array(steps.step_part)]
    wider = sp.hstack((program.matrix, sp.csr_array((n_rows, n_steps))))
    return replace(
        program,
        cost=np.append(program.cost, np.zeros(n_steps)),
        top=np.append(program.top, np.ones(n_steps)),
        matrix=sp.csr_array(sp.vstack((wider, sp.hstack(rest)), format="csr")),
        lower=np.append(program.lower, steps.lower),
        upper=np.append(program.upper, steps.upper),
        steps=steps,
    )
