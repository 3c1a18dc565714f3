"""Pool of the cuts of listed paths, with the warm master program that contains them."""

from __future__ import annotations

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.game.compositions.composition import ANCHOR_GRAIN
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.solving.master_lp import Master, MasterPoint

__all__ = ["PathCuts"]

_PATIENCE, _PATIENCE_IF_MANY, _MANY = 10, 2, 2000
"""Solves that an unused cut stays in the master, also among many cuts; and how many are many."""
_SCALE_RANGE = 2.0**6
"""Change of units beyond which the master is rebuilt."""
_FAR_ABOVE = 2.0**8
"""Multiple of the value above which an exact cut teaches nothing near the value."""
_DEEPEST = 700.0


class PathCuts:
    """Cuts by path and anchor; the cuts of all paths to one loss share its surplus.

    Parameters
    ----------
    game : GraphGame
    listed : ListedPaths
        Paths to which the cuts refer.
    """

    def __init__(self, game: GraphGame, listed: ListedPaths) -> None:
        self._frame, self._listed = game.techniques, listed
        self._paths: IntArray = np.empty(0, dtype=np.intp)
        self._anchors = np.empty(0)
        self._idle: IntArray = np.empty(0, dtype=np.intp)
        self._known: set[tuple[int, float]] = set()
        self._units = (0.0, 0.0)
        self._master: Master | None = None

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, paths: IntArray, depths: FloatArray) -> int:
        """Add the cuts of paths that are exact at given depths; return the number of new cuts.

        Parameters
        ----------
        paths : ndarray of int, shape (n_given,)
            Numbers of listed paths.
        depths : ndarray of float, shape (n_given,)

        Returns
        -------
        int
        """
        anchors = np.rint(np.clip(depths, 0.0, _DEEPEST) / ANCHOR_GRAIN) * ANCHOR_GRAIN
        pairs = list(zip(paths.tolist(), anchors.tolist(), strict=True))
        new = np.array([pair not in self._known for pair in pairs], dtype=bool)
        self._known.update(pairs)
        paths, anchors = paths[new], anchors[new]
        self._paths = np.concatenate((self._paths, paths))
        self._anchors = np.concatenate((self._anchors, anchors))
        self._idle = np.concatenate((self._idle, np.zeros(len(paths), dtype=np.intp)))
        if self._master is not None:
            self._enter(self._master, paths, anchors)
        return len(paths)

    def solve(self, attacker_bandwidth: float, loss_scale: float) -> MasterPoint | None:
        """Solve the master over all cuts; return None if HiGHS finds no optimum.

        Parameters
        ----------
        attacker_bandwidth : float
            In bits.
        loss_scale : float
            Approximate value, which sets the master's units.

        Returns
        -------
        MasterPoint or None
        """
        self._prune(attacker_bandwidth, loss_scale)
        master = self._fitting_master((loss_scale, attacker_bandwidth))
        point = master.solve(attacker_bandwidth, self._frame.kept_limits, bounded=True)
        if point is not None:
            self._idle += 1
            self._idle[point.weights > 0.0] = 0
        return point

    def sharpen(self) -> MasterPoint | None:
        """Repeat the last solve with more precision; return None if that fails."""
        assert self._master is not None
        return self._master.refine()

    def dual(self, point: MasterPoint) -> Certificate:
        """Read the certificate off a point of the cuts as they are now.

        Parameters
        ----------
        point : MasterPoint

        Returns
        -------
        Certificate
            Not yet mended for rounding errors.
        """
        used = point.weights > 0.0
        return Certificate(
            self._paths[used], self._anchors[used], point.weights[used], point.limit_prices
        )

    def _fitting_master(self, units: tuple[float, float]) -> Master:
        """Return the master, rebuilt if its units do not fit the losses and bits."""
        fits = all(
            1.0 / _SCALE_RANGE < new / old < _SCALE_RANGE
            for new, old in zip(units, self._units, strict=True)
            if new > 0.0 and old > 0.0
        )
        if self._master is None or not fits:
            self._units, frame = units, self._frame
            self._master = Master(
                frame.max_level,
                frame.use,
                frame.limits,
                loss_unit=units[0],
                bandwidth_unit=units[1],
            )
            self._enter(self._master, self._paths, self._anchors)
        return self._master

    def _enter(self, master: Master, paths: IntArray, anchors: FloatArray) -> None:
        listed = self._listed
        # As multiples of the loss at the anchor, cuts keep their size however deep the anchor.
        master.add_cuts(
            np.array(listed.losses, dtype=np.intp)[paths],
            listed.severity[paths] * np.exp(-anchors),
            listed.bandwidth[paths],
            1.0 + anchors,
            listed.depths[paths],
        )

    def _prune(self, attacker_bandwidth: float, loss_scale: float) -> None:
        """Drop cuts that have long been unused or are exact far above the value, if many."""
        kept = self._idle < (_PATIENCE if len(self) <= _MANY else _PATIENCE_IF_MANY)
        if attacker_bandwidth > 0.0:
            exact_at = self._listed.severity[self._paths] * np.exp(-self._anchors)
            shares = np.maximum(self._listed.bandwidth[self._paths] / attacker_bandwidth, 1.0)
            kept &= exact_at <= _FAR_ABOVE * loss_scale * shares
        if np.count_nonzero(kept) > 0.7 * len(kept):
            return
        if self._master is not None:
            self._master.keep_cuts(kept)
        self._paths, self._anchors = self._paths[kept], self._anchors[kept]
        self._idle = self._idle[kept]
        self._known = set(zip(self._paths.tolist(), self._anchors.tolist(), strict=True))
