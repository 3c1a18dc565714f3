"""Evidence cells of one threat and defense, pooled over models and suites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mfmgame.documents.evidence_file import LEAST_BASELINE_SUCCESSES, EvidenceCell
from mfmgame.errors import SpecificationError
from mfmgame.evidence.counting import baseline_name
from mfmgame.evidence.intervals import LEAST_SUCCESSES
from mfmgame.messages import counted, shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["ALL_SUITES", "PooledCounts", "pooled", "strongest_attack"]

ALL_SUITES = "all"


@dataclass(frozen=True)
class PooledCounts:
    """Counts of several cells together.

    Attributes
    ----------
    cells : sequence of EvidenceCell
    trials, successes : int
        With the defense.
    effective_trials : float
        Independent trials that would be as informative.
    baseline_trials, baseline_successes, baseline_effective_trials
        The same without the defense.
    """

    cells: Sequence[EvidenceCell]
    trials: int
    successes: int
    effective_trials: float
    baseline_trials: int
    baseline_successes: int
    baseline_effective_trials: float

    @property
    def effectiveness(self) -> float | None:
        """Estimate from the counts; None with too few baseline successes."""
        if not self.trials or self.baseline_successes < LEAST_BASELINE_SUCCESSES:
            return None
        with_defense = self.successes * self.baseline_trials
        return 1.0 - with_defense / (self.trials * self.baseline_successes)

    @property
    def baseline_id(self) -> str:
        """Name of the baseline, the same for all defenses that were measured against it."""
        if len(self.cells) == 1 and self.cells[0].baseline_id is not None:
            return self.cells[0].baseline_id
        models = sorted({cell.model for cell in self.cells if cell.model})
        suites = sorted({cell.suite for cell in self.cells if cell.suite})
        return baseline_name(
            (
                counted(len(models), "model") if len(models) > 1 else "".join(models),
                self.cells[0].attack,
                " and ".join(suites),
            ),
            self.baseline_successes,
            self.baseline_trials,
            self.baseline_effective_trials,
        )


def strongest_attack(cells: Sequence[EvidenceCell]) -> PooledCounts | None:
    """Pool the cells of each attack, and choose the attack that the defense stops least.

    Parameters
    ----------
    cells : sequence of EvidenceCell
        Of one threat and defense.

    Returns
    -------
    PooledCounts or None
        None if no attack has enough baseline successes.
    """
    attacks: dict[str, list[EvidenceCell]] = {}
    for cell in cells:
        attacks.setdefault(cell.attack, []).append(cell)
    estimated = [
        (found.effectiveness, name, found)
        for name, found in sorted((name, pooled(group)) for name, group in attacks.items())
        if found.effectiveness is not None
    ]
    return min(estimated, key=lambda one: one[:2])[2] if estimated else None


def pooled(cells: Sequence[EvidenceCell]) -> PooledCounts:
    """Add up the counts of cells, and find how many independent trials they are worth.

    Where there are several models, they are the clusters: the variance of a pooled rate is at least
    the variance between models, so that models that differ do not count as many trials of one.

    Parameters
    ----------
    cells : sequence of EvidenceCell
        Of one attack.

    Returns
    -------
    PooledCounts

    Raises
    ------
    SpecificationError
        If a model has all suites together beside a single suite: its trials would count twice.
    """
    _refuse_suites_twice(cells)
    sides = [_Side.of(cells, prefix) for prefix in ("", "baseline_")]
    effects = [side.design_effect() for side in sides]
    few = min(sides[0].successes.sum(), (sides[0].trials - sides[0].successes).sum())
    if few < LEAST_SUCCESSES:  # too few to show their own clusters
        effects[0] = max(effects)
    numbers = [
        (
            int(side.trials.sum()),
            int(side.successes.sum()),
            round(float(side.trials.sum()) / effect, 2),
        )
        for side, effect in zip(sides, effects, strict=True)
    ]
    return PooledCounts(cells, *numbers[0], *numbers[1])


@dataclass(frozen=True, eq=False)
class _Side:
    """Counts of cells with or without the defense, shape (n_cells,) each."""

    trials: FloatArray
    successes: FloatArray
    effective: FloatArray
    models: Sequence[str]

    @classmethod
    def of(cls, cells: Sequence[EvidenceCell], prefix: str) -> _Side:
        trials = [getattr(cell, f"{prefix}trials") for cell in cells]
        effective = [getattr(cell, f"{prefix}effective_trials") for cell in cells]
        return cls(
            np.array(trials, dtype=float),
            np.array([getattr(cell, f"{prefix}successes") for cell in cells], dtype=float),
            np.array([n if one is None else one for n, one in zip(trials, effective, strict=True)]),
            [cell.model for cell in cells],
        )

    def design_effect(self) -> float:
        """Compute the variance of the pooled rate in units of that of independent trials."""
        total = self.trials.sum()
        rate = self.successes.sum() / total if total else 0.0
        if not 0.0 < rate < 1.0:
            return float(total / self.effective.sum()) if total else 1.0
        rates = np.divide(self.successes, self.trials, out=0.0 * self.trials, where=self.trials > 0)
        within = self.trials**2 * rates * (1.0 - rates)
        variances = [np.divide(within, self.effective, out=within, where=self.effective > 0).sum()]
        groups: dict[str, float] = {}
        for model, excess in zip(self.models, self.successes - rate * self.trials, strict=True):
            groups[model] = groups.get(model, 0.0) + excess
        if len(groups) > 1:
            squares = sum(excess**2 for excess in groups.values())
            variances.append(squares * len(groups) / (len(groups) - 1))
        return max(1.0, float(max(variances) / (total * rate * (1.0 - rate))))


def _refuse_suites_twice(cells: Sequence[EvidenceCell]) -> None:
    """Refuse cells of all suites together beside a cell of one of the suites."""
    suites: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        suites.setdefault((cell.source, cell.model), set()).add(cell.suite)
    for (_, model), names in suites.items():
        if ALL_SUITES in names and len(names) > 1:
            other = min(names - {ALL_SUITES})
            raise SpecificationError(
                f"found the suite {shown(ALL_SUITES)} beside {shown(other)} of the model "
                f"{shown(model)}, expected each trial once (--suite chooses suites)"
            )
