"""A web page reads nothing of the AWS stand-in and starts no function."""

import asyncio
from contextlib import closing

import httpx
import pytest

from infra.local.aws import client
from infra.local.http_server import Message, Receive, Scope, Send
from infra.local.own_clients import own_asgi

SECRET = "signing-secret-of-this-test"
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Host": "evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_web_page_gets_no_secret(aws_endpoint: str, headers: dict[str, str]) -> None:
    secrets = client("secretsmanager", aws_endpoint)
    arn = secrets.create_secret(Name=f"own-{FOREIGN.index(headers)}", SecretString=SECRET)["ARN"]
    call = {"X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "text/plain"}
    answer = httpx.post(aws_endpoint, json={"SecretId": arn}, headers=call | headers)
    assert answer.status_code == 403
    assert SECRET not in answer.text
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == SECRET
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("headers", [*FOREIGN, {}])
def test_a_web_page_reaches_no_function(headers: dict[str, str]) -> None:
    reached: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        start: Message = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    async def status() -> int:
        transport = httpx.ASGITransport(own_asgi(inner))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as caller:
            return (
                await caller.post("/x", content=b"{}", headers={"Content-Type": "text/plain"} | headers)
            ).status_code

    with closing(asyncio.new_event_loop()) as loop:  # asyncio.run would take the thread's loop from later tests
        assert loop.run_until_complete(status()) == (403 if headers else 200)
    assert len(reached) == (0 if headers else 1)
