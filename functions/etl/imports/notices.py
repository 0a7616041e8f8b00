"""What a message of the imports queue says: which imports to carry on with."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from footfall.aws.queues import send
from footfall.observability import logger
from footfall.schemas.imports import MANIFEST
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
    """S3's notice; its test event has no records."""

    records: list[_Record] = Field(default=[], alias="Records")


class _Word(BaseModel):
    """Our own word: to go on, or to read rows of an import again, by their names in quarantine."""

    site_id: str
    import_id: str
    replay: list[str] | None = None


NOTICE: TypeAdapter[_Word | _Upload] = TypeAdapter(_Word | _Upload)


@dataclass(frozen=True)
class ImportRef:
    """Which import of which site."""

    site_id: str
    import_id: str

    @property
    def key(self) -> str:
        """The id of its document."""
        return f"{self.site_id}:{self.import_id}"


@dataclass(frozen=True)
class Replay:
    """Which rows of an import to read again, by their names in quarantine."""

    ref: ImportRef
    names: Sequence[str]


def read_notice(body: str) -> Iterator[ImportRef | Replay]:
    """The imports that a message names: S3's notice of an uploaded manifest, or our own word to go on or to replay.

    Anything else, S3's test event among it, names none; it would not be understood a second time either.
    """
    try:
        notice = NOTICE.validate_json(body.encode(errors="replace"))
    except ValidationError:
        logger().warning("a message that nobody here sends")
        return
    if isinstance(notice, _Word):
        ref = ImportRef(notice.site_id, notice.import_id)
        yield ref if notice.replay is None else Replay(ref, notice.replay)
    else:
        yield from _uploaded(notice.records)


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
    send(queue_url, ref.site_id, [json.dumps({"version": 1, "site_id": ref.site_id, "import_id": ref.import_id})])
