"""Defense Coverage Index: how much of the threats' weight each defense stops.

With weights ``w``, ``DCI_j = sum_i w[i] E[i,j] / sum_i w[i]``, overall and within each threat
class. An index whose weights sum to 0 is undefined: NaN here, null in JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.answer_displays import Displayed, draw_index
from mfmgame.documents.result import Status
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = [
    "CoverageIndex",
    "adversarial_index",
    "index_of",
    "portfolio_index",
]


@dataclass(frozen=True, eq=False, repr=False)
class CoverageIndex(Displayed):
    """Defense Coverage Index of each defense and of an allocation, all in [0, 1].

    Attributes
    ----------
    game : DefenseGame
        The game whose threats and defenses are measured.
    defenses : Labelled, length n_defenses
        Share of the weight that each defense stops at level 1.
    classes : tuple of str, length n_classes
        Threat classes with any weight, in order of first appearance.
    by_class : ndarray of float, shape (n_defenses, n_classes)
        The index within each class.
    consistency : Labelled, length n_defenses
        1 for equal coverage of all classes, 1 / n_classes for coverage of a single class; NaN for
        a defense that covers nothing.
    portfolio : float
        Share of the weight that the allocation stops.
    worst_class : float
        Least share of a class's weight that the allocation stops.
    adversarial : float
        Share of the worst attack's loss that the allocation removes, at the game's
        attacker bandwidth.
    status : str
        Status of the solution whose allocation is measured; ``proven`` for a given allocation.
    notes : tuple of str
        Caveats about the numbers and the solution.
    """

    game: DefenseGame
    defenses: Labelled
    classes: tuple[str, ...]
    by_class: FloatArray
    consistency: Labelled
    portfolio: float
    worst_class: float
    adversarial: float
    status: Status = "proven"
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate the index by defense and class.

        Returns
        -------
        pandas.DataFrame
            A row per defense: `index`, `consistency`, then a column per class.
        """
        import pandas

        table = {"index": self.defenses.array, "consistency": self.consistency.array}
        table |= dict(zip(self.classes, self.by_class.T, strict=True))
        return pandas.DataFrame(table, index=pandas.Index(list(self.defenses), name="defense"))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the index by defense and class; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; on a new figure by default.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        return draw_index(self, ax)


def index_of(
    game: DefenseGame,
    levels: FloatArray,
    weight: FloatArray,
    status: Status = "proven",
    notes: tuple[str, ...] = (),
) -> CoverageIndex:
    """Compute the Defense Coverage Index of an allocation.

    Parameters
    ----------
    game : DefenseGame
    levels : ndarray of float, shape (n_defenses,)
        The allocation.
    weight : ndarray of float, shape (n_threats,)
        Weight of each threat, at least 0.
    status : str
        Status of the allocation's proof.
    notes : tuple of str
        Caveats about the allocation.

    Returns
    -------
    CoverageIndex
    """
    composition = compose(game)
    alone = composition.alone
    names = tuple(
        name
        for name in dict.fromkeys(game.threat_classes)
        if weight[_members(game, name)].sum() > 0
    )
    members = [_members(game, name) for name in names]
    by_class = np.zeros((game.n_defenses, len(names)))
    for column, rows in enumerate(members):
        by_class[:, column] = _share(alone[rows].T @ _normalised(weight[rows]))
    squares = (by_class**2).sum(axis=1) * len(names)
    consistency = np.full(game.n_defenses, np.nan)
    np.divide(by_class.sum(axis=1) ** 2, squares, out=consistency, where=squares > 0)
    consistency = _share(consistency)

    coverage = composition.coverage(levels)
    shares = [float(_share(coverage[rows] @ _normalised(weight[rows]))) for rows in members]
    residual = game.severity * composition.exposure(levels)
    has_weight = len(names) > 0
    undefined = np.full(game.n_defenses, np.nan)
    share = _normalised(weight) if has_weight else weight
    return CoverageIndex(
        game=game,
        defenses=Labelled(
            game.defense_ids,
            _share(alone.T @ share) if has_weight else undefined,
        ),
        classes=names,
        by_class=by_class,
        consistency=Labelled(game.defense_ids, consistency),
        portfolio=portfolio_index(coverage, weight),
        worst_class=min(shares, default=np.nan),
        adversarial=adversarial_index(game, residual),
        status=status,
        notes=notes,
    )


def portfolio_index(coverage: FloatArray, weight: FloatArray) -> float:
    """Compute the share of the weight that is covered; NaN if the weight is 0.

    Parameters
    ----------
    coverage, weight : ndarray of float, shape (n_threats,)
    """
    return float(_share(coverage @ _normalised(weight))) if weight.sum() > 0 else np.nan


def adversarial_index(game: DefenseGame, residual: FloatArray) -> float:
    """Compute the share of the worst attack's loss that is removed; NaN if there is no loss.

    Parameters
    ----------
    game : DefenseGame
    residual : ndarray of float, shape (n_threats,)
        Residual loss of each threat at full effort.
    """
    undefended = best_response(game.severity, game.ways, game.attacker_bandwidth).loss
    if undefended <= 0:
        return np.nan
    defended = best_response(residual, game.ways, game.attacker_bandwidth).loss
    return float(_share(1.0 - defended / undefended))


def _members(game: DefenseGame, name: str) -> NDArray[np.bool_]:
    return np.array([threat_class == name for threat_class in game.threat_classes], dtype=bool)


def _normalised(weight: FloatArray) -> FloatArray:
    return np.asarray(weight / weight.sum())


def _share(values: ArrayLike) -> FloatArray:
    """Clip shares to [0, 1], which rounding may exceed slightly."""
    return np.clip(values, 0.0, 1.0)
