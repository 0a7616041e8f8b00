"""The figures of orders and money that several answers have, each with its one meaning, as docs/glossary.md has it."""

from typing import Annotated

from pydantic import Field

Currency = Annotated[str, Field(description="ISO 4217's code of what all money here is in", examples=["GBP"])]
Orders = Annotated[
    int,
    Field(
        description="Orders that were placed, cost more than nothing and are in the site's currency, also those of"
        " guests, refunded and cancelled ones",
        examples=[19_960],
    ),
]
Customers = Annotated[
    int, Field(description="People whom the shop knows by an id, with at least one such order", examples=[4_338])
]
Revenue = Annotated[float, Field(description="What the orders amount to, before refunds", examples=[10_642.5])]
REFUNDS = Field(
    description="What was given back in the site's currency, each refund on its own day, also of orders that were"
    " never seen",
    examples=[896.8],
)
NET_REVENUE = Field(description="`revenue` less `refunds`", examples=[9_745.7])
Refunds = Annotated[float, REFUNDS]
NetRevenue = Annotated[float, NET_REVENUE]
RefundsIfTold = Annotated[float | None, REFUNDS]
NetRevenueIfTold = Annotated[float | None, NET_REVENUE]
AverageOrderValue = Annotated[float, Field(description="`revenue` per order, 0 without orders", examples=[533.17])]
