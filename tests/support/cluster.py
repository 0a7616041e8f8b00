"""A Redis in cluster mode, as ElastiCache's serverless caches are: one address, and no command over several slots."""

import socket
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NoConnection

from infra.local.processes import ProcessSupervisor, free_port
from infra.local.stores import LOOPBACK, redis_command

SLOTS = 16_384
BUS = 10_000
"""A node listens at a second port, so much further, for the other nodes that it has not."""
OUTGOING_PORTS = 32_768
"""From here on the kernel gives ports to outgoing connections."""


def start_redis_in_cluster_mode(supervisor: ProcessSupervisor, folder: Path) -> str:
    """Start a cluster of one node that has all slots, and return its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_ports()
    child = supervisor.start("redis in cluster mode", [*redis_command(folder, port), "--cluster-enabled", "yes"])
    with Redis(LOOPBACK, port, decode_responses=True) as redis:
        child.wait_until(lambda: _answers(redis))
        redis.execute_command("CLUSTER ADDSLOTS", *range(SLOTS))
        child.wait_until(lambda: redis.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
    return f"redis://{LOOPBACK}:{port}/0"


def _free_ports() -> int:
    while (port := free_port()) + BUS >= OUTGOING_PORTS or not _is_free(port + BUS):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((LOOPBACK, port))
        return True
    return False


def _answers(redis: Redis) -> bool:
    with suppress(NoConnection):
        return bool(redis.ping())
    return False
