"""Random games for property tests: small, and mostly degenerate."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mfmgame as mg

mg.DefenseGame  # noqa: B018 - imported now, not while numbers are drawn

# A grid of few values gives ties, duplicates and zeros; floats give all other values.
SHARES = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0.0, 1.0, width=32))
AMOUNTS = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.0]), st.floats(0.0, 8.0, width=32))


def _array(elements, *shape):
    return hnp.arrays(np.float64, shape, elements=elements.map(_without_specks))


def _without_specks(number: float) -> float:
    """Round tiny numbers to 0: references with absolute tolerances cannot tell them from 0."""
    return 0.0 if number < 1e-3 else number


@st.composite
def games(
    draw, composition: str, max_threats: int = 8, max_defenses: int = 5, shared: bool = False
) -> mg.DefenseGame:
    """Draw games of continuous levels; if `shared`, threats may share two losses."""
    n = draw(st.integers(1, max_threats))
    m = draw(st.integers(1, max_defenses))
    effectiveness = draw(_array(SHARES, n, m))
    if composition == "independent":
        effectiveness = np.minimum(effectiveness, 0.95)
    severity, bandwidth = draw(_array(AMOUNTS, n)), draw(_array(AMOUNTS, n))
    if n > 1 and draw(st.booleans()):  # a duplicate threat
        effectiveness[1], severity[1], bandwidth[1] = effectiveness[0], severity[0], bandwidth[0]
    resources = draw(st.sampled_from([(), ("budget",), ("budget", "bandwidth")]))
    limits = {name: draw(AMOUNTS.map(_without_specks)) for name in resources if draw(st.booleans())}
    return mg.DefenseGame(
        severity=severity,
        bandwidth=bandwidth,
        effectiveness=effectiveness,
        attacker_bandwidth=draw(
            st.one_of(AMOUNTS.map(_without_specks), st.just(float(bandwidth.sum())))
        ),
        use={name: draw(_array(AMOUNTS, m)) for name in resources},
        limits=limits,
        max_level=draw(_array(st.sampled_from([0.0, 0.5, 1.0, 1.0, 3.0]), m)),
        composition=composition,
        threat_losses=[draw(st.sampled_from(["a", "b", ""])) for _ in range(n)] if shared else None,
    )


@st.composite
def stepped_games(
    draw, composition: str, max_threats: int = 6, max_defenses: int = 5, all_stepped: bool = False
) -> mg.DefenseGame:
    """Draw games with stepped defenses, rules between them, and sometimes a continuous one."""
    game = draw(games(composition, max_threats, max_defenses))
    levels = {}
    for name, most in zip(game.defense_ids, game.max_level.tolist(), strict=True):
        shapes = [[0.0, 1.0], [0.0, 0.5, 1.0], [0.25, 1.0], [0.0, 0.1, 0.7], [1.0]]
        shape = draw(st.sampled_from(shapes if all_stepped or levels else shapes[:2]))
        if all_stepped or not levels or draw(st.integers(0, 3)):
            levels[name] = sorted({share * most for share in shape})
    stepped, requires, groups = st.sampled_from(sorted(levels)), {}, []
    if len(levels) > 1 and draw(st.booleans()):
        one, other = draw(st.lists(stepped, min_size=2, max_size=2, unique=True))
        requires[one] = [other]
    if len(levels) > 1 and draw(st.booleans()):
        members = draw(st.lists(stepped, min_size=1, unique=True))
        at_least = draw(st.sampled_from([0, 0, 1]))
        at_most = draw(st.integers(at_least, len(members)))
        groups.append(mg.DefenseGroup(members, at_least, at_most))
    limits = dict(zip(game.resources, game.limits.tolist(), strict=True))
    return mg.DefenseGame(
        severity=game.severity,
        bandwidth=game.bandwidth,
        effectiveness=game.effectiveness,
        attacker_bandwidth=game.attacker_bandwidth,
        use=dict(zip(game.resources, game.use, strict=True)),
        limits={name: limit for name, limit in limits.items() if np.isfinite(limit)},
        max_level=game.max_level,
        composition=composition,
        levels=levels,
        requires=requires,
        groups=groups,
    )
