"""What must hold of every game's value, whoever computes it."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import mfmgame as mg
from mfmgame.answers.solution import scale_of
from mfmgame.game.attacker import best_response
from mfmgame.game.compositions import compose
from random_games import games

COMPOSITIONS = ["additive", "best_of", "independent"]
any_composition = pytest.mark.parametrize("composition", COMPOSITIONS)
each = hypothesis.settings(max_examples=60)


def rebuilt(game: mg.DefenseGame, **changes) -> mg.DefenseGame:
    limited = np.isfinite(game.limits)
    arguments = {
        "severity": game.severity,
        "bandwidth": game.bandwidth,
        "effectiveness": game.effectiveness,
        "attacker_bandwidth": game.attacker_bandwidth,
        "use": dict(zip(game.resources, game.use, strict=True)),
        "limits": {
            name: limit
            for name, limit, is_limited in zip(game.resources, game.limits, limited, strict=True)
            if is_limited
        },
        "max_level": game.max_level,
        "composition": game.composition,
    }
    return mg.DefenseGame(**{**arguments, **changes})


def close(solution: mg.Solution) -> float:
    return 2 * solution.tolerance * scale_of(solution.game, solution.value)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_allocation_is_feasible_and_earns_the_value(composition, data):
    game = data.draw(games(composition))
    solution = mg.solve(game)
    levels = solution.allocation.array
    assert np.all((levels >= 0) & (levels <= game.max_level))
    assert np.all(game.use @ levels <= game.limits * (1 + 1e-15))
    residual = game.severity * compose(game).exposure(levels)
    response = best_response(residual, game.ways, game.attacker_bandwidth)
    assert response.loss == solution.value


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_attack_is_a_plan_that_no_allocation_escapes(composition, data):
    game = data.draw(games(composition))
    solution = mg.solve(game)
    plan = solution.attack.array
    assert np.all((plan >= 0) & (plan <= 1))
    assert plan @ game.bandwidth <= game.attacker_bandwidth * (1 + 1e-12)
    composed = compose(game)
    generator = np.random.default_rng(0)
    for _ in range(20):
        levels = game.max_level * generator.random(game.n_defenses)
        used = game.use @ levels
        shrink = np.divide(game.limits, used, out=np.ones_like(used), where=used > game.limits)
        levels *= shrink.min(initial=1.0)
        loss = plan @ (game.severity * composed.exposure(levels))
        assert loss >= solution.lower - close(solution)


@any_composition
@each
@hypothesis.given(data=st.data(), bandwidths=st.lists(st.floats(0, 30), min_size=3, max_size=3))
def test_the_value_is_concave_and_nondecreasing_in_the_attacker_bandwidth(
    composition, data, bandwidths
):
    game = data.draw(games(composition))
    low, middle, high = sorted(round(bandwidth, 3) for bandwidth in bandwidths)
    hypothesis.assume(low < middle < high)
    solutions = [mg.solve(game.with_attacker_bandwidth(b)) for b in (low, middle, high)]
    slack = close(solutions[-1])
    assert solutions[0].value <= solutions[1].value + slack
    assert solutions[1].value <= solutions[2].value + slack
    share = (middle - low) / (high - low)
    chord = (1 - share) * solutions[0].value + share * solutions[2].value
    assert solutions[1].value >= chord - slack


@any_composition
@each
@hypothesis.given(data=st.data(), other=st.floats(0, 30))
def test_the_price_of_bandwidth_is_a_slope_of_the_value(composition, data, other):
    game = data.draw(games(composition))
    other = round(other, 3)
    solution, elsewhere = mg.solve(game), mg.solve(game.with_attacker_bandwidth(other))
    line = solution.value + solution.bandwidth_price * (other - game.attacker_bandwidth)
    assert elsewhere.value <= line + 2 * close(elsewhere) + 1e-12 * abs(line)


@any_composition
@each
@hypothesis.given(data=st.data(), share=st.sampled_from([0.0, 0.5, 0.9, 1.1, 3.0]))
def test_the_price_of_a_limit_is_a_slope_of_the_value(composition, data, share):
    game = data.draw(games(composition).filter(lambda drawn: np.isfinite(drawn.limits).any()))
    row = int(np.flatnonzero(np.isfinite(game.limits))[0])
    limit = float(game.limits[row])
    other = limit * share if limit else share
    solution = mg.solve(game)
    elsewhere = mg.solve(game.with_limits({game.resources[row]: other}))
    line = solution.value - solution.limit_prices.array[row] * (other - limit)
    assert elsewhere.value >= line - 2 * close(solution) - 1e-12 * abs(line)


@any_composition
@each
@hypothesis.given(data=st.data(), factor=st.sampled_from([2.0**-20, 0.5, 3.0, 1e6]))
def test_losses_scale_with_the_severities(composition, data, factor):
    game = data.draw(games(composition))
    scaled = mg.solve(rebuilt(game, severity=game.severity * factor))
    solution = mg.solve(game)
    assert scaled.value == pytest.approx(factor * solution.value, abs=factor * close(solution))


@any_composition
@each
@hypothesis.given(data=st.data(), factor=st.sampled_from([2.0**-20, 0.5, 3.0, 1e6]))
def test_the_unit_of_bandwidth_does_not_matter(composition, data, factor):
    game = data.draw(games(composition))
    scaled = rebuilt(
        game,
        bandwidth=game.bandwidth * factor,
        attacker_bandwidth=game.attacker_bandwidth * factor,
    )
    solution = mg.solve(game)
    assert mg.solve(scaled).value == pytest.approx(solution.value, abs=close(solution))


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_order_of_threats_and_defenses_does_not_matter(composition, data):
    game = data.draw(games(composition))
    rows = np.random.default_rng(1).permutation(game.n_threats)
    columns = np.random.default_rng(2).permutation(game.n_defenses)
    limited = rebuilt(game)
    shuffled = rebuilt(
        game,
        severity=game.severity[rows],
        bandwidth=game.bandwidth[rows],
        effectiveness=game.effectiveness[np.ix_(rows, columns)],
        use={n: use[columns] for n, use in zip(game.resources, game.use, strict=True)},
        max_level=game.max_level[columns],
    )
    solution = mg.solve(limited)
    assert mg.solve(shuffled).value == pytest.approx(solution.value, abs=close(solution))


@each
@hypothesis.given(game=games("additive"))
def test_best_of_never_promises_more_than_additive(game):
    additive, best_of = mg.solve(game), mg.solve(rebuilt(game, composition="best_of"))
    assert additive.value <= best_of.value + close(best_of)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_a_threat_more_never_helps_the_defender(composition, data):
    game = data.draw(games(composition, max_threats=6))
    fewer = rebuilt(
        game,
        severity=game.severity[:-1],
        bandwidth=game.bandwidth[:-1],
        effectiveness=game.effectiveness[:-1],
    )
    solution = mg.solve(game)
    assert mg.solve(fewer).value <= solution.value + close(solution)


@any_composition
@each
@hypothesis.given(data=st.data())
def test_dense_and_sparse_matrices_give_the_same_value(composition, data):
    import scipy.sparse

    game = data.draw(games(composition))
    sparse = rebuilt(game, effectiveness=scipy.sparse.csr_array(game.effectiveness))
    solution = mg.solve(game)
    assert mg.solve(sparse).value == pytest.approx(solution.value, abs=close(solution))


@any_composition
@each
@hypothesis.given(data=st.data())
def test_the_threshold_is_where_the_value_crosses_the_loss(composition, data):
    game = data.draw(games(composition))
    top = mg.solve(game.with_attacker_bandwidth(float(game.bandwidth.sum()))).value
    hypothesis.assume(top > 1e-3)
    loss = top * data.draw(st.sampled_from([0.1, 0.5, 0.9, 1.1]))
    with_loss = rebuilt(game, termination_loss=loss)
    threshold = mg.self_destruction_threshold(with_loss)
    solution = mg.solve(game)
    slack = close(solution)
    assert (threshold.decision == "operate") == (solution.value <= loss + slack) or (
        abs(solution.value - loss) <= 2 * slack
    )
    if threshold.bandwidth is None:
        assert top <= loss + slack
        return
    at = mg.solve(game.with_attacker_bandwidth(threshold.bandwidth))
    if threshold.bandwidth > 0:
        assert at.value == pytest.approx(loss, abs=20 * slack)
    else:
        assert at.value >= loss - slack
    if threshold.undefended is not None:
        assert threshold.undefended <= threshold.bandwidth + 1e-6 * (1 + threshold.bandwidth)
