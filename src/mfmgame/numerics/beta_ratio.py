"""Quantiles of the ratio of two independent beta variables.

With ``p ~ Beta(a, b)``, ``q ~ Beta(c, d)`` and ``r`` from 0 to 1,

    P(p >= r q) = integral of f_q(x) P(p >= r x) dx                                   (over q)
                = P(p >= r) + P(p < r) E[P(q <= x)],  x = p / r given that p < r      (over p)

and the same with the signs turned around. The integral runs over the variable that varies less:
the other factor is then smooth on its scale. In the logit ``t`` of ``x`` both integrands are
analytic for ``|Im t| < pi`` and decay exponentially, so the trapezoidal rule converges
exponentially in the number of points [1]_. Its weights are divided by their own sum: then no
normalizing constant is needed, whose rounding errors are large for large shapes.

References
----------
.. [1] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal rule",
   SIAM Review 56 (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mfmgame.numerics.arrays import FloatArray
from mfmgame.numerics.bracketed_roots import bracketed_roots

__all__ = ["BetaRatio", "BetaShapes"]

_POINTS_PER_WIDTH = 1.5
"""Points of the rule within the width of the integrand's peak: errors of ``exp(-4.5 pi^2)``."""
_LARGEST_STEP = 0.4
"""Errors of ``exp(-2 pi pi / step)`` come from the ends of the strip of analyticity."""
_MOST_POINTS = 4000
"""Points over q beyond which the rule runs over p."""
_NEGLIGIBLE = 34.0
"""Negative logarithm of a weight that adds nothing to a float64."""
_DEEP = 1e-4
_LEVELS = {False: 10.0, True: 46.0}
"""Negative logarithm of the least probability that a rule resolves, for two kinds of tails."""
_LOWEST = -400.0
"""Logarithm of a ratio below which no probability of a float64 lies, for shapes from 0.5."""
_OFFSETS = 2.0 ** np.arange(-20.0, 9.0, 0.125)
"""Distances of the ends of a rule from its center."""
_MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class BetaShapes:
    """Both shapes of a beta distribution, each at least 0.5."""

    a: float
    b: float

    @property
    def width(self) -> float:
        """Width of the peak of the logit's density."""
        return math.sqrt(1.0 / self.a + 1.0 / self.b)

    def tail(self, x: FloatArray, rest: FloatArray, *, above: bool) -> FloatArray:
        """Compute the probability above (or below) points ``x``, where ``rest = 1 - x``.

        Parameters
        ----------
        x, rest : ndarray of float
            Both, because the smaller decides the accuracy.
        above : bool

        Returns
        -------
        ndarray of float
        """
        from scipy.special import betainc

        found = np.empty(x.shape)
        near = x <= rest
        first, second = (_complement, betainc) if above else (betainc, _complement)
        found[near] = first(self.a, self.b, x[near])
        found[~near] = second(self.b, self.a, rest[~near])
        return found

    def sharpness(self, level: float) -> float:
        """Bound the second derivative of the logarithm of a tail, by the logit.

        Parameters
        ----------
        level : float
            Negative logarithm of the least tail that counts.

        Returns
        -------
        float
        """
        few, total = min(self.a, self.b), self.a + self.b
        return min(few + math.sqrt(2.0 * few * level) + level, 0.25 * total + 1.0)


class BetaRatio:
    """The ratio of two independent beta variables, where it is at most 1.

    Parameters
    ----------
    numerator, denominator : BetaShapes

    Examples
    --------
    Both uniform: the ratio is above 1/2 with the probability 3/4.

    >>> import numpy as np
    >>> uniform = BetaShapes(1.0, 1.0)
    >>> BetaRatio(uniform, uniform).logs_exceeded(np.array([0.75, 0.1])).round(9).tolist()
    [-0.693147181, 0.0]
    """

    def __init__(self, numerator: BetaShapes, denominator: BetaShapes) -> None:
        self.numerator, self.denominator = numerator, denominator

    def logs_exceeded(self, probabilities: FloatArray) -> FloatArray:
        """Compute the logarithm of the ratio that is exceeded with each probability.

        Parameters
        ----------
        probabilities : ndarray of float, shape (n,)
            Above 0 and below 1.

        Returns
        -------
        ndarray of float, shape (n,)
            At most 0, to about 13 digits. Each depends only on its own probability.
        """
        above = probabilities <= 0.5
        targets = np.where(above, probabilities, 1.0 - probabilities)
        deep = targets < _DEEP
        found = np.zeros(probabilities.shape)
        for side in (True, False):
            for is_deep in (True, False):
                chosen = np.flatnonzero((above == side) & (deep == is_deep))
                if len(chosen):
                    found[chosen] = self._solved(targets[chosen], side, is_deep)
        return found

    def tail(self, logs: FloatArray, *, above: bool, deep: bool = True) -> FloatArray:
        """Compute the probability that the ratio is above (or below) given values.

        Parameters
        ----------
        logs : ndarray of float, shape (n,)
            Logarithms of the values, at most 0.
        above : bool
        deep : bool, default True
            Whether tails below 1e-4 keep their digits.

        Returns
        -------
        ndarray of float, shape (n,)
        """
        rule = _rule_over(self.numerator, self.denominator, deep)
        if rule is None:
            return np.array([self._over_numerator(log, above, deep) for log in logs.tolist()])
        x, rest, weights = rule
        found = np.empty(len(logs))
        rows = max(1, _MOST_CELLS // len(x))
        for start in range(0, len(logs), rows):
            part = logs[start : start + rows, None]
            inside = self.numerator.tail(np.exp(part) * x, rest - x * np.expm1(part), above=above)
            found[start : start + rows] = np.sum(inside * weights, axis=1)
        return found

    def _over_numerator(self, log: float, above: bool, deep: bool) -> float:
        p, q = self.numerator, self.denominator
        ratio, ratio_rest = math.exp(log), -math.expm1(log)
        ends = np.array([ratio]), np.array([ratio_rest])
        below = float(p.tail(*ends, above=False)[0])
        outside = float(p.tail(*ends, above=True)[0]) if above else 0.0
        if below == 0.0:
            return outside
        curve = _Curve(p.a, 1.0, p.b - 1.0, ratio, ratio_rest)
        x, rest, weights = curve.rule(*curve.points(q.sharpness(_LEVELS[deep]), _LEVELS[deep]))
        return outside + below * float(np.sum(q.tail(x, rest, above=not above) * weights))

    def _solved(self, targets: FloatArray, above: bool, deep: bool) -> FloatArray:
        goals = np.log(targets)

        def excess(logs: FloatArray, places: Any) -> FloatArray:
            tails = self.tail(logs, above=above, deep=deep)
            return np.asarray(np.log(np.maximum(tails, 1e-320)) - goals[places])

        return bracketed_roots(excess, *self._brackets(targets, above), is_rising=not above)

    def _brackets(self, targets: FloatArray, above: bool) -> tuple[FloatArray, FloatArray]:
        """Enclose the logarithms between ratios of quantiles.

        Two events of the probability ``v`` happen both with ``v**2``, and either with at most
        ``2 v``.
        """
        from scipy.special import betainccinv, betaincinv

        p, q = self.numerator, self.denominator
        first, second = (betainccinv, betaincinv) if above else (betaincinv, betainccinv)
        ends = []
        for shares in (np.sqrt(targets), 0.5 * targets):
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.log(first(p.a, p.b, shares)) - np.log(second(q.a, q.b, shares))
            ends.append(ratio)
        inner, outer = ends
        low, high = (inner, outer) if above else (outer, inner)
        low = np.where(np.isfinite(low), low, _LOWEST) - 1e-6
        high = np.where(np.isfinite(high), high, 0.0) + 1e-6
        return np.clip(low, _LOWEST, -1e-6), np.minimum(high, 0.0)


@lru_cache(maxsize=256)
def _rule_over(
    numerator: BetaShapes, denominator: BetaShapes, deep: bool
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Make the rule over the denominator; None if it needs too many points."""
    curve = _Curve(denominator.a, denominator.b, 0.0, 0.0, 1.0)
    center, numbers, step = curve.points(numerator.sharpness(_LEVELS[deep]), _LEVELS[deep])
    return curve.rule(center, numbers, step) if len(numbers) <= _MOST_POINTS else None


@dataclass(frozen=True)
class _Curve:
    """The density ``x**a (1 - x)**b (1 - r x)**g`` of the logit of ``x``, up to a factor."""

    a: float
    b: float
    g: float
    r: float
    r_rest: float

    def points(self, sharpness: float, level: float) -> tuple[float, range, float]:
        """Choose the center, the numbers and the step of the points for a sharp factor."""
        center = self._mode()
        low, high = (self._end(center, sign, level + _NEGLIGIBLE) for sign in (-1.0, 1.0))
        width = 1.0 / math.sqrt(self._sharpest(center, low, high) + sharpness)
        step = min(_LARGEST_STEP, width / _POINTS_PER_WIDTH)
        return center, range(math.floor(low / step), math.ceil(high / step) + 1), step

    def rule(
        self, center: float, numbers: range, step: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Compute the points ``x``, ``1 - x`` and their weights, which sum to 1."""
        offsets = step * np.asarray(numbers)
        weights = np.exp(self._changes(center, offsets))
        t = center + offsets
        return _logistic(t), _logistic(-t), weights / np.sum(weights)

    def _mode(self) -> float:
        if not self.g:
            return math.log(self.a / self.b)
        low, high = -60.0, 60.0 + abs(math.log(self.a))
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self._slope(middle) > 0.0 else (low, middle)
        return 0.5 * (low + high)

    def _slope(self, t: float) -> float:
        x, rest = _logistic(t), _logistic(-t)
        bend = self.g * self.r * x * rest / (rest + x * self.r_rest)
        return float(self.a * rest - self.b * x - bend)

    def _changes(self, center: float, offsets: FloatArray) -> FloatArray:
        """Compute the logarithm of the density at offsets from a point, less that at the point."""
        x, rest = _logistic(center), _logistic(-center)
        # Each logarithm is that of 1 + change, or follows from the other where it is not.
        down, up = rest * np.expm1(-offsets), x * np.expm1(offsets)
        log_x = -np.log1p(np.maximum(down, -0.5))
        log_rest = -np.log1p(np.maximum(up, -0.5))
        log_x = np.where(down < -0.5, offsets + log_rest, log_x)
        log_rest = np.where(up < -0.5, log_x - offsets, log_rest)
        changes = self.a * log_x + self.b * log_rest
        if self.g:
            whole = rest + x * self.r_rest
            change = -self.r * x * np.expm1(log_x) / whole
            t = center + offsets
            now = _logistic(-t) + _logistic(t) * self.r_rest
            log_whole = np.log1p(np.maximum(change, -0.5))
            changes += self.g * np.where(change < -0.5, np.log(now / whole), log_whole)
        return np.asarray(changes)

    def _end(self, center: float, sign: float, drop: float) -> float:
        """Find an offset, on the given side, by which the density has dropped."""
        is_beyond = self._changes(center, sign * _OFFSETS) < -drop
        return sign * float(_OFFSETS[int(np.argmax(is_beyond))])

    def _sharpest(self, center: float, low: float, high: float) -> float:
        """Find the greatest second derivative of the density's negative logarithm."""
        t = center + np.linspace(low, high, 129)
        x, rest = _logistic(t), _logistic(-t)
        bends = (self.a + self.b) * x * rest
        if self.g:
            whole, part = rest + x * self.r_rest, self.r * x * rest
            bends += self.g * part * ((rest - x) * whole + part) / whole**2
        return max(0.0, float(bends.max()))


def _complement(a: float, b: float, x: FloatArray) -> FloatArray:
    """Compute the upper tail, by the slower kernel only where a difference would lose digits."""
    from scipy.special import betainc, betaincc

    upper = 1.0 - betainc(a, b, x)
    small = upper < 0.1
    upper[small] = betaincc(a, b, x[small])
    return np.asarray(upper)


def _logistic(t: Any) -> Any:
    from scipy.special import expit

    return expit(t)
