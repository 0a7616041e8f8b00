"""What stays of an order whose buyer was erased, where a site keeps orders: what was paid for what, and when."""

from datetime import datetime
from typing import cast

from footfall.events.remnants import AS_SENT, remnant_of
from footfall.people.erased import digest_of
from footfall.schemas.event import ToldEvent
from footfall.schemas.remnant import RemnantDocument
from footfall.schemas.site import Site

OF_A_PERSON = {*AS_SENT, "user_id", "session_id", "country", "traits"}
LENGTH = 32


def anonymous(site: Site, event: ToldEvent, removed_at: datetime) -> RemnantDocument:
    """Returns what is kept of an event that tells of an order, as if nobody had told it.

    It is a visitor of its own, who has nothing else; asked again, it is the same.
    """
    name = f"erased-{digest_of(site, event['event_id'])[:LENGTH]}"
    kept = {key: value for key, value in remnant_of(event, removed_at).items() if key not in OF_A_PERSON}
    who = {"_id": f"{site.site_id}:{name}", "event_id": name, "visitor_id": name, "person_id": name}
    return cast(RemnantDocument, {**kept, **who})
