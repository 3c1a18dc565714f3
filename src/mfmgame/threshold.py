"""The self-destruction threshold: the attacker's bandwidth at which to shut down.

``B_dagger = sup { B >= 0 : V(B) <= L }`` for the game's value ``V`` and the loss ``L`` of
stopping now. ``V`` is concave and nondecreasing in ``B``, because ``B`` stands only in the
objective of a minimum over allocations that do not depend on it. So there is one crossing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mfmgame.attacker import bandwidth_for_loss
from mfmgame.errors import SpecificationError
from mfmgame.game import DefenseGame, build_game
from mfmgame.labels import Labelled
from mfmgame.solution import Solution
from mfmgame.solver import Solver
from mfmgame.spec.scenario import Scenario

__all__ = ["Threshold", "self_destruction_threshold"]

_MAX_STEPS = 200
_SAME_POINT = 1e-12
"""Bandwidths this close, relative to each other, are one."""


@dataclass(frozen=True, eq=False)
class Threshold:
    """At which attacker bandwidth the system must be shut down.

    Attributes
    ----------
    bandwidth : float or None
        The threshold in bits; None if no attacker in the game can reach it.
    undefended : float or None
        The same with no defense at all.
    decision : {"operate", "terminate"}
        Operate while the value at the scenario's bandwidth is at most the termination
        loss, up to the solver's tolerance.
    margin : float or None
        Threshold less the scenario's attacker bandwidth, in bits.
    allocation : Labelled or None
        Best allocation against an attacker at the threshold.
    bandwidth_per_loss : float or None
        What one more loss unit of termination loss adds to the threshold, in bits.
    """

    bandwidth: float | None
    undefended: float | None
    decision: Literal["operate", "terminate"]
    margin: float | None
    allocation: Labelled | None
    bandwidth_per_loss: float | None

    @property
    def reachable(self) -> bool:
        """Whether an attacker in the game can force the shutdown."""
        return self.bandwidth is not None


def self_destruction_threshold(
    problem: Scenario | DefenseGame, *, tolerance: float | None = None
) -> Threshold:
    """Find the attacker bandwidth beyond which stopping the system costs less.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        With a termination loss.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

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
    game = problem if isinstance(problem, DefenseGame) else build_game(problem)
    loss = game.termination_loss
    if loss is None:
        source = problem.source if isinstance(problem, Scenario) else ""
        raise SpecificationError(
            "missing, expected the loss of stopping the system",
            pointer="/termination",
            source=source,
        )
    solver = Solver(game, tolerance=tolerance)
    here = solver.solve(game.attacker_bandwidth)
    operates = _is_within(here.value, loss, here.tolerance)
    undefended = bandwidth_for_loss(game.severity, game.bandwidth, loss)
    found = None if undefended is None else _crossing(solver, game, loss, undefended)
    if found is None:
        return Threshold(None, undefended, "operate", None, None, None)
    crossing, solution = found
    # Rounding must not let the threshold contradict the decision.
    clamp = max if operates else min
    bandwidth = clamp(crossing, game.attacker_bandwidth)
    price = solution.bandwidth_price
    return Threshold(
        bandwidth=bandwidth,
        undefended=undefended,
        decision="operate" if operates else "terminate",
        margin=bandwidth - game.attacker_bandwidth,
        allocation=solution.allocation,
        bandwidth_per_loss=1.0 / price if price > 0 else None,
    )


def _is_within(value: float, loss: float, tolerance: float) -> bool:
    return value <= loss + tolerance * max(loss, value)


def _crossing(
    solver: Solver, game: DefenseGame, loss: float, start: float
) -> tuple[float, Solution] | None:
    """Where the value crosses the loss, and the last solve; None if it never does.

    The worst attack on any fixed allocation costs at least the value, so it reaches the
    loss at or before the threshold. An allocation that is optimal there can hold out
    further only if another is better; solving at its crossing finds that one, and the
    crossings climb to the threshold, in finitely many steps where the value is piecewise
    linear.
    """
    bandwidth = start
    for _ in range(_MAX_STEPS):
        solution = solver.solve(bandwidth)
        residual = solution.residual.array
        if _is_within(float(residual.sum()), loss, solution.tolerance):
            return None
        reached = bandwidth_for_loss(residual, game.bandwidth, loss)
        if reached is None or reached <= bandwidth * (1.0 + _SAME_POINT):
            break
        bandwidth = reached
    return bandwidth, solution
