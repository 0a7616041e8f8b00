"""api/collect: events in. It depends on SQS alone, and answers 202 only for what SQS has."""

import base64
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from footfall.aws.queues import depth
from footfall.clock import now
from footfall.http.app import PROBLEMS, Responses, as_lambda, create_app
from footfall.http.known import only_known
from footfall.identity import SendingKey, anonymised_ip
from footfall.schemas.message import API_KEY_SOURCE, COLLECT_SOURCE
from footfall.settings import EventsQueueSettings, from_environment

from .access import key_of
from .answers import Accepted, Alive, Success
from .body import GOOGLES_MEDIA, raw_body, read_object
from .google import take_measurement
from .intake import Sender, take
from .query_parameters import event_of
from .sdk_settings import rudderstack_settings, segment_settings
from .segment_io import METRICS, Kind, take_call

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
LONGEST_USER_AGENT = 4_096
"""What is kept of a user agent: as much as of one that an event names itself."""
LONGEST_HEADER = 256
"""What is kept of any other."""
COUNTRY_HEADERS = ("cloudfront-viewer-country", "cf-ipcountry", "x-vercel-ip-country", "x-appengine-country")
"""By which CloudFront, Cloudflare, Vercel and Google's front end tell the country of the sender's address."""
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


app = create_app("collect", rules=())  # SDKs, pixels and links send what they like
"""Its endpoints are coroutines that block: one request at a time needs no thread, and a thread costs 0.5 ms."""
direct = partial(app.router.add_api_route, route_class_override=DirectRoute, status_code=202, response_model=Accepted)


async def collect(request: Request) -> Response:
    """Take one event, or `{"batch": [...]}` of at most 500, as JSON; returns once every accepted one is durable."""
    decoded = read_object(await raw_body(request))
    return _accepted(take(_sender(request, await key_of(request, decoded)), decoded))


async def collect_from_query(request: Request) -> Response:
    """Take one event from query parameters; returns as for a body, or an image (a pixel) to who asks for one."""
    accepted = take(_sender(request, await key_of(request, {})), event_of(request.query_params))
    if "image/" in request.headers.get("accept", ""):
        return Response(PIXEL, media_type="image/gif", headers={"Cache-Control": "no-store"})
    return _accepted(accepted)


direct("/collect", collect, methods=["POST"], responses=CODES, summary="Send events")
direct("/collect", collect_from_query, methods=["GET"], summary="Send an event by a link or a pixel")


@app.post(
    "/v1/{kind}",
    summary="Send events with an SDK of Segment or RudderStack",
    responses=CODES,
    response_model_exclude_none=True,
)
async def segment(request: Request, kind: Annotated[Kind, Path(description="Which call of the SDK")]) -> Success:
    """Take the calls of Segment's and RudderStack's SDKs, keyed by Basic auth or `writeKey`; returns what is rejected.

    `track page screen identify group alias batch import`, and their first letters; `m`, how the SDK itself does, is
    answered and left. Events that can never be stored are named, and kept in quarantine; when all are such, 422.
    """
    return Success() if kind == METRICS else await _called(request, kind)


@app.post(
    "/beacon/v1/batch",
    summary="Send RudderStack's last batch of a page",
    responses=CODES,
    response_model_exclude_none=True,
)
async def rudderstack_beacon(request: Request) -> Success:
    """Take the batch that RudderStack's browser SDK sends when a page is left; the key comes as `?writeKey=`.

    Returns what is rejected.
    """
    return await _called(request, "batch")


@app.get("/v1/projects/{write_key}/settings", summary="Settings of Segment's browser SDK")
async def segment_sdk(
    request: Request, response: Response, write_key: Annotated[str, Path(description="The site's write key")]
) -> dict[str, object]:
    """Returns what `@segment/analytics-next` asks its `cdnURL` for: where to send, and nothing else to load."""
    return segment_settings(request, write_key, response)


@app.get("/sourceConfig", summary="Settings of RudderStack's browser SDK")
async def rudderstack_sdk(
    response: Response, write_key: Annotated[str, Query(alias="writeKey", description="The site's write key")]
) -> dict[str, object]:
    """Returns what `@rudderstack/analytics-js` asks its `configUrl` for: that there is nothing else to load."""
    return rudderstack_settings(response, write_key)


@app.post("/mp/collect", summary="Send events as to Google Analytics 4", responses=CODES, status_code=204)
async def google(request: Request) -> None:
    """Take the events of Google Analytics 4's Measurement Protocol; the write key comes as `?api_secret=`.

    204 as Google answers; events that can never be stored are kept in quarantine, and when all are such, it is a 422.
    """
    decoded = read_object(await raw_body(request, GOOGLES_MEDIA))
    take_measurement(_sender(request, await key_of(request, decoded)), decoded)


async def _called(request: Request, kind: Kind) -> Success:
    decoded = read_object(await raw_body(request))
    rejected = take_call(kind, _sender(request, await key_of(request, decoded)), decoded)
    return Success(success=not rejected, rejected=rejected or None)


@app.get("/health", summary="Whether events can be taken", dependencies=[Depends(only_known)])
async def health(response: Response) -> Alive:
    """Returns whether events can be taken now: 200, or 503 when the queue does not answer."""
    try:
        depth(from_environment(EventsQueueSettings).events_queue_url)
    except (BotoCoreError, ClientError):
        response.status_code = 503
        return Alive(status="unavailable", timestamp=now())
    return Alive(status="ok", timestamp=now())


def _accepted(accepted: Accepted) -> Response:
    # as it is: FastAPI would validate it once more
    return Response(accepted.model_dump_json(exclude_none=True), 202, media_type="application/json")


def _sender(request: Request, key: SendingKey) -> Sender:
    # the address is the gateway's word, never a header's
    address = request.client.host if request.client else None
    told = request.headers.get
    return Sender(
        site_id=key.site_id,
        source=API_KEY_SOURCE if key.is_secret else COLLECT_SOURCE,
        ip=anonymised_ip(address),
        user_agent=_cut(told("user-agent"), LONGEST_USER_AGENT),
        country=_cut(next((found for name in COUNTRY_HEADERS if (found := told(name))), None), LONGEST_HEADER),
        accept_language=_cut(told("accept-language"), LONGEST_HEADER),
        received_at=now(),
    )


def _cut(header: str | None, longest: int) -> str | None:
    return header and header[:longest]


handler = as_lambda(app)
