"""A breaker whose tools are not known yet: everything else is checked first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mfmgame.authority.breaker.breaker_store import Scope
from mfmgame.authority.breaker.certified_limit import verified_plan
from mfmgame.authority.breaker.circuit_breaker import CircuitBreaker
from mfmgame.authority.breaker.store_file import StoreFile
from mfmgame.documents.policy import load_policy
from mfmgame.documents.tool_manifest import Manifest, load_tools

__all__ = ["waiting_breaker"]


def waiting_breaker(
    result: str,
    scenario: str,
    policy: str,
    *,
    plan: str,
    state: Path,
    scope: Scope = "system",
    other_tools: Sequence[str] = (),
    allow_assumed_bits: bool = False,
) -> Callable[[Manifest], CircuitBreaker]:
    """Check all that a breaker rests on but the tools of a server, which is not started yet.

    Parameters
    ----------
    result, scenario, policy : str
        Files.
    plan : str
        The plan in force, as for :meth:`CircuitBreaker.from_result`.
    state : pathlib.Path
        State file, created unless it exists.
    scope : {"system", "session"}
    other_tools : sequence of str
        Manifests of the other servers of the same agent.
    allow_assumed_bits : bool, default False

    Returns
    -------
    callable
        Builds the breaker from the tools of the server.

    Raises
    ------
    SpecificationError
        As for :meth:`CircuitBreaker.from_result`.
    """
    known = verified_plan(result, scenario, plan)
    rules = load_policy(policy)
    others = [load_tools(file) for file in other_tools]
    StoreFile(state).close()

    def with_tools(tools: Manifest) -> CircuitBreaker:
        for other in others:
            tools = tools.joined(other)
        return CircuitBreaker.from_result(
            known.answer,
            known.scenario,
            rules,
            tools=tools,
            plan=plan,
            store=state,
            scope=scope,
            allow_assumed_bits=allow_assumed_bits,
        )

    return with_tools
