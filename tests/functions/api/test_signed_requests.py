"""Requests that a server signs: taken once, within five minutes, as they were signed; a site may ask for it."""

import gzip
import hmac
import json
import time
from base64 import b64decode, b64encode
from typing import Any

import pytest
from footfall.identity import new_api_key, request_secret_of

from tests.support.builders import an_event
from tests.support.collecting import KEY, SECRET, call, queue, queued, send, tell

__all__ = ["queue"]
SERVER = new_api_key("demo", SECRET)
NAME = f"ak_demo_{SERVER.key_id}"
BODY = json.dumps(an_event()).encode()


def signed(body: bytes = BODY, asked: str = "POST /collect", secret: str = SECRET, **but: str) -> dict[str, str]:
    """Returns the headers of a request that is signed over `asked`, a line's end and the body."""
    told = {"webhook_id": "msg-1", "webhook_timestamp": str(int(time.time())), **but}
    key = b64decode(request_secret_of("demo", SERVER.key_id, secret).removeprefix("whsec_"))
    content = f"{told['webhook_id']}.{told['webhook_timestamp']}.{asked}\n".encode() + body
    signature = f"v1,{b64encode(hmac.digest(key, content, 'sha256')).decode()}"
    return {"x_api_key": NAME, "webhook_signature": signature, **told}


def status(headers: dict[str, Any], body: bytes = BODY, **request: Any) -> int:
    """Returns the status of collect's answer."""
    return call(body=body, **request, **headers)["statusCode"]


def test_a_signed_request_is_taken_once_and_counts_as_a_servers_word(queue: str) -> None:
    headers = signed(webhook_id=f"msg-{time.time()}")
    assert status(headers) == 202
    assert [message["source"] for message in queued(queue)] == ["collect:secret"]
    assert status(headers) == 403, "it came before"
    others = f"v1,{'A' * 43}= {headers['webhook_signature']}"
    assert status({**headers, "webhook_signature": others}) == 403, "and so it did in a list of signatures"
    assert status(signed(webhook_id="sent again")) == 202


def test_what_is_signed_is_method_path_query_and_body_as_they_are_sent(queue: str) -> None:
    packed = gzip.compress(BODY)
    assert status(signed(packed), packed, content_encoding="gzip") == 202
    assert status(signed(asked="POST /collect?a=b", webhook_id="a"), query="a=b") == 202
    assert status(signed(asked="POST /v1/batch", webhook_id="b")) == 403
    assert status(signed(asked="GET /collect", webhook_id="c")) == 403
    assert status(signed(webhook_id="d"), query="a=b") == 403
    assert status(signed(webhook_id="e"), BODY + b" ") == 403


@pytest.mark.parametrize(("seconds", "expected"), [(-290, 202), (290, 202), (-310, 403), (310, 403)])
def test_a_request_is_five_minutes_old_at_most(queue: str, seconds: int, expected: int) -> None:
    moment = str(int(time.time()) + seconds)
    assert status(signed(webhook_timestamp=moment, webhook_id=f"at {moment}")) == expected


@pytest.mark.parametrize(
    "but",
    [
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v2,AAAA"},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "1e9"},
        {"webhook_timestamp": "٣" * 10},
        {"webhook_timestamp": "9" * 400},
        {"webhook_id": ""},
        {"webhook_id": "x" * 201},
        {"webhook_id": "another"},
        {"x_api_key": f"ak_other_{SERVER.key_id}"},
        {"x_api_key": f"ak_demo_{SERVER.key_id[:4]}{'0' * 12}"},
    ],
)
def test_what_was_not_signed_so_is_refused(queue: str, but: dict[str, str]) -> None:
    assert status({**signed(webhook_id="odd"), **but}) == 403
    assert status(signed(secret="another", webhook_id="odd")) == 403


def test_the_name_of_a_key_opens_nothing_without_a_signature(queue: str) -> None:
    assert status({"x_api_key": NAME}) == 403


def test_a_site_may_ask_its_servers_to_sign_and_its_pages_go_on(queue: str) -> None:
    tell(signed_requests=True)
    assert send(an_event(), x_api_key=SERVER.text)[0] == 403
    assert status(signed(webhook_id="asked for")) == 202
    assert send(an_event(), x_api_key=KEY)[0] == 202


def test_a_revoked_key_signs_nothing(queue: str) -> None:
    tell(revoked=[SERVER.key_id])
    assert status(signed(webhook_id="revoked")) == 403
