"""Proofs by cases: what is claimed is checked, and no part of it can be changed unnoticed."""

import copy
import dataclasses
import json
import re

import jsonschema
import pytest

import mfmgame as mg
from mfmgame.certificates.tree_certificate import Split, TreeProof
from mfmgame.view.json.answer_documents import frontier_document
from mfmgame.view.json.portfolio_documents import portfolio_document
from specifications import changed, without

LEVELS = {
    "schema": "mfmgame/scenario/1",
    "name": "six projects",
    "composition": "additive",
    "threats": [
        {"id": "injection", "severity": 8, "bandwidth": 1},
        {"id": "jailbreak", "severity": 7, "bandwidth": 1},
        {"id": "leak", "severity": 5, "bandwidth": 2},
        {"id": "theft", "severity": 3, "bandwidth": 1},
    ],
    "defenses": [
        {"id": "sandbox", "use": {"budget": 2}},
        {"id": "filter", "use": {"budget": 3}, "levels": [0, 0.5, 1]},
        {"id": "patch", "use": {"budget": 2.5}},
        {"id": "audit", "use": {"budget": 1.5}, "requires": ["patch"]},
        {"id": "drill", "use": {"budget": 1}, "conflicts": ["sandbox"]},
        {"id": "guard", "use": {"time": 1}, "kind": "continuous"},
    ],
    "effectiveness": [
        {"threat": "injection", "defense": "sandbox", "value": 0.6},
        {"threat": "injection", "defense": "patch", "value": 0.3},
        {"threat": "jailbreak", "defense": "filter", "value": 0.7},
        {"threat": "jailbreak", "defense": "patch", "value": 0.2},
        {"threat": "leak", "defense": "audit", "value": 0.5},
        {"threat": "leak", "defense": "guard", "value": 0.4},
        {"threat": "theft", "defense": "drill", "value": 0.8},
        {"threat": "injection", "defense": "drill", "value": 0.3},
        {"threat": "injection", "defense": "guard", "value": 0.1},
    ],
    "attacker": {"bandwidth": 2.5},
    "defender": {
        "kind": "binary",
        "limits": {"budget": 6, "time": 0.5},
        "groups": [{"defenses": ["sandbox", "drill", "audit"], "at_least": 1, "at_most": 2}],
    },
    "termination": {"loss": 6},
}
COMPOSITIONS = ["additive", "best_of", "independent"]
DOCUMENTS = {
    "result": lambda scenario: mg.result_document(mg.assess(scenario)),
    "frontier": lambda scenario: frontier_document(mg.sweep(scenario)),
    "portfolio": lambda scenario: portfolio_document(mg.best_portfolios(scenario, limit="budget")),
}
MODELS = {
    "result": mg.Result,
    "frontier": mg.FrontierDocument,
    "portfolio": mg.PortfolioDocument,
}


def scenario(composition="additive"):
    return mg.Scenario(**changed(LEVELS, "/composition", composition))


@pytest.fixture(scope="module", params=COMPOSITIONS)
def composition(request):
    return request.param


@pytest.fixture(scope="module")
def answers(composition):
    made = {name: make(scenario(composition)) for name, make in DOCUMENTS.items()}
    return json.loads(json.dumps(made))


@pytest.fixture
def game(composition):
    return mg.build_game(scenario(composition))


def check(name, document, game):
    return mg.verify(MODELS[name](**document), game)


def refusal(name, document, game):
    with pytest.raises((mg.CertificateError, mg.SpecificationError)) as caught:
        check(name, document, game)
    return caught.value.pointer


def certificate_of(name, document):
    """The certificate with the largest tree, and its pointer."""
    if name == "result":
        return "/certificate", document["certificate"]
    key = "portfolios" if name == "portfolio" else "breakpoints"
    entries = document[key]
    place = max(range(len(entries)), key=lambda k: len(entries[k]["certificate"]["tree"]))
    return f"/{key}/{place}/certificate", entries[place]["certificate"]


every_document = pytest.mark.parametrize("name", sorted(DOCUMENTS))


@every_document
def test_what_is_not_changed_is_proven(name, answers, game):
    assert check(name, answers[name], game).gap < 1e-4


@every_document
def test_it_is_what_its_schema_says(name, answers):
    jsonschema.validate(answers[name], mg.json_schema(name))


@every_document
def test_there_is_a_tree_to_tamper_with(name, answers):
    _, certificate = certificate_of(name, answers[name])
    assert sum("defense" in node for node in certificate["tree"]) >= 2
    assert len(certificate["proofs"]) >= 2


def test_a_moved_split_proves_no_more_than_holds(answers, game, composition):
    """With all on its lower side, a split is refused, or the proof there is one of both."""
    tight = mg.solve(game).upper
    levels = {defense["id"]: defense.get("levels", [0, 1]) for defense in LEVELS["defenses"]}
    refused = 0
    for k, node in enumerate(answers["result"]["certificate"]["tree"]):
        if "defense" in node:
            greatest = float(levels[node["defense"]][-1])
            document = changed(answers["result"], f"/certificate/tree/{k}/at_most", greatest)
            try:
                assert check("result", document, game).lower <= tight
            except mg.CertificateError:
                refused += 1
    assert refused


@every_document
def test_a_split_of_a_continuous_defense_is_refused(name, answers, game):
    place, certificate = certificate_of(name, answers[name])
    k = next(k for k, node in enumerate(certificate["tree"]) if "defense" in node)
    document = changed(answers[name], f"{place}/tree/{k}/defense", "guard")
    assert refusal(name, document, game) == f"{place}/tree/{k}"
    document = changed(answers[name], f"{place}/tree/{k}/defense", "gaurd")
    assert refusal(name, document, game) == f"{place}/tree/{k}/defense"


def end_of(nodes) -> int:
    """Where the first tree of nodes in preorder ends; how many there are, if it does not."""
    missing = 1
    for k, node in enumerate(nodes):
        if not missing:
            return k
        missing += 1 if "defense" in node else -1
    return len(nodes)


@every_document
def test_a_dropped_node_is_refused(name, answers, game):
    place, certificate = certificate_of(name, answers[name])
    for k in range(len(certificate["tree"])):
        rest = [*certificate["tree"][:k], *certificate["tree"][k + 1 :]]
        document = without(answers[name], f"{place}/tree/{k}")
        assert refusal(name, document, game) == f"{place}/tree/{end_of(rest)}"


@every_document
def test_a_node_too_many_is_refused(name, answers, game):
    place, certificate = certificate_of(name, answers[name])
    count = len(certificate["tree"])
    document = changed(answers[name], f"{place}/tree/-", {"proof": 0})
    assert refusal(name, document, game) == f"{place}/tree/{count}"


@every_document
def test_a_leaf_said_to_be_empty_is_refused(name, answers, game):
    place, certificate = certificate_of(name, answers[name])
    for k, node in enumerate(certificate["tree"]):
        if node.get("proof") is not None:
            document = changed(answers[name], f"{place}/tree/{k}/proof", None)
            assert refusal(name, document, game) == f"{place}/tree/{k}"


@every_document
def test_a_leaf_without_its_proof_is_refused(name, answers, game):
    place, certificate = certificate_of(name, answers[name])
    count = len(certificate["proofs"])
    for k, node in enumerate(certificate["tree"]):
        if node.get("proof") is not None:
            document = changed(answers[name], f"{place}/tree/{k}/proof", count)
            assert refusal(name, document, game) == f"{place}/tree/{k}/proof"


@every_document
def test_a_proof_that_no_leaf_uses_is_refused(name, answers, game):
    place, certificate = certificate_of(name, answers[name])
    document = changed(answers[name], f"{place}/proofs/-", certificate["proofs"][0])
    assert refusal(name, document, game) == f"{place}/proofs"


@every_document
def test_proofs_that_prove_less_are_refused(name, answers, game):
    """Without its cuts a leaf's proof says nothing, so that the claimed bound is too high."""
    place, certificate = certificate_of(name, answers[name])
    for k in range(len(certificate["proofs"])):
        document = changed(answers[name], f"{place}/proofs/{k}/cuts", [])
        assert refusal(name, document, game) == place.replace("certificate", "bounds/lower")


def test_prices_that_prove_nothing_of_the_rest_are_refused(answers, game):
    document = changed(answers["result"], "/certificate/cuts", [])
    for name in game.resources:
        document = changed(document, f"/prices/limits/{name}", 0.0)
    assert refusal("result", document, game) == "/certificate/cuts"


def test_a_part_in_which_nothing_is_spent_is_not_empty_where_the_limit_is_nothing():
    game = mg.DefenseGame(
        severity=[8.0],
        bandwidth=[1.0],
        effectiveness=[[0.5, 0.9]],
        attacker_bandwidth=1.0,
        use={"budget": [0.0, 1.0]},
        limits={"budget": 0.0},
        levels={"d0": [0, 1], "d1": [0, 1]},
        composition="additive",
    )
    solution = mg.solve(game)
    assert solution.value == 4.0
    tree = solution.certificate
    whole = dataclasses.replace(tree, nodes=(Split(0, 0.0), 0, 0), proofs=tree.proofs[:1])
    mg.verify(dataclasses.replace(solution, certificate=whole), game)
    # Without the first defense, the loss is 8: no proof of that part, no proof of 4 either.
    forged = dataclasses.replace(whole, nodes=(Split(0, 0.0), None, 0))
    with pytest.raises(mg.CertificateError, match=r"^/certificate/tree/1: found no proof"):
        mg.verify(dataclasses.replace(solution, certificate=forged), game)
    # The second defense cannot be paid for: no proof is needed where it runs.
    unpaid = dataclasses.replace(whole, nodes=(Split(1, 0.0), 0, None))
    mg.verify(dataclasses.replace(solution, certificate=unpaid), game)


def test_a_price_that_pays_the_defender_is_refused_where_it_stands(game):
    solution = mg.solve(game)
    tree = solution.certificate
    for k, proof in enumerate(tree.proofs):
        prices = proof.limit_prices.copy()
        prices[0] = -1.0
        proofs = list(tree.proofs)
        proofs[k] = dataclasses.replace(proof, limit_prices=prices)
        forged = dataclasses.replace(tree, proofs=tuple(proofs))
        with pytest.raises(mg.CertificateError) as refused:
            mg.verify(dataclasses.replace(solution, certificate=forged), game)
        assert refused.value.pointer == f"/certificate/proofs/{k}/limits/{game.resources[0]}"


def test_a_heavier_attack_is_refused(answers, game):
    for k, proof in enumerate(answers["result"]["certificate"]["proofs"]):
        document = answers["result"]
        for i in range(len(proof["cuts"])):
            document = changed(document, f"/certificate/proofs/{k}/cuts/{i}/weight", 1.0)
        if sum(cut["weight"] for cut in proof["cuts"]) < len(proof["cuts"]) - 0.1:
            assert refusal("result", document, game) == f"/certificate/proofs/{k}/cuts"
    assert any(len(proof["cuts"]) > 1 for proof in answers["result"]["certificate"]["proofs"])


@every_document
def test_half_a_proof_by_cases_is_refused(name, answers, game):
    place, _ = certificate_of(name, answers[name])
    for key in ("tree", "proofs"):
        assert refusal(name, without(answers[name], f"{place}/{key}"), game) == place
    both = without(without(answers[name], f"{place}/tree"), f"{place}/proofs")
    assert refusal(name, both, game) == f"{place}/tree"


@pytest.mark.parametrize(
    "defense",
    ["sandbox", "filter"],
)
def test_a_level_that_there_is_not_is_refused(defense, answers, game):
    document = answers["result"]
    use = game.use[0, list(game.defense_ids).index(defense)]
    found = document["allocation"][defense]
    document = changed(document, f"/allocation/{defense}", 0.25)
    spent = document["use"]["budget"] + use * (0.25 - found)
    document = changed(document, "/use/budget", spent)
    assert refusal("result", document, game) == "/allocation"


def test_a_continuous_game_has_no_tree(answers, composition):
    document = changed(LEVELS, "/composition", composition)
    for place in range(5):
        for key in ("levels", "requires", "conflicts"):
            document["defenses"][place].pop(key, None)
    document = without(without(document, "/defender/groups"), "/defender/kind")
    game = mg.build_game(mg.Scenario(**document))
    answer = mg.result_document(mg.assess(game))
    tree = answers["result"]["certificate"]
    answer["certificate"] |= {"tree": tree["tree"], "proofs": tree["proofs"]}
    assert refusal("result", answer, game) == "/certificate/tree"


class TestPortfolios:
    @pytest.mark.parametrize(
        ("key", "change"),
        [
            ("until", lambda x: x + 0.5),
            ("value", lambda x: x * 0.999),
            ("greedy_value", lambda x: x * 1.001),
            ("greedy_value", lambda x: x * 0.999),
        ],
    )
    def test_another_number_is_refused(self, key, change, answers, game):
        entries = answers["portfolio"]["portfolios"]
        for k, entry in enumerate(entries[:-1]):
            place = f"/portfolios/{k}/{key}"
            document = changed(answers["portfolio"], place, change(entry[key]))
            assert refusal("portfolio", document, game) == place

    def test_another_cost_is_refused(self, answers, game):
        for k, entry in enumerate(answers["portfolio"]["portfolios"]):
            place, cost = f"/portfolios/{k}/cost", entry["cost"] + (-1e-9 if k else 1e-9)
            document = changed(answers["portfolio"], place, cost)
            if k:  # the one before says the same, and is as good up to there
                document = changed(document, f"/portfolios/{k - 1}/until", cost)
            assert refusal("portfolio", document, game) == place

    @pytest.mark.parametrize("side", ["adds", "drops"])
    def test_other_changes_are_refused(self, side, answers, game):
        entries = answers["portfolio"]["portfolios"]
        for k, entry in enumerate(entries):
            more = {**entry[side], "filter": 0.75}
            document = changed(answers["portfolio"], f"/portfolios/{k}/{side}", more)
            assert refusal("portfolio", document, game) == f"/portfolios/{k}/{side}/filter"
            if entry[side]:
                document = changed(answers["portfolio"], f"/portfolios/{k}/{side}", {})
                missing = f"/portfolios/{k}/{side}/{next(iter(entry[side]))}"
                assert refusal("portfolio", document, game) == missing

    def test_a_portfolio_left_out_is_refused(self, answers, game):
        for k in range(len(answers["portfolio"]["portfolios"])):
            document = without(answers["portfolio"], f"/portfolios/{k}")
            if k == 0:  # what is best below the first is then not said, but for its own adds
                document = changed(document, "/portfolios/0/adds", {})
            found = refusal("portfolio", document, game)
            assert found == (f"/portfolios/{k - 1}/until" if k else "/portfolios/0/adds/sandbox")

    def test_the_last_one_must_hold_for_every_budget(self, answers, game):
        entries = answers["portfolio"]["portfolios"]
        document = without(answers["portfolio"], f"/portfolios/{len(entries) - 1}")
        document = changed(document, f"/portfolios/{len(entries) - 2}/until", None)
        empty = rf"/portfolios/{len(entries) - 2}/certificate/tree/\d+"  # under less
        assert re.fullmatch(empty, refusal("portfolio", document, game))

    def test_swapped_proofs_are_refused(self, answers, game):
        document = copy.deepcopy(answers["portfolio"])
        entries = document["portfolios"]
        first, last = entries[0], entries[-1]
        first["certificate"], last["certificate"] = last["certificate"], first["certificate"]
        assert refusal("portfolio", document, game) == "/portfolios/0/certificate/cuts"

    def test_no_portfolios_are_no_answer(self, answers, game):
        document = changed(answers["portfolio"], "/portfolios", [])
        assert refusal("portfolio", document, game) == "/portfolios"

    def test_another_resource_is_refused(self, answers, game):
        document = changed(answers["portfolio"], "/resource", "bugdet")
        assert refusal("portfolio", document, game) == "/resource"


def test_a_tree_in_memory_is_checked_too(game):
    solution = mg.solve(game)
    tree = solution.certificate
    assert mg.verify(solution, game).lower <= solution.value
    for nodes in (
        (),
        (Split(99, 0.0), *tree.nodes[1:]),
        (Split(-1, 0.0), None, None),
        (None,),
        (-1,),
        (*tree.nodes, 0),
    ):
        wrong = dataclasses.replace(solution, certificate=TreeProof(nodes, tree.proofs, tree.held))
        with pytest.raises(mg.CertificateError):
            mg.verify(wrong, game)
