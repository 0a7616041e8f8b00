"""The question which customers there are of some id, e-mail address or name, by how these begin."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from footfall.errors import FieldProblem, Invalid
from footfall.money import major_units
from footfall.people.identities import person_of
from footfall.people.searching import folded_email
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.person import PersonDocument
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores.collections import customers, orders, users
from footfall.stores.mongo import answering, database
from footfall.words import LAST_CHARACTER, all_begin, words

MOST_WORDS = 5
MOST_FOUND = 100
MOST_LOOKED_AT = 1_000
FoundBy = Literal["id", "email", "name"]


class CustomerSearchQuestion(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(
        min_length=1,
        max_length=256,
        description="How an id or an e-mail address begins, or each of some words of a name; never a pattern",
        examples=["ann@shop"],
    )
    limit: int = Field(default=20, ge=1, le=MOST_FOUND, description="How many at most")


class FoundCustomer(BaseModel):
    """One customer who was found."""

    customer_id: str
    found_by: FoundBy = Field(description="What begins as it was asked for")
    name: str | None = Field(description="As it was told")
    email: str | None = Field(description="As it was told")
    rfm_segment: str | None = Field(description="null for who has come since the last training")
    monetary: float | None = Field(description="What they brought, in major units of the site's currency; likewise")


class FoundCustomers(BaseModel):
    """Customers who were found: by their ids first, then by e-mail addresses, then by names, each in order of ids."""

    customers: list[FoundCustomer]
    more: bool = Field(description="Whether there are more than these; then ask for a longer beginning")


@answering()
def answer(site_id: str, question: CustomerSearchQuestion) -> FoundCustomers:
    """Returns the customers who are found; raises Invalid for nothing to look for, or Unavailable."""
    if not question.query.strip():
        raise Invalid([FieldProblem("query", "is blank")])
    site, query = get_site(database(), site_id), question.query.strip()
    found = _only_customers(site, _candidates(site_id, query))
    some = list(islice(found, question.limit + 1))
    page = some[: question.limit]
    return FoundCustomers(customers=_shown(site, page, query), more=len(some) > len(page))


def _candidates(site_id: str, query: str) -> Iterator[str]:
    start = f"{site_id}:{query}"
    ids = {"_id": {"$gte": start, "$lt": start + LAST_CHARACTER}}
    scored = customers.of(database()).find(ids, {"customer_id": True}).sort("_id", 1).limit(MOST_LOOKED_AT)
    yield from (customer["customer_id"] for customer in scored)
    yield from _people(ids)
    yield from _people({"site_id": site_id, "$and": all_begin("found_by", [folded_email(query)])})
    asked = words(query)
    if 0 < len(asked) <= MOST_WORDS and "@" not in query:
        yield from _people({"site_id": site_id, "$and": all_begin("found_by", asked)})


def _people(condition: Mapping[str, object]) -> Iterator[str]:
    found = users.of(database()).find(condition, {"person_id": True, "link": True}).sort("_id", 1)
    yield from map(person_of, found.limit(MOST_LOOKED_AT))


def _only_customers(site: Site, candidates: Iterable[str]) -> Iterator[str]:
    # each once; a visitor, and who never ordered, is none
    seen: set[str] = set()
    for person_id in candidates:
        if person_id not in seen and _ordered(site, person_id):
            yield person_id
        seen.add(person_id)


def _ordered(site: Site, person_id: str) -> bool:
    key = f"{site.site_id}:{person_id}"
    if customers.of(database()).find_one({"_id": key}, {"_id": True}):
        return True
    theirs = {"site_id": site.site_id, "user_id": person_id}
    return orders.of(database()).find_one(theirs, {"_id": True}) is not None


def _shown(site: Site, found: Sequence[str], query: str) -> list[FoundCustomer]:
    keys = {"_id": {"$in": [f"{site.site_id}:{person_id}" for person_id in found]}}
    scored = {each["customer_id"]: each for each in customers.of(database()).find(keys)}
    known = {each["person_id"]: each for each in users.of(database()).find(keys)}
    return [_one(person_id, query, known.get(person_id), scored.get(person_id)) for person_id in found]


def _one(person_id: str, query: str, person: PersonDocument | None, scored: CustomerDocument | None) -> FoundCustomer:
    traits = person.get("traits", {}) if person else {}
    email = _text(traits.get("email"))
    by_email = folded_email(email or "").startswith(folded_email(query))
    return FoundCustomer(
        customer_id=person_id,
        found_by="id" if person_id.startswith(query) else "email" if by_email else "name",
        name=_text(traits.get("name")),
        email=email,
        rfm_segment=scored["rfm_segment"] if scored else None,
        monetary=major_units(scored["monetary"], scored["currency"]) if scored else None,
    )


def _text(told: object) -> str | None:
    return told if isinstance(told, str) else None
