"""Answers on file: each number of them is checked, and none can be changed unnoticed."""

import copy
import json
import subprocess

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.view.json.answer_documents import frontier_document
from random_games import games
from specifications import changed, without
from subprocesses import STRICT_PYTHON

COMPOSITIONS = ["additive", "best_of", "independent"]
NEGLIGIBLE = 1e-9
"""Numbers below this are rounding; all those of the scenarios here are about 1."""

SCENARIO = {
    "schema": "mfmgame/scenario/1",
    "name": "five threats",
    "threats": [
        {"id": "free", "severity": 2.0, "bandwidth": 0.0, "class": "inferring"},
        {"id": "great", "severity": 8.0, "bandwidth": 2.0, "class": "misleading"},
        {"id": "middling", "severity": 5.0, "bandwidth": 1.0, "class": "inferring"},
        {"id": "small", "severity": 1.0, "bandwidth": 3.0, "class": "misleading"},
        {"id": "harmless", "severity": 0.0, "bandwidth": 1.0},
    ],
    "defenses": [
        {"id": "filter", "use": {"budget": 2.0, "latency": 1.0}},
        {"id": "monitor", "use": {"budget": 1.0}},
        {"id": "habit"},
        {"id": "ornament", "use": {"budget": 1.0}},
        {"id": "sandbox", "use": {"latency": 2.0}, "max_level": 2.0},
    ],
    "effectiveness": [
        {"threat": "great", "defense": "filter", "value": 0.7},
        {"threat": "middling", "defense": "monitor", "value": 0.6},
        {"threat": "free", "defense": "monitor", "value": 0.3},
        {"threat": "middling", "defense": "habit", "value": 0.1},
        {"threat": "free", "defense": "sandbox", "value": 0.5},
        {"threat": "great", "defense": "sandbox", "value": 0.2},
        {"threat": "small", "defense": "sandbox", "value": 0.9},
    ],
    "attacker": {"bandwidth": 2.5},
    "defender": {"limits": {"budget": 2.0, "latency": 1.5}},
    "termination": {"loss": 6.0},
}
"""A free threat, a free defense and a useless one, two resources, a threshold."""

VARIANTS = {
    "two resources": SCENARIO,
    "unreachable": changed(SCENARIO, "/termination/loss", 15.0),
    "unreachable with no defense": changed(SCENARIO, "/termination/loss", 100.0),
    "free threats alone exceed the loss": changed(SCENARIO, "/termination/loss", 0.5),
    "no termination": without(SCENARIO, "/termination"),
    "nothing to spend": changed(SCENARIO, "/defender/limits/budget", 0.0),
    "no limits": changed(SCENARIO, "/defender/limits", {}),
    "no bandwidth": changed(SCENARIO, "/attacker/bandwidth", 0.0),
    "all the bandwidth": changed(SCENARIO, "/attacker/bandwidth", 50.0),
}


SMOOTH = 2e-2
"""Width of the bracket that is asked of smooth frontiers."""


def game_of(scenario, composition):
    return mg.build_game(mg.Scenario(**{**scenario, "composition": composition}))


def result_of(game):
    return json.loads(json.dumps(mg.result_document(mg.assess(game))))


def frontier_of(game, at=(), **arguments):
    tolerance = SMOOTH if game.composition == "independent" else None
    frontier = mg.sweep(game, tolerance=tolerance, **arguments)
    return json.loads(json.dumps(frontier_document(frontier, at)))


def verify(document, game):
    if document["schema"] == "mfmgame/result/1":
        return mg.verify(mg.Result(**document), game)
    tolerance = SMOOTH if game.composition == "independent" else None
    return mg.verify(mg.FrontierDocument(**document), game, tolerance=tolerance)


def places(value, pointer=""):
    """Where the numbers of a document are, as container, key and pointer."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, (dict, list)):
            yield from places(item, f"{pointer}/{key}")
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            yield value, key, f"{pointer}/{key}"


def unnoticed(document, game, share=1e-6):
    """Numbers that can be changed by a small share, up or down, without being refused."""
    missed = []
    for place, (container, key, pointer) in enumerate(places(document)):
        number = container[key]
        up_or_down = 1 + (share if place % 2 else -share)
        container[key] = number * up_or_down if abs(number) > NEGLIGIBLE else share
        try:
            verify(document, game)
            missed.append(f"{pointer}: {number!r} to {container[key]!r}")
        except mg.MfmgameError:
            pass
        container[key] = number
    return missed


class TestEveryNumber:
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    @pytest.mark.parametrize("variant", VARIANTS)
    def test_of_a_result_counts(self, variant, composition):
        game = game_of(VARIANTS[variant], composition)
        document = result_of(game)
        verify(document, game)
        assert unnoticed(document, game) == []

    @pytest.mark.parametrize("composition", COMPOSITIONS)
    @pytest.mark.parametrize("limit", [None, "budget"])
    def test_of_a_frontier_counts(self, limit, composition):
        game = game_of(SCENARIO, composition)
        document = frontier_of(game, at=[0.5, 1.5], limit=limit)
        verify(document, game)
        assert unnoticed(document, game) == []

    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_counts_to_eleven_digits(self, composition):
        game = game_of(SCENARIO, composition)
        for document in (result_of(game), frontier_of(game, at=[0.5, 1.5])):
            assert unnoticed(document, game, share=1e-11) == []

    def test_of_a_frontier_counts_with_nothing_to_spend(self):
        game = game_of(VARIANTS["nothing to spend"], "best_of")
        assert unnoticed(frontier_of(game), game) == []

    def test_of_a_shipped_example_counts(self, examples):
        game = mg.build_game(mg.load_scenario(examples / "clip.json"))
        assert unnoticed(result_of(game), game) == []
        assert unnoticed(frontier_of(game, stop=4.0), game) == []


class TestWhatIsProven:
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    @hypothesis.settings(max_examples=40)
    @hypothesis.given(data=st.data())
    def test_every_answer_is(self, composition, data):
        game = data.draw(games(composition))
        share = data.draw(st.sampled_from([0.0, 0.1, 0.5, 0.999, 1.0, 2.0]))
        everything = mg.solve(game.with_attacker_bandwidth(float(game.bandwidth.sum())))
        with_loss = copy.copy(game)
        with_loss.termination_loss = share * everything.value
        verify(result_of(with_loss), with_loss)
        for limit in (None, *game.resources[:1]):
            document = frontier_of(game, limit=limit)
            proven = verify(document, game)
            bounds = [point["bounds"] for point in document["breakpoints"]]
            assert all(proven.lower >= [each["lower"] for each in bounds])
            assert all(proven.upper <= [each["upper"] for each in bounds])

    @pytest.mark.parametrize("limit", [None, "budget"])
    def test_a_frontier_need_not_go_through_a_file(self, limit):
        game = game_of(SCENARIO, "best_of")
        assert mg.verify(mg.sweep(game, limit=limit), game).gap < 1e-9

    def test_a_result_of_another_tolerance_is_proven_within_it(self):
        game = game_of(SCENARIO, "independent")
        document = json.loads(json.dumps(mg.result_document(mg.assess(game, tolerance=1e-2))))
        assert mg.verify(mg.Result(**document), game, tolerance=1e-2).gap < 1e-2


USELESS = {"least": 0.0, "greatest": 0.0, "role": "useless"}


class TestForgeries:
    @pytest.mark.parametrize(
        ("pointer", "value", "place"),
        [
            ("/scenario", "six threats", "/scenario"),
            ("/composition", "additive", "/composition"),
            ("/allocation/zzz", 0.0, "/allocation/zzz"),
            ("/threats/free/severity", 1e308, "/threats/free/severity"),
            ("/allocation/monitor", 1e308, "/use/budget"),
            ("/certificate/cuts/0/anchor", 1e308, "/certificate/cuts/0/anchor"),
            ("/certificate/cuts/0/threat", "zzz", "/certificate/cuts/0/threat"),
            ("/certificate/cuts", [], "/attack/free"),
            (
                "/certificate/cuts/-",
                {"threat": "free", "anchor": 0.0, "weight": 1.0},
                "/certificate/cuts",
            ),
            ("/prices/limits/budget", 1e308, "/bounds/lower"),
            ("/threshold", None, "/threshold"),
            ("/threshold/reachable", False, "/threshold/reachable"),
            ("/threshold/bandwidth", 1e308, "/threshold/bandwidth_per_loss"),
            ("/threshold/bandwidth", None, "/threshold/reachable"),
            ("/threshold/certificate", None, "/threshold/certificate"),
            ("/threshold/lower", None, "/threshold/certificate"),
            ("/dci/defenses/filter/index", None, "/dci/defenses/filter/index"),
            ("/dci/defenses/filter/classes/zzz", 0.5, "/dci/defenses/filter/classes/zzz"),
            ("/sensitivity/defenses/zzz", USELESS, "/sensitivity/defenses/zzz"),
            ("/notes/-", "all is well", "/notes"),
        ],
    )
    @pytest.mark.parametrize("composition", ["best_of", "independent"])
    def test_a_result_with_them_is_refused(self, composition, pointer, value, place):
        if pointer == "/composition" and composition == "independent":
            value = "best_of"
        game = game_of(SCENARIO, composition)
        with pytest.raises(mg.CertificateError) as refusal:
            verify(changed(result_of(game), pointer, value), game)
        assert refusal.value.pointer == place

    def test_an_unreachable_threshold_is_not_believed_without_proof(self):
        game = game_of(SCENARIO, "best_of")
        document = result_of(game)
        unreachable = result_of(game_of(VARIANTS["unreachable"], "best_of"))["threshold"]
        unreachable["undefended"] = document["threshold"]["undefended"]
        with pytest.raises(mg.CertificateError, match="expected all threats to cost at most 6"):
            verify(changed(document, "/threshold", unreachable), game)
        unreachable["certificate"] = document["threshold"]["certificate"]
        with pytest.raises(mg.CertificateError, match=r"^/threshold/certificate: found a claim"):
            verify(changed(document, "/threshold", unreachable), game)

    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_the_threshold_of_a_defender_that_spends_nothing_is_refused(self, composition):
        # All of it follows, but a better allocation still keeps below the loss there.
        game = game_of(SCENARIO, composition).with_attacker_bandwidth(4.0)
        document = result_of(game)
        early = result_of(game.with_limits({"budget": 0.0, "latency": 0.0}))["threshold"]
        assert early["bandwidth"] < 0.5 * document["threshold"]["bandwidth"]
        there = result_of(game.with_attacker_bandwidth(early["bandwidth"]))
        limits = there["prices"]["limits"]
        early["certificate"] = {"cuts": there["certificate"]["cuts"], "limits": limits}
        early["lower"] = there["bounds"]["lower"]
        for key in ("decision", "plan_bandwidth"):
            early[key] = document["threshold"][key]
        with pytest.raises(mg.CertificateError, match=r"^/threshold/lower: .*, expected 6\.0"):
            verify(changed(document, "/threshold", early), game)

    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_the_other_decision_is_refused(self, composition):
        game = game_of(SCENARIO, composition)
        document = result_of(game)
        other = {"operate": "terminate", "terminate": "operate"}[document["threshold"]["decision"]]
        with pytest.raises(mg.CertificateError, match=r"^/threshold/decision: found"):
            verify(changed(document, "/threshold/decision", other), game)

    @pytest.mark.parametrize(
        ("pointer", "value", "place"),
        [
            ("/parameter", "zzz", "/parameter"),
            ("/parameter", "budget", "/breakpoints/0/certificate"),
            ("/breakpoints", [], "/pieces"),
            ("/pieces", [], "/pieces"),
            ("/breakpoints/1/at", 1e308, "/pieces/0/to"),
            ("/breakpoints/1/certificate", None, "/breakpoints/1"),
            ("/pieces/0/allocation", None, "/pieces/0"),
            ("/pieces/0/slope", -1.0, "/pieces/0/slope"),
            ("/pieces/0/slope", 1e308, "/pieces/0/slope"),
            ("/points/0/at", 1e308, "/points/0/at"),
            ("/notes/-", "all is well", "/notes"),
        ],
    )
    def test_a_frontier_with_them_is_refused(self, pointer, value, place):
        game = game_of(SCENARIO, "best_of")
        document = frontier_of(game, at=[1.0], stop=2.5)
        with pytest.raises(mg.CertificateError) as refusal:
            verify(changed(document, pointer, value), game)
        assert refusal.value.pointer == place

    def test_a_parameter_that_is_nearly_one_is_named(self):
        game = game_of(SCENARIO, "best_of")
        forged = changed(frontier_of(game, stop=2.5), "/parameter", "bugdet")
        with pytest.raises(mg.CertificateError, match=r"'bugdet', .*did you mean 'budget'"):
            verify(forged, game)

    def test_a_cut_that_does_not_hold_proves_nothing(self):
        # Two defenses stop everything together. With an anchor, their cut would forget it.
        game = mg.DefenseGame(
            severity=[4.0],
            bandwidth=[1.0],
            effectiveness=[[0.5, 0.5]],
            attacker_bandwidth=1.0,
            composition="additive",
        )
        document = result_of(game)
        assert document["value"] == 0.0
        document["certificate"]["cuts"] = [{"threat": "t0", "anchor": 0.5, "weight": 1.0}]
        document["attack"]["t0"] = 1.0
        document["bounds"]["lower"] = 2.0
        with pytest.raises(mg.CertificateError, match=r"^/certificate/cuts/0/anchor: found 0\.5"):
            verify(document, game)

    def test_an_allocation_of_another_budget_is_refused(self):
        rich = game_of(changed(SCENARIO, "/defender/limits/budget", 3.0), "best_of")
        with pytest.raises(mg.CertificateError, match="/allocation: uses more of 'budget'"):
            verify(result_of(rich), game_of(SCENARIO, "best_of"))


class TestCommand:
    CODE = """
import sys
from mfmgame.cli import app as cli
try:
    cli.main()
finally:
    solvers = {"highspy", "scipy.optimize", "mfmgame.solving.master_lp", "mfmgame.solving.solver"}
    assert not solvers & set(sys.modules)
"""

    @pytest.fixture
    def files(self, tmp_path):
        game = game_of(SCENARIO, "best_of")
        documents = {"scenario.json": SCENARIO, "result.json": result_of(game)}
        documents["frontier.json"] = frontier_of(game, at=[1.0])
        for name, document in documents.items():
            (tmp_path / name).write_text(json.dumps(document))
        return tmp_path

    def run(self, files, *arguments, stdin=b""):
        return subprocess.run(
            [*STRICT_PYTHON, "-c", self.CODE, "verify", *arguments],
            cwd=files,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )

    @pytest.mark.parametrize("name", ["result.json", "frontier.json"])
    def test_says_what_is_proven_and_imports_no_solver(self, files, name):
        done = self.run(files, name, "scenario.json")
        assert done.stderr == b""
        assert done.returncode == 0
        assert b"proven" in done.stdout
        text = (files / name).read_bytes()
        assert self.run(files, "-", "scenario.json", stdin=text).stdout == done.stdout

    @pytest.mark.parametrize(
        ("pointer", "value", "message"),
        [
            ("/value", 1.0, "/value: found 1.0, expected from 6."),
            ("/value", -1.0, "/value: found -1.0, expected at least 0.0"),
            ("/value", "1", "/value: found '1', expected a number"),
            ("/valeu", 1.0, "/valeu: unknown key 'valeu', expected a known key; "),
            ("/schema", "mfmgame/dci/1", "/schema: found 'mfmgame/dci/1', expected "),
            ("/threats/\x1b[31m", {}, "/threats/\\x1b[31m/severity: missing, expected a value"),
        ],
    )
    def test_refuses_in_one_line_and_imports_no_solver(self, files, pointer, value, message):
        document = json.loads((files / "result.json").read_text())
        (files / "bad.json").write_text(json.dumps(changed(document, pointer, value)))
        done = self.run(files, "bad.json", "scenario.json")
        assert done.stdout == b""
        assert done.stderr.decode().startswith(f"error: bad.json: {message}")
        assert done.stderr.count(b"\n") == 1
        assert done.returncode == 2

    def test_reads_one_of_the_two_from_standard_input(self, files):
        done = self.run(files, "-", "-")
        assert (done.stdout, done.returncode) == (b"", 2)
        assert b"expected it for one" in done.stderr


@pytest.mark.parametrize("seed", [2454, 2689])
def test_prices_of_limits_of_nothing_just_pay_over_18_orders_of_magnitude(seed):
    # HiGHS gave a price between that of two defenses which the limit keeps from running.
    random = np.random.default_rng(seed)
    n, m = int(random.integers(2, 30)), int(random.integers(1, 8))
    game = mg.DefenseGame(
        severity=10 ** random.uniform(-9, 9, n),
        bandwidth=10 ** random.uniform(-6, 6, n),
        effectiveness=random.choice([0, 0.25, 0.5, 0.9, 1], (n, m)),
        attacker_bandwidth=1e3,
        use={
            "a": random.choice([0, 1.0, 2, 3], m),
            "b": random.choice([0, 1.0, 2], m),
            "c": random.choice([0, 1.0], m),
        },
        limits={
            "a": 0.0,
            "b": float(random.choice([0.5, 1, 2])),
            "c": float(random.choice([0, 0.5])),
        },
        composition="additive",
    )
    assert mg.verify(mg.solve(game), game).gap <= 1e-8


def test_many_layers_are_checked_in_more_digits_than_they_are_claimed_in():
    n = 40
    game = mg.DefenseGame(
        severity=np.linspace(1.0, 2.0, 20),
        bandwidth=np.ones(20),
        effectiveness=np.repeat(np.linspace(0.01, 0.3, 20)[:, None], n, axis=1),
        attacker_bandwidth=3.0,
        composition="independent",
    )
    assert mg.verify(mg.solve(game), game).gap < 1e-12
