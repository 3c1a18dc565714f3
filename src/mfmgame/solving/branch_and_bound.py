"""Branch and bound over stepped defenses, and the tree that proves the optimum.

The master program of the continuous game within a *box* of levels bounds the box from
below; all boxes share the same cuts. Where the master's point leaves a stepped defense
between two of its levels, the box is split there in two; otherwise the point is an
allocation, and its own cuts make the bound sharp. A box is finished once its bound reaches
the loss of the best known allocation [1]_. The result is a tree whose leaves, each with its
certificate, cover every allocation: the least of their bounds holds for the game.

References
----------
.. [1] A. H. Land, A. G. Doig, "An automatic method of solving discrete programming
   problems", Econometrica 28 (1960).
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mfmgame.answers.solution import scale_of
from mfmgame.certificates.duality_certificate import (
    Certificate,
    lower_bound,
    proved,
    trivial_certificate,
)
from mfmgame.certificates.tree_certificate import Split, TreeProof
from mfmgame.documents.result import Status
from mfmgame.game.attacker import BestResponse, best_response
from mfmgame.game.compositions import Composition
from mfmgame.game.feasibility import (
    is_within_limits,
    proportional_allocation,
    resource_cost,
    within_limits_beside,
)
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.game.symmetry import interchangeable_pairs
from mfmgame.numerics.arrays import FloatArray
from mfmgame.solving.cut_pool import CutPool
from mfmgame.solving.exact_program import exact_optimum

__all__ = ["BoxSearch"]


_AT_A_LEVEL = 1e-7
"""Distance from a level, relative to the greatest level, that counts as rounding."""
_LEAST_WEIGHT = 1e-3
"""Weight of a free defense in choosing which to split, relative to the dearest defense."""
_MAX_REFINEMENTS = 4
_FRACTIONAL_ROUNDS = 2
"""How many of a box's rounds may end at points between levels."""


@dataclass(eq=False)
class _Node:
    """A box of levels that may hold allocations, with its bound, proof and split."""

    box: Box
    bound: float
    proof: Callable[[], Certificate]
    point: FloatArray
    split: Split | None = None
    parts: tuple[_Node | None, ...] = ()


class BoxSearch:
    """Branch and bound over boxes of levels, on one warm master.

    Parameters
    ----------
    game : DefenseGame
        With stepped defenses.
    composition : Composition
        Bound to the game's effectiveness matrix.
    cuts : CutPool
        Cuts of the game, or of a game that differs in bandwidth and limits only.
    tolerance : float
        Relative width of the bracket at which the search stops.
    deadline : float
        Time on the monotonic clock at which to stop, once there is an allocation.
    cutoff : float
        Loss below which an allocation is of interest.
    box : tuple of two ndarrays of float, shape (n_defenses,), optional
        Least and greatest levels of the search; all levels by default.
    ordered : bool
        Whether to search only allocations in which the first of two interchangeable defenses
        has at least the level of the second.
    max_rounds : int, optional
        Solves of the master program after which to give up.
    first : bool
        Whether to stop at the first allocation below the cutoff.

    Attributes
    ----------
    allocation : ndarray of float, shape (n_defenses,)
        The best allocation found; meaningless while `response` is None.
    response : BestResponse or None
        Best response to the allocation; None until an allocation is found.
    rounds : int
        Solves of the master program.
    """

    allocation: FloatArray
    response: BestResponse | None = None
    rounds: int = 0

    def __init__(
        self,
        game: DefenseGame,
        composition: Composition,
        cuts: CutPool,
        *,
        tolerance: float,
        deadline: float = math.inf,
        cutoff: float = math.inf,
        box: Box | None = None,
        ordered: bool = True,
        max_rounds: int | None = None,
        first: bool = False,
    ) -> None:
        self._game, self._rules = game, game.level_rules
        self._composition, self._cuts = composition, cuts
        self._tolerance, self._deadline, self._cutoff = tolerance, deadline, cutoff
        self._twins = interchangeable_pairs(game) if ordered else ()
        whole = game.level_rules.full_box(game.max_level)
        self._box = whole if box is None else self._closed(box)
        self._max_rounds, self._first = max_rounds, first
        self._stepped = game.level_rules.stepped
        cost = resource_cost(game)
        self._weight = cost + (_LEAST_WEIGHT * float(cost.max(initial=0.0)) or 1.0)
        self._free = ~game.use.any(axis=0) & ~self._stepped
        self.allocation = proportional_allocation(game)
        self._scale = self._worst_attack(self.allocation)[1].loss
        self._root: _Node | None = None
        self._has_landed = False

    @property
    def loss(self) -> float:
        """Loss of the worst attack on the best allocation, or the cutoff before there is one."""
        return self._cutoff if self.response is None else self.response.loss

    def run(self) -> None:
        """Search until the bounds meet or time is up."""
        if not len(self._cuts):
            self._cuts.extend(self.allocation, *self._worst_attack(self.allocation), None)
        self._root = None if self._box is None else self._bounded(self._box)
        waiting = [(0.0, 0, self._root)] if self._root else []
        count = 0
        while waiting and not self._is_over:
            node: _Node | None = heapq.heappop(waiting)[2]
            while node and not self._is_over and node.bound < self._enough and self._split(node):
                parts = sorted((part for part in node.parts if part), key=lambda part: part.bound)
                # Depth first until there is an allocation; best bound first after that.
                node = parts.pop(0) if parts and not self._has_landed else None
                for part in parts:
                    count += 1
                    heapq.heappush(waiting, (part.bound, count, part))

    def proof(self, held: Certificate) -> TreeProof:
        """Build the proof from the tree so far, each leaf with its certificate."""
        nodes: list[Split | int | None] = []
        proofs: list[Certificate] = []
        stack = [self._root]
        while stack:
            node = stack.pop()
            if node is None:
                nodes.append(None)
            elif node.split is None:
                nodes.append(len(proofs))
                proofs.append(node.proof())
            else:
                nodes.append(node.split)
                stack += reversed(node.parts)
        return TreeProof(tuple(nodes), tuple(proofs), held)

    @property
    def stopped(self) -> Status:
        """Reason why the search stopped, if the bounds have not met."""
        if self._max_rounds is not None and self.rounds >= self._max_rounds:
            return "round_limit"
        return "time_limit" if time.monotonic() > self._deadline else "numerical"

    @property
    def _is_over(self) -> bool:
        """Whether to stop: an allocation is known and suffices or time is up, or rounds ran out."""
        done = self.response is not None and (self._first or time.monotonic() > self._deadline)
        return done or (self._max_rounds is not None and self.rounds >= self._max_rounds)

    @property
    def _enough(self) -> float:
        """Lower bound at which a box cannot improve the best loss by over half the tolerance."""
        if math.isinf(self.loss):
            return math.inf
        return self.loss - 0.5 * self._tolerance * scale_of(self._game, self.loss)

    def _bounded(self, box: Box) -> _Node | None:
        """Bound a box; return None if no allocation in the box keeps within the limits."""
        game, node = self._game, None
        if not is_within_limits(game, box[0]):
            return None
        between = refinements = 0
        for _ in range(self._composition.most_rounds):
            unit = scale_of(game, min(self.loss, self._scale))
            improve = self._cuts.sharpen if refinements else self._cuts.solve
            point = improve(game, unit, box)
            self.rounds += 1
            if point is None:
                break
            bound = game.attacker_bandwidth * point.price + float(point.surplus.sum())
            levels = np.where(self._free, game.max_level, np.clip(point.allocation, *box))
            node = _Node(box, bound, self._cuts.proof(point, game), levels)
            if bound >= self._enough and self._is_proven(node):
                break
            allocation = self._meant(levels)
            between += allocation is None
            tried = levels if allocation is None else allocation
            residual, response = self._worst_attack(tried)
            self._has_landed |= allocation is not None
            if self.response is None and allocation is None:
                self._keep_lower(levels)
            if allocation is not None and response.loss < self.loss:
                self.allocation, self.response = allocation, response
                if node.bound >= self._enough and self._is_proven(node):
                    break
            if between > _FRACTIONAL_ROUNDS:
                break
            if self._cuts.extend(tried, residual, response, point):
                refinements = 0
            elif allocation is not None and refinements < _MAX_REFINEMENTS:
                refinements += 1
            else:
                break
        return node or self._unbounded(box)

    def _keep_lower(self, levels: FloatArray) -> None:
        """Keep the allocation at the steps below a point, if the rules and limits allow."""
        lower = self._rules.rounded_down(levels)
        if self._rules.allows(lower) and is_within_limits(self._game, lower):
            response = self._worst_attack(lower)[1]
            if response.loss < self.loss:
                self.allocation, self.response = lower, response

    def _unbounded(self, box: Box) -> _Node:
        """Build a node without a bound, for a box on which HiGHS gave up."""
        return _Node(box, 0.0, lambda: trivial_certificate(self._game), 0.5 * (box[0] + box[1]))

    def _is_proven(self, node: _Node) -> bool:
        """Check whether a certificate proves that a box holds no improvement."""
        certificate = node.proof()
        node.proof = lambda: certificate
        node.bound = lower_bound(self._game, self._composition, certificate, node.box)
        return node.bound >= self._enough

    def _meant(self, levels: FloatArray) -> FloatArray | None:
        """Return the allocation at a point, up to rounding; None if the point is no allocation."""
        game = self._game
        meant = self._rules.nearest_levels(levels)
        if np.any(np.abs(meant - levels) > _AT_A_LEVEL * game.max_level):
            return None
        if not self._rules.allows(meant):
            return None
        kept = within_limits_beside(game, meant, self._stepped)
        return kept if is_within_limits(game, kept) else None

    def _split(self, node: _Node) -> bool:
        """Split a box at the costliest defense far between levels; return False if none is left."""
        least, greatest = node.box
        open_ones = np.flatnonzero(self._stepped & (greatest > least))
        if not len(open_ones):
            self._close(node)
            return False
        score = self._rules.distance_to_levels(node.point) * self._weight
        furthest = int(open_ones[score[open_ones].argmax()])
        below, above = self._rules.adjacent_levels(furthest, float(node.point[furthest]), node.box)
        down, up = (least, greatest.copy()), (least.copy(), greatest)
        down[1][furthest], up[0][furthest] = below, above
        boxes = [self._closed(part) for part in (down, up)]
        parts = tuple(None if box is None else self._bounded(box) for box in boxes)
        # Set both together: an interruption leaves either both or neither.
        node.split, node.parts = Split(furthest, below), parts
        return True

    def _close(self, node: _Node) -> None:
        """Prove a box without choices in rational arithmetic, where floating point left a gap."""
        if self._is_proven(node):
            return
        slack = 0.1 * self._tolerance * scale_of(self._game, self.loss)
        exact = exact_optimum(self._game, self._composition, *self._cuts.singles, slack, node.box)
        if exact is not None:
            before, bound = node.proof, node.bound
            node.proof = lambda: proved(self._game, self._composition, exact[1])
            if not self._is_proven(node) and node.bound < bound:
                node.proof, node.bound = before, bound

    def _closed(self, box: Box) -> Box | None:
        return self._rules.tightened(box, self._twins)

    def _worst_attack(self, levels: FloatArray) -> tuple[FloatArray, BestResponse]:
        game = self._game
        residual = game.severity * self._composition.exposure(levels)
        return residual, best_response(residual, game.ways, game.attacker_bandwidth)
