"""Compiled row kernel of `best_of`, for matrices too large to sort row by row.

Importing and compiling take a second or two, repaid from about ten million entries on. Without
numba the caller sorts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from mfmgame.numerics.arrays import FloatArray, IntArray, is_sparse, stored

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["Filling", "filled_rows", "is_compilable"]

Kernel = Callable[..., None]


class Filling(NamedTuple):
    """Coverage and anchors of filled rows.

    Attributes
    ----------
    covered : ndarray of float, shape (n_rows,)
        Coverage; its rounding error is that of a sum of n_defenses products.
    anchors : ndarray of float, shape (n_rows,)
        The value at which the filled levels reach 1; 0 where they do not.
    """

    covered: FloatArray
    anchors: FloatArray


def filled_rows(
    matrix: FloatArray | scipy.sparse.csr_array,
    allocation: FloatArray,
    rows: IntArray | None = None,
) -> Filling:
    """Compute coverage and anchors of all or chosen threats under `best_of`.

    For each row, ``max sum_j E[i,j] z[j]`` over ``0 <= z <= x``, ``sum z <= 1``, by partial
    selection: the entries are split around pivots, as in quickselect, and only the part where the
    filled levels pass 1 is split again. Memory does not grow with the matrix.

    Parameters
    ----------
    matrix : ndarray or SciPy CSR array of float, shape (n_threats, n_defenses)
    allocation : ndarray of float, shape (n_defenses,)
    rows : ndarray of int, shape (n_rows,), optional

    Returns
    -------
    Filling
    """
    chosen = np.arange(matrix.shape[0]) if rows is None else rows
    covered, anchors = np.empty(len(chosen)), np.empty(len(chosen))
    dense, sparse = _kernels()
    funded = np.flatnonzero(allocation > 0)

    def fill(start: int, stop: int) -> None:
        part = slice(start, stop)
        out = chosen[part], allocation, covered[part], anchors[part]
        if is_sparse(matrix):
            sparse(stored(matrix), matrix.indices, matrix.indptr, *out)  # type: ignore[union-attr]
        else:
            dense(matrix, funded, *out)

    n_parts = os.cpu_count() or 1
    edges = [len(chosen) * part // n_parts for part in range(n_parts + 1)]
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(fill, edges[:-1], edges[1:]))
    return Filling(covered, anchors)


@cache
def is_compilable() -> bool:
    """Tell whether numba is installed."""
    from importlib.util import find_spec

    return find_spec("numba") is not None


@cache
def _kernels() -> tuple[Kernel, Kernel]:
    import numba

    compiled = cast(Callable[[Any], Any], numba.njit(nogil=True))

    @compiled
    def filled(values: FloatArray, levels: FloatArray, count: int) -> tuple[float, float]:
        """Fill 1 with the best values first, reordering the arrays."""
        low, high, room, covered, pivot = 0, count, 1.0, 0.0, 0.0
        while low < high and room > 0.0:
            a, b, c = values[low], values[(low + high) // 2], values[high - 1]
            pivot = max(min(a, b), min(max(a, b), c))
            # Three parts: above the pivot up to `above`, equal to it, below it from `below` on.
            above, at, below = low, low, high
            better, better_value, equal = 0.0, 0.0, 0.0
            while at < below:
                value, level = values[at], levels[at]
                if value > pivot:
                    values[at], levels[at] = values[above], levels[above]
                    values[above], levels[above] = value, level
                    better += level
                    better_value += value * level
                    above += 1
                    at += 1
                elif value < pivot:
                    below -= 1
                    values[at], levels[at] = values[below], levels[below]
                    values[below], levels[below] = value, level
                else:
                    equal += level
                    at += 1
            if better > room:
                high = above
                continue
            covered += better_value
            room -= better
            taken = min(equal, room)
            covered += pivot * taken
            room -= taken
            low = below
        return covered, pivot if room <= 0.0 else 0.0

    @compiled
    def dense(
        matrix: FloatArray,
        funded: IntArray,
        rows: IntArray,
        allocation: FloatArray,
        covered: FloatArray,
        anchors: FloatArray,
    ) -> None:
        values, levels = np.empty(len(funded) + 1), np.empty(len(funded) + 1)
        for place, row in enumerate(rows):
            count, entries = 0, matrix[row]
            for column in funded:  # kept or overwritten: no branch to mispredict
                value = entries[column]
                values[count], levels[count] = value, allocation[column]
                count += value > 0.0
            covered[place], anchors[place] = filled(values, levels, count)

    @compiled
    def sparse(
        data: FloatArray,
        indices: IntArray,
        starts: IntArray,
        rows: IntArray,
        allocation: FloatArray,
        covered: FloatArray,
        anchors: FloatArray,
    ) -> None:
        values, levels = np.empty(len(allocation) + 1), np.empty(len(allocation) + 1)
        for place, row in enumerate(rows):
            count = 0
            for entry in range(starts[row], starts[row + 1]):
                level = allocation[indices[entry]]
                values[count], levels[count] = data[entry], level
                count += level > 0.0
            covered[place], anchors[place] = filled(values, levels, count)

    return dense, sparse
