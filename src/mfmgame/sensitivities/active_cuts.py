"""All cuts that are exact at one allocation, where a solve needs only one per threat.

Between two exact cuts the exposure of a threat has a kink, so each of the cuts may carry a
part of the attacker's effort in a proof of the value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, IntArray

__all__ = ["NEAR", "TightCuts", "by_threat", "tight_cuts", "weights_on"]


NEAR = 1e-9
"""Relative difference that counts as rounding."""


class TightCuts(NamedTuple):
    """Threat, anchor and gradient of each cut (see :mod:`mfmgame.game.compositions`)."""

    threats: IntArray
    anchors: FloatArray
    gradients: FloatArray


def tight_cuts(
    game: DefenseGame,
    composition: Composition,
    allocation: FloatArray,
    threats: IntArray,
) -> TightCuts:
    """Find every cut of the given threats that is exact at an allocation, also at its kinks."""
    lists = composition.tight_anchors(threats, allocation)
    owners = np.repeat(threats, [len(entry) for entry in lists])
    anchors = np.array([anchor for entry in lists for anchor in entry])
    _, gradients = composition.cuts(owners, anchors)
    return TightCuts(owners, anchors, gradients)


def by_threat(game: DefenseGame, cuts: TightCuts, weights: FloatArray) -> FloatArray:
    """Sum weights of cuts by threat, shape (n_threats,)."""
    sums = np.bincount(cuts.threats, weights=weights, minlength=game.n_threats)
    return sums.astype(np.float64)


def weights_on(cuts: TightCuts, certificate: Certificate) -> FloatArray:
    """Assign a certificate's weights to the nearest of the tight cuts, shape (n_cuts,)."""
    weights = np.zeros(len(cuts.threats))
    first = np.searchsorted(cuts.threats, certificate.threats)
    last = np.searchsorted(cuts.threats, certificate.threats, side="right")
    columns = first, last, certificate.anchors, certificate.weights
    for start, stop, anchor, weight in zip(*columns, strict=True):
        if start < stop:
            nearest = np.abs(cuts.anchors[start:stop] - anchor).argmin()
            weights[start + nearest] += weight
    return weights
