"""Every shipped example runs, and says something different."""

import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

import mfmgame as mg
from mfmgame.view import result_document
from specifications import graph_files, scenario_files
from subprocesses import STRICT_PYTHON

EXAMPLES = Path(__file__).parent.parent / "examples"
SCENARIOS, GRAPHS = scenario_files(EXAMPLES), graph_files(EXAMPLES)
WORKBOOKS = sorted(EXAMPLES.glob("*.xlsx"))
SYSTEMS = [file for file in SCENARIOS if mg.load_scenario(file).system]


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_scenario(file):
    assessment = mg.assess(mg.load_scenario(file))
    solution, threshold = assessment.solution, assessment.threshold
    assert solution.gap <= solution.tolerance
    operates = solution.value <= solution.game.termination_loss
    assert threshold.decision == ("operate" if operates else "terminate")
    if threshold.margin is not None:
        assert (threshold.margin >= 0) == operates
    document = result_document(assessment)
    assert mg.Result(**json.loads(json.dumps(document))).value == solution.value


@pytest.mark.parametrize("file", GRAPHS, ids=lambda file: file.stem)
def test_scenario_with_an_attack_graph(file):
    game = mg.build_graph_game(mg.load_scenario(file))
    solution, threshold = mg.solve_graph(game), mg.graph_threshold(game)
    assert solution.gap <= solution.tolerance
    assert mg.verify_graph(solution, game).upper >= solution.value
    operates = solution.value <= game.techniques.termination_loss
    assert threshold.decision == ("operate" if operates else "terminate")


@pytest.mark.parametrize("workbook", WORKBOOKS, ids=lambda file: file.stem)
def test_a_workbook_is_its_json_file(workbook):
    in_cells = mg.load_scenario(workbook)
    in_json = mg.load_scenario(workbook.with_suffix(".json"))
    assert in_cells.to_document() == in_json.to_document()
    results = [json.dumps(result_document(mg.assess(scenario))) for scenario in (in_cells, in_json)]
    assert results[0] == results[1]


@pytest.fixture(scope="module")
def claims_agent():
    return mg.load_scenario(EXAMPLES / "claims_agent.json")


def value_of(scenario, plan):
    """The value if only the defenses of the plan may run: more coverage never costs more."""
    dropped = [defense.id for defense in scenario.defenses if defense.id not in plan]
    zeros = {f"/defenses/{name}/max_level": 0 for name in dropped}
    return mg.solve(scenario.with_(set=zeros)).value


class TestClaimsAgent:
    def test_of_its_plans_only_the_best_operates(self, claims_agent):
        stopping, best = claims_agent.termination.loss, mg.solve(claims_agent).value
        current = value_of(claims_agent, claims_agent.plans["current"])
        proposed = value_of(claims_agent, claims_agent.plans["proposed"])
        assert best < stopping < proposed < current

    def test_every_defense_is_in_a_best_portfolio(self, claims_agent):
        portfolios = mg.best_portfolios(claims_agent, limit="budget")
        used = {name for one in portfolios for name, level in one.allocation.items() if level}
        assert used == {defense.id for defense in claims_agent.defenses}

    def test_nothing_is_odd_and_every_entry_has_a_source(self, claims_agent):
        assert mg.odd_inputs(claims_agent) == []
        parts = (claims_agent.threats, claims_agent.defenses, claims_agent.effectiveness)
        for entry in itertools.chain(*parts):
            assert entry.basis
            assert entry.source


def recounted(scenario):
    """Bits of the threats whose source names calls, and their count from tools and policy."""
    stated = {}
    for threat in scenario.threats:
        calls, found, _ = threat.provenance["bandwidth"].source.partition(": ")
        if found:
            stated[threat.id] = calls, threat.bandwidth
    counted = mg.authorized_bits(
        EXAMPLES / "claims_agent_tools.json",
        EXAMPLES / "claims_agent_policy.json",
        harmful=[f"{threat}: {calls}" for threat, (calls, _) in stated.items()],
    )
    return {threat: bits for threat, (_, bits) in stated.items()}, counted


@pytest.mark.parametrize("name", ["claims_agent", "claims_agent_guard"])
def test_derived_bits_are_counted_from_tools_and_policy(name):
    scenario = mg.load_scenario(EXAMPLES / f"{name}.json")
    bits, counted = recounted(scenario)
    counted.refuse_unenforceable()
    assert bits == {threat.threat: threat.bits for threat in counted.threats}
    assert len(bits) == 6
    derived = [t for t in scenario.threats if t.provenance["bandwidth"].basis == "derived"]
    assert {threat.id for threat in derived} == set(bits)
    assert all(counted.digest in threat.provenance["bandwidth"].source for threat in derived)
    attacker = json.loads((EXAMPLES / f"{name}.json").read_text())["attacker"]
    assert counted.digest in attacker["bandwidth"]["source"]


def test_the_guard_admits_fewer_calls_than_the_severities_include():
    scenario = mg.load_scenario(EXAMPLES / "claims_agent_guard.json")
    bits, counted = recounted(scenario)
    limit = mg.evaluate(scenario, "in-force").plan_bandwidth
    assert scenario.attacker.bandwidth <= limit
    assert int(limit / counted.bits_per_step) == 67
    assert {threat.steps for threat in counted.threats} == {100}
    without_calls = [threat for threat in scenario.threats if threat.id not in bits]
    assert [threat.bandwidth for threat in without_calls] == [0.0, 0.0]


def test_the_guard_of_the_claims_agent_admits_the_calls_that_its_limit_holds():
    scenario = mg.load_scenario(EXAMPLES / "claims_agent_guard.json")
    result = mg.result_document(mg.assess(scenario))
    breaker = mg.CircuitBreaker.from_result(
        result,
        scenario,
        EXAMPLES / "claims_agent_policy.json",
        tools=EXAMPLES / "claims_agent_tools.json",
        plan="(best)",
    )
    call = {"name": "list_open_claims", "arguments": {"state": "new"}}
    with breaker:
        admitted = [breaker.admit(f"s{n // 5}", call) for n in range(70)]
    assert [one.admitted for one in admitted] == [True] * 67 + [False] * 3
    assert admitted[66].spent == 67 * 11.0


def test_there_is_one_for_each_system_and_for_each_agent_with_threats_of_its_own():
    mfm = mg.load_catalog("mfm")
    plain = {file.stem for file in SYSTEMS if not file.stem.endswith("_agent")}
    assert plain == {system.id for system in mfm.systems}
    agents = {file.stem.removesuffix("_agent") for file in SYSTEMS} & {
        system.id
        for system in mfm.systems
        if any(
            t.level == "system" and t.traits.targets.get(system.target_type) for t in mfm.threats
        )
    }
    assert {f"{system}_agent" for system in agents} == {
        file.stem for file in SYSTEMS if file.stem.endswith("_agent")
    }
    assert len(agents) == 9


def test_some_operate_and_some_terminate():
    decisions = [mg.self_destruction_threshold(mg.load_scenario(f)).decision for f in SCENARIOS]
    assert decisions.count("operate") >= 3
    assert decisions.count("terminate") >= 3


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.stem)
def test_script(script, tmp_path):
    done = subprocess.run(
        [*STRICT_PYTHON, str(script)],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = "of the draws" if "uncertainty" in script.stem else "terminate"
    assert said in done.stdout
