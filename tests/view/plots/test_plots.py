"""Pictures hold the numbers of their answers, with units, whatever the names are."""

import dataclasses
import functools
import io
import math
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import mfmgame as mg
from mfmgame.game.attacker import best_response
from mfmgame.view.output_files import write_figure
from mfmgame.view.plots import style
from mfmgame.view.plots.curves import attack_curve
from mfmgame.view.plots.decisions import boundaries
from mfmgame.view.plots.style import written
from view.plots.answers import HOSTILE, hostile_game, project_game, small_game, uncertain_scenario

BUDGETS = [0.0, 1.0, 2.0, 3.0]


@functools.cache
def solution() -> mg.Solution:
    return mg.solve(small_game())


@functools.cache
def draws() -> mg.Ensemble:
    return mg.ensemble(uncertain_scenario(), n=64, seed=1)


def line(ax, label):
    return next(one for one in ax.get_lines() if str(one.get_label()).startswith(label))


def bars(ax, label):
    return next(group for group in ax.containers if group.get_label() == label)


def table(ax):
    return next(mesh for mesh in ax.collections if mesh.get_gid() == "table").get_array()


def rows(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def texts(figure):
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def regions(ax):
    """Where each region runs along the horizontal axis."""
    found = {}
    for patch in ax.patches:
        if patch.get_gid() in ("operate", "terminate"):
            found[patch.get_gid()] = (patch.get_x(), patch.get_x() + patch.get_width())
    return found


EVERY = {
    "loss": lambda game: mg.solve(game).plot.loss(),
    "allocation": lambda game: mg.solve(game).plot.allocation(),
    "attack": lambda game: mg.solve(game).plot.attack(),
    "payoff": lambda game: mg.solve(game).plot.payoff(),
    "coverage": lambda game: mg.solve(game).plot.coverage(),
    "frontier": lambda game: mg.sweep(game).plot(),
    "frontier-allocation": lambda game: mg.sweep(game).plot.allocation(),
    "limit": lambda game: mg.sweep(game, limit=game.resources[0]).plot(),
    "limit-allocation": lambda game: mg.sweep(game, limit=game.resources[0]).plot.allocation(),
    "map": lambda game: mg.sweep_map(game, game.resources[0], BUDGETS).plot(),
    "index": lambda game: mg.defense_coverage_index(game).plot(),
    "exceedance": lambda game: draws().plot(),
    "tornado": lambda game: mg.tornado(uncertain_scenario()).plot(),
    "portfolios": lambda game: mg.best_portfolios(project_game()).plot(),
}


class TestEveryPicture:
    @pytest.mark.parametrize("name", EVERY)
    def test_axes_of_numbers_have_units(self, name):
        ax = EVERY[name](small_game())
        labels = [one.get_xlabel() + one.get_ylabel() for one in ax.figure.axes]
        assert any("[" in label for label in labels)
        if name in ("loss", "frontier", "limit", "map", "exceedance", "portfolios"):
            assert "[" in ax.get_xlabel()
            assert "[" in ax.get_ylabel()

    @pytest.mark.parametrize("name", EVERY)
    def test_hostile_names_are_drawn_as_they_are_written(self, name):
        ax = EVERY[name](hostile_game())
        ax.figure.savefig(io.BytesIO(), format="png")
        # An XML reader has no escape for what is not a character.
        ax.figure.savefig(io.BytesIO(), format="svg")
        for text in texts(ax.figure):
            assert all(letter.isprintable() or letter == "\n" for letter in text)

    @pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
    @pytest.mark.parametrize("name", ["frontier", "coverage", "map"])
    def test_the_same_answer_gives_the_same_bytes(self, name, kind, tmp_path):
        files = [tmp_path / f"{place}.{kind}" for place in range(2)]
        for file in files:
            write_figure(EVERY[name](small_game()).figure, file)
        assert files[0].read_bytes() == files[1].read_bytes()
        for word in (b"Software", b"CreationDate", b"dc:date", b"matplotlib.org"):
            assert word not in files[0].read_bytes()

    @pytest.mark.parametrize("name", EVERY)
    def test_the_axes_given_are_drawn_on_and_settings_stay(self, name, monkeypatch):
        before = dict(matplotlib.rcParams)
        given = Figure().subplots()
        monkeypatch.setattr(style, "Picture", None)  # no picture of its own
        assert draw_on(name, given) is given
        assert given.has_data()
        assert dict(matplotlib.rcParams) == before

    def test_a_notebook_shows_the_axes_as_a_picture(self):
        ax = solution().plot.attack()
        assert ax._repr_png_().startswith(b"\x89PNG")
        assert ax.figure._repr_png_() == ax._repr_png_()

    def test_colours_that_mean_different_things_differ_in_grey(self):
        def lightness(colour):
            return float(np.dot(to_rgb(colour), [0.299, 0.587, 0.114]))

        for one, other in ((style.BLUE, style.ORANGE), (style.INK, style.GREY)):
            assert abs(lightness(one) - lightness(other)) > 0.2


def draw_on(name, ax):
    """Draw a picture of the small game on axes."""
    game, answer = small_game(), solution()
    ways = {
        "loss": answer.plot.loss,
        "allocation": answer.plot.allocation,
        "attack": answer.plot.attack,
        "payoff": answer.plot.payoff,
        "coverage": answer.plot.coverage,
        "frontier": lambda ax: mg.sweep(game).plot(ax),
        "frontier-allocation": lambda ax: mg.sweep(game).plot.allocation(ax),
        "limit": lambda ax: mg.sweep(game, limit="budget").plot(ax),
        "limit-allocation": lambda ax: mg.sweep(game, limit="budget").plot.allocation(ax),
        "map": mg.sweep_map(game, "budget", BUDGETS).plot,
        "index": mg.defense_coverage_index(answer).plot,
        "exceedance": draws().plot,
        "tornado": mg.tornado(uncertain_scenario()).plot,
        "portfolios": mg.best_portfolios(project_game()).plot,
    }
    return ways[name](ax)


class TestNames:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_name_is_short_and_has_only_letters_of_the_font(self, name):
        shown = written(name)
        assert 0 < len(shown) <= 30
        assert shown.isprintable()
        assert all(ord(letter) in style._letters() for letter in shown)

    def test_names_that_differ_at_their_ends_still_do(self):
        begin = "overrides/defenses/" * 3
        assert written(begin + "one") != written(begin + "two")

    @pytest.mark.parametrize("length", [1, 29, 30, 31, 60])
    def test_only_long_names_are_cut(self, length):
        assert (written("a" * length) == "a" * length) == (length <= 30)


class TestCurves:
    def test_a_frontier_has_its_regions_its_undefended_curve_and_its_threshold(self):
        frontier = mg.sweep(small_game())
        ax = frontier.plot()
        crossing = frontier.crossing(7.0)
        assert regions(ax) == {
            "operate": pytest.approx((0.0, crossing)),
            "terminate": pytest.approx((crossing, 5.0)),
        }
        value = line(ax, "best defense")
        np.testing.assert_array_equal(value.get_xdata(), frontier.breakpoints)
        np.testing.assert_array_equal(value.get_ydata(), frontier.values)
        assert line(ax, "no defense").get_ydata().tolist() == [0.0, 8.0, 12.0, 18.0, 20.0]
        assert f"threshold {crossing:.4g} bits" in ax.get_title(loc="left")

    def test_over_a_limit_more_leads_to_operating(self):
        frontier = mg.sweep(small_game(termination_loss=9.0), limit="budget")
        ax = frontier.plot()
        crossing = frontier.crossing(9.0)
        assert regions(ax)["terminate"] == pytest.approx((0.0, crossing))
        assert regions(ax)["operate"][0] == pytest.approx(crossing)
        assert set(line(ax, "no defense").get_ydata()) == {12.0}

    @pytest.mark.parametrize(("loss", "word"), [(1e9, "operate"), (0.0, "terminate")])
    def test_a_loss_out_of_reach_leaves_one_region_and_does_not_flatten_the_curve(self, loss, word):
        ax = mg.sweep(small_game(termination_loss=loss)).plot()
        assert set(regions(ax)) == {word}
        assert 20.0 < ax.get_ylim()[1] < 40.0

    def test_without_a_termination_loss_there_are_no_regions(self):
        assert not regions(mg.sweep(small_game(termination_loss=None)).plot())

    def test_a_bracket_that_can_be_seen_is_drawn(self):
        frontier = mg.sweep(small_game())
        assert "proven bracket" not in frontier.plot().get_legend_handles_labels()[1]
        wide = dataclasses.replace(frontier, lower=0.9 * frontier.lower)
        ax = wide.plot()
        assert "proven bracket" in ax.get_legend_handles_labels()[1]
        (band,) = ax.collections
        heights = band.get_paths()[0].vertices[:, 1]
        assert set(wide.lower) | set(wide.upper) == set(heights)

    def test_the_loss_of_an_allocation_is_that_of_the_best_response(self):
        ax = solution().plot.loss()
        curve = line(ax, "this allocation")
        for bandwidth, loss in zip(curve.get_xdata(), curve.get_ydata(), strict=True):
            residual = solution().residual.array
            expected = best_response(residual, solution().game.ways, bandwidth).loss
            assert loss == pytest.approx(expected)

    def test_a_curve_of_many_breaks_is_thinned_and_never_above_the_true_one(self):
        generator = np.random.default_rng(1)
        n = 20_000
        severity, bandwidth = generator.random((2, n))
        game = mg.DefenseGame(
            severity=severity,
            bandwidth=bandwidth,
            effectiveness=np.zeros((n, 1)),
            attacker_bandwidth=1.0,
        )
        points, losses = attack_curve(game, severity, 0.0, 500.0)
        assert len(points) <= 2002
        for place in range(0, len(points), 97):
            true = best_response(severity, bandwidth, points[place]).loss
            assert losses[place] == pytest.approx(true)

    def test_portfolios_are_steps_and_what_greed_misses_is_marked(self):
        sequence = mg.best_portfolios(project_game())
        ax = sequence.plot()
        assert line(ax, "best portfolio").get_ydata().tolist()[:-1] == [
            one.value for one in sequence
        ]
        missed = [one.greedy_value for one in sequence if not one.greedy_finds_it]
        assert missed
        assert line(ax, "greedy").get_ydata().tolist() == missed


class TestAllocations:
    def test_rows_stand_in_the_order_in_which_they_are_funded(self):
        frontier = mg.sweep(small_game())
        ax = frontier.plot.allocation()
        funded = frontier.allocations > 1e-7
        first = {
            name: int(funded[:, place].argmax())
            for place, name in enumerate(frontier.game.defense_ids)
            if funded[:, place].any()
        }
        assert set(rows(ax)) == set(first)
        assert [first[name] for name in rows(ax)] == sorted(first.values())

    @pytest.mark.parametrize("limit", [None, "budget"])
    def test_each_row_is_as_high_as_the_level(self, limit):
        frontier = mg.sweep(small_game(), limit=limit)
        ax = frontier.plot.allocation()
        for row, name in enumerate(rows(ax)):
            column = frontier.game.defense_ids.index(name)
            (band,) = [one for one in ax.collections if one.get_gid() == f"row-{row}"]
            corners = band.get_paths()[0].vertices
            height = (row + 0.4) - corners[:, 1].min()
            assert height == pytest.approx(0.8 * frontier.allocations[:, column].max())

    def test_levels_of_the_solution_with_their_ranges(self):
        assessment = mg.assess(small_game())
        ax = assessment.figure().axes[1]
        levels = [bar.get_width() for bar in bars(ax, "level")]
        funded = {name: level for name, level in assessment.solution.allocation.items() if level}
        assert levels == pytest.approx([funded[name] for name in rows(ax)])
        (ranges,) = [one for one in ax.collections if one.get_label() == "range over all optima"]
        least = [segment[0][0] for segment in ranges.get_segments()]
        assert least == pytest.approx([assessment.sensitivity.least[name] for name in rows(ax)])

    def test_where_nothing_is_funded_the_picture_says_so(self):
        idle = small_game(max_level=[0.0, 0.0, 0.0])
        for ax in (mg.solve(idle).plot.allocation(), mg.sweep(idle).plot.allocation()):
            assert "no defense is funded" in texts(ax.figure)


class TestTables:
    def test_the_attack_is_drawn_threat_by_threat(self):
        ax = solution().plot.attack()
        names = [name.split("  (")[0] for name in rows(ax)]
        attack, residual = solution().attack, solution().residual
        assert [bar.get_width() for bar in bars(ax, "residual")] == pytest.approx(
            [residual[name] for name in names]
        )
        losses = [bar.get_width() for bar in bars(ax, "in the worst attack")]
        assert losses == pytest.approx([attack[name] * residual[name] for name in names])
        assert losses == sorted(losses, reverse=True)
        assert sum(losses) == pytest.approx(solution().value)

    def test_the_payoff_is_that_of_the_game(self):
        ax = solution().plot.payoff()
        payoff = small_game().to_frame()
        np.testing.assert_allclose(table(ax), payoff.loc[rows(ax)].to_numpy())
        assert rows(ax) == ["injection", "jailbreak", "poisoning", "leak"]

    def test_coverage_has_the_allocation_in_its_last_column(self):
        ax = solution().plot.coverage()
        np.testing.assert_allclose(table(ax)[:, -1], solution().coverage.array)
        np.testing.assert_allclose(table(ax)[:, :-1], small_game().effectiveness)

    def test_a_sparse_game_is_drawn_alike(self):
        import scipy.sparse

        dense = small_game()
        sparse = small_game(effectiveness=scipy.sparse.csr_array(dense.effectiveness))
        np.testing.assert_array_equal(
            table(mg.solve(sparse).plot.payoff()), table(solution().plot.payoff())
        )

    def test_classes_stand_together(self):
        mixed = small_game(threat_classes=["a", "b", "a", "b"])
        assert rows(mg.solve(mixed).plot.payoff()) == [
            "injection",
            "poisoning",
            "jailbreak",
            "leak",
        ]

    def test_the_index_is_drawn_in_all_and_by_class(self):
        index = mg.defense_coverage_index(solution())
        ax = index.plot()
        frame = index.to_frame().loc[rows(ax), ["index", *index.classes]]
        np.testing.assert_allclose(table(ax), frame.to_numpy())
        assert table(ax)[:, 0].tolist() == sorted(table(ax)[:, 0], reverse=True)

    def test_large_games_are_cut_to_what_matters_and_say_so(self):
        n, m = 3000, 50
        generator = np.random.default_rng(1)
        game = mg.DefenseGame(
            severity=generator.random(n),
            bandwidth=np.ones(n),
            effectiveness=generator.random((n, m)),
            attacker_bandwidth=5.0,
            use={"budget": np.ones(m)},
            limits={"budget": 4.0},
        )
        answer = mg.solve(game)
        for ax in (answer.plot.payoff(), answer.plot.coverage()):
            said = ax.get_title(loc="left")
            assert "60 of 3,000 threats, those of greatest severity" in said
            assert "30 of 50 defenses, those that stop most" in said
            assert len(rows(ax)) == 60
        drawn = {game.threat_ids.index(name) for name in rows(ax)}
        assert drawn == set(np.argsort(-game.severity)[:60].tolist())
        assert "25 of 3,000 threats" in answer.plot.attack().get_title(loc="left")
        index = mg.defense_coverage_index(answer).plot()
        assert "30 of 50 defenses" in index.get_title(loc="left")

    def test_a_game_of_nothing_has_pictures(self):
        empty = mg.DefenseGame(
            severity=[], bandwidth=[], effectiveness=np.zeros((0, 1)), attacker_bandwidth=1.0
        )
        mg.assess(empty).figure().savefig(io.BytesIO())
        for name in ("loss", "attack", "payoff", "coverage"):
            EVERY[name](empty).figure.savefig(io.BytesIO())


class TestDecisions:
    def test_the_boundary_is_the_crossing_of_each_row(self):
        mapped = mg.sweep_map(small_game(), "budget", BUDGETS)
        expected = [frontier.crossing(7.0) for frontier in mapped.frontiers]
        assert boundaries(mapped, mapped.limits, 7.0)[0].tolist() == pytest.approx(expected)
        exact = line(mapped.plot(), "exact")
        assert exact.get_xdata().tolist() == pytest.approx(expected)

    @pytest.mark.parametrize("budget", [0.3, 0.5, 1.2, 1.9, 2.6])
    def test_between_rows_what_is_drawn_as_safe_is(self, budget):
        mapped = mg.sweep_map(small_game(), "budget", BUDGETS)
        drawn = float(boundaries(mapped, np.array([budget]), 7.0)[0][0])
        here = small_game().with_limits({"budget": budget}).with_attacker_bandwidth(drawn)
        assert mg.solve(here).value <= 7.0 * (1 + 1e-9)

    @pytest.mark.parametrize("budget", [1.0, 2.9, 3.5])
    def test_between_rows_of_whole_projects_the_lower_row_holds(self, budget):
        game = project_game()
        mapped = mg.sweep_map(game, "budget", [0.0, 3.0, 4.0, 6.0])
        drawn = float(boundaries(mapped, np.array([budget]), 7.0)[0][0])
        here = game.with_limits({"budget": budget})
        assert mg.solve(here.with_attacker_bandwidth(drawn)).value <= 7.0 * (1 + 1e-9)
        row = max(place for place, limit in enumerate(mapped.limits) if limit <= budget)
        assert drawn == pytest.approx(mapped.frontiers[row].crossing(7.0))
        mapped.plot().figure.savefig(io.BytesIO())

    def test_a_loss_that_no_attack_reaches_has_no_boundary(self):
        mapped = mg.sweep_map(small_game(termination_loss=99.0), "budget", BUDGETS)
        assert np.isinf(boundaries(mapped, mapped.limits, 99.0)).all()
        assert "OPERATE" in texts(mapped.plot().figure)

    def test_one_limit_is_no_map(self):
        with pytest.raises(mg.SpecificationError, match="found 1 limit"):
            mg.sweep_map(small_game(), "budget", [1.0]).plot()


class TestRisks:
    def test_the_curve_is_the_ensembles_exceedance(self):
        ax = draws().plot()
        curve = line(ax, "share of draws above")
        losses, probabilities = draws().exceedance()
        np.testing.assert_allclose(curve.get_xdata()[1:-1], losses)
        np.testing.assert_allclose(curve.get_ydata()[1:-1], 100.0 * probabilities)
        assert curve.get_ydata()[0] == 100.0

    def test_the_band_has_the_width_of_the_inequality(self):
        (band,) = draws().plot().collections
        heights = band.get_paths()[0].vertices[:, 1]
        half = 100.0 * math.sqrt(math.log(40.0) / 128.0)
        # Where the curve is at 100%, and where it is at 0.
        assert np.min(np.abs(heights - (100.0 - half))) < 1e-9
        assert np.min(np.abs(heights - half)) < 1e-9

    def test_thresholds_out_of_reach_leave_the_curve_above_zero(self):
        free = mg.ensemble(uncertain_scenario(termination={"loss": 6.5}), n=64, seed=1)
        unreached = free.probability_of_no_reach().estimate
        assert 0.0 < unreached < 1.0
        ax = free.plot(column="threshold")
        last = line(ax, "share").get_ydata()[-1]
        assert last == pytest.approx(100.0 * unreached)

    def test_a_column_without_numbers_is_refused(self):
        none = mg.ensemble(uncertain_scenario(termination={"loss": 99.0}), n=4, seed=1)
        with pytest.raises(mg.SpecificationError, match="no finite number"):
            none.plot(column="threshold")
        with pytest.raises(mg.SpecificationError, match="no column is named"):
            none.plot(column="valeu")

    def test_bars_go_from_the_nominal_value_to_the_ends(self):
        found = mg.tornado(uncertain_scenario())
        ax = found.plot()
        assert rows(ax) == list(found.names)
        for side, label in enumerate(
            ("at the lower end of the number", "at the upper end of the number")
        ):
            ends = [bar.get_x() + bar.get_width() for bar in bars(ax, label)]
            assert ends == pytest.approx(found.values[:, side].tolist())

    def test_an_end_out_of_reach_goes_to_the_edge(self):
        found = mg.tornado(uncertain_scenario(termination={"loss": 6.5}))
        assert np.isinf(found.thresholds).any()
        ax = found.plot(of="threshold")
        ends = [
            bar.get_x() + bar.get_width()
            for label in ("at the lower end of the number", "at the upper end of the number")
            for bar in bars(ax, label)
        ]
        assert max(ends) == pytest.approx(ax.get_xlim()[1])

    def test_a_threshold_that_there_is_not_is_refused(self):
        free = mg.tornado(uncertain_scenario(termination=None))
        with pytest.raises(mg.SpecificationError, match="termination_loss"):
            free.plot(of="threshold")
        with pytest.raises(mg.SpecificationError, match="expected 'value' or 'threshold'"):
            free.plot(of="valeu")


class TestWithoutMatplotlib:
    def test_it_is_not_imported_before_a_picture_is_asked_for(self):
        code = (
            "import sys, mfmgame as mg; from mfmgame.view import notebook; "
            "s = mg.solve(mg.load_scenario('examples/blip.json')); s.plot; s._repr_html_(); "
            "assert 'matplotlib' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_its_absence_is_one_line_that_names_the_extra(self):
        code = (
            "import sys; sys.modules['matplotlib'] = None; import mfmgame as mg\n"
            "s = mg.solve(mg.load_scenario('examples/blip.json'))\n"
            "try: s.plot.attack()\n"
            "except mg.SpecificationError as error: print(error)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        assert 'install "mfmgame[plot]"' in done.stdout
        assert done.stdout.count("\n") == 1


def test_a_frontier_of_threats_without_bandwidth_is_a_level_line():
    game = mg.DefenseGame(
        severity=[4.0, 2.0],
        bandwidth=[0.0, 0.0],
        effectiveness=[[0.5], [0.0]],
        attacker_bandwidth=0.0,
        termination_loss=1.0,
    )
    undefended, value = mg.sweep(game).plot().get_lines()[:2]
    assert undefended.get_xydata().tolist() == [[0.0, 6.0], [1.0, 6.0]]
    assert value.get_xydata().tolist() == [[0.0, 4.0], [1.0, 4.0]]


@pytest.mark.parametrize("size", [1e-9, 1e12])
def test_great_and_tiny_numbers_are_spelt_out_at_the_ticks(size):
    game = mg.DefenseGame(
        severity=[size], bandwidth=[1.0], effectiveness=[[0.5]], attacker_bandwidth=1.0
    )
    ax = mg.sweep(game).plot()
    ax.figure.draw_without_rendering()
    assert ax.yaxis.get_offset_text().get_text() == ""
    assert ax.yaxis.get_ticklabels()[-1].get_text().partition("e")[2] != ""
