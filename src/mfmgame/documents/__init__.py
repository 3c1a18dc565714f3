"""What users write and read: scenarios, catalogs, results, and their JSON Schemas."""

from mfmgame.documents.catalog import Catalog
from mfmgame.documents.json_schema import json_schema
from mfmgame.documents.portfolio_result import PortfolioDocument
from mfmgame.documents.result import FrontierDocument, Result
from mfmgame.documents.scenario import Scenario, load_scenario

__all__ = [
    "Catalog",
    "FrontierDocument",
    "PortfolioDocument",
    "Result",
    "Scenario",
    "json_schema",
    "load_scenario",
]
