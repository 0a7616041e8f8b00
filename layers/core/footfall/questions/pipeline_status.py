"""The question how far the pipeline is from event to answer, and what became of all that came."""

from collections import Counter
from datetime import date, datetime

from pydantic import BaseModel, Field
from pymongo.errors import ExecutionTimeout

from footfall.errors import Unavailable
from footfall.ledger import ledger_days
from footfall.questions import queues
from footfall.questions.flagged import flag_counts
from footfall.questions.queues import Queues
from footfall.stores import collections
from footfall.stores.collections import COLLECTIONS, rollups, stale_days
from footfall.stores.mongo import answering, database

# how far the work is, and not what it has come to
BOOKKEEPING = frozenset(
    each.name
    for each in (
        collections.sites,
        collections.exchange_rates,
        collections.counters,
        stale_days,
        collections.ledger,
        collections.ledger_sums,
        rollups,
        collections.suspects,
    )
)
LEDGER_DAYS = 31
LEDGER_PARTS = ("stored", "duplicate", "quarantined", "waiting")


class LedgerFigures(BaseModel):
    """Events that were read from the events queue, and what became of them: `received` is the sum of the rest."""

    received: int = Field(description="events in messages that were opened", examples=[53_417])
    stored: int = Field(description="stored by their message; they count though they have expired since")
    duplicate: int = Field(description="here already, stored or quarantined, brought by another message")
    quarantined: int = Field(description="kept apart with a reason; a message that cannot be read counts as one")
    waiting: int = Field(description="of messages that were opened and could not be processed: they come back")


class LedgerDay(LedgerFigures):
    """The events that were received on one day."""

    day: date = Field(description="the day in the site's time zone on which collect or the import received them")


class Ledger(LedgerFigures):
    """What became of every event that was ever read from the events queue.

    Messages that nobody has opened are not in it, since nobody knows whose events they hold: `queues` counts them.
    Rows that an import refused never were events: the import counts them.
    """

    by_day: list[LedgerDay] = Field(description="the newest 31 days on which anything was received, the newest first")


class LatestRollup(BaseModel):
    """The last time that daily figures of the site were recomputed."""

    ran_at: datetime
    days: int = Field(description="how many days were recomputed")
    events: int = Field(description="from how many events")
    milliseconds: int = Field(description="how long it took")


class EtlStatus(BaseModel):
    """How far the pipeline is from event to answer: with empty queues and no stale day, every answer is complete."""

    queues: Queues
    collections: dict[str, int] = Field(description="documents of the site in each collection")
    stale_days: int = Field(description="days whose figures wait to be recomputed")
    latest_rollup: LatestRollup | None
    ledger: Ledger | None = Field(description="null when adding it up takes longer than two seconds")
    flags: dict[str, int] | None = Field(
        description="how many stored events have each flag, which says what was not read as it was sent:"
        " `/etl/flagged` lists them; null when counting takes longer than two seconds",
        examples=[{"title_cut": 3}],
    )


@answering()
def answer(site_id: str) -> EtlStatus:
    """Returns what waits, what is stored and what became of all that came; raises Unavailable, also without SQS."""
    waiting = queues.answer()
    if waiting.events is None:
        raise Unavailable("SQS does not answer")
    return EtlStatus(
        queues=waiting,
        collections=_counts(site_id),
        stale_days=stale_days.count(database(), {"site_id": site_id}),
        latest_rollup=_latest_rollup(site_id),
        ledger=_ledger(site_id),
        flags=flag_counts(database(), site_id),
    )


def _counts(site_id: str) -> dict[str, int]:
    counted = {name: collection for name, collection in sorted(COLLECTIONS.items()) if name not in BOOKKEEPING}
    return {name: collection.count(database(), {"site_id": site_id}) for name, collection in counted.items()}


def _latest_rollup(site_id: str) -> LatestRollup | None:
    # a site whose first rollup is under way has a version, but no run yet
    run = rollups.of(database()).find_one({"_id": site_id, "ran_at": {"$exists": True}})
    if run is None:
        return None
    return LatestRollup(ran_at=run["ran_at"], days=run["days"], events=run["events"], milliseconds=run["milliseconds"])


def _ledger(site_id: str) -> Ledger | None:
    try:
        sums = ledger_days(database(), site_id)
    except ExecutionTimeout:
        return None
    days = [LedgerDay(day=date.fromisoformat(day), **_figures(sums[day])) for day in sorted(sums, reverse=True)]
    return Ledger(**_figures(sum(sums.values(), Counter())), by_day=days[:LEDGER_DAYS])


def _figures(sums: Counter[str]) -> dict[str, int]:
    return {"received": sums["events"], **{part: sums[part] for part in LEDGER_PARTS}}
