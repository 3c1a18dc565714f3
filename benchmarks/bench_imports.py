"""Time to read a large STIX bundle, beside a general reader of STIX."""

import json
import uuid
from importlib.util import find_spec

import numpy as np
import pytest

import mfmgame as mg
from benchmarks.measure import best_time

SIZES = {True: (40, 10, 2_000), False: (2_000, 1_200, 40_000)}
"""Numbers of techniques, mitigations and relationships; the key tells a smoke run."""
TEXT = "What an adversary does, and how it is noticed. " * 20


def bundle(n_techniques, n_mitigations, n_relationships):
    """Build a bundle with the proportions of ATT&CK: most relationships say who uses what."""
    random = np.random.default_rng(0)

    def thing(kind, **more):
        name = f"{kind}--{uuid.UUID(bytes=random.bytes(16), version=4)}"
        date = "2025-01-01T00:00:00.000Z"
        about = {"type": kind, "id": name, "spec_version": "2.1", "created": date}
        return {**about, "modified": date, "description": TEXT, **more}

    def named(kind, prefix, number):
        reference = {"source_name": "mitre-attack", "external_id": f"{prefix}{number:04}"}
        return thing(kind, name=f"{kind} {number}", external_references=[reference])

    techniques = [named("attack-pattern", "T", 1000 + k) for k in range(n_techniques)]
    mitigations = [named("course-of-action", "M", 1000 + k) for k in range(n_mitigations)]
    groups = [thing("intrusion-set", name=f"group {k}") for k in range(100)]
    links = []
    for k in range(n_relationships):
        kind, sources = ("mitigates", mitigations) if k % 8 == 0 else ("uses", groups)
        ends = (sources[random.integers(len(sources))], techniques[random.integers(n_techniques)])
        source, target = (end["id"] for end in ends)
        link = thing("relationship", relationship_type=kind, source_ref=source, target_ref=target)
        links.append(link)
    objects = [*techniques, *mitigations, *groups, *links]
    return {"type": "bundle", "id": f"bundle--{uuid.UUID(int=0)}", "objects": objects}


@pytest.mark.parametrize("reader", ["import_attack", "stix2 MemoryStore"])
def test_reading(reader, benchmark, results, smoke, tmp_path):
    if reader.startswith("stix2") and not find_spec("stix2"):
        pytest.skip("not installed")
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle(*SIZES[smoke])), encoding="utf-8")

    def read():
        if reader == "import_attack":
            return mg.import_attack(file)
        import stix2

        return stix2.MemoryStore(json.loads(file.read_bytes()), allow_custom=True)

    wall = best_time(read, benchmark, 1 if smoke else 3)
    megabytes = file.stat().st_size / 1e6
    results.append({"kind": "reading", "name": reader, "megabytes": megabytes, "wall": wall})
