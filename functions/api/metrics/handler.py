"""api/metrics: the shop's business, the shop at a glance and now, what it is broken down by, and what people feel."""

from typing import Annotated

from fastapi import Path, Query, Response
from fastapi.responses import JSONResponse
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.http.conditional import NOT_MODIFIED, IfNoneMatch, unless_known
from footfall.http.jobs import OR_A_JOB, answered_or_begun
from footfall.questions import (
    business,
    carts,
    clv_distribution,
    conversion_trends,
    dashboard,
    dimensions,
    feedback,
    health_score,
    pages,
    products,
    realtime,
    refunds,
    revenue_by_segment,
    revenue_trend,
    risk_distribution,
    searches,
    segment_distribution,
    sentiment,
    sentiment_trend,
    traffic_sources,
    web_vitals,
)
from footfall.questions.dashboard_answer import Dashboard, DashboardQuestion

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
def get_dashboard(site_id: ReadSite, question: Annotated[DashboardQuestion, Query()]) -> Dashboard:
    """Returns the shop at a glance; people are counted once over the whole range, bots are left out.

    Every dimension is a filter, and one of them breaks the figures down.
    """
    return dashboard.answer(site_id, question)


@app.get(
    "/api/metrics/realtime",
    summary="Who is on the site now, and the last thirty minutes",
    response_model=realtime.Realtime,
    responses=NOT_MODIFIED,
)
def get_realtime(site_id: ReadSite, if_none_match: IfNoneMatch = None) -> Response:
    """Returns active people, their pages and sources, the last thirty minutes one by one, and the newest events.

    Ask again every ten seconds or so with the `ETag` of the last answer: while only `at` has changed, it is a 304.
    """
    return unless_known(realtime.answer(site_id), if_none_match, but={"at"})


@app.get("/api/metrics/health-score", summary="How the business does, from 0 to 100, and why")
def get_health_score(
    site_id: ReadSite, question: Annotated[health_score.HealthScoreQuestion, Query()]
) -> health_score.HealthScore:
    """Returns a score that is the sum of what its parts contribute, each with its figure and how it is judged.

    Parts of which too little is known say so, and are left out; without enough of them there is no score.
    """
    return health_score.answer(site_id, question)


@app.get("/api/analytics/revenue-trend", summary="Revenue, refunds, orders and customers by day, week or month")
def get_revenue_trend(
    site_id: ReadSite, question: Annotated[revenue_trend.RevenueTrendQuestion, Query()]
) -> revenue_trend.RevenueTrend:
    """Returns what was sold in each period and in the whole range, and to how many new and returning customers.

    A period that the range or time cuts short says so (`whole`); `compare` sets each beside earlier days.
    """
    return revenue_trend.answer(site_id, question)


@app.get("/api/analytics/conversion-trends", summary="Sessions, people and conversions by day, week or month")
def get_conversion_trends(
    site_id: ReadSite, question: Annotated[conversion_trends.ConversionTrendsQuestion, Query()]
) -> conversion_trends.ConversionTrends:
    """Returns the visits of each period and of the whole range, and how many of them an order came of.

    A period that the range or time cuts short says so (`whole`); `compare` sets each beside earlier days.
    """
    return conversion_trends.answer(site_id, question)


@app.get("/api/analytics/segment-distribution", summary="How many customers are in each segment")
def get_segment_distribution(
    site_id: ReadSite, question: Annotated[segment_distribution.SegmentDistributionQuestion, Query()]
) -> segment_distribution.SegmentDistribution:
    """Returns how the customers are spread over segments, as the last training found them; nothing before the first."""
    return segment_distribution.answer(site_id, question)


@app.get("/api/analytics/revenue-by-segment", summary="What each segment of customers brings")
def get_revenue_by_segment(
    site_id: ReadSite, question: Annotated[revenue_by_segment.RevenueBySegmentQuestion, Query()]
) -> revenue_by_segment.RevenueBySegment:
    """Returns the revenue and refunds of each segment, as the last training found them; nothing before the first."""
    return revenue_by_segment.answer(site_id, question)


@app.get("/api/analytics/risk-distribution", summary="How likely customers are to leave")
def get_risk_distribution(site_id: ReadSite) -> risk_distribution.RiskDistribution:
    """Returns how many customers are at each level of risk; while no model tells that, `missing` says so."""
    return risk_distribution.answer(site_id)


@app.get("/api/analytics/clv-distribution", summary="How the predicted lifetime value of customers is spread")
def get_clv_distribution(site_id: ReadSite) -> clv_distribution.ClvDistribution:
    """Returns how many customers have how much predicted value; while no model tells that, `missing` says so."""
    return clv_distribution.answer(site_id)


@app.get(
    "/api/analytics/web-vitals",
    summary="How quickly pages show themselves and answer",
    response_model=web_vitals.WebVitals,
    responses=OR_A_JOB,
)
def get_web_vitals(
    site_id: ReadSite, question: Annotated[web_vitals.WebVitalsQuestion, Query()]
) -> web_vitals.WebVitals | JSONResponse:
    """Returns Google's web vitals as browsers measured them: the 75th percentile, and the shares of good and poor.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("web-vitals", site_id, question, web_vitals.answer)


@app.get(
    "/api/analytics/traffic-sources",
    summary="What brought people, and what each source is credited with",
    response_model=traffic_sources.TrafficSources,
    responses=OR_A_JOB,
)
def get_traffic_sources(
    site_id: ReadSite, question: Annotated[traffic_sources.TrafficSourcesQuestion, Query()]
) -> traffic_sources.TrafficSources | JSONResponse:
    """Returns sessions, people, and the parts of orders and revenue by source, under one of six attribution models.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("traffic-sources", site_id, question, traffic_sources.answer)


@app.get(
    "/api/analytics/pages",
    summary="What each page is to its visitors: views, entrances, exits, time, orders after it",
    response_model=pages.Pages,
    responses=OR_A_JOB,
)
def get_pages(site_id: ReadSite, question: Annotated[pages.PagesQuestion, Query()]) -> pages.Pages | JSONResponse:
    """Returns the table of pages, those with most views first or as `sort_by` says.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("pages", site_id, question, pages.answer)


@app.get(
    "/api/analytics/carts",
    summary="Carts that began, and how many were ordered, left and brought back",
    response_model=carts.Carts,
    responses=OR_A_JOB,
)
def get_carts(site_id: ReadSite, question: Annotated[carts.CartsQuestion, Query()]) -> carts.Carts | JSONResponse:
    """Returns carts and their value by what became of them, in all and by day, and the products that are left.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("carts", site_id, question, carts.answer)


@app.get(
    "/api/analytics/products",
    summary="How often products are seen, put into carts and bought",
    response_model=products.Products,
    responses=OR_A_JOB,
)
def get_products(
    site_id: ReadSite, question: Annotated[products.ProductsQuestion, Query()]
) -> products.Products | JSONResponse:
    """Returns products with what was done with them, bought and given back, and how places in lists are clicked.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("products", site_id, question, products.answer)


@app.get(
    "/api/analytics/searches",
    summary="What people search for, what is found, and what comes of it",
    response_model=searches.SearchesAnswer,
    responses=OR_A_JOB,
)
def get_searches(
    site_id: ReadSite, question: Annotated[searches.SearchesQuestion, Query()]
) -> searches.SearchesAnswer | JSONResponse:
    """Returns search terms with their results, and the clicks, products in carts and orders that came after.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("searches", site_id, question, searches.answer)


@app.get("/api/analytics/refunds", summary="What is given back: how much of the orders, why, and how long after")
def get_refunds(site_id: ReadSite, question: Annotated[refunds.RefundsQuestion, Query()]) -> refunds.RefundsAnswer:
    """Returns refunds in all, by reason, and by day, week or month, each at its own time."""
    return refunds.answer(site_id, question)


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


@app.get("/api/sentiment", summary="What people feel about each page, by the texts of their feedback")
def get_sentiment(
    site_id: ReadSite, question: Annotated[sentiment.SentimentQuestion, Query()]
) -> sentiment.SentimentAnswer:
    """Returns shares by label, mean scores and categories of the texts of feedback, in all and by page, bots left out.

    Texts in another language than English are counted as `unsupported`, and have no score.
    """
    return sentiment.answer(site_id, question)


@app.get("/api/sentiment/trend", summary="What people feel by day, week or month")
def get_sentiment_trend(
    site_id: ReadSite, question: Annotated[sentiment_trend.SentimentTrendQuestion, Query()]
) -> sentiment_trend.SentimentTrend:
    """Returns the figures of /api/sentiment for each period."""
    return sentiment_trend.answer(site_id, question)


@app.get("/api/sentiment/feedback", summary="The texts of feedback, and how each was read")
def get_feedback(site_id: ReadSite, question: Annotated[feedback.FeedbackQuestion, Query()]) -> feedback.FeedbackAnswer:
    """Returns what people wrote, the newest first, with label, score, categories and language."""
    return feedback.answer(site_id, question)


handler = as_lambda(app)
