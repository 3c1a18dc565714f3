"""Evaluations and comparisons of plans as JSON documents."""

from __future__ import annotations

from typing import Any

from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.answers.threshold import Threshold
from mfmgame.attribution.composition_comparison import CompositionComparison
from mfmgame.attribution.plan_comparison import PlanComparison, ScenarioComparison
from mfmgame.view.json.answer_documents import (
    allocation_members,
    bases_members,
    certificate_members,
    displays,
    head,
    threat_members,
)

__all__ = ["comparison_document", "compositions_document", "evaluation_document"]


def evaluation_document(*plans: PlanEvaluation) -> dict[str, Any]:
    """Build evaluations of plans of a game as a document of schema ``mfmgame/evaluation/1``."""
    game = plans[0].game
    return {
        **head("mfmgame/evaluation/1", game),
        "plans": {
            plan.name or f"plan {place}": _evaluation(plan)
            for place, plan in enumerate(plans, start=1)
        },
        "notes": list(game.notes),
    }


def _evaluation(plan: PlanEvaluation) -> dict[str, Any]:
    proof = certificate_members(plan.game, plan.certificate)
    del proof["limits"]  # a fixed plan needs no prices
    return {
        **_in_short(plan),
        "margin": plan.margin,
        "attack": dict(plan.attack),
        "threats": threat_members(plan.game, plan.coverage, plan.residual),
        "certificate": proof,
        **bases_members(plan),
    }


def _in_short(plan: PlanEvaluation) -> dict[str, Any]:
    return {
        "loss": plan.loss,
        "bounds": {"lower": plan.lower, "upper": plan.upper},
        "status": plan.status,
        **allocation_members(plan.game, plan.allocation.array),
        "excess": dict(plan.excess),
        "broken_rules": list(plan.broken_rules),
        "decision": plan.decision,
        "plan_bandwidth": plan.plan_bandwidth,
    }


def comparison_document(found: PlanComparison | ScenarioComparison) -> dict[str, Any]:
    """Build a comparison as a document of schema ``mfmgame/comparison/1``."""
    if isinstance(found, ScenarioComparison):
        sides, changes = [found.before, found.after], found.inputs
    else:
        sides, changes = [found], ()
    return {
        "schema": "mfmgame/comparison/1",
        "status": found.status,
        "scenarios": [_plans(side) for side in sides],
        "inputs": [change._asdict() for change in changes],
        "notes": list(found.notes),
    }


def _plans(found: PlanComparison) -> dict[str, Any]:
    threshold, solution = found.threshold, found.solution
    members = head("", found.game)
    del members["schema"]
    return {
        **members,
        "baseline": found.baseline.name or None,
        "undefended": _compared(found, found.undefended),
        "plans": {plan.name: _compared(found, plan) for plan in found.plans},
        "best": _compared(found, found.best),
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "threshold": _threshold(threshold),
    }


def _threshold(threshold: Threshold | None) -> dict[str, Any] | None:
    if threshold is None:
        return None
    return {
        "bandwidth": threshold.bandwidth,
        "decision": threshold.decision,
        "margin": threshold.margin,
    }


def _compared(found: PlanComparison, plan: PlanEvaluation) -> dict[str, Any]:
    change = found.change(plan)
    return {
        **_in_short(plan),
        "change": {"added": list(change.added), "dropped": list(change.dropped)},
    }


def compositions_document(found: CompositionComparison) -> dict[str, Any]:
    """Build the answers under every composition as a document of ``mfmgame/compositions/1``."""
    return {
        "schema": "mfmgame/compositions/1",
        "scenario": found.game.name,
        **displays(found.game),
        "status": found.status,
        "compositions": {
            name: {
                "value": outcome.solution.value,
                "bounds": {"lower": outcome.solution.lower, "upper": outcome.solution.upper},
                "status": outcome.status,
                **allocation_members(found.game, outcome.solution.allocation.array),
                "threshold": _threshold(outcome.threshold),
            }
            for name, outcome in found.outcomes.items()
        },
        "refused": dict(found.refused),
        "notes": list(found.notes),
    }
