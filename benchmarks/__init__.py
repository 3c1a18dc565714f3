"""Benchmarks of mfmgame and other solvers: the same games, in the same run. See README.md."""
