"""Derivatives of the value and of the threshold, from one optimum and its proof."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfmgame.allocations import within_limits
from mfmgame.attacker import best_response
from mfmgame.certificate import Certificate, lower_bound, scaled_to_plan
from mfmgame.compositions import compose
from mfmgame.crossing import self_destruction_threshold
from mfmgame.errors import SolverError, SpecificationError
from mfmgame.game import DefenseGame, build_game
from mfmgame.gradient import Gradient
from mfmgame.labels import Labelled
from mfmgame.saddle_point import SaddlePoint, saddle_point
from mfmgame.smooth_optimum import smooth_optimum
from mfmgame.solution import Solution, scale_of
from mfmgame.solver import Solver
from mfmgame.spec.scenario import Scenario
from mfmgame.tight_cuts import NEAR

__all__ = ["gradients", "threshold_gradient", "value_gradient"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_PRECISE = 1e-12
"""Relative width of the bracket to solve to for derivatives."""
_CLOSE = 1e-9
"""Relative width that the numbers which derivatives are made of must prove."""


def value_gradient(problem: Scenario | DefenseGame | Solution) -> Gradient:
    """Differentiate the value in every number of the game.

    Parameters
    ----------
    problem : Scenario, DefenseGame or Solution
        A solution that is not precise enough is solved again.

    Returns
    -------
    Gradient
        In loss units for each unit of a number.

    Raises
    ------
    SpecificationError, InfeasibleError
        As for :func:`mfmgame.solve`; and if some defenses are stepped.
    SolverError
        As there, and if no optimum is found that is precise enough.

    Examples
    --------
    Half of a loss of 4 gets through, and nothing but the severity of the threat and the
    strength of the defense matters:

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
        game = problem if isinstance(problem, DefenseGame) else build_game(problem)
    solution = Solver(game, tolerance=_PRECISE, cheapest=False).solve()
    point = _optimum(solution)
    if point is None:
        raise SolverError(
            f"the value is proven only from {solution.lower!r} to {solution.upper!r}, which is "
            "too wide for derivatives"
        )
    return _differentiated(game, solution.value, point)


def _optimum(solution: Solution) -> SaddlePoint | None:
    """Both sides of the optimum of a solution; None unless they prove the value closely."""
    game, composition = solution.game, compose(solution.game)
    if game.choices is not None:
        raise SpecificationError(
            "found stepped defenses, with which the value jumps, expected continuous ones",
            pointer="levels",
        )
    allocation, certificate = solution.allocation.array, solution.certificate
    assert isinstance(certificate, Certificate)
    if game.composition == "independent":
        allocation, certificate = smooth_optimum(game, composition, allocation, certificate)
    point = saddle_point(game, composition, allocation, certificate)
    slightly_less = allocation * (1.0 - _CLOSE)
    if not np.array_equal(within_limits(game, slightly_less), slightly_less):
        return None
    residual = game.severity * point.exposure
    loss = best_response(residual, game.bandwidth, game.attacker_bandwidth).loss
    lower = lower_bound(game, composition, scaled_to_plan(game, point.certificate))
    return point if loss - lower <= _CLOSE * scale_of(game, loss) else None


def threshold_gradient(problem: Scenario | DefenseGame) -> Gradient:
    """Differentiate the self-destruction threshold in every number of the game.

    On ``V(B_dagger) = L`` a change of a number must be made up by the bandwidth:
    ``dB_dagger = -(dV / number) / (dV / dB)``, and ``dB_dagger / dL = 1 / lam``.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        With a termination loss.

    Returns
    -------
    Gradient
        In bits for each unit of a number.

    Raises
    ------
    SpecificationError
        If there is no termination loss, or no attacker in the game reaches the threshold.
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
    game = problem if isinstance(problem, DefenseGame) else build_game(problem)
    bandwidth = self_destruction_threshold(problem, tolerance=_PRECISE).bandwidth
    if bandwidth is None:
        raise SpecificationError(
            "no attacker in the game reaches it, expected a termination loss that one reaches",
            pointer="/termination/loss",
            source=problem.source if isinstance(problem, Scenario) else "",
        )
    return _at_threshold(game, bandwidth)


def _at_threshold(game: DefenseGame, bandwidth: float) -> Gradient:
    """Derivatives of the threshold, which is at a bandwidth."""
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
    )


def gradients(scenario: Scenario) -> tuple[Gradient, Gradient | None]:
    """Both gradients of a scenario; None for a threshold that is not there, or not reached.

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
    threshold = self_destruction_threshold(game, tolerance=_PRECISE)
    return value, None if threshold.bandwidth is None else _at_threshold(game, threshold.bandwidth)


def _differentiated(game: DefenseGame, value: float, point: SaddlePoint) -> Gradient:
    effort, exposure, levels = point.effort, point.exposure, point.allocation
    limited = np.isfinite(game.limits)[:, None]
    full = levels >= (1.0 - NEAR) * game.max_level
    prices = point.limit_prices
    return Gradient(
        game=game,
        of="value",
        at=value,
        severity=Labelled(
            game.threat_ids,
            _product(effort, point.effort_known, exposure, point.exposure_known),
        ),
        bandwidth=Labelled(
            game.threat_ids,
            -_product(
                effort,
                point.effort_known,
                np.full(game.n_threats, point.price),
                np.full(game.n_threats, point.price_known),
            ),
        ),
        effectiveness=_by_effectiveness(game, point),
        max_level=Labelled(
            game.defense_ids,
            np.where(full, -_where(np.maximum(point.gain, 0.0), point.gain_known), 0.0),
        ),
        use=np.where(
            limited,
            _product(
                prices[:, None],
                point.limit_price_known[:, None],
                levels[None],
                point.level_known[None],
            ),
            0.0,
        ),
        limits=Labelled(game.resources, -_where(prices, point.limit_price_known)),
        attacker_bandwidth=point.price if point.price_known else np.nan,
        termination_loss=0.0,
    )


def _by_effectiveness(game: DefenseGame, point: SaddlePoint) -> FloatArray:
    """Derivatives in the effectiveness, shape (n_threats, n_defenses)."""
    result = np.zeros((game.n_threats, game.n_defenses))
    levels, level_known = point.allocation, point.level_known
    acting = np.flatnonzero((game.severity > 0.0) & ((point.effort > 0.0) | ~point.effort_known))
    if not acting.size:
        return result
    rows = np.asarray(
        game.effectiveness[acting]
        if isinstance(game.effectiveness, np.ndarray)
        else game.effectiveness[acting].toarray()
    )
    taken = np.broadcast_to(levels, rows.shape)
    taken_known = np.broadcast_to(level_known, rows.shape)
    strength, strength_known = point.reach[acting], point.reach_known[acting]
    if game.composition == "independent":
        taken = taken * point.exposure[acting, None] / (1.0 - rows)
        taken_known = taken_known & point.exposure_known[acting, None]
    elif game.composition == "best_of":
        least, most = _taken(rows, levels)
        # A number at an end of its range can move one way only.
        taken = np.where(rows >= 1.0, least, most)
        alike = (most - least <= NEAR) | (rows <= 0.0) | (rows >= 1.0)
        unused = level_known & (levels == 0.0)
        idle = point.idle[acting, None]
        last = (rows == idle) & (rows > 0.0)
        alone = last.sum(axis=1, keepdims=True) == 1
        shared = last & (last & ~level_known).any(axis=1, keepdims=True)
        certain = level_known & ~shared | (idle > 0.0) & (rows < idle) | last & alone
        taken_known = (point.fill_known[acting, None] & certain & alike) | unused
    slopes = _product(strength[:, None], strength_known[:, None], taken, taken_known)
    result[acting] = -game.severity[acting, None] * slopes
    return result


def _taken(rows: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least and most that optimal fillings of `best_of` take, shape (n_rows, n_defenses).

    Better defenses come first; equal ones share what room they leave.
    """
    least, most = np.empty(rows.shape), np.empty(rows.shape)
    for place, row in enumerate(rows):
        better = row[None] > row[:, None]  # [j, k]: k is better than j
        alike = row[None] == row[:, None]
        room = np.maximum(1.0 - better @ levels, 0.0)
        most[place] = np.minimum(levels, room)
        least[place] = np.clip(room - (alike @ levels - levels), 0.0, levels)
    return least, most


def _product(
    first: FloatArray, first_known: BoolArray, second: FloatArray, second_known: BoolArray
) -> FloatArray:
    """Products of numbers at least 0; one that is known to be 0 needs no other."""
    settled = (first_known & second_known) | (first_known & (first == 0.0))
    settled = settled | (second_known & (second == 0.0))
    return _where(np.asarray(first * second), np.asarray(settled))


def _where(numbers: FloatArray, known: BoolArray) -> FloatArray:
    return np.where(known, numbers, np.nan)
