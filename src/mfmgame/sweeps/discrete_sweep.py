"""Exact frontiers of games with stepped defenses, over the attacker's bandwidth.

The loss of the worst attack on a fixed allocation is concave and piecewise linear in the
bandwidth. The value is the least of these losses over all allocations, so the value is
concave, too. The least over the known allocations is an upper bound. At each of its kinks, a
search decides whether the bound equals the value; if not, the search has found an allocation
that is better there. A bound that equals the value at every kink equals it everywhere, since
a concave function lies above its chords.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier
from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import trivial_certificate, upper_bound
from mfmgame.game.attacker import Ways, best_response, loss_curve
from mfmgame.game.compositions import compose
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.progress import Found
from mfmgame.solving.solver import Solver

__all__ = ["lower_envelope", "traced_steps"]


_SAME_POINT = 1e-12
"""Relative distance below which two points are one point."""
_SAME_SLOPE = 1e-10


class _Curve(NamedTuple):
    """Loss of the worst attack on one allocation over the bandwidth, by its kinks."""

    allocation: FloatArray
    points: FloatArray
    losses: FloatArray


def traced_steps(solver: Solver, start: float, stop: float, within: float) -> Frontier:
    """Trace the value over the attacker's bandwidth in a game with stepped defenses.

    Parameters
    ----------
    solver : Solver
        Solver of the game.
    start, stop : float
        Ends of the sweep, in bits.
    within : float
        Greatest gap between the value and the allocations found, relative to the value.

    Returns
    -------
    Frontier
    """
    game = solver.game
    composition = compose(game)
    curves: list[_Curve] = []
    proven: dict[float, Found] = {}
    asked = [start, stop]
    while asked:
        for at in asked:
            found = proven[at] = solver.find(at)
            known = min((float(np.interp(at, c.points, c.losses)) for c in curves), default=None)
            loss = found.response.loss
            if known is None or loss < known - within * scale_of(game, known):
                residual = game.severity * composition.exposure(found.allocation)
                curves.append(_curve(found.allocation, residual, game.ways, stop))
        points, which = lower_envelope([(c.points, c.losses) for c in curves], start, stop)
        asked = [at for at in points.tolist() if at not in proven]
    slopes = np.zeros(len(which))
    for k, number in enumerate(which):
        residual = game.severity * composition.exposure(curves[number].allocation)
        inside = 0.5 * float(points[k] + points[k + 1])
        slopes[k] = best_response(residual, game.ways, inside).price
    # An allocation that is best on a piece stays best on the next piece of the same line.
    begins = np.append(True, np.abs(np.diff(slopes)) > _SAME_SLOPE * np.abs(slopes[1:]))
    points, slopes = points[np.append(begins, True)], slopes[begins]
    allocations = np.array([curves[number].allocation for number in which])[begins]
    upper = np.zeros(len(points))
    for k, levels in enumerate(allocations):
        for end in (k, k + 1):
            there = game.with_attacker_bandwidth(float(points[end]))
            bound = upper_bound(there, composition, levels, float(slopes[k]))
            upper[end] = max(upper[end], bound)
    proofs = [proven[at].certificate for at in points.tolist()]
    nothing = trivial_certificate(game)
    lower = np.array([proven[at].lower for at in points.tolist()])
    return Frontier(
        game=game,
        parameter=ATTACKER_BANDWIDTH,
        breakpoints=points,
        values=upper,
        lower=np.minimum(lower, upper),
        upper=upper,
        slopes=slopes,
        allocations=allocations,
        # The prices in a tree belong to an allocation that is not part of the frontier.
        certificates=tuple(proof.priced_by(nothing) for proof in proofs),
        n_solves=len(proven),
    )


def _curve(allocation: FloatArray, residual: FloatArray, ways: Ways, stop: float) -> _Curve:
    """Compute the loss of the worst attack on an allocation, from bandwidth 0 to the end."""
    _, points, losses = loss_curve(residual, ways)
    if points[-1] < stop:
        points, losses = np.append(points, stop), np.append(losses, losses[-1])
    return _Curve(allocation, points, losses)


def lower_envelope(
    curves: list[tuple[FloatArray, FloatArray]], start: float, stop: float
) -> tuple[FloatArray, list[int]]:
    """Find the least of piecewise linear functions, piece by piece.

    Parameters
    ----------
    curves : list of (ndarray of float, ndarray of float)
        Kinks of each function, increasing, and its values there, from `start` to `stop`.
    start, stop : float

    Returns
    -------
    points : ndarray of float, shape (n_pieces + 1,)
        Both ends, and the kinks of the least function.
    which : list of int, length n_pieces
        A function that is least on each piece; a single entry if the ends are equal.

    Examples
    --------
    >>> rising = np.array([0.0, 4.0]), np.array([0.0, 4.0])
    >>> level = np.array([0.0, 4.0]), np.array([3.0, 3.0])
    >>> points, which = lower_envelope([rising, level], 0.0, 4.0)
    >>> points.tolist(), which
    ([0.0, 3.0, 4.0], [0, 1])
    """
    kinks = np.unique(np.concatenate([points for points, _ in curves]))
    inside = kinks[(kinks > start) & (kinks < stop)]
    grid = np.concatenate(([start], inside, [stop]))
    values = np.array([np.interp(grid, *curve) for curve in curves])
    pieces: list[_Piece] = []
    for k in range(len(grid) - 1):
        a, b = float(grid[k]), float(grid[k + 1])
        for piece in _least_lines(a, b, values[:, k], values[:, k + 1]):
            if piece.end - piece.start <= _SAME_POINT * piece.end:
                continue
            if pieces and pieces[-1].goes_on_in(piece):
                piece = piece._replace(start=pieces.pop().start)
            pieces.append(piece)
    if not pieces:  # both ends are equal
        return np.array([start, stop]), [int(np.argmin(values[:, 0]))]
    points = [start, *(piece.end for piece in pieces[:-1]), stop]
    return np.array(points), [piece.curve for piece in pieces]


class _Piece(NamedTuple):
    """An interval on which one of several functions is least, with its slope."""

    start: float
    end: float
    curve: int
    slope: float

    def goes_on_in(self, other: _Piece) -> bool:
        """Check whether the next piece continues the same line."""
        steepest = max(abs(self.slope), abs(other.slope))
        return self.curve == other.curve and abs(self.slope - other.slope) <= _SAME_SLOPE * steepest


def _least_lines(a: float, b: float, at_a: FloatArray, at_b: FloatArray) -> list[_Piece]:
    """Find the least of several lines between two points."""
    first = int(np.lexsort((at_b, at_a))[0])
    last = int(np.lexsort((at_a, at_b))[0])
    slopes = (at_b - at_a) / (b - a) if b > a else np.zeros_like(at_a)
    # A line that is least only by rounding gets no piece of its own.
    if at_b[first] <= at_b[last] * (1.0 + _SAME_POINT):
        return [_Piece(a, b, first, float(slopes[first]))]
    if at_a[last] <= at_a[first] * (1.0 + _SAME_POINT):
        return [_Piece(a, b, last, float(slopes[last]))]
    crossing = a + (at_a[last] - at_a[first]) / (slopes[first] - slopes[last])
    if not a < crossing < b:  # up to rounding, the lines meet at an end
        return [_Piece(a, b, last if crossing <= a else first, float(slopes[first]))]
    there = at_a + slopes * (crossing - a)
    if there.min() >= there[first] * (1.0 - _SAME_POINT):
        halves = [(a, crossing, first), (crossing, b, last)]
        return [_Piece(start, end, curve, float(slopes[curve])) for start, end, curve in halves]
    left = _least_lines(a, crossing, at_a, there)
    return left + _least_lines(crossing, b, there, at_b)
