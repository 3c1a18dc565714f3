"""Games for all peers: seeded, and the same on every machine."""

from __future__ import annotations

import numpy as np

import mfmgame as mg

SIZES = [(10, 5), (30, 10), (73, 15), (300, 30), (1000, 50), (5000, 50), (20_000, 100)]
BROAD_SIZES = [(5000, 50), (20_000, 100)]
MATRIX_SIZES = [(15, 73), (100, 100), (300, 300)]
SWEEP_SIZE = (500, 40)
STEPPED_SIZES = [(73, 15), (200, 30)]
SWEEP_POINTS = 50
LARGE_SIZE = (1_000_000, 200)
SMOKE_SIZE = (8, 4)

_DENSITY = 0.3
_CHUNK = 100_000


def shares(n: int, m: int) -> np.ndarray:
    """Draw effectiveness, 30 % of it not 0, in small pieces to save memory."""
    random = np.random.default_rng([n, m])
    matrix = np.zeros((n, m))
    step = max(_CHUNK // m, 1)
    for start in range(0, n, step):
        piece = matrix[start : start + step]
        stopped = random.random(piece.shape) < _DENSITY
        np.copyto(piece, random.uniform(0.05, 0.95, piece.shape), where=stopped)
    return matrix


def defense_game(
    n: int,
    m: int,
    composition: str,
    attacker: str = "narrow",
    *,
    sparse: bool = False,
    stepped: bool = False,
) -> mg.DefenseGame:
    """Build a game in which the defender can afford about four defenses in full.

    A broad attacker runs about a tenth of all threats, a narrow attacker at most about 80. Stepped
    defenses are all or nothing.
    """
    effectiveness = shares(n, m)
    if sparse:
        import scipy.sparse

        effectiveness = scipy.sparse.csr_array(effectiveness)
    random = np.random.default_rng([n, m, 1])
    bandwidth = random.uniform(0.5, 2.0, n)
    broad = 0.1 * float(bandwidth.sum())
    return mg.DefenseGame(
        severity=random.uniform(1.0, 10.0, n),
        bandwidth=bandwidth,
        effectiveness=effectiveness,
        attacker_bandwidth=broad if attacker == "broad" else min(broad, 100.0),
        use={"budget": random.uniform(0.5, 2.0, m), "latency": random.uniform(0.0, 1.0, m)},
        limits={"budget": min(4.0, 0.4 * m), "latency": min(3.0, 0.3 * m)},
        levels={f"d{j}": [0, 1] for j in range(m)} if stepped else None,
        composition=composition,
    )


def matrix_game(n: int, m: int) -> np.ndarray:
    """Draw the losses of the row player, who minimizes."""
    return np.random.default_rng([n, m]).normal(size=(n, m))
