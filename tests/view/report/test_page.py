"""The report as a file: what stands in it, how large it is, and that nothing leaves it."""

import html.parser
import importlib.util
import json
import re

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.game.attacker import Ways, best_response
from mfmgame.game.compositions import compose
from mfmgame.view.report import payload
from mfmgame.view.report.attack_steps import attack_steps
from mfmgame.view.report.payload import embedded_json
from view.report.pages import HOSTILE, hostile_document, scenario_of


def staircase(attacker: float, room: int = 10**6):
    """A frontier of ten pieces, one bit and one threat each, and what a page knows of it."""
    game = mg.DefenseGame(
        severity=[20.0 - i for i in range(10)],
        bandwidth=[1.0] * 10,
        effectiveness=[[0.5]] * 10,
        attacker_bandwidth=attacker,
        threat_ids=[f"t{i}" for i in range(10)],
    )
    frontier, labels = mg.sweep(game), payload.Labels(game.threat_ids, game.defense_ids)
    return frontier, json.loads(payload.frontier_payload(mg.assess(game), frontier, labels, room))


class Page(html.parser.HTMLParser):
    """The elements of a page, its scripts, and the text that a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.shown: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.shown.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.shown).split())


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(mg.report_page(mg.load_scenario("examples/llava_agent.json")))


def test_the_decision_and_the_threshold_come_first(page):
    start = page.text.index("Decision:")
    assert page.text[start:].startswith(
        "Decision: Terminate Stop the system. Even against the best plan, an attacker with 8 "
        "bits still causes a loss of 25.16 at worst. Stopping the system costs only 24. The "
        "decision changes at 7.288 bits, the self-destruction threshold: 0.7123 bits less "
        "than the scenario's attacker has. It assumes that the plan changes with the attacker. "
        "The best plan, kept as it is, holds up to 7.288 bits. Without any defense, the threshold "
        "would be 5.641 bits."
    )


def test_the_page_tells_what_was_answered(page):
    scenario = mg.load_scenario("examples/llava_agent.json")
    solution = mg.solve(scenario)
    for expected in (
        "The best plan funds 6 defenses of 15 and uses 10 of 10 units of budget",
        repr(solution.lower),
        repr(solution.upper),
        "rests on assumed numbers of 57 threats, 15 defenses, 334 effectiveness values",
    ):
        assert expected in page.text
    for threat in mg.build_game(scenario).threat_ids:
        assert threat in page.text


def loss_at(data, piece: int, at: float) -> float:
    """What the attack of a piece causes with so many bits, as the page's script adds it up."""
    left, loss = at, 0.0
    for step in data["pieces"][piece][1]:
        if len(step) == 2:  # a threat of the list, and what it causes
            bits, caused = data["threats"][step[0]][1], step[1]
        else:  # several, together
            _, bits, caused = step
        effort = 1.0 if bits <= left else left / bits
        left, loss = max(0.0, left - bits), loss + effort * caused
    return loss


def check_pieces(data, frontier, first=0) -> None:
    """Compare the plan and the attack of each piece that the page has with the frontier's."""
    game, points = frontier.game, frontier.breakpoints
    known = set(zip(game.bandwidth.tolist(), game.severity.tolist(), strict=True))
    assert {(bits, severity) for _, bits, severity in data["threats"]} <= known
    for k, (piece, levels) in enumerate(
        zip(data["pieces"], frontier.allocations[first:], strict=False)
    ):
        if piece is None:
            continue
        assert dict(piece[0]) == {j: levels[j] for j in np.flatnonzero(levels).tolist()}
        residual = game.severity * compose(game).exposure(levels)
        start, stop = points[first + k : first + k + 2].tolist()
        for at in (start, 0.5 * (start + stop), stop):
            worst = best_response(residual, game.ways, at).loss
            assert loss_at(data, k, at) == pytest.approx(worst, rel=1e-12)
            assert worst == pytest.approx(float(frontier(at)), rel=1e-9)


def test_the_data_are_the_pieces_of_the_frontier(page):
    game = mg.build_game(mg.load_scenario("examples/llava_agent.json"))
    frontier, data = mg.sweep(game), json.loads(page.scripts[0])
    assert data["points"] == frontier.breakpoints.tolist()
    assert data["values"] == frontier.values.tolist()
    assert data["lower"] == frontier.lower.tolist()
    assert data["upper"] == frontier.upper.tolist()
    assert data["threshold"] == mg.self_destruction_threshold(game).bandwidth
    assert (data["ends"], data["all"], data["partly"]) == (False, True, False)
    assert len(data["pieces"]) == frontier.n_pieces
    check_pieces(data, frontier)


def test_nothing_is_loaded_from_anywhere(page):
    for tag, attributes in page.tags:
        assert tag not in {"iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "action", "srcset", "data"):
            target = attributes.get(name)
            assert target is None or target.startswith("#") or target == "data:,", (tag, target)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-\S+' 'sha256-\S+';", policy)


@pytest.mark.parametrize(
    "name", ["llava_agent", "gpt-4", "taxonomy", "dalle", "portfolio/llava_agent"]
)
def test_a_page_is_under_6_megabytes_and_the_same_twice(name):
    scenario = mg.load_scenario(f"examples/{name}.json")
    page = mg.report_page(scenario)
    assert len(page.encode()) < 6_000_000
    assert page == mg.report_page(scenario)


def test_measured_shares_show_their_counts_and_both_estimates():
    document = hostile_document()
    document["effectiveness"][0]["value"] = {
        "distribution": "measured",
        "successes": 87,
        "trials": 180,
        "effective_trials": 22.5,
        "baseline": {"id": HOSTILE[0], "successes": 45, "trials": 180},
    }
    text = Page(mg.report_page(mg.Scenario(**document))).text
    after = text[text.index("95 % interval") :]
    expected = ("45 of 180", "87 of 180 (worth 22.5 independent trials)", "-0.9333", "0 to 0")
    places = [after.index(part) for part in expected]
    assert places == sorted(places)


def test_hostile_names_are_text_and_nothing_else(tmp_path):
    page = Page(mg.report_page(scenario_of(hostile_document(), tmp_path)))
    plain = Page(mg.report_page(mg.load_scenario("examples/dalle.json")))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert len(page.scripts) == len(plain.scripts) == 3
    assert page.scripts[1:] == plain.scripts[1:]
    json.loads(page.scripts[0])
    assert "<script>window.broken = 1</script>" in page.text


def test_every_effectiveness_stands_beside_its_source():
    document = hostile_document()
    document["effectiveness"][0]["source"] = "counted in November"
    page = Page(mg.report_page(mg.Scenario(**document)))
    assert "counted in November" in page.text


@pytest.mark.parametrize("name", HOSTILE)
def test_json_within_a_script_ends_no_script(name):
    text = embedded_json({name: [name]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {name: [name]}


class TestWithoutSomething:
    def test_no_termination_loss(self, tmp_path):
        document = hostile_document()
        del document["termination"]
        page = Page(mg.report_page(scenario_of(document, tmp_path)))
        assert "Decision: No decision" in page.text
        assert "gives no cost of stopping the system" in page.text

    def test_no_threat_and_no_defense(self, tmp_path):
        document = hostile_document(threats=[], defenses=[], effectiveness=[])
        document["defender"] = {}
        page = Page(mg.report_page(scenario_of(document, tmp_path)))
        assert "Decision: Operate" in page.text
        assert "The best plan funds no defense." in page.text

    @pytest.mark.parametrize("package", ["plotly", "jinja2"])
    def test_no_package_that_draws(self, package, monkeypatch):
        found = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == package else found(name)
        )
        with pytest.raises(mg.SpecificationError, match=rf"{package}.*mfmgame\[report\]"):
            mg.report_page(mg.load_scenario("examples/dalle.json"))


class TestLargeGames:
    def test_pages_stay_small_and_say_what_they_leave_out(self):
        random = np.random.default_rng(3)
        n, m = 1500, 40
        threats = [
            {"id": f"threat-{i}", "severity": s, "bandwidth": b}
            for i, (s, b) in enumerate(random.lognormal(size=(n, 2)).tolist())
        ]
        scenario = mg.Scenario(
            schema="mfmgame/scenario/1",
            composition="additive",
            threats=[{**threat, "class": "any"} for threat in threats],
            defenses=[{"id": f"defense-{j}", "use": {"budget": 1.0}} for j in range(m)],
            effectiveness=[
                {"threat": f"threat-{i}", "defense": f"defense-{j}", "value": value}
                for i, row in enumerate(
                    (random.random((n, m)) * (random.random((n, m)) < 0.1)).tolist()
                )
                for j, value in enumerate(row)
                if value
            ],
            attacker={"bandwidth": 100.0},
            defender={"limits": {"budget": 10.0}},
            termination={"loss": 300.0},
        )
        text = mg.report_page(scenario)
        assert len(text.encode()) < 6_000_000
        page = Page(text)
        assert "Omitted here: a further 1300 threats." in page.text
        data, frontier = json.loads(page.scripts[0]), mg.sweep(scenario)
        assert data["named"] is not None
        assert data["values"] == frontier.values.tolist()

    @pytest.mark.parametrize(
        ("attacker", "first"),
        # The window of four pieces is around the attacker's, but for both ends.
        [(0.0, 0), (1.5, 0), (2.0, 0), (2.5, 0), (4.5, 2), (6.0, 4), (9.5, 6), (10.0, 6), (50, 6)],
    )
    def test_a_few_pieces_are_those_around_the_attacker(self, monkeypatch, attacker, first):
        monkeypatch.setattr(payload, "MOST_PIECES", 4)
        frontier, data = staircase(attacker)
        assert frontier.n_pieces == 10
        assert data["points"] == frontier.breakpoints[first : first + 5].tolist()
        for name in ("values", "lower", "upper"):
            assert data[name] == getattr(frontier, name)[first : first + 5].tolist()
        assert len(data["pieces"]) == 4
        # The curve goes on beyond the window, unless that is the last one.
        assert (data["ends"], data["all"], data["partly"]) == (first < 6, False, False)
        check_pieces(data, frontier, first)

    @pytest.mark.parametrize("attacker", [0.5, 4.5, 9.5])
    def test_where_there_is_little_room_the_nearest_pieces_keep_their_attacks(self, attacker):
        frontier, data = staircase(attacker)
        whole = len(json.dumps(data, separators=(",", ":")))
        for room in range(whole - 280, whole + 50, 30):
            _, found = staircase(attacker, room)
            text = json.dumps(found, separators=(",", ":"))
            assert len(text) <= room
            kept = [k for k, piece in enumerate(found["pieces"]) if piece is not None]
            assert kept
            focus = min(int(attacker), 9)
            apart = sorted(range(10), key=lambda k: (abs(k - focus), k))
            assert kept == sorted(apart[: len(kept)])
            assert found["partly"] is (len(kept) < 10)
            check_pieces(found, frontier)
            # No threat is listed that no piece at hand names.
            named = {step[0] for k in kept for step in found["pieces"][k][1] if len(step) == 2}
            assert named == set(range(len(found["threats"])))

    def test_a_curve_may_end_earlier(self):
        scenario = mg.load_scenario("examples/llava_agent.json")
        data = json.loads(Page(mg.report_page(scenario, stop=20.0)).scripts[0])
        assert data["points"][-1] == 20.0
        assert data["ends"]
        for stop in (7.9, float("nan"), float("inf")):
            with pytest.raises(mg.SpecificationError, match="at least the attacker's bandwidth"):
                mg.report_page(scenario, stop=stop)


@pytest.mark.parametrize("most", [None, 1, 3])
@pytest.mark.parametrize("seed", range(20))
def test_steps_make_the_worst_attack_at_every_bandwidth_of_a_piece(seed, most):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 12))
    residual = random.choice([0.0, 1.0, 2.0, 2.0, 5.0], size=n) * random.choice([1.0, 1e-3], size=n)
    bandwidth = random.choice([0.0, 0.5, 1.0, 2.0], size=n)
    start, stop = sorted(random.uniform(0.0, 1.2 * bandwidth.sum() + 0.1, size=2).tolist())
    steps = attack_steps(residual, bandwidth, start, stop, most)
    for at in np.linspace(start, stop, 7).tolist():
        rest, loss = at, 0.0
        for step in steps:
            effort = 1.0 if step.bits <= rest else rest / step.bits
            rest = max(0.0, rest - step.bits)
            loss += effort * step.loss
        assert loss == pytest.approx(best_response(residual, Ways(bandwidth), at).loss, rel=1e-12)


class TestSteps:
    """What a page says of plans and attacks where defenses are all or nothing."""

    @staticmethod
    def scenario(kind: str) -> mg.Scenario:
        """Two threats of one attacker, of which the budget stops one or the other."""
        return mg.Scenario(
            schema="mfmgame/scenario/1",
            threats=[
                {"id": "leak", "severity": 8.0, "bandwidth": 1.0},
                {"id": "fraud", "severity": 6.0, "bandwidth": 1.0},
            ],
            defenses=[
                {"id": "filter", "use": {"budget": 1.0}, "kind": kind},
                {"id": "sandbox", "use": {"budget": 1.0}, "kind": kind},
            ],
            effectiveness=[
                {"threat": "leak", "defense": "filter", "value": 0.5},
                {"threat": "fraud", "defense": "sandbox", "value": 0.5},
            ],
            attacker={"bandwidth": 1.0},
            defender={"limits": {"budget": 1.0}},
        )

    def test_another_plan_may_do_better_against_the_worst_attack(self):
        scenario = self.scenario("binary")
        game, solution = mg.build_game(scenario), mg.solve(scenario)
        against = solution.attack.array * game.severity
        assert solution.value == 6.0
        # The attack on the filter's plan is fraud, which the sandbox halves.
        assert against @ (1.0 - np.asarray(game.effectiveness)[:, 1]) == 3.0
        text = Page(mg.report_page(scenario)).text
        assert "No plan does better" not in text
        assert "another plan may do better against this attack" in text
        assert "if no defense is switched, one more unit saves" in text

    def test_where_levels_are_continuous_none_does(self):
        text = Page(mg.report_page(self.scenario("continuous"))).text
        assert "No plan does better against this attack." in text
        assert "if no defense is switched" not in text

    def test_one_is_singular(self):
        scenario = self.scenario("binary")
        text = Page(mg.report_page(scenario)).text
        assert "an attacker with 1 bit still" in text
        assert "1 of 1 unit of budget" in text
        assert "Attacker has 1 bit" in text
        assert " 1 bits" not in text
        assert "bandwidth 1 bit<" in mg.solve(scenario)._repr_html_()
