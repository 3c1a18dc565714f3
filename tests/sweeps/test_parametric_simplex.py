"""Walks along the frontier of `additive` games, against the recursion that needs no walk."""

import dataclasses

import hypothesis
import numpy as np
import pytest
import scipy.sparse
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.certificates.bulk_bounds import proven_bases, proven_plans
from mfmgame.certificates.duality_certificate import lower_bound, upper_bound
from mfmgame.game.compositions.additive import Additive
from mfmgame.game.feasibility import all_within_limits
from mfmgame.numerics.exact_arithmetic import split_product, wide
from mfmgame.references import value_by_scipy
from mfmgame.sweeps import bandwidth_walk, frontier_search
from mfmgame.sweeps.parametric_simplex import walk
from mfmgame.sweeps.touching_lines import Chain
from random_games import games


def seeded(n_threats=60, n_defenses=8, seed=0, sparse=False) -> mg.DefenseGame:
    rng = np.random.default_rng(seed)
    effects = rng.random((n_threats, n_defenses)) * (rng.random((n_threats, n_defenses)) < 0.3)
    costs = rng.uniform(1.0, 3.0, n_defenses)
    return mg.DefenseGame(
        severity=rng.lognormal(size=n_threats),
        bandwidth=rng.uniform(0.5, 2.0, n_threats),
        effectiveness=scipy.sparse.csr_array(effects) if sparse else effects,
        attacker_bandwidth=5.0,
        use={"budget": costs},
        limits={"budget": 0.3 * costs.sum()},
        composition="additive",
    )


def walked(game, start=0.0, stop=None):
    stop = float(game.bandwidth.sum()) if stop is None else stop
    return walk(game, start, stop, 1e-12 * (stop - start))


def by_recursion(monkeypatch, game, **arguments):
    with monkeypatch.context() as patch:
        patch.setattr(frontier_search, "walked_lines", lambda *_: Chain([], []))
        return mg.sweep(game, **arguments)


class TestWalk:
    def test_goes_from_end_to_end(self):
        game = seeded()
        found = walked(game)
        assert found.points[0] == 0.0
        assert found.points[-1] == pytest.approx(game.bandwidth.sum())
        assert np.all(np.diff(found.points) > 0)
        assert np.all(np.diff(found.slopes) < 0)
        assert len(found.slopes) > 50

    def test_begins_anywhere(self):
        whole, part = walked(seeded()), walked(seeded(), 10.0, 30.0)
        assert part.points[[0, -1]].tolist() == [10.0, 30.0]
        inside = whole.points[(whole.points > 10.0) & (whole.points < 30.0)]
        np.testing.assert_allclose(part.points[1:-1], inside, rtol=1e-9)

    def test_takes_sparse_effects(self):
        dense, sparse = walked(seeded()), walked(seeded(sparse=True))
        np.testing.assert_allclose(sparse.points, dense.points, rtol=1e-9)
        np.testing.assert_allclose(sparse.slopes, dense.slopes, rtol=1e-9, atol=1e-12)

    def test_gets_through_many_equal_threats(self):
        # Every constraint is met together with copies of itself.
        rng = np.random.default_rng(1)
        game = mg.DefenseGame(
            severity=np.ones(40),
            bandwidth=np.ones(40),
            effectiveness=np.repeat(rng.integers(0, 2, (8, 6)).astype(float), 5, axis=0),
            attacker_bandwidth=1.0,
            use={"budget": np.ones(6), "room": np.ones(6)},
            limits={"budget": 2.0, "room": 2.0},
            composition="additive",
        )
        assert walked(game).points[-1] == 40.0
        frontier = mg.sweep(game)
        assert frontier.n_solves == 1
        assert mg.verify(frontier, game).gap < 1e-12


class TestSweep:
    def test_needs_no_solve_besides_the_walk(self):
        frontier = mg.sweep(seeded())
        assert frontier.n_solves == 1
        assert mg.verify(frontier, seeded()).gap < 1e-12

    def test_agrees_with_the_recursion(self, monkeypatch):
        frontier, recursion = mg.sweep(seeded()), by_recursion(monkeypatch, seeded())
        assert frontier.n_pieces == recursion.n_pieces
        np.testing.assert_allclose(frontier.breakpoints, recursion.breakpoints, rtol=1e-6)
        np.testing.assert_allclose(frontier.slopes, recursion.slopes, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            frontier(recursion.breakpoints), recursion.values, rtol=1e-12, atol=1e-14
        )

    @hypothesis.settings(
        max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
    )
    @hypothesis.given(game=games("additive"), share=st.sampled_from([0.0, 0.3, 1.0]))
    def test_agrees_on_degenerate_games(self, monkeypatch, game, share):
        start = share * float(game.bandwidth.max())
        frontier = mg.sweep(game, start=start)
        recursion = by_recursion(monkeypatch, game, start=start)
        points = np.concatenate((frontier.breakpoints, recursion.breakpoints))
        scale = float(game.severity.max())
        np.testing.assert_allclose(
            frontier(points), recursion(points), rtol=1e-11, atol=1e-9 * scale
        )
        assert mg.verify(frontier, game).gap < 1e-8
        at = 0.5 * float(frontier.breakpoints[0] + frontier.breakpoints[-1])
        reference = value_by_scipy(game.with_attacker_bandwidth(at))
        assert frontier(at) == pytest.approx(reference, abs=1e-7 * scale)

    @pytest.mark.parametrize("n_kept", [0, 1, 20])
    def test_of_a_walk_that_stops_early_is_whole(self, monkeypatch, n_kept):
        def stopped(*arguments):
            found = walk(*arguments)
            columns = {
                field.name: getattr(found, field.name)[: n_kept + (field.name in ends)]
                for field in dataclasses.fields(found)
            }
            return dataclasses.replace(found, **columns)

        ends = {"points", "plans", "limit_prices"}
        whole = mg.sweep(seeded())
        monkeypatch.setattr(bandwidth_walk, "walk", stopped)
        self.check_whole(whole)

    @pytest.mark.parametrize("name", ["points", "allocations", "slopes", "plans", "limit_prices"])
    def test_of_a_walk_that_errs_is_right(self, monkeypatch, name):
        def wrong(*arguments):
            found = walk(*arguments)
            numbers = getattr(found, name).copy()
            numbers[10:13] *= 0.999
            return dataclasses.replace(found, **{name: numbers})

        whole = mg.sweep(seeded())
        monkeypatch.setattr(bandwidth_walk, "walk", wrong)
        # A slope that is no threat's price is worked out anew, with no solve.
        self.check_whole(whole, solves_again=name != "slopes")

    def check_whole(self, whole, *, solves_again=True):
        frontier = mg.sweep(seeded())
        assert (frontier.n_solves > 1) is solves_again
        np.testing.assert_allclose(frontier(whole.breakpoints), whole.values, rtol=1e-9)
        assert frontier.n_pieces == whole.n_pieces
        assert mg.verify(frontier, seeded()).gap < 1e-9


class TestBounds:
    def test_of_many_are_those_of_each(self):
        game = seeded()
        found, composition = walked(game), Additive(game.effectiveness)
        allocations = all_within_limits(game, found.allocations)
        bases = proven_bases(game, allocations, found.slopes)
        origin = game.with_attacker_bandwidth(0.0)
        for base, levels, slope in zip(bases, allocations, found.slopes, strict=True):
            alone = upper_bound(origin, composition, levels, float(slope))
            assert base == pytest.approx(alone, rel=1e-13, abs=1e-14)
        bounds, proofs = proven_plans(game, found.points, found.plans, found.limit_prices)
        for bound, proof, at in zip(bounds, proofs, found.points, strict=True):
            alone = lower_bound(game.with_attacker_bandwidth(at), composition, proof)
            assert bound == pytest.approx(alone, rel=1e-13, abs=1e-14)

    def test_of_plans_beyond_the_budget_hold_within_it(self):
        game = mg.DefenseGame(
            severity=np.ones(60),
            bandwidth=seeded().bandwidth,
            effectiveness=np.zeros((60, 1)),
            attacker_bandwidth=1.0,
            composition="additive",
        )
        plans = np.array([np.ones(60), np.full(60, 0.5), np.linspace(0.0, 1.0, 60)])
        budgets = np.array([3.0, 0.0, 20.0])
        bounds, proofs = proven_plans(game, budgets, plans, np.zeros((3, 0)))
        used = [proof.weights @ game.bandwidth[proof.threats] for proof in proofs]
        assert np.all(used <= budgets)
        assert used == pytest.approx(budgets)
        assert bounds == pytest.approx([proof.weights.sum() for proof in proofs])

    @pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
    def test_products_are_as_precise_as_they_say(self, scale):
        rng = np.random.default_rng(0)
        a, b = rng.lognormal(0.0, 5.0, (20, 50)) * scale, rng.random((50, 30))
        high, low, error = split_product(a, b)
        exact = wide(a) @ wide(b)
        assert np.all(np.abs(wide(high) + low - exact) <= error + 1e-17 * exact)
        assert np.all(error <= 1e-15 * a.max(axis=1, keepdims=True))
