"""How long messages wait: the age of each queue's oldest, which CloudWatch alone knows, minutes late at most."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from footfall.clock import now
from footfall.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricDataResultTypeDef

LOOK_BACK = timedelta(minutes=5)


class Age(NamedTuple):
    """How old a queue's oldest message was, at most, in the minute that began then."""

    seconds: float
    minute: datetime

    @property
    def sent_since(self) -> datetime:
        """A moment since when all messages were sent that are in the queue, then or later."""
        return self.minute - timedelta(seconds=self.seconds)


@cache
def cloudwatch() -> "CloudWatchClient":
    """Returns the CloudWatch client of this execution environment."""
    return boto3.client("cloudwatch", config=Config(connect_timeout=1, read_timeout=3, retries={"max_attempts": 1}))


def oldest_ages(queue_urls: Sequence[str]) -> dict[str, Age | None]:
    """Returns the age of each queue's oldest message as last seen; None where none was in the last five minutes."""
    moment = now()
    try:
        results = cloudwatch().get_metric_data(
            MetricDataQueries=[_age_of(number, url) for number, url in enumerate(queue_urls)],
            StartTime=moment - LOOK_BACK,
            EndTime=moment + timedelta(seconds=1),
            ScanBy="TimestampDescending",
        )["MetricDataResults"]
    except (BotoCoreError, ClientError):
        logger().warning("the queues' ages cannot be read from CloudWatch")
        return dict.fromkeys(queue_urls)
    found = {result["Id"]: _newest(result) for result in results}
    return {url: found.get(f"queue{number}") for number, url in enumerate(queue_urls)}


def _newest(result: "MetricDataResultTypeDef") -> Age | None:
    seen = zip(result["Values"], result["Timestamps"], strict=True)
    return next((Age(seconds, minute) for seconds, minute in seen), None)


def _age_of(number: int, queue_url: str) -> "MetricDataQueryTypeDef":
    return {
        "Id": f"queue{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": queue_url.rsplit("/", 1)[1]}],
            },
            "Period": 60,
            "Stat": "Maximum",
        },
    }
