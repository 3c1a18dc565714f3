"""Derivatives of the value and the threshold, from one optimum and its proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mfmgame.answers.gradient import Gradient
from mfmgame.answers.solution import Solution, scale_of
from mfmgame.answers.threshold import Threshold
from mfmgame.certificates.duality_certificate import lower_bound, scaled_to_plan
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SolverError, SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import scaled_to_limits
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.game.scenario_game import build_game, game_of
from mfmgame.numerics.arrays import FloatArray, IntArray, dense
from mfmgame.sensitivities.active_cuts import NEAR
from mfmgame.sensitivities.complementarity import SaddlePoint, acts_on, saddle_point
from mfmgame.sensitivities.newton_polish import smooth_optimum
from mfmgame.sensitivities.ranges import OptimalRanges, Range, optimal_ranges
from mfmgame.solving.solver import Solver
from mfmgame.sweeps.threshold_search import self_destruction_threshold

__all__ = ["gradients", "threshold_gradient", "value_gradient"]


_PRECISE = 1e-12
"""Relative width of the bracket required for derivatives."""
_SAME_SLOPE = 1e-6
"""Relative difference of two one-sided derivatives that counts as rounding."""
_NO_SLOPE = 1e-9
"""Size that counts as 0, relative to the greatest number of its kind."""
_CLOSE = 1e-9
"""Greatest relative gap of the optimum and proof from which derivatives are computed."""


def value_gradient(problem: Scenario | DefenseGame | Solution) -> Gradient:
    """Differentiate the value with respect to every number of the game.

    Parameters
    ----------
    problem : Scenario, DefenseGame or Solution
        A solution that is not precise enough is solved again.

    Returns
    -------
    Gradient
        In loss units per unit of each number.

    Raises
    ------
    SpecificationError, InfeasibleError
        As for :func:`mfmgame.solve`; also if some defenses are stepped.
        SolverError
        As for :func:`mfmgame.solve`; also if no optimum is precise enough.

    Examples
    --------
    Half of a loss of 4 gets through, and only the severity of the threat and the
    effectiveness of the defense matter:

    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0], bandwidth=[1.0], effectiveness=[[0.5]],
    ...                       attacker_bandwidth=2.0)
    >>> gradient = mg.value_gradient(game)
    >>> gradient.severity["t0"], gradient.effectiveness.tolist(), gradient.attacker_bandwidth
    (0.5, [[-4.0]], 0.0)
    """
    if isinstance(problem, Solution):
        point = _optimum(problem)
        if point is not None:
            return _differentiated(problem.game, problem.value, point)
        game = problem.game
    else:
        game = game_of(problem, Solution)
    solution = Solver(game, tolerance=_PRECISE, cheapest=False).solve()
    point = _optimum(solution)
    if point is None:
        raise SolverError(
            f"the value is proven only from {solution.lower!r} to {solution.upper!r}, which is "
            "too wide for derivatives"
        )
    return _differentiated(game, solution.value, point)


def _optimum(solution: Solution) -> SaddlePoint | None:
    """Return optimum and proof of a solution as a saddle point; None if the gap is too wide."""
    game, composition = solution.game, compose(solution.game)
    if game.is_discrete:
        raise SpecificationError(
            "found stepped defenses, for which the value jumps, expected continuous defenses",
            pointer="levels",
        )
    allocation, certificate = solution.allocation.array, solution.certificate.priced
    if composition.form == "depth":
        allocation, certificate = smooth_optimum(game, composition, allocation, certificate)
    point = saddle_point(game, composition, allocation, certificate)
    slightly_less = allocation * (1.0 - _CLOSE)
    if not np.array_equal(scaled_to_limits(game, slightly_less), slightly_less):
        return None
    residual = game.severity * point.exposure
    loss = best_response(residual, game.ways, game.attacker_bandwidth).loss
    lower = lower_bound(game, composition, scaled_to_plan(game, point.certificate))
    return point if loss - lower <= _CLOSE * scale_of(game, loss) else None


def threshold_gradient(problem: Scenario | DefenseGame) -> Gradient:
    """Differentiate the self-destruction threshold with respect to every number of the game.

    On ``V(B_dagger) = L`` the bandwidth must compensate for the change of a number:
    ``dB_dagger = -(dV / number) / (dV / dB)``, and ``dB_dagger / dL = 1 / lam``.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        With a termination loss.

    Returns
    -------
    Gradient
        In bits per unit of each number.

    Raises
    ------
    SpecificationError
        If there is no termination loss, or no attacker can reach the threshold.
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[2.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=3.0,
    ...                       termination_loss=4.5)
    >>> gradient = mg.threshold_gradient(game)
    >>> gradient.at, gradient.severity["t0"], gradient.termination_loss
    (2.5, -0.5, 1.0)
    """
    game = game_of(problem)
    threshold = _precise_threshold(problem)
    if threshold.bandwidth is None:
        raise SpecificationError(
            "no attacker in the game reaches it, expected a termination loss within reach",
            pointer="/termination/loss",
            source=problem.source if isinstance(problem, Scenario) else "",
        )
    return _at_threshold(game, threshold, threshold.bandwidth)


def _precise_threshold(problem: Scenario | DefenseGame) -> Threshold:
    """Find the threshold at high precision, or at the default tolerance where that fails."""
    precise = self_destruction_threshold(problem, tolerance=_PRECISE)
    if precise.status == "proven":
        return precise
    usual = self_destruction_threshold(problem)
    return replace(precise, status=usual.status, notes=usual.notes)


def _at_threshold(game: DefenseGame, threshold: Threshold, bandwidth: float) -> Gradient:
    """Differentiate the threshold at a bandwidth."""
    value = value_gradient(game.with_attacker_bandwidth(bandwidth))
    price = value.attacker_bandwidth
    per_loss = -1.0 / price if price > 0.0 else np.nan
    return Gradient(
        game=game,
        of="threshold",
        at=bandwidth,
        severity=Labelled(game.threat_ids, per_loss * value.severity.array),
        bandwidth=Labelled(game.threat_ids, per_loss * value.bandwidth.array),
        effectiveness=per_loss * value.effectiveness,
        max_level=Labelled(game.defense_ids, per_loss * value.max_level.array),
        use=per_loss * value.use,
        limits=Labelled(game.resources, per_loss * value.limits.array),
        attacker_bandwidth=0.0,
        termination_loss=-per_loss,
        status=threshold.status,
        notes=threshold.notes,
    )


def gradients(scenario: Scenario) -> tuple[Gradient, Gradient | None]:
    """Compute both gradients of a scenario; None for a missing or unreachable threshold.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    value : Gradient
    threshold : Gradient or None

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`value_gradient`.
    """
    game = build_game(scenario)
    value = value_gradient(game)
    if game.termination_loss is None:
        return value, None
    found = _precise_threshold(game)
    reached = found.bandwidth
    return value, None if reached is None else _at_threshold(game, found, reached)


def _differentiated(game: DefenseGame, value: float, point: SaddlePoint) -> Gradient:
    ranges = optimal_ranges(game, point)
    one = Range(np.ones(()), np.ones(()))
    limited = np.isfinite(game.limits)
    full = point.allocation >= (1.0 - NEAR) * game.max_level
    gain = Range(*(np.where(full, np.maximum(end, 0.0), 0.0) for end in ranges.gain))
    prices = Range(*(np.where(limited, end, 0.0) for end in ranges.limit_prices))
    prices_of_use = Range(*(end[:, None] for end in prices))
    attacker = _slope(+1.0, one, ranges.price, np.array(game.attacker_bandwidth))
    return Gradient(
        game=game,
        of="value",
        at=value,
        severity=Labelled(
            game.threat_ids, _slope(+1.0, ranges.effort, ranges.exposure, game.severity)
        ),
        bandwidth=Labelled(
            game.threat_ids, _slope(-1.0, ranges.effort, ranges.price, game.bandwidth)
        ),
        effectiveness=_by_effectiveness(game, point, ranges),
        max_level=Labelled(game.defense_ids, _slope(-1.0, gain, one, game.max_level)),
        use=_slope(+1.0, prices_of_use, ranges.levels, game.use),
        limits=Labelled(game.resources, _slope(-1.0, prices, one, game.limits)),
        attacker_bandwidth=float(attacker),
        termination_loss=0.0,
        status="proven",
        notes=game.notes,
    )


def _slope(
    sign: float, raised: Range, lowered: Range, number: FloatArray, most: float = np.inf
) -> FloatArray:
    """Compute derivatives where they exist, as products of proofs' and allocations' numbers.

    In any direction the derivative is the least over the allocations of the greatest over the
    proofs. A number at an end of its range, 0 or `most`, moves in one direction only.
    """
    up = _product(raised.greatest, lowered.least), _product(raised.least, lowered.greatest)
    right, left = (sign * end for end in (up if sign > 0.0 else up[::-1]))
    size = np.maximum(np.abs(right), np.abs(left))
    near = _SAME_SLOPE * size + _NO_SLOPE * np.nan_to_num(size).max(initial=0.0)
    slope = np.where(np.abs(right - left) <= near, 0.5 * (right + left), np.nan)
    return np.where(number <= 0.0, right, np.where(number >= most, left, slope)) + 0.0


def _product(first: FloatArray, second: FloatArray) -> FloatArray:
    """Multiply; 0 times an unknown number is 0."""
    none = (first == 0.0) | (second == 0.0)
    return np.where(none, 0.0, first * second)


def _by_effectiveness(game: DefenseGame, point: SaddlePoint, ranges: OptimalRanges) -> FloatArray:
    """Differentiate with respect to the effectiveness, shape (n_threats, n_defenses)."""
    result = np.zeros((game.n_threats, game.n_defenses))
    acting = np.flatnonzero((game.severity > 0.0) & ~(ranges.effort.greatest == 0.0))
    if not acting.size:
        return result
    composition = compose(game)
    if composition.form is None or composition.alone is not game.effectiveness:
        raise SpecificationError(
            f"found {game.composition!r}, whose derivatives by effectiveness are not known",
            pointer="composition",
        )
    rows = np.asarray(dense(game.effectiveness[acting]))
    if composition.form == "fill":
        taken = _taken_by_best(game, point, ranges, acting, rows)
    elif composition.form == "sum":
        taken = Range(*(np.broadcast_to(end, rows.shape) for end in ranges.levels))
    else:
        taken = Range(
            *(
                _product(level[None], exposure[acting, None]) / (1.0 - rows)
                for level, exposure in zip(ranges.levels, ranges.exposure, strict=True)
            )
        )
    reach = Range(*(game.severity[acting, None] * end[acting, None] for end in ranges.reach))
    most = np.inf if composition.form == "depth" else 1.0
    result[acting] = _slope(-1.0, reach, taken, rows, most)
    return result


def _taken_by_best(
    game: DefenseGame,
    point: SaddlePoint,
    ranges: OptimalRanges,
    acting: IntArray,
    rows: FloatArray,
) -> Range:
    """Find the share of each defense in optimal fillings of `best_of`, over all optima.

    All optimal allocations fill a threat down to its idle effectiveness. A less effective
    defense takes nothing, a single defense of just this effectiveness takes the rest, and
    equal defenses share the rest.
    """
    known = ranges.levels.is_one
    fill_known = ~acts_on(game, ~known, point.idle)[acting, None]
    idle = point.idle[acting, None]
    last = (rows == idle) & (rows > 0.0)
    alone = last.sum(axis=1, keepdims=True) == 1
    shared = last & (last & ~known).any(axis=1, keepdims=True)
    certain = known & ~shared | (idle > 0.0) & (rows < idle) | last & alone
    least, most, room = _fillings(rows, point.allocation)
    unused = ranges.levels.greatest == 0.0
    settled = Range(*(np.where(fill_known & certain, end, np.nan) for end in (least, most)))
    # A defense raised from 0 takes what all better ones leave, up to its own level.
    new = fill_known & (rows <= 0.0)
    return Range(
        *(
            np.where(unused, 0.0, np.where(new, np.minimum(level, room), end))
            for end, level in zip(settled, ranges.levels, strict=True)
        )
    )


def _fillings(rows: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compute least and most of optimal fillings, and the room, shape (n_rows, n_defenses).

    Better defenses come first; equal defenses share the room that better ones leave.
    """
    least, most, rooms = (np.empty(rows.shape) for _ in range(3))
    for place, row in enumerate(rows):
        better = row[None] > row[:, None]  # [j, k]: k is better than j
        alike = row[None] == row[:, None]
        room = np.maximum(1.0 - better @ levels, 0.0)
        rooms[place] = room
        most[place] = np.minimum(levels, room)
        least[place] = np.clip(room - (alike @ levels - levels), 0.0, levels)
    return least, most, rooms
