"""The question which versions of one model there are."""

from footfall.errors import NotFound
from footfall.questions.models import ModelQuestion, ModelVersion
from footfall.schemas.model import ModelName
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.collections import models
from footfall.stores.mongo import answering, database


class ModelVersionsQuestion(PagedQuestion, ModelQuestion):
    """Which page of which model's versions."""


class ModelVersions(PagedAnswer):
    """A page of the versions of one model, the newest first."""

    name: ModelName
    versions: list[ModelVersion]


@answering()
def answer(site_id: str, question: ModelVersionsQuestion) -> ModelVersions:
    """Returns a page of a model's versions; raises NotFound for a model without any, or Unavailable."""
    query = {"site_id": site_id, "name": question.name}
    total = models.count(database(), query)
    if not total:
        raise NotFound("this model was never published")
    found = models.of(database()).find(query).sort("version", -1).skip(question.skip).limit(question.page_size)
    versions = [ModelVersion.of(model) for model in found]
    return ModelVersions(name=question.name, versions=versions, **paged(question, total))
