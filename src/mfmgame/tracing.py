"""Exact frontiers: the value over the attacker's bandwidth, or over a limit.

The attacker's bandwidth stands only in the objective of the defender's program, so the
value is concave in it; a limit stands only on the right-hand side, so the value is convex
in it. For `additive` and `best_of` both are piecewise linear. A solve at one point gives
more than a value: a line that touches the frontier there and that it never crosses. Two
such lines meet at a point; if the value there lies on them, the point is a breakpoint; if
not, the solve there gives a new line between them [1]_. Two solves a breakpoint, no grid.
For `independent` the same lines and points close a proven bracket around a smooth curve.

References
----------
.. [1] M. J. Eisner, D. G. Severance, "Mathematical techniques for efficient record
   segmentation in large shared databases", Journal of the ACM 23 (1976).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mfmgame.arithmetic import WIDE_EPS, rounded_up, wide
from mfmgame.certificate import upper_bound
from mfmgame.compositions import Composition, compose
from mfmgame.errors import SpecificationError
from mfmgame.frontier import ATTACKER_BANDWIDTH, Frontier, reach_of, with_limit_on
from mfmgame.game import DefenseGame, build_game
from mfmgame.solution import Solution
from mfmgame.solver import Solver
from mfmgame.spec.scenario import Scenario
from mfmgame.spec.wording import shown

__all__ = ["precise_solver", "slope_beside", "sweep"]

FloatArray = NDArray[np.float64]

_SOLVE_TOLERANCE = 1e-10
_SMOOTH_TOLERANCE = 1e-4
"""Relative width of the bracket around a smooth frontier, unless another is asked for."""
_LINEAR_TOLERANCE = 1e-11
"""A point this far off a line, relative to the value, still lies on it."""
_SAME_SLOPE = 1e-10
"""Lines whose slopes differ by less, relative to the steeper, are one line."""
_SAME_POINT = 1e-12
"""Points closer than this share of the sweep are one point."""
_SHORTEST = 1e-9
"""A piece beside a point that is shorter, by this share of the way, is none."""
_NEARBY = 1e-3
"""Where to look first for the piece beside a point, as a share of the way."""
_MOST_LINES = 100


@dataclass(frozen=True, eq=False)
class _Line:
    """A line that touches the frontier where a solve was made, and never crosses it."""

    at: float
    value: float
    slope: float
    solution: Solution

    def __call__(self, at: float) -> float:
        return self.value + self.slope * (at - self.at)


def sweep(
    problem: Scenario | DefenseGame,
    *,
    limit: str | None = None,
    start: float = 0.0,
    stop: float | None = None,
    tolerance: float | None = None,
) -> Frontier:
    """Trace the value over the attacker's bandwidth, or over one limit.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    limit : str, optional
        The resource whose limit varies; the attacker's bandwidth varies by default.
    start, stop : float, optional
        Ends of the sweep. By default it runs from 0 to the bandwidth of all threats
        together, or to where the limit can no longer bind.
    tolerance : float, optional
        For `independent`, the relative width of the proven bracket, 1e-4 by default.
        For the other compositions the frontier is exact, and this is how far off a line
        a point may be to lie on it, 1e-11 by default.

    Returns
    -------
    Frontier

    Raises
    ------
    SpecificationError
        If the problem, the resource or the ends cannot be meant.
    InfeasibleError
        If not even an empty allocation keeps within the other limits.
    SolverError
        If HiGHS refuses the program.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[1.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=1.0)
    >>> frontier = mg.sweep(game)
    >>> frontier.breakpoints.tolist(), frontier.slopes.tolist(), frontier(2.0)
    ([0.0, 1.0, 3.0], [4.0, 1.0], 5.0)
    """
    game = problem if isinstance(problem, DefenseGame) else build_game(problem)
    if limit is not None:
        game = with_limit_on(game, limit)
    parameter = limit or ATTACKER_BANDWIDTH
    if stop is None:
        stop = max(start, reach_of(game, parameter))
    if not (0.0 <= start <= stop < np.inf):
        raise SpecificationError(
            f"found a sweep from {shown(start)} to {shown(stop)}, "
            "expected finite ends of at least 0, in increasing order",
            pointer=parameter,
        )
    smooth = game.composition == "independent"
    within = tolerance or (_SMOOTH_TOLERANCE if smooth else _LINEAR_TOLERANCE)
    solver = precise_solver(game, 0.1 * within if smooth else None)
    sign = 1.0 if limit is None else -1.0  # concave below its lines, convex above them
    touch = _touching(solver, parameter)
    traced = _Trace(touch, sign, within, game)
    traced.run(touch(start), touch(stop))
    return _assembled(game, parameter, traced)


def precise_solver(game: DefenseGame, tolerance: float | None = None) -> Solver:
    """A solver for many points of one frontier, by default as precise as lines need."""
    return Solver(game, tolerance=tolerance or _SOLVE_TOLERANCE, cheapest=False)


def slope_beside(solver: Solver, parameter: str, at: float, towards: float) -> float:
    """Slope of the piece of a frontier that starts at a point and leads towards another.

    Parameters
    ----------
    solver : Solver
        Of an `additive` or `best_of` game.
    parameter : str
        ``"attacker_bandwidth"``, or a resource that the game limits.
    at, towards : float
        Different points of at least 0.

    Returns
    -------
    float
        Loss units per unit of the parameter.
    """
    touch = _touching(solver, parameter)
    here, there = touch(at), touch(at + _NEARBY * (towards - at))
    floor = 1e-6 * float(here.solution.game.severity.max(initial=0.0))
    for _ in range(_MOST_LINES):
        steepest = max(abs(here.slope), abs(there.slope))
        if abs(here.slope - there.slope) <= _SAME_SLOPE * steepest:
            break
        shift = (there(at) - here.value) / (here.slope - there.slope)
        share = shift / (there.at - at)
        if share <= _SHORTEST:  # the line here only touches the start
            return there.slope
        meeting = at + min(share, 1.0) * (there.at - at)
        found = touch(meeting)
        on_line = abs(here(meeting) - found.value) <= _LINEAR_TOLERANCE * max(found.value, floor)
        if on_line or not _is_between(found.slope, here.slope, there.slope):
            break
        there = found
    return here.slope


def _touching(solver: Solver, parameter: str) -> Callable[[float], _Line]:
    """What finds the line that touches the frontier at a point."""

    def over_bandwidth(at: float) -> _Line:
        found = solver.solve(at)
        return _Line(at, found.value, found.bandwidth_price, found)

    def over_limit(at: float) -> _Line:
        found = solver.solve(limits={parameter: at})
        return _Line(at, found.lower, -found.limit_prices[parameter], found)

    return over_bandwidth if parameter == ATTACKER_BANDWIDTH else over_limit


def _is_between(slope: float, one: float, other: float) -> bool:
    """Whether a slope differs from two others, and lies between them."""
    margin = _SAME_SLOPE * max(abs(one), abs(other))
    return min(one, other) + margin < slope < max(one, other) - margin


class _Trace:
    """The recursion on pairs of lines, left to right, on a stack of its own."""

    def __init__(
        self, touch: Callable[[float], _Line], sign: float, within: float, game: DefenseGame
    ) -> None:
        self._touch = touch
        self._sign = sign
        self._within = within
        self._floor = 1e-6 * float(game.severity.max(initial=0.0))
        self.lines: list[_Line] = []
        self.knots: list[_Line] = []
        self.n_solves = 2

    def run(self, first: _Line, last: _Line) -> None:
        """Find the lines between two ends, and the solves where neighbours meet."""
        self.lines, self.knots = [first], [first]
        same_point = _SAME_POINT * (last.at - first.at)
        pending = [(first, last)]
        while pending:
            left, right = pending.pop()
            steepest = max(abs(left.slope), abs(right.slope))
            if self._sign * (left.slope - right.slope) <= _SAME_SLOPE * steepest:
                continue
            shift = (right(left.at) - left.value) / (left.slope - right.slope)
            at = min(max(left.at + shift, left.at), right.at)
            if at - first.at <= same_point:  # the first line only touches the start
                self.lines = [right]
                continue
            if last.at - at <= same_point:  # the last line only touches the end
                continue
            found = self._touch(at)
            self.n_solves += 1
            off = self._sign * (left(at) - found.value)
            # A line between two others is less steep than one and steeper than the other;
            # one that rounding makes look otherwise would lead nowhere.
            between = _is_between(found.slope, left.slope, right.slope)
            if off <= self._within * max(abs(left(at)), self._floor) or not between:
                self.knots.append(found)
                self.lines.append(right)
            else:
                pending += [(found, right), (left, found)]
        self.knots.append(last)


def _assembled(game: DefenseGame, parameter: str, traced: _Trace) -> Frontier:
    """The arrays of a frontier, from its lines and the solves where they meet."""
    knots, lines = traced.knots, traced.lines
    points = np.array([knot.at for knot in knots])
    if parameter == ATTACKER_BANDWIDTH:
        on_lines = [line(at) for line, at in zip(lines[:1] + lines, points, strict=True)]
        values = np.maximum(on_lines, 0.0)
        lower = np.array([knot.solution.lower for knot in knots])
        composition = compose(game)
        proven = [_proven(line, composition) for line in lines]
        upper = np.maximum(*_beside_knots(proven, points, 1))
        allocating, certifying = lines, knots
    else:
        values = np.array([knot.solution.value for knot in knots])
        lower = np.minimum(*_beside_knots(lines, points, -1))
        upper = np.array([knot.solution.upper for knot in knots])
        allocating, certifying = knots, lines
    allocations = [line.solution.allocation.array for line in allocating]
    return Frontier(
        game=game,
        parameter=parameter,
        breakpoints=points,
        values=values,
        lower=lower,
        upper=upper,
        slopes=np.array([line.slope for line in lines]),
        allocations=np.array(allocations).reshape(-1, game.n_defenses),
        certificates=tuple(line.solution.certificate for line in certifying),
        n_solves=traced.n_solves,
    )


def _proven(line: _Line, composition: Composition) -> _Line:
    """A line over the bandwidth, at 0, that no attacker exceeds against its allocation."""
    found = line.solution
    origin = found.game.with_attacker_bandwidth(0.0)
    base = upper_bound(origin, composition, found.allocation.array, line.slope)
    return _Line(0.0, base, line.slope, found)


def _beside_knots(
    lines: list[_Line], points: FloatArray, side: Literal[1, -1]
) -> tuple[FloatArray, FloatArray]:
    """At each breakpoint the lines of the pieces before and after it, rounded to a side."""
    ends = np.empty((len(lines), 2))
    for piece, line in enumerate(lines):
        at, slope = wide(points[piece : piece + 2]), wide(line.slope)
        rounding = 4 * WIDE_EPS * (line.value + abs(slope) * (at + line.at))
        exact = line.value + slope * (at - line.at) + side * rounding
        ends[piece] = [side * rounded_up(side * end) for end in exact]
    return np.append(ends[0, 0], ends[:, 1]), np.append(ends[:, 0], ends[-1, 1])
