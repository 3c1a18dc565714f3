"""Every shipped example runs, and says something different."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import mfmgame as mg
from mfmgame.view import result_document
from subprocesses import STRICT_PYTHON

EXAMPLES = Path(__file__).parent.parent / "examples"
SCENARIOS = sorted(EXAMPLES.glob("*.json"))
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
