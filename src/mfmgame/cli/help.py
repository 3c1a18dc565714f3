"""Help of commands: arguments by their names alone, without braces and types."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

__all__ = ["Command", "SchemaCommand"]


class Command(TyperCommand):
    """Command that writes its arguments as the documentation does: ``SPEC [SPEC2]``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for parameter in self.params:
            if parameter.param_type_name == "argument":
                parameter.display_type_rich = _no_type  # type: ignore[attr-defined]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """List the parts of the usage line: releases of typer differ in braces and dots."""
        options, *pieces = super().collect_usage_pieces(ctx)
        arguments = [one for one in self.params if one.param_type_name == "argument"]
        names = [piece.replace("{", "").replace("}", "").removesuffix("...") for piece in pieces]
        return [
            options,
            *(
                name + "..." * (argument.nargs == -1)
                for name, argument in zip(names, arguments, strict=True)
            ),
        ]


class SchemaCommand(Command):
    """Command whose argument is the name of a schema."""

    def get_params(self, ctx: Any) -> list[Any]:
        """List the parameters, after loading the models to learn the names of the schemas."""
        from mfmgame.documents.json_schema import SCHEMA_NAMES

        parameters = super().get_params(ctx)
        for parameter in parameters:
            if parameter.name == "name":
                names = f"{', '.join(SCHEMA_NAMES[:-1])} or {SCHEMA_NAMES[-1]}"
                parameter.help = f"Name of the document: {names}."  # type: ignore[attr-defined]
        return parameters


def _no_type(ctx: Any) -> None:
    """Show no type."""
