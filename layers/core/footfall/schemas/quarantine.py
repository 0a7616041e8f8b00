"""What could not be stored, why, and its original bytes."""

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

Stage = Literal["events", "imports"]


class QuarantineDocument(TypedDict):
    """One quarantined input; `reason` is a code, `detail` names fields and lines but never holds values.

    `origin` says where it came from: the message's source and, for an import, its file and line. `message_key` is of
    the message that brought it first; what an import sets aside never was in one. `event_id` is its event's, where it
    told one. `attempts` counts the replays that failed, and `tried_at` and `tried_by` tell of the last of them; once
    one has succeeded, the `state` is `replayed`, and `replayed_at` tells when.
    """

    _id: str
    site_id: str
    stage: Stage
    reason: str
    detail: str
    original: bytes
    origin: dict[str, Any]
    first_seen: datetime
    state: Literal["waiting", "replayed"]
    message_key: bytes | None
    event_id: str | None
    attempts: int
    tried_at: NotRequired[datetime]
    tried_by: NotRequired[str]
    replayed_at: NotRequired[datetime]
