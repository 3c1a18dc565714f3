"""The command that counts calls: malformed and hostile input gives one clear line."""

import json

import pytest
from typer.testing import CliRunner

from mfmgame.cli.app import app


def bandwidth(tmp_path, text, *options):
    file = tmp_path / "tools.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CliRunner().invoke(app, ["bandwidth", str(file), *options])


def argument(schema):
    return json.dumps([{"name": "t", "inputSchema": {"properties": {"x": schema}}}])


@pytest.mark.parametrize(
    "text",
    [
        b"\xff[]",
        "",
        "{",
        "3",
        "null",
        '{"tools": {}}',
        '[{"name": "t"}, {"name": "t"}]',
        '[{"name": "t", "name": "u"}]',
        '{"tools": [], "nextCursor": "x"}',
        argument({"type": "text"}),
        argument({"enum": 3}),
        argument({"anyOf": []}),
        argument({"required": [3]}),
        argument({"additionalProperties": 3}),
        argument({"$ref": "#/$defs/none"}),
        argument({"type": "array", "maxItems": -1}),
        argument({"type": "number", "multipleOf": 0}),
    ],
)
def test_a_malformed_manifest_is_refused_on_one_line(tmp_path, text):
    found = bandwidth(tmp_path, text)
    assert found.exit_code == 2
    assert len(found.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "calls", ["", "t(", "t(x", "t(x=", "t(x>=a)", "t(x in 3)", "t;", "u", "t(y=1)", "t(x=1) t"]
)
def test_malformed_harmful_calls_are_refused_on_one_line(tmp_path, calls):
    found = bandwidth(tmp_path, argument({"type": "integer"}), "--harmful", calls)
    assert found.exit_code == 2
    assert len(found.stderr.strip().splitlines()) == 1


def test_names_with_terminal_escapes_stay_inert(tmp_path):
    name = "\x1b[31mred\x07\r\u202e"
    schema = {"properties": {name: {"type": "string", name: 1}}}
    found = bandwidth(tmp_path, json.dumps([{"name": name, "inputSchema": schema}]))
    assert found.exit_code == 0
    assert not any(sign in found.stdout for sign in "\x1b\x07\r\u202e")


def test_lines_for_a_scenario_are_json_however_long_they_are(tmp_path):
    tools = argument({"enum": [1, 2, 3]})
    name = "calls-" + "of-a-long-threat-" * 20
    options = ["--harmful", f"{name}: t(x=1)", "--policy", str(tmp_path / "policy.json")]
    policy = {"schema": "mfmgame/policy/1", "name": "p" * 300, "tools": {"t": {}}}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    printed = bandwidth(tmp_path, tools, *options).stdout.partition("for a scenario\n")[2]
    found = json.loads(printed)
    assert found["threats"][0]["id"] == name
    document = json.loads(bandwidth(tmp_path, tools, *options, "--json").stdout)
    assert document["scenario"] == found
