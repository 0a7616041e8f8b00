"""api/customers: who the customers are, what they are worth, which segments they make up, and what to show them."""

from typing import Annotated

from fastapi import Path, Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions import (
    cross_sell,
    customer,
    customer_journey,
    customers,
    recommendations,
    segments,
    trending,
)

app = create_app("customers")


@app.get("/api/customers", summary="Customers with their RFM figures, sorted and filtered")
def get_customers(
    site_id: ReadSite, question: Annotated[customers.CustomersQuestion, Query()]
) -> customers.CustomersAnswer:
    """Returns a page of the customers, as the last training found them; nobody before it."""
    return customers.answer(site_id, question)


@app.get("/api/customers/{customer_id}", summary="One customer, with visits, orders and refunds")
def get_customer(
    site_id: ReadSite, customer_id: Annotated[customer.CustomerId, Path(description="The user's id")]
) -> customer.CustomerAnswer:
    """Returns scores as of the last training, and visits and orders as they stand now."""
    return customer.answer(site_id, customer.CustomerQuestion(customer_id=customer_id))


@app.get("/api/customers/{customer_id}/journey", summary="What one customer did: sessions, orders and feedback")
def get_journey(
    site_id: ReadSite,
    customer_id: Annotated[customer.CustomerId, Path(description="The user's id")],
    question: Annotated[customer_journey.CustomerJourneyQuestion, Query()],
) -> customer_journey.CustomerJourney:
    """Returns a page of the timeline, the latest first; sessions have their steps in order."""
    return customer_journey.answer(site_id, customer_id, question)


@app.get("/api/segments", summary="The segments that customers fall into")
def get_segments(site_id: ReadSite, question: Annotated[segments.SegmentsQuestion, Query()]) -> segments.SegmentsAnswer:
    """Returns sizes, revenue and averages of every segment; those of RFM are listed even when nobody is in them."""
    return segments.answer(site_id, question)


@app.get("/api/recommendations/trending", summary="Products that are looked at and bought most just now")
def get_trending(site_id: ReadSite, question: Annotated[trending.TrendingQuestion, Query()]) -> trending.TrendingAnswer:
    """Returns the products of a window by what was done with them, newer things counting more."""
    return trending.answer(site_id, question)


@app.get("/api/recommendations/{customer_id}", summary="Products to show somebody, and why")
def get_recommendations(
    site_id: ReadSite,
    customer_id: Annotated[customer.CustomerId, Path(description="A user's or a visitor's id")],
    question: Annotated[recommendations.RecommendationsQuestion, Query()],
) -> recommendations.RecommendationsAnswer:
    """Returns what the last training found for somebody, the best first, each with the paths that lead to it.

    Where that ends, and for who has come since, follows what is popular in the categories they looked at, then of all.
    """
    return recommendations.answer(site_id, customer_id, question)


@app.get("/api/cross-sell", summary="Products that are bought together")
def get_cross_sell(
    site_id: ReadSite, question: Annotated[cross_sell.CrossSellQuestion, Query()]
) -> cross_sell.CrossSellAnswer:
    """Returns pairs of products that are in one order more often than by chance, the surest first."""
    return cross_sell.answer(site_id, question)


handler = as_lambda(app)
