"""The remnant of somebody whose events were removed before remnants were kept: what is stored of them still tells."""

from datetime import datetime

from footfall.schemas.message import API_KEY_SOURCE
from footfall.schemas.person import PersonDocument
from footfall.schemas.remnant import RemnantDocument


def remnant_of_person(person: PersonDocument, removed_at: datetime) -> RemnantDocument:
    """Returns an event that tells somebody's traits as they are stored, as the first thing they ever did.

    It says who they are as a visitor: nobody else has an event under the id.
    """
    who, at = person["person_id"], person["date"]
    return RemnantDocument(
        _id=f"{person['site_id']}:traits {who}",
        site_id=person["site_id"],
        event_id=f"traits {who}",
        type="identify",
        source=API_KEY_SOURCE,
        timestamp=at,
        received_at=at,
        sequence=0,
        visitor_id=who,
        person_id=who,
        traits=person["traits"],
        removed_at=removed_at,
    )
