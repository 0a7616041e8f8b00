"""The question what was quarantined and why: every reason with its counts, and a page of inputs."""

from datetime import datetime
from typing import Literal, TypedDict, get_args

from pydantic import BaseModel, Field

from footfall.days import Moment
from footfall.questions.keyed_list import COUNTED, KeyedAnswer, KeyedQuestion, newest
from footfall.schemas.paging import paged
from footfall.schemas.quarantine import Origin, QuarantineDocument, Stage
from footfall.stores.collections import quarantine
from footfall.stores.mongo import Condition, Pipeline, answering, database

QuarantineState = Literal["waiting", "replayed", "erased"]
SHOWN_CHARACTERS = 4_000


class QuarantineFilter(BaseModel):
    """Which inputs; what is not given asks for all."""

    reason: str | None = Field(default=None, max_length=64, description="Only inputs quarantined for this reason")
    stage: Stage | None = Field(default=None, description="Only events, or only rows of imports")
    since: Moment | None = Field(default=None, description="Only what was first seen then or later")

    def condition(self, site_id: str, state: QuarantineState) -> Condition:
        """Returns the same as a question to MongoDB, of the inputs of a site that are in this state."""
        first_seen = {"$gte": self.since} if self.since else None
        wanted = {"reason": self.reason, "stage": self.stage, "first_seen": first_seen}
        return {"site_id": site_id, "state": state, **{name: value for name, value in wanted.items() if value}}


class QuarantineQuestion(QuarantineFilter, KeyedQuestion):  # fields of the last base come first, in errors as in docs
    """Which page of which inputs."""

    state: QuarantineState = Field(
        default="waiting",
        description="Those that wait, those replayed with success, or those of people who were erased",
    )
    quarantine_id: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{6,64}$", description="Only the input of this id, or whose id begins so"
    )

    def condition(self, site_id: str, state: QuarantineState) -> Condition:
        """Returns the same as a question to MongoDB."""
        begins = f"{site_id}:{self.quarantine_id}"
        # g is behind every digit that may follow
        named = {"_id": {"$gte": begins, "$lt": f"{begins}g"}} if self.quarantine_id else {}
        return {**super().condition(site_id, state), **named}


class QuarantineReason(BaseModel):
    """How many inputs were quarantined for one reason."""

    stage: Stage = Field(description="what refused it")
    reason: str = Field(description="code of the reason", examples=["integer_too_large"])
    waiting: int = Field(description="that may be replayed")
    replayed: int = Field(description="that were read again with success")
    erased: int = Field(description="that spoke of people who were erased: of these nothing is kept")


class QuarantineOrigin(BaseModel):
    """Where a quarantined input came from, without its sender's address and user agent."""

    source: str | None = Field(default=None, description="`collect`, `import:` with an import's id, `events queue`")
    received_at: datetime | None = None
    import_id: str | None = None
    file: str | None = Field(default=None, description="name of an import's file")
    line: int | None = Field(default=None, description="its line, from 1")
    message_id: str | None = Field(default=None, description="of a message that was quarantined whole")


class QuarantinedInput(BaseModel):
    """One quarantined input; `detail` names fields, never values."""

    quarantine_id: str
    stage: Stage = Field(description="what refused it")
    reason: str = Field(description="code of the reason")
    detail: str = Field(description="the reason in words; fields, never values")
    state: QuarantineState
    first_seen: datetime
    event_id: str | None = None
    origin: QuarantineOrigin
    attempts: int = Field(default=0, description="how many replays have failed")
    tried_at: datetime | None = None
    replayed_at: datetime | None = None
    original_bytes: int = Field(description="how long the input is")
    original: str | None = Field(description="its first 4,000 characters, for keys with the scope admin; else null")


class Quarantine(KeyedAnswer):
    """What was quarantined: every reason with its counts, and a page of inputs, the newest first."""

    reasons: list[QuarantineReason]
    items: list[QuarantinedInput]
    total: int = Field(description=f"Inputs that the filters let through; {COUNTED}")


@answering()
def answer(site_id: str, question: QuarantineQuestion, *, originals: bool = False) -> Quarantine:
    """Returns every reason and a page of inputs, the newest first; raises Unavailable.

    `originals` shows how the inputs began, which may tell of people.
    """
    found = newest(database(), quarantine, question.condition(site_id, question.state), "first_seen", question)
    return Quarantine(
        reasons=_reasons(site_id),
        items=[_input(document, originals) for document in found.documents],
        next=found.next,
        **paged(question, found.total),
    )


def _input(document: QuarantineDocument, show_original: bool) -> QuarantinedInput:
    original = document["original"]
    # what is not UTF-8 has a mark instead
    text = original[: 4 * SHOWN_CHARACTERS].decode(errors="replace")[:SHOWN_CHARACTERS]
    return QuarantinedInput(
        quarantine_id=document["_id"].rpartition(":")[2],
        stage=document["stage"],
        reason=document["reason"],
        detail=document["detail"],
        state=document["state"],
        first_seen=document["first_seen"],
        event_id=document.get("event_id"),
        origin=_origin(document["origin"]),
        attempts=document.get("attempts", 0),
        tried_at=document.get("tried_at"),
        replayed_at=document.get("replayed_at"),
        original_bytes=len(original),
        original=text if show_original else None,
    )


def _origin(origin: Origin) -> QuarantineOrigin:
    return QuarantineOrigin(
        source=origin.get("source"),
        received_at=origin.get("received_at"),
        import_id=origin.get("import_id"),
        file=origin.get("file"),
        line=origin.get("line"),
        message_id=origin.get("message_id"),
    )


class _ReasonKey(TypedDict):
    stage: Stage
    reason: str


class _ReasonCounts(TypedDict):
    _id: _ReasonKey
    waiting: int
    replayed: int
    erased: int


def _reasons(site_id: str) -> list[QuarantineReason]:
    # an index holds all that is counted
    counts = {state: {"$sum": {"$cond": [{"$eq": ["$state", state]}, 1, 0]}} for state in get_args(QuarantineState)}
    pipeline: Pipeline = [
        {"$match": {"site_id": site_id}},
        {"$group": {"_id": {"stage": "$stage", "reason": "$reason"}, **counts}},
        {"$sort": {"waiting": -1, "_id": 1}},
    ]
    return [
        QuarantineReason(
            stage=group["_id"]["stage"],
            reason=group["_id"]["reason"],
            waiting=group["waiting"],
            replayed=group["replayed"],
            erased=group["erased"],
        )
        for group in quarantine.aggregate(database(), _ReasonCounts, pipeline)
    ]
