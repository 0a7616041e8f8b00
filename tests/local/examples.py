"""What the local stack is tested with: a template with one of everything, and the payloads that AWS documents."""

import json
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parent / "example" / "template.yaml"
PARAMETERS = {"Environment": "local", "MongodbUri": "mongodb://here", "RedisUrl": "redis://here"}


def recorded(name: str) -> Any:
    """The documented payload of that name."""
    return json.loads((Path(__file__).parent / "payloads" / f"{name}.json").read_text())


def shape_of(value: Any) -> Any:
    """The payload with each value replaced by the name of its type; a list by the shape of its first item."""
    if isinstance(value, dict):
        return {name: shape_of(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return type(value).__name__
