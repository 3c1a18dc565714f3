"""Coverage and the worst attack from their definitions, to check the package."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np

import mfmgame as mg

DIGITS = mpmath.mp.clone()
DIGITS.prec = 400


def coverage_of(composition: str, row: list[float], levels: list[float]) -> float:
    """Compute the coverage of one threat from its definition."""
    if composition == "additive":
        return min(1.0, sum(share * level for share, level in zip(row, levels, strict=True)))
    if composition == "independent":
        return 1.0 - math.prod(
            (1.0 - share) ** level for share, level in zip(row, levels, strict=True)
        )
    room, covered = 1.0, 0.0
    for share, level in sorted(zip(row, levels, strict=True), reverse=True):
        taken = min(level, room)
        room, covered = room - taken, covered + share * taken
    return covered


def worst_loss(game: mg.DefenseGame, levels: list[float]) -> float:
    """Compute the loss of the worst attack: spend bandwidth where a bit causes most loss."""
    rows = game.effectiveness.tolist()
    residual = [
        severity * (1.0 - coverage_of(game.composition, row, levels))
        for severity, row in zip(game.severity.tolist(), rows, strict=True)
    ]
    threats = list(zip(residual, game.bandwidth.tolist(), strict=True))
    loss = sum(cost for cost, bits in threats if bits == 0.0)
    left = game.attacker_bandwidth
    priced = [(cost, bits) for cost, bits in threats if bits > 0.0]
    for cost, bits in sorted(priced, key=lambda threat: -threat[0] / threat[1]):
        effort = min(1.0, left / bits)
        loss, left = loss + effort * cost, left - effort * bits
    return loss


def exactly(number: np.longdouble) -> Fraction:
    """Convert a wide float to a fraction: its leading digits, plus the rest."""
    leading = float(number)
    return Fraction(leading) + Fraction(float(number - np.longdouble(leading)))


def fraction(number: mpmath.mpf) -> Fraction:
    return Fraction(*mpmath.libmp.to_rational(number._mpf_))


def exact_exposure(composition: str, row: list[float], levels: list[float]) -> Fraction:
    """Compute exposure from its definition, exactly or, if irrational, to 400 bits."""
    if composition == "independent":
        depth = [x * DIGITS.log(1 - DIGITS.mpf(e)) for e, x in zip(row, levels, strict=True)]
        return fraction(DIGITS.exp(DIGITS.fsum(depth)))
    terms = [(Fraction(e), Fraction(x)) for e, x in zip(row, levels, strict=True)]
    if composition == "additive":
        return max(Fraction(0), 1 - sum(e * x for e, x in terms))
    room, covered = Fraction(1), Fraction(0)
    for e, x in sorted(terms, reverse=True):
        covered, room = covered + e * min(x, room), max(Fraction(0), room - x)
    return 1 - covered
