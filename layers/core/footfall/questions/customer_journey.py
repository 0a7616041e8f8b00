"""The question what one customer did: sessions with their steps, orders and feedback, the latest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from footfall.clock import now
from footfall.errors import FieldProblem, Invalid, NotFound
from footfall.events.log import in_order
from footfall.orders.purchases import purchases
from footfall.questions.customer import CustomerId, CustomerOrder, order_of, seen_of
from footfall.questions.keyed_list import KeyedAnswer, KeyedQuestion, Place
from footfall.questions.propensity import Propensity, SessionPropensity
from footfall.schemas.event import NOT_A_VISIT, VisitEvent
from footfall.schemas.feedback import FeedbackDocument, Label
from footfall.schemas.paging import paged
from footfall.schemas.session import SessionDocument
from footfall.schemas.site import Site
from footfall.sessions.fold import GAP, summarise
from footfall.sites import get_site
from footfall.stores.collection import Collection
from footfall.stores.collections import customers, events, feedback, orders, user_sessions
from footfall.stores.mongo import Condition, answering, database

MOST_STEPS = 100
SORTED_BY = "at"
Kind = Literal["feedback", "order", "session"]
KINDS: tuple[Kind, ...] = ("feedback", "order", "session")
"""Of one moment, they are told in this order."""
MOMENTS: Mapping[Kind, str] = {"feedback": "timestamp", "order": "placed_at", "session": "started_at"}
COLLECTIONS: Mapping[Kind, Collection[Any]] = {"feedback": feedback, "order": orders, "session": user_sessions}


class CustomerJourneyQuestion(KeyedQuestion):
    """Which part of a customer's timeline."""


class JourneyStep(BaseModel):
    """One event of a session."""

    at: datetime
    type: str = Field(description="What happened", examples=["pageview"])
    name: str | None = Field(description="What the shop calls it, if that is another name")
    page_type: str | None = Field(description="What kind of page it was on", examples=["product"])
    page: str | None = Field(description="The path of the page", examples=["/lamps/7"])


class JourneySession(BaseModel):
    """One session, and what was done in it."""

    session_id: str
    ended_at: datetime
    device: str
    source: str | None = Field(description="What brought them; null for nothing known", examples=["google"])
    channel: str = Field(
        description="The group that source, medium and campaign amount to", examples=["organic search"]
    )
    page_views: int = Field(description="Pages viewed in it")
    converted: bool = Field(description="Whether a purchase came of it")
    steps: list[JourneyStep] = Field(description=f"Its first {MOST_STEPS} events, in the order of time")
    more_steps: int = Field(description="How many events come after these")
    propensity: SessionPropensity | None = Field(
        description="How likely an order is in the rest of it; null for one that is over, by half an hour of silence,"
        " that led to an order already, or that is a program's"
    )


class JourneyFeedback(BaseModel):
    """What they wrote or rated."""

    text: str | None = Field(description="As it was written")
    rating: float | None = Field(description="What they rated, on the shop's own scale")
    label: Label | None = Field(description="How the text was read; null without a text that can be")
    page: str | None = Field(description="The path it was written on, or the page's type")


class JourneyItem(BaseModel):
    """One item of a timeline: of its three parts, the one that `kind` names."""

    at: datetime = Field(description="When the session began, the order was placed, or the feedback was given")
    kind: Kind
    session: JourneySession | None = None
    order: CustomerOrder | None = None
    feedback: JourneyFeedback | None = None


class CustomerJourney(KeyedAnswer):
    """What one customer did, under whatever visitor's id, the latest first."""

    customer_id: str
    timeline: list[JourneyItem]
    total: int = Field(description="Sessions, orders that were placed, and feedback together", examples=[31])


@answering()
def answer(site_id: str, customer_id: CustomerId, question: CustomerJourneyQuestion) -> CustomerJourney:
    """Returns a part of a customer's timeline.

    Raises NotFound where the site has none of that id, Invalid for a place in no such list, or Unavailable.
    """
    site = get_site(database(), site_id)
    _check_known(site, customer_id)
    timeline = _Timeline.of(site, customer_id)
    found = timeline.items(question)
    shown = found[: question.page_size]
    return CustomerJourney(
        customer_id=customer_id,
        timeline=timeline.told(shown),
        next=shown[-1].place.text if len(found) > len(shown) else None,
        **paged(question, timeline.total),
    )


def _check_known(site: Site, customer_id: str) -> None:
    scored = customers.of(database()).find_one({"_id": f"{site.site_id}:{customer_id}"}, {"_id": 1})
    if not (scored or orders.of(database()).find_one({**purchases(site), "user_id": customer_id}, {"_id": 1})):
        raise NotFound("there is no such customer")


class _Item(NamedTuple):
    # in the order of a timeline: the latest first, and of one moment by kind and key
    before: int
    kind: Kind
    key: str

    @property
    def place(self) -> Place:
        return Place(SORTED_BY, -self.before, f"{self.kind} {self.key}")


@dataclass(frozen=True)
class _Timeline:
    site: Site
    conditions: Mapping[Kind, Condition]

    @classmethod
    def of(cls, site: Site, customer_id: str) -> "_Timeline":
        seen = seen_of(site, customer_id)
        placed = {"site_id": site.site_id, "user_id": customer_id, "placed_at": {"$ne": None}}
        return cls(site, {"feedback": seen, "order": placed, "session": seen})

    @property
    def total(self) -> int:
        return sum(COLLECTIONS[kind].count(database(), self.conditions[kind]) for kind in KINDS)

    def items(self, question: CustomerJourneyQuestion) -> list[_Item]:
        """Returns those that are asked for, and the one that comes next, if there is one."""
        place = question.behind(SORTED_BY)
        most = question.skip + question.page_size + 1
        found = [item for kind in KINDS for item in self._behind(kind, place, most)]
        return sorted(found)[question.skip : most]

    def _behind(self, kind: Kind, place: Place | None, most: int) -> list[_Item]:
        moment, condition = MOMENTS[kind], self.conditions[kind]
        if place:
            condition = {"$and": [condition, _after(kind, place)]}
        found = COLLECTIONS[kind].of(database()).find(condition, {moment: 1})
        found = found.sort([(moment, -1), ("_id", 1)]).limit(most)
        return [_Item(-round(each[moment].timestamp() * 1000), kind, each["_id"]) for each in found]

    def told(self, items: Sequence[_Item]) -> list[JourneyItem]:
        """Returns what is told of items; one that was removed meanwhile is left out."""
        keys = {kind: {"_id": {"$in": [item.key for item in items if item.kind == kind]}} for kind in KINDS}
        parts: dict[tuple[Kind, str], JourneyItem] = {}
        for session in user_sessions.of(database()).find(keys["session"]):
            told = _session(self.site, session)
            parts["session", session["_id"]] = JourneyItem(at=session["started_at"], kind="session", session=told)
        for order in orders.of(database()).find(keys["order"]):
            if order["placed_at"]:
                bought = order_of(order, self.site.currency)
                parts["order", order["_id"]] = JourneyItem(at=order["placed_at"], kind="order", order=bought)
        for one in feedback.of(database()).find(keys["feedback"]):
            parts["feedback", one["_id"]] = JourneyItem(at=one["timestamp"], kind="feedback", feedback=_feedback(one))
        return [parts[item.kind, item.key] for item in items if (item.kind, item.key) in parts]


def _after(kind: Kind, place: Place) -> Condition:
    # what comes behind a place: earlier, or of the same moment
    before, _, key = place.item_id.partition(" ")
    if place.value is None or before not in KINDS:
        raise Invalid([FieldProblem("after", "is not the `next` of a timeline")])
    try:
        moment = datetime.fromtimestamp(place.value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise Invalid([FieldProblem("after", "is not the `next` of a timeline")]) from None
    field = MOMENTS[kind]
    same = {field: moment, "_id": {"$gt": key if kind == before else ""}}
    return {"$or": [{field: {"$lt": moment}}, *([same] if kind >= before else [])]}


def _session(site: Site, session: SessionDocument) -> JourneySession:
    return JourneySession(
        session_id=session["session_id"],
        ended_at=session["ended_at"],
        device=session["device"],
        source=session["attribution"].get("source"),
        channel=session["attribution"]["channel"],
        page_views=session["page_views"],
        converted=session["converted"],
        steps=[_step(event) for event in _events(site, session)],
        more_steps=max(0, session["events"] - MOST_STEPS),
        propensity=_propensity(site, session),
    )


def _propensity(site: Site, session: SessionDocument) -> SessionPropensity | None:
    if session["converted"] or session["bot"] or session["ended_at"] < now() - GAP:
        return None
    return Propensity.of(site.site_id).of_session(summarise(session))


def _events(site: Site, session: SessionDocument) -> Iterator[VisitEvent]:
    client_id = session["client_session_id"]
    condition = {
        "site_id": site.site_id,
        "visitor_id": session["visitor_id"],
        "timestamp": {"$gte": session["started_at"], "$lte": session["ended_at"]},
        "session_id": {"$exists": False} if client_id is None else client_id,
        "type": {"$nin": sorted(NOT_A_VISIT)},
    }
    return islice(in_order(events.read(database(), VisitEvent, condition)), MOST_STEPS)


def _step(event: VisitEvent) -> JourneyStep:
    return JourneyStep(
        at=event["timestamp"],
        type=event["type"],
        name=event.get("name"),
        page_type=event.get("page_type"),
        page=event.get("path"),
    )


def _feedback(one: FeedbackDocument) -> JourneyFeedback:
    read = one["sentiment"]
    return JourneyFeedback(
        text=one["text"], rating=one["rating"], label=read and read["label"], page=one["path"] or one["page_type"]
    )
