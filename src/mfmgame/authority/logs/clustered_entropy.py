"""Entropy of what sessions do, with an interval that treats each session as a cluster."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mfmgame.numerics.arrays import FloatArray

__all__ = ["CONFIDENCE", "Entropy", "clustered_entropy"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Entropy:
    """Estimate of an entropy in bits.

    Attributes
    ----------
    plug_in : float
        Entropy of the observed frequencies: too low on average.
    miller_madow : float
        With the correction that holds if all calls are independent.
    bits : float
        With the bias of the corrected estimate removed by the jackknife over sessions.
    low, high : float or None
        Ends of the 95 % interval; None with a single session.
    """

    plug_in: float
    miller_madow: float
    bits: float
    low: float | None
    high: float | None

    def capped(self, most: float) -> Entropy:
        """Return the estimate with every number but the plug-in entropy at most `most` bits."""
        low, high = (None if end is None else min(end, most) for end in (self.low, self.high))
        return Entropy(self.plug_in, min(self.miller_madow, most), min(self.bits, most), low, high)


def clustered_entropy(sessions: Iterable[Mapping[Any, int]]) -> Entropy:
    """Estimate the entropy of the calls of sessions.

    The calls of a session are alike, so that their number overstates what they tell. The
    jackknife [1]_ leaves out a session at a time, and finds from the estimates without each
    session both the bias that remains after the correction of Miller and Madow [2]_ and the
    standard error. The interval adds the variance of the second-order term and has quantiles of
    Student's t; its upper end allows for a call that no session happened to make.

    Parameters
    ----------
    sessions : iterable of mapping
        Numbers of calls of each session, by what was called; at least one call in all.

    Returns
    -------
    Entropy

    References
    ----------
    .. [1] B. Efron and C. Stein, "The jackknife estimate of variance", Annals of Statistics 9
       (1981).
    .. [2] G. A. Miller, "Note on the bias of information estimates", in Information Theory in
       Psychology (1955).

    Examples
    --------
    >>> clustered_entropy([{"read": 1, "send": 1}]).plug_in
    1.0
    """
    from scipy.special import stdtrit

    places: dict[Hashable, int] = {}
    rows = [
        (
            np.array([places.setdefault(key, len(places)) for key in session], dtype=int),
            np.array(list(session.values()), dtype=float),
        )
        for session in sessions
        if session
    ]
    total = np.zeros(len(places))
    for own, counts in rows:
        total[own] += counts
    whole = _Sums(float(total.sum()), float(_n_log_n(total).sum()), len(places))
    plug_in, corrected, number = whole.plug_in, whole.miller_madow, len(rows)
    if number < 2:
        return Entropy(plug_in, corrected, corrected, None, None)
    without = np.array([_without(whole, total[own], counts).miller_madow for own, counts in rows])
    bits = max(0.0, number * corrected - (number - 1) * float(without.mean()))
    variance = (number - 1) / number * float(((without - without.mean()) ** 2).sum())
    variance += _curvature(max(bits, corrected) - plug_in, whole.distinct)
    half = float(stdtrit(number - 1, 0.5 + 0.5 * CONFIDENCE)) * math.sqrt(variance)
    high = max(bits + half, _unseen(number))
    return Entropy(plug_in, corrected, bits, max(0.0, bits - half), high)


def _curvature(correction: float, distinct: int) -> float:
    """Compute the variance of the entropy's second-order term, which the jackknife misses.

    The term is that of a chi-square variable with a mean of the correction: the whole error
    where all frequencies are equal, as the first-order term is 0 there.
    """
    return 2.0 * correction**2 / (distinct - 1) if distinct > 1 else 0.0


def _unseen(sessions: int) -> float:
    """Compute the entropy of a call that no session may have made by chance alone."""
    share = min(0.5, 1.0 - math.pow(0.5 - 0.5 * CONFIDENCE, 1.0 / sessions))
    return -share * math.log2(share) - (1.0 - share) * math.log2(1.0 - share)


@dataclass(frozen=True)
class _Sums:
    """Sums over counts that give an estimate: of n, of n log2 n, and the number of counts."""

    calls: float
    n_log_n: float
    distinct: int

    @property
    def plug_in(self) -> float:
        return max(0.0, float(np.log2(self.calls)) - self.n_log_n / self.calls)

    @property
    def miller_madow(self) -> float:
        return self.plug_in + (self.distinct - 1) / (2.0 * self.calls * math.log(2.0))


def _n_log_n(counts: FloatArray) -> FloatArray:
    return np.asarray(counts * np.log2(np.maximum(counts, 1.0)))


def _without(whole: _Sums, totals: FloatArray, counts: FloatArray) -> _Sums:
    """Return the sums without a session; `totals` are those of what the session called."""
    left = totals - counts
    return _Sums(
        whole.calls - float(counts.sum()),
        whole.n_log_n - float((_n_log_n(totals) - _n_log_n(left)).sum()),
        whole.distinct - int((left == 0.0).sum()),
    )
