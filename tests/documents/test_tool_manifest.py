"""Tool manifests in the forms of the Model Context Protocol and of chat APIs."""

import pytest

import mfmgame as mg
from mfmgame.documents.tool_manifest import manifest_of

SCHEMA = {"type": "object", "properties": {"x": {"type": "boolean"}}, "additionalProperties": False}
FORMS = [
    {"tools": [{"name": "t", "inputSchema": SCHEMA, "annotations": {"readOnlyHint": True}}]},
    {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "t", "inputSchema": SCHEMA}]}},
    [{"type": "function", "function": {"name": "t", "parameters": SCHEMA}}],
    [{"type": "function", "name": "t", "parameters": SCHEMA, "strict": True}],
    [{"name": "t", "input_schema": SCHEMA}],
    [{"type": "custom", "name": "t", "input_schema": SCHEMA}],
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_manifest(form):
    assert manifest_of(form).digest == manifest_of(FORMS[0]).digest
    assert mg.authorized_bits(form).count == 4


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"tools": [{"name": 1}]}, "/tools/0/name"),
        ({"result": {"tools": [3]}}, "/result/tools/0"),
        ([{"name": "t", "inputSchema": 3}], "/0/inputSchema"),
        ([{"type": "function", "function": 3}], "/0/function"),
        ({"tools": [], "nextCursor": "more"}, "/nextCursor"),
        ({}, "/tools"),
    ],
)
def test_a_malformed_manifest_is_refused_with_its_place(data, place):
    with pytest.raises(mg.SpecificationError) as refused:
        manifest_of(data)
    assert refused.value.pointer == place


def test_two_servers_with_a_tool_of_the_same_name_are_refused():
    with pytest.raises(mg.SpecificationError, match="twice"):
        manifest_of(FORMS[0]).joined(manifest_of(FORMS[0]))
