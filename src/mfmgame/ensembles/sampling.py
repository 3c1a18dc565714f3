"""Ensembles: the answer to a scenario when its numbers are uncertain.

Each draw of the uncertain numbers gives one game, solved exactly: the input is uncertain, not
the answer to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType

import numpy as np

from mfmgame import __version__
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.json_reading import path_of
from mfmgame.documents.scenario import Scenario
from mfmgame.ensembles.draw_file import DrawFile
from mfmgame.ensembles.draw_table import Chunk
from mfmgame.ensembles.ensemble import Ensemble
from mfmgame.ensembles.fingerprint import fingerprint
from mfmgame.errors import SpecificationError
from mfmgame.game.plans import plan_levels
from mfmgame.machine.workers import Workers
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.solver import Solver
from mfmgame.uncertainty.evaluation import MEASURES, Evaluation, Measure
from mfmgame.uncertainty.game_family import GameFamily
from mfmgame.uncertainty.uncertain_inputs import checked_seed

__all__ = ["ensemble"]

Progress = Callable[[int, int], None]

CHUNK = 50
"""Draws that one worker computes, and that are kept, together."""
MOST_DRAWS = 10**9
DAMAGED = "found damaged draws in"


def ensemble(
    problem: Scenario,
    *,
    n: int = 1000,
    seed: int = 0,
    workers: Workers | None = None,
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
        With ranges or distributions, in the scenario or in its catalog. Every plan that the
        scenario names is evaluated in each draw.
    n : int, default 1000
        Number of draws.
    seed : int, default 0
        From 0 to 2**64 - 1. The same seed gives the same numbers, with any workers.
    workers : Workers, optional
        Workers that compute; this process by default.
    catalog : Catalog, optional
        Catalog to build on, in place of the catalog that the scenario names.
    measures : mapping of str to callable, optional
        Own numbers to compute for each draw, from its game and solution.
    tolerance : float, optional
        As for :func:`mfmgame.solve`.
    to : path, optional
        A Parquet file for the draws, FILE.parquet. An interrupted run leaves its finished
        draws beside the file, and the same call resumes from them; once the file is complete,
        the same call reads it. Damaged draws are computed again, with a RuntimeWarning.
    progress : callable, optional
        Called with the number of finished draws and the number of all draws.

    Returns
    -------
    Ensemble

    Raises
    ------
    SpecificationError
        If no number is uncertain, an argument is malformed or inconsistent, a plan has a level
        that its defense cannot take at nominal values, the file cannot be written, or it is not
        a file of this call's draws.
    InfeasibleError
        If there is no plan at nominal values.
    WorkerError
        If worker processes keep crashing.
        KeyboardInterrupt
        With a message that says which draws are kept.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(
    ...     schema="mfmgame/scenario/1", attacker={"bandwidth": 1},
    ...     threats=[{"id": "t", "severity": {"range": [2, 6]}, "bandwidth": 1}],
    ...     termination={"loss": 5},
    ... )
    >>> answers = mg.ensemble(scenario, n=400, seed=7)
    >>> [round(number, 3) for number in answers.probability_of_termination()]
    [0.223, 0.183, 0.266]
    >>> [round(number, 2) for number in answers.quantile("value", 0.5)]
    [3.73, 3.55, 3.96]
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_DRAWS:
        raise SpecificationError(
            f"found {shown(n)}, expected a number of draws from 1 to {MOST_DRAWS}", pointer="n"
        )
    seed = checked_seed(seed)
    refuse_other_types(progress, "progress", Callable, NoneType)
    family = GameFamily(problem, catalog)
    if not family.inputs.names:
        raise SpecificationError(
            "found no uncertain number, expected a range or a distribution in place of a number",
            source=problem.source,
        )
    solver = Solver(family.nominal, tolerance=tolerance)
    evaluation = Evaluation(
        family=family,
        seed=seed,
        plan=solver.solve().allocation.array,
        plans=_plans(problem, family),
        tolerance=tolerance,
        measures=_checked({} if measures is None else measures, family),
    )
    nominal = evaluation.row(family.nominal)
    chunks = [(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    kept = None if to is None else _draw_file(path_of(to, "to"), evaluation, family, chunks)
    rows = _computed(evaluation, chunks, Workers.of(workers), kept, progress)
    return Ensemble(
        game=family.nominal,
        seed=seed,
        inputs=family.inputs,
        columns=evaluation.columns,
        rows=rows,
        nominal=nominal,
    )


def _plans(problem: Scenario, family: GameFamily) -> dict[str, FloatArray]:
    """Return the levels of each named plan, in an order that does not depend on the file."""
    try:
        return {name: plan_levels(family.nominal, name) for name in sorted(family.nominal.plans)}
    except SpecificationError as error:
        raise problem.located(error) from None


def _checked(measures: Mapping[str, Measure], family: GameFamily) -> Mapping[str, Measure]:
    refuse_other_types(measures, "measures", Mapping)
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


def _draw_file(
    target: Path, evaluation: Evaluation, family: GameFamily, chunks: list[Chunk]
) -> DrawFile:
    """Open the file of draws, with all that determines its numbers."""
    measures = {name: fingerprint(one) for name, one in evaluation.measures.items()}
    content = {
        "documents": family.documents(),
        "measures": measures,
        "tolerance": evaluation.tolerance,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    run = {
        "schema": "mfmgame/draws/2",
        "version": __version__,
        "scenario": family.nominal.name,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "draws": chunks[-1][1],
        "seed": evaluation.seed,
        "chunk": CHUNK,
    }
    inputs = family.inputs

    def drawn(start: int, stop: int) -> FloatArray:
        return inputs.draws(evaluation.seed, start, stop)

    return DrawFile(
        target,
        evaluation.columns,
        inputs.names,
        drawn,
        run,
        chunks,
        resumes=None not in measures.values(),
    )


def _computed(
    evaluation: Evaluation,
    chunks: list[Chunk],
    workers: Workers,
    kept: DrawFile | None,
    progress: Progress | None,
) -> FloatArray:
    """Return the rows of all draws: read the kept ones, and compute the others."""
    n = chunks[-1][1]
    rows = np.full((n, len(evaluation.columns)), np.nan)
    finished = 0
    try:
        missing = list(chunks)
        if kept is not None:
            missing = _read(kept, chunks, rows)
            if kept.damaged:
                others = f" and {len(kept.damaged) - 1} more" if kept.damaged[1:] else ""
                warnings.warn(
                    f"{DAMAGED} {kept.damaged[0]}{others}; they are computed again",
                    RuntimeWarning,
                    stacklevel=3,
                )
        finished = n - sum(stop - start for start, stop in missing)
        if progress is not None:
            progress(finished, n)
        for chunk, found in zip(missing, workers.map(evaluation, missing), strict=True):
            rows[slice(*chunk)] = found
            if kept is not None:
                kept.write(chunk, found)
            finished += len(found)
            if progress is not None:
                progress(finished, n)
        if kept is not None and not kept.is_whole:
            kept.finish()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_interruption(finished, n, kept)) from None
    finally:
        if kept is not None:
            kept.leave()
    rows.flags.writeable = False
    return rows


def _read(kept: DrawFile, chunks: list[Chunk], rows: FloatArray) -> list[Chunk]:
    """Fill in the rows that are kept, and return the missing chunks."""
    found = kept.read_all()
    if found is not None:
        rows[:] = found
        return []
    missing = []
    for chunk in chunks:
        found = kept.read(chunk)
        if found is None:
            missing.append(chunk)
        else:
            rows[slice(*chunk)] = found
    return missing


def _interruption(finished: int, n: int, kept: DrawFile | None) -> str:
    """Build the message of an interrupted run."""
    if kept is None:
        return f"interrupted after {finished} of {n} draws; nothing is kept without a file of draws"
    if kept.is_whole:
        return "interrupted; all draws are kept"
    if not kept.resumes:
        return (
            f"interrupted after {finished} of {n} draws; nothing is kept, because changes of own "
            "measures cannot be detected"
        )
    if not kept.has_parts():
        return f"interrupted before any of {n} draws was finished"
    count = f"after {finished} of {n} draws; they" if finished else "while reading draws; they"
    return f"interrupted {count} are kept in {kept.folder}, and the same command resumes from there"
