"""One mutant tried: written into a copy of the project, and the tests run on it until the first that fails."""

import importlib
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Literal

Outcome = Literal["killed", "survived", "timed out"]
ROOT = Path(__file__).parents[2]
OURS = ("cli", "footfall", "functions", "infra", "tests")
IMPORTED_ONCE = (
    "boto3",
    "fastapi",
    "hypothesis",
    "mangum",
    "numpy",
    "orjson",
    "pydantic",
    "pymongo",
    "pytest",
    "redis",
)
"""What takes long to import and is no part of the project: each run of the tests is a fork of a process that has it."""
MOST_MEMORY = 16 << 30
PASSED, FAILED, INTERRUPTED = 0, 1, 2


class NothingTried(Exception):
    """The tests could not be run, or fail without any change."""


@dataclass(frozen=True)
class Mutant:
    """A file of the project with one line changed."""

    path: str
    line: int
    before: str
    after: str
    code: str


@dataclass(frozen=True)
class Tried:
    """What became of a mutant, and how many seconds it took."""

    outcome: Outcome
    seconds: float


def copy_of_the_project(folder: Path) -> Path:
    """Returns a copy in this folder of all that git knows of or would add."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, names.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


class Bench:
    """A copy of the project, on which one mutant at a time is tried, with stores that others use too.

    It forks: in a process of its own that has no event loop, since a fork that closes one closes its parent's too.
    `folder` is beside the file that says where those stores answer, as tests/conftest.py looks for it; its name is that
    of a worker of pytest, which has a database of its own.
    """

    def __init__(self, folder: Path, parts: Mapping[str, str]) -> None:
        for name in IMPORTED_ONCE:
            importlib.import_module(name)
        self._folder = folder
        self._parts = parts
        self._copy = copy_of_the_project(folder.with_name(f"{folder.name}-copy"))
        self._left_over = False

    def try_tests(self, tests: Sequence[str]) -> float:
        """Returns how many seconds the tests take without a change; raises NothingTried where they do not pass."""
        started = time.monotonic()
        if self._run(tests, None) != PASSED:
            raise NothingTried(self._log().read_text()[-3000:])
        return time.monotonic() - started

    def try_mutant(self, mutant: Mutant, tests: Sequence[str], most_seconds: float) -> Tried:
        """Returns what becomes of a mutant under these tests."""
        started = time.monotonic()
        with self._written(mutant):
            status = self._run(tests, most_seconds)
        if status is not None and status > INTERRUPTED:
            raise NothingTried(self._log().read_text()[-3000:])
        self._left_over = status is None or status < 0
        outcome: Outcome = "timed out" if status is None else "survived" if status == PASSED else "killed"
        return Tried(outcome, time.monotonic() - started)

    @contextmanager
    def _written(self, mutant: Mutant) -> Iterator[None]:
        file = self._copy / mutant.path
        original = file.read_text()
        try:
            self._write(file, mutant.code)
            yield
        finally:
            self._write(file, original)

    def _write(self, file: Path, code: str) -> None:
        # what was compiled of the file looks new enough where both were written in one second and are of one length
        Path(cache_from_source(str(file))).unlink(missing_ok=True)
        file.write_text(code)

    def _run(self, tests: Sequence[str], most_seconds: float | None) -> int | None:
        # returns pytest's exit status, less than 0 for a signal's, or None where the tests took too long
        child = os.fork()
        if child == 0:
            self._become_the_tests(tests)
        watched = os.pidfd_open(child)
        ended, _, _ = select.select([watched], [], [], most_seconds)
        os.close(watched)
        if not ended:
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) if ended else None

    def _become_the_tests(self, tests: Sequence[str]) -> None:
        status = 70
        try:
            os.setsid()
            sys.stdout = sys.stderr = self._log().open("w", buffering=1)
            os.dup2(sys.stdout.fileno(), 1)
            os.dup2(sys.stdout.fileno(), 2)
            self._settle_in()
            status = _pytest(tests, self._folder)
        finally:
            os._exit(status)

    def _settle_in(self) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        roots = [str(self._copy), str(self._copy / "layers" / "core")]
        os.chdir(self._copy)
        sys.path[:0] = roots
        os.environ["PYTHONPATH"] = ":".join(roots)
        os.environ["PYTEST_XDIST_WORKER"] = self._folder.name
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        if self._left_over:
            self._empty_stores()

    def _empty_stores(self) -> None:
        # of what tests left that were ended amid their work
        from pymongo import MongoClient
        from redis import Redis

        number = int(self._folder.name.removeprefix("gw")) + 1
        with MongoClient[dict[str, object]](self._parts["mongodb_uri"]) as client:
            client.drop_database(f"footfall_{self._folder.name}")
        with Redis.from_url(self._parts["redis_url"].removesuffix("/0") + f"/{number}") as redis:
            redis.flushdb()

    def _log(self) -> Path:
        return self._folder.with_name(f"{self._folder.name}.log")


def _pytest(tests: Sequence[str], folder: Path) -> int:
    import pytest
    from hypothesis import Phase, settings

    # the same examples for each mutant, and no smaller one of those that fail
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", deadline=None, derandomize=True, database=None, phases=phases)
    quiet = ["-q", "-x", "--tb=short", "-p", "no:cacheprovider", "--hypothesis-profile=mutants"]
    return int(pytest.main([*quiet, f"--basetemp={folder}", *tests]))
