"""Master linear program over the cuts made so far.

    minimise    B lam + sum_g mu[g]
    subject to  lam b[i] + mu[g] + gradient_k . x >= constant_k   for each cut k of a threat i
                                                                  that causes the loss g
                use x <= limits,  0 <= x <= max_level,  lam >= 0,  mu >= 0

The tolerances of HiGHS are absolute, so the program is passed in units in which they are
small: losses in units of the expected value, bandwidth in units of the attacker's, levels in
units of their own upper bound. The units are powers of two: scaling causes no rounding.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from mfmgame.game.feasibility import can_run, reachable_levels
from mfmgame.game.level_rules import Box
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.highs import (
    LEAST_PATIENCE,
    OPTIONS,
    STEEPEST,
    WIDEST,
    add_rows,
    check,
    new_highs,
    power_of_two,
    powers_of_two,
    set_options,
)

__all__ = ["Master", "MasterPoint"]


_SECOND_TRIES: tuple[dict[str, bool | int | float | str], ...] = (
    {},
    {"primal_feasibility_tolerance": 1e-7, "dual_feasibility_tolerance": 1e-7},
    {"presolve": "on", "primal_feasibility_tolerance": 1e-7, "dual_feasibility_tolerance": 1e-7},
    {"solver": "ipm", "primal_feasibility_tolerance": 1e-7, "dual_feasibility_tolerance": 1e-7},
)
"""Options tried after a failed warm start: from scratch, then looser, as proofs check results."""
_NARROWEST = 2.0**-28
"""Least coefficient of the price in a row: HiGHS drops coefficients below 1e-9."""
_REFUSED = 2.0**49
"""Coefficient that HiGHS does not refuse, close to the greatest."""
_FINEST = 2.0**-28
"""Least unit of a level relative to its range: in smaller units HiGHS sees no coverage."""
_REACH_RANGE = 2.0**20
"""Change of a reachable level beyond which the units are changed."""
_GREATEST_MAGNIFICATION = 2.0**40
_FINER_COST = 2.0**20


class MasterPoint(NamedTuple):
    """An optimal point of the master and its dual, in the game's units.

    Attributes
    ----------
    allocation : ndarray of float, shape (n_defenses,)
    price : float
        ``lam``: loss units per bit of the attacker's bandwidth.
    surplus : ndarray of float, shape (n_entered,)
        ``mu`` of each column that the cuts name, in order of entry.
    weights : ndarray of float, shape (n_cuts,)
        Dual of each cut: an effort of its threat.
    limit_prices : ndarray of float, shape (n_resources,)
        Loss units saved by one more unit of each resource.
    """

    allocation: FloatArray
    price: float
    surplus: FloatArray
    weights: FloatArray
    limit_prices: FloatArray


class Master:
    """A warm HiGHS model that grows by arrays of cuts.

    Parameters
    ----------
    max_level : ndarray of float, shape (n_defenses,)
    use : ndarray of float, shape (n_resources, n_defenses)
    limits : ndarray of float, shape (n_resources,)
        At least 0; infinite for a resource without limit.
    loss_unit : float
        Approximate value, in loss units.
    bandwidth_unit : float
        Approximate bandwidth of the attacker, in bits.
    """

    def __init__(
        self,
        max_level: FloatArray,
        use: FloatArray,
        limits: FloatArray,
        *,
        loss_unit: float,
        bandwidth_unit: float,
    ) -> None:
        self._loss_unit = power_of_two(loss_unit)
        self._bandwidth_unit = power_of_two(bandwidth_unit)
        self._n_defenses = n_defenses = len(max_level)
        self._n_resources = len(limits)
        self._max_level, self._use = max_level, use
        self._reach = reach = reachable_levels(max_level, use, limits)
        self._runs = can_run(max_level, reach)
        unit = np.maximum(np.minimum(reach, 1.0), _FINEST * np.minimum(max_level, 1.0))
        self._level_unit = powers_of_two(np.where(self._runs, unit, 1.0))
        self._limited = np.flatnonzero(np.isfinite(limits) & (n_defenses > 0))
        # Scale a row by the defenses that can run, not by defenses that cannot.
        using = np.where(self._runs, use[self._limited], 0.0)
        self._limit_unit = powers_of_two((using * reach).max(axis=1, initial=0.0))
        rows = using * (self._level_unit / self._limit_unit[:, None])

        self._rows = rows  # over the levels: limits first, then cuts
        self._row_lower = np.full(len(rows), -np.inf)
        self._row_upper = np.empty(len(rows))
        self._set_limits(limits)
        self._cut_unit = np.empty(0)
        self._cut_bandwidth = np.empty(0)
        self._cut_column = np.empty(0, dtype=np.intp)
        self._column_of: IntArray = np.empty(0, dtype=np.intp)
        self._entered: IntArray = np.empty(0, dtype=np.intp)
        self._cost = np.zeros(n_defenses + 1)
        top = np.where(self._runs, max_level, 0.0) / self._level_unit
        self._least, self._greatest = np.zeros(n_defenses), top
        self._column_upper = np.append(top, np.inf)
        self._surplus_unit = np.empty(0)

        self._highs = new_highs()
        count = n_defenses + 1
        self._highs.addCols(count, self._cost, np.zeros(count), self._column_upper, 0, [], [], [])
        columns = np.empty(rows.shape, dtype=np.int32)
        columns[:] = np.arange(n_defenses)
        add_rows(self._highs, rows, columns, self._row_lower, self._row_upper)

    @property
    def entered(self) -> IntArray:
        """Losses, or groups of them, in order of entry, as in a point's surplus."""
        return self._entered

    def fits(self, limits: FloatArray) -> bool:
        """Check whether the units of the levels suit other limits, shape (n_resources,)."""
        reach = reachable_levels(self._max_level, self._use, limits)
        runs = can_run(self._max_level, reach)
        if not np.array_equal(runs, self._runs):
            return False
        change = reach[runs] / self._reach[runs]
        return bool(np.all((change < _REACH_RANGE) & (change > 1.0 / _REACH_RANGE)))

    def add_cuts(
        self,
        losses: IntArray,
        severity: FloatArray,
        bandwidth: FloatArray,
        constants: FloatArray,
        gradients: FloatArray,
    ) -> None:
        """Add cuts ``loss >= severity (constant - gradient . x)``.

        Parameters
        ----------
        losses : ndarray of int, shape (n_new,)
            Loss, or group of losses, of each cut: the cuts of one share its surplus.
        severity, bandwidth, constants : ndarray of float, shape (n_new,)
        gradients : ndarray of float, shape (n_new, n_defenses)
        """
        relative = severity / self._loss_unit
        width = bandwidth / self._bandwidth_unit
        # Scale a row by its severity, unless its price would leave the range of HiGHS.
        ranged = np.minimum(np.maximum(relative, width / WIDEST), width / _NARROWEST)
        unit = np.where(width > 0, ranged, relative)
        unit = powers_of_two(np.maximum(unit, relative / STEEPEST))
        column = self._enter(losses, unit)
        # The cuts of one column may be of threats of very different size.
        own = self._surplus_unit[column]
        unit = np.clip(unit, own / STEEPEST, own / _NARROWEST)
        unit = powers_of_two(np.maximum(unit, np.maximum(relative, width) / _REFUSED))
        relative = relative / unit
        width = width / unit
        rows = gradients * np.where(self._runs, self._level_unit, 0.0) * relative[:, None]
        lower, upper = constants * relative, np.full(len(losses), np.inf)

        n_defenses = self._n_defenses
        entries = np.empty((len(losses), n_defenses + 2))
        columns = np.empty(entries.shape, dtype=np.int32)
        entries[:, :n_defenses], columns[:, :-1] = rows, np.arange(n_defenses + 1)
        entries[:, -2] = width
        entries[:, -1], columns[:, -1] = own / unit, n_defenses + 1 + column
        add_rows(self._highs, entries, columns, lower, upper)

        self._rows = np.concatenate((self._rows, rows))
        self._row_lower = np.concatenate((self._row_lower, lower))
        self._row_upper = np.concatenate((self._row_upper, upper))
        self._cut_unit = np.concatenate((self._cut_unit, unit))
        self._cut_bandwidth = np.concatenate((self._cut_bandwidth, width))
        self._cut_column = np.concatenate((self._cut_column, column))

    def keep_cuts(self, kept: NDArray[np.bool_]) -> None:
        """Drop every cut but the marked ones, shape (n_cuts,)."""
        n_limits = len(self._limited)
        rows = np.append(np.ones(n_limits, dtype=bool), kept)
        dropped = np.flatnonzero(~rows).astype(np.int32)
        check(self._highs.deleteRows(len(dropped), dropped))
        self._rows = self._rows[rows]
        self._row_lower = self._row_lower[rows]
        self._row_upper = self._row_upper[rows]
        self._cut_unit = self._cut_unit[kept]
        self._cut_bandwidth = self._cut_bandwidth[kept]
        self._cut_column = self._cut_column[kept]

    def solve(
        self,
        attacker_bandwidth: float,
        limits: FloatArray,
        *,
        bounded: bool,
        box: Box | None = None,
    ) -> MasterPoint | None:
        """Find the optimum for a bandwidth and limits, starting from the last basis.

        Parameters
        ----------
        attacker_bandwidth : float
            In bits.
        limits : ndarray of float, shape (n_resources,)
            Finite for the same resources as in the constructor.
        bounded : bool
            Whether bandwidth constrains the attacker at all; if not, it has no price.
        box : tuple of two ndarrays of float, shape (n_defenses,), optional
            Least and greatest levels allowed, within the levels' own range.

        Returns
        -------
        MasterPoint or None
            None if HiGHS finds no optimum.
        """
        price_column = self._n_defenses
        cost, most = attacker_bandwidth / self._bandwidth_unit, math.inf if bounded else 0.0
        self._cost[price_column], self._column_upper[price_column] = cost, most
        self._highs.changeColCost(price_column, cost)
        self._highs.changeColBounds(price_column, 0.0, most)
        self._set_limits(limits)
        for row, upper in enumerate(self._row_upper[: len(self._limited)].tolist()):
            self._highs.changeRowBounds(row, -math.inf, upper)
        top = self._column_upper[: self._n_defenses]
        self._least, self._greatest = np.zeros_like(top), top
        if box is not None:
            self._least, greatest = (bound / self._level_unit for bound in box)
            self._greatest = np.minimum(greatest, top)
            self._set_levels(self._least, self._greatest)
        optimum = self._run()
        if box is not None:
            self._set_levels(np.zeros_like(top), top)
        if optimum is None:
            return None
        self._primal, self._dual = optimum
        return self._point()

    def refine(self) -> MasterPoint | None:
        """Sharpen the last optimum by one round of iterative refinement.

        The same program, in the same box, is solved for a correction to the last point. The
        units make the error of the last point about 1, and scale the costs up by as much
        relative to HiGHS's tolerance [1]_.

        Returns
        -------
        MasterPoint or None
            None if HiGHS finds no optimum of the refined program.

        References
        ----------
        .. [1] A. M. Gleixner, D. E. Steffy, K. Wolter, "Iterative refinement for linear
           programming", INFORMS Journal on Computing 28 (2016).
        """
        primal = self._primal
        reach = self._activity(primal)
        row_lower, row_upper = self._row_lower - reach, self._row_upper - reach
        lower, upper = -primal, self._column_upper - primal
        lower[: self._n_defenses] += self._least
        upper[: self._n_defenses] = self._greatest - primal[: self._n_defenses]
        error = max(
            float(bound.max(initial=0.0)) for bound in (row_lower, -row_upper, lower, -upper)
        )
        stretch = min(power_of_two(1.0 / max(error, 1e-300)), _GREATEST_MAGNIFICATION)
        with np.errstate(over="ignore"):  # an overflow to infinity means no bound
            bounds = [bound * stretch for bound in (lower, upper, row_lower, row_upper)]
        self._load(self._cost * _FINER_COST, *bounds)
        optimum = self._run()
        zeros = np.zeros_like(self._cost)
        self._load(self._cost, zeros, self._column_upper, self._row_lower, self._row_upper)
        if optimum is None:
            return None
        step, dual = optimum
        self._primal, self._dual = primal + step / stretch, dual / _FINER_COST
        return self._point()

    def least(
        self, direction: FloatArray, ceiling: float, levels: FloatArray, kept: NDArray[np.bool_]
    ) -> FloatArray | None:
        """Find the allocation of least ``direction . x`` among those whose value stays low.

        Parameters
        ----------
        direction : ndarray of float, shape (n_defenses,)
            Linear function of the levels to minimize.
        ceiling : float
            Greatest value of the allocation by the cuts made so far, in loss units, at the
            bandwidth and limits of the last solve.
        levels : ndarray of float, shape (n_defenses,)
        kept : ndarray of bool, shape (n_defenses,)
            Defenses that keep their level.

        Returns
        -------
        ndarray of float, shape (n_defenses,), or None
            None if HiGHS finds no optimum.
        """
        columns = np.arange(len(self._cost), dtype=np.int32)
        paid = columns[self._cost != 0.0]
        fixed = columns[: self._n_defenses][kept]
        at = (levels / self._level_unit)[kept]
        # Ignore defenses that cannot move: a huge price of theirs would hide all others.
        moves = ~kept & (self._column_upper[: self._n_defenses] > 0.0)
        towards = np.where(moves, direction * self._level_unit, 0.0)
        cost = np.zeros_like(self._cost)
        cost[: self._n_defenses] = towards / (np.abs(towards).max(initial=0.0) or 1.0)
        top = np.array([ceiling / self._loss_unit])
        starts = np.zeros(1, dtype=np.int32)

        highs, basis = self._highs, self._highs.getBasis()
        refused = highspy.HighsStatus.kError
        below = np.full(1, -np.inf)
        if highs.addRows(1, below, top, len(paid), starts, paid, self._cost[paid]) == refused:
            return None
        statuses = [
            highs.changeColsCost(len(cost), columns, cost),
            highs.changeColsBounds(len(fixed), fixed, at, at),
        ]
        optimum = None if refused in statuses else self._run(insist=False)
        upper = self._column_upper[fixed]
        check(highs.deleteRows(1, np.array([len(self._row_lower)], dtype=np.int32)))
        check(highs.changeColsCost(len(cost), columns, self._cost))
        check(highs.changeColsBounds(len(fixed), fixed, np.zeros_like(at), upper))
        highs.setBasis(basis)
        if optimum is None:
            return None
        return np.clip(optimum[0], 0.0, self._column_upper)[: self._n_defenses] * self._level_unit

    def _enter(self, losses: IntArray, unit: FloatArray) -> IntArray:
        """Return the surplus column of every cut, adding missing columns."""
        missing = int(losses.max(initial=-1)) + 1 - len(self._column_of)
        if missing > 0:
            self._column_of = np.concatenate((self._column_of, np.full(missing, -1)))
        column = self._column_of[losses]
        if (column < 0).any():
            new, first = np.unique(losses[column < 0], return_index=True)
            cost = unit[column < 0][first]
            none, upper = np.zeros(len(new)), np.full(len(new), np.inf)
            check(self._highs.addCols(len(new), cost, none, upper, 0, [], [], []))
            self._column_of[new] = len(self._entered) + np.arange(len(new))
            self._entered = np.concatenate((self._entered, new))
            self._cost = np.concatenate((self._cost, cost))
            self._column_upper = np.concatenate((self._column_upper, upper))
            self._surplus_unit = np.concatenate((self._surplus_unit, cost))
            column = self._column_of[losses]
        return column

    def _set_levels(self, least: FloatArray, greatest: FloatArray) -> None:
        levels = np.arange(self._n_defenses, dtype=np.int32)
        check(self._highs.changeColsBounds(len(levels), levels, least, greatest))

    def _set_limits(self, limits: FloatArray) -> None:
        self._row_upper[: len(self._limited)] = limits[self._limited] / self._limit_unit

    def _run(self, *, insist: bool = True) -> tuple[FloatArray, FloatArray] | None:
        """Return optimal columns and row duals; None if every attempt of HiGHS fails."""
        # A program of this size needs fewer iterations, unless the solver cycles.
        patience = LEAST_PATIENCE + 20 * (len(self._cost) + len(self._row_lower))
        self._highs.setOptionValue("simplex_iteration_limit", patience)
        self._highs.run()
        for options in _SECOND_TRIES if insist else ():
            if self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                break
            self._highs.clearSolver()
            set_options(self._highs, options)
            self._highs.run()
            set_options(self._highs, OPTIONS)
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        return np.array(solution.col_value), np.array(solution.row_dual)

    def _point(self) -> MasterPoint:
        levels = np.minimum(np.maximum(self._primal, 0.0), self._column_upper)
        n_defenses, n_limits = self._n_defenses, len(self._limited)
        limit_prices = np.zeros(self._n_resources)
        limit_prices[self._limited] = (
            np.maximum(-self._dual[:n_limits], 0.0) * self._loss_unit / self._limit_unit
        )
        return MasterPoint(
            allocation=levels[:n_defenses] * self._level_unit,
            price=float(levels[n_defenses] * self._loss_unit / self._bandwidth_unit),
            surplus=levels[n_defenses + 1 :] * self._surplus_unit * self._loss_unit,
            weights=np.maximum(self._dual[n_limits:], 0.0) / self._cut_unit,
            limit_prices=limit_prices,
        )

    def _activity(self, columns: FloatArray) -> FloatArray:
        """Compute the value of every row at a point, shape (n_rows,)."""
        n_defenses, n_limits = self._n_defenses, len(self._limited)
        reach = self._rows @ columns[:n_defenses]
        surplus = (self._surplus_unit * columns[n_defenses + 1 :])[self._cut_column]
        reach[n_limits:] += self._cut_bandwidth * columns[n_defenses] + surplus / self._cut_unit
        return reach

    def _load(
        self,
        cost: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        row_lower: FloatArray,
        row_upper: FloatArray,
    ) -> None:
        columns = np.arange(len(cost), dtype=np.int32)
        rows = np.arange(len(row_lower), dtype=np.int32)
        check(self._highs.changeColsCost(len(cost), columns, cost))
        check(self._highs.changeColsBounds(len(cost), columns, lower, upper))
        # Missing from highspy's type stubs.
        change_rows = self._highs.changeRowsBounds  # type: ignore[attr-defined]
        check(change_rows(len(rows), rows, row_lower, row_upper))
