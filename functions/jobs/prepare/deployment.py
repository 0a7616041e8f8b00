"""CloudFormation's custom-resource protocol: do the work, then answer at the address given, whatever happened.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
import urllib.request
from collections.abc import Callable
from typing import NotRequired, TypedDict, TypeGuard

from footfall.aws.invocations import JsonObject
from footfall.observability import logger

ANSWER_SECONDS = 10


class Deployment(TypedDict):
    """What CloudFormation says of a custom resource, as far as this looks."""

    RequestType: str
    ResponseURL: str
    StackId: str
    RequestId: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]


def is_deployment(event: JsonObject) -> TypeGuard[Deployment]:
    """Returns whether CloudFormation is asking."""
    return "ResponseURL" in event


def answer_deployment(event: Deployment, work: Callable[[], None]) -> dict[str, str]:
    """Do the work unless the stack is being deleted, and tell CloudFormation how it went; returns what it was told."""
    reason = None if event["RequestType"] == "Delete" else _failure(work)
    answer = {
        "Status": "FAILED" if reason else "SUCCESS",
        "Reason": reason or "",
        "PhysicalResourceId": event.get("PhysicalResourceId", "footfall-stores"),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    body = json.dumps(answer).encode()
    no_type = {"Content-Type": ""}  # the address is signed for a body without one; urllib would make one up
    request = urllib.request.Request(event["ResponseURL"], body, no_type, method="PUT")  # noqa: S310
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):  # noqa: S310 — the address is CloudFormation's
        return answer


def _failure(work: Callable[[], None]) -> str | None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 — CloudFormation waits an hour for an answer that does not come
        logger().exception("the stores could not be prepared")
        return f"the stores could not be prepared ({type(error).__name__}); the function's log says why"
    return None
