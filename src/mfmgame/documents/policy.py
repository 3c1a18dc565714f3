"""Policies: which calls of its tools an agent may make."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mfmgame.documents.base import WHOLE, Document, Identifier, Strict, Text, refuse
from mfmgame.documents.catalog import SCHEMA_URL
from mfmgame.documents.json_reading import STANDARD_INPUT, input_of, read_document
from mfmgame.documents.tool_manifest import digest_of
from mfmgame.errors import SpecificationError
from mfmgame.messages import refuse_other_types, shown

__all__ = ["ALPHABETS", "ArgumentRule", "Policy", "ToolRule", "as_policy", "load_policy"]

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
ALPHABETS: dict[str, str] = {
    "printable": "".join(map(chr, range(32, 127))),
    "alphanumeric": _DIGITS + _LOWER.upper() + _LOWER,
    "letters": _LOWER.upper() + _LOWER,
    "lower": _LOWER,
    "upper": _LOWER.upper(),
    "digits": _DIGITS,
    "hex": _DIGITS + "abcdef",
}
"""Characters of each named alphabet; ``printable`` is the printable part of ASCII."""
MOST_CALLS = 10**9
MOST = 10**100

Calls = Annotated[int, Field(ge=0, le=MOST_CALLS), WHOLE]
Length = Annotated[int, Field(ge=0, le=10**9), WHOLE]
_BOUNDS = Field(ge=-MOST, le=MOST)
Number = Annotated[int, _BOUNDS] | Annotated[float, _BOUNDS]
Step = Annotated[int, Field(gt=0, le=MOST)] | Annotated[float, Field(gt=0, le=MOST)]
DateText = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$")]


def _distinct(text: str) -> str:
    if len(set(text)) < len(text):
        raise SpecificationError(f"found {shown(text)}, expected each character once")
    return text


class ArgumentRule(Strict):
    """What a policy allows of an argument, in the words of JSON Schema.

    A rule only narrows: the manifest's own schema holds as well.
    """

    leave_out: bool = Field(default=False, description="Refuse calls that give the argument.")
    type: Literal["null", "boolean", "integer", "number", "string", "array", "object"] | None = None
    enum: list[Any] | None = Field(default=None, json_schema_extra={"minItems": 1})
    minimum: Number | None = None
    maximum: Number | None = None
    multipleOf: Step | None = None  # noqa: N815
    minLength: Length | None = None  # noqa: N815
    maxLength: Length | None = None  # noqa: N815
    pattern: Text | None = None
    alphabet: (
        Literal["printable", "alphanumeric", "letters", "lower", "upper", "digits", "hex"] | None
    ) = Field(default=None, description="Named set of characters that a string may have.")
    characters: Annotated[Text, Field(min_length=1), AfterValidator(_distinct)] | None = Field(
        default=None, description="The characters that a string may have, each once."
    )
    earliest: DateText | None = Field(
        default=None, description="First date, or first second in UTC, of a string that is a date."
    )
    latest: DateText | None = None
    minItems: Length | None = None  # noqa: N815
    maxItems: Length | None = None  # noqa: N815
    uniqueItems: bool | None = None  # noqa: N815
    items: ArgumentRule | None = None
    properties: dict[Text, ArgumentRule] = {}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.alphabet is not None and self.characters is not None:
            raise refuse(("characters",), "found beside alphabet, expected one of the two")
        if self.enum == []:
            raise refuse(("enum",), "found no value, expected one or more")
        if (self.earliest is None) != (self.latest is None):
            missing = "earliest" if self.earliest is None else "latest"
            raise refuse((missing,), "missing, expected both ends of the dates")
        if self.earliest is not None and len(self.earliest) != len(self.latest or ""):
            raise refuse(("latest",), "expected the same form as earliest")
        return self

    @property
    def allowed_characters(self) -> str | None:
        """Characters that a string may have; None if the rule states none."""
        return ALPHABETS[self.alphabet] if self.alphabet is not None else self.characters


class ToolRule(Strict):
    """What a policy allows of a tool."""

    allow: bool = True
    calls: Calls | None = Field(default=None, description="Most calls in a session.")
    arguments: dict[Text, ArgumentRule] = {}


class Policy(Document):
    """The calls that an agent may make: which tools, with which arguments, how often.

    Raises
    ------
    SpecificationError
        If the policy is malformed; the error's `pointer` says where.

    Examples
    --------
    >>> from mfmgame import Policy
    >>> Policy(schema="mfmgame/policy/1", tools={"send": {"calls": 3}}).tools["send"].calls
    3
    """

    schema_id: Literal["mfmgame/policy/1"] = Field(alias="schema")
    schema_url: Text | None = SCHEMA_URL
    name: Text = "unnamed"
    description: Text = ""
    tools: dict[Identifier, ToolRule] = Field(
        default={}, description="Rules by the name of the tool."
    )
    other_tools: Literal["deny", "allow"] = Field(
        default="deny", description="Tools that the policy does not name."
    )
    undeclared_arguments: Literal["deny", "allow"] = Field(
        default="deny", description="Arguments, at any depth, that the manifest does not name."
    )
    calls: Calls | None = Field(default=None, description="Most calls in a session.")
    trusted_sources: list[Identifier] = Field(
        default=[],
        description="Sources that no attacker can write to: user, image, memory, "
        "tool_description, tool_result, or tool_result:NAME. Calls are charged from the first "
        "input of any other source.",
    )

    @model_validator(mode="after")
    def _names_known_sources(self) -> Self:
        for index, source in enumerate(self.trusted_sources):
            if source not in SOURCES and not source.startswith("tool_result:"):
                raise refuse(
                    ("trusted_sources", index),
                    f"found {shown(source)}, expected {', '.join(SOURCES)} or tool_result:NAME",
                )
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of everything but the name and the description."""
        return digest_of(
            self.model_dump(
                mode="json",
                by_alias=True,
                exclude={"name", "description", "schema_url"},
                exclude_defaults=True,
            )
        )

    def rule_of(self, tool: str) -> ToolRule:
        """Return the rule of a tool, whether the policy names the tool or not.

        Parameters
        ----------
        tool : str

        Returns
        -------
        ToolRule
        """
        return self.tools.get(tool, ToolRule(allow=self.other_tools == "allow"))

    def trusts(self, source: str) -> bool:
        """Tell whether no attacker can write to a source.

        Parameters
        ----------
        source : str
            A name as in `trusted_sources`; ``tool_result`` covers the results of all tools.

        Returns
        -------
        bool
        """
        kind = source.partition(":")[0]
        return source in self.trusted_sources or kind in self.trusted_sources


SOURCES = ("user", "image", "memory", "tool_description", "tool_result")
"""Kinds of sources of a model's input; all but the last are there before the first call."""


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """Load a policy from a JSON file, or from standard input (``"-"``).

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Policy

    Raises
    ------
    SpecificationError
        If the file is not JSON, or the policy is malformed.

    Examples
    --------
    >>> load_policy("examples/claims_agent_policy.json").tools["pay_claim"].calls
    1
    """
    file = input_of(path)
    data = read_document(file)
    try:
        return Policy(**data)
    except SpecificationError as error:
        raise error.located(STANDARD_INPUT if file is None else str(file)) from None


def as_policy(policy: object) -> Policy | None:
    """Return the policy that a user means: a policy, its JSON, or the path of a file."""
    refuse_other_types(policy, "policy", Policy, Mapping, str, os.PathLike, NoneType)
    if policy is None or isinstance(policy, Policy):
        return policy
    if isinstance(policy, Mapping):
        return Policy(**policy)
    return load_policy(policy)  # type: ignore[arg-type]
