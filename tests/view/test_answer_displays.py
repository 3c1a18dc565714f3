"""Every answer shows itself: a short repr, a summary as its command prints it, and HTML."""

import dataclasses
import html.parser
import inspect
import json
import subprocess
import sys
import time

import numpy as np
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.answer_displays import Displayed
from mfmgame.cli.app import app
from mfmgame.view.contents import content_of
from view.plots.answers import HOSTILE, UNCERTAIN, hostile_game, project_game

PARTS = {
    *("Funding", "MatrixCertificate", "Mixture", "PlanChange", "PlanRegret", "Without"),
    *("ExplainedDefense", "Knee", "Spending", "Why"),
    *(
        "AssumedNumbers",
        "CatalogGaps",
        "AttackGraph",
        "IncidentSelection",
        "MappingScores",
        "Weights",
        "Workers",
    ),
    *("Admission", "AttackGraph", "BreakerStatus", "CircuitBreaker"),
    *("Manifest", "MappedPair", "ReadingOptions", "Trials"),
}
"""Public data classes that are parts of answers, or are about inputs: no display of their own."""
DECISIONS = ("operate", "terminate", "undecided")


def hostile_scenario(**changes) -> mg.Scenario:
    """One threat and one defense, whose names and classes attack."""
    name = "<b onload=x>&amp;</b>$\\frac{1}{0}$\u202e\u4e2d" + "-->x" * 300
    resource = "\x1b[31m<i>budget"
    document = {
        "schema": "mfmgame/scenario/1",
        "name": name,
        "threats": [
            {"id": name, "class": name, "severity": {"range": [6, 8], "nominal": 8}, "bandwidth": 1}
        ],
        "defenses": [
            {"id": name, "name": name, "use": {resource: 1}},
            {"id": "spare", "use": {resource: 1}},
        ],
        "effectiveness": [{"threat": name, "defense": name, "value": 0.5}],
        "attacker": {"bandwidth": 2},
        "defender": {"kind": "binary", "limits": {resource: 2}},
        "termination": {"loss": 5},
        "plans": {name: {name: 1}},
    }
    return mg.Scenario(**{**document, **changes})


def _portfolios() -> mg.PortfolioSequence:
    return mg.best_portfolios(hostile_scenario())


def _verified_portfolios() -> mg.PortfolioVerification:
    from mfmgame.view.json.portfolio_documents import portfolio_document

    scenario = hostile_scenario()
    document = mg.PortfolioDocument.model_validate(portfolio_document(_portfolios()))
    return mg.verify(document, mg.build_game(scenario))


def _verified_plans() -> mg.PlanVerification:
    from mfmgame.documents.plan_result import EvaluationDocument
    from mfmgame.view.json.plan_documents import evaluation_document

    game = mg.build_game(hostile_scenario())
    document = evaluation_document(*(mg.evaluate(game, name) for name in game.plans))
    return mg.verify(EvaluationDocument.model_validate(document), game)


def _continuous() -> mg.Scenario:
    return hostile_scenario(defender={"limits": {"\x1b[31m<i>budget": 2}})


def hostile_graph() -> mg.GraphGame:
    """A graph whose nodes, edges, loss and defense have names that attack."""
    node, goal = f"{HOSTILE[0]} a", f"{HOSTILE[0]} b"
    return mg.build_graph_game(
        mg.Scenario(
            schema="mfmgame/scenario/1",
            name=HOSTILE[1],
            composition="independent",
            losses=[{"id": HOSTILE[2], "severity": 4}],
            techniques=[{"id": HOSTILE[3], "bandwidth": 1}],
            defenses=[{"id": HOSTILE[5], "use": {HOSTILE[4]: 1}}],
            effectiveness=[{"technique": HOSTILE[3], "defense": HOSTILE[5], "value": 0.5}],
            graph={
                "nodes": [{"id": node}, {"id": goal, "loss": HOSTILE[2]}],
                "edges": [{"from": node, "to": goal, "technique": HOSTILE[3]}],
                "entries": [node],
            },
            attacker={"bandwidth": 1},
            termination={"loss": 3},
        )
    )


def hostile_tools() -> dict:
    """A tool and its argument, whose names attack."""
    name = "<b onload=x>&amp;</b>\x1b[31m" + "-->x" * 300
    arguments = {"type": "object", "properties": {name: {"type": "string"}}}
    return {"tools": [{"name": name, "inputSchema": arguments}]}


ANSWERS = {
    "Assessment": lambda: mg.assess(hostile_game()),
    "Attribution": lambda: mg.shapley_shares(hostile_scenario()),
    "AuthorizedBits": lambda: mg.authorized_bits(hostile_tools()),
    "BasisSummary": lambda: mg.basis_summary(mg.solve(hostile_scenario())),
    "CompositionComparison": lambda: mg.compare_compositions(hostile_game()),
    "CoverageIndex": lambda: mg.defense_coverage_index(hostile_game()),
    "Ensemble": lambda: mg.ensemble(hostile_scenario(), n=4, seed=1),
    "Explanation": lambda: mg.explain(hostile_scenario()),
    "Frontier": lambda: mg.sweep(hostile_game()),
    "FrontierMap": lambda: mg.sweep_map(hostile_game(), HOSTILE[0], [1.0, 2.0]),
    "FrontierVerification": lambda: mg.verify(mg.sweep(hostile_game()), hostile_game()),
    "Gradient": lambda: mg.value_gradient(hostile_game()),
    "GraphEvaluation": lambda: mg.evaluate_graph(hostile_graph(), {HOSTILE[5]: 1.0}),
    "GraphFrontier": lambda: mg.sweep_graph(hostile_graph()),
    "GraphSolution": lambda: mg.solve_graph(hostile_graph()),
    "Influence": lambda: mg.morris_effects(hostile_scenario(), n=2),
    "MatrixSolution": lambda: mg.solve_matrix_game([[3, 0], [0, 1]]),
    "Outcome": lambda: mg.what_if(hostile_scenario(), drop=["spare"]).before,
    "PlanComparison": lambda: mg.compare(hostile_scenario()),
    "PlanEvaluation": lambda: mg.evaluate(hostile_game(), {HOSTILE[5]: 1.0}),
    "Portfolio": lambda: _portfolios().portfolios[-1],
    "PortfolioSequence": _portfolios,
    "PlanVerification": _verified_plans,
    "PortfolioVerification": _verified_portfolios,
    "RobustPlan": lambda: mg.robust_plan(_continuous()),
    "ScenarioComparison": lambda: mg.compare(hostile_scenario(), hostile_game()),
    "Sensitivity": lambda: mg.sensitivity(hostile_game()),
    "Solution": lambda: mg.solve(hostile_game()),
    "Threshold": lambda: mg.self_destruction_threshold(hostile_game()),
    "Tornado": lambda: mg.tornado(hostile_scenario()),
    "UnusedAuthority": lambda: mg.unused_authority(mg.authorized_bits(hostile_tools()), []),
    "UsedBits": lambda: mg.used_bits([mg.LoggedCall("s", hostile_tools()["tools"][0]["name"], {})]),
    "Verification": lambda: mg.verify(mg.solve(hostile_game()), hostile_game()),
    "WhatIf": lambda: mg.what_if(hostile_scenario(), drop=["spare"]),
    "WithoutEach": lambda: mg.without_each(hostile_scenario()),
}
"""An answer of each kind, to a game with hostile names."""
WITHOUT_DECISION = {
    *("AuthorizedBits", "BasisSummary", "PlanVerification"),
    *("UnusedAuthority", "UsedBits"),
    *("CoverageIndex", "Attribution", "FrontierVerification", "Gradient", "Influence"),
    *("MatrixSolution", "PortfolioVerification", "Sensitivity", "Tornado", "Verification"),
}


@pytest.fixture(params=ANSWERS)
def answer(request):
    return ANSWERS[request.param]()


class Reader(html.parser.HTMLParser):
    """The tags of a document, each of which must be closed in order, and its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags, self.open, self.text = set[str](), list[str](), ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += f"{data} "


def answer_kinds() -> set[str]:
    """The public classes that are answers, as their fields or properties tell."""
    kinds = {name: getattr(mg, name) for name in mg.__all__ if inspect.isclass(getattr(mg, name))}
    return {
        name
        for name, kind in kinds.items()
        if (
            dataclasses.is_dataclass(kind) or hasattr(kind, "status") or issubclass(kind, Displayed)
        )
        and not issubclass(kind, BaseException)
        and name not in PARTS
    }


def test_every_answer_is_displayed_and_tested():
    assert answer_kinds() <= ANSWERS.keys()
    direct = Displayed.__subclasses__()
    special = [kind for parent in direct for kind in parent.__subclasses__()]
    assert {kind.__name__ for kind in (*direct, *special)} == ANSWERS.keys()


def test_each_kind_has_a_content_of_its_own():
    for kind in Displayed.__subclasses__():
        assert content_of.dispatch(kind) is not content_of.dispatch(object), kind
        assert "__repr__" not in vars(kind)
        assert "_repr_html_" not in vars(kind)


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(TypeError, match="Region"):
        content_of(mg.sweep(project_game()).regions()[0])


def test_a_repr_is_short(answer):
    lines = repr(answer).split("\n")
    assert lines[0].startswith(f"{type(answer).__name__}: ")
    assert 2 <= len(lines) < 10
    assert max(map(cell_len, lines)) <= 100
    assert all(line.isprintable() for line in lines)


def test_a_summary_is_plain_text(answer):
    lines = answer.summary().split("\n")
    assert lines.pop() == ""
    assert all(line == line.rstrip() and line.isprintable() for line in lines)
    assert answer.summary(full_digits=True, every_row=True)


def test_html_is_well_formed_and_holds_the_decision(answer):
    read = Reader(answer._repr_html_())
    assert read.open == []
    assert read.tags <= {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert read.text.isprintable()
    told = any(decision in read.text.lower() for decision in DECISIONS)
    assert told is (type(answer).__name__ not in WITHOUT_DECISION)


COMMANDS = {
    "solve": mg.assess,
    "threshold": mg.self_destruction_threshold,
    "dci": mg.defense_coverage_index,
    "sweep": mg.sweep,
    "portfolio": mg.best_portfolios,
    "compare": mg.compare,
    "evaluate": lambda scenario: mg.evaluate(scenario, "current"),
    "explain": mg.explain,
    "shares": mg.shapley_shares,
    "robust": mg.robust_plan,
    "what-if --drop spare": lambda scenario: mg.what_if(scenario, drop=["spare"]),
    "what-if --each": mg.without_each,
    "ensemble -n 3 --seed 1": lambda scenario: mg.ensemble(scenario, n=3, seed=1),
    "sensitivity": mg.value_gradient,
    "sensitivity --method tornado": mg.tornado,
    "sensitivity --method morris -n 2": lambda scenario: mg.morris_effects(scenario, n=2),
    "solve --composition all": mg.compare_compositions,
}
"""The answer of each command, to a scenario."""


class TestSummaries:
    """A summary is what the command prints."""

    @pytest.mark.parametrize("options", ["", "--all --digits full"])
    @pytest.mark.parametrize("command", COMMANDS)
    def test_is_what_the_command_prints(self, command, options, tmp_path):
        document = {
            **UNCERTAIN,
            "attacker": {"bandwidth": 1.0},
            "defenses": [
                {"id": "d1", "use": {"budget": 1}},
                {"id": "spare", "use": {"budget": 1}},
            ],
            "defender": {"kind": "binary", "limits": {"budget": 1}},
            "plans": {"current": {"spare": 1}},
        }
        if command == "sensitivity":
            del document["termination"]  # whose derivatives stand beside those of the value
            del document["defender"]["kind"]
        file = tmp_path / "scenario.json"
        file.write_text(json.dumps(document))
        name, *rest = command.split()
        done = CliRunner().invoke(app, [name, str(file), *rest, *options.split()])
        assert done.exit_code == 0, done.output
        found = COMMANDS[command](mg.load_scenario(file))
        full = bool(options)
        assert found.summary(full_digits=full, every_row=full) == done.stdout

    def test_of_a_verification_is_what_the_command_prints(self, tmp_path, examples):
        scenario = examples / "llava.json"
        answer = tmp_path / "answer.json"
        CliRunner().invoke(app, ["solve", str(scenario), "--json", "-o", str(answer)])
        done = CliRunner().invoke(app, ["verify", str(answer), str(scenario)])
        game = mg.build_game(mg.load_scenario(scenario))
        assert mg.verify(mg.load_result(answer), game).summary() == done.stdout


def test_the_gradient_of_a_threshold_shows_the_threshold():
    found = mg.threshold_gradient(mg.load_scenario("examples/llava.json"))
    assert "threshold per unit" in found.summary()
    assert "value" not in found.summary().replace("effectiveness values", "")


def test_a_solution_without_loss_has_no_decision():
    game = project_game()
    game.termination_loss = None
    solution = mg.solve(game)
    assert "decision" not in solution._repr_html_()


def test_a_half_made_answer_has_a_repr():
    assert repr(mg.Solution.__new__(mg.Solution)).startswith("<mfmgame.answers.solution.Solution")


def test_a_game_of_a_million_threats_is_shown_at_once():
    n = 1_000_000
    severity = np.arange(n, dtype=np.float64)
    game = mg.DefenseGame(
        severity=severity,
        bandwidth=np.ones(n),
        effectiveness=np.full((n, 1), 0.5),
        attacker_bandwidth=5e5,
        termination_loss=1.0,
    )
    plan = mg.evaluate(game, {"d0": 1.0})
    repr(plan)  # modules are imported
    start = time.perf_counter()
    shown, summary, page = repr(plan), plan.summary(), plan._repr_html_()
    assert time.perf_counter() - start < 3.0  # rows of all threats would take longer
    assert "1,000,000 threats" in shown.replace("1000000", "1,000,000")
    assert "t999999" in summary
    assert "and 499980 more rows" in summary.replace(",", "")
    assert "and 499988 more rows" in page.replace(",", "")


def test_displays_wait_for_no_plotting():
    code = (
        "import sys, mfmgame as mg\n"
        "found = mg.solve(mg.load_scenario('examples/llava.json'))\n"
        "repr(found), found.summary(), found._repr_html_()\n"
        "print([name for name in ('matplotlib', 'SALib', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
