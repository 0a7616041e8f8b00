"""One run of a site at a time: who is at it, and whether anybody asked for another one meanwhile."""

import time
from datetime import timedelta

from footfall.clock import now
from footfall.schemas.funnel import RollupTurn
from footfall.stores.collections import rollups
from footfall.stores.mongo import database
from pymongo.errors import DuplicateKeyError

LASTS = timedelta(minutes=1)
"""So long nobody else has a turn whose process is gone."""
RENEWED_SECONDS = 10.0
ATTEMPTS = 5


class Turn:
    """A site's rollup is this run's to make, as long as the turn is renewed."""

    def __init__(self, site_id: str, by: str) -> None:
        self._ours = {"_id": site_id, "turn.by": by}
        self._renewed = time.monotonic()

    def holds(self) -> bool:
        """Returns whether it is still ours, and makes it last longer."""
        if time.monotonic() - self._renewed < RENEWED_SECONDS:
            return True
        self._renewed = time.monotonic()
        until = {"$set": {"turn.until": now() + LASTS}}
        return bool(rollups.of(database()).update_one(self._ours, until).matched_count)

    def end(self) -> bool:
        """Give the turn away; returns whether somebody asked for a run since it began."""
        found = rollups.of(database()).find_one_and_update(self._ours, {"$unset": {"turn": "", "asked": ""}})
        return bool(found and found.get("asked"))


def take(site_id: str, by: str) -> Turn | None:
    """Returns the turn at a site; None where another run has it, which is told that this one was asked for.

    An invocation that Lambda tries again has the same name, `by`, and goes on in its own turn.
    """
    for _ in range(ATTEMPTS):  # it may end between the two questions
        if _free(site_id, by):
            return Turn(site_id, by)
        at_it = {"_id": site_id, "turn.until": {"$gt": now()}}
        if rollups.of(database()).update_one(at_it, {"$set": {"asked": True}}).matched_count:
            return None
    return None


def _free(site_id: str, by: str) -> bool:
    moment = now()
    over = {"$or": [{"turn": {"$exists": False}}, {"turn.until": {"$lte": moment}}, {"turn.by": by}]}
    ours = {"site_id": site_id, "turn": RollupTurn(by=by, until=moment + LASTS)}
    try:
        rollups.of(database()).update_one(
            {"_id": site_id, **over}, {"$set": ours, "$unset": {"asked": ""}}, upsert=True
        )
    except DuplicateKeyError:
        return False
    return True
