"""Effectiveness of every pair of a threat or technique and a defense, and what each rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mfmgame.catalogs import rules
from mfmgame.catalogs.number_bases import bases_by_rule, code_of, combined_codes
from mfmgame.documents.base import MEASUREMENTS, Basis
from mfmgame.documents.catalog import Catalog, Defense, Threat
from mfmgame.documents.losses_and_techniques import Technique
from mfmgame.documents.scenario import Scenario
from mfmgame.numerics.arrays import BoolArray, FloatArray, IntArray

__all__ = ["EffectivenessPairs"]


class EffectivenessPairs:
    """Effectiveness by the rule, in which documents enter explicit values.

    Parameters
    ----------
    threats : sequence of Threat
    techniques : sequence of Technique
        Their rows stand below those of the threats.
    defenses : sequence of Defense
    bases_of_traits : sequence of str or None, length n_threats
        Basis of the traits of each threat.

    Attributes
    ----------
    values : ndarray of float, shape (n_threats + n_techniques, n_defenses)
        By the rule of pairs that both have traits; 0 of other pairs.
    bases : ndarray of int8, shape (n_threats + n_techniques, n_defenses)
    static : ndarray of bool, shape (n_threats + n_techniques, n_defenses)
        Whether a value was measured by attacks that did not adapt to the defense.
    stated : ndarray of bool, shape (n_threats + n_techniques, n_defenses)
        Whether a value is explicit.
    sources : dict of (int, int) to str
        Where explicit values come from, by row and column.
    """

    def __init__(
        self,
        threats: Sequence[Threat],
        techniques: Sequence[Technique],
        defenses: Sequence[Defense],
        bases_of_traits: Sequence[Basis | None],
    ) -> None:
        rows = [*bases_of_traits, *(technique.basis for technique in techniques)]
        self.bases = bases_by_rule(rows, [defense.basis for defense in defenses])
        self.values: FloatArray = np.zeros(self.bases.shape)
        self.static: BoolArray = np.zeros(self.bases.shape, dtype=bool)
        self.stated: BoolArray = np.zeros(self.bases.shape, dtype=bool)
        self.sources: dict[tuple[int, int], str] = {}
        ids = [*(threat.id for threat in threats), *(technique.id for technique in techniques)]
        self._row = {name: i for i, name in enumerate(ids)}
        self._column = {defense.id: j for j, defense in enumerate(defenses)}
        with_traits = [i for i, threat in enumerate(threats) if threat.traits]
        columns = [j for j, defense in enumerate(defenses) if defense.traits]
        self.values[np.ix_(with_traits, columns)] = rules.effectiveness(
            [threat.traits for threat in threats if threat.traits],
            [defense.traits for defense in defenses if defense.traits],
        )

    def enter(self, document: Catalog | Scenario) -> None:
        """Replace values by those that a document states, skipping absent threats.

        Parameters
        ----------
        document : Catalog or Scenario
        """
        bases = document.bases
        for index, entry in enumerate(document.effectiveness):
            if entry.acts_on in self._row:
                pair = self._row[entry.acts_on], self._column[entry.defense]
                value = ("effectiveness", index, "value")
                basis = bases.get(value) or entry.basis
                self.values[pair] = entry.value
                self.bases[pair] = code_of(basis)
                self.stated[pair] = True
                self.static[pair] = entry.adaptive is False and basis in MEASUREMENTS
                form = document.uncertain.get(value) or document.stated.get(value)
                self.sources[pair] = (form and form.source) or entry.source or ""

    def fill_chain(self, row: int, steps: IntArray) -> None:
        """Derive the values of a chain that are not stated from the rows of its steps.

        Each value is the greatest of the steps': above 0 where the composition's own rule gives
        a value above 0.

        Parameters
        ----------
        row : int
        steps : ndarray of int, shape (n_steps,)
            Rows of the distinct techniques.
        """
        counts = self.stated[steps] & ~self.stated[row]
        columns = np.flatnonzero(counts.any(axis=0))
        counts, pairs = counts[:, columns], np.ix_(steps, columns)
        self.values[row, columns] = self.values[pairs].max(axis=0)
        self.bases[row, columns] = combined_codes(self.bases[pairs], counts)
        self.static[row, columns] = self.static[pairs].any(axis=0)
        for place, j in enumerate(columns.tolist()):
            found = [self.sources[i, j] for i in steps[counts[:, place]].tolist()]
            self.sources[row, j] = "; ".join(dict.fromkeys(filter(None, found)))
