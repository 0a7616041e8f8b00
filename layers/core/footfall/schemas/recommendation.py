"""What to show a customer."""

from typing import TypedDict


class RecommendationDocument(TypedDict):
    """The ranked products of one kind of recommendation for one customer."""

    _id: str
    site_id: str
    customer_id: str
    kind: str
    products: list[str]
    version: int
