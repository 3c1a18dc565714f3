"""Losses and techniques of a scenario and its catalog, and what threats take from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mfmgame.catalogs.number_bases import weakest
from mfmgame.documents.base import LARGEST, Basis, refuse
from mfmgame.documents.catalog import Catalog, Threat
from mfmgame.documents.losses_and_techniques import Loss, Technique
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import Overrides
from mfmgame.messages import shown
from mfmgame.numerics.arrays import IntArray

__all__ = ["LossesAndTechniques", "distinct_steps", "losses_and_techniques"]

Number = Literal["severity", "bandwidth"]


@dataclass(frozen=True)
class LossesAndTechniques:
    """Losses and techniques by id, with overridden numbers and the basis of each number.

    Attributes
    ----------
    losses : mapping of str to Loss
    techniques : mapping of str to Technique
    """

    losses: Mapping[str, Loss]
    techniques: Mapping[str, Technique]

    def numbers_of(self, threat: Threat) -> dict[Number, float]:
        """Return the numbers that a threat takes from its loss and its steps by default.

        Parameters
        ----------
        threat : Threat

        Returns
        -------
        dict of str to float

        Raises
        ------
        SpecificationError
            If the bandwidths of the steps add up to more than a scenario can hold.
        """
        numbers: dict[Number, float] = {}
        if threat.loss is not None:
            numbers["severity"] = self.losses[threat.loss].severity
        if threat.steps is not None:
            steps = distinct_steps(threat)
            bits = math.fsum(self.techniques[step].bandwidth for step in steps)
            if bits > LARGEST:
                raise refuse(
                    ("techniques",),
                    f"the steps of {shown(threat.id)} need {bits!r} bits together, "
                    f"expected at most {LARGEST}",
                )
            numbers["bandwidth"] = bits
        return numbers

    def bases_of(self, threat: Threat, by_rules: Basis | None) -> dict[Number, Basis | None]:
        """Return the basis of each number that a threat does not state.

        Parameters
        ----------
        threat : Threat
        by_rules : str or None
            Basis of the numbers that are left to the rules.
        """
        bases: dict[Number, Basis | None] = {"severity": by_rules, "bandwidth": by_rules}
        if threat.loss is not None:
            bases["severity"] = self.losses[threat.loss].basis
        if threat.steps is not None:
            steps = [self.techniques[step].basis for step in distinct_steps(threat)]
            bases["bandwidth"] = steps[0] if len(steps) == 1 else weakest(["derived", *steps])
        return bases

    def steps_of(self, threats: Sequence[Threat]) -> tuple[IntArray, ...]:
        """Find the positions of each threat's distinct steps among the techniques.

        Parameters
        ----------
        threats : sequence of Threat

        Returns
        -------
        tuple of ndarray of int
            Empty arrays for threats that are no chains; an empty tuple if no threat is a chain.
        """
        if all(threat.steps is None for threat in threats):
            return ()
        place = {name: row for row, name in enumerate(self.techniques)}
        return tuple(
            np.array([place[step] for step in distinct_steps(threat)], dtype=np.intp)
            for threat in threats
        )


def distinct_steps(threat: Threat) -> list[str]:
    """List the techniques of a chain, each once, in the order of their first use."""
    return list(dict.fromkeys(threat.steps or ()))


def losses_and_techniques(scenario: Scenario, catalog: Catalog) -> LossesAndTechniques:
    """Collect losses and techniques: those of the catalog with the scenario's changes, its own.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog

    Returns
    -------
    LossesAndTechniques
    """
    return LossesAndTechniques(
        losses=_resolved(scenario, catalog, "losses", "severity"),
        techniques=_resolved(scenario, catalog, "techniques", "bandwidth"),
    )


def _resolved(scenario: Scenario, catalog: Catalog, key: str, number: Number) -> dict[str, Any]:
    """Resolve the entries of a list, each with a single number, by id."""
    changes = getattr(scenario.overrides or Overrides(), key)
    entries: dict[str, Any] = {}
    for document in (catalog, scenario):
        bases = document.bases
        for index, entry in enumerate(getattr(document, key)):
            value = getattr(changes.get(entry.id), number, None)
            basis = bases.get((key, index, number)) or entry.basis
            if value is None:
                value = getattr(entry, number)
            else:
                basis = scenario.bases.get(("overrides", key, entry.id, number))
            entries[entry.id] = entry.model_copy(update={number: value, "basis": basis})
    return entries
