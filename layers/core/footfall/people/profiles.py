"""What is known of people, for the dimensions that are theirs."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from pymongo.client_session import ClientSession

from footfall.people.identities import person_of
from footfall.people.saved_segments import segments_saved
from footfall.people.segment_conditions import STORED, has
from footfall.schemas.customer import CustomerRfmSegment
from footfall.schemas.person import PersonProfile, PersonSeen
from footfall.sites import get_site
from footfall.stores.collections import customers, users
from footfall.stores.mongo import Mongo

BATCH = 10_000
NAMES_APART = "\n"
"""Between the names of segments, none of which has one."""


def profiles(
    database: Mongo, site_id: str, person_ids: Collection[str], session: ClientSession | None = None
) -> dict[str, PersonProfile]:
    """Returns the profile of everybody asked about, by the id that was asked: of a visitor the person's they are.

    Somebody who is not stored has one in which nothing is known. Give some thousands at a time: they are read at once.
    """

    def read(ids: Iterable[str]) -> dict[str, PersonSeen]:
        keys = [f"{site_id}:{person_id}" for person_id in ids]
        found = users.read(database, PersonSeen, {"_id": {"$in": keys}}, session=session, batch_size=BATCH)
        return {each["person_id"]: each for each in found} if keys else {}

    seen = read(person_ids)
    whose = {asked: person_of(seen[asked]) if asked in seen else asked for asked in person_ids}
    people = set(whose.values())
    seen |= read(people - seen.keys())
    seen |= read(
        {visitor for who in people if who in seen for visitor in seen[who].get("merged_ids", ())} - seen.keys()
    )
    first, segments = _first_seen(seen.values()), _segments(database, site_id, people, session)
    return {asked: _profile(who, seen.get(who), first.get(who), segments.get(who, [])) for asked, who in whose.items()}


def _first_seen(seen: Iterable[PersonSeen]) -> dict[str, datetime]:
    # a visitor who was seen as two people is one of them
    moments: defaultdict[str, list[datetime]] = defaultdict(list)
    for each in seen:
        if "date" in each:
            moments[person_of(each)].append(each["date"])
    return {who: min(found) for who, found in moments.items()}


def _segments(
    database: Mongo, site_id: str, people: Iterable[str], session: ClientSession | None
) -> dict[str, list[str]]:
    # of each customer the RFM segment, then those that the site has saved
    keys = {"_id": {"$in": [f"{site_id}:{person_id}" for person_id in people]}}
    saved = segments_saved(database, site_id, session)
    if not saved:
        found = customers.read(database, CustomerRfmSegment, keys, session=session, batch_size=BATCH)
        return {each["customer_id"]: [each["rfm_segment"]] for each in found}
    currency = get_site(database, site_id).currency
    named = [(segment["name"], has(segment, currency)) for segment in saved]
    shown = dict.fromkeys(["customer_id", *STORED], True)
    return {
        each["customer_id"]: [each["rfm_segment"], *(name for name, holds in named if holds(each))]
        for each in customers.of(database).find(keys, shown, session=session, batch_size=BATCH)
    }


def _profile(who: str, seen: PersonSeen | None, first: datetime | None, segments: list[str]) -> PersonProfile:
    return PersonProfile(
        person_id=who,
        first_seen=first,
        sex=seen.get("sex") if seen else None,
        rfm_segment=segments[0] if segments else None,
        segment_names=NAMES_APART.join(segments),
    )
