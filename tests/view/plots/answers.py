"""Answers small enough to check their pictures by hand, and one with names that attack."""

import mfmgame as mg

HOSTILE = [
    "$\\frac{1}{0}$",
    "line\nbreak\x1b[31m\x00",
    "\u202eright to left",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\u4e2d\u6587",
    "<b onload=x>&amp;</b>",
    "\ud800 alone",
    "-->x" * 300,
    "_^{%#\\",
]


def small_game(**changes) -> mg.DefenseGame:
    """Four threats in two classes and three defenses, one of which is useless."""
    arguments = {
        "severity": [8.0, 4.0, 6.0, 2.0],
        "bandwidth": [1.0, 1.0, 2.0, 1.0],
        "effectiveness": [[0.5, 0.0, 0.0], [0.5, 0.25, 0.0], [0.0, 0.75, 0.0], [0.0, 0.5, 0.0]],
        "attacker_bandwidth": 2.0,
        "use": {"budget": [1.0, 2.0, 1.0]},
        "limits": {"budget": 2.0},
        "termination_loss": 7.0,
        "threat_ids": ["injection", "jailbreak", "poisoning", "leak"],
        "defense_ids": ["filter", "monitor", "placebo"],
        "threat_classes": ["misleading", "misleading", "mislearning", "mislearning"],
        "name": "four threats",
    }
    return mg.DefenseGame(**{**arguments, **changes})


def hostile_game() -> mg.DefenseGame:
    n = len(HOSTILE)
    return mg.DefenseGame(
        severity=[float(n - place) for place in range(n)],
        bandwidth=[1.0] * n,
        effectiveness=[[0.5 if row == column else 0.0 for column in range(n)] for row in range(n)],
        attacker_bandwidth=3.0,
        use={HOSTILE[0]: [1.0] * n},
        limits={HOSTILE[0]: 4.0},
        termination_loss=12.0,
        threat_ids=HOSTILE,
        defense_ids=HOSTILE,
        threat_classes=HOSTILE,
        name=HOSTILE[0] + HOSTILE[1],
    )


UNCERTAIN = {
    "schema": "mfmgame/scenario/1",
    "name": "two uncertain threats",
    "threats": [
        {"id": "t1", "severity": {"range": [4, 8]}, "bandwidth": 1},
        {"id": "t2", "severity": 3, "bandwidth": 1},
    ],
    "defenses": [{"id": "d1", "use": {"budget": 1}}],
    "effectiveness": [{"threat": "t1", "defense": "d1", "value": 0.5}],
    "attacker": {"bandwidth": {"range": [1, 2]}},
    "defender": {"limits": {"budget": 1}},
    "termination": {"loss": 5},
}


def uncertain_scenario(**changes) -> mg.Scenario:
    return mg.Scenario(**{**UNCERTAIN, **changes})


def project_game() -> mg.DefenseGame:
    """The greedy order buys the patch first, and then cannot afford the pair."""
    return mg.DefenseGame(
        severity=[8.0, 8.0, 2.0],
        bandwidth=[1.0, 1.0, 1.0],
        effectiveness=[[0.75, 0.0, 0.25], [0.0, 0.75, 0.25], [0.0, 0.0, 0.0]],
        attacker_bandwidth=1.0,
        use={"budget": [2.0, 2.0, 3.0]},
        limits={"budget": 7.0},
        levels={"sandbox": [0, 1], "filter": [0, 1], "patch": [0, 1]},
        composition="additive",
        termination_loss=7.0,
        defense_ids=["sandbox", "filter", "patch"],
        name="three projects",
    )
