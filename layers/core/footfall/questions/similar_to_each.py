"""The question who behaves like each of several people, by one search."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from footfall.errors import Unavailable
from footfall.people.identities import person_of
from footfall.questions.similar import (
    PersonId,
    Reason,
    SimilarAnswer,
    SimilarFilter,
    nearest_people,
    without_linked,
)
from footfall.schemas.person import PersonIdentity
from footfall.stores import vectors
from footfall.stores.collections import users
from footfall.stores.mongo import answering, database
from footfall.stores.vectors import PEOPLE

MOST_PEOPLE = 50


class SimilarToEachQuestion(SimilarFilter):
    """Like whom, and how many people of which kind for each."""

    ids: Annotated[list[PersonId], Field(min_length=1, max_length=MOST_PEOPLE)] = Field(
        description="Ids of users or visitors, fifty at most: `ids=ann&ids=bob`", examples=[["12748", "17841"]]
    )


class SimilarToEachAnswer(BaseModel):
    """The nearest people of each who was asked about."""

    people: list[SimilarAnswer] = Field(
        description="In the order of `ids`, each person once; a degraded one has nobody here, but has where it is asked"
        " for alone"
    )
    unknown: list[str] = Field(description="Those of `ids` that were never seen")


@answering()
def answer(site_id: str, question: SimilarToEachQuestion) -> SimilarToEachAnswer:
    """Returns who behaves like each of these people; raises Invalid or Unavailable."""
    keys = [f"{site_id}:{each}" for each in question.ids]
    seen = {each["person_id"]: each for each in users.read(database(), PersonIdentity, {"_id": {"$in": keys}})}
    people = list(dict.fromkeys(person_of(seen[each]) for each in question.ids if each in seen))
    found = _found(site_id, people, question)
    return SimilarToEachAnswer(
        people=[without_linked(site_id, each) for each in found],
        unknown=[each for each in dict.fromkeys(question.ids) if each not in seen],
    )


def _found(site_id: str, people: Sequence[str], question: SimilarFilter) -> list[SimilarAnswer]:
    try:
        own = vectors.rows_of(PEOPLE, site_id, people) if people else {}
        nearest = nearest_people(site_id, list(own.values()), question) if own else []
    except Unavailable:
        return [_nobody(each, "vector_store_unavailable") for each in people]
    by_person = {each.user_id: each for each in nearest}
    return [by_person.get(each) or _nobody(each, "no_vector_yet") for each in people]


def _nobody(person_id: str, reason: Reason) -> SimilarAnswer:
    return SimilarAnswer(user_id=person_id, similar=[], degraded=True, reason=reason)
