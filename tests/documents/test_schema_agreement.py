"""JSON Schemas refuse what the program refuses, but for what a schema cannot say.

Every place of valid documents is changed in turn, to values that are wrong in one way each.
Where only the program refuses a change, the reason is one of those listed by name.
"""

import copy
import functools
import json
import re

import jsonschema
import pytest

import mfmgame as mg
from mfmgame.documents.addition import Addition
from mfmgame.documents.json_schema import SCHEMA_NAMES
from mfmgame.documents.result import Result
from specifications import CATALOG, CATALOG_SCENARIO, SCENARIO, changed

NOT_IN_A_SCHEMA = {
    "what refers to an id elsewhere": r"^unknown (threat|technique|loss|defense|resource|group|"
    r"goal|class|axis) |itself, expected another",
    "an id, pair or key of entries that stands once": r"^duplicate (id|pair) ",
    "half of a pair of Unicode": r"is not valid Unicode",
    "parts of trials": r"^found \d+, expected at most \d+, the trials",
    "one list as long as another": r"^found \d+ weights?, expected \d+, one per value",
    "a severity at most that of its loss": r", the severity of the loss ",
    "numbers in order": r"in increasing order|expected the least first|expected at least low|"
    r"expected at most the max_level|expected a value from|expected one of the values that have|"
    r"expected at most as many as trials|expected at most the trials",
    "how many of a list may run": r"the most that may run",
    "how many numbers a group has, and what they can have": r"uncertain numbers? of this group|"
    r"the least correlation that \d+ numbers can share",
    "unstated ends of a distribution, or weights": r"^the (least|greatest) possible value",
}
"""Reasons for which the program alone refuses a document."""

UNCERTAIN = {
    **copy.deepcopy(SCENARIO),
    "correlations": {"together": 0.5},
    "termination": {"loss": {"distribution": "lognormal", "median": 3.0, "sigma": 0.5, "low": 1.0}},
}
UNCERTAIN["threats"][0] |= {
    "severity": {"range": [2.0, 4.0], "nominal": 3.0, "group": "together"},
    "bandwidth": {"distribution": "uniform", "low": 0.5, "high": 1.5, "basis": "assumed"},
    "provenance": {"severity": {"basis": "measured", "source": "a trial"}},
    "tactics": ["entry"],
    "parent": "extraction",
    "domain": "enterprise-attack",
    "references": [{"source": "a list", "id": "7", "url": "https://example.org"}],
}
UNCERTAIN["threats"][1]["severity"] = {
    "distribution": "triangular",
    "low": 1.0,
    "mode": 2.0,
    "high": 3.0,
    "group": "together",
}
UNCERTAIN["effectiveness"][0]["value"] = {"distribution": "beta", "a": 2.0, "b": 3.0}
UNCERTAIN["effectiveness"].append(
    {
        "threat": "extraction",
        "defense": "filter",
        "value": {
            "distribution": "measured",
            "successes": 3,
            "trials": 40,
            "effective_trials": 12.5,
            "baseline": {"id": "none", "successes": 20, "trials": 40, "effective_trials": 10.0},
        },
    }
)
UNCERTAIN["effectiveness"][1]["value"] = {
    "distribution": "discrete",
    "values": [0.25, 0.5],
    "weights": [1.0, 3.0],
}
UNCERTAIN["defenses"][0]["use"]["budget"] = {
    "kept_share": {"successes": 2, "trials": 3, "baseline_successes": 9, "baseline_trials": 10},
    "basis": "measured",
}
UNCERTAIN["defender"]["limits"]["budget"] = {"kept_share": 0.5, "source": "the board"}
UNCERTAIN["resources"] = {"budget": {"shown_as": "kept_share"}}
STEPPED = {
    **copy.deepcopy(SCENARIO),
    "defender": {
        "limits": {"budget": 2.5},
        "kind": "binary",
        "groups": [
            {"name": "some", "defenses": ["filter", "monitor"], "at_least": 1, "at_most": 2}
        ],
    },
}
STEPPED["defenses"] = [
    {"id": "filter", "use": {"budget": 1.0}, "levels": [0.5, 1.0], "requires": ["monitor"]},
    {"id": "monitor", "use": {"budget": 1.0}, "kind": "binary", "conflicts": ["log"]},
    {"id": "log", "use": {"budget": 1.0}, "max_level": 2.0, "levels": None},
]
STEPPED_OVERRIDES = {
    **copy.deepcopy(CATALOG_SCENARIO),
    "overrides": {
        "threats": {"theft": {"severity": 4.0, "bandwidth": None}},
        "defenses": {"lock": {"levels": [0.5, 1.0], "max_level": 1.0, "requires": ["guard"]}},
    },
}
CHAINS = {
    **copy.deepcopy(SCENARIO),
    "losses": [{"id": "leak", "severity": {"range": [4.0, 6.0]}, "basis": "assumed"}],
    "techniques": [{"id": "step", "bandwidth": 1.0, "tactics": ["entry"]}],
}
CHAINS["threats"] = [
    {"id": "jailbreak", "loss": "leak", "bandwidth": 1.0},
    {"id": "extraction", "loss": "leak", "severity": 2.0, "steps": ["step"]},
]
CHAINS["effectiveness"].append({"technique": "step", "defense": "filter", "value": 0.5})
DATED_CATALOG = {
    **copy.deepcopy(CATALOG),
    "origins": [{"name": "a list", "version": "1", "domains": {"ics-attack": "18.1"}}],
    "notes": ["a guess"],
}
ADDITION = {
    "schema": "mfmgame/addition/1",
    **copy.deepcopy({key: SCENARIO[key] for key in ("threats", "defenses", "effectiveness")}),
}
ADDITION["defenses"][0]["use"]["budget"] = {"kept_share": 0.5, "basis": "measured"}


def solved() -> dict:
    """The answer to one of the scenarios, as it is written."""
    document = mg.result_document(mg.assess(mg.Scenario(**STEPPED)))
    return json.loads(json.dumps(document, allow_nan=False))


DOCUMENTS = {
    "scenario": ("scenario", mg.Scenario, lambda: SCENARIO),
    "uncertain scenario": ("scenario", mg.Scenario, lambda: UNCERTAIN),
    "stepped scenario": ("scenario", mg.Scenario, lambda: STEPPED),
    "scenario on a catalog": ("scenario", mg.Scenario, lambda: CATALOG_SCENARIO),
    "overrides": ("scenario", mg.Scenario, lambda: STEPPED_OVERRIDES),
    "chains": ("scenario", mg.Scenario, lambda: CHAINS),
    "catalog": ("catalog", mg.Catalog, lambda: DATED_CATALOG),
    "addition": ("addition", Addition, lambda: ADDITION),
    "result": ("result", Result, solved),
}
REMOVED = object()


def values_instead_of(value) -> list:
    """Values that are wrong in one way each at some place, and some that are fine there."""
    common = [REMOVED, None, True, "", "other", [], {}, 0, 1.0, 2, -1, 0.5]
    numbers = [-0.0, -1e-9, 1e-99, 1e-101, -1e-101, 5e-324, 1e100, 1e101, -1e101, 1e300, 10**400]
    if isinstance(value, list):
        return [*common, value[:1], [*value, *value[:1]], value[::-1], [None], ["a"], [1.0, 1]]
    if isinstance(value, dict):
        return [*common, {**value, "unknown": 1}, {**value, "": 1.0}, {"range": [0.1, 0.2]}]
    return [*common, *numbers] if isinstance(value, (int, float)) else [*common, "binary", "\ud800"]


def places(document, path=()):
    """Paths to everything in a document."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*path, key), value
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def mutants(document):
    """The document with one change, each with a label."""
    for path, value in places(document):
        for new in values_instead_of(value):
            mutant = copy.deepcopy(document)
            container = functools.reduce(lambda inner, key: inner[key], path[:-1], mutant)
            if new is REMOVED:
                del container[path[-1]]
            else:
                container[path[-1]] = copy.deepcopy(new)
            label = "removed" if new is REMOVED else f"{new!r:.60}"
            yield f"/{'/'.join(map(str, path))}: {label}", mutant


def refusal(model, document) -> str | None:
    """Why the program refuses a document; None if it does not."""
    try:
        model(**document)
    except mg.SpecificationError as error:
        return error.message
    return None


def agree(reason: str | None, is_valid: bool) -> bool:
    """Whether schema and program do, or the reason of the program is one of its own."""
    if reason is None or not is_valid:
        return is_valid == (reason is None)
    return any(re.search(pattern, reason) for pattern in NOT_IN_A_SCHEMA.values())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_and_program_refuse_the_same_changes(name):
    schema, model, made = DOCUMENTS[name]
    validator = jsonschema.Draft202012Validator(mg.json_schema(schema))
    document = made()
    assert refusal(model, document) is None
    validator.validate(document)
    wrong = []
    for label, mutant in mutants(document):
        reason, is_valid = refusal(model, mutant), validator.is_valid(mutant)
        if not agree(reason, is_valid):
            wrong.append(f"{label}: the program says {reason}, the schema {is_valid}")
    assert wrong == []


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_bounds_are_said_in_words_that_json_schema_knows(name):
    """Keywords that it does not know are no error: they say nothing."""
    text = json.dumps(mg.json_schema(name))
    assert not re.findall(r'"(?:gt|ge|lt|le|min_length|max_length)":', text)


TEXTS = [
    "1e400",
    "-1e400",
    "1e101",
    "1e-101",
    "-1e-101",
    "1e-320",
    "4",
    "4.0",
    "1E0",
    "0.0",
    "-0.0",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "pointer", ["/attacker/bandwidth", "/defenses/0/levels/0", "/defender/groups/0/at_most"]
)
def test_a_number_as_it_is_written_is_judged_alike(pointer, text, tmp_path):
    """Those that overflow, and those that are too small; an integer may be written 4.0."""
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(changed(STEPPED, pointer, 12321)).replace("12321", text))
    validator = jsonschema.Draft202012Validator(mg.json_schema("scenario"))
    try:
        mg.load_scenario(file)
        reason = None
    except mg.SpecificationError as error:
        reason = error.message
    assert agree(reason, validator.is_valid(json.loads(file.read_text())))


@pytest.mark.parametrize("levels", [[], [1.0, 1.0], [1, 1.0], [0.5, 0.5, 1.0], [1e-101, 1.0]])
def test_levels_that_are_none_or_repeated_are_refused_by_both(levels):
    document = changed(STEPPED, "/defenses/0/levels", levels)
    assert refusal(mg.Scenario, document) is not None
    assert not jsonschema.Draft202012Validator(mg.json_schema("scenario")).is_valid(document)
