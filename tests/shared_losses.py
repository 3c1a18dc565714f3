"""Games whose threats share losses: random ones, and their values from the definitions.

Nothing here uses an envelope, a cut or a knapsack: each reference is the program as the model
states it, in fractions or for another solver.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

import hypothesis
import numpy as np
import scipy.optimize
from hypothesis import strategies as st

import mfmgame as mg
from exact_games import as_fractions, greatest_gain
from plain_games import exact_exposure
from random_games import games
from wide_games import wide_arrays, wide_steps

LABELS = ["", "a", "b", "c"]


def with_losses(game: mg.DefenseGame, losses: Sequence[str], **changes) -> mg.DefenseGame:
    """Copy a game; threats with the same non-empty label become ways of one loss."""
    limits = dict(zip(game.resources, game.limits.tolist(), strict=True))
    steps = zip(game.defense_ids, game.level_rules.levels, strict=True)
    arguments = {
        "severity": game.severity,
        "bandwidth": game.bandwidth,
        "effectiveness": game.effectiveness,
        "attacker_bandwidth": game.attacker_bandwidth,
        "use": dict(zip(game.resources, game.use, strict=True)),
        "limits": {name: limit for name, limit in limits.items() if np.isfinite(limit)},
        "max_level": game.max_level,
        "levels": {name: levels for name, levels in steps if levels is not None},
        "composition": game.composition,
        "termination_loss": game.termination_loss,
        "threat_losses": losses,
    }
    return mg.DefenseGame(**arguments | changes)


@st.composite
def shared_games(draw, composition: str, **sizes: int) -> mg.DefenseGame:
    """Draw small games, mostly degenerate, in which some threats share losses."""
    game = draw(games(composition, **sizes))
    losses = draw(
        st.lists(st.sampled_from(LABELS), min_size=game.n_threats, max_size=game.n_threats)
    )
    return with_losses(game, losses)


@st.composite
def stepped_shared_games(draw, composition: str) -> mg.DefenseGame:
    """Draw games with shared losses whose defenses are all stepped."""
    game = draw(shared_games(composition, max_threats=6, max_defenses=4))
    shape = st.sampled_from([[0.0, 1.0], [0.0, 0.5, 1.0], [0.25, 1.0], [1.0]])
    most = zip(game.defense_ids, game.max_level.tolist(), strict=True)
    levels = {name: sorted({share * top for share in draw(shape)}) for name, top in most}
    return with_losses(game, game.threat_losses, levels=levels)


def wide_shared_game(seed: int, *, stepped: bool = False, **sizes: int) -> mg.DefenseGame:
    """Draw a game over 18 orders of magnitude, with ties, zeros and prohibitive costs."""
    arrays = wide_arrays(seed, **sizes)
    random = np.random.default_rng([seed, 1])
    n = len(arrays["severity"])
    if random.random() < 0.3:  # every way of every loss needs the same bits
        arrays["bandwidth"] = np.full(n, arrays["bandwidth"][0])
    if stepped:
        arrays["levels"] = wide_steps(seed, arrays["max_level"])
    return mg.DefenseGame(**arrays, threat_losses=random.choice(LABELS, n).tolist())


def losses_of(game: mg.DefenseGame) -> list[list[int]]:
    """List the threats of each loss."""
    shared: dict[str, list[int]] = {}
    alone = []
    for threat, label in enumerate(game.threat_losses):
        if label:
            shared.setdefault(label, []).append(threat)
        else:
            alone.append([threat])
    return [*shared.values(), *alone]


def exact_response(
    residual: Sequence[Fraction],
    bits: Sequence[Fraction],
    losses: Sequence[Sequence[int]],
    budget: Fraction,
) -> Fraction:
    """Solve the attacker's linear program in fractions."""
    rows = [list(bits)]
    rows += [[Fraction(threat in ways) for threat in range(len(bits))] for ways in losses]
    return greatest_gain(rows, [budget, *[Fraction(1)] * len(losses)], list(residual))


def exact_worst_loss(
    game: mg.DefenseGame, levels: Sequence[float], bandwidth: float | None = None
) -> Fraction:
    """Compute the loss of the worst attack on an allocation (`independent`: to 400 bits)."""
    rows = np.asarray(game.effectiveness).tolist()
    exposures = [exact_exposure(game.composition, row, list(levels)) for row in rows]
    residual = [
        severity * exposure
        for severity, exposure in zip(_fractions(game.severity), exposures, strict=True)
    ]
    budget = Fraction(game.attacker_bandwidth if bandwidth is None else bandwidth)
    return exact_response(residual, _fractions(game.bandwidth), losses_of(game), budget)


def exact_shared_value(game: mg.DefenseGame, bandwidth: float | None = None) -> Fraction:
    """Compute the value of a continuous `additive` or `best_of` game in fractions.

    The attacker's side of the program: a weight for each cut of each threat, within the
    attacker's bits and once for each loss; prices of the limits and of the greatest levels.
    """
    effects, severity = as_fractions(game.effectiveness), _fractions(game.severity)
    bits, most = _fractions(game.bandwidth), _fractions(game.max_level)
    limited = np.flatnonzero(np.isfinite(game.limits)).tolist()
    losses, m = losses_of(game), game.n_defenses
    columns: list[list[Fraction]] = []
    gains: list[Fraction] = []
    for i, row in enumerate(effects):
        once = [Fraction(i in ways) for ways in losses]
        for anchor in {Fraction(0), *row} if game.composition == "best_of" else {Fraction(0)}:
            saved = [severity[i] * max(Fraction(0), effect - anchor) for effect in row]
            columns.append([bits[i], *once, *saved])
            gains.append(severity[i] * (1 - anchor))
    for row, limit in zip(
        as_fractions(game.use[limited]), _fractions(game.limits[limited]), strict=True
    ):
        columns.append([Fraction(0)] * (1 + len(losses)) + [-amount for amount in row])
        gains.append(-limit)
    for j in range(m):
        columns.append([Fraction(0)] * (1 + len(losses)) + [Fraction(-(k == j)) for k in range(m)])
        gains.append(-most[j])
    budget = Fraction(game.attacker_bandwidth if bandwidth is None else bandwidth)
    right = [budget, *[Fraction(1)] * len(losses), *[Fraction(0)] * m]
    return greatest_gain([list(row) for row in zip(*columns, strict=True)], right, gains)


def value_by_linprog(game: mg.DefenseGame) -> float:
    """Compute the value of a continuous `additive` or `best_of` game by SciPy, as one program.

    Variables: levels ``x``, the price ``lam``, a surplus for each loss, and for `best_of` the
    parts ``z[i, j] <= x[j]`` of threat ``i`` that defense ``j`` covers.
    """
    n, m, losses = game.n_threats, game.n_defenses, losses_of(game)
    parts = n * m if game.composition == "best_of" else 0
    width = m + 1 + len(losses) + parts
    cost, rows, right = np.zeros(width), [], []
    cost[m], cost[m + 1 : m + 1 + len(losses)] = game.attacker_bandwidth, 1.0
    for loss, ways in enumerate(losses):
        for i in ways:
            row = np.zeros(width)
            row[m], row[m + 1 + loss] = -game.bandwidth[i], -1.0
            here = slice(width - parts + i * m, width - parts + (i + 1) * m) if parts else slice(m)
            row[here] = -game.severity[i] * game.effectiveness[i]
            rows.append(row)
            right.append(-game.severity[i])
            if parts:
                once = np.zeros(width)
                once[here] = 1.0
                below = np.zeros((m, width))
                below[:, here], below[:, :m] = np.eye(m), -np.eye(m)
                rows += [once, *below]
                right += [1.0, *[0.0] * m]
    for used, limit in zip(game.use, game.limits, strict=True):
        if np.isfinite(limit):
            rows.append(np.append(used, np.zeros(width - m)))
            right.append(limit)
    bounds = [(0.0, top) for top in game.max_level.tolist()] + [(0.0, None)] * (width - m)
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = scipy.optimize.linprog(
        cost, A_ub=np.array(rows), b_ub=right, bounds=bounds, method="highs", options=options
    )
    hypothesis.assume(found.status == 0)
    return float(found.fun)


def independent_value_by_cvxpy(game: mg.DefenseGame) -> float:
    """Compute the value of a continuous `independent` game by CVXPY and Clarabel."""
    import cvxpy as cp

    losses = losses_of(game)
    unit = float(game.severity.max()) or 1.0
    depths = -np.log1p(-np.asarray(game.effectiveness))
    level, price = cp.Variable(game.n_defenses), cp.Variable(nonneg=True)
    surplus = cp.Variable(len(losses), nonneg=True)
    through = cp.multiply(game.severity / unit, cp.exp(-depths @ level))
    loss_of = np.array([[float(i in ways) for ways in losses] for i in range(game.n_threats)])
    limited = np.isfinite(game.limits)
    constraints = [price * game.bandwidth + loss_of @ surplus >= through]
    constraints += [level >= 0, level <= game.max_level]
    if limited.any():
        constraints.append(game.use[limited] @ level <= game.limits[limited])
    total = game.attacker_bandwidth * price + cp.sum(surplus)
    problem = cp.Problem(cp.Minimize(total), constraints)
    problem.solve(solver=cp.CLARABEL)
    hypothesis.assume(problem.status == cp.OPTIMAL)
    return float(problem.value) * unit


def step_choices(game: mg.DefenseGame) -> Iterator[tuple[float, ...]]:
    """List the choices of levels within the limits; every defense is stepped."""
    limits = [limit if np.isfinite(limit) else None for limit in game.limits.tolist()]
    for levels in itertools.product(*(steps.tolist() for steps in game.level_rules.levels)):
        used = [sum(map(_product, row, levels)) for row in game.use.tolist()]
        if all(
            limit is None or total <= Fraction(limit) * (1 + Fraction(1, 10**12))
            for total, limit in zip(used, limits, strict=True)
        ):
            yield levels


def best_of_all_steps(game: mg.DefenseGame) -> Fraction | None:
    """Find the value of a game with stepped defenses by trying every choice; None if none fits."""
    return min((exact_worst_loss(game, levels) for levels in step_choices(game)), default=None)


def scale(game: mg.DefenseGame, value: Fraction) -> Fraction:
    """Return the amount that a tolerance is relative to."""
    return max(value, Fraction(1e-6 * float(game.severity.max(initial=0.0)))) or Fraction(1)


def _product(amount: float, level: float) -> Fraction:
    return Fraction(amount) * Fraction(level)


def _fractions(numbers) -> list[Fraction]:
    return [Fraction(number) for number in np.asarray(numbers, dtype=float).tolist()]
