"""Attack flows: minimal sets of techniques, both formats, gaps, refusals."""

import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import mfmgame as mg
from mfmgame.cli.app import app

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "attack-flow"
needs_flows = pytest.mark.skipif(
    not FOLDER.exists(), reason="the attack flows of CTID are not beside the project"
)
STEPS = {"action", "condition", "AND_operator", "OR_operator"}
LOCK_OR_WINDOW = {
    "lock": ("action", "Pick the lock", "T0001"),
    "window": ("action", "Break the window", None),
    "or": ("OR_operator", "", None),
    "inside": ("condition", "The thief is inside", None),
    "code": ("action", "Guess the code", "T0002.001"),
    "both": ("AND_operator", "", None),
    "safe": ("action", "Open the safe", "T0003"),
}
LINKS = [
    ("lock", "or"),
    ("window", "or"),
    ("or", "inside"),
    ("inside", "both"),
    ("code", "both"),
    ("both", "safe"),
]


def builder_file(nodes: dict, links: list, **page) -> dict:
    """A file of Attack Flow Builder: blocks, anchors, latches and lines."""
    properties = [[key, value] for key, value in ({"name": "Burglary"} | page).items()]
    objects = [{"id": "flow", "instance": "page", "properties": properties, "objects": [*nodes]}]
    latches = defaultdict(list)
    for number, (source, target) in enumerate(links):
        ends = {"source": f"{number}s", "target": f"{number}t"}
        latches[source].append(ends["source"])
        latches[target].append(ends["target"])
        objects.append({"id": "dynamic_line", "instance": f"line{number}", **ends, "handles": []})
        objects += [{"id": "generic_latch", "instance": end} for end in ends.values()]
    for code, (kind, name, technique) in nodes.items():
        key = {"condition": "description", "AND_operator": "operator", "OR_operator": "operator"}
        stated = [[key.get(kind, "name"), name]]
        if kind == "action":
            stated.append(["ttp", [["tactic", None], ["technique", technique]]])
        anchors = {"90": f"{code}@"}
        objects += [
            {"id": kind, "instance": code, "properties": stated, "anchors": anchors},
            {"id": "vertical_anchor", "instance": f"{code}@", "latches": latches[code]},
        ]
    return {"schema": "attack_flow_v2", "objects": objects, "layout": {}}


def stix_bundle(nodes: dict, links: list) -> dict:
    """The same flow as Attack Flow Builder publishes it."""
    objects = [
        {"type": "extension-definition", "id": "extension-definition--0", "name": "Attack Flow"},
        {"type": "identity", "id": "identity--0", "name": "A. Writer"},
        {"type": "attack-flow", "id": "page", "name": "Burglary", "created_by_ref": "identity--0"},
    ]
    types = {"action": "attack-action", "condition": "attack-condition", "asset": "attack-asset"}
    key_of = {"action": "effect_refs", "condition": "on_false_refs", "asset": "object_ref"}
    for code, (kind, name, technique) in nodes.items():
        entry = {"type": types.get(kind, "attack-operator"), "id": code}
        entry["description" if kind == "condition" else "name"] = name
        if technique:
            entry["technique_id"] = technique
        if kind not in types:
            entry = {"type": "attack-operator", "id": code, "operator": kind.partition("_")[0]}
        for target in [end for start, end in links if start == code]:
            if kind == "asset" or nodes[target][0] == "asset":
                ends = {"source_ref": code, "target_ref": target}
                objects.append({"type": "relationship", "id": "relationship--0", **ends})
            else:
                entry.setdefault(key_of.get(kind, "effect_refs"), []).append(target)
        objects.append(entry)
    return {"type": "bundle", "id": "bundle--0", "objects": objects}


def imported(document: dict, folder: Path, **options) -> mg.Catalog:
    file = folder / "flow.afb"
    file.write_text(json.dumps(document), encoding="utf-8")
    return mg.import_flow(file, **options)


def chains(catalog: mg.Catalog) -> dict[str, list[list[str]]]:
    found = defaultdict(list)
    for threat in catalog.threats:
        found[threat.loss].append(threat.steps)
    return dict(found)


def test_alternatives_are_ways_of_one_loss_and_joint_needs_one_chain(tmp_path):
    numbers = mg.AssumedNumbers(severity=5.0, bandwidth=2.0)
    catalog = imported(builder_file(LOCK_OR_WINDOW, LINKS), tmp_path, numbers=numbers)
    assert catalog.name == "burglary"
    assert chains(catalog) == {
        "burglary/open-the-safe": [
            ["T0001", "T0002.001", "T0003"],
            ["break-the-window", "T0002.001", "T0003"],
        ]
    }
    assert [threat.id for threat in catalog.threats] == [
        "burglary/open-the-safe/1",
        "burglary/open-the-safe/2",
    ]
    assert [(loss.severity, loss.name) for loss in catalog.losses] == [
        (5.0, "Burglary: Open the safe")
    ]
    assert {entry.bandwidth for entry in catalog.techniques} == {2.0}
    assert all(entry.basis == "assumed" for entry in (*catalog.losses, *catalog.techniques))
    assert "1 technique without an id, named by actions" in catalog.notes


def test_the_published_bundle_gives_the_same_catalog(tmp_path):
    drawn = imported(builder_file(LOCK_OR_WINDOW, LINKS), tmp_path)
    published = imported(stix_bundle(LOCK_OR_WINDOW, LINKS), tmp_path)
    assert published.threats == drawn.threats
    assert published.techniques == drawn.techniques
    assert published.origins[0].attribution == "A. Writer"


def test_a_step_needs_the_objects_that_other_steps_make(tmp_path):
    nodes = {
        "write": ("action", "Write the worm", None),
        "worm": ("malware", "Worm", None),
        "portal": ("asset", "Portal", None),
        "note": ("note", "", None),
        "find": ("action", "Find a way in", None),
        "run": ("action", "Run the worm", None),
    }
    links = [
        ("write", "worm"),
        ("worm", "run"),
        ("find", "run"),
        ("portal", "run"),  # no step makes the portal
        ("run", "portal"),  # drawn in both directions: a use
        ("find", "note"),
        ("note", "write"),  # a note is no need
    ]
    catalog = imported(builder_file(nodes, links), tmp_path)
    [steps] = chains(catalog)["burglary/run-the-worm"]
    assert sorted(steps) == ["find-a-way-in", "run-the-worm", "write-the-worm"]
    assert len(catalog.threats) == 1
    assert "'Burglary': left out: 1 object in a circle of links" in catalog.notes


def test_an_action_after_an_operator_of_an_attack_tree_needs_no_bandwidth(tmp_path):
    catalog = imported(builder_file(LOCK_OR_WINDOW, LINKS, scope="attack-tree"), tmp_path)
    assert {entry.id: entry.bandwidth for entry in catalog.techniques} == {
        "T0001": 1.0,
        "break-the-window": 1.0,
        "T0002.001": 1.0,
        "T0003": 0.0,
    }


def test_techniques_are_told_apart_by_their_ids_or_else_their_names(tmp_path):
    nodes = {
        "a": ("action", "Enter", "[ATL] AML.T0002.002 AI Agent Configuration"),
        "b": ("action", " Enter\nby force! ", None),
        "c": ("action", "Enter by force?", None),
        "d": ("action", "Enter by force!", ""),
        "e": ("action", "Enter", "own id"),
        "f": ("action", "", None),
    }
    catalog = imported(builder_file(nodes, [*zip("abcde", "bcdef", strict=True)]), tmp_path)
    [steps] = chains(catalog)["burglary/action"]
    assert steps == [
        "AML.T0002.002",
        "enter-by-force",
        "enter-by-force-2",
        "enter-by-force",
        "own id",
        "unnamed",
    ]


def test_gaps_that_change_no_chain_are_counted(tmp_path):
    document = builder_file(LOCK_OR_WINDOW, [*LINKS, ("lock", "nowhere")])
    lonely = {"lonely": ("condition", "It rains", None)}
    document["objects"] += builder_file(lonely, [])["objects"][1:]
    document["objects"].append({"id": "dynamic_line", "instance": "loose"})
    catalog = imported(document, tmp_path)
    assert len(catalog.threats) == 2
    assert "'Burglary': left out: 2 links without two ends" in catalog.notes
    assert "'Burglary': left out: 'It rains', without an action" in catalog.notes


def test_several_flows_share_techniques_but_no_losses(tmp_path):
    files = []
    for number in range(2):
        files.append(tmp_path / f"{number}.afb")
        files[-1].write_text(json.dumps(builder_file(LOCK_OR_WINDOW, LINKS)), encoding="utf-8")
    catalog = mg.import_flow(*files)
    assert catalog.name == "attack-flows"
    assert [*chains(catalog)] == ["burglary/open-the-safe", "burglary-2/open-the-safe"]
    assert len(catalog.techniques) == 4
    assert len(catalog.origins) == 2


@st.composite
def flows(draw):
    """A flow without circles: nodes in order, links from earlier to later nodes."""
    kinds = st.sampled_from(["action", "action", *sorted(STEPS), "asset"])
    drawn = draw(st.lists(kinds, min_size=1, max_size=9))
    nodes = {
        f"n{place}": (kind, f"does {place}", draw(st.sampled_from(["T0001", "T0002", None])))
        for place, kind in enumerate(["action", *drawn])
    }
    pairs = list(combinations(nodes, 2))
    return nodes, draw(st.lists(st.sampled_from(pairs), unique=True, max_size=16))


def minimal_by_trying_all(nodes: dict, links: list) -> dict[str, list[tuple[str, ...]]]:
    """For each leaf, the techniques of its minimal sets of actions: its formula on every set."""
    names = {
        code: technique or name.replace(" ", "-")
        for code, (kind, name, technique) in nodes.items()
        if kind == "action"
    }
    made = {}
    for code, (kind, *_) in nodes.items():
        made[code] = kind in STEPS or any(made[start] for start, end in links if end == code)

    def reached(code: str, held: frozenset[str]) -> bool:
        before = [start for start, end in links if end == code and made[start]]
        known = {start: reached(start, held) for start in before}
        kind = nodes[code][0]
        if kind == "AND_operator":
            return all(known.values())
        if kind in ("OR_operator", "asset"):
            return not known or any(known.values())
        steps = [known[one] for one in before if nodes[one][0] in STEPS]
        objects = [known[one] for one in before if nodes[one][0] not in STEPS]
        own = kind == "condition" or code in held
        return own and all(objects) and (not steps or any(steps))

    def leads_to_a_step(code: str) -> bool:
        after = [end for start, end in links if start == code]
        return any(nodes[one][0] in STEPS or leads_to_a_step(one) for one in after)

    found = {}
    for code, (kind, *_) in nodes.items():
        if kind in STEPS and not leads_to_a_step(code):
            smallest: set[frozenset[str]] = set()
            for size in range(len(names) + 1):
                for held in map(frozenset, combinations(names, size)):
                    if not any(one <= held for one in smallest) and reached(code, held):
                        smallest.add(held)
            found[code] = [tuple(sorted(names[one] for one in held)) for held in smallest if held]
    return found


@settings(max_examples=150)
@given(flows())
def test_chains_are_the_minimal_sets_with_which_a_leaf_is_reached(tmp_path_factory, flow):
    nodes, links = flow
    folder = tmp_path_factory.mktemp("flow")
    catalog = imported(builder_file(nodes, links), folder)
    by_leaf = [sorted(tuple(sorted(one)) for one in each) for each in chains(catalog).values()]
    expected = [sorted(each) for each in minimal_by_trying_all(nodes, links).values() if each]
    assert sorted(by_leaf) == sorted(expected)
    assert len(catalog.threats) == sum(map(len, expected))
    assert chains(imported(stix_bundle(nodes, links), folder)) == chains(catalog)


def choices(n_joined: int, n_each: int) -> dict:
    """An action after AND of several ORs, each of several actions."""
    nodes = {"end": ("action", "End", None), "all": ("AND_operator", "", None)}
    links = [("all", "end")]
    for joined in range(n_joined):
        nodes[f"{joined}"] = ("OR_operator", "", None)
        links.append((f"{joined}", "all"))
        for each in range(n_each):
            nodes[f"{joined}.{each}"] = ("action", f"Do {joined} by {each}", None)
            links.append((f"{joined}.{each}", f"{joined}"))
    return builder_file(nodes, links)


def test_ten_thousand_chains_are_listed_and_more_are_refused(tmp_path):
    assert len(imported(choices(4, 10), tmp_path).threats) == 10_000
    for document in (choices(14, 2), choices(400, 2)):
        with pytest.raises(mg.SpecificationError, match=r"expected at most 10000 chains$"):
            imported(document, tmp_path)


ONE = {"a": ("action", "Enter", None)}
TWO = ONE | {"b": ("action", "Leave", None)}


def changed(document: dict, index: int, **keys) -> dict:
    document["objects"][index] |= keys
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "/schema: found no schema, expected 'attack_flow_v2'"),
        ({"schema": {"page": 1}, "objects": []}, "/schema: found an object, expected"),
        ({"schema": "attack_flow_v2"}, "/objects: missing"),
        ({"schema": "attack_flow_v2", "objects": []}, "found no action, expected at least one"),
        ({"schema": "attack_flow_v2", "objects": [{}]}, "/objects/0/id: missing"),
        (changed(builder_file(ONE, []), 1, instance="page"), "/objects/1/instance: found 'page'"),
        (changed(builder_file(ONE, []), 1, anchors=["x"]), "/objects/1/anchors: found a list"),
        (changed(builder_file(ONE, []), 1, properties=[["name"]]), "/objects/1/properties/0: "),
        (
            builder_file(TWO, [("a", "b"), ("b", "a")]),
            "found steps that lead to themselves ('Leave', 'Enter'), expected no circle",
        ),
        (builder_file(ONE, [("a", "a")]), "found steps that lead to themselves ('Enter')"),
        (
            builder_file(TWO | {"x": ("XOR_operator", "", None)}, [("a", "x"), ("x", "b")]),
            "found an object of the kind 'XOR_operator' between two steps, expected an action",
        ),
        (
            builder_file({f"{n}": ("action", "x", None) for n in range(2001)}, []),
            "found 2001 steps and objects, expected at most 2000",
        ),
        ({"type": "bundle", "objects": []}, "/objects: found 0 objects of the type 'attack-flow'"),
        (
            {"type": "bundle", "objects": [{"type": "attack-action", "id": "a"}] * 2},
            "/objects/1/id: found 'a' again, expected unique ids",
        ),
        (
            {"type": "bundle", "objects": [{"type": "x", "id": "a", "effect_refs": 5}]},
            "/objects/0/effect_refs: found 5, expected",
        ),
    ],
)
def test_what_is_no_flow_is_refused_in_one_line(tmp_path, document, message):
    file = tmp_path / "flow.afb"
    file.write_text(json.dumps(document), encoding="utf-8")
    answer = CliRunner().invoke(app, ["catalog", "import", "flow", str(file)])
    assert answer.exit_code == 2
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith(f"error: {file}: {message}") or (
        answer.stderr.startswith(f"error: {file}:{message}")
    )


def test_defenses_of_techniques_are_merged_into_a_flow(tmp_path):
    flow = imported(builder_file(LOCK_OR_WINDOW, LINKS), tmp_path)
    text = """
    id: ATLAS
    version: 1.0.0
    matrices:
    - id: ATLAS
      techniques: [{id: T0001, name: Lock picking}, {id: T0002}, {id: T0002.001}]
      mitigations:
      - {id: M1, name: A better lock, techniques: [{id: T0001}]}
      - {id: M2, name: A longer code, techniques: [{id: T0002}]}
    """
    file = tmp_path / "atlas.yaml"
    file.write_text(text, encoding="utf-8")
    numbers = mg.AssumedNumbers(effectiveness=0.75, inherit=True)
    defenses = mg.import_atlas(file, numbers, as_steps=True)
    assert not defenses.threats
    merged = mg.merge_catalogs(flow, defenses)
    assert [loss.id for loss in merged.losses] == [loss.id for loss in flow.losses]
    assert next(one for one in merged.techniques if one.id == "T0001").name == "Pick the lock"
    scenario = mg.Scenario(
        schema="mfmgame/scenario/1",
        name="home",
        catalog="burglary.json",
        attacker={"bandwidth": 3},
        defender={"limits": {"budget": 2}},
    )
    game = mg.build_game(scenario, merged)
    # The lock stops the first way only; the longer code, inherited, stops both.
    assert game.effectiveness.tolist() == [[0.75, 0.75], [0.0, 0.75]]
    assert mg.solve(game).value == pytest.approx(0.25)


@needs_flows
def test_the_flows_of_ctid_have_the_chains_of_an_independent_count():
    files = sorted(FOLDER.glob("*.afb"))
    catalog = mg.import_flow(*files)
    counted = {
        origin.name: (
            len({one.loss for one in catalog.threats if one.threat_class == origin.name}),
            sum(one.threat_class == origin.name for one in catalog.threats),
        )
        for origin in catalog.origins
    }
    assert counted == {
        "Equifax Breach": (2, 2),
        "Example Attack Tree": (1, 16),
        "MITRE NERVE": (14, 15),
        "OpenClaw Command & Control via Prompt Injection": (1, 1),
        "SolarWinds": (1, 13),
        "Tesla Kubernetes Breach": (2, 2),
        "Uber Breach": (1, 1),
    }
    names = {entry.id: entry.name for entry in catalog.techniques}
    for file in files:
        found = {
            frozenset(step if step[:1] in "TA" else names[step] for step in threat.steps)
            for threat in mg.import_flow(file).threats
        }
        assert found == recounted(json.loads(file.read_text(encoding="utf-8")))


def recounted(document: dict) -> set[frozenset[str]]:
    """Techniques of the minimal sets of actions of all leaves, by recursion over the lines."""
    objects = document["objects"]
    block = {one["instance"]: one for one in objects}
    owner = {
        anchor: one["instance"] for one in objects for anchor in one.get("anchors", {}).values()
    }
    seat = {latch: owner[one["instance"]] for one in objects for latch in one.get("latches", [])}
    before, after = defaultdict(set), defaultdict(set)
    for one in objects:
        if one["id"] == "dynamic_line":
            start, end = seat[one["source"]], seat[one["target"]]
            if block[start]["id"] != "note":
                before[end].add(start)
                after[start].add(end)

    def is_step(code):
        return block[code]["id"] in STEPS

    def made(code):
        return is_step(code) or any(map(made, before[code]))

    def leads_on(code):
        return any(is_step(one) or leads_on(one) for one in after[code])

    def technique(code):
        properties = dict(block[code]["properties"])
        text = dict(properties["ttp"])["technique"] or " ".join(properties["name"].split())
        return text.split()[1] if text.startswith("[ATL]") else text

    def smallest(sets):
        return [one for one in set(sets) if not any(other < one for other in sets)]

    def product(parts):
        sets = [frozenset()]
        for part in parts:
            sets = smallest([one | other for one in sets for other in part])
        return sets

    known = {}

    def sets_of(code):
        if code not in known:
            kind = block[code]["id"]
            steps = [sets_of(one) for one in before[code] if is_step(one)]
            things = [sets_of(one) for one in before[code] if made(one) and not is_step(one)]
            if kind == "AND_operator":
                found = product([*steps, *things])
            else:
                if kind not in ("action", "condition"):
                    steps, things = [*steps, *things], []
                any_step = [[one for part in steps for one in part]] if steps else []
                found = product([*any_step, *things])
            own = [frozenset({code})] if kind == "action" else [frozenset()]
            known[code] = smallest(product([found, own]))
        return known[code]

    leaves = [code for code in block if is_step(code) and not leads_on(code)]
    return {frozenset(map(technique, one)) for leaf in leaves for one in sets_of(leaf) if one}
