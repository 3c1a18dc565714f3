"""Which uncertain number matters: against variances and slopes worked out by hand."""

import math

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.machine.workers import Workers


def sum_of(*severities: object, **more: object) -> mg.Scenario:
    """A scenario whose value is the sum of its severities: all threats run, undefended."""
    return mg.Scenario(
        schema="mfmgame/scenario/1",
        attacker={"bandwidth": 0.0},
        threats=[
            {"id": f"t{i}", "severity": severity, "bandwidth": 0.0}
            for i, severity in enumerate(severities)
        ],
        **more,
    )


def product_of(severity: object, share: object, **more: object) -> mg.Scenario:
    """A scenario whose value is a severity times a share that gets through."""
    return mg.Scenario(
        schema="mfmgame/scenario/1",
        attacker={"bandwidth": 1.0},
        threats=[{"id": "t", "severity": severity, "bandwidth": 1.0}],
        defenses=[{"id": "d"}],
        effectiveness=[{"threat": "t", "defense": "d", "value": share}],
        **more,
    )


def test_a_tornado_lists_what_moves_the_value_most_first():
    scenario = sum_of({"range": [1, 2]}, {"range": [3, 9]}, {"range": [0, 3], "nominal": 0.0})
    found = mg.tornado(scenario)
    assert found.value == 7.5
    assert found.names == ("threats/t1/severity", "threats/t2/severity", "threats/t0/severity")
    assert found.values.tolist() == [[4.5, 10.5], [7.5, 10.5], [7.0, 8.0]]
    assert np.isnan(found.thresholds).all()
    assert found.to_frame().loc["threats/t2/severity", "nominal"] == 0.0


def test_a_tornado_says_where_the_threshold_is_out_of_reach():
    scenario = product_of({"range": [2, 8]}, 0.5, termination={"loss": 3.0})
    found = mg.tornado(scenario)
    assert found.threshold == math.inf  # 2.5 at most
    assert found.thresholds.tolist() == [[math.inf, 0.75]]


def test_ends_may_be_those_of_a_central_interval():
    scenario = sum_of({"distribution": "lognormal", "median": 3.0, "sigma": 1.0})
    with pytest.raises(mg.SpecificationError, match="or a coverage"):
        mg.tornado(scenario)
    found = mg.tornado(scenario, coverage=0.5)
    assert found.values[0].tolist() == pytest.approx(
        [3.0 * math.exp(-0.6744897501960817), 3.0 * math.exp(0.6744897501960817)]
    )


def test_variances_of_a_sum_are_shared_by_squared_widths():
    found = mg.sobol_indices(sum_of({"range": [0, 1]}, {"range": [0, 2]}), n=256, seed=3)
    table = found.to_frame()
    assert table["first"].tolist() == pytest.approx([0.2, 0.8], abs=0.03)
    assert table["total"].tolist() == pytest.approx([0.2, 0.8], abs=0.03)
    assert (table[["first_error", "total_error"]] > 0.0).all(axis=None)
    assert found.n_solved == 256 * 4
    assert list(found.indices) == ["value"]


def test_what_two_numbers_of_a_product_do_together_is_theirs_in_total_only():
    # v * (1 - e), both uniform on [0, 1]: means 1/2, variances 1/12 each.
    # Var = 1/9 - 1/16 = 7/144; first = (1/12)(1/4) / Var = 3/7; together 1/144 / Var = 1/7.
    scenario = product_of({"range": [0, 1]}, {"range": [0, 1]})
    found = mg.sobol_indices(scenario, n=512, seed=1, second_order=True)
    table = found.to_frame()
    assert table["first"].tolist() == pytest.approx([3 / 7, 3 / 7], abs=0.05)
    assert table["total"].tolist() == pytest.approx([4 / 7, 4 / 7], abs=0.05)
    assert found.second["value"][0, 1] == pytest.approx(1 / 7, abs=0.07)
    assert np.isnan(found.second["value"][[0, 1, 1], [0, 0, 1]]).all()
    assert found.n_solved == 512 * 6


def test_effects_of_a_sum_are_its_widths_wherever_they_are_tried():
    found = mg.morris_effects(sum_of({"range": [0, 1]}, {"range": [0, 2]}), n=10, seed=1)
    table = found.to_frame()
    assert table["mean"].tolist() == pytest.approx([1.0, 2.0])
    assert table["mean_size"].tolist() == pytest.approx([1.0, 2.0])
    assert table["spread"].tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    assert found.n_solved == 10 * 3


def test_effects_that_help_are_negative_and_those_of_products_spread():
    table = mg.morris_effects(product_of({"range": [0, 1]}, {"range": [0, 1]}), n=40).to_frame()
    assert table.loc["threats/t/severity", "mean"] > 0.0
    assert table.loc["effectiveness/t/d/value", "mean"] < 0.0
    assert (table["spread"] > 0.1).all()


def test_morris_stays_in_the_interval_that_is_asked_for():
    scenario = sum_of({"range": [0, 1]})
    found = mg.morris_effects(scenario, n=4, coverage=0.5)
    assert found.to_frame()["mean"].tolist() == pytest.approx([0.5])
    endless = sum_of({"distribution": "lognormal", "median": 3.0, "sigma": 1.0})
    with pytest.raises(mg.SpecificationError, match="or a coverage"):
        mg.morris_effects(endless)


def test_an_unreachable_threshold_counts_as_the_bandwidth_of_all_threats():
    # Half of v at 2 bits against a loss of 2: reached at 4 * 2 / v bits, beyond 2 if v < 4.
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        attacker={"bandwidth": 1.0},
        threats=[{"id": "t", "severity": {"range": [2, 8]}, "bandwidth": 2.0}],
        defenses=[{"id": "d"}],
        effectiveness=[{"threat": "t", "defense": "d", "value": 0.5}],
        termination={"loss": 2.0},
    )
    found = mg.sobol_indices(scenario, n=64, seed=2)
    share = found.n_unreached / found.n_solved
    assert share == pytest.approx(1 / 3, abs=0.05)
    assert found.to_frame("threshold")["total"].tolist() == pytest.approx([1.0], abs=0.1)
    with pytest.raises(mg.SpecificationError, match="measure: found 'regret', expected 'value' or"):
        found.to_frame("regret")


def test_what_does_not_vary_has_no_indices():
    scenario = product_of(4.0, {"range": [0, 0.5]}, termination={"loss": 100.0})
    for found in (mg.sobol_indices(scenario, n=8), mg.morris_effects(scenario, n=4)):
        assert all(np.isnan(column).all() for column in found.indices["threshold"].values())
        assert not any(np.isnan(column).any() for column in found.indices["value"].values())
        assert found.n_unreached == found.n_solved


def test_workers_change_no_number():
    scenario = product_of({"range": [1, 8]}, {"range": [0, 1]}, termination={"loss": 1.0})
    for method in (mg.sobol_indices, mg.morris_effects):
        here, there = (
            method(scenario, n=32, seed=5, workers=Workers(jobs=jobs)) for jobs in (1, 2)
        )
        for measure, columns in here.indices.items():
            for name, column in columns.items():
                assert column.tobytes() == there.indices[measure][name].tobytes()
    assert mg.tornado(scenario).values.tobytes() == (
        mg.tornado(scenario, workers=Workers(jobs=2)).values.tobytes()
    )


def test_progress_is_told():
    seen = []
    mg.tornado(
        product_of({"range": [1, 8]}, 0.5), progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 1)]


def test_seeds_decide():
    scenario = product_of({"range": [0, 1]}, {"range": [0, 1]})
    for method in (mg.sobol_indices, mg.morris_effects):
        one, again, other = (
            method(scenario, n=16, seed=seed).to_frame().to_numpy().tobytes() for seed in (0, 0, 2)
        )
        assert one == again != other


@pytest.mark.parametrize("method", [mg.sobol_indices, mg.morris_effects])
def test_correlated_numbers_are_refused(method):
    one = {"range": [0, 1], "group": "g"}
    scenario = sum_of(one, one, correlations={"g": 0.5})
    with pytest.raises(mg.SpecificationError, match="in the correlated group 'g', expected indep"):
        method(scenario)


@pytest.mark.parametrize(
    ("method", "options", "complaint"),
    [
        (mg.sobol_indices, {"n": 100}, "n: found 100, expected a power of two"),
        (mg.sobol_indices, {"n": 1}, "n: found 1,"),
        (mg.sobol_indices, {"n": True}, "n: found true,"),
        (mg.sobol_indices, {"n": 2**21}, "n: found 2097152,"),
        (
            mg.sobol_indices,
            {"seed": 2**64},
            "seed: found 18446744073709551616",
        ),
        (mg.morris_effects, {"n": 1}, "n: found 1, expected an integer from 2"),
        (mg.morris_effects, {"seed": -1}, "seed: found -1"),
        (mg.morris_effects, {"coverage": 2}, "coverage: found 2"),
        (mg.tornado, {"coverage": 0}, "coverage: found 0"),
    ],
)
def test_options_out_of_range_are_refused(method, options, complaint):
    with pytest.raises(mg.SpecificationError) as caught:
        method(sum_of({"range": [0, 1]}), **options)
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize("method", [mg.sobol_indices, mg.morris_effects, mg.tornado])
def test_nothing_uncertain_is_refused(method):
    with pytest.raises(mg.SpecificationError, match="no number is uncertain"):
        method(sum_of(1.0))
