"""The paths that a search has met, as the threats of an ordinary game."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable

import numpy as np

from mfmgame.game.game import DefenseGame
from mfmgame.game.shared_losses import SharedLosses
from mfmgame.numerics.arrays import FloatArray, IntArray
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.path_composition import PathComposition

__all__ = ["ListedPaths"]


_ALMOST_ALL = math.nextafter(1.0, 0.0)


class ListedPaths:
    """Paths by number, in the order in which they were met.

    Parameters
    ----------
    game : GraphGame

    Attributes
    ----------
    paths : list of tuple of int
        Edges of each path.
    losses : list of int
        Number of the loss at the end of each path.
    """

    def __init__(self, game: GraphGame) -> None:
        self._game = game
        self._number: dict[tuple[int, tuple[int, ...]], int] = {}
        self._bandwidth = np.empty(64)
        self._depths = np.empty((64, game.techniques.n_defenses))
        self.paths: list[tuple[int, ...]] = []
        self.losses: list[int] = []

    def some(self, numbers: IntArray) -> ListedPaths:
        """List some of the paths, in the given order.

        Parameters
        ----------
        numbers : ndarray of int, shape (n_some,)

        Returns
        -------
        ListedPaths
        """
        other, chosen = ListedPaths(self._game), numbers.tolist()
        other.numbers([self.losses[k] for k in chosen], [self.paths[k] for k in chosen])
        return other

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def bandwidth(self) -> FloatArray:
        """Bits of each path, rounded up, shape (n_paths,)."""
        return self._bandwidth[: len(self)]

    @property
    def depths(self) -> FloatArray:
        """Depth of each path by each defense at level 1, shape (n_paths, n_defenses)."""
        return self._depths[: len(self)]

    @property
    def severity(self) -> FloatArray:
        """Loss at the end of each path, in loss units, shape (n_paths,)."""
        return self._game.graph.severity[np.array(self.losses, dtype=np.intp)]

    @property
    def path_ids(self) -> tuple[str, ...]:
        """Nodes along each path as text; a number tells parallel paths apart."""
        seen: dict[str, int] = {}
        ids = []
        for number, loss in enumerate(self.losses):
            nodes = self.node_ids(number)
            plain = " -> ".join(nodes) if nodes else self._game.loss_ids[loss]
            seen[plain] = seen.get(plain, 0) + 1
            ids.append(plain if seen[plain] == 1 else f"{plain} #{seen[plain]}")
        return tuple(ids)

    def node_ids(self, number: int) -> tuple[str, ...]:
        """Name the nodes along a path.

        Parameters
        ----------
        number : int

        Returns
        -------
        tuple of str
        """
        graph, edges = self._game.graph, list(self.paths[number])
        if edges:
            nodes = [int(graph.tail[edges[0]]), *graph.head[edges].tolist()]
        else:
            ends = graph.entries[graph.node_loss[graph.entries] == self.losses[number]]
            nodes = ends[:1].tolist()
        return tuple(self._game.node_ids[node] for node in nodes)

    def numbers(self, losses: Iterable[int], paths: Iterable[tuple[int, ...]]) -> IntArray:
        """Return the numbers of paths to losses, listing new paths.

        Parameters
        ----------
        losses : iterable of int
        paths : iterable of tuple of int

        Returns
        -------
        ndarray of int, shape (n_given,)
        """
        return np.array(
            [self._listed(*pair) for pair in zip(losses, paths, strict=True)], dtype=np.intp
        )

    def composition(self) -> PathComposition:
        """Bind the composition to the paths listed so far.

        Returns
        -------
        PathComposition
        """
        technique = self._game.graph.technique
        steps = [technique[list(path)] for path in self.paths]
        return PathComposition(self._game.composition, self.depths, steps)

    def game(self, attacker_bandwidth: float) -> DefenseGame:
        """Build the game of the paths listed so far, the paths to one loss as its ways.

        Parameters
        ----------
        attacker_bandwidth : float
            In bits.

        Returns
        -------
        DefenseGame
        """
        ids = self.path_ids
        game = copy.copy(self._game.techniques)
        game.threat_noun = "path"
        game.severity, game.bandwidth = self.severity, self.bandwidth
        game.effectiveness = np.minimum(-np.expm1(-self.depths), _ALMOST_ALL)
        game.threat_ids = ids
        game.threat_losses = tuple(self._game.loss_ids[loss] for loss in self.losses)
        game.shared_losses = SharedLosses.by_label(game.threat_losses)
        game.threat_classes = ("unclassified",) * len(self)
        game.threat_names = ("",) * len(self)
        return game.with_attacker_bandwidth(attacker_bandwidth)

    def _listed(self, loss: int, path: tuple[int, ...]) -> int:
        number = self._number.setdefault((loss, path), len(self))
        if number < len(self):
            return number
        if number == len(self._bandwidth):
            self._bandwidth = np.append(self._bandwidth, np.empty(number))
            self._depths = np.append(self._depths, np.empty_like(self._depths), axis=0)
        graph, edges = self._game.graph, list(path)
        self._bandwidth[number] = _sum_up(graph.bandwidth[edges].tolist())
        self._depths[number] = self._game.depths[graph.technique[edges]].sum(axis=0)
        self.paths.append(path)
        self.losses.append(loss)
        return number


def _sum_up(numbers: list[float]) -> float:
    """Add numbers, rounding up."""
    total = math.fsum(numbers)
    return math.nextafter(total, math.inf) if math.fsum([*numbers, -total]) > 0.0 else total
