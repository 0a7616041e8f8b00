"""A customer: a person the shop knows by an id of its own, and who has placed at least one order with a price."""

from datetime import datetime
from typing import TypedDict


class CustomerDocument(TypedDict):
    """One stored customer, as the training of `version` found them.

    `recency` in days from the last order to `as_of`, the site's last day with an order or refund; `frequency` counts
    orders with a positive total; `monetary` is the sum of their totals and `refunded` that of refunds, both in minor
    units of `currency`. The scores run from 1 to 5, 5 being best.
    """

    _id: str
    site_id: str
    customer_id: str
    recency: int
    frequency: int
    monetary: int
    refunded: int
    currency: str
    first_order_at: datetime
    last_order_at: datetime
    recency_score: int
    frequency_score: int
    monetary_score: int
    rfm_score: str
    rfm_segment: str
    behaviour_segment: str
    device: str
    as_of: str
    version: int
