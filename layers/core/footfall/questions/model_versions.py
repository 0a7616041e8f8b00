"""The question which versions of one model there are."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.errors import NotFound
from footfall.models.cards import ABOUT, cut_offs
from footfall.models.registry import in_use
from footfall.questions.models import ModelQuestion, ModelVersion
from footfall.schemas.model import ModelDocument, ModelName, TrainedOn
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.collections import models
from footfall.stores.mongo import answering, database


class ModelVersionsQuestion(PagedQuestion, ModelQuestion):
    """Which page of which model's versions."""


class ModelCard(BaseModel):
    """What there is to know of a model before it is relied on, and how good the version in use is.

    Metrics are as of the latest training that looked at it, with 95 % `intervals`, beside the `baselines`; money in
    major units.
    """

    what: str = Field(description="what it is")
    features: list[str] = Field(description="what it learns from")
    judged_on: str = Field(description="what it is tried on, which it has not learnt from")
    cut_offs: dict[str, object] = Field(description="the days and spans that tell the one from the other")
    limits: list[str] = Field(description="what it does not say")
    version: int = Field(description="the version in use")
    trained_at: datetime
    trained_on: TrainedOn | None
    checksum: str = Field(description="SHA-256 over its files")
    metrics: dict[str, object] = Field(description="how good it is, beside its baselines, with intervals")

    @classmethod
    def of(cls, model: ModelDocument) -> "ModelCard":
        """Returns the card of the version in use."""
        about, version = ABOUT[model["name"]], ModelVersion.of(model, model["version"])
        return cls(
            what=about.what,
            features=list(about.features),
            judged_on=about.judged_on,
            cut_offs=cut_offs(model),
            limits=list(about.limits),
            version=version.version,
            trained_at=version.created_at,
            trained_on=version.trained_on,
            checksum=version.checksum,
            metrics=version.metrics,
        )


class ModelVersions(PagedAnswer):
    """A page of the versions of one model, the newest first, and the card of the one in use."""

    name: ModelName
    card: ModelCard | None = Field(description="null where every version was withheld")
    versions: list[ModelVersion]


@answering()
def answer(site_id: str, question: ModelVersionsQuestion) -> ModelVersions:
    """Returns a page of a model's versions; raises NotFound for a model without any, or Unavailable."""
    query = {"site_id": site_id, "name": question.name}
    total = models.count(database(), query)
    if not total:
        raise NotFound("this model was never published")
    found = (
        models.of(database())
        .find(query)
        .sort([("version", -1), ("state", 1)])
        .skip(question.skip)
        .limit(question.page_size)
    )
    used = in_use(database(), site_id, question.name)
    versions = [ModelVersion.of(model, used["version"] if used else 0) for model in found]
    card = ModelCard.of(used) if used else None
    return ModelVersions(name=question.name, card=card, versions=versions, **paged(question, total))
