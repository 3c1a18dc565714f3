"""The self-destruction threshold, by hand and at its edges."""

import json

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.answers.decision import decide
from mfmgame.answers.threshold import beside_decision
from mfmgame.documents.result import Result
from mfmgame.documents.scenario_parts import Termination
from mfmgame.view.json.answer_documents import result_document

COMPOSITIONS = ["additive", "best_of", "independent"]


def game(**changes) -> mg.DefenseGame:
    """Losses of 4 and 1 a bit once the free defense halves the first."""
    arguments = {
        "severity": [8.0, 2.0],
        "bandwidth": [1.0, 2.0],
        "effectiveness": [[0.5], [0.0]],
        "attacker_bandwidth": 1.5,
        "termination_loss": 5.0,
    }
    return mg.DefenseGame(**{**arguments, **changes})


def result_of(problem: mg.DefenseGame) -> Result:
    return Result.model_validate(result_document(mg.assess(problem)))


def test_it_is_where_the_value_crosses_the_loss():
    threshold = mg.self_destruction_threshold(game())
    assert threshold.bandwidth == pytest.approx(2.0)  # 4 for the first bit, 1 for the next
    assert threshold.margin == pytest.approx(0.5)
    assert threshold.decision == "operate"
    assert threshold.undefended == pytest.approx(5 / 8)
    assert dict(threshold.allocation) == {"d0": 1.0}
    assert threshold.bandwidth_per_loss == pytest.approx(1.0)


def test_beyond_it_the_decision_is_to_terminate():
    threshold = mg.self_destruction_threshold(game(attacker_bandwidth=2.5))
    assert threshold.decision == "terminate"
    assert threshold.margin == pytest.approx(-0.5)


def test_at_it_the_system_still_operates():
    threshold = mg.self_destruction_threshold(game(attacker_bandwidth=2.0))
    assert threshold.decision == "operate"
    assert threshold.margin == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("loss", [6.0, 7.0, 1e6])
def test_a_loss_that_no_attacker_exceeds_is_unreachable(loss):
    threshold = mg.self_destruction_threshold(game(termination_loss=loss))
    assert threshold.bandwidth is None
    assert not threshold.reachable
    assert threshold.decision == "operate"
    assert threshold.margin is None


def test_defenses_may_make_it_unreachable():
    threshold = mg.self_destruction_threshold(game(termination_loss=7.0))
    assert (threshold.bandwidth, threshold.undefended) == (None, pytest.approx(7 / 8))


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_it_is_0_if_free_threats_alone_exceed_the_loss(composition):
    free = game(bandwidth=[0.0, 2.0], termination_loss=3.0, composition=composition)
    threshold = mg.self_destruction_threshold(free)
    assert threshold.bandwidth == 0.0
    assert threshold.decision == "terminate"


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_a_loss_of_0_is_crossed_by_the_first_bit(composition):
    threshold = mg.self_destruction_threshold(game(termination_loss=0.0, composition=composition))
    assert threshold.bandwidth == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("bandwidth", [0.0, 1.0, 3.0, 9.0])
@pytest.mark.parametrize("composition", ["additive", "best_of"])
def test_a_loss_of_0_is_unreachable_where_defenses_stop_everything(composition, bandwidth):
    stopped = game(
        effectiveness=[[1.0, 0.0], [0.0, 1.0]],
        use={"budget": [1.0, 1.0]},
        limits={"budget": 2.0},
        attacker_bandwidth=bandwidth,
        termination_loss=0.0,
        composition=composition,
    )
    threshold = mg.self_destruction_threshold(stopped)
    assert (threshold.bandwidth, threshold.decision) == (None, "operate")
    assert dict(threshold.allocation) == {"d0": 1.0, "d1": 1.0}


@pytest.mark.parametrize("loss", [9.5, 9.9, 9.99, 9.999, 9.99999])
def test_a_loss_just_below_the_plateau_is_found_exactly(loss):
    # The first bit costs 10, all the others together 0.1: the crossing is within the first.
    steep = game(
        severity=[10.0, 0.1],
        bandwidth=[1.0, 100.0],
        effectiveness=[[0.0], [0.0]],
        attacker_bandwidth=0.5,
        termination_loss=loss,
    )
    threshold = mg.self_destruction_threshold(steep)
    assert threshold.bandwidth == pytest.approx(loss / 10, rel=1e-12)
    assert threshold.bandwidth == pytest.approx(threshold.undefended, rel=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99, 0.999, 0.99999])
@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_it_is_found_however_close_to_the_plateau(composition, share, examples):
    scenario = mg.load_scenario(examples / "llava_agent.json")
    built = mg.build_game(scenario.model_copy(update={"composition": composition}))
    total = float(built.bandwidth.sum())
    loss = share * mg.solve(built.with_attacker_bandwidth(total)).value
    with_loss = scenario.model_copy(
        update={"composition": composition, "termination": Termination(loss=loss)}
    )
    threshold = mg.self_destruction_threshold(with_loss)
    tolerance = 1e-5 if composition == "independent" else 1e-9
    value = mg.solve(built.with_attacker_bandwidth(threshold.bandwidth)).value
    assert value == pytest.approx(loss, rel=tolerance)
    beyond = mg.solve(built.with_attacker_bandwidth(threshold.bandwidth * 1.001)).value
    assert beyond > loss * (1 - tolerance)


@pytest.mark.parametrize("severity", [1e10, 1e12, 1e16])
def test_a_catastrophe_fully_stopped_does_not_blur_the_decision(severity):
    spread = mg.DefenseGame(
        severity=[8.0, 6.0, severity],
        bandwidth=[1.0, 1.0, 1.0],
        effectiveness=[[0.75, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0, 1.0, 0.0]},
        limits={"budget": 1.0},
        composition="additive",
        termination_loss=4.00001,
    )
    threshold = mg.self_destruction_threshold(spread)
    assert threshold.decision == "operate"
    assert mg.solve(spread).value == pytest.approx(4.0, rel=1e-9)


def test_without_threats_it_is_unreachable():
    import numpy as np

    empty = game(severity=[], bandwidth=[], effectiveness=np.zeros((0, 1)), termination_loss=0.0)
    assert mg.self_destruction_threshold(empty).bandwidth is None


@pytest.mark.parametrize("composition", COMPOSITIONS)
@pytest.mark.parametrize("loss", [1.0, 5.0, 20.0, 60.0])
def test_on_the_shipped_catalog_the_value_there_is_the_loss(composition, loss):
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        catalog="mfm",
        composition=composition,
        attacker={"bandwidth": 8.0},
        defender={"limits": {"budget": 10.0, "bandwidth": 3.0}},
        termination={"loss": loss},
    )
    built = mg.build_game(scenario)
    threshold = mg.self_destruction_threshold(built)
    value = mg.solve(built.with_attacker_bandwidth(threshold.bandwidth)).value
    assert value == pytest.approx(loss, rel=1e-8 if composition != "independent" else 1e-5)


def test_a_termination_loss_is_needed(examples):
    with pytest.raises(mg.SpecificationError, match="/termination: missing"):
        mg.self_destruction_threshold(game(termination_loss=None))


@pytest.mark.parametrize("composition", ["best_of", "additive", "independent"])
@pytest.mark.parametrize("stepped", [False, True])
def test_a_loose_tolerance_never_promises_more(composition, stepped):
    for seed in range(12):
        random = np.random.default_rng(seed)
        n, m = 8, 6
        game = mg.DefenseGame(
            severity=random.lognormal(size=n),
            bandwidth=random.lognormal(size=n),
            effectiveness=0.95 * random.random((n, m)) * (random.random((n, m)) < 0.5),
            attacker_bandwidth=float(random.uniform(1.0, 6.0)),
            use={"budget": random.uniform(0.5, 2.0, m)},
            limits={"budget": m / 2},
            composition=composition,
            levels={f"d{j}": [0.0, 1.0] for j in range(m)} if stepped else {},
            termination_loss=float(random.uniform(0.5, 8.0)),
        )
        exact = mg.self_destruction_threshold(game)
        loose = mg.self_destruction_threshold(game, tolerance=0.3)
        if exact.bandwidth is not None:
            assert loose.bandwidth is not None
            assert loose.bandwidth <= exact.bandwidth * (1.0 + 1e-6)
        assert (exact.decision, loose.decision) != ("terminate", "operate")


def test_the_allocation_that_the_climb_starts_from_is_held_up_to_its_own_crossing():
    # The optimum there differs from it by rounding, which severities this far apart enlarge.
    game = mg.DefenseGame(
        severity=[234.75325282419354, 7.534641096136477e-05, 3929993.351520181],
        bandwidth=[1.0, 0.0, 1.0],
        effectiveness=[
            [0.5664577107043226, 0.15194663308200138, 0.0],
            [0.0, 0.42867287076442157, 0.0],
            [0.59571768997499, 0.0, 0.22552112658919035],
        ],
        max_level=[1.0, 0.7, 1.0],
        attacker_bandwidth=20.0,
        use={"budget": [1.0, 2.0, 2.0]},
        limits={"budget": 0.7824354801011573},
        levels={"d0": [0.25, 1.0], "d1": [0.0, 0.1, 0.2, 0.7], "d2": [0.0, 1.0]},
        groups=[mg.DefenseGroup(["d1", "d2"], at_most=1)],
        termination_loss=1464047.4677271016,
        composition="independent",
    )
    assessment = mg.assess(game)
    document = mg.Result(**json.loads(json.dumps(mg.result_document(assessment))))
    assert mg.verify(document, game)


class TestPlateaus:
    """The value reaches the loss and stays there: no attacker can force the shutdown."""

    @pytest.mark.parametrize("bandwidth", [0.0, 4.0, 5.0, 6.0, 12.0, 100.0])
    @pytest.mark.parametrize("composition", ["additive", "best_of"])
    def test_a_plateau_at_the_loss_is_unreachable_from_everywhere(self, composition, bandwidth):
        # The filter stops the jailbreak; the leak alone never costs more than 1.
        plateau = mg.DefenseGame(
            severity=[1.0, 2.0],
            bandwidth=[5.0, 7.0],
            effectiveness=[[0.0], [1.0]],
            attacker_bandwidth=bandwidth,
            use={"budget": [1.0]},
            limits={"budget": 1.0},
            termination_loss=1.0,
            composition=composition,
        )
        threshold = mg.self_destruction_threshold(plateau)
        assert (threshold.bandwidth, threshold.decision) == (None, "operate")
        result = result_of(plateau)
        mg.verify(result, plateau)

    def test_a_plateau_just_above_the_loss_is_reached_where_it_begins(self):
        above = game(attacker_bandwidth=1.0, termination_loss=5.999)
        assert mg.self_destruction_threshold(above).bandwidth == pytest.approx(2.999)

    def test_a_value_of_nothing_is_within_a_loss_of_nothing(self):
        # Shares that add up to more than 1 only without rounding.
        covered = mg.DefenseGame(
            severity=[0.7137593494865296],
            bandwidth=[0.0],
            effectiveness=[[0.6364097828002561, 0.7075296214899015, 0.5391563533844217]],
            attacker_bandwidth=0.0,
            use={"r": [4.026315658073551, 0.0, 0.7251832485660836]},
            limits={"r": 4.276349015975671},
            termination_loss=0.0,
            composition="additive",
        )
        threshold = mg.self_destruction_threshold(covered)
        assert (threshold.bandwidth, threshold.decision) == (None, "operate")


class TestDecision:
    def test_a_value_above_the_loss_by_rounding_is_a_tie(self):
        # 0.1 + 0.2 is more than 0.3 by one unit of the last place.
        tied = game(
            severity=[0.1, 0.2],
            bandwidth=[0.0, 0.0],
            effectiveness=[[], []],
            termination_loss=0.3,
        )
        assert mg.solve(tied).value > 0.3
        assert mg.self_destruction_threshold(tied).decision == "operate"

    def test_a_bracket_that_holds_the_loss_leaves_it_undecided(self):
        here = game(attacker_bandwidth=2.0)
        assert [decide(here, 4.0, 6.0, loss) for loss in (3.0, 5.0, 6.0)] == [
            "terminate",
            "undecided",
            "operate",
        ]

    def test_a_tie_ends_where_solves_at_the_default_tolerance_tell_values_apart(self):
        here = game(attacker_bandwidth=2.0)
        assert decide(here, 5.0, 5.0 * (1 + 0.9e-9), 5.0) == "operate"
        assert decide(here, 5.0 * (1 + 1e-9), 5.0 * (1 + 1.1e-9), 5.0) == "terminate"
        # Near 0, relative to the greatest severity, 8.
        assert decide(here, 0.0, 7.9e-15, 0.0) == "operate"
        assert decide(here, 8.1e-15, 8.2e-15, 0.0) == "terminate"

    @pytest.mark.parametrize("bandwidth", [1.0, 1.9999999, 2.0, 2.0000001, 2.5])
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_the_margin_is_at_least_0_exactly_when_the_decision_is_to_operate(
        self, composition, bandwidth
    ):
        here = game(attacker_bandwidth=bandwidth, composition=composition)
        threshold = mg.self_destruction_threshold(here)
        assert (threshold.margin >= 0.0) == (threshold.decision == "operate")


@pytest.mark.parametrize(
    ("crossing", "attacker", "decision", "expected"),
    [
        (2.0, 1.5, "operate", 2.0),  # as it should be: nothing is moved
        (1.0, 1.5, "terminate", 1.0),
        (1.5, 1.5, "operate", 1.5),
        (float(np.nextafter(1.5, 1.0)), 1.5, "operate", 1.5),  # rounding beside the decision
        (float(np.nextafter(1.5, 2.0)), 1.5, "terminate", 1.5),
        (float(np.nextafter(1.5, 2.0)), 1.5, "undecided", 1.5),
    ],
)
def test_a_crossing_does_not_contradict_the_decision(crossing, attacker, decision, expected):
    assert beside_decision(crossing, game(attacker_bandwidth=attacker), decision) == expected
