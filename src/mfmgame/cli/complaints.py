"""Exit codes, and errors and warnings as one line on standard error."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NoReturn

import typer

from mfmgame.documents.json_reading import STANDARD_INPUT
from mfmgame.errors import CertificateError, InfeasibleError, MfmgameError, SpecificationError
from mfmgame.machine.signals import interruption_code

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_FAILURE",
    "EXIT_INFEASIBLE",
    "EXIT_ODD",
    "EXIT_TERMINATE",
    "EXIT_UNDECIDED",
    "complain",
    "reported",
    "reported_input",
    "warned",
]

EXIT_FAILURE = 1
EXIT_BAD_INPUT = 2
EXIT_INFEASIBLE = 3
EXIT_TERMINATE = 4
EXIT_UNDECIDED = 5
EXIT_ODD = 6
MAX_COMPLAINT = 2000


@contextlib.contextmanager
def reported(source: str) -> Iterator[None]:
    """Turn exceptions into one line on standard error and an exit code."""
    try:
        yield
    except (SpecificationError, CertificateError) as error:
        _fail(error if error.source else error.located(source), EXIT_BAD_INPUT)
    except InfeasibleError as error:
        _fail(f"{source}: {error}", EXIT_INFEASIBLE)
    except MfmgameError as error:
        _fail(f"{source}: {error}", EXIT_FAILURE)
    except MemoryError:
        _fail(f"{source}: too large for this machine's memory", EXIT_FAILURE)
    except KeyboardInterrupt as interruption:
        reason = f"{source}: {interruption}" if str(interruption) else "interrupted"
        _fail(reason, interruption_code())
    except BrokenPipeError:  # the reader has gone
        raise typer.Exit(EXIT_FAILURE) from None


def reported_input(file: str) -> AbstractContextManager[None]:
    """Turn exceptions into one line and an exit code; the file ``-`` is standard input."""
    return reported(STANDARD_INPUT if file == "-" else file)


def _fail(reason: object, code: int) -> NoReturn:
    complain(str(reason))
    raise typer.Exit(code)


def complain(reason: str, kind: str = "error") -> None:
    """Say on standard error, in one line, what is wrong."""
    from mfmgame.view.text.number_formats import printable

    try:
        line = f"{kind}: {printable(reason)}"
        sys.stderr.write(f"{line[:MAX_COMPLAINT]}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):
        # Standard error is closed or full: the exit code says it alone, and what was not
        # written must not be tried again on leaving.
        sys.stderr = None


@contextlib.contextmanager
def warned(message: str) -> Iterator[None]:
    """Say warnings of this beginning in one line each on standard error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("always", message=message)
        warnings.showwarning = lambda warning, *_, **__: complain(str(warning), "warning")
        yield
