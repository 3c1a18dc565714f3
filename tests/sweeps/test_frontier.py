"""Frontiers: by hand, against solves between the breakpoints, and at their edges."""

import dataclasses
import json

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from mfmgame.view.json.answer_documents import frontier_document
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]
LINEAR = ["additive", "best_of"]


def game(**changes) -> mg.DefenseGame:
    """Losses of 4 and 1 a bit once the free defense halves the first."""
    arguments = {
        "severity": [8.0, 2.0],
        "bandwidth": [1.0, 2.0],
        "effectiveness": [[0.5], [0.0]],
        "attacker_bandwidth": 1.5,
        "termination_loss": 5.0,
    }
    return mg.DefenseGame(**{**arguments, **changes})


class TestByHand:
    def test_over_the_bandwidth(self):
        frontier = mg.sweep(game())
        assert frontier.breakpoints.tolist() == pytest.approx([0.0, 1.0, 3.0])
        assert frontier.values.tolist() == pytest.approx([0.0, 4.0, 6.0])
        assert frontier.slopes.tolist() == pytest.approx([4.0, 1.0])
        assert frontier.allocations.tolist() == [[1.0], [1.0]]
        assert frontier(2.0) == pytest.approx(5.0)
        assert frontier([0.5, 99.0]).tolist() == pytest.approx([2.0, 6.0])
        assert frontier.crossing(5.0) == pytest.approx(2.0)
        assert frontier.crossing(6.5) is None

    def test_over_a_budget(self):
        # Every unit of budget takes 4 off the first threat, up to one unit.
        budgeted = game(use={"budget": [1.0]}, limits={"budget": 0.3}, attacker_bandwidth=1.0)
        frontier = mg.sweep(budgeted, limit="budget")
        assert frontier.breakpoints.tolist() == pytest.approx([0.0, 1.0])
        assert frontier.values.tolist() == pytest.approx([8.0, 4.0])
        assert frontier.slopes.tolist() == pytest.approx([-4.0])
        assert frontier.allocation(0.25)["d0"] == pytest.approx(0.25)
        assert frontier(7.0) == pytest.approx(4.0)
        assert frontier.crossing(5.0) == pytest.approx(0.75)
        assert frontier.crossing(3.0) is None

    def test_the_threshold_is_its_crossing(self):
        frontier = mg.sweep(game())
        threshold = mg.self_destruction_threshold(game())
        assert frontier.crossing(5.0) == pytest.approx(threshold.bandwidth, rel=1e-12)


class TestAgainstSolves:
    @pytest.mark.parametrize("composition", COMPOSITIONS)
    @hypothesis.settings(max_examples=25)
    @hypothesis.given(data=st.data())
    def test_over_the_bandwidth_every_point_is_a_solve(self, composition, data):
        swept = data.draw(games(composition))
        frontier = mg.sweep(swept, tolerance=None if composition in LINEAR else 1e-2)
        assert frontier.gap <= (1e-8 if composition in LINEAR else 1.2e-2)
        assert np.all(np.diff(frontier.breakpoints) >= 0)
        assert np.all(np.diff(frontier.slopes) <= 1e-9 * frontier.slopes.max(initial=0.0))
        scale = float(swept.severity.max())
        for share in (0.0, 0.13, 0.5, 0.77, 1.0):
            at = share * float(swept.bandwidth.sum())
            solution = mg.solve(swept.with_attacker_bandwidth(at))
            slack = frontier.gap * max(solution.value, 1e-6 * scale) + 1e-8 * scale
            assert frontier(at) == pytest.approx(solution.value, abs=slack)
            # The one allocation of the piece guarantees the value there.
            levels = frontier.allocation(at).array
            residual = swept.severity * compose(swept).exposure(levels)
            assert best_response(residual, swept.ways, at).loss <= frontier(at) + slack

    @pytest.mark.parametrize("composition", COMPOSITIONS)
    @hypothesis.settings(max_examples=25)
    @hypothesis.given(data=st.data())
    def test_over_a_limit_every_point_is_a_solve(self, composition, data):
        swept = data.draw(games(composition).filter(lambda drawn: drawn.resources))
        within = None if composition in LINEAR else 1e-2
        frontier = mg.sweep(swept, limit="budget", tolerance=within)
        assert frontier.gap <= (1e-8 if composition in LINEAR else 1.2e-2)
        scale = float(swept.severity.max())
        for share in (0.0, 0.13, 0.5, 0.77, 1.0):
            at = share * float(frontier.breakpoints[-1])
            solution = mg.solve(swept.with_limits({"budget": at}))
            slack = frontier.gap * max(solution.value, 1e-6 * scale) + 1e-8 * scale
            assert frontier(at) == pytest.approx(solution.value, abs=slack)
            levels = frontier.allocation(at).array
            assert swept.use[0] @ levels <= at * (1 + 1e-12)
            residual = swept.severity * compose(swept).exposure(levels)
            loss = best_response(residual, swept.ways, swept.attacker_bandwidth).loss
            assert loss <= frontier(at) + slack

    @pytest.mark.parametrize("composition", LINEAR)
    def test_no_breakpoint_is_missed_on_the_shipped_catalog(self, composition):
        swept = mg.build_game(
            mg.Scenario(
                schema="mfmgame/scenario/1",
                catalog="mfm",
                composition=composition,
                attacker={"bandwidth": 8.0},
                defender={"limits": {"budget": 10.0, "bandwidth": 3.0}},
            )
        )
        frontier = mg.sweep(swept)
        grid = np.linspace(0.0, 187.0, 150)
        solver = mg.Solver(swept)
        solved = [solver.solve(at).value for at in grid.tolist()]
        np.testing.assert_allclose(frontier(grid), solved, rtol=1e-9, atol=1e-12)
        assert frontier.n_pieces > 20


class TestEdges:
    def test_without_threats_it_is_a_point(self):
        empty = game(severity=[], bandwidth=[], effectiveness=np.zeros((0, 1)))
        frontier = mg.sweep(empty)
        assert frontier(0.0) == 0.0
        assert frontier(5.0) == 0.0

    def test_free_threats_lift_its_start(self):
        frontier = mg.sweep(game(bandwidth=[0.0, 2.0]))
        assert frontier(0.0) == pytest.approx(4.0)
        assert frontier(2.0) == pytest.approx(6.0)

    def test_beyond_its_reach_it_is_a_point_of_the_last_value(self):
        spending = game(use={"budget": [1.0]}, limits={"budget": 1.0})
        for limit, value in ((None, 6.0), ("budget", 4.5)):
            frontier = mg.sweep(spending, limit=limit, start=10.0)
            assert frontier.breakpoints.tolist() == [10.0, 10.0]
            assert frontier.values.tolist() == [value, value]
            assert frontier.slopes.tolist() == [0.0]
            assert frontier(20.0) == value

    def test_points_beyond_an_end_that_cuts_it_off_are_refused(self):
        frontier = mg.sweep(game(), stop=2.0)
        assert frontier(2.0) == 5.0
        for at in (np.nextafter(2.0, 3.0), 2.5, [1.0, 2.5]):
            with pytest.raises(mg.SpecificationError, match=r"expected at most 2\.0, where"):
                frontier(at)

    def test_it_may_start_and_stop_anywhere(self):
        frontier = mg.sweep(game(), start=0.5, stop=10.0)
        assert frontier.breakpoints.tolist() == pytest.approx([0.5, 1.0, 3.0, 10.0])
        assert frontier.slopes.tolist() == pytest.approx([4.0, 1.0, 0.0])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"limit": "bugdet"}, "unknown resource 'bugdet', .*did you mean 'budget'"),
            ({"start": 2.0, "stop": 1.0}, "increasing order"),
            ({"start": -1.0}, "at least 0"),
            ({"stop": float("inf")}, "finite"),
            ({"stop": float("nan")}, "finite"),
        ],
    )
    def test_what_cannot_be_swept_is_refused(self, arguments, message):
        with pytest.raises(mg.SpecificationError, match=message):
            mg.sweep(game(use={"budget": [1.0]}), **arguments)

    @pytest.mark.parametrize("at", [-1.0, float("nan")])
    def test_points_before_the_start_are_refused(self, at):
        with pytest.raises(mg.SpecificationError, match="where the sweep starts"):
            mg.sweep(game())(at)
        with pytest.raises(mg.SpecificationError, match="expected from"):
            mg.sweep(game()).allocation(at)


class TestViews:
    def test_a_table_has_a_row_per_piece(self):
        table = mg.sweep(game()).to_frame()
        assert list(table.columns) == ["from", "to", "value_from", "value_to", "slope", "d0"]
        assert len(table) == 2

    def test_the_document_is_the_same_bytes_each_time(self):
        first, second = (json.dumps(frontier_document(mg.sweep(game()), [2.0])) for _ in range(2))
        assert first == second
        document = json.loads(first)
        assert document["points"] == [{"at": 2.0, "value": 5.0}]
        assert [piece["allocation"] for piece in document["pieces"]] == [{"d0": 1.0}] * 2

    def test_a_picture_shows_the_curve_the_loss_and_the_threshold(self):
        ax = mg.sweep(game()).plot()
        undefended, curve, here, loss, threshold = ax.get_lines()
        assert undefended.get_xdata().tolist() == pytest.approx([0.0, 1.0, 3.0])
        assert undefended.get_ydata().tolist() == pytest.approx([0.0, 8.0, 10.0])
        assert (here.get_xdata(), here.get_ydata()) == ([1.5], [pytest.approx(4.5)])
        assert curve.get_ydata().tolist() == pytest.approx([0.0, 4.0, 6.0])
        assert set(loss.get_ydata()) == {5.0}
        assert list(threshold.get_xdata()) == pytest.approx([2.0, 2.0])
        assert ax.get_xlabel() == "attacker bandwidth [bits]"

    def test_a_map_has_a_frontier_per_limit(self):
        budgeted = game(use={"budget": [1.0]}, limits={"budget": 0.3})
        mapped = mg.sweep_map(budgeted, "budget", [0.0, 0.5, 1.0])
        elsewhere = mg.sweep_map(budgeted, "budget", [0.0, 0.5, 1.0], workers=mg.Workers(jobs=2))
        bits = [0.25, 0.5, 1.0]
        assert mapped.values(bits).tobytes() == elsewhere.values(bits).tobytes()
        np.testing.assert_allclose(mapped.values([0.5, 1.0]), [[4, 8], [3, 6], [2, 4]])
        assert mapped.operates([0.5, 1.0]).tolist() == [[True, False], [True, False], [True, True]]
        for limits in ([], [1.0, 0.5], [-1.0, 1.0], [[1.0]]):
            with pytest.raises(mg.SpecificationError, match="limits"):
                mg.sweep_map(budgeted, "budget", limits)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_a_threat_of_enormous_bandwidth_hides_no_piece(composition):
    swept = mg.DefenseGame(
        severity=[8.0, 6.0, 3.0, 2.0],
        bandwidth=[1.0, 1.0, 2.0, 1e13],
        effectiveness=[[0.75, 0.0], [0.0, 0.5], [0.0, 0.25], [0.0, 0.0]],
        attacker_bandwidth=1.0,
        use={"budget": [1.0, 1.0]},
        limits={"budget": 1.0},
        composition=composition,
    )
    frontier = mg.sweep(swept)
    assert frontier.gap < (1e-9 if composition in LINEAR else 1e-3)
    for at in (0.0, 0.5, 1.0, 1.75, 3.0, 5e12):
        value = mg.solve(swept.with_attacker_bandwidth(at)).value
        assert frontier(at) == pytest.approx(value, rel=1e-4, abs=1e-9)


def test_a_wide_bracket_is_said_to_be_wide():
    swept = mg.DefenseGame(
        severity=[1.0], bandwidth=[1.0], effectiveness=[[0.5]], attacker_bandwidth=1.0
    )
    frontier = mg.sweep(swept)
    assert frontier.notes == ()
    wide = dataclasses.replace(frontier, lower=0.9 * frontier.lower)
    assert "proven only within 1.0e-01" in wide.notes[0]


@pytest.mark.parametrize(
    ("composition", "gap", "is_wide"),
    [
        ("additive", 1e-5, True),
        ("best_of", 1e-5, True),
        ("additive", 1e-7, True),
        ("additive", 0.9e-8, False),
        ("independent", 0.9e-4, False),
        ("independent", 1e-2, True),
    ],
)
def test_a_bracket_as_wide_as_was_asked_for_is_not_said_to_be_wide(composition, gap, is_wide):
    frontier = mg.sweep(game(composition=composition))
    bracket = {"lower": frontier.values * (1.0 - gap), "upper": frontier.values}
    assert bool(dataclasses.replace(frontier, **bracket).notes) is is_wide


def test_bounds_of_values_that_nearly_vanish_are_rounded_outwards():
    # Each threat has a defense of its own, which leaves a billionth to a hundred thousandth.
    for seed in range(8):
        random = np.random.default_rng(seed)
        swept = mg.DefenseGame(
            severity=random.uniform(1.0, 9.0, 5),
            bandwidth=random.uniform(0.3, 2.0, 5),
            effectiveness=np.diag(1.0 - 10.0 ** random.uniform(-9, -5, 5)),
            attacker_bandwidth=float(random.uniform(1.0, 4.0)),
            use={"budget": random.uniform(0.5, 2.0, 5)},
            limits={"budget": 1.0},
            composition="additive",
        )
        frontier = mg.sweep(swept, limit="budget")
        assert frontier.values[-1] < 1e-4 * frontier.values[0]
        assert mg.verify(frontier, swept).gap < 1e-4


@pytest.mark.parametrize(
    "arrays",
    [
        # A walk that meets nothing ahead of it.
        {"severity": [1e-4, 4.0], "bandwidth": [1.0, 1.0], "effectiveness": [[0.0], [0.25]]},
        # Slopes that rounding of the value would swallow.
        {
            "severity": [1.0, 4e-11],
            "bandwidth": [1.0, 1.0],
            "effectiveness": [[0.0], [1.0]],
            "max_level": [0.7],
        },
        {"severity": [1e6, 7e-5], "bandwidth": [0.001, 1.0], "effectiveness": [[0.0], [0.0]]},
        # Lines of a curved game that do not quite meet.
        {
            "severity": [2.0, 21.0, 1.0, 1.0, 2.0],
            "bandwidth": [0.0, 0.0, 1.0, 0.0, 0.0],
            "effectiveness": [[0, 0.5], [0, 0.5], [0, 0], [0.5, 0.5], [0, 0.5]],
            "use": {"r": [0.02, 1.0]},
            "limits": {"r": 1.0},
            "composition": "independent",
        },
    ],
    ids=["nothing-ahead", "faint", "fainter", "curved"],
)
def test_frontiers_of_odd_games_are_verified(arrays):
    game = mg.DefenseGame(attacker_bandwidth=0.0, **{"composition": "additive", **arrays})
    assert mg.verify(mg.sweep(game), game).gap <= 1e-4


def test_a_limit_of_nothing_has_the_price_of_a_defense_that_can_run():
    game = mg.DefenseGame(
        severity=[0.0, 1e-6, 0.0, 1e8],
        bandwidth=[1.0, 1.0, 2.0, 0.5],
        effectiveness=[[0.0, 0.0, 0.0], [0.0, 0.0, 0.1], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]],
        attacker_bandwidth=4.0,
        use={"r": [2e-4, 4e-4, 1.0]},
        limits={"r": 1.0},
        max_level=[0.0, 1.0, 1.0],
        composition="additive",
    )
    frontier = mg.sweep(game, limit="r")
    assert frontier(0.5) == pytest.approx(mg.solve(game.with_limits({"r": 0.5})).value, rel=0.1)


RISING = {  # 4 a bit, then 1 a bit, then nothing more
    "severity": [8.0, 2.0],
    "bandwidth": [1.0, 2.0],
    "effectiveness": [[0.5], [0.0]],
    "attacker_bandwidth": 1.0,
}
FALLING = {  # 8 at no budget, 4 from 1 unit on
    "severity": [8.0, 2.0],
    "bandwidth": [1.0, 2.0],
    "effectiveness": [[0.5], [0.0]],
    "attacker_bandwidth": 1.0,
    "use": {"budget": [1.0]},
    "limits": {"budget": 1.0},
}


class TestCrossing:
    """Where a frontier crosses a loss, at its ends, on plateaus, and within a wide bracket."""

    @pytest.mark.parametrize(
        ("loss", "crossing"), [(0.0, 0.0), (2.0, 0.5), (4.0, 1.0), (5.0, 2.0), (6.0, None)]
    )
    def test_over_the_bandwidth_it_is_the_last_point_within_the_loss(self, loss, crossing):
        found = mg.sweep(mg.DefenseGame(**RISING)).crossing(loss)
        assert found == (None if crossing is None else pytest.approx(crossing, abs=1e-12))

    @pytest.mark.parametrize(
        ("loss", "crossing"), [(3.9, None), (4.0, 1.0), (6.0, 0.5), (8.0, 0.0), (9.0, 0.0)]
    )
    def test_over_a_limit_it_is_the_first_point_within_the_loss(self, loss, crossing):
        frontier = mg.sweep(mg.DefenseGame(**FALLING), limit="budget", stop=3.0)
        found = frontier.crossing(loss)
        assert found == (None if crossing is None else pytest.approx(crossing, abs=1e-12))

    @pytest.mark.parametrize("ulps", [-2, -1, 0, 1, 2])
    def test_a_plateau_off_the_loss_by_rounding_is_at_the_loss(self, ulps):
        frontier = mg.sweep(mg.DefenseGame(**FALLING), limit="budget", stop=3.0)
        loss = 4.0 * (1.0 + ulps * 2.0**-52)
        assert frontier.crossing(loss) == pytest.approx(1.0, abs=1e-12)

    def test_a_plateau_of_an_attacker_at_the_loss_is_never_crossed(self):
        rising = mg.sweep(mg.DefenseGame(**RISING), stop=9.0)
        for loss in 6.0 * (1.0 + np.arange(-2, 3) * 2.0**-52):
            assert rising.crossing(loss) is None

    def test_within_a_wide_bracket_only_what_is_surely_within_the_loss_counts(self):
        game = mg.DefenseGame(**{**RISING, "composition": "independent"})
        frontier = mg.sweep(game)
        wide = dataclasses.replace(
            frontier, lower=frontier.values - 0.2, upper=frontier.values + 0.2
        )
        assert wide.crossing(float(frontier.values[-1])) is not None
        assert wide.crossing(float(frontier.values[-1]) + 0.2) is None


def test_a_sweep_does_not_begin_with_a_piece_that_only_rounding_has_made():
    game = mg.DefenseGame(
        severity=[0.01018906199325911, 1749.7454134921286],
        bandwidth=[1973.2949867778075, 0.0014863247446071446],
        effectiveness=[[0.0, 0.0], [0.0, 0.8199609649171399]],
        attacker_bandwidth=142.5693655838427,
        use={
            "r0": [3.444636896884058, 3.636924542086827],
            "r1": [0.3978385749518392, 3.881525440001151],
        },
        limits={"r0": 2.1244684316912656, "r1": 3.851427613457691},
    )
    frontier = mg.sweep(game)
    assert frontier.breakpoints == pytest.approx([0.0, *np.cumsum(game.bandwidth[::-1])], rel=1e-9)
    assert np.all((frontier.lower <= frontier.values) & (frontier.values <= frontier.upper))


def test_a_piece_whose_slope_is_not_that_of_its_values_is_refused():
    game = mg.DefenseGame(**FALLING)
    frontier = mg.sweep(game, limit="budget")
    (proof,) = frontier.certificates
    free = dataclasses.replace(proof, limit_prices=np.array([0.0]))
    # A price of 0 proves that the value is at least 4 everywhere, and no slope.
    forged = dataclasses.replace(
        frontier, slopes=np.array([-0.0]), lower=np.full(2, 4.0 - 1e-12), certificates=(free,)
    )
    assert frontier.values == pytest.approx([8.0, 4.0])
    with pytest.raises(mg.CertificateError, match=r"^/pieces/0/slope: found -0.0, expected"):
        mg.verify(forged, game)


@pytest.mark.parametrize("composition", ["additive", "best_of"])
@pytest.mark.parametrize(("severity", "use", "most"), [(8.0, 0.1, 5.0), (4.0, 0.3, 9.0)])
def test_where_a_limit_makes_the_value_0_it_is_0_from_there_on(composition, severity, use, most):
    game = mg.DefenseGame(
        severity=[severity],
        bandwidth=[1.0],
        effectiveness=[[1.0, 0.3]],
        attacker_bandwidth=1.0,
        use={"budget": [use, use]},
        limits={"budget": 2 * use},
        max_level=[most, most],
        composition=composition,
        termination_loss=0.0,
    )
    frontier = mg.sweep(game, limit="budget")
    assert [region.decision for region in frontier.regions()] == ["terminate", "operate"]
    assert frontier.regions()[1].start == pytest.approx(use, rel=1e-12)
    assert str(frontier.decisions(2 * use)) == "operate"
    assert mg.self_destruction_threshold(game).decision == "operate"


def test_a_line_is_one_piece():
    # The threat of 2 bits and the second of 1 bit are worth the same for each bit.
    game = mg.DefenseGame(
        severity=[1.0, 1.0, 2.0, 2.0],
        bandwidth=[3.0, 1.0, 1.0, 2.0],
        effectiveness=[[1.0, 0.0], [1.0, 0.3], [0.5, 1.0], [0.5, 1.0]],
        attacker_bandwidth=7.0,
        use={"budget": [0.3, 1e50]},
        limits={"budget": 0.0},
        composition="additive",
    )
    frontier = mg.sweep(game)
    assert frontier.breakpoints == pytest.approx([0.0, 1.0, 4.0, 7.0])
    assert frontier.slopes == pytest.approx([2.0, 1.0, 1.0 / 3.0])


def test_a_line_of_several_choices_of_steps_is_one_piece():
    severity, bits = [0.03, 3e3, 1.0, 2.5e-8, 1e6, 0.1], [1e-3, 0.5, 1e-4, 1.0, 2.0, 1.0]
    effects = [[0.0, 0.0], [1.0, 0.5], [1.0, 0.1], [0.0, 1.0], [0.1, 0.0], [1.0, 0.0]]
    game = mg.DefenseGame(
        severity=severity,
        bandwidth=bits,
        effectiveness=effects,
        attacker_bandwidth=4.5,
        use={"first": [1.0, 1e-9], "second": [0.5, 0.1]},
        limits={"first": 3.0, "second": 0.6},
        max_level=[1.0, 0.5],
        levels={"d0": [0.0, 1.0], "d1": [0.0, 0.5]},
        composition="additive",
    )
    frontier = mg.sweep(game)
    steepest = np.maximum(frontier.slopes[:-1], frontier.slopes[1:])
    assert np.all(-np.diff(frontier.slopes) > 1e-9 * steepest)
    assert frontier.is_proven
