"""JSON Schemas, generated from the validating models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from pydantic import BaseModel, TypeAdapter

from mfmgame.documents.addition import Addition
from mfmgame.documents.bandwidth_result import BandwidthDocument
from mfmgame.documents.base import Document, stated
from mfmgame.documents.catalog import Catalog
from mfmgame.documents.catalog_gaps import GapsDocument
from mfmgame.documents.distributions import FORMS, Range
from mfmgame.documents.ensemble_result import EnsembleDocument
from mfmgame.documents.evidence_file import Evidence
from mfmgame.documents.explanation_result import ExplanationDocument
from mfmgame.documents.graph_result import GraphResult
from mfmgame.documents.guard_status import GuardStatusDocument
from mfmgame.documents.kept_shares import KeptShare
from mfmgame.documents.plan_result import (
    ComparisonDocument,
    CompositionsDocument,
    EvaluationDocument,
)
from mfmgame.documents.policy import Policy
from mfmgame.documents.portfolio_result import PortfolioDocument
from mfmgame.documents.result import FrontierDocument, IndexDocument, Result, ThresholdDocument
from mfmgame.documents.scenario import Scenario
from mfmgame.documents.sensitivity_result import (
    GradientDocument,
    InfluenceDocument,
    RobustDocument,
    SharesDocument,
    TornadoDocument,
    WhatIfDocument,
)
from mfmgame.documents.stated_numbers import StatedNumber
from mfmgame.documents.uncertain_numbers import UncertainDocument, number_keys, number_models
from mfmgame.documents.watch_result import StoppedSessionDocument, WatchDocument
from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, refuse_other_types, shown

__all__ = ["SCHEMA_NAMES", "json_schema"]

_UNCERTAIN = "UncertainNumber"
_CERTAIN: Sequence[type[BaseModel]] = (StatedNumber, KeptShare)
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum")
_MODELS: dict[str, type[Document]] = {
    "scenario": Scenario,
    "catalog": Catalog,
    "result": Result,
    "graph-result": GraphResult,
    "frontier": FrontierDocument,
    "portfolio": PortfolioDocument,
    "threshold": ThresholdDocument,
    "dci": IndexDocument,
    "evaluation": EvaluationDocument,
    "comparison": ComparisonDocument,
    "compositions": CompositionsDocument,
    "explanation": ExplanationDocument,
    "gaps": GapsDocument,
    "ensemble": EnsembleDocument,
    "addition": Addition,
    "evidence": Evidence,
    "policy": Policy,
    "bandwidth": BandwidthDocument,
    "guard-status": GuardStatusDocument,
    "gradient": GradientDocument,
    "influence": InfluenceDocument,
    "robust": RobustDocument,
    "shares": SharesDocument,
    "tornado": TornadoDocument,
    "stopped-session": StoppedSessionDocument,
    "watch": WatchDocument,
    "what-if": WhatIfDocument,
}
SCHEMA_NAMES = tuple(_MODELS)
"""Names of the documents that have a schema."""


def json_schema(name: str = "scenario") -> dict[str, Any]:
    """Generate the JSON Schema (draft 2020-12) of a document.

    Parameters
    ----------
    name : str
        Name of the document: "scenario", "catalog", "addition", "evidence" or "policy"; "result",
        "frontier", "portfolio", "threshold", "dci", "evaluation", "comparison", "compositions",
        "explanation", "gaps", "bandwidth", "guard-status", "ensemble", "gradient", "influence",
        "robust", "shares", "tornado" or "what-if".

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
    refuse_other_types(name, "name", str)
    if name not in _MODELS:
        raise SpecificationError(
            f"no schema is named {shown(name)}, expected {nearest(name, _MODELS, 'schema')}"
        )
    model = _MODELS[name]
    schema = model.model_json_schema()
    if issubclass(model, UncertainDocument):
        schema = _with_forms_of_numbers(schema, model, (Range, *FORMS.values(), *_CERTAIN))
    elif model is Addition:
        schema = _with_forms_of_numbers(schema, model, _CERTAIN)
    _bound(schema)
    for part in (schema, *schema.get("$defs", {}).values()):
        if "description" in part:  # a docstring, whose summary also serves readers of JSON
            part["description"] = " ".join(part["description"].split("\n\n")[0].split())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _with_forms_of_numbers(
    schema: dict[str, Any], model: type[BaseModel], allowed: Sequence[type[BaseModel]]
) -> dict[str, Any]:
    """Allow forms of numbers, such as distributions, wherever the model takes a number."""
    any_form: Any = reduce(or_, allowed)
    forms = TypeAdapter(any_form).json_schema()
    definitions = schema.setdefault("$defs", {})
    definitions |= forms.pop("$defs")
    definitions[_UNCERTAIN] = {
        "description": "A number that is not known, or that says what it rests on.",
        **forms,
    }
    for part in number_models(model):
        described = schema if part is model else definitions[part.__name__]
        for key, kind in number_keys(part).items():
            place = described["properties"][key]
            if kind == "numbers":
                number = place["additionalProperties"]
                place["additionalProperties"] = {"anyOf": [number, _uncertain(number)]}
            else:
                alternatives = place.pop("anyOf", None) or [_moved(place)]
                place["anyOf"] = [*alternatives, _uncertain(alternatives[0])]
    return schema


def _uncertain(number: dict[str, Any]) -> dict[str, Any]:
    """Allow ranges and distributions whose stated ends are within a number's bounds."""
    bounds = {key: number[key] for key in _BOUNDS if key in number}
    return {
        "$ref": f"#/$defs/{_UNCERTAIN}",
        "properties": {
            "low": bounds,
            "high": bounds,
            "range": {"items": bounds},
            "value": bounds,
        },
        "anyOf": [stated("weights"), {"properties": {"values": {"items": bounds}}}],
    }


def _bound(part: Any) -> None:
    """Bound numbers without a bound to be finite: readers may take 1e400 for infinity."""
    for inner in part.values() if isinstance(part, dict) else part:
        if isinstance(inner, (dict, list)):
            _bound(inner)
    if isinstance(part, dict) and part.get("type") == "number":
        part.setdefault("maximum", sys.float_info.max)
        if "exclusiveMinimum" not in part:
            part.setdefault("minimum", -sys.float_info.max)


def _moved(place: dict[str, Any]) -> dict[str, Any]:
    """Move the constraints on a number out of its schema."""
    said = [key for key in place if key not in ("title", "description", "default")]
    return {key: place.pop(key) for key in said}
