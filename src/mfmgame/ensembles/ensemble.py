"""Summary of an ensemble: shares, quantiles and curves of the answers to many draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answer_displays import Displayed, draw_exceedance
from mfmgame.answers.sensitivity import NO_LEVEL
from mfmgame.answers.status import first_unproven, statuses_of, unproven_note
from mfmgame.documents.result import Status
from mfmgame.ensembles import estimates
from mfmgame.ensembles.estimates import CONFIDENCE, Estimate
from mfmgame.ensembles.plan_regrets import PlanRegret, least_mean_regret
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.messages import nearest, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.uncertain_inputs import UncertainInputs

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

__all__ = ["Ensemble", "Funding"]


@dataclass(frozen=True)
class Funding:
    """How often, and at what level, the optima fund a defense.

    Attributes
    ----------
    funded : Estimate
        Probability that the level is above 0.
    mean_level : float
        Mean over all draws with an answer; NaN if there is none.
    nominal_level : float
        Level in the plan at nominal values.
    """

    funded: Estimate
    mean_level: float
    nominal_level: float


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(Displayed):
    """Answers to the games of many draws.

    Attributes
    ----------
    game : DefenseGame
        Game at nominal values.
    seed : int
    inputs : UncertainInputs
        The uncertain numbers that were drawn.
    columns : tuple of str, length n_columns
        ``value``; its proven bracket ``lower`` and ``upper``; ``threshold`` (infinite if
        unreachable) and ``undefended``, the threshold with no defense; ``terminate`` (1 or 0;
        NaN where the bracket holds the termination loss); ``status`` (0 for ``proven``, then
        1 ``time_limit``, 2 ``round_limit``, 3 ``interrupted``, 4 ``numerical``); the indices
        ``adversarial`` and ``portfolio``; ``nominal_loss``, the worst loss against the plan
        at nominal values, scaled back to the drawn limits; ``regret``, the excess of this
        loss over the value; then ``level/DEFENSE``; for each plan that the scenario names, in
        alphabetical order, ``plan/NAME``, the worst loss against the plan, ``regret/NAME``, the
        excess of this loss over the value, and ``allowed/NAME``, 1 if the plan keeps within every
        limit and rule of the draw, else 0; then own measures. A named plan is kept as it is in
        draws that do not allow it, so that its loss may be below the value; its regret is then 0.
        Only levels that a defense cannot take in a draw are lowered to its greatest level.
    rows : ndarray of float, shape (n_draws, n_columns)
        NaN throughout where a draw leaves no allocation within the limits.
    nominal : ndarray of float, shape (n_columns,)
        The same columns at nominal values.
    """

    game: DefenseGame
    seed: int
    inputs: UncertainInputs
    columns: tuple[str, ...]
    rows: FloatArray
    nominal: FloatArray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> FloatArray:
        """Return the numbers of one column, shape (n_draws,)."""
        return self.rows[:, self._column(name)]

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.game.name

    @property
    def composition(self) -> str:
        """Name of the composition."""
        return self.game.composition

    @property
    def defense_ids(self) -> tuple[str, ...]:
        """Identifiers of the defenses."""
        return tuple(self.game.defense_ids)

    @property
    def plan_names(self) -> tuple[str, ...]:
        """Names of the scenario's plans, in alphabetical order."""
        return tuple(sorted(self.game.plans))

    def at_nominal(self, name: str) -> float:
        """Return the number of one column at nominal values.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        float
        """
        return float(self.nominal[self._column(name)])

    @cached_property
    def n_infeasible(self) -> int:
        """Number of draws that leave no allocation within the limits."""
        return int(np.count_nonzero(np.isnan(self["value"])))

    @property
    def n_answered(self) -> int:
        """Number of draws with an answer; all shares and quantiles are over these draws."""
        return len(self) - self.n_infeasible

    @property
    def has_threshold(self) -> bool:
        """Whether the scenario has a termination loss."""
        return not np.isnan(self.at_nominal("threshold"))

    @property
    def n_undecided(self) -> int:
        """Number of draws whose decision is open: their brackets hold the termination loss."""
        return len(self.known("threshold")) - len(self.known("terminate"))

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Status of the answer to each draw with an answer."""
        return statuses_of(self["status"])

    @property
    def status(self) -> Status:
        """``proven`` if all answers are proven, also at nominal values; else an unproven status."""
        return first_unproven((*self._nominal_status, *self.statuses))

    @property
    def _nominal_status(self) -> tuple[Status, ...]:
        return statuses_of(self.nominal[[self._column("status")]])

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the numbers, and how many draws are not proven."""
        nominal = unproven_note(self._nominal_status, "answer at nominal values")
        return (*self.game.notes, *nominal, *unproven_note(self.statuses, "draw"))

    def known(self, name: str) -> FloatArray:
        """Return the numbers of one column without NaN.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        ndarray of float, shape (n_known,)
        """
        column = self[name]
        return column[~np.isnan(column)]

    def probability_of_termination(self, confidence: float = CONFIDENCE) -> Estimate:
        """Estimate the probability that the decision is to terminate, with an exact interval.

        Undecided draws (see :attr:`n_undecided`) count as not terminating in the estimate and in
        the lower end of the interval, and as terminating in the upper end.

        Parameters
        ----------
        confidence : float

        Returns
        -------
        Estimate
            NaN for a scenario without a termination loss.
        """
        total, surely = len(self.known("threshold")), int(self.known("terminate").sum())
        least = estimates.share(surely, total, confidence)
        most = estimates.share(surely + self.n_undecided, total, confidence)
        return least._replace(upper=most.upper)

    def probability_of_no_reach(self, confidence: float = CONFIDENCE) -> Estimate:
        """Estimate the probability that no attacker in the game can reach the threshold.

        Parameters
        ----------
        confidence : float

        Returns
        -------
        Estimate
            NaN for a scenario without a termination loss.
        """
        thresholds = self.known("threshold")
        return estimates.share(int(np.isinf(thresholds).sum()), len(thresholds), confidence)

    def quantile(self, name: str, probability: float, confidence: float = CONFIDENCE) -> Estimate:
        """Estimate a quantile of a column, with a distribution-free interval.

        Parameters
        ----------
        name : str
        probability : float
            Above 0 and below 1.
        confidence : float

        Returns
        -------
        Estimate

        Raises
        ------
        SpecificationError
            If there is no such column, or the probability is out of its range.
        """
        return estimates.quantile(self.known(name), probability, confidence)

    def mean(self, name: str) -> float:
        """Compute the mean of a column; NaN if it has no numbers.

        Parameters
        ----------
        name : str
            Name of the column.

        Returns
        -------
        float
        """
        column = self.known(name)
        return float(column.mean()) if len(column) else float("nan")

    def exceedance(self, name: str = "value") -> tuple[FloatArray, FloatArray]:
        """Compute the loss-exceedance curve: the share of draws above each number of a column.

        Parameters
        ----------
        name : str

        Returns
        -------
        numbers : ndarray of float, shape (m,)
            Distinct numbers of the column, in increasing order.
        shares : ndarray of float, shape (m,)
            Share of draws above each number.
        """
        return estimates.exceedance(self.known(name))

    @cached_property
    def funding(self) -> Mapping[str, Funding]:
        """Compute how often, and at what level, the optima fund each defense."""
        found: dict[str, Funding] = {}
        for defense, most in zip(self.defense_ids, self.game.max_level.tolist(), strict=True):
            levels = self.known(f"level/{defense}")
            count = int(np.count_nonzero(levels > NO_LEVEL * most))
            found[defense] = Funding(
                funded=estimates.share(count, len(levels)),
                mean_level=float(levels.mean()) if len(levels) else float("nan"),
                nominal_level=self.at_nominal(f"level/{defense}"),
            )
        return found

    @cached_property
    def nominal_regret(self) -> PlanRegret:
        """Regret of the plan at nominal values, scaled back to the limits of each draw."""
        return PlanRegret.of(*(self._answered(name) for name in ("regret", "value", "upper")))

    @cached_property
    def plan_regrets(self) -> Mapping[str, PlanRegret]:
        """Regret of each named plan, in alphabetical order."""
        return {
            plan: PlanRegret.of(
                self._answered(f"regret/{plan}"),
                self._answered("value"),
                self._answered("upper"),
                self._answered(f"allowed/{plan}"),
            )
            for plan in self.plan_names
        }

    def least_mean_regret(
        self, confidence: float = CONFIDENCE
    ) -> tuple[str | None, tuple[str | None, ...]]:
        """Find the plan with the least mean regret, and the plans that cannot be told from it.

        Two plans are compared draw by draw: they cannot be told apart if the approximate interval
        of their mean difference in regret includes 0.

        Parameters
        ----------
        confidence : float
            Confidence of the intervals.

        Returns
        -------
        least : str or None
            Name of the plan; None for the plan at nominal values.
        tied : tuple of (str or None)
            The plans that the draws do not tell apart from it.
        """
        regrets: dict[str | None, FloatArray] = {None: self._answered("regret")}
        regrets |= {plan: self._answered(f"regret/{plan}") for plan in self.plan_names}
        return least_mean_regret(regrets, confidence)

    def plot(self, ax: Axes | None = None, *, column: str = "value") -> Axes:
        """Draw the exceedance curve of a column, by default of the loss; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; a new figure by default.
        column : str, default "value"
            Name of the column, one of `columns`.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        SpecificationError
            If there is no such column, the column has no finite number, or matplotlib is not
            installed.
        """
        return draw_exceedance(self, ax, column)

    def to_frame(self, inputs: bool = False) -> pandas.DataFrame:
        """Return the draws as a table.

        Parameters
        ----------
        inputs : bool, default False
            Whether to add the drawn inputs, in columns ``input/NAME``.

        Returns
        -------
        pandas.DataFrame
            A row per draw.
        """
        import pandas

        index = pandas.RangeIndex(len(self), name="draw")
        answers = pandas.DataFrame(self.rows, index=index, columns=list(self.columns))
        if not inputs:
            return answers
        drawn = pandas.DataFrame(
            self.inputs.draws(self.seed, 0, len(self)),
            index=index,
            columns=[f"input/{name}" for name in self.inputs.names],
        )
        return pandas.concat([drawn, answers], axis=1)

    def _answered(self, name: str) -> FloatArray:
        """Return the numbers of one column in the draws with an answer, shape (n_answered,)."""
        return self[name][~np.isnan(self["value"])]

    def _column(self, name: str) -> int:
        if name not in self.columns:
            raise SpecificationError(
                f"no column is named {shown(name)}, expected "
                f"{nearest(name, self.columns, 'column')}",
                pointer="name",
            )
        return self.columns.index(name)
