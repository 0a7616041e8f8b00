"""What answers about how customers are spread say of the training that found them."""

from datetime import date

from pydantic import BaseModel, Field

from footfall.models.registry import in_use
from footfall.questions.figures import Customers
from footfall.questions.trained import TrainedAnswer, trained
from footfall.schemas.model import ModelDocument
from footfall.schemas.site import Site
from footfall.stores.mongo import database

NOT_TRAINED = "no training has been published yet: customers are found by it"


class TrainingOf(BaseModel):
    """The training that customers were found by."""

    version: int = Field(description="Its version, as /api/models lists it")
    as_of: date | None = Field(description="The day that recency counts from; null where there are no customers")


class Distribution(TrainedAnswer):
    """How customers are spread, as the last training found them."""

    model: TrainingOf | None = Field(description="The training that told it; null where none has, and `data` is empty")
    missing: str | None = Field(description="Which training is missing, where `model` is null")
    total_customers: Customers


def customers_found(site: Site) -> ModelDocument | None:
    """Returns the model in use that says how the customers are spread; None before the first training."""
    return in_use(database(), site.site_id, "rfm")


def currency_of(site: Site, model: ModelDocument | None) -> str:
    """Returns what money in a training's sums is in: the site's currency of then."""
    return model["details"]["currency"] if model else site.currency


def as_trained(site: Site, model: ModelDocument | None) -> Site:
    """Returns a site as a training saw it: orders in what was its currency then are those that the sums count."""
    return site.model_copy(update={"currency": currency_of(site, model)})


def distribution(site: Site, model: ModelDocument | None, missing: str | None = None) -> Distribution:
    """Returns what a distribution says besides its figures; `missing` says what the training has not told."""
    customers = sum(sums["customers"] for sums in model.get("segments", [])) if model else 0
    lacks = missing if model else NOT_TRAINED
    return Distribution(
        model=_training(model, customers) if model and lacks is None else None,
        missing=lacks,
        total_customers=customers,
        **trained(site).model_dump(),
    )


def _training(model: ModelDocument, customers: int) -> TrainingOf:
    return TrainingOf(
        version=model["version"], as_of=date.fromisoformat(model["details"]["as_of"]) if customers else None
    )
