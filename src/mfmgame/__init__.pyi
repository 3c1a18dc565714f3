from . import channel, references
from .alternatives import Outcome, WhatIf, Without, WithoutEach, what_if, without_each
from .assessment import Assessment, assess
from .attribution import Attribution, shapley_shares
from .budgeting import best_portfolios
from .catalogs import (
    CatalogGaps,
    check_catalog,
    load_catalog,
    merge_catalogs,
    shipped_catalogs,
)
from .catalogs.importing import (
    AssumedNumbers,
    MappingScores,
    import_atlas,
    import_attack,
    import_ctid,
    kev_weights,
)
from .catalogs.incidents import IncidentSelection, incident_weights
from .catalogs.tables import costed, read_weights
from .catalogs.weighing import Weights, weighed
from .choices import DefenseGroup
from .coverage_index import CoverageIndex, defense_coverage_index
from .crossing import self_destruction_threshold
from .differentiation import threshold_gradient, value_gradient
from .errors import (
    CertificateError,
    InfeasibleError,
    MfmgameError,
    SolverError,
    SpecificationError,
    WorkerError,
)
from .frontier import Frontier
from .frontier_map import FrontierMap, sweep_map
from .game import DefenseGame, build_game
from .gradient import Gradient
from .interruption import Interrupted
from .matrix_games import MatrixCertificate, MatrixSolution, Mixture, solve_matrix_game
from .optima import OneSidedPrice, Sensitivity
from .portfolio import Portfolio, PortfolioSequence
from .proof.reading import load_result
from .ranging import sensitivity
from .solution import Solution
from .solver import Solver, solve
from .spec import (
    Catalog,
    FrontierDocument,
    PortfolioDocument,
    Result,
    Scenario,
    json_schema,
    load_scenario,
)
from .spec.addition import Addition, load_addition
from .threshold import Threshold
from .tracing import sweep
from .uncertainty.answers import Ensemble, Funding
from .uncertainty.drawing import ensemble
from .uncertainty.estimates import Estimate
from .uncertainty.family import GameFamily
from .uncertainty.influence import Influence, morris_effects, sobol_indices
from .uncertainty.inputs import UncertainInputs
from .uncertainty.one_at_a_time import Tornado, tornado
from .uncertainty.robust import RobustPlan, robust_plan
from .uncertainty.workers import Workers
from .verification import FrontierVerification, PortfolioVerification, Verification, verify
from .view import export_program, navigator_layer, navigator_layers, result_document
from .view.report.page import report_page

__all__ = [
    "Addition",
    "Assessment",
    "AssumedNumbers",
    "Attribution",
    "Catalog",
    "CatalogGaps",
    "CertificateError",
    "CoverageIndex",
    "DefenseGame",
    "DefenseGroup",
    "Ensemble",
    "Estimate",
    "Frontier",
    "FrontierDocument",
    "FrontierMap",
    "FrontierVerification",
    "Funding",
    "GameFamily",
    "Gradient",
    "IncidentSelection",
    "InfeasibleError",
    "Influence",
    "Interrupted",
    "MappingScores",
    "MatrixCertificate",
    "MatrixSolution",
    "MfmgameError",
    "Mixture",
    "OneSidedPrice",
    "Outcome",
    "Portfolio",
    "PortfolioDocument",
    "PortfolioSequence",
    "PortfolioVerification",
    "Result",
    "RobustPlan",
    "Scenario",
    "Sensitivity",
    "Solution",
    "Solver",
    "SolverError",
    "SpecificationError",
    "Threshold",
    "Tornado",
    "UncertainInputs",
    "Verification",
    "Weights",
    "WhatIf",
    "Without",
    "WithoutEach",
    "WorkerError",
    "Workers",
    "assess",
    "best_portfolios",
    "build_game",
    "channel",
    "check_catalog",
    "costed",
    "defense_coverage_index",
    "ensemble",
    "export_program",
    "import_atlas",
    "import_attack",
    "import_ctid",
    "incident_weights",
    "json_schema",
    "kev_weights",
    "load_addition",
    "load_catalog",
    "load_result",
    "load_scenario",
    "merge_catalogs",
    "morris_effects",
    "navigator_layer",
    "navigator_layers",
    "read_weights",
    "references",
    "report_page",
    "result_document",
    "robust_plan",
    "self_destruction_threshold",
    "sensitivity",
    "shapley_shares",
    "shipped_catalogs",
    "sobol_indices",
    "solve",
    "solve_matrix_game",
    "sweep",
    "sweep_map",
    "threshold_gradient",
    "tornado",
    "value_gradient",
    "verify",
    "weighed",
    "what_if",
    "without_each",
]

__version__: str
