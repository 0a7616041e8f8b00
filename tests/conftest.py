"""Real MongoDB, Redis, Milvus and AWS services, started once per test run and shared by its workers.

A test that asks for `database` gets an empty one of its worker, with footfall's settings pointing at it.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pymongo import MongoClient
from pymongo.database import Database
from redis import Redis

from infra.local.aws import AwsAddresses
from infra.local.processes import ProcessSupervisor
from infra.local.shared import NO_LAMBDA, addresses_shared_with
from infra.local.stack import Stack
from tests.support.caches import forget_what_is_cached
from tests.support.cluster import start_redis_in_cluster_mode

# One profile everywhere, in CI too, where Hypothesis would load one of its own that always draws the same examples.
# A busy machine makes an example slow, not wrong, so there is no deadline; a failure prints what repeats it elsewhere.
settings.register_profile("footfall", parent=settings.get_profile("default"), deadline=None, print_blob=True)
settings.load_profile("footfall")

REDIS_DATABASES = 16  # a worker has one of its own, and so has a run without workers
SLOW_MARKS = ("stack", "shared_data")


def pytest_xdist_auto_num_workers() -> int:
    """Returns how many workers `-n auto` starts.

    That is one more than there are processors, as a fault or a whole stack is waited for most of the time.
    """
    return min(len(os.sched_getaffinity(0)) + 1, REDIS_DATABASES - 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts slow tests first, so that at the end no worker is busy for long while the others have nothing left."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, SLOW_MARKS)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs tests with the mark `redis_modes` on a Redis in cluster mode as well."""
    if metafunc.definition.get_closest_marker("redis_modes") and "redis_url" in metafunc.fixturenames:
        metafunc.parametrize("redis_url", ["alone", "cluster"], indirect=True)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the shared parts answer: mongodb_uri, redis_url, milvus_uri, aws_endpoint."""
    folder = tmp_path_factory.getbasetemp()
    owner = os.getpid()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder, owner = folder.parent, os.getppid()  # the controller's, for all workers
    with (folder / "parts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return addresses_shared_with(owner, folder / "parts.json")


@pytest.fixture(scope="session")
def worker() -> str:
    """This test process' own name, for databases, buckets and queues that must not meet another worker's."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")


@pytest.fixture(scope="session")
def mongo_uri(parts: dict[str, str]) -> str:
    """A real replica set of one."""
    return parts["mongodb_uri"]


@pytest.fixture(scope="session")
def redis_in_cluster_mode(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis in cluster mode, of this worker alone: it has one database."""
    folder = tmp_path_factory.mktemp("redis-in-cluster-mode")
    supervisor = ProcessSupervisor(folder / "logs")
    yield start_redis_in_cluster_mode(supervisor, folder / "data")
    supervisor.stop()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest, parts: dict[str, str], worker: str) -> str:
    """A real Redis; each worker has its own numbered database, or what its mark asks for."""
    if getattr(request, "param", "alone") == "cluster":
        return str(request.getfixturevalue("redis_in_cluster_mode"))
    number = int(worker.removeprefix("gw")) + 1 if worker.startswith("gw") else 0
    return parts["redis_url"].removesuffix("/0") + f"/{number}"


@pytest.fixture(scope="session")
def milvus_uri(parts: dict[str, str]) -> str:
    """Milvus Lite's server; its collections are shared by the workers, so tests keep to their own site."""
    return parts["milvus_uri"]


@pytest.fixture(scope="session")
def aws_endpoint(parts: dict[str, str]) -> str:
    """SQS, SNS, S3, SSM, Secrets Manager and Step Functions."""
    return parts["aws_endpoint"]


@pytest.fixture(scope="session")
def mongo_client(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client for looking at what the code under test wrote."""
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
def aws(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsAddresses]:
    """The environment points every AWS client at the shared services."""
    addresses = AwsAddresses(aws_endpoint, NO_LAMBDA)
    for name, value in addresses.environment().items():
        monkeypatch.setenv(name, value)
    forget_what_is_cached()
    yield addresses
    forget_what_is_cached()


@pytest.fixture
def stores(
    mongo_uri: str, redis_url: str, milvus_uri: str, worker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The environment points footfall at the shared stores and the worker's database; no test sees another's cache."""
    settings = {
        "MONGODB_URI": mongo_uri,
        "MONGODB_DATABASE": f"footfall_{worker}",
        "REDIS_URL": redis_url,
        "MILVUS_URI": milvus_uri,
        "MILVUS_TOKEN_SECRET": "",
        "LAKE_LOCATION": f"file://{tmp_path}/the-lake",
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": "footfall",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    forget_what_is_cached()
    yield
    forget_what_is_cached()


@pytest.fixture(scope="session")
def prepared(mongo_client: MongoClient[dict[str, Any]], worker: str) -> Database[dict[str, Any]]:
    """This worker's database with every collection, index and view that a deployment makes.

    A test that drops any of them makes them again.
    """
    from footfall.stores import preparing

    database = mongo_client[f"footfall_{worker}"]
    preparing.prepare(database)
    return database


@pytest.fixture
def database(stores: None, prepared: Database[dict[str, Any]], redis_url: str) -> Iterator[Database[dict[str, Any]]]:
    """This worker's prepared database without a document, an empty Redis, and footfall's settings pointing at them."""
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    yield prepared
    for collection in prepared.list_collection_names(filter={"type": "collection"}):
        if not collection.startswith("system."):
            prepared[collection].delete_many({})


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product, without its schedules: time starts nothing that a test did not, and no batch waits for more.

    Tests that use it are of the xdist group `stack`, so that one worker starts one.
    """
    with Stack(tmp_path_factory.mktemp("stack"), schedules=False, window=0) as running:
        yield running


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real tables beside the project; a test that needs them is skipped where they are absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real tables (../shared/data) are not here")
    return folder
