"""Arguments of a plainly wrong type: every public function says what it found and expected."""

import inspect
from types import NoneType

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.messages import refuse_other_types
from specifications import SCENARIO, labelled

UNCERTAIN = SCENARIO | {
    "threats": [
        SCENARIO["threats"][0] | {"severity": {"range": [2.0, 4.0]}},
        SCENARIO["threats"][1],
    ]
}
ARRAYS = {
    "severity": [4.0, 3.0],
    "bandwidth": [1.0, 1.0],
    "effectiveness": [[0.5, 0.0], [0.0, 0.5]],
    "attacker_bandwidth": 1.0,
    "use": {"budget": [1.0, 1.0]},
    "limits": {"budget": 1.0},
    "levels": {"d0": [0, 1], "d1": [0, 1]},
    "termination_loss": 2.0,
}


def valid(folder) -> dict:
    """Arguments of each public function that it takes, files but for their content."""
    scenario, catalog = mg.Scenario(**UNCERTAIN), mg.load_catalog("mfm")
    plain = mg.Scenario(**SCENARIO)
    stepped = mg.DefenseGame(**ARRAYS)
    game = mg.DefenseGame(**{name: value for name, value in ARRAYS.items() if name != "levels"})
    weights = mg.Weights(by_threat={"anydoor": 1.0}, basis="assumed", source="a test")
    technique = {"threat_ids": ["T1059", "T1060"]}
    file = {"path": folder / "none"}
    problem = {"problem": game}
    graph_scenario = mg.load_scenario("examples/attack_graph.json")
    graph_game = mg.build_graph_game(graph_scenario)
    return {
        "DefenseGame": ARRAYS,
        "GameFamily": {"scenario": scenario},
        "Solver": {"game": game},
        "assess": problem,
        "basis_summary": {"answer": mg.solve(plain)},
        "best_portfolios": {"problem": stepped},
        "authorized_bits": {"tools": []},
        "build_graph_game": {"scenario": graph_scenario},
        "evaluate_graph": {"game": graph_game, "plan": {}},
        "graph_threshold": {"game": graph_game},
        "solve_graph": {"game": graph_game},
        "sweep_graph": {"game": graph_game},
        "verify_graph": {"answer": mg.solve_graph(graph_game), "game": graph_game},
        "build_game": {"scenario": plain},
        "chain_effectiveness": {
            "effectiveness": [[0.5]],
            "steps": [[0]],
            "composition": "best_of",
        },
        "check_catalog": {"catalog": catalog},
        "costed": {"catalog": catalog, **file},
        "compare": {**problem, "other": game},
        "compare_compositions": problem,
        "defense_coverage_index": problem,
        "evaluate": {**problem, "plan": {}},
        "ensemble": {"problem": scenario, "n": 4, "seed": 1},
        "evidence_from_trials": {"defended": mg.Trials(), "threat": "t", "defense": "d"},
        "explain": problem,
        "export_program": {"problem": game, "file": folder / "a.lp"},
        "import_atlas": file,
        "import_attack": file,
        "import_cosai": {"path": folder},
        "import_ctid": file,
        "import_flow": {"paths": folder / "flow.afb"},
        "incident_weights": {},
        "init_scenario": {"path": folder / "plan.xlsx"},
        "json_schema": {},
        "kev_weights": file,
        "load_addition": file,
        "load_catalog": {"name": "mfm"},
        "load_evidence": {"name": "agentdyn"},
        "load_policy": file,
        "load_result": file,
        "load_scenario": file,
        "load_tools": file,
        "measured_catalog": {
            "catalog": mg.load_catalog("agentdyn"),
            "evidence": mg.load_evidence("agentdyn"),
        },
        "merge_catalogs": {},
        "merge_evidence": {},
        "morris_effects": {"scenario": scenario, "n": 2},
        "navigator_layer": {"solution": mg.solve(mg.DefenseGame(**ARRAYS, **technique))},
        "navigator_layers": {"solution": mg.solve(mg.DefenseGame(**ARRAYS, **technique))},
        "odd_inputs": problem,
        "read_calls": {"log": folder / "none"},
        "read_mapping": file,
        "read_trials": {"format": "garak", "paths": [folder / "none"]},
        "read_weights": file,
        "report_page": {"scenario": plain},
        "result_document": {"assessment": mg.assess(game)},
        "robust_plan": {"scenario": scenario},
        "save_scenario": {"scenario": plain, "path": folder / "plan.xlsx"},
        "self_destruction_threshold": problem,
        "sensitivity": problem,
        "shapley_shares": problem,
        "shipped_catalogs": {},
        "shipped_evidence": {},
        "sobol_indices": {"scenario": scenario, "n": 2},
        "solve": problem,
        "solve_matrix_game": {"matrix": [[1.0, 2.0], [3.0, 0.0]]},
        "sweep": problem,
        "sweep_map": {**problem, "limit": "budget", "limits": [0.5, 1.0]},
        "threshold_gradient": problem,
        "tornado": {"scenario": scenario},
        "unused_authority": {"authorized": mg.authorized_bits([]), "calls": []},
        "used_bits": {"calls": [mg.LoggedCall("s", "t", {})]},
        "value_gradient": problem,
        "verify": {"answer": mg.solve(game), "game": game},
        "weighed": {"catalog": catalog, "weights": weights},
        "what_if": {"scenario": plain},
        "without_each": {"scenario": plain},
    }


class Thing:
    """Of a type that nothing takes."""


FUNCTIONS = [
    name
    for name in mg.__all__
    if inspect.isfunction(getattr(mg, name)) or name in ("DefenseGame", "GameFamily", "Solver")
]
CALLED = {name: list(inspect.signature(getattr(mg, name)).parameters) for name in FUNCTIONS}


def called(function, arguments):
    kinds = inspect.signature(getattr(mg, function)).parameters.values()
    several = [one.name for one in kinds if one.kind is inspect.Parameter.VAR_POSITIONAL]
    listed = [arguments.pop(name) for name in several if name in arguments]
    return getattr(mg, function)(*listed, **arguments)


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> dict:
    return valid(tmp_path_factory.mktemp("files"))


def test_every_public_function_is_tried(calls):
    assert set(calls) == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("function", "argument"), [(name, part) for name, parts in CALLED.items() for part in parts]
)
def test_a_thing_of_a_wrong_type_is_refused_in_one_line(calls, function, argument):
    with pytest.raises(mg.SpecificationError) as caught:
        called(function, calls[function] | {argument: Thing()})
    assert len(str(caught.value).splitlines()) == 1
    assert "expected" in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 3, "a.json", [], {}, np.eye(2), 10**400], ids=labelled)
@pytest.mark.parametrize("function", [name for name in FUNCTIONS if CALLED[name]])
def test_the_first_argument_says_what_it_is_to_be(calls, function, wrong):
    argument = CALLED[function][0]
    may_be = {
        "path": (str,),
        "paths": (str,),
        "name": (str,),
        "selection": (NoneType,),
        "matrix": (list, np.ndarray),
        "tools": (str, list),
        "log": (str,),
        "calls": (str,),
        "catalogs": (),
        "files": (),
        "severity": (list, np.ndarray),
        "effectiveness": (np.ndarray,),
    }
    if isinstance(wrong, may_be.get(argument, ())):
        pytest.skip("such may be meant")
    with pytest.raises(mg.SpecificationError, match="expected "):
        called(function, calls[function] | {argument: wrong})


def test_the_refusal_names_all_that_would_do():
    solution = mg.solve(mg.DefenseGame(**ARRAYS))
    with pytest.raises(mg.SpecificationError) as caught:
        mg.sensitivity(solution)
    assert str(caught.value) == "problem: found a Solution, expected a Scenario or a DefenseGame"
    with pytest.raises(mg.SpecificationError) as caught:
        mg.value_gradient("a.json")
    assert str(caught.value) == (
        "problem: found 'a.json', expected a Scenario, a DefenseGame or a Solution"
    )
    with pytest.raises(mg.SpecificationError, match=r"^x: found an object, expected a str$"):
        refuse_other_types(object(), "x", str)


@pytest.mark.parametrize(
    "changes",
    [
        {"requires": {"d0": 3}},
        {"groups": [["d0", "d1"]]},
        {"groups": [mg.DefenseGroup(3)]},
        {"groups": [mg.DefenseGroup(["d0"], "1")]},
    ],
)
def test_rules_of_a_wrong_type_are_refused(changes):
    with pytest.raises(mg.SpecificationError, match=r"^(requires|groups)\["):
        mg.DefenseGame(**ARRAYS | changes)


def test_what_is_no_axes_is_refused():
    with pytest.raises(mg.SpecificationError, match=r"^ax: found 3, expected an Axes$"):
        mg.sweep(mg.DefenseGame(**ARRAYS)).plot(3)
