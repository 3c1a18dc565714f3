from . import channel, references
from .assessment import Assessment, assess
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
from .errors import (
    CertificateError,
    InfeasibleError,
    MfmgameError,
    SolverError,
    SpecificationError,
)
from .frontier import Frontier
from .frontier_map import FrontierMap, sweep_map
from .game import DefenseGame, build_game
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
from .threshold import Threshold
from .tracing import sweep
from .verification import FrontierVerification, PortfolioVerification, Verification, verify
from .view import export_program, navigator_layer, result_document

__all__ = [
    "Assessment",
    "AssumedNumbers",
    "Catalog",
    "CatalogGaps",
    "CertificateError",
    "CoverageIndex",
    "DefenseGame",
    "DefenseGroup",
    "Frontier",
    "FrontierDocument",
    "FrontierMap",
    "FrontierVerification",
    "IncidentSelection",
    "InfeasibleError",
    "Interrupted",
    "MappingScores",
    "MatrixCertificate",
    "MatrixSolution",
    "MfmgameError",
    "Mixture",
    "OneSidedPrice",
    "Portfolio",
    "PortfolioDocument",
    "PortfolioSequence",
    "PortfolioVerification",
    "Result",
    "Scenario",
    "Sensitivity",
    "Solution",
    "Solver",
    "SolverError",
    "SpecificationError",
    "Threshold",
    "Verification",
    "Weights",
    "assess",
    "best_portfolios",
    "build_game",
    "channel",
    "check_catalog",
    "costed",
    "defense_coverage_index",
    "export_program",
    "import_atlas",
    "import_attack",
    "import_ctid",
    "incident_weights",
    "json_schema",
    "kev_weights",
    "load_catalog",
    "load_result",
    "load_scenario",
    "merge_catalogs",
    "navigator_layer",
    "read_weights",
    "references",
    "result_document",
    "self_destruction_threshold",
    "sensitivity",
    "shipped_catalogs",
    "solve",
    "solve_matrix_game",
    "sweep",
    "sweep_map",
    "verify",
    "weighed",
]

__version__: str
