"""Sensitivity results as JSON documents: keys in the scenario's order, floats with every digit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mfmgame.answers.gradient import Gradient
from mfmgame.answers.status import doubts, first_unproven
from mfmgame.attribution.shapley import Attribution
from mfmgame.attribution.what_if import Outcome, WhatIf, WithoutEach
from mfmgame.game.game import DefenseGame
from mfmgame.uncertainty.global_sensitivity import Influence
from mfmgame.uncertainty.robust import RobustPlan
from mfmgame.uncertainty.tornado import Tornado
from mfmgame.view.json.answer_documents import displays

__all__ = [
    "gradient_document",
    "gradient_notes",
    "influence_document",
    "robust_document",
    "shares_document",
    "tornado_document",
    "what_if_document",
    "what_if_notes",
]


def gradient_document(value: Gradient, threshold: Gradient | None) -> dict[str, Any]:
    """Build derivatives as a document of schema ``mfmgame/gradient/1``.

    Parameters
    ----------
    value, threshold : Gradient
        Of one game; the second is None where there is no threshold to reach.

    Returns
    -------
    dict
    """
    table = value.to_frame()
    columns = ("number", "name", "size", "derivative", "elasticity")
    rows = zip(*(table[column].tolist() for column in columns), strict=True)
    slopes: list[dict[str, Any] | None] = [None] * len(table)
    if threshold is not None:
        other = threshold.to_frame()
        pairs = zip(other["derivative"].tolist(), other["elasticity"].tolist(), strict=True)
        slopes = [_slope(derivative, elasticity) for derivative, elasticity in pairs]
    return {
        **_head("mfmgame/gradient/1", value.game),
        **displays(value.game),
        "status": first_unproven(one.status for one in (value, threshold) if one is not None),
        "value": value.at,
        "threshold": None if threshold is None else threshold.at,
        "numbers": [
            {
                "number": number,
                "name": name,
                "size": size,
                "value": _slope(derivative, elasticity),
                "threshold": slope,
            }
            for (number, name, size, derivative, elasticity), slope in zip(
                rows, slopes, strict=True
            )
        ],
        "notes": gradient_notes(value, threshold),
    }


def gradient_notes(value: Gradient, threshold: Gradient | None) -> list[str]:
    """Collect the notes of the gradients of the value and of the threshold."""
    of_threshold = () if threshold is None else doubts("threshold", threshold, value.game)
    return [*value.notes, *of_threshold]


def shares_document(found: Attribution) -> dict[str, Any]:
    """Build Shapley shares as a document of schema ``mfmgame/shares/1``."""
    table = found.to_frame()
    return {
        **_head("mfmgame/shares/1", found.game),
        "status": found.status,
        "undefended": found.undefended,
        "defended": found.defended,
        "removed": found.removed,
        "permutations": found.permutations,
        "defenses": {
            str(defense): dict(zip(table.columns, row, strict=True))
            for defense, row in zip(table.index, table.to_numpy().tolist(), strict=True)
        },
        "notes": list(found.notes),
    }


def what_if_document(found: WhatIf, each: WithoutEach | None = None) -> dict[str, Any]:
    """Build a what-if as a document of schema ``mfmgame/what-if/1``.

    Parameters
    ----------
    found : WhatIf
    each : WithoutEach, optional
        The same scenario, as it would be, without each of its defenses.

    Returns
    -------
    dict
    """
    game = found.after.solution.game
    without = None
    if each is not None:
        value = each.before.solution.value
        without = [
            {
                "defense": one.defense,
                "value": _or_null(one.value),
                "change": _or_null(one.value - value),
                "threshold": _or_null(one.threshold),
                "decision": one.decision,
                "status": one.status,
            }
            for one in each.ranked
        ]
    return {
        **_head("mfmgame/what-if/1", game),
        "status": found.status if each is None else first_unproven((found.status, each.status)),
        "dropped": list(found.dropped),
        "added": list(found.added),
        "before": _outcome(found.before),
        "after": _outcome(found.after),
        "change": found.change,
        "without": without,
        "notes": what_if_notes(found, each),
    }


def what_if_notes(found: WhatIf, each: WithoutEach | None) -> list[str]:
    """Collect the notes of both answers, and of the answers without each defense."""
    if each is None:
        return list(found.notes)
    return [*found.notes, *each.notes[len(each.before.notes) :]]


def robust_document(plan: RobustPlan) -> dict[str, Any]:
    """Build a robust plan as a document of schema ``mfmgame/robust/1``."""
    columns = zip(
        plan.names,
        plan.nominal_values.tolist(),
        plan.lower.tolist(),
        plan.upper.tolist(),
        plan.worst_values.tolist(),
        strict=True,
    )
    return {
        **_head("mfmgame/robust/1", plan.solution.game),
        "status": plan.status,
        "coverage": plan.coverage,
        "exact": plan.is_exact,
        "worst_case": _outcome(Outcome(plan.solution, plan.threshold)),
        "reached": plan.reached,
        "nominal": _outcome(Outcome(plan.nominal, plan.nominal_threshold)),
        "nominal_plan_worst_case": plan.nominal_worst,
        "robust_plan_nominal": plan.robust_nominal,
        "saved": plan.saved,
        "price": plan.price,
        "inputs": {
            name: {
                "nominal": nominal,
                "lower": lower,
                "upper": upper,
                "worst": worst,
                "mixed": name in plan.mixed,
            }
            for name, nominal, lower, upper, worst in columns
        },
        "notes": list(plan.notes),
    }


def tornado_document(found: Tornado) -> dict[str, Any]:
    """Build a tornado as a document of schema ``mfmgame/tornado/1``."""
    has_threshold = found.game.termination_loss is not None
    rows = zip(
        found.names,
        found.nominal.tolist(),
        found.lower.tolist(),
        found.upper.tolist(),
        found.values.tolist(),
        found.thresholds.tolist(),
        strict=True,
    )
    return {
        **_head("mfmgame/tornado/1", found.game),
        "status": found.status,
        "value": found.value,
        "threshold": _or_null(found.threshold),
        "inputs": [
            {
                "input": name,
                "nominal": nominal,
                "lower": lower,
                "upper": upper,
                "value": values,
                "threshold": [_or_null(one) for one in thresholds] if has_threshold else None,
            }
            for name, nominal, lower, upper, values, thresholds in rows
        ],
        "notes": list(found.notes),
    }


def influence_document(found: Influence) -> dict[str, Any]:
    """Build Sobol or Morris indices as a document of schema ``mfmgame/influence/1``."""
    above = np.triu_indices(len(found.names), 1)
    names = found.names
    pairs = [(names[first], names[second]) for first, second in zip(*above, strict=True)]
    return {
        **_head("mfmgame/influence/1", found.game),
        "status": found.status,
        "method": found.method,
        "n": found.n,
        "seed": found.seed,
        "solved": found.n_solved,
        "unreached": found.n_unreached,
        "measures": {
            measure: {
                name: {column: _or_null(float(one[row])) for column, one in columns.items()}
                for row, name in enumerate(names)
            }
            for measure, columns in found.indices.items()
        },
        "second_order": {
            measure: [
                [*pair, _or_null(index)]
                for pair, index in zip(pairs, table[above].tolist(), strict=True)
            ]
            for measure, table in found.second.items()
        },
        "notes": list(found.notes),
    }


def _head(schema: str, game: DefenseGame) -> dict[str, Any]:
    return {"schema": schema, "scenario": game.name, "composition": game.composition}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    solution, threshold = outcome.solution, outcome.threshold
    return {
        "value": solution.value,
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "status": outcome.status,
        "threshold": None
        if threshold is None
        else {
            "bandwidth": threshold.bandwidth,
            "decision": threshold.decision,
            "margin": threshold.margin,
        },
        "allocation": dict(solution.allocation),
    }


def _slope(derivative: float, elasticity: float) -> dict[str, float | None]:
    return {"derivative": _or_null(derivative), "elasticity": _or_null(elasticity)}


def _or_null(number: float) -> float | None:
    return number if math.isfinite(number) else None
