"""api/customers: who the customers are, what they are worth, which segments they make up, and what to show them."""

from typing import Annotated

from fastapi import Path, Query, status
from footfall.http.app import PROBLEMS, AdminSite, ReadSite, WriteSite, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.questions import (
    churn_predictions,
    clv_predictions,
    cross_sell,
    customer,
    customer_events,
    customer_journey,
    customer_orders,
    customer_search,
    customers,
    erasure,
    export,
    hold_outs,
    recommendations,
    segments,
    trending,
)
from footfall.questions.saved_segments import SegmentIn, SegmentOut
from footfall.schemas.erasure import ERASURE_ID

from . import holding_out, rights, saving

PersonId = Annotated[str, Path(min_length=1, max_length=256)]

app = create_app("customers", AuditedRoute)


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


@app.delete("/api/customers/{customer_id}", status_code=202, summary="Erase somebody everywhere")
def erase_customer(
    site_id: AdminSite, customer_id: Annotated[PersonId, Path(description="A user's or a visitor's id")]
) -> erasure.Erasure:
    """Have somebody erased, as everybody they turned out to be; returns the receipt, which says how far it is.

    From now on nothing of them is stored: not what waits in queues, is sent late, replayed or imported again. Asked
    again, it is the same erasure. Nobody can take it back.
    """
    return rights.erase(site_id, customer_id)


@app.get("/api/erasures/{erasure_id}", summary="How far an erasure is")
def get_erasure(
    site_id: AdminSite,
    erasure_id: Annotated[str, Path(pattern=ERASURE_ID, description="As the erasure was answered")],
) -> erasure.Erasure:
    """Returns the receipt of an erasure: when it was asked for, how much was removed of what, and when it was done."""
    return erasure.answer(site_id, erasure.ErasureToFind(erasure_id=erasure_id))


@app.get("/api/customers/{customer_id}/export", summary="All that is held of somebody")
def export_customer(
    site_id: AdminSite,
    customer_id: Annotated[PersonId, Path(description="A user's or a visitor's id")],
    question: Annotated[export.ExportQuestion, Query()],
) -> export.Export:
    """Returns a part of all documents that are held of somebody, whoever they turned out to be, as they are stored.

    `next` leads to the next part, until it is null.
    """
    return export.answer(site_id, customer_id, question)


@app.get("/api/customers/{customer_id}/journey", summary="What one customer did: sessions, orders and feedback")
def get_journey(
    site_id: ReadSite,
    customer_id: Annotated[customer.CustomerId, Path(description="The user's id")],
    question: Annotated[customer_journey.CustomerJourneyQuestion, Query()],
) -> customer_journey.CustomerJourney:
    """Returns a page of the timeline, the latest first; sessions have their steps in order."""
    return customer_journey.answer(site_id, customer_id, question)


@app.get("/api/customers/{customer_id}/events", summary="What one customer did, event by event")
def get_events(
    site_id: ReadSite,
    customer_id: Annotated[customer.CustomerId, Path(description="The user's id")],
    question: Annotated[customer_events.CustomerEventsQuestion, Query()],
) -> customer_events.CustomerEvents:
    """Returns a page of a customer's events as they are stored, the latest first."""
    return customer_events.answer(site_id, customer_id, question)


@app.get("/api/customers/{customer_id}/orders", summary="What one customer ordered")
def get_orders(
    site_id: ReadSite,
    customer_id: Annotated[customer.CustomerId, Path(description="The user's id")],
    question: Annotated[customer_orders.CustomerOrdersQuestion, Query()],
) -> customer_orders.CustomerOrders:
    """Returns a page of a customer's orders, the newest first."""
    return customer_orders.answer(site_id, customer_id, question)


@app.get("/api/segments", summary="The segments that customers fall into")
def get_segments(site_id: ReadSite, question: Annotated[segments.SegmentsQuestion, Query()]) -> segments.SegmentsAnswer:
    """Returns sizes, revenue and averages of every segment; those of RFM are listed even when nobody is in them."""
    return segments.answer(site_id, question)


@app.get("/api/clv/predictions", summary="The customers of whom most is expected")
def get_values(
    site_id: ReadSite, question: Annotated[clv_predictions.ClvPredictionsQuestion, Query()]
) -> clv_predictions.ClvPredictions:
    """Returns lifetime values with their intervals, as the last training found them."""
    return clv_predictions.answer(site_id, question)


@app.get("/api/churn/predictions", summary="The customers whose leaving would cost most")
def get_chances_of_churn(
    site_id: ReadSite, question: Annotated[churn_predictions.ChurnPredictionsQuestion, Query()]
) -> churn_predictions.ChurnPredictions:
    """Returns chances of churn with what explains them, by risk times value."""
    return churn_predictions.answer(site_id, question)


@app.get("/api/search/customers", summary="Customers by how their id, e-mail address or name begins")
def search_customers(
    site_id: ReadSite, question: Annotated[customer_search.CustomerSearchQuestion, Query()]
) -> customer_search.FoundCustomers:
    """Returns the customers who are found, by their ids first."""
    return customer_search.answer(site_id, question)


@app.post(
    "/api/segments",
    status_code=status.HTTP_201_CREATED,
    summary="Save a segment",
    responses={409: {**PROBLEMS[422], "description": "There is one of this name, or no room"}},
)
def save_segment(site_id: WriteSite, told: SegmentIn) -> SegmentOut:
    """Save conditions under a name; returns them. `segment=` of any analytic question takes the name from then on."""
    return saving.save(site_id, told)


@app.delete("/api/segments/{name}", summary="Remove a segment that was saved")
def remove_segment(
    site_id: WriteSite,
    name: Annotated[str, Path(min_length=1, max_length=128, description="Its name, in any case")],
) -> SegmentOut:
    """Remove a segment that was saved; returns it. Those that training finds stay."""
    return saving.remove(site_id, name)


HoldOutName = Annotated[str, Path(min_length=1, max_length=128, description="Its name, in any case")]


@app.get("/api/holdouts", summary="Campaigns and features that some customers are left out of")
def get_hold_outs(site_id: ReadSite) -> hold_outs.HoldOuts:
    """Returns the hold-outs of the site, in the order they were begun."""
    return hold_outs.answer(site_id)


@app.post(
    "/api/holdouts",
    status_code=status.HTTP_201_CREATED,
    summary="Leave some customers out of a campaign or feature",
    responses={409: {**PROBLEMS[422], "description": "There is one of this name, or no room"}},
)
def begin_hold_out(site_id: WriteSite, told: hold_outs.HoldOutIn) -> hold_outs.HoldOutOut:
    """Begin a hold-out: from now on it is settled who is left out. Returns it."""
    return holding_out.begin(site_id, told)


@app.get("/api/holdouts/{name}", summary="What a campaign or feature did, by who was left out of it")
def get_effect(
    site_id: ReadSite, name: HoldOutName, question: Annotated[hold_outs.EffectQuestion, Query()]
) -> hold_outs.EffectAnswer:
    """Returns what both arms did since it began, and the difference with its interval, or why none is claimed."""
    return hold_outs.effect(site_id, name, question)


@app.get("/api/holdouts/{name}/people", summary="Who is left out of a campaign or feature, or who is not")
def get_arm(
    site_id: ReadSite, name: HoldOutName, question: Annotated[hold_outs.ArmQuestion, Query()]
) -> hold_outs.ArmPeople:
    """Returns a page of one arm; the same customer is always in the same."""
    return hold_outs.people(site_id, name, question)


@app.delete("/api/holdouts/{name}", summary="Remove a hold-out")
def remove_hold_out(site_id: WriteSite, name: HoldOutName) -> hold_outs.HoldOutOut:
    """Remove a hold-out; returns it. One of the same name that is begun later leaves out other customers."""
    return holding_out.remove(site_id, name)


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
