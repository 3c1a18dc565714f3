"""mfmgame beside other solvers: the same games, in the same run. See README.md."""
