"""Measured numbers in draws, indices and robust plans: cells of one baseline share its draw."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats

import mfmgame as mg


def measured(successes, trials=40, baseline="none", below=(30, 40), **more):
    counts = dict(zip(("successes", "trials"), below, strict=True))
    form = {"distribution": "measured", "successes": successes, "trials": trials}
    return {**form, "baseline": {"id": baseline, **counts}, **more}


def scenario(forms, **more) -> mg.Scenario:
    """One threat and one defense for each form, which is the effectiveness of the pair."""
    count = len(forms)
    return mg.Scenario(
        **{
            "schema": "mfmgame/scenario/1",
            "composition": "additive",
            "threats": [{"id": f"t{i}", "severity": 1.0, "bandwidth": 1.0} for i in range(count)],
            "defenses": [{"id": f"d{i}"} for i in range(count)],
            "effectiveness": [
                {"threat": f"t{i}", "defense": f"d{i}", "value": form}
                for i, form in enumerate(forms)
            ],
            "attacker": {"bandwidth": float(count)},
            **more,
        }
    )


def inputs_of(forms, **more) -> mg.UncertainInputs:
    return mg.GameFamily(scenario(forms, **more)).inputs


def test_draws_are_ratios_of_the_rates_at_uniform_numbers():
    forms = [measured(3, baseline="z"), {"range": [0, 1]}, measured(8, effective_trials=10.0)]
    inputs = inputs_of(forms)
    assert inputs.baselines == ("none", "z")
    words = np.random.Philox(key=[5, 0]).random_raw(8 * 6).reshape(6, 8)[:, :5]
    own, other, last, none, z = (((words >> np.uint64(11)) + 0.5) * 2.0**-53).T
    rate = scipy.special.betaincinv
    base = [rate(30.5, 10.5, column) for column in (z, none)]
    expected = [1 - rate(3.5, 37.5, own) / base[0], other, 1 - rate(2.5, 8.5, last) / base[1]]
    found = inputs.draws(5, 0, 6)
    np.testing.assert_allclose(found, np.clip(np.array(expected).T, 0, 1), rtol=1e-14, atol=1e-15)
    assert inputs.draws(5, 2, 5).tobytes() == found[2:5].tobytes()


def test_draws_without_measured_numbers_are_the_bytes_of_old():
    form = {"distribution": "beta", "a": 2, "b": 3, "group": "g"}
    inputs = inputs_of([{"range": [0, 1]}, form, form], correlations={"g": 0.5})
    assert inputs.baselines == ()
    words = np.random.Philox(key=[7, 0]).random_raw(4 * 9).reshape(9, 4)[:, :3]
    uniform = ((words >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
    expected = inputs.at_quantiles(inputs.correlated(uniform))
    assert inputs.draws(7, 0, 9).tobytes() == expected.tobytes()


def test_numbers_of_one_baseline_are_correlated_by_its_draw():
    below = (12, 40)
    forms = [
        measured(5, 400, "a", below),
        measured(6, 400, "a", below),
        measured(5, 400, "b", below),
    ]
    draws = inputs_of(forms).draws(3, 0, 20_000)
    # The covariance of log(p1 / q) and log(p2 / q) is the variance of log(q).
    logs = np.log1p(-draws)
    variance = scipy.special.polygamma(1, 12.5) - scipy.special.polygamma(1, 41.0)
    found = np.cov(logs.T)
    assert found[0, 1] == pytest.approx(variance, rel=0.05)
    assert abs(found[0, 2]) < 0.05 * variance


def test_each_measured_number_alone_has_its_distribution():
    forms = [measured(5), measured(35), measured(0, effective_trials=4.0)]
    inputs = inputs_of(forms)
    draws = inputs.draws(11, 0, 20_000)
    for column, form in zip(draws.T, inputs.distributions, strict=True):
        shares = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
        ends = form.quantiles(shares)
        below = [(column <= end).mean() for end in ends]
        at_least = np.where(ends > 0.0, shares, 0.0)
        error = 4 * math.sqrt(0.25 / 20_000)
        assert (below >= at_least - error).all()
        assert (np.array(below)[ends > 0.0] <= shares[ends > 0.0] + error).all()
    assert draws.max() < 1.0


def test_an_effectiveness_that_rounds_to_1_stays_below_for_independent_layers():
    form = measured(0, 10**9, below=(10**9, 10**9))
    family = mg.GameFamily(scenario([form], composition="independent"))
    draws = family.inputs.draws(0, 0, 100)
    assert 1.0 - 1e-6 < draws.min() <= draws.max() < 1.0
    top = family.game_at(family.inputs.upper)
    assert mg.solve(top).value == pytest.approx(2.0**-53, rel=1e-9)


def test_indices_have_the_baselines_as_inputs_of_their_own():
    forms = [measured(5), measured(6), {"range": [0.2, 0.3]}]
    found = mg.sobol_indices(scenario(forms), n=128, seed=1)
    names = [f"effectiveness/t{i}/d{i}/value" for i in range(3)]
    assert found.names == (*names, "baseline/none")
    assert found.n_solved == 128 * (4 + 2)
    # The value is the sum of the shares that get through, in which nothing is clipped.
    p, q = [scipy.stats.beta(s + 0.5, 40.5 - s) for s in (5, 6)], scipy.stats.beta(30.5, 10.5)
    inverse, square = q.expect(lambda x: 1 / x), q.expect(lambda x: 1 / x**2)
    alone = [one.var() * inverse**2 for one in p]
    shared = sum(one.mean() for one in p) ** 2 * (square - inverse**2)
    whole = shared + square * sum(one.var() for one in p) + 0.1**2 / 12
    expected = np.array([*alone, 0.1**2 / 12, shared]) / whole
    np.testing.assert_allclose(found.indices["value"]["first"], expected, atol=0.1)


def test_morris_steps_towards_more_effectiveness_lower_the_value():
    found = mg.morris_effects(scenario([measured(5), measured(9)]), n=8, coverage=0.9)
    assert (found.indices["value"]["mean"] < 0).all()
    assert found.names[-1] == "baseline/none"


def test_a_robust_plan_on_whole_supports_says_that_it_rests_on_no_measurement():
    whole = mg.robust_plan(scenario([measured(0), measured(5)]))
    assert (whole.lower == 0.0).all()
    assert whole.guaranteed == pytest.approx(2.0, rel=1e-12)
    assert "state a coverage" in whole.notes[-1]
    within = mg.robust_plan(scenario([measured(0), measured(5)]), coverage=0.9)
    forms = mg.GameFamily(scenario([measured(0), measured(5)])).inputs.distributions
    ends = [form.quantiles(np.array([0.05]))[0] for form in forms]
    assert within.worst_values.tolist() == pytest.approx(ends, abs=1e-10)
    assert "state a coverage" not in " ".join(within.notes)
    assert within.measured == {
        "effectiveness/t0/d0/value": 1.0,
        "effectiveness/t1/d1/value": pytest.approx(1 - 5 / 30),
    }
