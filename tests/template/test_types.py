"""A stored document is read by its type: a field that is not there is an error of mypy, however it is read."""

import subprocess
import sys

import pytest

from .folders import ROOT

READING = """
from footfall.schemas.event import VisitEvent

def read(event: VisitEvent) -> bool:
    return {}
"""


@pytest.mark.parametrize(
    "expression",
    ['event["page_kind"] == "home"', 'event.get("page_kind") == "home"', 'bool(event.get("page_kind"))'],
)
def test_a_reader_of_a_field_that_is_not_there_is_found(expression: str) -> None:
    found = _mypy(READING.format(expression))

    assert 'TypedDict "VisitEvent" has no key "page_kind"' in found


def test_a_reader_of_a_field_that_is_there_is_not() -> None:
    assert "Success" in _mypy(READING.format('event.get("page_type") == "home"'))


def _mypy(code: str) -> str:
    command = [sys.executable, "-m", "mypy", "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
