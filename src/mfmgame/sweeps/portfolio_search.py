"""Search for the best portfolios as a budget grows.

The value falls in steps: at each step, a portfolio becomes affordable whose worst attack
costs less. The search goes down from the greatest budget. The best portfolio at a budget is
best down to its own cost; just below that cost, another portfolio is. So one search per
portfolio, all on the same cuts, finds every budget at which the answer changes: no grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import NoneType

import numpy as np

from mfmgame.answers.frontier import reach_of, with_limit_on
from mfmgame.answers.portfolio import (
    Portfolio,
    PortfolioSequence,
    budget_below,
    changed_levels,
    greedy_loss,
)
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import InfeasibleError, SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition, compose, composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import nearest, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.discrete_optimal_set import loss_cutoff, trimmed
from mfmgame.solving.progress import Found
from mfmgame.solving.solver import Solver

__all__ = ["best_portfolios"]


def best_portfolios(
    problem: Scenario | DefenseGame,
    *,
    limit: str | None = None,
    tolerance: float | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> PortfolioSequence:
    """Find every portfolio that is best at some budget.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        Every defense that uses the resource is all-or-nothing or stepped.
    limit : str, optional
        Resource whose limit is the budget; required if defenses use several resources.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.
    progress : callable, optional
        Called with the part of the budget that is done and the whole budget.

    Returns
    -------
    PortfolioSequence

    Raises
    ------
    SpecificationError
        If the problem is malformed or inconsistent, or a defense that uses the resource is
        continuous.
    InfeasibleError
        If no choice of levels keeps within the other limits and the rules.
    SolverError
        If HiGHS refuses the program.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[4.0, 3.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5, 0.0], [0.0, 0.9]], attacker_bandwidth=1.0,
    ...                       use={"budget": [1.0, 1.0]}, levels={"d0": [0, 1], "d1": [0, 1]})
    >>> [(one.cost, one.value, one.adds) for one in mg.best_portfolios(game)]
    [(0.0, 4.0, {}), (1.0, 3.0, {'d0': 1.0}), (2.0, 2.0, {'d1': 1.0})]
    """
    refuse_other_types(progress, "progress", Callable, NoneType)
    game = game_of(problem)
    resource = _budget(game, limit)
    game = with_limit_on(game, resource)
    row = game.resources.index(resource)
    solver = Solver(game, tolerance=tolerance, cheapest=False)
    composition = compose(game)
    budget = most = reach_of(game, resource)
    accuracy = tolerance or composition_class(game.composition).tolerance
    found: list[tuple[float, Found]] = []
    enough = -np.inf
    while True:
        try:
            best = solver.find(limits={resource: budget})
        except InfeasibleError:
            if not found:
                raise
            break
        loss = best.response.loss
        if loss <= enough:
            best = _cheaper(_trimmed(best, composition, row, enough), found.pop()[1])
        else:
            enough = loss_cutoff(loss, accuracy)
            best = _trimmed(best, composition, row, enough)
        cost = float(game.use[row] @ best.allocation)
        found.append((cost, best))
        if progress is not None:
            progress(most - cost, most)
        if cost <= 0.0:
            break
        budget = budget_below(cost)
    return PortfolioSequence(game, resource, tuple(_portfolios(solver, row, found[::-1])))


def _budget(game: DefenseGame, limit: str | None) -> str:
    """Return the resource to vary: the named one, or the only one in use."""
    used = [name for name, use in zip(game.resources, game.use, strict=True) if use.any()]
    if limit is None and len(used) != 1:
        raise SpecificationError(
            f"missing, expected the resource whose limit is the budget: {', '.join(used) or 'none'}"
            " is used",
            pointer="limit",
        )
    resource = used[0] if limit is None else limit
    if resource not in game.resources:
        hint = nearest(resource, game.resources, "resource")
        raise SpecificationError(
            f"unknown resource {shown(resource)}, expected {hint}", pointer="limit"
        )
    use = game.use[game.resources.index(resource)]
    is_continuous = (use > 0.0) & (game.max_level > 0.0) & ~game.level_rules.stepped
    continuous = np.flatnonzero(is_continuous)
    if len(continuous) or not game.is_discrete:
        name = shown(game.defense_ids[continuous[0]]) if len(continuous) else "every defense"
        raise SpecificationError(
            f"{name} is continuous, expected all-or-nothing or stepped defenses where they use "
            f"{shown(resource)} (with 'kind': 'binary' or 'levels', or 'kind': 'binary' of the "
            "defender)",
            pointer="limit",
        )
    return resource


def _trimmed(found: Found, composition: Composition, row: int, enough: float) -> Found:
    """Remove steps that the portfolio does not need to remain good enough."""
    game = found.game
    levels = trimmed(game, composition, found.allocation, game.use[row], enough)
    residual = game.severity * composition.exposure(levels)
    response = best_response(residual, game.ways, game.attacker_bandwidth)
    return found._replace(allocation=levels, response=response)


def _cheaper(found: Found, before: Found) -> Found:
    """Combine a cheaper portfolio that is as good with the proof at the greater budget."""
    lower = min(before.lower, found.response.loss)
    proof = before.certificate.priced_by(found.certificate.priced)
    return found._replace(game=before.game, lower=lower, certificate=proof)


def _portfolios(solver: Solver, row: int, found: list[tuple[float, Found]]) -> Iterator[Portfolio]:
    """Build each portfolio, by increasing cost, from its predecessor and the greedy order."""
    composition = compose(solver.game)
    before: FloatArray | None = None
    for position, (cost, best) in enumerate(found):
        levels = best.allocation
        earlier = np.zeros_like(levels) if before is None else before
        adds, drops = changed_levels(solver.game, earlier, levels)
        yield Portfolio(
            solution=solver.solution_of(best),
            cost=cost,
            until=found[position + 1][0] if position + 1 < len(found) else None,
            adds=adds,
            drops=drops,
            greedy_value=greedy_loss(best.game, composition, row, cost),
            resource=best.game.resources[row],
        )
        before = levels
