"""How long each queue's oldest message has been there, as CloudWatch reports it for SQS; moto's knows S3 alone.

moto asks every subclass of CloudWatchMetricProvider, so importing this module is enough.
"""

from datetime import timedelta

from moto.cloudwatch.models import MetricDatum
from moto.core.common_models import CloudWatchMetricProvider
from moto.core.utils import utcnow
from moto.sqs.models import sqs_backends

from infra.local.durable_queue import DurableQueue


class QueueAges(CloudWatchMetricProvider):
    """ApproximateAgeOfOldestMessage of every queue that holds a message."""

    @staticmethod
    def get_cloudwatch_metrics(account_id: str, region: str) -> list[MetricDatum]:
        """Returns one figure per queue, of a second ago."""
        queues = sqs_backends[account_id][region].queues
        ages = {name: queue.oldest_seconds for name, queue in queues.items() if isinstance(queue, DurableQueue)}
        return [_datum(name, seconds) for name, seconds in ages.items() if seconds is not None]


def _datum(queue_name: str, seconds: float) -> MetricDatum:
    return MetricDatum(
        namespace="AWS/SQS",
        name="ApproximateAgeOfOldestMessage",
        value=seconds,
        dimensions=[{"Name": "QueueName", "Value": queue_name}],
        timestamp=utcnow() - timedelta(seconds=1),
        unit="Seconds",
    )
