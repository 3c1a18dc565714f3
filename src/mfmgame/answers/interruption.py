"""Interruption of a solve, which keeps everything proven by then."""

from __future__ import annotations

from mfmgame.answers.solution import Solution

__all__ = ["Interrupted"]


class Interrupted(KeyboardInterrupt):
    """A search was interrupted from the keyboard.

    Parameters
    ----------
    solution : Solution
        The best allocation found by then, and the bracket proven so far.
    """

    def __init__(self, solution: Solution) -> None:
        bracket = f"from {solution.lower!r} to {solution.upper!r}"
        super().__init__(f"interrupted; the value is proven {bracket}")
        self.solution = solution
