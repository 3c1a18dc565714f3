"""JSON Schemas, generated from the models that validate."""

from __future__ import annotations

from typing import Any

from mfmgame.errors import SpecificationError
from mfmgame.spec.catalog import Catalog
from mfmgame.spec.document import Document
from mfmgame.spec.gaps import GapsDocument
from mfmgame.spec.portfolio_result import PortfolioDocument
from mfmgame.spec.result import FrontierDocument, IndexDocument, Result, ThresholdDocument
from mfmgame.spec.scenario import Scenario
from mfmgame.spec.wording import nearest, shown

__all__ = ["json_schema"]

_MODELS: dict[str, type[Document]] = {
    "scenario": Scenario,
    "catalog": Catalog,
    "result": Result,
    "frontier": FrontierDocument,
    "portfolio": PortfolioDocument,
    "threshold": ThresholdDocument,
    "dci": IndexDocument,
    "gaps": GapsDocument,
}


def json_schema(name: str = "scenario") -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a document.

    Parameters
    ----------
    name : {"scenario", "catalog", "result", "frontier", "threshold", "dci", "gaps"}
        Which document.

    Returns
    -------
    dict
        The schema, ready for :func:`json.dump`.

    Raises
    ------
    SpecificationError
        If there is no schema of that name.

    Examples
    --------
    >>> json_schema("scenario")["properties"]["schema"]["const"]
    'mfmgame/scenario/1'
    """
    if name not in _MODELS:
        raise SpecificationError(
            f"no schema is named {shown(name)}, expected {nearest(name, _MODELS, 'schema')}"
        )
    schema = _MODELS[name].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
