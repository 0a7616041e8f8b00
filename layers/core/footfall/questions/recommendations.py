"""The question what to show somebody: products that training found for them, and what is popular where that ends."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from footfall.catalog.interests import folded
from footfall.people.identities import person_of
from footfall.questions.offered import not_offered
from footfall.rates import percentage
from footfall.recommendations.numbered import OF_A_PERSON
from footfall.recommendations.told import CATEGORY_EVENTS, categories_of_visit
from footfall.schemas.event import BehaviourEvent
from footfall.schemas.interest import ToldInterests
from footfall.schemas.person import PersonIdentity
from footfall.schemas.recommendation import (
    Degraded,
    EdgeName,
    PersonRecommendations,
    PopularProducts,
    RankedProduct,
    RecommendationReason,
    RecommendedProduct,
    Source,
)
from footfall.stores.collections import events, interests, recommendations, users
from footfall.stores.mongo import answering, database

LATEST_EVENTS = 200
"""Of somebody training has not seen, to tell what interests them."""
MOST_INTERESTS = 3
Category = Annotated[
    str | None, Field(min_length=1, max_length=256, description="Only products of this category", examples=["Teapots"])
]
Why = Literal["not_trained_yet", Degraded]
DEGRADED = (
    "Why the lists are not as good as they could be: `not_trained_yet` before the first training, which leaves them"
    " empty; `too_little_data` or `no_better_than_popular` where everybody is shown what is popular"
)


class RecommendationsQuestion(BaseModel):
    """How many products, and of which category."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, ge=1, le=OF_A_PERSON, description="How many products at most")
    category: Category = None


class Reason(BaseModel):
    """One path of the graph that leads from the person to the product."""

    edges: list[EdgeName] = Field(
        description="One edge: what the person did with it before. `INTERESTED_IN`, `BELONGS_TO`: it is popular in"
        " `category`, which interests the person. `SIMILAR_TO` and another: what most who behave like them did. Three:"
        " what the person did with `product_id`, what most people did"
        " with that one, and what people mostly do with the recommended one",
        examples=[["PURCHASED", "PURCHASED", "PURCHASED"]],
    )
    product_id: str | None = Field(description="The product that the path goes by, if any", examples=["22423"])
    category: str | None = Field(description="The category that the path goes by, if any")
    share: float = Field(description="How much of the score comes by this path, in percent", examples=[62.1])

    @classmethod
    def of(cls, reason: RecommendationReason) -> "Reason":
        """Returns what is shown of a stored reason."""
        told = {"product_id": reason.get("product_id"), "category": reason.get("category")}
        return cls(edges=reason["edges"], share=percentage(reason["share"], 1), **told)


class Recommendation(BaseModel):
    """One product to show."""

    product_id: str = Field(examples=["22423"])
    score: float = Field(description="From 0 to 1; it falls along the list", examples=[0.84])
    category: str | None = Field(description="As the latest event or order says")
    source: Source = Field(
        description="`graph`: by what the person did; `vectors`: by what those did who behave most like them;"
        " `popular`: bought or viewed by most, in a category that interests the person or of all"
    )
    reasons: list[Reason] = Field(description="The weightiest paths, two at most; none for what is popular with all")


class RecommendationsAnswer(BaseModel):
    """The products to show somebody, the best first."""

    customer_id: str = Field(description="Whose they are; for a visitor who turned out to be somebody, that person's")
    recommendations: list[Recommendation] = Field(description="Without what the catalogue says is not to be had")
    degraded: bool = Field(description="Whether there is a `reason`")
    reason: Why | None = Field(description=DEGRADED)
    as_of: date | None = Field(description="The last day with an order or refund when they were made")
    version: int | None = Field(description="Of the model")


def shown_to(site_id: str, customer_id: str) -> list[Recommendation]:
    """Returns the ten foremost products to show somebody; raises Unavailable."""
    return answer(site_id, customer_id, RecommendationsQuestion()).recommendations


def _is_of(product: RankedProduct, category: str | None) -> bool:
    return category is None or folded(product.get("category", "")) == folded(category)


class _Somebody(NamedTuple):
    person_id: str
    visitors: Sequence[str]


@answering()
def answer(site_id: str, customer_id: str, question: RecommendationsQuestion) -> RecommendationsAnswer:
    """Returns what to show somebody; who was never seen is shown what is popular. Raises Unavailable."""
    somebody = _somebody(site_id, customer_id)
    key = f"{site_id}:person:{somebody.person_id}"
    own = next(recommendations.read(database(), PersonRecommendations, {"_id": key}), None)
    every = own.get("products", []) if own else []
    wanted = [each for each in every if _is_of(each, question.category)]
    found = _offered(site_id, wanted)
    if own and len(found) >= question.limit:
        return _answer(somebody, found[: question.limit], own)
    popular = _popular(site_id, _subjects(site_id, somebody, question, known=own is not None))
    filled = [*found, *_fill(site_id, found, popular, question.limit)]
    return _answer(somebody, filled[: question.limit], own or next(iter(popular), None))


def _somebody(site_id: str, customer_id: str) -> _Somebody:
    found = next(users.read(database(), PersonIdentity, {"_id": f"{site_id}:{customer_id}"}), None)
    if found is None:
        return _Somebody(customer_id, [])
    return _Somebody(person_of(found), [customer_id, *found.get("merged_ids", [])])


def _offered(site_id: str, products: Sequence[RecommendedProduct]) -> list[RecommendedProduct]:
    gone = not_offered(site_id, [each["product_id"] for each in products]) if products else set()
    return [each for each in products if each["product_id"] not in gone]


def _subjects(site_id: str, somebody: _Somebody, question: RecommendationsQuestion, *, known: bool) -> list[str]:
    # whose popular products follow: of the category asked for, else of what interests somebody, and of all
    if question.category is not None:
        return [question.category]
    return [*([] if known else _interests(site_id, somebody)), ""]


def _interests(site_id: str, somebody: _Somebody) -> list[str]:
    query = {"site_id": site_id, "visitor_id": {"$in": list(somebody.visitors)}, "bot": {"$ne": True}}
    parts = {"commerce": ("lines.product_id", "lines.category")}
    found = events.read(database(), BehaviourEvent, query, parts=parts).sort("timestamp", -1).limit(LATEST_EVENTS)
    counts = Counter(
        name for event in found if event["type"] in CATEGORY_EVENTS for name in categories_of_visit([event])
    )
    shown = [name for name, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
    return [*_told(site_id, somebody), *shown][:MOST_INTERESTS]


def _told(site_id: str, somebody: _Somebody) -> list[str]:
    # what the shop told of their interests comes first, the strongest foremost
    query = {"_id": f"{site_id}:{somebody.person_id}"}
    document = next(interests.read(database(), ToldInterests, query), None)
    strengths = {each["category"]: each["strength"] or 0 for each in (document["told"] if document else ())}
    return sorted((name for name, strength in strengths.items() if strength), key=lambda name: (-strengths[name], name))


class _Popular(PopularProducts):
    subject: str


def _popular(site_id: str, subjects: Sequence[str]) -> list[_Popular]:
    subjects = list(dict.fromkeys(map(folded, subjects)))
    keys = [f"{site_id}:popular:{subject}" for subject in subjects]
    lists = recommendations.read(database(), _Popular, {"_id": {"$in": keys}})
    found = {folded(each["subject"]): each for each in lists}
    return [found[subject] for subject in subjects if subject in found]


def _fill(
    site_id: str, before: Sequence[RankedProduct], lists: Sequence[_Popular], most: int
) -> Iterator[RecommendedProduct]:
    # each list goes on where the one before it ends, in scores too
    taken = {each["product_id"] for each in before}
    least = before[-1]["score"] if before else 1.0
    for one in lists:
        products = [each for each in one.get("popular", []) if each["product_id"] not in taken]
        gone = not_offered(site_id, [each["product_id"] for each in products])
        left = [each for each in products if each["product_id"] not in gone][:most]
        yield from (_shown(each, least, one["subject"]) for each in left)
        taken |= {each["product_id"] for each in left}
        least *= left[-1]["score"] if left else 1.0


def _shown(product: RankedProduct, most: float, category: str) -> RecommendedProduct:
    reason = RecommendationReason(edges=["INTERESTED_IN", "BELONGS_TO"], share=1.0, category=category)
    score = round(product["score"] * most, 4)
    return {**product, "score": score, "source": "popular", "reasons": [reason] if category else []}


def _answer(
    somebody: _Somebody, found: Iterable[RecommendedProduct], of: PersonRecommendations | PopularProducts | None
) -> RecommendationsAnswer:
    why: Why | None = of.get("degraded") if of else "not_trained_yet"
    return RecommendationsAnswer(
        customer_id=somebody.person_id,
        recommendations=[_recommendation(each) for each in found],
        degraded=why is not None,
        reason=why,
        as_of=date.fromisoformat(of["as_of"]) if of else None,
        version=of["version"] if of else None,
    )


def _recommendation(product: RecommendedProduct) -> Recommendation:
    return Recommendation(
        product_id=product["product_id"],
        score=product["score"],
        category=product.get("category"),
        source=product["source"],
        reasons=[Reason.of(reason) for reason in product["reasons"]],
    )
