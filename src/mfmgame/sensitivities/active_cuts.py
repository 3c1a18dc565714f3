"""The cuts that are exact at one allocation: all of them, where a solve needs only one.

Between two of them the exposure of a threat has a kink, so each may carry a part of the
attacker's effort in a proof of the value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfmgame.certificates.certificate import Certificate
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame

__all__ = ["NEAR", "TightCuts", "acting_shares", "by_threat", "tight_cuts", "weights_on"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

NEAR = 1e-9
"""Relative difference that counts as rounding."""


class TightCuts(NamedTuple):
    """A threat, an anchor and a gradient for each cut (see :mod:`mfmgame.game.compositions`)."""

    threats: IntArray
    anchors: FloatArray
    gradients: FloatArray


def tight_cuts(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    exposure: FloatArray,
    threats: IntArray,
) -> TightCuts:
    """Every cut of some threats that is exact at the allocation, those between two included."""
    if game.composition == "independent":
        owners, anchors = threats, -np.log(exposure[threats])
    else:
        rows = np.asarray(
            game.effectiveness[threats]
            if isinstance(game.effectiveness, np.ndarray)
            else game.effectiveness[threats].toarray()
        )
        if game.composition == "additive":
            lists = [_covering(float(sum_)) for sum_ in rows @ allocation]
        else:
            levels = np.where(game.max_level > 0.0, allocation, np.nan)
            lists = [_fillings(row, levels) for row in rows]
        owners = np.repeat(threats, [len(entry) for entry in lists])
        anchors = np.array([anchor for entry in lists for anchor in entry])
    _, gradients = composition.cuts(owners, anchors)
    return TightCuts(owners, anchors, gradients)


def _covering(covered: float) -> list[float]:
    """Anchors of the cuts of an `additive` threat that is covered so much."""
    if abs(covered - 1.0) <= NEAR:
        return [0.0, 1.0]
    return [0.0] if covered < 1.0 else [1.0]


def _fillings(row: FloatArray, levels: FloatArray) -> list[float]:
    """Anchors of the cuts of a `best_of` threat: where levels, best first, reach 1.

    Where they reach it just at the end of a defense, every anchor from there to the next
    one that is funded will do; those at a defense between make a cut of their own.
    """
    usable = ~np.isnan(levels)
    values, place = np.unique(np.append(row[usable], 0.0), return_inverse=True)  # increasing
    funded = np.bincount(place, weights=np.append(levels[usable], 0.0))
    at_least = np.cumsum(funded[::-1])[::-1]
    above = at_least - funded
    at_least[0] = np.inf  # no anchor is below 0
    fits = (above <= 1.0 + NEAR) & (at_least >= 1.0 - NEAR)
    return [float(value) for value in values[fits]]


def by_threat(game: DefenseGame, cuts: TightCuts, weights: FloatArray) -> FloatArray:
    """Sums over the cuts of each threat, shape (n_threats,)."""
    sums = np.bincount(cuts.threats, weights=weights, minlength=game.n_threats)
    return sums.astype(np.float64)


def acting_shares(game: DefenseGame, cuts: TightCuts) -> FloatArray:
    """Part of a cut's weight on which coverage acts, shape (n_cuts,)."""
    return 1.0 - cuts.anchors if game.composition == "additive" else np.ones(len(cuts.anchors))


def weights_on(cuts: TightCuts, certificate: Certificate) -> FloatArray:
    """A certificate's weights, each on the nearest of the tight cuts, shape (n_cuts,)."""
    weights = np.zeros(len(cuts.threats))
    first = np.searchsorted(cuts.threats, certificate.threats)
    last = np.searchsorted(cuts.threats, certificate.threats, side="right")
    columns = first, last, certificate.anchors, certificate.weights
    for start, stop, anchor, weight in zip(*columns, strict=True):
        if start < stop:
            nearest = np.abs(cuts.anchors[start:stop] - anchor).argmin()
            weights[start + nearest] += weight
    return weights
