"""Solutions of attack graphs as JSON documents."""

from __future__ import annotations

from typing import Any

from mfmgame.answers.decision import decide
from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.paths.graph_solution import GraphSolution
from mfmgame.view.json.answer_documents import allocation_members, head

__all__ = ["graph_document"]


def graph_document(solution: GraphSolution) -> dict[str, Any]:
    """Build the solution of a graph as a document of schema ``mfmgame/graph-result/1``."""
    game, proof, stopping = solution.game, solution.certificate, solution.game.termination_loss
    assert isinstance(proof, Certificate)
    decision = None
    if stopping is not None:
        decision = decide(game, solution.lower, solution.upper, stopping)
    cuts = zip(proof.threats.tolist(), proof.anchors.tolist(), proof.weights.tolist(), strict=True)
    return {
        **head("mfmgame/graph-result/1", game),
        "value": solution.value,
        "bounds": {"lower": solution.lower, "upper": solution.upper},
        "status": solution.status,
        "decision": decision,
        **allocation_members(game, solution.allocation.array),
        "paths": _paths(solution),
        "prices": {
            "attacker_bandwidth": solution.bandwidth_price,
            "limits": dict(solution.limit_prices),
        },
        "certificate": {
            "cuts": [
                {"path": path, "anchor": anchor, "weight": weight} for path, anchor, weight in cuts
            ]
        },
        "notes": list(solution.notes),
    }


def _paths(solution: GraphSolution) -> list[dict[str, Any]]:
    game, listed, edge_ids = solution.game, solution.listed, solution.graph_game.edge_ids
    columns = {
        "effort": solution.attack.array,
        "severity": game.severity,
        "bandwidth": game.bandwidth,
        "coverage": solution.coverage.array,
        "residual": solution.residual.array,
    }
    return [
        {
            "loss": game.threat_losses[number],
            "nodes": list(listed.node_ids(number)),
            "path": [edge_ids[edge] for edge in path],
            **{name: float(column[number]) for name, column in columns.items()},
        }
        for number, path in enumerate(listed.paths)
    ]
