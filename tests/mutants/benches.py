"""Mutants shared between processes, each of which has a copy of the project."""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Self

from tests.mutants.trial import Bench, Mutant, Tried

PROCESSES = len(os.sched_getaffinity(0))
TIMES_AS_LONG, SECONDS_MORE = 3, 20
_benches: list[Bench] = []


class Benches:
    """A copy of the project for each processor, in a folder where `parts.json` says where stores answer."""

    def __init__(self, folder: Path, parts: Mapping[str, str]) -> None:
        spawn = multiprocessing.get_context("spawn")
        names: Queue[str] = spawn.Queue()
        for number in range(PROCESSES):
            names.put(f"gw{number}")
        self._pool = ProcessPoolExecutor(PROCESSES, spawn, _start, (names, folder, dict(parts)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def try_all(self, mutants: Sequence[Mutant], tests: Mapping[str, Sequence[str]]) -> Iterator[tuple[Mutant, Tried]]:
        """Yields what became of each mutant, as it is known; `tests` are those of each file.

        Raises NothingTried where tests do not pass without a change.
        """
        paths = {mutant.path for mutant in mutants}
        alone = {some: self._pool.submit(_without_change, some) for some in {tuple(tests[path]) for path in paths}}
        tried = {
            self._pool.submit(_try, mutant, tests[mutant.path], alone[tuple(tests[mutant.path])].result()): mutant
            for mutant in mutants
        }
        for done in as_completed(tried):
            yield tried[done], done.result()


def _start(names: "Queue[str]", folder: Path, parts: Mapping[str, str]) -> None:
    _benches.append(Bench(folder / names.get(), parts))


def _without_change(tests: Sequence[str]) -> float:
    return _benches[0].try_tests(tests)


def _try(mutant: Mutant, tests: Sequence[str], seconds: float) -> Tried:
    return _benches[0].try_mutant(mutant, tests, TIMES_AS_LONG * seconds + SECONDS_MORE)
