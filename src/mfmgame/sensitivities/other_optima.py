"""Search for other optimal levels, and for the worth of one more or one less unit."""

from __future__ import annotations

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, reach_of
from mfmgame.answers.sensitivity import OneSidedPrice, Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.documents.scenario import Scenario
from mfmgame.game.compositions import composition_class
from mfmgame.game.feasibility import held_game
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.game.scenario_game import game_of
from mfmgame.solving.solver import Solver
from mfmgame.sweeps.touching_lines import precise_solver, slope_beside

__all__ = ["sensitivity", "sensitivity_of"]


def sensitivity(problem: Scenario | DefenseGame, *, tolerance: float | None = None) -> Sensitivity:
    """Find every defense's range over optimal allocations, and one-sided prices.

    Parameters
    ----------
    problem : Scenario or DefenseGame
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    Sensitivity

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[6.0, 4.0], bandwidth=[1.0, 1.0],
    ...                       effectiveness=[[0.5, 0.5, 0.0], [0.0, 0.0, 0.5]],
    ...                       attacker_bandwidth=1.0, use={"budget": [1.0, 1.0, 2.0]},
    ...                       limits={"budget": 0.5})
    >>> found = mg.sensitivity(game)
    >>> found.roles
    {'d0': 'optional', 'd1': 'optional', 'd2': 'useless'}
    >>> found.bandwidth_price, found.limit_prices["budget"].left
    (OneSidedPrice(left=4.5, right=4.0), 3.0)
    """
    game = game_of(problem)
    solver = Solver(game, tolerance=tolerance)
    return sensitivity_of(solver.solve(), solver)


def sensitivity_of(solution: Solution, solver: Solver) -> Sensitivity:
    """Find ranges and one-sided prices for a solution, the last one of a solver.

    Prices hold every stepped defense at its level: no unit buys a part of a step.
    """
    game = solution.game
    least, greatest = solver.extreme_levels(solution)
    stepped = game.is_discrete
    precise = precise_solver(held_game(game, solution.allocation.array) if stepped else game)
    return Sensitivity(
        solution=solution,
        least=Labelled(game.defense_ids, least),
        greatest=Labelled(game.defense_ids, greatest),
        bandwidth_price=_one_sided(solution, precise, ATTACKER_BANDWIDTH),
        limit_prices={name: _one_sided(solution, precise, name) for name in game.resources},
    )


def _one_sided(solution: Solution, solver: Solver, parameter: str) -> OneSidedPrice:
    game = solver.game
    if parameter == ATTACKER_BANDWIDTH:
        price, here = solution.bandwidth_price, game.attacker_bandwidth
    else:
        price = solution.limit_prices[parameter]
        here = float(game.limits[game.resources.index(parameter)])
    reach = reach_of(game, parameter)
    if here > reach:  # more than can be used
        return OneSidedPrice(0.0, 0.0)
    if not composition_class(
        game.composition
    ).is_polyhedral:  # smooth, except for kinks that no solve would find
        return OneSidedPrice(price if here else None, price)

    def slope(towards: float) -> float:
        return abs(slope_beside(solver, parameter, here, towards))

    return OneSidedPrice(slope(0.0) if here else None, slope(reach) if here < reach else 0.0)
