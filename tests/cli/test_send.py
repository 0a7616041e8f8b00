"""`footfall send` against a collector that answers as a test wants."""

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import client
from cli.main import app
from tests.support.serving import serving

Answer = tuple[int, dict[str, str], Any]


class Collector(ThreadingHTTPServer):
    """Takes every event, unless `answers` holds other answers to give first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.bodies: list[list[dict[str, Any]]] = []
        self.answers: list[Answer] = []


class Taker(BaseHTTPRequestHandler):
    """One connection to the collector."""

    server: Collector
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a batch."""
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        batch = json.loads(body)["batch"]
        self.server.bodies.append(batch)
        accepted: Answer = (202, {}, {"accepted": len(batch), "rejected": []})
        status, headers, answer = self.server.answers.pop(0) if self.server.answers else accepted
        if status == 0:
            self.close_connection = True
            return
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Write no log."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector, and no waiting for it."""
    monkeypatch.setattr(client, "wait_before", lambda *_: 0.0)
    server = Collector()
    with serving(server):
        yield server


def send(collector: Collector, *lines: str, file: Path | None = None) -> Result:
    environment = {
        "FOOTFALL_URL": f"http://127.0.0.1:{collector.server_address[1]}",
        "FOOTFALL_WRITE_KEY": "wk_demo_0_0",
    }
    return CliRunner().invoke(app, ["send", str(file or "-")], env=environment, input="\n".join(lines))


def event(number: int, **but: Any) -> str:
    return json.dumps({"eventType": "click", "eventId": f"e{number}", "visitorId": "v", **but})


def test_events_go_in_bodies_that_collect_takes(collector: Collector, tmp_path: Path) -> None:
    many = [event(number) for number in range(1_201)]
    large = [event(number, title="x" * 400_000) for number in range(3)]
    (tmp_path / "events.ndjson").write_text("\n".join([*many, *large]))
    result = send(collector, file=tmp_path / "events.ndjson")
    assert result.exit_code == 0
    assert [len(body) for body in collector.bodies] == [500, 500, 203, 1]
    assert "1,204 events accepted" in result.stdout


def test_lines_that_are_refused_are_named_and_the_exit_code_is_1(collector: Collector) -> None:
    rejected = [{"index": 1, "event_id": None, "code": "invalid_request", "message": "visitorId: give one"}]
    collector.answers = [(202, {}, {"accepted": 1, "rejected": rejected})]
    result = send(collector, event(1), "not json", "", "[]", event(2))
    assert result.exit_code == 1
    assert "1 event accepted" in result.stdout
    for line in ("line 2: not a JSON object", "line 4: not a JSON object", "line 5: visitorId: give one"):
        assert line in result.stderr


def test_a_batch_of_which_nothing_can_be_taken_is_named_line_by_line(collector: Collector) -> None:
    errors = [{"field": f"batch.{number}", "message": f"wrong {number}"} for number in range(2)]
    collector.answers = [(422, {}, {"errors": errors})]
    result = send(collector, event(1), event(2))
    assert result.exit_code == 1
    assert "line 1: wrong 0" in result.stderr
    assert "line 2: wrong 1" in result.stderr


@pytest.mark.parametrize("answer", [(429, {"Retry-After": "3"}, {}), (500, {}, {}), (503, {}, {}), (0, {}, {})])
def test_what_is_not_taken_now_is_sent_again(collector: Collector, answer: Answer) -> None:
    collector.answers = [answer, answer]
    result = send(collector, event(1))
    assert (result.exit_code, len(collector.bodies)) == (0, 3)
    assert collector.bodies[0] == collector.bodies[2]


def test_what_is_never_taken_fails_with_the_reason(collector: Collector) -> None:
    collector.answers = [(503, {}, {"detail": "the queue does not answer"})] * client.ATTEMPTS
    result = send(collector, event(1))
    assert (result.exit_code, len(collector.bodies)) == (1, client.ATTEMPTS)
    assert "collect answers 503 to lines 1 to 1: the queue does not answer" in result.stderr


def test_a_wrong_key_fails_at_once(collector: Collector) -> None:
    collector.answers = [(403, {}, {"detail": "this write key is not valid"})]
    result = send(collector, event(1))
    assert (result.exit_code, len(collector.bodies)) == (1, 1)
    assert "this write key is not valid" in result.stderr


@pytest.mark.parametrize("form", ["lines", "array"])
@pytest.mark.parametrize("packed", [True, False])
def test_lines_and_arrays_packed_or_not_are_sent(collector: Collector, tmp_path: Path, form: str, packed: bool) -> None:
    events = [event(number) for number in range(3)]
    text = "\n".join([*events, ""]) if form == "lines" else f"\ufeff [{', '.join(events)}]\n"
    content = text.encode()
    (tmp_path / "events").write_bytes(gzip.compress(content) if packed else content)
    result = send(collector, file=tmp_path / "events")
    assert (result.exit_code, "3 events accepted" in result.stdout) == (0, True), result.output
    assert [each["eventId"] for each in collector.bodies[0]] == ["e0", "e1", "e2"]


def test_an_array_may_come_through_a_pipe_and_its_events_are_numbered(collector: Collector) -> None:
    result = send(collector, "[", event(1), ", 7,", event(2), "]")
    assert (result.exit_code, "event 2: not a JSON object" in result.stderr) == (1, True)
    assert len(collector.bodies[0]) == 2


def test_gzip_that_ends_early_is_named(collector: Collector, tmp_path: Path) -> None:
    (tmp_path / "events.gz").write_bytes(gzip.compress("\n".join(map(event, range(99))).encode())[:-20])
    result = send(collector, file=tmp_path / "events.gz")
    assert (result.exit_code, "is broken gzip" in result.stderr) == (1, True)


def test_a_file_that_is_not_there_is_named(collector: Collector) -> None:
    result = send(collector, file=Path("/no/such/file"))
    assert result.exit_code == 1
    assert "/no/such/file cannot be read: No such file or directory" in result.stderr


def test_waiting_is_as_long_as_asked_or_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.random, "uniform", lambda *_: 1.0)  # type: ignore[attr-defined]
    assert client.wait_before(1, "7") == 7
    waits = [client.wait_before(attempt, None) for attempt in range(1, 10)]
    assert waits == sorted(waits)
    assert max(waits) == client.LONGEST_WAIT
