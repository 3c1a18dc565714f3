"""Valid documents for tests, and small changes to them by JSON pointer."""

import copy
import json
from pathlib import Path
from typing import Any

SCENARIO: dict[str, Any] = {
    "schema": "mfmgame/scenario/1",
    "name": "two threats",
    "composition": "best_of",
    "threats": [
        {
            "id": "jailbreak",
            "name": "Jailbreak by image",
            "level": "model",
            "class": "misleading",
            "severity": 3.0,
            "bandwidth": 1.0,
            "basis": "assumed",
            "source": "an expert",
        },
        {"id": "extraction", "class": "inferring", "severity": 2.0, "bandwidth": 2.0},
    ],
    "defenses": [
        {
            "id": "filter",
            "name": "Input filter",
            "level": "system",
            "family": "screening",
            "use": {"budget": 2.0, "latency": 0.5},
            "max_level": 1.0,
            "kind": "continuous",
            "basis": "measured",
            "source": "a trial",
        },
        {"id": "monitor", "use": {"budget": 1.0}},
    ],
    "effectiveness": [
        {
            "threat": "jailbreak",
            "defense": "filter",
            "value": 0.6,
            "basis": "paper",
            "source": "a table",
        },
        {"threat": "extraction", "defense": "monitor", "value": 0.5},
    ],
    "attacker": {"bandwidth": 2.0},
    "defender": {"limits": {"budget": 2.5, "latency": 0.4}},
    "termination": {"loss": 3.0},
}
"""A scenario without a catalog."""

CATALOG: dict[str, Any] = {
    "schema": "mfmgame/catalog/1",
    "name": "small",
    "source": "a report",
    "threats": [
        {
            "id": "prompt-injection",
            "name": "Prompt injection",
            "level": "system",
            "class": "agent-action",
            "traits": {
                "goal": "control",
                "capability": "text in a web page",
                "modalities": {"text": 1.0, "image": 0.5},
                "flows": {"input": 1.0, "action": 0.5},
                "axes": {"signal": 1.0},
                "knowledge": {"grey": 1.0},
                "targets": {"text_generator": 1.0},
            },
        },
        {"id": "theft", "severity": 2.0, "bandwidth": 1.0},
    ],
    "defenses": [
        {
            "id": "guard",
            "use": {"budget": 2.0},
            "traits": {
                "strength": 0.8,
                "retention": 0.5,
                "acts": {"signal": 1.0},
                "guards": {"input": 1.0},
                "modalities": {"text": 1.0},
            },
        },
        {"id": "lock", "use": {"budget": 1.0}},
    ],
    "effectiveness": [{"threat": "theft", "defense": "lock", "value": 0.5}],
    "systems": [
        {
            "id": "assistant",
            "inputs": ["text", "image"],
            "target_type": "text_generator",
            "channel": {"signal": 15.0, "noise": 1.0},
        }
    ],
    "assumptions": {
        "goals": [{"goal": "control", "impact": 5.0}],
        "classes": [{"class": "agent-action", "bits": 2.0}],
        "axes": [{"axis": "signal", "signal_factor": 0.1}],
        "channel": {"signal": 15.0, "noise": 1.0},
    },
}
"""A catalog with rules: one threat and one defense have traits, the others have numbers."""

CATALOG_SCENARIO: dict[str, Any] = {
    "schema": "mfmgame/scenario/1",
    "catalog": "small.json",
    "system": "assistant",
    "deployment": {"flows": ["action"]},
    "overrides": {
        "threats": {"prompt-injection": {"severity": 4.0}},
        "defenses": {"guard": {"use": {"budget": 1.5}, "max_level": 1.0, "strength": 0.9}},
    },
    "threats": [{"id": "poisoning", "severity": 1.0, "bandwidth": 1.0}],
    "defenses": [{"id": "audit", "use": {"staff": 1.0}}],
    "effectiveness": [{"threat": "poisoning", "defense": "audit", "value": 0.7}],
    "attacker": {"bandwidth": 2.0},
    "defender": {"limits": {"budget": 2.0, "staff": 0.5}},
}
"""A scenario that builds on the catalog, in a file beside it."""


def scenario_files(folder: Path) -> list[Path]:
    """List the scenarios of listed threats in a folder, without policies and other JSON files."""
    return [file for file, document in _scenarios(folder) if "graph" not in document]


def graph_files(folder: Path) -> list[Path]:
    """List the scenarios with an attack graph in a folder."""
    return [file for file, document in _scenarios(folder) if "graph" in document]


def _scenarios(folder: Path) -> list[tuple[Path, dict]]:
    documents = [(file, json.loads(file.read_text("utf-8"))) for file in folder.glob("*.json")]
    documents.sort(key=lambda pair: pair[0])
    return [pair for pair in documents if pair[1].get("schema") == SCENARIO["schema"]]


def changed(document: Any, pointer: str, value: Any) -> Any:
    """Copy a document with `value` at `pointer`; ``-`` appends to a list."""
    copied, container, last = _opened(document, pointer)
    if isinstance(container, list) and last == len(container):
        container.append(value)
    else:
        container[last] = value
    return copied


def without(document: Any, pointer: str) -> Any:
    """Copy a document without the value at `pointer`."""
    copied, container, last = _opened(document, pointer)
    del container[last]
    return copied


def _opened(document: Any, pointer: str) -> tuple[Any, Any, Any]:
    copied = container = copy.deepcopy(document)
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in path:
        container = container[_key(container, part)]
    return copied, container, _key(container, last)


def _key(container: Any, part: str) -> Any:
    if not isinstance(container, list):
        return part
    return len(container) if part == "-" else int(part)


def labelled(value: Any) -> str:
    """Return a short name of a value, for a test's name."""
    try:
        text = repr(value)
    except ValueError:  # an integer too long to print
        return "a number of very many digits"
    return text if len(text) <= 40 else f"{text[:20]}...of {len(text)} characters"
