"""Lines that touch a frontier, and the recursion that finds all of them by solves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH
from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.progress import Found
from mfmgame.solving.solver import Solver

__all__ = [
    "LINEAR_TOLERANCE",
    "SAME_POINT",
    "Chain",
    "Line",
    "Trace",
    "precise_solver",
    "slope_beside",
    "touching",
]


_SOLVE_TOLERANCE = 1e-10
LINEAR_TOLERANCE = 1e-11
"""Relative distance from a line at which a point still lies on the line."""
_SAME_SLOPE = 1e-10
"""Difference in slope, relative to the steeper, below which two lines are one line."""
SAME_POINT = 1e-12
"""Relative distance below which two points are one point."""
_SHORTEST = 1e-9
"""Relative length below which a piece beside a point is ignored."""
_NEARBY = 1e-3
"""Where to look first for the piece beside a point, as a share of the way."""
_BY_ROUNDING = (2.0**-52, 2.0**-50, 2.0**-48)
"""Relative errors by which a point may be too low."""
_MOST_LINES = 100


@dataclass(frozen=True, eq=False)
class Line:
    """A line that touches the frontier at a point and never crosses it.

    Attributes
    ----------
    at, value, slope : float
        The point, and height and slope of the line there.
    allocation : ndarray of float, shape (n_defenses,)
        Optimal allocation at the point.
    guaranteed : float
        Loss of the worst attack on the allocation at the point.
    lower : float
        Lower bound on the value at the point, proven by the certificate.
    price : float
        Price of the attacker's bandwidth in that attack.
    certificate : Certificate
    base : float or None
        Proven value of a line over the bandwidth at 0; None if not known yet.
    """

    at: float
    value: float
    slope: float
    allocation: FloatArray
    guaranteed: float
    lower: float
    price: float
    certificate: Certificate
    base: float | None = None

    def __call__(self, at: float) -> float:
        """Evaluate the line at a point."""
        return self.value + self.slope * (at - self.at)


def precise_solver(game: DefenseGame, tolerance: float | None = None) -> Solver:
    """Make a solver for many points of one frontier, with the precision that lines need.

    Parameters
    ----------
    game : DefenseGame
    tolerance : float, optional
        As for :class:`Solver`; by default the precision that lines need.

    Returns
    -------
    Solver
    """
    return Solver(game, tolerance=tolerance or _SOLVE_TOLERANCE, cheapest=False)


def slope_beside(solver: Solver, parameter: str, at: float, towards: float) -> float:
    """Compute the slope of the frontier's piece that leads from one point towards another.

    Parameters
    ----------
    solver : Solver
        Solver of an `additive` or `best_of` game.
    parameter : str
        ``"attacker_bandwidth"``, or a resource with a limit.
    at, towards : float
        Distinct points of at least 0.

    Returns
    -------
    float
        Loss units per unit of the parameter.
    """
    touch, game = touching(solver, parameter), solver.game
    # An unaffordable defense stretches the range, but changes no slope nearby.
    amounts = game.bandwidth
    if parameter != ATTACKER_BANDWIDTH:
        amounts = game.use[game.resources.index(parameter)] * game.max_level
    unit = at or float(amounts[amounts > 0.0].min(initial=np.inf))
    step = min(_NEARBY * (towards - at), unit)
    if at + step == at:  # the range ends here, up to rounding
        return 0.0
    here, there = touch(at), touch(at + step)
    floor = 1e-6 * float(solver.game.severity.max(initial=0.0))
    for _ in range(_MOST_LINES):
        steepest = max(abs(here.slope), abs(there.slope))
        if abs(here.slope - there.slope) <= _SAME_SLOPE * steepest:
            break
        shift = (there(at) - here.value) / (here.slope - there.slope)
        share = shift / (there.at - at)
        if share <= _SHORTEST:  # this line only touches the start
            return there.slope
        meeting = at + min(share, 1.0) * (there.at - at)
        found = touch(meeting)
        on_line = abs(here(meeting) - found.value) <= LINEAR_TOLERANCE * max(found.value, floor)
        if on_line or not _is_between(found.slope, here.slope, there.slope):
            break
        there = found
    return here.slope


def touching(solver: Solver, parameter: str) -> Callable[[float], Line]:
    """Return the function that finds the line touching the frontier at a point.

    Parameters
    ----------
    solver : Solver
    parameter : str
        ``"attacker_bandwidth"``, or a resource with a limit.

    Returns
    -------
    callable
    """

    def over_bandwidth(at: float) -> Line:
        found = solver.find(at)
        return _line(at, found.response.loss, found.response.price, found)

    def over_limit(at: float) -> Line:
        found = solver.find(limits={parameter: at})
        price = found.certificate.priced.limit_prices[found.game.resources.index(parameter)]
        return _line(at, found.lower, -float(price), found)

    return over_bandwidth if parameter == ATTACKER_BANDWIDTH else over_limit


def _line(at: float, value: float, slope: float, found: Found) -> Line:
    loss, price = found.response.loss, found.response.price
    proof = found.certificate.priced
    return Line(at, value, slope, found.allocation, loss, found.lower, price, proof)


def _is_between(slope: float, one: float, other: float) -> bool:
    """Check whether a slope lies strictly between two others.

    A new line between two known lines always does; a slope outside is rounding, and a step
    to it would lead nowhere.
    """
    return min(one, other) < slope < max(one, other)


@dataclass(frozen=True, eq=False)
class Chain:
    """Lines from left to right, and the proven knots where they meet.

    The first knot is the start of the sweep, the last its end; a knot without proof is None.
    """

    lines: list[Line]
    knots: list[Line | None]


class Trace:
    """Recursion on pairs of lines, left to right, with an explicit stack.

    Parameters
    ----------
    touch : callable
        Finds the line that touches the frontier at a point.
    sign : {1.0, -1.0}
        1.0 for a concave frontier below its lines; -1.0 for a convex one above them.
    within : float
        Relative distance from a line at which a point still lies on the line.
    game : DefenseGame

    Attributes
    ----------
    lines : list of Line
        From left to right.
    knots : list of Line
        Solves at both ends and where neighboring lines meet.
    n_solves : int
    """

    def __init__(
        self, touch: Callable[[float], Line], sign: float, within: float, game: DefenseGame
    ) -> None:
        self._touch = touch
        self._sign = sign
        self._within = within
        self._floor = 1e-6 * float(game.severity.max(initial=0.0))
        self._rounding = Composition.tolerance * self._floor
        self.lines: list[Line] = []
        self.knots: list[Line] = []
        self.n_solves = 0

    def run(self, start: float, stop: float, known: Chain) -> None:
        """Find the lines between two ends, and the solves where neighboring lines meet.

        Parameters
        ----------
        start, stop : float
        known : Chain
            Lines known to touch the frontier; may be empty.
        """
        lines, between = list(known.lines), known.knots[1:-1]
        first, last = (known.knots[0], known.knots[-1]) if lines else (None, None)
        self.n_solves = min(1, len(lines))
        if first is None:
            first = self._touched(start)
            lines, between = [first, *lines], [None, *between] if lines else []
        if last is None:
            last = self._touched(stop)
            lines, between = [*lines, last], [*between, None]
        self.lines, self.knots = [lines[0]], [first]
        pending = list(zip(lines[:-1], lines[1:], between, strict=True))[::-1]
        while pending:
            left, right, knot = pending.pop()
            if knot is not None:
                self.knots.append(knot)
                self.lines.append(right)
                continue
            falls = self._sign * (left.slope - right.slope)
            if falls <= 0.0 or (self._is_on(left, right) and self._is_on(right, left)):
                continue  # the same line
            shift = (right(left.at) - left.value) / (left.slope - right.slope)
            at = min(max(left.at + shift, left.at), right.at)
            if self._is_on(right, first):  # all lines before it only touch the start
                self.lines = [right]
                continue
            if not pending and self._is_on(left, last):  # the last line only touches the end
                continue
            found = self._touched(at)
            off = self._sign * (left(at) - found.value)
            leads = _is_between(found.slope, left.slope, right.slope)
            if off <= self._slack(left(at), self._within) or not leads:
                if left.at < at and self._is_sharper(found, left, right):
                    self.lines[-1] = found
                    pending.append((found, right, None))
                    continue
                self.knots.append(found)
                self.lines.append(right)
            else:
                pending += [(found, right, None), (left, found, None)]
        self.knots.append(last)
        self._reach_zero()
        self._drop_points()

    def _reach_zero(self) -> None:
        """Move the start of a last piece of value 0 to a point where the value is proven 0."""
        if len(self.lines) < 2 or self.lines[-1].slope or self.lines[-1].value > 0.0:
            return
        at, stop = self.knots[-2].at, self.knots[-1].at
        for share in _BY_ROUNDING:
            if self.knots[-2].guaranteed <= 0.0:
                break
            self.knots[-2] = self._touched(min(at * (1.0 + share), stop))

    def _drop_points(self) -> None:
        """Drop artifacts of rounding: short pieces, and points inside a line."""
        lines, knots, k = self.lines, self.knots, 0
        while k < len(lines):
            start, end = knots[k : k + 2]
            if k + 1 < len(lines) and self._goes_on(lines[k], lines[k + 1], *knots[k + 1 : k + 3]):
                del lines[k + 1], knots[k + 1]
                continue
            is_short = end.at - start.at <= SAME_POINT * end.at
            if is_short and k + 1 < len(lines) and self._is_on(lines[k + 1], start):
                del lines[k], knots[k + 1]
            elif is_short and k and self._is_on(lines[k - 1], end):
                del lines[k], knots[k]
            else:
                k += 1

    def _goes_on(self, line: Line, following: Line, start: Line, end: Line) -> bool:
        """Check whether a line continues in the following piece."""
        steepest = max(abs(line.slope), abs(following.slope))
        same = abs(line.slope - following.slope) <= _SAME_SLOPE * steepest
        return same and self._is_on(line, start) and self._is_on(line, end)

    def _is_on(self, line: Line, knot: Line) -> bool:
        """Check whether a line meets the frontier at a knot."""
        return abs(line(knot.at) - knot.value) <= self._slack(knot.value, LINEAR_TOLERANCE)

    def _is_sharper(self, found: Line, left: Line, right: Line) -> bool:
        """Check whether a line is the left line again, found nearer to its crossing with the right.

        A line is as precise as the value at its point, which may be much greater elsewhere.
        """
        same = abs(found.slope - left.slope) <= _SAME_SLOPE * abs(left.slope)
        off = self._sign * (right(found.at) - found.value)
        return same and off > self._slack(found.value, _SOLVE_TOLERANCE)

    def _slack(self, value: float, within: float) -> float:
        """Compute how far a point may lie off a line, at least by the rounding error."""
        return max(within * max(abs(value), self._floor), self._rounding)

    def _touched(self, at: float) -> Line:
        self.n_solves += 1
        return self._touch(at)
