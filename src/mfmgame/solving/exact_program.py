"""The defender's program in rational arithmetic, for games beyond the precision of floats.

The variables of its dual are the attacker's weights on cuts, prices of limits and prices of
greatest levels:

    maximise    sum_k w_k v_i constant_k - pi . h - s . u
    subject to  sum_k w_k b_i <= B,   sum over the cuts of each loss of w_k <= 1
                sum_k w_k v_i gradient_kj - (pi G)_j - s_j <= 0   for each defense j

Every right side is at least 0, so the simplex method starts at the origin. The dual solution
of the defenses' rows is an allocation. Threats that cost more under the allocation than the
program allows add their cuts, and the program is solved again.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_simplex import Integers, Vertex, maximise, work_of

__all__ = ["exact_optimum"]

Fractions = NDArray[np.object_]

_MAX_WORK = 5e10
"""Work allowed for all programs of one game: some seconds."""
_MAX_ENTRIES = 2**14
"""Greatest number of entries of the effectiveness matrix: an exact pass multiplies them all."""


def exact_optimum(
    game: DefenseGame,
    composition: Composition,
    threats: IntArray,
    anchors: FloatArray,
    slack: float,
    box: Box | None = None,
) -> tuple[FloatArray, Certificate] | None:
    """Solve a small game in rational arithmetic, and round its optimum and proof to floats.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness matrix.
    threats : ndarray of int, shape (n_cuts,)
    anchors : ndarray of float, shape (n_cuts,)
        Cuts of the first program.
    slack : float
        Loss that all threats together may cost beyond the program's value, in loss units, if
        the composition is curved; a piecewise linear composition allows none.
    box : tuple of two ndarrays of float, shape (n_defenses,), optional
        Least and greatest levels allowed, the least ones within the limits; all levels by
        default.

    Returns
    -------
    allocation : ndarray of float, shape (n_defenses,)
    certificate : Certificate
        Both replaced by None if the programs are too large.
    """
    if game.effectiveness.size > _MAX_ENTRIES:
        return None
    known: dict[tuple[int, float], None] = {}
    program, work = _Program(game, box or (np.zeros(game.n_defenses), game.max_level)), 0.0
    optimum: _Optimum | None = None
    while True:
        cuts = dict.fromkeys(zip(threats.tolist(), anchors.tolist(), strict=True))
        new = [cut for cut in cuts if cut not in known]
        if optimum is not None and not new:  # a program without cuts has an optimum too
            break
        known.update(dict.fromkeys(new))
        program.add(composition, new)
        matrix, right, gains, scales = program.whole()
        work += work_of(matrix)
        if work > _MAX_WORK:
            return None
        optimum = program.optimum(maximise(matrix, right, gains), scales)
        levels = optimum.levels if composition.is_polyhedral else _rounded(optimum.levels)
        exposure = composition.certain_exposure(np.arange(game.n_threats), levels)
        beyond = program.severity * np.array(exposure) - optimum.allowed
        threats = np.flatnonzero(beyond > 0)
        if not composition.is_polyhedral and sum(beyond[threats]) <= slack:
            break
        anchors = composition.certain_anchors(threats, levels)
    weights = _rounded(optimum.weights)
    used = weights > 0.0
    names = list(known)
    certificate = Certificate(
        np.array([threat for threat, _ in names], dtype=np.intp)[used],
        np.array([anchor for _, anchor in names])[used],
        weights[used],
        _rounded(optimum.limit_prices),
    )
    return _rounded(optimum.levels), certificate


class _Optimum(NamedTuple):
    """Primal and dual of an exact optimum, as arrays of fractions.

    Attributes
    ----------
    levels : shape (n_defenses,)
    allowed : shape (n_threats,)
        Greatest loss allowed to each threat: the price of its bits plus its surplus.
    weights : shape (n_cuts,)
    limit_prices : shape (n_resources,)
    """

    levels: Fractions
    allowed: Fractions
    weights: Fractions
    limit_prices: Fractions


class _Program:
    """Dual program over the cuts added so far.

    Rows: the attacker's bandwidth, the effort on each loss, each defense. Columns: prices of
    the limits, prices of the greatest levels, cuts.
    """

    def __init__(self, game: DefenseGame, box: Box) -> None:
        self._game = game
        self._least, greatest = _exact(box[0]), _exact(box[1])
        n, m = game.n_losses, game.n_defenses
        self.severity, self._bandwidth = _exact(game.severity), _exact(game.bandwidth)
        self._limited = np.flatnonzero(np.isfinite(game.limits))
        right = [np.array([game.attacker_bandwidth]), np.ones(n), np.zeros(m)]
        self._right = _exact(np.concatenate(right))
        above = np.zeros((1 + n, len(self._limited) + m))
        prices = np.hstack((-game.use[self._limited].T, -np.eye(m)))
        self._matrix = _exact(np.vstack((above, prices)))
        left = _exact(game.kept_limits[self._limited])
        left = left - _exact(game.use[self._limited]) @ self._least
        self._gains = -np.append(left, greatest - self._least)

    def add(self, composition: Composition, cuts: list[tuple[int, float]]) -> None:
        """Add the columns of cuts, each given as a threat and an anchor."""
        threats = np.array([threat for threat, _ in cuts], dtype=np.intp)
        made = composition.certain_cuts if composition.is_polyhedral else composition.cuts
        constants, gradients = made(threats, np.array([anchor for _, anchor in cuts]))
        severity = self.severity[threats]
        shape = len(cuts), self._game.n_defenses
        forced = severity[:, None] * _exact(np.array(gradients, dtype=object)).reshape(shape)
        runs = _exact(np.arange(self._game.n_losses)[:, None] == self._game.losses_of(threats))
        columns = np.vstack((self._bandwidth[None, threats], runs, forced.T))
        self._matrix = np.hstack((self._matrix, columns))
        left = severity * _exact(np.array(constants)) - forced @ self._least
        self._gains = np.append(self._gains, left)

    def whole(self) -> tuple[Integers, Integers, Integers, tuple[Integers, Integers]]:
        """Scale columns to size 1 and rows to integers, by powers of two.

        Returns
        -------
        matrix, right, gains : ndarray of Python integers
        scales : pair of ndarray of Fraction
            Factors of the rows (that of the gains last) and of the columns.
        """
        table = np.vstack((self._matrix, self._gains))
        columns = np.array([_scale(column) for column in table.T], dtype=object)
        table = np.column_stack((table * columns, np.append(self._right, _exact(np.zeros(1)))))
        rows = np.array([max(number.denominator for number in row) for row in table], dtype=object)
        rows *= np.array([Fraction(1, _common(row, k)) for row, k in zip(table, rows, strict=True)])
        table = np.array([[int(x) for x in row] for row in table * rows[:, None]], dtype=object)
        return table[:-1, :-1], table[:-1, -1], table[-1, :-1], (rows, columns)

    def optimum(self, vertex: Vertex, scales: tuple[Integers, Integers]) -> _Optimum:
        """Undo the scaling of a vertex, and split it into named parts."""
        rows, columns = scales
        n, n_limits, m = self._game.n_losses, len(self._limited), self._game.n_defenses
        loss_of = self._game.losses_of(np.arange(self._game.n_threats))
        denominator = Fraction(1, vertex.denominator)
        primal = np.array(vertex.primal, dtype=object) * columns * denominator
        dual = np.array(vertex.dual, dtype=object) * rows[:-1] * (denominator / rows[-1])
        limit_prices = _exact(np.zeros(len(self._game.limits)))
        limit_prices[self._limited] = primal[:n_limits]
        allowed = dual[0] * self._bandwidth + dual[1 : n + 1][loss_of]
        levels = self._least + dual[n + 1 :]
        return _Optimum(levels, allowed, primal[n_limits + m :], limit_prices)


def _rounded(numbers: Fractions) -> FloatArray:
    """Round to the nearest floats."""
    return numbers.astype(np.float64)


def _exact(numbers: FloatArray | Fractions) -> Fractions:
    """Convert numbers to fractions of equal value."""
    exact = np.array([Fraction(number) for number in numbers.ravel().tolist()], dtype=object)
    return exact.reshape(numbers.shape)


def _scale(numbers: Fractions) -> Fraction:
    """Compute the power of two that scales the greatest number to size 1."""
    sizes = [x.numerator.bit_length() - x.denominator.bit_length() for x in numbers if x]
    return Fraction(2) ** -max(sizes, default=0)


def _common(numbers: Fractions, denominator: int) -> int:
    """Compute the greatest power of two that divides all numbers over a common denominator."""
    whole = [int(x * denominator) for x in numbers if x]
    return min((number & -number for number in whole), default=1)
