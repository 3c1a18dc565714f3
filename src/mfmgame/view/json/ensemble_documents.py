"""Ensembles as JSON documents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mfmgame.ensembles import estimates
from mfmgame.ensembles.ensemble import Ensemble
from mfmgame.ensembles.estimates import CONFIDENCE, Estimate
from mfmgame.ensembles.plan_regrets import HIGH, PlanRegret
from mfmgame.uncertainty.evaluation import MEASURES

__all__ = ["QUANTILES", "ensemble_document"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Probabilities of the quantiles that documents and texts list."""
_MOST_POINTS = 101


def ensemble_document(found: Ensemble) -> dict[str, Any]:
    """Build the summary of an ensemble as a document of schema ``mfmgame/ensemble/1``.

    Parameters
    ----------
    found : Ensemble

    Returns
    -------
    dict
    """
    inputs = found.inputs
    columns = inputs.names, inputs.nominal.tolist(), inputs.lower.tolist(), inputs.upper.tolist()
    own = [name for name in found.columns if name not in MEASURES and "/" not in name]
    has_threshold = found.has_threshold
    return {
        "schema": "mfmgame/ensemble/1",
        "scenario": found.name,
        "composition": found.composition,
        "draws": len(found),
        "seed": found.seed,
        "infeasible": found.n_infeasible,
        "status": found.status,
        "unproven": sum(status != "proven" for status in found.statuses),
        "undecided": found.n_undecided,
        "confidence": CONFIDENCE,
        "inputs": {
            name: {"nominal": nominal, "lower": lower, "upper": upper}
            for name, nominal, lower, upper in zip(*columns, strict=True)
        },
        "terminate": _estimate(found.probability_of_termination()) if has_threshold else None,
        "unreachable": _estimate(found.probability_of_no_reach()) if has_threshold else None,
        "value": _distribution(found, "value"),
        "threshold": _distribution(found, "threshold") if has_threshold else None,
        **{name: _distribution(found, name) for name in ("adversarial", "portfolio", "regret")},
        "measures": {name: _distribution(found, name) for name in own},
        "exceedance": _curve(found),
        "defenses": {
            defense: {
                "funded": _estimate(funding.funded),
                "mean_level": _or_null(funding.mean_level),
                "nominal_level": funding.nominal_level,
            }
            for defense, funding in found.funding.items()
        },
        **({"recommendation": _recommendation(found)} if found.plan_names else {}),
        "notes": list(found.notes),
    }


def _recommendation(found: Ensemble) -> dict[str, Any]:
    least, tied = found.least_mean_regret()
    return {
        "nominal_plan": _regret(found.nominal_regret),
        "plans": {
            plan: {
                "loss": _distribution(found, f"plan/{plan}"),
                "regret": _distribution(found, f"regret/{plan}"),
                **_regret(regret),
            }
            for plan, regret in found.plan_regrets.items()
        },
        "least_mean_regret": {"plan": least, "not_told_apart": list(tied)},
    }


def _regret(plan: PlanRegret) -> dict[str, Any]:
    return {
        "near_best": _estimate(plan.near_best),
        "mean_regret": _estimate(plan.mean),
        "high_regret": {"at": HIGH, **_estimate(plan.high)},
        "allowed": None if plan.allowed is None else _estimate(plan.allowed),
    }


def _distribution(found: Ensemble, name: str) -> dict[str, Any]:
    return {
        "nominal": _or_null(found.at_nominal(name)),
        "mean": _or_null(found.mean(name)),
        "quantiles": [{"at": at, **_estimate(found.quantile(name, at))} for at in QUANTILES],
    }


def _curve(found: Ensemble) -> list[dict[str, float]]:
    """Choose points of the curve, evenly spread over its probabilities and including both ends."""
    losses, probabilities = estimates.exceedance(found.known("value"))
    if len(losses) > _MOST_POINTS:
        steps = np.linspace(0, len(losses) - 1, _MOST_POINTS)
        places = np.unique(np.rint(steps).astype(np.intp))
        losses, probabilities = losses[places], probabilities[places]
    return [
        {"loss": loss, "probability": probability}
        for loss, probability in zip(losses.tolist(), probabilities.tolist(), strict=True)
    ]


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {name: _or_null(number) for name, number in estimate._asdict().items()}


def _or_null(number: float) -> float | None:
    return number if math.isfinite(number) else None
