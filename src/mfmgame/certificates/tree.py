"""Proof of a lower bound where some levels are all-or-nothing: a tree of boxes.

Each split sends the allocations of a box two ways, by the level of one stepped defense; a
leaf either holds none that the rules and limits allow, or has a certificate of the
continuous game within its box. Every allocation ends in a leaf, so the least bound of the
leaves bounds the game. Of twins (:mod:`mfmgame.game.symmetry`), only the allocations count in which
the first has at least the level of the second: every other one is as good as one of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mfmgame.certificates.certificate import Certificate, lower_bound
from mfmgame.certificates.proof import Proof
from mfmgame.game.attacker import BestResponse
from mfmgame.game.compositions import Composition
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.game.symmetry import twins_of
from mfmgame.numerics.arrays import FloatArray

__all__ = ["Split", "TreeProof", "tree_bound", "with_best_held"]


@dataclass(frozen=True)
class Split:
    """Where a box is split: the allocations with a level up to one, and those above it.

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
        The tree in preorder: a split is followed by the tree of its lower part and by
        that of its upper part. A leaf is the position of its certificate, or None where
        no allocation lies.
    proofs : tuple of Certificate
    held : Certificate
        With every stepped defense at its level, that of the rest: its prices are what
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
        """What a unit of each resource saves, the steps held, shape (n_resources,)."""
        return self.held.limit_prices

    def leaves(self, game: DefenseGame) -> Iterator[tuple[int, Box | None, int | None]]:
        """Position of each leaf, its box if the rules leave one, and its certificate's.

        Raises
        ------
        ValueError
            If the nodes are not a tree of splits that a game of these defenses has; its
            argument is the position of the one that is wrong.
        """
        twins = twins_of(game)
        boxes = [game.level_rules.whole(game.max_level)]
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
    """The same tree; of all its certificates, the one that proves most of a game held at steps.

    That of the leaf in which these levels lie proves as much of it as of its box.
    """
    known = (proof.held, *proof.proofs)
    best = max(known, key=lambda certificate: lower_bound(held, composition, certificate))
    return replace(proof, held=best)


def _parts(
    game: DefenseGame, box: Box, split: Split, place: int, twins: tuple[tuple[int, int], ...]
) -> list[Box | None]:
    """Both parts of a box, each as small as the rules and the order of twins make it."""
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
        parts.append(rules.closed(ends, twins) if len(inside) else None)
    return parts


def tree_bound(game: DefenseGame, composition: Composition, proof: TreeProof) -> float:
    """Largest loss that a tree proves unavoidable.

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
