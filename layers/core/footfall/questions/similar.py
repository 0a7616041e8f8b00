"""The question who behaves like somebody: from vectors while there are any, else from what MongoDB knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from footfall.customers.profile import Profile, in_common, read
from footfall.customers.segment_sums import SEGMENT_FIELDS
from footfall.errors import NotFound, Unavailable
from footfall.models import registry as models
from footfall.people.identities import links_of, person_of
from footfall.questions.cache import remember
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.funnel import Device
from footfall.settings import VectorSearchSettings, from_environment
from footfall.stores import vectors
from footfall.stores.collections import customers, users
from footfall.stores.keys import similar_users_key
from footfall.stores.mongo import answering, database
from footfall.stores.vectors import PEOPLE, Neighbour, Row, equal

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
        default=None, min_length=1, max_length=128, description="Only people of this RFM or behaviour segment"
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
    search = _Search(site_id, someone.person_id, _conditions(site_id, question), _version(site_id))
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
    conditions: Mapping[str, str]
    version: int


def _nearest(search: _Search, question: SimilarQuestion) -> SimilarAnswer:
    # the person is in the key already, under whichever of their ids they were asked about
    key = similar_users_key(search.site_id, search.person_id, question.model_dump_json(exclude={"user_id"}))
    return remember(key, str(search.version), SimilarAnswer, lambda: _found(search, question))


def _found(search: _Search, question: SimilarQuestion) -> SimilarAnswer:
    own = vectors.row_of(PEOPLE, search.site_id, search.person_id)
    if own is None:
        raise NoVector
    (found,) = nearest_people(search.site_id, [own], question)
    return found


def nearest_people(site_id: str, own: Sequence[Row], question: SimilarFilter) -> list[SimilarAnswer]:
    """Returns the answer for each of these people's vectors, by one search; raises Invalid or Unavailable."""
    where = " and ".join(equal(name, value) for name, value in _conditions(site_id, question).items())
    probes = from_environment(VectorSearchSettings).milvus_nprobe
    found = vectors.nearest_to_each(PEOPLE, site_id, [row.vector for row in own], question.limit + 1, where, probes)
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


def _conditions(site_id: str, question: SimilarFilter) -> dict[str, str]:
    conditions: dict[str, str] = {}
    if question.segment is not None:
        conditions[SEGMENT_FIELDS[models.model_of_segment(database(), site_id, question.segment)]] = question.segment
    if question.device is not None:
        conditions["device"] = question.device
    return conditions


def _version(site_id: str) -> int:
    model = models.in_use(database(), site_id, "behaviour_vectors")
    return model["version"] if model else 0


def _of_the_same_kind(search: _Search, someone: _Someone, limit: int) -> list[_Someone]:
    # without vectors: customers of the same segments, else people on the same device
    kind = {"rfm_segment": someone.rfm_segment, "behaviour_segment": someone.behaviour_segment}
    same = {**{name: value for name, value in kind.items() if value}, **search.conditions}
    if same.keys() & kind.keys():
        alike = {"site_id": search.site_id, **same, "customer_id": {"$ne": someone.person_id}}
        found = customers.of(database()).find(alike).sort("monetary", -1).limit(limit)
        return [_Someone.of_customer(customer) for customer in found]
    query: dict[str, object] = {
        "site_id": search.site_id,
        "device": someone.device,
        **same,
        "person_id": {"$ne": someone.person_id},
        "link": None,
    }
    return [_Someone(user["person_id"], user["device"]) for user in users.of(database()).find(query).limit(limit)]
