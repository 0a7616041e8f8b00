"""Quarantined inputs read again: events by etl/events, rows of imports by etl/imports."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from footfall.aws.queues import Entry, send_entries
from footfall.chunks import chunks
from footfall.clock import now
from footfall.codec import encode_ascii
from footfall.errors import FieldProblem, Invalid
from footfall.questions.quarantine import QuarantineFilter, QuarantineState
from footfall.schemas.message import EventsMessage
from footfall.schemas.quarantine import QuarantineKey
from footfall.settings import EventsQueueSettings, ImportsQueueSettings, from_environment
from footfall.stores.collections import quarantine
from footfall.stores.mongo import Condition, Pipeline, answering, database
from pydantic import BaseModel, Field

INPUTS_PER_MESSAGE = 100
BYTES_PER_MESSAGE = 1_000_000
"""Of originals that one message has read again: what one step of etl/events takes well."""
LONGEST_DELAY = 900
"""SQS holds no message back for longer, in seconds."""


class ReplayCommand(QuarantineFilter):
    """Which inputs to read again, and how fast."""

    max_attempts: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Only inputs whose replays failed at most this many times"
    )
    rate: int = Field(default=100, ge=1, le=1000, description="Events a second; rows are read again import by import")
    limit: int = Field(default=1_000, ge=1, le=10_000, description="How many inputs at most")
    dry_run: bool = Field(default=False, description="Tell what would be read again, and do nothing")

    def condition(self, site_id: str, state: QuarantineState) -> Condition:
        """Returns the same as a question to MongoDB."""
        tried = {"attempts": {"$lte": self.max_attempts}} if self.max_attempts is not None else {}
        return {**super().condition(site_id, state), **tried}


class Replaying(BaseModel):
    """What a replay reads again; `/etl/quarantine` tells what came of it."""

    dry_run: bool = Field(description="whether this only tells what would be read again")
    matching: int = Field(description="inputs in quarantine that were asked for")
    selected: int = Field(description="of which so many are read again now, those first that have waited longest")
    reasons: dict[str, int] = Field(description="the selected ones by reason", examples=[{"integer_too_large": 12}])
    messages: int = Field(description="messages that ask for it: to etl/events, and one for each import to etl/imports")
    seconds: float = Field(description="how long it takes at this rate until the last of them is read")


class _Selected(QuarantineKey):
    size: int


@answering()
def replay(site_id: str, command: ReplayCommand) -> Replaying:
    """Have inputs read again, so many a second; returns which, and how long it takes.

    Raises Invalid when that is longer than SQS holds messages back.
    """
    wanted = command.condition(site_id, "waiting")
    selected = _select(wanted, command.limit)
    events = [found for found in selected if found["stage"] == "events"]
    rows = [found for found in selected if found["stage"] == "imports"]
    seconds = len(events) / command.rate
    if seconds > LONGEST_DELAY:
        problem = f"{len(events)} inputs at this rate take longer than {LONGEST_DELAY} seconds"
        raise Invalid([FieldProblem("rate", f"{problem}: raise it, or lower the limit")])
    to_events, to_imports = list(_for_events(site_id, events, command.rate)), list(_for_imports(site_id, rows))
    if not command.dry_run:
        send_entries(from_environment(EventsQueueSettings).events_queue_url, to_events)
        send_entries(from_environment(ImportsQueueSettings).imports_queue_url, to_imports)
    reasons = Counter(found["reason"] for found in selected)
    return Replaying(
        dry_run=command.dry_run,
        matching=quarantine.of(database()).count_documents(wanted),
        selected=len(selected),
        reasons=dict(sorted(reasons.items())),
        messages=len(to_events) + len(to_imports),
        seconds=round(seconds, 2),
    )


def _select(wanted: Condition, limit: int) -> list[_Selected]:
    # those that have waited longest; sorted without their originals, which are too much to hold
    size = {"$binarySize": "$original"}
    pipeline: Pipeline = [
        {"$match": wanted},
        {"$project": {**dict.fromkeys(["stage", "reason", "origin", "first_seen"], 1), "size": size}},
        {"$sort": {"first_seen": 1, "_id": 1}},
        {"$limit": limit},
    ]
    return quarantine.aggregate(database(), _Selected, pipeline).to_list()


def _for_events(site_id: str, found: Sequence[_Selected], rate: int) -> Iterator[Entry]:
    # each message is held back until those before it had their time
    done = 0
    for some in chunks(found, min(rate, INPUTS_PER_MESSAGE), lambda each: each["size"], BYTES_PER_MESSAGE):
        message = EventsMessage(site_id=site_id, source="replay", received_at=now(), replay=_names(some))
        yield Entry(MessageBody=message.model_dump_json(), MessageGroupId=site_id, DelaySeconds=done // rate)
        done += len(some)


def _for_imports(site_id: str, found: Sequence[_Selected]) -> Iterator[Entry]:
    # one message for each import, since the rows of a group are read together
    imports: defaultdict[str, list[_Selected]] = defaultdict(list)
    for each in found:
        imports[each["origin"]["import_id"]].append(each)
    for import_id, rows in imports.items():
        message = {"version": 1, "site_id": site_id, "import_id": import_id, "replay": _names(rows)}
        yield Entry(MessageBody=encode_ascii(message), MessageGroupId=site_id)


def _names(found: Sequence[_Selected]) -> list[str]:
    return [each["_id"].rpartition(":")[2] for each in found]
