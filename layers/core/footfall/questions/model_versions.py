"""The question which versions of one model there are."""

from pydantic import BaseModel

from footfall.errors import NotFound
from footfall.questions.models import ModelQuestion, ModelVersion
from footfall.schemas.model import ModelName
from footfall.stores.collections import models
from footfall.stores.mongo import answering, database

VERSIONS_SHOWN = 100


class ModelVersions(BaseModel):
    """The versions of one model, the newest first."""

    name: ModelName
    versions: list[ModelVersion]


@answering()
def answer(site_id: str, question: ModelQuestion) -> ModelVersions:
    """Returns the newest hundred versions; raises NotFound for a model without any, or Unavailable."""
    query = {"site_id": site_id, "name": question.name}
    found = models.of(database()).find(query).sort("version", -1).limit(VERSIONS_SHOWN)
    versions = [ModelVersion.of(model) for model in found]
    if not versions:
        raise NotFound("this model was never published")
    return ModelVersions(name=question.name, versions=versions)
