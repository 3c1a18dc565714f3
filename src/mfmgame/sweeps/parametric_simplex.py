"""Walk over the attacker's bandwidth, from vertex to vertex, for `additive` games.

The defender's program is ``min B lam + sum_i max(0, v_i (1 - E_i . x) - b_i lam)`` over the
allocations ``x`` and prices ``lam >= 0``. At a vertex, as many constraints are tight as there
are unknowns: threats at the margin (neither worth running nor not), levels at their bounds,
limits that bind. While the vertex is optimal, ``x`` and ``lam`` are constant, and the
multipliers of the tight constraints (the attacker's effort on marginal threats, the prices of
limits) are linear in ``B``. The piece ends where a multiplier leaves its range: its constraint
is released, and the next constraint met along the edge replaces it. This is the parametric
simplex method [1]_, with one pivot per piece. Where several constraints are met at once, an
infinitesimal perturbation of their right-hand sides decides [2]_, so the walk cannot cycle.

The walk itself proves nothing: its caller checks all lines and proofs.

References
----------
.. [1] T. Gass, S. Saaty, "The computational algorithm for the parametric objective
   function", Naval Research Logistics Quarterly 2 (1955).
.. [2] A. Charnes, "Optimality and degeneracy in linear programming", Econometrica 20 (1952).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, IntArray, dense, product, stacked, weighted_rows

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["Walk", "walk"]


_TOUCHING = 1e-12
"""Slack of a constraint, in its own units, that counts as 0."""
_OUT_OF_RANGE = 1e-10
"""How far rounding may move a multiplier out of its range, in its own units."""
_NOTHING = 1e-14
"""Share of a threat that counts as 0."""
_SAME_PRICE = 1e-10
"""Relative difference in price below which two pieces are one piece."""
_LEAST_PIVOT = 1e-9
"""Rate below which slack counts as constant, relative to the greatest rate of an edge."""
_FRESH = 30
"""Pivots between two factorizations."""


@dataclass(frozen=True, eq=False)
class Walk:
    """Result of a walk; any number may be wrong, or the walk may end early.

    Attributes
    ----------
    points : ndarray of float, shape (n_pieces + 1,)
        Ends of the pieces, in bits.
    allocations : ndarray of float, shape (n_pieces, n_defenses)
    slopes : ndarray of float, shape (n_pieces,)
        Loss units per bit.
    plans : ndarray of float, shape (n_pieces + 1, n_threats)
        Attack plan at each point.
    limit_prices : ndarray of float, shape (n_pieces + 1, n_resources)
    """

    points: FloatArray
    allocations: FloatArray
    slopes: FloatArray
    plans: FloatArray
    limit_prices: FloatArray


def walk(game: DefenseGame, start: float, stop: float, shortest: float) -> Walk:
    """Walk along the frontier of an `additive` game.

    Parameters
    ----------
    game : DefenseGame
    start, stop : float
        Distinct bandwidths of at least 0, in bits.
    shortest : float
        Length below which a piece is ignored, relative to the piece's end.

    Returns
    -------
    Walk
    """
    with np.errstate(all="ignore"):
        try:
            return _Walker(game, start).run(stop, shortest)
        except np.linalg.LinAlgError:  # the scales differ too much to start
            return _report(game, [], [], [])


class _Walker:
    """The tight constraints, their inverse, and the slack of all other constraints.

    Constraints are numbered in order: threats, levels at 0 (the price ``lam`` the last of
    them), levels at their greatest, limits. Each is ``row . z >= side`` over ``z = (x, lam)``;
    the constraint of a threat says that it is not worth running. Levels are in units of the
    greatest level that the limits allow, threats in units of their severity.
    """

    def __init__(self, game: DefenseGame, start: float) -> None:
        self._game, self._at = game, start
        n, m = game.n_threats, game.n_defenses
        self._n, self._m = n, m
        limited = np.isfinite(game.limits) & (game.use @ game.max_level > game.limits)
        self._limited: IntArray = np.flatnonzero(limited)
        free = ~game.use.any(axis=0)
        self._unit = _level_units(game, self._limited)
        use = game.use[self._limited] * self._unit
        self._limit_unit = use.max(axis=1, initial=0.0)
        self._use = use / self._limit_unit[:, None]
        self._full = game.max_level / self._unit

        self._worth = game.severity
        running = game.severity > 0.0
        self._bits = np.divide(game.bandwidth, game.severity, out=np.zeros(n), where=running)
        limit_sides = -game.limits[self._limited] / self._limit_unit
        sides = [np.where(running, 1.0, -1.0), np.zeros(m + 1), -self._full, limit_sides]
        self._sides = np.concatenate(sides)
        self._most = np.full(len(self._sides), np.inf)
        self._most[:n] = self._worth
        # A fixed outward push of every side, except for levels that never change.
        self._fixed = (free & (self._full > 0)) | (self._full == 0)
        push = np.random.default_rng(0).uniform(0.5, 1.0, len(self._sides))
        push[n:] *= -1.0
        unmoved = np.flatnonzero(self._fixed)
        push[n + unmoved] = push[n + m + 1 + unmoved] = 0.0
        self._pushes = push
        effects = compose(game).matrix * self._unit
        levels = np.where(free, self._full, 0.0)
        left = self._sides[:n] - effects @ levels
        left[np.abs(left) <= _TOUCHING] = 0.0
        self._begin(levels, left, push[:n] - effects @ push[n : n + m])
        self._rows = _stacked(effects, self._bits, self._use)
        self._factorize()

    def _begin(self, levels: FloatArray, left: FloatArray, pushed: FloatArray) -> None:
        """Start at the vertex of the free defenses alone, against the best response to them."""
        n, m, bits = self._n, self._m, self._bits
        worth = (left > 0.0) | ((left == 0.0) & (pushed > 0.0))
        self._runs = worth & (bits == 0.0)
        paying = np.flatnonzero(worth & (bits > 0.0))
        unit = bits[paying]
        order = paying[np.lexsort((-pushed[paying] / unit, -left[paying] / unit))]
        n_full = int(np.searchsorted(np.cumsum(self._game.bandwidth[order]), self._at, "right"))
        self._runs[order[:n_full]] = True
        self._price_unit = 1.0
        tight = np.arange(n, n + m + 1)
        upper = np.flatnonzero(levels > 0)
        tight[upper] = n + m + 1 + upper
        if n_full < len(order):
            tight[m] = order[n_full]
            # Use the first price as the unit, so that the threats' rows have similar sizes.
            first = left[order[n_full]] / bits[order[n_full]]
            if first > 0.0:
                self._price_unit = first
                self._bits = bits * first
        self._tight: IntArray = tight
        self._is_tight = np.zeros(len(self._sides), dtype=bool)
        self._is_tight[tight] = True

    def _row(self, constraint: int) -> FloatArray:
        row: FloatArray = dense(self._rows[[constraint]])[0]
        return row

    def _factorize(self) -> None:
        """Recompute everything from the tight constraints."""
        rows = np.array([self._row(constraint) for constraint in self._tight.tolist()])
        self._inverse = np.linalg.inv(rows)
        exact, pushed = self._sides[self._tight], self._pushes[self._tight]
        z = self._inverse @ exact
        self._z = z + self._inverse @ (exact - rows @ z)
        self._slack = product(self._rows, self._z) - self._sides
        self._pushed_slack = product(self._rows, self._inverse @ pushed) - self._pushes
        running = np.flatnonzero(self._runs)
        # A running threat has slack on the other side of its margin.
        self._sign = np.ones(len(self._sides))
        self._sign[running] = -1.0
        self._slack *= self._sign
        self._pushed_slack *= self._sign
        self._slack[self._tight] = self._pushed_slack[self._tight] = 0.0
        self._gained = weighted_rows(self._rows[running], self._worth[running])
        self._age = 0

    def run(self, stop: float, shortest: float) -> Walk:
        """Walk until the end, or as far as possible."""
        n, m = self._n, self._m
        margin = np.full(len(self._sides), _OUT_OF_RANGE * self._worth.max(initial=0.0))
        margin[:n] = _OUT_OF_RANGE * self._worth
        margin[n + m] = _OUT_OF_RANGE * float(self._bits @ self._worth)
        most = self._most
        stays = np.zeros(len(self._sides), dtype=bool)
        fixed = np.flatnonzero(self._fixed)
        stays[n + fixed] = stays[n + m + 1 + fixed] = True

        begun: float | None = None  # start of this piece, once optimal
        points: list[float] = []
        found: list[tuple[FloatArray, float]] = []
        duals: list[tuple[FloatArray, FloatArray]] = []
        patience = stalled = 4 * (n + m) + 100
        while True:
            grows = self._inverse[m] * self._price_unit
            value = self._at * grows - self._gained @ self._inverse
            tight = self._tight
            room, slack = most[tight] - value, margin[tight]
            lacking, stay = np.minimum(value, room) / slack, stays[tight]
            lacking[stay] = np.inf
            leaving = int(np.argmin(lacking))
            if lacking[leaving] >= -1.0:
                with_growth = np.where(grows < 0.0, -value / grows, np.inf)
                np.divide(room, grows, out=with_growth, where=grows > 0.0)
                with_growth[stay] = np.inf
                step = max(0.0, float(with_growth.min()))
                # Of several constraints to release next, choose the steepest fall of the price.
                leaving = int(np.argmax(np.where(with_growth <= step, np.abs(grows), -1.0)))
                if begun is None:
                    begun = self._at
                    duals.append(self._dual(value))
                    points.append(begun)
                end = min(self._at + step, stop)
                if end - points[-1] > shortest * end or (end >= stop and not found):
                    levels, price = self._primal()
                    if found and found[-1][1] - price <= _SAME_PRICE * found[-1][1]:
                        points.pop()  # the same piece continues
                        duals.pop()
                    else:
                        found.append((levels, price))
                    points.append(end)
                    duals.append(self._dual(value + (end - self._at) * grows))
                    stalled = patience
                self._at = end
                if end >= stop:
                    break
                rises, gain = bool(grows[leaving] > 0.0), 0.0
            else:
                rises = bool(room[leaving] < value[leaving])
                gain = -float(min(value[leaving], room[leaving]))
            stalled -= 1
            if stalled < 0 or not self._pivot(leaving, rises, gain):
                break
        return _report(self._game, points, found, duals)

    def _pivot(self, place: int, rises: bool, gain: float) -> bool:
        """Exchange a tight constraint for the constraint at the end of its edge.

        Parameters
        ----------
        place : int
            Position of the released constraint among the tight constraints.
        rises : bool
            Whether the constraint is a threat that joins the attack; otherwise it gets slack.
        gain : float
            Initial gain per unit along the edge. Each threat met on the way reduces the gain, and
            the edge ends where no gain is left.

        Returns
        -------
        bool
            False if the edge has no end, or precision is lost.
        """
        leaving = int(self._tight[place])
        edge = -self._inverse[:, place] if rises else self._inverse[:, place].copy()
        rates = product(self._rows, edge)
        rates *= self._sign
        rates[self._tight] = 0.0
        closing = (rates < -_LEAST_PIVOT * np.abs(edge).max()).nonzero()[0]
        speed, slack = -rates[closing], self._slack[closing]
        crossed = closing[:0]
        if not closing.size:
            return False
        if gain > 0.0:
            order = np.lexsort((self._pushed_slack[closing] / speed, slack / speed))
            taken = np.cumsum((speed * self._most[closing])[order])
            first = int(np.searchsorted(taken, gain * (1.0 - _OUT_OF_RANGE)))
            if first == len(order):
                return False
            crossed, first = closing[order[:first]], int(order[first])
        else:
            ahead = slack <= speed * np.min((slack + _TOUCHING) / speed)
            closing, speed = closing[ahead], speed[ahead]
            if not closing.size:
                return False
            first = int(np.argmin(self._pushed_slack[closing] / speed))
        entering = int(closing[first])
        ratio = max(0.0, float(self._slack[entering] / speed[first]))
        pushed_ratio = float(self._pushed_slack[entering] / speed[first])
        rates[leaving] = 1.0
        self._z += ratio * edge
        self._slack += ratio * rates
        self._pushed_slack += pushed_ratio * rates
        self._slack[entering] = self._pushed_slack[entering] = 0.0
        self._slack[crossed] *= -1.0
        self._pushed_slack[crossed] *= -1.0
        if rises:
            crossed = np.concatenate((crossed, [leaving]))
        if entering < self._n and self._runs[entering]:
            crossed = np.concatenate((crossed, [entering]))
        if crossed.size:
            self._runs[crossed] ^= True
            self._sign[crossed] *= -1.0
            signed = np.where(self._runs[crossed], self._most[crossed], -self._most[crossed])
            self._gained += weighted_rows(self._rows[crossed], signed)
        self._tight[place] = entering
        self._is_tight[leaving], self._is_tight[entering] = False, True
        self._age += 1
        if self._age >= _FRESH:
            try:
                self._factorize()
            except np.linalg.LinAlgError:
                return False
        else:
            products = self._row(entering) @ self._inverse
            column = self._inverse[:, place] / products[place]
            products[place] -= 1.0
            self._inverse -= column[:, None] * products
        return bool(np.isfinite(self._inverse[0, 0]))

    def _primal(self) -> tuple[FloatArray, float]:
        """Return allocation and price of the vertex, levels at their bounds exactly there."""
        n, m, tight = self._n, self._m, self._tight
        rows = self._rows[tight]
        self._z += self._inverse @ (self._sides[tight] - rows @ self._z)
        levels = np.minimum(np.maximum(self._z[:m], 0.0), self._full) * self._unit
        empty, full = self._is_tight[n : n + m], self._is_tight[n + m + 1 : n + 2 * m + 1]
        levels = np.where(full, self._game.max_level, np.where(empty, 0.0, levels))
        price = float(self._z[m])
        # Effect on marginal threats of a price that is pure rounding.
        left = price * self._bits[tight[tight < n]].max(initial=0.0)
        return levels, price * self._price_unit if left > _NOTHING else 0.0

    def _dual(self, value: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return attack plan and prices of the limits from the multipliers."""
        n, m = self._n, self._m
        plan = self._runs.astype(np.float64)
        threats = self._tight < n
        marginal = self._tight[threats]
        plan[marginal] = np.minimum(np.maximum(value[threats] / self._worth[marginal], 0.0), 1.0)
        prices = np.zeros(len(self._game.resources))
        binding = self._tight > n + 2 * m
        which = self._tight[binding] - n - 2 * m - 1
        prices[self._limited[which]] = np.maximum(value[binding], 0.0) / self._limit_unit[which]
        return plan, prices


def _report(
    game: DefenseGame,
    points: list[float],
    found: list[tuple[FloatArray, float]],
    duals: list[tuple[FloatArray, FloatArray]],
) -> Walk:
    """Collect the result of a walk in arrays, all empty if the walk has no piece."""
    count = len(found)
    n_points = count + 1 if count else 0
    return Walk(
        np.array(points[:n_points]),
        np.array([levels for levels, _ in found]).reshape(count, game.n_defenses),
        np.array([price for _, price in found]),
        np.array([plan for plan, _ in duals[:n_points]]).reshape(n_points, game.n_threats),
        np.array([prices for _, prices in duals[:n_points]]).reshape(n_points, len(game.resources)),
    )


def _level_units(game: DefenseGame, limited: IntArray) -> FloatArray:
    """Compute the greatest level of each defense that the limits allow; 1 in place of 0."""
    reach = game.max_level.copy()
    for row in limited.tolist():
        using = game.use[row] > 0
        reach[using] = np.minimum(reach[using], game.limits[row] / game.use[row][using])
    units = np.where(reach > 0.0, reach, game.max_level)
    return np.where(units > 0.0, units, 1.0)


def _stacked(
    effects: FloatArray | scipy.sparse.csr_array, bits: FloatArray, use: FloatArray
) -> FloatArray | scipy.sparse.csr_array:
    """Stack the rows of all constraints, shape (n_constraints, n_defenses + 1)."""
    n_defenses = use.shape[1]
    unit = np.eye(n_defenses + 1)
    others = np.vstack((unit, -unit[:n_defenses], np.pad(-use, ((0, 0), (0, 1)))))
    return stacked([[effects, bits[:, None]], [others]])
