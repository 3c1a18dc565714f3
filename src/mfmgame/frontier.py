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
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.errors import SpecificationError
from mfmgame.game import DefenseGame, build_game
from mfmgame.labels import Labelled
from mfmgame.solution import Solution
from mfmgame.solver import Solver
from mfmgame.spec.scenario import Scenario
from mfmgame.spec.wording import nearest, shown

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["ATTACKER_BANDWIDTH", "Frontier", "sweep", "with_limit_on"]

FloatArray = NDArray[np.float64]

ATTACKER_BANDWIDTH = "attacker_bandwidth"
_SOLVE_TOLERANCE = {"additive": 1e-10, "best_of": 1e-10}
_SMOOTH_TOLERANCE = 1e-4
"""Relative width of the bracket around a smooth frontier, unless another is asked for."""
_LINEAR_TOLERANCE = 1e-11
"""A point this far off a line, relative to the value, still lies on it."""
_SAME_SLOPE = 1e-10
"""Lines whose slopes differ by less, relative to the steeper, are one line."""
_SAME_POINT = 1e-12
"""Points closer than this share of the sweep are one point."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The value of a game over the attacker's bandwidth or over one limit.

    Call it to evaluate it: ``frontier(8.0)``.

    Attributes
    ----------
    game : DefenseGame
        The game that was swept.
    parameter : str
        ``"attacker_bandwidth"``, or the resource whose limit varies.
    breakpoints : ndarray of float, shape (n_pieces + 1,)
        Where pieces begin and end, increasing, the ends of the sweep included; in bits or
        in units of the resource.
    values : ndarray of float, shape (n_pieces + 1,)
        Value at each breakpoint, in loss units: what the allocation there guarantees.
    lower : ndarray of float, shape (n_pieces + 1,)
        Proven lower bound at each breakpoint; between them its chords are lower bounds.
    slopes : ndarray of float, shape (n_pieces,)
        Loss units per unit of the parameter on each piece.
    allocations : ndarray of float
        Over the attacker's bandwidth, shape (n_pieces, n_defenses): ONE allocation that
        is optimal on the whole piece. Over a limit, shape (n_pieces + 1, n_defenses): an
        optimal allocation at each breakpoint, whose mixtures are optimal between them.
    n_solves : int
        How many solves it took.
    """

    game: DefenseGame
    parameter: str
    breakpoints: FloatArray
    values: FloatArray
    lower: FloatArray
    slopes: FloatArray
    allocations: FloatArray
    n_solves: int

    @property
    def n_pieces(self) -> int:
        """Number of linear pieces."""
        return len(self.slopes)

    @property
    def gap(self) -> float:
        """Greatest width of the proven bracket, relative to the value there."""
        floor = 1e-6 * float(self.game.severity.max(initial=0.0)) or 1.0
        return float(np.max((self.values - self.lower) / np.maximum(self.values, floor)))

    def __call__(self, at: ArrayLike) -> FloatArray | float:
        """Value at one point or many, in loss units; constant beyond the sweep's ends.

        Raises
        ------
        SpecificationError
            If a point is not a number, or lies before the sweep's start.
        """
        points = np.asarray(at, dtype=np.float64)
        if not np.all(points >= self.breakpoints[0]):
            raise SpecificationError(
                f"found {shown(float(np.min(points)))}, expected at least "
                f"{float(self.breakpoints[0])!r}, where the sweep starts",
                pointer=self.parameter,
            )
        values = np.interp(points, self.breakpoints, self.values)
        return float(values) if points.ndim == 0 else values

    def allocation(self, at: float) -> Labelled:
        """Optimal allocation at a point of the sweep.

        Raises
        ------
        SpecificationError
            If the point lies outside the sweep.
        """
        if not self.breakpoints[0] <= at <= self.breakpoints[-1]:
            raise SpecificationError(
                f"found {shown(at)}, expected from {float(self.breakpoints[0])!r} to "
                f"{float(self.breakpoints[-1])!r}",
                pointer=self.parameter,
            )
        if self.parameter == ATTACKER_BANDWIDTH:
            piece = int(np.searchsorted(self.breakpoints[1:-1], at, side="right"))
            levels = self.allocations[min(piece, len(self.allocations) - 1)]
        else:
            levels = np.array(
                [np.interp(at, self.breakpoints, column) for column in self.allocations.T]
            )
        return Labelled(self.game.defense_ids, levels)

    def crossing(self, loss: float) -> float | None:
        """Where the value crosses a loss, exactly.

        Over the attacker's bandwidth, the greatest bandwidth at which the value is at
        most the loss; over a limit, the least limit at which it is. None if the value
        stays on one side of it: always within the loss for the former, never for the
        latter.

        Parameters
        ----------
        loss : float
            In loss units.

        Returns
        -------
        float or None
        """
        rising = self.parameter == ATTACKER_BANDWIDTH
        values = self.values if rising else self.values[::-1]
        points = self.breakpoints if rising else self.breakpoints[::-1]
        if values[-1] <= loss:
            return None if rising else float(points[-1])
        if values[0] > loss:
            return float(points[0]) if rising else None
        after = int(np.argmax(values > loss))
        share = (loss - values[after - 1]) / (values[after] - values[after - 1])
        return float(points[after - 1] + share * (points[after] - points[after - 1]))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the frontier; see :func:`mfmgame.view.plots.plot_frontier`."""
        from mfmgame.view.plots import plot_frontier

        return plot_frontier(self, ax)

    def to_frame(self) -> pandas.DataFrame:
        """The pieces as a table.

        Returns
        -------
        pandas.DataFrame
            A row per piece: where it runs, its values and slope, and the level of each
            defense (over a limit, at the piece's start).
        """
        import pandas

        table = {
            "from": self.breakpoints[:-1],
            "to": self.breakpoints[1:],
            "value_from": self.values[:-1],
            "value_to": self.values[1:],
            "slope": self.slopes,
        }
        levels = self.allocations[: self.n_pieces]
        return pandas.DataFrame(table).join(
            pandas.DataFrame(levels, columns=list(self.game.defense_ids))
        )


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
    natural = stop is None
    if stop is None:
        reach = float(game.bandwidth.sum()) if limit is None else _greatest_use(game, limit)
        stop = max(start, reach)
    if not (0.0 <= start <= stop < np.inf):
        raise SpecificationError(
            f"found a sweep from {shown(start)} to {shown(stop)}, "
            "expected finite ends of at least 0, in increasing order",
            pointer=limit or ATTACKER_BANDWIDTH,
        )
    smooth = game.composition == "independent"
    within = tolerance or (_SMOOTH_TOLERANCE if smooth else _LINEAR_TOLERANCE)
    solver = Solver(
        game, tolerance=_SOLVE_TOLERANCE.get(game.composition, 0.1 * within), cheapest=False
    )
    sign = 1.0 if limit is None else -1.0  # concave below its lines, convex above them

    def touch(at: float) -> _Line:
        if limit is None:
            found = solver.solve(at)
            return _Line(at, found.value, found.bandwidth_price, found)
        found = solver.solve(limits={limit: at})
        return _Line(at, found.lower, -found.limit_prices[limit], found)

    traced = _Trace(touch, sign, within, game)
    traced.run(touch(start), touch(stop))
    return _assembled(game, limit, traced, trim=limit is not None and natural)


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
        self.meetings: list[_Line] = []
        self.n_solves = 2

    def run(self, first: _Line, last: _Line) -> None:
        """Find the lines between two ends, and the solves where neighbours meet."""
        self.ends = (first, last)
        self.lines, self.meetings = [first], []
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
            between = _SAME_SLOPE * steepest < min(
                self._sign * (left.slope - found.slope), self._sign * (found.slope - right.slope)
            )
            if off <= self._within * max(abs(left(at)), self._floor) or not between:
                self.meetings.append(found)
                self.lines.append(right)
            else:
                pending += [(found, right), (left, found)]


def _assembled(game: DefenseGame, limit: str | None, traced: _Trace, trim: bool) -> Frontier:
    """The arrays of a frontier, from its lines and the solves where they meet."""
    (first, last), lines, meetings = traced.ends, traced.lines, traced.meetings
    knots = [first, *meetings, last]
    if trim and len(lines) > 1 and lines[-1].slope == 0.0:  # beyond, the limit binds no more
        knots, lines = knots[:-1], lines[:-1]
    on_lines = [lines[0](first.at)]
    on_lines += [line(knot.at) for line, knot in zip(lines, knots[1:], strict=True)]
    solutions = [knot.solution for knot in knots]
    if limit is None:
        values = np.array(on_lines)
        lower = [solution.lower for solution in solutions]
        allocations = [line.solution.allocation.array for line in lines]
    else:
        values, lower = np.array([solution.value for solution in solutions]), on_lines
        allocations = [solution.allocation.array for solution in solutions]
    return Frontier(
        game=game,
        parameter=limit or ATTACKER_BANDWIDTH,
        breakpoints=np.array([knot.at for knot in knots]),
        values=values,
        lower=np.clip(lower, 0.0, values),
        slopes=np.array([line.slope for line in lines]),
        allocations=np.array(allocations).reshape(-1, game.n_defenses),
        n_solves=traced.n_solves,
    )


def with_limit_on(game: DefenseGame, limit: str) -> DefenseGame:
    """The game with a finite limit on the resource, which a sweep then varies."""
    if limit not in game.resources:
        raise SpecificationError(
            f"unknown resource {shown(limit)}, "
            f"expected {nearest(limit, game.resources, 'resource')}",
            pointer="limit",
        )
    if np.isfinite(game.limits[game.resources.index(limit)]):
        return game
    return game.with_limits({limit: _greatest_use(game, limit)})


def _greatest_use(game: DefenseGame, limit: str) -> float:
    return float(game.use[game.resources.index(limit)] @ game.max_level)
