"""Basis strategies of a matrix game, to many more digits than floats have.

The rows ``R`` and as many columns ``C`` in play are all indifferent:

    x A[R, C] = value,   sum x = 1        A[R, C] y = value,   sum y = 1

Both systems are solved by iterative refinement [1]_: a float64 inverse proposes corrections, and
residuals are computed in integers, without rounding.

References
----------
.. [1] J. H. Wilkinson, "Rounding Errors in Algebraic Processes" (1963).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfmgame.matrix_games.payoffs import Mixture, Payoffs
from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["strategies_of_basis"]

Integers = NDArray[np.object_]

_PLACES = 128
"""Binary places of the strategies, beyond those of the payoffs."""
_MOST_BITS = 500
_MOST_CORRECTIONS = 30


def strategies_of_basis(
    payoffs: Payoffs, rows: IntArray, columns: IntArray
) -> tuple[Mixture, Mixture] | None:
    """Compute strategies that make basis lines indifferent; negative weights become 0.

    Parameters
    ----------
    payoffs : Payoffs
    rows, columns : ndarray of int, shape (n_basic,)

    Returns
    -------
    pair of Mixture, or None
        None if the system is singular, or nearly singular in floats.
    """
    block, _ = payoffs.block(rows, columns)
    block = block - block.min()  # a common offset changes no strategy
    bits = max(abs(entry).bit_length() for entry in block.ravel().tolist())
    if bits > _MOST_BITS:
        return None
    bordered = np.ones((len(rows) + 1, len(columns) + 1))
    bordered[:-1, :-1] = block / 2**bits
    bordered[-1, -1] = 0.0
    try:
        inverse = np.linalg.inv(bordered)
    except np.linalg.LinAlgError:
        return None
    row_weights = _indifferent(block.T, np.asarray(inverse.T), bits)
    column_weights = _indifferent(block, np.asarray(inverse), bits)
    n_rows, n_columns = payoffs.shape
    found = (
        Mixture.of(n_rows, rows, row_weights),
        Mixture.of(n_columns, columns, column_weights),
    )
    return found if all(len(mixture.lines) for mixture in found) else None


def _indifferent(block: Integers, inverse: FloatArray, bits: int) -> list[int]:
    """Compute fixed-point column weights that give every row of a block the same payoff."""
    places = _PLACES + bits
    one = 2**places
    size = block.shape[1]
    weights: Any = np.zeros(size, dtype=object)
    best, before = weights, np.inf
    offset = 0  # minus what each row earns
    for _ in range(_MOST_CORRECTIONS):
        missing = [*(-(block @ weights) - offset).tolist(), one - sum(weights.tolist())]
        scaled = np.array([m / 2**bits for m in missing[:-1]] + [float(missing[-1])]) / one
        error = float(np.abs(scaled).max())
        if not error < before / 2:
            break
        before, best = error, weights
        correction = np.ldexp(inverse @ scaled, places)
        if not np.all(np.isfinite(correction)):
            break
        weights = weights + np.array([int(c) for c in correction[:-1].tolist()], dtype=object)
        offset += int(correction[-1]) * 2**bits
    return list(best)
