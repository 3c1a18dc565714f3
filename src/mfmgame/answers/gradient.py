"""What each number of a game changes: the exact derivatives of its value.

At an optimum only what a number does directly counts, not what it makes both sides change
(the envelope theorem; for minimax programs, Golshtein 1972 and Mills 1956): a derivative is
that of the Lagrangian

    sum_i y_i v_i exposure_i(x; E)  -  lam (sum_i b_i y_i - B)  +  pi . (G x - h)  -  gain . (u - x)

at fixed ``x, y, lam, pi``. It exists where all optima agree on the numbers in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.documents.result import Status
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import FloatArray, dense

if TYPE_CHECKING:
    import pandas

__all__ = ["Gradient"]

_Part = tuple[str, list[str], FloatArray, FloatArray]
"""What a number is called, the names of its entries, their sizes and derivatives."""


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives of one number in every number of a game; NaN where none is known to exist.

    At an end of a number's range (an effectiveness of 0 or 1, a bandwidth of 0, ...) it is
    the one-sided derivative into the range.

    Attributes
    ----------
    game : DefenseGame
        Whose numbers are meant.
    of : {"value", "threshold"}
        What is differentiated.
    at : float
        Its value, in loss units, or in bits.
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
        Of the threshold whose derivatives they are; those of a value exist only where it is
        proven.
    notes : tuple of str
        What a reader must know of the numbers, and of the threshold.
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
        """Every number of the game in a row: what it is, its derivative and its elasticity.

        Returns
        -------
        pandas.DataFrame
            Columns `number`, `name`, `size`, `derivative`, `elasticity` (by how many per
            cent one per cent of the number changes it) and `exists`. Limits that are not
            there have no row.
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
    """Names of pairs, a slash between them; slashes and tildes as in JSON pointers."""
    left, right = (
        [name.replace("~", "~0").replace("/", "~1") for name in names] for names in (first, second)
    )
    return [f"{a}/{b}" for a in left for b in right]


def _single(number: str, size: float, derivative: float) -> _Part:
    return number, [""], np.array([size]), np.array([derivative])
