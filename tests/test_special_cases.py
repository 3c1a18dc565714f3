"""The examples of other tools' problems, against small solvers of those problems."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize

import mfmgame as mg

FOLDER = Path(__file__).parent.parent / "examples" / "special_cases"

# Edges of the attack graph: from, to, and the share of attacks that controls let through.
GRAPH = {
    ("internet", "mailbox"): {"training": 0.25},
    ("mailbox", "agent"): {},
    ("internet", "agent"): {"review": 0.25},
    ("agent", "payments"): {"confirm": 0.5, "confirm-twice": 0.125},
    ("mailbox", "payments"): {"second-factor": 0.25},
}
# Goals of the attack paths: impact of each path, and the shares let through at its steps.
PATHS = [
    (800, [{"patching": 0.25}, {"leak-filter": 0.5}, {"encryption": 0.25}]),
    (400, [{"leak-filter": 0.5}, {"encryption": 0.25}]),
    (400, [{"patching": 0.25}, {"segments": 0.25}]),
]
# The tree: OR of ANDs of leaves, each with its countermeasure and the share that it lets through.
TREE = [["forge", "approve"], ["session", "payee"], ["session", "approve"]]
LEAVES = {
    "forge": ("forensics", 0.1),
    "approve": ("approval", 0.2),
    "session": ("second-factor", 0.25),
    "payee": ("callback", 0.2),
}


def through(shares, levels):
    """Share of attempts at a step that pass all controls."""
    return math.prod(share ** levels[control] for control, share in shares.items())


def most_probable_path(levels, node="internet"):
    if node == "payments":
        return 1.0
    return max(
        through(shares, levels) * most_probable_path(levels, end)
        for (start, end), shares in GRAPH.items()
        if start == node
    )


def graph_risk(levels):
    return 1000 * most_probable_path(levels)


def path_risk(levels):
    return max(
        impact * math.prod(through(shares, levels) for shares in steps) for impact, steps in PATHS
    )


def tree_risk(levels):
    leaf = {name: share ** levels[control] for name, (control, share) in LEAVES.items()}
    return 100 * max(math.prod(leaf[name] for name in branch) for branch in TREE)


CASES = [
    ("attack_graph", "money", graph_risk, [(0, 1000), (20, 500), (40, 250), (60, 125)]),
    ("attack_paths", "budget", path_risk, [(0, 800), (20, 400), (50, 200), (70, 100), (115, 50)]),
    ("attack_defense_tree", "budget", tree_risk, [(0, 100), (5, 25), (6, 20), (11, 5)]),
]
each_case = pytest.mark.parametrize(("name", "limit", "risk", "by_hand"), CASES)


def scenario_of(name):
    return mg.load_scenario(FOLDER / f"{name}.json")


def choices(scenario):
    """Every choice of levels that keeps at most one level of each control."""
    steps = [defense.levels or [0.0, 1.0] for defense in scenario.defenses]
    for chosen in itertools.product(*steps):
        levels = dict(zip([defense.id for defense in scenario.defenses], chosen, strict=True))
        if not (levels.get("confirm") and levels.get("confirm-twice")):
            used: dict[str, float] = {}
            for defense in scenario.defenses:
                for resource, amount in defense.use.items():
                    used[resource] = used.get(resource, 0.0) + amount * levels[defense.id]
            yield levels, used


@each_case
def test_the_portfolios_are_the_frontier_of_all_choices(name, limit, risk, by_hand):
    scenario = scenario_of(name)
    found = mg.best_portfolios(scenario, limit=limit)
    others = {key: most for key, most in scenario.defender.limits.items() if key != limit}
    frontier: list[tuple[float, float]] = []
    fitting = [
        (used[limit], risk(levels))
        for levels, used in choices(scenario)
        if all(used[key] <= most for key, most in others.items())
    ]
    for cost, loss in sorted(fitting):
        if not frontier or loss < frontier[-1][1] * (1 - 1e-9):
            frontier.append((cost, loss))
    expected = [(cost, pytest.approx(loss, rel=1e-6)) for cost, loss in by_hand]
    assert frontier == expected
    assert [(one.cost, one.value) for one in found] == expected


@each_case
def test_a_limit_of_the_attacker_that_any_way_fits_in_is_no_limit(name, limit, risk, by_hand):
    scenario = scenario_of(name)
    longest = float(mg.build_game(scenario).bandwidth.max())
    values = [mg.solve(scenario.with_(attacker_bandwidth=bits)).value for bits in (longest, 1e6)]
    free = {f"/threats/{threat.id}/bandwidth": 0 for threat in scenario.threats}
    values.append(mg.solve(scenario.with_(attacker_bandwidth=0, set=free)).value)
    assert values == pytest.approx([values[0]] * 3, rel=2e-6)


@pytest.mark.parametrize("money", [0, 20, 40, 50, 60, 80])
@pytest.mark.parametrize("friction", [3, 6, 9])
def test_the_attack_graph_equals_a_program_over_node_potentials(money, friction):
    nodes = ["internet", "mailbox", "agent", "payments"]
    controls = ["training", "training", "review", "confirm", "confirm-twice", "second-factor"]
    spent = np.array([[10, 10, 20, 10, 30, 10], [1, 1, 1, 2, 5, 1]], dtype=float)
    width = len(controls) + len(nodes)
    rows, lower = [], []
    for (start, end), shares in GRAPH.items():  # potentials fall by at least log(share let through)
        row = np.zeros(width)
        for column, control in enumerate(controls):
            levels = controls.count(control)  # training has two steps of half a level
            row[column] = -math.log(shares.get(control, 1.0)) / levels
        row[len(controls) + nodes.index(start)] += 1
        row[len(controls) + nodes.index(end)] -= 1
        rows.append(row)
        lower.append(0.0)
    one_level = np.zeros(width)
    one_level[3:5] = -1
    budgets = np.hstack((-spent, np.zeros((2, len(nodes)))))
    program = scipy.optimize.milp(
        np.eye(width)[len(controls)],
        constraints=scipy.optimize.LinearConstraint(
            np.vstack((rows, one_level, budgets)), [*lower, -1, -money, -friction]
        ),
        bounds=scipy.optimize.Bounds(
            np.append(np.zeros(len(controls)), [-np.inf, -np.inf, -np.inf, 0.0]),
            np.append(np.ones(len(controls)), [np.inf, np.inf, np.inf, 0.0]),
        ),
        integrality=np.append(np.ones(len(controls)), np.zeros(len(nodes))),
    )
    limits = {"/defender/limits/money": money, "/defender/limits/friction": friction}
    solution = mg.solve(scenario_of("attack_graph").with_(set=limits))
    assert solution.value == pytest.approx(1000 * math.exp(program.fun), rel=2e-6)
