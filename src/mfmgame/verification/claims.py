"""Answers rebuilt from documents, with every claim unchanged."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from mfmgame.answers.frontier import ATTACKER_BANDWIDTH, Frontier, with_limit_on
from mfmgame.answers.solution import Solution
from mfmgame.answers.threshold import Threshold
from mfmgame.certificates.duality_certificate import Certificate
from mfmgame.certificates.proof import Proof
from mfmgame.certificates.tree_certificate import Split, TreeProof
from mfmgame.documents.graph_result import GraphResult
from mfmgame.documents.json_reading import STANDARD_INPUT, input_of, read_document
from mfmgame.documents.plan_result import EvaluationDocument
from mfmgame.documents.portfolio_result import PortfolioDocument
from mfmgame.documents.result import (
    CertificateCut,
    CertificateResult,
    FrontierDocument,
    FrontierPart,
    PricedCertificate,
    Result,
    Status,
    ThreatResult,
    ThresholdResult,
)
from mfmgame.errors import SpecificationError
from mfmgame.game.compositions import composition_class
from mfmgame.game.game import DefenseGame
from mfmgame.game.labels import Labelled
from mfmgame.messages import nearest, shown
from mfmgame.numerics.arrays import FloatArray
from mfmgame.verification.agreement import (
    Pointer,
    check_absent,
    check_each,
    check_equal,
    check_keys,
    refuse,
)

__all__ = [
    "answer_of",
    "check_head",
    "check_notes",
    "check_parts",
    "check_status",
    "claimed_allocation",
    "claimed_certificate",
    "claimed_frontier",
    "claimed_proof",
    "claimed_solution",
    "claimed_threshold",
    "claimed_vector",
    "load_result",
    "reason",
]


Answer = Result | FrontierDocument | PortfolioDocument | EvaluationDocument | GraphResult

_ANSWERS: dict[str, type[Answer]] = {
    "mfmgame/result/1": Result,
    "mfmgame/frontier/1": FrontierDocument,
    "mfmgame/portfolio/1": PortfolioDocument,
    "mfmgame/evaluation/1": EvaluationDocument,
    "mfmgame/graph-result/1": GraphResult,
}


def load_result(path: str | os.PathLike[str]) -> Answer:
    """Read a result, a frontier, a sequence of portfolios or evaluations from a JSON file.

    Parameters
    ----------
    path : str or path-like
        The file; ``"-"`` reads standard input.

    Returns
    -------
    Result, FrontierDocument, PortfolioDocument, EvaluationDocument or GraphResult
        The validated document, for :func:`mfmgame.verify` to check; the result of an attack graph
        for :func:`mfmgame.verify_graph`.

    Raises
    ------
    SpecificationError
        If the file cannot be read or holds no such document; the message names the file,
        the JSON pointer, what is wrong and what was expected.

    Examples
    --------
    >>> load_result("examples/llava.json")
    Traceback (most recent call last):
    mfmgame.errors.SpecificationError: examples/llava.json: /schema: found 'mfmgame/scenario/1',
    expected a known schema; did you mean 'mfmgame/evaluation/1'?
    """
    file = input_of(path)
    document = read_document(file)
    try:
        return answer_of(document)
    except SpecificationError as error:
        raise error.located(STANDARD_INPUT if file is None else os.fspath(path)) from None


def answer_of(document: Mapping[str, Any]) -> Answer:
    """Read an answer from parsed JSON.

    Raises
    ------
    SpecificationError
        If the JSON holds no answer that can be verified.
    """
    name = document.get("schema")
    if not isinstance(name, str) or name not in _ANSWERS:
        raise SpecificationError(
            f"found {shown(name)}, expected {nearest(name, _ANSWERS, 'schema')}",
            pointer="/schema",
        )
    return _ANSWERS[name](**document)


def check_head(document: Answer, game: DefenseGame) -> None:
    """Check that a document names the scenario and the composition of the game."""
    check_equal(("scenario",), document.scenario, game.name)
    check_equal(("composition",), document.composition, game.composition)
    shown_as = {name: resource.shown_as for name, resource in document.resources.items()}
    check_keys(("resources",), shown_as, list(game.shown_as))
    for name, display in shown_as.items():
        check_equal(("resources", name, "shown_as"), display, game.shown_as[name])


def check_notes(claimed: Sequence[str], found: Sequence[str]) -> None:
    """Check that a document has exactly the notes that its answer needs."""
    check_equal(("notes",), len(claimed), len(found))
    for k, (note, expected) in enumerate(zip(claimed, found, strict=True)):
        check_equal(("notes", k), note, expected)


def check_parts(pointer: Pointer, claimed: Mapping[str, ThreatResult], game: DefenseGame) -> None:
    """Check that each threat names its loss and its steps, if it has any."""
    for i, (threat, loss) in enumerate(zip(game.threat_ids, game.threat_losses, strict=True)):
        steps = () if game.chains is None else game.chains.steps_of(i)
        check_equal((*pointer, threat, "loss"), claimed[threat].loss, loss or None)
        stated, place = claimed[threat].steps, (*pointer, threat, "steps")
        for k, (step, expected) in enumerate(zip_longest(stated or (), steps)):
            check_equal((*place, k), step, expected)
        check_equal(place, stated, list(steps) or None)  # an empty list is not null


def check_status(pointer: Pointer, claimed: Status, answer: Solution | Frontier) -> None:
    """Check that an answer says ``proven`` if and only if its bracket is narrow enough."""
    if answer.is_proven:
        check_equal(pointer, claimed, "proven")
    elif claimed == "proven":
        raise refuse(
            pointer,
            f"found 'proven', expected another status for a gap of {answer.gap:.1e}, or the wider "
            "tolerance that the answer was asked for",
        )


def claimed_solution(result: Result, game: DefenseGame, tolerance: float | None = None) -> Solution:
    """Rebuild the solution that a result claims.

    Parameters
    ----------
    result : Result
    game : DefenseGame
    tolerance : float, optional
        Tolerance that was asked for; the composition's default unless given.

    Returns
    -------
    Solution

    Raises
    ------
    CertificateError
        If the result has other threats, defenses or resources.
    """
    threats, ids = result.threats, game.threat_ids
    check_keys(("threats",), threats, ids)
    columns = {
        name: np.array([getattr(threats[threat], name) for threat in ids], dtype=np.float64)
        for name in ("severity", "bandwidth", "coverage", "residual")
    }
    check_each(("threats",), ids, columns["severity"], game.severity, last=("severity",))
    check_each(("threats",), ids, columns["bandwidth"], game.bandwidth, last=("bandwidth",))
    check_parts(("threats",), threats, game)
    prices = claimed_vector(("prices", "limits"), result.prices.limits, game.resources)
    return Solution(
        game=game,
        value=result.value,
        lower=result.bounds.lower,
        upper=result.bounds.upper,
        allocation=claimed_allocation((), result.allocation, result.use, game),
        attack=claimed_vector(("attack",), result.attack, ids),
        coverage=Labelled(ids, columns["coverage"]),
        residual=Labelled(ids, columns["residual"]),
        bandwidth_price=result.prices.attacker_bandwidth,
        limit_prices=prices,
        certificate=claimed_proof(("certificate",), result.certificate, prices.array, game),
        rounds=0,
        tolerance=tolerance or composition_class(game.composition).tolerance,
        stopped=reason(result.status),
    )


def claimed_threshold(claimed: ThresholdResult, game: DefenseGame) -> Threshold:
    """Rebuild the threshold that a result claims.

    Raises
    ------
    CertificateError
        If the threshold has other threats, defenses or resources, or contradicts itself.
    """
    place: Pointer = ("threshold",)
    check_equal((*place, "reachable"), claimed.reachable, claimed.bandwidth is not None)
    proof = claimed.certificate
    where = (*place, "certificate")
    return Threshold(
        game=game,
        bandwidth=claimed.bandwidth,
        plan_bandwidth=claimed.plan_bandwidth,
        undefended=claimed.undefended,
        decision=claimed.decision,
        margin=claimed.margin,
        allocation=claimed_allocation(place, claimed.allocation, claimed.use, game),
        bandwidth_per_loss=claimed.bandwidth_per_loss,
        lower=claimed.lower,
        certificate=None if proof is None else _priced_proof(where, proof, game),
    )


def reason(claimed: Status) -> Status:
    """Map a status to the reason for a bracket that is too wide."""
    return "numerical" if claimed == "proven" else claimed


def claimed_frontier(
    document: FrontierDocument, game: DefenseGame, tolerance: float | None = None
) -> Frontier:
    """Rebuild the frontier that a document claims.

    Parameters
    ----------
    document : FrontierDocument
    game : DefenseGame
    tolerance : float, optional
        Width of the bracket that was asked for; the composition's default unless given.
        Only `independent` games have a choice.

    Returns
    -------
    Frontier

    Raises
    ------
    CertificateError
        If the frontier has other threats, defenses or resources, or a part lacks its proof.
    """
    over_bandwidth = document.parameter == ATTACKER_BANDWIDTH
    if not over_bandwidth:
        if document.parameter not in game.resources:
            known = [ATTACKER_BANDWIDTH, *game.resources]
            hint = nearest(document.parameter, known, "parameter")
            raise refuse(("parameter",), f"found {shown(document.parameter)}, expected {hint}")
        game = with_limit_on(game, document.parameter)
    breakpoints, pieces = document.breakpoints, document.pieces
    points = [point.at for point in breakpoints]
    for k, piece in enumerate(pieces[: max(0, len(points) - 1)]):
        check_each(("pieces", k), ["from", "to"], [piece.start, piece.end], points[k : k + 2])
    parts: list[tuple[str, Sequence[FrontierPart]]]
    parts = [("pieces", pieces), ("breakpoints", breakpoints)]
    (where, allocating), (there, certifying) = parts if over_bandwidth else reversed(parts)
    allocations, certificates = [], []
    for k, part in enumerate(allocating):
        check_absent((where, k, "certificate"), part.certificate)
        if part.allocation is None or part.use is None:
            raise refuse((where, k), "found no allocation or no use, expected both")
        allocations.append(claimed_allocation((where, k), part.allocation, part.use, game).array)
    for k, part in enumerate(certifying):
        check_absent((there, k, "allocation"), part.allocation)
        check_absent((there, k, "use"), part.use)
        if part.certificate is None:
            raise refuse((there, k), "found no certificate, expected one")
        certificates.append(_priced_proof((there, k, "certificate"), part.certificate, game))
    return Frontier(
        game=game,
        parameter=document.parameter,
        breakpoints=np.array(points),
        values=np.array([point.value for point in breakpoints]),
        lower=np.array([point.bounds.lower for point in breakpoints]),
        upper=np.array([point.bounds.upper for point in breakpoints]),
        slopes=np.array([piece.slope for piece in pieces]),
        allocations=np.array(allocations).reshape(len(allocations), game.n_defenses),
        certificates=tuple(certificates),
        n_solves=0,
        tolerance=None if composition_class(game.composition).is_polyhedral else tolerance,
    )


def claimed_allocation(
    place: Pointer, levels: Mapping[str, float], use: Mapping[str, float], game: DefenseGame
) -> Labelled:
    """Rebuild an allocation, and check the resources that it claims to use."""
    allocation = claimed_vector((*place, "allocation"), levels, game.defense_ids)
    claimed = claimed_vector((*place, "use"), use, game.resources)
    with np.errstate(over="ignore", invalid="ignore"):
        found = game.use @ allocation.array
    check_each((*place, "use"), game.resources, claimed, found)
    return allocation


def _priced_proof(place: Pointer, claimed: PricedCertificate, game: DefenseGame) -> Proof:
    prices = claimed_vector((*place, "limits"), claimed.limits, game.resources)
    if claimed.tree is not None and (claimed.cuts or prices.array.any()):
        raise refuse((*place, "cuts"), "found cuts or prices beside a tree, expected none")
    return claimed_proof(place, claimed, prices.array, game)


def claimed_proof(
    place: Pointer, claimed: CertificateResult, prices: FloatArray, game: DefenseGame
) -> Proof:
    """Rebuild a certificate, or a proof by cases with its tree and the priced certificate."""
    certificate = _certificate(place, claimed.cuts, prices, game)
    if claimed.tree is None or claimed.proofs is None:
        return certificate
    positions = {defense: index for index, defense in enumerate(game.defense_ids)}
    nodes: list[Split | int | None] = []
    for k, node in enumerate(claimed.tree):
        if node.defense is None or node.at_most is None:
            nodes.append(node.proof)
        elif node.defense in positions:
            nodes.append(Split(positions[node.defense], node.at_most))
        else:
            hint = nearest(node.defense, game.defense_ids, "defense")
            where = (*place, "tree", k, "defense")
            raise refuse(where, f"found {shown(node.defense)}, expected {hint}")
    proofs = []
    for k, leaf in enumerate(claimed.proofs):
        where = (*place, "proofs", k)
        paid = claimed_vector((*where, "limits"), leaf.limits, game.resources).array
        proofs.append(_certificate(where, leaf.cuts, paid, game))
    return TreeProof(tuple(nodes), tuple(proofs), certificate)


def claimed_certificate(
    place: Pointer, claimed: CertificateResult, game: DefenseGame
) -> Certificate:
    """Rebuild the certificate of a fixed plan, in which limits have no prices."""
    for name in ("tree", "proofs"):
        check_absent((*place, name), getattr(claimed, name))
    return _certificate(place, claimed.cuts, np.zeros(len(game.resources)), game)


def _certificate(
    place: Pointer, cuts: Sequence[CertificateCut], prices: FloatArray, game: DefenseGame
) -> Certificate:
    positions = {threat: index for index, threat in enumerate(game.threat_ids)}
    for k, cut in enumerate(cuts):
        if cut.threat not in positions:
            hint = nearest(cut.threat, game.threat_ids, "threat")
            raise refuse(
                (*place, "cuts", k, "threat"), f"found {shown(cut.threat)}, expected {hint}"
            )
    return Certificate(
        threats=np.array([positions[cut.threat] for cut in cuts], dtype=np.intp),
        anchors=np.array([cut.anchor for cut in cuts], dtype=np.float64),
        weights=np.array([cut.weight for cut in cuts], dtype=np.float64),
        limit_prices=prices,
    )


def claimed_vector(place: Pointer, claimed: Mapping[str, float], labels: Sequence[str]) -> Labelled:
    """Collect numbers under labels that must be exactly the expected ones."""
    check_keys(place, claimed, labels)
    return Labelled(labels, np.array([claimed[label] for label in labels], dtype=np.float64))
