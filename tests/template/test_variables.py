"""A function is given the variables that its code reads, and no others."""

import ast
from pathlib import Path
from typing import Any

import pytest
from footfall import settings

from .folders import ROOT, declared, logical_id
from .reach import settings_read_by

FOR_ALL = {"LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"}  # the logger reads these for every function


@pytest.mark.parametrize("folder", declared())
def test_a_function_is_given_exactly_the_variables_it_reads(folder: str, lambdas: dict[str, dict[str, Any]]) -> None:
    models = [getattr(settings, name) for name in settings_read_by(folder)]
    read = {field.upper() for model in models for field in model.model_fields}

    given = set(lambdas[logical_id(folder)]["Environment"]["Variables"])

    assert given == read | FOR_ALL


def test_only_settings_look_at_the_environment() -> None:
    modules = [path for folder in ("functions", "layers/core") for path in (ROOT / folder).rglob("*.py")]

    assert [path for path in modules if _looks_at_the_environment(path) and path.name != "settings.py"] == []


def _looks_at_the_environment(path: Path) -> bool:
    nodes = ast.walk(ast.parse(path.read_text()))
    return any(isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in nodes)
