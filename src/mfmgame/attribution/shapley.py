"""Shapley values: the share of each defense in the loss that a plan removes.

A set of the plan's defenses, at their levels, removes the worst loss with no defense minus
the worst loss with the set; the attacker answers each set anew. Defenses that guard the same
threats remove less together than the sum of each alone; others remove more. Shapley's share
is the mean, over all orders in which the defenses may arrive, of the loss that each defense
removes beyond the defenses before it [1]_. No other division leaves nothing over, gives equal
defenses equal shares and useless defenses nothing, and adds up over sums of losses. For many
defenses the mean is over random orders, each taken forwards and backwards [2]_.

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

from mfmgame.answer_displays import Displayed
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
"""Members up to which shares are exact; more members have over 32,768 sets, so sample."""
_MOST_SAMPLED = 10_000_000
"""Greatest number of permutations: more would not fit in memory."""
_PERMUTATIONS = 2000
_LARGEST_SEED = 2**64 - 1


@dataclass(frozen=True, eq=False, repr=False)
class Attribution(Displayed):
    """Division among the defenses of the loss that a plan removes.

    Attributes
    ----------
    solution : Solution
        Solution whose allocation is the plan.
    undefended, defended : float
        Loss of the worst attack without and with the plan, in loss units.
    shares : Labelled, length n_defenses
        Shapley share of each defense, in loss units; the sum is the loss that the plan removes.
    errors : Labelled, length n_defenses
        Standard error of each share; 0 if the shares are exact.
    alone, last : Labelled, length n_defenses
        Loss that each defense removes alone, and beyond all the others.
    permutations : int or None
        Number of random orders averaged; None if all orders were.
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
        """The game that was solved."""
        return self.solution.game

    @property
    def levels(self) -> Labelled:
        """The plan: level of each defense."""
        return self.solution.allocation

    @property
    def status(self) -> Status:
        """Status of the solution: whether the plan is proven optimal."""
        return self.solution.status

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the solution."""
        return self.solution.notes

    @property
    def removed(self) -> float:
        """Loss that the plan removes, in loss units."""
        return self.undefended - self.defended

    def to_frame(self) -> pandas.DataFrame:
        """Return the defenses as a table: level, share, error, alone and last.

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

    The division is Shapley's [1]_; if there are too many orders, random orders are sampled,
    each forwards and backwards [2]_.

    Parameters
    ----------
    problem : Scenario, DefenseGame or Solution
        Problem whose optimal plan is divided.
    permutations : int, optional
        Number of random orders to average, even; by default all orders if 15 defenses or
        fewer are funded, else 2,000.
    seed : int
        Seed of the random orders.

    Returns
    -------
    Attribution
        The same for the same input and seed, byte for byte.

    Raises
    ------
    SpecificationError
        If an option is out of its range; otherwise as for :func:`mfmgame.solve`.
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
    The second defense covers the same threat as the first, half as well:

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
    """Compute shares from the losses of all sets, shape (n_members,)."""
    count = len(coalitions.members)
    sets = np.arange(2**count)
    holds = (sets[:, None] >> np.arange(count)) & 1 == 1  # member j is bit j
    losses = coalitions.worst_losses(holds)
    sizes = holds.sum(axis=1)
    # Probability that a set is exactly the arrivals before a given other member.
    chances = np.array([1.0 / (count * math.comb(count - 1, size)) for size in range(count)])
    shares = np.empty(count)
    for member in range(count):
        without = ~holds[:, member]
        removed = losses[without] - losses[sets[without] | (1 << member)]
        shares[member] = math.fsum((chances[sizes[without]] * removed).tolist())
    return shares


def _sampled(coalitions: Coalitions, permutations: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Estimate shares from random orders and their reverses, with standard errors."""
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
