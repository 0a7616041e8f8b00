"""api/metrics: what the shop's business amounts to, and the shop at a glance."""

from typing import Annotated

from fastapi import Query
from footfall.days import zone_named
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions.cache import remember
from footfall.questions.range import RangeQuestion
from footfall.rollups import rollups_of
from footfall.schemas.metrics import BusinessMetrics, Dashboard
from footfall.stores.keys import dashboard_key
from footfall.stores.mongo import answering
from pydantic import BaseModel, ConfigDict, Field

from .business import Compare, business
from .dashboard import dashboard

app = create_app("metrics")


class BusinessQuestion(BaseModel):
    """What to compare the figures with."""

    model_config = ConfigDict(extra="forbid")

    compare: Compare | None = Field(
        default=None, description="`previous`: with 30 days before; `year`: with 365 days before"
    )


@app.get("/api/metrics", summary="Customers, revenue, refunds and orders since the beginning")
def get_business(site_id: ReadSite, question: Annotated[BusinessQuestion, Query()]) -> BusinessMetrics:
    """The shop's business as of the last day with an order or refund: its orders, and the last training's segments.

    Refunds are not taken off revenue; orders of guests, people whom the shop does not know, are a figure of their own.
    """
    with answering(), rollups_of(site_id) as rollups:
        return business(rollups, question.compare)


@app.get("/api/metrics/dashboard", summary="Visitors, sessions, conversion and drop-off over a range of days")
def get_dashboard(site_id: ReadSite, question: Annotated[RangeQuestion, Query()]) -> Dashboard:
    """The shop at a glance; people are counted once over the whole range, bots are left out."""
    with answering(), rollups_of(site_id) as rollups:
        last_day = question.to or rollups.last_day()
        days = question.days(last_day, zone_named(rollups.site.time_zone))
        key = dashboard_key(site_id, days, rollups.version or "")
        answer = remember(key, Dashboard, lambda: dashboard(rollups, days))
        return answer.model_copy(update={"complete_to": rollups.complete_to(days)})


handler = as_lambda(app)
