"""What browser SDKs ask for before they send: where to, and which other tools to load, of which there are none."""

from fastapi import Request, Response
from footfall.schemas.event import Json

HOUR = "max-age=3600"


def segment_settings(request: Request, write_key: str, response: Response) -> Json:
    """Returns what @segment/analytics-next reads from its `cdnURL`: events go to the host that was asked."""
    response.headers["Cache-Control"] = HOUR
    host = {"apiHost": f"{request.url.netloc}/v1", "protocol": request.url.scheme}
    return {
        "integrations": {"Segment.io": {"apiKey": write_key, **host}},
        "metrics": {"sampleRate": 0},
        "plan": {"track": {"__default": {"enabled": True}}, "identify": {"__default": {"enabled": True}}},
    }


def rudderstack_settings(response: Response, write_key: str) -> Json:
    """Returns what @rudderstack/analytics-js reads from its `configUrl`."""
    response.headers["Cache-Control"] = HOUR
    nothing = {"enabled": False}
    return {
        "source": {
            "id": "footfall",
            "name": "Footfall",
            "writeKey": write_key,
            "workspaceId": "footfall",
            "enabled": True,
            "config": {"statsCollection": {"errors": nothing, "metrics": nothing}},
            "destinations": [],
        }
    }
