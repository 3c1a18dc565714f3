"""The channel: formulas on numbers that can be checked by hand, and refusals."""

import numpy as np
import pytest

from mfmgame import SpecificationError, channel


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
