"""The numbers recorded of each draw, from one exact solve."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from mfmgame.answers.coverage_index import adversarial_index, portfolio_index
from mfmgame.answers.solution import Solution
from mfmgame.answers.status import STATUSES
from mfmgame.documents.result import Decision
from mfmgame.errors import InfeasibleError, MfmgameError, SpecificationError
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import scaled_to_limits
from mfmgame.game.game import DefenseGame
from mfmgame.game.plans import broken_rules, excess_use, lowered_to_range
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.discrete_optimal_set import best_within
from mfmgame.solving.solver import Solver
from mfmgame.sweeps.threshold_search import threshold_beyond
from mfmgame.uncertainty.game_family import GameFamily

__all__ = ["MEASURES", "PLAN_NUMBERS", "Evaluation", "Measure"]

Measure = Callable[[DefenseGame, Solution], float]

MEASURES = (
    "value",
    "lower",
    "upper",
    "threshold",
    "undefended",
    "terminate",
    "status",
    "adversarial",
    "portfolio",
    "nominal_loss",
    "regret",
)
"""Numbers recorded of every draw, besides the level of each defense and the named plans."""
PLAN_NUMBERS = ("plan", "regret", "allowed")
"""Numbers recorded of each named plan, in columns such as ``plan/NAME``."""
_TERMINATE: dict[Decision, float] = {"operate": 0.0, "terminate": 1.0, "undecided": math.nan}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Computes the rows of a family's draws; may be sent to a worker.

    Attributes
    ----------
    family : GameFamily
    seed : int
        Seed of the draws.
    plan : ndarray of float, shape (n_defenses,)
        Levels whose loss and regret are recorded: the plan at nominal values, scaled back to
        the limits of each draw.
    plans : mapping of str to ndarray of float, shape (n_defenses,)
        Named plans whose loss and regret are recorded. Users own these plans: a plan keeps its
        levels in a draw with a limit that it exceeds or a rule that it breaks; only a level above
        the draw's greatest level of the defense is lowered to the greatest level.
    tolerance : float or None
        As for :func:`mfmgame.solve`.
    measures : mapping of str to callable
        Further numbers to record, computed from a game and its solution.
    """

    family: GameFamily
    seed: int
    plan: FloatArray
    plans: Mapping[str, FloatArray] = field(default_factory=dict)
    tolerance: float | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the numbers in a row."""
        levels = (f"level/{defense}" for defense in self.family.nominal.defense_ids)
        plans = (f"{number}/{plan}" for plan in self.plans for number in PLAN_NUMBERS)
        return (*MEASURES, *levels, *plans, *self.measures)

    def __call__(self, chunk: tuple[int, int]) -> FloatArray:
        """Compute the rows of the draws from start to before stop, shape (n_draws, n_columns)."""
        start, stop = chunk
        rows = np.empty((stop - start, len(self.columns)))
        for place, values in enumerate(self.family.inputs.draws(self.seed, start, stop)):
            try:
                rows[place] = self.row(self.family.game_at(values))
            except InfeasibleError:
                rows[place] = math.nan
            except MfmgameError as error:
                raise type(error)(f"draw {start + place}: {error}") from None
        return rows

    def row(self, game: DefenseGame) -> FloatArray:
        """Compute the numbers to record of a game.

        Parameters
        ----------
        game : DefenseGame

        Returns
        -------
        ndarray of float, shape (n_columns,)
            NaN for a missing number and for an undecided decision; the threshold is infinite
            if no attacker can reach it.

        Raises
        ------
        InfeasibleError
            If not even an empty allocation keeps within the limits.
        SpecificationError
            If a measure does not return a number.
        """
        solver = Solver(game, tolerance=self.tolerance)
        solution = solver.solve()
        threshold = undefended = terminate = math.nan
        status = solution.status
        if game.termination_loss is not None:
            found = threshold_beyond(
                solver.accepting_any_optimum(), solution, game.termination_loss
            )
            threshold = math.inf if found.bandwidth is None else found.bandwidth
            undefended = math.inf if found.undefended is None else found.undefended
            terminate = _TERMINATE[found.decision]
            status = found.status
        planned = loss_of(game, self.plan)
        return np.array(
            [
                solution.value,
                solution.lower,
                solution.upper,
                threshold,
                undefended,
                terminate,
                float(STATUSES.index(status)),
                adversarial_index(game, solution.residual.array),
                portfolio_index(solution.coverage.array, game.severity),
                planned,
                _regret(planned, solution),
                *solution.allocation.array.tolist(),
                *(
                    number
                    for plan in self.plans.values()
                    for number in _plan_numbers(game, plan, solution)
                ),
                *(_measured(name, measure, game, solution) for name, measure in self._own()),
            ]
        )

    def _own(self) -> tuple[tuple[str, Measure], ...]:
        return tuple(self.measures.items())


def loss_of(game: DefenseGame, plan: FloatArray) -> float:
    """Compute the loss of the worst attack on a plan, scaled back to the limits.

    Continuous levels are scaled back. With stepped defenses, the best allocation with no
    level above the plan's counts instead.

    Parameters
    ----------
    game : DefenseGame
    plan : ndarray of float, shape (n_defenses,)

    Returns
    -------
    float
        In loss units; NaN if limits and rules leave no allocation within the plan.
    """
    levels = best_within(game, plan) if game.is_discrete else scaled_to_limits(game, plan)
    return math.nan if levels is None else _worst_loss(game, levels)


def _plan_numbers(
    game: DefenseGame, plan: FloatArray, solution: Solution
) -> tuple[float, float, float]:
    """Compute the loss and regret of a named plan, and whether the plan is allowed (1 or 0)."""
    levels = lowered_to_range(game, plan)
    loss = _worst_loss(game, levels)
    is_allowed = not excess_use(game, levels) and not broken_rules(game, levels)
    return loss, _regret(loss, solution), float(is_allowed)


def _regret(loss: float, solution: Solution) -> float:
    """Compute the excess of a plan's loss over the value; 0 for a plan that beats the value."""
    return float(np.maximum(0.0, loss - solution.value))


def _worst_loss(game: DefenseGame, levels: FloatArray) -> float:
    residual = game.severity * compose(game).exposure(levels)
    return best_response(residual, game.ways, game.attacker_bandwidth).loss


def _measured(name: str, measure: Measure, game: DefenseGame, solution: Solution) -> float:
    number = measure(game, solution)
    if isinstance(number, (bool, np.bool_, int, float, np.number)):
        return float(number)
    raise SpecificationError(
        f"found {shown(number)}, expected a number", pointer=f"measures[{shown(name)}]"
    )
