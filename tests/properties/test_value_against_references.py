"""The value of random games equals that of independent solvers."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mfmgame as mg
from mfmgame import references
from random_games import games

# Both references stop at about 1e-8 of the greatest severity.
REFERENCE_ERROR = 1e-7


def agrees(solution: mg.Solution, reference: float) -> None:
    scale = max(float(solution.game.severity.max()), 1.0)
    assert solution.lower <= solution.value <= solution.upper
    assert solution.gap <= solution.tolerance
    slack = REFERENCE_ERROR * scale + solution.tolerance * solution.value
    assert solution.value == pytest.approx(reference, abs=slack)


@pytest.mark.parametrize("composition", ["additive", "best_of"])
@hypothesis.settings(max_examples=250)
@hypothesis.given(data=st.data())
def test_linear_compositions_equal_the_whole_program_by_scipy(composition, data):
    game = data.draw(games(composition))
    agrees(mg.solve(game), references.value_by_scipy(game))


@hypothesis.settings(max_examples=100)
@hypothesis.given(game=games("independent", max_threats=6, max_defenses=4))
def test_independent_equals_the_cone_program_by_cvxpy(game):
    agrees(mg.solve(game), references.independent_value_by_cvxpy(game))


@hypothesis.settings(max_examples=100)
@hypothesis.given(
    data=st.data(),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 5)),
)
def test_matrix_games_equal_nashpy(data, shape):
    shares = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    severity = data.draw(
        hnp.arrays(np.float64, shape[0], elements=st.sampled_from([1.0, 2.0, 5.0]))
    )
    game = mg.DefenseGame(
        severity=severity,
        bandwidth=np.ones(shape[0]),
        effectiveness=data.draw(hnp.arrays(np.float64, shape, elements=shares)),
        attacker_bandwidth=1.0,
        use={"probability": np.ones(shape[1])},
        limits={"probability": 1.0},
        composition="additive",
    )
    agrees(mg.solve(game), references.matrix_game_value_by_nashpy(game))


@pytest.mark.parametrize("composition", ["additive", "best_of"])
def test_the_shipped_catalog_equals_the_whole_program_by_pulp(composition):
    game = mg.build_game(
        mg.Scenario(
            schema="mfmgame/scenario/1",
            catalog="mfm",
            composition=composition,
            attacker={"bandwidth": 8.0},
            defender={"limits": {"budget": 10.0, "bandwidth": 3.0}},
        )
    )
    agrees(mg.solve(game), references.value_by_pulp(game))


def test_a_reference_refuses_a_game_of_another_form(examples):
    game = mg.build_game(mg.load_scenario(examples / "llava.json"))
    with pytest.raises(mg.SpecificationError, match="composition"):
        references.independent_value_by_cvxpy(game)
    with pytest.raises(mg.SpecificationError, match="classical matrix game"):
        references.matrix_game_value_by_nashpy(game)
