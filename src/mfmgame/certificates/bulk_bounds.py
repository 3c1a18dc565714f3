"""Bounds of many allocations and many attack plans of an `additive` game at once.

The same sums as in :mod:`mfmgame.certificates.duality_certificate`, by products of whole matrices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfmgame.certificates.duality_certificate import (
    Certificate,
    lower_bound,
    trivial_certificate,
    upper_bound,
    with_least_prices,
)
from mfmgame.game.compositions import compose
from mfmgame.game.feasibility import idle_defenses
from mfmgame.game.game import DefenseGame
from mfmgame.numerics.arrays import FloatArray, is_sparse
from mfmgame.numerics.exact_arithmetic import (
    WIDE_EPS,
    product_in_blocks,
    rounded_down,
    rounded_up,
    split_product,
    wide,
)

__all__ = ["proven_bases", "proven_plans"]


_FAINT = 1e-6
"""Exposure below which rounding of the coverage matters, so that allocations are bounded one by
one."""
_MOST_ENTRIES, _ENTRIES_AT_ONCE = 2**20, 2**20
_WIDE_AT_ONCE = 2**14
"""Number of wide floats that fits a fast cache."""
_FAR = 1e100
"""Magnitude above which, or below whose inverse, products may over- or underflow."""
_FEW = 2.0**-50
_TINY = 2.0**-1000


def proven_bases(game: DefenseGame, allocations: FloatArray, prices: FloatArray) -> FloatArray:
    """Bound the loss at bandwidth 0 if each bit of bandwidth adds its price.

    Parameters
    ----------
    game : DefenseGame
        Game whose coverage is a sum, as with `additive`.
    allocations : ndarray of float, shape (n_lines, n_defenses)
        Within the limits.
    prices : ndarray of float, shape (n_lines,)
        At least 0, in loss units per bit.

    Returns
    -------
    ndarray of float, shape (n_lines,)
        In loss units; rounding errors included on the safe side.
    """
    composition, origin = compose(game), game.with_attacker_bandwidth(0.0)
    bases = np.empty(len(prices))
    alone = np.ones(len(prices), dtype=bool)
    step = max(1, _ENTRIES_AT_ONCE // max(1, game.n_threats))
    for start in range(0, len(prices) if _is_plain(game) else 0, step):
        part = slice(start, start + step)
        bases[part], alone[part] = _excess(game, allocations[part], prices[part])
    for line in np.flatnonzero(alone).tolist():
        bases[line] = upper_bound(origin, composition, allocations[line], float(prices[line]))
    return bases


def _excess(
    game: DefenseGame, allocations: FloatArray, prices: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Compute the bases, and tell which include threats too faint for a sharp bound."""
    high, low, error = split_product(compose(game).matrix, allocations.T)
    severity, bandwidth = wide(game.severity)[:, None], wide(game.bandwidth)[:, None]
    cheaper = wide(prices) * (1.0 - 4.0 * wide(WIDE_EPS))
    # In float64: rounding these small numbers loses less than the 4 wide roundings.
    rest = error + 4.0 * WIDE_EPS - low
    covered = high > 1.0 - 2.0 * _FAINT
    rounding = (game.n_threats + 8) * WIDE_EPS
    bases, faint = np.empty(len(prices)), np.empty(len(prices), dtype=bool)
    step = max(1, _WIDE_AT_ONCE // max(1, game.n_threats))
    for start in range(0, len(prices), step):
        part = slice(start, start + step)
        excess = np.subtract(1.0, high[:, part], dtype=np.longdouble)
        excess += rest[:, part]
        excess *= severity
        excess -= bandwidth * cheaper[part]
        np.maximum(excess, 0.0, out=excess)
        doubtful = covered[:, part]
        faint[part] = np.any(doubtful & (excess > 0.0), axis=0) if doubtful.any() else False
        totals = excess.sum(axis=0)
        bases[part] = [rounded_up(total) for total in totals + totals * rounding]
    return bases, faint


def proven_plans(
    game: DefenseGame, budgets: FloatArray, plans: FloatArray, limit_prices: FloatArray
) -> tuple[FloatArray, tuple[Certificate, ...]]:
    """Bound from below the loss that attack plans cause, with certificates.

    Parameters
    ----------
    game : DefenseGame
        Game whose coverage is a sum, as with `additive`.
    budgets : ndarray of float, shape (n_plans,)
        Attacker bandwidths, in bits; plans that exceed them are shrunk.
    plans : ndarray of float, shape (n_plans, n_threats)
        Efforts in [0, 1].
    limit_prices : ndarray of float, shape (n_plans, n_resources)

    Returns
    -------
    bounds : ndarray of float, shape (n_plans,)
        In loss units; rounding errors included on the safe side.
    certificates : tuple of Certificate, length n_plans
    """
    plans = _within_budgets(game, budgets, plans)
    certificates = []
    for plan, prices in zip(plans, limit_prices, strict=True):
        threats = np.flatnonzero(plan)
        certificates.append(Certificate(threats, np.zeros(len(threats)), plan[threats], prices))
    if _is_plain(game):
        bounds = _caused(game, plans, limit_prices)
    else:
        composition = compose(game)
        certificates = [with_least_prices(game, composition, proof) for proof in certificates]
        bounds = np.array([lower_bound(game, composition, proof) for proof in certificates])
    nothing = trivial_certificate(game)
    proofs = [
        proof if bound > 0.0 else nothing
        for bound, proof in zip(bounds.tolist(), certificates, strict=True)
    ]
    return np.maximum(bounds, 0.0), tuple(proofs)


def _within_budgets(game: DefenseGame, budgets: FloatArray, plans: FloatArray) -> FloatArray:
    """Shrink the partial efforts of plans, or else all efforts, to keep within the budgets."""
    rounding, plans = (game.n_threats + 4) * WIDE_EPS, plans.copy()
    over = np.arange(len(plans))
    for most in (np.nextafter(1.0, 0.0), 1.0):
        efforts = plans[over]
        used = wide(efforts) @ wide(game.bandwidth)
        allowed = budgets[over]
        excess = used * (1.0 + rounding) - allowed * (1.0 - 2.0**-52)
        chosen = excess > 0.0
        over, efforts = over[chosen], efforts[chosen]
        excess = (excess[chosen] + allowed[chosen] * _FEW).astype(np.float64)
        shrinking = np.where((efforts <= most) & (game.bandwidth > 0.0), efforts, 0.0)
        some = np.einsum("ij,j->i", shrinking, game.bandwidth) * (1.0 - _FEW)
        with np.errstate(over="ignore"):  # where no effort can shrink
            share = excess / np.maximum(some, _TINY)
        kept = 1.0 - np.minimum(share, 1.0)
        plans[over] = np.where(shrinking > 0.0, efforts * kept[:, None], efforts)
    return plans


def _caused(game: DefenseGame, plans: FloatArray, limit_prices: FloatArray) -> FloatArray:
    """Bound from below the loss that plans cause, at prices of the limits, shape (n_plans,)."""
    limited, matrix = np.isfinite(game.limits), compose(game).matrix
    bounds = np.empty(len(plans))
    step = max(1, _ENTRIES_AT_ONCE // max(1, game.n_threats))
    for start in range(0, len(plans), step):
        weights = plans[start : start + step]
        prices = wide(limit_prices[start : start + step][:, limited])
        forced = weights * game.severity
        # Rounding errors of products of severities and partial efforts.
        rounded = np.zeros(weights.shape)
        row, threat = np.nonzero((weights > 0.0) & (weights < 1.0))
        exact = wide(weights[row, threat]) * game.severity[threat]
        rounded[row, threat] = exact - forced[row, threat]
        high, low, error = split_product(forced, matrix)
        gained = wide(high) + low + error + product_in_blocks(rounded, matrix)
        caused = forced.sum(axis=1, dtype=np.longdouble) + rounded.sum(axis=1)
        rounding = (game.n_threats + len(game.limits) + game.n_defenses + 8) * WIDE_EPS
        paid = prices @ wide(game.use[limited])
        profit = np.maximum(gained - paid + gained * rounding + paid * rounding, 0.0)
        saved = prices @ wide(game.kept_limits[limited]) + profit @ wide(game.max_level)
        safe = caused - saved - caused * rounding - saved * rounding
        bounds[start : start + step] = [rounded_down(bound) for bound in safe]
    return bounds


def _is_plain(game: DefenseGame) -> bool:
    """Tell whether the game is small, with ordinary numbers, no idle defense, no shared loss."""
    matrix = compose(game).matrix
    if is_sparse(matrix) or matrix.size > _MOST_ENTRIES or game.shared_losses is not None:
        return False
    arrays = game.severity, matrix, game.max_level
    numbers = np.concatenate([array[array > 0].ravel() for array in arrays])
    is_ordinary = np.all((numbers > 1.0 / _FAR) & (numbers < _FAR))
    return bool(is_ordinary and not idle_defenses(game).any())
