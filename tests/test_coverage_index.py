"""The Defense Coverage Index on numbers that can be checked by hand."""

import numpy as np
import pytest

import mfmgame as mg


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


def test_weights_may_be_given():
    index = mg.defense_coverage_index(game(), weights=[0.0, 0.0, 4.0])
    assert dict(index.defenses) == pytest.approx({"d0": 0.0, "d1": 0.5})
    assert index.classes == ("inferring",)


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


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0, 1.0], [np.nan] * 3, "abc"])
def test_weights_that_cannot_be_meant_are_refused(weights):
    with pytest.raises(mg.SpecificationError, match="weights"):
        mg.defense_coverage_index(game(), weights=weights)


def test_the_table_has_a_row_per_defense_and_a_column_per_class():
    table = mg.defense_coverage_index(game()).to_frame()
    assert list(table.columns) == ["index", "consistency", "misleading", "inferring"]
    assert list(table.index) == ["d0", "d1"]
