"""What a catalog may not say, and what a scenario may not say of its catalog."""

import errno
import json
import math
import os

import pytest

import mfmgame as mg
from specifications import CATALOG, CATALOG_SCENARIO, changed, labelled, without


@pytest.fixture
def write(tmp_path):
    """Put a catalog and a scenario in one folder; the scenario's file is returned."""

    def put(catalog=CATALOG, scenario=CATALOG_SCENARIO):
        (tmp_path / "small.json").write_text(json.dumps(catalog))
        (tmp_path / "scenario.json").write_text(json.dumps(scenario))
        return tmp_path / "scenario.json"

    return put


@pytest.fixture
def refused_catalog(write, tmp_path):
    """The error that a catalog ends in, alone and as that of a scenario."""

    def refusal(catalog) -> mg.SpecificationError:
        file = write(catalog)
        with pytest.raises(mg.SpecificationError) as alone:
            mg.load_catalog("small.json", tmp_path)
        with pytest.raises(mg.SpecificationError) as below:
            mg.assess(mg.load_scenario(file))
        assert str(below.value) == str(alone.value)
        assert alone.value.source == str(tmp_path / "small.json")
        return alone.value

    return refusal


@pytest.fixture
def refused_scenario(write):
    """The error that a scenario on the small catalog ends in."""

    def refusal(scenario, catalog=CATALOG) -> mg.SpecificationError:
        file = write(catalog, scenario)
        with pytest.raises(mg.SpecificationError) as caught:
            mg.assess(mg.load_scenario(file))
        assert caught.value.source == str(file)
        return caught.value

    return refusal


def refused(pointers, values):
    return pytest.mark.parametrize(
        ("pointer", "value"),
        [
            pytest.param(pointer, value, id=f"{pointer}={labelled(value)}")
            for pointer in pointers
            for value in values
        ],
    )


def test_the_documents_that_the_cases_change_are_valid(write):
    assert mg.assess(mg.load_scenario(write())).solution.value > 0


class TestCatalog:
    QUANTITIES = (
        "/threats/1/severity",
        "/threats/1/bandwidth",
        "/defenses/0/use/budget",
        "/assumptions/goals/0/impact",
        "/assumptions/classes/0/bits",
        "/assumptions/classes/0/black_box_only_extra_bits",
        "/assumptions/axes/0/noise_factor",
        "/assumptions/channel/signal",
        "/systems/0/channel/noise",
    )
    SHARES = (
        "/effectiveness/0/value",
        "/threats/0/traits/modalities/text",
        "/threats/0/traits/flows/input",
        "/threats/0/traits/axes/signal",
        "/threats/0/traits/knowledge/grey",
        "/threats/0/traits/targets/text_generator",
        "/defenses/0/traits/strength",
        "/defenses/0/traits/retention",
        "/defenses/0/traits/acts/signal",
        "/defenses/0/traits/guards/input",
        "/defenses/0/traits/modalities/text",
        "/assumptions/axes/0/signal_factor",
        "/assumptions/axes/0/bandwidth_factor",
    )

    @refused((*QUANTITIES, *SHARES), ["1", True, [], {}, -1, -1e-9, 1e101, 1e-101, 10**400])
    def test_a_number_is_a_number_in_its_range(self, refused_catalog, pointer, value):
        assert refused_catalog(changed(CATALOG, pointer, value)).pointer == pointer

    @refused((*QUANTITIES, *SHARES), [math.nan, math.inf, -math.inf])
    def test_a_number_is_finite(self, refused_catalog, pointer, value):
        error = refused_catalog(changed(CATALOG, pointer, value))
        found = json.dumps(value)
        assert error.pointer == pointer
        assert error.message == f"found {found}, expected a finite number"

    @refused(SHARES, [1.0000000000000002, 2, 100.0])
    def test_a_share_is_at_most_one(self, refused_catalog, pointer, value):
        assert refused_catalog(changed(CATALOG, pointer, value)).pointer == pointer

    @refused(["/assumptions/axes/0/noise_factor"], [0, 0.0, 0.99])
    def test_an_attack_does_not_lower_the_noise(self, refused_catalog, pointer, value):
        assert refused_catalog(changed(CATALOG, pointer, value)).pointer == pointer

    @refused(
        ["/assumptions/channel/noise", "/assumptions/channel/signal", "/systems/0/channel/noise"],
        [0, 0.0, -0.0],
    )
    def test_a_channel_has_signal_and_noise(self, refused_catalog, pointer, value):
        assert refused_catalog(changed(CATALOG, pointer, value)).pointer == pointer

    @refused(["/schema"], ["", "mfmgame/catalog/2", "mfmgame/scenario/1", 1, None])
    def test_only_this_version_of_the_schema_is_read(self, refused_catalog, pointer, value):
        error = refused_catalog(changed(CATALOG, pointer, value))
        assert error.pointer == pointer
        assert "'mfmgame/catalog/1'" in error.message

    @refused(
        [
            "/threats/0/level",
            "/threats/0/basis",
            "/systems/0/target_type",
            "/systems/0/inputs/0",
            "/assumptions/axes/0/axis",
        ],
        ["", "other", 1, True, [], {}],
    )
    def test_only_a_listed_word_is_a_choice(self, refused_catalog, pointer, value):
        assert refused_catalog(changed(CATALOG, pointer, value)).pointer == pointer

    @pytest.mark.parametrize(
        "place",
        [
            "/threats/0/traits/modalities",
            "/threats/0/traits/flows",
            "/threats/0/traits/axes",
            "/threats/0/traits/knowledge",
            "/threats/0/traits/targets",
            "/defenses/0/traits/acts",
            "/defenses/0/traits/guards",
            "/defenses/0/traits/modalities",
        ],
    )
    @pytest.mark.parametrize("key", ["", "other", "Text", "txt", "a/b"])
    def test_only_a_listed_word_is_a_key_of_traits(self, refused_catalog, place, key):
        escaped = key.replace("/", "~1")
        error = refused_catalog(changed(CATALOG, f"{place}/{escaped}", 1.0))
        assert error.pointer == f"{place}/{escaped}"

    @pytest.mark.parametrize(
        "place",
        [
            "",
            "/threats/0",
            "/threats/0/traits",
            "/defenses/0",
            "/defenses/0/traits",
            "/effectiveness/0",
            "/systems/0",
            "/systems/0/channel",
            "/assumptions",
            "/assumptions/goals/0",
            "/assumptions/classes/0",
            "/assumptions/axes/0",
        ],
    )
    @pytest.mark.parametrize("key", ["unknown", "self", "schema_id", ""])
    def test_an_unknown_key_is_refused(self, refused_catalog, place, key):
        error = refused_catalog(changed(CATALOG, f"{place}/{key}", 1.0))
        assert error.pointer == f"{place}/{key}"
        assert error.message.startswith(f"unknown key {key!r}, expected ")

    @pytest.mark.parametrize(
        "pointer",
        [
            "/schema",
            "/name",
            "/threats/0/id",
            "/threats/0/traits/goal",
            "/threats/1/severity",
            "/threats/1/bandwidth",
            "/defenses/0/id",
            "/defenses/0/traits/strength",
            "/defenses/0/traits/retention",
            "/effectiveness/0/value",
            "/systems/0/id",
            "/systems/0/inputs",
            "/systems/0/target_type",
            "/assumptions/goals",
            "/assumptions/classes",
            "/assumptions/axes",
            "/assumptions/channel",
            "/assumptions/channel/noise",
            "/assumptions/goals/0/impact",
            "/assumptions/classes/0/bits",
        ],
    )
    def test_what_is_required_may_not_be_missing(self, refused_catalog, pointer):
        error = refused_catalog(without(CATALOG, pointer))
        assert error.pointer == pointer
        assert error.message.startswith("missing, expected a ")

    @pytest.mark.parametrize(
        ("entries", "field"),
        [
            ("/threats", "id"),
            ("/defenses", "id"),
            ("/systems", "id"),
            ("/assumptions/goals", "goal"),
            ("/assumptions/classes", "class"),
            ("/assumptions/axes", "axis"),
        ],
    )
    def test_an_id_stands_once(self, refused_catalog, entries, field):
        *path, key = entries.split("/")[1:]
        listed = CATALOG[path[0]][key] if path else CATALOG[key]
        error = refused_catalog(changed(CATALOG, f"{entries}/-", listed[0]))
        assert error.pointer == f"{entries}/{len(listed)}/{field}"
        assert error.message == (
            f"duplicate id {listed[0][field]!r} (first at {entries}/0), expected unique ids"
        )

    def test_a_pair_stands_once(self, refused_catalog):
        entry = {"threat": "theft", "defense": "lock", "value": 0.1}
        assert refused_catalog(changed(CATALOG, "/effectiveness/-", entry)).pointer == (
            "/effectiveness/1"
        )

    @pytest.mark.parametrize(
        ("pointer", "name", "hint"),
        [
            ("/effectiveness/0/threat", "thefts", "did you mean 'theft'?"),
            ("/effectiveness/0/defense", "locks", "did you mean 'lock'?"),
            ("/threats/0/traits/goal", "controll", "did you mean 'control'?"),
            ("/threats/0/class", "agent_action", "did you mean 'agent-action'?"),
        ],
    )
    def test_an_unknown_name_is_refused_with_the_nearest_known(
        self, refused_catalog, pointer, name, hint
    ):
        error = refused_catalog(changed(CATALOG, pointer, name))
        assert error.pointer == pointer
        assert repr(name) in error.message
        assert error.message.endswith(hint)

    @pytest.mark.parametrize(
        ("pointer", "at"),
        [
            ("/assumptions", "/threats/0/traits/goal"),
            ("/threats/0/class", "/threats/0/class"),
        ],
    )
    def test_traits_need_the_numbers_that_the_rules_use(self, refused_catalog, pointer, at):
        assert refused_catalog(without(CATALOG, pointer)).pointer == at

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"[]",
            b"null",
            b"\xff",
            b'{"a": 1, "a": 1}',
            b'{"a": NaN}',
            b'{"a": "\\ud800"}',
            b"[" * 100_000,
            b'{"self": 1}',
        ],
        ids=labelled,
    )
    def test_a_hostile_file_is_refused_by_its_own_name(self, write, tmp_path, content):
        file = write()
        (tmp_path / "small.json").write_bytes(content)
        with pytest.raises(mg.SpecificationError) as caught:
            mg.solve(mg.load_scenario(file))
        assert caught.value.source == str(tmp_path / "small.json")


class TestLevelsOfACatalogsDefense:
    @pytest.mark.parametrize(("key", "value"), [("kind", "binary"), ("levels", [0.0, 1.0])])
    def test_they_are_taken_in_full_or_not_at_all(self, write, key, value):
        stepped = changed(CATALOG, f"/defenses/0/{key}", value)
        for limit, continuous, level in [(1.2, 0.5, 0.0), (1.5, 0.625, 1.0)]:
            scenario = changed(CATALOG_SCENARIO, "/defender/limits/budget", limit)
            solution = mg.solve(mg.load_scenario(write(scenario=scenario)))
            assert solution.allocation["guard"] == pytest.approx(continuous)
            solution = mg.solve(mg.load_scenario(write(stepped, scenario)))
            assert solution.allocation["guard"] == level

    def test_a_greatest_level_below_them_is_refused(self, write):
        lowered = changed(CATALOG_SCENARIO, "/overrides/defenses/guard/max_level", 0.5)
        file = write(changed(CATALOG, "/defenses/0/levels", [0.0, 1.0]), lowered)
        with pytest.raises(mg.SpecificationError) as caught:
            mg.build_game(mg.load_scenario(file))
        assert (caught.value.source, caught.value.pointer) == (str(file), "/catalog")
        assert caught.value.message == (
            "found a level of 1.0 of 'guard', expected at most its max_level, 0.5"
        )


class TestWhichCatalog:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("mmf", "unknown catalog 'mmf', expected a known catalog; did you mean 'mfm'?"),
            ("MFM", "unknown catalog 'MFM', expected one of 'agentdyn', 'mfm'"),
            ("small", "unknown catalog 'small', expected one of 'agentdyn', 'mfm'"),
            ("small.yaml", "unknown catalog 'small.yaml', expected one of 'agentdyn', 'mfm'"),
            ("..", "unknown catalog '..', expected one of 'agentdyn', 'mfm'"),
            ("/dev/zero", "unknown catalog '/dev/zero', expected one of 'agentdyn', 'mfm'"),
            (
                "new\nline\x1b[31m",
                "unknown catalog 'new\\nline\\x1b[31m', expected one of 'agentdyn', 'mfm'",
            ),
        ],
    )
    def test_an_unknown_name_is_refused_with_the_known_ones(self, refused_scenario, name, message):
        error = refused_scenario(changed(CATALOG_SCENARIO, "/catalog", name))
        assert error.pointer == "/catalog"
        assert error.message == f"{message} (a file's name ends in .json)"

    @refused(["/catalog"], ["", 1, True, ["mfm"], {"name": "mfm"}])
    def test_a_name_is_a_text(self, refused_scenario, pointer, value):
        assert refused_scenario(changed(CATALOG_SCENARIO, pointer, value)).pointer == pointer

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("missing.json", "no such file"),
            ("missing/small.json", "no such file"),
            (".json", "no such file"),
            ("small.json/small.json", os.strerror(errno.ENOTDIR)),
            ("folder.json", "expected a file"),
            ("device.json", "expected a file"),
            ("circle.json", os.strerror(errno.ELOOP)),
            ("x" * 300 + ".json", os.strerror(errno.ENAMETOOLONG)),
            ("nul\0.json", "null"),
        ],
        ids=labelled,
    )
    def test_a_file_that_cannot_be_read_is_named(self, write, tmp_path, name, message):
        (tmp_path / "folder.json").mkdir()
        (tmp_path / "device.json").symlink_to("/dev/zero")
        (tmp_path / "circle.json").symlink_to("circle.json")
        file = write(scenario=changed(CATALOG_SCENARIO, "/catalog", name))
        with pytest.raises(mg.SpecificationError) as caught:
            mg.solve(mg.load_scenario(file))
        assert caught.value.source == str(tmp_path / name)
        assert message in caught.value.message

    def test_a_file_is_sought_beside_the_scenario_and_not_in_the_working_directory(
        self, write, tmp_path, monkeypatch
    ):
        file = write()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        assert mg.solve(mg.load_scenario(file)).value > 0
        (tmp_path / "small.json").rename(elsewhere / "small.json")
        with pytest.raises(mg.SpecificationError, match="no such file"):
            mg.solve(mg.load_scenario(file))

    def test_a_scenario_is_not_its_own_catalog(self, write, tmp_path):
        file = write(scenario=changed(CATALOG_SCENARIO, "/catalog", "scenario.json"))
        with pytest.raises(mg.SpecificationError) as caught:
            mg.solve(mg.load_scenario(file))
        assert caught.value.source == str(file)


class TestScenarioOnACatalog:
    @pytest.mark.parametrize(
        ("pointer", "value", "hint"),
        [
            ("/system", "asistant", "a known system; did you mean 'assistant'?"),
            ("/system", "llava", "'assistant'"),
            (
                "/overrides/threats/prompt_injection",
                {"severity": 1.0},
                "a known threat; did you mean 'prompt-injection'?",
            ),
            (
                "/overrides/defenses/gard",
                {"max_level": 1.0},
                "a known defense; did you mean 'guard'?",
            ),
            ("/effectiveness/0/threat", "poisonin", "a known threat; did you mean 'poisoning'?"),
            ("/effectiveness/0/defense", "audits", "a known defense; did you mean 'audit'?"),
            ("/effectiveness/0/defense", "guards", "a known defense; did you mean 'guard'?"),
            ("/defender/limits/bugdet", 1.0, "a known resource; did you mean 'budget'?"),
            ("/defender/limits/stuff", 1.0, "a known resource; did you mean 'staff'?"),
            ("/deployment/flows/0", "actoin", "a known value; did you mean 'action'?"),
            ("/deployment/flow", [], "a known key; did you mean 'flows'?"),
            ("/overrides/threat", {}, "a known key; did you mean 'threats'?"),
            (
                "/overrides/threats/prompt-injection/severty",
                1.0,
                "a known key; did you mean 'severity'?",
            ),
            (
                "/overrides/defenses/guard/strenght",
                1.0,
                "a known key; did you mean 'strength'?",
            ),
        ],
    )
    def test_an_unknown_name_is_refused_with_the_nearest_known(
        self, refused_scenario, pointer, value, hint
    ):
        error = refused_scenario(changed(CATALOG_SCENARIO, pointer, value))
        assert error.pointer == pointer
        assert error.message.endswith(f", expected {hint}")

    def test_there_may_be_no_system_to_choose(self, refused_scenario):
        error = refused_scenario(CATALOG_SCENARIO, without(CATALOG, "/systems"))
        assert error.pointer == "/system"

    @pytest.mark.parametrize("key", ["threats", "defenses"])
    @pytest.mark.parametrize("position", [0, 1])
    def test_the_catalogs_ids_are_taken(self, refused_scenario, key, position):
        taken = CATALOG[key][position]["id"]
        error = refused_scenario(changed(CATALOG_SCENARIO, f"/{key}/0/id", taken))
        assert error.pointer == f"/{key}/0/id"
        assert error.message == (
            f"duplicate id {taken!r} (catalog 'small' has it), "
            "expected a new id, or a change under 'overrides'"
        )

    @refused(
        [
            "/overrides/threats/prompt-injection/severity",
            "/overrides/threats/prompt-injection/bandwidth",
            "/overrides/defenses/guard/max_level",
            "/overrides/defenses/guard/strength",
            "/overrides/defenses/guard/retention",
            "/overrides/defenses/guard/use/budget",
        ],
        [-1.0, "1", True, [], {}, 1e101, 1e-101],
    )
    def test_an_override_is_a_number_in_its_range(self, refused_scenario, pointer, value):
        assert refused_scenario(changed(CATALOG_SCENARIO, pointer, value)).pointer == pointer

    @refused(
        [
            "/overrides/defenses/guard/strength",
            "/overrides/defenses/guard/retention",
        ],
        [1.1, 2],
    )
    def test_an_overriding_share_is_at_most_one(self, refused_scenario, pointer, value):
        assert refused_scenario(changed(CATALOG_SCENARIO, pointer, value)).pointer == pointer

    @refused(
        [
            "/overrides",
            "/overrides/threats",
            "/overrides/defenses",
            "/overrides/threats/theft",
            "/overrides/defenses/lock",
            "/overrides/defenses/guard/use",
            "/deployment",
        ],
        [1, "text", True, []],
    )
    def test_only_an_object_is_an_object(self, refused_scenario, pointer, value):
        assert refused_scenario(changed(CATALOG_SCENARIO, pointer, value)).pointer == pointer

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/overrides/threats/", {}),
            ("/overrides/defenses/", {}),
            ("/overrides/defenses/guard/use/", 1.0),
        ],
    )
    def test_an_empty_name_is_refused(self, refused_scenario, pointer, value):
        assert refused_scenario(changed(CATALOG_SCENARIO, pointer, value)).pointer == pointer

    @pytest.mark.parametrize("key", ["strength", "retention"])
    def test_strength_is_overridden_only_where_there_are_traits(self, refused_scenario, key):
        change = {"lock": {key: 0.5}}
        error = refused_scenario(changed(CATALOG_SCENARIO, "/overrides/defenses", change))
        assert str(error).endswith(
            "/overrides/defenses/lock: found strength or retention of a defense that has no "
            "traits, expected an 'effectiveness' entry"
        )

    @pytest.mark.parametrize("flows", [None, "action", {}, 1, True])
    def test_flows_are_a_list(self, refused_scenario, flows):
        scenario = changed(CATALOG_SCENARIO, "/deployment/flows", flows)
        assert refused_scenario(scenario).pointer == "/deployment/flows"

    def test_a_pair_stands_once_among_the_scenarios_own(self, refused_scenario):
        entry = CATALOG_SCENARIO["effectiveness"][0]
        scenario = changed(CATALOG_SCENARIO, "/effectiveness/-", entry)
        assert refused_scenario(scenario).pointer == "/effectiveness/1"

    def test_a_pair_of_the_catalog_may_be_given_anew(self, write):
        entry = {"threat": "theft", "defense": "lock", "value": 1.0}
        file = write(scenario=changed(CATALOG_SCENARIO, "/effectiveness/-", entry))
        assert mg.solve(mg.load_scenario(file)).value > 0

    def test_independent_layers_may_fail_in_the_scenario(self, refused_scenario):
        scenario = changed(CATALOG_SCENARIO, "/composition", "independent")
        error = refused_scenario(changed(scenario, "/effectiveness/0/value", 1.0))
        assert error.pointer == "/composition"

    def test_independent_layers_may_fail_in_the_catalog(self, write):
        scenario = changed(CATALOG_SCENARIO, "/composition", "independent")
        file = write(changed(CATALOG, "/effectiveness/0/value", 1.0), scenario)
        with pytest.raises(mg.SpecificationError, match="a layer that never fails") as caught:
            mg.solve(mg.load_scenario(file))
        assert (caught.value.source, caught.value.pointer) == (str(file), "/composition")

    @pytest.mark.parametrize(
        "changes",
        [
            {"/assumptions/goals/0/impact": 1e-100},
            {
                "/assumptions/classes/0": {
                    "class": "agent-action",
                    "bits": 1e100,
                    "black_box_only_extra_bits": 1e100,
                },
                "/threats/0/traits/knowledge": {"black": 1.0},
            },
        ],
        ids=["severity too small", "bandwidth too great"],
    )
    def test_numbers_that_the_rules_make_too_small_or_great_are_refused_where_they_stand(
        self, write, changes
    ):
        catalog = CATALOG
        for pointer, value in changes.items():
            catalog = changed(catalog, pointer, value)
        file = write(catalog, without(CATALOG_SCENARIO, "/overrides"))
        with pytest.raises(mg.SpecificationError) as caught:
            mg.solve(mg.load_scenario(file))
        assert caught.value.source
        assert caught.value.pointer.startswith("/")
