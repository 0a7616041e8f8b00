"""MongoDB servers of a pipeline's own, that can be killed, frozen, deposed and brought back."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from infra.local.processes import Child, ProcessSupervisor, free_port
from infra.local.stores import LOOPBACK, REPLICA_SET, accepts, become_primary, mongod_command

CACHE_GIB = "0.25"
Client = MongoClient[dict[str, Any]]


class Mongod:
    """One server, a replica set of its own; it comes back on the same port and the same data."""

    def __init__(
        self, supervisor: ProcessSupervisor, folder: Path, before: tuple[str, ...] = (), options: tuple[str, ...] = ()
    ) -> None:
        """`before` is a command that runs mongod in surroundings of its own."""
        self._supervisor = supervisor
        self.port = free_port()
        self.uri = f"mongodb://{LOOPBACK}:{self.port}/?replicaSet={REPLICA_SET}"
        self._command = [*before, *mongod_command(folder, self.port, cache_gib=CACHE_GIB), *options]
        if not before:
            folder.mkdir(parents=True)
        self.start()
        become_primary(self._child, LOOPBACK, self.port)

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        self._child: Child = self._supervisor.start("mongodb", self._command, death_signal=signal.SIGTERM)
        self._child.wait_until(lambda: accepts(LOOPBACK, self.port))

    @property
    def running(self) -> bool:
        """Whether the server has not died."""
        return self._child.running

    def kill(self) -> None:
        """End the server as a power cut would."""
        self._child.kill()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While the context lasts, the server takes connections and answers nothing."""
        with frozen(self._child):
            yield


class ReplicaSet:
    """Three servers, of which one is primary and any may become so."""

    def __init__(self, supervisor: ProcessSupervisor, folder: Path) -> None:
        ports = [free_port() for _ in range(3)]
        for port in ports:
            data = folder / str(port)
            data.mkdir(parents=True)
            command = mongod_command(data, port, cache_gib=CACHE_GIB)
            child = supervisor.start("mongodb", command, death_signal=signal.SIGTERM)
            child.wait_until(lambda port=port: accepts(LOOPBACK, port))  # type: ignore[misc]
        self.uri = f"mongodb://{','.join(f'{LOOPBACK}:{port}' for port in ports)}/?replicaSet={REPLICA_SET}"
        members = [{"_id": number, "host": f"{LOOPBACK}:{port}"} for number, port in enumerate(ports)]
        settings = {"electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500}
        with Client(LOOPBACK, ports[0], directConnection=True) as first:
            first.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members, "settings": settings})
        self.await_primary()

    def await_primary(self) -> None:
        """Wait until the set can be written to."""
        with Client(self.uri, serverSelectionTimeoutMS=60_000) as client:
            client.admin.command("ping")

    def step_down(self) -> str:
        """Has the primary hand over; returns which one it was. A set that is just electing is asked again."""
        with Client(self.uri) as client:
            while True:
                with suppress(PyMongoError):
                    primary = client.admin.command("hello")["me"]
                    client.admin.command("replSetStepDown", 5, secondaryCatchUpPeriodSecs=2)
                    return str(primary)
                time.sleep(0.1)


@contextmanager
def frozen(child: Child) -> Iterator[None]:
    """While the context lasts, the process stands still, with all its connections open."""
    child.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        child.process.send_signal(signal.SIGCONT)


def wait_until(happened: Callable[[], bool], seconds: float, pause: float = 0.01) -> bool:
    """Waits for something; returns whether it happened in time."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
