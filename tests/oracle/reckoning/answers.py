"""The right answer to each question, whole."""

from collections.abc import Callable

from tests.oracle.life import Json, Question
from tests.oracle.reckoning import (
    business,
    carts,
    customers,
    dashboard,
    dimensions,
    dropoff,
    funnel,
    giving_back,
    pages,
    paths,
    products,
    returning,
    searches,
    sources,
    timeline,
    trends,
    vitals,
)
from tests.oracle.reckoning.shop import Reckoning

ROUTES: dict[str, Callable[[Reckoning, Question], Json]] = {
    "/api/metrics": business.answer,
    "/api/metrics/dashboard": dashboard.answer,
    "/api/analytics/revenue-trend": trends.revenue,
    "/api/analytics/conversion-trends": trends.conversions,
    "/api/funnel": funnel.answer,
    "/api/funnel/dropoff": dropoff.answer,
    "/api/funnel/trend": funnel.trend,
    "/api/funnel/people": funnel.people,
    "/api/funnel/time-to-convert": funnel.times,
    "/api/retention": returning.retention,
    "/api/analytics/stickiness": returning.stickiness,
    "/api/analytics/lifecycle": returning.lifecycle,
    "/api/paths": paths.paths,
    "/api/journeys": paths.common_journeys,
    "/api/analytics/traffic-sources": sources.traffic_sources,
    "/api/analytics/pages": pages.pages,
    "/api/analytics/searches": searches.answer,
    "/api/analytics/carts": carts.answer,
    "/api/analytics/products": products.answer,
    "/api/analytics/refunds": giving_back.answer,
    "/api/analytics/web-vitals": vitals.answer,
    "/api/customers": customers.answer,
}


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns what the product should answer; of a refusal, its status alone."""
    if question.path.endswith("/journey"):
        return timeline.answer(shop, question)
    if question.path.startswith("/api/customers/"):
        return customers.one(shop, question.path.rpartition("/")[2])
    reckoned = dimensions.answer if question.path.startswith("/api/dimensions/") else ROUTES[question.path]
    found = reckoned(shop, question)
    is_remembered = "range" in found and question.path != "/api/customers"
    return {**found, "answered_at": None} if is_remembered else found
