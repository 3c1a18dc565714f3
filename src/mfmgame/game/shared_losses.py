"""Losses that several threats can cause, but that are suffered once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["SharedLosses", "Steps"]


class Steps(NamedTuple):
    """Steps by which a growing bandwidth raises the loss of an attack.

    Attributes
    ----------
    source : ndarray of int, shape (n_steps,)
        Threat that the step replaces; -1 for none.
    target : ndarray of int, shape (n_steps,)
        Threat that runs after the step.
    bits, gain : ndarray of float, shape (n_steps,)
        Bandwidth that the step needs, and loss that the step adds.
    slope : ndarray of float, shape (n_steps,)
        Loss per bit. The steps of a loss stand in order, by falling slope.
    """

    source: IntArray
    target: IntArray
    bits: FloatArray
    gain: FloatArray
    slope: FloatArray

    def taken(self, which: IntArray) -> Steps:
        """Take some of the steps, in the given order."""
        source, target, bits, gain, slope = self
        return Steps(source[which], target[which], bits[which], gain[which], slope[which])


class SharedLosses:
    """The loss that each threat causes; threats of the same loss are alternatives.

    Parameters
    ----------
    loss_of : ndarray of int, shape (n_threats,)
        Losses are numbered from 0 in order of their first threat.

    Attributes
    ----------
    loss_of : ndarray of int, shape (n_threats,)
    count : int
        Number of losses.
    first_threats : ndarray of int, shape (n_losses,)
        First threat of each loss.

    Examples
    --------
    >>> losses = SharedLosses(np.array([0, 1, 0]))
    >>> losses.greatest(np.array([1.0, 2.0, 3.0])).tolist()
    [3.0, 2.0]
    """

    def __init__(self, loss_of: IntArray) -> None:
        self.loss_of = loss_of
        self.count = int(loss_of.max(initial=-1)) + 1
        self._order = loss_of.argsort(kind="stable")
        sizes = np.bincount(loss_of, minlength=self.count)
        self._starts = np.append(0, sizes.cumsum())[:-1]
        self.first_threats: IntArray = self._order[self._starts]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedLosses) and np.array_equal(self.loss_of, other.loss_of)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def by_label(cls, labels: Sequence[str]) -> SharedLosses | None:
        """Number the losses of threats by label; None if no two threats share a label.

        Parameters
        ----------
        labels : sequence of str
            Label of each threat's loss; an empty label is a loss of the threat alone.
        """
        number: dict[str | int, int] = {}
        keys = (label or position for position, label in enumerate(labels))
        loss_of = [number.setdefault(key, len(number)) for key in keys]
        return None if len(number) == len(loss_of) else cls(np.array(loss_of, dtype=np.intp))

    def total(self, numbers: FloatArray) -> FloatArray:
        """Sum numbers of threats by loss, shape (n_losses,)."""
        sums = np.bincount(self.loss_of, weights=numbers, minlength=self.count)
        return sums.astype(np.float64, copy=False)

    def greatest(self, numbers: FloatArray) -> FloatArray:
        """Take the greatest number of each loss's threats, shape (n_losses,)."""
        return np.asarray(np.maximum.reduceat(numbers[self._order], self._starts))

    def most_gainful(self, numbers: FloatArray) -> IntArray:
        """Find the threat of each loss whose number is greatest, the first of equals.

        Parameters
        ----------
        numbers : ndarray of float, shape (n_threats,)

        Returns
        -------
        ndarray of int, shape (n_losses,)
        """
        is_best = numbers[self._order] == self.greatest(numbers)[self.loss_of[self._order]]
        places = np.where(is_best, np.arange(len(numbers)), len(numbers))
        return np.asarray(self._order[np.minimum.reduceat(places, self._starts)])

    def steps(self, residual: FloatArray, bandwidth: FloatArray) -> tuple[IntArray, Steps]:
        """Find the steps of the best attack: the upper concave envelope of each loss's threats.

        Parameters
        ----------
        residual, bandwidth : ndarray of float, shape (n_threats,)

        Returns
        -------
        free : ndarray of int
            Threats that run without bandwidth.
        steps : Steps
            The first step of every loss, then every second step, and so on.
        """
        loss_of, count = self.loss_of, self.count
        at = np.full(count, -1, dtype=np.intp)  # threat of each loss that runs so far
        without = np.where(bandwidth == 0.0, residual, 0.0)
        first = self.most_gainful(without)
        runs = without[first] > 0.0
        at[runs] = first[runs]
        free = at[runs]
        found, last = [], np.full(count, np.inf)
        while True:
            caused, used = (np.where(at < 0, 0.0, part[at]) for part in (residual, bandwidth))
            gain, bits = residual - caused[loss_of], bandwidth - used[loss_of]
            slope = np.full(len(residual), -1.0)
            with np.errstate(over="ignore"):
                np.divide(gain, bits, out=slope, where=(gain > 0.0) & (bits > 0.0))
            best = self.most_gainful(slope)
            losses = (slope[best] >= 0.0).nonzero()[0]
            if not len(losses):
                break
            target = best[losses]
            # Rounding must not make an envelope steeper.
            last[losses] = np.minimum(slope[target], last[losses])
            found.append(Steps(at[losses], target, bits[target], gain[target], last[losses]))
            at[losses] = target
        if not found:
            none = np.empty(0, dtype=np.intp)
            return free, Steps(none, none, *(np.empty(0),) * 3)
        return free, Steps(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
