"""Walk along a frontier over the bandwidth, kept as far as proofs confirm the walk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mfmgame.certificates.bulk_bounds import proven_bases, proven_plans
from mfmgame.certificates.duality_certificate import trivial_certificate
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import all_within_limits
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import BoolArray, FloatArray
from mfmgame.sweeps.parametric_simplex import walk
from mfmgame.sweeps.touching_lines import (
    SAME_POINT,
    Chain,
    Line,
)

__all__ = ["walked_lines"]


_ROUNDING = 1e-9
"""Error allowed at the first point, relative to the least value distinguished from 0."""
_SAME_PRICE = 1e-13
"""Relative difference between a slope and a threat's price that counts as rounding."""
_ENTRIES_AT_ONCE = 2**20


def walked_lines(game: DefenseGame, start: float, stop: float, within: float) -> Chain:
    """Find the lines of a frontier over the bandwidth by a walk, and prove them.

    Parameters
    ----------
    game : DefenseGame
        With a composition of form "sum".
    start, stop : float
        In bits.
    within : float
        Greatest gap of a proof, relative to the value.

    Returns
    -------
    Chain
        The lines confirmed by proofs; empty if there are none.
    """
    nowhere = Chain([], [])
    if not game.n_threats or not game.n_defenses or start == stop:
        return nowhere
    found = walk(game, start, stop, SAME_POINT)
    slopes, points = found.slopes, found.points
    if not len(slopes) or not all(np.isfinite(numbers).all() for numbers in vars(found).values()):
        return nowhere
    arrives = stop - points[-1] <= SAME_POINT * stop
    if arrives:
        points[-1] = stop
    allocations, composition = all_within_limits(game, found.allocations), compose(game)
    # Use the attacker's exact price where the walk's slope is no threat's price, and at the
    # first line, since every digit counts where the value is 0.
    vague = ~_are_prices(game, allocations, slopes)
    vague[0] |= slopes[0] > 0.0
    for k in np.flatnonzero(vague).tolist():
        residual = game.severity * composition.exposure(allocations[k])
        at = 0.5 * float(points[k] + points[k + 1]) if k else start
        slopes[k] = best_response(residual, game.ways, at).price
    bases = proven_bases(game, allocations, slopes)
    lower, proofs = proven_plans(game, points, found.plans, found.limit_prices)
    upper = bases[[0, *range(len(bases))]] + slopes[[0, *range(len(bases))]] * points
    upper[:-1] = np.maximum(upper[:-1], bases + slopes * points[:-1])
    floor = 1e-6 * float(game.severity.max(initial=0.0))
    proven = upper - lower <= within * np.maximum(upper, floor)
    proven[0] |= upper[0] - lower[0] <= _ROUNDING * floor

    lines, nothing = [], trivial_certificate(game)
    for k in range(len(slopes)):
        # The points where the line is known to touch the frontier.
        touched = points[k : k + 2][proven[k : k + 2]]
        at = float(touched.mean()) if len(touched) else float(points[k])
        slope, base = float(slopes[k]), float(bases[k])
        value = base + slope * at
        lines.append(Line(at, value, slope, allocations[k], value, 0.0, slope, nothing, base))
    # A knot lies on the line before it, except for the first knot.
    knots: list[Line | None] = [
        replace(line, at=at, value=value, lower=bound, certificate=proof) if is_proven else None
        for line, at, value, proof, bound, is_proven in zip(
            lines[:1] + lines,
            points.tolist(),
            upper.tolist(),
            proofs,
            lower.tolist(),
            proven.tolist(),
            strict=True,
        )
    ]
    kept = [k for k in range(len(lines)) if proven[k] or proven[k + 1]]
    if not kept:
        return nowhere
    follows = np.diff(kept, prepend=-1) == 1
    begins = [knots[k] if next_to else None for k, next_to in zip(kept, follows, strict=True)]
    ends = knots[-1] if arrives and kept[-1] == len(lines) - 1 else None
    return Chain([lines[k] for k in kept], [*begins, ends])


def _are_prices(game: DefenseGame, allocations: FloatArray, slopes: FloatArray) -> BoolArray:
    """Check whether each slope is some threat's loss per bit, shape (n_lines,)."""
    paying = np.flatnonzero(game.bandwidth > 0.0)
    found = slopes == 0.0
    step = max(1, _ENTRIES_AT_ONCE // max(1, game.n_threats))
    for start in range(0, len(slopes), step):
        part = slice(start, start + step)
        exposure = np.maximum(1.0 - (compose(game).matrix @ allocations[part].T)[paying], 0.0)
        ratios = exposure * (game.severity[paying] / game.bandwidth[paying])[:, None]
        found[part] |= (np.abs(ratios - slopes[part]) <= _SAME_PRICE * slopes[part]).any(axis=0)
    return np.asarray(found, dtype=bool)
