"""The Defense Coverage Index on numbers that can be checked by hand."""

from dataclasses import replace

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.documents.result import IndexResult
from mfmgame.game.labels import Labelled
from mfmgame.verification.solutions import check_index
from plain_games import coverage_of, worst_loss
from random_games import games
from specifications import changed, without


def game(**changes) -> mg.DefenseGame:
    arguments = {
        "severity": [6.0, 2.0, 2.0],
        "bandwidth": [1.0, 1.0, 1.0],
        "effectiveness": [[0.5, 0.0], [1.0, 0.0], [0.0, 0.5]],
        "attacker_bandwidth": 1.0,
        "threat_classes": ["misleading", "misleading", "inferring"],
    }
    return mg.DefenseGame(**{**arguments, **changes})


def test_the_index_is_the_share_of_the_weight_stopped():
    index = mg.defense_coverage_index(game())
    assert dict(index.defenses) == pytest.approx({"d0": 0.5, "d1": 0.1})


def test_within_a_class_only_its_threats_count():
    index = mg.defense_coverage_index(game())
    assert index.classes == ("misleading", "inferring")
    np.testing.assert_allclose(index.by_class, [[0.625, 0.0], [0.0, 0.5]])


def test_consistency_is_1_over_k_for_one_class_and_1_for_all_alike():
    assert dict(mg.defense_coverage_index(game()).consistency) == pytest.approx(
        {"d0": 0.5, "d1": 0.5}
    )
    alike = mg.defense_coverage_index(game(effectiveness=np.full((3, 2), 0.3)))
    assert dict(alike.consistency) == pytest.approx({"d0": 1.0, "d1": 1.0})


def test_the_portfolio_and_its_worst_class():
    index = mg.defense_coverage_index(game(), allocation=[1.0, 0.5])
    assert index.portfolio == pytest.approx((3.0 + 2.0 + 0.5) / 10)
    assert index.worst_class == pytest.approx(0.25)
    # The worst attack runs the first threat: 6 undefended, 3 now.
    assert index.adversarial == pytest.approx(0.5)


def test_the_adversarial_index_is_of_the_whole_attack_and_not_of_its_worst_threat():
    # 3.5 bits. Undefended, the second threat runs in full (4 a bit) and 2.5 of the first's 3
    # bits: 4 + 5. Then the second costs 1: the first runs in full (2 a bit) and a quarter of
    # the third (1.5 a bit): 6 + 0.75. The greatest residual is 6 in both.
    index = mg.defense_coverage_index(
        game(
            severity=[6.0, 4.0, 3.0],
            bandwidth=[3.0, 1.0, 2.0],
            effectiveness=[[0.0], [0.75], [0.0]],
            attacker_bandwidth=3.5,
        )
    )
    assert index.adversarial == pytest.approx(1.0 - 6.75 / 9.0, rel=1e-15)


def test_weights_may_be_given():
    index = mg.defense_coverage_index(game(), weights=[0.0, 0.0, 4.0])
    assert dict(index.defenses) == pytest.approx({"d0": 0.0, "d1": 0.5})
    assert index.classes == ("inferring",)


def test_a_loss_counts_once_whichever_way_leads_to_it():
    index = mg.defense_coverage_index(game(threat_losses=["leak", "leak", ""]))
    # The weights 6 and 2 become 4.5 and 1.5.
    assert dict(index.defenses) == pytest.approx({"d0": (2.25 + 1.5) / 8, "d1": 1.0 / 8})
    np.testing.assert_allclose(index.by_class, [[0.625, 0.0], [0.0, 0.5]])
    weightless = mg.defense_coverage_index(
        game(threat_losses=["leak", "leak", ""]), weights=[0.0, 0.0, 4.0]
    )
    assert dict(weightless.defenses) == pytest.approx({"d0": 0.0, "d1": 0.5})


@hypothesis.given(st.data())
def test_weights_of_a_loss_sum_to_the_greatest_of_them_in_their_proportions(data):
    weight = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=1)))
    n = len(weight)
    labels = data.draw(st.lists(st.sampled_from(["", "a", "b"]), min_size=n, max_size=n))
    some = mg.DefenseGame(
        severity=weight,
        bandwidth=np.ones(n),
        effectiveness=np.zeros((n, 1)),
        attacker_bandwidth=1.0,
        threat_losses=labels,
    )
    scaled = some.counted_once(weight)
    for label in "ab":
        ways = [place for place, own in enumerate(labels) if own == label]
        assert scaled[ways].sum() == pytest.approx(weight[ways].max(initial=0.0))
        assert scaled[ways] * weight[ways].sum() == pytest.approx(
            weight[ways] * weight[ways].max(initial=0.0)
        )
    alone = [place for place, own in enumerate(labels) if not own]
    assert scaled[alone].tolist() == weight[alone].tolist()


def test_a_solution_is_measured_without_solving_again():
    solution = mg.solve(game())
    index = mg.defense_coverage_index(solution)
    again = mg.defense_coverage_index(game(), allocation=solution.allocation)
    assert index.portfolio == again.portfolio


def test_nothing_to_weigh_is_undefined_and_not_0():
    empty = mg.defense_coverage_index(
        game(severity=[], bandwidth=[], effectiveness=np.zeros((0, 2)), threat_classes=[])
    )
    assert np.isnan([empty.portfolio, empty.worst_class, empty.adversarial]).all()
    useless = mg.defense_coverage_index(game(effectiveness=np.zeros((3, 2))))
    assert dict(useless.defenses) == {"d0": 0.0, "d1": 0.0}
    assert np.isnan(useless.consistency["d0"])


def test_sparse_and_dense_agree():
    import scipy.sparse

    dense = mg.defense_coverage_index(game())
    sparse = mg.defense_coverage_index(
        game(effectiveness=scipy.sparse.coo_array(game().effectiveness))
    )
    np.testing.assert_allclose(sparse.by_class, dense.by_class)
    assert sparse.portfolio == pytest.approx(dense.portfolio)


class TestCheck:
    """The check of a claimed index, against one that is worked out here and not by its code."""

    def claim(self, **changes):
        defenses = {
            "d0": {
                "index": 0.5,
                "consistency": 0.5,
                "classes": {"misleading": 0.625, "inferring": 0.0},
            },
            "d1": {
                "index": 0.1,
                "consistency": 0.5,
                "classes": {"misleading": 0.0, "inferring": 0.5},
            },
        }
        index = {"portfolio": 0.55, "worst_class": 0.25, "adversarial": 0.5, "defenses": defenses}
        return index | changes

    def check(self, claim):
        solution = mg.solve(game())
        levels = Labelled(["d0", "d1"], np.array([1.0, 0.5]))
        check_index(IndexResult(**claim), replace(solution, allocation=levels))

    def test_the_right_one_passes(self):
        self.check(self.claim())

    @pytest.mark.parametrize("name", ["portfolio", "worst_class", "adversarial"])
    @pytest.mark.parametrize("change", [-1e-11, 1e-11, None])
    def test_another_measure_is_refused(self, name, change):
        wrong = None if change is None else self.claim()[name] + change
        with pytest.raises(mg.CertificateError) as refusal:
            self.check(self.claim(**{name: wrong}))
        assert refusal.value.pointer == f"/dci/{name}"

    @pytest.mark.parametrize(
        "pointer",
        ["d0/index", "d1/consistency", "d0/classes/misleading", "d1/classes/misleading"],
    )
    def test_another_number_of_a_defense_is_refused(self, pointer):
        claim = self.claim()
        wrong = changed(claim, f"/defenses/{pointer}", 0.3)
        with pytest.raises(mg.CertificateError) as refusal:
            self.check(wrong)
        assert refusal.value.pointer == f"/dci/defenses/{pointer}"

    @pytest.mark.parametrize("pointer", ["/defenses/d1", "/defenses/d0/classes/inferring"])
    def test_a_missing_label_is_refused(self, pointer):
        with pytest.raises(mg.CertificateError, match="missing") as refusal:
            self.check(without(self.claim(), pointer))
        assert refusal.value.pointer == f"/dci{pointer}"


@hypothesis.settings(max_examples=60)
@hypothesis.given(data=st.data(), composition=st.sampled_from(["additive", "best_of"]))
def test_every_measure_is_what_plain_sums_give(data, composition):
    game = data.draw(games(composition, max_threats=6, max_defenses=4))
    game.threat_classes = data.draw(st.tuples(*[st.sampled_from("ab")] * game.n_threats))
    index = mg.defense_coverage_index(game, allocation=game.max_level)
    rows, levels = game.effectiveness.tolist(), game.max_level.tolist()
    covered = [coverage_of(composition, row, levels) for row in rows]

    def share(values, name=None):
        members = [
            (weight, value)
            for weight, value, of in zip(game.severity, values, game.threat_classes, strict=True)
            if name in (None, of)
        ]
        total = sum(weight for weight, _ in members)
        return sum(weight * value for weight, value in members) / total if total else None

    names = [
        name for name in dict.fromkeys(game.threat_classes) if share(covered, name) is not None
    ]
    assert index.classes == tuple(names)
    assert given(index.portfolio) == pytest.approx(share(covered), abs=1e-12)
    assert given(index.worst_class) == pytest.approx(
        min((share(covered, name) for name in names), default=None), abs=1e-12
    )
    for j, defense in enumerate(game.defense_ids):
        column = [row[j] for row in rows]
        assert given(index.defenses[defense]) == pytest.approx(share(column), abs=1e-12)
        within = [share(column, name) for name in names]
        assert index.by_class[j].tolist() == pytest.approx(within, abs=1e-12)
        if any(within):
            evenness = sum(within) ** 2 / (len(within) * sum(value**2 for value in within))
            assert index.consistency[defense] == pytest.approx(evenness, abs=1e-12)
    before, after = worst_loss(game, [0.0] * game.n_defenses), worst_loss(game, levels)
    assert given(index.adversarial) == (
        pytest.approx(1.0 - after / before, abs=1e-12) if before else None
    )


def given(number: float) -> float | None:
    return None if np.isnan(number) else number


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0, 1.0], [np.nan] * 3, "abc"])
def test_weights_that_cannot_be_meant_are_refused(weights):
    with pytest.raises(mg.SpecificationError, match="weights"):
        mg.defense_coverage_index(game(), weights=weights)


def test_the_table_has_a_row_per_defense_and_a_column_per_class():
    table = mg.defense_coverage_index(game()).to_frame()
    assert list(table.columns) == ["index", "consistency", "misleading", "inferring"]
    assert list(table.index) == ["d0", "d1"]
