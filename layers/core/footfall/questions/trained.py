"""What an answer made of the last training says of the days it covers and of how fresh it is."""

from datetime import UTC, date, datetime

from pydantic import BaseModel, Field

from footfall.days import DayRange, day_of, zone_named
from footfall.models.registry import in_use, origin_of
from footfall.questions.range import Range
from footfall.schemas.model import ModelDocument
from footfall.schemas.order import OrderSums
from footfall.schemas.site import Site
from footfall.stores.collections import orders
from footfall.stores.mongo import database


class TrainedAnswer(BaseModel):
    """An answer about customers as the last training found them; both are null before the first."""

    range: Range | None = Field(
        description="From the first day with an order to the last with an order or refund that was known"
    )
    complete_to: datetime | None = Field(
        description="The watermark: what was processed before this moment, when the training began, is counted"
    )


def trained(site: Site) -> TrainedAnswer:
    """Returns what answers from a site's models in use say of themselves."""
    model = in_use(database(), site.site_id, "rfm")
    if model is None:
        return TrainedAnswer(range=None, complete_to=None)
    # a version is the millisecond at which its run began
    return TrainedAnswer(range=_range(site, model), complete_to=datetime.fromtimestamp(origin_of(model) / 1000, UTC))


def _range(site: Site, model: ModelDocument) -> Range:
    zone, last = zone_named(site.time_zone), date.fromisoformat(model["details"]["as_of"])
    query = {"site_id": site.site_id, "placed_at": {"$type": "date"}}
    earliest = next(orders.read(database(), OrderSums, query).sort([("site_id", 1), ("placed_at", 1)]).limit(1), None)
    first = day_of(earliest["placed_at"], zone) if earliest and earliest["placed_at"] else last
    return Range.of(DayRange(min(first, last), last, zone))
