from . import channel, references
from .answers.basis_summary import BasisSummary, basis_summary
from .answers.coverage_index import CoverageIndex
from .answers.frontier import Frontier
from .answers.gradient import Gradient
from .answers.interruption import Interrupted
from .answers.plan_evaluation import PlanEvaluation, evaluate
from .answers.portfolio import Portfolio, PortfolioSequence
from .answers.sensitivity import OneSidedPrice, Sensitivity
from .answers.solution import Solution
from .answers.threshold import Threshold
from .assessment import Assessment, assess
from .attribution.composition_comparison import CompositionComparison, compare_compositions
from .attribution.coverage_index_search import defense_coverage_index
from .attribution.explanation import ExplainedDefense, Explanation, explain
from .attribution.funding_reasons import Why
from .attribution.plan_comparison import (
    PlanChange,
    PlanComparison,
    ScenarioComparison,
    compare,
)
from .attribution.shapley import Attribution, shapley_shares
from .attribution.spending import Knee, Spending
from .attribution.what_if import Outcome, WhatIf, Without, WithoutEach, what_if, without_each
from .authority.breaker.breaker_status import BreakerStatus
from .authority.breaker.breaker_store import Admission
from .authority.breaker.circuit_breaker import CircuitBreaker
from .authority.counting.authorized_bits import AuthorizedBits, authorized_bits
from .authority.logs.agent_logs import read_calls
from .authority.logs.logged_call import LoggedCall
from .authority.logs.unused_authority import UnusedAuthority, unused_authority
from .authority.logs.used_bits import UsedBits, used_bits
from .catalogs import (
    CatalogGaps,
    check_catalog,
    load_catalog,
    merge_catalogs,
    shipped_catalogs,
)
from .catalogs.csv_tables import costed, read_weights
from .catalogs.importing import (
    AssumedNumbers,
    MappingScores,
    import_atlas,
    import_attack,
    import_cosai,
    import_ctid,
    import_flow,
    kev_weights,
)
from .catalogs.incidents import IncidentSelection, incident_weights
from .catalogs.weighing import Weights, weighed
from .documents.addition import Addition, load_addition
from .documents.catalog import Catalog
from .documents.evidence_file import Evidence, EvidenceCell
from .documents.json_schema import json_schema
from .documents.policy import Policy, load_policy
from .documents.portfolio_result import PortfolioDocument
from .documents.result import FrontierDocument, Result
from .documents.scenario import Scenario
from .documents.scenario_parts import Units
from .documents.tool_manifest import Manifest, load_tools
from .ensembles.ensemble import Ensemble, Funding
from .ensembles.estimates import Estimate
from .ensembles.plan_regrets import PlanRegret
from .ensembles.sampling import ensemble
from .errors import (
    CertificateError,
    InfeasibleError,
    MfmgameError,
    SolverError,
    SpecificationError,
    WorkerError,
)
from .evidence.counting import evidence_from_trials
from .evidence.library import load_evidence, shipped_evidence
from .evidence.mapping import MappedPair, read_mapping
from .evidence.measuring import measured_catalog
from .evidence.merging import merge_evidence
from .evidence.reading import ReadingOptions, read_trials
from .evidence.trials import Trials
from .game.chains import chain_effectiveness
from .game.game import DefenseGame
from .game.input_changes import InputChange
from .game.level_rules import DefenseGroup
from .game.odd_inputs import odd_inputs
from .game.scenario_game import build_game
from .machine.workers import Workers
from .matrix_games import MatrixCertificate, MatrixSolution, Mixture, solve_matrix_game
from .paths.attack_graph import AttackGraph
from .paths.graph_game import GraphGame
from .paths.graph_solution import GraphSolution, solve_graph
from .paths.graph_sweep import GraphFrontier, sweep_graph
from .paths.graph_threshold import GraphEvaluation, evaluate_graph, graph_threshold
from .paths.graph_verification import verify_graph
from .paths.scenario_graph import build_graph_game
from .sensitivities.differentiation import threshold_gradient, value_gradient
from .sensitivities.other_optima import sensitivity
from .solving.solver import Solver, solve
from .sweeps.frontier_map import FrontierMap, sweep_map
from .sweeps.frontier_search import sweep
from .sweeps.portfolio_search import best_portfolios
from .sweeps.threshold_search import self_destruction_threshold
from .tables.scenario_files import load_scenario, save_scenario
from .tables.starter import init_scenario
from .uncertainty.game_family import GameFamily
from .uncertainty.global_sensitivity import Influence, morris_effects, sobol_indices
from .uncertainty.robust import RobustPlan, robust_plan
from .uncertainty.tornado import Tornado, tornado
from .uncertainty.uncertain_inputs import UncertainInputs
from .verification.claims import load_result
from .verification.verify import (
    FrontierVerification,
    PlanVerification,
    PortfolioVerification,
    Verification,
    verify,
)
from .view import export_program, navigator_layer, navigator_layers, result_document
from .view.report.page import report_page

__all__ = [
    "Addition",
    "Admission",
    "Assessment",
    "AssumedNumbers",
    "AttackGraph",
    "Attribution",
    "AuthorizedBits",
    "BasisSummary",
    "BreakerStatus",
    "Catalog",
    "CatalogGaps",
    "CertificateError",
    "CircuitBreaker",
    "CompositionComparison",
    "CoverageIndex",
    "DefenseGame",
    "DefenseGroup",
    "Ensemble",
    "Estimate",
    "Evidence",
    "EvidenceCell",
    "ExplainedDefense",
    "Explanation",
    "Frontier",
    "FrontierDocument",
    "FrontierMap",
    "FrontierVerification",
    "Funding",
    "GameFamily",
    "Gradient",
    "GraphEvaluation",
    "GraphFrontier",
    "GraphGame",
    "GraphSolution",
    "IncidentSelection",
    "InfeasibleError",
    "Influence",
    "InputChange",
    "Interrupted",
    "Knee",
    "LoggedCall",
    "Manifest",
    "MappedPair",
    "MappingScores",
    "MatrixCertificate",
    "MatrixSolution",
    "MfmgameError",
    "Mixture",
    "OneSidedPrice",
    "Outcome",
    "PlanChange",
    "PlanComparison",
    "PlanEvaluation",
    "PlanRegret",
    "PlanVerification",
    "Policy",
    "Portfolio",
    "PortfolioDocument",
    "PortfolioSequence",
    "PortfolioVerification",
    "ReadingOptions",
    "Result",
    "RobustPlan",
    "Scenario",
    "ScenarioComparison",
    "Sensitivity",
    "Solution",
    "Solver",
    "SolverError",
    "SpecificationError",
    "Spending",
    "Threshold",
    "Tornado",
    "Trials",
    "UncertainInputs",
    "Units",
    "UnusedAuthority",
    "UsedBits",
    "Verification",
    "Weights",
    "WhatIf",
    "Why",
    "Without",
    "WithoutEach",
    "WorkerError",
    "Workers",
    "assess",
    "authorized_bits",
    "basis_summary",
    "best_portfolios",
    "build_game",
    "build_graph_game",
    "chain_effectiveness",
    "channel",
    "check_catalog",
    "compare",
    "compare_compositions",
    "costed",
    "defense_coverage_index",
    "ensemble",
    "evaluate",
    "evaluate_graph",
    "evidence_from_trials",
    "explain",
    "export_program",
    "graph_threshold",
    "import_atlas",
    "import_attack",
    "import_cosai",
    "import_ctid",
    "import_flow",
    "incident_weights",
    "init_scenario",
    "json_schema",
    "kev_weights",
    "load_addition",
    "load_catalog",
    "load_evidence",
    "load_policy",
    "load_result",
    "load_scenario",
    "load_tools",
    "measured_catalog",
    "merge_catalogs",
    "merge_evidence",
    "morris_effects",
    "navigator_layer",
    "navigator_layers",
    "odd_inputs",
    "read_calls",
    "read_mapping",
    "read_trials",
    "read_weights",
    "references",
    "report_page",
    "result_document",
    "robust_plan",
    "save_scenario",
    "self_destruction_threshold",
    "sensitivity",
    "shapley_shares",
    "shipped_catalogs",
    "shipped_evidence",
    "sobol_indices",
    "solve",
    "solve_graph",
    "solve_matrix_game",
    "sweep",
    "sweep_graph",
    "sweep_map",
    "threshold_gradient",
    "tornado",
    "unused_authority",
    "used_bits",
    "value_gradient",
    "verify",
    "verify_graph",
    "weighed",
    "what_if",
    "without_each",
]

__version__: str
