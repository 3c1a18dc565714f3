"""Shannon-Hartley view of a model: capacity, signal, action entropy and information.

The taxonomy describes a multimodal foundation model as a channel that carries task-relevant
meaning [1]_: the signal is the part of the input that points at the task, noise is what distorts
it, and bandwidth is the entropy of the actions that the system's policy allows. An attack lowers
the signal, raises the noise or takes bandwidth.

References
----------
.. [1] "SoK: The Security-Safety Continuum of Multimodal Foundation Models through
   Information Flow and Global Game-Theoretic Analysis of Asymmetric Threats",
   arXiv:2411.11195.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.documents.float_reading import as_floats
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["action_entropy", "capacity", "capacity_loss", "mutual_information", "signal"]


_SUM_TOLERANCE = 1e-9
_LN2 = float(np.log(2.0))
_TINY = -60
"""Binary exponent of a ratio ``r`` below which ``log(1 + r)`` is ``r``, to the last digit."""
_HUGE = 1000
"""Binary exponent of a ratio ``r`` above which ``log(1 + r)`` is ``log r``."""


def capacity(signal: ArrayLike, noise: ArrayLike, bandwidth: ArrayLike = 1.0) -> FloatArray:
    """Compute the effective capacity ``C = B log2(1 + S/N)`` of a model (Shannon-Hartley [1]_).

    Parameters
    ----------
    signal : array_like, shape (...)
        Signal power ``S >= 0``, in the unit of the noise.
    noise : array_like, shape (...)
        Noise power ``N > 0``.
    bandwidth : array_like, shape (...), default 1
        Authorized bandwidth ``B >= 0``, in bits of action entropy.

    Returns
    -------
    ndarray of float, broadcast shape
        Capacity in bits per use.

    Raises
    ------
    SpecificationError
        If a value is not finite or out of its range, or the shapes do not broadcast.

    References
    ----------
    .. [1] C. E. Shannon, "Communication in the presence of noise", Proc. IRE 37 (1949).

    Examples
    --------
    >>> float(capacity(15.0, 1.0))
    4.0
    """
    power, distortion, width = _broadcast(signal=signal, noise=noise, bandwidth=bandwidth)
    _require(power, power >= 0, "signal", "at least 0")
    _require(distortion, distortion > 0, "noise", "greater than 0")
    _require(width, width >= 0, "bandwidth", "at least 0")
    fraction, exponent = _quotient(power, distortion)
    size, scale = np.frexp(width)
    # Where S/N is tiny, log2(1 + S/N) is S/N / ln 2, and only the product has to be a float.
    with np.errstate(over="ignore"):
        product = np.ldexp(fraction * size / _LN2, exponent + scale)
        bits = np.where(exponent < _TINY, product, width * _log2_1p(fraction, exponent))
    _require(width, np.isfinite(bits), "bandwidth", "a bandwidth of finite capacity")
    return np.asarray(bits)


def capacity_loss(
    signal: ArrayLike,
    noise: ArrayLike,
    *,
    signal_factor: ArrayLike = 1.0,
    noise_factor: ArrayLike = 1.0,
    bandwidth_factor: ArrayLike = 1.0,
) -> FloatArray:
    """Compute the share ``1 - C'/C`` of the capacity that an attack takes.

    ``C'`` is the capacity once the attack has multiplied the signal, the noise and the
    bandwidth by its factors. The clean bandwidth cancels.

    Parameters
    ----------
    signal, noise : array_like, shape (...)
        Clean signal power and noise power, both ``> 0``.
    signal_factor, bandwidth_factor : array_like, shape (...), default 1
        Share that the attack leaves, in [0, 1].
    noise_factor : array_like, shape (...), default 1
        Factor by which the attack multiplies the noise, at least 1.

    Returns
    -------
    ndarray of float, broadcast shape
        Shares in [0, 1].

    Raises
    ------
    SpecificationError
        If a value is not finite or out of its range, or the shapes do not broadcast.

    Examples
    --------
    >>> float(capacity_loss(15.0, 1.0, bandwidth_factor=0.2))
    0.8
    """
    clean, distortion, on_signal, on_noise, on_bandwidth = _broadcast(
        signal=signal,
        noise=noise,
        signal_factor=signal_factor,
        noise_factor=noise_factor,
        bandwidth_factor=bandwidth_factor,
    )
    _require(clean, clean > 0, "signal", "greater than 0")
    _require(distortion, distortion > 0, "noise", "greater than 0")
    for name, factor in (("signal_factor", on_signal), ("bandwidth_factor", on_bandwidth)):
        _require(factor, (factor >= 0) & (factor <= 1), name, "a value in [0, 1]")
    _require(on_noise, on_noise >= 1, "noise_factor", "at least 1")
    fraction, exponent = _quotient(clean, distortion)
    lowered, shift = _quotient(on_signal, on_noise)
    attacked = _log2_1p(fraction * lowered, exponent + shift)
    # Where S/N is tiny, the capacity is in proportion to it.
    with np.errstate(invalid="ignore"):  # 0 / 0, where the other branch is taken
        left = np.where(
            exponent < _TINY, on_signal / on_noise, attacked / _log2_1p(fraction, exponent)
        )
    return np.clip(1.0 - on_bandwidth * left, 0.0, 1.0)


def action_entropy(actions: ArrayLike | int) -> float:
    """Compute the entropy in bits of the allowed actions: the authorized bandwidth.

    Parameters
    ----------
    actions : int or array_like, shape (n_actions,)
        Number of allowed actions, all equally likely; or their probabilities, which sum to 1.

    Returns
    -------
    float
        Entropy in bits [1]_; ``log2(n)`` for a count ``n``.

    Raises
    ------
    SpecificationError
        If the count is below 1, or the probabilities are negative, not finite, or do
        not sum to 1 within 1e-9.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd ed., Wiley,
       2006, chapter 2.

    Examples
    --------
    >>> action_entropy(8), action_entropy([0.5, 0.25, 0.25])
    (3.0, 1.5)
    """
    if isinstance(actions, (int, np.integer)) and not isinstance(actions, bool):
        if actions < 1:
            raise SpecificationError(
                f"found a count of {shown(int(actions))}, expected at least 1 action",
                pointer="actions",
            )
        return math.log2(actions)
    probabilities = _distribution(actions, "actions", n_axes=1)
    return _entropy(probabilities)


def signal(embedding: ArrayLike, concept: ArrayLike) -> FloatArray:
    """Compute the length of the projection of embeddings on a concept vector.

    The signal of an input measures how far its embedding points along the task's target concept:
    ``<embedding, concept> / |concept|``, negative where it points away.

    Parameters
    ----------
    embedding : array_like, shape (..., n_dimensions)
        One embedding or a stack of them.
    concept : array_like, shape (n_dimensions,)
        The task's target concept; any length but zero.

    Returns
    -------
    ndarray of float, shape (...)
        Signed lengths, in the unit of the embedding.

    Raises
    ------
    SpecificationError
        If a value is not finite, the concept is zero, or the dimensions differ.

    Examples
    --------
    >>> signal([[3.0, 4.0], [0.0, -2.0]], [0.0, 10.0]).tolist()
    [4.0, -2.0]
    """
    vectors, direction = _finite(embedding, "embedding"), _finite(concept, "concept")
    if direction.ndim != 1 or vectors.ndim < 1 or vectors.shape[-1] != direction.shape[0]:
        raise SpecificationError(
            f"found shapes {vectors.shape} and {direction.shape}, "
            "expected (..., n_dimensions) and (n_dimensions,)",
            pointer="embedding, concept",
        )
    largest = float(np.max(np.abs(direction), initial=0.0))
    if largest == 0.0:
        raise SpecificationError("found the zero vector, expected a direction", pointer="concept")
    scaled = direction / largest
    # In units of each embedding's greatest entry, sums stay finite.
    greatest = np.max(np.abs(vectors), axis=-1)
    scale = np.frexp(greatest)[1]
    units = np.ldexp(vectors, -scale[..., None])
    with np.errstate(over="ignore"):
        lengths = np.ldexp(units @ (scaled / np.linalg.norm(scaled)), scale)
    _require(greatest, np.isfinite(lengths), "embedding", "entries whose sums are finite")
    return np.asarray(lengths)


def mutual_information(joint: ArrayLike) -> float:
    """Compute the mutual information in bits of two variables from their joint distribution [1]_.

    Parameters
    ----------
    joint : array_like, shape (n_x, n_y)
        Joint probabilities, which sum to 1.

    Returns
    -------
    float
        ``sum p(x, y) log2(p(x, y) / (p(x) p(y)))``, at least 0.

    Raises
    ------
    SpecificationError
        If the table is not two-dimensional, has a negative or non-finite entry, or does
        not sum to 1 within 1e-9.

    References
    ----------
    .. [1] T. M. Cover and J. A. Thomas, "Elements of Information Theory", 2nd ed., Wiley,
       2006, chapter 2.

    Examples
    --------
    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]]), mutual_information([[0.25] * 2] * 2)
    (1.0, 0.0)
    """
    table = _distribution(joint, "joint", n_axes=2)
    information = _entropy(table.sum(axis=1)) + _entropy(table.sum(axis=0)) - _entropy(table)
    return max(0.0, information)


def _quotient(upper: FloatArray, lower: FloatArray) -> tuple[FloatArray, NDArray[np.int32]]:
    """Divide into a fraction from 1/2 to 2, or 0, and a power of two: neither overflows."""
    (above, more), (below, less) = np.frexp(upper), np.frexp(lower)
    return above / below, more - less


def _log2_1p(fraction: FloatArray, exponent: NDArray[np.int32]) -> FloatArray:
    """Compute ``log2(1 + r)`` of a ratio ``r = fraction * 2**exponent``."""
    small = np.log1p(np.ldexp(fraction, np.minimum(exponent, _HUGE))) / _LN2
    with np.errstate(divide="ignore"):  # the logarithm of 0, where the other branch is taken
        great = np.log2(fraction) + exponent
    return np.where((exponent > _HUGE) & (fraction > 0.0), great, small)


def _entropy(probabilities: FloatArray) -> float:
    positive = probabilities[probabilities > 0]
    return max(0.0, float(-np.sum(positive * np.log2(positive))))


def _distribution(values: ArrayLike, name: str, n_axes: int) -> FloatArray:
    table = _finite(values, name)
    if table.ndim != n_axes or table.size == 0:
        raise SpecificationError(
            f"found shape {table.shape}, expected {n_axes} axes and at least one entry",
            pointer=name,
        )
    _require(table, table >= 0, name, "at least 0")
    with np.errstate(over="ignore"):
        total = float(table.sum())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise SpecificationError(
            f"found probabilities that sum to {total!r}, expected 1", pointer=name
        )
    return table / total


def _finite(values: ArrayLike, name: str) -> FloatArray:
    array = as_floats(values, name, booleans=False)
    _require(array, np.isfinite(array), name, "a finite number")
    return array


def _broadcast(**values: ArrayLike) -> tuple[FloatArray, ...]:
    arrays = [_finite(value, name) for name, value in values.items()]
    try:
        return tuple(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise SpecificationError(
            f"found shapes {shapes}, expected shapes that broadcast", pointer=", ".join(values)
        ) from None


def _require(array: FloatArray, valid: NDArray[np.bool_], name: str, expected: str) -> None:
    if not np.all(valid):
        worst = float(array[~valid].flat[0]) if array.ndim else float(array)
        raise SpecificationError(f"found {worst!r}, expected {expected}", pointer=name)
