"""Questions about hold-outs: which there are, who is in which arm, and what the action did. Money is in major units.

A hold-out splits the customers who had ordered before it began, whomever of them the action then reached.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pymongo.errors import ExecutionTimeout

from footfall.clock import now
from footfall.errors import NotFound, Unavailable
from footfall.models.holdouts import Arm, Effect, HoldOut, Mean, NotClaimed, Rate, effect_on_mean, effect_on_rate
from footfall.money import major_units
from footfall.orders.purchases import purchases
from footfall.questions.figures import Currency
from footfall.rates import percentage
from footfall.schemas.customer import CustomerKey
from footfall.schemas.holdout import StoredHoldOut
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores.collections import customers, hold_outs, orders
from footfall.stores.mongo import Condition, Pipeline, answering, database

MOST_HOLD_OUTS = 100
MOST_MILLISECONDS = 8_000
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[^\x00-\x1f/]*$")
]


class HoldOutIn(BaseModel):
    """A hold-out to begin."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="What it is called; no slash", examples=["Spring mail"])
    share: float = Field(ge=1, le=90, description="How many of the customers are left out, in percent", examples=[10])


class HoldOutOut(HoldOutIn):
    """A hold-out that was begun."""

    started_at: datetime = Field(description="When it began: who had ordered before is in it")

    @classmethod
    def of(cls, stored: StoredHoldOut) -> "HoldOutOut":
        """Returns what is shown of a stored hold-out."""
        return cls(name=stored["name"], share=stored["share"], started_at=stored["started_at"])


class HoldOuts(BaseModel):
    """All hold-outs of a site, in the order they were begun."""

    hold_outs: list[HoldOutOut] = Field(description=f"At most {MOST_HOLD_OUTS}")


class ArmQuestion(PagedQuestion):
    """Which part of which arm."""

    arm: Arm = Field(default="held_out", description="`held_out`: who is to be left out; `treated`: everybody else")


class ArmPeople(PagedAnswer):
    """A page of the customers of one arm."""

    arm: Arm = Field(description="The one that was asked for")
    customer_ids: list[str] = Field(description="In the order in which they are stored, always the same")


class EffectQuestion(BaseModel):
    """What counts."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(default=30, ge=1, le=365, description="Orders of so many days from the begin count")


class ArmResult(BaseModel):
    """What the customers of one arm did."""

    customers: int = Field(description="How many there are, whomever of them the action reached")
    bought: int = Field(description="How many of them placed an order that cost something")
    purchase_rate: float = Field(description="Of them, in percent")
    net_revenue: float = Field(description="Of these orders, less what was given back of them")
    net_revenue_per_customer: float = Field(description="Of all customers of the arm")


class EffectOut(BaseModel):
    """The treated less those held out, with the ends of its 95 % interval; null where nothing can be said."""

    difference: float | None = Field(description="What the treated have more than those held out")
    low: float | None = Field(description="It is not less, with 95 % confidence")
    high: float | None = Field(description="It is not more, likewise")
    sure: bool = Field(description="Whether the interval is on one side of 0")
    reason: str | None = Field(description="Why no effect is claimed")


class EffectAnswer(HoldOutOut):
    """What the action did, by what both arms did after it began."""

    until: datetime = Field(description="Orders placed before this count")
    complete: bool = Field(description="Whether all the days are over; before that an effect may come and go by chance")
    currency: Currency
    treated: ArmResult = Field(description="What those did who were not left out")
    held_out: ArmResult = Field(description="What those did who were left out")
    purchase_rate: EffectOut = Field(description="In percentage points")
    net_revenue_per_customer: EffectOut = Field(description="In major units")


def begun(site_id: str) -> list[StoredHoldOut]:
    """Returns the hold-outs of a site as they are stored."""
    found = hold_outs.of(database()).find_one({"_id": site_id})
    return found["hold_outs"] if found else []


def named(site_id: str, name: str) -> StoredHoldOut:
    """Returns the hold-out of that name in any case; raises NotFound."""
    key = name.strip().casefold()
    found = next((each for each in begun(site_id) if each["key"] == key), None)
    if found is None:
        raise NotFound("there is no hold-out of this name")
    return found


@answering()
def answer(site_id: str) -> HoldOuts:
    """Returns the hold-outs of a site; raises Unavailable."""
    return HoldOuts(hold_outs=[HoldOutOut.of(each) for each in begun(site_id)])


@answering()
def people(site_id: str, name: str, question: ArmQuestion) -> ArmPeople:
    """Returns a page of one arm of a hold-out; raises NotFound, or Unavailable also where that takes too long."""
    split = _split(stored := named(site_id, name))
    try:
        found = [who for who in _customers(site_id, stored) if split.arm_of(who) == question.arm]
    except ExecutionTimeout:
        raise Unavailable("there are too many customers to list them now") from None
    shown = found[question.skip : question.skip + question.page_size]
    return ArmPeople(arm=question.arm, customer_ids=shown, **paged(question, len(found)))


def _split(stored: StoredHoldOut) -> HoldOut:
    return HoldOut(stored["key"], stored["share"] / 100, stored["salt"])


def _customers(site_id: str, stored: StoredHoldOut) -> Iterator[str]:
    query: Condition = {"site_id": site_id, "first_order_at": {"$lt": stored["started_at"]}}
    found = customers.read(database(), CustomerKey, query).sort("_id", 1).max_time_ms(MOST_MILLISECONDS)
    return (each["customer_id"] for each in found)


@answering()
def effect(site_id: str, name: str, question: EffectQuestion) -> EffectAnswer:
    """Returns what the action did; raises NotFound, or Unavailable also where that takes too long."""
    site, stored = get_site(database(), site_id), named(site_id, name)
    end = stored["started_at"] + timedelta(days=question.days)
    until = min(end, now())
    try:
        treated, held_out = _arms(site, stored, until)
    except ExecutionTimeout:
        raise Unavailable("there are too many customers and orders to add them up now") from None
    return EffectAnswer(
        **HoldOutOut.of(stored).model_dump(),
        until=until,
        complete=until == end,
        currency=site.currency,
        treated=treated.shown(site.currency),
        held_out=held_out.shown(site.currency),
        purchase_rate=_rates(treated, held_out),
        net_revenue_per_customer=_means(treated, held_out, site.currency),
    )


class _Bought(TypedDict):
    _id: str
    amount: int


class _Sums:
    # what an arm's customers did: how many there are, how many bought, what they paid, and the squares of that
    def __init__(self) -> None:
        self.customers, self.bought, self.total, self.squares = 0, 0, 0, 0

    def add(self, amount: int | None) -> None:
        self.customers += 1
        self.bought += amount is not None
        self.total += amount or 0
        self.squares += (amount or 0) ** 2

    def shown(self, currency: str) -> ArmResult:
        return ArmResult(
            customers=self.customers,
            bought=self.bought,
            purchase_rate=percentage(self.bought, self.customers),
            net_revenue=major_units(self.total, currency),
            net_revenue_per_customer=major_units(self.total / (self.customers or 1), currency),
        )


def _arms(site: Site, stored: StoredHoldOut, until: datetime) -> tuple[_Sums, _Sums]:
    match = {**purchases(site, **{"$gte": stored["started_at"], "$lt": until}), "user_id": {"$type": "string"}}
    group = {"_id": "$user_id", "amount": {"$sum": {"$subtract": ["$total", "$refunded"]}}}
    pipeline: Pipeline = [{"$match": match}, {"$group": group}]
    found = orders.aggregate(database(), _Bought, pipeline, max_milliseconds=MOST_MILLISECONDS)
    amounts = {each["_id"]: each["amount"] for each in found}
    split, sums = _split(stored), {"treated": _Sums(), "held_out": _Sums()}
    for customer_id in _customers(site.site_id, stored):
        sums[split.arm_of(customer_id)].add(amounts.get(customer_id))
    return sums["treated"], sums["held_out"]


def _rates(treated: _Sums, held_out: _Sums) -> EffectOut:
    try:
        found = effect_on_rate(*(Rate(arm.customers, arm.bought) for arm in (treated, held_out)))
    except NotClaimed as why:
        return _unclaimed(why)
    return _effect(found, *(round(100 * each, 2) for each in (found.difference, found.low, found.high)))


def _means(treated: _Sums, held_out: _Sums, currency: str) -> EffectOut:
    try:
        found = effect_on_mean(*(Mean(arm.customers, arm.total, arm.squares) for arm in (treated, held_out)))
    except NotClaimed as why:
        return _unclaimed(why)
    return _effect(found, *(major_units(each, currency) for each in (found.difference, found.low, found.high)))


def _effect(found: Effect, difference: float, low: float, high: float) -> EffectOut:
    return EffectOut(difference=difference, low=low, high=high, sure=found.sure, reason=None)


def _unclaimed(why: NotClaimed) -> EffectOut:
    return EffectOut(difference=None, low=None, high=None, sure=False, reason=str(why))
