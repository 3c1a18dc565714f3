"""Classical zero-sum matrix games, whose values are proven in exact arithmetic."""

from mfmgame.matrix_games.matrix_solution import MatrixCertificate, MatrixSolution
from mfmgame.matrix_games.payoffs import Mixture
from mfmgame.matrix_games.solve import solve_matrix_game

__all__ = ["MatrixCertificate", "MatrixSolution", "Mixture", "solve_matrix_game"]
