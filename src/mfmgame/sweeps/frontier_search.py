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
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier, reach_of, with_limit_on
from mfmgame.answers.solution import refuse_other_tolerances
from mfmgame.certificates.bulk_bounds import proven_bases, proven_plans
from mfmgame.certificates.certificate import Certificate, nothing_proven, upper_bound
from mfmgame.documents.float_reading import amounts, as_float
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition, compose, composition_class
from mfmgame.game.feasibility import all_within_limits
from mfmgame.game.game import DefenseGame, game_of
from mfmgame.messages import shown
from mfmgame.numerics.arrays import BoolArray, FloatArray
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, rounded_up, wide
from mfmgame.solving.progress import Found
from mfmgame.solving.solver import Solver
from mfmgame.sweeps.discrete_sweep import traced_steps
from mfmgame.sweeps.parametric_simplex import walk

__all__ = ["precise_solver", "slope_beside", "sweep"]


_SOLVE_TOLERANCE = 1e-10
_SOLVES = 0.1
"""Share of a bracket around a smooth frontier that solves may take."""
_LINEAR_TOLERANCE = 1e-11
"""A point this far off a line, relative to the value, still lies on it."""
_SAME_SLOPE = 1e-10
"""Lines whose slopes differ by less, relative to the steeper, are one line."""
_SAME_POINT = 1e-12
"""Points closer than this share of where they are, are one point."""
_SHORTEST = 1e-9
"""A piece beside a point that is shorter, by this share of the way, is none."""
_NEARBY = 1e-3
"""Where to look first for the piece beside a point, as a share of the way."""
_ROUNDING = 1e-9
"""Share of the least value told from 0 by which the first one may be off."""
_BY_ROUNDING = (2.0**-52, 2.0**-50, 2.0**-48)
"""Shares of a point by which it may be too low."""
_MOST_LINES = 100
_SAME_PRICE = 1e-13
"""Relative difference of a slope and a threat's price that is rounding."""
_ENTRIES_AT_ONCE = 2**20


@dataclass(frozen=True, eq=False)
class _Line:
    """A line that touches the frontier at a point, and never crosses it.

    Attributes
    ----------
    at, value, slope : float
        The point, and the line through it.
    allocation : ndarray of float, shape (n_defenses,)
        Optimal at the point.
    guaranteed : float
        Loss of the worst attack on it there.
    lower : float
        What the certificate proves of the value there.
    price : float
        Of the attacker's bandwidth, in that attack.
    certificate : Certificate
    base : float or None
        Of a line over the bandwidth, its proven value at 0, if that is known yet.
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

    Between two points whose lines meet, one solve decides what lies there [1]_.

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

    References
    ----------
    .. [1] M. J. Eisner, D. G. Severance, "Mathematical techniques for efficient record
       segmentation in large shared databases", Journal of the ACM 23 (1976).

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[1.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=1.0)
    >>> frontier = mg.sweep(game)
    >>> frontier.breakpoints.tolist(), frontier.slopes.tolist(), frontier(2.0)
    ([0.0, 1.0, 3.0], [4.0, 1.0], 5.0)
    """
    game = game_of(problem)
    if limit is not None:
        game = with_limit_on(game, limit)
    parameter = limit or ATTACKER_BANDWIDTH
    refuse_other_tolerances(tolerance)
    start = as_float(start, parameter)
    stop = max(start, reach_of(game, parameter)) if stop is None else as_float(stop, parameter)
    if not (0.0 <= start <= stop < np.inf):
        raise SpecificationError(
            f"found a sweep from {shown(start)} to {shown(stop)}, "
            "expected finite ends of at least 0, in increasing order",
            pointer=parameter,
        )
    amounts([start, stop], parameter, n_axes=1)
    kind = composition_class(game.composition)
    smooth = not kind.is_polyhedral
    asked = tolerance or composition_class(game.composition).frontier_tolerance if smooth else None
    # Of a bracket, lines take what the solves where they meet leave.
    within = (1.0 - _SOLVES) * asked if asked else tolerance or _LINEAR_TOLERANCE
    solver = precise_solver(game, _SOLVES * asked if asked else None)
    if game.is_discrete:
        if limit is not None:
            raise SpecificationError(
                "found stepped defenses, over whose limits the value jumps; expected continuous "
                "ones (mfmgame portfolio lists the best steps at every budget)",
                pointer="limit",
            )
        return replace(traced_steps(solver, start, stop, within), tolerance=asked)
    sign = 1.0 if limit is None else -1.0  # concave below its lines, convex above them
    traced = _Trace(_touching(solver, parameter), sign, within, game)
    walked = None
    if limit is None and kind.form == "sum":
        walked = _walked(game, start, stop, within)
    traced.run(start, stop, walked or _Chain([], []))
    return replace(_assembled(game, parameter, traced), tolerance=asked)


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
    touch, game = _touching(solver, parameter), solver.game
    # A defense that costs too much to run stretches the range, but changes no slope nearby.
    amounts = game.bandwidth
    if parameter != ATTACKER_BANDWIDTH:
        amounts = game.use[game.resources.index(parameter)] * game.max_level
    unit = at or float(amounts[amounts > 0.0].min(initial=np.inf))
    step = min(_NEARBY * (towards - at), unit)
    here, there = touch(at), touch(at + step)
    floor = 1e-6 * float(solver.game.severity.max(initial=0.0))
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
        found = solver.find(at)
        return _line(at, found.response.loss, found.response.price, found)

    def over_limit(at: float) -> _Line:
        found = solver.find(limits={parameter: at})
        price = found.certificate.priced.limit_prices[found.game.resources.index(parameter)]
        return _line(at, found.lower, -float(price), found)

    return over_bandwidth if parameter == ATTACKER_BANDWIDTH else over_limit


def _line(at: float, value: float, slope: float, found: Found) -> _Line:
    loss, price = found.response.loss, found.response.price
    proof = found.certificate.priced
    return _Line(at, value, slope, found.allocation, loss, found.lower, price, proof)


def _is_between(slope: float, one: float, other: float) -> bool:
    """Whether a line is less steep than one and steeper than another.

    That between two others is; one that rounding makes look otherwise would lead nowhere.
    """
    return min(one, other) < slope < max(one, other)


@dataclass(frozen=True, eq=False)
class _Chain:
    """Lines from left to right, and where each meets the next, as far as that is proven.

    The first knot is that of the sweep's start, the last that of its end; None where
    there is no proof.
    """

    lines: list[_Line]
    knots: list[_Line | None]


class _Trace:
    """The recursion on pairs of lines, left to right, on a stack of its own."""

    def __init__(
        self, touch: Callable[[float], _Line], sign: float, within: float, game: DefenseGame
    ) -> None:
        self._touch = touch
        self._sign = sign
        self._within = within
        self._floor = 1e-6 * float(game.severity.max(initial=0.0))
        self._rounding = Composition.tolerance * self._floor
        self.lines: list[_Line] = []
        self.knots: list[_Line] = []
        self.n_solves = 0

    def run(self, start: float, stop: float, known: _Chain) -> None:
        """Find the lines between two ends, and the solves where neighbours meet.

        Parameters
        ----------
        start, stop : float
        known : _Chain
            Lines known to touch the frontier; it may be empty.
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
                continue  # one line
            shift = (right(left.at) - left.value) / (left.slope - right.slope)
            at = min(max(left.at + shift, left.at), right.at)
            if self._is_on(right, first):  # all before only touch the start
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
        """Begin a last piece of value 0 where the value is 0: where lines meet, it may not be."""
        if len(self.lines) < 2 or self.lines[-1].slope or self.lines[-1].value > 0.0:
            return
        at, stop = self.knots[-2].at, self.knots[-1].at
        for share in _BY_ROUNDING:
            if self.knots[-2].guaranteed <= 0.0:
                break
            self.knots[-2] = self._touched(min(at * (1.0 + share), stop))

    def _drop_points(self) -> None:
        """Drop what only rounding has made: short pieces, and points inside a line."""
        lines, knots, k = self.lines, self.knots, 0
        while k < len(lines):
            start, end = knots[k : k + 2]
            if k + 1 < len(lines) and self._goes_on(lines[k], lines[k + 1], *knots[k + 1 : k + 3]):
                del lines[k + 1], knots[k + 1]
                continue
            is_short = end.at - start.at <= _SAME_POINT * end.at
            if is_short and k + 1 < len(lines) and self._is_on(lines[k + 1], start):
                del lines[k], knots[k + 1]
            elif is_short and k and self._is_on(lines[k - 1], end):
                del lines[k], knots[k]
            else:
                k += 1

    def _goes_on(self, line: _Line, following: _Line, start: _Line, end: _Line) -> bool:
        """Whether a line goes on in the piece that follows it."""
        steepest = max(abs(line.slope), abs(following.slope))
        same = abs(line.slope - following.slope) <= _SAME_SLOPE * steepest
        return same and self._is_on(line, start) and self._is_on(line, end)

    def _is_on(self, line: _Line, knot: _Line) -> bool:
        """Whether a line meets the frontier where another one touches it."""
        return abs(line(knot.at) - knot.value) <= self._slack(knot.value, _LINEAR_TOLERANCE)

    def _is_sharper(self, found: _Line, left: _Line, right: _Line) -> bool:
        """Whether a line is the left one, touched nearer to where it really meets the right one.

        A line is as precise as the value where it was found, which may be far greater.
        """
        same = abs(found.slope - left.slope) <= _SAME_SLOPE * abs(left.slope)
        off = self._sign * (right(found.at) - found.value)
        return same and off > self._slack(found.value, _SOLVE_TOLERANCE)

    def _slack(self, value: float, within: float) -> float:
        """How far a point may be off a line: never less than rounding makes it."""
        return max(within * max(abs(value), self._floor), self._rounding)

    def _touched(self, at: float) -> _Line:
        self.n_solves += 1
        return self._touch(at)


def _walked(game: DefenseGame, start: float, stop: float, within: float) -> _Chain:
    """The lines that a walk finds and that proofs confirm, with their proofs."""
    nowhere = _Chain([], [])
    if not game.n_threats or not game.n_defenses or start == stop:
        return nowhere
    found = walk(game, start, stop, _SAME_POINT)
    slopes, points = found.slopes, found.points
    if not len(slopes) or not all(np.isfinite(numbers).all() for numbers in vars(found).values()):
        return nowhere
    arrives = stop - points[-1] <= _SAME_POINT * stop
    if arrives:
        points[-1] = stop
    allocations, composition = all_within_limits(game, found.allocations), compose(game)
    # The attacker's own price, to the last digit, where the walk's is not that of any threat,
    # and where the value is 0 and every digit counts.
    vague = ~_are_prices(game, allocations, slopes)
    vague[0] |= slopes[0] > 0.0
    for k in np.flatnonzero(vague).tolist():
        residual = game.severity * composition.exposure(allocations[k])
        at = 0.5 * float(points[k] + points[k + 1]) if k else start
        slopes[k] = best_response(residual, game.bandwidth, at).price
    bases = proven_bases(game, allocations, slopes)
    lower, proofs = proven_plans(game, points, found.plans, found.limit_prices)
    upper = bases[[0, *range(len(bases))]] + slopes[[0, *range(len(bases))]] * points
    upper[:-1] = np.maximum(upper[:-1], bases + slopes * points[:-1])
    floor = 1e-6 * float(game.severity.max(initial=0.0))
    proven = upper - lower <= within * np.maximum(upper, floor)
    proven[0] |= upper[0] - lower[0] <= _ROUNDING * floor

    lines, nothing = [], nothing_proven(game)
    for k in range(len(slopes)):
        # Where it is known to touch the frontier.
        touched = points[k : k + 2][proven[k : k + 2]]
        at = float(touched.mean()) if len(touched) else float(points[k])
        slope, base = float(slopes[k]), float(bases[k])
        value = base + slope * at
        lines.append(_Line(at, value, slope, allocations[k], value, 0.0, slope, nothing, base))
    # A knot is on the line before it, but for the first.
    knots: list[_Line | None] = [
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
    return _Chain([lines[k] for k in kept], [*begins, ends])


def _are_prices(game: DefenseGame, allocations: FloatArray, slopes: FloatArray) -> BoolArray:
    """Whether each slope is what some threat costs a bit under the allocation, shape (n_lines,)."""
    paying = np.flatnonzero(game.bandwidth > 0.0)
    found = slopes == 0.0
    step = max(1, _ENTRIES_AT_ONCE // max(1, game.n_threats))
    for start in range(0, len(slopes), step):
        part = slice(start, start + step)
        exposure = np.maximum(1.0 - (compose(game).matrix @ allocations[part].T)[paying], 0.0)
        ratios = exposure * (game.severity[paying] / game.bandwidth[paying])[:, None]
        found[part] |= (np.abs(ratios - slopes[part]) <= _SAME_PRICE * slopes[part]).any(axis=0)
    return np.asarray(found, dtype=bool)


def _assembled(game: DefenseGame, parameter: str, traced: _Trace) -> Frontier:
    """The arrays of a frontier, from its lines and the solves where they meet."""
    knots, lines = traced.knots, traced.lines
    points = np.array([knot.at for knot in knots])
    slopes = np.array([line.slope for line in lines])
    if parameter == ATTACKER_BANDWIDTH:
        before = [line(at) for line, at in zip(lines[:1] + lines, points, strict=True)]
        after = [line(at) for line, at in zip(lines + lines[-1:], points, strict=True)]
        values = np.maximum(np.maximum(before, after), 0.0)
        lower = np.array([knot.lower for knot in knots])
        bases = np.column_stack((_bases(game, lines), slopes, np.zeros(len(lines))))
        upper = np.maximum(*_beside_knots(bases, points, 1))
        values = np.minimum(np.maximum(values, lower), upper)
        allocating, certifying = lines, knots
    else:
        values = np.array([knot.guaranteed for knot in knots])
        supports = np.array([(line.value, line.slope, line.at) for line in lines])
        lower = np.minimum(np.minimum(*_beside_knots(supports, points, -1)), values)
        composition = compose(game)
        upper = values.copy()
        for k, knot in enumerate(knots):
            bound = upper_bound(game, composition, knot.allocation, knot.price)
            upper[k] = max(bound, knot.guaranteed)
        allocating, certifying = knots, lines
    allocations = [line.allocation for line in allocating]
    return Frontier(
        game=game,
        parameter=parameter,
        breakpoints=points,
        values=values,
        lower=lower,
        upper=upper,
        slopes=slopes,
        allocations=np.array(allocations).reshape(len(allocations), game.n_defenses),
        certificates=tuple(line.certificate for line in certifying),
        n_solves=traced.n_solves,
    )


def _bases(game: DefenseGame, lines: list[_Line]) -> list[float]:
    """What no attacker of no bandwidth exceeds against the allocation of each line."""
    origin, composition = game.with_attacker_bandwidth(0.0), compose(game)
    return [
        upper_bound(origin, composition, line.allocation, line.slope)
        if line.base is None
        else line.base
        for line in lines
    ]


def _beside_knots(
    lines: FloatArray, points: FloatArray, side: Literal[1, -1]
) -> tuple[FloatArray, FloatArray]:
    """At each breakpoint the lines of the pieces before and after it, rounded to a side.

    Parameters
    ----------
    lines : ndarray of float, shape (n_pieces, 3)
        Value, slope, and where the line has that value.
    points : ndarray of float, shape (n_pieces + 1,)
    side : {1, -1}
        Up or down.

    Returns
    -------
    before, after : ndarray of float, shape (n_pieces + 1,)
    """
    value, slope, origin = np.hsplit(wide(lines), 3)
    at = wide(np.column_stack((points[:-1], points[1:])))
    rounding = 4 * WIDE_EPS * (value + abs(slope) * (at + origin))
    exact = value + slope * (at - origin) + side * rounding
    ends = np.array([side * rounded_up(side * end) for end in exact.ravel()]).reshape(exact.shape)
    return np.append(ends[0, 0], ends[:, 1]), np.append(ends[:, 0], ends[-1, 1])
