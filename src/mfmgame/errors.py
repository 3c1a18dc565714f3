"""Exceptions of mfmgame, all derived from one base class."""

from __future__ import annotations

from typing import Self

__all__ = [
    "CertificateError",
    "InfeasibleError",
    "MfmgameError",
    "MissingPackageError",
    "SolverError",
    "SpecificationError",
    "WorkerError",
]


class MfmgameError(Exception):
    """Base class of the exceptions that mfmgame raises on purpose."""


class _LocatedError(MfmgameError):
    """An error at a known place in a document.

    Parameters
    ----------
    message : str
        Description of what was found and what was expected.
    pointer : str, optional
        JSON pointer (RFC 6901) of the offending value, or the name of the
        offending argument.
    source : str, optional
        File that holds the value.
    """

    def __init__(self, message: str, *, pointer: str = "", source: str = "") -> None:
        super().__init__(": ".join(part for part in (source, pointer, message) if part))
        self.message = message
        self.pointer = pointer
        self.source = source

    def located(self, source: str) -> Self:
        """Return the same error, naming the file that it was found in."""
        return type(self)(self.message, pointer=self.pointer, source=source)


class SpecificationError(_LocatedError, ValueError):
    """An input is malformed or inconsistent.

    Examples
    --------
    >>> print(SpecificationError("found -1.0, expected at least 0",
    ...                          pointer="/threats/0/severity", source="a.json"))
    a.json: /threats/0/severity: found -1.0, expected at least 0
    """


class MissingPackageError(SpecificationError):
    """A package of an optional extra is not installed; no input is to blame."""

    def located(self, source: str) -> Self:
        """Return the error as it is: no file is at fault."""
        return self


class InfeasibleError(MfmgameError):
    """No allocation keeps within the limits."""


class SolverError(MfmgameError):
    """The linear-programming solver did not deliver a usable answer."""


class WorkerError(MfmgameError):
    """Worker processes kept crashing."""


class CertificateError(_LocatedError):
    """A claimed answer does not follow from its proof."""
