"""`footfall up`: it gets ready, answers, and leaves no process behind, however it is stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

pytestmark = pytest.mark.stack
COMMAND = [sys.executable, "-c", "from cli.main import app; app()", "up"]
PAGE_VIEW = {"eventType": "pageview", "visitorId": "v", "sessionId": "s", "path": "/"}


@dataclass
class Run:
    """One run of `footfall up` that is ready."""

    process: subprocess.Popen[str]
    printed: list[str] = field(default_factory=list)

    @property
    def exported(self) -> dict[str, str]:
        return dict(re.findall(r"^export (\w+)=(\S+)$", "\n".join(self.printed), re.MULTILINE))

    def get(self, path: str) -> httpx.Response:
        key = self.exported["FOOTFALL_KEY"]
        return httpx.get(self.exported["FOOTFALL_URL"] + path, headers={"authorization": f"Bearer {key}"}, timeout=60)

    def collect(self, event_id: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.exported['FOOTFALL_WRITE_KEY']}"}
        url = f"{self.exported['FOOTFALL_URL']}/collect"
        return httpx.post(url, headers=headers, json={**PAGE_VIEW, "eventId": event_id}, timeout=60)

    def stored_events(self, at_least: int) -> int:
        """How many events are stored, waiting for so many."""
        deadline = time.monotonic() + 60
        while (count := self.get("/events/count").json()["total_events"]) < at_least and time.monotonic() < deadline:
            time.sleep(0.2)
        return int(count)

    def processes(self) -> list[psutil.Process]:
        """Every process that this run has started."""
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def no_stores_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MONGODB_URI", "REDIS_URL", "MILVUS_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def up(tmp_path: Path, no_stores_given: None) -> Iterator[Callable[[], Run]]:
    """Starts `footfall up` on the test's folder."""
    runs: list[Run] = []

    def start() -> Run:
        command = [*COMMAND, "--data", str(tmp_path / "data"), "--port", "0"]
        run = Run(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        runs.append(run)
        assert run.process.stdout
        for line in run.process.stdout:
            run.printed.append(line.strip())
            if line.startswith("ready "):
                break
        return run

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()


def fails(*options: str) -> str:
    """What `footfall up` prints when it cannot start."""
    ended = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def gone(processes: list[psutil.Process], seconds: float = 15) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


def test_it_prints_its_address_stops_cleanly_and_keeps_its_data(up: Callable[[], Run]) -> None:
    first = up()
    assert [line.partition("=")[0] for line in first.printed] == [
        "export FOOTFALL_URL",
        "export FOOTFALL_KEY",
        "export FOOTFALL_WRITE_KEY",
        "export FOOTFALL_OPERATOR_KEY",
        f"ready {first.exported['FOOTFALL_URL']}",
    ]
    assert first.collect("a").status_code == 202
    assert first.stored_events(1) == 1
    processes = first.processes()
    assert len(processes) >= 5
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(30) == 0
    assert gone(processes, 1)

    second = up()
    assert second.exported["FOOTFALL_KEY"] == first.exported["FOOTFALL_KEY"]
    assert second.exported["FOOTFALL_WRITE_KEY"] == first.exported["FOOTFALL_WRITE_KEY"]
    assert second.exported["FOOTFALL_OPERATOR_KEY"] == first.exported["FOOTFALL_OPERATOR_KEY"]
    assert second.stored_events(1) == 1
    assert "another Footfall is running" in fails("--data", str(folder_of(second)), "--port", "0")
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(30) == 0


def folder_of(run: Run) -> Path:
    command = run.process.args
    assert isinstance(command, list)
    return Path(command[command.index("--data") + 1])


def test_an_accepted_event_outlives_a_kill_and_no_process_does(up: Callable[[], Run]) -> None:
    first = up()
    processes = first.processes()
    assert first.collect("a").status_code == 202
    first.process.kill()
    first.process.wait()
    assert gone(processes)
    assert (folder_of(first) / "keys.json").stat().st_mode & 0o777 == 0o600

    second = up()
    assert second.stored_events(1) == 1


def test_a_port_that_is_taken_is_reported_in_a_line(tmp_path: Path, no_stores_given: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}" in fails("--data", str(tmp_path / "data"), "--port", port)


def test_a_folder_that_cannot_be_written_is_reported_in_a_line(tmp_path: Path, no_stores_given: None) -> None:
    (tmp_path / "file").touch()
    assert f"cannot write to {tmp_path / 'file'}" in fails("--data", str(tmp_path / "file"))
    assert "cannot write to" in fails("--data", str(tmp_path / "file" / "below"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_another_user_is_reported_in_a_line(tmp_path: Path, no_stores_given: None) -> None:
    (tmp_path / "theirs").mkdir(mode=0o500)
    assert "cannot write to" in fails("--data", str(tmp_path / "theirs" / "data"))
