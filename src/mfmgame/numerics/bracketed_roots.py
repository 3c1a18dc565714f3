"""Roots of many monotone functions at once, each within its own bracket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mfmgame.numerics.arrays import BoolArray, FloatArray

__all__ = ["bracketed_roots"]

_CLOSE = 2e-13
"""Precision of a root, relative above 1."""


def bracketed_roots(
    function: Callable[[FloatArray, Any], FloatArray],
    low: FloatArray,
    high: FloatArray,
    *,
    is_rising: bool,
) -> FloatArray:
    """Find where monotone functions cross 0, within brackets, all at once [1]_.

    Parameters
    ----------
    function : callable
        Gives the values of some of the functions, from their arguments and their positions.
    low, high : ndarray of float, shape (n,)
        Ends of the brackets.
    is_rising : bool
        Whether the functions rise.

    Returns
    -------
    ndarray of float, shape (n,)
        To about 13 digits; where a function does not cross 0, the end at which it is nearest to
        0. Each depends on its own function only.

    References
    ----------
    .. [1] T. R. Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of
       a nonlinear function without using derivatives", Adv. Eng. Softw. 28 (1997).

    Examples
    --------
    >>> import numpy as np
    >>> goals = np.array([4.0, 9.0])
    >>> low, high = np.zeros(2), np.full(2, 10.0)
    >>> found = bracketed_roots(lambda x, at: x**2 - goals[at], low, high, is_rising=True)
    >>> found.round(9).tolist()
    [2.0, 3.0]
    """
    a, b = low.copy(), high.copy()
    every = np.arange(len(a))
    f_a, f_b = function(a, every), function(b, every)
    found = np.where((f_a > 0.0) == is_rising, a, b)
    c, f_c = a.copy(), f_a.copy()
    share = np.full(len(a), 0.5)
    active: BoolArray = np.sign(f_a) * np.sign(f_b) < 0
    for _ in range(200):
        at = np.flatnonzero(active)
        if not len(at):
            break
        x = a[at] + share[at] * (b[at] - a[at])
        f_x = function(x, at)
        same = np.sign(f_x) == np.sign(f_a[at])
        c[at], f_c[at] = np.where(same, a[at], b[at]), np.where(same, f_a[at], f_b[at])
        b[at], f_b[at] = np.where(same, b[at], a[at]), np.where(same, f_b[at], f_a[at])
        a[at], f_a[at] = x, f_x
        nearer = np.abs(f_a[at]) < np.abs(f_b[at])
        found[at] = np.where(nearer, a[at], b[at])
        gap = np.abs(b[at] - a[at])
        close = 0.5 * _CLOSE * np.maximum(1.0, np.abs(found[at]))
        active[at] = (gap > 2.0 * close) & (f_x != 0.0)
        share[at] = _next_share(
            (a[at], b[at], c[at]), (f_a[at], f_b[at], f_c[at]), close / np.maximum(gap, 1e-300)
        )
    return found


def _next_share(
    places: tuple[FloatArray, ...], values: tuple[FloatArray, ...], least: FloatArray
) -> FloatArray:
    """Choose the next point between the first two: interpolated if that is safe, or halfway."""
    (a, b, c), (f_a, f_b, f_c) = places, values
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        xi, phi = (a - b) / (c - b), (f_a - f_b) / (f_c - f_b)
        is_safe = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
        share = f_a / (f_b - f_a) * f_c / (f_b - f_c)
        share += (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
    share = np.where(is_safe & np.isfinite(share), share, 0.5)
    least = np.minimum(least, 0.5)
    return np.clip(share, least, 1.0 - least)
