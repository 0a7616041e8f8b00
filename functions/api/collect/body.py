"""Reading a body: unpacked within its limits, decoded as strict JSON."""

import json
import zlib

from fastapi import Request
from footfall.codec import decode
from footfall.errors import BadRequest, TooLarge, UnsupportedMedia
from footfall.schemas.event import Json

MAX_WIRE_BYTES = 1_000_000
MAX_UNPACKED_BYTES = 5_000_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MEDIA = frozenset({"application/json", "text/plain", ""})
GOOGLES_MEDIA = MEDIA | {"application/x-www-form-urlencoded"}
"""Google looks at no type, and curl's usual one is that of a form."""
GZIP_WINDOW = 31  # zlib's largest window, and 16 for a gzip header


async def raw_body(request: Request, media: frozenset[str] = MEDIA) -> bytes:
    """Returns the body as JSON text in bytes; raises UnsupportedMedia, BadRequest or TooLarge."""
    told = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if told not in media:
        raise UnsupportedMedia("send application/json, or text/plain that holds JSON")
    body = await request.body()
    if len(body) > MAX_WIRE_BYTES:
        raise TooLarge(f"a body holds at most {MAX_WIRE_BYTES} bytes")
    return unpack(body, request.headers.get("content-encoding", "identity").strip().lower())


def unpack(body: bytes, encoding: str) -> bytes:
    """Returns a body without its content encoding; stops at the limit, whatever a small body would unpack to.

    Raises UnsupportedMedia, BadRequest or TooLarge.
    """
    if encoding in ("identity", ""):
        return body
    if encoding != "gzip":
        raise UnsupportedMedia("send the body as it is or with gzip")
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    try:
        unpacked = unpacker.decompress(body, MAX_UNPACKED_BYTES + 1)
    except zlib.error:
        raise BadRequest("the body is not gzip") from None
    if len(unpacked) > MAX_UNPACKED_BYTES:
        raise TooLarge(f"a body unpacks to at most {MAX_UNPACKED_BYTES} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise BadRequest("the body is not one whole gzip stream")
    return unpacked


def read_object(body: bytes) -> Json:
    """Returns the JSON object in a body; raises BadRequest when it is none."""
    try:
        value = decode(body.removeprefix(BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON in UTF-8 that can be read") from None
    if not isinstance(value, dict):
        raise BadRequest('the body is a JSON object: one event, or {"batch": [...]}')
    return value
