"""What users write and read: scenarios, catalogs, results, and their JSON Schemas."""

from mfmgame.spec.catalog import Catalog
from mfmgame.spec.portfolio_result import PortfolioDocument
from mfmgame.spec.result import FrontierDocument, Result
from mfmgame.spec.scenario import Scenario, load_scenario
from mfmgame.spec.schema import json_schema

__all__ = [
    "Catalog",
    "FrontierDocument",
    "PortfolioDocument",
    "Result",
    "Scenario",
    "json_schema",
    "load_scenario",
]
