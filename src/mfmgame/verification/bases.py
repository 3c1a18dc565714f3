"""Check of what an answer claims to rest on."""

from __future__ import annotations

from collections.abc import Sequence

from mfmgame.answers.basis_summary import stated_bases
from mfmgame.answers.plan_evaluation import PlanEvaluation
from mfmgame.answers.solution import Solution
from mfmgame.documents.result import BasisShare
from mfmgame.verification.agreement import Pointer, check_equal, check_number, refuse

__all__ = ["check_bases"]


def check_bases(
    place: Pointer, claimed: Sequence[BasisShare] | None, answer: Solution | PlanEvaluation
) -> None:
    """Count the numbers of each basis and compute their shares again.

    Nothing is claimed by an earlier version, and a game built from arrays knows no bases.

    Raises
    ------
    CertificateError
        If any number does not follow.
    """
    if claimed is None or answer.game.bases is None:
        return
    found = stated_bases(answer)
    if found is None:
        raise refuse(place, "found bases, expected none, as no number states its basis")
    check_equal(place, len(claimed), len(found.numbers))
    for k, (entry, (basis, count)) in enumerate(zip(claimed, found.numbers.items(), strict=True)):
        share = found.shares[basis]
        check_equal((*place, k, "basis"), entry.basis, basis.replace(" ", "_"))
        check_equal((*place, k, "numbers"), entry.numbers, count)
        check_number((*place, k, "share"), entry.share, share if share == share else None, 1.0)
