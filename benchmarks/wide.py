"""Count answers that end unproven or wrong on random games over many orders of magnitude.

``python -m benchmarks.wide 10000`` solves 10000 games of up to 12 threats and 8 defenses, over
18 orders of magnitude, and compares each with its exact value in fractions. Games of composition
`independent`, over 12 orders, have no exact value and are only counted.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

import mfmgame as mg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from exact_games import exact_value_of
from wide_games import wide_arrays


def main(count: int) -> None:
    unproven, outside, off, open_layers = [], [], [], []
    for seed in range(count):
        game = mg.DefenseGame(**wide_arrays(seed))
        solution, value = mg.solve(game), exact_value_of(game)
        scale = max(value, Fraction(1e-6 * float(game.severity.max()))) or 1
        if solution.status != "proven":
            unproven.append(seed)
        if not Fraction(solution.lower) <= value <= Fraction(solution.upper):
            outside.append(seed)
        if abs(Fraction(solution.value) - value) > Fraction(1e-9) * scale:
            off.append(seed)
        arrays = wide_arrays(seed, orders=12.0)
        shares = np.minimum(arrays["effectiveness"], [0.9, 0.999, 1 - 1e-9][seed % 3])
        layers = mg.DefenseGame(**{**arrays, "effectiveness": shares, "composition": "independent"})
        if mg.solve(layers).status != "proven":
            open_layers.append(seed)
    print(f"{count} games of additive and best_of over 18 orders of magnitude:")
    print(f"  unproven: {len(unproven)} {unproven}")
    print(f"  exact value outside the bracket: {len(outside)} {outside}")
    print(f"  value off by more than 1e-9: {len(off)} {off}")
    print(f"{count} games of independent over 12 orders of magnitude:")
    print(f"  unproven: {len(open_layers)} {open_layers}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
