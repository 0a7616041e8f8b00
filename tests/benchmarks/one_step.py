"""A step of jobs/answer, or an answer of a route, in a process of its own, as JSON with the most memory it had."""

import json
import sys
from typing import Any

from tests.benchmarks.asked import most_megabytes
from tests.benchmarks.stored import SITE
from tests.support.asking import request
from tests.support.builders import LambdaContext


def done(event: dict[str, Any]) -> Any:
    """Returns what a step of jobs/answer returns, or what is answered to a `query` of a `path`."""
    from functions.api.funnel.handler import handler as funnel
    from functions.api.jobs.handler import handler as jobs
    from functions.jobs.answer.handler import handler as answer

    if "path" not in event:
        return answer(event, LambdaContext())
    handler = jobs if event["path"].startswith("/api/jobs") else funnel
    return request(handler, "GET", event["path"], event["query"], site_id=SITE.site_id)[1]


if __name__ == "__main__":
    print(json.dumps({"returned": done(json.loads(sys.argv[1])), "megabytes": most_megabytes()}))
