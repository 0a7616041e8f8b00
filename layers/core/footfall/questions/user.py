"""The question who one user is: what the shop told of them, and how they were seen."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.errors import NotFound
from footfall.people.identities import person_of
from footfall.people.profiles import profiles
from footfall.schemas.event import Json
from footfall.schemas.person import PersonDocument
from footfall.stores.collections import users
from footfall.stores.mongo import answering, database


class UserProfile(BaseModel):
    """One person, as all that was told of them amounts to."""

    user_id: str
    visitors: int = Field(description="Ids that they were seen under besides this one")
    first_seen: datetime | None
    last_seen: datetime
    device: str = Field(description="The one they were first seen on", examples=["Mobile"])
    sex: str | None = Field(description="As it was told")
    rfm_segment: str | None = Field(description="null for who is no customer, and before the first training")
    traits: Json = Field(description="The latest word on each trait that was told", examples=[{"plan": "gold"}])


@answering()
def answer(site_id: str, user_id: str) -> UserProfile:
    """Returns a person's profile; of a visitor who turned out to be somebody that one's. Raises NotFound for nobody."""
    found = _seen(site_id, user_id)
    if (person_id := person_of(found)) != user_id:
        found = _seen(site_id, person_id)
    profile = profiles(database(), site_id, [person_id])[person_id]
    return UserProfile(
        user_id=person_id,
        visitors=len(found.get("merged_ids", [])),
        first_seen=profile["first_seen"],
        last_seen=found["last_seen"],
        device=found.get("device", "Other"),
        sex=profile["sex"],
        rfm_segment=profile["rfm_segment"],
        traits=found.get("traits", {}),
    )


def _seen(site_id: str, person_id: str) -> PersonDocument:
    found = users.of(database()).find_one({"_id": f"{site_id}:{person_id}"})
    if found is None:
        raise NotFound("there is nobody of this id")
    return found
