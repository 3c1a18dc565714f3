"""Whatever a scenario says, it is solved, infeasible, or refused; and the schemas agree."""

import copy
import json
import operator
from pathlib import Path

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from specifications import CATALOG, CATALOG_SCENARIO, SCENARIO, changed, scenario_files, without

ROOT = Path(__file__).parents[2]
EXAMPLES = scenario_files(ROOT / "examples")
MODELS = sorted((ROOT / "models").glob("*.json"))
SCHEMAS = {
    name: jsonschema.Draft202012Validator(mg.json_schema(name))
    for name in ("scenario", "result", "catalog")
}
by_stem = {"ids": lambda file: file.stem}


def answer(scenario: mg.Scenario) -> dict | None:
    """What a scenario leads to, checked against its schema; None where it is refused."""
    try:
        assessment = mg.assess(scenario)
    except (mg.SpecificationError, mg.InfeasibleError):
        return None
    document = json.loads(json.dumps(mg.result_document(assessment), allow_nan=False))
    SCHEMAS["result"].validate(document)
    assert mg.Result(**document).value == assessment.solution.value
    assert document["bounds"]["lower"] <= document["value"] <= document["bounds"]["upper"]
    return document


class TestSchemas:
    @pytest.mark.parametrize("name", SCHEMAS)
    def test_a_schema_is_a_schema(self, name):
        jsonschema.Draft202012Validator.check_schema(mg.json_schema(name))

    @pytest.mark.parametrize("file", EXAMPLES, **by_stem)
    def test_examples_are_scenarios(self, file):
        SCHEMAS["scenario"].validate(json.loads(file.read_text(encoding="utf-8")))

    @pytest.mark.parametrize("file", EXAMPLES, **by_stem)
    def test_answers_to_examples_are_results(self, file):
        assert answer(mg.load_scenario(file)) is not None

    @pytest.mark.parametrize("file", MODELS, **by_stem)
    def test_models_are_catalogs(self, file):
        SCHEMAS["catalog"].validate(json.loads(file.read_text(encoding="utf-8")))

    @pytest.mark.parametrize(
        ("name", "document"),
        [("scenario", SCENARIO), ("scenario", CATALOG_SCENARIO), ("catalog", CATALOG)],
    )
    def test_the_documents_of_the_tests_are_valid(self, name, document):
        SCHEMAS[name].validate(document)

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/attacker/bandwidth", -1),
            ("/attacker/bandwidth", "1"),
            ("/attacker/bandwidth", True),
            ("/attacker/bandwidth", 1e101),
            ("/attacker/bandwith", 1),
            ("/effectiveness/0/value", 1.5),
            ("/threats/0/id", ""),
            ("/defenses/0/use/", 1.0),
            ("/composition", "other"),
            ("/schema", "mfmgame/scenario/2"),
            ("/defenses/0/kind", "ternary"),
            ("/unknown", 1),
            ("/schema_id", 1),
        ],
    )
    def test_a_schema_refuses_what_the_program_refuses_for_its_form(self, pointer, value):
        document = changed(SCENARIO, pointer, value)
        assert not SCHEMAS["scenario"].is_valid(document)
        with pytest.raises(mg.SpecificationError):
            mg.Scenario(**document)

    @pytest.mark.parametrize("pointer", ["/schema", "/attacker", "/threats/0/id"])
    def test_a_schema_knows_what_is_required(self, pointer):
        assert not SCHEMAS["scenario"].is_valid(without(SCENARIO, pointer))

    def test_an_unknown_schema_is_refused_with_the_nearest_known(self):
        with pytest.raises(mg.SpecificationError, match=r"did you mean 'scenario'\?$"):
            mg.json_schema("scenarios")


class TestResults:
    @pytest.fixture
    def result(self):
        return answer(mg.Scenario(**SCENARIO))

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/schema", "mfmgame/result/2"),
            ("/value", -1.0),
            ("/value", float("nan")),
            ("/value", "1"),
            ("/bounds/lower", None),
            ("/allocation/filter", -0.1),
            ("/attack/jailbreak", 1.1),
            ("/threats/jailbreak/coverage", 2),
            ("/threats/jailbreak/unknown", 1),
            ("/prices/limits/budget", True),
            ("/threshold/decision", "continue"),
            ("/dci/portfolio", 1.5),
            ("/certificate/cuts/0/weight", 2),
            ("/notes", "none"),
            ("/unknown", 1),
            ("/self", 1),
        ],
    )
    def test_a_result_that_could_not_be_written_is_not_read(self, result, pointer, value):
        with pytest.raises(mg.SpecificationError) as caught:
            mg.Result(**changed(result, pointer, value))
        assert caught.value.pointer == pointer


# -- Random documents, and random changes to valid ones ------------------------------------

KEYS = sorted(
    {"self", "catalog", "system", "deployment", "overrides", "flows", "levels", "traits", ""}
    | {key for document in (SCENARIO, CATALOG_SCENARIO) for key in document}
    | {key for entries in ("threats", "defenses", "effectiveness") for key in SCENARIO[entries][0]}
)
WORDS = ["jailbreak", "filter", "best_of", "independent", "mfm", "small.json", "binary", "model"]
TEXTS = st.one_of(st.sampled_from([*KEYS, *WORDS]), st.text(max_size=8))
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 0.5, 1.0, 1e-9, 1e9, -0.0, 10**400]),
    st.integers(-3, 9),
    st.floats(0, 10, width=32).filter(lambda number: number == 0 or number > 1e-3),
    st.floats(),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


def containers(document) -> list:
    """Every object and list in a document, itself included."""
    found = [document]
    for container in found:
        inner = container.values() if isinstance(container, dict) else container
        found += [value for value in inner if isinstance(value, (dict, list))]
    return found


@st.composite
def mutants(draw, document):
    """The document after one change or a few."""
    mutant = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        container = draw(st.sampled_from([found for found in containers(mutant) if found]))
        places = list(container) if isinstance(container, dict) else list(range(len(container)))
        place = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["replace", "nudge", "remove", "rename", "copy"]))
        if change == "replace":
            container[place] = draw(VALUES)
        elif change == "nudge":
            container[place] = draw(NUMBERS if isinstance(container[place], float) else SCALARS)
        elif change == "remove":
            del container[place]
        elif isinstance(container, list):
            container.insert(draw(st.integers(0, len(container))), copy.deepcopy(container[place]))
        elif change == "rename":
            container[draw(TEXTS)] = container.pop(place)
        else:
            container[draw(TEXTS)] = copy.deepcopy(container[place])
    return mutant


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with the small catalog and room for scenarios beside it."""
    path = tmp_path_factory.mktemp("scenarios")
    (path / "small.json").write_text(json.dumps(CATALOG))
    return path


def loaded(file: Path, document) -> mg.Scenario | None:
    file.write_text(json.dumps(document))
    try:
        return mg.load_scenario(file)
    except mg.SpecificationError as error:
        refusal = error
    assert refusal.source == str(file)
    assert "\n" not in refusal.message
    return None


@hypothesis.settings(max_examples=300)
@hypothesis.given(document=VALUES)
def test_any_json_is_a_scenario_or_refused(folder, document):
    scenario = loaded(folder / "any.json", document)
    if scenario is not None:
        answer(scenario)


@pytest.mark.parametrize("base", [SCENARIO, CATALOG_SCENARIO], ids=["inline", "on a catalog"])
@hypothesis.settings(max_examples=300)
@hypothesis.given(data=st.data())
def test_any_change_to_a_scenario_is_solved_infeasible_or_refused(folder, base, data):
    document = data.draw(mutants(base))
    scenario = loaded(folder / "mutant.json", document)
    if scenario is not None:
        SCHEMAS["scenario"].validate(document)
        answer(scenario)


@hypothesis.settings(max_examples=300)
@hypothesis.given(document=mutants(CATALOG))
def test_any_change_to_a_catalog_is_solved_or_refused(folder, document):
    (folder / "mutant.json").write_text(json.dumps(document))
    changed_scenario = changed(CATALOG_SCENARIO, "/catalog", "mutant.json")
    scenario = loaded(folder / "scenario.json", changed_scenario)
    assert scenario is not None
    if answer(scenario) is not None:
        SCHEMAS["catalog"].validate(document)


# -- Numbers of every size that a scenario may hold ----------------------------------------


@st.composite
def scenarios_of_sizes(draw, magnitudes):
    """Small scenarios whose numbers are zero or a few times one of the magnitudes."""
    sizes = st.sampled_from([0.0, *magnitudes])
    amounts = st.builds(operator.mul, sizes, st.sampled_from([1, 2.5, 7]))
    amounts = amounts.map(lambda amount: min(amount, 1e100))
    shares = st.sampled_from([0.0, 1e-6, 0.1, 0.5, 0.9, 0.999, 1.0])
    threats = [f"t{index}" for index in range(draw(st.integers(0, 3)))]
    defenses = [f"d{index}" for index in range(draw(st.integers(0, 3)))]
    composition = draw(st.sampled_from(["best_of", "additive", "independent"]))
    if composition == "independent":
        shares = shares.filter(lambda share: share < 1.0)
    document = {
        "schema": "mfmgame/scenario/1",
        "composition": composition,
        "threats": [
            {"id": threat, "severity": draw(amounts), "bandwidth": draw(amounts)}
            for threat in threats
        ],
        "defenses": [
            {"id": defense, "use": {"budget": draw(amounts)}, "max_level": draw(amounts)}
            for defense in defenses
        ],
        "effectiveness": [
            {"threat": threat, "defense": defense, "value": draw(shares)}
            for threat in threats
            for defense in defenses
        ],
        "attacker": {"bandwidth": draw(amounts)},
        "defender": {"limits": {"budget": draw(amounts)} if defenses else {}},
    }
    if draw(st.booleans()):
        document["termination"] = {"loss": draw(amounts)}
    return document


@hypothesis.settings(max_examples=500)
@hypothesis.given(document=scenarios_of_sizes([1e-3, 0.1, 1.0, 10.0, 1e3, 1e6]))
def test_numbers_of_ordinary_sizes_are_solved(document):
    assert answer(mg.Scenario(**document)) is not None


@hypothesis.settings(max_examples=500)
@hypothesis.given(
    document=scenarios_of_sizes([1e-100, 1e-60, 1e-30, 1e-9, 1.0, 1e9, 1e30, 1e60, 1e100])
)
def test_numbers_of_every_size_that_is_accepted_are_solved(document):
    assert answer(mg.Scenario(**document)) is not None


def game(composition, threats, defenses, effectiveness, attacker, limit, **more):
    """A scenario from rows of numbers: (severity, bits), (use, greatest level), shares."""
    return {
        "schema": "mfmgame/scenario/1",
        "composition": composition,
        "threats": [
            {"id": f"t{i}", "severity": severity, "bandwidth": bits}
            for i, (severity, bits) in enumerate(threats)
        ],
        "defenses": [
            {"id": f"d{j}", "use": {"budget": use}, "max_level": level}
            for j, (use, level) in enumerate(defenses)
        ],
        "effectiveness": [
            {"threat": f"t{i}", "defense": f"d{j}", "value": share}
            for i, row in enumerate(effectiveness)
            for j, share in enumerate(row)
        ],
        "attacker": {"bandwidth": attacker},
        "defender": {"limits": {"budget": limit} if defenses else {}},
        **more,
    }


@pytest.mark.parametrize(
    "document",
    [
        game("best_of", [(0.001, 1), (1, 1)], [(1, 1)], [[1], [1]], 1, 1),
        game(
            "additive",
            [(0.9486832980505138, 1)],
            [(1, 3.1622776601683795), (0, 10000.0)],
            [[0, 0.2]],
            10000.0,
            0.001,
        ),
        game(
            "additive",
            [(1, 0.03162277660168379), (1, 1.0442737824274138)],
            [(0, 1e6), (1, 1)],
            [[0.999, 0], [0.5, 0]],
            0.03162277660168379,
            0,
        ),
        game(
            "best_of",
            [(1, 1), (1, 1)],
            [(1.147202690439877, 1000.0), (20000.0, 1), (1e6, 1e6)],
            [[0.999, 0, 0], [0, 1, 0]],
            1,
            1,
            termination={"loss": 1},
        ),
        game(
            "independent",
            [(1, 1), (1e9, 1)],
            [(1, 1), (0.001, 20000.0)],
            [[0.1, 0], [0, 0.999]],
            1,
            0.001,
            termination={"loss": 1e-9},
        ),
        game("best_of", [(1e100, 1), (1e100, 1)], [(1, 1)], [[0], [0]], 2, 1),
        game("best_of", [(1e100, 1)], [(2e-100, 1)], [[0.5]], 1, 1e-100),
        game("best_of", [], [(1, 1e-60)], [], 1, 1e-100),
        game("best_of", [], [], [], 1, 0),
        game("additive", [(0, 0)], [(0, 0)], [[1]], 0, 0, termination={"loss": 0}),
        game("independent", [(1, 0)], [(1, 1)], [[0.5]], 0, 0, termination={"loss": 0}),
    ],
    ids=[
        "shares that add up to one",
        "nearly nothing left uncovered by what is free",
        "an unlimited defense far above full coverage",
        "levels of very different price",
        "a threat a billion times the other",
        "severities that add up beyond the greatest number",
        "a price beyond the greatest number",
        "a level below the least number",
        "nothing at all",
        "nothing but zeros",
        "a threat that needs no bandwidth",
    ],
)
def test_numbers_at_the_edge_are_solved(document):
    assert answer(mg.Scenario(**document)) is not None
