"""api/customers: who the customers are, what they are worth, and which segments they make up."""

from typing import Annotated

from fastapi import Path, Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.schemas.customer import CustomerAnswer, CustomersAnswer, SegmentsAnswer
from footfall.schemas.paging import paged
from footfall.stores.mongo import answering

from .customer import one_customer
from .queries import customers_like
from .question import CustomersQuestion, SegmentsQuestion
from .segments import segments_of

app = create_app("customers")


@app.get("/api/customers", summary="Customers with their RFM figures, sorted and filtered")
def get_customers(site_id: ReadSite, question: Annotated[CustomersQuestion, Query()]) -> CustomersAnswer:
    """Known people with at least one order with a price, as the last training found them; nobody before it."""
    with answering():
        customers, total = customers_like(site_id, question)
    return CustomersAnswer(customers=customers, **paged(question.part, total))


@app.get("/api/customers/{customer_id}", summary="One customer, with visits, orders and refunds")
def get_customer(site_id: ReadSite, customer_id: Annotated[str, Path(max_length=256)]) -> CustomerAnswer:
    """Scores as of the last training, visits and orders as they stand now."""
    with answering():
        return one_customer(site_id, customer_id)


@app.get("/api/segments", summary="The segments that customers fall into")
def get_segments(site_id: ReadSite, question: Annotated[SegmentsQuestion, Query()]) -> SegmentsAnswer:
    """Sizes, revenue and averages of every segment; those of RFM are listed even when nobody is in them."""
    with answering():
        return segments_of(site_id, question.segment_type)


handler = as_lambda(app)
