"""Ensembles: the answer to a scenario when its numbers are uncertain.

Each draw of the uncertain numbers is one game, solved exactly; what is uncertain is the
input, not the answer to it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfmgame import __version__
from mfmgame.errors import SpecificationError
from mfmgame.solver import Solver
from mfmgame.spec.catalog import Catalog
from mfmgame.spec.scenario import Composition, Scenario
from mfmgame.spec.wording import nearest, shown
from mfmgame.uncertainty import estimates
from mfmgame.uncertainty.estimates import CONFIDENCE, Estimate
from mfmgame.uncertainty.evaluation import MEASURES, Evaluation, Measure
from mfmgame.uncertainty.family import GameFamily
from mfmgame.uncertainty.inputs import UncertainInputs, checked_seed
from mfmgame.uncertainty.storage import DrawFile
from mfmgame.uncertainty.workers import Workers

if TYPE_CHECKING:
    import pandas

__all__ = ["Ensemble", "Funding", "ensemble"]

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]

CHUNK = 50
"""Draws that are given out and kept together."""
MOST_DRAWS = 10**9


@dataclass(frozen=True)
class Funding:
    """How much of a defense the optima hold.

    Attributes
    ----------
    funded : Estimate
        Probability that its level is above 0.
    mean_level : float
        Over all draws with an answer; NaN if there is none.
    nominal_level : float
        In the plan at nominal values.
    """

    funded: Estimate
    mean_level: float
    nominal_level: float


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Answers to the games of many draws.

    Attributes
    ----------
    name : str
        Of the scenario.
    composition : {"best_of", "additive", "independent"}
    seed : int
    inputs : UncertainInputs
        What was drawn.
    defense_ids : tuple of str, length n_defenses
    columns : tuple of str, length n_columns
        ``value``, its proven bracket ``lower`` and ``upper``, ``threshold`` (infinite where
        unreachable) and ``undefended``, the same with no defense, ``terminate`` (1 or 0),
        the indices ``adversarial`` and ``portfolio``, ``nominal_loss``, the worst loss
        against the plan at nominal values, scaled back to the drawn limits, ``regret``, how
        much that is above the value, then ``level/DEFENSE`` and own measures.
    rows : ndarray of float, shape (n_draws, n_columns)
        NaN throughout where a draw leaves no allocation within the limits.
    nominal : ndarray of float, shape (n_columns,)
        The same at nominal values.
    notes : tuple of str
        What a reader must know of the numbers.
    """

    name: str
    composition: Composition
    seed: int
    inputs: UncertainInputs
    defense_ids: tuple[str, ...]
    columns: tuple[str, ...]
    rows: FloatArray
    nominal: FloatArray
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> FloatArray:
        """The numbers of one column, shape (n_draws,)."""
        return self.rows[:, self._column(name)]

    def at_nominal(self, name: str) -> float:
        """The number of one column at nominal values."""
        return float(self.nominal[self._column(name)])

    @cached_property
    def n_infeasible(self) -> int:
        """How many draws leave no allocation within the limits."""
        return int(np.count_nonzero(np.isnan(self["value"])))

    @property
    def n_answered(self) -> int:
        """How many draws have an answer: what all shares and quantiles are over."""
        return len(self) - self.n_infeasible

    @property
    def has_threshold(self) -> bool:
        """Whether the scenario has a termination loss."""
        return not np.isnan(self.at_nominal("terminate"))

    def known(self, name: str) -> FloatArray:
        """The numbers of one column, those that are none left out, shape (n_known,)."""
        column = self[name]
        return column[~np.isnan(column)]

    def probability_of_termination(self, confidence: float = CONFIDENCE) -> Estimate:
        """Probability that the decision is to terminate, with its exact interval.

        Parameters
        ----------
        confidence : float

        Returns
        -------
        Estimate
            NaN for a scenario without a termination loss.
        """
        decided = self.known("terminate")
        return estimates.share(int(decided.sum()), len(decided), confidence)

    def quantile(self, name: str, probability: float, confidence: float = CONFIDENCE) -> Estimate:
        """A quantile of a column, with a distribution-free interval.

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
        """Mean of a column, NaN if it has no numbers."""
        column = self.known(name)
        return float(column.mean()) if len(column) else float("nan")

    def exceedance(self, name: str = "value") -> tuple[FloatArray, FloatArray]:
        """How likely it is that a column exceeds each of its numbers: a loss-exceedance curve.

        Parameters
        ----------
        name : str

        Returns
        -------
        losses, probabilities : ndarray of float, shape (m,)
            Distinct numbers in increasing order, and the share of draws above each.
        """
        return estimates.exceedance(self.known(name))

    @cached_property
    def funding(self) -> Mapping[str, Funding]:
        """How often each defense is in the optimum, and how much of it."""
        found: dict[str, Funding] = {}
        for defense in self.defense_ids:
            levels = self.known(f"level/{defense}")
            found[defense] = Funding(
                funded=estimates.share(int(np.count_nonzero(levels > 0.0)), len(levels)),
                mean_level=float(levels.mean()) if len(levels) else float("nan"),
                nominal_level=self.at_nominal(f"level/{defense}"),
            )
        return found

    def to_frame(self, inputs: bool = False) -> pandas.DataFrame:
        """The draws as a table.

        Parameters
        ----------
        inputs : bool, default False
            Whether to list what was drawn as well, in columns ``input/NAME``.

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

    def _column(self, name: str) -> int:
        if name not in self.columns:
            raise SpecificationError(
                f"no column is named {shown(name)}, expected "
                f"{nearest(name, self.columns, 'column')}",
                pointer="name",
            )
        return self.columns.index(name)


def ensemble(
    problem: Scenario,
    *,
    n: int,
    seed: int,
    jobs: int | None = 1,
    dask: Any = None,
    ray: bool = False,
    catalog: Catalog | None = None,
    measures: Mapping[str, Measure] | None = None,
    tolerance: float | None = None,
    to: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Solve the games of random draws of a scenario's uncertain numbers.

    Parameters
    ----------
    problem : Scenario
        With ranges or distributions in place of some numbers, or its catalog's.
    n : int
        How many draws.
    seed : int
        From 0 to 2**64 - 1. The same seed gives the same numbers, whoever computes them.
    jobs : int or None
        Processes on this machine; -1 for one on each core, None for what
        :func:`joblib.parallel_config` says.
    dask : str or distributed.Client, optional
        Compute on a Dask cluster: the address of its scheduler, or a client.
    ray : bool
        Compute on the Ray cluster that ``ray.init`` finds.
    catalog : Catalog, optional
        What to build on, whatever catalog the scenario names.
    measures : mapping of str to callable, optional
        Own numbers to find out of each draw, from its game and solution.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.
    to : path, optional
        A Parquet file for the draws. A run that is cut off leaves its finished draws
        beside it, and the same call goes on from there.
    progress : callable, optional
        Told how many draws are finished, and of how many.

    Returns
    -------
    Ensemble

    Raises
    ------
    SpecificationError
        If nothing is uncertain, an argument cannot be meant, or the file cannot be written.
    InfeasibleError
        If there is no plan at nominal values.
    WorkerError
        If workers end again and again.
    KeyboardInterrupt
        Whose text says what is kept.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", attacker={"bandwidth": 1},
    ...     threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 1}],
    ...     termination={"loss": 5},
    ... )
    >>> answers = mg.ensemble(scenario, n=400, seed=7)
    >>> answers.probability_of_termination()
    Estimate(estimate=0.2575, lower=0.21534..., upper=0.30328...)
    >>> answers.quantile("value", 0.5)
    Estimate(estimate=4.0..., lower=3.9..., upper=4.2...)
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_DRAWS:
        raise SpecificationError(
            f"found {shown(n)}, expected a number of draws from 1 to {MOST_DRAWS}", pointer="n"
        )
    seed = checked_seed(seed)
    workers = Workers(jobs=jobs, dask=dask, ray=ray)
    family = GameFamily(problem, catalog)
    if not family.inputs.names:
        raise SpecificationError(
            "found no uncertain number, expected a range or a distribution in place of one",
            source=problem.source,
        )
    solver = Solver(family.nominal, tolerance=tolerance)
    evaluation = Evaluation(
        family=family,
        seed=seed,
        plan=solver.solve().allocation.array,
        tolerance=tolerance,
        measures=_checked(measures or {}, family),
    )
    nominal = evaluation.row(family.nominal)
    chunks = [(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    kept = None if to is None else _draw_file(Path(to), evaluation, family, n)
    rows = _computed(evaluation, chunks, workers, kept, progress)
    return Ensemble(
        name=family.nominal.name,
        composition=family.nominal.composition,
        seed=seed,
        inputs=family.inputs,
        defense_ids=tuple(family.nominal.defense_ids),
        columns=evaluation.columns,
        rows=rows,
        nominal=nominal,
        notes=family.nominal.notes,
    )


def _checked(measures: Mapping[str, Measure], family: GameFamily) -> Mapping[str, Measure]:
    taken = {*MEASURES, "draw"}
    for name, measure in measures.items():
        if not isinstance(name, str) or not name or name in taken or "/" in name:
            raise SpecificationError(
                f"found {shown(name)}, expected a name without '/' that no other column has",
                pointer="measures",
            )
        if not callable(measure):
            raise SpecificationError(
                f"found {shown(measure)}, expected a function of a game and its solution",
                pointer=f"measures[{shown(name)}]",
            )
    return dict(measures)


def _draw_file(target: Path, evaluation: Evaluation, family: GameFamily, n: int) -> DrawFile:
    """The file of draws, with all that determines its numbers."""
    content = {
        "documents": family.documents(),
        "measures": {
            name: [getattr(one, "__module__", ""), getattr(one, "__qualname__", "")]
            for name, one in evaluation.measures.items()
        },
        "tolerance": evaluation.tolerance,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    run = {
        "schema": "mfmgame/draws/1",
        "version": __version__,
        "scenario": family.nominal.name,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "draws": n,
        "seed": evaluation.seed,
        "chunk": CHUNK,
    }
    inputs = family.inputs

    def drawn(start: int, stop: int) -> FloatArray:
        return inputs.draws(evaluation.seed, start, stop)

    return DrawFile(target, evaluation.columns, inputs.names, drawn, run)


def _computed(
    evaluation: Evaluation,
    chunks: list[tuple[int, int]],
    workers: Workers,
    kept: DrawFile | None,
    progress: Progress | None,
) -> FloatArray:
    """The rows of all draws: those that are kept already, and the others computed."""
    n = chunks[-1][1]
    rows = np.full((n, len(evaluation.columns)), np.nan)
    finished = 0
    try:
        missing = []
        for chunk in chunks:
            found = None if kept is None else kept.read(chunk)
            if found is None:
                missing.append(chunk)
            else:
                rows[slice(*chunk)] = found
                finished += len(found)
        if progress is not None:
            progress(finished, n)
        for chunk, found in zip(missing, workers.map(evaluation, missing), strict=True):
            rows[slice(*chunk)] = found
            if kept is not None:
                kept.write(chunk, found)
            finished += len(found)
            if progress is not None:
                progress(finished, n)
        if kept is not None:
            kept.finish(chunks)
    except KeyboardInterrupt:
        where = "nothing is kept without a file of draws"
        if kept is not None:
            where = f"they are kept in {kept.folder}, and the same command goes on from there"
        raise KeyboardInterrupt(f"interrupted after {finished} of {n} draws; {where}") from None
    rows.flags.writeable = False
    return rows
