"""The box of values that the uncertain numbers may take."""

from __future__ import annotations

import numpy as np

from mfmgame.documents.catalog import Catalog
from mfmgame.documents.distributions import Lognormal
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.uncertainty.game_family import GameFamily

__all__ = ["box_of", "family_of", "note_on_support"]


def family_of(scenario: Scenario, catalog: Catalog | None) -> GameFamily:
    """Build the family of games of a scenario with at least one uncertain number."""
    family = GameFamily(scenario, catalog)
    if not len(family.inputs):
        raise SpecificationError(
            "no number is uncertain, expected a range or a distribution", source=scenario.source
        )
    return family


def box_of(family: GameFamily, coverage: float | None) -> tuple[FloatArray, FloatArray]:
    """Find the least and greatest value of each uncertain number to consider.

    Parameters
    ----------
    family : GameFamily
    coverage : float or None
        Probability of the central interval; None for whole supports.

    Returns
    -------
    lower, upper : ndarray of float, shape (n_inputs,)
        The nominal values lie within.

    Raises
    ------
    SpecificationError
        If the coverage is not a probability, or is missing and a support is unbounded.
    """
    inputs = family.inputs
    if coverage is None:
        for name, form in zip(inputs.names, inputs.distributions, strict=True):
            if isinstance(form, Lognormal) and form.high is None:
                raise SpecificationError(
                    "found a lognormal distribution that has no end, expected one with 'high', "
                    "or a coverage",
                    pointer=f"/{name}",
                )
        return inputs.lower, inputs.upper
    if (
        isinstance(coverage, bool)
        or not isinstance(coverage, (int, float))
        or not (0.0 < coverage < 1.0)
    ):
        raise SpecificationError(
            f"found {shown(coverage)}, expected a number above 0 and below 1", pointer="coverage"
        )
    tail = 0.5 * (1.0 - coverage)
    ends = inputs.at_quantiles(np.outer([tail, 1.0 - tail], np.ones(len(inputs))))
    return np.minimum(ends[0], inputs.nominal), np.maximum(ends[1], inputs.nominal)


def note_on_support(n_measured: int, coverage: float | None) -> tuple[str, ...]:
    """Write the note that whole supports let measured defenses stop nothing, if they do."""
    if coverage is not None or not n_measured:
        return ()
    noun = "measured number" if n_measured == 1 else f"{n_measured} measured numbers"
    return (
        f"the least possible value of the {noun} is 0: no count of trials excludes a defense that "
        "stops nothing; state a coverage to use central intervals",
    )
