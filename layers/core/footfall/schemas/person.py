"""A person: everybody who was ever seen on a site, known to the shop or not."""

from datetime import datetime
from typing import NotRequired, Required, TypedDict

from footfall.schemas.event import Json


class Link(TypedDict):
    """That a visitor turned out to be a person the shop knows, and the event that said so."""

    at: datetime
    event_id: str
    person_id: str


class FirstEvent(TypedDict):
    """A person's earliest event: its device, and before it the fields by which events are put in the order of time."""

    at: datetime
    received_at: datetime
    sequence: int
    event_id: str
    device: str


class CounterDocument(TypedDict):
    """One document of `counters`: the last dense number given to anybody, or how often something was done."""

    _id: str
    site_id: str
    value: int


class PersonIdentity(TypedDict, total=False):
    """Who somebody is: a person, or a visitor who turned out to be the person that `link` names."""

    person_id: Required[str]
    merged_ids: list[str]
    link: Link


class PersonNumber(PersonIdentity, total=False):
    """The dense number of somebody."""

    number: Required[int]


class PersonFirstSeen(TypedDict, total=False):
    """When somebody with a dense number was first seen."""

    number: Required[int]
    date: datetime


class PersonSightings(PersonNumber, total=False):
    """When somebody was seen first and last."""

    last_seen: Required[datetime]
    first_event: Required[FirstEvent]


class PersonTraits(PersonIdentity, total=False):
    """What was told of somebody."""

    traits: Json


class PersonSeen(PersonIdentity, total=False):
    """What a profile is made of: when somebody was first seen, and their sex as it was told."""

    date: datetime
    sex: str | None


class PersonProfile(TypedDict):
    """What is known of a person whoever of their visitors is asked about: nothing is null that is known of any.

    `first_seen` is the moment of the earliest event of the person or of any visitor who turned out to be them.
    `segment_names` are all segments that they are in, the RFM segment first and those that the site saved, each on a
    line of its own.
    """

    person_id: str
    first_seen: datetime | None
    sex: str | None
    rfm_segment: str | None
    segment_names: NotRequired[str]


class PersonDocument(PersonSightings, PersonTraits, total=False):
    """One document of `users`.

    `person_id` is the shop's id of the person, else the visitor id. `number` is a dense one, for bitmaps. `date` is
    when they were first seen, which was stored at `first_told_at`, `device` the one they were first seen on. A
    visitor who turned out to be a known person keeps a document with a `link` to that person, whose `merged_ids`
    names the visitor, and `linked_at` tells when it was stored last. `found_by` is what a search finds them by:
    their e-mail address, and each word of their name. `traits_cut` says that there are more traits than are kept,
    `merged_cut` more visitors.
    """

    _id: str
    site_id: str
    device: str
    sex: str | None
    date: datetime
    found_by: list[str]
    trait_events: int
    first_told_at: datetime
    linked_at: datetime
    traits_cut: bool
    merged_cut: bool
