"""Check a solution's proof, with no solver and no rounding.

Floats are rationals, so for `additive` and `best_of` both bounds of
:mod:`mfmgame.certificate` are computed here exactly; for `independent` in interval
arithmetic, rounded outwards. What a solution claims must follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mfmgame.attacker import best_response
from mfmgame.certificate import Certificate
from mfmgame.compositions import Composition, compose
from mfmgame.errors import CertificateError
from mfmgame.game import DefenseGame
from mfmgame.solution import Solution, scale_of

__all__ = ["Verification", "verify"]

FloatArray = NDArray[np.float64]

_ROUNDING = 2.0**-48
_AGREEMENT = 1e-12
"""How closely numbers that are computed with rounding must agree with the claim."""


@dataclass(frozen=True)
class Verification:
    """What a certificate proves of the value of a game.

    Attributes
    ----------
    lower, upper : float
        Proven bracket, rounded outwards from exact numbers, in loss units.
    gap : float
        Its width relative to the value.
    """

    lower: float
    upper: float
    gap: float


def verify(solution: Solution, game: DefenseGame) -> Verification:
    """Check that a solution of a game is proven by what it carries.

    Parameters
    ----------
    solution : Solution
        The claim: allocation, attack, prices, value, bounds and certificate.
    game : DefenseGame
        The game, built by whoever checks.

    Returns
    -------
    Verification
        What is proven.

    Raises
    ------
    CertificateError
        If any number of the claim does not follow.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_game(mg.load_scenario("examples/llava.json"))
    >>> verify(mg.solve(game), game).gap < 1e-12
    True
    """
    allocation, proof = solution.allocation.array, solution.certificate
    if len(allocation) != game.n_defenses or len(solution.attack) != game.n_threats:
        raise CertificateError("the solution is of a game of another size")
    _check_allocation(allocation, game)
    _check_certificate(proof, game)
    composition = compose(game)
    response = best_response(
        game.severity * composition.exposure(allocation), game.bandwidth, game.attacker_bandwidth
    )
    plan = np.bincount(proof.threats, weights=proof.weights, minlength=game.n_threats)
    coverage = composition.coverage(allocation)
    _check_same("attack", solution.attack.array, np.minimum(plan, 1.0))
    _check_same("coverage", solution.coverage.array, coverage)
    _check_same(
        "residual", solution.residual.array, game.severity * (1.0 - coverage), game.severity
    )
    _check_same("price of a limit", solution.limit_prices.array, proof.limit_prices)
    _check_same("price of bandwidth", solution.bandwidth_price, response.price)

    lower = _exact_lower(game, composition, proof)
    upper = _exact_upper(game, composition, allocation, response.price)
    scale = Fraction(scale_of(game, float(upper)))
    # What rounding may do to a sum of losses, each nearly cancelled by its coverage.
    slack = Fraction(_AGREEMENT) * scale + Fraction(_ROUNDING) * Fraction(game.severity.sum())
    for name, claimed, low, high in (
        ("value", solution.value, upper - slack, upper + slack),
        ("lower bound", solution.lower, lower - slack, lower),
        ("upper bound", solution.upper, upper, upper + slack),
    ):
        if not low <= Fraction(claimed) <= high:
            raise CertificateError(
                f"the {name} is claimed to be {claimed!r}, proven is from {float(low)!r} to "
                f"{float(high)!r}"
            )
    return Verification(
        lower=_outwards(lower, -1), upper=_outwards(upper, 1), gap=float((upper - lower) / scale)
    )


def _check_allocation(allocation: FloatArray, game: DefenseGame) -> None:
    if not np.all((allocation >= 0.0) & (allocation <= game.max_level)):
        raise CertificateError("a level of the allocation is out of its range")
    levels = [Fraction(level) for level in allocation.tolist()]
    for resource, use, limit in zip(game.resources, game.use.tolist(), game.limits, strict=True):
        used = sum((Fraction(u) * x for u, x in zip(use, levels, strict=True)), Fraction(0))
        if np.isfinite(limit) and used > Fraction(float(limit)):
            raise CertificateError(f"the allocation uses more of {resource!r} than its limit")


def _check_certificate(proof: Certificate, game: DefenseGame) -> None:
    numbers = [proof.anchors, proof.weights, proof.limit_prices]
    if not all(np.all(np.isfinite(array) & (array >= 0.0)) for array in numbers):
        raise CertificateError("a number of the certificate is negative or not finite")
    if len({len(proof.threats), len(proof.anchors), len(proof.weights)}) != 1:
        raise CertificateError("the certificate's cuts are of different lengths")
    if not np.all((proof.threats >= 0) & (proof.threats < game.n_threats)):
        raise CertificateError("the certificate names a threat that is not there")
    if len(proof.limit_prices) != len(game.limits) or np.any(
        proof.limit_prices[~np.isfinite(game.limits)]
    ):
        raise CertificateError("the certificate prices a resource that has no limit")


def _check_same(
    name: str,
    claimed: FloatArray | float,
    found: FloatArray | float,
    unit: FloatArray | float = 0.0,
) -> None:
    error = np.abs(np.asarray(claimed) - found)
    if not np.all(error <= _AGREEMENT * np.maximum(np.abs(found), unit)):
        raise CertificateError(f"the {name} is not what follows from the rest")


def _exact_lower(game: DefenseGame, composition: Composition, proof: Certificate) -> Fraction:
    """The bound that the certificate proves, its weights shrunk to an attack plan."""
    weights = [Fraction(weight) for weight in proof.weights.tolist()]
    threats = proof.threats.tolist()
    effort: dict[int, Fraction] = {}
    for threat, weight in zip(threats, weights, strict=True):
        effort[threat] = effort.get(threat, Fraction(0)) + weight
    bits = {threat: Fraction(game.bandwidth[threat]) for threat in effort}
    used = sum((effort[t] * bits[t] for t in effort), Fraction(0))
    shrink = max([Fraction(1), *effort.values()])
    if used > 0:
        budget = Fraction(game.attacker_bandwidth)
        shrink = max(shrink, used / budget) if budget else Fraction(0)
    forced = [
        (weight / shrink if shrink else Fraction(0) if bits[threat] else weight)
        * Fraction(game.severity[threat])
        for threat, weight in zip(threats, weights, strict=True)
    ]
    constants, gradients = composition.certain_cuts(proof.threats, proof.anchors)
    limited = np.flatnonzero(np.isfinite(game.limits))
    prices = [Fraction(price) for price in proof.limit_prices[limited].tolist()]
    use, limits = game.use[limited].tolist(), game.limits[limited].tolist()
    bound = sum((f * c for f, c in zip(forced, constants, strict=True)), Fraction(0))
    bound -= sum((p * Fraction(h) for p, h in zip(prices, limits, strict=True)), Fraction(0))
    for defense, level in enumerate(game.max_level.tolist()):
        gained = sum(
            (f * row[defense] for f, row in zip(forced, gradients, strict=True)), Fraction(0)
        )
        paid = sum(
            (p * Fraction(row[defense]) for p, row in zip(prices, use, strict=True)), Fraction(0)
        )
        bound -= Fraction(level) * max(Fraction(0), gained - paid)
    return max(Fraction(0), bound)


def _exact_upper(
    game: DefenseGame, composition: Composition, allocation: FloatArray, price: float
) -> Fraction:
    """``lam B + sum_i max(0, rho_i - lam b_i)`` over the threats that can count."""
    rounding = (np.count_nonzero(allocation) + 8) * 2.0**-52
    most = game.severity * composition.exposure(allocation, rounding) * (1.0 + 2.0**-48)
    running = np.flatnonzero(most > price * game.bandwidth * (1.0 - 2.0**-50))
    exposures = composition.certain_exposure(running, allocation)
    total = Fraction(price) * Fraction(game.attacker_bandwidth)
    for threat, exposure in zip(running.tolist(), exposures, strict=True):
        excess = Fraction(game.severity[threat]) * exposure
        excess -= Fraction(price) * Fraction(game.bandwidth[threat])
        total += max(Fraction(0), excess)
    return total


def _outwards(number: Fraction, direction: int) -> float:
    nearest = float(number)
    inside = Fraction(nearest) < number if direction > 0 else Fraction(nearest) > number
    return float(np.nextafter(nearest, direction * np.inf)) if inside else nearest
