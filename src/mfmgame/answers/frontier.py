"""The value over the attacker's bandwidth or over a limit, piece by piece."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfmgame.accessors import FrontierPlots, frontier_html
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


@dataclass(frozen=True, eq=False)
class Frontier:
    """The value of a game over the attacker's bandwidth or over one limit.

    Call it to evaluate it: ``frontier(8.0)``.

    Attributes
    ----------
    game : DefenseGame
        The game that was swept.
    parameter : str
        ``"attacker_bandwidth"``, or the resource whose limit varies.
    breakpoints : ndarray of float, shape (n_pieces + 1,)
        Where pieces begin and end, increasing, the ends of the sweep included; in bits or
        in units of the resource.
    values : ndarray of float, shape (n_pieces + 1,)
        Value at each breakpoint, in loss units: what the allocation there guarantees.
    lower, upper : ndarray of float, shape (n_pieces + 1,)
        Proven bracket at each breakpoint, rounding included; between them the chords of
        either are bounds.
    slopes : ndarray of float, shape (n_pieces,)
        Loss units per unit of the parameter on each piece.
    allocations : ndarray of float
        Over the attacker's bandwidth, shape (n_pieces, n_defenses): ONE allocation that
        is optimal on the whole piece. Over a limit, shape (n_pieces + 1, n_defenses): an
        optimal allocation at each breakpoint, whose mixtures are optimal between them.
    certificates : tuple of Certificate or TreeProof
        What proves `lower`. Over the attacker's bandwidth one of each breakpoint; over a
        limit one of each piece, whose line bounds the value at every limit.
    n_solves : int
        How many solves it took; a walk from breakpoint to breakpoint counts as one.
    tolerance : float, optional
        Width of the proven bracket that was asked for, relative to the value; by default
        that of the composition.
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
        """Greatest width of the proven bracket, relative to the value there."""
        floor = scale_of(self.game, 0.0)
        return float(np.max((self.upper - self.lower) / np.maximum(self.upper, floor)))

    @property
    def is_proven(self) -> bool:
        """Whether the proven bracket is everywhere as narrow as was asked for."""
        return self.gap <= (
            self.tolerance or composition_class(self.game.composition).frontier_tolerance
        )

    @property
    def status(self) -> Status:
        """``proven``; or, of a wider bracket, ``numerical``."""
        return "proven" if self.is_proven else "numerical"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: of the game's numbers, and of a wide bracket."""
        if self.is_proven:
            return self.game.notes
        wide = f"the values are proven only within {self.gap:.1e} of themselves"
        return (*self.game.notes, f"{wide}, wider than asked for")

    def __call__(self, at: ArrayLike) -> FloatArray | float:
        """Value at one point or many, in loss units; constant where more changes nothing.

        Raises
        ------
        SpecificationError
            If a point is not a number, lies before the sweep's start, or beyond an end
            at which more would still change the value.
        """
        points = self._checked(at)
        values = np.interp(points, self.breakpoints, self.values)
        return float(values) if points.ndim == 0 else values

    def decisions(self, at: ArrayLike) -> NDArray[np.str_]:
        """Decision at each of some points: at a breakpoint that of the bracket there.

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
        """Points of the sweep; others are refused."""
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
        """Whether the sweep ends where more of its parameter may still change the value."""
        return bool(self.breakpoints[-1] < reach_of(self.game, self.parameter))

    def allocation(self, at: float) -> Labelled:
        """Optimal allocation at a point of the sweep.

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
        """Where the value crosses a loss, exactly.

        Over the attacker's bandwidth, the greatest bandwidth at which the value is at
        most the loss; over a limit, the least limit at which it is. None if the value
        stays on one side of it: always within the loss for the former, never for the
        latter.

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
        """Where the decision turns, once the value surely keeps within a loss, and once not.

        Parameters
        ----------
        loss : float
            In loss units.

        Returns
        -------
        operating : float
        terminating : float
            Over the attacker's bandwidth, up to where the decision is to operate (infinite
            if it is so everywhere, negative and infinite if nowhere), and from where on to
            terminate (infinite if it is so nowhere); over a limit, from where on it is to
            operate, and up to where to terminate, with both infinities exchanged. Between
            both it is undecided.
        """
        sign = 1.0 if self.parameter == ATTACKER_BANDWIDTH else -1.0
        columns = (sign * self.breakpoints, self.values, self.lower, self.upper)
        points, values, lower, upper = (column[:: int(sign)] for column in columns)
        until, beyond = turning_points(self.game, points, values, (lower, upper), loss)
        # Rounding must not turn the decision at the game's own amount.
        own = sign * self._own
        at_own = self._decided(np.array(abs(own)), loss)
        if points[0] <= own <= points[-1] and at_own == "operate":
            until, beyond = max(until, own), max(beyond, own)
        return sign * until, sign * beyond

    @property
    def _own(self) -> float:
        """Attacker's bandwidth, or limit, of the game itself."""
        if self.parameter == ATTACKER_BANDWIDTH:
            return self.game.attacker_bandwidth
        return float(self.game.limits[self.game.resources.index(self.parameter)])

    def regions(self, loss: float | None = None) -> tuple[Region, ...]:
        """Where to operate, where to terminate, and where neither is proven to be right.

        Parameters
        ----------
        loss : float, optional
            In loss units; the game's termination loss by default.

        Returns
        -------
        tuple of Region
            From the start of the sweep to its end; none if there is no loss.
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
        """Pictures: ``frontier.plot()``, ``frontier.plot.allocation()``."""
        return FrontierPlots(self)

    def _repr_html_(self) -> str:
        return frontier_html(self)

    def to_frame(self) -> pandas.DataFrame:
        """The pieces as a table.

        Returns
        -------
        pandas.DataFrame
            A row per piece: where it runs, its values and slope, and the level of each
            defense (over a limit, at the piece's start).
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
    """The game with a finite limit on the resource, which a sweep then varies."""
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
    """Where more of a parameter changes nothing: every threat, or every defense, runs in full."""
    if parameter == ATTACKER_BANDWIDTH:
        return float(game.bandwidth.sum())
    return float(game.use[game.resources.index(parameter)] @ game.max_level)
