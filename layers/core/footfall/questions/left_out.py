"""Which orders an answer leaves out of its figures of orders and money, counted by why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypedDict

from pydantic import BaseModel, Field
from pymongo.client_session import ClientSession

from footfall.orders.purchases import Condition, foreign_purchases, free_orders, unknown_amounts
from footfall.schemas.metrics import DayLeftOut
from footfall.schemas.order import LeftOutOrders
from footfall.schemas.site import Site
from footfall.stores.collections import BY_CURRENCY, orders
from footfall.stores.mongo import Pipeline, database

KNOWN_PEOPLE: Condition = {"user_id": {"$type": "string"}}


class OtherCurrency(BaseModel):
    """Orders in a currency that is not the site's."""

    currency: str = Field(description="XXX for one that was told and cannot be read", examples=["USD"])
    orders: int = Field(description="How many", examples=[12])


class LeftOut(BaseModel):
    """Figures of orders and money: every order that was placed is in them, or counted in one of these."""

    other_currencies: list[OtherCurrency] = Field(
        description="Orders that no figure counts, since they are in another currency than the site's, by currency"
    )
    unknown_amounts: int = Field(
        description="Orders that no figure counts, since nobody told their total or it cannot be read"
    )
    free_orders: int = Field(description="Orders that no figure counts, since they cost nothing")

    @classmethod
    def of(cls, found: LeftOutOrders) -> "LeftOut":
        """Returns what an answer says of orders that were counted."""
        return cls(
            other_currencies=_by_number(found["other_currencies"]),
            unknown_amounts=found["unknown_amounts"],
            free_orders=found["free_orders"],
        )

    @classmethod
    def of_days(cls, days: Iterable[DayLeftOut]) -> "LeftOut":
        """Returns the same of the rollups of days."""
        abroad: Counter[str] = Counter()
        unknown = free = 0
        for day in days:
            abroad.update({one["currency"]: one["orders"] for one in day.get("other_currencies", [])})
            unknown += day.get("unknown_amounts", 0)
            free += day.get("free_orders", 0)
        return cls(other_currencies=_by_number(abroad), unknown_amounts=unknown, free_orders=free)


class _Counted(TypedDict):
    _id: str
    orders: int


def left_out(site: Site, whose: Condition | None = None, session: ClientSession | None = None) -> LeftOut:
    """Returns which of a site's orders are in no figure; `whose` says of whom."""
    found: Pipeline = [
        {"$match": {**foreign_purchases(site), **(whose or {})}},
        {"$group": {"_id": "$currency", "orders": {"$sum": 1}}},
    ]
    hint = [(field, 1) for field in BY_CURRENCY] if whose in (None, KNOWN_PEOPLE) else None
    groups = orders.aggregate(database(), _Counted, found, session=session, hint=hint)
    abroad = {group["_id"]: group["orders"] for group in groups}
    unknown, free = (
        orders.of(database()).count_documents({**condition, **(whose or {})}, session=session)
        for condition in (unknown_amounts(site), free_orders(site))
    )
    return LeftOut.of(LeftOutOrders(other_currencies=abroad, unknown_amounts=unknown, free_orders=free))


def _by_number(counts: Mapping[str, int]) -> list[OtherCurrency]:
    by_number = sorted(counts.items(), key=lambda found: (-found[1], found[0]))
    return [OtherCurrency(currency=currency, orders=number) for currency, number in by_number]
