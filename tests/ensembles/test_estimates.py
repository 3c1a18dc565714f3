"""Intervals hold as often as they say, and are those of the books."""

import math

import hypothesis
import numpy as np
import pytest
import scipy.stats
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.ensembles.estimates import exceedance, mean, quantile, share


@hypothesis.given(data=st.data(), total=st.integers(1, 400))
def test_the_interval_of_a_share_is_the_exact_one_of_scipy(data, total):
    count = data.draw(st.integers(0, total))
    expected = scipy.stats.binomtest(count, total).proportion_ci(0.95, method="exact")
    found = share(count, total)
    assert found.estimate == count / total
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_share_of_nothing_is_unknown():
    found = share(0, 0)
    assert math.isnan(found.estimate)
    assert (found.lower, found.upper) == (0.0, 1.0)


@hypothesis.given(
    sample=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40), confidence=st.floats(0.5, 0.99)
)
def test_the_interval_of_a_mean_is_student_s_of_scipy(sample, confidence):
    found, numbers = mean(np.array(sample), confidence), np.array(sample)
    error = numbers.std(ddof=1) / math.sqrt(len(numbers))
    lower = numbers.mean() + scipy.stats.t(len(numbers) - 1).ppf(0.5 - confidence / 2) * error
    assert found.estimate == numbers.mean()
    assert found.lower == pytest.approx(lower, rel=1e-9, abs=1e-9)
    assert found.upper == pytest.approx(2 * numbers.mean() - lower, rel=1e-9, abs=1e-9)


def test_the_mean_of_a_draw_or_none_has_no_interval():
    assert mean(np.array([3.0])) == (3.0, -math.inf, math.inf)
    found = mean(np.array([]))
    assert math.isnan(found.estimate)
    assert (found.lower, found.upper) == (-math.inf, math.inf)


@pytest.mark.parametrize("probability", [0.01, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("size", [1, 5, 40, 300])
def test_the_interval_of_a_quantile_holds_it_often_enough(size, probability):
    # Of the sample 1, ..., n the interval tells its ranks, whatever the distribution.
    found = quantile(np.arange(1.0, size + 1), probability)
    low = 0 if math.isinf(found.lower) else int(found.lower)
    high = size + 1 if math.isinf(found.upper) else int(found.upper)
    # The quantile is between the ranks if `low` draws or more, but fewer than `high`, are below.
    below = scipy.stats.binom(size, probability)
    assert below.cdf(high - 1) - below.cdf(low - 1) >= 0.95
    # And no interval with the same tails is shorter at either end.
    assert below.cdf(low) > 0.025
    assert high == size + 1 or below.sf(high - 2) > 0.025


def test_quantiles_by_hand():
    sample = np.array([3.0, 1.0, 2.0, math.inf])
    assert quantile(sample, 0.25).estimate == 1.0
    assert quantile(sample, 0.26).estimate == 2.0
    assert quantile(sample, 0.5).estimate == 2.0
    assert quantile(sample, 0.99).estimate == math.inf
    assert quantile(np.arange(1.0, 101), 0.07).estimate == 7.0  # 100 * 0.07 is above 7 in floats
    assert math.isnan(quantile(np.array([]), 0.5).estimate)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, math.nan])
def test_a_quantile_at_no_probability_is_refused(probability):
    with pytest.raises(mg.SpecificationError, match="expected a number between 0 and 1"):
        quantile(np.array([1.0]), probability)


@hypothesis.given(st.lists(st.sampled_from([1.0, 2.0, 3.5, 9.0]), min_size=1))
def test_exceedance_is_the_share_above(numbers):
    losses, probabilities = exceedance(np.array(numbers))
    for loss, probability in zip(losses, probabilities, strict=True):
        assert probability == pytest.approx(np.mean(np.array(numbers) > loss))
    assert losses.tolist() == sorted(set(numbers))
