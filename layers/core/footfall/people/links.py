"""Whom every visitor turned out to be, as an array by dense numbers."""

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession

from footfall.schemas.person import PersonNumber
from footfall.stores.collections import users
from footfall.stores.mongo import Mongo

BATCH = 20_000


def people_of(database: Mongo, site_id: str, session: ClientSession | None = None) -> NDArray[np.uint32]:
    """Returns for every dense number that of the person: the same, or for a visitor of whom that turned out to be."""
    last = next(
        iter(users.read(database, PersonNumber, {"site_id": site_id}, session=session).sort("number", -1).limit(1)),
        None,
    )
    people = np.arange(last["number"] + 1 if last else 1, dtype=np.uint32)
    linked = users.read(
        database, PersonNumber, {"site_id": site_id, "link": {"$exists": True}}, session=session, batch_size=BATCH
    ).to_list()
    names = sorted({found["link"]["person_id"] for found in linked})
    numbers: dict[str, int] = {}
    for begin in range(0, len(names), BATCH):
        keys = [f"{site_id}:{name}" for name in names[begin : begin + BATCH]]
        found = users.read(database, PersonNumber, {"_id": {"$in": keys}}, session=session)
        numbers |= {one["person_id"]: one["number"] for one in found}
    known = [
        (one["number"], numbers[one["link"]["person_id"]]) for one in linked if one["link"]["person_id"] in numbers
    ]
    if known:
        visitors, whom = np.array(known, np.uint32).T
        people[visitors] = whom
    return people
