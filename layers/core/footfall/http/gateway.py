"""What API Gateway hands to a function (payload format 2.0), checked before anything reads it, and what it is answered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import re
from typing import Literal, NotRequired

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from footfall.errors import BadRequest

# Mangum splits a host at its colons and reads a port as a number, without looking at them first
FRAGILE_HEADERS = (("host", re.compile(r"[\w.-]+(:\d{1,5})?")), ("x-forwarded-port", re.compile(r"\d{1,5}")))


class Http(TypedDict):
    """What was asked for; the path is unquoted."""

    method: str
    path: str
    sourceIp: str


Authorizer = TypedDict("Authorizer", {"lambda": NotRequired[dict[str, object] | None]})


class RequestContext(TypedDict):
    """What the gateway says of a request, and the authorizer of its sender."""

    http: Http
    authorizer: NotRequired[Authorizer | None]


@with_config(ConfigDict(strict=True, extra="allow"))
class HttpEvent(TypedDict):
    """As much of an event as functions and their adapter read; whatever else it holds is kept."""

    version: Literal["2.0"]
    headers: dict[str, str]
    requestContext: RequestContext
    rawQueryString: NotRequired[str]
    cookies: NotRequired[list[str] | None]
    body: NotRequired[str | None]
    isBase64Encoded: NotRequired[bool]


class HttpResponse(TypedDict):
    """What the gateway sends to the caller."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool
    cookies: NotRequired[list[str]]


EVENT = TypeAdapter(HttpEvent)


def readable(event: object) -> HttpEvent:
    """Returns an event as Mangum can read it: headers in lower case, without a host or port that it stumbles over.

    Raises BadRequest for one that is not a whole request.
    """
    try:
        read = EVENT.validate_python(event)
        read["requestContext"]["http"]["path"].encode()
        if read.get("isBase64Encoded"):
            base64.b64decode(read.get("body") or "", validate=True)
    except ValidationError as error:
        raise BadRequest(f"not a whole request: {_what_is_wrong(error)}") from None
    except UnicodeEncodeError:
        raise BadRequest("the path is not Unicode") from None
    except (binascii.Error, ValueError):
        raise BadRequest("the body is not base64") from None
    headers = {name.lower(): value for name, value in read["headers"].items()}
    for name, wanted in FRAGILE_HEADERS:
        if name in headers and not wanted.fullmatch(headers[name]):
            del headers[name]
    return {**read, "headers": headers, "requestContext": _quoted(read["requestContext"])}


def _what_is_wrong(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'event'}: {problem['msg']}"


def _quoted(context: RequestContext) -> RequestContext:
    # Mangum unquotes the path, which the gateway has done already
    path = context["http"]["path"]
    return {**context, "http": {**context["http"], "path": path.replace("%", "%25")}} if "%" in path else context
