"""Value of continuous defenses over one limit: its knee, and where it falls to a loss.

The value is convex and nonincreasing in the limit. Each solve gives a line that touches the value
from below. A line of slope below -1 and a line of slope -1 or above meet at a limit; no limit has
a lesser total of value and limit than the lines have there. If the value there is on the lines,
the limit is the knee; if not, the solve there gives a line in place of one of them. Newton's
method on such lines finds the least limit at which the value is at most a loss.
"""

from __future__ import annotations

from dataclasses import dataclass

from mfmgame.answers.decision import decide
from mfmgame.answers.frontier import reach_of
from mfmgame.answers.solution import scale_of
from mfmgame.documents.result import Decision, Status
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.sweeps.touching_lines import LINEAR_TOLERANCE, precise_solver

__all__ = ["ValueCurve"]

_SAME_SLOPE = 1e-9
"""Difference from -1 up to which a slope counts as -1."""
_MOST_LINES = 200
_FIRST_STEP = 1e-9
"""First step, as a share of the limit, where the decision is undecided."""


@dataclass(frozen=True)
class _Touch:
    """A solve at one limit, with the line that the certificate proves.

    Attributes
    ----------
    at : float
    value, lower, upper : float
        Value with its proven bracket, in loss units.
    slope : float
        Of the line through ``(at, lower)``, which nowhere exceeds the value.
    """

    at: float
    value: float
    lower: float
    upper: float
    slope: float

    def __call__(self, at: float) -> float:
        """Evaluate the line at a limit."""
        return self.lower + self.slope * (at - self.at)

    @property
    def total(self) -> float:
        return self.value + self.at


class ValueCurve:
    """Value of a game of continuous defenses over one limit, by solves on one warm program.

    Parameters
    ----------
    game : DefenseGame
    resource : str
        Resource with a finite limit.
    """

    def __init__(self, game: DefenseGame, resource: str) -> None:
        kind = composition_class(game.composition)
        self._game, self._resource = game, resource
        self._reach, self._row = reach_of(game, resource), game.resources.index(resource)
        self._solver = precise_solver(game, None if kind.is_polyhedral else kind.tolerance)
        # A solve proves the value of a smooth curve only within its tolerance.
        self._within = LINEAR_TOLERANCE if kind.is_polyhedral else 2.0 * kind.tolerance

    def knee(self) -> tuple[float, float, float]:
        """Find the least limit with the least total of value and limit.

        Beyond the value at limit 0, the limit alone exceeds the total at limit 0.

        Returns
        -------
        limit, value, excess : float
            The excess is the most by which the total may exceed the least total.
        """
        left = self._touched(0.0)
        end = min(self._reach, left.value)
        if left.slope >= -1.0 - _SAME_SLOPE or end <= 0.0:
            return _knee_at(left, min(left.lower, left(end) + end))
        right = self._touched(end)
        if right.slope < -1.0 - _SAME_SLOPE:
            return _knee_at(right, right.lower + end)
        best, bound = min(left, right, key=lambda touch: touch.total), 0.0
        for _ in range(_MOST_LINES):
            shift = (right(left.at) - left.lower) / (left.slope - right.slope)
            at = min(max(left.at + shift, left.at), right.at)
            bound = min(left(at) + at, right(end) + end)
            found = self._touched(at)
            if found.total - bound <= self._within * scale_of(self._game, found.total):
                best = found
                break
            best = min(best, found, key=lambda touch: touch.total)
            if not (left.at < at < right.at and left.slope < found.slope < right.slope):
                break  # rounding leads no further
            if found.slope < -1.0 - _SAME_SLOPE:
                left = found
            else:
                right = found
        return _knee_at(best, bound)

    def operating_limit(self, loss: float) -> tuple[float | None, Status]:
        """Find the least limit at which the decision is to operate, and its status.

        A line that touches the value from below reaches the loss no later than the value does, so
        Newton's method approaches the limit from below.

        Parameters
        ----------
        loss : float
            Termination loss, in loss units.

        Returns
        -------
        limit : float or None
        status : str
        """
        decision = self._decision(self._touched(self._reach), loss)
        if decision != "operate":
            return None, "proven" if decision == "terminate" else "numerical"
        touch = self._touched(0.0)
        for _ in range(_MOST_LINES):
            if self._decision(touch, loss) == "operate":
                return touch.at, "proven"
            if touch.lower <= loss or touch.slope >= 0.0:
                break  # undecided
            at = min(touch.at + (touch.lower - loss) / -touch.slope, self._reach)
            if at <= touch.at:
                break  # rounding leads no further
            touch = self._touched(at)
        step = _FIRST_STEP * (touch.at or self._reach)
        while self._decision(touch, loss) != "operate" and touch.at < self._reach:
            touch = self._touched(min(touch.at + step, self._reach))
            step *= 4.0
        return touch.at, "numerical"

    def _touched(self, at: float) -> _Touch:
        found = self._solver.solve(limits={self._resource: at})
        price = float(found.limit_prices.array[self._row])
        return _Touch(at, found.value, found.lower, found.upper, -price)

    def _decision(self, touch: _Touch, loss: float) -> Decision:
        return decide(self._game, touch.lower, touch.upper, loss)


def _knee_at(touch: _Touch, bound: float) -> tuple[float, float, float]:
    return touch.at, touch.value, max(touch.upper + touch.at - bound, 0.0)
