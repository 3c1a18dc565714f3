"""The cases to measure: every peer on every game that it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import games, peers

PROOF = "proof"
"""Name of the exact bracket that all values are compared with; not a peer."""

PEERS = {
    "additive": peers.LINEAR,
    "best_of": peers.LINEAR,
    "independent": peers.INDEPENDENT,
    "matrix": peers.MATRIX,
    "sweep additive": peers.SWEEP,
    "sweep best_of": peers.SWEEP,
    "stepped additive": peers.STEPPED,
    "stepped best_of": peers.STEPPED,
}


@dataclass(frozen=True)
class Case:
    group: str
    n: int
    m: int
    peer: str
    attacker: str = "narrow"

    def __str__(self) -> str:
        name = f"{self.group}-{self.attacker}-{self.n}-{self.m}-{self.peer}"
        return name.replace(" ", "_")

    @property
    def adapter(self) -> peers.Peer:
        return next(peer for peer in PEERS[self.group] if peer.name == self.peer)

    def problem(self) -> Any:
        """Build the argument of `prepare`: a game, a matrix, or a game and points of a sweep."""
        if self.group == "matrix":
            return games.matrix_game(self.n, self.m)
        stepped, composition = self.group.startswith("stepped"), self.group.split()[-1]
        game = games.defense_game(self.n, self.m, composition, self.attacker, stepped=stepped)
        if not self.group.startswith("sweep"):
            return game
        return game, np.linspace(0.0, float(game.bandwidth.sum()), games.SWEEP_POINTS + 1)[1:]

    def small(self) -> Case:
        """Return the same case on a tiny game."""
        return Case(self.group, *games.SMOKE_SIZE, self.peer)


def all_cases(*, smoke: bool) -> list[Case]:
    """List every case; the cases of one peer from the smallest game to the largest."""
    cases = []
    for group, members in PEERS.items():
        names = [PROOF, *(peer.name for peer in members)]
        sizes = [("narrow", games.SMOKE_SIZE)] if smoke else sizes_of(group)
        for attacker, size in sizes:
            cases += [Case(group, *size, name, attacker) for name in names]
    return cases


def sizes_of(group: str) -> list[tuple[str, tuple[int, int]]]:
    """List attackers and sizes, in order."""
    if group == "matrix":
        return [("narrow", size) for size in games.MATRIX_SIZES]
    if group.startswith("sweep"):
        return [("narrow", games.SWEEP_SIZE)]
    if group.startswith("stepped"):
        return [("narrow", size) for size in games.STEPPED_SIZES]
    narrow, broad = games.SIZES, games.BROAD_SIZES
    return [*(("narrow", size) for size in narrow), *(("broad", size) for size in broad)]
