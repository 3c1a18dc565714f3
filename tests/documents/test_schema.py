"""JSON Schemas as those see them who read the JSON."""

import pytest

from mfmgame.documents.json_schema import SCHEMA_NAMES, json_schema


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_descriptions_are_sentences_and_no_docstrings(name):
    schema = json_schema(name)
    for part in (schema, *schema.get("$defs", {}).values()):
        assert "\n" not in part.get("description", "")
