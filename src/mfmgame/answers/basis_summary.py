"""Count the numbers of each basis in a game, and the share of the value that rests on each basis.

For a number ``q`` of the game, ``|q dV/dq|`` is how far the value moves per share by which the
number is off. At an optimum only the direct effect of a number counts (the envelope theorem). With
efforts ``y``, exposures ``r``, levels ``x``, a price ``lam`` of bandwidth and prices ``mu`` of
limits, the terms are

    severity  y_i s_i r_i        bandwidth  lam b_i y_i        attacker's bandwidth  lam B
    effectiveness  y_i s_i |dr_i / dE_ij| E_ij        use  mu_r a_rj x_j        limit  mu_r h_r

where the derivatives exist; elsewhere the terms are those of the plan and the proof at hand. A
plan that is given, and a plan with stepped defenses, is held: then limits and uses move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.answers.plan_evaluation import PlanEvaluation, evaluate_levels
from mfmgame.answers.solution import Solution
from mfmgame.catalogs.number_bases import BASIS_NAMES, CodeArray, NumberBases
from mfmgame.certificates.duality_certificate import Certificate, attack_plan
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import compose
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import refuse_other_types
from mfmgame.numerics.arrays import BoolArray, FloatArray, dense

if TYPE_CHECKING:
    import pandas

__all__ = ["BasisSummary", "basis_summary", "stated_bases"]


@dataclass(frozen=True, eq=False, repr=False)
class BasisSummary(Displayed):
    """Numbers of a game by basis, and the share of the value that rests on each basis.

    The numbers are the severity and bandwidth of each threat, each effectiveness and each use
    above 0, each finite limit and the attacker's bandwidth. Greatest levels have no basis, and
    the termination loss does not move the value.

    Attributes
    ----------
    game : DefenseGame
    counts : mapping of str to mapping of str to int
        For each kind of number, how many have each basis, from the strongest to ``not stated``.
    shares : Labelled
        Share of the value that rests on each basis, at most 1; NaN if no number moves the value, or
        the composition does not know its derivatives.
    """

    game: DefenseGame
    counts: Mapping[str, Mapping[str, int]]
    shares: Labelled

    @property
    def numbers(self) -> dict[str, int]:
        """Count the numbers of each basis."""
        return {name: sum(kind[name] for kind in self.counts.values()) for name in BASIS_NAMES}

    @property
    def is_stated(self) -> bool:
        """Whether any number has a basis."""
        return any(self.numbers[name] for name in BASIS_NAMES[:-1])

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats about the game's numbers."""
        return self.game.notes

    def to_frame(self) -> pandas.DataFrame:
        """Tabulate for each basis its numbers, by kind and in total, and its share of the value.

        Returns
        -------
        pandas.DataFrame
            A row per basis; a column per kind of number, `numbers` and `share`.
        """
        import pandas

        table: dict[str, object] = {
            kind: list(counted.values()) for kind, counted in self.counts.items()
        }
        table |= {"numbers": list(self.numbers.values()), "share": self.shares.array}
        return pandas.DataFrame(table, index=pandas.Index(list(BASIS_NAMES), name="basis"))


def basis_summary(answer: Solution | PlanEvaluation) -> BasisSummary:
    """Count the numbers of each basis, and find the share of the value that rests on them.

    Parameters
    ----------
    answer : Solution or PlanEvaluation
        Answer to a scenario.

    Returns
    -------
    BasisSummary

    Raises
    ------
    SpecificationError
        If `answer` is of another type, or its game was not built from a scenario.

    Examples
    --------
    >>> import mfmgame as mg
    >>> scenario = mg.load_scenario("examples/llava.json")
    >>> found = mg.basis_summary(mg.solve(scenario))
    >>> found.numbers["assumed"], round(found.shares["assumed"], 2)
    (270, 0.71)
    """
    refuse_other_types(answer, "answer", Solution, PlanEvaluation)
    game = answer.game
    if game.bases is None:
        raise SpecificationError(
            "found a game built from arrays, whose numbers have no basis, expected that of a "
            "scenario",
            pointer="answer",
        )
    if game.is_discrete and isinstance(answer, Solution):
        answer = evaluate_levels(game, answer.allocation.array)
    counts: dict[str, dict[str, int]] = {}
    moved = np.zeros(len(BASIS_NAMES))
    for kind, codes, counted, moves in _kinds(answer, game.bases):
        found = np.bincount(codes[counted], minlength=len(BASIS_NAMES)).tolist()
        counts[kind] = dict(zip(BASIS_NAMES, found, strict=True))
        moved += np.bincount(codes[counted], moves[counted], minlength=len(BASIS_NAMES))
    with np.errstate(over="ignore", invalid="ignore"):
        shares = np.minimum(moved / moved.sum(), 1.0)
    return BasisSummary(game, counts, Labelled(BASIS_NAMES, shares))


def stated_bases(answer: Solution | PlanEvaluation) -> BasisSummary | None:
    """Summarize the bases of an answer; None if no number of its game states a basis."""
    if answer.game.bases is None:
        return None
    found = basis_summary(answer)
    return found if found.is_stated else None


def _kinds(
    answer: Solution | PlanEvaluation, bases: NumberBases
) -> Iterator[tuple[str, CodeArray, BoolArray, FloatArray]]:
    """Yield each kind of number: its bases, which count, and how far each moves the value."""
    game, levels, proof = answer.game, answer.allocation.array, answer.certificate.priced
    effort, price = attack_plan(game, proof), answer.bandwidth_price
    every, limited = np.ones(game.n_threats, dtype=bool), np.isfinite(game.limits)
    prices = np.where(limited, proof.limit_prices, 0.0)
    yield "severity", bases.severity, every, effort * answer.residual.array
    yield "bandwidth", bases.bandwidth, every, price * game.bandwidth * effort
    shares = dense(game.effectiveness)
    yield "effectiveness", bases.effectiveness, shares > 0.0, _moved_by(shares, game, levels, proof)
    yield "use", bases.use, game.use > 0.0, prices[:, None] * game.use * levels
    yield "limit", bases.limits, limited, prices * np.where(limited, game.limits, 0.0)
    attacker = np.array(price * game.attacker_bandwidth)
    yield "attacker bandwidth", bases.attacker_bandwidth, np.array(True), attacker


def _moved_by(
    shares: FloatArray, game: DefenseGame, levels: FloatArray, proof: Certificate
) -> FloatArray:
    """Compute how far each effectiveness moves the value, shape (n_threats, n_defenses)."""
    composition = compose(game)
    weights = proof.weights * composition.acting_shares(proof.anchors)
    acting = np.bincount(proof.threats, weights, minlength=game.n_threats) * game.severity
    threats = np.flatnonzero(acting)
    slopes = composition.slopes(threats, levels)
    moved = np.zeros(shares.shape)
    moved[threats] = np.nan if slopes is None else acting[threats, None] * slopes * shares[threats]
    return moved
