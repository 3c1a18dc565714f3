"""The pages of the site that come from elsewhere: from the code, and from beside this folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from mfmgame import json_schema
from mfmgame.cli.app import app
from mfmgame.documents.json_schema import SCHEMA_NAMES

ROOT = Path(__file__).resolve().parents[1]
PAGES = Path("docs/generated")
COPIES = {
    Path("README.md"): PAGES / "readme.md",
    Path("CONTRIBUTING.md"): PAGES / "contributing.md",
    Path("CHANGELOG.md"): PAGES / "changelog.md",
    Path("benchmarks/README.md"): PAGES / "benchmarks.md",
}
"""Pages that stand outside the documentation's folder, and their places on the site."""
COMMANDS = """\
# Command line

Every command and option, from the program's own help. [Commands](../commands.md) lists the
commands in one table, with the exit statuses.
"""
SCHEMAS = """\
# JSON Schemas

Every document that the command line reads or prints has a JSON Schema, draft 2020-12. They are
generated from the models that validate, and `mfmgame schema NAME` prints them.
[Scenario and result](../scenario.md) says what the keys mean.
"""


def write(site: Path) -> None:
    """Write the pages into the folder of the documentation, and the schemas into the site."""
    (ROOT / PAGES).mkdir(exist_ok=True)
    renew(ROOT / PAGES / "command_line.md", command_page())
    renew(ROOT / PAGES / "schemas.md", schema_page())
    for page, place in COPIES.items():
        text = (ROOT / page).read_text("utf-8")
        renew(ROOT / place, relinked(text, page.parent, place.parent))
    schemas = site / "schemas"
    schemas.mkdir(parents=True, exist_ok=True)
    for name in SCHEMA_NAMES:
        renew(schemas / f"{name}.json", json.dumps(json_schema(name), indent=2) + "\n")


def relinked(text: str, folder: Path, place: Path) -> str:
    """The text of a page of `folder` with relative links that hold from `place` on the site."""

    def link(match: re.Match[str]) -> str:
        target, anchor = match["target"], match["anchor"] or ""
        file = Path(os.path.normpath(folder / target))
        return f"]({os.path.relpath(COPIES.get(file, file), place)}{anchor})"

    # Fenced blocks stay as they are; a target with a colon has a scheme.
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    relative = r"\]\((?P<target>[^):#\s]+)(?P<anchor>#[^)\s]*)?\)"
    parts[::2] = [re.sub(relative, link, part) for part in parts[::2]]
    return "".join(parts)


def renew(file: Path, text: str) -> None:
    """Write a file, unless it has this text already: a build then reads it again for nothing."""
    if not file.exists() or file.read_text("utf-8") != text:
        file.write_text(text, encoding="utf-8")


def command_page() -> str:
    """One section a command, with its usage, arguments and options."""
    group = typer.main.get_command(app)
    sections = [
        line for words, part in commands("mfmgame", group) for line in described(words, part)
    ]
    return "\n".join([COMMANDS, *sections])


def commands(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands below a group, each with the words that call it."""
    below = getattr(command, "commands", None)
    if below is None:
        yield words, command
        return
    for name, part in below.items():
        yield from commands(f"{words} {name}", part)


def described(words: str, command: Any) -> Iterator[str]:
    """A command's heading, purpose, usage and parameters."""
    context = typer.Context(command, info_name=words)
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield f"## `{words}`\n"
    yield f"{unwrapped(command.help)}\n"
    yield f"```text\n{unwrapped(usage)}\n```\n"
    rows = [cells for part in command.get_params(context) if (cells := row(part, context))]
    yield from table(("argument or option", "means"), rows)


def row(parameter: Any, context: typer.Context) -> tuple[str, str] | None:
    """How a parameter is written, and its help."""
    record = parameter.get_help_record(context)
    return (f"`{record[0]}`", record[1]) if record else None


def schema_page() -> str:
    """One section a document: its keys and those of its parts."""
    sections = [section for name in SCHEMA_NAMES for section in keys_of(name)]
    return "\n".join([SCHEMAS, *sections])


def keys_of(name: str) -> Iterator[str]:
    """The keys of a document, part by part."""
    schema = json_schema(name)
    yield f"## `{name}`\n"
    yield f"{schema.get('description', '')}\n"
    yield f'The whole schema: <a href="../schemas/{name}.json">{name}.json</a>.\n'
    for title, part in {name: schema, **schema.get("$defs", {})}.items():
        required = set(part.get("required", ()))
        rows = [
            (f"`{key}`" + ("" if key in required else " (optional)"), shape(value), said(value))
            for key, value in part.get("properties", {}).items()
        ]
        if rows:
            if title != name:
                yield f"### {title} (`{name}`)\n"
            yield from table(("key", "is", "says"), rows)


def shape(schema: dict[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        return f"{schema['$ref'].rsplit('/', 1)[-1]}"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(shape(part) for part in schema[key]))
    kind = schema.get("type", "anything")
    if kind == "array" and isinstance(schema.get("items"), dict):
        return f"list of {shape(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {shape(schema['additionalProperties'])}"
    return str(kind)


def said(schema: dict[str, Any]) -> str:
    """A key's description, and its default."""
    words = [schema["description"]] if "description" in schema else []
    if "default" in schema:
        words.append(f"Default `{json.dumps(schema['default'])}`.")
    return " ".join(words)


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Lines of a table, with the bars in its cells escaped."""
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for cells in rows:
        escaped = [unwrapped(cell).replace("|", "\\|") for cell in cells]
        yield f"| {' | '.join(escaped)} |"
    yield ""


def unwrapped(text: str) -> str:
    """The same text on one line."""
    return re.sub(r"\s+", " ", text).strip()
