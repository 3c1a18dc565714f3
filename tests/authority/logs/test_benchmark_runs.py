"""Tool calls in the logs of Inspect and AgentDojo."""

import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from mfmgame import read_calls
from mfmgame.errors import SpecificationError

SHARED = Path(__file__).parents[4] / "shared" / "data"


def call(name="pay", **arguments):
    return {"id": "c1", "function": name, "arguments": arguments}


def sample(number=1, *calls, **more):
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "", "tool_calls": list(calls)},
        {"role": "tool", "content": "done", "function": "pay"},
        {"role": "assistant", "content": "done"},
    ]
    return {"id": number, "epoch": 1, "messages": messages, **more}


def log(*samples):
    header = {"version": 2, "status": "success", "eval": {"eval_id": "e1", "task": "t"}}
    return header | {"samples": list(samples)}


def in_json(folder, document):
    (folder / "log.json").write_text(json.dumps(document, indent=1), "utf-8")


def in_archive(folder, document):
    with zipfile.ZipFile(folder / "log.eval", "w") as archive:
        header = {key: value for key, value in document.items() if key != "samples"}
        archive.writestr("header.json", json.dumps(header))
        for one in document["samples"]:
            archive.writestr(f"samples/{one['id']}_epoch_1.json", json.dumps(one))


def calls_of(folder, document, write=in_json):
    write(folder, document)
    return list(read_calls(folder))


@pytest.mark.parametrize("write", [in_json, in_archive])
def test_inspect_calls_are_those_of_the_messages(write, tmp_path):
    document = log(sample(1, call(amount=5), call("stop")), sample("b", call("read")))
    calls = calls_of(tmp_path, document, write)
    assert [(one.session, one.tool) for one in calls] == [
        ("e1/1/1", "pay"),
        ("e1/1/1", "stop"),
        ("e1/b/1", "read"),
    ]
    assert calls[0].arguments == {"amount": 5}
    assert calls[1].place.endswith("/messages/1/tool_calls/1")


def test_inspect_events_are_preferred_as_they_have_times(tmp_path):
    events = [
        {"event": "model", "timestamp": "t0"},
        {"event": "tool", "timestamp": "t1", "function": "read", "arguments": {"page": 2}},
    ]
    (found,) = calls_of(tmp_path, log(sample(1, call("stop"), events=events)))
    assert (found.tool, found.arguments, found.time) == ("read", {"page": 2}, "t1")


def test_inspect_calls_that_could_not_be_parsed_were_not_made(tmp_path):
    assert calls_of(tmp_path, log(sample(1, call() | {"parse_error": "no JSON"}))) == []


def test_inspect_attachments_are_put_back(tmp_path):
    document = log(sample(1, call(body="attachment://x1"), attachments={"x1": "long text"}))
    assert calls_of(tmp_path, document)[0].arguments == {"body": "long text"}


def test_scores_that_are_not_numbers_do_not_matter(tmp_path):
    document = log(sample(1, call(), scores={"judge": {"value": float("nan")}}))
    assert len(calls_of(tmp_path, document)) == 1


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "log.eval").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(SpecificationError, match=r"log\.eval: .*ZIP"):
        list(read_calls(tmp_path))


def run(*calls, **more):
    messages = [{"role": "system", "content": None}]
    messages += [{"role": "assistant", "content": None, "tool_calls": [one]} for one in calls]
    messages.append({"role": "assistant", "content": "done", "tool_calls": None})
    about = {"suite_name": "bank", "pipeline_name": "m", "user_task_id": "user_task_0"}
    about |= {"injection_task_id": None, "attack_type": None, "evaluation_timestamp": "t9"}
    return about | {"messages": messages} | more


def requested(name, **arguments):
    return {"function": name, "args": arguments, "id": "c1", "placeholder_args": None}


def test_agentdojo_runs_are_sessions(tmp_path):
    folder = tmp_path / "m-filter" / "bank" / "user_task_0" / "none"
    folder.mkdir(parents=True)
    document = run(requested("read", page=1), requested("pay", amount=5))
    (folder / "none.json").write_text(json.dumps(document, indent=4), "utf-8")
    calls = list(read_calls(tmp_path))
    assert {one.session for one in calls} == {"m-filter/bank/user_task_0/none/none"}
    assert [(one.tool, one.arguments, one.time) for one in calls] == [
        ("read", {"page": 1}, "t9"),
        ("pay", {"amount": 5}, "t9"),
    ]


def test_runs_on_lines_are_read(tmp_path):
    text = json.dumps(run(requested("read"))) + "\n" + json.dumps(run(user_task_id="x")) + "\n"
    (tmp_path / "runs.jsonl").write_text(text, "utf-8")
    assert [one.session for one in read_calls(tmp_path)] == ["m/bank/user_task_0/none/none"]


HOSTILE = {
    "messages": (run(messages=5), "/messages: found 5, expected a list"),
    "message": (run(messages=[5]), "/messages/0: found 5, expected an object"),
    "calls": (
        run(messages=[{"role": "assistant", "tool_calls": {}}]),
        "/messages/0/tool_calls: found an object, expected a list",
    ),
    "call": (run("pay"), "/messages/1/tool_calls/0: found 'pay', expected an object"),
    "tool": (run(requested(5)), "/messages/1/tool_calls/0/tool: found 5, expected text"),
    "arguments": (run(requested("pay") | {"args": [1]}), "/arguments: found a list"),
    "suite": (run(suite_name=5), "/suite_name: found 5, expected text"),
    "inspect samples": (log() | {"samples": {}}, "found no samples"),
    "inspect sample": (log(5), "/samples/0: found 5, expected an object"),
    "inspect id": (log(sample(None)), "/samples/0/id: found null, expected text"),
    "inspect event": (log(sample(events=[5])), "/samples/0/events/0: found 5"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_malformed_log_gives_one_line(case, tmp_path):
    document, expected = HOSTILE[case]
    with pytest.raises(SpecificationError) as caught:
        calls_of(tmp_path, document)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the recorded runs beside the project")
def test_recorded_runs_are_read_as_their_files_have_them():
    folder = SHARED / "agentdyn" / "runs" / "gpt-4o-2024-08-06" / "shopping" / "user_task_0"
    expected = Counter()
    for file in folder.rglob("*.json"):
        for message in json.loads(file.read_text("utf-8"))["messages"]:
            for one in (message["role"] == "assistant" and message["tool_calls"]) or ():
                expected[one["function"], file.stem] += 1
    found = Counter((one.tool, one.session.rpartition("/")[2]) for one in read_calls(folder))
    assert found == expected
    assert found.total() > 50


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the example logs beside the project")
def test_example_logs_of_inspect_have_no_calls():
    formats = SHARED / "evidence" / "formats"
    assert list(read_calls(formats / "inspect.json")) == []
