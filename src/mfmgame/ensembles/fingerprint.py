"""Fingerprints of functions by their code, to recognize the own measures of kept draws.

A function that calls or holds anything of unknown behavior has no fingerprint.
"""

from __future__ import annotations

import dis
import hashlib
import importlib.metadata
import math
import sys
import sysconfig
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["fingerprint"]


OPAQUE = {"__import__", "compile", "eval", "exec", "globals", "input", "locals", "open", "vars"}
"""Functions whose behavior does not follow from the calling code."""


class _UnknownError(Exception):
    """A value or call of unknown behavior."""


def fingerprint(function: Any) -> str | None:
    """Compute a digest of all that determines a function's behavior; None if unknown.

    The digest covers the code, not what the code reads elsewhere: the clock, a file, the
    network. Covered are functions in Python, their defaults, the plain values and arrays that
    they hold or find among the globals, other such functions, and definitions of installed
    packages, by name and version. With own modules or objects of own classes, it is unknown.

    Parameters
    ----------
    function : callable

    Returns
    -------
    str or None
        The digest changes with the version of Python.

    Examples
    --------
    >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 1)
    True
    >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 2)
    False
    """
    try:
        parts = "\n".join(_parts(function, {}))
    except (_UnknownError, RecursionError):
        return None
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def _parts(value: Any, seen: dict[int, int]) -> Iterator[str]:
    """Yield lines that describe a value, the same lines for equal values."""
    kind = type(value)
    if value is None or value is Ellipsis or kind in (bool, int, str, bytes, complex):
        yield f"{kind.__name__} {value!r}"
    elif kind is float:
        yield f"float {value.hex() if math.isfinite(value) else repr(value)}"
    elif kind is np.ndarray or isinstance(value, np.generic):
        yield from _of_array(np.asarray(value))
    elif kind in (tuple, list):
        yield f"{kind.__name__} {len(value)}"
        for item in value:
            yield from _parts(item, seen)
    elif kind in (set, frozenset):
        yield f"{kind.__name__} {len(value)}"
        yield from sorted("\n".join(_parts(item, {})) for item in value)
    elif kind is dict:
        yield f"dict {len(value)}"
        for pair in value.items():
            yield from _parts(pair, seen)
    elif kind is ModuleType:
        yield _installed(value.__name__)
    elif _is_named(value):
        yield f"{_installed(value.__module__)} {value.__qualname__}"
    elif kind is partial:
        yield "partial"
        yield from _parts((value.func, value.args, value.keywords), seen)
    elif kind is FunctionType:
        yield from _of_function(value, seen)
    elif kind is CodeType:
        yield from _of_code(value, seen)
    else:
        raise _UnknownError


def _of_array(array: np.ndarray[Any, Any]) -> Iterator[str]:
    if array.dtype.hasobject:
        raise _UnknownError
    yield f"array {array.dtype.descr!r} {array.shape} {array.tobytes().hex()}"


def _of_function(function: FunctionType, seen: dict[int, int]) -> Iterator[str]:
    if id(function) in seen:  # the function calls itself, perhaps indirectly
        yield f"function {seen[id(function)]}"
        return
    seen[id(function)] = len(seen)
    yield "function"
    code = function.__code__
    yield from _of_code(code, seen)
    yield from _parts((function.__defaults__, function.__kwdefaults__), seen)
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:  # the cell is not bound yet
            raise _UnknownError from None
        yield from _parts(held, seen)
    for name in sorted(set(_globals(code))):
        if name in OPAQUE:
            raise _UnknownError
        yield f"global {name}"
        if name in function.__globals__:
            yield from _parts(function.__globals__[name], seen)


def _of_code(code: CodeType, seen: dict[int, int]) -> Iterator[str]:
    """Yield all of a code object except its position in a file."""
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    yield f"code {_python()} {counts} {code.co_code.hex()} {code.co_exceptiontable.hex()}"
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    yield repr(names)
    for constant in code.co_consts:
        yield from _parts(constant, seen)
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            yield _installed(instruction.argval)


def _globals(code: CodeType) -> Iterator[str]:
    """Yield the global names that a code object, or code nested in it, looks up."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
        elif instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            raise _UnknownError  # state that one call leaves for the next
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _is_named(value: Any) -> bool:
    """Check whether a function or class is the one of its name in its installed module."""
    name, module = getattr(value, "__qualname__", None), getattr(value, "__module__", None)
    if not isinstance(name, str) or not isinstance(module, str):
        return False
    is_there = getattr(sys.modules.get(module), name, None) is value
    return is_there and _version(module) is not None


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _installed(name: str) -> str:
    """Describe a module by name and version."""
    version = _version(name)
    if version is None:
        raise _UnknownError
    return f"module {name} {version}"


def _version(name: str) -> str | None:
    """Find the version of a module's distribution; None for an own module."""
    top = name.partition(".")[0]
    if top == "__main__":
        return None
    if top in sys.stdlib_module_names:
        return _python()
    place = getattr(sys.modules.get(top), "__file__", None)
    folders = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib")}
    if top != "mfmgame" and (place is None or not folders & set(Path(place).resolve().parents)):
        return None
    try:
        return importlib.metadata.version(top)
    except importlib.metadata.PackageNotFoundError:
        return None
