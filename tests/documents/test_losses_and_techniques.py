"""Losses and techniques in scenarios and catalogs: what is read, and what is refused."""

import copy

import pytest

import mfmgame as mg

CHAINS = {
    "schema": "mfmgame/scenario/1",
    "losses": [{"id": "leak", "severity": 10.0}],
    "techniques": [{"id": "injection", "bandwidth": 1.0}, {"id": "tool-call", "bandwidth": 2.0}],
    "threats": [
        {"id": "by-tool", "loss": "leak", "steps": ["injection", "tool-call", "injection"]},
        {"id": "in-answer", "loss": "leak", "severity": 4.0, "bandwidth": 1.0},
    ],
    "defenses": [{"id": "filter"}, {"id": "approval"}],
    "effectiveness": [
        {"technique": "injection", "defense": "filter", "value": 0.5},
        {"technique": "tool-call", "defense": "filter", "value": 0.25},
        {"technique": "tool-call", "defense": "approval", "value": 0.8},
    ],
    "attacker": {"bandwidth": 3.0},
}
CATALOG = {
    "schema": "mfmgame/catalog/1",
    "name": "small",
    **{key: CHAINS[key] for key in ("losses", "techniques", "defenses", "effectiveness")},
    "threats": [*CHAINS["threats"], {"id": "fraud", "severity": 3.0, "bandwidth": 1.0}],
}


def with_members(document: dict, changes: dict) -> dict:
    return {**copy.deepcopy(document), **changes}


def test_a_way_takes_its_loss_and_a_chain_sums_its_distinct_steps():
    game = mg.build_game(mg.Scenario(**CHAINS))
    assert game.severity.tolist() == [10.0, 4.0]
    assert game.bandwidth.tolist() == [3.0, 1.0]
    assert game.threat_losses == ("leak", "leak")
    assert [steps.tolist() for steps in game.chains.steps] == [[0, 1], []]


REFUSALS = {
    "unknown loss": (
        {"losses": [{"id": "leak", "severity": 10.0}, {"id": "lead", "severity": 1.0}]}
        | {"threats": [{"id": "t", "loss": "leaks", "bandwidth": 1.0}]},
        "/threats/0/loss: unknown loss 'leaks', expected a known loss; did you mean 'leak'?",
    ),
    "unknown technique": (
        {"threats": [{"id": "t", "severity": 1.0, "steps": ["injection", "tool-cal"]}]},
        "/threats/0/steps/1: unknown technique 'tool-cal', expected a known technique; did you "
        "mean 'tool-call'?",
    ),
    "severity above its loss's": (
        {"losses": [{"id": "leak", "severity": 3.0}]},
        "/threats/1/severity: found 4.0, expected at most 3.0, the severity of the loss 'leak'",
    ),
    "technique with the id of a threat": (
        {"techniques": [*CHAINS["techniques"], {"id": "in-answer", "bandwidth": 1.0}]},
        "/techniques/2/id: found 'in-answer', which is also a threat, expected an id of its own",
    ),
    "no steps": (
        {"threats": [{"id": "t", "severity": 1.0, "steps": []}]},
        "/threats/0/steps: found none, expected one technique or more",
    ),
    "repeated loss": (
        {"losses": CHAINS["losses"] * 2},
        "/losses/1/id: duplicate id 'leak' (first at /losses/0), expected unique ids",
    ),
    "neither severity nor loss": (
        {"threats": [{"id": "t", "steps": ["injection"]}]},
        "/threats/0/severity: missing, expected a number",
    ),
    "threat and technique": (
        {"effectiveness": [{**CHAINS["effectiveness"][0], "threat": "in-answer"}]},
        "/effectiveness/0/technique: found beside 'threat', expected one of the two",
    ),
    "neither threat nor technique": (
        {"effectiveness": [{"defense": "filter", "value": 0.5}]},
        "/effectiveness/0/threat: missing, expected a threat or a technique",
    ),
    "effectiveness on an unknown technique": (
        {"effectiveness": [{"technique": "inject", "defense": "filter", "value": 0.5}]},
        "/effectiveness/0/technique: unknown technique 'inject', expected ",
    ),
    "effectiveness on a technique as if it were a threat": (
        {"effectiveness": [{"threat": "injection", "defense": "filter", "value": 0.5}]},
        "/effectiveness/0/threat: found the technique 'injection', expected it under 'technique'",
    ),
    "a pair twice": (
        {"effectiveness": CHAINS["effectiveness"][:1] * 2},
        "/effectiveness/1: duplicate pair 'injection' with 'filter' (first at /effectiveness/0), ",
    ),
}


@pytest.mark.parametrize("kind", [mg.Scenario, mg.Catalog])
@pytest.mark.parametrize(("changes", "message"), REFUSALS.values(), ids=REFUSALS)
def test_a_contradiction_is_refused_in_one_line(kind, changes, message):
    own = {"threats": CHAINS["threats"]} if kind is mg.Catalog else {}
    document = with_members(CATALOG if kind is mg.Catalog else CHAINS, {**own, **changes})
    with pytest.raises(mg.SpecificationError) as caught:
        kind(**document)
    assert str(caught.value).startswith(message)


def test_a_chain_has_no_traits():
    threat = {"id": "t", "severity": 1.0, "steps": ["injection"], "traits": {"goal": "harm"}}
    with pytest.raises(mg.SpecificationError, match=r"^/threats/0/traits: found beside 'steps'"):
        mg.Catalog(**with_members(CATALOG, {"threats": [threat]}))


def on_catalog(**members) -> mg.Scenario:
    first = {"schema": "mfmgame/scenario/1", "catalog": "small", "attacker": {"bandwidth": 3.0}}
    return mg.Scenario(**{**first, **members})


def test_overrides_change_losses_techniques_and_the_loss_of_a_threat():
    scenario = on_catalog(
        losses=[{"id": "theft", "severity": 6.0}],
        overrides={
            "losses": {"leak": {"severity": 8.0}},
            "techniques": {"injection": {"bandwidth": 1.5}},
            "threats": {"fraud": {"loss": "theft"}},
        },
    )
    game = mg.build_game(scenario, mg.Catalog(**CATALOG))
    assert game.severity.tolist() == [8.0, 4.0, 3.0]
    assert game.bandwidth.tolist() == [3.5, 1.0, 1.0]
    assert game.threat_losses == ("leak", "leak", "theft")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"overrides": {"losses": {"leak": {"severity": 3.0}}}},
            "/overrides/losses/leak: found a severity of 4.0 of 'in-answer', expected at most 3.0",
        ),
        (
            {"overrides": {"threats": {"in-answer": {"severity": 11.0}}}},
            "/overrides/threats/in-answer/severity: found a severity of 11.0 of 'in-answer', ",
        ),
        (
            {"overrides": {"threats": {"fraud": {"loss": "small"}}}}
            | {"losses": [{"id": "small", "severity": 1.0}]},
            "/overrides/threats/fraud/loss: found a severity of 3.0 of 'fraud', expected at most ",
        ),
        (
            {"overrides": {"threats": {"fraud": {"loss": "leek"}}}},
            "/overrides/threats/fraud/loss: unknown loss 'leek', expected ",
        ),
        (
            {"overrides": {"techniques": {"none": {"bandwidth": 1.0}}}},
            "/overrides/techniques/none: unknown technique 'none', expected ",
        ),
        (
            {"techniques": [{"id": "fraud", "bandwidth": 1.0}]},
            "/techniques/0/id: found 'fraud', which is also a threat, expected ",
        ),
        (
            {"threats": [{"id": "injection", "severity": 1.0, "bandwidth": 1.0}]},
            "/threats/0/id: found 'injection', which is also a technique, expected ",
        ),
        (
            {"losses": [{"id": "leak", "severity": 1.0}]},
            "/losses/0/id: duplicate id 'leak' (catalog 'small' has it), expected a new id, ",
        ),
    ],
)
def test_what_contradicts_the_catalog_is_refused(members, message):
    with pytest.raises(mg.SpecificationError) as caught:
        mg.build_game(on_catalog(**members), mg.Catalog(**CATALOG))
    assert str(caught.value).startswith(message)


def test_ids_lead_into_losses_techniques_and_their_effectiveness():
    changed = mg.Scenario(**CHAINS).with_(
        set={
            "/losses/leak/severity": 20.0,
            "/techniques/tool-call/bandwidth": 4.0,
            "/effectiveness/injection/approval": 0.1,
            "/effectiveness/technique/tool-call/filter": 0.75,
        }
    )
    game = mg.build_game(changed)
    assert (game.severity[0], game.bandwidth[0]) == (20.0, 5.0)
    assert game.effectiveness[0].tolist() == [0.75, 0.8]
    on_a_catalog = on_catalog().with_(set={"/losses/leak/severity": 9.0})
    assert on_a_catalog.overrides.losses["leak"].severity == 9.0


def test_merged_catalogs_keep_losses_and_techniques_once():
    first = mg.Catalog(**CATALOG)
    second = mg.Catalog(
        schema="mfmgame/catalog/1",
        name="other",
        losses=[*CATALOG["losses"], {"id": "theft", "severity": {"value": 1.0, "basis": "paper"}}],
        techniques=[{"id": "phishing", "bandwidth": 1.0}],
    )
    merged = mg.merge_catalogs(first, second)
    assert [loss.id for loss in merged.losses] == ["leak", "theft"]
    assert [one.id for one in merged.techniques] == ["injection", "tool-call", "phishing"]
    assert merged.bases["losses", 1, "severity"] == "paper"
    other = mg.Catalog(**with_members(CATALOG, {"losses": [{"id": "leak", "severity": 9.0}]}))
    with pytest.raises(mg.SpecificationError, match=r"loss 'leak': severity 10\.0 or 9\.0"):
        mg.merge_catalogs(first, other)
    assert mg.merge_catalogs(first, other, prefer="last").losses[0].severity == 9.0


def test_evidence_measures_effectiveness_on_techniques():
    counts = {"trials": 100, "baseline_trials": 100, "baseline_successes": 40}
    cells = [{"threat": "injection", "defense": "approval", "successes": 10, **counts}]
    evidence = mg.Evidence(schema="mfmgame/evidence/1", name="scan", cells=cells)
    measured = mg.measured_catalog(mg.Catalog(**CATALOG), evidence)
    entry = measured.effectiveness[-1]
    assert (entry.threat, entry.technique, entry.basis) == (None, "injection", "measured")
    cells[0]["threat"] = "prompt injection"
    pair = mg.MappedPair("prompt injection", "approval", "tool-call", "filter")
    evidence = mg.Evidence(schema="mfmgame/evidence/1", name="scan", cells=cells)
    mapped = mg.measured_catalog(mg.Catalog(**CATALOG), evidence, [pair]).effectiveness
    assert [entry.basis for entry in mapped] == [None, "proxy", None]


def test_gaps_count_a_shared_loss_once_and_cover_a_chain_at_any_step():
    gaps = mg.check_catalog(mg.Catalog(**CATALOG))
    assert gaps.severity == pytest.approx(13.0)
    assert [threat.id for threat in gaps.uncovered] == ["in-answer", "fraud"]
    assert gaps.covered_share == pytest.approx(10.0 * 10.0 / 14.0 / 13.0)
