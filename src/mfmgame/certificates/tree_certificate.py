"""Tree proofs of lower bounds for games with stepped defenses.

Each split divides a box of allocations by the level of one stepped defense. A leaf either holds
no allocation that the rules and limits allow, or has a certificate of the continuous game within
its box. Every allocation ends in a leaf, so the least bound of the leaves bounds the game. For
twins (:mod:`mfmgame.game.symmetry`), only allocations in which the first has at least the level
of the second count: every other allocation is equivalent to one of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mfmgame.certificates.duality_certificate import Certificate, lower_bound
from mfmgame.certificates.proof import Proof
from mfmgame.game.attacker import BestResponse
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.game.symmetry import interchangeable_pairs
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Split", "TreeProof", "tree_bound", "with_best_held"]


@dataclass(frozen=True)
class Split:
    """Split of a box: levels of one defense up to a bound, and levels above it.

    Attributes
    ----------
    defense : int
    at_most : float
    """

    defense: int
    at_most: float


@dataclass(frozen=True, eq=False)
class TreeProof(Proof):
    """Proof of a lower bound on the value of a game with stepped defenses.

    Attributes
    ----------
    nodes : tuple of (Split, int or None)
        The tree in preorder: a split is followed by the trees of its lower and its upper part. A
        leaf is the position of its certificate in `proofs`, or None if it holds no allocation.
    proofs : tuple of Certificate
    held : Certificate
        Certificate of the game with every stepped defense held at its level: its prices are what
        one more unit of each resource then saves.
    """

    nodes: tuple[Split | int | None, ...]
    proofs: tuple[Certificate, ...]
    held: Certificate
    is_by_cases = True

    @property
    def priced(self) -> Certificate:
        return self.held

    def priced_by(self, certificate: Certificate) -> TreeProof:
        return replace(self, held=certificate)

    def bound(self, game: DefenseGame, composition: Composition) -> float:
        return tree_bound(game, composition, self)

    def attack(self, game: DefenseGame, response: BestResponse) -> FloatArray:
        del game
        return response.plan

    @property
    def limit_prices(self) -> FloatArray:
        """Loss that one more unit of each resource saves, steps held, shape (n_resources,)."""
        return self.held.limit_prices

    def leaves(self, game: DefenseGame) -> Iterator[tuple[int, Box | None, int | None]]:
        """Yield the position, box (None if empty) and certificate's position of each leaf.

        Raises
        ------
        ValueError
            If the nodes are not a valid tree of splits for this game; the argument is the
            position of the wrong node.
        """
        twins = interchangeable_pairs(game)
        boxes = [game.level_rules.full_box(game.max_level)]
        for place, node in enumerate(self.nodes):
            if not boxes:
                raise ValueError(place)
            box = boxes.pop()
            if not isinstance(node, Split):
                yield place, box, node
            elif box is None:
                boxes += [None, None]
            else:
                boxes += reversed(_parts(game, box, node, place, twins))
        if boxes:
            raise ValueError(len(self.nodes))


def with_best_held(held: DefenseGame, composition: Composition, proof: TreeProof) -> TreeProof:
    """Price a tree proof by the certificate that proves most of a game held at steps.

    The certificate of the leaf that contains these levels proves at least its leaf's bound.
    """
    known = (proof.held, *proof.proofs)
    best = max(known, key=lambda certificate: lower_bound(held, composition, certificate))
    return replace(proof, held=best)


def _parts(
    game: DefenseGame, box: Box, split: Split, place: int, twins: tuple[tuple[int, int], ...]
) -> list[Box | None]:
    """Split a box in two, each part as small as the rules and the order of twins allow."""
    rules, defense = game.level_rules, split.defense
    levels = rules.levels[defense] if 0 <= defense < game.n_defenses else None
    if levels is None:
        raise ValueError(place)
    lower, upper = levels[levels <= split.at_most], levels[levels > split.at_most]
    parts: list[Box | None] = []
    for side, within in ((1, lower), (0, upper)):
        ends = (box[0].copy(), box[1].copy())
        inside = within[(within >= box[0][defense]) & (within <= box[1][defense])]
        if len(inside):
            ends[side][defense] = inside[-1] if side else inside[0]
        parts.append(rules.tightened(ends, twins) if len(inside) else None)
    return parts


def tree_bound(game: DefenseGame, composition: Composition, proof: TreeProof) -> float:
    """Compute the largest loss that a tree proves unavoidable.

    Parameters
    ----------
    game : DefenseGame
    composition : Composition
        Bound to the game's effectiveness.
    proof : TreeProof

    Returns
    -------
    float
        In loss units; rounding errors included on the safe side.
    """
    bounds = [
        lower_bound(game, composition, proof.proofs[which], box)
        for _, box, which in proof.leaves(game)
        if which is not None and box is not None
    ]
    return max(0.0, min(bounds, default=0.0))
