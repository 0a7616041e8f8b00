"""What is asked of MongoDB about models."""

from typing import Any

from footfall.schemas.model import ModelName
from footfall.schemas.operations import ModelVersion
from footfall.stores.mongo import database

VERSIONS_SHOWN = 100


def newest_models(site_id: str) -> list[ModelVersion]:
    """The newest version of each of a site's models."""
    newest: list[dict[str, Any]] = [
        {"$match": {"site_id": site_id}},
        {"$sort": {"name": 1, "version": -1}},
        {"$group": {"_id": "$name", "newest": {"$first": "$$ROOT"}}},
        {"$replaceRoot": {"newRoot": "$newest"}},
        {"$sort": {"name": 1}},
    ]
    return [ModelVersion.model_validate(model) for model in database()["models"].aggregate(newest)]


def model_versions(site_id: str, name: ModelName) -> list[ModelVersion]:
    """The newest hundred versions of one of a site's models, the newest first."""
    versions = database()["models"].find({"site_id": site_id, "name": name}).sort("version", -1).limit(VERSIONS_SHOWN)
    return [ModelVersion.model_validate(model) for model in versions]
