"""The channel: formulas on numbers that can be checked by hand, and refusals."""

import math

import hypothesis
import mpmath
import numpy as np
import pytest
from hypothesis import strategies as st

from mfmgame import SpecificationError, channel
from specifications import labelled

FUNCTIONS = {
    "signal": lambda value: channel.capacity(value, 1.0),
    "noise": lambda value: channel.capacity(1.0, value),
    "bandwidth": lambda value: channel.capacity(1.0, 1.0, value),
    "signal_factor": lambda value: channel.capacity_loss(1.0, 1.0, signal_factor=value),
    "noise_factor": lambda value: channel.capacity_loss(1.0, 1.0, noise_factor=value),
    "bandwidth_factor": lambda value: channel.capacity_loss(1.0, 1.0, bandwidth_factor=value),
    "actions": lambda value: channel.action_entropy([value]),
    "embedding": lambda value: channel.signal([value], [1.0]),
    "concept": lambda value: channel.signal([1.0], [value]),
    "joint": lambda value: channel.mutual_information([[value]]),
}
"""A call with a value for each argument."""
POSITIVE = st.floats(5e-324, 1.7e308)
SHARES = st.floats(0.0, 1.0)


def same(found: float, exact: mpmath.mpf, digits: float = 4e-15) -> bool:
    """Whether a float is an exact number, but for rounding."""
    return abs(mpmath.mpf(found) - exact) <= digits * abs(exact) + mpmath.mpf(5e-324)


class TestCapacity:
    def test_a_clean_channel_of_signal_15_carries_4_bits(self):
        assert channel.capacity(15.0, 1.0) == pytest.approx(4.0, rel=1e-15)

    def test_bandwidth_multiplies(self):
        assert channel.capacity(3.0, 1.0, 2.5) == pytest.approx(5.0)

    def test_no_signal_carries_nothing(self):
        assert channel.capacity(0.0, 1.0) == 0.0

    def test_shapes_broadcast(self):
        table = channel.capacity([[1.0], [3.0]], 1.0, [1.0, 2.0, 3.0])
        np.testing.assert_allclose(table, [[1, 2, 3], [2, 4, 6]])

    def test_extreme_ratios_neither_overflow_nor_vanish(self):
        assert channel.capacity(1e300, 1e-300) == pytest.approx(600 * np.log2(10.0))
        assert channel.capacity(1e-20, 1.0) == pytest.approx(1e-20 / np.log(2.0))

    @pytest.mark.parametrize(
        ("arguments", "culprit"),
        [
            ((-1.0, 1.0), "signal"),
            ((1.0, 0.0), "noise"),
            ((1.0, 1.0, -2.0), "bandwidth"),
            ((np.nan, 1.0), "signal"),
            ((1.0, np.inf), "noise"),
            (("15", 1.0), "signal"),
            ((True, 1.0), "signal"),
            (([1.0, 2.0], [1.0, 2.0, 3.0]), "signal, noise"),
        ],
    )
    def test_bad_values_are_refused_by_name(self, arguments, culprit):
        with pytest.raises(SpecificationError, match=f"^{culprit}"):
            channel.capacity(*arguments)


class TestCapacityLoss:
    def test_taking_bandwidth_takes_its_share(self):
        assert channel.capacity_loss(15.0, 1.0, bandwidth_factor=0.25) == pytest.approx(0.75)

    def test_a_tenth_of_the_signal_leaves_a_third_of_the_capacity(self):
        expected = 1 - np.log2(2.5) / 4
        assert channel.capacity_loss(15.0, 1.0, signal_factor=0.1) == pytest.approx(expected)

    def test_less_signal_and_more_noise_are_alike(self):
        less = channel.capacity_loss(15.0, 1.0, signal_factor=0.1)
        more = channel.capacity_loss(15.0, 1.0, noise_factor=10.0)
        assert less == pytest.approx(more)

    def test_no_effect_takes_nothing(self):
        assert channel.capacity_loss(15.0, 1.0) == 0.0

    @pytest.mark.parametrize(
        ("factor", "value"),
        [
            ("signal_factor", 1.5),
            ("signal_factor", -0.1),
            ("noise_factor", 0.5),
            ("bandwidth_factor", 2.0),
        ],
    )
    def test_an_attack_cannot_help(self, factor, value):
        with pytest.raises(SpecificationError, match=factor):
            channel.capacity_loss(15.0, 1.0, **{factor: value})

    def test_a_channel_without_signal_has_nothing_to_lose(self):
        with pytest.raises(SpecificationError, match="signal"):
            channel.capacity_loss(0.0, 1.0)


class TestActionEntropy:
    def test_a_count_is_a_uniform_distribution(self):
        assert channel.action_entropy(16) == 4.0
        assert channel.action_entropy([1 / 16] * 16) == pytest.approx(4.0)

    def test_one_allowed_action_is_no_bandwidth(self):
        assert channel.action_entropy(1) == 0.0
        assert channel.action_entropy([1.0, 0.0]) == 0.0

    @pytest.mark.parametrize(
        "actions", [0, -3, [], [0.5, 0.4], [1.5, -0.5], [np.nan, 1.0], [[1.0]], "abc", True]
    )
    def test_what_is_no_distribution_is_refused(self, actions):
        with pytest.raises(SpecificationError, match="actions"):
            channel.action_entropy(actions)


class TestSignal:
    def test_the_length_of_the_concept_does_not_matter(self):
        embedding = np.array([3.0, 4.0])
        near = channel.signal(embedding, [0.0, 1e-200])
        far = channel.signal(embedding, [0.0, 1e200])
        assert near == pytest.approx(4.0)
        assert far == pytest.approx(4.0)

    def test_stacks_keep_their_shape(self):
        assert channel.signal(np.ones((2, 3, 4)), np.ones(4)).shape == (2, 3)

    @pytest.mark.parametrize(
        ("embedding", "concept"),
        [([1.0, 2.0], [0.0, 0.0]), ([1.0], [1.0, 2.0]), ([np.inf], [1.0]), (1.0, [1.0])],
    )
    def test_a_projection_needs_a_direction_of_the_same_dimension(self, embedding, concept):
        with pytest.raises(SpecificationError):
            channel.signal(embedding, concept)


class TestMutualInformation:
    def test_independent_variables_share_nothing(self):
        joint = np.outer([0.2, 0.8], [0.1, 0.3, 0.6])
        assert channel.mutual_information(joint) == pytest.approx(0.0, abs=1e-15)

    def test_a_copy_shares_all_its_entropy(self):
        distribution = [0.5, 0.25, 0.25]
        assert channel.mutual_information(np.diag(distribution)) == pytest.approx(1.5)

    def test_a_noisy_channel_by_hand(self):
        # A uniform bit, flipped with probability 1/4: 1 - h(1/4).
        joint = [[0.375, 0.125], [0.125, 0.375]]
        entropy = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
        assert channel.mutual_information(joint) == pytest.approx(1 - entropy)

    @pytest.mark.parametrize("joint", [[0.5, 0.5], [[0.5, 0.6]], [[-0.5, 1.5]], [[]]])
    def test_what_is_no_joint_distribution_is_refused(self, joint):
        with pytest.raises(SpecificationError, match="joint"):
            channel.mutual_information(joint)


class TestExtremes:
    @hypothesis.given(POSITIVE | st.just(0.0), POSITIVE, POSITIVE | st.just(0.0))
    @hypothesis.example(1e-300, 1e300, 1e300)
    @hypothesis.example(1e300, 1e-300, 5e-324)
    @hypothesis.example(5e-324, 1.7e308, 1.7e308)
    def test_a_capacity_is_right_or_refused_as_too_great(self, signal, noise, bandwidth):
        with mpmath.workprec(3000):
            ratio = mpmath.mpf(signal) / mpmath.mpf(noise)
            exact = mpmath.mpf(bandwidth) * mpmath.log1p(ratio) / mpmath.log(2)
            if exact > 1.79e308:
                with pytest.raises(SpecificationError, match=r"^bandwidth: found "):
                    channel.capacity(signal, noise, bandwidth)
            else:
                assert same(float(channel.capacity(signal, noise, bandwidth)), exact)

    @hypothesis.given(POSITIVE, POSITIVE, SHARES, st.floats(1.0, 1.7e308), SHARES)
    @hypothesis.example(1e-300, 1.0, 0.5, 1.0, 1.0)
    @hypothesis.example(1e-300, 1e300, 1e-300, 1e300, 1.0)
    @hypothesis.example(1e300, 1e300, 1e-300, 1e300, 0.25)
    def test_a_loss_of_capacity_is_right(self, signal, noise, on_signal, on_noise, on_bandwidth):
        found = channel.capacity_loss(
            signal,
            noise,
            signal_factor=on_signal,
            noise_factor=on_noise,
            bandwidth_factor=on_bandwidth,
        )
        with mpmath.workprec(6000):
            ratio = mpmath.mpf(signal) / mpmath.mpf(noise)
            lowered = ratio * mpmath.mpf(on_signal) / mpmath.mpf(on_noise)
            left = mpmath.mpf(on_bandwidth) * mpmath.log1p(lowered) / mpmath.log1p(ratio)
            assert abs(mpmath.mpf(float(found)) - (1 - left)) <= 4e-15

    @hypothesis.given(st.integers(1, 10**30))
    @hypothesis.example(10**400)
    @hypothesis.example(2**4000)
    def test_a_count_of_any_size_has_its_entropy(self, count):
        with mpmath.workprec(20000):
            assert same(channel.action_entropy(count), mpmath.log(count) / mpmath.log(2))

    @hypothesis.given(st.lists(POSITIVE, min_size=1, max_size=6))
    def test_entropies_and_information_are_right(self, sizes):
        shares = np.array(sizes) / max(sizes)
        shares /= shares.sum()
        with mpmath.workprec(3000):
            exact = [mpmath.mpf(float(share)) for share in shares if share > 0.0]
            entropy = -sum(share * mpmath.log(share) for share in exact) / mpmath.log(2)
            assert abs(mpmath.mpf(channel.action_entropy(shares)) - entropy) <= 1e-14
            found = channel.mutual_information(np.diag(shares))
            assert abs(mpmath.mpf(found) - entropy) <= 1e-14

    @hypothesis.given(
        st.lists(st.tuples(st.floats(-1.7e308, 1.7e308), st.floats(-1.7e308, 1.7e308)), min_size=1)
    )
    @hypothesis.example([(1.7e308, 1.0), (1.7e308, -1.0), (1.7e308, 1e-300)])
    @hypothesis.example([(5e-324, 5e-324), (5e-324, 5e-324)])
    def test_a_signal_is_right_or_refused_as_too_long(self, pairs):
        embedding, concept = zip(*pairs, strict=True)
        hypothesis.assume(any(concept))
        with mpmath.workprec(6000):
            size = mpmath.sqrt(sum(mpmath.mpf(part) ** 2 for part in concept))
            exact = mpmath.fdot(map(mpmath.mpf, embedding), map(mpmath.mpf, concept)) / size
            if abs(exact) > 1.79e308:
                with pytest.raises(SpecificationError, match=r"^embedding: found "):
                    channel.signal(embedding, concept)
                return
            length = mpmath.sqrt(sum(mpmath.mpf(part) ** 2 for part in embedding))
            found = float(channel.signal(embedding, concept))
            assert abs(found - exact) <= 1e-14 * length + mpmath.mpf(1e-323)

    @pytest.mark.parametrize(
        "value",
        [math.inf, -math.inf, math.nan, 10**400, -(10**5000), True, "1", None, 1j],
        ids=labelled,
    )
    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_what_is_no_finite_number_is_refused_by_name(self, name, value):
        with pytest.raises(SpecificationError) as caught:
            FUNCTIONS[name](value)
        assert caught.value.pointer.partition("[")[0].startswith(name)
        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize("count", [-(10**5000), 0, -1], ids=labelled)
    def test_a_count_below_one_is_refused(self, count):
        with pytest.raises(SpecificationError, match=r"^actions: found a count of "):
            channel.action_entropy(count)

    def test_numbers_are_those_of_their_floats(self):
        assert channel.capacity(10**30, 10**30) == 1.0

    def test_probabilities_that_sum_beyond_every_float_are_refused(self):
        with pytest.raises(SpecificationError, match="sum to inf"):
            channel.action_entropy([1.7e308, 1.7e308])
