"""The content of each kind of answer, which every display of the answer shows.

A kind of answer is registered by the function that makes its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from rich.console import Group, RenderableType

from mfmgame.answers.basis_summary import BasisSummary
from mfmgame.answers.coverage_index import CoverageIndex
from mfmgame.answers.frontier import Frontier
from mfmgame.answers.gradient import Gradient
from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.answers.portfolio import Portfolio, PortfolioSequence
from mfmgame.answers.sensitivity import Sensitivity
from mfmgame.answers.solution import Solution
from mfmgame.answers.threshold import Threshold
from mfmgame.assessment import Assessment
from mfmgame.attribution.composition_comparison import CompositionComparison
from mfmgame.attribution.explanation import Explanation
from mfmgame.attribution.plan_comparison import PlanComparison, ScenarioComparison
from mfmgame.attribution.shapley import Attribution
from mfmgame.attribution.what_if import Outcome, WhatIf, WithoutEach
from mfmgame.authority.counting.authorized_bits import AuthorizedBits
from mfmgame.authority.logs.unused_authority import UnusedAuthority
from mfmgame.authority.logs.used_bits import UsedBits
from mfmgame.ensembles.ensemble import Ensemble
from mfmgame.matrix_games.matrix_solution import MatrixSolution
from mfmgame.sweeps.frontier_map import FrontierMap
from mfmgame.uncertainty.global_sensitivity import Influence
from mfmgame.uncertainty.robust import RobustPlan
from mfmgame.uncertainty.tornado import Tornado
from mfmgame.verification.verify import (
    FrontierVerification,
    PlanVerification,
    PortfolioVerification,
    Verification,
)
from mfmgame.view.text import (
    answer_text,
    bandwidth_text,
    basis_text,
    ensemble_text,
    explanation_text,
    map_text,
    matrix_text,
    plan_text,
    portfolio_text,
    solution_text,
    uncertainty_text,
    used_bits_text,
)
from mfmgame.view.text.layout import Later

__all__ = ["content_of", "parts_of"]


@singledispatch
def content_of(answer: object) -> Group:
    """Show an answer: its title, its facts, its tables and its notes.

    Raises
    ------
    TypeError
        If the answer is of an unknown kind.
    """
    raise TypeError(f"found an answer of kind {type(answer).__name__}, which has no text")


content_of.register(Assessment, answer_text.assessment_text)
content_of.register(Attribution, uncertainty_text.shares_text)
content_of.register(AuthorizedBits, bandwidth_text.bandwidth_text)
content_of.register(BasisSummary, basis_text.basis_text)
content_of.register(CompositionComparison, plan_text.compositions_text)
content_of.register(CoverageIndex, answer_text.index_text)
content_of.register(Ensemble, ensemble_text.ensemble_text)
content_of.register(Explanation, explanation_text.explanation_text)
content_of.register(Frontier, answer_text.frontier_text)
content_of.register(FrontierMap, map_text.map_text)
content_of.register(FrontierVerification, answer_text.verification_text)
content_of.register(Gradient, uncertainty_text.gradient_text)
content_of.register(Influence, uncertainty_text.influence_text)
content_of.register(MatrixSolution, matrix_text.matrix_text)
content_of.register(Outcome, solution_text.outcome_text)
content_of.register(PlanComparison, plan_text.comparison_text)
content_of.register(PlanEvaluation, plan_text.evaluation_text)
content_of.register(Portfolio, solution_text.one_portfolio_text)
content_of.register(PortfolioSequence, portfolio_text.portfolio_text)
content_of.register(PortfolioVerification, answer_text.verification_text)
content_of.register(PlanVerification, answer_text.verification_text)
content_of.register(RobustPlan, uncertainty_text.robust_text)
content_of.register(ScenarioComparison, plan_text.comparison_text)
content_of.register(Sensitivity, solution_text.sensitivity_text)
content_of.register(Solution, solution_text.solution_text)
content_of.register(Threshold, answer_text.threshold_text)
content_of.register(Tornado, uncertainty_text.tornado_text)
content_of.register(UnusedAuthority, used_bits_text.unused_text)
content_of.register(UsedBits, used_bits_text.used_text)
content_of.register(Verification, answer_text.verification_text)
content_of.register(WhatIf, uncertainty_text.what_if_text)
content_of.register(WithoutEach, uncertainty_text.without_each_text)


def parts_of(content: RenderableType) -> Iterator[RenderableType]:
    """List the texts and tables of a content, those of inner groups too."""
    if isinstance(content, Group):
        for part in content.renderables:
            yield from parts_of(part)
    elif isinstance(content, Later):
        yield from parts_of(content.build())
    else:
        yield content
