"""How often 95 % intervals of used bits cover the truth, on simulated sessions.

Run ``python -m benchmarks.entropy_coverage``. Each session has habits of its own: its calls are
drawn from a Dirichlet distribution around the agent's. Three intervals are compared on the same
sessions: this package's, an interval of the same width around Miller and Madow's estimate, and the
delta method for independent calls around the same estimate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mfmgame.authority.logs.clustered_entropy import clustered_entropy

REPLICATES = 400
CASES = (
    # sessions, possible calls, concentration of sessions' habits (0: none), calls a session
    (10, 5, 0.0, 5),
    (20, 10, 0.5, 8),
    (20, 20, 5.0, 6),
    (60, 50, 5.0, 6),
    (200, 50, 2.0, 6),
    (60, 200, 5.0, 6),
    (200, 500, 3.0, 6),
)


def sample(rng: Any, shape: tuple[int, int, float, int]) -> tuple[float, Any]:
    """Draw an agent's entropy in bits, and the calls of its sessions."""
    n_sessions, n_calls, concentration, length = shape
    habits = rng.dirichlet(np.full(n_calls, 0.7))
    rows = []
    for _ in range(n_sessions):
        own = rng.dirichlet(np.maximum(habits * concentration, 1e-9)) if concentration else habits
        rows.append(rng.multinomial(1 + rng.poisson(length - 1), own / own.sum()))
    known = habits[habits > 0.0]
    return float(-(known @ np.log2(known))), np.array(rows)


def independent(rows: Any, centre: float) -> tuple[float, float]:
    """Return the interval for independent calls: the variance of minus log2 of frequencies."""
    counts = rows.sum(axis=0)
    shares = counts[counts > 0] / counts.sum()
    surprise = -np.log2(shares)
    variance = (shares @ surprise**2 - (shares @ surprise) ** 2) / counts.sum()
    half = 1.96 * float(np.sqrt(variance))
    return centre - half, centre + half


def main() -> None:
    """Print coverage and width for each case."""
    rng = np.random.default_rng(0)
    print("(sessions, calls, habits, length): coverage (mean width) of ours, of the same width")
    print("around the Miller-Madow estimate, for independent calls; share of calls by one session")
    for shape in CASES:
        hits, widths, own_share = np.zeros(3), np.zeros(3), 0.0
        for _ in range(REPLICATES):
            truth, rows = sample(rng, shape)
            found = clustered_entropy(
                [{place: n for place, n in enumerate(row) if n} for row in rows.tolist()]
            )
            assert found.low is not None
            assert found.high is not None
            half = found.high - found.bits
            ends = [
                (found.low, found.high),
                (found.miller_madow - half, found.miller_madow + half),
                independent(rows, found.miller_madow),
            ]
            hits += [low <= truth <= high for low, high in ends]
            widths += [high - low for low, high in ends]
            alone = (rows > 0).sum(axis=0) == 1
            own_share += rows[:, alone].sum() / rows.sum()
        cells = [
            f"{hit:.0%} ({width:.2f})"
            for hit, width in zip(hits / REPLICATES, widths / REPLICATES, strict=True)
        ]
        print(f"{shape}: {', '.join(cells)}; {own_share / REPLICATES:.0%}")


if __name__ == "__main__":
    main()
