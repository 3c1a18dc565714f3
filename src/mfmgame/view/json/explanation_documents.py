"""Explanations of a plan as JSON documents."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from mfmgame.attribution.explanation import QUESTION, ExplainedDefense, Explanation
from mfmgame.attribution.spending import Spending
from mfmgame.view.json.answer_documents import head
from mfmgame.view.text.explanation_sentences import sentence_on

__all__ = ["explanation_document"]


def explanation_document(found: Explanation) -> dict[str, Any]:
    """Build an explanation as a document of schema ``mfmgame/explanation/1``.

    Parameters
    ----------
    found : Explanation

    Returns
    -------
    dict
        Ready for :func:`json.dump`. A limit has the member ``knee`` where its resource has the
        unit of the losses, and ``operate_limit`` where there is a termination loss.
    """
    solution = found.solution
    return {
        **head("mfmgame/explanation/1", found.game),
        "status": found.status,
        "value": solution.value,
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "decision": found.decision,
        "question": QUESTION,
        "defenses": [_defense(found, row) for row in found.defenses],
        "limits": [_limit(found, one) for one in found.limits],
        "notes": list(found.notes),
    }


def _defense(found: Explanation, row: ExplainedDefense) -> dict[str, Any]:
    why = asdict(row.why)
    return {
        "defense": row.defense,
        "level": row.level,
        "max_level": row.max_level,
        "cost": dict(row.cost),
        "loss_without": row.loss_without if math.isfinite(row.loss_without) else None,
        "status_without": row.status_without,
        "stops": dict(row.stops),
        "keeps_out": dict(row.keeps_out),
        **({} if found.game.chains is None else {"stops_at": dict(row.stops_at)}),
        "role": row.role,
        "why": {
            "reason": why.pop("reason"),
            "sentence": sentence_on(found, row),
            **why,
            "covered_by": list(row.why.covered_by),
        },
    }


def _limit(found: Explanation, one: Spending) -> dict[str, Any]:
    document: dict[str, Any] = {
        "resource": one.resource,
        "limit": one.limit,
        "used": one.used,
        "worth": one.worth._asdict(),
    }
    if one.knee is not None:
        knee = one.knee
        document["knee"] = {
            "limit": knee.limit,
            "value": knee.value,
            "total": knee.total,
            "excess": knee.excess,
        }
    if one.is_searched and found.game.termination_loss is not None:
        document["operate_limit"] = one.operate_limit
    return {**document, "status": one.status}
