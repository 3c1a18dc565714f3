"""Value of stepped defenses over one limit: its knee, and where it falls to a loss.

The value falls in steps as the limit grows: at each step, a better portfolio becomes affordable.
Below a limit ``b``, every total of value and limit is at least ``V(b) + h``, so it exceeds a known
total at every limit ``h`` from that total less ``V(b)`` up to ``b``. A search for the knee goes
down from the greatest limit and skips these limits. A search for a loss halves the limits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mfmgame.answers.decision import decide
from mfmgame.answers.frontier import reach_of
from mfmgame.answers.portfolio import budget_below
from mfmgame.documents.result import Decision, Status
from mfmgame.errors import InfeasibleError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.solving.discrete_optimal_set import trimmed
from mfmgame.solving.solver import Solver

__all__ = ["ValueSteps"]

_PROBES = 8
"""Number of limits at which the search for a knee looks first."""
_SAME_TOTAL = 1e-12
"""Relative difference up to which totals count as equal."""


class _Portfolio(NamedTuple):
    """Best portfolio at a limit, and what it costs.

    Attributes
    ----------
    cost : float
        Least limit at which the portfolio is affordable.
    value, lower, upper : float
        Loss of its worst attack, and the proven bracket of the value at the limit.
    """

    cost: float
    value: float
    lower: float
    upper: float


class ValueSteps:
    """Value of a game over the limit of a resource that only stepped defenses use.

    Parameters
    ----------
    game : DefenseGame
    resource : str
        Resource with a finite limit.
    """

    def __init__(self, game: DefenseGame, resource: str) -> None:
        self._game, self._resource = game, resource
        self._row = game.resources.index(resource)
        self._reach = reach_of(game, resource)
        self._composition = compose(game)
        self._solver = Solver(game, cheapest=False)
        self._known: list[tuple[float, _Portfolio]] = []

    def knee(self) -> tuple[float, float, float]:
        """Find the least limit with the least total of value and limit.

        Returns
        -------
        limit, value, excess : float
            The excess is the most by which the total may exceed the least total.
        """
        probed = [self._best(self._reach * k / _PROBES) for k in range(_PROBES, -1, -1)]
        best = min((one for one in probed if one), key=lambda one: one.value + one.cost)
        bound, limit = np.inf, self._reach
        while limit >= 0.0:
            one = self._best(limit)
            if one is None:
                break
            total, least = one.value + one.cost, best.value + best.cost
            if total <= least * (1.0 + _SAME_TOTAL):
                best, least = one, min(total, least)
            below = budget_below(one.cost)
            bound = min(bound, one.lower + below)
            if one.cost <= 0.0:
                break
            limit = min(below, least - one.lower)
        bound = min(bound, best.value + best.cost)
        return best.cost, best.value, max(best.upper + best.cost - bound, 0.0)

    def operating_limit(self, loss: float) -> tuple[float | None, Status]:
        """Find the least limit at which the decision is to operate, and its status.

        Parameters
        ----------
        loss : float
            Termination loss, in loss units.

        Returns
        -------
        limit : float or None
        status : str
        """
        cost, decision = self._decided(self._reach, loss)
        if decision != "operate":
            return None, "proven" if decision == "terminate" else "numerical"
        enough, too_little = cost, 0.0
        while enough > 0.0:
            is_wide = enough - too_little > self._reach / _PROBES
            limit = 0.5 * (enough + too_little) if is_wide else budget_below(enough)
            cost, decision = self._decided(limit, loss)
            if decision == "operate":
                enough = cost
            elif is_wide:
                too_little = limit
            else:
                return enough, "proven" if decision == "terminate" else "numerical"
        return enough, "proven"

    def _decided(self, limit: float, loss: float) -> tuple[float, Decision]:
        one = self._best(limit)
        if one is None:
            return limit, "terminate"
        return one.cost, decide(self._game, one.lower, one.upper, loss)

    def _best(self, limit: float) -> _Portfolio | None:
        """Find the best portfolio at a limit; None if the rules and limits allow none."""
        for greater, one in self._known:
            if one.cost <= limit <= greater:  # the best at a greater limit, still affordable
                return one
        found = self._searched(limit)
        if found is not None:
            self._known.append((limit, found))
        return found

    def _searched(self, limit: float) -> _Portfolio | None:
        game = self._game
        try:
            found = self._solver.find(limits={self._resource: limit})
        except InfeasibleError:
            return None
        use, loss = game.use[self._row], found.response.loss
        levels = trimmed(found.game, self._composition, found.allocation, use, loss)
        residual = game.severity * self._composition.exposure(levels)
        response = best_response(residual, game.ways, game.attacker_bandwidth)
        solution = self._solver.solution_of(found)
        return _Portfolio(float(use @ levels), response.loss, solution.lower, solution.upper)
