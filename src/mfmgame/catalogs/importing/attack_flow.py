"""Attack flows of CTID: the chains that reach each leaf, as threats of one loss."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import NoneType

from mfmgame.catalogs.importing.assumed_numbers import AssumedNumbers, as_catalog
from mfmgame.catalogs.importing.attack_flow_builder import BuilderFile
from mfmgame.catalogs.importing.attack_flow_bundle import FlowBundle
from mfmgame.catalogs.importing.attack_flow_chains import MOST_CHAINS, chains_of
from mfmgame.catalogs.importing.attack_flow_graph import AttackFlow
from mfmgame.catalogs.importing.knowledge_base import Chain, KnowledgeBase, Technique
from mfmgame.catalogs.importing.untrusted_files import checked
from mfmgame.documents.catalog import Catalog, Origin
from mfmgame.documents.json_reading import path_of, read_document
from mfmgame.errors import SpecificationError
from mfmgame.messages import counted, refuse_other_types, shown

__all__ = ["import_flow", "read_flow"]

_TREE = "attack-tree"
_TECHNIQUE_ID = re.compile(r"(?:AML\.)?T\d{4}(?:\.\d{3})?")
_LONGEST_ID = 48


def import_flow(*paths: str | os.PathLike[str], numbers: AssumedNumbers | None = None) -> Catalog:
    """Make a catalog of attack flows of the Center for Threat-Informed Defense.

    The threats are chains: for each leaf of a flow, a step that leads to no other, the minimal
    sets of actions that reach it. All chains of a leaf lead to the same loss. The catalog has
    no defenses: merge it with a catalog whose defenses act on techniques, such as
    ``import_attack(path, as_steps=True)``.

    An action needs one of the steps that lead to it; a condition passes on what leads to it,
    on both branches; AND needs everything that leads to it, OR any of it. An object between
    steps, such as malware, is needed by the steps that it leads to, and needs one of the steps
    that lead to it. In an attack tree, an action after an operator only names what the operator
    achieves, and needs no bandwidth.

    Parameters
    ----------
    *paths : str or path-like
        Files of Attack Flow Builder (``.afb``) or the STIX bundles that it publishes.
    numbers : AssumedNumbers, optional
        Severity of each loss, and bandwidth of each technique.

    Returns
    -------
    Catalog

    Raises
    ------
    SpecificationError
        If there is no file, a file is not an attack flow, its steps lead to themselves, or more
        than 10,000 chains are found.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import mfmgame as mg
    >>> def action(code, name, *effects):
    ...     return {"type": "attack-action", "id": code, "name": name, "effect_refs": effects}
    >>> bundle = {"type": "bundle", "objects": [
    ...     {"type": "attack-flow", "id": "flow", "name": "Break-in"},
    ...     action("1", "Pick the lock", "3"), action("2", "Break the window", "3"),
    ...     action("3", "Open the safe")]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "flow.json")
    ...     _ = file.write_text(json.dumps(bundle), encoding="utf-8")
    ...     catalog = mg.import_flow(file)
    >>> for threat in catalog.threats:
    ...     print(threat.loss, threat.steps)
    break-in/open-the-safe ['pick-the-lock', 'open-the-safe']
    break-in/open-the-safe ['break-the-window', 'open-the-safe']
    """
    refuse_other_types(numbers, "numbers", AssumedNumbers, NoneType)
    if not paths:
        raise SpecificationError("found none, expected one or more", pointer="paths")
    return as_catalog(
        _Flows(map(path_of, paths)).knowledge(), numbers or AssumedNumbers(), as_steps=True
    )


def read_flow(path: Path) -> AttackFlow:
    """Read an attack flow from a file of Attack Flow Builder or a STIX bundle.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    AttackFlow

    Raises
    ------
    SpecificationError
        If the file is neither, or its steps are no flow.
    """
    document = read_document(path)
    try:
        if document.get("type") == "bundle":
            return checked(document, path, FlowBundle).flow()
        if document.get("schema") == "attack_flow_v2":
            return checked(document, path, BuilderFile).flow()
        found = shown(document["schema"]) if "schema" in document else "no schema"
        raise SpecificationError(
            f"found {found}, expected 'attack_flow_v2' (a file of Attack Flow Builder 3, which "
            "also opens older files and saves them anew) or a STIX bundle",
            pointer="/schema",
        )
    except SpecificationError as error:
        raise error.located(str(path)) from None


class _Ids:
    """Short ids made of names, each given once."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._given: dict[str, str] = {}

    def of(self, key: str, name: str, begin: str = "") -> str:
        """Return the id of a key, made of the name when the key is new."""
        if key not in self._given:
            words = re.sub(r"\W+", "-", name.casefold())[:_LONGEST_ID].strip("-")
            stem = code = begin + (words or "unnamed")
            number = 1
            while code in self._taken:
                number += 1
                code = f"{stem}-{number}"
            self._taken.add(code)
            self._given[key] = code
        return self._given[key]


class _Flows:
    """Techniques, chains and losses of several flows."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.flows = [(path, read_flow(path)) for path in paths]
        nodes = [node for _, flow in self.flows for node in flow.nodes.values()]
        self.ids = _Ids(node.technique for node in nodes)
        self.techniques: dict[str, Technique] = {}
        self.chains: list[Chain] = []
        self.losses: dict[str, str] = {}
        self.notes: list[str] = []
        self.named = set[str]()
        for number, (path, flow) in enumerate(self.flows):
            try:
                self._add(str(number), flow, flow.name or path.stem)
            except SpecificationError as error:
                raise error.located(str(path)) from None

    def knowledge(self) -> KnowledgeBase:
        """Build the knowledge base, without mitigations."""
        origins = [
            Origin(name=flow.name or path.stem, date=flow.date, attribution=flow.author)
            for path, flow in self.flows
        ]
        if self.named:
            without = counted(len(self.named), "technique")
            self.notes.append(f"{without} without an id, named by actions")
        return KnowledgeBase(
            name=self.ids.of("0", "") if len(origins) == 1 else "attack-flows",
            origin=Origin(name="Attack Flow"),
            techniques=tuple(self.techniques.values()),
            mitigations=(),
            links=(),
            notes=tuple(self.notes),
            chains=tuple(self.chains),
            losses=self.losses,
            parts=tuple(origins),
        )

    def _add(self, key: str, flow: AttackFlow, name: str) -> None:
        """Add the chains of a flow, and the techniques of its actions."""
        flow_id = self.ids.of(key, name)
        self.notes += [f"{shown(name)}: {note}" for note in flow.notes]
        step_of = {
            code: self._technique(flow, code)
            for code, node in flow.nodes.items()
            if node.kind == "action"
        }
        for leaf in chains_of(flow, step_of):
            title = flow.nodes[leaf.leaf].name or flow.nodes[leaf.leaf].kind
            if not leaf.chains:
                self.notes.append(f"{shown(name)}: left out: {shown(title)}, without an action")
                continue
            loss = self.ids.of(f"{key} {leaf.leaf}", title, f"{flow_id}/")
            self.losses[loss] = f"{name}: {title}"
            for number, steps in enumerate(leaf.chains, 1):
                alone = len(leaf.chains) == 1
                self.chains.append(
                    Chain(
                        loss if alone else f"{loss}/{number}",
                        self.losses[loss] + ("" if alone else f", way {number}"),
                        steps,
                        name,
                        loss,
                    )
                )
        if len(self.chains) > MOST_CHAINS:
            raise SpecificationError(
                f"found {len(self.chains)} chains up to this flow, expected at most {MOST_CHAINS}"
            )

    def _technique(self, flow: AttackFlow, code: str) -> str:
        """Add the technique of an action, and return its id."""
        node = flow.nodes[code]
        stated = set(_TECHNIQUE_ID.findall(node.technique))
        name = stated.pop() if len(stated) == 1 else node.technique
        if not name:
            name = self.ids.of(f"action {node.name or code}", node.name)
            self.named.add(name)
        is_outcome = (
            flow.scope == _TREE
            and bool(flow.parents[code])
            and all(flow.nodes[parent].kind in ("AND", "OR") for parent in flow.parents[code])
        )
        known = self.techniques.get(name)
        if known is None:
            tactics = (node.tactic,) if node.tactic else ()
            self.techniques[name] = Technique(name, node.name, tactics, is_outcome=is_outcome)
        elif known.is_outcome and not is_outcome:
            self.techniques[name] = replace(known, is_outcome=False)
        return name
