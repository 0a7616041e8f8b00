"""MiniStack: AWS' services in one process on this machine, and a client of each."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import psutil

from infra.local.processes import ProcessSupervisor, free_port
from infra.local.stores import LOOPBACK, accepts

PYTHON = Path(__file__).parents[2] / ".venv-ministack" / "bin" / "python"
REGION = "eu-west-1"
SECONDS_TO_START = 120


class Emulator:
    """A running emulator, which lets everybody do everything."""

    def __init__(self, supervisor: ProcessSupervisor, folder: Path) -> None:
        self._port = free_port()
        self.endpoint = f"http://{LOOPBACK}:{self._port}"
        settings = {
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(self._port),
            "IOT_MTLS_ENABLED": "0",
            "TMPDIR": str(folder),
            "AUTH": "false",
        }
        folder.mkdir(parents=True, exist_ok=True)
        self._child = supervisor.start(
            "ministack", [str(PYTHON), "-m", "ministack"], env={**self.credentials(), **settings}, folder=folder
        )
        self._child.wait_until(lambda: accepts(LOOPBACK, self._port), SECONDS_TO_START)

    def credentials(self) -> Mapping[str, str]:
        """Returns the environment in which a program asks this emulator and nobody else."""
        given = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": REGION}
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return {**os.environ, **given, **keys, "SAM_CLI_TELEMETRY": "0"}

    def client(self, service: str) -> Any:
        """Returns a client of one of its services."""
        client: Any = boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        return client

    def stop(self) -> list[str]:
        """End it, and the functions' processes, which outlive it; returns what still runs: nothing."""
        ours = psutil.Process(self._child.process.pid).children(recursive=True)
        self._child.stop()
        for process in ours:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        _, left = psutil.wait_procs(ours, timeout=10)
        return [" ".join(process.cmdline()) for process in left]
