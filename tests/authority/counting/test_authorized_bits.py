"""Counts against enumeration by another implementation of JSON Schema; policies only narrow."""

import itertools
import math
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mfmgame as mg
from npm_servers import SERVERS, listed_tools

ITEMS: list[Any] = [None, True, False, 0, 1, 2, -1, "", "a", "b", "ab", [], {}, {"a": 1}]
UNIVERSE: list[Any] = [
    *ITEMS,
    *([item] for item in ITEMS),
    *([first, second] for first in ITEMS for second in ITEMS),
    *({"a": item} for item in ITEMS if item != 1),
    *({"b": item} for item in ITEMS),
    *({"a": first, "b": second} for first in ITEMS for second in ITEMS),
]
"""Every value of the schemas below that bound their values, and some others."""

values = st.sampled_from(ITEMS)
bounds = st.sampled_from([-1, 0, 0.5, 1, 2])
PATTERNS = ["^[ab]?$", "^(a|ab)$", "^$"]
LEAVES = st.one_of(
    st.sampled_from([True, False, {"type": "null"}, {"type": "boolean"}, {}]),
    st.fixed_dictionaries({"const": values}, optional={"minimum": bounds, "maxItems": st.just(1)}),
    st.fixed_dictionaries(
        {"enum": st.lists(values, min_size=1, max_size=4)},
        optional={"type": st.sampled_from(["integer", "array", ["string", "null"]])},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"]), "maximum": st.sampled_from([0, 1, 2])},
        optional={"minimum": bounds, "exclusiveMinimum": bounds, "multipleOf": st.just(1)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("string"), "pattern": st.sampled_from(PATTERNS)},
        optional={"minLength": st.just(1), "maxLength": st.just(1), "format": st.just("uri")},
    ),
)


def _composed(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(parts, min_size=1, max_size=2)
    names = st.lists(st.sampled_from(["a", "b"]), unique=True)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": LEAVES, "maxItems": st.sampled_from([0, 1, 2])},
            optional={
                "prefixItems": st.lists(LEAVES, max_size=2),
                "uniqueItems": st.booleans(),
                "minItems": st.just(1),
            },
        ),
        st.fixed_dictionaries(
            {"properties": st.dictionaries(st.sampled_from(["a", "b"]), LEAVES)},
            optional={
                "type": st.just("object"),
                "required": names,
                "additionalProperties": st.booleans(),
                "patternProperties": st.fixed_dictionaries({"^a": LEAVES}),
            },
        ),
        *(
            st.fixed_dictionaries(
                {key: lists},
                optional={
                    "maximum": bounds,
                    "maxLength": st.just(1),
                    "maxItems": st.just(1),
                    "properties": st.fixed_dictionaries({"b": LEAVES}),
                    "additionalProperties": st.just(False),
                    "not": LEAVES,
                },
            )
            for key in ("anyOf", "oneOf", "allOf")
        ),
    )


SCHEMAS = st.recursive(LEAVES, _composed, max_leaves=4)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["null", "integer", "number", "string", "array", "object"]),
        "enum": st.lists(values, min_size=1, max_size=3),
        "minimum": bounds,
        "multipleOf": st.just(2),
        "maxLength": st.just(1),
        "characters": st.just("a"),
        "maxItems": st.just(1),
        "uniqueItems": st.just(True),
        "items": st.fixed_dictionaries({}, optional={"maximum": bounds, "maxLength": st.just(1)}),
    },
)


def tools_of(schema: Any, **more: Any) -> list[dict[str, Any]]:
    root = {"type": "object", "properties": {"x": schema}, "required": ["x"], **more}
    return [{"name": "t", "inputSchema": {"additionalProperties": False, **root}}]


def policy_of(rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    arguments = {"x": rule} if rule else {}
    return {"schema": "mfmgame/policy/1", "tools": {"t": {"arguments": arguments}}, **more}


def admitted(allowed: mg.AuthorizedBits) -> list[Any]:
    return [value for value in UNIVERSE if allowed.refusal("t", {"x": value}) is None]


def valid(schema: Any) -> list[Any]:
    validator = jsonschema.Draft202012Validator(schema)
    return [value for value in UNIVERSE if validator.is_valid(value)]


def keys(listed: list[Any]) -> list[str]:
    return [repr(value) for value in listed]


@settings(deadline=None, max_examples=150)
@given(SCHEMAS)
def test_no_call_that_the_schema_allows_is_missing_in_the_count(schema):
    allowed = mg.authorized_bits(tools_of(schema))
    let_through, expected = keys(admitted(allowed)), keys(valid(schema))
    assert set(expected) <= set(let_through)
    if allowed.count is not None:
        assert len(let_through) + 1 <= allowed.count
        if allowed.is_exact:
            assert let_through == expected
            assert allowed.count == len(expected) + 1


@settings(deadline=None, max_examples=150)
@given(SCHEMAS, RULES, st.sampled_from(["allow", "deny"]))
def test_a_policy_only_narrows_and_its_rules_are_enforced(schema, rule, undeclared):
    tools = tools_of(schema)
    before = mg.authorized_bits(tools)
    try:
        after = mg.authorized_bits(tools, policy_of(rule, undeclared_arguments=undeclared))
    except mg.SpecificationError as error:
        if "unknown argument" not in str(error):
            raise
        return
    let_through = admitted(after)
    assert set(keys(let_through)) <= set(keys(admitted(before)))
    if before.count is not None:
        assert after.count is not None
        assert after.count <= before.count
    if after.count is not None:
        assert len(let_through) + 1 <= after.count
    narrowing = {key: value for key, value in rule.items() if key != "characters"}
    assert set(keys(let_through)) <= set(keys(valid(narrowing)))
    if "characters" in rule:
        assert all(set(value) <= {"a"} for value in let_through if isinstance(value, str))


@pytest.mark.parametrize(
    ("schema", "count"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 10**30}, 10**30),
        ({"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.001}, 1001),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.1}, 9),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 3}, 3),
        ({"enum": [1, 1.0, True, "1", [1], [1.0]]}, 4),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 3}, 15),
        ({"type": "array", "items": [{"type": "null"}, {"type": "boolean"}], "maxItems": 2}, 4),
        (
            {
                "type": "array",
                "items": {"enum": [1, 2, 3]},
                "uniqueItems": True,
                "minItems": 2,
                "maxItems": 9,
            },
            12,
        ),
        ({"type": ["null", "boolean"]}, 3),
        ({"$ref": "#/$defs/a%20list"}, 2),
    ],
)
def test_counts_that_are_checked_by_hand(schema, count):
    allowed = mg.authorized_bits(tools_of(schema, **{"$defs": {"a list": {"enum": [1, 2]}}}))
    assert (allowed.count, allowed.is_exact) == (count + 1, True)


def test_keywords_without_a_type_are_enforced_beside_alternatives():
    allowed = mg.authorized_bits(tools_of({"anyOf": [{"enum": [1, 2]}], "maximum": 1}))
    assert admitted(allowed) == [1]
    assert not allowed.is_exact


def test_a_policy_opens_no_part_that_the_schema_closes():
    schema = {"type": "object", "properties": {"x": {"type": "null"}}, "required": ["x"]}
    closed = {"properties": {"y": {}}, "additionalProperties": False}
    tools = [{"name": "t", "inputSchema": {**schema, "allOf": [closed]}}]
    assert mg.authorized_bits(tools, policy_of({})).refusal("t", {"x": None}) is not None


def test_parts_that_each_name_properties_are_counted_together_under_a_policy():
    first = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"]}
    second = {"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"]}
    tools = tools_of({"allOf": [first, second]})
    allowed = mg.authorized_bits(tools, policy_of({}))
    assert (allowed.count, allowed.is_exact) == (1 + 2 * 2, False)
    assert allowed.refusal("t", {"x": {"a": 1, "b": True}}) is None
    assert allowed.refusal("t", {"x": {"a": 1, "b": True, "c": 0}}) is not None


def test_an_argument_that_is_left_out_is_no_undeclared_argument():
    tools = [{"name": "t", "inputSchema": {"type": "object", "properties": {"x": {"const": 1}}}}]
    allowed = mg.authorized_bits(
        tools, policy_of({"leave_out": True}, undeclared_arguments="allow")
    )
    assert allowed.refusal("t", {"x": 2}) is not None
    assert allowed.refusal("t", {"y": 2}) is None


def test_a_required_argument_that_is_left_out_leaves_no_call():
    allowed = mg.authorized_bits(tools_of({"const": 1}), policy_of({"leave_out": True}))
    assert allowed.count == 1


def test_a_rule_bounds_a_schema_that_refers_to_itself_or_elsewhere():
    for reference in ("#", "https://example.org/schema"):
        rule = {"type": "integer", "minimum": 1, "maximum": 3}
        schema = {"type": "object", "properties": {"x": {"$ref": reference}}, "required": ["x"]}
        allowed = mg.authorized_bits([{"name": "t", "inputSchema": schema}], policy_of(rule))
        assert allowed.count is not None
        assert allowed.count <= 4


@pytest.mark.parametrize(
    "value", [{1}, b"a", math.nan, math.inf, object(), [{1}], {"a": {1}}, {1: 1, "a": 2}, 1j]
)
def test_what_is_no_json_value_is_refused(value):
    for schema in ({"enum": [1, "a", [1]]}, {"type": "array", "uniqueItems": True}):
        assert mg.authorized_bits(tools_of(schema)).refusal("t", {"x": value}) is not None


def test_a_sequence_needs_the_bits_that_exact_arithmetic_gives():
    tools = tools_of({"type": "integer", "minimum": 1, "maximum": 2**90 - 1})
    allowed = mg.authorized_bits(tools, steps=3, harmful=["a: t(x=5); t(x<=8); t(x in [1, 2])"])
    assert allowed.bits == 270.0
    assert allowed.threats[0].bits == 270.0 - 4.0


@settings(deadline=None)
@given(st.integers(2, 10**400), st.integers(1, 10**9))
def test_bits_are_rounded_against_the_attacker(most, part):
    harmful = min(most, part)
    tools = tools_of({"type": "integer", "minimum": 1, "maximum": most})
    allowed = mg.authorized_bits(tools, harmful=[f"t(x<={harmful})"])
    needed, total = allowed.threats[0].bits, most + 1
    assert 2 ** math.floor(needed) * harmful <= total
    assert needed <= allowed.bits_per_step
    assert math.isclose(needed, math.log2(total) - math.log2(harmful), abs_tol=1e-9)
    assert total <= 2 ** math.ceil(allowed.bits_per_step)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([1, 2, 3, "a", None]), min_size=1, max_size=3, unique=True),
    st.sampled_from(["x=1", "x!=1", "x in [1, 3]", "y.z=2", "y.z!=2", "x=1, y.z>=2", 'x="a"']),
)
def test_harmful_calls_are_counted_as_enumerated(listed, text):
    inner = {"type": "object", "properties": {"z": {"type": "integer", "minimum": 1, "maximum": 3}}}
    inner["additionalProperties"] = False
    tools = tools_of({"enum": listed})
    tools[0]["inputSchema"]["properties"]["y"] = inner
    found = mg.authorized_bits(tools, harmful=[f"t({text})"])
    tests = {
        "x=1": lambda x, z: x == 1,
        "x!=1": lambda x, z: x != 1,
        "x in [1, 3]": lambda x, z: x in (1, 3),
        "y.z=2": lambda x, z: z == 2,
        "y.z!=2": lambda x, z: z in (1, 3),
        "x=1, y.z>=2": lambda x, z: x == 1 and z in (2, 3),
        'x="a"': lambda x, z: x == "a",
    }
    every = itertools.product(listed, ["no y", "no z", 1, 2, 3])
    assert found.threats[0].sequences == sum(tests[text](x, z) for x, z in every)


def test_all_conditions_on_an_argument_and_its_members_hold_together():
    tools = tools_of({"enum": [None, {"b": 1}, {"b": 2}]})
    texts = ["t(x=null, x.b=1)", "t(x.b=1)", "t(x.b>=1)", 't(x={"b": 2}, x.b=2)']
    threats = mg.authorized_bits(tools, harmful=texts).threats
    assert [threat.sequences for threat in threats] == [0, 1, 2, 1]


def test_long_sequences_and_long_lists_of_first_items_are_counted_at_once():
    many = {"type": "array", "prefixItems": [{"type": "boolean"}] * 20_000, "maxItems": 20_000}
    allowed = mg.authorized_bits(tools_of(many), harmful=["t(x=[]) *999999"])
    assert allowed.count == 2**20_001
    assert allowed.threats[0].sequences == 1
    long = tools_of({"enum": list(range(5000))})
    allowed = mg.authorized_bits(long, harmful=[f"t(x in {list(range(5000))})"])
    assert allowed.threats[0].bits < 0.001


@pytest.mark.parametrize("key", ["anyOf", "allOf"])
def test_a_short_schema_that_unfolds_without_end_is_refused(key):
    schemas = {f"s{i}": {key: [{"$ref": f"#/$defs/s{i + 1}"}] * 2} for i in range(30)}
    schemas["s30"] = {"type": "null"}
    with pytest.raises(mg.SpecificationError, match="with references followed"):
        mg.authorized_bits(tools_of({"$ref": "#/$defs/s0"}, **{"$defs": schemas}))


def bounding_rule(schema: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a rule that bounds a schema of a real server, and the number of values left."""
    if "enum" in schema:
        return {}, len(schema["enum"])
    kind = schema["type"]
    if isinstance(kind, list):
        parts = [bounding_rule({**schema, "type": name}) for name in kind]
        return {key: r for rule, _ in parts for key, r in rule.items()}, sum(n for _, n in parts)
    if kind == "string":
        return {"pattern": "^[a-z]{1,3}$"}, 26 + 26**2 + 26**3
    if kind == "boolean":
        return {}, 2
    if kind in ("integer", "number"):
        low = max(
            math.ceil(schema.get("minimum", 0)), math.floor(schema.get("exclusiveMinimum", -1)) + 1
        )
        low, high = max(low, 0), min(schema.get("maximum", 50), 50)
        return {"type": "integer", "minimum": 0, "maximum": 50}, high - low + 1
    if kind == "array":
        rule, count = bounding_rule(schema["items"])
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 2), 2)
        return {"items": rule, "maxItems": 2}, sum(count**n for n in range(least, most + 1))
    rules, total = {}, 1
    for name, part in schema.get("properties", {}).items():
        rules[name], count = bounding_rule(part)
        total *= count + (name not in schema.get("required", ()))
    return {"properties": rules}, total


@pytest.mark.parametrize("server", SERVERS)
def test_a_real_server_is_counted_as_by_hand_under_a_bounding_policy(server, tmp_path):
    manifest = listed_tools(server, *([str(tmp_path)] if server == "filesystem" else []))
    policy: dict[str, Any] = {"schema": "mfmgame/policy/1", "tools": {}}
    expected = 1
    for tool in manifest["result"]["tools"]:
        rule, count = bounding_rule(tool["inputSchema"])
        policy["tools"][tool["name"]] = {"arguments": rule["properties"]}
        expected += count
    assert mg.authorized_bits(manifest, policy).count == expected


def test_threats_that_a_single_call_can_serve_are_named():
    schema = {"type": "object", "properties": {"a": {"enum": [1, 2]}, "b": {"enum": [1, 2]}}}
    tools = [{"name": "t", "inputSchema": {**schema, "required": ["a", "b"]}}]
    harmful = ["one: t(a=1)*20", "two: t(b=1)*20", "other: t(a=2, b=2)", "none: t(a=3)"]
    allowed = mg.authorized_bits(tools, policy_of({}) | {"tools": {"t": {}}}, harmful=harmful)
    assert allowed.shared_calls == (("one", "two"),)
    assert "a call can serve both one and two" in allowed.summary()


def test_no_step_has_no_bits():
    allowed = mg.authorized_bits(tools_of({"enum": [1, 2]}), policy_of({}), steps=0)
    assert (allowed.steps, allowed.bits) == (0, 0.0)
