"""A problem solved under every composition: how much the answer depends on that assumption."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

from mfmgame.answer_displays import Displayed
from mfmgame.answers.status import doubts, first_unproven
from mfmgame.attribution.what_if import Outcome, outcome_of
from mfmgame.documents.composition_names import COMPOSITIONS
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.game.scenario_game import game_of
from mfmgame.numerics.arrays import dense

__all__ = ["CompositionComparison", "compare_compositions"]


@dataclass(frozen=True, eq=False, repr=False)
class CompositionComparison(Displayed):
    """Answers to one problem under every composition.

    Attributes
    ----------
    outcomes : dict of str to Outcome
        Solution and threshold by composition.
    refused : dict of str to str
        Compositions that cannot interpret the problem's numbers, with the reason.
    """

    outcomes: Mapping[str, Outcome]
    refused: Mapping[str, str]

    @property
    def game(self) -> DefenseGame:
        """Game under the first composition."""
        return next(iter(self.outcomes.values())).solution.game

    @property
    def status(self) -> Status:
        """``proven`` if all answers are proven; else the status of an unproven answer."""
        return first_unproven(outcome.status for outcome in self.outcomes.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the game, and doubts about each answer."""
        found = [
            line
            for name, outcome in self.outcomes.items()
            for line in doubts(name, outcome, outcome.solution.game)
        ]
        return (*self.game.notes, *found)


def compare_compositions(
    problem: Scenario | DefenseGame,
    *,
    tolerance: float | None = None,
    mip_gap: float | None = None,
    time_limit: float | None = None,
) -> CompositionComparison:
    """Solve a problem under every composition.

    Parameters
    ----------
    problem : Scenario or DefenseGame
        Its own composition is only one of them.
    tolerance, mip_gap, time_limit : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    CompositionComparison

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.DefenseGame(severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5, 0.5]],
    ...                       attacker_bandwidth=1.0)
    >>> found = mg.compare_compositions(game)
    >>> {name: round(outcome.solution.value, 6) for name, outcome in found.outcomes.items()}
    {'best_of': 4.0, 'additive': 0.0, 'independent': 2.0}
    """
    if isinstance(problem, Scenario):  # its own composition may refuse its numbers
        problem = problem.model_copy(update={"composition": next(iter(COMPOSITIONS))})
    game, options = game_of(problem), (tolerance, mip_gap, time_limit)
    outcomes, refused = dict[str, Outcome](), dict[str, str]()
    for name in COMPOSITIONS:
        composed = _composed(game, name)
        try:
            compose(composed)
        except SpecificationError as error:
            refused[name] = error.message
        else:
            outcomes[name] = outcome_of(composed, *options)
    return CompositionComparison(outcomes, refused)


def _composed(game: DefenseGame, composition: str) -> DefenseGame:
    """Return a game with another composition, sharing its arrays."""
    other = copy(game)
    other.composition = composition
    if game.chains is not None:
        other.effectiveness = game.chains.completed(dense(game.effectiveness), composition)
    return other
