"""Parts that entries of different kinds share: what their numbers rest on, and references."""

from __future__ import annotations

from pydantic import Field

from mfmgame.documents.base import Basis, Identifier, Strict, Text

__all__ = ["Reference", "Sourced"]


class Sourced(Strict):
    """An entry whose numbers share one basis and one source."""

    basis: Basis | None = Field(default=None, description="What the entry's numbers rest on.")
    source: Text | None = Field(default=None, description="Where the entry's numbers come from.")


class Reference(Strict):
    """Id of an entry in another knowledge base."""

    source: Identifier
    id: Identifier
    url: Text = ""
