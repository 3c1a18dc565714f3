"""The game of threats and defenses as labelled arrays."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, Self, get_args

import numpy as np
from numpy.typing import ArrayLike

from mfmgame.catalogs.number_bases import NumberBases
from mfmgame.documents.catalog import ShownAs
from mfmgame.documents.float_reading import amounts
from mfmgame.documents.scenario_parts import Units
from mfmgame.errors import SpecificationError
from mfmgame.game.array_checks import finite, quantities, quantity, shares
from mfmgame.game.attacker import Ways
from mfmgame.game.chains import Chains
from mfmgame.game.compositions import compose, composition_class
from mfmgame.game.labels import checked_labels, checked_plan_name, texts_beside
from mfmgame.game.level_rules import DefenseGroup, LevelRules, level_rules_of
from mfmgame.game.shared_losses import SharedLosses
from mfmgame.messages import nearest, refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray, IntArray, dense

if TYPE_CHECKING:
    import pandas
    import scipy.sparse

__all__ = ["GRANTED", "DefenseGame"]


KEPT_SHARES_MULTIPLY = "assumes that kept shares of work multiply"
GRANTED = 1e-12
"""Share of a limit by which whole steps may exceed it: in binary, 0.1 + 0.2 is more than 0.3."""


class DefenseGame:
    """Threats, defenses and both sides' resources, as labelled read-only arrays.

    Parameters
    ----------
    severity : array_like, shape (n_threats,)
        Loss from each threat at full effort with no defense, in loss units.
    bandwidth : array_like, shape (n_threats,)
        Bits that each threat needs at full effort.
    effectiveness : array_like or SciPy sparse, shape (n_threats, n_defenses)
        Share of each threat that each defense stops at level 1, in [0, 1]. A float64 array or
        canonical CSR matrix is not copied.
    attacker_bandwidth : float
        Bits that all threats together may use.
    use : mapping of str to array_like of shape (n_defenses,), optional
        By resource, the units that each defense uses at level 1.
    limits : mapping of str to float, optional
        By resource, the units that may be used; a resource without a limit is unlimited. With
        stepped defenses, use may exceed a limit by 1e-12 of it, for rounding in sums of decimals.
    max_level : array_like, shape (n_defenses,), optional
        Greatest level of each defense, 1 by default.
    levels : mapping of str to array_like, shape (n_levels,), optional
        By id, the increasing levels of each stepped defense; ``[0, 1]`` is all or nothing. Other
        defenses are continuous.
    requires : mapping of str to sequence of str, optional
        By id of a stepped defense, the defenses that must run, at any level, if it runs.
    groups : sequence of DefenseGroup, optional
        Bounds on how many defenses of a group of stepped defenses run.
    composition : {"best_of", "additive", "independent"}
        How several defenses act on one threat.
    termination_loss : float, optional
        Loss of stopping the system now, in loss units.
    threat_ids, defense_ids, threat_classes : sequence of str, optional
        Labels. By default ids are numbered and every class is "unclassified".
    threat_losses : sequence of str, optional
        Label of the loss that each threat causes. Threats with the same label are alternative
        ways to a loss that is suffered once: their efforts are at most 1 together. By default,
        and with an empty label, a threat has a loss of its own.
    threat_names, defense_names : sequence of str, optional
        Names to show beside the ids; empty where there is none.
    name : str, optional
        Name of the scenario.
    plans : mapping of str to mapping of str to float, optional
        Allocations by name, each with the level of every defense that runs, by id.
    units : Units, optional
        Names of the units of losses, their period and the resources.
    shown_as : mapping of str to {"amount", "kept_share"}, optional
        By resource, how amounts are shown. The amount of a kept share of work is the negative
        logarithm of the share.
    notes : sequence of str, optional
        Caveats about the numbers that every answer repeats.

    Raises
    ------
    SpecificationError
        If shapes differ, a label repeats, or a number is not finite or out of range.

    Examples
    --------
    >>> game = DefenseGame(severity=[3.0], bandwidth=[1.0], effectiveness=[[0.6]],
    ...                    attacker_bandwidth=2.0, use={"budget": [2.0]},
    ...                    limits={"budget": 5.0})
    >>> game.n_threats, game.n_defenses, game.resources
    (1, 1, ('budget',))
    """

    severity: FloatArray
    bandwidth: FloatArray
    effectiveness: FloatArray | scipy.sparse.csr_array
    attacker_bandwidth: float
    resources: tuple[str, ...]
    use: FloatArray
    limits: FloatArray
    max_level: FloatArray
    level_rules: LevelRules
    composition: str
    termination_loss: float | None
    threat_ids: Sequence[str]
    defense_ids: Sequence[str]
    threat_classes: tuple[str, ...]
    threat_losses: tuple[str, ...]
    shared_losses: SharedLosses | None
    """The loss of each threat; None if each threat has a loss of its own."""
    threat_names: Sequence[str]
    defense_names: Sequence[str]
    name: str
    plans: Mapping[str, Mapping[str, float]]
    units: Units
    shown_as: Mapping[str, ShownAs]
    notes: tuple[str, ...]
    threat_noun: str = "threat"
    """Name of what attacks, in titles: a path in the game of an attack graph's listed paths."""
    bases: NumberBases | None = None
    """Basis of each number; None unless :func:`build_game` has read it in documents."""
    chains: Chains | None = None
    """Techniques, and the threats that are chains of them; set by :func:`build_game` alone."""

    def __init__(
        self,
        *,
        severity: ArrayLike,
        bandwidth: ArrayLike,
        effectiveness: ArrayLike | Any,
        attacker_bandwidth: float,
        use: Mapping[str, ArrayLike] | None = None,
        limits: Mapping[str, float] | None = None,
        max_level: ArrayLike | None = None,
        levels: Mapping[str, ArrayLike] | None = None,
        requires: Mapping[str, Sequence[str]] | None = None,
        groups: Sequence[DefenseGroup] = (),
        composition: str = "best_of",
        termination_loss: float | None = None,
        threat_ids: Sequence[str] | None = None,
        defense_ids: Sequence[str] | None = None,
        threat_classes: Sequence[str] | None = None,
        threat_losses: Sequence[str] | None = None,
        threat_names: Sequence[str] | None = None,
        defense_names: Sequence[str] | None = None,
        name: str = "unnamed",
        plans: Mapping[str, Mapping[str, float]] | None = None,
        units: Units | None = None,
        shown_as: Mapping[str, ShownAs] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        tables: dict[str, Any] = {"use": use, "limits": limits, "levels": levels}
        tables |= {"requires": requires, "plans": plans, "shown_as": shown_as}
        labels = {"threat_ids": threat_ids, "defense_ids": defense_ids}
        labels |= {"threat_names": threat_names, "defense_names": defense_names}
        labels |= {"threat_classes": threat_classes, "threat_losses": threat_losses}
        refuse_other_types(units, "units", Units, NoneType)
        _refuse_types(tables, Mapping, NoneType)
        _refuse_types(labels, Collection, NoneType)
        _refuse_types({"groups": groups, "notes": notes}, Collection)
        _refuse_types({"name": name}, str)
        self.severity = quantities(severity, "severity")
        n_threats = len(self.severity)
        self.bandwidth = quantities(bandwidth, "bandwidth", n_threats)
        self.effectiveness = shares(effectiveness, n_threats)
        n_defenses = self.effectiveness.shape[1]
        self.attacker_bandwidth = quantity(attacker_bandwidth, "attacker_bandwidth")
        self._set_limits(use or {}, limits or {}, n_defenses)
        most = np.ones(n_defenses) if max_level is None else max_level
        self.max_level = quantities(most, "max_level", n_defenses)
        composition_class(composition)  # refuses an unknown name
        self.composition = composition
        self.termination_loss = (
            None if termination_loss is None else quantity(termination_loss, "termination_loss")
        )
        self._set_labels(**labels)
        self.level_rules = level_rules_of(
            self.defense_ids, self.max_level, levels or {}, requires or {}, groups
        )
        self.max_level = self.level_rules.greatest_levels(self.max_level)
        self.name, self.units = name, units or Units()
        self.plans = {
            checked_plan_name(plan): dict(stated) for plan, stated in (plans or {}).items()
        }
        self.shown_as = _checked_displays(shown_as or {}, self.resources)
        assumed = [KEPT_SHARES_MULTIPLY] if "kept_share" in self.shown_as.values() else []
        self.notes = tuple(dict.fromkeys([*notes, *assumed]))
        for array in (self.use, self.limits):
            array.flags.writeable = False

    def _set_labels(
        self,
        threat_ids: Sequence[str] | None,
        defense_ids: Sequence[str] | None,
        threat_names: Sequence[str] | None,
        defense_names: Sequence[str] | None,
        threat_classes: Sequence[str] | None,
        threat_losses: Sequence[str] | None,
    ) -> None:
        """Set the ids, names, classes and losses of threats, the ids and names of defenses."""
        n_threats, n_defenses = self.n_threats, self.n_defenses
        self.threat_ids = checked_labels(threat_ids, n_threats, "t", "threat_ids")
        self.defense_ids = checked_labels(defense_ids, n_defenses, "d", "defense_ids")
        self.threat_classes = texts_beside(
            threat_classes, n_threats, "unclassified", "threat_classes"
        )
        self.threat_losses = texts_beside(threat_losses, n_threats, "", "threat_losses")
        self.shared_losses = SharedLosses.by_label(self.threat_losses)
        self.threat_names = texts_beside(threat_names, n_threats, "", "threat_names")
        self.defense_names = texts_beside(defense_names, n_defenses, "", "defense_names")

    def _set_limits(
        self, use: Mapping[str, ArrayLike], limits: Mapping[str, float], n_defenses: int
    ) -> None:
        """Set the resources, their use by each defense, and their limits."""
        self.resources = tuple(use)
        self.use = np.zeros((len(self.resources), n_defenses))
        for row, (resource, used) in enumerate(use.items()):
            self.use[row] = quantities(used, f"use[{shown(resource)}]", n_defenses)
        self.limits = np.full(len(self.resources), np.inf)
        for resource, limit in limits.items():
            if resource not in self.resources:
                raise _unused(resource, self.resources, f"limits[{shown(resource)}]")
            amount = amounts(limit, f"limits[{shown(resource)}]", n_axes=0)
            self.limits[self.resources.index(resource)] = amount

    def __repr__(self) -> str:
        return (
            f"DefenseGame({self.name!r}: {self.n_threats} threats x {self.n_defenses} defenses, "
            f"{self.composition}, attacker bandwidth {self.attacker_bandwidth!r})"
        )

    @property
    def n_threats(self) -> int:
        """Number of threats."""
        return len(self.severity)

    @property
    def n_losses(self) -> int:
        """Number of losses, each of which one or more threats can cause."""
        return self.n_threats if self.shared_losses is None else self.shared_losses.count

    @property
    def loss_ids(self) -> tuple[str, ...]:
        """Label of each loss: its own, or the id of its only threat; length n_losses."""
        labels = zip(self.threat_losses, self.threat_ids, strict=True)
        named = [label or threat for label, threat in labels]
        if self.shared_losses is None:
            return tuple(named)
        return tuple(named[threat] for threat in self.shared_losses.first_threats)

    @property
    def n_defenses(self) -> int:
        """Number of defenses."""
        return len(self.max_level)

    @property
    def ways(self) -> Ways:
        """The attacker's ways to cause losses."""
        return Ways(self.bandwidth, self.shared_losses)

    def losses_of(self, threats: IntArray) -> IntArray:
        """Number the losses that threats cause; a loss of a single threat may have its number.

        Parameters
        ----------
        threats : ndarray of int, shape (n_chosen,)

        Returns
        -------
        ndarray of int, shape (n_chosen,)
            Below the number of threats.
        """
        return threats if self.shared_losses is None else self.shared_losses.loss_of[threats]

    def counted_once(self, weight: FloatArray) -> FloatArray:
        """Scale weights of threats so that each shared loss counts once.

        Parameters
        ----------
        weight : ndarray of float, shape (n_threats,)
            Weight of each threat, at least 0.

        Returns
        -------
        ndarray of float, shape (n_threats,)
            The weights of the threats of each loss sum to the greatest of them.

        Examples
        --------
        >>> game = DefenseGame(severity=[6.0, 2.0, 5.0], bandwidth=[1.0] * 3,
        ...                    effectiveness=[[0.5]] * 3, attacker_bandwidth=1.0,
        ...                    threat_losses=["leak", "leak", ""])
        >>> game.counted_once(game.severity).tolist()
        [4.5, 1.5, 5.0]
        """
        losses = self.shared_losses
        if losses is None:
            return weight
        total, once = losses.total(weight), losses.greatest(weight)
        scale = np.divide(once, total, out=np.ones(losses.count), where=total > 0.0)
        return np.asarray(weight * scale[losses.loss_of])

    @property
    def is_discrete(self) -> bool:
        """Whether any defense is all-or-nothing or stepped."""
        return bool(self.level_rules.stepped.any())

    def keeps_share(self, resource: str) -> bool:
        """Tell whether amounts of a resource stand for kept shares of work.

        Parameters
        ----------
        resource : str

        Returns
        -------
        bool
        """
        return self.shown_as.get(resource) == "kept_share"

    @property
    def kept_limits(self) -> FloatArray:
        """Limits that allocations keep within, shape (n_resources,)."""
        return self.kept(self.limits)

    def kept(self, limits: FloatArray) -> FloatArray:
        """Return limits as enforced: raised by a trace if the game has stepped defenses.

        Parameters
        ----------
        limits : ndarray of float, shape (n_resources,)

        Returns
        -------
        ndarray of float, shape (n_resources,)
        """
        return limits if not self.is_discrete else limits + GRANTED * np.maximum(limits, 0.0)

    def with_attacker_bandwidth(self, attacker_bandwidth: float) -> Self:
        """Return the same game, sharing its arrays, with another attacker bandwidth.

        Parameters
        ----------
        attacker_bandwidth : float
            Bits that all threats together may use.

        Returns
        -------
        DefenseGame

        Raises
        ------
        SpecificationError
            If the bandwidth is negative or not finite.
        """
        other = copy.copy(self)
        other.attacker_bandwidth = finite(attacker_bandwidth, "attacker_bandwidth")
        return other

    def with_limits(self, limits: Mapping[str, float]) -> Self:
        """Copy the game with other limits; the copy shares the arrays.

        Parameters
        ----------
        limits : mapping of str to float
            New limits by resource; other limits stay as they are.

        Returns
        -------
        DefenseGame

        Raises
        ------
        SpecificationError
            If a resource is unknown, or a limit is negative or not finite.
        """
        refuse_other_types(limits, "limits", Mapping)
        other = copy.copy(self)
        other.limits = self.limits.copy()
        for resource, limit in limits.items():
            where = f"limits[{shown(resource)}]"
            if resource not in self.resources:
                raise _unused(resource, self.resources, where)
            other.limits[self.resources.index(resource)] = finite(limit, where)
        other.limits.flags.writeable = False
        return other

    def to_frame(self) -> pandas.DataFrame:
        """Return the payoff matrix ``P[i, j] = severity[i] * (1 - E[i, j])`` as a labelled table.

        Returns
        -------
        pandas.DataFrame
            A row per threat and a column per defense, in loss units.
        """
        import pandas

        alone = dense(compose(self).alone)
        return pandas.DataFrame(
            self.severity[:, None] * (1.0 - alone),
            index=pandas.Index(list(self.threat_ids), name="threat"),
            columns=pandas.Index(list(self.defense_ids), name="defense"),
        )


def _refuse_types(arguments: Mapping[str, Any], *expected: type) -> None:
    for argument, value in arguments.items():
        refuse_other_types(value, argument, *expected)


def _checked_displays(
    shown_as: Mapping[str, ShownAs], resources: Sequence[str]
) -> dict[str, ShownAs]:
    for resource, display in shown_as.items():
        pointer = f"shown_as[{shown(resource)}]"
        if resource not in resources:
            raise _unused(resource, resources, pointer)
        if display not in get_args(ShownAs):
            hint = nearest(display, get_args(ShownAs), "display")
            raise SpecificationError(f"found {shown(display)}, expected {hint}", pointer=pointer)
    return dict(shown_as)


def _unused(resource: str, resources: Sequence[str], pointer: str) -> SpecificationError:
    expected = nearest(resource, resources, "resource")
    return SpecificationError(f"no defense uses it, expected {expected}", pointer=pointer)
