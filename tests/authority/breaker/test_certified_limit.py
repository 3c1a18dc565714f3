"""Limits of bits: exact for any plan, and only for answers that hold."""

import copy
import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mfmgame as mg
from breakers import GATEWAY, answer
from mfmgame.authority.breaker.certified_limit import certified_limit, greatest_bandwidth
from mfmgame.game.compositions import compose
from mfmgame.game.shared_losses import SharedLosses
from mfmgame.view.json.answer_documents import frontier_document
from mfmgame.view.json.plan_documents import evaluation_document
from random_games import games, stepped_games
from specifications import changed

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
COMPOSITIONS = ["additive", "best_of", "independent"]


def limit_of(scenario=GATEWAY, plan="(best)", result=None, **options):
    options = {"allow_assumed_bits": True} | options
    result = answer(scenario) if result is None else result
    return certified_limit(result, mg.Scenario(**scenario), plan, DIGEST, **options)


def worst_loss(ways, bandwidth) -> Fraction:
    """Greatest loss over every choice of one way a loss, or none, and a better way in part."""
    worst, none = Fraction(0), (Fraction(0), Fraction(0))
    for chosen in itertools.product(*([none, *group] for group in ways)):
        left = bandwidth - sum(bits for _, bits in chosen)
        if left < 0:
            continue
        parts = [
            (residual - loss) * min(1, left / (bits - used) if bits > used else 1)
            for group, (loss, used) in zip(ways, chosen, strict=True)
            for residual, bits in group
            if residual > loss and bits >= used
        ]
        worst = max(worst, sum(loss for loss, _ in chosen) + max(parts, default=0))
    return worst


def assert_is_exact(game, levels, loss):
    threats = np.arange(game.n_threats)
    exposures = compose(game).certain_exposure(threats, levels)
    ways = [[] for _ in range(game.n_losses)]
    for i, share in enumerate(exposures):
        residual, bits = (
            Fraction(float(game.severity[i])) * share,
            Fraction(float(game.bandwidth[i])),
        )
        ways[game.losses_of(threats)[i]].append((residual, bits))
    if sum(max((r for r, b in group if not b), default=0) for group in ways) > loss:
        with pytest.raises(mg.SpecificationError, match="need no bits alone cost more"):
            greatest_bandwidth(game, levels, loss)
        return
    limit = greatest_bandwidth(game, levels, loss)
    if limit is None:
        assert sum(max(residual for residual, _ in group) for group in ways) <= loss
    else:
        assert worst_loss(ways, limit) <= loss
        assert worst_loss(ways, limit + Fraction(1, 10**40)) > loss


@pytest.mark.parametrize("composition", COMPOSITIONS)
@settings(max_examples=120)
@given(data=st.data())
def test_no_attack_within_the_limit_costs_more_and_any_beyond_does(composition, data):
    game = data.draw(games(composition, max_threats=6))
    labels = st.lists(st.sampled_from(["", "a", "b"]), min_size=6, max_size=6)
    game.shared_losses = SharedLosses.by_label(data.draw(labels)[: game.n_threats])
    shares = data.draw(st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=5, max_size=5))
    levels = game.max_level * np.array(shares)[: game.n_defenses]
    assert_is_exact(game, levels, data.draw(st.sampled_from([0.0, 0.5, 1.0, 3.0, 7.3])))


@pytest.mark.parametrize("composition", COMPOSITIONS)
@settings(max_examples=25)
@given(data=st.data())
def test_limits_of_discrete_plans_are_exact(composition, data):
    game = data.draw(stepped_games(composition, max_threats=5))
    try:
        levels = mg.solve(game).allocation.array
    except mg.InfeasibleError:
        assume(False)
    assert_is_exact(game, levels, data.draw(st.sampled_from([0.5, 2.0, 7.3])))


def test_a_plan_has_its_own_limit_below_the_threshold():
    limits = [limit_of(plan=plan).limit for plan in ("(best)", "(threshold)", "current")]
    assert [round(float(limit), 3) for limit in limits] == [3.094, 4.443, 1.441]


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_limits_never_pass_what_the_answer_claims(composition):
    scenario = GATEWAY | {"composition": composition}
    result = answer(scenario)
    for plan, key in (("(best)", "plan_bandwidth"), ("(threshold)", "bandwidth")):
        limit, claimed = limit_of(scenario, plan, result).limit, result["threshold"][key]
        assert claimed * (1 - 1e-9) <= limit <= claimed


def test_a_plan_that_no_attacker_can_overwhelm_has_no_limit():
    assert limit_of(plan="proposed").limit is None


def test_evaluated_plans_are_certified_too():
    game = mg.build_game(mg.Scenario(**GATEWAY))
    document = evaluation_document(mg.evaluate(game, "current"))
    assert limit_of(plan="current", result=document).limit == limit_of(plan="current").limit
    with pytest.raises(mg.SpecificationError, match=r"^plan: found .*, expected 'current'"):
        limit_of(plan="(best)", result=document)


def test_files_certify_as_their_content_does(tmp_path):
    files = {"result": answer(GATEWAY), "scenario": GATEWAY}
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    found = certified_limit(
        tmp_path / "result", str(tmp_path / "scenario"), "(best)", DIGEST, allow_assumed_bits=True
    )
    assert found == limit_of()


def test_the_certificate_depends_on_result_scenario_plan_and_policy():
    plain = limit_of()
    renamed = copy.deepcopy(GATEWAY) | {"description": "another"}
    others = [
        limit_of(plan="current"),
        limit_of(renamed),
        certified_limit(
            answer(GATEWAY), mg.Scenario(**GATEWAY), "(best)", OTHER, allow_assumed_bits=True
        ),
    ]
    assert len({plain.digest, *(other.digest for other in others)}) == 4
    assert limit_of().digest == plain.digest


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("/value", 2.0, "does not follow from its proof"),
        ("/threshold/plan_bandwidth", 4.0, "does not follow from its proof"),
        ("/scenario", "another", "does not follow from its proof"),
        ("/status", "time_limit", "does not follow from its proof"),
        ("/schema", "mfmgame/threshold/1", "expected a known schema"),
    ],
)
def test_a_changed_result_is_refused(place, value, expected):
    with pytest.raises(mg.SpecificationError, match=expected):
        limit_of(result=changed(answer(GATEWAY), place, value))


def test_an_answer_that_is_not_proven_is_refused():
    scenario = GATEWAY | {"composition": "independent"}
    found = mg.assess(mg.Scenario(**scenario), time_limit=1e-9)
    with pytest.raises(mg.SpecificationError, match="expected 'proven'"):
        limit_of(scenario, result=mg.result_document(found))


def test_other_answers_are_refused():
    sweep = frontier_document(mg.sweep(mg.build_game(mg.Scenario(**GATEWAY))), [])
    with pytest.raises(mg.SpecificationError, match="expected the JSON of solve or evaluate"):
        limit_of(result=sweep)


def test_without_a_termination_loss_there_is_nothing_to_enforce():
    scenario = {key: value for key, value in GATEWAY.items() if key != "termination"}
    with pytest.raises(mg.SpecificationError, match=r"^/termination: missing"):
        limit_of(scenario)


def test_uncertain_numbers_take_the_nominal_values_of_the_result():
    scenario = changed(GATEWAY, "/threats/0/severity", {"range": [16, 18]})
    assert limit_of(scenario).limit == limit_of().limit


def counted(threat: dict) -> dict:
    return threat | {"basis": "derived", "source": f"tools of the agent, {DIGEST}"}


WAYS = {
    "threat": counted,
    "provenance": lambda threat: (
        threat | {"provenance": {"bandwidth": {"basis": "derived", "source": DIGEST}}}
    ),
    "number": lambda threat: (
        threat | {"bandwidth": {"value": threat["bandwidth"], "basis": "derived", "source": DIGEST}}
    ),
}


def with_threats(change) -> dict:
    return GATEWAY | {"threats": [change(threat) for threat in GATEWAY["threats"]]}


@pytest.mark.parametrize("way", WAYS)
def test_bits_that_name_the_policy_need_no_permission(way):
    found = limit_of(with_threats(WAYS[way]), allow_assumed_bits=False)
    assert found.assumed_threats == ()
    assert limit_of().assumed_threats == ("fraud", "leak", "abuse")


def test_threats_without_bits_need_no_count():
    scenario = with_threats(counted)
    scenario["threats"][2] = GATEWAY["threats"][2] | {"bandwidth": 0, "severity": 1}
    assert limit_of(scenario, allow_assumed_bits=False).assumed_threats == ()


def test_bits_of_another_policy_are_refused_whatever_is_allowed():
    scenario = with_threats(counted)
    scenario["threats"][1] |= {"source": OTHER}
    with pytest.raises(mg.SpecificationError, match="threat 'leak' were counted from sha256:bbb"):
        limit_of(scenario)


@pytest.mark.parametrize("way", ["entry", "form"])
def test_bits_that_call_themselves_assumed_are_not_counted_whatever_their_source_names(way):
    said = {"basis": "assumed", "source": f"a guess near {DIGEST}"}

    def assumed(threat):
        if way == "entry":
            return threat | {"provenance": {"bandwidth": said}}
        return threat | {"bandwidth": {"value": threat["bandwidth"], **said}}

    with pytest.raises(mg.SpecificationError, match="found assumed bits of threat 'fraud'"):
        limit_of(with_threats(assumed), allow_assumed_bits=False)


@pytest.mark.parametrize("number", [{"range": [1, 3], "source": DIGEST}, 2])
def test_assumed_bits_need_permission(number):
    scenario = with_threats(counted)
    scenario["threats"][0] = GATEWAY["threats"][0] | {"bandwidth": number}
    with pytest.raises(mg.SpecificationError, match="assumed bits of threat 'fraud', expected"):
        limit_of(scenario, allow_assumed_bits=False)
    assert limit_of(scenario).assumed_threats == ("fraud",)


def test_an_override_states_the_bits_of_a_threat_of_a_catalog():
    scenario = json.loads(Path("examples/llava_agent.json").read_text())
    scenario["termination"] = {"loss": 3}
    threats = mg.build_game(mg.Scenario(**scenario)).threat_ids
    number = {"value": 9.0, "basis": "derived", "source": DIGEST}
    scenario["overrides"] = {"threats": {key: {"bandwidth": number} for key in threats[1:]}}
    assert limit_of(scenario).assumed_threats == (threats[0],)
