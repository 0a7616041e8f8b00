"""What waits in the queues: depths from SQS now, ages as CloudWatch last saw them."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.queues import depth
from footfall.clock import now
from footfall.observability import logger
from footfall.schemas.operations import Queues, QueueStatus
from footfall.settings import QueueStatusSettings, from_environment

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

FRESH_SECONDS = 30.0
"""CloudWatch charges for each metric read and sees a queue once a minute."""
LOOK_BACK = timedelta(minutes=5)
_known: dict[str, tuple[float, float | None]] = {}


@cache
def _cloudwatch() -> "CloudWatchClient":
    return boto3.client("cloudwatch", config=Config(connect_timeout=1, read_timeout=3, retries={"max_attempts": 1}))


def queues_now() -> Queues:
    """Every queue's status, None for one that SQS says nothing of."""
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
    return QueueStatus(**here, oldest_seconds=None, dead_letters=given_up["waiting"] + given_up["in_flight"])


def _busy(status: QueueStatus | None) -> bool:
    return status is not None and status.waiting + status.in_flight > 0


def _oldest_seconds(urls: list[str]) -> dict[str, float | None]:
    """How long the oldest message of each queue has been there, from what was read in the last half minute or now."""
    unknown = [url for url in urls if time.monotonic() - _known.get(url, (-FRESH_SECONDS, None))[0] >= FRESH_SECONDS]
    if unknown:
        _known.update({url: (time.monotonic(), age) for url, age in _read_ages(unknown).items()})
    return {url: _known[url][1] for url in urls}


def _read_ages(urls: list[str]) -> dict[str, float | None]:
    moment = now()
    try:
        results = _cloudwatch().get_metric_data(
            MetricDataQueries=[_age_of(number, url) for number, url in enumerate(urls)],
            StartTime=moment - LOOK_BACK,
            EndTime=moment + timedelta(seconds=1),
            ScanBy="TimestampDescending",
        )["MetricDataResults"]
    except (BotoCoreError, ClientError):
        logger().warning("the queues' ages cannot be read from CloudWatch")
        return dict.fromkeys(urls)
    values = {result["Id"]: result["Values"] for result in results}
    return {url: next(iter(values.get(f"queue{number}", [])), None) for number, url in enumerate(urls)}


def _age_of(number: int, url: str) -> "MetricDataQueryTypeDef":
    return {
        "Id": f"queue{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": url.rsplit("/", 1)[1]}],
            },
            "Period": 60,
            "Stat": "Maximum",
        },
    }
