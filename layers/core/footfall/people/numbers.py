"""The dense numbers of people, by which bitmaps and columns name them."""

from collections.abc import Iterable

from pymongo.client_session import ClientSession

from footfall.chunks import chunks
from footfall.people.identities import person_of
from footfall.schemas.event import StepEvent
from footfall.schemas.feedback import FeedbackOwner
from footfall.schemas.order import OwnedOrder
from footfall.schemas.person import PersonNumber
from footfall.schemas.session import SessionFigures
from footfall.stores.collections import users
from footfall.stores.mongo import Mongo

MOST_REMEMBERED = 500_000
KEYS_PER_QUESTION = 20_000
Owned = StepEvent | OwnedOrder | FeedbackOwner | SessionFigures
"""What is somebody's."""


class PersonNumbers:
    """The dense numbers of a site's people, read as they are asked for and remembered."""

    def __init__(self, database: Mongo, site_id: str, session: ClientSession | None = None) -> None:
        self._database = database
        self._site_id = site_id
        self._session = session
        self._people: dict[str, int] = {}
        self._visitors: dict[str, int] = {}
        self._own: dict[str, int] = {}

    def learn(self, events: Iterable[Owned]) -> None:
        """Read whom any of these belong to, in as few questions as there are kinds of people."""
        if len(self._people) + len(self._visitors) > MOST_REMEMBERED:
            self._people.clear()
            self._visitors.clear()
            self._own.clear()
        events = list(events)
        people = {who for event in events if (who := event.get("user_id")) and who not in self._people}
        visitors = {event["person_id"] for event in events if not event.get("user_id")}
        visitors = {who for who in visitors if who not in self._visitors}
        found = self._read(people | visitors)
        links = {who: person_of(one) for who, one in found.items() if who in visitors and "link" in one}
        found |= self._read(set(links.values()) - found.keys())
        numbers = {who: one["number"] for who, one in found.items()}
        self._own.update((who, numbers[who]) for who in visitors if who in numbers)
        self._people.update((who, numbers[who]) for who in people if who in numbers)
        self._visitors.update((who, numbers[told]) for who in visitors if (told := links.get(who, who)) in numbers)

    def of(self, event: Owned) -> int | None:
        """Returns the number of the person that something belongs to; None for somebody not stored yet."""
        user_id = event.get("user_id")
        return self._people.get(user_id) if user_id else self._visitors.get(event["person_id"])

    def own(self, event: Owned) -> int | None:
        """Returns the same as if no visitor had turned out to be somebody: the visitor's own number."""
        user_id = event.get("user_id")
        return self._people.get(user_id) if user_id else self._own.get(event["person_id"])

    def _read(self, person_ids: set[str]) -> dict[str, PersonNumber]:
        found: dict[str, PersonNumber] = {}
        for some in chunks(person_ids, KEYS_PER_QUESTION):
            query = {"_id": {"$in": [f"{self._site_id}:{person_id}" for person_id in some]}}
            who = users.read(self._database, PersonNumber, query, session=self._session, batch_size=10_000)
            found |= {user["person_id"]: user for user in who.to_list()}
        return found
