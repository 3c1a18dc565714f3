"""Coverage and the worst attack from their definitions: to judge the package by."""

from __future__ import annotations

import math

import mfmgame as mg


def coverage_of(composition: str, row: list[float], levels: list[float]) -> float:
    """Coverage of one threat, from its definition."""
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
    """Loss of the worst attack, by spending the bandwidth where a bit does most."""
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
