"""api/metrics: what the shop's business amounts to, the shop at a glance, and what it can be broken down by."""

from typing import Annotated

from fastapi import Path, Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions import business, dashboard, dimensions

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


@app.get("/api/dimensions", summary="What figures can be broken down and filtered by")
def get_dimensions(
    site_id: ReadSite, question: Annotated[dimensions.DimensionsQuestion, Query()]
) -> dimensions.Dimensions:
    """Returns the dimensions of every site and the site's own, each with what it tells and what it is of."""
    return dimensions.answer(site_id, question)


@app.get("/api/dimensions/{name}", summary="The values of a dimension over a range of days")
def get_dimension_values(
    site_id: ReadSite,
    name: Annotated[str, Path(max_length=64, description="The dimension's name", examples=["country"])],
    question: Annotated[dimensions.DimensionValuesQuestion, Query()],
) -> dimensions.DimensionValues:
    """Returns the values with how many sessions or events have each, the largest first.

    A name that no dimension has is a 404 that tells those near it.
    """
    return dimensions.answer_values(site_id, name, question)


handler = as_lambda(app)
