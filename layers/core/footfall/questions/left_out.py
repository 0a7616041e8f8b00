"""What sums of money leave out: orders in other currencies, and those whose amount is not known."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, TypedDict

from pydantic import BaseModel, Field
from pymongo.client_session import ClientSession

from footfall.orders.purchases import Condition, foreign_purchases, unknown_amounts
from footfall.schemas.metrics import DayLeftOut
from footfall.schemas.site import Site
from footfall.stores.collections import orders
from footfall.stores.mongo import Pipeline, database


class OtherCurrency(BaseModel):
    """Orders in a currency that is not the site's."""

    currency: str = Field(description="XXX for one that was told and cannot be read", examples=["USD"])
    orders: int = Field(examples=[12])


OtherCurrencies = Annotated[
    list[OtherCurrency], Field(description="Orders that no sum of money here holds, since they are in other currencies")
]
UnknownAmounts = Annotated[
    int, Field(description="Orders that no sum of money here holds, since nobody told their total or it cannot be read")
]
KNOWN_PEOPLE: Condition = {"user_id": {"$type": "string"}}


class _Counted(TypedDict):
    _id: str
    orders: int


def other_currencies(
    site: Site, whose: Condition | None = None, session: ClientSession | None = None
) -> list[OtherCurrency]:
    """Returns how many purchases are in which other currencies; `whose` says of whom."""
    found: Pipeline = [
        {"$match": {**foreign_purchases(site), **(whose or {})}},
        {"$group": {"_id": "$currency", "orders": {"$sum": 1}}},
    ]
    groups = orders.aggregate(database(), _Counted, found, session=session)
    return counted({group["_id"]: group["orders"] for group in groups})


def count_unknown(site: Site, whose: Condition | None = None, session: ClientSession | None = None) -> int:
    """Returns how many orders have a total that is not known."""
    return orders.of(database()).count_documents({**unknown_amounts(site), **(whose or {})}, session=session)


def of_days(days: Iterable[DayLeftOut]) -> list[OtherCurrency]:
    """Returns the same of the rollups of days."""
    counts: Counter[str] = Counter()
    for day in days:
        for one in day.get("other_currencies", []):
            counts[one["currency"]] += one["orders"]
    return counted(counts)


def counted(counts: Mapping[str, int]) -> list[OtherCurrency]:
    """Returns numbers of orders by currency, the greatest first."""
    by_number = sorted(counts.items(), key=lambda found: (-found[1], found[0]))
    return [OtherCurrency(currency=currency, orders=number) for currency, number in by_number]
