"""What each defense has of the loss that a plan removes: its Shapley value.

The worst loss with no defense, less the worst loss with a set of the plan's defenses at
their levels, is what that set removes; the attacker answers each set anew. Defenses that
guard the same threats remove less together than each alone, and others more. Shapley's
share is the mean, over all orders in which the defenses may arrive, of what each adds to
those before it [1]_: the only division that leaves nothing over, gives equal defenses the
same and useless ones nothing, and adds up over sums of losses. For many defenses the mean is
that of random orders, each taken forwards and backwards [2]_.

References
----------
.. [1] L. S. Shapley, "A value for n-person games", in Contributions to the Theory of Games
   II, Princeton University Press (1953).
.. [2] R. Mitchell, J. Cooper, E. Frank and G. Holmes, "Sampling permutations for Shapley
   value estimation", J. Mach. Learn. Res. 23 (2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answers.solution import Solution
from mfmgame.attribution.coalitions import Coalitions
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.game.scenario_game import game_of
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.solver import solve

if TYPE_CHECKING:
    import pandas

__all__ = ["Attribution", "shapley_shares"]


_MOST_EXACT = 15
"""More members than this are sampled: their sets would number more than 32,768."""
_MOST_SAMPLED = 10_000_000
"""More permutations than this would not fit in memory."""
_PERMUTATIONS = 2000
_LARGEST_SEED = 2**64 - 1


@dataclass(frozen=True, eq=False)
class Attribution:
    """How the loss that a plan removes divides among its defenses.

    Attributes
    ----------
    solution : Solution
        Whose allocation is the plan.
    undefended, defended : float
        Loss of the worst attack without and with it, in loss units.
    shares : Labelled, length n_defenses
        Shapley share of each defense, in loss units; their sum is what the plan removes.
    errors : Labelled, length n_defenses
        Standard error of each; 0 where they are exact.
    alone, last : Labelled, length n_defenses
        What each removes with no other, and what it adds to all others.
    permutations : int or None
        Random orders that were averaged; None if all orders were.
    """

    solution: Solution
    undefended: float
    defended: float
    shares: Labelled
    errors: Labelled
    alone: Labelled
    last: Labelled
    permutations: int | None

    @property
    def game(self) -> DefenseGame:
        """What was solved."""
        return self.solution.game

    @property
    def levels(self) -> Labelled:
        """The plan: level of each defense."""
        return self.solution.allocation

    @property
    def status(self) -> Status:
        """That of the solution: whether the plan is proven to be optimal."""
        return self.solution.status

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: the notes of the solution."""
        return self.solution.notes

    @property
    def removed(self) -> float:
        """Loss that the plan removes, in loss units."""
        return self.undefended - self.defended

    def to_frame(self) -> pandas.DataFrame:
        """The defenses as a table: level, share, error, alone and last.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas

        table = {
            "level": self.levels.array,
            "share": self.shares.array,
            "error": self.errors.array,
            "alone": self.alone.array,
            "last": self.last.array,
        }
        index = pandas.Index(list(self.game.defense_ids), name="defense")
        return pandas.DataFrame(table, index=index)


def shapley_shares(
    problem: Scenario | DefenseGame | Solution, *, permutations: int | None = None, seed: int = 0
) -> Attribution:
    """Divide the loss that a plan removes among its defenses.

    The division is Shapley's [1]_; where there are too many orders, random ones are
    taken, each forwards and backwards [2]_.

    Parameters
    ----------
    problem : Scenario, DefenseGame or Solution
        Whose optimal plan is looked at.
    permutations : int, optional
        Random orders to average, an even number; all orders by default if 15 defenses or
        fewer are funded, else 2,000.
    seed : int
        Of the random orders.

    Returns
    -------
    Attribution
        Same input and seed, same bytes.

    Raises
    ------
    SpecificationError
        If an option is out of its range, or as for :func:`mfmgame.solve`.
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    References
    ----------
    .. [1] L. S. Shapley, "A value for n-person games", in Contributions to the Theory of Games
       II, Princeton University Press (1953).
    .. [2] R. Mitchell, J. Cooper, E. Frank and G. Holmes, "Sampling permutations for Shapley
       value estimation", J. Mach. Learn. Res. 23 (2022).

    Examples
    --------
    The second defense does what the first does, half as well:

    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5, 0.25]],
    ...                       attacker_bandwidth=1.0, composition="additive")
    >>> found = mg.shapley_shares(game)
    >>> found.removed, dict(found.shares), dict(found.last)
    (6.0, {'d0': 4.0, 'd1': 2.0}, {'d0': 4.0, 'd1': 2.0})
    """
    if permutations is not None and (
        not _is_integer(permutations) or not 4 <= permutations <= _MOST_SAMPLED or permutations % 2
    ):
        raise SpecificationError(
            f"found {shown(permutations)}, expected an even number from 4 to {_MOST_SAMPLED}",
            pointer="permutations",
        )
    if not _is_integer(seed) or not 0 <= seed <= _LARGEST_SEED:
        raise SpecificationError(
            f"found {shown(seed)}, expected an integer from 0 to {_LARGEST_SEED}", pointer="seed"
        )
    solution = problem if isinstance(problem, Solution) else solve(game_of(problem, Solution))
    game, levels = solution.game, solution.allocation.array
    coalitions = Coalitions(game, levels)
    count = len(coalitions.members)
    if permutations is None and count > _MOST_EXACT:
        permutations = _PERMUTATIONS
    if permutations is None:
        shares, errors = _exact(coalitions), np.zeros(count)
    else:
        shares, errors = _sampled(coalitions, permutations, seed)
    singles = np.eye(count, dtype=bool)
    everything = np.ones((1, count), dtype=bool)
    nothing, whole = coalitions.worst_losses(np.concatenate((~everything, everything))).tolist()

    def of_all(members: FloatArray) -> Labelled:
        result = np.zeros(game.n_defenses)
        result[coalitions.members] = members
        return Labelled(game.defense_ids, result)

    return Attribution(
        solution=solution,
        undefended=nothing,
        defended=whole,
        shares=of_all(shares),
        errors=of_all(errors),
        alone=of_all(nothing - coalitions.worst_losses(singles)),
        last=of_all(coalitions.worst_losses(~singles) - whole),
        permutations=permutations,
    )


def _is_integer(option: object) -> bool:
    return isinstance(option, (int, np.integer)) and not isinstance(option, bool)


def _exact(coalitions: Coalitions) -> FloatArray:
    """Shares from the losses of all sets, shape (n_members,)."""
    count = len(coalitions.members)
    sets = np.arange(2**count)
    holds = (sets[:, None] >> np.arange(count)) & 1 == 1  # member j is bit j
    losses = coalitions.worst_losses(holds)
    sizes = holds.sum(axis=1)
    # How likely a set is just what has arrived before a given other member.
    chances = np.array([1.0 / (count * math.comb(count - 1, size)) for size in range(count)])
    shares = np.empty(count)
    for member in range(count):
        without = ~holds[:, member]
        removed = losses[without] - losses[sets[without] | (1 << member)]
        shares[member] = math.fsum((chances[sizes[without]] * removed).tolist())
    return shares


def _sampled(coalitions: Coalitions, permutations: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Shares from random orders and their reverses, and standard errors of them."""
    count, pairs = len(coalitions.members), permutations // 2
    random = np.random.Generator(np.random.Philox(key=np.array([seed, 0], dtype=np.uint64)))
    means = np.empty((pairs, count))
    for pair in range(pairs):
        order = random.permutation(count)
        place = np.empty(count, dtype=np.intp)
        place[order] = np.arange(count)
        arrived = place < np.arange(count + 1)[:, None]  # none, the first, ..., all of them
        backwards = count - 1 - place < np.arange(count + 1)[:, None]
        losses = coalitions.worst_losses(np.concatenate((arrived, backwards)))
        forwards, reverse = -np.diff(losses[: count + 1]), -np.diff(losses[count + 1 :])
        means[pair] = 0.5 * (forwards[place] + reverse[count - 1 - place])
    return means.mean(axis=0), means.std(axis=0, ddof=1) / math.sqrt(pairs)
