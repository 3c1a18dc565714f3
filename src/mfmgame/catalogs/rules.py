"""Rules of the taxonomy: which threats apply, how severe they are, how well defenses stop them.

The rules are this project's own formalization of the taxonomy in arXiv:2411.11195; the
documentation's page on the model states and discusses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self, get_args

import numpy as np

from mfmgame.channel import capacity_loss
from mfmgame.documents.catalog import (
    Assumptions,
    Axis,
    Channel,
    DefenseTraits,
    Flow,
    Modality,
    System,
    Threat,
    ThreatTraits,
)
from mfmgame.numerics.arrays import FloatArray

__all__ = [
    "FACTORS",
    "DefenseTable",
    "ThreatTable",
    "applies",
    "bandwidth",
    "effectiveness",
    "effectiveness_of",
    "needs_extra",
    "restricted_to_inputs",
    "severity",
    "taken",
]


FACTORS = ("signal_factor", "noise_factor", "bandwidth_factor")
"""Quantities that a full effect on an axis multiplies."""

_SYSTEM_FLOWS: tuple[Flow, ...] = ("action", "interaction", "memory")


def applies(threat: Threat, system: System | None, flows: Iterable[Flow] | None) -> bool:
    """Tell whether a threat applies to a system in a deployment.

    Parameters
    ----------
    threat : Threat
        A threat without traits applies to every system.
    system : System or None
        None applies no filter by target type or input.
    flows : iterable of Flow or None
        The deployment's flows beyond a model's own; None (without a system) applies no filter by
        flow.

    Returns
    -------
    bool
        True when the system's type is a target, at least one of the modalities that the
        threat manipulates (if any) is an input, and, for a system-level threat, the
        deployment has one of its system flows.
    """
    traits = threat.traits
    if traits is None:
        return True
    if system is not None:
        if not traits.targets.get(system.target_type):
            return False
        if _manipulated(traits) and not _manipulated(traits) & set(system.inputs):
            return False
    if threat.level == "system" and (system is not None or flows is not None):
        deployed = set(flows or ())
        return any(traits.flows.get(flow) and flow in deployed for flow in _SYSTEM_FLOWS)
    return True


def restricted_to_inputs(traits: ThreatTraits, system: System | None) -> ThreatTraits:
    """Restrict a threat's modality weights to the system's inputs."""
    if system is None:
        return traits
    weights = {name: weight for name, weight in traits.modalities.items() if name in system.inputs}
    return traits.model_copy(update={"modalities": weights})


def severity(traits: ThreatTraits, assumptions: Assumptions, channel: Channel) -> float:
    """Compute the loss at full effort: the goal's impact x the share of channel capacity taken."""
    impact = next(entry.impact for entry in assumptions.goals if entry.goal == traits.goal)
    weights = [traits.axes.get(effect.axis, 0.0) for effect in assumptions.axes]
    effects = [[getattr(effect, name) for name in FACTORS] for effect in assumptions.axes]
    return impact * taken(weights, effects, channel.signal, channel.noise)


def taken(
    weights: Sequence[float], effects: Sequence[Sequence[float]], signal: float, noise: float
) -> float:
    """Compute the share of the channel's capacity that a threat takes.

    The factor of each axis is raised to the threat's weight on it; the factors of all
    axes multiply.

    Parameters
    ----------
    weights : sequence of float, length n_axes
        Weight of the threat on each axis.
    effects : sequence of sequence of float, shape (n_axes, 3)
        Factors of each axis, in the order of `FACTORS`.
    signal, noise : float
        Power of signal and noise in the clean channel.

    Returns
    -------
    float
        In [0, 1].
    """
    product = [1.0] * len(FACTORS)
    for weight, factors in zip(weights, effects, strict=True):
        for place, factor in enumerate(factors):
            product[place] *= factor**weight
    return _capacity_taken(signal, noise, *product)


@lru_cache(maxsize=4096)  # the threats of a catalog share a few kinds of effect
def _capacity_taken(
    signal: float, noise: float, on_signal: float, on_noise: float, on_bandwidth: float
) -> float:
    loss = capacity_loss(
        signal,
        noise,
        signal_factor=on_signal,
        noise_factor=on_noise,
        bandwidth_factor=on_bandwidth,
    )
    return float(loss)


def bandwidth(threat: Threat, traits: ThreatTraits, assumptions: Assumptions) -> float:
    """Compute the bits at full effort: the class's, plus the extra of a black-box-only threat."""
    need = next(entry for entry in assumptions.classes if entry.threat_class == threat.threat_class)
    return need.bits + need.black_box_only_extra_bits if needs_extra(traits) else need.bits


def needs_extra(traits: ThreatTraits) -> bool:
    """Tell whether a threat has only black-box access."""
    return not (traits.knowledge.get("white") or traits.knowledge.get("grey"))


@dataclass(frozen=True, eq=False)
class ThreatTable:
    """Traits of threats as arrays.

    Attributes
    ----------
    axes : ndarray of float, shape (n_threats, 3)
    flows : ndarray of float, shape (n_threats, 6)
    modalities : ndarray of float, shape (n_threats, 3)
        Weights already restricted to the system's inputs.
    insight : ndarray of float, shape (n_threats,)
        Attacker's knowledge of the model, which allows adapting to a defense.
    """

    axes: FloatArray
    flows: FloatArray
    modalities: FloatArray
    insight: FloatArray

    @classmethod
    def of(cls, traits: Sequence[ThreatTraits]) -> Self:
        """Build the table from traits, a row for each threat."""
        return cls(
            axes=_table([one.axes for one in traits], get_args(Axis)),
            flows=_table([one.flows for one in traits], get_args(Flow)),
            modalities=_table([one.modalities for one in traits], get_args(Modality)),
            insight=np.array([_insight(one) for one in traits]),
        )


@dataclass(frozen=True, eq=False)
class DefenseTable:
    """Traits of defenses as arrays.

    Attributes
    ----------
    strength, retention : ndarray of float, shape (n_defenses,)
    acts : ndarray of float, shape (n_defenses, 3)
    guards : ndarray of float, shape (n_defenses, 6)
    modalities : ndarray of float, shape (n_defenses, 3)
    """

    strength: FloatArray
    retention: FloatArray
    acts: FloatArray
    guards: FloatArray
    modalities: FloatArray

    @classmethod
    def of(cls, traits: Sequence[DefenseTraits]) -> Self:
        """Build the table from traits, a row for each defense."""
        return cls(
            strength=np.array([one.strength for one in traits]),
            retention=np.array([one.retention for one in traits]),
            acts=_table([one.acts for one in traits], get_args(Axis)),
            guards=_table([one.guards for one in traits], get_args(Flow)),
            modalities=_table([one.modalities for one in traits], get_args(Modality)),
        )


def effectiveness(threats: Sequence[ThreatTraits], defenses: Sequence[DefenseTraits]) -> FloatArray:
    """Compute the share of each threat that each defense stops at level 1.

    ``E = strength * min(1, axes . acts) * max over flows of (flow * guard) * (share of the
    modality weight handled) * (1 - (1 - retention) * k)`` with ``k`` 1 for white-box access, 0.5
    for grey-box access at best and 0 for black-box access. Cutting any one flow that an attack
    needs stops the attack, hence the maximum.

    Parameters
    ----------
    threats : sequence of ThreatTraits, length n_threats
        Modality weights already restricted to the system's inputs.
    defenses : sequence of DefenseTraits, length n_defenses

    Returns
    -------
    ndarray of float, shape (n_threats, n_defenses)
        Values in [0, 1].

    Examples
    --------
    >>> from mfmgame.catalogs import load_catalog
    >>> mfm = load_catalog("mfm")
    >>> E = effectiveness([t.traits for t in mfm.threats], [d.traits for d in mfm.defenses])
    >>> E.shape, round(float((E > 0).mean()), 4)
    ((73, 15), 0.3845)
    """
    return effectiveness_of(ThreatTable.of(threats), DefenseTable.of(defenses))


def effectiveness_of(threats: ThreatTable, defenses: DefenseTable) -> FloatArray:
    """Compute the effectiveness from tables of traits, shape (n_threats, n_defenses)."""
    axes = np.minimum(1.0, threats.axes @ defenses.acts.T)
    flows = np.zeros_like(axes)
    for column in range(threats.flows.shape[1]):
        np.maximum(flows, np.outer(threats.flows[:, column], defenses.guards[:, column]), out=flows)
    weights = threats.modalities
    handled = weights @ defenses.modalities.T
    total = weights.sum(axis=1, keepdims=True)
    modalities = np.divide(handled, total, out=np.ones_like(handled), where=total > 0)
    adaptation = 1.0 - np.outer(threats.insight, 1.0 - defenses.retention)
    shares = defenses.strength * axes * flows * modalities * adaptation
    return np.asarray(np.clip(shares, 0.0, 1.0))


def _insight(threat: ThreatTraits) -> float:
    """Rate the attacker's knowledge of the model, which allows adapting to a defense."""
    if threat.knowledge.get("white"):
        return 1.0
    return 0.5 if threat.knowledge.get("grey") else 0.0


def _manipulated(traits: ThreatTraits) -> set[Modality]:
    return {name for name, weight in traits.modalities.items() if weight}


def _table(rows: Sequence[Mapping[Any, float]], names: Sequence[str]) -> FloatArray:
    table = [[row.get(name, 0.0) for name in names] for row in rows]
    return np.array(table, dtype=np.float64).reshape(len(rows), len(names))
