"""The plan with the least worst case over all values of the uncertain numbers.

    min over x   max over values in the box   max over attacks   loss

Where each number hurts at one end only, the worst values do not depend on the allocation (see
:mod:`mfmgame.uncertainty.worst_corner`). Then the robust plan is the optimal plan of one game,
and the value of that game is the exact minimum. This is the absolute robustness of Kouvelis
and Yu [1]_ on interval data; for such programs one worst scenario is enough [2]_.

References
----------
.. [1] P. Kouvelis and G. Yu, Robust Discrete Optimization and Its Applications, Kluwer (1997).
.. [2] A. L. Soyster, "Convex programming with set-inclusive constraints and applications to
   inexact linear programming", Operations Research 21 (1973).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.answers.solution import Solution
from mfmgame.answers.status import doubts, first_unproven
from mfmgame.answers.threshold import Threshold
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.solver import Solver
from mfmgame.sweeps.threshold_search import threshold_beyond
from mfmgame.uncertainty.evaluation import loss_of
from mfmgame.uncertainty.value_box import box_of, family_of, note_on_support
from mfmgame.uncertainty.worst_corner import worst_corners

if TYPE_CHECKING:
    import pandas

__all__ = ["RobustPlan", "robust_plan"]


@dataclass(frozen=True, eq=False, repr=False)
class RobustPlan(Displayed):
    """The allocation with the least worst case, and the optimal plan at nominal values.

    Attributes
    ----------
    names : tuple of str, length n_inputs
        Names of the uncertain numbers.
    nominal_values, lower, upper, worst_values : ndarray of float, shape (n_inputs,)
        Nominal values, the ends considered, and the worst end of each number.
    mixed : tuple of str
        Numbers that hurt some entries of the game at one end and others at the other. If
        there are none, and the worst game is proven, the answer is exact; otherwise
        `guaranteed` is an upper bound.
    coverage : float or None
        Probability of each number's interval; None for whole supports.
    measured : dict of str to float
        Estimate from the counted rates of each measured number, by name; NaN where no attack
        succeeded on its baseline.
    solution : Solution
        Solution of the worst game; its allocation is the robust plan.
    threshold : Threshold or None
        Threshold of the worst game; None without a termination loss.
    nominal : Solution
        Solution of the game at nominal values; its allocation is the nominal plan.
    nominal_threshold : Threshold or None
    reached : float
        Loss that some values in the box make unavoidable for every allocation: a proven
        lower bound on the least worst case.
    nominal_worst : float
        Worst case of the nominal plan, scaled back to the worst limits, in loss units.
    robust_nominal : float
        Loss of the robust plan at nominal values, in loss units.
    """

    names: tuple[str, ...]
    nominal_values: FloatArray
    lower: FloatArray
    upper: FloatArray
    worst_values: FloatArray
    mixed: tuple[str, ...]
    coverage: float | None
    measured: dict[str, float]
    solution: Solution
    threshold: Threshold | None
    nominal: Solution
    nominal_threshold: Threshold | None
    reached: float
    nominal_worst: float
    robust_nominal: float

    @property
    def is_exact(self) -> bool:
        """Whether one choice of values is worst for all allocations, and its game is proven."""
        return not self.mixed and self.solution.is_proven

    @property
    def allocation(self) -> Labelled:
        """Level of each defense in the robust plan."""
        return self.solution.allocation

    @property
    def guaranteed(self) -> float:
        """Upper bound on the robust plan's loss over all values in the box, in loss units."""
        return self.solution.upper

    @property
    def saved(self) -> float:
        """Worst case of the nominal plan minus that of the robust plan, in loss units."""
        return self.nominal_worst - self.solution.value

    @property
    def price(self) -> float:
        """Extra loss of the robust plan if all numbers are nominal, in loss units."""
        return self.robust_nominal - self.nominal.value

    @property
    def status(self) -> Status:
        """``proven`` if both games are proven; else the status of an unproven game."""
        worst, nominal = self.threshold or self.solution, self.nominal_threshold or self.nominal
        return first_unproven((worst.status, nominal.status))

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the answer."""
        game, worst = self.solution.game, self.threshold or self.solution
        nominal = self.nominal_threshold or self.nominal
        notes = [*game.notes, *doubts("worst case", worst, game)]
        notes += doubts("at nominal values", nominal, self.nominal.game)
        if self.mixed:
            listed = ", ".join(shown(name) for name in self.mixed[:5])
            more = f" and {len(self.mixed) - 5} more" if len(self.mixed) > 5 else ""
            notes.append(
                "the worst case is a proven upper bound, not exact, because of numbers that hurt "
                f"some entries of the game at one end and others at the other: {listed}{more}"
            )
        notes += note_on_support(len(self.measured), self.coverage)
        if self.coverage is not None:
            notes.append(
                f"each uncertain number is within its central {self.coverage:.10g} interval, "
                "not its whole support"
            )
        return tuple(notes)

    def to_frame(self) -> pandas.DataFrame:
        """Return the defenses as a table: robust, nominal and greatest level.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas

        table = {
            "robust": self.allocation.array,
            "nominal": self.nominal.allocation.array,
            "max_level": self.nominal.game.max_level,
        }
        index = pandas.Index(list(self.allocation), name="defense")
        return pandas.DataFrame(table, index=index)


def robust_plan(
    scenario: Scenario,
    *,
    coverage: float | None = None,
    catalog: Catalog | None = None,
    tolerance: float | None = None,
) -> RobustPlan:
    """Find the allocation that minimizes the worst case over the uncertain numbers.

    This is the absolute robustness of [1]_.

    Parameters
    ----------
    scenario : Scenario
        With ranges or distributions, in the scenario or in its catalog.
    coverage : float, optional
        Probability of the central interval to which each number is confined, extended to the
        nominal value; whole supports by default. Required if a support is unbounded.
    catalog : Catalog, optional
        Catalog to build on, in place of the catalog that the scenario names.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.

    Returns
    -------
    RobustPlan

    Raises
    ------
    SpecificationError
        If no number is uncertain, a support is unbounded and no `coverage` is given, or a
        number decides which threats there are.
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    References
    ----------
    .. [1] P. Kouvelis and G. Yu, Robust Discrete Optimization and Its Applications, Kluwer (1997).

    Examples
    --------
    Only a range is known of the second threat, so the robust plan guards against it:

    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", composition="additive", attacker={"bandwidth": 1.0},
    ...     threats=[{"id": "t1", "severity": 6.0, "bandwidth": 1.0},
    ...              {"id": "t2", "severity": {"range": [0, 12]}, "bandwidth": 1.0}],
    ...     defenses=[{"id": "d1", "use": {"budget": 1}}, {"id": "d2", "use": {"budget": 1}}],
    ...     effectiveness=[{"threat": "t1", "defense": "d1", "value": 0.5},
    ...                    {"threat": "t2", "defense": "d2", "value": 0.5}],
    ...     defender={"limits": {"budget": 1.0}},
    ... )
    >>> plan = mg.robust_plan(scenario)
    >>> {defense: round(level, 9) for defense, level in plan.allocation.items()}
    {'d1': 0.0, 'd2': 1.0}
    >>> round(plan.guaranteed, 9), round(plan.nominal_worst, 9), round(plan.price, 9)
    (6.0, 9.0, 1.5)
    """
    family = family_of(scenario, catalog)
    try:
        lower, upper = box_of(family, coverage)
        corners = worst_corners(family, lower, upper)
    except SpecificationError as error:
        raise scenario.located(error) from None
    solution, threshold = _answer(corners.hull, tolerance)
    nominal, nominal_threshold = _answer(family.nominal, tolerance)
    reached = solution.lower
    if corners.mixed.any():
        reached = max(Solver(game, tolerance=tolerance).solve().lower for game in corners.games)
    plan = solution.allocation.array
    return RobustPlan(
        names=family.inputs.names,
        nominal_values=family.inputs.nominal,
        lower=lower,
        upper=upper,
        worst_values=corners.values,
        mixed=tuple(family.inputs.names[column] for column in np.flatnonzero(corners.mixed)),
        coverage=coverage,
        measured=family.inputs.measured,
        solution=solution,
        threshold=threshold,
        nominal=nominal,
        nominal_threshold=nominal_threshold,
        reached=reached,
        nominal_worst=loss_of(corners.hull, nominal.allocation.array),
        robust_nominal=loss_of(family.nominal, plan),
    )


def _answer(game: DefenseGame, tolerance: float | None) -> tuple[Solution, Threshold | None]:
    solver = Solver(game, tolerance=tolerance)
    solution, loss = solver.solve(), game.termination_loss
    return solution, None if loss is None else threshold_beyond(solver, solution, loss)
