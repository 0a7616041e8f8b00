"""A function is given the variables that its code reads, and no others."""

import ast
from pathlib import Path
from typing import Any

import pytest
from footfall import settings

from .houses import ROOT, declared, logical_id, written
from .reach import settings_read_by

FOR_ALL = {"ENVIRONMENT", "LOG_LEVEL", "POWERTOOLS_SERVICE_NAME"}  # the logger reads these for every function


@pytest.mark.parametrize("folder", declared())
def test_a_function_is_given_exactly_the_variables_it_reads(folder: str, lambdas: dict[str, dict[str, Any]]) -> None:
    models = [getattr(settings, name) for name in settings_read_by(written(folder))]
    read = {field.upper() for model in models for field in model.model_fields}

    given = set(lambdas[logical_id(folder)]["Environment"]["Variables"])

    assert given == read | FOR_ALL


OUR_MODULES = sorted(
    path.relative_to(ROOT) for folder in ("functions", "layers/core") for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", OUR_MODULES, ids=str)
def test_only_settings_look_at_the_environment(path: Path) -> None:
    tree = ast.parse((ROOT / path).read_text())
    looks = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in {"environ", "getenv"}]

    assert not looks or path.name == "settings.py"
