"""The graph game of a scenario."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mfmgame.catalogs.scenario_entries import Entries, resolve
from mfmgame.documents.base import refuse
from mfmgame.documents.catalog import Catalog, Threat
from mfmgame.documents.scenario import Scenario
from mfmgame.errors import SpecificationError
from mfmgame.game.scenario_game import game_of_entries
from mfmgame.messages import refuse_other_types
from mfmgame.paths.attack_graph import AttackGraph
from mfmgame.paths.graph_game import GraphGame

__all__ = ["build_graph_game"]


def build_graph_game(scenario: Scenario, catalog: Catalog | None = None) -> GraphGame:
    """Build the graph game of a scenario with a graph.

    Parameters
    ----------
    scenario : Scenario
        From :func:`mfmgame.load_scenario`, or built from a dictionary.
    catalog : Catalog, optional
        Catalog to use in place of the one that the scenario names.

    Returns
    -------
    GraphGame

    Raises
    ------
    SpecificationError
        If the scenario has no graph or has other threats, refers to a missing entry, or has
        stepped defenses.

    Examples
    --------
    >>> import mfmgame as mg
    >>> mg.build_graph_game(mg.load_scenario("examples/attack_graph.json")).graph.n_edges
    7
    """
    refuse_other_types(scenario, "scenario", Scenario)
    entries = resolve(scenario, catalog)
    try:
        if scenario.graph is None:
            raise refuse((), "found no 'graph', expected a scenario with one")
        if entries.threats:
            raise refuse(
                ("catalog",),
                f"brings {len(entries.threats)} threats beside a graph, expected none: its paths "
                "are the threats",
            )
        # The techniques in place of threats give the same labels, limits and plans.
        threats = [
            Threat(id=technique.id, name=technique.name, severity=0.0, bandwidth=0.0)
            for technique in entries.techniques
        ]
        framed = replace(
            entries, threats=threats, effectiveness=entries.technique_effectiveness, steps=()
        )
        techniques = game_of_entries(scenario, framed)
        techniques.bases = None
        return GraphGame(
            _graph(scenario, entries),
            techniques,
            [node.id for node in scenario.graph.nodes],
            scenario.graph.edge_ids,
            [loss.id for loss in entries.losses],
        )
    except SpecificationError as error:
        raise scenario.located(error) from None


def _graph(scenario: Scenario, entries: Entries) -> AttackGraph:
    """Number the nodes, techniques and losses of a graph."""
    entry = scenario.graph
    assert entry is not None
    nodes = {node.id: place for place, node in enumerate(entry.nodes)}
    techniques = {technique.id: place for place, technique in enumerate(entries.techniques)}
    losses = {loss.id: place for place, loss in enumerate(entries.losses)}
    own = [technique.bandwidth for technique in entries.techniques]
    technique = [techniques[edge.technique] for edge in entry.edges]
    bandwidth = [
        own[place] if edge.bandwidth is None else edge.bandwidth
        for edge, place in zip(entry.edges, technique, strict=True)
    ]
    return AttackGraph(
        n_nodes=len(nodes),
        tail=np.array([nodes[edge.tail] for edge in entry.edges], dtype=np.intp),
        head=np.array([nodes[edge.head] for edge in entry.edges], dtype=np.intp),
        technique=np.array(technique, dtype=np.intp),
        bandwidth=np.array(bandwidth, dtype=np.float64),
        entries=np.array([nodes[name] for name in entry.entries], dtype=np.intp),
        node_loss=np.array(
            [-1 if node.loss is None else losses[node.loss] for node in entry.nodes],
            dtype=np.intp,
        ),
        severity=np.array([loss.severity for loss in entries.losses], dtype=np.float64),
    )
