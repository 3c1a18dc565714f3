"""Check an answer's proof without a solver and without rounding."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import overload

import numpy as np

from mfmgame.answer_displays import Displayed
from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier, with_limit_on
from mfmgame.answers.solution import Solution, refuse_other_tolerances, scale_of
from mfmgame.answers.threshold import one_sided_note
from mfmgame.documents.plan_result import EvaluationDocument
from mfmgame.documents.portfolio_result import PortfolioDocument
from mfmgame.documents.result import FrontierDocument, Result
from mfmgame.game.game import DefenseGame
from mfmgame.messages import refuse_other_types, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.verification.agreement import (
    check_each,
    check_equal,
    check_number,
    refuse,
    rounded,
    rounded_outwards,
)
from mfmgame.verification.bases import check_bases
from mfmgame.verification.bounds import ExactGame
from mfmgame.verification.claims import (
    check_head,
    check_notes,
    check_status,
    claimed_frontier,
    claimed_solution,
    claimed_threshold,
)
from mfmgame.verification.frontiers import check_frontier
from mfmgame.verification.plan_evaluations import check_evaluation
from mfmgame.verification.portfolios import check_portfolios
from mfmgame.verification.sensitivities import check_sensitivity
from mfmgame.verification.solutions import check_index, check_solution
from mfmgame.verification.thresholds import check_plan_threshold, check_threshold

__all__ = [
    "FrontierVerification",
    "PlanVerification",
    "PortfolioVerification",
    "Verification",
    "verify",
]


@dataclass(frozen=True, repr=False)
class Verification(Displayed):
    """Proven bracket of the value of a game.

    Attributes
    ----------
    game : DefenseGame
        The game that the answer was checked against.
    lower, upper : float
        Proven bracket, rounded outwards from exact numbers, in loss units.
    gap : float
        Width of the bracket relative to the value.
    has_ranges : bool
        Whether the answer has ranges of levels and one-sided prices. They are checked to be
        unchanged and consistent, but carry no proof.
    """

    game: DefenseGame = field(compare=False)
    lower: float
    upper: float
    gap: float
    has_ranges: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class FrontierVerification(Displayed):
    """Proven brackets of a frontier; between breakpoints, chords are bounds too.

    Attributes
    ----------
    game : DefenseGame
        The game that the answer was checked against.
    lower, upper : ndarray of float, shape (n_pieces + 1,)
        Proven bracket at each breakpoint, rounded outwards, in loss units.
    gap : float
        Greatest width relative to the value.
    start, stop : float
        Ends of the proven part, in units of the parameter.
    parameter : str
        As of the frontier.
    """

    game: DefenseGame
    lower: FloatArray
    upper: FloatArray
    gap: float
    start: float
    stop: float
    parameter: str


@dataclass(frozen=True, eq=False, repr=False)
class PortfolioVerification(Displayed):
    """Proven brackets of a sequence of portfolios.

    Attributes
    ----------
    game : DefenseGame
        The game that the answer was checked against.
    lower, upper : ndarray of float, shape (n_portfolios,)
        Proven bracket of the value at the budgets for which each portfolio is best,
        rounded outwards, in loss units.
    gap : float
        Greatest width relative to the value.
    """

    game: DefenseGame
    lower: FloatArray
    upper: FloatArray
    gap: float


@dataclass(frozen=True, eq=False, repr=False)
class PlanVerification(Displayed):
    """Proven brackets of the losses of evaluated plans.

    Attributes
    ----------
    game : DefenseGame
        The game that the plans were checked against.
    names : tuple of str, length n_plans
    lower, upper : ndarray of float, shape (n_plans,)
        Proven bracket of the loss of each plan, rounded outwards, in loss units.
    gap : float
        Greatest width relative to the loss.
    """

    game: DefenseGame
    names: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    gap: float


@overload
def verify(
    answer: Solution | Result, game: DefenseGame, *, tolerance: float | None = None
) -> Verification: ...
@overload
def verify(
    answer: Frontier | FrontierDocument, game: DefenseGame, *, tolerance: float | None = None
) -> FrontierVerification: ...
@overload
def verify(
    answer: PortfolioDocument, game: DefenseGame, *, tolerance: float | None = None
) -> PortfolioVerification: ...
@overload
def verify(
    answer: EvaluationDocument, game: DefenseGame, *, tolerance: float | None = None
) -> PlanVerification: ...
def verify(
    answer: Solution
    | Result
    | Frontier
    | FrontierDocument
    | PortfolioDocument
    | EvaluationDocument,
    game: DefenseGame,
    *,
    tolerance: float | None = None,
) -> Verification | FrontierVerification | PortfolioVerification | PlanVerification:
    """Check that an answer follows from its own proof.

    Parameters
    ----------
    answer : Solution, Result, Frontier, FrontierDocument, PortfolioDocument or EvaluationDocument
        The claims, from this process or from a file (see :func:`mfmgame.load_result`).
    game : DefenseGame
        The game, built independently of the answer.
    tolerance : float, optional
        Tolerance that :func:`mfmgame.assess`, :func:`mfmgame.sweep` or
        :func:`mfmgame.best_portfolios` was asked for, if not the default: it decides which
        brackets are too wide to be called proven, and how near the threshold must be.

    Returns
    -------
    Verification, FrontierVerification or PortfolioVerification
        The proven brackets.

    Raises
    ------
    SpecificationError
        If the tolerance is not between 0 and 1.
    CertificateError
        If any number of the answer does not follow; `pointer` gives the place of the
        number in the answer's JSON.

    Examples
    --------
    >>> import mfmgame as mg
    >>> game = mg.build_game(mg.load_scenario("examples/llava.json"))
    >>> verify(mg.solve(game), game).gap < 1e-12
    True
    """
    documents = (Result, FrontierDocument, PortfolioDocument, EvaluationDocument)
    refuse_other_types(answer, "answer", Solution, Frontier, *documents)
    refuse_other_types(game, "game", DefenseGame)
    refuse_other_tolerances(tolerance)
    if isinstance(answer, documents):
        check_head(answer, game)
    if isinstance(answer, Result):
        return _verify_result(answer, game, tolerance)
    if isinstance(answer, Solution):
        return _verification(*check_solution(answer, ExactGame(game)), game)
    if isinstance(answer, PortfolioDocument):
        return _verify_portfolios(answer, game, tolerance)
    if isinstance(answer, EvaluationDocument):
        return _verify_evaluations(answer, game)
    if isinstance(answer, FrontierDocument):
        return _verify_document(answer, game, tolerance)
    return _verify_frontier(answer, game)


def _verify_result(result: Result, game: DefenseGame, tolerance: float | None) -> Verification:
    exact, solution = ExactGame(game), claimed_solution(result, game, tolerance)
    proven, notes, closed = check_solution(solution, exact), solution.notes, True
    if not solution.is_proven:
        check_status(("status",), result.status, solution)
    if result.threshold is None or game.termination_loss is None:
        has_loss = game.termination_loss is not None
        if has_loss is (result.threshold is None):
            expected = "one" if has_loss else "none, as the scenario has no termination"
            raise refuse(("threshold",), f"expected {expected}")
    else:
        threshold = claimed_threshold(result.threshold, game)
        bounds = solution.lower, solution.upper
        closed = check_threshold(threshold, exact, bounds, solution.tolerance)
        if "plan_bandwidth" in result.threshold.model_fields_set:
            check_plan_threshold(threshold, solution)
        if not closed and threshold.lower is not None:
            _check_says_so(result, threshold.lower, game.termination_loss, solution.tolerance)
            notes = (*notes, one_sided_note(threshold.lower))
    if closed:
        check_status(("status",), result.status, solution)
    check_sensitivity(result.sensitivity, solution)
    check_index(result.dci, solution)
    check_bases(("bases",), result.bases, solution)
    check_notes(result.notes, notes)
    return replace(_verification(*proven, game), has_ranges=True)


def _check_says_so(result: Result, lower: float, loss: float, tolerance: float) -> None:
    """Check that a result whose threshold may be later is not called proven."""
    if result.status == "proven":
        raise refuse(
            ("threshold", "lower"),
            f"found {shown(lower)}, expected {loss!r} within the tolerance {tolerance!r}",
        )


def _verify_document(
    document: FrontierDocument, game: DefenseGame, tolerance: float | None
) -> FrontierVerification:
    frontier = claimed_frontier(document, game, tolerance)
    proven = _verify_frontier(frontier, game)
    for k, point in enumerate(document.points):
        if not frontier.breakpoints[0] <= point.at or (
            frontier.is_cut_off and point.at > frontier.breakpoints[-1]
        ):
            raise refuse(("points", k, "at"), f"found {point.at!r}, expected a point in the sweep")
        check_number(("points", k, "value"), point.value, float(frontier(point.at)))
    check_status(("status",), document.status, frontier)
    found = frontier.regions()
    claimed = document.decisions or []
    check_equal(("decisions",), len(claimed), len(found))
    for k, (region, expected) in enumerate(zip(claimed, found, strict=True)):
        check_equal(("decisions", k, "decision"), region.decision, expected.decision)
        ends = [region.start, region.end], [expected.start, expected.stop]
        check_each(("decisions", k), ["from", "to"], *ends)
    check_notes(document.notes, frontier.notes)
    return proven


def _verify_portfolios(
    document: PortfolioDocument, game: DefenseGame, tolerance: float | None
) -> PortfolioVerification:
    sequence, brackets = check_portfolios(document, game, tolerance)
    proven = [_verification(*bracket, game) for bracket in brackets]
    check_equal(("status",), document.status, sequence.status)
    check_notes(document.notes, sequence.notes)
    return PortfolioVerification(
        game=game,
        lower=np.array([bracket.lower for bracket in proven]),
        upper=np.array([bracket.upper for bracket in proven]),
        gap=max(bracket.gap for bracket in proven),
    )


def _verify_evaluations(document: EvaluationDocument, game: DefenseGame) -> PlanVerification:
    if not document.plans:
        raise refuse(("plans",), "found no plan, expected one or more")
    exact = ExactGame(game)
    brackets = [
        _verification(*check_evaluation(("plans", name), plan, exact), game)
        for name, plan in document.plans.items()
    ]
    check_notes(document.notes, game.notes)
    return PlanVerification(
        game=game,
        names=tuple(document.plans),
        lower=np.array([bracket.lower for bracket in brackets]),
        upper=np.array([bracket.upper for bracket in brackets]),
        gap=max((bracket.gap for bracket in brackets), default=0.0),
    )


def _verify_frontier(frontier: Frontier, game: DefenseGame) -> FrontierVerification:
    if frontier.parameter != ATTACKER_BANDWIDTH:
        game = with_limit_on(game, frontier.parameter)
    lower, upper = check_frontier(frontier, ExactGame(game))
    brackets = [_verification(*ends, game) for ends in zip(lower, upper, strict=True)]
    return FrontierVerification(
        game=game,
        lower=np.array([bracket.lower for bracket in brackets]),
        upper=np.array([bracket.upper for bracket in brackets]),
        gap=max(bracket.gap for bracket in brackets),
        start=float(frontier.breakpoints[0]),
        stop=float(frontier.breakpoints[-1]),
        parameter=frontier.parameter,
    )


def _verification(lower: Fraction, upper: Fraction, game: DefenseGame) -> Verification:
    gap = (upper - lower) / Fraction(scale_of(game, float(upper)))
    return Verification(game, rounded_outwards(lower, -1), rounded_outwards(upper, 1), rounded(gap))
