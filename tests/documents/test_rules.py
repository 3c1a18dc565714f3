"""Kinds, levels and rules: what they may say, and what is made of them."""

import math

import pytest

import mfmgame as mg
from specifications import CATALOG, CATALOG_SCENARIO, SCENARIO, changed, labelled, without

BINARY = changed(
    {
        **without(SCENARIO, "/defenses/0/kind"),
        "defender": {"kind": "binary", "limits": {"budget": 4.0, "latency": 1.0}},
    },
    "/defenses/-",
    {"id": "drill", "use": {"budget": 0.5}},
)
"""Three defenses: filter, monitor and drill, all-or-nothing by the defender's word."""

HOSTILE = [
    *(
        None,
        True,
        False,
        0,
        1.5,
        -1,
        "",
        "monitor",
        "no such defense",
        {},
        [],
        [[]],
        [None],
        [True],
    ),
    *([1], [1.0], [math.nan], [""], [["monitor"]], [{}], ["no such defense"], ["monitor", None]),
    *({"monitor": 1}, ["filter", "filter"], [10**400], ["\x1b[31m"], ["monitor\n"], 10**5000),
]


def refusal(document, catalog=None) -> mg.SpecificationError:
    with pytest.raises(mg.SpecificationError) as caught:
        mg.build_game(mg.Scenario(**document), catalog)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).isprintable()
    return caught.value


def stepped(document, catalog=None):
    """Levels of each stepped defense."""
    game = mg.build_game(mg.Scenario(**document), catalog)
    if not game.is_discrete:
        return {}
    pairs = zip(game.defense_ids, game.level_rules.levels, strict=True)
    return {name: levels.tolist() for name, levels in pairs if levels is not None}


class TestKinds:
    def test_all_are_continuous_unless_something_is_said(self):
        assert stepped(SCENARIO) == {}

    def test_the_defenders_kind_holds_for_those_that_state_none(self):
        levels = {"filter": [0, 1], "monitor": [0, 1], "drill": [0, 1]}
        assert stepped(BINARY) == levels
        one = changed(BINARY, "/defenses/0/kind", "continuous")
        assert stepped(one) == {"monitor": [0, 1], "drill": [0, 1]}
        other = changed(BINARY, "/defenses/1/levels", [0.25, 0.5])
        assert stepped(other) == levels | {"monitor": [0.25, 0.5]}

    def test_a_binary_defense_takes_its_greatest_level_or_none(self):
        assert stepped(changed(BINARY, "/defenses/0/max_level", 2.5))["filter"] == [0, 2.5]
        assert stepped(changed(BINARY, "/defenses/0/max_level", 0))["filter"] == [0]

    def test_it_holds_for_a_catalogs_defenses_too(self):
        catalog = mg.Catalog(**CATALOG)
        scenario = changed(CATALOG_SCENARIO, "/defender/kind", "binary")
        assert stepped(scenario, catalog) == {"guard": [0, 1], "lock": [0, 1], "audit": [0, 1]}
        said = mg.Catalog(**changed(CATALOG, "/defenses/1/kind", "continuous"))
        assert stepped(scenario, said) == {"guard": [0, 1], "audit": [0, 1]}

    @pytest.mark.parametrize("before", [{"kind": "binary"}, {"levels": [0, 0.5]}, {}])
    @pytest.mark.parametrize(
        ("change", "levels"),
        [
            ({"kind": "continuous"}, None),
            ({"kind": "binary"}, [0, 1]),
            ({"levels": [0.5, 1]}, [0.5, 1]),
        ],
    )
    def test_an_override_replaces_kind_and_levels_together(self, before, change, levels):
        catalog = mg.Catalog(**changed(CATALOG, "/defenses/1", CATALOG["defenses"][1] | before))
        scenario = changed(CATALOG_SCENARIO, "/overrides/defenses/lock", change)
        assert stepped(scenario, catalog).get("lock") == levels

    @pytest.mark.parametrize("value", [v for v in HOSTILE if v is not None], ids=labelled)
    @pytest.mark.parametrize("pointer", ["/defender/kind", "/defenses/0/kind"])
    def test_a_kind_is_one_of_two_words(self, pointer, value):
        assert refusal(changed(SCENARIO, pointer, value)).pointer == pointer

    def test_levels_reach_no_higher_than_the_greatest(self):
        document = changed(SCENARIO, "/defenses/0/levels", [0, 0.5, 1.5])
        assert str(refusal(document)) == (
            "/defenses/0/levels/2: found 1.5, expected at most the max_level, 1.0"
        )


class TestRequirementsAndConflicts:
    def rules(self, key, names, place=0):
        return changed(BINARY, f"/defenses/{place}/{key}", names)

    def test_they_become_positions(self):
        game = mg.build_game(mg.Scenario(**self.rules("requires", ["drill", "monitor"])))
        assert game.level_rules.requires == ((0, 2), (0, 1))
        both = changed(self.rules("conflicts", ["drill"]), "/defenses/2/conflicts", ["filter"])
        game = mg.build_game(mg.Scenario(**both))
        assert [(set(members), low, high) for members, low, high in game.level_rules.groups] == [
            ({0, 2}, 0, 1)
        ]

    @pytest.mark.parametrize("key", ["requires", "conflicts"])
    def test_an_unknown_defense_has_a_nearest_one(self, key):
        error = refusal(self.rules(key, ["drill", "moniter"]))
        assert error.pointer == f"/defenses/0/{key}/1"
        assert "did you mean 'monitor'?" in error.message

    @pytest.mark.parametrize("key", ["requires", "conflicts"])
    def test_a_defense_is_not_tied_to_itself(self, key):
        assert str(refusal(self.rules(key, ["filter"]))) == (
            f"/defenses/0/{key}/0: found 'filter' itself, expected another"
        )

    @pytest.mark.parametrize("key", ["requires", "conflicts"])
    @pytest.mark.parametrize("place", [0, 1])
    def test_neither_side_is_continuous(self, key, place):
        document = changed(self.rules(key, ["monitor"]), f"/defenses/{place}/kind", "continuous")
        error = refusal(document)
        name = ["filter", "monitor"][place]
        assert error.pointer == f"/defenses/0/{key}"
        assert error.message.startswith(f"found the continuous defense '{name}' in a rule")

    @pytest.mark.parametrize("key", ["requires", "conflicts"])
    @pytest.mark.parametrize(
        "value", [v for v in HOSTILE if v not in ([], ["filter", "filter"])], ids=labelled
    )
    def test_they_are_lists_of_names_that_there_are(self, key, value):
        assert refusal(self.rules(key, value)).pointer.startswith(f"/defenses/0/{key}")

    def test_a_catalogs_own_are_checked_where_it_is_read(self):
        with pytest.raises(mg.SpecificationError) as caught:
            mg.Catalog(**changed(CATALOG, "/defenses/0/requires", ["lokc"]))
        assert caught.value.pointer == "/defenses/0/requires/0"
        assert "did you mean 'lock'?" in caught.value.message

    def test_a_catalogs_rule_about_a_continuous_defense_names_it(self):
        catalog = mg.Catalog(**changed(CATALOG, "/defenses/0/requires", ["lock"]))
        error = refusal(CATALOG_SCENARIO, catalog)
        assert error.pointer == "/catalog"
        assert "'guard'" in error.message

    @pytest.mark.parametrize("key", ["requires", "conflicts"])
    def test_an_override_replaces_them(self, key):
        catalog = mg.Catalog(**changed(CATALOG, f"/defenses/0/{key}", ["lock"]))
        scenario = changed(CATALOG_SCENARIO, "/defender/kind", "binary")
        for names, count in [([], 0), (["audit"], 1), (["audit", "lock"], 2)]:
            document = changed(scenario, f"/overrides/defenses/guard/{key}", names)
            rules = mg.build_game(mg.Scenario(**document), catalog).level_rules
            assert len(rules.requires) + len(rules.groups) == count
        error = refusal(changed(scenario, f"/overrides/defenses/guard/{key}", ["x"]), catalog)
        assert error.pointer == f"/overrides/defenses/guard/{key}/0"
        error = refusal(changed(scenario, f"/overrides/defenses/guard/{key}", ["guard"]), catalog)
        assert error.pointer == f"/overrides/defenses/guard/{key}/0"


class TestGroups:
    def group(self, **members):
        return changed(BINARY, "/defender/groups", [{"defenses": ["filter", "monitor"]} | members])

    @pytest.mark.parametrize(
        ("members", "counts"),
        [
            ({"at_least": 1}, (1, 2)),
            ({"at_most": 1}, (0, 1)),
            ({"at_most": 0}, (0, 0)),
            ({"at_least": 2, "at_most": 2}, (2, 2)),
            ({"at_most": 9}, (0, 9)),
        ],
    )
    def test_they_count_who_runs(self, members, counts):
        game = mg.build_game(mg.Scenario(**self.group(**members)))
        assert game.level_rules.groups == (((0, 1), *counts),)
        least, most = counts
        running = sum(level > 0 for level in mg.solve(game).allocation.array[:2])
        assert least <= running <= most

    @pytest.mark.parametrize(
        ("members", "pointer"),
        [
            ({"at_least": 3}, "/at_least"),
            ({"at_least": 2, "at_most": 1}, "/at_least"),
            ({}, ""),
            ({"at_least": 0}, ""),
            ({"defenses": [], "at_most": 1}, "/defenses"),
            ({"defenses": ["filter", "filter"], "at_most": 1}, "/defenses/1"),
            ({"defenses": ["filter", "moniter"], "at_most": 1}, "/defenses/1"),
            ({"at_most": 1, "exactly": 1}, "/exactly"),
            ({"at_most": -1}, "/at_most"),
            ({"at_most": 1.5}, "/at_most"),
            ({"at_most": 1, "name": 3}, "/name"),
        ],
    )
    def test_what_cannot_be_met_or_meant_is_refused(self, members, pointer):
        assert refusal(self.group(**members)).pointer == f"/defender/groups/0{pointer}"

    @pytest.mark.parametrize("key", ["at_least", "at_most"])
    @pytest.mark.parametrize(
        "value", [v for v in HOSTILE if v not in (None, 0) or v is False], ids=labelled
    )
    def test_a_count_is_a_whole_number(self, key, value):
        assert refusal(self.group(**{key: value})).pointer == f"/defender/groups/0/{key}"

    @pytest.mark.parametrize("value", HOSTILE, ids=labelled)
    def test_members_are_a_list_of_names_that_there_are(self, value):
        document = self.group(defenses=value, at_most=1)
        assert refusal(document).pointer.startswith("/defender/groups/0/defenses")

    @pytest.mark.parametrize("value", [v for v in HOSTILE if v != []], ids=labelled)
    def test_groups_are_a_list_of_objects(self, value):
        document = changed(BINARY, "/defender/groups", value)
        assert refusal(document).pointer.startswith("/defender/groups")

    def test_a_continuous_member_is_refused(self):
        document = changed(self.group(at_most=1), "/defenses/1/kind", "continuous")
        error = refusal(document)
        assert error.pointer == "/defender/groups/0/defenses/1"
        assert "continuous defense 'monitor'" in error.message

    def test_a_member_without_a_level_above_0_cannot_run(self):
        document = changed(self.group(at_least=2), "/defenses/0/max_level", 0)
        with pytest.raises(mg.InfeasibleError):
            mg.solve(mg.Scenario(**document))


class TestFromArrays:
    def game(self, **changes):
        arguments = {
            "severity": [1.0],
            "bandwidth": [1.0],
            "effectiveness": [[0.5, 0.5]],
            "attacker_bandwidth": 1.0,
            "levels": {"d0": [0, 1]},
        }
        return mg.DefenseGame(**arguments | changes)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"levels": {"d9": [0, 1]}}, r"levels\['d9'\]: unknown defense 'd9'"),
            ({"levels": {"d0": []}}, r"levels\['d0'\]: expected one level or more"),
            ({"levels": {"d0": [1, 0]}}, r"levels\['d0'\]: .*increasing"),
            ({"levels": {"d0": [0, 0]}}, r"levels\['d0'\]: .*increasing"),
            ({"levels": {"d0": [[0, 1]]}}, r"levels\['d0'\]: found 2 axes, expected 1"),
            ({"levels": {"d0": 1.0}}, r"levels\['d0'\]: found 0 axes, expected 1"),
            ({"levels": {"d0": [0, 2]}}, r"levels\['d0'\]: found a level of 2\.0"),
            ({"levels": {"d0": [-1, 0]}}, r"levels\['d0'\]: found a level of -1\.0"),
            ({"levels": {"d0": [0, math.nan]}}, r"levels\['d0'\]\[1\]: found nan"),
            ({"levels": {"d0": [math.nan]}}, r"levels\['d0'\]\[0\]: found nan"),
            ({"levels": {"d0": [math.inf]}}, r"levels\['d0'\]\[0\]: found inf"),
            (
                {"levels": {"d0": ["on"]}},
                r"levels\['d0'\]\[0\]: found 'on', expected a real",
            ),
            ({"levels": {"d0": [0, 1j]}}, r"levels\['d0'\]\[1\]: found 1j, expected a real"),
            ({"levels": {"d0": None}}, r"levels\['d0'\]: "),
            ({"requires": {"d1": ["d0"]}}, r"requires\['d1'\]: found the continuous defense 'd1'"),
            ({"requires": {"d0": ["d1"]}}, r"requires\['d0'\]: found the continuous defense 'd1'"),
            ({"requires": {"d0": ["d7"]}}, r"requires\['d0'\]: unknown defense 'd7'"),
            (
                {"groups": [mg.DefenseGroup(["d1"], 1)]},
                r"groups\[0\]: found the continuous defense 'd1'",
            ),
            ({"groups": [mg.DefenseGroup(["d0"], 2)]}, r"groups\[0\]: found at least 2"),
            ({"groups": [mg.DefenseGroup(["d0"], 1, 0)]}, r"groups\[0\]: found at least 1"),
            ({"groups": [mg.DefenseGroup(["d0"], -1)]}, r"groups\[0\]: found at least -1"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_name_and_place(self, changes, message):
        with pytest.raises(mg.SpecificationError, match=f"^{message}"):
            self.game(**changes)

    def test_levels_are_read_only(self):
        with pytest.raises(ValueError, match="read-only"):
            self.game().level_rules.levels[0][0] = 1.0

    def test_one_level_is_no_choice(self):
        solution = mg.solve(self.game(levels={"d0": [0.5], "d1": [0]}, composition="additive"))
        assert solution.allocation.array.tolist() == [0.5, 0.0]
        assert solution.value == 0.75
