"""What to show people: ranked products, with the reasons for each."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

EdgeName = Literal["PURCHASED", "VIEWED", "INTERESTED_IN", "BELONGS_TO", "SIMILAR_TO"]
Source = Literal["graph", "vectors", "popular"]
Window = Literal["1d", "7d", "30d"]
RecommendationKind = Literal["person", "popular", "trending", "cross_sell"]

Degraded = Literal["too_little_data", "no_better_than_popular"]
"""Why a model recommends to everybody what is popular: what it learnt from is too little, or was of no use."""


class WalkSettings(TypedDict):
    """What the walk of a model goes by, as `recommendations.walk.Settings` says it; `degraded` where it is not used."""

    half_life: float
    alpha: float
    beta: float
    again: float
    repeat: bool
    viewed: float
    interest: float
    degraded: Degraded | None


class RecommendationReason(TypedDict):
    """One path of the graph that leads from a person to a product, and its share of the score, from 0 to 1.

    A path of one edge goes straight to it; one of two by the `category`, or by people who behave alike; one of three to
    another `product_id`, from there to people who took that one, and on to what they took too.
    """

    edges: list[EdgeName]
    share: float
    product_id: NotRequired[str]
    category: NotRequired[str]


class RankedProduct(TypedDict):
    """One product of a list, its score from 0 to 1, and its category where one was told."""

    product_id: str
    score: float
    category: NotRequired[str]


class RecommendedProduct(RankedProduct):
    """What is recommended to somebody, and why."""

    source: Source
    reasons: list[RecommendationReason]


class TrendingProduct(RankedProduct):
    """What is done with a product now: weights of views, carts and purchases in the window, and in the one before."""

    now: int
    before: int


class ProductPair(TypedDict):
    """Another product that is bought in one order with one: how many orders have both, and each of them."""

    product_id: str
    other_id: str
    both: int
    with_product: int
    with_other: int
    lift: float
    lift_low: float


class RecommendationView(TypedDict):
    """What answers read of a list: the day that it goes up to, and the model that made it.

    `degraded` says why the model has no lists of people, if it has none.
    """

    as_of: str
    version: int
    degraded: NotRequired[Degraded]


class PersonRecommendations(RecommendationView):
    """The products that are recommended to one person, thirty at most."""

    products: NotRequired[list[RecommendedProduct]]


class PopularProducts(RecommendationView):
    """The products that most people buy: of all, or of one category; a hundred at most."""

    popular: NotRequired[list[RankedProduct]]


class TrendingProducts(RecommendationView):
    """The products of a window by what is done with them; a hundred at most."""

    trending: NotRequired[list[TrendingProduct]]


class CrossSell(RecommendationView):
    """The pairs of one product, twenty at most, or the hundred best of all; `orders` is how many were looked at."""

    pairs: NotRequired[list[ProductPair]]
    orders: NotRequired[int]


class RecommendationDocument(PersonRecommendations, PopularProducts, TrendingProducts, CrossSell):
    """One stored list; `kind` says which of them it has, and `subject` of whom, which category, window or product.

    `customer_id` is the person's, of a list of the kind `person`.
    """

    _id: str
    site_id: str
    kind: RecommendationKind
    subject: str
    customer_id: NotRequired[str]
    created_at: datetime
