"""Names of compositions for scenarios, and the classes behind them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, PlainValidator
from pydantic_core import CoreSchema

from mfmgame.errors import SpecificationError
from mfmgame.messages import nearest, shown

__all__ = ["COMPOSITIONS", "CompositionName"]

COMPOSITIONS: dict[str, Any] = {
    "best_of": "mfmgame.game.compositions.best_of:BestOf",
    "additive": "mfmgame.game.compositions.additive:Additive",
    "independent": "mfmgame.game.compositions.independent:Independent",
}
"""Names with their classes or import paths. Documents, JSON Schemas and tests take the names from
here."""


def _known(name: Any) -> str:
    if not (isinstance(name, str) and name in COMPOSITIONS):
        expected = nearest(name, COMPOSITIONS, "value")
        raise SpecificationError(f"found {shown(name)}, expected {expected}")
    return name


class _Names:
    """JSON Schema of the names registered when the schema is written."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> Any:
        return {"enum": list(COMPOSITIONS), "type": "string"}


CompositionName = Annotated[str, PlainValidator(_known), _Names()]
