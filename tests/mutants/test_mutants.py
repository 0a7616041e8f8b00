"""The table of the long run says something of each module, and one mutant is tried as that run tries thousands."""

import multiprocessing
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.modules import CORE, EVENTS, TESTS
from tests.mutants.trial import ROOT, Bench, Mutant, NothingTried, Outcome

MODULE = f"{CORE}/sessions/fold.py"
PACKAGES = (*(f"{CORE}/{name}" for name in ("sessions", "people", "orders", "funnels")), EVENTS)
QUICK = ("tests/layers/core/test_sessions.py::test_a_session_with_any_event_of_a_bot_is_a_bots",)


def test_every_module_of_the_folds_and_of_etl_events_has_its_tests() -> None:
    modules = {str(file.relative_to(ROOT)) for package in PACKAGES for file in (ROOT / package).glob("*.py")}
    assert TESTS.keys() == {path for path in modules if not path.endswith("__init__.py")}


def test_every_test_of_the_table_exists() -> None:
    for test in {test for tests in TESTS.values() for test in tests}:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text(), test


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """A process beside this one, as the long run has one for each processor."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where that process has its copy of the project."""
    return tmp_path_factory.mktemp("mutants") / "gw0"


@cache
def bench(folder: Path) -> Bench:
    """A copy of the project; the tests tried here need no store."""
    return Bench(folder, {})


def changed(before: str, after: str) -> Mutant:
    code = (ROOT / MODULE).read_text()
    assert before in code
    return Mutant(MODULE, 1, before, after, code.replace(before, after))


def outcome_of(folder: Path, after: str, most_seconds: float) -> Outcome:
    return bench(folder).try_mutant(changed("bot=any(", after), QUICK, most_seconds).outcome


@pytest.mark.parametrize(
    ("after", "outcome"),
    [("bot=all(", "killed"), ("bot=bool(0) or any(", "survived"), ("bot=max(iter(int, 1)) or any(", "timed out")],
)
def test_a_change_is_killed_survives_or_never_ends(
    elsewhere: ProcessPoolExecutor, folder: Path, after: str, outcome: Outcome
) -> None:
    most_seconds = 5 if outcome == "timed out" else 60
    assert elsewhere.submit(outcome_of, folder, after, most_seconds).result() == outcome


def texts_during_and_after(folder: Path) -> list[str]:
    with bench(folder)._written(changed("bot=any(", "bot=all(")):
        during = (ROOT / MODULE).read_text()
    return [during, (bench(folder)._copy / MODULE).read_text()]


def test_what_is_tried_is_a_copy_that_is_as_before_afterwards(elsewhere: ProcessPoolExecutor, folder: Path) -> None:
    before = (ROOT / MODULE).read_text()
    assert elsewhere.submit(texts_during_and_after, folder).result() == [before, before]


def try_what_fails(folder: Path) -> None:
    failing = bench(folder)._copy / "tests" / "test_failing.py"
    failing.write_text("def test_never():\n    assert False\n")
    bench(folder)._left_over = False  # there is no store here to empty
    bench(folder).try_tests([str(failing)])


def test_tests_that_fail_without_a_change_are_told_of(elsewhere: ProcessPoolExecutor, folder: Path) -> None:
    with pytest.raises(NothingTried, match="test_never"):
        elsewhere.submit(try_what_fails, folder).result()


@pytest.mark.skipif(not (ROOT / ".venv-mutants").exists(), reason="`make mutants` has not made its environment")
def test_the_changes_are_found_of_every_kind(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        'def f(x: int | None):\n    g({"a": 1, "$lt": 2}, k=1)\n    return any(a < 1 for a in x[:9] if a)\n'
    )
    made = subprocess.run(
        [ROOT / ".venv-mutants/bin/python", "-m", "tests.mutants.changes", source],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    text = made.stdout.decode()
    for after in ("all(a < 1", "a <= 1", "x[:]", "in x[:9])", "x[: 10]", "pass", r"g({ \"$lt\": 2}, k=1)", "$lte"):
        assert after in text, after
    assert "int & None" not in text
