"""Where computations run: in this process, in others on this machine, or on a cluster.

Work is split into chunks, and results keep the chunks' order. The chunks of a worker that crashes
are computed again.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from types import NoneType
from typing import Any, TypeVar

from mfmgame import __version__
from mfmgame.errors import SpecificationError, WorkerError
from mfmgame.machine.dask_cluster import checked_address, dask_backend, dask_client
from mfmgame.machine.process_pool import ended_on_interruption, loky_backend
from mfmgame.messages import refuse_other_types, shown

__all__ = ["Workers"]

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

MOST_LOSSES = 5
"""How often in a row workers may crash without finishing any chunk."""
NOT_STARTED = "EXIT(1)"
"""How a joblib process that cannot start ends: errors of the work do not end a process."""
IN_FLIGHT = 32
"""Chunks per worker that are submitted together, which bounds the memory they take."""

_functions: dict[str, Any] = {}
"""Last function that this worker was given, by digest: unpickled once, not per chunk."""


@dataclass(frozen=True)
class Workers:
    """Where to compute: this process, worker processes or a cluster.

    Attributes
    ----------
    jobs : int or None
        Processes on this machine; 1 computes in this process, -1 starts one process per core.
        None leaves the choice to ``joblib.parallel_config`` and its backend.
    dask : str or distributed.Client, optional
        A Dask cluster: the address of its scheduler, or a client.
    ray : bool
        Whether to use the Ray cluster that ``ray.init`` finds.

    Raises
    ------
    SpecificationError
        If `jobs` is invalid or given together with Dask, the address cannot be a scheduler's, or
        two clusters are named.
    """

    jobs: int | None = 1
    dask: Any = None
    ray: bool = False

    def __post_init__(self) -> None:
        jobs = self.jobs
        if jobs is not None and (
            isinstance(jobs, bool) or not isinstance(jobs, int) or not (jobs == -1 or jobs >= 1)
        ):
            raise SpecificationError(
                f"found {shown(jobs)}, expected a number of processes, or -1 for all cores",
                pointer="jobs",
            )
        if self.dask is not None and self.ray:
            raise SpecificationError("found Dask and Ray, expected one of them", pointer="ray")
        if self.dask is not None and jobs not in (None, 1):
            raise SpecificationError(
                "found with a Dask cluster, expected none: the cluster has its own processes",
                pointer="jobs",
            )
        if isinstance(self.dask, str):
            checked_address(self.dask)

    @classmethod
    def of(cls, workers: Workers | None) -> Workers:
        """Return the given workers, or this process if None.

        Parameters
        ----------
        workers : Workers or None

        Returns
        -------
        Workers

        Raises
        ------
        SpecificationError
            If `workers` is of another type.
        """
        refuse_other_types(workers, "workers", Workers, NoneType)
        return workers or cls()

    def map(
        self,
        function: Callable[[Chunk], Result],
        chunks: Sequence[Chunk],
        progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Result]:
        """Yield a function's results in the order of the chunks, each as soon as possible.

        Parameters
        ----------
        function : callable
            Function of one chunk; the data that it holds is sent to each worker.
        chunks : sequence
        progress : callable, optional
            Called after each chunk with the number of finished chunks and the total.

        Yields
        ------
        result
            Result of each chunk.

        Raises
        ------
        SpecificationError
            If a cluster cannot be reached, or runs another version.
        WorkerError
            If workers keep crashing without finishing a chunk.
        """
        refuse_other_types(progress, "progress", Callable, NoneType)
        total = len(chunks)
        results = (
            self._here(function, chunks)
            if self.jobs == 1 and self.dask is None and not self.ray
            else self._elsewhere(function, chunks)
        )
        with closing(results):
            for finished, result in enumerate(results, start=1):
                if progress is not None:
                    progress(finished, total)
                yield result

    @staticmethod
    def _here(
        function: Callable[[Chunk], Result], chunks: Sequence[Chunk]
    ) -> Generator[Result, None, None]:
        for chunk in chunks:
            with _one_thread():
                result = function(chunk)
            yield result

    def _elsewhere(
        self, function: Callable[[Chunk], Result], chunks: Sequence[Chunk]
    ) -> Generator[Result, None, None]:
        import cloudpickle
        import joblib

        content: bytes = cloudpickle.dumps(function)
        digest = hashlib.sha256(content).hexdigest()
        call = joblib.delayed(_applied)
        with ExitStack() as stack:
            self._connect(stack)
            size = IN_FLIGHT * max(1, int(joblib.effective_n_jobs(self._n_jobs())))
            start = losses = 0
            while start < len(chunks):
                given = chunks[start : start + size]
                before = start
                try:
                    calls = (call(content, digest, __version__, chunk) for chunk in given)
                    with _closed_at_end(self._parallel()(calls)) as results:
                        for result in results:
                            start += 1
                            yield result
                    losses = 0
                except _losses() as error:
                    losses = losses + 1 if start == before else 0
                    end, reason = _end(error)
                    if losses > MOST_LOSSES or (start == 0 and end == NOT_STARTED):
                        times = "once" if losses == 1 else f"{losses} times"
                        raise WorkerError(
                            f"worker processes crashed {times} before finishing any work "
                            f"(last: {end}); {reason}"
                        ) from None

    def _n_jobs(self) -> int | None:
        return -1 if self.dask is not None or (self.ray and self.jobs == 1) else self.jobs

    def _parallel(self) -> Any:
        import joblib

        # Ray's backend returns results only all together.
        return joblib.Parallel(
            n_jobs=self._n_jobs(),
            return_as="list" if self.ray else "generator",
            batch_size=1,
            pre_dispatch="2 * n_jobs",
        )

    def _connect(self, stack: ExitStack) -> None:
        """Enter the context in which joblib finds the workers."""
        import joblib

        if self.dask is not None:
            client = stack.enter_context(dask_client(self.dask))
            config = joblib.parallel_config(dask_backend(client))
        elif self.ray:
            _register_ray()
            config = joblib.parallel_config("ray")
        elif self.jobs is None:
            return
        else:
            config = joblib.parallel_config(loky_backend())
            stack.enter_context(ended_on_interruption())
        stack.enter_context(config)


@contextmanager
def _closed_at_end(results: Any) -> Iterator[Iterator[Any]]:
    """Iterate over results, and stop computing them when the caller stops asking."""
    try:
        yield iter(results)
    finally:
        if hasattr(results, "close"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that not all results were computed
                results.close()


def _applied(content: bytes, digest: str, version: str, chunk: Any) -> Any:
    """Apply the function to a chunk, in a worker."""
    if version != __version__:
        raise SpecificationError(
            f"found a worker with mfmgame {__version__}, expected {version}", pointer="workers"
        )
    function = _functions.get(digest)
    if function is None:
        function = pickle.loads(content)
        _functions.clear()
        _functions[digest] = function
    with _one_thread():
        return function(chunk)


def _one_thread() -> AbstractContextManager[Any]:
    """Limit linear algebra to one thread: workers share the cores, and sums keep their order."""
    import threadpoolctl

    limits: AbstractContextManager[Any] = threadpoolctl.threadpool_limits(1)
    return limits


def _losses() -> tuple[type[BaseException], ...]:
    """Return the exceptions raised when workers have crashed."""
    import sys

    kinds: list[type[BaseException]] = [BrokenExecutor, CancelledError]
    if "distributed" in sys.modules:
        from distributed.scheduler import KilledWorker

        # A TimeoutError follows a while without workers; they may still be starting.
        kinds += [KilledWorker, TimeoutError]
    if "ray" in sys.modules:
        from ray.exceptions import RayActorError, WorkerCrashedError

        kinds += [RayActorError, WorkerCrashedError]
    return tuple(kinds)


def _end(error: BaseException) -> tuple[str, str]:
    """Tell how workers ended, and the likely reason."""
    told = re.search(r"exit codes of the workers are \{(\w+\(-?\d+\))", str(error))
    end = told[1] if told else type(error).__name__
    if end.startswith("SIGKILL"):
        return end, "they may have run out of memory"
    if end == NOT_STARTED:
        return end, "they failed to start; their own messages say why"
    return end, "their own messages may say why"


def _register_ray() -> None:
    try:
        from ray.util.joblib import register_ray
    except ImportError:
        raise SpecificationError("Ray is not installed", pointer="ray") from None
    register_ray()
