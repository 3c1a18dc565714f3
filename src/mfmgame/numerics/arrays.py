"""Array types for annotations, and functions for matrices that may be dense or sparse.

A *matrix* is an ndarray or a SciPy CSR array. No other file tells the two apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BoolArray",
    "FloatArray",
    "IntArray",
    "dense",
    "is_sparse",
    "product",
    "rows_above",
    "stacked",
    "stored",
    "weighted_rows",
    "with_stored",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


def is_sparse(matrix: Any) -> bool:
    """Tell whether a matrix is sparse.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array

    Returns
    -------
    bool
    """
    return not isinstance(matrix, np.ndarray)


def dense(matrix: Any) -> FloatArray:
    """Return a matrix as an ndarray; a dense matrix itself.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array

    Returns
    -------
    ndarray of float, of the same shape
    """
    return np.asarray(matrix.toarray()) if is_sparse(matrix) else matrix


def stored(matrix: Any) -> FloatArray:
    """Return the stored entries of a matrix: all of a dense matrix.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array

    Returns
    -------
    ndarray of float
    """
    return np.asarray(matrix.data) if is_sparse(matrix) else matrix


def with_stored(matrix: Any, entries: FloatArray) -> Any:
    """Return a matrix of the same layout with other stored entries.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array
    entries : ndarray of float
        As many as :func:`stored` returns.

    Returns
    -------
    ndarray of float or SciPy sparse array, of the same shape
    """
    if not is_sparse(matrix):
        return entries
    return type(matrix)((entries, matrix.indices, matrix.indptr), shape=matrix.shape)


def product(matrix: Any, vector: FloatArray) -> FloatArray:
    """Multiply a matrix by a vector without starting BLAS threads.

    Small products take less time than the threads need to start.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array, shape (n_rows, n_columns)
    vector : ndarray of float, shape (n_columns,)

    Returns
    -------
    ndarray of float, shape (n_rows,)
    """
    if is_sparse(matrix):
        return np.asarray(matrix @ vector)
    return np.asarray(np.einsum("ij,j->i", matrix, vector))


def weighted_rows(matrix: Any, weights: FloatArray) -> FloatArray:
    """Sum the rows of a matrix, each times its weight, without starting BLAS threads.

    Parameters
    ----------
    matrix : ndarray of float or SciPy sparse array, shape (n_rows, n_columns)
    weights : ndarray of float, shape (n_rows,)

    Returns
    -------
    ndarray of float, shape (n_columns,)
    """
    if is_sparse(matrix):
        return np.asarray(weights @ matrix)
    return np.asarray(np.einsum("i,ij->j", weights, matrix))


def rows_above(matrix: Any, bounds: FloatArray) -> BoolArray:
    """Tell which rows of a matrix have an entry above a bound.

    Parameters
    ----------
    matrix : ndarray of float or SciPy CSR array, shape (n_rows, n_columns)
    bounds : ndarray of float, shape (n_rows,)
        Each at least 0.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
    """
    if not is_sparse(matrix):
        return np.asarray((matrix > bounds[:, None]).any(axis=1))
    rows = np.repeat(np.arange(len(bounds)), np.diff(matrix.indptr))
    above = np.zeros(len(bounds), dtype=bool)
    above[rows[matrix.data > bounds[rows]]] = True
    return above


def stacked(blocks: list[list[Any]]) -> Any:
    """Assemble a matrix from a grid of blocks; sparse if any block is sparse.

    Parameters
    ----------
    blocks : list of lists of (ndarray of float or SciPy sparse array)
        Rows of two-dimensional blocks.

    Returns
    -------
    ndarray of float or SciPy CSR array
    """
    if not any(is_sparse(block) for row in blocks for block in row):
        return np.block(blocks)
    import scipy.sparse

    as_sparse = scipy.sparse.csr_array
    rows = [scipy.sparse.hstack([as_sparse(block) for block in row]) for row in blocks]
    return as_sparse(scipy.sparse.vstack(rows))
