"""Boxes, rules and twins against every choice of levels.

The solver and the check of its proofs share them: what is wrong there, no check notices.
"""

import itertools

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.game.compositions import compose
from mfmgame.game.level_rules import LevelRules
from mfmgame.game.symmetry import families_of, interchangeable_pairs
from random_games import stepped_games

ON_OR_OFF = np.array([0.0, 1.0])
each = hypothesis.settings(max_examples=300)


def rules_of(levels, requires=(), groups=()) -> LevelRules:
    levels = [None if steps is None else np.array(steps, dtype=float) for steps in levels]
    return LevelRules(tuple(levels), tuple(requires), tuple(groups))


def keeps_the_rules(rules: LevelRules, levels) -> bool:
    running = [level > 0.0 for level in levels]
    return all(running[needed] or not running[one] for one, needed in rules.requires) and all(
        least <= sum(running[member] for member in members) <= most
        for members, least, most in rules.groups
    )


def allowed_in(rules: LevelRules, box, twins=()) -> list[tuple[float, ...]]:
    """Every choice of levels in a box that all rules and the order of twins allow."""
    inside = [
        [level for level in steps.tolist() if low <= level <= high]
        for steps, low, high in zip(rules.levels, *box, strict=True)
    ]
    return [
        levels
        for levels in itertools.product(*inside)
        if keeps_the_rules(rules, levels)
        and all(levels[first] >= levels[second] for first, second in twins)
    ]


@st.composite
def boxes(draw, n_rules, twins=False):
    """Stepped defenses, some rules between them, and a box whose ends are levels."""
    count = draw(st.integers(2, 5))
    shapes = [[0.0, 1.0], [0.0, 0.5, 1.0], [0.25, 1.0], [1.0], [0.0, 0.1, 0.7]]
    if twins:  # with the same levels, and in no rule
        levels = [draw(st.sampled_from(shapes[:3]))] * count
    else:
        levels = [draw(st.sampled_from(shapes)) for _ in range(count)]
    requires, groups = [], []
    for _ in range(n_rules):
        members = draw(st.lists(st.integers(0, count - 1), min_size=2, unique=True))
        if draw(st.booleans()):
            requires.append(tuple(members[:2]))
        else:
            least = draw(st.integers(0, len(members)))
            groups.append((tuple(members), least, draw(st.integers(least, len(members)))))
    ends = [sorted(draw(st.tuples(*[st.sampled_from(steps)] * 2))) for steps in levels]
    box = tuple(map(np.array, zip(*ends, strict=True)))
    pairs = tuple(itertools.pairwise(range(count))) if twins else ()
    return rules_of(levels, requires, groups), box, pairs


class TestClosed:
    @each
    @hypothesis.given(drawn=st.one_of(boxes(n_rules=1), boxes(n_rules=0, twins=True)))
    def test_of_one_rule_it_is_the_smallest_box_of_what_is_allowed(self, drawn):
        rules, box, twins = drawn
        allowed, closed = allowed_in(rules, box, twins), rules.tightened(box, twins)
        if not allowed:
            assert closed is None
            return
        np.testing.assert_array_equal(closed[0], np.min(allowed, axis=0))
        np.testing.assert_array_equal(closed[1], np.max(allowed, axis=0))

    @each
    @hypothesis.given(drawn=boxes(n_rules=3))
    def test_of_several_it_loses_nothing_and_leaves_no_more_to_close(self, drawn):
        rules, box, _ = drawn
        allowed, closed = allowed_in(rules, box), rules.tightened(box)
        if closed is None:
            assert not allowed
            return
        assert allowed_in(rules, closed) == allowed
        assert np.all((closed[0] >= box[0]) & (closed[1] <= box[1]))
        np.testing.assert_array_equal(rules.tightened(closed), closed)

    def test_a_requirement_runs_down_a_chain(self):
        rules = rules_of([ON_OR_OFF] * 3, requires=[(0, 1), (1, 2)])
        least, greatest = rules.tightened((np.array([1.0, 0.0, 0.0]), np.ones(3)))
        assert (least.tolist(), greatest.tolist()) == ([1, 1, 1], [1, 1, 1])
        least, greatest = rules.tightened((np.zeros(3), np.array([1.0, 1.0, 0.0])))
        assert (least.tolist(), greatest.tolist()) == ([0, 0, 0], [0, 0, 0])
        assert rules.tightened((np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0]))) is None

    def test_a_started_defense_runs_at_its_least_level_and_not_in_full(self):
        rules = rules_of([ON_OR_OFF, [0.0, 0.25, 1.0]], requires=[(0, 1)])
        least, greatest = rules.tightened((np.array([1.0, 0.0]), np.ones(2)))
        assert (least.tolist(), greatest.tolist()) == ([1.0, 0.25], [1.0, 1.0])

    def test_twins_run_in_order(self):
        rules = rules_of([[0.0, 0.5, 1.0]] * 3)
        twins = ((0, 1), (1, 2))
        box = (np.array([0.0, 0.0, 0.5]), np.array([1.0, 0.5, 1.0]))
        least, greatest = rules.tightened(box, twins)
        assert (least.tolist(), greatest.tolist()) == ([0.5, 0.5, 0.5], [1.0, 0.5, 0.5])
        assert (
            rules.tightened((np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.5, 1.0])), twins) is None
        )

    def test_the_box_at_hand_is_left_as_it_is(self):
        rules = rules_of([ON_OR_OFF] * 2, requires=[(0, 1)])
        box = (np.array([1.0, 0.0]), np.ones(2))
        rules.tightened(box, ((0, 1),))
        assert (box[0].tolist(), box[1].tolist()) == ([1, 0], [1, 1])


@each
@hypothesis.given(drawn=boxes(n_rules=2), data=st.data())
def test_an_allocation_is_allowed_by_the_definition_of_levels_and_rules(drawn, data):
    rules, _, _ = drawn
    levels = [
        data.draw(st.sampled_from([*steps.tolist(), 0.0, 0.3, 1.0])) for steps in rules.levels
    ]
    exists = all(level in steps for level, steps in zip(levels, rules.levels, strict=True))
    expected = exists and keeps_the_rules(rules, levels)
    assert rules.allows(np.array(levels)) is expected


def exchanged(levels, one: int, other: int) -> np.ndarray:
    swapped = np.array(levels)
    swapped[[one, other]] = swapped[[other, one]]
    return swapped


class TestTwins:
    @pytest.mark.parametrize("composition", ["additive", "best_of", "independent"])
    @hypothesis.settings(max_examples=100)
    @hypothesis.given(data=st.data())
    def test_they_are_those_whose_exchange_changes_nothing(self, composition, data):
        game = with_copies(data.draw(stepped_games(composition, max_defenses=4)), data)
        rules, composed = game.level_rules, compose(game)
        random = np.random.default_rng(0)
        # Levels of a sum below 1: a threat that is covered tells no defenses apart.
        points = random.random((3, game.n_defenses)) / game.n_defenses
        found = interchangeable_pairs(game)
        family = {member: min(members) for members in families_of(found) for member in members}
        for one, other in itertools.combinations(range(game.n_defenses), 2):
            steps = rules.levels[one], rules.levels[other]
            is_alike = all(levels is not None for levels in steps) and np.array_equal(*steps)
            is_alike = is_alike and np.array_equal(game.use[:, one], game.use[:, other])
            for point in points:
                swapped = exchanged(point, one, other)
                is_alike = is_alike and np.allclose(
                    composed.exposure(point), composed.exposure(swapped), rtol=0, atol=1e-12
                )
            ruled = {member for pair in rules.requires for member in pair}
            ruled |= {member for members, _, _ in rules.groups for member in members}
            expected = is_alike and not {one, other} & ruled
            assert (family.get(one, one) == family.get(other, other)) is expected

    def test_families_are_in_order_and_apart(self):
        assert families_of(()) == []
        assert families_of(((0, 1), (2, 4), (1, 3), (4, 5))) == [[0, 1, 3], [2, 4, 5]]

    def test_a_zero_has_no_sign(self):
        game = mg.DefenseGame(
            severity=[1.0],
            bandwidth=[1.0],
            effectiveness=[[0.0, -0.0]],
            attacker_bandwidth=1.0,
            levels={"d0": ON_OR_OFF, "d1": ON_OR_OFF},
        )
        assert interchangeable_pairs(game) == ((0, 1),)


def with_copies(game: mg.DefenseGame, data) -> mg.DefenseGame:
    """The game, in which some defenses are copies of others but for their rules."""
    sources = data.draw(
        st.lists(
            st.integers(0, game.n_defenses - 1),
            min_size=game.n_defenses,
            max_size=game.n_defenses + 2,
        )
    )
    names, limits = game.defense_ids, dict(zip(game.resources, game.limits.tolist(), strict=True))
    levels = [game.level_rules.levels[source] for source in sources]
    stepped = [f"d{j}" for j, steps in enumerate(levels) if steps is not None]
    hypothesis.assume(stepped)
    ids = [f"d{j}" for j in range(len(sources))]
    first = {names[source]: ids[j] for j, source in reversed(list(enumerate(sources)))}
    requires = {
        first[names[one]]: [first[names[other]]]
        for one, other in game.level_rules.requires
        if names[one] in first and names[other] in first
    }
    groups = [
        mg.DefenseGroup([first[names[member]] for member in members if names[member] in first])
        for members, _, _ in game.level_rules.groups
    ]
    return mg.DefenseGame(
        severity=game.severity,
        bandwidth=game.bandwidth,
        effectiveness=game.effectiveness[:, sources],
        attacker_bandwidth=game.attacker_bandwidth,
        use={name: use[sources] for name, use in zip(game.resources, game.use, strict=True)},
        limits={name: limit for name, limit in limits.items() if np.isfinite(limit)},
        max_level=game.max_level[sources],
        composition=game.composition,
        levels={ids[j]: steps for j, steps in enumerate(levels) if steps is not None},
        requires=requires,
        groups=groups,
    )
