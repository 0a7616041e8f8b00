"""The question how far the pipeline is from event to answer, and what became of all that came."""

from collections import Counter
from datetime import date, datetime

from pydantic import BaseModel, Field
from pymongo.errors import ExecutionTimeout

from footfall.documents import COUNTED, MOST_COUNTED, few_documents, last_counted
from footfall.errors import Unavailable
from footfall.ledger import ledger_days
from footfall.quarantine_room import removed_of
from footfall.questions import event_counts, queues
from footfall.questions.flagged import flag_counts
from footfall.questions.queues import Queues
from footfall.stores.collections import rollups, stale_days
from footfall.stores.mongo import answering, database

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
    left: int = Field(description="how many days still waited when it ended, of those that it began with")
    milliseconds: int = Field(description="how long it took")


class FailingRollup(BaseModel):
    """That the site's daily figures cannot be recomputed: the operator has been alarmed, other sites go on."""

    since: datetime = Field(description="when it failed first")
    at: datetime = Field(description="when it failed last")
    error: str = Field(description="the kind of error", examples=["DocumentTooLarge"])


class EtlStatus(BaseModel):
    """How far the pipeline is from event to answer: with empty queues and no stale day, every answer is complete."""

    queues: Queues
    collections: dict[str, int] = Field(
        description="documents of the site in each collection; where there are more than 10,000, but for events, as"
        " they were at `counted_at`"
    )
    counted_at: datetime | None = Field(description="at most about an hour ago; null where all are of this moment")
    stale_days: int = Field(description="days whose figures wait to be recomputed")
    latest_rollup: LatestRollup | None
    failing_rollup: FailingRollup | None = Field(default=None, description="null while rollups of the site succeed")
    quarantine_removed: dict[str, int] = Field(
        description="how many inputs in quarantine made room for newer ones, by their reason: a site has 10,000 and"
        " 32 MB there at most",
        examples=[{"too_old": 120}],
    )
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
    collections, counted_at = _documents(site_id)
    return EtlStatus(
        queues=waiting,
        collections=collections,
        counted_at=counted_at,
        stale_days=stale_days.count(database(), {"site_id": site_id}),
        latest_rollup=_latest_rollup(site_id),
        failing_rollup=_failing_rollup(site_id),
        quarantine_removed=removed_of(database(), site_id),
        ledger=_ledger(site_id),
        flags=flag_counts(database(), site_id),
    )


def _documents(site_id: str) -> tuple[dict[str, int], datetime | None]:
    # and when those were counted of which there are many
    counts, known = few_documents(database(), site_id), last_counted(database(), site_id)
    many = {name for name, count in counts.items() if count > MOST_COUNTED}
    before = {name: count for name, count in known["documents"].items() if name in many} if known else {}
    anew = {name: COUNTED[name].count(database(), {"site_id": site_id}) for name in many - before.keys()}
    total = {"events": event_counts.answer(site_id).total_events}
    return dict(sorted((counts | before | anew | total).items())), known["at"] if known and before else None


def _latest_rollup(site_id: str) -> LatestRollup | None:
    # a site whose first rollup is under way has a version, but no run yet
    run = rollups.of(database()).find_one({"_id": site_id, "ran_at": {"$exists": True}})
    if run is None:
        return None
    counts = {"days": run["days"], "events": run["events"], "left": run["left"]}
    return LatestRollup(ran_at=run["ran_at"], **counts, milliseconds=run["milliseconds"])


def _failing_rollup(site_id: str) -> FailingRollup | None:
    found = rollups.of(database()).find_one({"_id": site_id, "failing": {"$exists": True}})
    return FailingRollup.model_validate(found["failing"]) if found and "failing" in found else None


def _ledger(site_id: str) -> Ledger | None:
    try:
        sums = ledger_days(database(), site_id)
    except ExecutionTimeout:
        return None
    days = [LedgerDay(day=date.fromisoformat(day), **_figures(sums[day])) for day in sorted(sums, reverse=True)]
    return Ledger(**_figures(sum(sums.values(), Counter())), by_day=days[:LEDGER_DAYS])


def _figures(sums: Counter[str]) -> dict[str, int]:
    return {"received": sums["events"], **{part: sums[part] for part in LEDGER_PARTS}}
