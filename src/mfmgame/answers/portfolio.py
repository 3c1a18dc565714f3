"""Best portfolios of all-or-nothing defenses at every budget.

Each portfolio is compared with a greedy order, which repeatedly takes the step that reduces the
loss most per unit. Where several defenses help only together, the greedy order stops early or
goes astray.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answer_displays import Displayed, draw_portfolios
from mfmgame.answers.decision import Region, decide
from mfmgame.answers.solution import Solution
from mfmgame.answers.status import first_unproven
from mfmgame.documents.float_reading import as_float
from mfmgame.documents.result import Decision, Status
from mfmgame.errors import InfeasibleError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import Composition
from mfmgame.game.feasibility import is_within_limits
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = [
    "Portfolio",
    "PortfolioSequence",
    "budget_below",
    "changed_levels",
    "greedy_loss",
]


_JUST_LESS = 1e-10
"""Least relative saving of a cheaper portfolio."""
_SAME_VALUE = 1e-12
_FOUND = 1e-9
"""Relative excess of the greedy value up to which it counts as the best value."""


@dataclass(frozen=True, eq=False, repr=False)
class Portfolio(Displayed):
    """Best portfolio for every budget from its cost up to the next portfolio's cost.

    Attributes
    ----------
    solution : Solution
        Solution at the greatest of these budgets, whose lower bound holds for all of them.
    cost : float
        Units of the resource that the portfolio uses: the least budget at which it is best.
    until : float or None
        Cost of the next portfolio; None for the last.
    adds, drops : dict of str to float
        Levels of defenses that run higher, and lower, than in the previous portfolio.
    greedy_value : float
        Loss at this cost of a greedy order, which repeatedly takes the affordable step that
        reduces the loss most per unit.
    resource : str
        Resource whose limit is the budget.
    """

    solution: Solution
    cost: float
    until: float | None
    adds: dict[str, float]
    drops: dict[str, float]
    greedy_value: float
    resource: str

    @property
    def value(self) -> float:
        """Loss that the worst attack causes, in loss units."""
        return self.solution.value

    @property
    def allocation(self) -> Labelled:
        """Level of each defense."""
        return self.solution.allocation

    @property
    def decision(self) -> Decision | None:
        """Decision at every budget of this portfolio; None without a termination loss."""
        loss = self.solution.game.termination_loss
        if loss is None:
            return None
        return decide(self.solution.game, self.solution.lower, self.solution.upper, loss)

    @property
    def greedy_finds_it(self) -> bool:
        """Whether the greedy order does as well at the same cost."""
        return self.greedy_value <= self.value * (1.0 + _FOUND)


@dataclass(frozen=True, eq=False, repr=False)
class PortfolioSequence(Displayed):
    """Every portfolio that is best at some budget, in order of cost.

    Attributes
    ----------
    game : DefenseGame
    resource : str
        Resource whose limit, the budget, varies.
    portfolios : tuple of Portfolio
        By increasing cost and decreasing value.
    """

    game: DefenseGame
    resource: str
    portfolios: tuple[Portfolio, ...]

    def __iter__(self) -> Iterator[Portfolio]:
        return iter(self.portfolios)

    def __len__(self) -> int:
        return len(self.portfolios)

    @property
    def status(self) -> Status:
        """``proven``, or the status of the first portfolio with a bracket wider than asked for."""
        return first_unproven(portfolio.solution.status for portfolio in self.portfolios)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats about the game's numbers and wide brackets."""
        wide = sum(not portfolio.solution.is_proven for portfolio in self.portfolios)
        if not wide:
            return self.game.notes
        gap = max(portfolio.solution.gap for portfolio in self.portfolios)
        note = f"{wide} of {len(self)} values are proven only within {gap:.1e} of themselves"
        return (*self.game.notes, f"{note}, wider than asked for")

    @property
    def regions(self) -> tuple[Region, ...]:
        """Decisions by budget.

        From the least cost to the greatest, beyond which the last portfolio stays best; empty
        without a termination loss.
        """
        found: list[Region] = []
        for one in self.portfolios:
            if one.decision is None:
                return ()
            stop = one.cost if one.until is None else one.until
            start = found.pop().start if found and found[-1].decision == one.decision else one.cost
            found.append(Region(one.decision, start, stop))
        return tuple(found)

    def at(self, budget: float) -> Portfolio:
        """Return the best portfolio at a budget.

        Parameters
        ----------
        budget : float
            In units of the resource.

        Returns
        -------
        Portfolio

        Raises
        ------
        InfeasibleError
            If no portfolio is affordable.
        """
        budget = as_float(budget, "budget")
        affordable = [one for one in self.portfolios if one.cost <= budget * (1.0 + _SAME_VALUE)]
        if not affordable:
            raise InfeasibleError(f"no portfolio costs as little as {budget!r}")
        return affordable[-1]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value over the budget, beside the greedy order; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; on a new figure by default.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        return draw_portfolios(self, ax)

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate the portfolios with the level of each defense.

        Returns
        -------
        pandas.DataFrame
            A row per portfolio: cost, value with its proven bracket, value of the greedy order,
            and levels.
        """
        import pandas

        table = {
            "cost": [one.cost for one in self.portfolios],
            "value": [one.value for one in self.portfolios],
            "lower": [one.solution.lower for one in self.portfolios],
            "upper": [one.solution.upper for one in self.portfolios],
            "greedy_value": [one.greedy_value for one in self.portfolios],
        }
        levels = [one.allocation.array for one in self.portfolios]
        return pandas.DataFrame(table).join(
            pandas.DataFrame(levels, columns=list(self.game.defense_ids))
        )


def budget_below(cost: float) -> float:
    """Return the greatest budget that counts as less than a cost."""
    return cost * (1.0 - _JUST_LESS)


def changed_levels(
    game: DefenseGame, before: FloatArray, after: FloatArray
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the new levels of the raised defenses, and the new levels of the lowered defenses."""
    levels = list(zip(game.defense_ids, before.tolist(), after.tolist(), strict=True))
    higher = {name: now for name, was, now in levels if now > was}
    return higher, {name: now for name, was, now in levels if now < was}


def greedy_loss(game: DefenseGame, composition: Composition, row: int, budget: float) -> float:
    """Compute the loss left by a greedy order of steps that reduce it most per unit.

    Parameters
    ----------
    game : DefenseGame
        Game with stepped defenses.
    composition : Composition
        Bound to the game's effectiveness.
    row : int
        Row of the resource.
    budget : float
        Units of the resource.

    Returns
    -------
    float
        In loss units.
    """
    game, rules = game.with_limits({game.resources[row]: budget}), game.level_rules
    whole = rules.full_box(game.max_level)
    assert whole is not None
    stepped = rules.stepped
    levels = np.where(stepped, whole[0], game.max_level)

    def loss(tried: FloatArray) -> float:
        residual = game.severity * composition.exposure(tried)
        return best_response(residual, game.ways, game.attacker_bandwidth).loss

    reached = loss(levels)
    while True:
        best, gain = levels, 0.0
        for defense in np.flatnonzero(stepped).tolist():
            steps = rules.levels[defense]
            assert steps is not None
            higher = steps[steps > levels[defense]]
            if not len(higher):
                continue
            tried = levels.copy()
            tried[defense] = higher[0]
            if not (rules.allows(tried) and is_within_limits(game, tried)):
                continue
            paid = float(game.use[row, defense] * (higher[0] - levels[defense]))
            taken = reached - loss(tried)
            if taken > 0.0 and (taken / paid if paid else math.inf) > gain:
                gain = taken / paid if paid else math.inf
                best = tried
        if best is levels:
            return reached
        levels = best
        reached = loss(levels)
