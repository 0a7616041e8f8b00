"""Two thousand invalid or unusual inputs, always the same; `make fuzz` takes a hundred thousand others."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.fuzz.judge import Tally, Wrong, outcome_of_http
from tests.fuzz.parts import PARTS, run
from tests.fuzz.world import World, a_world

INPUTS = 2_000
NUMBER = 1


@pytest.fixture(scope="module")
def world(parts: dict[str, str], worker: str) -> Iterator[World]:
    """Every function, on the shared stores."""
    with a_world(parts, f"footfall_fuzz_{worker}") as world:
        yield world


@pytest.mark.xdist_group("fuzz")
@pytest.mark.parametrize("name", PARTS)
def test_no_input_gets_a_wrong_answer(world: World, name: str) -> None:
    tally = run(world, name, INPUTS, NUMBER)
    assert tally.inputs == INPUTS * PARTS[name].share
    assert [f"{found.what}: {found.shortest}" for found in tally.findings.values()] == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "no answer"),
        ({"body": "x"}, "no answer"),
        ({"statusCode": 500, "body": "{}"}, "500"),
        ({"statusCode": 404, "headers": {"content-type": "text/plain"}, "body": "no"}, "404 as text/plain"),
        ({"statusCode": 404, "headers": {"content-type": "application/problem+json"}, "body": "no"}, "no problem"),
        ({"statusCode": 200, "body": "x" * 7_000_000}, "larger"),
    ],
)
def test_a_wrong_answer_is_seen(answer: Any, why: str) -> None:
    with pytest.raises(Wrong, match=why):
        outcome_of_http(answer)


def test_a_crash_is_one_finding_with_its_shortest_input() -> None:
    tally = Tally("crashes")
    for text in ("long one", "short", "longer one"):
        tally.take(text, partial(int, text))  # type: ignore[arg-type]
    [finding] = tally.findings.values()
    assert (finding.times, finding.shortest) == (3, "short")
    assert "ValueError" in finding.what
