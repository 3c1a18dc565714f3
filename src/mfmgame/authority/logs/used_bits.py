"""Used bits: the entropy of the calls that agents made, as logs have them."""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mfmgame.answer_displays import Displayed
from mfmgame.authority.counting.authorized_bits import AuthorizedBits
from mfmgame.authority.counting.json_values import value_key
from mfmgame.authority.logs.agent_logs import read_calls
from mfmgame.authority.logs.clustered_entropy import Entropy, clustered_entropy
from mfmgame.authority.logs.logged_call import LoggedCall
from mfmgame.errors import SpecificationError
from mfmgame.messages import refuse_other_types

__all__ = ["UsedBits", "used_bits"]

_DIGEST_BYTES = 16


@dataclass(frozen=True, repr=False)
class UsedBits(Displayed):
    """Entropy of the calls that agents made.

    Used bits describe the honest agent, not an attacker. No limit may be raised because an agent
    used few bits.

    Attributes
    ----------
    calls, sessions, distinct_calls, distinct_tools : int
    entropy : Entropy
        Of the calls: tool and arguments.
    tool_entropy : Entropy
        Of the tools.
    own_share : float
        Share of the calls that no other session made: if it is high, most possible calls have not
        been seen, and the entropy of the calls is still too low.

    Examples
    --------
    >>> import mfmgame as mg
    >>> calls = [mg.LoggedCall(f"s{n}", "read", {"page": n % 2}) for n in range(4)]
    >>> mg.used_bits(calls).entropy.plug_in
    1.0
    """

    calls: int
    sessions: int
    distinct_calls: int
    distinct_tools: int
    entropy: Entropy
    tool_entropy: Entropy
    own_share: float

    def within(self, authorized: AuthorizedBits) -> UsedBits:
        """Cap the estimates by what the policy allows: no entropy is greater.

        Parameters
        ----------
        authorized : AuthorizedBits
            Of the policy that all calls obeyed.

        Returns
        -------
        UsedBits
        """
        tools = math.log2(max(1, len(authorized.tools), self.distinct_tools))
        calls = max(authorized.bits_per_step, math.log2(max(1, self.distinct_calls)))
        return replace(
            self,
            entropy=self.entropy.capped(calls),
            tool_entropy=self.tool_entropy.capped(tools),
        )


def used_bits(calls: Iterable[LoggedCall] | str | os.PathLike[str]) -> UsedBits:
    """Estimate the entropy of the calls that agents made, with 95 % intervals.

    Used bits describe the honest agent, not an attacker: an attacker chooses among all calls that
    the policy allows. They never loosen a limit; they show authority that is not used.

    Parameters
    ----------
    calls : iterable of LoggedCall, str or path-like
        Calls in any order, or a log that :func:`read_calls` reads.

    Returns
    -------
    UsedBits

    Raises
    ------
    SpecificationError
        If there is no call, or the log cannot be read.

    Notes
    -----
    The plug-in entropy is corrected as Miller and Madow proposed, then by the jackknife over
    sessions, whose calls are alike. In the simulations of ``benchmarks/entropy_coverage.py`` the
    intervals cover 95 to 98 %; at most a fifth of the calls there is made by no other session.

    Examples
    --------
    >>> import mfmgame as mg
    >>> calls = [mg.LoggedCall("s1", "read", {}), mg.LoggedCall("s2", "send", {})]
    >>> mg.used_bits(calls).distinct_tools
    2
    """
    refuse_other_types(calls, "calls", str, os.PathLike, Iterable)
    listed = read_calls(calls) if isinstance(calls, str | os.PathLike) else calls
    by_session: dict[str, Counter[bytes]] = {}
    tools: dict[str, Counter[str]] = {}
    for call in listed:
        refuse_other_types(call, "calls", LoggedCall)
        by_session.setdefault(call.session, Counter())[_digest(call)] += 1
        tools.setdefault(call.session, Counter())[call.tool] += 1
    if not by_session:
        raise SpecificationError("found no call, expected one or more", pointer="calls")
    sessions = Counter(key for session in by_session.values() for key in session)
    number = sum(session.total() for session in by_session.values())
    own = sum(
        calls
        for session in by_session.values()
        for key, calls in session.items()
        if sessions[key] == 1
    )
    return UsedBits(
        calls=number,
        sessions=len(by_session),
        distinct_calls=len(sessions),
        distinct_tools=len({tool for session in tools.values() for tool in session}),
        entropy=clustered_entropy(list(by_session.values())),
        tool_entropy=clustered_entropy(list(tools.values())),
        own_share=own / number,
    )


def _digest(call: LoggedCall) -> bytes:
    """Return a short key that two calls share if tool and arguments are equal."""
    try:
        text = repr((call.tool, value_key(call.arguments)))
    except RecursionError:
        raise SpecificationError(
            f"{call.place}: nested too deeply".removeprefix(": "), pointer="calls"
        ) from None
    data = text.encode("ascii", "backslashreplace")
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).digest()
