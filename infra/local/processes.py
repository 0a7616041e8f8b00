"""Child processes that never outlive the process that started them, however that one ends.

Linux ties "die when the parent dies" (PR_SET_PDEATHSIG) to the parent's *thread*, so one thread, which lives as long
as the supervisor, starts every child. Run as a script, this file sets the signal and becomes the command.
"""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
# below the ports that the kernel gives to outgoing connections
SERVER_PORTS = range(20_000, 32_000)


class StartFailed(Exception):
    """Raised when a child ends or takes too long before it is ready; the message holds the end of its log."""


def die_with_parent(parent: int, death_signal: int) -> None:
    """Have the kernel send `death_signal` to this process when its parent, whose id is `parent`, is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), death_signal)


def free_port(address: str = "127.0.0.1") -> int:
    """Returns a TCP port that nothing listens on right now."""
    while True:
        # at random, so that two that are asked for at once, here or by another stack, are hardly ever the same
        port = random.choice(SERVER_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((address, port))
            return port


class Child:
    """One running child process and its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Return once `ready` answers true; raise StartFailed when the child ends or time runs out first."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running or time.monotonic() > deadline:
                raise StartFailed(f"{self.name} did not start: {self.log_tail()}")
            time.sleep(0.01)

    def log_tail(self, limit: int = 400) -> str:
        """Returns the end of the child's log, on one line."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return " ".join(text[-limit:].split()) or f"no output (exit code {self.process.poll()})"

    def stop(self, seconds: float = 10) -> None:
        """Ask the process to end, and end it after `seconds`."""
        if self.running:
            self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process now."""
        self.process.kill()
        self.process.wait()


class ProcessSupervisor:
    """Starts child processes from its own thread, and stops them all."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="process supervisor")
        self._children: list[Child] = []
        self._lock = threading.Lock()
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        death_signal: int = signal.SIGKILL,
        pass_fds: Sequence[int] = (),
        folder: Path | None = None,
    ) -> Child:
        """Start `command` in `folder`, its output going to the log of that name.

        It gets the variables `env` (this process' own by default), and `death_signal` when this process dies.
        """
        shim = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal))]
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:
            process = self._thread.submit(
                lambda: subprocess.Popen(
                    [*shim, *command],
                    env=env,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=pass_fds,
                    start_new_session=True,  # Ctrl-C is for the stack, which stops its children in order
                )
            ).result()
        child = Child(name, process, log)
        with self._lock:
            self._children = [other for other in self._children if other.running] + [child]
        return child

    def child(self, name: str) -> Child:
        """Returns the latest child of that name."""
        return next(child for child in reversed(self._children) if child.name == name)

    def stop(self) -> None:
        """Stop every child that still runs, all at the same time."""
        alive = [child for child in self._children if child.running]
        for child in alive:
            child.process.terminate()
        for child in alive:
            child.stop()
        self._thread.shutdown()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the parent may have blocked the signals that are to stop this one
    die_with_parent(int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])  # noqa: S606 — becoming the command is the point
