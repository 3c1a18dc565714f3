"""A small scenario with uncertain numbers, and a real Dask cluster of two processes."""

import pytest

import mfmgame as mg

DOCUMENT = {
    "schema": "mfmgame/scenario/1",
    "name": "two threats",
    "threats": [
        {"id": "t0", "severity": {"range": [1, 5]}, "bandwidth": 1},
        {
            "id": "t1",
            "severity": {"distribution": "lognormal", "median": 2, "sigma": 0.5},
            "bandwidth": 2,
        },
    ],
    "defenses": [{"id": "d0", "use": {"budget": 2}}, {"id": "d1", "use": {"budget": 1}}],
    "effectiveness": [
        {"threat": "t0", "defense": "d0", "value": {"distribution": "beta", "a": 4, "b": 2}},
        {"threat": "t1", "defense": "d1", "value": 0.5},
    ],
    "attacker": {"bandwidth": 2},
    "defender": {"limits": {"budget": {"range": [1, 2]}}},
    "termination": {"loss": 2},
}


@pytest.fixture
def document() -> dict:
    return DOCUMENT


@pytest.fixture
def scenario(document) -> mg.Scenario:
    return mg.Scenario(**document)


@pytest.fixture(scope="session")
def cluster():
    """Start a Dask cluster of two worker processes that a nanny restarts when they end."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    # By default Dask soon gives up a lost worker for good; tests kill workers often.
    patient = dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    # Use any free port: several clusters may run at a time.
    with (
        patient,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as started,
    ):
        yield started
