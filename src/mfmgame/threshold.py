"""The self-destruction threshold: the attacker's bandwidth at which to shut down.

``B_dagger = sup { B >= 0 : V(B) <= L }`` for the game's value ``V`` and the loss ``L`` of
stopping now. ``V`` is concave and nondecreasing in ``B``, because ``B`` stands only in the
objective of a minimum over allocations that do not depend on it. So a tangent at any
point crosses ``L`` at or before the threshold and a chord at or after it.
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
    operates = _is_within(here, loss)
    crossing = _crossing(solver, game, loss)
    undefended = bandwidth_for_loss(game.severity, game.bandwidth, loss)
    if crossing is None:
        return Threshold(None, undefended, "operate", None, None, None)
    # Rounding must not let the threshold contradict the decision.
    clamp = max if operates else min
    bandwidth = clamp(crossing.game.attacker_bandwidth, game.attacker_bandwidth)
    price = crossing.bandwidth_price
    return Threshold(
        bandwidth=bandwidth,
        undefended=undefended,
        decision="operate" if operates else "terminate",
        margin=bandwidth - game.attacker_bandwidth,
        allocation=crossing.allocation,
        bandwidth_per_loss=1.0 / price if price > 0 else None,
    )


def _is_within(solution: Solution, loss: float) -> bool:
    return solution.value <= loss + solution.tolerance * max(loss, solution.value)


def _crossing(solver: Solver, game: DefenseGame, loss: float) -> Solution | None:
    """The solution where the value crosses the loss; None if it never does."""
    above = solver.solve(float(game.bandwidth.sum()))
    if _is_within(above, loss):
        return None
    below = solver.solve(0.0)
    if not _is_within(below, loss):
        return below
    tangent = 0.0  # the greatest crossing of a tangent so far: at or before the threshold
    for _ in range(_MAX_STEPS):
        chord = _chord_crossing(below, above, loss)
        middle = solver.solve(chord if tangent <= below.game.attacker_bandwidth else tangent)
        if abs(middle.value - loss) <= middle.tolerance * loss:
            return middle
        if middle.bandwidth_price > 0:
            step = (loss - middle.value) / middle.bandwidth_price
            tangent = max(tangent, middle.game.attacker_bandwidth + step)
        if middle.value <= loss:
            below = middle
        else:
            above = middle
        width = above.game.attacker_bandwidth - below.game.attacker_bandwidth
        if width <= middle.tolerance * above.game.attacker_bandwidth:
            return below
    return below


def _chord_crossing(below: Solution, above: Solution, loss: float) -> float:
    start, end = below.game.attacker_bandwidth, above.game.attacker_bandwidth
    share = (loss - below.value) / (above.value - below.value)
    return min(max(start + share * (end - start), start), end)
