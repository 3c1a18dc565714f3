"""Draws of uncertain numbers: their distributions, correlations and reproducibility."""

import itertools

import hypothesis
import numpy as np
import pytest
import scipy.stats
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.documents.distributions import parsed

P = np.linspace(0.0, 1.0, 201)


def scenario(forms, **more) -> mg.Scenario:
    """One threat for each form, which is its severity."""
    threats = [{"id": f"t{i}", "severity": form, "bandwidth": 1} for i, form in enumerate(forms)]
    attacker = {"bandwidth": 1}
    return mg.Scenario(schema="mfmgame/scenario/1", threats=threats, attacker=attacker, **more)


def inputs_of(forms, **more) -> mg.UncertainInputs:
    return mg.GameFamily(scenario(forms, **more)).inputs


@pytest.mark.parametrize(
    ("form", "reference"),
    [
        ({"range": [2, 5]}, scipy.stats.uniform(2, 3)),
        ({"distribution": "uniform", "low": -1, "high": 5}, scipy.stats.uniform(-1, 6)),
        (
            {"distribution": "triangular", "low": 1, "mode": 2, "high": 6},
            scipy.stats.triang(0.2, 1, 5),
        ),
        (
            {"distribution": "triangular", "low": 1, "mode": 1, "high": 6},
            scipy.stats.triang(0, 1, 5),
        ),
        (
            {"distribution": "triangular", "low": 1, "mode": 6, "high": 6},
            scipy.stats.triang(1, 1, 5),
        ),
        (
            {"distribution": "pert", "low": 1, "mode": 2, "high": 6},
            scipy.stats.beta(1.8, 4.2, 1, 5),
        ),
        ({"distribution": "beta", "a": 0.3, "b": 7}, scipy.stats.beta(0.3, 7)),
        (
            {"distribution": "beta", "a": 2, "b": 3, "low": 10, "high": 30},
            scipy.stats.beta(2, 3, 10, 20),
        ),
    ],
)
def test_quantiles_are_those_of_scipy(form, reference):
    np.testing.assert_allclose(parsed(form).quantiles(P), reference.ppf(P), rtol=1e-12, atol=1e-14)


def test_quantiles_of_a_lognormal_are_those_of_scipy_within_eight_sigma():
    found = parsed({"distribution": "lognormal", "median": 3, "sigma": 0.7}).quantiles(P)
    expected = scipy.stats.lognorm(0.7, scale=3).ppf(P)
    np.testing.assert_allclose(found[1:-1], expected[1:-1], rtol=1e-12)
    assert found[0] == pytest.approx(3 * np.exp(-8 * 0.7), rel=1e-14)
    assert found[-1] == pytest.approx(3 * np.exp(8 * 0.7), rel=1e-14)


def test_a_truncated_lognormal_is_the_lognormal_given_that_it_lies_within():
    form = {"distribution": "lognormal", "median": 3, "sigma": 0.7, "low": 2, "high": 10}
    whole = scipy.stats.lognorm(0.7, scale=3)
    expected = whole.ppf(whole.cdf(2) + P * (whole.cdf(10) - whole.cdf(2)))
    np.testing.assert_allclose(parsed(form).quantiles(P), expected, rtol=1e-12)


def test_a_discrete_number_takes_its_values_by_their_weights():
    form = {"distribution": "discrete", "values": [5, 1, 3, 9], "weights": [2, 1, 1, 0]}
    found = parsed(form).quantiles(np.array([0.0, 0.2, 0.25, 0.26, 0.5, 0.51, 1.0]))
    assert found.tolist() == [1, 1, 1, 3, 3, 5, 5]


@pytest.mark.parametrize("size", [1e-99, 1e-3, 1.0, 1e90])
@pytest.mark.parametrize(
    "form",
    [
        {"distribution": "beta", "a": 0.01, "b": 0.01},
        {"distribution": "beta", "a": 1e6, "b": 0.01},
        {"distribution": "beta", "a": 0.01, "b": 1e6},
        {"distribution": "beta", "a": 1e6, "b": 1e6},
        {"distribution": "pert", "mode": 0.5},
        {"distribution": "pert", "mode": 1.0},
        {"distribution": "triangular", "mode": 0.0},
        {"distribution": "uniform"},
    ],
)
def test_quantiles_at_extremes_are_ordered_and_within(form, size):
    ends = {"low": -size, "high": size}
    if "mode" in form:
        ends["mode"] = form["mode"] * size
    small = [0, 1e-300, 2.0**-64, 2.0**-63, 2.0**-54, 1e-10]
    found = parsed({**form, **ends}).quantiles(np.array([*small, *P[1:-1], 1 - 2.0**-53, 1]))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert found.min() >= -size
    assert found.max() <= size
    assert (found[0], found[-1]) == (-size, size)


@pytest.mark.parametrize(
    "form",
    [
        {"range": [2, 2]},
        {"distribution": "pert", "low": 2, "mode": 2, "high": 2},
        {"distribution": "triangular", "low": 2, "mode": 2, "high": 2},
        {"distribution": "beta", "a": 1, "b": 2, "low": 2, "high": 2},
        {"distribution": "lognormal", "median": 2, "sigma": 1, "low": 2, "high": 2},
        {"distribution": "discrete", "values": [2]},
    ],
)
def test_a_distribution_of_one_value_gives_it(form):
    assert (parsed(form).quantiles(P) == 2.0).all()
    assert parsed(form).center == 2.0


def test_names_have_ids_for_indices():
    catalog = mg.Catalog(
        schema="mfmgame/catalog/1",
        name="c",
        threats=[{"id": "a/b~c", "severity": {"range": [1, 2]}, "bandwidth": 1.0}],
        defenses=[{"id": "d", "use": {"money": {"range": [1, 2]}}}],
        effectiveness=[{"threat": "a/b~c", "defense": "d", "value": {"range": [0.1, 0.2]}}],
    )
    on_it = mg.Scenario(
        schema="mfmgame/scenario/1", catalog="c.json", attacker={"bandwidth": {"range": [1, 2]}}
    )
    family = mg.GameFamily(on_it, catalog)
    assert family.inputs.names == (
        "attacker/bandwidth",
        "catalog/defenses/d/use/money",
        "catalog/effectiveness/a~1b~0c/d/value",
        "catalog/threats/a~1b~0c/severity",
    )


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(
    seed=st.integers(0, 2**64 - 1),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    count=st.integers(1, 9),
)
def test_draws_do_not_depend_on_how_they_are_cut(seed, cuts, count):
    form = {"distribution": "lognormal", "median": 2, "sigma": 0.5, "group": "g"}
    forms = [{"range": [0, 1]}, {"distribution": "beta", "a": 2, "b": 3}, form, form]
    inputs = inputs_of((forms * 3)[: count + 3], correlations={"g": 0.4})
    whole = inputs.draws(seed, 0, 60)
    places = sorted({0, *cuts, 60})
    parts = [inputs.draws(seed, a, b) for a, b in itertools.pairwise(places)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_draws_of_a_seed_stay_what_they_are():
    found = inputs_of([{"range": [0, 1]}] * 2).draws(7, 0, 2)
    words = np.random.Philox(key=[7, 0]).random_raw(8).reshape(2, 4)[:, :2]
    expected = [[(int(word) // 2**11 + 0.5) / 2**53 for word in row] for row in words]
    assert found.tolist() == expected


def test_the_order_of_keys_and_entries_changes_no_draw(document):
    document = {**document, "correlations": {"g": 0.5}}
    document["attacker"] = {"bandwidth": {"range": [1, 2], "group": "g"}}
    document["termination"] = {"loss": {"range": [1, 2], "group": "g"}}
    inputs = mg.GameFamily(mg.Scenario(**document)).inputs
    backwards = {
        key: part[::-1] if isinstance(part, list) else part
        for key, part in reversed(document.items())
    }
    other = mg.GameFamily(mg.Scenario(**backwards)).inputs
    assert other.names == inputs.names == tuple(sorted(inputs.names))
    assert other.draws(7, 0, 9).tobytes() == inputs.draws(7, 0, 9).tobytes()


def test_draws_of_other_seeds_are_others():
    inputs = inputs_of([{"range": [0, 1]}])
    assert len({inputs.draws(seed, 0, 1).item() for seed in (0, 1, 2, 2**63)}) == 4


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "7", None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(mg.SpecificationError, match="seed: found"):
        inputs_of([{"range": [0, 1]}]).draws(seed, 0, 1)


def test_each_number_alone_has_its_distribution():
    forms = [
        {"distribution": "beta", "a": 2, "b": 5, "group": "g"},
        {"distribution": "pert", "low": 1, "mode": 2, "high": 9, "group": "g"},
        {"range": [3, 4]},
    ]
    draws = inputs_of(forms, correlations={"g": -0.7}).draws(11, 0, 20_000)
    references = scipy.stats.beta(2, 5), scipy.stats.beta(1.5, 4.5, 1, 8), scipy.stats.uniform(3, 1)
    for column, reference in zip(draws.T, references, strict=True):
        assert scipy.stats.kstest(column, reference.cdf).pvalue > 0.01


@pytest.mark.parametrize(("size", "rho"), [(2, 0.8), (2, -1.0), (2, 1.0), (3, -0.4), (5, 0.3)])
def test_numbers_of_a_group_have_the_rank_correlation_asked_for(size, rho):
    forms = [
        {"distribution": "lognormal", "median": 1, "sigma": 1, "group": "g"},
        {"distribution": "beta", "a": 1, "b": 4, "group": "g"},
        {"range": [0, 1], "group": "g"},
        {"distribution": "triangular", "low": 0, "mode": 1, "high": 1, "group": "g"},
        {"range": [3, 9], "group": "g"},
    ]
    inputs = inputs_of([*forms[:size], {"range": [0, 1]}], correlations={"g": rho})
    found = scipy.stats.spearmanr(inputs.draws(3, 0, 40_000)).statistic
    expected = np.full((size + 1, size + 1), rho)
    expected[-1, :] = expected[:, -1] = 0.0
    np.fill_diagonal(expected, 1.0)
    # The standard error of a rank correlation of 40,000 pairs is at most 0.005.
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_quantiles_of_all_numbers_at_once_are_those_of_each():
    inputs = inputs_of([{"range": [0, 4]}, {"range": [1, 2]}])
    assert inputs.at_quantiles([[0, 1], [0.5, 0.25]]).tolist() == [[0, 2], [2, 1.25]]
    with pytest.raises(mg.SpecificationError, match=r"found shape \(1, 3\), expected \(n, 2\)"):
        inputs.at_quantiles([[0, 1, 0]])
    with pytest.raises(mg.SpecificationError, match=r"expected values in \[0, 1\]"):
        inputs.at_quantiles([[0, np.nan]])
