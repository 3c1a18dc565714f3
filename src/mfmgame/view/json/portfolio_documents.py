"""Portfolios as JSON documents."""

from __future__ import annotations

from typing import Any

from mfmgame.answers.portfolio import Portfolio, PortfolioSequence
from mfmgame.view.json.answer_documents import allocation_members, certificate_members, head

__all__ = ["portfolio_document"]


def portfolio_document(sequence: PortfolioSequence) -> dict[str, Any]:
    """Build the document of the best portfolios and proofs, schema ``mfmgame/portfolio/1``."""
    return {
        **head("mfmgame/portfolio/1", sequence.game),
        "resource": sequence.resource,
        "status": sequence.status,
        "portfolios": [_entry(portfolio) for portfolio in sequence],
        "notes": list(sequence.notes),
    }


def _entry(portfolio: Portfolio) -> dict[str, Any]:
    solution = portfolio.solution
    return {
        "cost": portfolio.cost,
        "until": portfolio.until,
        "value": solution.value,
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "status": solution.status,
        "decision": portfolio.decision,
        **allocation_members(solution.game, solution.allocation.array),
        "adds": portfolio.adds,
        "drops": portfolio.drops,
        "greedy_value": portfolio.greedy_value,
        "certificate": certificate_members(solution.game, solution.certificate),
    }
