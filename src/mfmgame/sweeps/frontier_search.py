"""Exact frontiers: the value over the attacker's bandwidth, or over a limit.

The attacker's bandwidth appears only in the objective of the defender's program, so the
value is concave in the bandwidth. A limit appears only on the right-hand side, so the value
is convex in the limit. For `additive` and `best_of` games both are piecewise linear. A solve
at one point gives, besides the value, a line that touches the frontier there and never
crosses it. Two such lines meet at a point: if the value there lies on them, the point is a
breakpoint; if not, the solve there gives a new line between them [1]_. That takes two solves
per breakpoint and no grid. For `independent` games the same lines and points enclose a smooth
curve in a proven bracket.

References
----------
.. [1] M. J. Eisner, D. G. Severance, "Mathematical techniques for efficient record
   segmentation in large shared databases", Journal of the ACM 23 (1976).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier, reach_of, with_limit_on
from mfmgame.answers.solution import refuse_other_tolerances
from mfmgame.certificates.duality_certificate import upper_bound
from mfmgame.documents.float_reading import amounts, as_float
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import compose, composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, rounded_up, wide
from mfmgame.sweeps.bandwidth_walk import walked_lines
from mfmgame.sweeps.discrete_sweep import traced_steps
from mfmgame.sweeps.touching_lines import (
    LINEAR_TOLERANCE,
    Chain,
    Line,
    Trace,
    precise_solver,
    touching,
)

__all__ = ["assembled_frontier", "sweep"]


_SOLVES = 0.1
"""Share of the bracket around a smooth frontier that is left to the solves."""


def sweep(
    problem: Scenario | DefenseGame,
    *,
    limit: str | None = None,
    start: float = 0.0,
    stop: float | None = None,
    tolerance: float | None = None,
) -> Frontier:
    """Trace the value over the attacker's bandwidth, or over one limit.

    Between two points, one solve where their lines meet decides what lies there [1]_.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    limit : str, optional
        Resource whose limit varies; by default the attacker's bandwidth varies.
    start, stop : float, optional
        Ends of the sweep. By default the sweep runs from 0 to the bandwidth of all threats
        together, or to the point where the limit can no longer bind.
    tolerance : float, optional
        For `independent`, the relative width of the proven bracket, 1e-4 by default. For the
        other compositions the frontier is exact; the tolerance is then the relative distance
        at which a point still lies on a line, 1e-11 by default.

    Returns
    -------
    Frontier

    Raises
    ------
    SpecificationError
        If the problem, the resource or the ends are malformed or inconsistent.
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
    # The lines may take the share of the bracket that the solves leave.
    within = (1.0 - _SOLVES) * asked if asked else tolerance or LINEAR_TOLERANCE
    solver = precise_solver(game, _SOLVES * asked if asked else None)
    if game.is_discrete:
        if limit is not None:
            raise SpecificationError(
                "found stepped defenses, over whose limits the value jumps; expected continuous "
                "defenses (mfmgame portfolio lists the best steps at every budget)",
                pointer="limit",
            )
        return replace(traced_steps(solver, start, stop, within), tolerance=asked)
    sign = 1.0 if limit is None else -1.0  # concave below its lines, convex above them
    traced = Trace(touching(solver, parameter), sign, within, game)
    walked = None
    if limit is None and kind.form == "sum" and game.shared_losses is None:
        walked = walked_lines(game, start, stop, within)
    traced.run(start, stop, walked or Chain([], []))
    return replace(assembled_frontier(game, parameter, traced), tolerance=asked)


def assembled_frontier(game: DefenseGame, parameter: str, traced: Trace) -> Frontier:
    """Assemble a frontier from its lines and the solves where the lines meet.

    Parameters
    ----------
    game : DefenseGame
    parameter : str
        ``"attacker_bandwidth"``, or a resource with a limit.
    traced : Trace
        Over the bandwidth, lines without a base get the base that the game's composition proves.

    Returns
    -------
    Frontier
    """
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


def _bases(game: DefenseGame, lines: list[Line]) -> list[float]:
    """Compute each line's value at bandwidth 0, proven by the line's allocation."""
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
    """Evaluate at each breakpoint the lines before and after it, rounded up or down.

    Parameters
    ----------
    lines : ndarray of float, shape (n_pieces, 3)
        Value, slope, and the point where the line has that value.
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
