"""Sensitivity of the value and the threshold to one uncertain number at a time.

Each number moves to its ends while the others stay at their nominal values: a tornado diagram
in numbers. The diagram shows the effect of each number alone, at one point; see
:mod:`mfmgame.uncertainty.global_sensitivity` for the effects of all numbers together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mfmgame.answer_displays import Displayed, draw_tornado
from mfmgame.answers.status import first_unproven, statuses_of, unproven_note
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.machine.workers import Workers
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.value_at_point import responses_at
from mfmgame.uncertainty.value_box import box_of, family_of, note_on_support

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["Tornado", "tornado"]


@dataclass(frozen=True, eq=False, repr=False)
class Tornado(Displayed):
    """Value and threshold with each number at its ends, the others at nominal values.

    Attributes
    ----------
    game : DefenseGame
        The game at nominal values.
    names : tuple of str, length n_inputs
        Sorted by effect on the value, greatest first.
    nominal, lower, upper : ndarray of float, shape (n_inputs,)
        Values of each number.
    value, threshold : float
        At nominal values. The threshold is infinite if no attacker reaches it, and NaN if the
        scenario has no termination loss.
    values, thresholds : ndarray of float, shape (n_inputs, 2)
        With each number at its lower and at its upper end.
    statuses : tuple of str, length 2 * n_inputs + 1
        Statuses of all games that were solved.
    coverage : float or None
        Probability of each number's interval; None for whole supports.
    measured : dict of str to float
        Estimate from the counted rates of each measured number, by name; NaN where no attack
        succeeded on its baseline.
    """

    game: DefenseGame
    names: tuple[str, ...]
    nominal: FloatArray
    lower: FloatArray
    upper: FloatArray
    value: float
    threshold: float
    values: FloatArray
    thresholds: FloatArray
    statuses: tuple[Status, ...]
    coverage: float | None
    measured: dict[str, float]

    @property
    def status(self) -> Status:
        """``proven`` if all answers are proven; else the status of an unproven answer."""
        return first_unproven(self.statuses)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the numbers, and the number of games that are not proven."""
        return (
            *self.game.notes,
            *unproven_note(self.statuses, "game"),
            *note_on_support(len(self.measured), self.coverage),
        )

    def plot(self, ax: Axes | None = None, *, of: Literal["value", "threshold"] = "value") -> Axes:
        """Draw a bar for each number, from its lower to its upper end; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; a new figure by default.
        of : {"value", "threshold"}, default "value"
            Measure to draw.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        SpecificationError
            If `of` is neither, the scenario has no threshold, or matplotlib is not
            installed.
        """
        return draw_tornado(self, ax, of)

    def to_frame(self) -> pandas.DataFrame:
        """Return a table with a row for each number: its values, and both measures at both ends.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas

        table = {
            "nominal": self.nominal,
            "lower": self.lower,
            "upper": self.upper,
            "value_at_lower": self.values[:, 0],
            "value_at_upper": self.values[:, 1],
            "threshold_at_lower": self.thresholds[:, 0],
            "threshold_at_upper": self.thresholds[:, 1],
        }
        return pandas.DataFrame(table, index=pandas.Index(list(self.names), name="input"))


def tornado(
    scenario: Scenario,
    *,
    coverage: float | None = None,
    catalog: Catalog | None = None,
    tolerance: float | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tornado:
    """Solve the game with each uncertain number at its ends, the others nominal.

    Parameters
    ----------
    scenario : Scenario
        With ranges or distributions, in the scenario or in its catalog.
    coverage : float, optional
        Probability of the central interval whose ends are used; whole supports by default.
        Required if a support is unbounded.
    catalog, tolerance : optional
        As for :func:`mfmgame.robust_plan`.
    workers : Workers, optional
        Workers that compute; this process by default.
    progress : callable, optional
        Called with the number of finished chunks of games and the number of all chunks.

    Returns
    -------
    Tornado

    Raises
    ------
    SpecificationError
        If no number is uncertain, or a support is unbounded and no `coverage` is given.
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", attacker={"bandwidth": {"range": [1, 2]}},
    ...     threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 2.0}],
    ... )
    >>> found = mg.tornado(scenario)
    >>> found.value, found.names[0], found.values[0].tolist()
    (3.0, 'threats/t/severity', [1.5, 4.5])
    """
    family = family_of(scenario, catalog)
    inputs = family.inputs
    try:
        lower, upper = box_of(family, coverage)
    except SpecificationError as error:
        raise scenario.located(error) from None
    points = np.tile(inputs.nominal, (2 * len(inputs) + 1, 1))
    for column in range(len(inputs)):
        points[2 * column, column], points[2 * column + 1, column] = lower[column], upper[column]
    found = responses_at(family, points, tolerance=tolerance, workers=workers, progress=progress)
    ends = found[:-1].reshape(len(inputs), 2, -1)
    swings = np.ptp(ends[:, :, 0], axis=1)
    order = np.argsort(-swings, kind="stable")
    return Tornado(
        game=family.nominal,
        names=tuple(inputs.names[column] for column in order),
        nominal=inputs.nominal[order],
        lower=lower[order],
        upper=upper[order],
        value=float(found[-1, 0]),
        threshold=float(found[-1, 1]),
        values=ends[order, :, 0],
        thresholds=ends[order, :, 1],
        statuses=statuses_of(found[:, 3]),
        coverage=coverage,
        measured=inputs.measured,
    )
