"""The self-destruction threshold: the attacker's bandwidth at which to shut down.

``B_dagger = sup { B >= 0 : V(B) <= L }`` for the game's value ``V`` and the loss ``L`` of
stopping now. ``V`` is concave and nondecreasing in ``B``, because ``B`` stands only in the
objective of a minimum over allocations that do not depend on it. So there is one crossing.
"""

from __future__ import annotations

from dataclasses import replace

from mfmgame.attacker import bandwidth_for_loss, best_response
from mfmgame.certificate import nothing_proven
from mfmgame.errors import SpecificationError
from mfmgame.game import DefenseGame, game_of
from mfmgame.solution import DEFAULT_TOLERANCE, Solution
from mfmgame.solver import Solver
from mfmgame.spec.scenario import Scenario
from mfmgame.threshold import Threshold, beside_decision, is_within
from mfmgame.tree_proof import TreeProof

__all__ = ["self_destruction_threshold", "threshold_beyond"]

_MAX_STEPS = 200
_SAME_POINT = 1e-12
"""Bandwidths this close, relative to each other, are one."""


def self_destruction_threshold(
    problem: Scenario | DefenseGame, *, tolerance: float | None = None
) -> Threshold:
    """Find the attacker bandwidth beyond which stopping the system costs less.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        With a termination loss.
    tolerance : float, optional
        As for :func:`mfmgame.solve`. With a looser one than the default the threshold may
        be less than the true one, and the decision be to terminate too early; never later.

    Returns
    -------
    Threshold

    Raises
    ------
    SpecificationError
        If the problem has no termination loss, or says something that cannot be meant.
    InfeasibleError
        If not even an empty allocation keeps within the limits.
    SolverError
        If the linear-programming solver fails.

    Notes
    -----
    The definition is this project's own: ``sup {B >= 0 : V(B) <= L}``, with ``V`` the value of
    the game over the attacker's bandwidth and ``L`` the loss of stopping.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0, 2.0], bandwidth=[2.0, 2.0],
    ...                       effectiveness=[[0.5], [0.0]], attacker_bandwidth=3.0,
    ...                       termination_loss=4.5)
    >>> threshold = mg.self_destruction_threshold(game)
    >>> threshold.bandwidth, threshold.undefended, threshold.decision, threshold.margin
    (2.5, 1.125, 'terminate', -0.5)
    """
    game = game_of(problem)
    loss = game.termination_loss
    if loss is None:
        source = problem.source if isinstance(problem, Scenario) else ""
        raise SpecificationError(
            "missing, expected the loss of stopping the system",
            pointer="/termination",
            source=source,
        )
    solver = Solver(game, tolerance=tolerance)
    return threshold_beyond(solver, solver.solve(), loss)


def threshold_beyond(solver: Solver, here: Solution, loss: float) -> Threshold:
    """The threshold of a game that is solved already.

    Parameters
    ----------
    solver : Solver
    here : Solution
        What it has found for its own game.
    loss : float
        Of stopping the system, in loss units.

    Returns
    -------
    Threshold

    Raises
    ------
    SolverError
        If the linear-programming solver fails.
    """
    game = solver.game
    operates = is_within(here.value, loss, _tie(here))
    undefended = bandwidth_for_loss(game.severity, game.bandwidth, loss)
    held, there = here, None
    if undefended is not None:
        # No fixed allocation holds out beyond the threshold, this one and none at all included.
        reached = bandwidth_for_loss(here.residual.array, game.bandwidth, loss) or 0.0
        start = max(undefended, reached, game.attacker_bandwidth if operates else 0.0)
        if start == 0.0 and operates and game.bandwidth.any():
            # Against no bits any allocation may be optimal; against a few, one that lasts.
            few = float(game.bandwidth[game.bandwidth > 0].min())
            start = few if solver.solve(few).value <= loss else 0.0
        held, there = _crossing(solver, loss, start, here if start == reached else None)
    if there is None:
        return Threshold(None, undefended, "operate", None, held.allocation, None, None, None)
    bandwidth = beside_decision(there.game.attacker_bandwidth, game, operates)
    if bandwidth != there.game.attacker_bandwidth:
        there = solver.solve(bandwidth)
    proof = there.certificate
    if isinstance(proof, TreeProof):  # what its prices say belongs to another allocation
        proof = replace(proof, held=nothing_proven(game))
    price = best_response(held.residual.array, game.bandwidth, bandwidth).price
    return Threshold(
        bandwidth=bandwidth,
        undefended=undefended,
        decision="operate" if operates else "terminate",
        margin=bandwidth - game.attacker_bandwidth,
        allocation=held.allocation,
        bandwidth_per_loss=1.0 / price if price > 0 else None,
        lower=there.lower,
        certificate=proof,
    )


def _tie(solution: Solution) -> float:
    """By how much a value may pass a loss and still count as equal to it.

    What a looser tolerance leaves open is not granted: a value is attained, and so what it
    is within is held for sure.
    """
    return min(solution.tolerance, DEFAULT_TOLERANCE[solution.game.composition])


def _crossing(
    solver: Solver, loss: float, start: float, held: Solution | None
) -> tuple[Solution, Solution | None]:
    """The solution that holds out longest, and one at the bandwidth up to which it does.

    The worst attack on any fixed allocation costs at least the value, so it reaches the
    loss at or before the threshold. An allocation that is optimal there can hold out
    further only if another is better; solving at its crossing finds that one, and the
    crossings climb to the threshold, in finitely many steps where the value is piecewise
    linear. There is no second solution if the first holds out against all threats.

    The start may be the crossing of an allocation that is held already.
    """
    bandwidth = start
    for _ in range(_MAX_STEPS):
        there = solver.solve(bandwidth)
        residual = there.residual.array
        if is_within(float(residual.sum()), loss, _tie(there)):
            return there, None
        reached = bandwidth_for_loss(residual, there.game.bandwidth, loss) or 0.0
        if held is None or reached >= bandwidth * (1.0 - _SAME_POINT):
            held = there
        if reached <= bandwidth * (1.0 + _SAME_POINT):
            break
        bandwidth = reached
    assert held is not None
    return held, there
