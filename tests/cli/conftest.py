"""A Footfall that answers as a test wants."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import client
from cli.main import app
from tests.support.serving import serving

MADE = {
    "site_id": "roma",
    "name": "Roma [shop]",
    "currency": "EUR",
    "time_zone": "Europe/Rome",
    "origins": [],
    "own_domains": [],
    "hash_routes": False,
    "dimensions": [{"name": "theme", "property": "theme"}],
    "page_rules": [{"prefix": "/p/", "page_type": "product"}],
    "funnels": [{"name": "buying", "steps": ["product", "Order Completed"]}],
    "retention_days": None,
    "hot_days": 400,
    "created_at": None,
}
KEYS = {"api_key": "ak_roma_1_2", "write_key": "wk_roma_1_2"}


class Footfall(ThreadingHTTPServer):
    """Remembers what it was asked, and gives `answers` by path; of a list the first, and the last again and again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.answers: dict[str, tuple[int, Any] | list[tuple[int, Any]]] = {}


class Answering(BaseHTTPRequestHandler):
    server: Footfall

    def answer(self) -> None:
        """Answer whatever is asked."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        gzipped = headers.get("content-encoding") == "gzip"
        self.server.asked.append((self.command, self.path, headers, None if gzipped else json.loads(body or b"null")))
        found = self.server.answers.get(self.path, (200, {}))
        status, answer = found if isinstance(found, tuple) else found.pop(0) if len(found) > 1 else found[0]
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 — the names are the base class' own

    def log_message(self, *_: Any) -> None:
        """Write no log."""


@pytest.fixture
def footfall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Footfall]:
    """A Footfall, and no waiting for it."""
    monkeypatch.setattr(client, "wait_before", lambda *_: 0.0)
    server = Footfall()
    server.answers["/api/sites"] = (201, {**MADE, **KEYS})
    server.answers["/api/sites/roma"] = (200, MADE)
    with serving(server):
        yield server


def run(footfall: Footfall, *arguments: str, given: str | None = None, **keys: str) -> Result:
    environment = {"FOOTFALL_URL": f"http://127.0.0.1:{footfall.server_address[1]}", "COLUMNS": "200"}
    names = ("FOOTFALL_KEY", "FOOTFALL_WRITE_KEY", "FOOTFALL_OPERATOR_KEY")
    given_keys = {name: keys.get(name.removeprefix("FOOTFALL_").lower(), "") for name in names}
    return CliRunner().invoke(app, list(arguments), env=environment | given_keys, input=given)
