"""Tool calls in the logs of benchmarks: Inspect and AgentDojo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mfmgame.authority.logs.logged_call import LoggedCall, logged_call
from mfmgame.errors import SpecificationError
from mfmgame.evidence.agentdojo import pipeline_of, run_of
from mfmgame.evidence.hostile_json import members_of, placed, short_text, text_of
from mfmgame.evidence.inspect_logs import archived_samples, samples_of
from mfmgame.messages import shown

__all__ = ["calls_of_agentdojo", "calls_of_archive", "calls_of_inspect"]

_ATTACHMENT = "attachment://"


def calls_of_agentdojo(value: Mapping[str, Any], file: Path) -> Iterator[LoggedCall]:
    """Read the calls of a run of AgentDojo.

    Parameters
    ----------
    value : mapping
    file : pathlib.Path
        Names the pipeline where the file lies in AgentDojo's folders.

    Yields
    ------
    LoggedCall
        Of the session ``PIPELINE/SUITE/TASK/ATTACK/INJECTION``.

    Raises
    ------
    SpecificationError
        If the value is no run of AgentDojo, or its messages are malformed.
    """
    run = run_of(value)
    parts = (
        pipeline_of(file, run),
        text_of(run, "suite_name"),
        text_of(run, "user_task_id"),
        text_of(run, "attack_type", "none"),
        text_of(run, "injection_task_id", "none"),
    )
    time = text_of(run, "evaluation_timestamp", "")
    for place, call in _requested(run):
        with placed(place):
            yield logged_call("/".join(parts), call.get("function"), call.get("args"), time, place)


def calls_of_archive(file: Path) -> Iterator[LoggedCall]:
    """Read the calls of an archive of Inspect (``.eval``), sample by sample.

    Parameters
    ----------
    file : pathlib.Path

    Yields
    ------
    LoggedCall
        As for :func:`calls_of_inspect`.

    Raises
    ------
    SpecificationError
        If the archive is damaged, or a sample is malformed.
    """
    return _calls_of_log(*archived_samples(file, exact=True))


def calls_of_inspect(value: Mapping[str, Any]) -> Iterator[LoggedCall]:
    """Read the calls of a log of Inspect in JSON.

    Parameters
    ----------
    value : mapping

    Yields
    ------
    LoggedCall
        Of the session ``EVALUATION/SAMPLE/EPOCH``.

    Raises
    ------
    SpecificationError
        If the value is no log with samples, or a sample is malformed.
    """
    return _calls_of_log(*samples_of(value))


def _calls_of_log(
    header: Mapping[str, Any], samples: Iterator[tuple[str, Any]]
) -> Iterator[LoggedCall]:
    with placed("/eval"):
        evaluation = text_of(members_of(header.get("eval")), "eval_id", "")
    for place, value in samples:
        with placed(place):
            sample = members_of(value)
            number, epoch = (_name(sample, key) for key in ("id", "epoch"))
            for inner, call, time in _events(sample) or _messages(sample):
                with placed(inner):
                    yield logged_call(
                        "/".join(filter(None, (evaluation, number, epoch))),
                        call.get("function"),
                        _with_attachments(call.get("arguments"), sample),
                        time,
                        f"{place}{inner}" if place.startswith("/") else f"{place}: {inner}",
                    )


def _name(sample: Mapping[str, Any], key: str) -> str:
    value = sample.get(key, 1)
    with placed(f"/{key}"):
        return shown(value) if type(value) is int else short_text(value)


def _events(sample: Mapping[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """List the events of tool calls; they hold calls that left the messages, and times."""
    return [
        (place, event, text_of(event, "timestamp", ""))
        for place, event in _listed(sample, "events")
        if event.get("event") == "tool"
    ]


def _messages(sample: Mapping[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    return [
        (place, call, "") for place, call in _requested(sample) if call.get("parse_error") is None
    ]


def _requested(run: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk the calls that the model's messages request, with their places."""
    for place, message in _listed(run, "messages"):
        if message.get("role") == "assistant":
            with placed(place):
                calls = list(_listed(message, "tool_calls"))
            for inner, call in calls:
                yield f"{place}{inner}", call


def _listed(members: Mapping[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk the objects of a list, which may be missing or null, with their places."""
    entries = members.get(key)
    with placed(f"/{key}"):
        if not isinstance(entries, list | None):
            raise SpecificationError(f"found {shown(entries)}, expected a list")
        for index, entry in enumerate(entries or ()):
            with placed(f"/{index}"):
                checked = members_of(entry)
            yield f"/{key}/{index}", checked


def _with_attachments(arguments: Any, sample: Mapping[str, Any]) -> Any:
    """Put the texts in the place of the references by which Inspect shortens its logs."""
    attachments = sample.get("attachments")
    if not isinstance(arguments, dict) or not isinstance(attachments, dict):
        return arguments
    return {
        key: attachments.get(value.removeprefix(_ATTACHMENT), value)
        if isinstance(value, str) and value.startswith(_ATTACHMENT)
        else value
        for key, value in arguments.items()
    }
