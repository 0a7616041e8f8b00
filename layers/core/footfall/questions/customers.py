"""The question who the customers are: a page of them, sorted and filtered. Money in answers is in major units."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from footfall.customers.segment_sums import SEGMENT_FIELDS
from footfall.models import registry as models
from footfall.people.saved_segments import segment_named, segments_saved
from footfall.people.segment_conditions import as_query
from footfall.questions.customer import Rfm
from footfall.questions.distribution import as_trained, customers_found
from footfall.questions.figures import Currency
from footfall.questions.forecasts import ShortForecast, short_forecast
from footfall.questions.keyed_list import FARTHEST, KeyedAnswer, KeyedQuestion, Place, behind, documents_of
from footfall.questions.left_out import KNOWN_PEOPLE, LeftOut, left_out
from footfall.questions.trained import TrainedAnswer, trained
from footfall.schemas.customer import ClvCategory, CustomerDocument, Priority, RiskLevel
from footfall.schemas.paging import paged
from footfall.schemas.segment import SavedSegment
from footfall.sites import get_site
from footfall.stores import collections
from footfall.stores.collections import SEGMENTS
from footfall.stores.mongo import Condition, answering, database

STORED = {"risk_level": "churn_risk_level", "clv_category": "clv_category", "priority": "customer_priority"}
PRIORITY_ORDER: Literal["priority_order"] = "priority_order"
LAST_CHARACTER = "\U0010ffff"


SortBy = Literal[
    "monetary",
    "frequency",
    "recency",
    "customer_id",
    "customer_priority",
    "predicted_clv",
    "churn_probability",
    "value_at_risk",
]


class CustomersFilter(BaseModel):
    """Which customers, in which order."""

    model_config = ConfigDict(extra="forbid")

    sort_by: SortBy = Field(
        default="monetary",
        description="Equal ones come in the order of their ids; those of a priority in that of their value score. Who"
        " has no priority yet is not listed by it",
    )
    order: Literal["asc", "desc"] = Field(default="desc", description="Upwards or downwards")
    segment: str | None = Field(
        default=None, max_length=128, description="Name of an RFM segment, a behaviour segment, or one that was saved"
    )
    q: str | None = Field(default=None, min_length=1, max_length=256, description="How the customer's id begins")
    risk_level: RiskLevel | None = Field(default=None, description="How likely they are to churn, where that is known")
    clv_category: ClvCategory | None = Field(default=None, description="How much is expected of them, likewise")
    priority: Priority | None = Field(default=None, description="Whom to turn to first")


class CustomersQuestion(KeyedQuestion, CustomersFilter):  # fields of the last base come first, in errors as in docs
    """Which page of which customers."""


class CustomerLine(Rfm, ShortForecast):
    """One customer in a list."""

    customer_id: str = Field(examples=["12347"])
    currency: Currency
    first_order_at: datetime
    last_order_at: datetime
    device: str = Field(description="The device most visits were made on", examples=["Mobile"])


class CustomersAnswer(LeftOut, TrainedAnswer, KeyedAnswer):
    """A page of the site's customers, as the last training found them."""

    customers: list[CustomerLine]
    total: int = Field(
        description="Customers that the filters let through; with others than the segment of a training,"
        f" {FARTHEST + 1:,} stands for more than {FARTHEST:,}",
        examples=[4338],
    )


@answering()
def answer(site_id: str, question: CustomersQuestion) -> CustomersAnswer:
    """Returns a page of customers, equal ones in the order of their ids; raises Invalid or Unavailable."""
    found = _page(site_id, question)
    page = found[: question.page_size]
    site = get_site(database(), site_id)
    return CustomersAnswer(
        customers=[_line(customer) for customer in page],
        next=_place(question, page[-1]).text if len(found) > len(page) else None,
        **paged(question, _total(site_id, question)),
        **trained(site).model_dump(),
        **left_out(as_trained(site, customers_found(site)), KNOWN_PEOPLE).model_dump(),
    )


def _page(site_id: str, question: CustomersQuestion) -> list[CustomerDocument]:
    # and the one that comes next, if there is one
    query: Condition = _query(site_id, question)
    index = _index(question, query)
    direction = 1 if question.order == "asc" else -1
    order = (
        [("_id", direction)]
        if question.sort_by == "customer_id"
        else [(_field(question), direction), ("_id", direction)]
    )
    if place := question.behind(_sorted_by(question)):
        values = [place.value, f"{site_id}:{place.item_id}"][-len(order) :]
        query = {"$and": [query, behind(order, values)]}
    return documents_of(database(), collections.customers, query, order, question, index=index)


def _index(question: CustomersFilter, query: Condition) -> Sequence[str]:
    # MongoDB tries every index as far as a page is, to find which is best: it is told, where there is no choice
    if _is_narrowed(question) or "$and" in query:
        return ()
    segment = [field for field in SEGMENTS if field in query]
    sorted_by = () if question.sort_by == "customer_id" else (question.sort_by,)
    return ("site_id", *segment, *sorted_by, "_id")


def _is_narrowed(question: CustomersFilter) -> bool:
    # by more than a segment
    by_priority = question.sort_by == "customer_priority"
    return question.q is not None or by_priority or any(getattr(question, name) is not None for name in STORED)


def _field(question: CustomersFilter) -> str:
    return PRIORITY_ORDER if question.sort_by == "customer_priority" else question.sort_by


def _sorted_by(question: CustomersFilter) -> str:
    return f"{question.sort_by} {question.order}"


def _place(question: CustomersFilter, customer: CustomerDocument) -> Place:
    value = None if question.sort_by == "customer_id" else customer.get(_field(question))
    return Place(_sorted_by(question), value if isinstance(value, int | float) else None, customer["customer_id"])


def _total(site_id: str, question: CustomersFilter) -> int:
    if _is_narrowed(question) or _saved(site_id, question) is not None:
        return collections.customers.count(database(), _query(site_id, question), most=FARTHEST + 1)
    if question.segment is None:
        return sum(sums["customers"] for sums in models.segments(database(), site_id, "rfm").values())
    found = models.segments(database(), site_id, models.model_of_segment(database(), site_id, question.segment))
    return found[question.segment]["customers"] if question.segment in found else 0


def _query(site_id: str, question: CustomersFilter) -> dict[str, object]:
    query: dict[str, object] = {"site_id": site_id}
    if question.q is not None:
        # a range of keys, since a pattern from a caller could be anything
        start = f"{site_id}:{question.q}"
        query["_id"] = {"$gte": start, "$lt": start + LAST_CHARACTER}
    query |= {stored: told for name, stored in STORED.items() if (told := getattr(question, name)) is not None}
    if question.sort_by == "customer_priority":
        query[PRIORITY_ORDER] = {"$exists": True}
    if saved := _saved(site_id, question):
        query["$and"] = [as_query(saved, get_site(database(), site_id).currency)]
    elif question.segment is not None:
        query[SEGMENT_FIELDS[models.model_of_segment(database(), site_id, question.segment)]] = question.segment
    return query


def _saved(site_id: str, question: CustomersFilter) -> SavedSegment | None:
    name = question.segment
    return None if name is None else segment_named(segments_saved(database(), site_id), name)


def _line(customer: CustomerDocument) -> CustomerLine:
    return CustomerLine(
        **Rfm.of(customer).model_dump(),
        **short_forecast(customer).model_dump(),
        customer_id=customer["customer_id"],
        currency=customer["currency"],
        first_order_at=customer["first_order_at"],
        last_order_at=customer["last_order_at"],
        device=customer["device"],
    )
