"""Used bits: their bias and coverage, exactly enumerated, and sessions as clusters."""

import itertools
import math
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfmgame import LoggedCall, used_bits
from mfmgame.authority.logs.clustered_entropy import clustered_entropy
from mfmgame.errors import SpecificationError


def entropy(shares):
    return -sum(share * math.log2(share) for share in shares if share)


def outcomes(shares, number):
    """Yield every count of calls in `number` sessions of a call each, and its probability."""
    for counts in itertools.product(range(number + 1), repeat=len(shares)):
        if sum(counts) == number:
            ways = math.factorial(number)
            for count in counts:
                ways //= math.factorial(count)
            chance = math.prod(share**count for share, count in zip(shares, counts, strict=True))
            yield ways * chance, counts


def single_calls(counts):
    return [{place: 1} for place, count in enumerate(counts) for _ in range(count)]


SHARES = st.lists(st.integers(2, 9), min_size=2, max_size=3).map(
    lambda weights: [weight / sum(weights) for weight in weights]
)


@settings(max_examples=25, deadline=None)
@given(SHARES, st.integers(5, 8))
def test_the_corrections_reduce_the_bias(shares, number):
    expected = {"plug_in": 0.0, "miller_madow": 0.0, "bits": 0.0}
    for chance, counts in outcomes(shares, number):
        found = clustered_entropy(single_calls(counts))
        for name in expected:
            expected[name] += chance * getattr(found, name)
    bias = {name: value - entropy(shares) for name, value in expected.items()}
    assert bias["plug_in"] < 0.0  # Jensen's inequality
    assert abs(bias["miller_madow"]) < abs(bias["plug_in"])
    assert abs(bias["bits"]) < abs(bias["plug_in"])


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.7, 0.3), (0.9, 0.1), (0.4, 0.35, 0.25)])
def test_the_interval_covers_nine_times_in_ten(shares):
    covered = 0.0
    for chance, counts in outcomes(shares, 14):
        found = clustered_entropy(single_calls(counts))
        if found.low - 1e-12 <= entropy(shares) <= found.high + 1e-12:
            covered += chance
    assert covered > 0.9


def naive(sessions):
    """Compute the jackknife of Miller and Madow's estimate from its definition."""

    def estimate(rows):
        counts = sum((Counter(row) for row in rows), Counter())
        plug_in = entropy([count / counts.total() for count in counts.values()])
        return plug_in + (len(counts) - 1) / (2 * counts.total() * math.log(2))

    number = len(sessions)
    without = [estimate(sessions[:k] + sessions[k + 1 :]) for k in range(number)]
    mean = sum(without) / number
    variance = (number - 1) / number * sum((one - mean) ** 2 for one in without)
    return number * estimate(sessions) - (number - 1) * mean, math.sqrt(variance)


SESSIONS = st.lists(
    st.dictionaries(st.integers(0, 5), st.integers(1, 4), min_size=1), min_size=2, max_size=6
)


@given(SESSIONS)
def test_the_estimate_is_the_jackknife_over_sessions(sessions):
    from scipy.special import stdtrit

    found = clustered_entropy(sessions)
    bits, error = naive(sessions)
    assert found.bits == pytest.approx(max(0.0, bits), abs=1e-9)
    half = stdtrit(len(sessions) - 1, 0.975) * error
    assert found.high >= found.bits + half - 1e-9
    assert found.low <= max(0.0, found.bits - half) + 1e-9


@given(SESSIONS, st.randoms())
def test_the_order_of_sessions_does_not_matter(sessions, random):
    shuffled = random.sample(sessions, len(sessions))
    first, second = clustered_entropy(sessions), clustered_entropy(shuffled)
    assert first.bits == pytest.approx(second.bits, abs=1e-9)
    assert first.high == pytest.approx(second.high, abs=1e-9)


def test_the_clusters_are_sessions_not_calls():
    calls = [[{"a": 1}, {"b": 1}, {"a": 1}, {"c": 1}, {"a": 1}, {"b": 1}] * 8]
    alone = clustered_entropy(*calls)
    alike = clustered_entropy([dict.fromkeys(row, 4) for row in calls[0][:12]])
    assert alike.plug_in == pytest.approx(alone.plug_in)
    assert alike.high - alike.low > 1.5 * (alone.high - alone.low)


def test_a_call_made_by_all_may_still_have_an_alternative():
    found = clustered_entropy([{"a": 3}] * 10)
    assert found.bits == found.low == 0.0
    share = 1 - 0.025**0.1
    assert found.high == pytest.approx(entropy([share, 1 - share]))


def test_calls_are_equal_if_tool_and_arguments_are():
    calls = [
        LoggedCall("s1", "pay", {"amount": 1, "to": "x"}),
        LoggedCall("s2", "pay", {"to": "x", "amount": 1.0}),
        LoggedCall("s3", "pay", {"to": "x", "amount": Decimal("1.00")}),
        LoggedCall("s3", "pay", {"to": "x", "amount": True}),
        LoggedCall("s3", "mail", {"to": "x", "amount": 1}),
    ]
    used = used_bits(calls)
    assert (used.calls, used.sessions, used.distinct_calls, used.distinct_tools) == (5, 3, 3, 2)
    assert used.own_share == 2 / 5
    assert used.tool_entropy.plug_in == pytest.approx(entropy([0.8, 0.2]))


def test_a_single_session_has_no_interval():
    used = used_bits([LoggedCall("s", "read", {"page": page}) for page in range(4)])
    assert used.entropy.plug_in == 2.0
    assert used.entropy.low is used.entropy.high is None
    assert "no interval" in used.summary()


def test_a_log_without_calls_is_refused(tmp_path):
    with pytest.raises(SpecificationError, match="found no call"):
        used_bits([])
    log = tmp_path / "log.json"
    log.write_text('{"resourceSpans": []}', "utf-8")
    with pytest.raises(SpecificationError, match="found no call"):
        used_bits(log)


def test_the_text_says_that_no_limit_rises():
    text = used_bits([LoggedCall("s1", "read", {}), LoggedCall("s2", "send", {})]).summary()
    assert "they never raise a limit" in text
    assert "too low" in text  # each call was made by a single session
