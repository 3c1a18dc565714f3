"""The rules of the taxonomy, one place for each: who applies, how much, how well.

These are this project's own formalization of the taxonomy in arXiv:2411.11195; the
documentation's page on the model states and discusses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from mfmgame.channel import capacity_loss
from mfmgame.spec.catalog import (
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

__all__ = ["applies", "bandwidth", "effectiveness", "restricted_to_inputs", "severity"]

FloatArray = NDArray[np.float64]

_SYSTEM_FLOWS: tuple[Flow, ...] = ("action", "interaction", "memory")


def applies(threat: Threat, system: System | None, flows: Iterable[Flow] | None) -> bool:
    """Whether a threat applies to a system in a deployment.

    Parameters
    ----------
    threat : Threat
        A threat without traits applies to every system.
    system : System or None
        None applies no filter by target type or input.
    flows : iterable of Flow or None
        The deployment's flows beyond a model's own; None (with no system) filters none.

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
    """The traits of a threat with modality weights only where the system has an input."""
    if system is None:
        return traits
    weights = {name: weight for name, weight in traits.modalities.items() if name in system.inputs}
    return traits.model_copy(update={"modalities": weights})


def severity(traits: ThreatTraits, assumptions: Assumptions, channel: Channel) -> float:
    """Loss at full effort: impact of the goal x share of the channel's capacity taken.

    The factor of each axis is raised to the threat's weight on it; the factors of all
    axes multiply.
    """
    impact = next(entry.impact for entry in assumptions.goals if entry.goal == traits.goal)
    factors = {"signal_factor": 1.0, "noise_factor": 1.0, "bandwidth_factor": 1.0}
    for effect in assumptions.axes:
        for name in factors:
            factors[name] *= getattr(effect, name) ** traits.axes.get(effect.axis, 0.0)
    return impact * float(capacity_loss(channel.signal, channel.noise, **factors))


def bandwidth(threat: Threat, traits: ThreatTraits, assumptions: Assumptions) -> float:
    """Bits at full effort: those of the class, and the extra of a black-box-only threat."""
    need = next(entry for entry in assumptions.classes if entry.threat_class == threat.threat_class)
    inside = traits.knowledge.get("white") or traits.knowledge.get("grey")
    return need.bits if inside else need.bits + need.black_box_only_extra_bits


def effectiveness(threats: Sequence[ThreatTraits], defenses: Sequence[DefenseTraits]) -> FloatArray:
    """Share of each threat that each defense stops at level 1.

    ``E = strength * min(1, axes . acts) * max over flows of (flow * guard) * (share of
    the modality weight handled) * (1 - (1 - retention) * k)`` with ``k`` 1 for a
    white-box threat, 0.5 for a grey-box one at best and 0 for a black-box one. Cutting
    any one flow that an attack needs stops it, hence the maximum.

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
    strength = np.array([defense.strength for defense in defenses])
    retention = np.array([defense.retention for defense in defenses])
    axes = np.minimum(
        1.0,
        _table([threat.axes for threat in threats], get_args(Axis))
        @ _table([defense.acts for defense in defenses], get_args(Axis)).T,
    )
    needed = _table([threat.flows for threat in threats], get_args(Flow))
    guarded = _table([defense.guards for defense in defenses], get_args(Flow))
    flows = np.zeros_like(axes)
    for column in range(needed.shape[1]):
        np.maximum(flows, np.outer(needed[:, column], guarded[:, column]), out=flows)
    weights = _table([threat.modalities for threat in threats], get_args(Modality))
    handled = weights @ _table([defense.modalities for defense in defenses], get_args(Modality)).T
    total = weights.sum(axis=1, keepdims=True)
    modalities = np.divide(handled, total, out=np.ones_like(handled), where=total > 0)
    insight = np.array([_insight(threat) for threat in threats])
    adaptation = 1.0 - np.outer(insight, 1.0 - retention)
    return np.asarray(np.clip(strength * axes * flows * modalities * adaptation, 0.0, 1.0))


def _insight(threat: ThreatTraits) -> float:
    """How far the attacker knows the model and so can adapt to a defense."""
    if threat.knowledge.get("white"):
        return 1.0
    return 0.5 if threat.knowledge.get("grey") else 0.0


def _manipulated(traits: ThreatTraits) -> set[Modality]:
    return {name for name, weight in traits.modalities.items() if weight}


def _table(rows: Sequence[Mapping[Any, float]], names: Sequence[str]) -> FloatArray:
    table = [[row.get(name, 0.0) for name in names] for row in rows]
    return np.array(table, dtype=np.float64).reshape(len(rows), len(names))
