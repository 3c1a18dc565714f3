"""What is valid and yet likely not meant: each oddity is found, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app
from mfmgame.game.odd_inputs import _is_typo
from random_games import games
from specifications import SCENARIO


def with_bases(document: dict) -> dict:
    """The same scenario, whose entries say that their numbers are assumed."""
    entries = {
        key: [{"basis": "assumed", **entry} for entry in document[key]]
        for key in ("threats", "defenses", "effectiveness")
    }
    return {**document, **entries}


PLAIN = {
    "severity": [8.0, 6.0, 3.0],
    "bandwidth": [1.0, 2.0, 3.0],
    "effectiveness": [[0.5, 0.0], [0.0, 0.5], [0.2, 0.2]],
    "attacker_bandwidth": 2.0,
    "use": {"budget": [2.0, 3.0]},
    "limits": {"budget": 4.0},
    "termination_loss": 9.0,
    "threat_ids": ["injection", "leak", "flood"],
    "defense_ids": ["filter", "review"],
    "threat_classes": ["integrity", "privacy", "integrity"],
}
ODD = [
    (
        {"effectiveness": [[0.5, 0.1], [0.0, 0.0], [0.2, 0.2]]},
        [
            "threats that no defense acts on fill the attacker's bandwidth, 2: no plan lowers the "
            "value below 6",
            "no defense acts on 1 threat, 35.3 % of total severity: 'leak'",
        ],
    ),
    (
        {"effectiveness": [[0.5, 0.1], [0.0, 0.1], [0.0, 0.0]], "attacker_bandwidth": 4.0},
        ["no defense acts on 1 threat, 17.6 % of total severity: 'flood'"],
    ),
    (
        {"use": {"budget": [1.0, 9000.0]}, "limits": {"budget": 9000.0}},
        [
            "1 defense with a cost of exactly 1 in 'budget', beside others that use up to 9,000: "
            "is 1 the default of an import?"
        ],
    ),
    (
        {"termination_loss": 17.0},
        [
            "the termination loss, 17, is at least the loss of all threats together, 17: the "
            "decision is always to operate"
        ],
    ),
    (
        {"termination_loss": 0.01},
        [
            "the termination loss, 0.01, is less than a hundredth of every severity, at least 3: "
            "are both in the same unit?"
        ],
    ),
    (
        {"limits": {"budget": 5.0}},
        ["the limit of 'budget', 5, never binds: all defenses together use 5"],
    ),
    (
        {"effectiveness": [[0.5, 0.0], [0.1, 0.0], [0.2, 0.0]]},
        ["1 defense acts on no threat: 'review'"],
    ),
    (
        {"limits": {"budget": 0.0}},
        ["2 defenses are dearer than the limits allow: 'filter', 'review'"],
    ),
    (
        {"max_level": [1.0, 0.0], "limits": {"budget": 1.0}},
        ["1 defense is switched off by a greatest level of 0: 'review'"],
    ),
    (
        {"threat_classes": ["integrity", "privacy", "integrty"]},
        ["the classes 'integrity' and 'integrty' are a typing error apart"],
    ),
    (
        {"defense_ids": ["input-filter", "Input Filter"]},
        ["the defenses 'input-filter' and 'Input Filter' have almost the same id"],
    ),
    (
        {"severity": [8e6, 6.0, 3.0]},
        ["severities run from 3 to 8,000,000, over more than six orders of magnitude"],
    ),
    ({"limits": {}}, ["no limit on 'budget': its use is unlimited"]),
    (
        {"use": {"budget": [2.0, 3.0], "staff": [0.0, 1.0]}},
        ["no limit on 'staff': its use is unlimited"],
    ),
    (
        {"use": {"budget": [25000.0, 90000.0]}, "limits": {"budget": 350.0}},
        [
            "the limit of 'budget', 350, is below the cost of every defense that uses it (least: "
            "25,000): is the limit in another unit?"
        ],
    ),
    (
        {"use": {"budget": [0.0, 3.0]}, "limits": {"budget": 3.5}, "max_level": [1.0, 2.0]},
        ["1 defense uses nothing of 'budget' while the others do: 'filter'"],
    ),
    (
        {
            "levels": {"filter": [0.0, 1.0]},
            "plans": {"current": {"filter": 2.0, "review": 0.5}, "next": {"filter": 1.0}},
        },
        ["the plan 'current' runs 'filter' at 2, expected one of 0, 1"],
    ),
    (
        {"plans": {"current": {"fliter": 1.0}}},
        [
            "the plan 'current' runs 'fliter' at 1, unknown defense 'fliter', expected a known "
            "defense; did you mean 'filter'?"
        ],
    ),
    (
        {"termination_loss": None},
        ["no termination loss: no decision and no threshold follow"],
    ),
    (
        {"bandwidth": [2.0, 2.0, 2.0]},
        ["every threat needs 2 bits: the attacker's bandwidth then only counts threats"],
    ),
]


def test_a_plain_game_has_nothing_odd():
    assert mg.odd_inputs(mg.DefenseGame(**PLAIN)) == []


@pytest.mark.parametrize(("change", "lines"), ODD, ids=[lines[0][:30] for _, lines in ODD])
def test_each_oddity_is_found_alone(change, lines):
    assert mg.odd_inputs(mg.DefenseGame(**PLAIN | change)) == lines


def test_a_game_without_resources_needs_no_limit():
    assert mg.odd_inputs(mg.DefenseGame(**PLAIN | {"use": {}, "limits": {}})) == []


def test_a_limit_that_buys_a_part_of_a_continuous_defense_is_not_odd():
    assert mg.odd_inputs(mg.DefenseGame(**PLAIN | {"limits": {"budget": 0.5}})) == []


def test_the_cost_of_a_stepped_defense_is_that_of_its_least_step():
    stepped = {"levels": {"filter": [0.0, 0.5, 1.0], "review": [0.0, 0.5, 1.0]}}
    assert mg.odd_inputs(mg.DefenseGame(**PLAIN | stepped | {"limits": {"budget": 1.0}})) == []
    [line] = mg.odd_inputs(mg.DefenseGame(**PLAIN | stepped | {"limits": {"budget": 0.9}}))
    assert line.startswith("the limit of 'budget', 0.9, is below the cost of every defense")


@given(games("best_of"))
def test_what_is_said_of_the_value_is_true(game):
    for line in mg.odd_inputs(game):
        if "no plan lowers the value below" in line:
            assert mg.solve(game).value >= float(line.rpartition(" ")[2]) * (1.0 - 1e-5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("integrity", "integrty"),
        ("integrity", "integrityy"),
        ("integrity", "intigrity"),
        ("integrity", "itnegrity"),
        ("A", "a"),
    ],
)
def test_a_typing_error_is_told_from_another_word(one, other):
    assert _is_typo(one, other)
    assert _is_typo(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("cost", "coast line"), ("ab", "ac"), ("input", "output")]
)
def test_another_word_is_no_typing_error(one, other):
    assert not _is_typo(one, other)


@given(st.text(min_size=4), st.integers(0, 50), st.characters())
def test_one_letter_more_is_a_typing_error(word, place, letter):
    assert _is_typo(word, word[:place] + letter + word[place:])


class TestCommand:
    def run(self, tmp_path, *options):
        spec = tmp_path / "a.json"
        spec.write_text(json.dumps(with_bases(SCENARIO)), encoding="utf-8")
        return CliRunner().invoke(app, ["check", str(spec), *options])

    def test_says_that_nothing_is_odd(self, tmp_path):
        found = self.run(tmp_path, "--strict")
        assert (found.exit_code, found.stdout) == (0, "no probable mistakes\n")

    def test_exits_with_6_only_if_it_is_asked_to(self, tmp_path):
        odd = ("--limit", "budget=99")
        assert self.run(tmp_path, *odd).exit_code == 0
        found = self.run(tmp_path, *odd, "--strict")
        assert found.exit_code == 6
        assert found.stdout.startswith("the limit of 'budget', 99, never binds")

    def test_entries_without_a_basis_are_counted(self):
        document = with_bases(SCENARIO)
        del document["threats"][0]["basis"], document["effectiveness"][0]["basis"]
        assert mg.odd_inputs(mg.Scenario(**document)) == [
            "no basis is stated for the numbers of 1 threat, 1 effectiveness value"
        ]
