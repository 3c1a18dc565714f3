"""The defender's program in rational arithmetic."""

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.certificates.duality_certificate import lower_bound
from mfmgame.game.compositions import compose
from mfmgame.solving.exact_program import exact_optimum


@pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
@pytest.mark.parametrize("n_defenses", [0, 2])
def test_a_game_without_a_loss_is_solved_from_no_cut_at_once(composition, n_defenses, monkeypatch):
    # The limit of the work would end a search that goes on, but only after minutes.
    monkeypatch.setattr("mfmgame.solving.exact_program._MAX_WORK", 1e6)
    game = mg.DefenseGame(
        severity=[0.0, 0.0],
        bandwidth=[4.0, 1.0],
        effectiveness=np.full((2, n_defenses), 0.5),
        attacker_bandwidth=2.0,
        composition=composition,
        threat_losses=["leak", "leak"],
    )
    none = np.array([], dtype=np.intp)
    found = exact_optimum(game, compose(game), none, np.array([]), 0.0)
    assert found is not None
    allocation, certificate = found
    assert allocation.tolist() == [0.0] * n_defenses
    assert lower_bound(game, compose(game), certificate) == 0.0
