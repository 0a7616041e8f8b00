"""api/collect: events in. It depends on SQS alone, and answers 202 only for what SQS has."""

import base64
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Request, Response
from fastapi.routing import APIRoute
from footfall.aws.queues import depth
from footfall.clock import now
from footfall.http.app import PROBLEMS, Responses, as_lambda, create_app
from footfall.identity import anonymised_ip
from footfall.settings import EventsQueueSettings, from_environment

from .access import site_of
from .answers import Accepted, Alive, Success
from .body import raw_body, read_object
from .intake import Sender, take
from .query_parameters import event_of
from .segment_io import Kind, take_call

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
LONGEST_USER_AGENT = 4_096
"""What is kept of a user agent: as much as of one that an event names itself."""
CODES: Responses = {
    code: {**PROBLEMS[422], "description": description}
    for code, description in [
        (400, "Not JSON, or broken gzip or base64"),
        (413, "Too large"),
        (415, "Another media type or encoding"),
        (429, "More events than the site may send; `Retry-After` says when to come back"),
    ]
}


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request as it is and makes its response.

    What FastAPI does in between, nothing here, takes a seventh of a batch's time.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns the endpoint itself."""
        return self.endpoint


app = create_app("collect")
"""Its endpoints are coroutines that block: one request at a time needs no thread, and a thread costs 0.5 ms."""
direct = partial(app.router.add_api_route, route_class_override=DirectRoute, status_code=202, response_model=Accepted)


async def collect(request: Request) -> Response:
    """Take one event, or `{"batch": [...]}` of at most 500, as JSON; answered once every accepted one is durable."""
    decoded = read_object(await raw_body(request))
    return _accepted(take(_sender(request, site_of(request, decoded)), decoded))


async def collect_from_query(request: Request) -> Response:
    """Take one event from query parameters; a request for an image (a pixel) is answered with one."""
    accepted = take(_sender(request, site_of(request, {})), event_of(request.query_params))
    if "image/" in request.headers.get("accept", ""):
        return Response(PIXEL, media_type="image/gif", headers={"Cache-Control": "no-store"})
    return _accepted(accepted)


direct("/collect", collect, methods=["POST"], responses=CODES)
direct("/collect", collect_from_query, methods=["GET"])


@app.post("/v1/{kind}", responses=CODES)
async def segment(request: Request, kind: Kind) -> Success:
    """Take the calls of a Segment SDK (`track page screen identify group alias batch`), keyed by Basic auth."""
    decoded = read_object(await raw_body(request))
    take_call(kind, _sender(request, site_of(request, decoded)), decoded)
    return Success()


@app.get("/health")
async def health(response: Response) -> Alive:
    """Whether events can be taken now: 200, or 503 when the queue does not answer."""
    try:
        depth(from_environment(EventsQueueSettings).events_queue_url)
    except (BotoCoreError, ClientError):
        response.status_code = 503
        return Alive(status="unavailable", timestamp=now())
    return Alive(status="ok", timestamp=now())


def _accepted(accepted: Accepted) -> Response:
    # as it is: FastAPI would validate it once more
    return Response(accepted.model_dump_json(exclude_none=True), 202, media_type="application/json")


def _sender(request: Request, site_id: str) -> Sender:
    # the address is the gateway's word, never a header's
    address = request.client.host if request.client else None
    user_agent = request.headers.get("user-agent")
    return Sender(site_id, anonymised_ip(address), user_agent and user_agent[:LONGEST_USER_AGENT])


handler = as_lambda(app)
