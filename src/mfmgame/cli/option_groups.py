"""Options that always go together: a command takes them as one argument, a dataclass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

__all__ = ["with_single_options"]


def with_single_options(command: Callable[..., None]) -> Callable[..., None]:
    """Show typer, which knows no groups, the fields of each dataclass that a command takes.

    ``def ensemble(spec: Spec, *, workers: WorkerOptions)`` becomes
    ``def ensemble(*, spec: Spec, jobs: ... = None, dask: ... = None, ray: ... = False)``.
    """
    parameters = signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in parameters.items()
        if is_dataclass(parameter.annotation)
    }
    options = {name: signature(group, eval_str=True).parameters for name, group in groups.items()}

    @wraps(command)
    def called(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{option: values.pop(option) for option in options[name]})
        command(**values)

    single: list[Parameter] = []
    for name, parameter in parameters.items():
        single += options[name].values() if name in options else [parameter]
    # By keyword, a parameter without a default may stand after one that has a default.
    keywords = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in single]
    called.__signature__ = Signature(keywords)  # type: ignore[attr-defined]
    return called
