"""Routes of people: their profile, what they bought and what they are interested in."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path, Query, status
from footfall.aws.queues import pack, send
from footfall.clock import now
from footfall.errors import Conflict, FieldProblem, Invalid, NotFound
from footfall.events.nobody import somebody
from footfall.http.app import PROBLEMS, ReadSite, Responses, WriteSite
from footfall.http.audit import AuditedRoute
from footfall.questions import customer_orders, interests, user
from footfall.questions.known_user import check_known
from footfall.schemas.message import API_KEY_SOURCE, EventsMessage
from footfall.schemas.paging import PagedQuestion
from footfall.settings import EventsQueueSettings, from_environment
from footfall.stores.mongo import answering
from pydantic import BaseModel, ConfigDict, Field

from .changes import QueuedChange, read_interests, tell_interest

router = APIRouter(route_class=AuditedRoute)
MOST_TRAITS = 100
UserId = Annotated[str, Path(min_length=1, max_length=256, description="The user's id")]
CategoryPath = Annotated[
    str, Path(min_length=1, max_length=256, description="The category, in any case; a slash in it as it is or as %2F")
]
Strength = Annotated[int, Field(ge=1, le=5, description="How strong it is, 5 being most")]
TAKEN: Responses = {409: {**PROBLEMS[422], "description": "It was told already"}}
Number = Annotated[float, Field(ge=-(2**53), le=2**53)]
Trait = Annotated[str, Field(max_length=1_024)] | bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | Number | None


class Traits(BaseModel):
    """What the shop says of somebody; a trait that is not there stays as it was told before."""

    model_config = ConfigDict(extra="forbid")

    traits: dict[Annotated[str, Field(min_length=1, max_length=128)], Trait] = Field(
        min_length=1,
        max_length=MOST_TRAITS,
        description="Texts, numbers and yes or no by name",
        examples=[{"email": "ann@shop.example", "plan": "gold"}],
    )


class SentEvent(BaseModel):
    """An identify event that waits to be stored: `GET /collect/receipts/{receipt}` tells what became of it."""

    receipt: str = Field(description="The event's id")


class NewInterest(BaseModel):
    """An interest that the shop tells of somebody."""

    model_config = ConfigDict(extra="forbid")

    category: str = Field(min_length=1, max_length=256, description="In any case", examples=["Lamps"])
    strength: Strength = 3


class InterestStrength(BaseModel):
    """How strong an interest is."""

    model_config = ConfigDict(extra="forbid")

    strength: Strength


@router.get("/api/users/{user_id}", summary="Who one user is")
def get_user(site_id: ReadSite, user_id: UserId) -> user.UserProfile:
    """Returns what was told of somebody, and how they were seen."""
    return user.answer(site_id, user_id)


@router.put("/api/users/{user_id}", status_code=status.HTTP_202_ACCEPTED, summary="Tell who one user is")
def tell_user(site_id: WriteSite, user_id: UserId, told: Traits) -> SentEvent:
    """Tell traits of somebody, known or new; returns the id of the identify event that they become."""
    if somebody(user_id) != user_id:
        raise Invalid([FieldProblem("user_id", "is read as nobody's id, or as another one")])
    event_id = uuid4().hex
    identify = {"eventType": "identify", "eventId": event_id, "userId": user_id, "traits": told.traits}
    message = EventsMessage(site_id=site_id, source=API_KEY_SOURCE, received_at=now(), events=[identify])
    send(from_environment(EventsQueueSettings).events_queue_url, site_id, pack(message))
    return SentEvent(receipt=event_id)


@router.get("/api/users/{user_id}/purchases", summary="What one user ordered")
def get_purchases(
    site_id: ReadSite, user_id: UserId, question: Annotated[customer_orders.CustomerOrdersQuestion, Query()]
) -> customer_orders.CustomerOrders:
    """Returns a page of somebody's orders, the newest first."""
    return customer_orders.answer(site_id, user_id, question)


@router.get("/api/users/{user_id}/spending-summary", summary="What one user spent")
def get_spending(site_id: ReadSite, user_id: UserId) -> customer_orders.SpendingSummary:
    """Returns what somebody's orders amount to, by month and by category."""
    return customer_orders.summary(site_id, user_id)


@router.get("/api/users/{user_id}/interests", summary="What one user is interested in")
def get_interests(site_id: ReadSite, user_id: UserId) -> interests.Interests:
    """Returns what was told, and what follows from what they viewed, searched for, put into carts and bought."""
    return interests.answer(site_id, user_id)


@router.get("/api/users/{user_id}/interests/summary", summary="One user's interests in short")
def get_interests_summary(site_id: ReadSite, user_id: UserId) -> interests.InterestsSummary:
    """Returns how many interests were told and found, what they were found in, and the foremost."""
    return interests.summary(site_id, user_id)


@router.post(
    "/api/users/{user_id}/interests",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Tell an interest of one user",
    responses=TAKEN,
)
def add_interest(site_id: WriteSite, user_id: UserId, told: NewInterest) -> QueuedChange:
    """Tell that somebody is interested in a category; returns a receipt. What was told before is changed with PUT."""
    _check(told.category, "category")
    if interests.is_told(site_id, user_id, told.category):
        raise Conflict("this interest was told already: change it with PUT")
    return tell_interest(site_id, user_id, told.category, told.strength)


@router.post(
    "/api/users/{user_id}/interests/analyse",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Find one user's interests anew",
)
def analyse_interests(site_id: WriteSite, user_id: UserId) -> QueuedChange:
    """Have interests found anew in all that somebody did; returns a receipt. It happens whenever they do something."""
    with answering():
        check_known(site_id, user_id)
    return read_interests(site_id, user_id)


@router.put(
    "/api/users/{user_id}/interests/{category:path}",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Change an interest of one user",
)
def change_interest(
    site_id: WriteSite, user_id: UserId, category: CategoryPath, told: InterestStrength
) -> QueuedChange:
    """Tell how strong an interest is that was told before; returns a receipt."""
    _check_told(site_id, user_id, category)
    return tell_interest(site_id, user_id, category, told.strength)


@router.delete(
    "/api/users/{user_id}/interests/{category:path}",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Take back an interest of one user",
)
def remove_interest(site_id: WriteSite, user_id: UserId, category: CategoryPath) -> QueuedChange:
    """Take back an interest that was told; returns a receipt. What follows from what somebody did stays."""
    _check_told(site_id, user_id, category)
    return tell_interest(site_id, user_id, category, None)


@router.get("/api/interest-categories", summary="What people are interested in")
def list_interest_categories(
    site_id: ReadSite, question: Annotated[PagedQuestion, Query()]
) -> interests.InterestCategories:
    """Returns a page of the categories that anybody is interested in, with how many people each has."""
    return interests.categories(site_id, question)


def _check(category: str, field: str) -> None:
    if not category.strip():
        raise Invalid([FieldProblem(field, "is blank")])


def _check_told(site_id: str, user_id: str, category: str) -> None:
    _check(category, "category")
    if not interests.is_told(site_id, user_id, category):
        raise NotFound("this interest was not told")
