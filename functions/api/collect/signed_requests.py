"""Requests that a server signs, so that its key's secret stays at home: the form of Standard Webhooks.

`webhook-signature` has `v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.` and what is sent, which is here
`METHOD PATH`, a line's end and the body as it goes over the wire. https://www.standardwebhooks.com
"""

import hmac
import re
import time
from base64 import b64decode, b64encode
from hashlib import sha256

from fastapi import Request
from footfall.aws.objects import put_new, quick_s3
from footfall.errors import Forbidden
from footfall.identity import SITE_ID, SendingKey, request_secret_of, signs
from footfall.settings import SendingSettings, from_environment

NAME = re.compile(rf"ak_({SITE_ID.pattern})_([0-9a-f]{{16}})")
"""How such a request names its key: as it begins, without the secret."""
TOLERANCE_SECONDS = 300
LONGEST_ID, MOST_SIGNATURES = 200, 10
NOT_SIGNED = "the request's signature is not right, or more than five minutes old or ahead"


async def key_that_signed(request: Request, name: re.Match[str], signing_secrets: tuple[str, ...]) -> SendingKey:
    """Returns the key whose secret signed a request; raises Forbidden for none, and for a request that came before."""
    site_id, key_id = name.groups()
    content = _signed_part(request) + await request.body()
    given = request.headers.get("webhook-signature", "").split(" ", MOST_SIGNATURES)[:MOST_SIGNATURES]
    for secret in signing_secrets:
        right = _signature(request_secret_of(site_id, key_id, secret), content)
        if signs(secret, key_id) and any(hmac.compare_digest(right.encode(), each.encode()) for each in given):
            _refuse_if_known(site_id, right)
            return SendingKey(site_id, key_id, is_secret=True)
    raise Forbidden(NOT_SIGNED)


def _signed_part(request: Request) -> bytes:
    message, timestamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    is_time = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not is_time or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS or not 0 < len(message) <= LONGEST_ID:
        raise Forbidden(NOT_SIGNED)
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{message}.{timestamp}.{request.method} {request.url.path}{query}\n".encode()


def _signature(request_secret: str, content: bytes) -> str:
    key = b64decode(request_secret.removeprefix("whsec_"))
    return f"v1,{b64encode(hmac.digest(key, content, 'sha256')).decode()}"


def _refuse_if_known(site_id: str, signature: str) -> None:
    place = f"signed/{site_id}/{sha256(signature.encode()).hexdigest()}"
    if not put_new(from_environment(SendingSettings).sending_bucket, place, quick_s3):
        raise Forbidden("this request came before: sign what is sent again anew")
