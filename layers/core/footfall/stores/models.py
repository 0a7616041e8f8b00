"""The registry of models: which versions there are, and which is in use."""

from collections.abc import Sequence
from typing import Any, cast

from pymongo import ReplaceOne
from pymongo.database import Database

from footfall.schemas.model import ModelDocument, ModelName

Mongo = Database[dict[str, Any]]


def in_use(database: Mongo, site_id: str, name: ModelName) -> ModelDocument | None:
    """The newest published version of a site's model, or None where nothing was published yet."""
    query = {"site_id": site_id, "name": name, "state": "published"}
    return cast(ModelDocument | None, database["models"].find_one(query, sort=[("version", -1)]))


def publish(database: Mongo, models: Sequence[ModelDocument]) -> None:
    """Put models into use, all that one run made; publishing them again changes nothing."""
    database["models"].bulk_write([ReplaceOne({"_id": model["_id"]}, dict(model), upsert=True) for model in models])
