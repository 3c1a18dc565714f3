"""Certificates: bounds on the value that hold whatever the solver did.

The bounds follow from weak duality, in sums that anyone can check. For any weights ``w_k >= 0``
on cuts whose sums ``y[i]`` over each threat are an attack plan (at most 1 in total on the threats
of a loss), and any prices ``pi >= 0`` on the
limits,

    sum_k w_k v_i constant_k - pi . h
        - sum_j u[j] max(0, sum_k w_k v_i gradient_kj - (pi G)_j)   <=   V(B).

If the levels lie in a box, ``l[j] <= x[j] <= u[j]``, the cost of a defense at its least level
also counts: ``- l[j] min(0, ...)``. For any allocation ``x`` within the limits and any ``lam >=
0``,

    V(B)   <=   lam B + sum_i max(0, v_i exposure_i(x) - lam b_i),

where a loss that several threats can cause counts once, with the greatest of its terms.

Every sum here is exact or carries its worst rounding error to the safe side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mfmgame.certificates.proof import Proof
from mfmgame.game.attacker import BestResponse
from mfmgame.game.compositions import Composition
from mfmgame.game.feasibility import idle_defenses
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.numerics.exact_arithmetic import WIDE_EPS, WideArray, rounded_down, rounded_up, wide

__all__ = [
    "Certificate",
    "attack_plan",
    "fixed_defenses",
    "gains_and_payments",
    "lower_bound",
    "proved",
    "scaled_to_plan",
    "trivial_certificate",
    "upper_bound",
    "with_least_prices",
]


_EPS = 2.0**-52
_MAX_EXACT_TERMS = 2**25
"""Number of terms above which exposures carry the worst rounding error of float64."""
_TERMS_AT_ONCE = 2**20
_FEW = 4 * _EPS
"""Relative error of a product of a few numbers, each within a few units of rounding."""


@dataclass(frozen=True, eq=False)
class Certificate(Proof):
    """Proof of a lower bound on the value of a game of continuous levels.

    Attributes
    ----------
    threats : ndarray of int, shape (n_cuts,)
        Threat of each cut that the proof uses.
    anchors : ndarray of float, shape (n_cuts,)
        Anchor of each cut (see :mod:`mfmgame.game.compositions`).
    weights : ndarray of float, shape (n_cuts,)
        Weight of each cut; the sum over a threat's cuts is its effort in an attack plan.
    limit_prices : ndarray of float, shape (n_resources,)
        Loss units that one more unit of each resource saves.
    """

    threats: IntArray
    anchors: FloatArray
    weights: FloatArray
    limit_prices: FloatArray
    is_by_cases = False

    @property
    def priced(self) -> Certificate:
        return self

    def priced_by(self, certificate: Certificate) -> Certificate:
        del certificate  # the bound needs its own prices
        return self

    def bound(self, game: DefenseGame, composition: Composition) -> float:
        return lower_bound(game, composition, self)

    def attack(self, game: DefenseGame, response: BestResponse) -> FloatArray:
        del response
        return attack_plan(game, self)


def trivial_certificate(game: DefenseGame) -> Certificate:
    """Return the certificate of the bound 0."""
    none = np.empty(0)
    return Certificate(none.astype(np.intp), none, none, np.zeros(len(game.resources)))


def attack_plan(game: DefenseGame, certificate: Certificate) -> FloatArray:
    """Sum a certificate's weights to an attack plan, shape (n_threats,)."""
    plan = np.bincount(certificate.threats, weights=certificate.weights, minlength=game.n_threats)
    return np.minimum(plan, 1.0)


def scaled_to_plan(game: DefenseGame, certificate: Certificate) -> Certificate:
    """Shrink a certificate's weights until they are an attack plan."""
    weights, threats = certificate.weights, certificate.threats
    losses = game.losses_of(threats)
    effort = np.bincount(losses, weights=weights, minlength=game.n_threats)
    # The sum of several cuts' weights is rounded; a single weight is not.
    several = np.bincount(losses, minlength=game.n_threats) > 1
    over = effort > np.where(several, 1.0 - _FEW, 1.0)
    if over.any():
        shrunk = weights / np.maximum(effort[losses], 1.0) * (1.0 - _FEW)
        weights = np.where(over[losses], shrunk, weights)
    used = math.fsum((weights * game.bandwidth[threats]).tolist())
    if used > game.attacker_bandwidth * (1.0 - _EPS):
        shrink = game.attacker_bandwidth / used * (1.0 - _FEW)
        weights = np.where(game.bandwidth[threats] > 0, weights * min(1.0, shrink), weights)
    return Certificate(threats, certificate.anchors, weights, certificate.limit_prices)


def with_least_prices(
    game: DefenseGame, composition: Composition, certificate: Certificate
) -> Certificate:
    """Raise prices of limits until no defense that cannot run gains more than it pays.

    The master program leaves such defenses out, so its prices ignore them. A limit of 0 gets the
    least price that suffices: a greater price proves no more, a lesser price proves less.
    """
    limited = np.isfinite(game.limits)
    idle = idle_defenses(game)
    if not idle.any():
        return certificate
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = game.limits[:, None] / game.use
    binding = np.argmin(np.where(game.use > 0.0, levels, np.inf), axis=0)
    _, gained, _ = _sides(game, composition, certificate)
    prices = certificate.limit_prices.copy()
    rows = np.unique(binding[idle])
    for row in (*rows, *rows):  # once one price has risen, another may be too high
        is_none = game.limits[row] == 0.0
        users = idle & ((game.use[row] > 0.0) if is_none else (binding == row))
        least = 0.0 if is_none else prices[row]
        prices[row] = 0.0
        paid = wide(prices[limited]) @ game.use[limited]
        owed = (gained - paid)[users] / game.use[row][users]
        prices[row] = max(least, rounded_up(np.longdouble(owed.max(initial=0.0))))
    return replace(certificate, limit_prices=prices)


def proved(game: DefenseGame, composition: Composition, dual: Certificate) -> Certificate:
    """Turn a program's dual solution into a valid certificate, mending rounding errors."""
    return with_least_prices(game, composition, scaled_to_plan(game, dual))


def lower_bound(
    game: DefenseGame, composition: Composition, certificate: Certificate, box: Box | None = None
) -> float:
    """Compute the largest loss that a certificate proves unavoidable.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    certificate : Certificate
        Its weights must be an attack plan (see :func:`scaled_to_plan`).
    box : tuple of two ndarrays of float, shape (n_defenses,), optional
        Least and greatest levels of the allocations to bound; all allocations by default.

    Returns
    -------
    float
        In loss units; rounding errors included on the safe side.
    """
    limited = np.isfinite(game.limits)
    least, greatest = box or (None, game.max_level)
    caused, gained, paid = _sides(game, composition, certificate)
    rounding = (len(certificate.weights) + len(game.limits) + game.n_defenses + 4) * WIDE_EPS
    cut_rounding = composition.cut_rounding + rounding
    # Errors are added: 1 plus a wide epsilon, in float64, would be 1.
    profit = gained - paid + gained * cut_rounding + paid * rounding
    saved = wide(certificate.limit_prices[limited]) @ game.kept_limits[limited]
    saved += np.maximum(profit, 0.0) @ wide(greatest)
    if least is not None:
        caused += np.maximum(-profit, 0.0) @ wide(least)
    return rounded_down(np.longdouble(caused - saved - caused * cut_rounding - saved * rounding))


def fixed_defenses(
    game: DefenseGame,
    composition: Composition,
    certificate: Certificate,
    margin: float,
    noise: float = 0.0,
) -> NDArray[np.bool_]:
    """Tell which defenses have the same level in every optimal allocation, shape (n_defenses,).

    By complementary slackness, a defense that gains more than it pays at the certificate's prices
    runs in full, and a defense that gains less does not run.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
    certificate : Certificate
        Certificate of the value.
    margin : float
        Relative difference below which gain and payment count as equal.
    noise : float
        Difference in loss units, at the greatest level, up to which they also count as equal.
    """
    _, gained, paid = _sides(game, composition, certificate)
    decisive = np.abs(gained - paid)
    apart = (decisive > margin * np.maximum(gained, paid)) & (decisive * game.max_level > noise)
    return np.asarray(apart, dtype=bool)


def gains_and_payments(
    game: DefenseGame, composition: Composition, certificate: Certificate
) -> tuple[FloatArray, FloatArray]:
    """Compute what each defense gains, and what it pays, at a certificate's prices.

    By weak duality, a defense lowers the loss by at most its gain per level, and no plan that
    runs it at a level comes closer to the bound than its payment less its gain, times the level.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    certificate : Certificate

    Returns
    -------
    gained, paid : ndarray of float, shape (n_defenses,)
        In loss units per level.
    """
    _, gained, paid = _sides(game, composition, certificate)
    return np.asarray(gained, dtype=np.float64), np.asarray(paid, dtype=np.float64)


def _sides(
    game: DefenseGame, composition: Composition, certificate: Certificate
) -> tuple[np.longdouble, WideArray, WideArray]:
    """Compute the undefended loss, and what each defense gains and pays per level."""
    limited = np.isfinite(game.limits)
    paid = wide(certificate.limit_prices[limited]) @ game.use[limited]
    caused = wide(0.0)
    gained = np.zeros(game.n_defenses, dtype=np.longdouble)
    step = max(1, _TERMS_AT_ONCE // max(1, game.n_defenses))
    for start in range(0, len(certificate.weights), step):
        part = slice(start, start + step)
        threats = certificate.threats[part]
        constants, gradients = composition.cuts(threats, certificate.anchors[part])
        forced = wide(certificate.weights[part]) * game.severity[threats]
        caused = caused + forced @ constants
        gained += forced @ wide(gradients)
    return np.longdouble(caused), gained, paid


def upper_bound(
    game: DefenseGame, composition: Composition, allocation: FloatArray, price: float
) -> float:
    """Compute an upper bound on the loss of any attack on an allocation that meets the limits.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    allocation : ndarray of float, shape (n_defenses,)
    price : float
        Any ``lam >= 0``; the bound is sharp at the attacker's own price.

    Returns
    -------
    float
        In loss units; rounding errors included on the safe side.
    """
    n_funded = int(np.count_nonzero(allocation))
    exposure = composition.exposure(allocation, rounding=(n_funded + 8) * _EPS)
    paid = wide(price) * game.bandwidth
    paid -= paid * WIDE_EPS
    running = np.flatnonzero(game.severity * exposure * (1.0 + _FEW) > paid)
    total = wide(price) * game.attacker_bandwidth
    # By loss, where losses are shared.
    beyond = None if game.shared_losses is None else wide(np.zeros(game.n_losses))
    sharp = running.size * n_funded <= _MAX_EXACT_TERMS
    step = max(1, _TERMS_AT_ONCE // max(n_funded, 1))
    for start in range(0, running.size, step):
        threats = running[start : start + step]
        through = (
            composition.exposure_bound(threats, allocation)
            if sharp
            else wide(exposure[threats] * (1.0 + _FEW))
        )
        excess = np.maximum(game.severity[threats] * through - paid[threats], 0.0)
        if beyond is None:
            total += excess.sum()
        else:
            np.maximum.at(beyond, game.losses_of(threats), excess)
    if beyond is not None:
        total += beyond.sum()
    return rounded_up(np.longdouble(total + total * ((running.size + 4) * WIDE_EPS)))
