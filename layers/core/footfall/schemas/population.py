"""How the customers and visits of a site are spread, as they were when its models were trained."""

from datetime import datetime
from typing import Literal, TypedDict

Feature = Literal["recency", "frequency", "monetary", "page_views", "interactions", "duration", "device", "channel"]
OF_CUSTOMERS: tuple[Feature, ...] = ("recency", "frequency", "monetary")
OF_VISITS: tuple[Feature, ...] = ("page_views", "interactions", "duration", "device", "channel")


class Spread(TypedDict):
    """How many of a population are in each bin of one feature.

    Bins are the intervals between `edges`, below the first and from the last on; or each of `values`, and one for all
    others.
    """

    edges: list[float]
    values: list[str]
    counts: list[int]


class Population(TypedDict):
    """The spreads of a site's customers and visits, and when they were measured."""

    at: datetime
    spreads: dict[Feature, Spread]
