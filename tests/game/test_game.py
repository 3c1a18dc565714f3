"""Games from arrays: what is kept, what is copied, what is refused."""

import numpy as np
import pytest
import scipy.sparse

import mfmgame as mg


def game(**changes) -> mg.DefenseGame:
    arguments = {
        "severity": [4.0, 3.0],
        "bandwidth": [1.0, 1.0],
        "effectiveness": [[0.5, 0.0], [0.0, 0.5]],
        "attacker_bandwidth": 1.0,
    }
    return mg.DefenseGame(**{**arguments, **changes})


class TestCopies:
    def test_a_float64_matrix_is_not_copied_nor_locked(self):
        matrix = np.full((2, 2), 0.5)
        built = game(effectiveness=matrix)
        assert np.shares_memory(built.effectiveness, matrix)
        assert not built.effectiveness.flags.writeable
        assert matrix.flags.writeable

    def test_a_canonical_csr_matrix_is_not_copied(self):
        matrix = scipy.sparse.csr_array(np.eye(2) * 0.5)
        assert np.shares_memory(game(effectiveness=matrix).effectiveness.data, matrix.data)

    @pytest.mark.parametrize("layout", ["coo", "csc", "lil", "dok"])
    def test_other_layouts_are_converted(self, layout):
        matrix = scipy.sparse.csr_array(np.eye(2) * 0.5).asformat(layout)
        np.testing.assert_array_equal(
            game(effectiveness=matrix).effectiveness.toarray(), np.eye(2) / 2
        )

    def test_repeated_entries_are_summed_in_a_copy(self):
        matrix = scipy.sparse.csr_array(
            (np.array([0.25, 0.25]), np.array([0, 0]), np.array([0, 2, 2])), shape=(2, 2)
        )
        assert game(effectiveness=matrix).effectiveness[0, 0] == 0.5
        assert matrix.nnz == 2

    @pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, bool])
    def test_other_number_types_are_converted(self, dtype):
        built = game(effectiveness=np.eye(2).astype(dtype))
        assert built.effectiveness.dtype == np.float64
        assert mg.solve(built).value == 0.0

    def test_column_major_and_strided_matrices_solve_alike(self):
        wide = np.random.default_rng(0).random((4, 6))
        value = mg.solve(game(effectiveness=np.ascontiguousarray(wide[::2, ::3]))).value
        assert mg.solve(game(effectiveness=wide[::2, ::3])).value == value
        assert mg.solve(game(effectiveness=np.asfortranarray(wide[::2, ::3]))).value == value


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"severity": [4.0, -3.0]}, r"severity\[1\]: found -3.0, expected at least 0"),
            ({"severity": [4.0, np.nan]}, r"severity\[1\]: found nan"),
            ({"severity": [4.0, 1e101]}, r"severity\[1\]: found 1e\+101"),
            ({"severity": [4.0, 1e-101]}, r"severity\[1\]: found 1e-101"),
            ({"severity": [[4.0, 3.0]]}, "severity: found 2 axes, expected 1"),
            ({"severity": ["4", "3"]}, r"severity\[0\]: found '4', expected a real number"),
            ({"severity": [4.0, 3.0j]}, r"severity\[1\]: found 3j, expected a real number"),
            ({"bandwidth": [1.0]}, "bandwidth: found 1 numbers, expected 2"),
            ({"bandwidth": [1.0, np.inf]}, r"bandwidth\[1\]: found inf"),
            ({"effectiveness": [[0.5, 1.5], [0, 0]]}, r"effectiveness\[0, 1\]: found 1.5"),
            ({"effectiveness": [[0.5, 0.0], [0, -1]]}, r"effectiveness\[1, 1\]: found -1.0"),
            ({"effectiveness": [[np.nan, 0], [0, 0]]}, r"effectiveness\[0, 0\]: found nan"),
            ({"effectiveness": [[0.5, 0.5]]}, r"effectiveness: found shape \(1, 2\)"),
            ({"effectiveness": [[0.5], [0.5, 0.1]]}, "effectiveness: expected real numbers"),
            (
                {"effectiveness": np.eye(2) * 1j},
                r"effectiveness\[0, 0\]: found 1j",
            ),
            ({"effectiveness": scipy.sparse.eye_array(2) * 2}, r"effectiveness\[0\]: found 2.0"),
            ({"effectiveness": scipy.sparse.eye_array(2) * 1j}, "effectiveness: expected real"),
            ({"attacker_bandwidth": -1.0}, "attacker_bandwidth: found -1.0"),
            ({"attacker_bandwidth": np.inf}, "attacker_bandwidth: found inf"),
            ({"attacker_bandwidth": [1.0]}, "attacker_bandwidth: found 1 axes"),
            ({"use": {"budget": [1.0]}}, r"use\['budget'\]: found 1 numbers, expected 2"),
            ({"use": {"budget": [1.0, -1.0]}}, r"use\['budget'\]\[1\]: found -1.0"),
            ({"limits": {"budget": 1.0}}, r"limits\['budget'\]: no defense uses it"),
            ({"max_level": [1.0, -0.5]}, r"max_level\[1\]: found -0.5"),
            ({"composition": "best-of"}, "composition: found 'best-of', .*did you mean 'best_of'"),
            ({"termination_loss": -1.0}, "termination_loss: found -1.0"),
            ({"threat_ids": ["a", "a"]}, "threat_ids: found 2 labels, 1 of them distinct"),
            ({"defense_ids": ["a"]}, "defense_ids: found 1 labels"),
            ({"threat_classes": ["a"]}, "threat_classes: found 1 entries, expected 2"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_name_and_place(self, changes, message):
        with pytest.raises(mg.SpecificationError, match=f"^{message}"):
            game(**changes)


def test_the_payoff_table_is_severity_times_what_gets_through():
    table = game(threat_ids=["a", "b"], defense_ids=["x", "y"]).to_frame()
    assert table.loc["a", "x"] == 2.0
    assert table.loc["b", "x"] == 3.0


def test_another_attacker_shares_the_arrays():
    first = game()
    second = first.with_attacker_bandwidth(9.0)
    assert second.attacker_bandwidth == 9.0
    assert first.attacker_bandwidth == 1.0
    assert second.effectiveness is first.effectiveness
    with pytest.raises(mg.SpecificationError, match="attacker_bandwidth"):
        first.with_attacker_bandwidth(-1.0)


def test_labelled_vectors_are_mappings_and_arrays():
    levels = mg.solve(game(defense_ids=["x", "y"])).allocation
    assert list(levels) == ["x", "y"]
    assert np.asarray(levels).shape == (2,)
    assert levels == {"x": 1.0, "y": 1.0}
    with pytest.raises(KeyError, match="unknown label 'z'"):
        levels["z"]
    with pytest.raises(ValueError, match="read-only"):
        levels.array[0] = 2.0
