"""Checks of each kind of proof: a certificate, or a tree of certificates over boxes of levels."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch

import numpy as np

from mfmgame.answers.solution import Solution, scale_of
from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.certificates.proof import Proof
from mfmgame.certificates.tree_certificate import TreeProof
from mfmgame.game.feasibility import held_game
from mfmgame.game.game import DefenseGame
from mfmgame.game.level_rules import Box
from mfmgame.verification.agreement import Pointer, refuse
from mfmgame.verification.bounds import ExactGame

__all__ = ["check_held", "proven"]


def proven(
    pointer: Pointer, prices: Pointer, proof: Proof, exact: ExactGame, budget: float
) -> Fraction:
    """Check a proof, and return the lower bound that follows.

    Parameters
    ----------
    pointer : tuple
        Where the proof is claimed.
    prices : tuple
        Where the prices of the proof are claimed.
    proof : Certificate or TreeProof
        A tree if and only if the game has stepped defenses.
    exact : ExactGame
    budget : float
        The attacker's bandwidth, in bits.

    Returns
    -------
    Fraction
        In loss units.

    Raises
    ------
    CertificateError
        If the proof is invalid.
    """
    if proof.is_by_cases is not exact.game.is_discrete:
        expected = "the tree of a proof by cases" if exact.game.is_discrete else "no tree"
        raise refuse((*pointer, "tree"), f"expected {expected}")
    return _proven(proof, pointer, prices, exact, budget)


@singledispatch
def _proven(
    proof: Proof, pointer: Pointer, prices: Pointer, exact: ExactGame, budget: float
) -> Fraction:
    """Check one kind of proof and return its lower bound; refuse unknown kinds."""
    del prices, exact, budget
    raise refuse(pointer, f"found a {type(proof).__name__}, expected a proof that can be checked")


@_proven.register(Certificate)
def _(
    proof: Certificate, pointer: Pointer, prices: Pointer, exact: ExactGame, budget: float
) -> Fraction:
    exact.check_certificate((*pointer, "cuts"), prices, proof, budget)
    return exact.lower(proof, budget, exact.game.limits)


@_proven.register(TreeProof)
def _(
    tree: TreeProof, pointer: Pointer, prices: Pointer, exact: ExactGame, budget: float
) -> Fraction:
    """Take the least bound over the leaves of a tree, once they cover every allocation."""
    game, bounds, used = exact.game, [], set()
    for number, proof in enumerate(tree.proofs):
        place = (*pointer, "proofs", number)
        exact.check_certificate((*place, "cuts"), (*place, "limits"), proof, budget)
    try:
        leaves = list(tree.leaves(game))
    except ValueError as error:
        place = (*pointer, "tree", int(error.args[0]))
        raise refuse(place, "expected a tree of splits between levels, in preorder") from None
    for where, box, leaf in leaves:
        place = (*pointer, "tree", where)
        if leaf is None:
            if box is not None and not _is_empty(game, box):
                raise refuse(place, "found no proof, expected one: allocations lie there")
        elif not 0 <= leaf < len(tree.proofs):
            raise refuse((*place, "proof"), f"found {leaf}, expected the position of a proof")
        else:
            used.add(leaf)
            if box is not None:
                bounds.append(exact.lower(tree.proofs[leaf], budget, game.kept_limits, box))
    if len(used) < len(tree.proofs):
        raise refuse((*pointer, "proofs"), "found a proof that no leaf uses, expected none")
    if not bounds:
        raise refuse((*pointer, "tree"), "found no allocation in any part, expected one")
    return max(Fraction(0), min(bounds))


def _is_empty(game: DefenseGame, box: Box) -> bool:
    """Whether even the least levels of a box exceed a limit."""
    least = [Fraction(level) for level in box[0].tolist()]
    return any(
        np.isfinite(limit)
        and sum((Fraction(u) * x for u, x in zip(use, least, strict=True)), Fraction(0))
        > Fraction(limit)
        for use, limit in zip(game.use.tolist(), game.kept_limits.tolist(), strict=True)
    )


def check_held(solution: Solution) -> None:
    """Check the prices of a solution with stepped defenses: of its game with the steps held.

    Raises
    ------
    CertificateError
        If they prove less of the game of continuous defenses than the bracket claims.
    """
    proof = solution.certificate.priced
    held = ExactGame(held_game(solution.game, solution.allocation.array))
    cuts: Pointer = ("certificate", "cuts")
    budget = held.game.attacker_bandwidth
    held.check_certificate(cuts, ("prices", "limits"), proof, budget)
    lower = held.lower(proof, budget, held.game.limits)
    missing = solution.tolerance * scale_of(solution.game, solution.value)
    least = min(solution.lower, solution.value - missing)
    if lower < Fraction(least):
        raise refuse(cuts, "expected a proof of the value with the steps held")
