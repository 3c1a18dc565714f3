"""The uncertain numbers of a scenario and its catalog, as columns to draw from.

Measured numbers with one baseline share the draw of its success rate, from a column of its own
beside those of the numbers.

Numbers of one group follow a Gaussian copula in which all pairs have the same correlation
``r = 2 sin(pi rho / 6)``, so their rank correlation is Spearman's ``rho`` [1]_ (less for
discrete numbers, because of ties). Draws come from a counter-based generator [2]_: the numbers
of draw ``i`` depend only on the seed and ``i``.

References
----------
.. [1] W. H. Kruskal, "Ordinal measures of association", J. Am. Stat. Assoc. 53 (1958).
.. [2] J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as
   easy as 1, 2, 3", SC11 (2011).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.documents.base import SMALLEST
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.distributions import Distribution
from mfmgame.documents.measured_distribution import Measured
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.uncertain_numbers import Place, UncertainDocument, rank_to_normal
from mfmgame.errors import SpecificationError
from mfmgame.messages import shown
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Address", "Side", "UncertainInputs"]

Side = Literal["scenario", "catalog"]
Address = tuple[Side, Place]
"""The document that contains a number, and the number's place in the document."""

_KEYS = (("threat", "defense"), ("technique", "defense"), ("id",), ("goal",), ("class",), ("axis",))
"""Keys that identify an entry of a list."""
_BLOCK = 4
"""Words that the generator makes at a time."""
_LEAST = 2.0**-53
"""Least probability of a success rate, and the distance of the greatest from 1."""


class UncertainInputs:
    """Every uncertain number of a scenario and the catalog that it builds on.

    Parameters
    ----------
    scenario, catalog : Scenario, Catalog

    Attributes
    ----------
    names : tuple of str, length n_inputs
        Place of each number: a JSON pointer without its first slash, with ids for indices,
        as ``threats/t1/severity`` or ``catalog/defenses/d1/traits/strength``. The numbers of the
        scenario come first, each document's in alphabetical order: the order of keys and entries
        in a file, which differs between JSON and workbooks, must not change any draw.
    addresses : tuple of (side, place), length n_inputs
        The same places for programs.
    distributions : tuple of Distribution, length n_inputs
    baselines : tuple of str, length n_baselines
        Ids of the baselines of measured numbers, in alphabetical order.
    nominal : ndarray of float, shape (n_inputs,)
    lower, upper : ndarray of float, shape (n_inputs,)
        Least and greatest value of each number.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.Scenario(schema="mfmgame/scenario/1", threats=[],
    ...                        attacker={"bandwidth": {"range": [1, 5]}})
    >>> inputs = mg.GameFamily(scenario).inputs
    >>> inputs.names, inputs.nominal.tolist(), inputs.upper.tolist()
    (('attacker/bandwidth',), [3.0], [5.0])
    """

    def __init__(self, scenario: Scenario, catalog: Catalog) -> None:
        documents: tuple[tuple[Side, UncertainDocument, str], ...] = (
            ("scenario", scenario, ""),
            ("catalog", catalog, "catalog/"),
        )
        names: list[str] = []
        addresses: list[Address] = []
        forms: list[Distribution] = []
        self._groups: list[tuple[NDArray[np.intp], float]] = []
        for side, document, prefix in documents:
            if not document.uncertain:
                continue
            content = document.model_dump(by_alias=True)
            groups: dict[str, list[int]] = {name: [] for name in document.correlations}
            named = ((_name(content, place), place) for place in document.uncertain)
            for name, place in sorted(named, key=lambda entry: entry[0]):
                form = document.uncertain[place]
                if form.group is not None:
                    groups[form.group].append(len(forms))
                names.append(prefix + name)
                addresses.append((side, place))
                forms.append(form)
            self._groups += [
                (np.array(members), rank_to_normal(document.correlations[name]))
                for name, members in groups.items()
            ]
        self.names = tuple(names)
        self.addresses = tuple(addresses)
        self.distributions = tuple(forms)
        scenario.check_baselines(catalog)
        measured = [form.baseline for form in forms if isinstance(form, Measured)]
        self._baselines = {base.id: base for base in sorted(measured, key=lambda base: base.id)}
        self.baselines = tuple(self._baselines)
        self.nominal = _read_only([form.center for form in forms])
        self.lower = _read_only([form.support[0] for form in forms])
        self.upper = _read_only([form.support[1] for form in forms])

    @property
    def measured(self) -> dict[str, float]:
        """Estimate from the counted rates of each measured number; NaN where there is none."""
        return {
            name: math.nan if form.plug_in is None else form.plug_in
            for name, form in zip(self.names, self.distributions, strict=True)
            if isinstance(form, Measured)
        }

    def __len__(self) -> int:
        return len(self.names)

    def at_quantiles(self, probabilities: ArrayLike) -> FloatArray:
        """Compute each number's values at given probabilities, ignoring correlations and baselines.

        Parameters
        ----------
        probabilities : array_like, shape (n, n_inputs)
            In [0, 1].

        Returns
        -------
        ndarray of float, shape (n, n_inputs)
            Probability 0 gives the lower ends, 1 the upper ends.

        Raises
        ------
        SpecificationError
            If the shape is wrong or a probability is out of [0, 1].
        """
        table = _checked(probabilities, len(self))
        values = np.empty(table.shape)
        for column, form in enumerate(self.distributions):
            values[:, column] = form.quantiles(table[:, column])
        return _regular(values)

    def beside_baselines(self, probabilities: ArrayLike) -> FloatArray:
        """Compute each number's values at given probabilities of numbers and baselines.

        Parameters
        ----------
        probabilities : array_like, shape (n, n_inputs + n_baselines)
            In [0, 1]. The column of a measured number is for the success rate of the attack
            beside the defense: the effectiveness falls if it grows. The columns of the baselines
            are for their success rates.

        Returns
        -------
        ndarray of float, shape (n, n_inputs)

        Raises
        ------
        SpecificationError
            If the shape is wrong or a probability is out of [0, 1].
        """
        table = _checked(probabilities, len(self) + len(self.baselines))
        inner = np.clip(table, _LEAST, 1.0 - _LEAST)
        rates = {
            base.id: base.rates(inner[:, len(self) + column])
            for column, base in enumerate(self._baselines.values())
        }
        values = np.empty((len(table), len(self)))
        for column, form in enumerate(self.distributions):
            if isinstance(form, Measured):
                values[:, column] = form.given(inner[:, column], rates[form.baseline.id])
            else:
                values[:, column] = form.quantiles(table[:, column])
        return _regular(values)

    def correlated(self, probabilities: ArrayLike) -> FloatArray:
        """Turn independent uniform numbers into uniform numbers correlated within groups.

        Parameters
        ----------
        probabilities : array_like, shape (n, n_inputs)
            Independent and uniform, above 0 and below 1.

        Returns
        -------
        ndarray of float, shape (n, n_inputs)
            Each number is still uniform by itself.
        """
        table = np.array(probabilities, dtype=np.float64)
        if self._groups:
            from scipy.special import ndtr, ndtri
        for members, correlation in self._groups:
            normal = [ndtri(np.ascontiguousarray(table[:, column])) for column in members]
            # The symmetric root of the correlation matrix: own * I + common * 1 1'.
            own = math.sqrt(1.0 - correlation)
            whole = math.sqrt(max(0.0, 1.0 + (len(members) - 1) * correlation))
            shared = sum(normal[1:], start=normal[0]) * ((whole - own) / len(members))
            for column, number in zip(members, normal, strict=True):
                table[:, column] = ndtr(own * number + shared)
        return table

    def draws(self, seed: int, start: int, stop: int) -> FloatArray:
        """Draw the values of consecutive draws of a seed.

        Parameters
        ----------
        seed : int
            At least 0 and below 2**64.
        start, stop : int
            The first draw, and the one after the last.

        Returns
        -------
        ndarray of float, shape (stop - start, n_inputs)
            Draw `i` depends only on the seed and `i`.

        Raises
        ------
        SpecificationError
            If the seed is out of its range.
        """
        checked_seed(seed)
        n_columns = len(self) + len(self.baselines)
        width = -(-n_columns // _BLOCK)
        source = np.random.Philox(key=np.array([seed, 0], dtype=np.uint64))
        source.advance(start * width)
        words = source.random_raw((stop - start) * width * _BLOCK)
        table = np.asarray(words, dtype=np.uint64).reshape(stop - start, width * _BLOCK)
        # Use 53 bits, at the middle of their interval: never 0, never 1.
        uniform = ((table[:, :n_columns] >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        uniform = np.minimum(uniform, 1.0 - _LEAST)
        own, shared = np.hsplit(uniform, [len(self)])
        return self.beside_baselines(np.hstack([self.correlated(own), shared]))


def checked_seed(seed: int) -> int:
    """Return a seed if it is valid."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise SpecificationError(
            f"found {shown(seed)}, expected an integer from 0 to 2**64 - 1", pointer="seed"
        )
    return int(seed)


def _checked(probabilities: ArrayLike, n_columns: int) -> FloatArray:
    table = np.asarray(probabilities, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != n_columns:
        raise SpecificationError(
            f"found shape {table.shape}, expected (n, {n_columns})", pointer="probabilities"
        )
    if not ((table >= 0.0) & (table <= 1.0)).all():
        raise SpecificationError("expected values in [0, 1]", pointer="probabilities")
    return table


def _regular(values: FloatArray) -> FloatArray:
    # Below the smallest number that a document may hold, use 0; and turn -0.0 into 0.0.
    return np.where(np.abs(values) < SMALLEST, 0.0, values)


def _name(content: Any, place: Place) -> str:
    """Name a place, with the ids of entries instead of their indices."""
    parts: list[str] = []
    for key in place:
        content = content[key]
        parts += _entry_name(content) if isinstance(key, int) else [str(key)]
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def _entry_name(entry: Mapping[str, Any]) -> Sequence[str]:
    keys = next(keys for keys in _KEYS if all(entry.get(key) is not None for key in keys))
    return [str(entry[key]) for key in keys]


def _read_only(numbers: Sequence[float]) -> FloatArray:
    array = np.array(numbers, dtype=np.float64)
    array.flags.writeable = False
    return array
