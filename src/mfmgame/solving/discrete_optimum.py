"""The optimal allocation of stepped defenses, and its proof by cases."""

from __future__ import annotations

import math
from collections.abc import Callable

from mfmgame.answers.solution import scale_of
from mfmgame.certificates.tree_certificate import with_best_held
from mfmgame.errors import InfeasibleError
from mfmgame.game.compositions import Composition
from mfmgame.game.feasibility import held_game
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.branch_and_bound import BoxSearch
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.discrete_optimal_set import cheapest_steps, loss_cutoff
from mfmgame.solving.progress import Found

__all__ = ["discrete_optimum"]


def discrete_optimum(
    game: DefenseGame,
    composition: Composition,
    cuts: CutPool,
    *,
    tolerance: float,
    cheapest: bool,
    deadline: float,
    solve_rest: Callable[[DefenseGame], Found],
) -> Found:
    """Search the boxes of levels; then hold the steps and solve the continuous game.

    Parameters
    ----------
    game : DefenseGame
        With stepped defenses.
    composition : Composition
        Bound to the game's effectiveness matrix.
    cuts : CutPool
        Cuts of the game.
    tolerance : float
        Relative width of the proven bracket at which to stop.
    cheapest : bool
        Whether to find the optimal allocation that uses least.
    deadline : float
        Time on the monotonic clock, in seconds.
    solve_rest : callable
        Solves the continuous game of the other defenses.

    Returns
    -------
    Found
        Stopped by "interrupted" after a KeyboardInterrupt, once there is an allocation.

    Raises
    ------
    InfeasibleError
        If no choice of levels keeps within the limits and the rules.
    KeyboardInterrupt
        If the interruption comes before there is an allocation.
    SolverError
        If HiGHS refuses the program.
    """

    def rest(levels: FloatArray) -> Found:
        return solve_rest(held_game(game, levels))

    search = BoxSearch(game, composition, cuts, tolerance=tolerance, deadline=deadline)
    steps, interrupted = None, False
    try:
        search.run()
        if search.response and cheapest and math.isinf(deadline):
            steps = cheapest_steps(
                game,
                composition,
                search.allocation,
                loss_cutoff(search.response.loss, tolerance),
                lambda levels: rest(levels).allocation,
            )
    except KeyboardInterrupt:
        if search.response is None:
            raise
        interrupted = True
    if search.response is None:
        raise InfeasibleError("no choice of levels keeps within the limits and the rules")
    held = rest(search.allocation if steps is None else steps)
    loss = held.response.loss
    proof = search.proof(held.certificate.priced)
    if held.lower < loss - tolerance * scale_of(held.game, loss):
        proof = with_best_held(held.game, composition, proof)
    lower = min(proof.bound(game, composition), loss)
    stopped = "interrupted" if interrupted else search.stopped
    return Found(game, held.allocation, held.response, lower, proof, search.rounds, stopped)
