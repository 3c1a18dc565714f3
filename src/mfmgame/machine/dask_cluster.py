"""Client and joblib backend of a Dask cluster."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from mfmgame.errors import SpecificationError
from mfmgame.messages import missing_package, shown

__all__ = ["checked_address", "dask_backend", "dask_client"]

SCHEMES = ("tcp", "tls", "ws", "wss")
SECONDS_TO_ANSWER = 10.0
"""How long a scheduler may take to identify itself."""
SECONDS_FOR_WORKERS = 30
"""How long a cluster may take to provide its first worker."""
MOST_PORT = 65535


def checked_address(address: str) -> str:
    """Check that an address can be a scheduler's, and return it.

    Parameters
    ----------
    address : str
        ``tcp://host:port``; ``tcp://`` may be left out.

    Returns
    -------
    str

    Raises
    ------
    SpecificationError
        If the scheme is not one of Dask's, or host or port is missing.
    """
    scheme, separator, location = address.rpartition("://")
    host, _, port = location.rpartition(":")
    is_port = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= MOST_PORT
    if (separator and scheme not in SCHEMES) or not host or not is_port:
        raise SpecificationError(
            f"no Dask scheduler answers at {shown(address)}; expected an address such as "
            "tcp://host:8786",
            pointer="dask",
        )
    return address


def dask_client(cluster: Any) -> AbstractContextManager[Any]:
    """Return a client of a cluster; a client made here is closed at the end.

    Parameters
    ----------
    cluster : str or distributed.Client

    Raises
    ------
    SpecificationError
        If Dask is missing, or no scheduler answers in time.
    """
    from contextlib import nullcontext

    if not isinstance(cluster, str):
        return nullcontext(cluster)
    try:
        from distributed import Client
    except ImportError:
        raise missing_package("a Dask cluster needs", "dask and distributed", "cluster") from None
    try:
        # Closing a client that failed to connect takes long, and a client of another kind of
        # server waits forever: so first ask the server what it is.
        kind = _kind_of_server(checked_address(cluster))
        if kind != "Scheduler":
            raise ValueError(f"found a {kind}")
        client: AbstractContextManager[Any] = Client(
            cluster, timeout=SECONDS_TO_ANSWER, set_as_default=False
        )
    except SpecificationError:
        raise
    except Exception as error:  # from sockets, names, certificates or other layers
        reason = f" ({str(error).splitlines()[0]})" if str(error) else ""
        raise SpecificationError(
            f"no Dask scheduler answers at {shown(cluster)} within {SECONDS_TO_ANSWER:g} "
            f"seconds{reason}",
            pointer="dask",
        ) from None
    return client


def _kind_of_server(address: str) -> str:
    """Ask the server at an address for its kind."""
    answer: Future[str] = Future()

    def ask() -> None:
        try:
            answer.set_result(asyncio.run(_identity(address)))
        except BaseException as error:
            answer.set_exception(error)

    # In a thread of its own: the current thread may already run a loop, as in a notebook.
    threading.Thread(target=ask, daemon=True).start()
    return answer.result()


async def _identity(address: str) -> str:
    from distributed.core import rpc
    from distributed.security import Security

    connection = Security().get_connection_args("client")
    async with (
        asyncio.timeout(SECONDS_TO_ANSWER),
        rpc(address, timeout=SECONDS_TO_ANSWER, connection_args=connection) as server,
    ):
        identity = await server.identity()
    return str(identity.get("type"))


def dask_backend(client: Any) -> Any:
    """Make joblib's backend for Dask, with two faults mended.

    Dask gives up a task that has killed too many workers; joblib would wait for it forever. With
    one core in the cluster, joblib would compute in this process.
    """
    from joblib._dask import DaskDistributedBackend

    class DaskBackend(DaskDistributedBackend):  # type: ignore[misc, unused-ignore]
        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

        def submit(self, func: Any, callback: Any = None) -> Any:
            future = super().submit(func, callback)

            def told(done: Any) -> None:
                error = done.exception()
                if error is not None and callback is not None:
                    callback(_GivenUp(error))

            future.add_done_callback(told)
            return future

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, _GivenUp):
                raise out.error
            return super().retrieve_result_callback(out)

    return DaskBackend(client=client, wait_for_workers_timeout=SECONDS_FOR_WORKERS)


@dataclass(frozen=True)
class _GivenUp:
    error: BaseException
