"""Claimed bounds against exact fractions, on numbers that nearly cancel.

Only there can rounding the wrong way be seen: where little is left of large terms, an error
of a unit in their last place is many units of the rest.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import mfmgame as mg
from mfmgame.certificates.duality_certificate import Certificate, lower_bound, upper_bound
from mfmgame.game.compositions import compose
from plain_games import DIGITS, exact_exposure, exactly, fraction

LINEAR = ["additive", "best_of"]
COMPOSITIONS = [*LINEAR, "independent"]
RESTS = [1 - 1e-6, 0.9, 1e-3, 1e-5, 3e-7, 1e-12, 1e-15, 1e-60]
"""What is left of 1, from nearly all of it to less than rounding."""


def exact_cut(composition: str, row: list[float], anchor: float) -> tuple[Fraction, list[Fraction]]:
    """Constant and gradient of a cut, from the definition."""
    if composition == "independent":
        at = DIGITS.mpf(anchor)
        through = DIGITS.exp(-at)
        gradient = [fraction(-through * DIGITS.log(1 - DIGITS.mpf(e))) for e in row]
        return fraction(through * (1 + at)), gradient
    a = Fraction(anchor)
    if composition == "additive":
        return 1 - a, [(1 - a) * Fraction(e) for e in row]
    return 1 - a, [max(Fraction(0), Fraction(e) - a) for e in row]


def game_of(composition: str, effectiveness: np.ndarray, **changes) -> mg.DefenseGame:
    n = len(effectiveness)
    arguments = {"severity": np.ones(n), "bandwidth": np.ones(n), "attacker_bandwidth": 1.0}
    return mg.DefenseGame(
        effectiveness=effectiveness, composition=composition, **{**arguments, **changes}
    )


def nearly_covered(composition: str, rest: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Effectiveness and levels that leave of each threat about so much."""
    random = np.random.default_rng(seed)
    levels = random.uniform(0.3, 0.9, 5)
    rows = random.uniform(0.4, 0.6, (40, 5))
    if composition == "independent":
        return rows, levels * np.log(rest) / np.log1p(-rows).sum(axis=1).mean()
    if composition == "best_of":  # what is left of the best defenses, which fill each threat
        return 1.0 - rest * random.uniform(0.5, 1.0, (40, 5)), levels + 0.2
    return rows * ((1.0 - rest * random.uniform(0.5, 1.0, 40)) / (rows @ levels))[:, None], levels


class TestExposure:
    @pytest.mark.parametrize("rest", RESTS)
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_the_bound_is_at_least_what_gets_through_and_little_more(self, composition, rest):
        effectiveness, levels = nearly_covered(composition, rest, seed=1)
        bounds = compose(game_of(composition, effectiveness)).exposure_bound(
            np.arange(len(effectiveness)), levels
        )
        for row, bound in zip(effectiveness.tolist(), bounds, strict=True):
            exact = exact_exposure(composition, row, levels.tolist())
            assert exact <= exactly(bound)
            # A faint exposure is one float up at most; others are a few wide roundings of 1 up.
            assert exactly(bound) - exact <= exact / 2**41 + (2**-56 if exact > 1e-7 else 0)

    @pytest.mark.parametrize("rest", RESTS)
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_the_certain_one_is_exact_or_the_upper_end(self, composition, rest):
        effectiveness, levels = nearly_covered(composition, rest, seed=2)
        found = compose(game_of(composition, effectiveness)).certain_exposure(
            np.arange(len(effectiveness)), levels
        )
        for row, share in zip(effectiveness.tolist(), found, strict=True):
            exact = exact_exposure(composition, row, levels.tolist())
            assert exact <= share <= exact * (1 + Fraction(composition == "independent", 2**90))

    def test_nothing_gets_through_full_coverage(self):
        for composition in LINEAR:
            composed = compose(game_of(composition, np.array([[1.0, 0.5], [0.5, 1.0]])))
            assert composed.exposure_bound(np.arange(2), np.array([1.0, 1.0])).tolist() == [0, 0]


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_certain_cuts_lie_below_the_cuts_and_next_to_them(composition):
    random = np.random.default_rng(3)
    effectiveness = random.uniform(0.0, 0.99, (30, 4))
    anchors = {
        "additive": np.arange(30) % 2 * 1.0,
        "best_of": effectiveness[:, 0],
        "independent": random.integers(0, 2**28, 30) * 2.0**-26,
    }[composition]
    constants, gradients = compose(game_of(composition, effectiveness)).certain_cuts(
        np.arange(30), anchors
    )
    near = Fraction(composition == "independent", 2**90)
    for row, anchor, constant, gradient in zip(
        effectiveness.tolist(), anchors.tolist(), constants, gradients, strict=True
    ):
        exact, slopes = exact_cut(composition, row, anchor)
        assert exact * (1 - near) <= constant <= exact
        for found, slope in zip(gradient, slopes, strict=True):
            assert slope <= found <= slope * (1 + near)


def exact_lower(game: mg.DefenseGame, proof: Certificate, box=None) -> Fraction:
    """What a certificate proves, by the formula of weak duality."""
    least, greatest = box or (np.zeros(game.n_defenses), game.max_level)
    bound, gained = Fraction(0), [Fraction(0)] * game.n_defenses
    for threat, anchor, weight in zip(
        proof.threats.tolist(), proof.anchors.tolist(), proof.weights.tolist(), strict=True
    ):
        row = game.effectiveness[threat].tolist()
        constant, gradient = exact_cut(game.composition, row, anchor)
        forced = Fraction(weight) * Fraction(float(game.severity[threat]))
        bound += forced * constant
        gained = [gain + forced * slope for gain, slope in zip(gained, gradient, strict=True)]
    prices = list(map(Fraction, proof.limit_prices.tolist()))
    bound -= sum(p * Fraction(h) for p, h in zip(prices, game.limits.tolist(), strict=True))
    for j, gain in enumerate(gained):
        paid = sum(p * Fraction(u) for p, u in zip(prices, game.use[:, j].tolist(), strict=True))
        profit = gain - paid
        bound -= profit * Fraction(float(greatest[j] if profit > 0 else least[j]))
    return bound


def cancelling(composition: str, kind: str, seed: int) -> tuple[mg.DefenseGame, Certificate]:
    """A game and a certificate of which little is left.

    Either a limit's price takes nearly all of what is caused, or what each of many levels
    gains is nearly what it pays, or what free defenses gain is nearly all that is caused.
    """
    random = np.random.default_rng(seed)
    n, m = 4, 3
    effectiveness = random.uniform(0.1, 0.9, (n, m))
    severity, weights = random.uniform(1.0, 9.0, n), random.uniform(0.1, 0.9, n)
    anchors = np.zeros(n)
    if composition == "best_of":
        anchors = effectiveness[:, 0]
    elif composition == "independent":
        anchors = random.integers(0, 2**26, n) * 2.0**-26
    shell = game_of(composition, effectiveness)
    constants, gradients = compose(shell).cuts(np.arange(n), anchors)
    forced = weights * severity
    caused, gained = float(forced @ constants), forced @ gradients
    use, price, most = random.uniform(1.0, 2.0, m), 1.0, np.ones(m)
    limit = 1.0
    if kind == "price":
        use, price = use * gained.max(), 1.5  # no level pays
        limit = caused * (1.0 - 1e-6) / price
    elif kind == "levels":
        use, most = gained * (1.0 - 2e-16 * random.uniform(-8, 8, m)), np.full(m, 1e4)
        limit = caused * (1.0 - 1e-9)
    else:
        use, price, limit = np.zeros(m), 0.0, 1.0
        most = np.full(m, caused * (1.0 - 1e-9) / gained.sum())
    game = game_of(
        composition,
        effectiveness,
        severity=severity,
        attacker_bandwidth=float(n),
        use={"budget": use},
        limits={"budget": limit},
        max_level=most,
    )
    return game, Certificate(np.arange(n), anchors, weights, np.array([price]))


CANCELLING = pytest.mark.parametrize(
    ("composition", "kind"), list(product(COMPOSITIONS, ["price", "levels", "free"]))
)


def widest(check: Callable[[int], Fraction], seeds: int = 60) -> Fraction:
    return max(check(seed) for seed in range(seeds))


class TestLowerBound:
    @CANCELLING
    def test_it_is_at_most_what_the_certificate_proves_and_next_to_it(self, composition, kind):
        def missing(seed):
            game, proof = cancelling(composition, kind, seed)
            exact = exact_lower(game, proof)
            found = Fraction(lower_bound(game, compose(game), proof))
            assert found <= exact
            terms = game.n_defenses * Fraction(float(game.max_level.max() + 1))
            return (exact - found) / (terms * Fraction(float(game.severity.sum())))

        assert widest(missing) < Fraction(1, 2**49)

    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_within_a_box_what_the_least_levels_cost_counts(self, composition):
        for seed in range(60):
            game, proof = cancelling(composition, "levels", seed)
            box = (0.25 * game.max_level, 0.75 * game.max_level)
            exact = exact_lower(game, proof, box)
            found = Fraction(lower_bound(game, compose(game), proof, box))
            assert found <= exact
            assert exact - found <= Fraction(float(game.severity.sum() * 1e4)) / 2**46


class TestUpperBound:
    @pytest.mark.parametrize("rest", RESTS)
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    def test_it_is_at_least_the_worst_attack_and_next_to_it(self, composition, rest):
        for seed in range(20):
            effectiveness, levels = nearly_covered(composition, rest, seed)
            random = np.random.default_rng(seed)
            severity = random.uniform(1.0, 9.0, len(effectiveness))
            game = game_of(composition, effectiveness, severity=severity, attacker_bandwidth=0.0)
            exposures = [
                exact_exposure(composition, row, levels.tolist()) for row in effectiveness.tolist()
            ]
            losses = [Fraction(v) * s for v, s in zip(severity.tolist(), exposures, strict=True)]
            # A price a little below the median's loss a bit, of which little is left.
            price = float(sorted(losses)[len(losses) // 2]) * (1.0 - 1e-9)
            exact = sum(max(Fraction(0), loss - Fraction(price)) for loss in losses)
            found = Fraction(upper_bound(game, compose(game), levels, price))
            assert exact <= found
            rounding = Fraction(float(severity.sum())) / 2**56
            if composition == "independent":  # relative to what gets through
                rounding *= 2**13 * max(exposures)
            assert found - exact <= rounding + exact / 2**46
