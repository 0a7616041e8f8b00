"""The question who behaves like somebody: from vectors while there are any, else from what MongoDB knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from footfall.customers.profile import Profile, in_common, read
from footfall.customers.segment_sums import SEGMENT_FIELDS
from footfall.errors import NotFound, Unavailable
from footfall.models import registry as models
from footfall.people.identities import links_of, person_of
from footfall.people.saved_segments import segment_named, segments_saved
from footfall.questions.cache import remember
from footfall.questions.saved_segments import members_of
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.funnel import Device
from footfall.settings import VectorSearchSettings, from_environment
from footfall.sites import get_site
from footfall.stores import vectors
from footfall.stores.collections import customers, users
from footfall.stores.keys import similar_users_key
from footfall.stores.mongo import answering, database
from footfall.stores.vectors import PEOPLE, Neighbour, Row, among, equal

PersonId = Annotated[str, Field(min_length=1, max_length=256)]
Reason = Literal["vector_store_unavailable", "no_vector_yet"]


class NearestQuestion(BaseModel):
    """How many, how alike at least."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=10, ge=1, le=50, description="How many at most")
    min_score: float = Field(default=-1.0, ge=-1, le=1, description="Only those whose similarity is at least this")


class SimilarFilter(NearestQuestion):
    """The same, and of which kind the people are."""

    device: Device | None = Field(default=None, description="Only people who make most visits on this device")
    segment: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Only people of this RFM or behaviour segment, or of one that was saved",
    )


class SimilarQuestion(SimilarFilter):
    """The same, and like whom."""

    user_id: PersonId


class SharedBehaviour(BaseModel):
    """What two people have in common; the pages and products are those foremost to both, the foremost first."""

    pages: list[str] = Field(description="Types of page that both see most", examples=[["home", "search"]])
    products: list[str] = Field(description="Products that both looked at or bought", examples=[["22423", "85123A"]])
    device: bool = Field(description="Both make most visits on the same, known device")
    rfm_segment: str | None = Field(description="The RFM segment that both are in", examples=["Champions"])
    behaviour_segment: str | None = Field(description="The behaviour segment that both are in")


class SimilarPerson(BaseModel):
    """Somebody who behaves like the person asked about."""

    user_id: str = Field(description="Who it is", examples=["12748"])
    similarity: float | None = Field(
        description="Cosine of the two behaviour vectors: 1 is the same; null in a degraded answer", examples=[0.93]
    )
    device: Device = Field(description="The device most visits were made on")
    rfm_segment: str | None = Field(description="null for who is no customer", examples=["Champions"])
    behaviour_segment: str | None = Field(description="null for who is no customer")
    shared: SharedBehaviour


class SimilarAnswer(BaseModel):
    """The people nearest to somebody, the nearest first."""

    user_id: str = Field(description="Who was asked about; for a visitor who turned out to be somebody, that person")
    similar: list[SimilarPerson] = Field(
        description="Neither the person asked about nor any visitor who turned out to be somebody"
    )
    degraded: bool = Field(description="Not by vectors, but people of the same segment, or else device")
    reason: Reason | None = Field(
        default=None, description="Why the answer is degraded; `min_score` is then left out of account"
    )
    version: int | None = Field(default=None, description="Of the model that made the person's vector")


class NoVector(Exception):
    """Raised for a person who has done nothing that a published model has seen."""


@answering()
def answer(site_id: str, question: SimilarQuestion) -> SimilarAnswer:
    """Returns the people who behave like somebody; raises NotFound for who was never seen, Invalid or Unavailable.

    An answer from vectors is remembered, by the model's version; a degraded one is not.
    """
    someone = _person(site_id, question.user_id)
    return without_linked(site_id, _similar(site_id, someone, question))


def without_linked(site_id: str, found: SimilarAnswer) -> SimilarAnswer:
    """Returns the answer without visitors who turned out to be somebody since they were given a vector."""
    linked = links_of(database(), site_id, [other.user_id for other in found.similar])
    return found.model_copy(update={"similar": [other for other in found.similar if other.user_id not in linked]})


def _similar(site_id: str, someone: "_Someone", question: SimilarQuestion) -> SimilarAnswer:
    search = _Search(site_id, someone.person_id, _only(site_id, question), _version(site_id))
    try:
        return _nearest(search, question)
    except Unavailable:
        reason: Reason = "vector_store_unavailable"
    except NoVector:
        reason = "no_vector_yet"
    others = _of_the_same_kind(search, someone, question.limit)
    similar = [someone.compare_with(other, None) for other in others]
    return SimilarAnswer(user_id=someone.person_id, similar=similar, degraded=True, reason=reason)


@dataclass(frozen=True)
class _Search:
    site_id: str
    person_id: str
    only: "_Only"
    version: int


def _nearest(search: _Search, question: SimilarQuestion) -> SimilarAnswer:
    # the person is in the key already, under whichever of their ids they were asked about
    key = similar_users_key(search.site_id, search.person_id, question.model_dump_json(exclude={"user_id"}))
    version = f"{search.version} {search.only.saved_at}"
    return remember(key, version, SimilarAnswer, lambda: _found(search, question))


def _found(search: _Search, question: SimilarQuestion) -> SimilarAnswer:
    own = vectors.row_of(PEOPLE, search.site_id, search.person_id)
    if own is None:
        raise NoVector
    return _nearest_to_each(search.site_id, [own], question, search.only)[0]


def nearest_people(site_id: str, own: Sequence[Row], question: SimilarFilter) -> list[SimilarAnswer]:
    """Returns the answer for each of these people's vectors, by one search; raises Invalid or Unavailable."""
    return _nearest_to_each(site_id, own, question, _only(site_id, question))


def _nearest_to_each(site_id: str, own: Sequence[Row], question: SimilarFilter, only: "_Only") -> list[SimilarAnswer]:
    if only.members == []:
        return [_answer(row, [], question) for row in own]
    probes, asked = from_environment(VectorSearchSettings).milvus_nprobe, [row.vector for row in own]
    found = vectors.nearest_to_each(PEOPLE, site_id, asked, question.limit + 1, only.where, probes)
    return [_answer(row, neighbours, question) for row, neighbours in zip(own, found, strict=True)]


def _answer(own: Row, found: Sequence[Neighbour], question: SimilarFilter) -> SimilarAnswer:
    someone = _Someone.of_row(own.subject, own.texts)
    similar = [
        someone.compare_with(_Someone.of_row(each.subject, each.texts), round(each.similarity, 4))
        for each in found
        if each.subject != own.subject and each.similarity >= question.min_score
    ]
    return SimilarAnswer(user_id=own.subject, similar=similar[: question.limit], degraded=False, version=own.version)


@dataclass(frozen=True)
class _Someone:
    person_id: str
    device: str
    rfm_segment: str = ""  # empty for who is no customer
    behaviour_segment: str = ""
    profile: Profile = field(default_factory=Profile)

    @classmethod
    def of_row(cls, person_id: str, texts: Mapping[str, str]) -> "_Someone":
        return cls(person_id, texts["device"], texts["rfm_segment"], texts["behaviour_segment"], read(texts["profile"]))

    @classmethod
    def of_customer(cls, found: CustomerDocument) -> "_Someone":
        return cls(found["customer_id"], found["device"], found["rfm_segment"], found["behaviour_segment"])

    def compare_with(self, other: "_Someone", similarity: float | None) -> SimilarPerson:
        common = in_common(self.profile, other.profile)
        return SimilarPerson.model_validate(
            {
                "user_id": other.person_id,
                "similarity": similarity,
                "device": other.device,
                "rfm_segment": other.rfm_segment or None,
                "behaviour_segment": other.behaviour_segment or None,
                "shared": SharedBehaviour(
                    pages=common.pages,
                    products=common.products,
                    device=self.device == other.device != "Other",
                    rfm_segment=_same(self.rfm_segment, other.rfm_segment),
                    behaviour_segment=_same(self.behaviour_segment, other.behaviour_segment),
                ),
            }
        )


def _same(one: str, other: str) -> str | None:
    return one if one and one == other else None


def _person(site_id: str, user_id: str) -> _Someone:
    fields = {"person_id": 1, "link": 1, "device": 1}
    found = users.of(database()).find_one({"_id": f"{site_id}:{user_id}"}, fields)
    if found is None:
        raise NotFound("nobody of that id was ever seen")
    person_id = person_of(found)
    customer = customers.of(database()).find_one({"_id": f"{site_id}:{person_id}"})
    return _Someone.of_customer(customer) if customer else _Someone(person_id, found["device"])


@dataclass(frozen=True)
class _Only:
    # which people alone: by fields that both stores have, and of a segment that was saved, and when, who is in it now
    fields: Mapping[str, str]
    members: Sequence[str] | None = None
    saved_at: datetime | None = None

    @property
    def where(self) -> str:
        conditions = [equal(name, value) for name, value in self.fields.items()]
        return " and ".join([*conditions, *([among("person_id", self.members)] if self.members else [])])

    def but(self, person_id: str) -> dict[str, object]:
        # ids as MongoDB is asked for them
        if self.members is None:
            return {"$ne": person_id}
        return {"$in": [each for each in self.members if each != person_id]}


def _only(site_id: str, question: SimilarFilter) -> _Only:
    fields = {} if question.device is None else {"device": str(question.device)}
    if question.segment is None:
        return _Only(fields)
    if saved := segment_named(segments_saved(database(), site_id), question.segment):
        return _Only(fields, members_of(get_site(database(), site_id), saved), saved["created_at"])
    field = SEGMENT_FIELDS[models.model_of_segment(database(), site_id, question.segment)]
    return _Only({**fields, field: question.segment})


def _version(site_id: str) -> int:
    model = models.in_use(database(), site_id, "behaviour_vectors")
    return model["version"] if model else 0


def _of_the_same_kind(search: _Search, someone: _Someone, limit: int) -> list[_Someone]:
    # without vectors: customers of the same segments, else people on the same device
    kind = {"rfm_segment": someone.rfm_segment, "behaviour_segment": someone.behaviour_segment}
    same = {**{name: value for name, value in kind.items() if value}, **search.only.fields}
    others = search.only.but(someone.person_id)
    if same.keys() & kind.keys() or search.only.members is not None:
        alike = {"site_id": search.site_id, **same, "customer_id": others}
        found = customers.of(database()).find(alike).sort("monetary", -1).limit(limit)
        return [_Someone.of_customer(customer) for customer in found]
    query: dict[str, object] = {
        "site_id": search.site_id,
        "device": someone.device,
        **same,
        "person_id": others,
        "link": None,
    }
    return [_Someone(user["person_id"], user["device"]) for user in users.of(database()).find(query).limit(limit)]
