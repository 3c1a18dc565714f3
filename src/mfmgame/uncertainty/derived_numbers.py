"""Numbers that threats take from their loss and their steps, again for other numbers of those."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mfmgame.catalogs.scenario_entries import Entries
from mfmgame.documents.catalog import Catalog, Threat
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.scenario_parts import Overrides, ThreatOverride
from mfmgame.numerics.arrays import FloatArray

__all__ = ["DerivedNumbers", "states"]


def states(scenario: Scenario, threat: Threat, key: str) -> bool:
    """Tell whether a number of a catalog's threat is its own or overridden."""
    changes = (scenario.overrides or Overrides()).threats
    change = changes.get(threat.id, ThreatOverride())
    return getattr(threat, key) is not None or getattr(change, key) is not None


class DerivedNumbers:
    """Severities from losses, and bandwidths from steps.

    Parameters
    ----------
    scenario : Scenario
    catalog : Catalog
    entries : Entries
        Entries that scenario and catalog resolve to.

    Attributes
    ----------
    arrays : dict of str to ndarray
        Nominal numbers of losses and techniques.
    """

    def __init__(self, scenario: Scenario, catalog: Catalog, entries: Entries) -> None:
        self.arrays: dict[str, FloatArray] = {
            "loss_severity": np.array([loss.severity for loss in entries.losses]),
            "technique_bandwidth": np.array([one.bandwidth for one in entries.techniques]),
        }
        places = {loss.id: place for place, loss in enumerate(entries.losses)}
        # Without the numbers that the entries have taken from elsewhere.
        written = {threat.id: threat for threat in (*catalog.threats, *(scenario.threats or ()))}
        ways = [row for row, threat in enumerate(entries.threats) if threat.loss is not None]
        self._ways = np.array(ways, dtype=np.intp)
        self._loss_of = np.array(
            [places[entries.threats[row].loss or ""] for row in ways], dtype=np.intp
        )
        self._is_partial = np.array(
            [states(scenario, written[entries.threats[row].id], "severity") for row in ways],
            dtype=bool,
        )
        self._summed = {
            row: steps
            for row, steps in enumerate(entries.steps)
            if len(steps) and not states(scenario, written[entries.threats[row].id], "bandwidth")
        }

    def severities(self, arrays: Mapping[str, FloatArray], severity: FloatArray) -> FloatArray:
        """Set the severity of each way to a loss: that of the loss, or at most that."""
        if not len(self._ways):
            return severity
        found, most = severity.copy(), arrays["loss_severity"][self._loss_of]
        found[self._ways] = np.where(self._is_partial, np.minimum(found[self._ways], most), most)
        return found

    def bandwidths(self, arrays: Mapping[str, FloatArray], bandwidth: FloatArray) -> FloatArray:
        """Set the bandwidth of each chain that states none to the sum of its steps'."""
        if not self._summed:
            return bandwidth
        found, bits = bandwidth.copy(), arrays["technique_bandwidth"]
        for row, steps in self._summed.items():
            found[row] = math.fsum(bits[steps].tolist())
        return found
