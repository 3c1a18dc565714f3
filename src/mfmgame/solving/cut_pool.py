"""Pool of the cuts made so far, with the warm master program that contains them.

A cut of the master belongs to a *group* of losses and is the sum of one cut per loss, for one
of the threats that cause the loss. An attacker that must cause all losses of a group with the
same effort is at most as strong as the real attacker, so any grouping gives lower bounds; where
the best response causes each group fully or not at all, the grouping costs nothing. Losses
enter alone where they are few or near the attacker's margin, and in larger groups further
away; a group is split in two where the best response causes only part of it. A master of some
hundred rows can thus represent an attack plan over a hundred thousand threats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfmgame.certificates.duality_certificate import Certificate, proved
from mfmgame.game.attacker import BestResponse
from mfmgame.game.compositions.composition import ANCHOR_GRAIN, Composition
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.solving.master_lp import Master, MasterPoint

__all__ = ["CutPool"]


_PATIENCE, _PATIENCE_WITH_GROUPS = 10, 3
"""Solves that an unused cut stays in the master; cuts of groups are dropped sooner."""
_SCALE_RANGE = 2.0**6
"""Change of units beyond which the master is rebuilt."""
_ALONE, _ALONE_IN_LARGE = 256, 1024
"""Number of threats, nearest the margin, that enter alone when many enter together; greater
where a pass over the matrix costs more than a larger master."""
_LARGE = 2**26
_GROWTH = 1.25
"""Growth of each group over the one before it."""
_ROUNDING = 1e-14
_NEGLIGIBLE = 0.01
"""A group is not split while its forgone loss is below this share of the average."""
_TERMS_AT_ONCE = 2**22


class _Attack(NamedTuple):
    """A best response by loss.

    Attributes
    ----------
    threat : ndarray of int, shape (n_losses,)
        Threat that causes the loss, or would cause it first.
    residual, bandwidth, effort : ndarray of float, shape (n_losses,)
        Of this threat; the effort is that of all threats that cause the loss.
    """

    threat: IntArray
    residual: FloatArray
    bandwidth: FloatArray
    effort: FloatArray


class CutPool:
    """Cuts by group and anchors, in a master that is built, scaled and pruned as needed.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness matrix.
    """

    def __init__(self, game: DefenseGame, composition: Composition) -> None:
        self._game = game
        self._composition = composition
        self._total_bandwidth = game.ways.total_bits
        self._group_of: IntArray = np.full(game.n_losses, -1, dtype=np.intp)
        self._every_threat: IntArray = np.arange(game.n_threats)
        self._alone = _ALONE if game.effectiveness.size < _LARGE else _ALONE_IN_LARGE
        self._n_groups = self._n_entered = 0
        # A cut is a run of threats with their anchors.
        self._cut_group: IntArray = np.empty(0, dtype=np.intp)
        self._cut_size: IntArray = np.empty(0, dtype=np.intp)
        self._threats: IntArray = np.empty(0, dtype=np.intp)
        self._anchors: FloatArray = np.empty(0)
        self._idle: IntArray = np.empty(0, dtype=np.intp)
        self._known: set[tuple[int, bytes]] = set()
        self._units = (0.0, 0.0)
        self._master: Master | None = None

    def __len__(self) -> int:
        return len(self._cut_group)

    @property
    def has_groups(self) -> bool:
        """Whether some group has more than one loss."""
        return self._n_groups < self._n_entered

    def extend(
        self,
        allocation: FloatArray,
        residual: FloatArray,
        response: BestResponse,
        point: MasterPoint | None,
        *,
        share: float = 1.0,
    ) -> int:
        """Add the cuts at an allocation that the master's last point violates.

        Parameters
        ----------
        allocation : ndarray of float, shape (n_defenses,)
        residual : ndarray of float, shape (n_threats,)
            Loss of each threat under the allocation, in loss units.
        response : BestResponse
            Best response to these losses.
        point : MasterPoint or None
            The master's last point; None adds cuts whether violated or not.
        share : float, default 1
            Besides the threats that run, add those that cost at least this share of the
            attacker's price of their bandwidth.

        Returns
        -------
        int
            Number of new cuts.
        """
        before = len(self._known)
        attack, *other_ways = self._by_loss(residual, response)
        wanted = attack.effort > 0.0
        if share < 1.0:
            worth = share * response.price * attack.bandwidth
            wanted = (attack.residual > 0.0) & (attack.residual >= worth)
        first = self._n_groups
        n_split = self._split(attack) if self.has_groups else 0
        self._enter((wanted & (self._group_of < 0)).nonzero()[0], attack)
        chosen = np.zeros(self._n_groups + 1, dtype=bool)  # the last entry: losses in no group
        chosen[self._group_of[wanted]] = True
        if point is not None:
            chosen[:first] &= self._violated(attack, point)[:first]
        self._add(chosen, allocation, attack)
        for other in other_ways:
            chosen[:] = False
            chosen[self._group_of[other.threat != attack.threat]] = True
            self._add(chosen, allocation, other)
        return len(self._known) - before + n_split

    def _by_loss(self, residual: FloatArray, response: BestResponse) -> list[_Attack]:
        """Reduce a best response to a threat for each loss; to two where two threats run."""
        bandwidth, losses = self._game.bandwidth, self._game.shared_losses
        if losses is None:
            return [_Attack(self._every_threat, residual, bandwidth, response.plan)]
        plan = response.plan
        effort = losses.total(plan)
        most = losses.most_gainful(residual - response.price * bandwidth)
        main = np.where(effort > 0.0, losses.most_gainful(plan), most)
        rest = plan.copy()
        rest[main] = 0.0
        other = losses.most_gainful(rest)
        ways = [main, np.where(rest[other] > 0.0, other, main)]
        attacks = [_Attack(way, residual[way], bandwidth[way], effort) for way in ways]
        return attacks if rest.any() else attacks[:1]

    def solve(
        self, game: DefenseGame, loss_scale: float, box: Box | None = None
    ) -> MasterPoint | None:
        """Solve the master over all cuts for the bandwidth and limits of a game.

        Parameters
        ----------
        game : DefenseGame
            The pool's game, or a game that differs in bandwidth and limits only.
        loss_scale : float
            Approximate value, which sets the master's units.
        box : tuple of two ndarrays of float, shape (n_defenses,), optional
            Least and greatest levels allowed; all levels by default.

        Returns
        -------
        MasterPoint or None
            None if HiGHS finds no optimum.
        """
        master = self._fitting_master((loss_scale, game.attacker_bandwidth), game.kept_limits)
        self._prune()
        point = master.solve(
            game.attacker_bandwidth,
            game.kept_limits,
            bounded=game.attacker_bandwidth < self._total_bandwidth,
            box=box,
        )
        if point is not None:
            self._idle += 1
            self._idle[point.weights > 0] = 0
        return point

    def sharpen(
        self, game: DefenseGame, loss_scale: float, box: Box | None = None
    ) -> MasterPoint | None:
        """Repeat the last solve of the master with more precision; return None if that fails."""
        before = self._master
        master = self._fitting_master((loss_scale, game.attacker_bandwidth), game.kept_limits)
        return master.refine() if master is before else self.solve(game, loss_scale, box)

    @property
    def singles(self) -> tuple[IntArray, FloatArray]:
        """Threats and anchors of all cuts, with group cuts taken apart."""
        return self._threats, self._anchors

    def least(
        self, direction: FloatArray, ceiling: float, levels: FloatArray, kept: NDArray[np.bool_]
    ) -> FloatArray | None:
        """Find the allocation of least ``direction . x`` whose value by the cuts is `ceiling`."""
        assert self._master is not None
        return self._master.least(direction, ceiling, levels, kept)

    def proof(self, point: MasterPoint, game: DefenseGame) -> Callable[[], Certificate]:
        """Return a function that builds the certificate from the dual of a point."""
        # The point refers to today's cuts; the pool may have changed when the function is called.
        sizes, threats, anchors = self._cut_size, self._threats, self._anchors

        def certificate() -> Certificate:
            weights = np.repeat(point.weights, sizes)
            used = weights > 0
            cuts = threats[used], anchors[used], weights[used]
            return proved(game, self._composition, Certificate(*cuts, point.limit_prices))

        return certificate

    def _enter(self, losses: IntArray, attack: _Attack) -> None:
        """Group new losses by their distance from the attacker's margin."""
        n_new = len(losses)
        if not n_new:
            return
        self._n_entered += n_new
        if n_new > self._alone:
            with np.errstate(divide="ignore"):
                ratio = attack.residual[losses] / attack.bandwidth[losses]
            losses = losses[np.argsort(ratio, kind="stable")]
        sizes = [1] * min(n_new, self._alone)
        left, size = n_new - len(sizes), 1.0
        while left > 0:
            size = min(size * _GROWTH + 1.0, left)
            sizes.append(int(size))
            left -= int(size)
        self._group_of[losses] = self._n_groups + np.repeat(np.arange(len(sizes)), sizes)
        self._n_groups += len(sizes)

    def _split(self, attack: _Attack) -> int:
        """Split the groups whose losses an attack causes unequally; return their number."""
        _, residual, bandwidth, plan = attack
        used, whole = self._by_group(plan * bandwidth), self._by_group(bandwidth)
        effort = np.divide(used, whole, out=np.ones_like(whole), where=whole > 0.0)
        caused = self._by_group(plan * residual)
        # Loss that one common effort of the same bandwidth cannot cause, up to rounding.
        forgone = caused - effort * self._by_group(residual)
        forgone[forgone <= _ROUNDING * caused] = 0.0
        mixed = forgone > _NEGLIGIBLE * forgone.sum() / max(1, np.count_nonzero(forgone))
        n_split = int(mixed.sum())
        if not n_split:
            return 0
        half = np.full(self._n_groups, -1, dtype=np.intp)
        half[mixed] = self._n_groups + np.arange(n_split)
        members = np.flatnonzero(np.append(mixed, False)[self._group_of])
        leaving = members[plan[members] > effort[self._group_of[members]]]
        self._group_of[leaving] = half[self._group_of[leaving]]
        self._n_groups += n_split

        old = mixed[self._cut_group]
        if not old.any():
            return n_split
        belongs = np.repeat(old, self._cut_size)
        cut = np.repeat(np.arange(len(old)), self._cut_size)[belongs]
        threats, anchors = self._threats[belongs], self._anchors[belongs]
        self._keep(~old)
        group = self._group_of[self._game.losses_of(threats)]
        order = np.lexsort((group, cut))
        threats, anchors, cut, group = threats[order], anchors[order], cut[order], group[order]
        starts = np.flatnonzero(np.append(True, (np.diff(cut) != 0) | (np.diff(group) != 0)))
        groups, sizes = group[starts], np.diff(np.append(starts, len(threats)))
        self._known.update(self._keys(groups, threats, anchors, sizes))
        self._append(groups, threats, anchors, sizes)
        return n_split

    def _violated(self, attack: _Attack, point: MasterPoint) -> NDArray[np.bool_]:
        """Mark the groups that cost more than the master's last point allows."""
        assert self._master is not None
        allowed = point.price * self._by_group(attack.bandwidth)
        # Groups that entered after the point was found have no surplus there.
        allowed[self._master.entered[: len(point.surplus)]] += point.surplus
        return np.asarray(self._by_group(attack.residual) > allowed, dtype=bool)

    def _by_group(self, numbers: FloatArray) -> FloatArray:
        """Sum numbers of losses by group, shape (n_groups,)."""
        sums = np.bincount(self._group_of + 1, weights=numbers, minlength=self._n_groups + 1)
        return sums[1:].astype(np.float64, copy=False)

    def _add(self, chosen: NDArray[np.bool_], allocation: FloatArray, attack: _Attack) -> None:
        """Add the cuts of the chosen groups that are exact at an allocation, if new."""
        groups, losses = chosen.nonzero()[0], chosen[self._group_of].nonzero()[0]
        losses = losses[self._group_of[losses].argsort(kind="stable")]
        sizes = np.bincount(self._group_of[losses], minlength=self._n_groups)[groups]
        threats = attack.threat[losses]
        anchors = self._composition.anchors(threats, allocation)
        keys = self._keys(groups, threats, anchors, sizes)
        new = np.array([key not in self._known for key in keys], dtype=bool)
        belongs = np.repeat(new, sizes)
        self._known.update(keys)
        self._append(groups[new], threats[belongs], anchors[belongs], sizes[new])

    def _keys(
        self, groups: IntArray, threats: IntArray, anchors: FloatArray, sizes: IntArray
    ) -> list[tuple[int, bytes]]:
        grains = np.rint(anchors / ANCHOR_GRAIN)
        size = grains.itemsize
        if self._game.shared_losses is not None:  # the group alone does not tell the threats
            grains, size = np.column_stack((grains, threats)), 2 * size
        ends = size * sizes.cumsum()
        starts = ends - size * sizes
        code, cuts = grains.tobytes(), (groups.tolist(), starts.tolist(), ends.tolist())
        return [(group, code[start:end]) for group, start, end in zip(*cuts, strict=True)]

    def _append(
        self, groups: IntArray, threats: IntArray, anchors: FloatArray, sizes: IntArray
    ) -> None:
        if not len(groups):
            return
        self._cut_group = np.concatenate((self._cut_group, groups))
        self._cut_size = np.concatenate((self._cut_size, sizes))
        self._threats = np.concatenate((self._threats, threats))
        self._anchors = np.concatenate((self._anchors, anchors))
        self._idle = np.concatenate((self._idle, np.zeros(len(sizes), dtype=np.intp)))
        if self._master is not None:
            self._enter_master(groups, threats, anchors, sizes)

    def _fitting_master(self, units: tuple[float, float], limits: FloatArray) -> Master:
        """Return the master, rebuilt if its units do not fit the losses, bits and limits."""
        fits = self._master is not None and self._master.fits(limits)
        fits = fits and all(
            1.0 / _SCALE_RANGE < new / old < _SCALE_RANGE
            for new, old in zip(units, self._units, strict=True)
            if new > 0 and old > 0
        )
        if self._master is None or not fits:
            game = self._game
            self._units = units
            self._master = Master(
                game.max_level, game.use, limits, loss_unit=units[0], bandwidth_unit=units[1]
            )
            self._enter_master(self._cut_group, self._threats, self._anchors, self._cut_size)
        return self._master

    def _enter_master(
        self, groups: IntArray, threats: IntArray, anchors: FloatArray, sizes: IntArray
    ) -> None:
        """Enter into the master the summed cuts of each run of threats."""
        assert self._master is not None
        game = self._game
        if len(threats) == len(sizes):  # each run is a single threat
            constants, gradients = self._composition.cuts(threats, anchors)
            severity, bandwidth = game.severity[threats], game.bandwidth[threats]
            self._master.add_cuts(groups, severity, bandwidth, constants, gradients)
            return
        n_cuts = len(sizes)
        cut = np.repeat(np.arange(n_cuts), sizes)
        severity, bandwidth = (
            np.bincount(cut, weights=numbers[threats], minlength=n_cuts).astype(np.float64)
            for numbers in (game.severity, game.bandwidth)
        )
        share = game.severity[threats] / severity[cut]
        constants, gradients = np.zeros(n_cuts), np.zeros((n_cuts, game.n_defenses))
        step = max(1, _TERMS_AT_ONCE // max(1, game.n_defenses))
        for start in range(0, len(threats), step):
            part = slice(start, start + step)
            some_constants, some_gradients = self._composition.cuts(threats[part], anchors[part])
            first = np.flatnonzero(np.append(True, np.diff(cut[part])))
            into = cut[part][first]
            some_gradients *= share[part, None]
            constants[into] += np.add.reduceat(some_constants * share[part], first)
            gradients[into] += np.add.reduceat(some_gradients, first)
        self._master.add_cuts(groups, severity, bandwidth, constants, gradients)

    def _prune(self) -> None:
        """Drop cuts that have long been unused, once there are many cuts."""
        kept = self._idle < (_PATIENCE_WITH_GROUPS if self.has_groups else _PATIENCE)
        if np.count_nonzero(kept) <= 0.7 * len(kept):
            self._keep(kept)

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        """Drop every cut but the marked ones, shape (n_cuts,)."""
        if self._master is not None:
            self._master.keep_cuts(kept)
        belongs = np.repeat(kept, self._cut_size)
        self._threats, self._anchors = self._threats[belongs], self._anchors[belongs]
        self._cut_group, self._cut_size = self._cut_group[kept], self._cut_size[kept]
        self._idle = self._idle[kept]
        self._known = set(self._keys(self._cut_group, self._threats, self._anchors, self._cut_size))
