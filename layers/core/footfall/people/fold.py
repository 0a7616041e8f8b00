"""People from events: first and last seen, device, traits, and which visitor turned out to be whom."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from footfall.codec import encode_ascii
from footfall.schemas.event import EventDocument, Json, ToldEvent, order_in_time
from footfall.schemas.person import Link

MOST_TRAITS = 200
MOST_TRAIT_BYTES = 64_000
"""So much is kept of a person's traits, as JSON: names and values."""


@dataclass
class Sighting:
    """What one batch of events says of one person; two sightings fold together in any order."""

    person_id: str
    events: list[EventDocument] = field(default_factory=list)
    merged_ids: set[str] = field(default_factory=set)
    link: Link | None = None

    @property
    def first(self) -> EventDocument:
        """The earliest event."""
        return min(self.events, key=order_in_time)

    @property
    def last(self) -> EventDocument:
        """The latest event."""
        return max(self.events, key=order_in_time)


def sightings(events: Iterable[EventDocument]) -> dict[str, Sighting]:
    """Returns everybody a batch of events speaks of, by person id; a visitor who is a known person appears as both."""
    people: dict[str, Sighting] = {}
    for event in events:
        _see(people, event["person_id"], event)
        user_id = event.get("user_id")
        if user_id and event["visitor_id"] != user_id:
            people[user_id].merged_ids.add(event["visitor_id"])
            _link(_see(people, event["visitor_id"], event), event, user_id)
    return people


def _see(people: dict[str, Sighting], person_id: str, event: EventDocument) -> Sighting:
    person = people.get(person_id)
    if person is None:
        person = people[person_id] = Sighting(person_id)
    person.events.append(event)
    return person


def _link(visitor: Sighting, event: EventDocument, person_id: str) -> None:
    link = Link(at=event["timestamp"], event_id=event["event_id"], person_id=person_id)
    if visitor.link is None or (link["at"], link["event_id"]) < (visitor.link["at"], visitor.link["event_id"]):
        visitor.link = link


def fold_traits(events: Iterable[ToldEvent]) -> Json:
    """Returns a person's traits from every event that tells any: the latest word on each counts.

    Of more than 200, or 64 kB, it is those that were told first.
    """
    return bounded_traits(told_traits(events))


def told_traits(events: Iterable[ToldEvent]) -> Json:
    """Returns all that was told of a person, the latest word on each, those first that were told first."""
    traits: Json = {}
    for event in sorted(events, key=order_in_time):
        traits.update(event.get("traits") or {})
    return traits


def bounded_traits(traits: Json) -> Json:
    """Returns as many traits as are kept: one that does not fit is left out, whatever comes after it."""
    kept: Json = {}
    left = MOST_TRAIT_BYTES
    for name, value in traits.items():
        size = len(encode_ascii({name: value}))
        if len(kept) < MOST_TRAITS and size <= left:
            kept[name] = value
            left -= size
    return kept


def sex_of(traits: Json) -> str | None:
    """Returns the trait `sex` (or `gender`) where it is a text."""
    sex = traits.get("sex") or traits.get("gender")
    return sex[:32] if isinstance(sex, str) else None


SEXES = {
    **dict.fromkeys(
        ["f", "w", "female", "woman", "weiblich", "frau", "femme", "femminile", "donna", "mujer"], "female"
    ),
    **dict.fromkeys(
        ["m", "male", "man", "männlich", "mann", "homme", "masculin", "maschile", "uomo", "hombre"], "male"
    ),
    **dict.fromkeys(["féminin", "femenino", "vrouw", "vrouwelijk"], "female"),
    **dict.fromkeys(["masculino", "mannelijk"], "male"),
    **dict.fromkeys(["d", "x", "other", "diverse", "divers", "non-binary", "nonbinary", "nb"], "other"),
}


def sex_named(text: str) -> str | None:
    """Returns female, male or other for the usual spellings of it; None for anything else."""
    return SEXES.get(text.strip().casefold())


def by_person(events: Iterable[ToldEvent]) -> dict[str, list[ToldEvent]]:
    """Returns events grouped by person."""
    groups: defaultdict[str, list[ToldEvent]] = defaultdict(list)
    for event in events:
        groups[event["person_id"]].append(event)
    return dict(groups)
