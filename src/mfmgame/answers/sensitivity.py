"""Sensitivity of an optimum: other optimal levels, and the worth of one unit more or less.

Optimal allocations are seldom unique. A defense that all of them fund is essential, a defense
that none of them funds is useless, and the others are optional. The value has a kink where the
best use of a unit changes, so that one more unit is worth less than the last unit: its left and
right derivatives are the slopes of the frontier pieces that meet there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mfmgame.answer_displays import Displayed
from mfmgame.answers.solution import Solution
from mfmgame.documents.result import Role
from mfmgame.game.compositions import composition_class
from mfmgame.game.feasibility import affordable_levels
from mfmgame.game.labels import Labelled

if TYPE_CHECKING:
    import pandas

__all__ = ["NO_LEVEL", "OneSidedPrice", "Role", "Sensitivity", "role_of"]

NO_LEVEL = 1e-7
"""Share of its greatest level below which a defense counts as not funded."""
_NO_SMOOTH_LEVEL = 1e-2
"""Share for curved coverage, where allocations of almost equal value differ by as much."""


class OneSidedPrice(NamedTuple):
    """Worth of one unit, in loss units per unit.

    Attributes
    ----------
    left : float or None
        Worth of the last unit; None if there is none.
    right : float
        Worth of one more unit.
    """

    left: float | None
    right: float


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Displayed):
    """Ranges of optimal levels, and the worth of one unit more or less.

    Attributes
    ----------
    solution : Solution
        The optimum examined.
    least, greatest : Labelled, length n_defenses
        Extreme levels of each defense over all optimal allocations, to about 1e-9 of the value;
        for `independent`, over all allocations within the tolerance of it.
    bandwidth_price : OneSidedPrice
        Derivatives of the value with respect to the attacker's bandwidth, in loss units per bit.
    limit_prices : dict of str to OneSidedPrice
        Decrease of the value per unit of each resource's limit.
    """

    solution: Solution
    least: Labelled
    greatest: Labelled
    bandwidth_price: OneSidedPrice
    limit_prices: dict[str, OneSidedPrice]

    @property
    def roles(self) -> dict[str, Role]:
        """Whether all, some or no optimal allocations fund each defense."""
        game = self.solution.game
        levels = zip(
            self.solution.allocation.items(),
            self.least.values(),
            self.greatest.values(),
            affordable_levels(game).tolist(),
            strict=True,
        )
        return {
            defense: role_of(level, low, high, most, game.composition)
            for (defense, level), low, high, most in levels
        }

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate each defense's level, least and greatest optimal level, and role.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas

        game = self.solution.game
        table = {
            "level": self.solution.allocation.array,
            "least": self.least.array,
            "greatest": self.greatest.array,
            "role": list(self.roles.values()),
        }
        return pandas.DataFrame(table, index=pandas.Index(list(game.defense_ids), name="defense"))


def role_of(level: float, least: float, greatest: float, most: float, composition: str) -> Role:
    """Classify a defense by its plan level and its range of optimal levels.

    Parameters
    ----------
    level, least, greatest : float
        Level in the plan, and range over all optimal allocations.
    most : float
        Greatest level that the limits allow.
    composition : str

    Returns
    -------
    {"essential", "optional", "useless"}
        A defense that the plan funds is never useless, however little it runs.
    """
    is_polyhedral = composition_class(composition).is_polyhedral
    nothing = most * (NO_LEVEL if is_polyhedral else _NO_SMOOTH_LEVEL)
    if least > nothing:
        return "essential"
    return "optional" if level > 0.0 or greatest > nothing else "useless"
