"""A handler imports with nothing but its layers, and leaves alone what its start cannot afford."""

import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from .folders import ROOT, declared, logical_id

SCRIPT = Path(__file__).with_name("import_alone.py")
# Initialisation is billed, and these cost 100 ms and more each: not in functions that have no business with them.
TOO_HEAVY = {
    "functions/api/collect": {"pymongo", "redis", "numpy", "pandas", "pymilvus", "sklearn", "scipy", "ua_parser"},
    "functions/api/authorizer": {"boto3", "jwt", "fastapi", "mangum", "redis", "numpy"},
    "functions/api/metrics": {"pandas", "pymilvus", "sklearn", "scipy"},
    "functions/api/customers": {"numpy", "pandas", "pymilvus", "scipy", "sklearn"},
    "functions/api/catalog": {"numpy", "pandas", "pymilvus"},
    "functions/api/funnel": {"pandas", "pymilvus", "sklearn", "scipy"},
    "functions/api/similar": {"sklearn", "scipy"},
    "functions/api/pipeline": {"numpy", "pandas", "pymilvus"},
    "functions/api/models": {"numpy", "pandas", "pymilvus"},
    "functions/api/sites": {"redis", "numpy", "pandas", "pymilvus"},
    "functions/api/cache": {"numpy", "pandas", "pymilvus"},
    "functions/api/docs": {"boto3", "pymongo", "redis", "numpy", "pandas", "pymilvus"},
    "functions/etl/events": {"fastapi", "redis", "numpy", "pandas", "pymilvus", "vaderSentiment"},
    "functions/etl/imports": {"fastapi", "numpy", "pandas", "pymilvus"},
    "functions/etl/catalog": {"fastapi", "numpy", "pandas", "pymilvus"},
    "functions/etl/realtime": {"fastapi", "numpy", "pandas", "pymilvus"},
    "functions/etl/vectors": {"fastapi", "sklearn", "scipy"},
    "functions/jobs/rollup": {"fastapi", "pandas", "pymilvus", "sklearn"},
    "functions/jobs/warm": {"fastapi", "pandas", "pymilvus", "sklearn"},
    "functions/jobs/sweep": {"fastapi", "numpy", "pandas", "pymilvus"},
}
# What a function imports once it needs it, and not at its start.
LATER = {
    "functions/api/customers": ("footfall.lake.archive",),
    "functions/etl/events": ("footfall.lake.archive",),
    "functions/api/authorizer": ("functions.api.authorizer.tokens",),
}
NEVER = {"aws_xray_sdk", "moto", "pytest"}


@pytest.mark.parametrize("folder", declared())
def test_a_handler_imports_with_what_its_layers_hold(folder: str, lambdas: dict[str, dict[str, Any]]) -> None:
    function = lambdas[logical_id(folder)]

    loaded = _loaded_by(folder, function)

    assert loaded & (TOO_HEAVY.get(folder, set()) | NEVER) == set()
    later = (_loaded_by(folder, function, module) for module in LATER.get(folder, ()))
    used = loaded.union(*later)
    unused = [layer for layer in _layers(function)[1:] if not used & set(_modules_of(_pins(layer)))]
    assert unused == [], "a layer that nothing is imported from"


def test_what_reads_user_agents_is_there_where_events_are_stored(lambdas: dict[str, dict[str, Any]]) -> None:
    folder = "functions/etl/events"

    loaded = _loaded_by(folder, lambdas[logical_id(folder)], "footfall.events.agent_lists")

    assert {"ua_parser", "ua_parser_rs", "crawleruseragents"} <= loaded


def test_what_reads_feedback_is_there_where_events_are_stored(lambdas: dict[str, dict[str, Any]]) -> None:
    folder = "functions/etl/events"

    loaded = _loaded_by(folder, lambdas[logical_id(folder)], "footfall.sentiment.reading")

    assert "vaderSentiment" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "requests"}


def _loaded_by(folder: str, function: dict[str, Any], module: str | None = None) -> set[str]:
    """The top-level modules that a fresh Python of a function holds after importing its handler, or a module."""
    places = [*_layers(function), folder, "requirements/runtime"]
    ours = set(_modules_of({pin for place in places for pin in _pins(place)}))
    absent = [module for module in _installed() if module not in ours]
    command = [sys.executable, str(SCRIPT), module or folder.replace("/", ".") + ".handler", *absent]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def _layers(function: dict[str, Any]) -> list[str]:
    return [f"layers/{layer['Ref'].removesuffix('Layer').lower()}" for layer in function["Layers"]]


def _pins(place: str) -> set[str]:
    """The distributions that a folder's requirements.txt names, or a file's of that name."""
    path = next((path for path in (ROOT / place / "requirements.txt", ROOT / f"{place}.txt") if path.exists()), None)
    return set(re.findall(r"(?m)^([\w.-]+)==", path.read_text())) if path else set()


def _modules_of(pins: set[str]) -> list[str]:
    """The top-level modules that these distributions install."""
    return [
        module
        for module, distributions in _installed().items()
        if {name.lower().replace("_", "-") for name in distributions} & pins
    ]


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()
