"""One game, one decision, one status: on every surface that shows an answer."""

import dataclasses
import json
import math
import re

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.answers.decision import decide, regions_of, turning_points
from mfmgame.cli.app import app
from mfmgame.solving.solver import Solver
from mfmgame.view.report.payload import decisions_of
from mfmgame.view.text.answer_text import assessment_text
from mfmgame.view.text.layout import rendered

WORDS = ("operate", "undecided", "terminate")
BANDWIDTH = 2.0
"""Of the attacker; what lies beyond 1 bit changes nothing."""


def scenario_of(effect: float, loss: float, kind: str) -> dict:
    """One threat that costs 8, halved or stopped; the uncertain cost changes nothing."""
    return {
        "schema": "mfmgame/scenario/1",
        "name": "one threat",
        "threats": [{"id": "t", "class": "c", "severity": 8, "bandwidth": 1}],
        "defenses": [
            {"id": "guard", "use": {"budget": {"range": [1, 2], "nominal": 1}}},
            {"id": "spare", "use": {"budget": 1}},
        ],
        "effectiveness": [{"threat": "t", "defense": "guard", "value": effect}],
        "attacker": {"bandwidth": BANDWIDTH},
        "defender": {"kind": kind, "limits": {"budget": 4}},
        "termination": {"loss": loss},
    }


CASES = {
    "the value is the loss": (0.5, 4.0, "operate"),
    "the value is one step of rounding above": (0.5, math.nextafter(4.0, 0.0), "operate"),
    "the value is surely above": (0.5, 3.999, "terminate"),
    "nothing is lost and nothing may be": (1.0, 0.0, "operate"),
    "the bracket holds the loss": (0.5, 3.5, "undecided"),
}


@pytest.fixture
def hurried(monkeypatch):
    """Searches that end when the value is proven within a quarter."""
    find = Solver.find

    def found_early(self, *arguments, **options):
        found = find(self, *arguments, **options)
        return found._replace(lower=0.75 * found.lower, stopped="time_limit")

    monkeypatch.setattr(Solver, "find", found_early)


class Surfaces:
    """What every surface says of a scenario file."""

    def __init__(self, tmp_path, document):
        self.file = tmp_path / "scenario.json"
        self.file.write_text(json.dumps(document))
        self.stepped = document["defender"]["kind"] == "binary"
        self.scenario = mg.load_scenario(self.file)

    def text(self, command, *options, code=0):
        done = CliRunner().invoke(app, [command, str(self.file), *options])
        assert (done.exit_code, done.stderr) == (code, ""), done.exception
        return done.stdout

    def json(self, command, *options):
        """The document of a command, which its schema must accept."""
        document = json.loads(self.text(command, *options, "--json"))
        jsonschema.validate(document, mg.json_schema(document["schema"].split("/")[1]))
        return document

    def documents(self):
        draws = ("-n", "2", "--seed", "1")
        commands = [("solve",), ("threshold",), ("dci",), ("sweep",), ("robust",), ("shares",)]
        commands += [("what-if", "--each"), ("explain",), ("ensemble", *draws)]
        commands += [("sensitivity", "--method", "tornado")]
        commands += [("sensitivity", "--method", "morris", "-n", "2")]
        if self.stepped:
            commands.append(("portfolio",))
        return {" ".join(command): command for command in commands}

    def decisions(self):
        """The decision at the attacker's own bandwidth and budget, by surface."""
        last = r"(\w+)(?: throughout)?; stopping costs"
        found = {
            "solve": re.search(r"decision +(\w+):", self.text("solve"))[1],
            "solve --json": self.json("solve")["threshold"]["decision"],
            "threshold": re.search(r"decision +(\w+):", self.text("threshold"))[1],
            "threshold --json": self.json("threshold")["threshold"]["decision"],
            "sweep": re.search(last, self.text("sweep"))[1],
            "sweep --json": self.json("sweep")["decisions"][-1]["decision"],
            "robust": re.search(r"decision in the worst case +(\w+)", self.text("robust"))[1],
            "robust --json": self.json("robust")["worst_case"]["threshold"]["decision"],
            "what-if": self._without_spare(),
            "what-if --json": self.json("what-if", "--each")["before"]["threshold"]["decision"],
            "explain": re.search(r"decision +(\w+):", self.text("explain"))[1],
            "explain --json": self.json("explain")["decision"],
            "ensemble": self._of_draws(),
            **self._pictures(),
            **self._page(),
        }
        solution = mg.solve(self.scenario)
        found["notebook"] = re.search(r"decision</th><td[^>]*>(\w+)", solution._repr_html_())[1]
        shown = mg.sweep(self.scenario)._repr_html_()
        found["notebook, frontier"] = re.search(last, shown)[1]
        if self.stepped:
            found["portfolio"] = re.search(last, self.text("portfolio"))[1]
            found["portfolio --json"] = self.json("portfolio")["portfolios"][-1]["decision"]
        return {name: word.lower() for name, word in found.items()}

    def _without_spare(self):
        text = self.text("what-if", "--each")
        return re.search(rf"spare .* ({'|'.join(WORDS)})", text)[1]

    def _of_draws(self):
        document = self.json("ensemble", "-n", "2", "--seed", "1")
        text = self.text("ensemble", "-n", "2", "--seed", "1")
        assert ("2 undecided" in text) == (document["undecided"] == 2)
        estimate = document["terminate"]
        if document["undecided"]:
            assert (estimate["estimate"], estimate["lower"], estimate["upper"]) == (0.0, 0.0, 1.0)
            return "undecided"
        return {0.0: "operate", 1.0: "terminate"}[estimate["estimate"]]

    def _pictures(self):
        frontier, solution = mg.sweep(self.scenario), mg.solve(self.scenario)
        mapped = mg.sweep_map(self.scenario, "budget", [2.0, 4.0])
        axes = {"frontier": frontier.plot(), "loss": solution.plot.loss(), "map": mapped.plot()}
        if self.stepped:
            axes["portfolios"] = mg.best_portfolios(self.scenario).plot()
        drawn = {f"plot of the {name}": last_region(ax) for name, ax in axes.items()}
        words = mapped.decisions([BANDWIDTH])
        assert mapped.operates([BANDWIDTH]).tolist() == (words == "operate").tolist()
        return drawn | {"map": str(words[1, 0])}

    def _page(self):
        page = mg.report_page(self.scenario)
        data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
        decided = next(d for d, end in data["decisions"] if end is None or end >= BANDWIDTH)
        return {
            "page's script": decided,
            "page": re.search(r"Decision: <strong>(\w+)</strong>", page)[1],
            "page's colour": re.search(r'class="card (\w+)"', page)[1],
        }


def last_region(ax):
    """The region that reaches the right edge."""
    shaded = [artist for artist in (*ax.patches, *ax.collections) if artist.get_gid() in WORDS]
    return shaded[-1].get_gid()


@pytest.mark.parametrize("kind", ["binary", "continuous"])
@pytest.mark.parametrize("case", CASES)
def test_all_say_the_same(case, kind, tmp_path, request):
    effect, loss, decision = CASES[case]
    if decision == "undecided":
        request.getfixturevalue("hurried")
    surfaces = Surfaces(tmp_path, scenario_of(effect, loss, kind))
    found = surfaces.decisions()
    assert found == dict.fromkeys(found, decision)


@pytest.mark.parametrize(("case", "code"), list(zip(CASES, (0, 0, 4, 0, 5), strict=True)))
def test_the_exit_status_says_it(case, code, tmp_path, request):
    effect, loss, decision = CASES[case]
    if decision == "undecided":
        request.getfixturevalue("hurried")
    surfaces = Surfaces(tmp_path, scenario_of(effect, loss, "continuous"))
    assert decision.upper() in surfaces.text("threshold", "--fail-on-terminate", code=code)
    surfaces.text("threshold")


@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_a_bracket_wider_than_asked_is_said_by_all(kind, tmp_path, hurried):
    surfaces = Surfaces(tmp_path, scenario_of(0.5, 3.5, kind))
    for name, command in surfaces.documents().items():
        document, text = surfaces.json(*command), surfaces.text(*command)
        assert document["status"] == ("numerical" if name == "sweep" else "time_limit"), name
        assert "proven" in document["notes"][-1], name
        assert "status" in text, name
        assert "not proven: " in text, name
        assert text.count("note: ") == len(document["notes"]), name


@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_a_bracket_as_asked_is_proven_in_all(kind, tmp_path):
    surfaces = Surfaces(tmp_path, scenario_of(0.5, 4.0, kind))
    notes = list(mg.build_game(surfaces.scenario).notes)
    for name, command in surfaces.documents().items():
        document, text = surfaces.json(*command), surfaces.text(*command)
        assert document["status"] == "proven", name
        assert set(document["notes"]) <= set(notes), name
        assert "not proven" not in text, name


def test_an_unproven_worst_case_is_not_exact(tmp_path, hurried):
    surfaces = Surfaces(tmp_path, scenario_of(0.5, 3.5, "continuous"))
    document = surfaces.json("robust")
    assert (document["exact"], document["reached"]) == (False, pytest.approx(3.0))
    assert "an upper bound; at least 3" in surfaces.text("robust")


def test_a_threshold_between_both_bounds_is_told_as_the_least_it_can_be(tmp_path, hurried):
    surfaces = Surfaces(tmp_path, scenario_of(0.5, 3.5, "continuous"))
    assert "at least 0.875 bits" in surfaces.text("threshold")
    said = surfaces.text("solve")
    assert re.search(
        r"costs between [23]\..* and [34]\..* \(proven bounds\), stopping costs 3.5", said
    )
    title = mg.sweep(surfaces.scenario).plot().get_title(loc="left")
    assert "self-destruction threshold at least 0.875 bits" in title


def test_a_wide_region_is_named_in_the_pictures(tmp_path, hurried):
    scenario = Surfaces(tmp_path, scenario_of(0.5, 3.2, "continuous")).scenario
    frontier, solution = mg.sweep(scenario), mg.solve(scenario)
    mapped = mg.sweep_map(scenario, "budget", [2.0, 4.0])
    for ax in (frontier.plot(), solution.plot.loss(), mapped.plot()):
        assert {text.get_text() for text in ax.texts} >= {"OPERATE", "UNDECIDED"}


class TestTurningPoints:
    GAME = mg.DefenseGame(
        severity=[8.0], bandwidth=[1.0], effectiveness=[[0.5]], attacker_bandwidth=1.0
    )
    POINTS = np.array([0.0, 1.0, 2.0])
    VALUES = np.array([1.0, 3.0, 4.0])

    def turns(self, loss, share=1.0):
        bounds = share * self.VALUES, self.VALUES
        return turning_points(self.GAME, self.POINTS, self.VALUES, bounds, loss)

    def test_a_proven_value_turns_once(self):
        assert self.turns(2.0) == (0.5, 0.5)
        assert self.turns(0.5) == (-math.inf, -math.inf)
        assert self.turns(4.0) == (math.inf, math.inf)
        assert self.turns(math.nextafter(4.0, 0.0)) == (math.inf, math.inf)
        assert self.turns(1.0) == (0.0, 0.0)

    def test_a_bracket_turns_twice(self):
        until, beyond = self.turns(2.0, share=0.75)
        assert until == 0.5
        assert 0.75 * np.interp(beyond, self.POINTS, self.VALUES) == pytest.approx(2.0)
        assert self.turns(3.5, share=0.75) == (1.5, math.inf)
        assert self.turns(0.8, share=0.75)[0] == -math.inf

    @pytest.mark.parametrize("share", [1.0, 0.75])
    def test_regions_agree_with_the_decision_at_every_point(self, share):
        for loss in (0.5, 0.8, 1.0, 2.0, 3.0, 3.5, 4.0):
            for decision, start, stop in regions_of(self.turns(loss, share), (0.0, 2.0)):
                value = float(np.interp(0.5 * (start + stop), self.POINTS, self.VALUES))
                if start < stop:
                    assert decide(self.GAME, share * value, value, loss) == decision

    def test_a_limit_is_the_same_the_other_way_round(self):
        game = mg.DefenseGame(
            severity=[8.0],
            bandwidth=[1.0],
            effectiveness=[[0.5]],
            attacker_bandwidth=1.0,
            use={"budget": [1.0]},
            limits={"budget": 1.0},
            termination_loss=5.0,
        )
        swept = mg.sweep(game, limit="budget")
        assert swept.regions() == (("terminate", 0.0, 0.75), ("operate", 0.75, 1.0))
        wide = dataclasses.replace(swept, lower=0.75 * swept.lower)
        *undecided, operating = wide.regions()
        assert [region.decision for region in undecided] == ["terminate", "undecided"]
        assert operating == ("operate", 0.75, 1.0)
        assert undecided[0].stop == pytest.approx(1.0 / 3.0)  # 6 - 3 times it is 5
        assert wide.decisions([0.0, 0.5, 1.0]).tolist() == ["terminate", "undecided", "operate"]
        assert swept.crossing(1.0) is None
        assert swept.crossing(9.0) == 0.0


def test_free_threats_that_exceed_the_loss_terminate_the_page_at_no_bandwidth(tmp_path):
    document = scenario_of(0.5, 3.5, "continuous")
    document["threats"][0]["bandwidth"] = 0
    document["attacker"]["bandwidth"] = 0
    surfaces = Surfaces(tmp_path, document)
    page = mg.report_page(surfaces.scenario)
    assert '"decisions":[["terminate",null]]' in page


def projects() -> dict:
    """Whole projects, so many that a first search leaves a bracket of a tenth or more."""
    random = np.random.default_rng(5)
    n, m = 24, 16
    return {
        "schema": "mfmgame/scenario/1",
        "threats": [
            {"id": f"t{i}", "severity": float(random.lognormal(1.0)), "bandwidth": 1}
            for i in range(n)
        ],
        "defenses": [
            {"id": f"d{j}", "use": {"budget": float(random.uniform(1.0, 2.0))}} for j in range(m)
        ],
        "effectiveness": [
            {"threat": f"t{i}", "defense": f"d{j}", "value": float(random.uniform(0.1, 0.9))}
            for i in range(n)
            for j in range(m)
            if random.random() < 0.3
        ],
        "attacker": {"bandwidth": 6},
        "defender": {"kind": "binary", "limits": {"budget": 8}},
        "termination": {"loss": 1},
    }


@pytest.mark.parametrize("option", ["--tolerance", "--mip-gap"])
def test_a_looser_answer_is_decided_only_as_far_as_proven(option, tmp_path):
    document = projects()
    surfaces = Surfaces(tmp_path, document)
    wide = mg.solve(surfaces.scenario, mip_gap=0.5)
    assert wide.gap > 1e-3
    document["termination"]["loss"] = 0.5 * (wide.lower + wide.upper)
    surfaces = Surfaces(tmp_path, document)
    text = surfaces.text("threshold", option, "0.5", "--fail-on-terminate", code=5)
    assert "UNDECIDED" in text
    assert "not proven: " not in text  # it is, within what was asked for
    answer = tmp_path / "answer.json"
    surfaces.text("solve", option, "0.5", "--json", "-o", str(answer))
    assert json.loads(answer.read_text())["threshold"]["decision"] == "undecided"
    verify = [str(answer), str(surfaces.file)]
    done = CliRunner().invoke(app, ["verify", *verify])
    assert done.exit_code == 2
    assert "/status: found 'proven', expected another status for a gap of" in done.stderr
    assert CliRunner().invoke(app, ["verify", *verify, "--tolerance", "0.5"]).exit_code == 0


def test_out_of_time_is_said_and_is_no_failure(tmp_path):
    surfaces = Surfaces(tmp_path, projects())
    document = surfaces.json("solve", "--time-limit", "1e-9")
    assert document["status"] == "time_limit"
    assert document["notes"][-1].endswith("wider than asked for: the time limit was reached")
    text = surfaces.text("threshold", "--time-limit", "1e-9")
    assert "not proven: the time limit was reached" in text


@pytest.mark.parametrize("command", ["solve", "threshold"])
@pytest.mark.parametrize(
    ("option", "wrong"), [("--tolerance", "1"), ("--mip-gap", "nan"), ("--time-limit", "0")]
)
def test_options_out_of_range_are_refused(command, option, wrong, tmp_path):
    surfaces = Surfaces(tmp_path, scenario_of(0.5, 3.5, "continuous"))
    done = CliRunner().invoke(app, [command, str(surfaces.file), option, wrong])
    assert done.exit_code == 2
    assert option.removeprefix("--").replace("-", "_") in done.stderr


def test_a_tie_of_free_threats_operates_on_the_page_at_no_bandwidth():
    # The free threat alone costs the termination loss: 1 * (1 - 0.1) = 0.9, but for rounding.
    game = mg.DefenseGame(
        severity=[1.0, 3.5],
        bandwidth=[0.0, 1.0],
        effectiveness=[[0.1], [0.0]],
        attacker_bandwidth=0.0,
        termination_loss=0.9,
        composition="additive",
    )
    assessment, frontier = mg.assess(game), mg.sweep(game)
    assert assessment.threshold.decision == "operate"
    assert str(frontier.decisions(0.0)) == "operate"
    assert [decision for decision, _ in decisions_of(assessment, frontier)] == [
        "operate",
        "terminate",
    ]


def test_rounding_does_not_turn_the_decision_at_the_attacker_of_the_game():
    for seed in range(200):
        random = np.random.default_rng(seed)
        game = mg.DefenseGame(
            severity=random.integers(1, 90, 3) / 10,
            bandwidth=random.integers(1, 30, 3) / 10,
            effectiveness=random.integers(0, 10, (3, 2)) / 10,
            attacker_bandwidth=float(random.integers(1, 40)) / 10,
            use={"budget": random.integers(1, 20, 2) / 10},
            limits={"budget": 1.1},
        )
        value = mg.solve(game).value
        game.termination_loss = value
        assert mg.assess(game).threshold.decision == "operate"
        regions = [region for region in mg.sweep(game).regions() if region.decision == "operate"]
        assert regions[-1].stop >= min(game.attacker_bandwidth, float(game.bandwidth.sum())), seed


def test_a_threshold_proven_from_below_alone_is_verified_as_that():
    game = mg.DefenseGame(
        severity=[8.0, 4.0],
        bandwidth=[1.0, 2.0],
        effectiveness=[[0.75, 0.0], [0.0, 0.5]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 1.0},
        termination_loss=5.0,
    )
    hurried = mg.assess(game, time_limit=1e-9)
    document = mg.result_document(hurried)
    assert document["status"] == "time_limit"
    assert "no attack is proven to cause a loss" in rendered(assessment_text(hurried), styled=False)
    assert "proven only from below" in document["notes"][-1]
    mg.verify(mg.Result.model_validate(document), game)
    with pytest.raises(mg.CertificateError, match="/notes: found"):
        mg.verify(mg.Result.model_validate({**document, "notes": document["notes"][:-1]}), game)
    with pytest.raises(mg.CertificateError, match=r"/status: found .proven."):
        mg.verify(mg.Result.model_validate({**document, "status": "proven"}), game)


@pytest.mark.parametrize("tolerance", [0.3, 0.1, 0.01])
def test_a_looser_answer_is_verified_with_its_tolerance(tolerance, examples):
    game = mg.build_game(mg.load_scenario(examples / "llava_agent.json"))
    document = mg.result_document(mg.assess(game, tolerance=tolerance))
    mg.verify(mg.Result.model_validate(document), game, tolerance=tolerance)
