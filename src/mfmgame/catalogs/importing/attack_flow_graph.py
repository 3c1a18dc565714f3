"""Attack flows as graphs: steps, the objects between them, and how one leads to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mfmgame.catalogs.importing.step_order import sorted_after
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, shown

__all__ = [
    "AttackFlow",
    "FlowNode",
    "NodeKind",
    "connected_flow",
    "in_order",
    "kind_of_object",
    "one_line",
]

NodeKind = Literal["action", "condition", "AND", "OR", "material", "context", "unknown"]

_MATERIALS = """
    asset infrastructure malware tool vulnerability
    artifact autonomous_system directory domain_name email_addr email_address email_message file
    ipv4_addr ipv6_addr mac_addr mutex network_traffic process software url user_account
    windows_registry_key x509_certificate
"""
_CONTEXT = """
    attack_pattern campaign course_of_action grouping identity indicator intrusion_set location
    malware_analysis marking_definition note observed_data opinion report threat_actor
"""
_MOST_NODES = 2_000
_MOST_LINKS = 20_000
_MOST_NAMED = 5


@dataclass(frozen=True)
class FlowNode:
    """A step of an attack flow, or an object between steps.

    Attributes
    ----------
    kind : {"action", "condition", "AND", "OR", "material", "context", "unknown"}
        A material is an object that a step may make and another step may use, such as malware
        or an asset; context describes the attack, as notes and threat actors do.
    name : str
        Of an object of an unknown kind, the kind.
    technique : str
        Technique of an action as the file states it; "" if it states none.
    tactic : str
    """

    kind: NodeKind
    name: str = ""
    technique: str = ""
    tactic: str = ""

    @property
    def is_step(self) -> bool:
        """Whether the node is a step of the attack."""
        return self.kind in ("action", "condition", "AND", "OR")


def kind_of_object(name: str) -> NodeKind:
    """Return the kind of a node that is no step, by the name of its type in Attack Flow."""
    if name in _CONTEXT.split():
        return "context"
    return "material" if name in _MATERIALS.split() else "unknown"


def one_line(value: object) -> str:
    """Write a text on one line; "" if the value is no text."""
    return " ".join(value.split()) if isinstance(value, str) else ""


@dataclass(frozen=True)
class AttackFlow:
    """Content of one file.

    Attributes
    ----------
    name, scope, author, date : str
    nodes : mapping of str to FlowNode
        By the id of the file, in the order of the file.
    parents : mapping of str to tuple of str
        Ids of the nodes that lead to each node.
    notes : tuple of str
        Omissions and other caveats.
    """

    name: str
    nodes: Mapping[str, FlowNode]
    parents: Mapping[str, tuple[str, ...]]
    scope: str = ""
    author: str = ""
    date: str = ""
    notes: tuple[str, ...] = ()


def connected_flow(flow: AttackFlow, links: Iterable[tuple[str | None, str | None]]) -> AttackFlow:
    """Join the nodes of a flow by links; keep its steps and the materials between them.

    Parameters
    ----------
    flow : AttackFlow
        Its parents are ignored.
    links : iterable of (str or None, str or None)
        Ids of source and target; a link with an end that is no node is counted in a note.

    Returns
    -------
    AttackFlow

    Raises
    ------
    SpecificationError
        If the flow has no action, too many nodes or links, an object of an unknown kind
        between two steps, or steps that lead to themselves.
    """
    if not any(node.kind == "action" for node in flow.nodes.values()):
        raise SpecificationError("found no action, expected at least one")
    parents: dict[str, dict[str, None]] = {name: {} for name in flow.nodes}
    loose = 0
    for source, target in links:
        if source in parents and target in parents:
            parents[target][source] = None
        else:
            loose += 1
    for noun, number, most in (
        ("steps and objects", len(flow.nodes), _MOST_NODES),
        ("links", sum(map(len, parents.values())), _MOST_LINKS),
    ):
        if number > most:
            raise SpecificationError(f"found {number} {noun}, expected at most {most}")
    names = [name for name, node in flow.nodes.items() if node.kind != "context"]
    circular = _materials_in_circles(flow.nodes, names, parents)
    between = _between_steps(flow.nodes, [one for one in names if one not in circular], parents)
    nodes = {name: flow.nodes[name] for name in names if name in between}
    for node in nodes.values():
        if node.kind == "unknown":
            raise SpecificationError(
                f"found an object of the kind {shown(node.name)} between two steps, expected an "
                "action, a condition, an operator, or an object of Attack Flow or STIX"
            )
    counts = (
        (loose, "link", "without two ends"),
        (len(circular), "object", "in a circle of links"),
    )
    connected = replace(
        flow,
        nodes=nodes,
        parents={name: tuple(one for one in parents[name] if one in nodes) for name in nodes},
        notes=tuple(f"left out: {counted(n, noun)} {rest}" for n, noun, rest in counts if n),
    )
    in_order(connected)
    return connected


def in_order(flow: AttackFlow) -> list[str]:
    """Sort the nodes so that each comes after its parents, otherwise in the order of the file.

    Parameters
    ----------
    flow : AttackFlow

    Returns
    -------
    list of str

    Raises
    ------
    SpecificationError
        If steps lead to themselves.
    """
    done, circle = sorted_after(list(flow.nodes), flow.parents)
    if circle:
        names = [flow.nodes[name].name or flow.nodes[name].kind for name in circle]
        named = ", ".join(shown(name) for name in names[:_MOST_NAMED])
        more = ", ..." if len(names) > _MOST_NAMED else ""
        raise SpecificationError(
            f"found steps that lead to themselves ({named}{more}), expected no circle"
        )
    return done


def _materials_in_circles(
    nodes: Mapping[str, FlowNode], names: Iterable[str], parents: Mapping[str, Iterable[str]]
) -> set[str]:
    """Find materials that lead to themselves: drawn both as made and as used by one step."""
    found: set[str] = set()
    while True:
        _, circle = sorted_after([name for name in names if name not in found], parents)
        materials = {name for name in circle if not nodes[name].is_step}
        if not materials:
            return found
        found |= materials


def _between_steps(
    nodes: Mapping[str, FlowNode], names: Sequence[str], parents: Mapping[str, Iterable[str]]
) -> set[str]:
    """Find the steps, and the materials that lead from a step to a step."""
    order = sorted_after(names, parents)[0]
    made: set[str] = set()
    for name in order:
        if nodes[name].is_step or any(one in made for one in parents[name]):
            made.add(name)
    used: set[str] = set()
    for name in reversed(order):
        if nodes[name].is_step or name in used:
            used.update(parents[name])
    return {name for name in names if nodes[name].is_step or name in made & used}
