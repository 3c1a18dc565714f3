"""Random games over many orders of magnitude, with ties, zeros and prohibitive costs."""

from __future__ import annotations

from typing import Any

import numpy as np

SENTINELS = [1e10, 1e12, 1e15, 1e20, 1e30, 1e60, 1e99]


def wide_arrays(
    seed: int, *, orders: float = 18.0, max_threats: int = 12, max_defenses: int = 8
) -> dict[str, Any]:
    """Draw the arguments of a DefenseGame; the same for the same seed."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(1, max_threats + 1)), int(random.integers(1, max_defenses + 1))
    names = [f"r{row}" for row in range(int(random.integers(0, 4)))]
    use = {name: _amounts(random, m, orders, zeros=0.5) for name in names}
    limits = {}
    for name, amounts in use.items():
        if random.random() < 0.3:
            amounts[random.integers(0, m)] = random.choice(SENTINELS)
        kind = random.random()
        if kind < 0.1:
            limits[name] = 0.0
        elif kind < 0.6:
            limits[name] = float(amounts[amounts < SENTINELS[1]].sum() * random.random())
        elif kind < 0.9:
            limits[name] = float(_amounts(random, 1, orders, zeros=0.0)[0])
    max_level = np.ones(m)
    if random.random() < 0.5:
        max_level = np.where(random.random(m) < 0.2, random.random(m), max_level)
        max_level[random.random(m) < 0.15] = 0.0
    bandwidth = _amounts(random, n, orders, zeros=0.5)
    total = float(bandwidth.sum())
    return {
        "severity": _amounts(random, n, orders, zeros=0.1),
        "bandwidth": bandwidth,
        "effectiveness": _shares(random, (n, m), orders),
        "attacker_bandwidth": float(
            random.choice([0.0, total * random.random(), total, random.random()])
        ),
        "use": use,
        "limits": limits,
        "max_level": max_level,
        "composition": ["additive", "best_of"][seed % 2],
    }


def wide_steps(seed: int, max_level: np.ndarray) -> dict[str, list[float]]:
    """Draw levels that make every defense of a wide game all-or-nothing or stepped."""
    random = np.random.default_rng(seed)
    return {
        f"d{j}": sorted({0.0, float(most) * random.choice([0.5, 1.0]), float(most)})
        for j, most in enumerate(max_level)
    }


def _amounts(
    random: np.random.Generator, size: int, orders: float, *, zeros: float
) -> np.ndarray[Any, Any]:
    wide = 10.0 ** random.uniform(-orders / 2, orders / 2, size)
    amounts = [
        wide,
        10.0 ** np.round(np.log10(wide)),
        random.integers(1, 5, size).astype(np.float64),
        np.round(random.uniform(0.1, 10.0, size), 2),
        np.where(random.random(size) < 0.3, wide, random.integers(1, 4, size)),
    ][random.integers(0, 5)]
    return np.where(random.random(size) < zeros * random.random(), 0.0, amounts)


def _shares(
    random: np.random.Generator, shape: tuple[int, int], orders: float
) -> np.ndarray[Any, Any]:
    uniform = random.random(shape)
    return [
        uniform,
        random.integers(0, 3, shape) / 2.0,
        np.where(random.random(shape) < 0.3, 1.0, np.where(uniform < 0.5, 0.0, uniform)),
        10.0 ** -random.uniform(0.0, orders / 2, shape),
        random.integers(0, 2, shape) * np.round(uniform, 1),
    ][random.integers(0, 5)]
