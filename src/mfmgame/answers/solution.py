"""Solution of a game: allocation, attack, value, and the bracket that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeGuard

import numpy as np

from mfmgame.answer_displays import Displayed, SolutionPlots
from mfmgame.certificates.proof import Proof
from mfmgame.documents.result import Status
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import shown

if TYPE_CHECKING:
    import pandas


__all__ = [
    "REASONS",
    "Solution",
    "is_number",
    "refuse_other_tolerances",
    "scale_of",
]

REASONS: dict[Status, str] = {
    "time_limit": "the time limit was reached",
    "round_limit": "the limit of rounds was reached",
    "interrupted": "the search was interrupted",
    "numerical": "floating point brings the bounds no closer",
}
_NEGLIGIBLE = 1e-6
"""Least scale of a relative gap, as a share of the greatest severity."""


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Displayed):
    """Optimal allocation and the worst attack that remains.

    Attributes
    ----------
    game : DefenseGame
        The solved game.
    value : float
        Loss that the worst attack causes against the allocation, in loss units.
    lower, upper : float
        Proven bracket of the game's value; rounding errors are included.
    allocation : Labelled, length n_defenses
        Level of each defense.
    attack : Labelled, length n_threats
        A worst attack plan: the effort on each threat, in [0, 1]. With the allocation it forms an
        equilibrium, unless some defenses are stepped.
    coverage : Labelled, length n_threats
        Share of each threat that the allocation stops.
    residual : Labelled, length n_threats
        Residual loss of each threat at full effort, in loss units.
    bandwidth_price : float
        Most that one more bit can add to the value, in loss units per bit: its effect with the
        allocation fixed. A slope of the value at this bandwidth.
    limit_prices : Labelled, length n_resources
        Decrease of the value per additional unit of each resource, in loss units per unit, with
        every stepped defense held at its level.
    certificate : Certificate or TreeProof
        Proof of `lower`; a tree where some defenses are stepped.
    rounds : int
        Solves of the master program.
    tolerance : float
        Requested relative gap.
    stopped : str
        Why the search stopped, if the bracket is wider than the tolerance (see `status`).
    """

    game: DefenseGame
    value: float
    lower: float
    upper: float
    allocation: Labelled
    attack: Labelled
    coverage: Labelled
    residual: Labelled
    bandwidth_price: float
    limit_prices: Labelled
    certificate: Proof
    rounds: int
    tolerance: float
    stopped: Status = "numerical"

    @property
    def status(self) -> Status:
        """``proven``, or the reason for a bracket wider than the tolerance.

        The reasons are ``time_limit``, ``round_limit``, ``interrupted``, and ``numerical`` if
        floating point could not bring the bounds closer.
        """
        return "proven" if self.is_proven else self.stopped

    @property
    def is_proven(self) -> bool:
        """Whether the proven bracket is as narrow as the tolerance."""
        return self.gap <= self.tolerance

    @property
    def gap(self) -> float:
        """Width of the proven bracket, relative to the value (see :func:`solve`)."""
        return (self.upper - self.lower) / scale_of(self.game, self.upper)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats: the game's notes, and a bracket that is too wide."""
        if self.is_proven:
            return self.game.notes
        bracket = f"from {self.lower!r} to {self.upper!r}"
        note = f"the value is proven only {bracket}, wider than asked for: {REASONS[self.status]}"
        return (*self.game.notes, note)

    @cached_property
    def resource_use(self) -> Labelled:
        """Units of each resource that the allocation uses."""
        return Labelled(self.game.resources, self.game.use @ self.allocation.array)

    @property
    def plot(self) -> SolutionPlots:
        """Plots: ``solution.plot.attack()`` and others."""
        return SolutionPlots(self)

    def to_frame(self, rows: Literal["defenses", "threats"] = "defenses") -> pandas.DataFrame:
        """Tabulate the solution.

        Parameters
        ----------
        rows : {"defenses", "threats"}
            Levels and resource use by defense, or severity, bandwidth, coverage, residual and
            attack by threat, with the loss where threats share losses and the steps where
            threats are chains.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        SpecificationError
            If `rows` is neither.
        """
        import pandas

        game, table = self.game, dict[str, object]()
        if rows == "defenses":
            index = pandas.Index(list(game.defense_ids), name="defense")
            table = {"level": self.allocation.array, "max_level": game.max_level}
            used = game.use * self.allocation.array
            table |= dict(zip(game.resources, used, strict=True))
        elif rows == "threats":
            index = pandas.Index(list(game.threat_ids), name="threat")
            table = {
                "severity": game.severity,
                "bandwidth": game.bandwidth,
                "coverage": self.coverage.array,
                "residual": self.residual.array,
                "attack": self.attack.array,
            }
            if game.shared_losses is not None:
                table["loss"] = np.array(game.threat_losses, dtype=object)
            if game.chains is not None:
                table["steps"] = pandas.Series(
                    [game.chains.steps_of(i) for i in range(game.n_threats)], index, dtype=object
                )
        else:
            raise SpecificationError(
                f"found {shown(rows)}, expected 'defenses' or 'threats'", pointer="rows"
            )
        return pandas.DataFrame(table, index=index)


def scale_of(game: DefenseGame, value: float) -> float:
    """Return the scale of a gap: the value, or a share of the greatest severity if larger."""
    return max(value, _NEGLIGIBLE * float(game.severity.max(initial=0.0))) or 1.0


def refuse_other_tolerances(tolerance: object, name: str = "tolerance") -> None:
    """Refuse a tolerance, other than None, that is not between 0 and 1."""
    if tolerance is not None and not (is_number(tolerance) and 0.0 < tolerance < 1.0):
        raise SpecificationError(
            f"found {shown(tolerance)}, expected a number between 0 and 1", pointer=name
        )


def is_number(option: object) -> TypeGuard[float]:
    """Tell whether an option is a number other than true and false."""
    return isinstance(option, (int, float, np.number)) and not isinstance(option, bool)
