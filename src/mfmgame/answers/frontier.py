"""Value over the attacker's bandwidth or over a limit, piece by piece."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.answer_displays import Displayed, FrontierPlots
from mfmgame.answers.decision import Region, decide_each, regions_of, turning_points
from mfmgame.answers.solution import scale_of
from mfmgame.certificates.proof import Proof
from mfmgame.documents.float_reading import as_float, as_floats
from mfmgame.documents.result import Status
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import nearest, shown
from mfmgame.numerics.arrays import FloatArray

if TYPE_CHECKING:
    import pandas


__all__ = ["ATTACKER_BANDWIDTH", "Frontier", "reach_of", "with_limit_on"]


ATTACKER_BANDWIDTH = "attacker_bandwidth"


@dataclass(frozen=True, eq=False, repr=False)
class Frontier(Displayed):
    """Value of a game over the attacker's bandwidth or over one limit.

    Call the frontier to evaluate it: ``frontier(8.0)``.

    Attributes
    ----------
    game : DefenseGame
        The game that was swept.
    parameter : str
        ``"attacker_bandwidth"``, or the resource whose limit varies.
    breakpoints : ndarray of float, shape (n_pieces + 1,)
        Ends of the pieces, increasing, including the ends of the sweep; in bits or in units of
        the resource.
    values : ndarray of float, shape (n_pieces + 1,)
        Value that the allocation at each breakpoint guarantees, in loss units.
    lower, upper : ndarray of float, shape (n_pieces + 1,)
        Proven bracket at each breakpoint, rounding included; between breakpoints their chords are
        bounds.
    slopes : ndarray of float, shape (n_pieces,)
        Loss units per unit of the parameter on each piece.
    allocations : ndarray of float
        Over the attacker's bandwidth, shape (n_pieces, n_defenses): ONE allocation that is
        optimal on the whole piece. Over a limit, shape (n_pieces + 1, n_defenses): an optimal
        allocation at each breakpoint, whose mixtures are optimal in between.
    certificates : tuple of Certificate or TreeProof
        Proofs of `lower`. Over the attacker's bandwidth, one per breakpoint; over a limit, one
        per piece, whose line bounds the value at every limit.
    n_solves : int
        Number of solves; a walk from breakpoint to breakpoint counts as one.
    tolerance : float, optional
        Requested width of the proven bracket, relative to the value; the composition's by
        default.
    """

    game: DefenseGame
    parameter: str
    breakpoints: FloatArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    slopes: FloatArray
    allocations: FloatArray
    certificates: tuple[Proof, ...]
    n_solves: int
    tolerance: float | None = None

    @property
    def n_pieces(self) -> int:
        """Number of linear pieces."""
        return len(self.slopes)

    @property
    def gap(self) -> float:
        """Greatest width of the proven bracket, relative to the value at that point."""
        floor = scale_of(self.game, 0.0)
        return float(np.max((self.upper - self.lower) / np.maximum(self.upper, floor)))

    @property
    def is_proven(self) -> bool:
        """Whether the proven bracket is everywhere as narrow as the tolerance."""
        return self.gap <= (
            self.tolerance or composition_class(self.game.composition).frontier_tolerance
        )

    @property
    def status(self) -> Status:
        """``proven``, or ``numerical`` if the bracket is wider than the tolerance."""
        return "proven" if self.is_proven else "numerical"

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats about the game's numbers and a wide bracket."""
        if self.is_proven:
            return self.game.notes
        wide = f"the values are proven only within {self.gap:.1e} of themselves"
        return (*self.game.notes, f"{wide}, wider than asked for")

    def __call__(self, at: ArrayLike) -> FloatArray | float:
        """Evaluate the value at one or many points, in loss units; constant beyond full use.

        Raises
        ------
        SpecificationError
            If a point is not a number, lies before the sweep's start, or lies beyond an end where
            the value may still change.
        """
        points = self._checked(at)
        values = np.interp(points, self.breakpoints, self.values)
        return float(values) if points.ndim == 0 else values

    def decisions(self, at: ArrayLike) -> NDArray[np.str_]:
        """Decide at each point; at a breakpoint by the bracket there.

        Parameters
        ----------
        at : array_like of float
            In bits, or in units of the resource.

        Returns
        -------
        ndarray of str
            ``operate``, ``terminate``, or ``undecided`` where the bracket holds the
            termination loss.

        Raises
        ------
        SpecificationError
            If the game has no termination loss, or as for a call.
        """
        loss = self.game.termination_loss
        if loss is None:
            raise SpecificationError("missing, expected a loss", pointer="termination_loss")
        return self._decided(self._checked(at), loss)

    def _decided(self, points: FloatArray, loss: float) -> NDArray[np.str_]:
        lower, upper = (np.interp(points, self.breakpoints, e) for e in (self.lower, self.upper))
        return decide_each(self.game, lower, upper, loss)

    def _checked(self, at: ArrayLike) -> FloatArray:
        """Convert points to floats, refusing points outside the sweep."""
        points = as_floats(at, self.parameter)
        if self.is_cut_off and np.any(points > self.breakpoints[-1]):
            raise SpecificationError(
                f"found {shown(float(np.max(points)))}, expected at most "
                f"{float(self.breakpoints[-1])!r}, where the sweep ends",
                pointer=self.parameter,
            )
        if not np.all(points >= self.breakpoints[0]):
            raise SpecificationError(
                f"found {shown(float(np.min(points)))}, expected at least "
                f"{float(self.breakpoints[0])!r}, where the sweep starts",
                pointer=self.parameter,
            )
        return points

    @property
    def is_cut_off(self) -> bool:
        """Whether the sweep ends before the value stops changing."""
        return bool(self.breakpoints[-1] < reach_of(self.game, self.parameter))

    def allocation(self, at: float) -> Labelled:
        """Return an optimal allocation at a point of the sweep.

        Parameters
        ----------
        at : float
            In bits, or in units of the resource.

        Returns
        -------
        Labelled, length n_defenses
            Levels.

        Raises
        ------
        SpecificationError
            If the point lies outside the sweep.
        """
        at = as_float(at, self.parameter)
        if not self.breakpoints[0] <= at <= self.breakpoints[-1]:
            raise SpecificationError(
                f"found {shown(at)}, expected from {float(self.breakpoints[0])!r} to "
                f"{float(self.breakpoints[-1])!r}",
                pointer=self.parameter,
            )
        if self.parameter == ATTACKER_BANDWIDTH:
            piece = int(np.searchsorted(self.breakpoints[1:-1], at, side="right"))
            levels = self.allocations[min(piece, len(self.allocations) - 1)]
        else:
            levels = np.array(
                [np.interp(at, self.breakpoints, column) for column in self.allocations.T]
            )
        return Labelled(self.game.defense_ids, levels)

    def crossing(self, loss: float) -> float | None:
        """Find exactly where the value crosses a loss.

        Over the attacker's bandwidth, the greatest bandwidth at which the value is at most the
        loss; over a limit, the least such limit. None if the value never exceeds the loss over
        the bandwidth, or always exceeds it over the limit.

        Parameters
        ----------
        loss : float
            In loss units.

        Returns
        -------
        float or None
        """
        loss = as_float(loss, "loss")
        turn, _ = self.turns(loss)
        return None if turn == math.inf else max(turn, float(self.breakpoints[0])) + 0.0

    def turns(self, loss: float) -> tuple[float, float]:
        """Find where the decision to operate ends, and where the decision to terminate begins.

        Parameters
        ----------
        loss : float
            In loss units.

        Returns
        -------
        operating : float
        terminating : float
            Over the attacker's bandwidth, the end of operating (infinity if everywhere, minus
            infinity if nowhere) and the start of terminating (infinity if nowhere). Over a limit,
            the start of operating and the end of terminating, with the infinities exchanged.
            Between the two the decision is undecided.
        """
        sign = 1.0 if self.parameter == ATTACKER_BANDWIDTH else -1.0
        columns = (sign * self.breakpoints, self.values, self.lower, self.upper)
        points, values, lower, upper = (column[:: int(sign)] for column in columns)
        until, beyond = turning_points(self.game, points, values, (lower, upper), loss)
        # Rounding must not change the decision at the game's own amount.
        own = sign * self._own
        at_own = self._decided(np.array(abs(own)), loss)
        if points[0] <= own <= points[-1] and at_own == "operate":
            until, beyond = max(until, own), max(beyond, own)
        return sign * until, sign * beyond

    @property
    def _own(self) -> float:
        """Attacker bandwidth, or limit, of the game itself."""
        if self.parameter == ATTACKER_BANDWIDTH:
            return self.game.attacker_bandwidth
        return float(self.game.limits[self.game.resources.index(self.parameter)])

    def regions(self, loss: float | None = None) -> tuple[Region, ...]:
        """List the regions in which to operate, to terminate, or in which neither is proven.

        Parameters
        ----------
        loss : float, optional
            In loss units; the game's termination loss by default.

        Returns
        -------
        tuple of Region
            From the start of the sweep to its end; empty without a loss.
        """
        loss = self.game.termination_loss if loss is None else loss
        if loss is None:
            return ()
        ends = float(self.breakpoints[0]), float(self.breakpoints[-1])
        if self.parameter == ATTACKER_BANDWIDTH:
            return regions_of(self.turns(loss), ends)
        operating, terminating = self.turns(loss)
        mirrored = regions_of((-operating, -terminating), (-ends[1], -ends[0]))
        return tuple(Region(one.decision, -one.stop, -one.start) for one in mirrored[::-1])

    @property
    def plot(self) -> FrontierPlots:
        """Plots: ``frontier.plot()``, ``frontier.plot.allocation()``."""
        return FrontierPlots(self)

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate the pieces.

        Returns
        -------
        pandas.DataFrame
            A row per piece: its ends, values and slope, and the level of each defense (over a
            limit, at the piece's start).
        """
        import pandas

        table = {
            "from": self.breakpoints[:-1],
            "to": self.breakpoints[1:],
            "value_from": self.values[:-1],
            "value_to": self.values[1:],
            "slope": self.slopes,
        }
        levels = self.allocations[: self.n_pieces]
        return pandas.DataFrame(table).join(
            pandas.DataFrame(levels, columns=list(self.game.defense_ids))
        )


def with_limit_on(game: DefenseGame, limit: str) -> DefenseGame:
    """Give a game a finite limit on a resource, for a sweep to vary."""
    if limit not in game.resources:
        raise SpecificationError(
            f"unknown resource {shown(limit)}, "
            f"expected {nearest(limit, game.resources, 'resource')}",
            pointer="limit",
        )
    if np.isfinite(game.limits[game.resources.index(limit)]):
        return game
    return game.with_limits({limit: reach_of(game, limit)})


def reach_of(game: DefenseGame, parameter: str) -> float:
    """Find where more of a parameter changes nothing: all threats or defenses run in full."""
    if parameter == ATTACKER_BANDWIDTH:
        return game.ways.total_bits
    return float(game.use[game.resources.index(parameter)] @ game.max_level)
