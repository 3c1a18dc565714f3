"""Exact derivatives of the value with respect to every number of a game.

At an optimum only the direct effect of a number counts, not the responses of both sides (the
envelope theorem; for minimax programs, Golshtein 1972 and Mills 1956). A derivative is that of
the Lagrangian

    sum_i y_i v_i exposure_i(x; E)  -  lam (sum_i b_i y_i - B)  +  pi . (G x - h)  -  gain . (u - x)

at fixed ``x, y, lam, pi``. It exists where all optima agree on the numbers in the formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.documents.result import Status
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import FloatArray, dense

if TYPE_CHECKING:
    import pandas

__all__ = ["Gradient", "GradientEntries"]

_MOST_EXPONENT = 600.0
_Part = tuple[str, Sequence[str], FloatArray, FloatArray]
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
            one-percent change of the number) and `exists`. Infinite limits have no row. The
            size of a kept share of work is the share, to which its derivative refers.
        """
        import pandas

        table: pandas.DataFrame = pandas.concat(
            [
                pandas.DataFrame(
                    {
                        "number": number,
                        "name": list(names),
                        "size": size.ravel(),
                        "derivative": derivative.ravel(),
                    }
                )
                for number, names, size, derivative in _parts(self)
                if len(names)
            ],
            ignore_index=True,
        )
        table = table.loc[np.isfinite(table["size"])].reset_index(drop=True)
        table["elasticity"] = _elasticity(
            table["size"].to_numpy(), table["derivative"].to_numpy(), self.at
        )
        table["exists"] = table["derivative"].notna()
        return table


class GradientEntries:
    """Rows of :meth:`Gradient.to_frame` as arrays, with names that are made when they are read.

    Parameters
    ----------
    gradient : Gradient

    Attributes
    ----------
    sizes, derivatives, elasticities : ndarray of float, shape (n_entries,)
    """

    def __init__(self, gradient: Gradient) -> None:
        self._parts = _parts(gradient)
        sizes = np.concatenate([size.ravel() for *_, size, _ in self._parts])
        derivatives = np.concatenate([derivative.ravel() for *_, derivative in self._parts])
        self._kept = np.flatnonzero(np.isfinite(sizes))
        self._ends = np.cumsum([len(names) for _, names, *_ in self._parts])
        self.sizes, self.derivatives = sizes[self._kept], derivatives[self._kept]
        self.elasticities = _elasticity(self.sizes, self.derivatives, gradient.at)

    def __len__(self) -> int:
        return len(self.sizes)

    def label(self, entry: int) -> tuple[str, str]:
        """Return the kind of number of an entry, and its name."""
        place = int(self._kept[entry])
        part = int(np.searchsorted(self._ends, place, side="right"))
        number, names, *_ = self._parts[part]
        return number, names[place - int(self._ends[part])]


def _parts(gradient: Gradient) -> list[_Part]:
    game = gradient.game
    effectiveness = dense(game.effectiveness)
    threats, defenses, resources = game.threat_ids, game.defense_ids, game.resources
    parts: list[_Part] = [
        ("severity", threats, game.severity, gradient.severity.array),
        ("bandwidth", threats, game.bandwidth, gradient.bandwidth.array),
        ("effectiveness", _Pairs(threats, defenses), effectiveness, gradient.effectiveness),
        ("max_level", defenses, game.max_level, gradient.max_level.array),
        ("use", _Pairs(resources, defenses), *_in_shares(game, game.use, gradient.use)),
        ("limit", resources, *_in_shares(game, game.limits, gradient.limits.array)),
        _single("attacker_bandwidth", game.attacker_bandwidth, gradient.attacker_bandwidth),
    ]
    if game.termination_loss is not None:
        parts.append(_single("termination_loss", game.termination_loss, gradient.termination_loss))
    return parts


def _in_shares(
    game: DefenseGame, amounts: FloatArray, derivatives: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Convert amounts that stand for kept shares of work to the shares, with their derivatives."""
    sizes, slopes = amounts.copy(), derivatives.copy()
    for row, resource in enumerate(game.resources):
        if game.keeps_share(resource):
            finite = np.where(np.isfinite(amounts[row]), amounts[row], 0.0)
            sizes[row] = np.where(np.isfinite(amounts[row]), np.exp(-finite), amounts[row])
            slopes[row] = -derivatives[row] * np.exp(np.minimum(finite, _MOST_EXPONENT))
    return sizes, slopes


def _elasticity(size: FloatArray, derivative: FloatArray, at: float) -> FloatArray:
    """Compute the percent change for a one-percent change of each number; NaN at a zero."""
    return size * derivative / at if at > 0.0 else np.full(len(size), np.nan)


class _Pairs(Sequence[str]):
    """Names of pairs, joined by a slash; slashes and tildes are escaped as in JSON pointers."""

    def __init__(self, first: Sequence[str], second: Sequence[str]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) * len(self._second)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        places = range(len(self))[at]
        if isinstance(places, range):
            return [self[place] for place in places]
        row, column = divmod(places, len(self._second))
        return f"{_escaped(self._first[row])}/{_escaped(self._second[column])}"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _single(number: str, size: float, derivative: float) -> _Part:
    return number, [""], np.array([size]), np.array([derivative])
