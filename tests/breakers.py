"""Circuit breakers for tests, and a gateway whose best plan holds less long than its threshold."""

import sqlite3
from fractions import Fraction
from typing import Any

import mfmgame as mg
from mfmgame.authority.breaker.breaker_store import Terms
from mfmgame.authority.breaker.charges import Charges

GATEWAY: dict[str, Any] = {
    "schema": "mfmgame/scenario/1",
    "name": "gateway",
    "composition": "additive",
    "threats": [
        {"id": "fraud", "severity": 17, "bandwidth": 2},
        {"id": "leak", "severity": 13, "bandwidth": 2},
        {"id": "abuse", "severity": 10, "bandwidth": 1},
    ],
    "defenses": [{"id": name, "use": {"budget": 1}} for name in ("filter", "approval")],
    "effectiveness": [
        {"threat": "fraud", "defense": "filter", "value": 0.02},
        {"threat": "fraud", "defense": "approval", "value": 0.81},
        {"threat": "leak", "defense": "filter", "value": 0.91},
        {"threat": "leak", "defense": "approval", "value": 0.61},
        {"threat": "abuse", "defense": "filter", "value": 0.73},
        {"threat": "abuse", "defense": "approval", "value": 0.54},
    ],
    "attacker": {"bandwidth": 0.75},
    "defender": {"limits": {"budget": 1}},
    "termination": {"loss": 12},
    "plans": {"current": {"filter": 1}, "proposed": {"filter": 0.5, "approval": 1}},
}
TOOLS = [
    {
        "name": name,
        "inputSchema": {
            "type": "object",
            "properties": {"to": {"enum": ["a", "b", "c"]}},
            "required": ["to"],
            "additionalProperties": False,
        },
    }
    for name in ("send", "read")
]
"""Two tools of three calls each: with no call, seven calls a step."""


def answer(scenario: dict[str, Any]) -> dict[str, Any]:
    """The JSON of ``solve`` for a scenario."""
    return mg.result_document(mg.assess(mg.Scenario(**scenario)))


SEND = {"name": "send", "arguments": {"to": "a"}}
READ = {"name": "read", "arguments": {"to": "a"}}
TRUSTED = ["user", "image", "memory", "tool_description", "tool_result:send"]


def policy(**parts) -> mg.Policy:
    return mg.Policy(**{"schema": "mfmgame/policy/1", "tools": {"send": {}, "read": {}}} | parts)


def breaker(limit=None, path=None, scope="system", rules=None, digest="sha256:1", is_proven=True):
    """A breaker whose calls cost log2(7) bits each, over a limit in bits."""
    allowed = mg.authorized_bits(TOOLS, policy() if rules is None else rules)
    charges = Charges(allowed.count, None if limit is None else Fraction(limit))
    return mg.CircuitBreaker(allowed, Terms(digest, charges, scope, "p", is_proven), path)


def admitted(found, *calls) -> list[bool]:
    """Whether each call is admitted: the name of its session alone, or session and call."""
    pairs = [(call, SEND) if isinstance(call, str) else call for call in calls]
    return [found.admit(session, call).admitted for session, call in pairs]


def rows(path, columns="*") -> list[tuple]:
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT {columns} FROM decisions").fetchall()
    connection.close()
    return found
