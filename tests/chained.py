"""A scenario of chains of techniques, some of which are ways to one loss."""

from typing import Any

import mfmgame as mg


def chained_document(**changes: Any) -> dict[str, Any]:
    """A scenario in which chains of techniques and a plain threat are ways to one loss."""
    return {
        "schema": "mfmgame/scenario/1",
        "name": "chains",
        "composition": "best_of",
        "losses": [{"id": "leak", "severity": 6.0}, {"id": "fraud", "severity": 5.0}],
        "techniques": [
            {"id": "AML.T0051.001", "name": "Indirect injection", "bandwidth": 1.0},
            {"id": "AML.T0053", "bandwidth": 0.5},
            {"id": "exfiltrate", "name": "Exfiltration", "bandwidth": 1.5},
        ],
        "threats": [
            {
                "id": "chain-1",
                "loss": "leak",
                "steps": ["AML.T0051.001", "AML.T0053", "exfiltrate"],
            },
            {
                "id": "chain-2",
                "loss": "leak",
                "severity": 4.0,
                "steps": ["AML.T0051.001", "exfiltrate"],
            },
            {"id": "direct", "loss": "leak", "severity": 2.0, "bandwidth": 0.5},
            {"id": "pay", "loss": "fraud", "steps": ["AML.T0053"]},
            {"id": "other", "severity": 1.0, "bandwidth": 1.0},
        ],
        "defenses": [
            {"id": "filter", "use": {"budget": 1.0}},
            {"id": "sandbox", "use": {"budget": 1.0}},
        ],
        "effectiveness": [
            {"technique": "AML.T0051.001", "defense": "filter", "value": 0.6},
            {"technique": "exfiltrate", "defense": "filter", "value": 0.2},
            {"technique": "AML.T0053", "defense": "sandbox", "value": 0.7},
            {"threat": "chain-2", "defense": "sandbox", "value": 0.1},
            {"threat": "direct", "defense": "filter", "value": 0.3},
        ],
        "attacker": {"bandwidth": 2.5},
        "defender": {"limits": {"budget": 1.0}},
        "termination": {"loss": 4.0},
        **changes,
    }


def chained_scenario(**changes: Any) -> mg.Scenario:
    """The same as a scenario."""
    return mg.Scenario(**chained_document(**changes))
