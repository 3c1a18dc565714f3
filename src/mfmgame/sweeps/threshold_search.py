"""The self-destruction threshold: the attacker's bandwidth at which to shut down.

``B_dagger = sup { B >= 0 : V(B) <= L }`` for the game's value ``V`` and the loss ``L`` of
stopping now. ``V`` is concave and nondecreasing in ``B``, because ``B`` appears only in the
objective of a minimum over allocations that do not depend on ``B``. So there is one crossing.
"""

from __future__ import annotations

from mfmgame.answers.decision import decide, tie
from mfmgame.answers.solution import Solution, scale_of
from mfmgame.answers.status import first_unproven
from mfmgame.answers.threshold import (
    Threshold,
    beside_decision,
    one_sided_note,
    plan_threshold,
)
from mfmgame.certificates.duality_certificate import trivial_certificate
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.attacker import bandwidth_for_loss, best_response
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.solving.solver import Solver, solver_with_options

__all__ = ["self_destruction_threshold", "threshold_beyond"]

_MAX_STEPS = 200
_LITTLE = 1e-3
"""How far to look beyond a crossing, relative to the rest of the way."""
_SAME_POINT = 1e-12
"""Relative difference below which two bandwidths are one bandwidth."""


def self_destruction_threshold(
    problem: Scenario | DefenseGame,
    *,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> Threshold:
    """Find the attacker bandwidth beyond which stopping the system costs less.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        With a termination loss.
    tolerance : float, optional
        As for :func:`mfmgame.solve`. With a tolerance looser than the default, the threshold
        may be below the true one and the decision may be open, but the decision is never wrong.
    mip_gap, time_limit : float, optional
        As for :func:`mfmgame.solve`; the time limit applies to each solve.

    Returns
    -------
    Threshold

    Raises
    ------
    SpecificationError
        If the problem has no termination loss, or is malformed or inconsistent.
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
    solver = solver_with_options(game, tolerance, mip_gap, time_limit)
    return threshold_beyond(solver, solver.solve(), loss)


def threshold_beyond(solver: Solver, here: Solution, loss: float) -> Threshold:
    """Find the threshold of a game that is already solved.

    Parameters
    ----------
    solver : Solver
    here : Solution
        Solution that the solver found for its own game.
    loss : float
        Loss of stopping the system, in loss units.

    Returns
    -------
    Threshold

    Raises
    ------
    SolverError
        If the linear-programming solver fails.
    """
    game = solver.game
    decision = decide(game, here.lower, here.upper, loss)
    undefended = bandwidth_for_loss(game.severity, game.ways, loss)
    if undefended is None:
        return _unreachable(here, undefended, here, None)
    kept = plan_threshold(game, here.residual.array, loss, decision)
    # No fixed allocation holds out beyond the threshold, nor do this one and the empty one.
    reached = bandwidth_for_loss(here.residual.array, game.ways, loss) or 0.0
    start = max(undefended, reached, game.attacker_bandwidth if decision == "operate" else 0.0)
    held, there = _crossing(solver, loss, start, here if start == reached else None)
    if there is None:
        return _unreachable(held, undefended, here, kept)
    bandwidth = beside_decision(there.game.attacker_bandwidth, game, decision)
    if bandwidth != there.game.attacker_bandwidth:
        there = solver.solve(bandwidth)
    # The prices of a proof by cases belong to another allocation.
    proof = there.certificate.priced_by(trivial_certificate(game))
    price = best_response(held.residual.array, game.ways, bandwidth).price
    notes = _notes(here, there, loss)
    return Threshold(
        game=game,
        bandwidth=bandwidth,
        plan_bandwidth=kept,
        undefended=undefended,
        decision=decision,
        margin=bandwidth - game.attacker_bandwidth,
        allocation=held.allocation,
        bandwidth_per_loss=1.0 / price if price > 0 else None,
        lower=there.lower,
        certificate=proof,
        notes=notes,
        status=here.status if notes == here.notes else first_unproven((here.status, there.status)),
    )


def _unreachable(
    held: Solution, undefended: float | None, here: Solution, kept: float | None
) -> Threshold:
    """Build the answer for the case that all threats together stay within the loss."""
    return Threshold(
        game=here.game,
        bandwidth=None,
        plan_bandwidth=kept,
        undefended=undefended,
        decision="operate",
        margin=None,
        allocation=held.allocation,
        bandwidth_per_loss=None,
        lower=None,
        certificate=None,
        notes=here.notes,
        status=here.status,
    )


def _notes(here: Solution, there: Solution, loss: float) -> tuple[str, ...]:
    """Return the notes of the value, and a note if the threshold may be later."""
    game = here.game
    if there.lower >= loss - there.tolerance * scale_of(game, loss):
        return here.notes
    return (*here.notes, one_sided_note(there.lower))


def _crossing(
    solver: Solver, loss: float, start: float, held: Solution | None
) -> tuple[Solution, Solution | None]:
    """Find the solution that holds out longest, and a solution where its loss crosses.

    The worst attack on any fixed allocation costs at least the value, so its cost reaches
    the loss at or before the threshold. An optimal allocation at its own crossing is at the
    threshold, unless another allocation is better there; solving at the crossing finds
    the better one. So the crossings climb to the threshold, in finitely many steps if the
    value is piecewise linear. The second solution is None if the first one holds out
    against all threats.

    The start may be the crossing of a given allocation `held`.
    """
    total = solver.game.ways.total_bits
    bandwidth = start
    for _ in range(_MAX_STEPS):
        there = solver.solve(bandwidth)
        residual = there.residual.array
        reached = bandwidth_for_loss(residual, there.game.ways, loss)
        if reached is None:
            return there, None
        if held is None or reached >= bandwidth * (1.0 - _SAME_POINT):
            held = there
        if reached <= bandwidth * (1.0 + _SAME_POINT):
            break
        bandwidth = reached
    assert held is not None
    if not _rises(solver, loss, bandwidth, total):
        # Another allocation may be as good here and better beyond.
        most = solver.solve(total)
        if decide(solver.game, most.lower, most.upper, loss) == "operate":
            return most, None
    return held, there


def _rises(solver: Solver, loss: float, bandwidth: float, total: float) -> bool:
    """Check whether the value is provably above the loss slightly beyond a bandwidth.

    The value is concave: once it stops rising, it never rises again.
    """
    beyond = bandwidth * (1.0 + _LITTLE) or _LITTLE * total
    enough = loss + tie(solver.game, loss)
    return beyond < total and solver.accepting_any_optimum().find(beyond).lower > enough
