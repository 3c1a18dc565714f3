"""Small attack graphs, and all of their simple paths."""

import numpy as np

import mfmgame as mg
from mfmgame.paths.attack_graph import AttackGraph
from mfmgame.paths.graph_game import GraphGame


def graph_game(edges, *, entries, goals, budget, shares=None, limit=1e9, shared=False, **options):
    """Build the game of edges (from, to, bits), each a technique that one defense stops."""
    nodes = list(dict.fromkeys([*entries, *(node for edge in edges for node in edge[:2]), *goals]))
    at = {node: place for place, node in enumerate(nodes)}
    node_loss = np.full(len(nodes), -1)
    node_loss[[at[node] for node in goals]] = np.arange(len(goals))
    if shared:
        node_loss[node_loss == 1] = 0
    graph = AttackGraph(
        len(nodes),
        np.array([at[tail] for tail, _, _ in edges], dtype=np.intp),
        np.array([at[head] for _, head, _ in edges], dtype=np.intp),
        np.arange(len(edges)),
        np.array([bits for *_, bits in edges]),
        np.array([at[node] for node in entries], dtype=np.intp),
        node_loss,
        np.array(list(goals.values())),
    )
    stopped = [0.5] * len(edges) if shares is None else shares
    techniques = mg.DefenseGame(
        severity=np.zeros(len(edges)),
        bandwidth=np.zeros(len(edges)),
        effectiveness=np.array(stopped, dtype=float).reshape(len(edges), -1),
        attacker_bandwidth=budget,
        use={"budget": np.ones(np.array(stopped).reshape(len(edges), -1).shape[1])},
        limits={"budget": limit},
        composition="independent",
        **options,
    )
    node_ids, edge_ids = list(map(str, nodes)), [f"e{k}" for k in range(len(edges))]
    return GraphGame(graph, techniques, node_ids, edge_ids, list(map(str, goals)))


def random_graph_game(generator, n_defenses=2, most_nodes=6, most_edges=12, **options):
    """Draw a graph with cycles, parallel edges, loops, and numbers that make ties and zeros."""
    n_nodes = int(generator.integers(2, most_nodes + 1))
    n_edges = int(generator.integers(1, most_edges + 1))
    ends = generator.integers(0, n_nodes, (n_edges, 2)).tolist()
    fine = generator.random() < 0.5
    bits = generator.random(n_edges) if fine else generator.integers(0, 4, n_edges) / 4
    shares = (
        generator.random((n_edges, n_defenses)) * 0.95
        if fine
        else generator.choice([0.0, 0.5, 0.75], (n_edges, n_defenses))
    )
    goals = generator.choice(n_nodes, int(generator.integers(1, n_nodes + 1)), replace=False)
    entries = generator.choice(n_nodes, int(generator.integers(1, 3)), replace=False)
    edges = [(tail, head, float(b)) for (tail, head), b in zip(ends, bits, strict=True)]
    severities = {int(goal): float(generator.integers(1, 9)) for goal in goals}
    options = {"budget": float(generator.integers(1, 9)) / 4, "limit": 1.0} | options
    options["shared"] = bool(generator.random() < 0.5)
    return graph_game(edges, entries=entries.tolist(), goals=severities, shares=shares, **options)


def simple_paths(graph):
    """List the loss and the edges of every path that visits no node twice."""
    losses, paths = [], []
    stack = [(int(entry), (), frozenset([int(entry)])) for entry in graph.entries]
    while stack:
        node, path, visited = stack.pop()
        if graph.node_loss[node] >= 0:
            losses.append(int(graph.node_loss[node]))
            paths.append(path)
        for edge in np.flatnonzero(graph.tail == node).tolist():
            head = int(graph.head[edge])
            if head not in visited:
                stack.append((head, (*path, edge), visited | {head}))
    return losses, paths


def listed_game(game):
    """Build the game of all simple paths, as threats that share the loss of their goal."""
    losses, paths = simple_paths(game.graph)
    frame, graph = game.techniques, game.graph
    through = 1.0 - frame.effectiveness[graph.technique]
    rows = [1.0 - through[list(path)].prod(axis=0) for path in paths]
    return mg.DefenseGame(
        severity=graph.severity[losses],
        bandwidth=[graph.bandwidth[list(path)].sum() for path in paths],
        effectiveness=np.array(rows).reshape(len(paths), frame.n_defenses),
        attacker_bandwidth=game.attacker_bandwidth,
        use=dict(zip(frame.resources, frame.use, strict=True)),
        limits=dict(zip(frame.resources, frame.limits, strict=True)),
        threat_losses=[str(loss) for loss in losses],
        composition="independent",
    )
