"""What could not be stored, why, and its original bytes."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

Stage = Literal["events", "imports", "catalog"]


class Origin(TypedDict, total=False):
    """Where an input came from: the message's source, or an import's file and line; how it came, to read it again."""

    source: str
    message_id: str
    received_at: datetime
    ip: str | None
    user_agent: str | None
    country: str | None
    accept_language: str | None
    import_id: str
    file: str
    line: int


class QuarantineKey(TypedDict):
    """Which input it is, where it came from and why it was quarantined."""

    _id: str
    stage: Stage
    reason: str
    origin: Origin


class OriginalInput(QuarantineKey):
    """A quarantined input as it came."""

    original: bytes


class QuarantineDocument(OriginalInput):
    """One quarantined input; `reason` is a code, `detail` names fields and lines but never holds values.

    `origin` says where it came from: the message's source and, for an import, its file and line. `message_key` is of
    the message that brought it first; what an import quarantined never was in one. `event_id` is its event's, where it
    told one. `attempts` counts the replays that failed, and `tried_at` and `tried_by` tell of the last of them; once
    one has succeeded, the `state` is `replayed`, and `replayed_at` tells when. An `erased` one spoke of somebody who
    was erased: it is counted, and nothing of it is kept. `size` is that of the original in bytes.
    """

    site_id: str
    detail: str
    first_seen: datetime
    state: Literal["waiting", "replayed", "erased"]
    message_key: bytes | None
    event_id: str | None
    attempts: int
    tried_at: NotRequired[datetime]
    tried_by: NotRequired[str]
    replayed_at: NotRequired[datetime]
    size: int
    expires_at: datetime
