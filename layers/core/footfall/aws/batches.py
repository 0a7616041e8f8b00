"""Partial batch failures: several messages at once, of which only those that failed come back."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from footfall.aws.invocations import BatchResponse, LambdaContext, SqsRecord, coming_back
from footfall.errors import Unavailable
from footfall.observability import logger

GUARD_MILLISECONDS = 5_000
"""With less time than this before the time-out, nothing is begun."""
Work = Callable[[Sequence[SqsRecord]], None]


def process(groups: Iterable[Sequence[SqsRecord]], work: Work, context: LambdaContext) -> BatchResponse:
    """Work on messages, group after group; returns those that must come back.

    Should a group fail for a reason of its own, each of its messages goes alone, so that one that cannot be processed
    keeps no other from being so. When a store does not answer (`work` raises Unavailable), or the time-out is near,
    the group at work and the rest come back.
    """
    left = deque(groups)
    failed: list[SqsRecord] = []
    try:
        while left:
            failed += _failing(left[0], work, context)
            left.popleft()
    except Unavailable as error:
        logger().warning("the rest comes back", extra={"detail": error.detail, "messages": sum(map(len, left))})
    return coming_back(record["messageId"] for record in [*failed, *(record for group in left for record in group)])


def _failing(group: Sequence[SqsRecord], work: Work, context: LambdaContext) -> Sequence[SqsRecord]:
    if _succeeds(group, work, context):
        return []
    if len(group) == 1:
        return group
    return [record for record in group if not _succeeds([record], work, context)]


def _succeeds(group: Sequence[SqsRecord], work: Work, context: LambdaContext) -> bool:
    if context.get_remaining_time_in_millis() < GUARD_MILLISECONDS:
        raise Unavailable("no time is left")
    try:
        work(group)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 — whatever it is, SQS brings the message back and in the end sets it aside
        logger().exception("messages not processed", extra={"messages": [record["messageId"] for record in group]})
        return False
    return True
