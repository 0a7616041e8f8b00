"""The functions of the example template: each does one thing that a test looks at."""

import json
import os
import sys
import time
import urllib.request
from typing import Any


def authorize(event: dict[str, Any], context: Any) -> Any:
    """An authorizer that lets `open` in."""
    key = event["identitySource"][0]
    if key == "broken":
        return "what?"
    return {"isAuthorized": key == "open", "context": {"site_id": "demo"}}


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers with all that it sees."""
    seen = {
        "event": event,
        "environment": dict(os.environ),
        "process": os.getpid(),
        "modules": sorted(sys.modules),
        "context": {
            "aws_request_id": context.aws_request_id,
            "function_name": context.function_name,
            "invoked_function_arn": context.invoked_function_arn,
            "memory_limit_in_mb": context.memory_limit_in_mb,
            "remaining": context.get_remaining_time_in_millis(),
        },
    }
    if "routeKey" not in event:
        return seen
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}


def faulty(event: dict[str, Any], context: Any) -> Any:
    """Fails, waits, ends or answers wrongly, as asked."""
    what = event.get("what") or event.get("pathParameters", {}).get("what")
    print("asked for", what)
    match what:
        case "fail":
            raise ValueError("as asked")
        case "sleep":
            time.sleep(60)
        case "nap":
            time.sleep(0.5)
        case "exit":
            os._exit(3)
        case "big":
            return "x" * (7 * 1024 * 1024)
        case "object":
            return {1, 2}
    return {"what": what, "process": os.getpid()}


def work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fails the messages that say `fail`, and exits where one says `exit`; remembers all in a bucket."""
    import boto3

    s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    for record in event["Records"]:
        key = f"seen/{record['messageId']}/{record['attributes']['ApproximateReceiveCount']}"
        s3.put_object(Bucket=os.environ["RESULTS_BUCKET"], Key=key, Body=json.dumps(record).encode())
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "fail"]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def prepare(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A custom resource that refuses to be blue."""
    status = "FAILED" if event["ResourceProperties"]["Colour"] == "blue" else "SUCCESS"
    answer = {"Status": status, "Reason": "blue is out", "PhysicalResourceId": "paint"}
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")  # noqa: S310
    with urllib.request.urlopen(request):  # noqa: S310
        return answer
