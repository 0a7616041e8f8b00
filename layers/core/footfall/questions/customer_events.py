"""The question what one customer did, event by event, the latest first."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.questions.customer import seen_of
from footfall.questions.keyed_list import COUNTED, KeyedAnswer, KeyedQuestion, newest
from footfall.questions.known_user import check_known
from footfall.schemas.event import EventDocument
from footfall.schemas.paging import paged
from footfall.sites import get_site
from footfall.stores.collections import events
from footfall.stores.mongo import answering, database

SHOWN = ("event_id", "type", "name", "visitor_id", "session_id", "page_type", "path", "device", "commerce")
PRODUCTS_SHOWN = 10


class CustomerEventsQuestion(KeyedQuestion):
    """Which part of a customer's events."""


class CustomerEvent(BaseModel):
    """One event of a customer."""

    event_id: str
    at: datetime = Field(description="When it happened, the sender's clock corrected")
    type: str = Field(description="What happened", examples=["product_viewed"])
    name: str | None = Field(description="What the shop calls it, if that is another name")
    visitor_id: str = Field(description="As whom they were seen")
    session_id: str | None = Field(description="What the client calls its session")
    page_type: str | None = Field(description="What kind of page it was on", examples=["product"])
    page: str | None = Field(description="The path of the page", examples=["/lamps/7"])
    device: str
    products: list[str] = Field(description="Ids of the first ten products that it is about")


class CustomerEvents(KeyedAnswer):
    """A page of what one customer did, as whatever visitor; those of bots are left out."""

    customer_id: str
    events: list[CustomerEvent]
    total: int = Field(description=f"Events that are stored; {COUNTED}")


@answering()
def answer(site_id: str, customer_id: str, question: CustomerEventsQuestion) -> CustomerEvents:
    """Returns a page of a customer's events; raises NotFound where the site knows nobody of that id, or Unavailable."""
    site = get_site(database(), site_id)
    check_known(site_id, customer_id)
    found = newest(database(), events, seen_of(site, customer_id), "timestamp", question, SHOWN)
    return CustomerEvents(
        customer_id=customer_id,
        events=[_event(each) for each in found.documents],
        next=found.next,
        **paged(question, found.total),
    )


def _event(event: EventDocument) -> CustomerEvent:
    lines = event["commerce"].get("lines", []) if "commerce" in event else []
    return CustomerEvent(
        event_id=event["event_id"],
        at=event["timestamp"],
        type=event["type"],
        name=event.get("name"),
        visitor_id=event["visitor_id"],
        session_id=event.get("session_id"),
        page_type=event.get("page_type"),
        page=event.get("path"),
        device=event["device"],
        products=[line["product_id"] for line in lines[:PRODUCTS_SHOWN]],
    )
