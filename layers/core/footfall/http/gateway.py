"""What API Gateway hands to a function (payload format 2.0), checked before anything reads it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import re
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from footfall.errors import BadRequest

ODD = (("host", re.compile(r"[\w.-]+(:\d{1,5})?")), ("x-forwarded-port", re.compile(r"\d{1,5}")))


class Http(TypedDict):
    """What was asked for; the path is unquoted."""

    method: str
    path: str
    sourceIp: str


Authorizer = TypedDict("Authorizer", {"lambda": NotRequired[dict[str, Any] | None]})


class RequestContext(TypedDict):
    """What the gateway says of a request, and the authorizer of its sender."""

    http: Http
    authorizer: NotRequired[Authorizer | None]


@with_config(ConfigDict(strict=True))
class HttpEvent(TypedDict):
    """As much of an event as functions and their adapter read."""

    version: Literal["2.0"]
    headers: dict[str, str]
    requestContext: RequestContext
    rawQueryString: NotRequired[str]
    cookies: NotRequired[list[str] | None]
    body: NotRequired[str | None]
    isBase64Encoded: NotRequired[bool]


EVENT = TypeAdapter(HttpEvent)


def readable(event: Any) -> dict[str, Any]:
    """The event as Mangum can read it: headers in lower case, and without a host or port that it stumbles over.

    Raises BadRequest for one that is not a whole request.
    """
    try:
        EVENT.validate_python(event)
        event["requestContext"]["http"]["path"].encode()
        if event.get("isBase64Encoded"):
            base64.b64decode(event.get("body") or "", validate=True)
    except ValidationError as error:
        raise BadRequest(f"not a whole request: {_what_is_wrong(error)}") from None
    except UnicodeEncodeError:
        raise BadRequest("the path is not Unicode") from None
    except (binascii.Error, ValueError):
        raise BadRequest("the body is not base64") from None
    headers = {name.lower(): value for name, value in event["headers"].items()}
    for name, wanted in ODD:
        if name in headers and not wanted.fullmatch(headers[name]):
            del headers[name]
    return {**event, "headers": headers, "requestContext": _quoted(event["requestContext"])}


def _what_is_wrong(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'event'}: {problem['msg']}"


def _quoted(context: dict[str, Any]) -> dict[str, Any]:
    """The context with a path that Mangum may unquote, which the gateway has done already."""
    path = context["http"]["path"]
    return {**context, "http": {**context["http"], "path": path.replace("%", "%25")}} if "%" in path else context
