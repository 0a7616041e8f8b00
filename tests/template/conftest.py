"""The template as everybody else reads it, and the functions it names."""

from pathlib import Path
from typing import Any

import pytest

from infra.template import functions, load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, short tags in their long form."""
    return load(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def lambdas(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each function's properties by logical id, Globals merged in."""
    return functions(template)
