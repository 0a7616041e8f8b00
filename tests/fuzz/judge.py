"""What every answer must be, whatever was asked, and a tally of those that were not."""

import json
import logging
import resource
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from footfall.http.app import PROBLEM_JSON, Problem
from footfall.observability import logger

LARGEST_ANSWER = 6 * 1024 * 1024


class Wrong(Exception):
    """Raised for an answer that must never be."""


@dataclass
class Finding:
    """One kind of wrong answer: how often, and the shortest input that brought it about."""

    what: str
    times: int = 0
    shortest: str = ""

    def see(self, given: str) -> None:
        """Count it once more."""
        self.times += 1
        if not self.shortest or len(given) < len(self.shortest):
            self.shortest = given


@dataclass
class Tally:
    """What became of one part's inputs; `slowest` in seconds with the beginning of its input."""

    part: str
    inputs: int = 0
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    megabytes: float = 0.0

    def take(self, given: Any, answer: Callable[[], str]) -> None:
        """Have one input answered, and remember how that went; `answer` says the outcome in a word, or raises Wrong."""
        with _last_error() as logged:
            started = time.perf_counter()
            try:
                outcome = answer()
            except Wrong as wrong:
                outcome = self._find(given, f"{wrong}{_place(logged[-1]) if logged else ''}")
            except Exception as error:  # noqa: BLE001 — an exception out of a handler is what is looked for
                outcome = self._find(given, f"raises{_place(error)}")
            seconds = time.perf_counter() - started
        self.inputs += 1
        self.seconds += seconds
        self.outcomes[outcome] += 1
        if seconds > self.slowest[0]:
            self.slowest = (seconds, _shown(given)[:200])
        self.megabytes = max(self.megabytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    def _find(self, given: Any, what: str) -> str:
        self.findings.setdefault(what, Finding(what)).see(_shown(given))
        return "wrong"

    def add(self, other: "Tally") -> None:
        """Take in what another process found of the same part."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.outcomes += other.outcomes
        self.megabytes = max(self.megabytes, other.megabytes)
        for what, finding in other.findings.items():
            mine = self.findings.setdefault(what, Finding(what))
            mine.times += finding.times - 1
            mine.see(finding.shortest)


def outcome_of_http(answer: Any) -> str:
    """Returns the status of an HTTP function's answer; raises Wrong for none, a 5xx, or an error without its form."""
    try:
        size = len(json.dumps(answer))
        status, body = int(answer["statusCode"]), answer.get("body") or ""
    except (TypeError, KeyError, ValueError) as error:
        raise Wrong(f"no answer of an HTTP function ({type(error).__name__})") from None
    if size > LARGEST_ANSWER:
        raise Wrong("an answer larger than Lambda hands on")
    if status >= 500:
        raise Wrong(f"{status}")
    if status >= 400:
        _check_problem(answer, status, body)
    return str(status)


def _check_problem(answer: dict[str, Any], status: int, body: str) -> None:
    media = {name.lower(): value for name, value in answer["headers"].items()}.get("content-type")
    if media != PROBLEM_JSON:
        raise Wrong(f"{status} as {media}")
    try:
        problem = Problem.model_validate_json(body)
    except ValueError:
        raise Wrong(f"{status} whose body is no problem document") from None
    if problem.status != status or not problem.title or not problem.instance:
        raise Wrong(f"{status} whose problem document says otherwise")


@contextmanager
def _last_error() -> Iterator[list[BaseException]]:
    # exceptions are logged: a function hides them behind a clean answer
    errors: list[BaseException] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1]:
                errors.append(record.exc_info[1])

    ours = logging.getLogger(logger().name)
    others, ours.handlers = ours.handlers, [Keeper()]
    try:
        yield errors
    finally:
        ours.handlers = others


def _place(error: BaseException) -> str:
    # the last line of ours or, failing that, of anybody's
    frames = list(traceback.extract_tb(error.__traceback__))
    ours = [frame for frame in frames if "site-packages" not in frame.filename and "tests/fuzz" not in frame.filename]
    place = (ours or frames)[-1:]
    files = (frame.filename.rpartition("/functions/")[2].rpartition("/core/")[2] for frame in place)
    where = "".join(f" at {file}:{frame.lineno}" for file, frame in zip(files, place, strict=True))
    return f" {type(error).__name__}{where}"


def _shown(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, default=repr)
