"""Exact derivatives of the value with respect to every number of a game.

At an optimum only the direct effect of a number counts, not the responses of both sides (the
envelope theorem; for minimax programs, Golshtein 1972 and Mills 1956). A derivative is that of
the Lagrangian

    sum_i y_i v_i exposure_i(x; E)  -  lam (sum_i b_i y_i - B)  +  pi . (G x - h)  -  gain . (u - x)

at fixed ``x, y, lam, pi``. It exists where all optima agree on the numbers in the formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.documents.result import Status
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import FloatArray, dense

if TYPE_CHECKING:
    import pandas

__all__ = ["Gradient"]

_Part = tuple[str, list[str], FloatArray, FloatArray]
"""A kind of number, the names of its entries, their sizes and derivatives."""


@dataclass(frozen=True, eq=False, repr=False)
class Gradient(Displayed):
    """Derivatives with respect to every number of a game; NaN where not known to exist.

    At an end of a number's range (an effectiveness of 0 or 1, a bandwidth of 0, ...) the
    derivative is one-sided, into the range.

    Attributes
    ----------
    game : DefenseGame
        Game whose numbers vary.
    of : {"value", "threshold"}
        Quantity that is differentiated.
    at : float
        Value in loss units, or threshold in bits.
    severity, bandwidth : Labelled, length n_threats
    effectiveness : ndarray of float, shape (n_threats, n_defenses)
        Rows and columns as `game.threat_ids` and `game.defense_ids`; :meth:`to_frame` has
        the names.
    max_level : Labelled, length n_defenses
    use : ndarray of float, shape (n_resources, n_defenses)
        Rows and columns as `game.resources` and `game.defense_ids`.
    limits : Labelled, length n_resources
    attacker_bandwidth, termination_loss : float
    status : str
        Status of the differentiated threshold; derivatives of a value exist only if it is proven.
    notes : tuple of str
        Caveats about the numbers and the threshold.
    """

    game: DefenseGame
    of: str
    at: float
    severity: Labelled
    bandwidth: Labelled
    effectiveness: FloatArray
    max_level: Labelled
    use: FloatArray
    limits: Labelled
    attacker_bandwidth: float
    termination_loss: float
    status: Status
    notes: tuple[str, ...]

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate every number of the game with its derivative and elasticity.

        Returns
        -------
        pandas.DataFrame
            Columns `number`, `name`, `size`, `derivative`, `elasticity` (percent change for a
            one-percent change of the number) and `exists`. Infinite limits have no row.
        """
        import pandas

        game = self.game
        effectiveness = dense(game.effectiveness)
        threats, defenses = list(game.threat_ids), list(game.defense_ids)
        parts: list[_Part] = [
            ("severity", threats, game.severity, self.severity.array),
            ("bandwidth", threats, game.bandwidth, self.bandwidth.array),
            ("effectiveness", _pairs(threats, defenses), effectiveness, self.effectiveness),
            ("max_level", defenses, game.max_level, self.max_level.array),
            ("use", _pairs(game.resources, defenses), game.use, self.use),
            ("limit", list(game.resources), game.limits, self.limits.array),
            _single("attacker_bandwidth", game.attacker_bandwidth, self.attacker_bandwidth),
        ]
        if game.termination_loss is not None:
            parts.append(_single("termination_loss", game.termination_loss, self.termination_loss))
        table: pandas.DataFrame = pandas.concat(
            [
                pandas.DataFrame(
                    {
                        "number": number,
                        "name": names,
                        "size": size.ravel(),
                        "derivative": derivative.ravel(),
                    }
                )
                for number, names, size, derivative in parts
                if names
            ],
            ignore_index=True,
        )
        table = table.loc[np.isfinite(table["size"])].reset_index(drop=True)
        relative = table["size"] * table["derivative"]
        table["elasticity"] = relative / self.at if self.at > 0.0 else np.nan
        table["exists"] = table["derivative"].notna()
        return table


def _pairs(first: list[str] | tuple[str, ...], second: list[str]) -> list[str]:
    """Join names of pairs by a slash, escaping slashes and tildes as in JSON pointers."""
    left, right = (
        [name.replace("~", "~0").replace("/", "~1") for name in names] for names in (first, second)
    )
    return [f"{a}/{b}" for a in left for b in right]


def _single(number: str, size: float, derivative: float) -> _Part:
    return number, [""], np.array([size]), np.array([derivative])
