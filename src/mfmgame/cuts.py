"""The cuts made so far, and the warm master program that they stand in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfmgame.certificate import Certificate, scaled_to_plan
from mfmgame.compositions import Composition
from mfmgame.game import DefenseGame
from mfmgame.master import Master, MasterPoint

__all__ = ["CutPool"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_PATIENCE = 10
"""Solves that a cut stays in the master without being used."""
_ANCHOR_GRAIN = 2.0**-26
"""Anchors closer than this make the same cut, to the last digit or so."""
_SCALE_RANGE = 2.0**6
"""A master in units this far off is made anew in better ones."""


class CutPool:
    """Cuts by threat and anchor, in a master that is made, scaled and pruned as needed.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    """

    def __init__(self, game: DefenseGame, composition: Composition) -> None:
        self._game = game
        self._composition = composition
        self._total_bandwidth = float(game.bandwidth.sum())
        self._threats: IntArray = np.empty(0, dtype=np.intp)
        self._anchors: FloatArray = np.empty(0)
        self._idle: IntArray = np.empty(0, dtype=np.intp)
        self._known: set[tuple[int, int]] = set()
        self._units = (0.0, 0.0)
        self._master: Master | None = None

    def __len__(self) -> int:
        return len(self._threats)

    def allowed(self, point: MasterPoint) -> FloatArray:
        """Loss that the master's last point allows each threat, shape (n_threats,)."""
        assert self._master is not None
        allowed = point.price * self._game.bandwidth
        allowed[self._master.entered] += point.surplus
        return allowed

    def add(self, threats: IntArray, allocation: FloatArray) -> int:
        """Add the cuts of some threats that are exact at an allocation.

        Returns
        -------
        int
            How many of them are new.
        """
        anchors = self._composition.anchors(threats, allocation)
        keys = list(zip(threats.tolist(), np.rint(anchors / _ANCHOR_GRAIN).tolist(), strict=True))
        new = np.array([key not in self._known for key in keys], dtype=bool)
        if not new.any():
            return 0
        self._known.update(key for key, is_new in zip(keys, new, strict=True) if is_new)
        self._append(threats[new], anchors[new])
        return int(new.sum())

    def solve(self, game: DefenseGame, loss_scale: float) -> MasterPoint | None:
        """Solve the master over all cuts for what both sides of a game can spend.

        Parameters
        ----------
        game : DefenseGame
            The pool's game, or one that differs in bandwidth and limits only.
        loss_scale : float
            About the value, for the master's units.

        Returns
        -------
        MasterPoint or None
            None if HiGHS finds no optimum.
        """
        master = self._fitting_master((loss_scale, game.attacker_bandwidth))
        self._prune(master)
        point = master.solve(
            game.attacker_bandwidth,
            game.limits,
            bounded=game.attacker_bandwidth < self._total_bandwidth,
        )
        if point is not None:
            self._idle = np.where(point.weights > 0, 0, self._idle + 1)
        return point

    def sharpen(self, game: DefenseGame, loss_scale: float) -> MasterPoint | None:
        """Solve the master again, more precisely; None if that fails."""
        before = self._master
        master = self._fitting_master((loss_scale, game.attacker_bandwidth))
        return master.refine() if master is before else self.solve(game, loss_scale)

    def least(
        self, direction: FloatArray, ceiling: float, levels: FloatArray, kept: NDArray[np.bool_]
    ) -> FloatArray | None:
        """Allocation of least ``direction . x`` that the cuts allow a value of `ceiling`."""
        assert self._master is not None
        return self._master.least(direction, ceiling, levels, kept)

    def certificate(self, point: MasterPoint, game: DefenseGame) -> Certificate:
        """The proof that a point's dual gives, for the game with its attacker."""
        used = point.weights > 0
        return scaled_to_plan(
            game,
            Certificate(
                self._threats[used], self._anchors[used], point.weights[used], point.limit_prices
            ),
        )

    def _append(self, threats: IntArray, anchors: FloatArray) -> None:
        self._threats = np.append(self._threats, threats)
        self._anchors = np.append(self._anchors, anchors)
        self._idle = np.append(self._idle, np.zeros(len(threats), dtype=np.intp))
        if self._master is not None:
            self._enter_master(threats, anchors)

    def _fitting_master(self, units: tuple[float, float]) -> Master:
        """The master, made anew if its units of loss and bandwidth are far off these."""
        fits = self._master is not None and all(
            1.0 / _SCALE_RANGE < new / old < _SCALE_RANGE
            for new, old in zip(units, self._units, strict=True)
            if new > 0 and old > 0
        )
        if self._master is None or not fits:
            game = self._game
            self._units = units
            self._master = Master(
                game.max_level, game.use, game.limits, loss_unit=units[0], bandwidth_unit=units[1]
            )
            self._enter_master(self._threats, self._anchors)
        return self._master

    def _enter_master(self, threats: IntArray, anchors: FloatArray) -> None:
        assert self._master is not None
        constants, gradients = self._composition.cuts(threats, anchors)
        self._master.add_cuts(
            threats,
            self._game.severity[threats],
            self._game.bandwidth[threats],
            constants,
            gradients,
        )

    def _prune(self, master: Master) -> None:
        """Drop the cuts long unused, once they are many."""
        kept = self._idle < _PATIENCE
        if kept.sum() > 0.7 * len(kept):
            return
        master.keep_cuts(kept)
        self._threats, self._anchors = self._threats[kept], self._anchors[kept]
        self._idle = self._idle[kept]
        grains = np.rint(self._anchors / _ANCHOR_GRAIN).tolist()
        self._known = set(zip(self._threats.tolist(), grains, strict=True))
