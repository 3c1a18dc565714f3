"""What every command shares: options, errors as one line and an exit code, and output."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mfmgame.documents.json_reading import is_lost, was_read
from mfmgame.errors import CertificateError, InfeasibleError, MfmgameError, SpecificationError
from mfmgame.machine.signals import interruption_code
from mfmgame.messages import HELD, shown

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_FAILURE",
    "EXIT_INFEASIBLE",
    "EXIT_TERMINATE",
    "EXIT_UNDECIDED",
    "FLOAT",
    "AsJson",
    "MipGap",
    "Output",
    "Plot",
    "TimeLimit",
    "Tolerance",
    "check_picture",
    "complain",
    "keep_apart",
    "keep_inputs",
    "keyed_numbers",
    "numbers",
    "reported",
    "warned",
    "write",
    "write_json",
    "write_plain",
]

EXIT_FAILURE = 1
EXIT_BAD_INPUT = 2
EXIT_INFEASIBLE = 3
EXIT_TERMINATE = 4
EXIT_UNDECIDED = 5
MAX_COMPLAINT = 2000

AsJson = Annotated[bool, typer.Option("--json", help="Print the JSON document.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")]
Plot = Annotated[
    Path | None, typer.Option("--plot", help="Draw it to this file (PNG, SVG or PDF).")
]


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


def _fail(reason: object, code: int) -> NoReturn:
    complain(str(reason))
    raise typer.Exit(code)


def complain(reason: str, kind: str = "error") -> None:
    """Say on standard error, in one line, what is wrong."""
    from mfmgame.view.text.layout import printable

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


def numbers(text: str, option: str) -> list[float]:
    """Numbers separated by commas, as an option gives them."""
    parts = [part for part in text.split(",") if part.strip()]
    return [_number(part, text, "numbers separated by commas", option) for part in parts]


def keyed_numbers(texts: list[str], option: str) -> dict[str, float]:
    """Numbers of an option that repeats, ``NUMBER`` (its key is "") or ``KEY=NUMBER``."""
    values: dict[str, float] = {}
    for text in texts:
        key, _, value = text.rpartition("=")
        if key in values:
            raise SpecificationError(f"found {shown(key or value)} twice", pointer=option)
        values[key] = _number(value, text, "a number or NAME=NUMBER", option)
    return values


def _number(part: str, text: str, expected: str, option: str) -> float:
    """The number that a part of an option's text says."""
    try:
        value = float(part)
    except ValueError:
        pass
    else:
        if not is_lost(part, value):
            return value
        expected = HELD
    raise SpecificationError(f"found {shown(text)}, expected {expected}", pointer=option)


def _alone(text: str | float) -> float:
    """The number of an option that has no other; a default stands for itself."""
    try:
        return _number(text, text, "a number", "") if isinstance(text, str) else text
    except SpecificationError as error:
        raise typer.BadParameter(error.message) from None


FLOAT: dict[str, Any] = {"parser": _alone, "metavar": "FLOAT"}
"""How typer reads an option that is a number."""
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance", **FLOAT, help="Width of the proven bracket, as a share of the value."
    ),
]
MipGap = Annotated[
    float | None,
    typer.Option(
        "--mip-gap",
        **FLOAT,
        help="Width of the bracket where some defenses are stepped.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit", **FLOAT, help="Seconds for each solve, which then ends as far as proven."
    ),
]


def keep_inputs(output: Path | None) -> None:
    """Refuse to write over a file that this command has read."""
    if output is not None and was_read(output):
        raise SpecificationError(
            "found a file that this command reads, expected another to write to", source=str(output)
        )


def keep_apart(outputs: Mapping[str, Path | None]) -> None:
    """Refuse two outputs to one file, by whatever names.

    Parameters
    ----------
    outputs : mapping of str to pathlib.Path or None
        By the option that names them.
    """
    seen: dict[str, str] = {}
    for option, file in outputs.items():
        if file is None:
            continue
        other = seen.setdefault(os.path.realpath(file), option)
        if other != option:
            raise SpecificationError(
                f"found for both {other} and {option}, expected two files", source=str(file)
            )


def check_picture(picture: Path | None, output: Path | None) -> None:
    """Refuse, before any work, a picture that could not be drawn or would be lost."""
    if picture is None:
        return
    from mfmgame.view.output import picture_kind

    picture_kind(picture)
    keep_inputs(picture)
    keep_apart({"--plot": picture, "--output": output})
    import mfmgame.view.plots.style  # noqa: F401 - says so where matplotlib is missing


def write_json(document: dict[str, Any], output: Path | None) -> None:
    """Write a JSON document to a file, or to standard output."""
    from mfmgame.view.output import as_json, write_text

    keep_inputs(output)
    write_text(as_json(document), output)


def write(content: RenderableType, output: Path | None) -> None:
    """Write tables and text to a file, or to standard output."""
    from mfmgame.view.output import write_text
    from mfmgame.view.text.layout import rendered

    keep_inputs(output)
    terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    styled = terminal and not os.environ.get("NO_COLOR")
    width = os.get_terminal_size().columns if terminal else None
    write_text(rendered(content, styled=styled, width=width), output)


def write_plain(text: str) -> None:
    """Write text to standard output."""
    from mfmgame.view.output import write_text

    write_text(text, None)
