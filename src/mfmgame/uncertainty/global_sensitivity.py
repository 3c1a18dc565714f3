"""Global sensitivity of the value and the threshold to all uncertain numbers together.

*Morris* [1]_: many steps, each of one number, from random points. The mean size of a number's
steps measures its importance; their spread measures how much its effect depends on the other
numbers (or is not linear).

*Sobol* [2]_: the share of the variance that a number explains alone (first) and with all its
interactions (total). Both are estimated by SALib [3]_ from quasi-random points.

Both methods move each number through its own quantiles and assume independence, so correlated
groups are refused. Measured numbers with one baseline depend on each other by its success rate:
a measured number stands for the rate beside the defense, and each baseline is an input of its
own, named ``baseline/ID``. Where no attacker reaches the threshold, the bandwidth of all threats
together takes its place: a stronger attacker can do no more.

References
----------
.. [1] M. D. Morris, "Factorial sampling plans for preliminary computational experiments",
   Technometrics 33 (1991).
.. [2] I. M. Sobol', "Global sensitivity indices for nonlinear mathematical models and their
   Monte Carlo estimates", Math. Comput. Simul. 55 (2001).
.. [3] T. Iwanaga, W. Usher and J. Herman, "Toward SALib 2.0", Socio-Environ. Syst. Model. 4
   (2022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.answers.status import first_unproven, statuses_of, unproven_note
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.result import Status
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.game import DefenseGame
from mfmgame.machine.workers import Workers
from mfmgame.messages import missing_package, pointer_to, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.game_family import GameFamily
from mfmgame.uncertainty.uncertain_inputs import checked_seed
from mfmgame.uncertainty.value_at_point import responses_at
from mfmgame.uncertainty.value_box import box_of, family_of

if TYPE_CHECKING:
    import pandas

__all__ = ["Influence", "morris_effects", "sobol_indices"]

Measured = Literal["value", "threshold"]

_LARGEST_SAMPLE = 2**20


@dataclass(frozen=True, eq=False, repr=False)
class Influence(Displayed):
    """Indices of each uncertain number for the value and the threshold.

    Attributes
    ----------
    game : DefenseGame
        The game at nominal values.
    method : {"sobol", "morris"}
    names : tuple of str, length n_inputs
        In the order of :class:`~mfmgame.UncertainInputs`; then the baselines of measured
        numbers, as ``baseline/ID``.
    n, seed : int
        Size and seed of the sample.
    statuses : tuple of str, length n_solved
        Statuses of the games that were solved.
    n_unreached : int
        Number of games in which no attacker reaches the threshold.
    indices : dict of str to dict of str to ndarray of shape (n_inputs,)
        Columns by measure (`value`, and `threshold` if the scenario has a termination loss).
        For Sobol: `first`, `first_error`, `total`, `total_error` (half widths of 95 %
        intervals). For Morris: `mean`, `mean_size`, `mean_size_error` and `spread`, in units
        of the measure. NaN if the measure does not vary.
    second : dict of str to ndarray of shape (n_inputs, n_inputs)
        Sobol's second-order indices if requested: above the diagonal, NaN elsewhere.
    """

    game: DefenseGame
    method: Literal["sobol", "morris"]
    names: tuple[str, ...]
    n: int
    seed: int
    statuses: tuple[Status, ...]
    n_unreached: int
    indices: dict[Measured, dict[str, FloatArray]]
    second: dict[Measured, FloatArray]

    @property
    def n_solved(self) -> int:
        """Number of games that were solved."""
        return len(self.statuses)

    @property
    def status(self) -> Status:
        """``proven`` if all answers are proven; else the status of an unproven answer."""
        return first_unproven(self.statuses)

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats of the numbers, and how many games are not proven."""
        return (*self.game.notes, *unproven_note(self.statuses, "game"))

    def to_frame(self, measure: Measured = "value") -> pandas.DataFrame:
        """Return a table of indices with a row for each number.

        Parameters
        ----------
        measure : {"value", "threshold"}

        Returns
        -------
        pandas.DataFrame
            In the order of :class:`~mfmgame.UncertainInputs`.

        Raises
        ------
        SpecificationError
            If there are no indices of the measure.
        """
        import pandas

        if measure not in self.indices:
            raise SpecificationError(
                f"found {shown(measure)}, expected {' or '.join(map(repr, self.indices))}",
                pointer="measure",
            )
        return pandas.DataFrame(
            self.indices[measure], index=pandas.Index(list(self.names), name="input")
        )


def sobol_indices(
    scenario: Scenario,
    *,
    n: int = 1024,
    seed: int = 0,
    second_order: bool = False,
    catalog: Catalog | None = None,
    tolerance: float | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Influence:
    """Estimate the share of the variance that each uncertain number explains.

    Indices of first order and total [1]_, from quasi-random points.

    Parameters
    ----------
    scenario : Scenario
        With independent ranges or distributions, in the scenario or in its catalog.
    n : int
        Number of base points, a power of two; ``n * (n_inputs + 2)`` games are solved, about
        twice as many for second-order indices.
    seed : int
        Seed of the points and of the intervals; at least 0 and below 2**64.
    second_order : bool
        Whether to estimate the share that each pair of numbers explains together.
    catalog, tolerance, workers, progress : optional
        As for :func:`mfmgame.tornado`.

    Returns
    -------
    Influence
        Same input and seed, same numbers, with any workers.

    Raises
    ------
    SpecificationError
        If no number is uncertain, numbers are correlated, an option is out of its range, or
        SALib is not installed (the extra ``mfmgame[sensitivity]``).
    InfeasibleError, SolverError
        As for :func:`mfmgame.solve`.

    References
    ----------
    .. [1] I. M. Sobol', "Global sensitivity indices for nonlinear mathematical models and their
       Monte Carlo estimates", Math. Comput. Simul. 55 (2001).

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", attacker={"bandwidth": {"range": [1, 2]}},
    ...     threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 2.0}],
    ... )
    >>> found = mg.sobol_indices(scenario, n=64, seed=1)
    >>> found.names, found.indices["value"]["first"].round(2).tolist()
    (('attacker/bandwidth', 'threats/t/severity'), [0.32, 0.68])
    """
    family = _independent(scenario, catalog)
    if not _is_integer(n) or not 2 <= n <= _LARGEST_SAMPLE or n & (n - 1):
        raise SpecificationError(
            f"found {shown(n)}, expected a power of two from 2 to {_LARGEST_SAMPLE}", pointer="n"
        )
    refuse_other_types(second_order, "second_order", bool)
    _check_salib(seed)
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    problem = _problem(family, 0.0, 1.0)
    quantiles = sampling.sample(problem, n, calc_second_order=second_order, seed=int(seed))

    def analyzed(measured: FloatArray) -> tuple[dict[str, FloatArray], FloatArray | None]:
        # SALib treats seed 0 as no seed.
        found = analysis.analyze(
            problem, measured, calc_second_order=second_order, seed=int(seed) + 1
        )
        columns = {
            "first": found["S1"],
            "first_error": found["S1_conf"],
            "total": found["ST"],
            "total_error": found["ST_conf"],
        }
        return columns, np.triu(found["S2"], 1) if second_order else None

    return _analyzed(family, "sobol", quantiles, analyzed, n, seed, tolerance, workers, progress)


def morris_effects(
    scenario: Scenario,
    *,
    n: int = 32,
    seed: int = 0,
    coverage: float | None = None,
    catalog: Catalog | None = None,
    tolerance: float | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Influence:
    """Estimate the effects of steps of each uncertain number from random points.

    These are Morris's elementary effects [1]_.

    Parameters
    ----------
    scenario : Scenario
        With independent ranges or distributions, in the scenario or in its catalog.
    n : int
        Number of trajectories; ``n * (n_inputs + 1)`` games are solved. A step moves a number
        through two thirds of the probability considered.
    seed : int
        Seed of the trajectories; at least 0 and below 2**64.
    coverage : float, optional
        Probability of the central interval to which each number is confined; whole supports
        by default. Required if a support is unbounded.
    catalog, tolerance, workers, progress : optional
        As for :func:`mfmgame.tornado`.

    Returns
    -------
    Influence
        Same input and seed, same numbers, with any workers.

    Raises
    ------
    SpecificationError, InfeasibleError, SolverError
        As for :func:`mfmgame.sobol_indices` and :func:`mfmgame.tornado`.

    References
    ----------
    .. [1] M. D. Morris, "Factorial sampling plans for preliminary computational experiments",
       Technometrics 33 (1991).

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", attacker={"bandwidth": {"range": [1, 2]}},
    ...     threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 2.0}],
    ... )
    >>> found = mg.morris_effects(scenario, n=4, seed=1)
    >>> found.names, found.indices["value"]["mean"].round(2).tolist()
    (('attacker/bandwidth', 'threats/t/severity'), [1.67, 3.0])
    """
    family = _independent(scenario, catalog)
    if not _is_integer(n) or not 2 <= n <= _LARGEST_SAMPLE:
        raise SpecificationError(
            f"found {shown(n)}, expected an integer from 2 to {_LARGEST_SAMPLE}", pointer="n"
        )
    try:
        box_of(family, coverage)
    except SpecificationError as error:
        raise scenario.located(error) from None
    _check_salib(seed)
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as sampling

    tail = 0.0 if coverage is None else 0.5 * (1.0 - coverage)
    problem = _problem(family, tail, 1.0 - tail)
    quantiles = sampling.sample(problem, n, num_levels=4, seed=int(seed))

    def analyzed(measured: FloatArray) -> tuple[dict[str, FloatArray], FloatArray | None]:
        found = analysis.analyze(problem, quantiles, measured, num_levels=4, seed=int(seed))
        columns = {
            "mean": found["mu"],
            "mean_size": found["mu_star"],
            "mean_size_error": found["mu_star_conf"],
            "spread": found["sigma"],
        }
        return {name: np.asarray(column, float) for name, column in columns.items()}, None

    return _analyzed(family, "morris", quantiles, analyzed, n, seed, tolerance, workers, progress)


def _analyzed(
    family: GameFamily,
    method: Literal["sobol", "morris"],
    quantiles: FloatArray,
    analyzed: Callable[[FloatArray], tuple[dict[str, FloatArray], FloatArray | None]],
    n: int,
    seed: int,
    tolerance: float | None,
    workers: Workers | None,
    progress: Callable[[int, int], None] | None,
) -> Influence:
    """Solve the games at the points, and let SALib estimate the indices."""
    inputs = family.inputs
    shares = np.clip(quantiles, 0.0, 1.0)
    # Upward is a step towards more effectiveness, as in the numbers themselves.
    columns_of_measured = [inputs.names.index(name) for name in inputs.measured]
    shares[:, columns_of_measured] = 1.0 - shares[:, columns_of_measured]
    points = inputs.beside_baselines(shares)
    found = responses_at(family, points, tolerance=tolerance, workers=workers, progress=progress)
    values, thresholds, everything, positions = found.T
    measures: dict[Measured, FloatArray] = {"value": values}
    unreached = np.isinf(thresholds)
    if family.nominal.termination_loss is not None:
        measures["threshold"] = np.where(unreached, everything, thresholds)
    indices: dict[Measured, dict[str, FloatArray]] = {}
    second: dict[Measured, FloatArray] = {}
    for measure, measured in measures.items():
        columns, pairs = analyzed(_varying(measured))
        constant = not np.ptp(measured) > 0.0
        indices[measure] = {
            name: np.full(len(column), np.nan) if constant else np.asarray(column, float)
            for name, column in columns.items()
        }
        if pairs is not None:
            above = np.triu(np.ones(pairs.shape, dtype=bool), 1) & (not constant)
            second[measure] = np.where(above, pairs, np.nan)
    return Influence(
        game=family.nominal,
        method=method,
        names=(*inputs.names, *(pointer_to(("baseline", name))[1:] for name in inputs.baselines)),
        n=int(n),
        seed=int(seed),
        statuses=statuses_of(positions),
        n_unreached=int(unreached.sum()),
        indices=indices,
        second=second,
    )


def _varying(measured: FloatArray) -> FloatArray:
    """Replace constant numbers by varying ones: the estimators divide by the variance."""
    if np.ptp(measured) > 0.0:
        return measured
    return np.arange(float(len(measured)))


def _independent(scenario: Scenario, catalog: Catalog | None) -> GameFamily:
    family = family_of(scenario, catalog)
    inputs = family.inputs
    for name, form in zip(inputs.names, inputs.distributions, strict=True):
        if form.group is not None:
            raise SpecificationError(
                f"found in the correlated group {shown(form.group)}, expected independent "
                "numbers: the method assumes them",
                pointer=f"/{name}",
                source=scenario.source,
            )
    return family


def _problem(family: GameFamily, low: float, high: float) -> dict[str, Any]:
    """Describe the inputs to SALib: numbers named by position, each with its quantiles."""
    count = len(family.inputs) + len(family.inputs.baselines)
    return {
        "num_vars": count,
        "names": [f"x{column}" for column in range(count)],
        "bounds": [[low, high]] * count,
    }


def _is_integer(option: object) -> bool:
    return isinstance(option, (int, np.integer)) and not isinstance(option, bool)


def _check_salib(seed: int) -> None:
    checked_seed(seed)
    try:
        import SALib  # noqa: F401
    except ImportError:
        raise missing_package("this method needs", "SALib", "sensitivity") from None
