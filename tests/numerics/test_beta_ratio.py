"""Quantiles of the ratio of two beta variables against closed forms and another quadrature."""

import hypothesis
import mpmath
import numpy as np
import pytest
from hypothesis import strategies as st

from mfmgame.numerics import beta_ratio
from mfmgame.numerics.beta_ratio import BetaRatio, BetaShapes

# Successes and trials above and below, probability, and 1 - ratio by mpmath: tanh-sinh quadrature
# with 30 digits, and Newton's method. A ratio above 1 counts as 1.
REFERENCES = [
    (0, 22.5, 5.625, 22.5, 0.025, 0.509196995644111),
    (0, 22.5, 5.625, 22.5, 0.975, 0.999914658344632),
    (0, 180, 45, 180, 0.975, 0.999989118443143),
    (0, 180, 45, 180, 0.5, 0.994952962858589),
    (45, 180, 45, 180, 0.9, 0.208298528443922),
    (45, 180, 45, 180, 0.05, 0.0),
    (30, 180, 90, 180, 0.05, 0.553730495758476),
    (30, 180, 90, 180, 0.5, 0.665016488891161),
    (1, 10, 9, 10, 0.999, 0.998562086916411),
    (1, 10, 9, 10, 0.025, 0.540972395898551),
    (0, 1, 1, 1, 0.025, 0.0),
    (0, 1, 1, 1, 0.5, 0.771873282336696),
    (1, 1, 1, 1, 0.975, 0.810747557468314),
    (1, 1, 1, 1, 0.9, 0.550130754769864),
    (0, 0.01, 0.01, 0.01, 0.9, 0.942401028002885),
    (0, 0.01, 0.01, 0.01, 0.5, 0.0123260797261363),
    (90, 180, 180, 180, 0.05, 0.437347681328466),
    (90, 180, 180, 180, 0.999, 0.612518675181716),
    (179, 180, 180, 180, 0.999, 0.0423668000797573),
    (179, 180, 180, 180, 0.5, 0.00443070026058605),
    (10, 210, 150, 201, 0.025, 0.88802151483375),
    (10, 210, 150, 201, 0.975, 0.966913417715296),
    (3, 3, 0, 3, 0.975, 0.0),
    (3, 3, 0, 3, 0.5, 0.0),
    (0, 300, 2, 300, 0.9, 0.996500247396553),
    (0, 300, 2, 300, 0.05, 0.0),
    (2, 1000, 3, 11, 0.05, 0.970244050556374),
    (2, 1000, 3, 11, 0.5, 0.992073729371381),
    (700, 1000, 900, 1000, 0.999, 0.277812695695373),
    (700, 1000, 900, 1000, 0.025, 0.186521021427187),
    (20, 200, 100, 200, 0.025, 0.696831073873429),
    (20, 200, 100, 200, 0.5, 0.798392091822986),
    (87, 180, 45, 180, 0.975, 0.0),
    (87, 180, 45, 180, 0.9, 0.0),
    (0, 2000, 40, 40, 0.9, 0.999996003771422),
    (0, 2000, 40, 40, 0.5, 0.999884870117107),
    (12.5, 25, 20, 25, 0.05, 0.113452113074959),
    (12.5, 25, 20, 25, 0.999, 0.729872820333011),
    (150, 3000, 5, 8, 0.999, 0.953079901962961),
    (150, 3000, 5, 8, 0.5, 0.918979724285303),
    (5, 8, 2900, 3000, 0.025, 0.0884408693846162),
    (5, 8, 2900, 3000, 0.975, 0.694967236464809),
]


@pytest.mark.parametrize("case", REFERENCES, ids=str)
def test_quantiles_are_those_of_a_quadrature_with_30_digits(case):
    successes, trials, below, trials_below, probability, expected = case
    ratio = BetaRatio(
        BetaShapes(successes + 0.5, trials - successes + 0.5),
        BetaShapes(below + 0.5, trials_below - below + 0.5),
    )
    (log,) = ratio.logs_exceeded(np.array([probability]))
    assert -np.expm1(log) == pytest.approx(expected, abs=1e-13)


SHAPES = st.one_of(st.floats(0.5, 1e3), st.floats(0.5, 1e9))


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(a=SHAPES, c=SHAPES, d=SHAPES, probability=st.floats(2.0**-60, 1 - 2.0**-53))
def test_quantiles_are_exact_where_the_upper_variable_is_a_power(a, c, d, probability):
    """With ``b = 1``, ``P(p < r q) = r**a E[q**a]``."""
    (log,) = BetaRatio(BetaShapes(a, 1.0), BetaShapes(c, d)).logs_exceeded(np.array([probability]))
    with mpmath.workdps(40):
        a, c, d, below = mpmath.mpf(a), mpmath.mpf(c), mpmath.mpf(d), 1 - mpmath.mpf(probability)
        log_moment = sum(
            sign * mpmath.loggamma(shape)
            for sign, shape in ((1, c + a), (1, c + d), (-1, c + a + d), (-1, c))
        )
        expected = min(mpmath.mpf(0), (mpmath.log(below) - log_moment) / a)
    assert np.exp(log) == pytest.approx(float(mpmath.exp(expected)), abs=1e-10)


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(
    shapes=st.tuples(*[st.floats(0.5, 400.0)] * 4),
    probabilities=st.lists(st.floats(1e-15, 1.0 - 1e-12), min_size=1, max_size=4),
)
def test_tails_at_quantiles_are_the_probabilities_by_either_integral(shapes, probabilities):
    a, b, c, d = shapes
    ratio = BetaRatio(BetaShapes(a, b), BetaShapes(c, d))
    given = np.array(sorted(probabilities))
    logs = ratio.logs_exceeded(given)
    inside = logs < 0.0
    above = np.where(given <= 0.5, given, 1.0 - given)
    for most in (0, 10**6):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(beta_ratio, "_MOST_POINTS", most)
            beta_ratio._rule_over.cache_clear()
            tails = np.where(
                given <= 0.5, ratio.tail(logs, above=True), ratio.tail(logs, above=False)
            )
        beta_ratio._rule_over.cache_clear()
        np.testing.assert_allclose(tails[inside], above[inside], rtol=1e-9)
    at_1 = ratio.tail(np.zeros(1), above=True)[0]
    assert (given[~inside] <= at_1 * (1 + 1e-9)).all()
    assert (np.diff(logs) <= 1e-12).all()


@pytest.mark.parametrize(
    "shapes",
    [
        (0.5, 1e9, 0.5, 1e9),
        (1e9, 0.5, 1e9, 0.5),
        (0.5, 1e9, 1e9, 0.5),
        (1e9, 1e9, 1e9, 1e9),
        (1e9, 1e9, 0.5, 0.5),
        (0.5, 0.5, 1e9, 1e9),
        (4e8, 6e8, 45.5, 135.5),
        (45.5, 135.5, 4e8, 6e8),
    ],
    ids=str,
)
def test_extreme_counts_have_quantiles_to_10_digits(shapes):
    a, b, c, d = shapes
    ratio = BetaRatio(BetaShapes(a, b), BetaShapes(c, d))
    given = np.array([1e-17, 1e-5, 0.025, 0.5, 0.975, 1.0 - 1e-9])
    logs = ratio.logs_exceeded(given)
    ratios = np.exp(logs)
    for sign in (-1, 1):
        moved = np.log(np.clip(ratios + sign * 1e-10, 1e-300, 1.0))
        for probability, log, at in zip(given, moved, ratios, strict=True):
            share = ratio.tail(np.array([log]), above=bool(probability <= 0.5))[0]
            share = share if probability <= 0.5 else 1.0 - share
            crossed = sign * (share - probability)
            assert crossed <= 1e-12 or (sign > 0 and at == 1.0)


def test_each_quantile_depends_on_its_own_probability_only():
    ratio = BetaRatio(BetaShapes(3.5, 40.5), BetaShapes(20.5, 30.5))
    given = np.random.default_rng(1).random(300)
    alone = [ratio.logs_exceeded(given[place : place + 1])[0] for place in range(0, 300, 37)]
    assert ratio.logs_exceeded(given)[::37].tolist() == alone
