"""Estimates of a distribution from a sample, without assumptions on the distribution.

The interval of a share is the exact interval of Clopper and Pearson [1]_. The interval of a
quantile lies between two order statistics: the number of draws below the quantile is binomial
for any distribution [2]_. Both intervals have at least the stated confidence. The interval of a
mean is Student's [3]_: its confidence is approximate, and close to the stated one in large samples.

References
----------
.. [1] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated
   in the case of the binomial", Biometrika 26 (1934).
.. [2] H. A. David and H. N. Nagaraja, "Order Statistics", 3rd ed., Wiley, 2003, section 7.1.
.. [3] Student, "The probable error of a mean", Biometrika 6 (1908).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["CONFIDENCE", "Estimate", "exceedance", "mean", "quantile", "share"]


CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A number estimated from draws, with its confidence interval.

    Attributes
    ----------
    estimate : float
        NaN if there are no draws.
    lower, upper : float
        Infinite if there are too few draws for a bound.
    """

    estimate: float
    lower: float
    upper: float


def share(count: int, total: int, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the probability of an event from its count.

    Parameters
    ----------
    count, total : int
        Number of occurrences, and number of trials.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> [round(number, 4) for number in share(0, 10)]
    [0.0, 0.0, 0.3085]
    """
    from scipy.special import betaincinv

    if total == 0:
        return Estimate(math.nan, 0.0, 1.0)
    tail = 0.5 * (1.0 - confidence)
    lower = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    upper = float(betaincinv(count + 1, total - count, 1.0 - tail)) if count < total else 1.0
    return Estimate(count / total, lower, upper)


def mean(sample: FloatArray, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a mean, with Student's interval, which is approximate.

    Parameters
    ----------
    sample : ndarray of float, shape (n,)
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Estimate
        The interval is infinite if there are fewer than two draws.

    Examples
    --------
    >>> [round(number, 3) for number in mean(np.array([1.0, 2.0, 6.0]))]
    [3.0, -3.572, 9.572]
    """
    from scipy.special import stdtrit

    n = len(sample)
    if n < 2:
        return Estimate(float(sample[0]) if n else math.nan, -math.inf, math.inf)
    center = float(sample.mean())
    error = float(sample.std(ddof=1)) / math.sqrt(n)
    half = float(stdtrit(n - 1, 0.5 + 0.5 * confidence)) * error
    return Estimate(center, center - half, center + half)


def quantile(sample: FloatArray, probability: float, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a quantile: the least number not exceeded with the given probability.

    Parameters
    ----------
    sample : ndarray of float, shape (n,)
        May include infinite numbers, but not NaN.
    probability : float
        Above 0 and below 1.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Estimate

    Raises
    ------
    SpecificationError
        If the probability is out of its range.

    Examples
    --------
    >>> quantile(np.arange(1.0, 12.0), 0.5)
    Estimate(estimate=6.0, lower=2.0, upper=10.0)
    """
    if not 0.0 < probability < 1.0:
        raise SpecificationError(
            f"found {shown(probability)}, expected a number between 0 and 1", pointer="quantile"
        )
    from scipy.stats import binom

    n = len(sample)
    if n == 0:
        return Estimate(math.nan, -math.inf, math.inf)
    # Rounding must not move n * probability past an integer that it equals.
    rank = max(1, math.ceil(round(n * probability, 9)))
    tail = 0.5 * (1.0 - confidence)
    low = int(binom.ppf(tail, n, probability))
    high = int(binom.ppf(1.0 - tail, n, probability)) + 1
    order = np.sort(sample)
    return Estimate(
        float(order[rank - 1]),
        float(order[low - 1]) if low >= 1 else -math.inf,
        float(order[high - 1]) if high <= n else math.inf,
    )


def exceedance(sample: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute how likely each loss is to be exceeded.

    Parameters
    ----------
    sample : ndarray of float, shape (n,)

    Returns
    -------
    losses : ndarray of float, shape (m,)
        Distinct numbers of the sample, in increasing order.
    probabilities : ndarray of float, shape (m,)
        Share of the sample above each number.

    Examples
    --------
    >>> losses, probabilities = exceedance(np.array([3.0, 1.0, 3.0, 2.0]))
    >>> losses.tolist(), probabilities.tolist()
    ([1.0, 2.0, 3.0], [0.75, 0.5, 0.0])
    """
    losses, counts = np.unique(sample, return_counts=True)
    beyond = len(sample) - np.cumsum(counts)
    return losses, beyond / max(1, len(sample))
