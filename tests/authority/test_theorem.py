"""The self-destruction switch: its bound, and a game for each assumption without which it fails.

The policy of the small games allows three calls, so a step has ``count = 4`` choices and a call is
charged 2 bits. The plan in force halves every severity.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfmgame as mg

COUNT = 4
L = 8.0
PLAN = {"filter": 1.0}
UNCHARGED = "an answer to the user"


@dataclass(frozen=True)
class Threat:
    """A threat that costs `loss` under the plan in force, and its harmful sequences of calls."""

    loss: float
    sequences: frozenset[tuple[str, ...]] = frozenset()

    @property
    def n_calls(self) -> int:
        return len(next(iter(self.sequences)))

    def bits(self, count: int) -> float:
        """log2(count^n / harmful), rounded down to 1/256."""
        if not self.sequences:
            return 0.0
        bits = math.log2(count**self.n_calls / len(self.sequences))
        return math.floor(bits * 256) / 256

    def is_realized(self, session: Sequence[str]) -> bool:
        """Whether the session has the calls of a harmful sequence, in order."""
        return not self.sequences or any(_is_part(sequence, session) for sequence in self.sequences)

    def effort(self, session: Sequence[str]) -> Fraction:
        """Share of its calls that the session has made, whatever their order."""
        if not self.sequences:
            return Fraction(1)
        own = set(itertools.chain(*self.sequences))
        return min(Fraction(1), Fraction(sum(call in own for call in session), self.n_calls))


def _is_part(sequence: Sequence[str], session: Sequence[str]) -> bool:
    rest = iter(session)
    return all(call in rest for call in sequence)


def by(call: str, loss: float) -> Threat:
    return Threat(loss, frozenset({(call,)}))


def game_of(threats: Sequence[Threat], count: int = COUNT, stopping: float = L) -> mg.DefenseGame:
    return mg.DefenseGame(
        severity=[2.0 * threat.loss for threat in threats],
        bandwidth=[threat.bits(count) for threat in threats],
        effectiveness=[[0.5]] * len(threats),
        defense_ids=["filter"],
        attacker_bandwidth=1.0,
        termination_loss=stopping,
    )


def limit_of(threats: Sequence[Threat], count: int = COUNT) -> float:
    reached = mg.evaluate(game_of(threats, count), PLAN).plan_bandwidth
    assert reached is not None
    return reached


def calls_within(limit: float | Fraction, count: int = COUNT) -> int:
    return math.floor(limit / math.log2(count))


def worst_loss(threats: Sequence[Threat], calls: Sequence[str], most: int) -> float:
    """Make every session of at most `most` charged calls; each realized threat costs its loss."""
    return max(
        sum(threat.loss for threat in threats if threat.is_realized((*session, UNCHARGED)))
        for session in itertools.product(calls, repeat=most)
    )


def repeated_loss(losses: dict[str, float], most: int) -> float:
    """Loss of the worst session if every call costs its loss again."""
    return max(map(sum, itertools.product(losses.values(), repeat=most)))


PAY, MAIL = by("pay", 8.0), by("mail", 4.0)


def test_within_the_limit_the_loss_stays_within_the_termination_loss():
    limit = limit_of([PAY, MAIL])
    assert limit == 2.0  # paying costs 8 = L for 2 bits
    assert calls_within(limit) == 1
    assert worst_loss([PAY, MAIL], ["pay", "mail", "read"], 1) == 8.0
    assert worst_loss([PAY, MAIL], ["pay", "mail", "read"], 2) == 12.0  # the call refused


class TestWithoutAnAssumptionTheLossPassesTheTerminationLoss:
    def test_one_policy(self):
        wide = 16
        limit = limit_of([PAY, MAIL], wide)  # 4 bits a threat
        charged_by_another_policy = calls_within(limit, COUNT)
        assert charged_by_another_policy * 2.0 <= limit
        assert worst_loss([PAY, MAIL], ["pay", "mail"], charged_by_another_policy) == 12.0 > L
        assert worst_loss([PAY, MAIL], ["pay", "mail"], calls_within(limit, wide)) <= L

    def test_no_shared_calls(self):
        threats = [by("pay", 8.0), by("pay", 4.0)]
        most = calls_within(limit_of(threats))
        assert worst_loss(threats, ["pay"], most) == 12.0 > L
        merged = [by("pay", 12.0)]
        assert worst_loss(merged, ["pay"], calls_within(limit_of(merged))) <= L
        other_without_bits = [by("pay", 8.0), Threat(4.0)]
        most = calls_within(limit_of(other_without_bits))
        assert worst_loss(other_without_bits, ["pay"], most) <= L

    def test_repetition_is_included(self):
        losses = {"pay": 5.0, "mail": 2.0, "read": 2.0}  # of one call
        limit = limit_of([by(call, loss) for call, loss in losses.items()])
        assert limit == 5.0  # 5 and 2 for 2 bits each, half of 2 for 1 bit
        assert repeated_loss(losses, calls_within(limit)) == 10.0 > L
        for n in (2, 3):  # the severity is that of n repetitions, which take n calls
            threats = [Threat(n * loss, frozenset({(call,) * n})) for call, loss in losses.items()]
            assert repeated_loss(losses, calls_within(limit_of(threats))) <= L

    def test_one_scope(self):
        limit = limit_of([PAY, MAIL])
        two_sessions = 2 * calls_within(limit)  # each has the limit of the system
        assert worst_loss([PAY, MAIL], ["pay", "mail"], two_sessions) == 12.0 > L
        assert worst_loss([PAY, MAIL], ["pay", "mail"], calls_within(limit)) <= L

    def test_harm_needs_a_charged_call(self):
        leak = by(UNCHARGED, 4.0)  # counted as if it were a call
        most = calls_within(limit_of([PAY, leak]))
        assert worst_loss([PAY, leak], ["pay"], most) == 12.0 > L
        free = Threat(4.0)
        assert worst_loss([PAY, free], ["pay"], calls_within(limit_of([PAY, free]))) <= L

    def test_charges_are_constant(self):
        threats = [by("pay", 5.0), by("mail", 2.0), by("read", 2.0)]
        limit = limit_of(threats)
        falling = math.log2(4) + math.log2(3) + math.log2(2)  # each call once: 3, 2, 1 are left
        assert falling <= limit
        assert worst_loss(threats, ["pay", "mail", "read"], 3) == 9.0 > L
        assert worst_loss(threats, ["pay", "mail", "read"], calls_within(limit)) <= L

    def test_the_limit_is_that_of_the_plan_in_force(self):
        game = mg.DefenseGame(
            severity=[17.0, 13.0, 10.0],
            bandwidth=[2.0, 2.0, 1.0],
            effectiveness=[[0.02, 0.81], [0.91, 0.61], [0.73, 0.54]],
            attacker_bandwidth=0.75,
            use={"budget": [1.0, 1.0]},
            limits={"budget": 1.0},
            termination_loss=12.0,
        )
        solved, threshold = mg.solve(game), mg.self_destruction_threshold(game)
        limit = threshold.bandwidth
        assert limit == pytest.approx(4.443, abs=1e-3)
        game.attacker_bandwidth = limit
        of_solve = mg.evaluate(game, dict(solved.allocation))
        of_threshold = mg.evaluate(game, dict(threshold.allocation))
        assert of_solve.loss == pytest.approx(14.51, abs=5e-3)
        assert of_threshold.loss == pytest.approx(12.0, abs=1e-9)


def test_over_counts_are_safe():
    for count in (5, 8, 100):  # four choices, over-counted on both sides
        limit = limit_of([PAY, MAIL], count)
        assert worst_loss([PAY, MAIL], ["pay", "mail", "read"], calls_within(limit, count)) <= L
    over_counted = Threat(8.0, frozenset({("pay",), ("never made",)}))
    assert over_counted.bits(COUNT) == 1.0 < PAY.bits(COUNT)
    assert limit_of([over_counted, MAIL]) <= limit_of([PAY, MAIL])


@st.composite
def small_policies(draw) -> tuple[list[str], list[Threat]]:
    """Draw the calls of a policy, and threats that share none of them."""
    calls = [f"call {index}" for index in range(draw(st.integers(1, 4)))]
    owners = [draw(st.integers(0, 3)) for _ in calls]  # 3: harmless
    threats = [Threat(float(draw(st.integers(0, 2))))] if draw(st.booleans()) else []
    for owner in range(3):
        own = [call for call, of in zip(calls, owners, strict=True) if of == owner]
        if own:
            n = draw(st.integers(1, 3))
            every = list(itertools.product(own, repeat=n))
            sequences = draw(st.sets(st.sampled_from(every), min_size=1))
            loss = draw(st.sampled_from([0.5, 1.0, 2.0, 3.0, 7.0]))
            threats.append(Threat(loss, frozenset(sequences)))
    return calls, threats


def exact_limit(threats: Sequence[Threat], count: int, stopping: Fraction) -> Fraction | None:
    """Spend bits where a bit costs most, in fractions; None if all threats cost at most L."""
    bits = {threat: Fraction(threat.bits(count)) for threat in threats}
    left = stopping - sum(Fraction(threat.loss) for threat in threats if not bits[threat])
    spent = Fraction(0)
    costly = [threat for threat in threats if bits[threat] and threat.loss]
    for threat in sorted(costly, key=lambda one: -Fraction(one.loss) / bits[one]):
        if Fraction(threat.loss) > left:
            return spent + left * bits[threat] / Fraction(threat.loss)
        left, spent = left - Fraction(threat.loss), spent + bits[threat]
    return None


@settings(max_examples=150)
@given(data=st.data())
def test_no_session_within_the_limit_costs_more_than_stopping(data):
    calls, threats = data.draw(small_policies())
    count = len(calls) + 1
    free = sum(threat.loss for threat in threats if threat.bits(count) == 0.0)
    kinks = [threat.loss for threat in threats]
    stopping = free + data.draw(st.sampled_from([0.0, 0.25, 1.0, 4.5, *kinks]))
    game = game_of(threats, count, stopping) if threats else None
    exact = exact_limit(threats, count, Fraction(stopping))
    if game is not None and exact is not None:
        assert mg.evaluate(game, PLAN).plan_bandwidth == pytest.approx(float(exact), abs=1e-9)
    for n_calls in range(6):
        if exact is not None and not is_within(count, n_calls, exact):
            break
        for session in itertools.product(calls, repeat=n_calls):
            efforts = [threat.effort(session) for threat in threats]
            pairs = list(zip(threats, efforts, strict=True))
            needed = sum(Fraction(threat.bits(count)) * effort for threat, effort in pairs)
            assert needed <= n_calls * math.log2(count)
            assert sum(Fraction(threat.loss) * effort for threat, effort in pairs) <= stopping
            realized = [threat.loss for threat in threats if threat.is_realized(session)]
            assert sum(realized) <= stopping
        if game is not None:
            game.attacker_bandwidth = n_calls * math.log2(count)
            assert mg.evaluate(game, PLAN).loss <= stopping + 1e-9


def is_within(count: int, n_calls: int, limit: Fraction) -> bool:
    """Whether ``count**n_calls <= 2**limit``, with both sides as integers."""
    return count ** (n_calls * limit.denominator) <= 2**limit.numerator
