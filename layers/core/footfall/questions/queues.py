"""The question what waits in the queues: depths from SQS now, ages as CloudWatch last saw them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from cachetools import TTLCache
from pydantic import BaseModel, Field

from footfall.aws.queue_ages import Age, oldest_ages
from footfall.aws.queues import depth
from footfall.settings import QueueStatusSettings, from_environment

QueueName = Literal["imports", "catalog", "events", "interests", "realtime", "vectors"]
# CloudWatch charges for each metric read and sees a queue once a minute
FRESH_SECONDS = 30.0
_known: TTLCache[str, Age | None] = TTLCache(maxsize=100, ttl=FRESH_SECONDS)


class QueueStatus(BaseModel):
    """What waits in a queue, in messages; one message holds up to 500 events."""

    waiting: int = Field(description="messages that nobody has taken yet", examples=[12])
    in_flight: int = Field(description="messages being worked on", examples=[2])
    oldest_seconds: float | None = Field(
        description="age of the oldest message as CloudWatch last saw it, at most some minutes ago; null when unseen"
    )
    dead_letters: int = Field(description="messages that were given up after five attempts", examples=[0])


class Queues(BaseModel):
    """Every queue of the pipeline, in the order that data meets them; null when SQS does not answer."""

    imports: QueueStatus | None
    catalog: QueueStatus | None
    events: QueueStatus | None
    interests: QueueStatus | None
    realtime: QueueStatus | None
    vectors: QueueStatus | None


def answer() -> Queues:
    """Returns the status of every queue, of all sites together; None for one that SQS says nothing of."""
    settings = from_environment(QueueStatusSettings).model_dump()
    names = list(Queues.model_fields)
    urls = [(settings[f"{name}_queue_url"], settings[f"{name}_dead_letter_queue_url"]) for name in names]
    with ThreadPoolExecutor(len(urls)) as pool:
        statuses = list(pool.map(_status, *zip(*urls, strict=True)))
    ages = _oldest_seconds([url for (url, _), status in zip(urls, statuses, strict=True) if _busy(status)])
    for (url, _), status in zip(urls, statuses, strict=True):
        if status:
            status.oldest_seconds = ages.get(url)
    return Queues(**dict(zip(names, statuses, strict=True)))


def _status(url: str, dead_letter_url: str) -> QueueStatus | None:
    try:
        here, given_up = depth(url), depth(dead_letter_url)
    except (BotoCoreError, ClientError):
        return None
    return QueueStatus(
        waiting=here["waiting"],
        in_flight=here["in_flight"],
        oldest_seconds=None,
        dead_letters=given_up["waiting"] + given_up["in_flight"],
    )


def _busy(status: QueueStatus | None) -> bool:
    return status is not None and status.waiting + status.in_flight > 0


def _oldest_seconds(urls: Sequence[str]) -> dict[str, float | None]:
    unknown = [url for url in urls if url not in _known]
    read = oldest_ages(unknown) if unknown else {}
    _known.update(read)
    ages = {url: read[url] if url in read else _known.get(url) for url in urls}
    return {url: age.seconds if age else None for url, age in ages.items()}
