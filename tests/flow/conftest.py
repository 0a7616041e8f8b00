"""A site of the running stack, for the tests of the whole pipeline."""

import re
import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from cli.up import DEMO_SITE
from infra.local.stack import Stack
from tests.support.sites import make_site


@dataclass
class Shop:
    """A site of the running stack, as its owner reaches it."""

    stack: Stack
    site_id: str
    api_key: str
    write_key: str

    def get(self, path: str, **query: Any) -> Any:
        """Returns what a GET with the API key answers; the status must be 200."""
        answer = httpx.get(f"{self.stack.url}{path}", params=query, headers={"x-api-key": self.api_key}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> httpx.Response:
        """Returns the answer to a POST with the API key."""
        return httpx.post(f"{self.stack.url}{path}", json=body, headers={"x-api-key": self.api_key}, timeout=30)

    def operate(self, path: str) -> httpx.Response:
        """Returns the answer to a POST with the operator's key."""
        headers = {"x-api-key": self.stack.operator_key()}
        return httpx.post(f"{self.stack.url}{path}", headers=headers, timeout=30)

    def collect(self, body: Any, **headers: str) -> httpx.Response:
        """Returns the answer of collect to a body sent with the write key."""
        return httpx.post(
            f"{self.stack.url}/collect", json=body, headers={"x-api-key": self.write_key, **headers}, timeout=30
        )

    def wait_until_stored(self, seconds: float = 60) -> None:
        """Wait until the events queue is empty: all that was sent is stored or quarantined."""
        deadline = time.monotonic() + seconds
        while any(self.get("/etl/status")["queues"]["events"][part] for part in ("waiting", "in_flight")):
            assert time.monotonic() < deadline, "the events queue does not get empty"
            time.sleep(0.05)

    def settle(self) -> None:
        """Wait until everything sent has been stored, then bring the daily figures up to date."""
        assert self.stack.drain()
        self.stack.invoke("JobsRollupFunction", {})


@pytest.fixture
def shop(stack: Stack, request: pytest.FixtureRequest) -> Shop:
    """A fresh site of the stack, named after the test."""
    site_id = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[-40:].lstrip("-")
    made = make_site(stack, **{**DEMO_SITE, "site_id": site_id})
    return Shop(stack, site_id, made["api_key"], made["write_key"])
