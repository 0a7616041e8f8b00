"""api/metrics: what the shop's business amounts to, and the shop at a glance."""

from typing import Annotated

from fastapi import Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions import business, dashboard

app = create_app("metrics")


@app.get("/api/metrics", summary="Customers, revenue, refunds and orders since the beginning")
def get_business(
    site_id: ReadSite, question: Annotated[business.BusinessQuestion, Query()]
) -> business.BusinessMetrics:
    """Returns the shop's business as of the last day with an order or refund, and the last training's segments.

    Refunds are not taken off revenue; that of guests, people whom the shop does not know, is a figure of its own.
    """
    return business.answer(site_id, question)


@app.get("/api/metrics/dashboard", summary="Visitors, sessions, conversion and drop-off over a range of days")
def get_dashboard(site_id: ReadSite, question: Annotated[dashboard.DashboardQuestion, Query()]) -> dashboard.Dashboard:
    """Returns the shop at a glance; people are counted once over the whole range, bots are left out."""
    return dashboard.answer(site_id, question)


handler = as_lambda(app)
