"""Numbers that say what they rest on."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from mfmgame.documents.base import Amount, Basis, Strict, Text, refuse, stated

__all__ = ["StatedNumber"]


class StatedNumber(Strict):
    """A number beside its basis, its source or both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [stated("basis"), stated("source")]})

    group: ClassVar[None] = None
    """No group: the number is certain, and correlated with none."""

    value: Amount
    basis: Basis | None = Field(default=None, description="What the number rests on.")
    source: Text | None = Field(default=None, description="Where the number comes from.")

    @model_validator(mode="after")
    def _says_what_it_rests_on(self) -> Self:
        if self.basis is None and self.source is None:
            raise refuse((), "found 'value' alone, expected 'basis' or 'source' beside it")
        return self
