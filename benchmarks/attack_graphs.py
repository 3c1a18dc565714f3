"""Time and memory of games on attack graphs with more paths than can be listed.

``python -m benchmarks.attack_graphs`` solves a layered graph, every node of a layer linked to every
node of the next, at two tolerances, and sweeps its value over the attacker's bandwidth; the
arguments ``WIDTH LAYERS`` take another size. Compiling the search is part of the first time.
"""

import resource
import sys
import time

import numpy as np

import mfmgame as mg

TECHNIQUES, DEFENSES, GOALS = 200, 40, 10


def layered_game(width: int, layers: int, seed: int = 0) -> mg.GraphGame:
    """Draw a layered graph, with bandwidths in quarter bits."""
    generator = np.random.default_rng(seed)
    first = np.arange(layers - 1).repeat(width * width) * width
    tail = first + np.tile(np.arange(width).repeat(width), layers - 1)
    head = first + width + np.tile(np.arange(width), width * (layers - 1))
    node_loss = np.full(width * layers, -1)
    goals = generator.choice(width, GOALS, replace=False) + width * (layers - 1)
    node_loss[goals] = np.arange(GOALS)
    graph = mg.AttackGraph(
        n_nodes=width * layers,
        tail=tail,
        head=head,
        technique=generator.integers(0, TECHNIQUES, len(tail)),
        bandwidth=generator.integers(1, 33, len(tail)) / 4,
        entries=np.arange(width),
        node_loss=node_loss,
        severity=generator.uniform(50.0, 2000.0, GOALS),
    )
    shares = generator.uniform(0.05, 0.9, (TECHNIQUES, DEFENSES))
    cost = generator.uniform(1.0, 5.0, DEFENSES)
    techniques = mg.DefenseGame(
        severity=np.zeros(TECHNIQUES),
        bandwidth=np.zeros(TECHNIQUES),
        effectiveness=np.where(generator.random(shares.shape) < 0.3, shares, 0.0),
        attacker_bandwidth=40.0,
        use={"budget": cost},
        limits={"budget": 0.05 * cost.sum()},
        composition="independent",
        termination_loss=20.0,
    )
    edges = [str(edge) for edge in range(len(tail))]
    nodes = [str(node) for node in range(graph.n_nodes)]
    return mg.GraphGame(graph, techniques, nodes, edges, [f"loss {k}" for k in range(GOALS)])


def main(width: int = 73, layers: int = 20, *, is_swept: bool = True) -> None:
    """Print one line per measurement."""
    game = layered_game(width, layers)
    print(f"{game.graph.n_edges:,} edges, {float(width) ** layers:.0e} paths, {DEFENSES} defenses")
    for tolerance in (1e-6, 1e-9):
        start = time.perf_counter()
        solution = mg.solve_graph(game, tolerance=tolerance)
        spent = time.perf_counter() - start
        print(
            f"solve to {tolerance:.0e}: {spent:.1f} s, value {solution.value:.6g}, gap "
            f"{solution.gap:.1e}, {solution.rounds} rounds, {len(solution.listed)} paths used"
        )
    start = time.perf_counter()
    proven = mg.verify_graph(solution, game)
    print(f"verify: {time.perf_counter() - start:.1f} s, gap {proven.gap:.1e}")
    if is_swept:
        start = time.perf_counter()
        frontier = mg.sweep_graph(game)
        spent = time.perf_counter() - start
        print(f"sweep: {spent:.1f} s, {frontier.n_solves} solves, gap {frontier.gap:.1e}")
        start = time.perf_counter()
        threshold = mg.graph_threshold(game)
        print(f"threshold: {time.perf_counter() - start:.1f} s, {threshold.bandwidth} bits")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    main(*arguments, is_swept=not arguments)
