"""What a message of the imports queue says: which imports to carry on with."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from footfall.aws.queues import send
from footfall.observability import logger
from footfall.schemas.imports import MANIFEST
from footfall.schemas.message import ContinueMessage
from footfall.settings import ImportsQueueSettings, from_environment
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

KEY = re.compile(rf"uploads/([a-z0-9][a-z0-9-]{{0,39}})/([0-9a-f]{{16}})/{re.escape(MANIFEST)}")


class _Object(BaseModel):
    key: str


class _S3(BaseModel):
    object: _Object


class _Record(BaseModel):
    s3: _S3


class _Upload(BaseModel):
    # S3's test event has no records
    records: list[_Record] = Field(default=[], alias="Records")


MESSAGE: TypeAdapter[ContinueMessage | _Upload] = TypeAdapter(ContinueMessage | _Upload)


@dataclass(frozen=True)
class ImportRef:
    """Which import of which site."""

    site_id: str
    import_id: str

    @property
    def key(self) -> str:
        """Returns the id of its document."""
        return f"{self.site_id}:{self.import_id}"


@dataclass(frozen=True)
class Replay:
    """Which rows of an import to read again, by their names in quarantine."""

    ref: ImportRef
    names: Sequence[str]


def read_message(body: str) -> Iterator[ImportRef | Replay]:
    """Returns the imports that a message names: S3's, of an uploaded manifest, or our own to go on or to replay.

    Anything else, S3's test event among it, names none; it would not be understood a second time either.
    """
    try:
        message = MESSAGE.validate_json(body.encode(errors="replace"))
    except ValidationError:
        logger().warning("a message that nobody here sends")
        return
    if isinstance(message, ContinueMessage):
        ref = ImportRef(message.site_id, message.import_id)
        yield ref if message.replay is None else Replay(ref, message.replay)
    else:
        yield from _uploaded(message.records)


def _uploaded(records: list[_Record]) -> Iterator[ImportRef]:
    for record in records:
        key = unquote_plus(record.s3.object.key)
        if found := KEY.fullmatch(key):
            yield ImportRef(*found.groups())
        else:
            logger().warning("an object that is no import's manifest")


def go_on_later(ref: ImportRef) -> None:
    """Leave the rest of an import to the next invocation; raises Unavailable."""
    queue_url = from_environment(ImportsQueueSettings).imports_queue_url
    message = ContinueMessage(site_id=ref.site_id, import_id=ref.import_id)
    send(queue_url, ref.site_id, [message.model_dump_json(exclude_none=True)])
