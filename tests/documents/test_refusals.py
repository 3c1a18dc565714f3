"""What a scenario may not say, and how it is told so: where, what, and what instead."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest

import mfmgame as mg
from mfmgame.messages import shown
from specifications import CATALOG_SCENARIO, SCENARIO, changed, labelled, without

HUGE_INTEGERS = [10**400, -(10**400), 10**5000, -(10**5000)]


def refusal(document) -> mg.SpecificationError:
    """The error that a document must end in, whenever it is noticed."""
    with pytest.raises(mg.SpecificationError) as caught:
        mg.assess(mg.Scenario(**document))
    error = caught.value
    assert error.message
    assert str(error) == (f"{error.pointer}: " if error.pointer else "") + error.message
    assert error.__cause__ is None
    assert len(str(error).splitlines()) == 1
    return error


def refused(pointers, values):
    """Parametrize a test with every value at every pointer."""
    return pytest.mark.parametrize(
        ("pointer", "value"),
        [
            pytest.param(pointer, value, id=f"{pointer}={labelled(value)}")
            for pointer in pointers
            for value in values
        ],
    )


def test_the_document_that_the_cases_change_is_valid():
    assert mg.assess(mg.Scenario(**SCENARIO)).solution.value > 0


class TestNumbers:
    QUANTITIES = (
        "/threats/0/severity",
        "/threats/1/bandwidth",
        "/defenses/0/use/budget",
        "/defenses/1/use/energy",
        "/defenses/0/max_level",
        "/attacker/bandwidth",
        "/termination/loss",
    )
    SHARES = ("/effectiveness/0/value",)
    LIMITS = ("/defender/limits/budget",)
    ALL = (*QUANTITIES, *SHARES, *LIMITS)

    @refused(ALL, ["1", "", "NaN", True, False, [], [1.0], {}, {"value": 1.0}, 1j])
    def test_only_a_number_is_a_number(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(ALL, [math.nan, math.inf, -math.inf])
    def test_a_number_is_finite(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(ALL, [*HUGE_INTEGERS, 1e101, 1e300, 1.7976931348623157e308])
    def test_a_number_is_not_beyond_what_sums_and_products_bear(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(ALL, [1e-101, 5e-324, 2.2250738585072014e-308])
    def test_a_number_is_zero_or_not_beyond_what_quotients_bear(self, pointer, value):
        error = refusal(changed(SCENARIO, pointer, value))
        assert error.pointer == pointer
        assert repr(value) in error.message

    @refused(ALL, [Decimal("1e-400"), Decimal("-1e-400"), Fraction(1, 10**400)])
    def test_a_number_that_is_0_only_as_a_float_is_none(self, pointer, value):
        error = refusal(changed(SCENARIO, pointer, value))
        assert error.pointer == pointer
        assert shown(value) in error.message

    @refused((*QUANTITIES, *SHARES), [-1, -1.0, -1e-9, -1e100])
    def test_a_number_is_not_negative(self, pointer, value):
        error = refusal(changed(SCENARIO, pointer, value))
        assert error.pointer == pointer
        assert repr(value) in error.message

    @refused(SHARES, [1.0000000000000002, 1.5, 2, 60, 1e100])
    def test_effectiveness_is_at_most_one(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(ALL, [None])
    def test_null_is_not_a_number(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @pytest.mark.parametrize("pointer", ALL)
    def test_minus_zero_is_zero(self, pointer):
        zeros = [changed(SCENARIO, pointer, zero) for zero in (0.0, -0.0, 0)]
        values = [mg.solve(mg.Scenario(**document)).value for document in zeros]
        assert values[0] == values[1] == values[2]

    @pytest.mark.parametrize("pointer", LIMITS)
    @pytest.mark.parametrize("limit", [-1, -1e-9, -1e100])
    def test_a_negative_limit_is_well_formed_but_infeasible(self, pointer, limit):
        scenario = mg.Scenario(**changed(SCENARIO, pointer, limit))
        with pytest.raises(mg.InfeasibleError, match=r"^the limit of 'budget' is -"):
            mg.solve(scenario)


class TestTexts:
    IDENTIFIERS = (
        "/threats/0/id",
        "/threats/0/class",
        "/defenses/1/id",
        "/effectiveness/0/threat",
        "/effectiveness/1/defense",
    )
    FREE = (
        "/name",
        "/threats/0/name",
        "/threats/0/source",
        "/defenses/0/family",
        "/defenses/0/name",
        "/effectiveness/0/source",
    )

    @refused((*IDENTIFIERS, *FREE), [1, 0.5, True, [], ["a"], {}, {"a": "b"}, b"bytes"])
    def test_only_a_string_is_a_text(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused((*IDENTIFIERS, "/name", "/threats/0/name", "/defenses/0/family"), [None])
    def test_null_is_not_a_text(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused((*IDENTIFIERS, "/catalog", "/system"), [""])
    def test_an_identifier_is_not_empty(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused((*IDENTIFIERS, *FREE), ["\ud800", "a\udfffb"])
    def test_a_text_has_no_lone_surrogate(self, pointer, value):
        """It could not be written out again."""
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @pytest.mark.parametrize(
        ("pointer", "at"),
        [("/defenses/0/use/", "/defenses/0/use/"), ("/defender/limits/", "/defender/limits/")],
    )
    def test_a_resource_has_a_name(self, pointer, at):
        assert refusal(changed(SCENARIO, pointer, 1.0)).pointer == at


class TestChoices:
    @refused(
        ["/composition", "/threats/0/level", "/threats/0/basis", "/defenses/0/kind"],
        ["", "other", "BEST_OF", "Model", " model", 1, True, [], ["model"], {}],
    )
    def test_only_a_listed_word_is_a_choice(self, pointer, value):
        error = refusal(changed(SCENARIO, pointer, value))
        assert error.pointer == pointer
        assert "expected" in error.message

    @refused(["/composition", "/defenses/0/kind", "/schema"], [None])
    def test_null_is_not_a_choice(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(
        ["/schema"],
        [
            "",
            "mfmgame/scenario/0",
            "mfmgame/scenario/2",
            "mfmgame/scenario/1 ",
            "mfmgame/scenario",
            "mfmgame/catalog/1",
            "mfmgame/result/1",
            1,
            ["mfmgame/scenario/1"],
        ],
    )
    def test_only_this_version_of_the_schema_is_read(self, pointer, value):
        error = refusal(changed(SCENARIO, pointer, value))
        assert error.pointer == "/schema"
        assert "'mfmgame/scenario/1'" in error.message


class TestShapes:
    OBJECTS = (
        "/threats/0",
        "/defenses/0",
        "/defenses/0/use",
        "/effectiveness/0",
        "/attacker",
        "/defender",
        "/defender/limits",
        "/termination",
    )
    LISTS = ("/threats", "/defenses", "/effectiveness")

    @refused(OBJECTS, [1, 0.5, "", "text", True, [], [{}], [["id", "a"]]])
    def test_only_an_object_is_an_object(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused([pointer for pointer in OBJECTS if pointer != "/termination"], [None])
    def test_null_is_not_an_object(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(LISTS, [1, "", "text", True, {}, {"0": {}}])
    def test_only_a_list_is_a_list(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(["/defenses", "/effectiveness"], [None])
    def test_null_is_not_a_list(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    @refused(LISTS, [[1], ["jailbreak"], [None], [[]]])
    def test_an_entry_of_a_list_is_an_object(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == f"{pointer}/0"

    @pytest.mark.parametrize(
        "pointer",
        [
            "/schema",
            "/attacker",
            "/attacker/bandwidth",
            "/termination/loss",
            "/threats/1/id",
            "/threats/1/severity",
            "/threats/1/bandwidth",
            "/defenses/1/id",
            "/effectiveness/1/threat",
            "/effectiveness/1/defense",
            "/effectiveness/1/value",
        ],
    )
    def test_what_is_required_may_not_be_missing(self, pointer):
        error = refusal(without(SCENARIO, pointer))
        assert error.pointer == pointer
        assert error.message.startswith("missing, expected a ")

    @pytest.mark.parametrize("threats", ["missing", "null"])
    def test_threats_and_catalog_may_not_both_be_missing(self, threats):
        bare = without(SCENARIO, "/threats")
        document = bare if threats == "missing" else {**bare, "threats": None, "catalog": None}
        assert str(refusal(document)) == (
            "found neither 'threats' nor 'catalog', expected one of them"
        )

    @pytest.mark.parametrize("pointer", ["/threats", "/name", "/attacker/bandwidth", "/unknown"])
    @pytest.mark.parametrize("brackets", ["list", "object"])
    def test_nesting_has_a_limit(self, pointer, brackets):
        value = []
        for _ in range(100_000):
            value = [value] if brackets == "list" else {"a": value}
        try:
            error = refusal(changed(SCENARIO, pointer, value))
            assert error.pointer in (pointer, f"{pointer}/0")
        finally:
            while value:  # so that freeing it does not recurse either
                value = value.pop() if isinstance(value, list) else value.pop("a")

    @pytest.mark.parametrize("pointer", ["/threats", "/name", "/attacker/bandwidth"])
    def test_what_holds_itself_is_refused(self, pointer):
        value = []
        value.append(value)
        assert refusal(changed(SCENARIO, pointer, value)).pointer.startswith(pointer)


class TestKeys:
    @pytest.mark.parametrize(
        "place",
        [
            "",
            "/threats/0",
            "/defenses/1",
            "/effectiveness/0",
            "/attacker",
            "/defender",
            "/termination",
        ],
    )
    @pytest.mark.parametrize(
        "key",
        [
            "",
            "unknown",
            "self",
            "data",
            "cls",
            "schema_id",
            "threat_class",
            "_source",
            "__class__",
            "model_config",
            "Severity",
            "severity ",
        ],
    )
    def test_an_unknown_key_is_refused(self, place, key):
        error = refusal(changed(SCENARIO, f"{place}/{key}", 1.0))
        assert error.pointer == f"{place}/{key}"
        assert error.message.startswith(f"unknown key {key!r}, expected ")

    @pytest.mark.parametrize(
        ("pointer", "meant"),
        [
            ("/schemas", "schema"),
            ("/threat", "threats"),
            ("/defences", "defenses"),
            ("/efectiveness", "effectiveness"),
            ("/atacker", "attacker"),
            ("/costs", None),
            ("/threats/0/severty", "severity"),
            ("/threats/0/clas", "class"),
            ("/defenses/0/maxlevel", "max_level"),
            ("/defenses/0/uses", "use"),
            ("/effectiveness/0/defence", "defense"),
            ("/attacker/bandwith", "bandwidth"),
            ("/defender/limit", "limits"),
            ("/termination/los", "loss"),
        ],
    )
    def test_the_nearest_known_key_is_named(self, pointer, meant):
        error = refusal(changed(SCENARIO, pointer, 1.0))
        assert error.pointer == pointer
        if meant is None:
            assert ", expected one of 'schema', '$schema', " in error.message
        else:
            assert error.message.endswith(f"expected a known key; did you mean {meant!r}?")

    @pytest.mark.parametrize(
        ("pointer", "expected"),
        [
            ("/limits", "it at /defender/limits"),
            ("/bandwidth", "it at /attacker/bandwidth"),
            ("/threats/0/impact", "'severity' instead"),
            ("/threats/0/title", "'name' instead"),
            ("/defenses/0/cost", "'use' instead"),
            ("/effectiveness/0/rationale", "'source' instead"),
        ],
    )
    def test_a_word_of_another_vocabulary_is_translated(self, pointer, expected):
        error = refusal(changed(SCENARIO, pointer, 1.0))
        assert (error.pointer, error.message) == (
            pointer,
            f"unknown key {pointer.rpartition('/')[2]!r}, expected {expected}",
        )

    @pytest.mark.parametrize(
        ("key", "escaped"),
        [
            ("a/b", "a~1b"),
            ("a~b", "a~0b"),
            ("~1", "~01"),
            ("it's", "it's"),
            ('"quoted"', '"quoted"'),
            ('it\'s "both"', 'it\'s "both"'),
            ("back\\slash", "back\\slash"),
            ("größe", "größe"),
            ("予算", "予算"),
            ("0", "0"),
            ("a b", "a b"),
            ("[key]", "[key]"),
        ],
    )
    def test_the_pointer_to_any_key_is_as_rfc_6901_says(self, key, escaped):
        for document, place in (
            ({**SCENARIO, key: 1.0}, ""),
            (changed(SCENARIO, "/defender/limits", {key: 1.0}), "/defender/limits"),
            (changed(SCENARIO, "/defenses/0/use", {key: -1.0}), "/defenses/0/use"),
        ):
            assert refusal(document).pointer == f"{place}/{escaped}"

    @pytest.mark.parametrize("place", ["", "/attacker", "/defender/limits"])
    def test_the_message_about_a_very_long_key_is_short(self, place):
        error = refusal(changed(SCENARIO, f"{place}/{'x' * 1_000_000}", 1.0))
        assert error.pointer.startswith(f"{place}/xxx")
        assert len(str(error)) < 1000


class TestReferences:
    @pytest.mark.parametrize(
        ("pointer", "meant", "message"),
        [
            (
                "/effectiveness/0/threat",
                "jailbrake",
                "unknown threat 'jailbrake', expected a known threat; did you mean 'jailbreak'?",
            ),
            (
                "/effectiveness/1/defense",
                "monitr",
                "unknown defense 'monitr', expected a known defense; did you mean 'monitor'?",
            ),
            (
                "/effectiveness/1/threat",
                "Extraction",
                "unknown threat 'Extraction', expected a known threat; did you mean 'extraction'?",
            ),
            (
                "/effectiveness/0/defense",
                "zzz",
                "unknown defense 'zzz', expected one of 'filter', 'monitor'",
            ),
            (
                "/effectiveness/0/threat",
                "zzz",
                "unknown threat 'zzz', expected one of 'jailbreak', 'extraction'",
            ),
        ],
    )
    def test_effectiveness_is_of_a_known_defense_on_a_known_threat(self, pointer, meant, message):
        assert str(refusal(changed(SCENARIO, pointer, meant))) == f"{pointer}: {message}"

    @pytest.mark.parametrize("id_", ["filter ", "Filter", "filter\n", "filter\x00", "ﬁlter"])
    def test_ids_are_compared_letter_by_letter(self, id_):
        error = refusal(changed(SCENARIO, "/effectiveness/0/defense", id_))
        assert error.pointer == "/effectiveness/0/defense"
        assert "did you mean 'filter'?" in error.message

    @pytest.mark.parametrize("key", ["threats", "defenses"])
    def test_there_may_be_nothing_to_refer_to(self, key):
        noun = key.removesuffix("s")
        document = changed(SCENARIO, f"/{key}", [])
        if key == "defenses":
            document = changed(document, "/defender/limits", {})
        error = refusal(document)
        assert error.pointer == f"/effectiveness/0/{noun}"
        assert error.message.startswith(f"unknown {noun} ")

    @pytest.mark.parametrize(
        ("limit", "message"),
        [
            ("bugdet", "expected a known resource; did you mean 'budget'?"),
            ("Budget", "expected a known resource; did you mean 'budget'?"),
            ("staff", "expected one of 'budget', 'latency'"),
        ],
    )
    def test_a_limit_is_on_a_resource_that_a_defense_uses(self, limit, message):
        error = refusal(changed(SCENARIO, f"/defender/limits/{limit}", 1.0))
        assert str(error) == f"/defender/limits/{limit}: unknown resource {limit!r}, {message}"

    def test_a_limit_where_no_defense_uses_anything_is_refused(self):
        document = changed(SCENARIO, "/defenses/0/use", {})
        document = changed(document, "/defenses/1/use", {})
        assert refusal(document).pointer == "/defender/limits/budget"

    @pytest.mark.parametrize("limit", [-1.0, 0.0])
    def test_a_limit_on_an_unknown_resource_is_refused_before_its_value(self, limit):
        error = refusal(changed(SCENARIO, "/defender/limits/bugdet", limit))
        assert error.pointer == "/defender/limits/bugdet"

    @pytest.mark.parametrize(
        "key",
        ["system", "deployment", "overrides"],
    )
    def test_what_is_about_a_catalog_needs_one(self, key):
        error = refusal(changed(SCENARIO, f"/{key}", CATALOG_SCENARIO[key]))
        assert str(error) == f"/{key}: found without 'catalog', expected with one"


class TestDuplicates:
    @pytest.mark.parametrize("key", ["threats", "defenses"])
    @pytest.mark.parametrize("position", [1, 2])
    def test_an_id_stands_once(self, key, position):
        first = SCENARIO[key][0]["id"]
        duplicate = {**SCENARIO[key][0], "name": "another of the same id"}
        document = changed(SCENARIO, f"/{key}/-", duplicate)
        document[key].insert(position, document[key].pop())
        assert str(refusal(document)) == (
            f"/{key}/{position}/id: duplicate id {first!r} (first at /{key}/0), expected unique ids"
        )

    @pytest.mark.parametrize("value", [0.6, 0.1, 0.0])
    def test_a_pair_stands_once_even_with_the_same_value(self, value):
        entry = {"threat": "jailbreak", "defense": "filter", "value": value}
        assert str(refusal(changed(SCENARIO, "/effectiveness/-", entry))) == (
            "/effectiveness/2: duplicate pair 'jailbreak' with 'filter' "
            "(first at /effectiveness/0), "
            "expected one entry per pair"
        )

    def test_a_threat_and_a_defense_may_share_an_id(self):
        document = changed(SCENARIO, "/defenses/1/id", "jailbreak")
        document = changed(document, "/effectiveness/1/defense", "jailbreak")
        assert mg.solve(mg.Scenario(**document)).value > 0


class TestLevels:
    # The whole filter takes more latency than there is, so that it is off, or half on.
    @pytest.mark.parametrize(
        ("levels", "level", "value"), [([0.0, 1.0], 0.0, 3.5), ([0, 0.5, 1], 0.5, 2.6)]
    )
    def test_a_defense_takes_one_of_its_levels(self, levels, level, value):
        solution = mg.solve(mg.Scenario(**changed(SCENARIO, "/defenses/0/levels", levels)))
        assert dict(solution.allocation) == {"filter": level, "monitor": pytest.approx(1.0)}
        assert solution.value == pytest.approx(value)

    def test_a_binary_defense_runs_or_not_and_the_others_have_the_rest(self):
        solution = mg.solve(mg.Scenario(**changed(SCENARIO, "/defenses/1/kind", "binary")))
        assert dict(solution.allocation) == {"filter": pytest.approx(0.75), "monitor": 1.0}
        assert solution.value == pytest.approx(2.15)

    def test_levels_of_which_none_is_affordable_are_infeasible(self):
        scenario = mg.Scenario(**changed(SCENARIO, "/defenses/0/levels", [1.0]))
        for use in (mg.solve, mg.assess, mg.defense_coverage_index):
            with pytest.raises(mg.InfeasibleError, match="no choice of levels"):
                use(scenario)

    @refused(["/defenses/0/levels"], [[], [1.0, 0.0], [0.5, 0.5], [0, 0.0], [1, 2, 1.5]])
    def test_levels_increase(self, pointer, value):
        assert str(refusal(changed(SCENARIO, pointer, value))) == (
            "/defenses/0/levels: expected one level or more, in increasing order"
        )

    @refused(["/defenses/0/levels"], [[0, "1"], [0, True], [0, -1.0], [0, math.nan], [0, None]])
    def test_every_level_is_a_number_that_is_not_negative(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == f"{pointer}/1"

    def test_binary_and_levels_exclude_each_other(self):
        document = changed(SCENARIO, "/defenses/0/kind", "binary")
        document = changed(document, "/defenses/0/levels", [0.0, 1.0])
        assert str(refusal(document)) == (
            "/defenses/0/levels: found with kind 'binary', expected one of the two"
        )


class TestCompositions:
    @pytest.mark.parametrize("position", [0, 1])
    @pytest.mark.parametrize("value", [1, 1.0])
    def test_independent_layers_may_fail(self, position, value):
        document = changed(SCENARIO, "/composition", "independent")
        error = refusal(changed(document, f"/effectiveness/{position}/value", value))
        assert error.pointer == "/composition"
        assert "a layer that never fails; expected less than 1" in error.message
        for key in ("threat", "defense"):
            assert repr(SCENARIO["effectiveness"][position][key]) in error.message

    @pytest.mark.parametrize("composition", ["best_of", "additive"])
    def test_in_other_compositions_a_defense_may_be_perfect(self, composition):
        document = changed(SCENARIO, "/composition", composition)
        document = changed(document, "/effectiveness/0/value", 1)
        assert mg.solve(mg.Scenario(**document)).value > 0


class TestTraits:
    @pytest.mark.parametrize(
        ("pointer", "traits"),
        [
            ("/threats/0/traits", {"goal": "control"}),
            ("/defenses/1/traits", {"strength": 1.0, "retention": 1.0}),
        ],
    )
    def test_only_catalogs_have_traits(self, pointer, traits):
        assert str(refusal(changed(SCENARIO, pointer, traits))) == (
            f"{pointer}: found in a scenario, expected in a catalog only"
        )


class TestMessages:
    @pytest.mark.parametrize(
        ("pointer", "value", "message"),
        [
            ("/attacker/bandwith", 1, "unknown key 'bandwith', expected a known key; "),
            ("/composition", "bestof", "found 'bestof', expected a known value; did you mean"),
            ("/composition", "max", "found 'max', expected one of 'best_of', 'additive', "),
            ("/schema", "mfmgame/scenario/2", "found 'mfmgame/scenario/2', expected "),
            ("/threats/0/severity", -3.0, "found -3.0, expected "),
            ("/effectiveness/0/value", 60, "found 60, expected "),
            ("/attacker/bandwidth", "2", "found '2', expected "),
            ("/threats/0/id", 7, "found 7, expected "),
            ("/threats/0/basis", "measurd", "found 'measurd', expected a known value; did you"),
        ],
    )
    def test_it_says_what_was_found_and_what_is_expected(self, pointer, value, message):
        error = refusal(changed(SCENARIO, pointer, value))
        assert str(error).startswith(f"{pointer}: {message}")

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            ("/threats/0/id", ""),
            ("/catalog", ""),
            ("/attacker", 3),
            ("/threats/0", "jailbreak"),
            ("/defender/limits", []),
        ],
    )
    def test_it_speaks_of_json_and_not_of_the_program(self, pointer, value):
        message = refusal(changed(SCENARIO, pointer, value)).message
        assert "expected String" not in message
        assert "instance of" not in message
        assert "dictionary" not in message

    @pytest.mark.parametrize(
        "text",
        [
            "new\nline",
            "carriage\rreturn",
            "\x1b[31mred\x1b[0m",
            "\x9b31mred",
            "\x1b]0;title\x07",
            "right\u202eto left",
            "line\u2028separator",
            "next\x85line",
            "nul\x00",
            "[red]markup[/red]",
            "x" * 100_000,
        ],
        ids=labelled,
    )
    @pytest.mark.parametrize(
        "pointer",
        ["/composition", "/effectiveness/0/threat", "/schema", "/threats/0/severity", "/threats"],
    )
    def test_a_hostile_value_is_shown_as_printable_ascii_and_cut_short(self, pointer, text):
        error = refusal(changed(SCENARIO, pointer, text))
        assert error.pointer == pointer
        assert error.message.isascii()
        assert error.message.isprintable()
        assert len(error.message) < 500

    def test_the_first_problem_is_told_and_the_others_are_counted(self):
        document = changed(SCENARIO, "/threats/0/severity", -1.0)
        document = changed(document, "/threats/1/bandwidth", "1")
        document = changed(document, "/attacker/bandwidth", -1.0)
        error = refusal(document)
        assert error.pointer == "/threats/0/severity"
        assert error.message.endswith(" (and 2 more)")
