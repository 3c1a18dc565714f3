"""JSON Schemas of arguments, and the rules of a policy on them, as sets of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mfmgame.authority.counting.composed_values import Arrays, Objects
from mfmgame.authority.counting.json_values import kind_of
from mfmgame.authority.counting.property_names import PropertyNames, target_of
from mfmgame.authority.counting.scalar_keywords import (
    Place,
    least_of,
    read_numbers,
    read_strings,
    refused,
    size_of,
)
from mfmgame.authority.counting.value_sets import (
    AllOf,
    Anything,
    Assumed,
    Choices,
    Union,
    Untyped,
    Values,
)
from mfmgame.documents.policy import ArgumentRule
from mfmgame.errors import SpecificationError
from mfmgame.messages import pointer_to, shown

__all__ = ["SchemaReader"]

_TYPES = ("null", "boolean", "number", "integer", "string", "array", "object")
_MOST_SCHEMAS = 50_000
"""Most schemas of a manifest, references followed: a short file can unfold without end."""
_ANNOTATIONS = frozenset(
    {
        *("$schema", "$id", "$anchor", "$comment", "$defs", "definitions"),
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("contentMediaType", "contentEncoding"),
    }
)
"""Keywords that narrow nothing."""
_PARTS = frozenset({"$ref", "anyOf", "oneOf", "allOf"})
"""Keywords whose schemas apply to the value itself."""
_OF_A_TYPE = frozenset(
    {
        *("properties", "required", "additionalProperties", "patternProperties"),
        *("items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern"),
    }
)
"""Keywords that narrow the values of a single type, whether or not a type is stated."""
_COUNTED = frozenset({"type", "enum", "const"}) | _PARTS | _OF_A_TYPE
"""Keywords that counts follow; all others are named, and narrow no count."""
_NO_RULE = ArgumentRule()
_OF_ANY_TYPE = frozenset({"leave_out", "type", "enum"})
"""Rules that narrow values without regard to their type."""
NOTHING: Mapping[str, Values] = MappingProxyType({})
NAMED_ELSEWHERE = "another part of the schema names the property"


class SchemaReader:
    """Read the schemas of a tool's arguments as sets of values.

    Parameters
    ----------
    root : JSON Schema
        The schema that local references are resolved in.
    closed : bool
        Whether objects have no other properties than the stated ones, whatever the schema says.
    assumed_count : int or None
        Number of values to assume for an argument without a bound.
    schemas_read : int, default 0
        Number of schemas that were read before, of other tools.
    """

    def __init__(
        self, root: Any, *, closed: bool, assumed_count: int | None, schemas_read: int = 0
    ) -> None:
        self.root, self.closed, self.assumed_count = root, closed, assumed_count
        self.ignored: list[tuple[Place, str]] = []
        """Places of keywords that do not narrow the count, with the keyword."""
        self._applied: set[int] = set()
        self.schemas_read = schemas_read
        self._names = PropertyNames(root)
        self._open_references: list[str] = []

    def arguments(self, rules: Mapping[str, ArgumentRule]) -> Values:
        """Read the root schema as the arguments of a call.

        Parameters
        ----------
        rules : mapping of str to ArgumentRule
            The policy's rules by argument.

        Returns
        -------
        Values

        Raises
        ------
        SpecificationError
            If the schema is malformed or too large, or a rule is on an unknown argument.
        """
        rule = ArgumentRule(type="object", properties=dict(rules))
        values = self._values(self.root, rule, ())
        for name, unused in self._unused(rule, ()):
            raise SpecificationError(
                f"unknown argument {shown(name)}, expected an argument of the manifest",
                pointer=pointer_to(unused),
            )
        return values

    def _unused(self, rule: ArgumentRule, place: Place) -> Iterator[tuple[str, Place]]:
        for name, inner in rule.properties.items():
            inside = (*place, "properties", name) if place else (name,)
            if id(inner) not in self._applied:
                yield name, inside
            else:
                yield from self._unused(inner, inside)
        if rule.items is not None:
            inside = (*place, "items")
            if id(rule.items) not in self._applied:
                yield "items", inside
            else:
                yield from self._unused(rule.items, inside)

    def _values(
        self,
        schema: Any,
        rule: ArgumentRule,
        place: Place,
        inherited: Mapping[str, Values] = NOTHING,
    ) -> Values:
        self.schemas_read += 1
        if self.schemas_read > _MOST_SCHEMAS:
            raise refused(place, f"more than {_MOST_SCHEMAS} schemas, with references followed")
        self._applied.add(id(rule))
        values = self._combined(schema, rule, place, inherited)
        if rule.enum is not None:
            values = _chosen(rule.enum, values)
        return self._with_assumption(values)

    def _with_assumption(self, values: Values) -> Values:
        if self.assumed_count is not None and values.count is None and values.reason:
            return Assumed(values, self.assumed_count)
        return values

    def _combined(
        self, schema: Any, rule: ArgumentRule, place: Place, inherited: Mapping[str, Values]
    ) -> Values:
        if schema is False:
            return Choices([])
        if schema is True:
            schema = {}
        if not isinstance(schema, Mapping):
            raise refused(place, f"found {shown(schema)}, expected a JSON Schema")
        narrows = self._note_ignored(schema, place) or "patternProperties" in schema
        sets = []
        own = self._own(schema, rule, place, self._beside(schema, inherited))
        if own is not None:
            sets.append(own)
        if self.closed:
            inherited = {**inherited, **_declared(schema, own)}
        if "$ref" in schema:
            beside = self._beside(_without(schema, "$ref"), inherited)
            sets.append(self._referred(schema["$ref"], rule, (*place, "$ref"), beside))
        sets.extend(
            Union(self._each(schema, key, rule, place, inherited))
            for key in ("anyOf", "oneOf")
            if key in schema
        )
        if "allOf" in schema:
            sets.extend(self._each(schema, "allOf", rule, place, inherited))
        bounded = [values for values in sets if not isinstance(values, Anything)]
        if not sets:
            return Anything("no type is stated")
        if len(bounded) == 1 and not narrows:
            return bounded[0]
        objects = [values for values in bounded if isinstance(values, Objects)]
        if self.closed and len(objects) > 1:
            bounded.append(_joined(objects))
        return AllOf(bounded or sets)

    def _note_ignored(self, schema: Mapping[str, Any], place: Place) -> bool:
        """Note the keywords that may narrow the values but not the count."""
        others = [key for key in schema if key not in _COUNTED and key not in _ANNOTATIONS]
        self.ignored.extend((place, key) for key in others)
        return bool(others)

    def _each(
        self,
        schema: Mapping[str, Any],
        key: str,
        rule: ArgumentRule,
        place: Place,
        inherited: Mapping[str, Values],
    ) -> list[Values]:
        parts = schema[key]
        if not isinstance(parts, list) or not parts:
            raise refused((*place, key), f"found {shown(parts)}, expected a list of schemas")
        return [
            self._values(
                part,
                rule,
                (*place, key, index),
                self._beside(_without(schema, key, part), inherited),
            )
            for index, part in enumerate(parts)
        ]

    def _beside(
        self, schema: Mapping[str, Any], inherited: Mapping[str, Values]
    ) -> Mapping[str, Values]:
        """Add the properties that the parts of a schema name beside its own ones.

        A closed object may have the properties that any part names; what they may be, the part
        says that names them.
        """
        if not self.closed:
            return inherited
        names = self._names.of_parts(schema)
        return {**{name: Anything(NAMED_ELSEWHERE) for name in names}, **inherited}

    def _referred(
        self, reference: Any, rule: ArgumentRule, place: Place, inherited: Mapping[str, Values]
    ) -> Values:
        if not isinstance(reference, str):
            raise refused(place, f"found {shown(reference)}, expected a reference")
        if reference in self._open_references:
            return self._leaf("the schema refers to itself", rule, place, inherited)
        if not reference.startswith("#"):
            return self._leaf("a schema elsewhere is referred to", rule, place, inherited)
        try:
            target = target_of(self.root, reference)
        except LookupError:
            raise refused(
                place, f"found {shown(reference)}, expected a place in the schema"
            ) from None
        self._open_references.append(reference)
        try:
            return self._values(target, rule, place, inherited)
        finally:
            self._open_references.pop()

    def _leaf(
        self, reason: str, rule: ArgumentRule, place: Place, inherited: Mapping[str, Values]
    ) -> Values:
        """Read a reference that is not followed: the policy alone says what there may be."""
        values = self._own({}, rule, place, inherited)
        if values is None:
            return self._with_assumption(Anything(reason))
        return AllOf([self._with_assumption(values)])

    def _own(
        self,
        schema: Mapping[str, Any],
        rule: ArgumentRule,
        place: Place,
        inherited: Mapping[str, Values],
    ) -> Values | None:
        """Read the keywords of the schema itself; None if they say nothing."""
        types = self._types(schema, rule, place)
        listed = self._listed(schema, place)
        narrows = bool(_OF_A_TYPE & schema.keys()) or (
            not _PARTS & schema.keys() and bool(rule.model_fields_set - _OF_ANY_TYPE)
        )
        if types is None and listed is None and not narrows:
            return None
        kinds = list(_TYPES if types is None else types)
        if types is None and listed is not None:
            present = {kind_of(value) for value in listed}
            kinds = [kind for kind in kinds if kind in present]
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        sets = [self._of_type(kind, schema, rule, place, inherited) for kind in kinds]
        if types is None and listed is None:
            return Untyped(sets)
        sets = [self._with_assumption(values) for values in sets]
        values = sets[0] if len(sets) == 1 else Union(sets)
        if listed is not None:
            return _chosen(listed, values)
        return values

    def _types(
        self, schema: Mapping[str, Any], rule: ArgumentRule, place: Place
    ) -> list[str] | None:
        stated = schema.get("type")
        if stated is None:
            refers = {"$ref", "anyOf", "oneOf", "allOf"} & schema.keys()
            is_object = not place and not refers
            own = {"properties", "items", "pattern"} & schema.keys()
            if rule.type is not None and (is_object or own or not refers):
                return [rule.type]
            return None
        types = [stated] if isinstance(stated, str) else stated
        if not isinstance(types, list) or not types or any(name not in _TYPES for name in types):
            raise refused((*place, "type"), f"found {shown(stated)}, expected a JSON type")
        if rule.type is None:
            return list(dict.fromkeys(types))
        if rule.type == "integer" and "number" in types:
            return ["integer"]
        if rule.type == "number" and "integer" in types:
            return ["number" if "number" in types else "integer"]
        return [name for name in types if name == rule.type]

    def _listed(self, schema: Mapping[str, Any], place: Place) -> list[Any] | None:
        listed: list[Any] | None = None
        if "enum" in schema:
            listed = schema["enum"]
            if not isinstance(listed, list):
                raise refused((*place, "enum"), f"found {shown(listed)}, expected a list")
        if "const" in schema:
            constant = schema["const"]
            return [constant] if listed is None or Choices(listed).problem(constant) is None else []
        return listed

    def _of_type(
        self,
        kind: str,
        schema: Mapping[str, Any],
        rule: ArgumentRule,
        place: Place,
        inherited: Mapping[str, Values],
    ) -> Values:
        if kind == "null":
            return Choices([None])
        if kind == "boolean":
            return Choices([False, True])
        if kind in ("integer", "number"):
            values: Values = read_numbers(kind == "integer", schema, rule, place)
        elif kind == "string":
            values = read_strings(schema, rule, place, self.ignored)
        elif kind == "array":
            values = self._arrays(schema, rule, place)
        else:
            values = self._objects(schema, rule, place, inherited)
        return values

    def _arrays(self, schema: Mapping[str, Any], rule: ArgumentRule, place: Place) -> Values:
        items, firsts = schema.get("items", True), schema.get("prefixItems", [])
        if isinstance(items, list):  # as up to draft 2019-09
            items, firsts = schema.get("additionalItems", True), items
        if not isinstance(firsts, list):
            raise refused((*place, "prefixItems"), f"found {shown(firsts)}, expected a list")
        unique = bool(schema.get("uniqueItems")) or bool(rule.uniqueItems)
        item_rule = rule.items or _NO_RULE
        return Arrays(
            self._values(items, item_rule, (*place, "items")),
            [
                self._values(first, item_rule, (*place, "prefixItems", index))
                for index, first in enumerate(firsts)
            ],
            shortest=max(size_of(schema, "minItems", place) or 0, rule.minItems or 0),
            longest=least_of(size_of(schema, "maxItems", place), rule.maxItems),
            unique=unique,
        )

    def _objects(
        self,
        schema: Mapping[str, Any],
        rule: ArgumentRule,
        place: Place,
        inherited: Mapping[str, Values],
    ) -> Values:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, Mapping):
            raise refused((*place, "properties"), f"found {shown(properties)}, expected an object")
        if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
            raise refused((*place, "required"), f"found {shown(required)}, expected a list")
        more = schema.get("additionalProperties", True)
        if not isinstance(more, Mapping | bool):
            raise refused(
                (*place, "additionalProperties"), f"found {shown(more)}, expected a JSON Schema"
            )
        is_open = more is not False or bool(schema.get("patternProperties"))
        sets = dict(inherited) if is_open else {}
        for name, inner in properties.items():
            inner_rule = rule.properties.get(name, _NO_RULE)
            values = self._values(inner, inner_rule, (*place, "properties", name))
            sets[name] = values
            if inner_rule.leave_out:
                sets[name] = Choices([])
                if self.closed or not is_open:
                    del sets[name]
        others = None
        if is_open and not self.closed:
            others = self._with_assumption(Anything("properties that no schema names are allowed"))
        return Objects(sets, frozenset(required), others)


def _without(schema: Mapping[str, Any], key: str, part: Any = None) -> Mapping[str, Any]:
    """Leave out the schemas of a keyword; of allOf, only a part."""
    left = [other for other in schema[key] if other is not part] if key == "allOf" else []
    return {**schema, key: left}


def _chosen(listed: Sequence[Any], values: Values) -> Choices:
    """List the values that are in a set, too."""
    chosen = [value for value in listed if values.problem(value) is None]
    return Choices(chosen, is_exact=values.is_exact)


def _joined(objects: Sequence[Objects]) -> Objects:
    """Return a set that holds what is in each of several sets of closed objects.

    A property is narrowed by each set that says what it may be.
    """
    properties: dict[str, list[Values]] = {}
    for values in objects:
        for name, inner in values.properties.items():
            named = properties.setdefault(name, [])
            if inner.reason != NAMED_ELSEWHERE:
                named.append(inner)
    required = frozenset().union(*(values.required for values in objects))
    return Objects(
        {
            name: named[0] if len(named) == 1 else AllOf(named or [Anything(NAMED_ELSEWHERE)])
            for name, named in properties.items()
            if all(name in values.properties for values in objects)
        },
        required,
        None,
    )


def _declared(schema: Mapping[str, Any], own: Values | None) -> dict[str, Values]:
    """Return the sets of the properties that a schema itself declares."""
    sets = own.alternatives if isinstance(own, Union) else [own]
    return {
        name: values.properties[name]
        for values in sets
        if isinstance(values, Objects)
        for name in schema.get("properties", {})
        if name in values.properties
    }
