"""The questions what somebody is interested in, and how many people are interested in what."""

from datetime import datetime
from itertools import islice

from pydantic import BaseModel, Field

from footfall.catalog.interests import MOST_FOUND, MOST_TOLD, folded
from footfall.questions.index_values import values_of
from footfall.questions.keyed_list import COUNTED, FARTHEST
from footfall.questions.known_user import check_known
from footfall.rates import percentage
from footfall.schemas.interest import FoundInterest, InterestsDocument, ToldInterest
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.collections import INTERESTS_BY_CATEGORY, interests
from footfall.stores.mongo import answering, database

MOST_CATEGORIES = 1_000
TOP = 5


class Interest(BaseModel):
    """One interest: told by the shop, found in what somebody did, or both."""

    category: str = Field(description="As it was told, else as products are in it", examples=["Lamps"])
    strength: int | None = Field(description="From 1 to 5, as it was told; null where it was only found")
    told_at: datetime | None = Field(description="null where it was only found")
    viewed: int = Field(description="Products of it that were viewed or clicked on")
    searched: int = Field(description="Searches that name it")
    added: int = Field(description="Products of it that were put into a cart or on a wish list")
    bought: int = Field(description="Orders with a product of it")
    weight: int = Field(description="viewed + searched + 2 · added + 4 · bought")
    share: float = Field(description="Of the weight of all that is shown, in percent")
    last_at: datetime | None = Field(description="When they last did something of it")


class Interests(BaseModel):
    """What somebody is interested in: what was told by its strength first, then what was found by its weight."""

    user_id: str
    interests: list[Interest] = Field(description=f"At most {MOST_TOLD} told and {MOST_FOUND} found")


class InterestsSummary(BaseModel):
    """Somebody's interests in short."""

    user_id: str
    told: int = Field(description="Interests that were told")
    found: int = Field(description="Interests that follow from what they did")
    viewed: int = Field(description="Of all that were found together")
    searched: int = Field(description="The same of searches")
    added: int = Field(description="The same of what was put into carts and on wish lists")
    bought: int = Field(description="The same of orders")
    top: list[str] = Field(description="The five foremost categories")
    last_at: datetime | None = Field(description="When they last did something that tells of an interest")


class InterestCategory(BaseModel):
    """A category that people are interested in."""

    name: str = Field(description="Without case", examples=["lamps"])
    people: int = Field(description=f"How many are; {COUNTED}")


class InterestCategories(PagedAnswer):
    """A page of the categories that anybody is interested in, by name; of more than a thousand the first."""

    categories: list[InterestCategory]


@answering()
def answer(site_id: str, user_id: str) -> Interests:
    """Returns somebody's interests; raises NotFound where the site knows nobody of that id, or Unavailable."""
    check_known(site_id, user_id)
    return Interests(user_id=user_id, interests=interests_of(site_id, user_id))


def interests_of(site_id: str, user_id: str) -> list[Interest]:
    """Returns what somebody is interested in, those told first; nothing of whom nothing is known."""
    return _of(interests.of(database()).find_one({"_id": f"{site_id}:{user_id}"}))


@answering()
def summary(site_id: str, user_id: str) -> InterestsSummary:
    """Returns the same in short."""
    document = _document(site_id, user_id)
    told, found = _told(document), document["found"] if document else []
    return InterestsSummary(
        user_id=user_id,
        told=len(told),
        found=len(found),
        viewed=sum(each["viewed"] for each in found),
        searched=sum(each["searched"] for each in found),
        added=sum(each["added"] for each in found),
        bought=sum(each["bought"] for each in found),
        top=[each.category for each in _of(document)[:TOP]],
        last_at=max((each["last_at"] for each in found), default=None),
    )


def is_told(site_id: str, user_id: str, category: str) -> bool:
    """Returns whether this interest of somebody was told; raises NotFound for nobody, or Unavailable."""
    with answering():
        told = _told(_document(site_id, user_id))
    return any(folded(each["category"]) == folded(category) for each in told)


@answering()
def categories(site_id: str, question: PagedQuestion) -> InterestCategories:
    """Returns a page of the categories that anybody is interested in; raises Unavailable."""
    found = values_of(database(), interests, {"site_id": site_id}, "categories", INTERESTS_BY_CATEGORY)
    names = list(islice(found, MOST_CATEGORIES))
    return InterestCategories(
        categories=[
            InterestCategory(name=name, people=_people(site_id, name))
            for name in names[question.skip : question.skip + question.page_size]
        ],
        **paged(question, len(names)),
    )


def _people(site_id: str, category: str) -> int:
    return interests.count(database(), {"site_id": site_id, "categories": category}, most=FARTHEST + 1)


def _document(site_id: str, user_id: str) -> InterestsDocument | None:
    check_known(site_id, user_id)
    return interests.of(database()).find_one({"_id": f"{site_id}:{user_id}"})


def _told(document: InterestsDocument | None) -> list[ToldInterest]:
    return [each for each in document["told"] if each["strength"] is not None] if document else []


def _of(document: InterestsDocument | None) -> list[Interest]:
    if document is None:
        return []
    told = {folded(each["category"]): each for each in _told(document)}
    found = {folded(each["category"]): each for each in document["found"]}
    weight = sum(each["weight"] for each in document["found"])
    named = {key: each["category"] for key, each in (*found.items(), *told.items())}
    rows = [_interest(name, told.get(key), found.get(key), weight) for key, name in named.items()]
    return sorted(rows, key=lambda each: (-(each.strength or 0), -each.weight, folded(each.category)))


def _interest(category: str, told: ToldInterest | None, found: FoundInterest | None, weight: int) -> Interest:
    return Interest(
        category=category,
        strength=told["strength"] if told else None,
        told_at=told["at"] if told else None,
        viewed=found["viewed"] if found else 0,
        searched=found["searched"] if found else 0,
        added=found["added"] if found else 0,
        bought=found["bought"] if found else 0,
        weight=found["weight"] if found else 0,
        share=percentage(found["weight"], weight) if found else 0.0,
        last_at=found["last_at"] if found else None,
    )
