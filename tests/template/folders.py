"""Which function lives where: the folders under functions/, and what follows from a folder's name."""

from pathlib import Path

from infra.template import functions, load

ROOT = Path(__file__).parents[2]


def logical_id(folder: str) -> str:
    """`functions/etl/events` → `EtlEventsFunction`."""
    return "".join(part.capitalize() for part in folder.split("/")[1:]) + "Function"


def declared() -> list[str]:
    """Returns the folders that template.yaml builds functions from, in its order."""
    return [function["CodeUri"] for function in functions(load(ROOT / "template.yaml")).values()]
