"""The simulated shop: one seed gives one traffic, and the traffic is plausible."""

import gzip
import json
import tracemalloc
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from footfall.events.devices import agent_of
from footfall.events.normalise import normalise
from footfall.schemas.message import EventsMessage
from footfall.schemas.site import Site
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.client import Client, CliError
from cli.simulate import plan_of, simulate
from cli.traffic import shop as shop_traffic
from cli.traffic.bots import SHARE
from cli.traffic.catalogue import catalogue
from cli.traffic.rhythm import HOURS
from cli.traffic.sender import send_batches
from cli.traffic.shop import SERVER_AGENT, Batch, Plan, traffic
from cli.traffic.visit import Event
from tests.support.serving import serving

COMES_AFTER = {"payment": "cart", "confirmation": "payment"}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
seeds = st.integers(min_value=0, max_value=10_000)


def plan(seed: int = 7, visitors_per_day: int = 60, days: int = 6) -> Plan:
    return plan_of(days, visitors_per_day, seed, date(2026, 11, 20))


@pytest.fixture(scope="module")
def month() -> list[Batch]:
    return list(traffic(plan(visitors_per_day=150, days=30)))


def visits(batches: list[Batch]) -> list[list[Event]]:
    """The events of people's visits: without crawlers and the shop's own server."""
    return [
        batch.events for batch in batches if not agent_of(batch.user_agent).bot and batch.user_agent != SERVER_AGENT
    ]


@settings(max_examples=10)
@given(seeds)
def test_the_same_seed_gives_the_same_bytes(seed: int) -> None:
    first, second = (
        json.dumps([batch.events for batch in traffic(plan(seed, visitors_per_day=20, days=3))]) for _ in range(2)
    )
    assert first == second


def test_another_seed_gives_another_traffic() -> None:
    ids = [{event["eventId"] for batch in traffic(plan(seed)) for event in batch.events} for seed in (1, 2)]
    assert not ids[0] & ids[1]


def test_more_days_begin_with_the_same_traffic() -> None:
    short = list(traffic(Plan(7, date(2026, 11, 1), date(2026, 11, 2), 30)))
    long = list(traffic(Plan(7, date(2026, 11, 1), date(2026, 11, 5), 30)))
    assert long[: len(short)] == short


def test_a_traffic_is_made_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_traffic, "REMEMBERED", 50)
    month, newest = plan(visitors_per_day=30, days=30), deque[Batch](maxlen=1)
    assert peak_of(month, newest.extend) < peak_of(month, list) / 10


def peak_of(planned: Plan, read: Callable[[Iterator[Batch]], object]) -> int:
    """The most bytes that were held at once while a traffic was read."""
    tracemalloc.start()
    read(traffic(planned))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@settings(max_examples=15)
@given(seeds)
def test_every_traffic_is_plausible(seed: int) -> None:
    batches = list(traffic(plan(seed)))
    events = [event for batch in batches for event in batch.events]
    assert len({event["eventId"] for event in events}) == len(events)
    for visit in visits(batches):
        assert_time_moves_on(visit)
        assert_pages_come_in_order(visit)
        assert_one_visitor_and_session(visit)
    assert_orders_are_plausible(events, seed)
    assert_nobody_is_in_two_visits_at_once(visits(batches))


def assert_time_moves_on(visit: list[Event]) -> None:
    times = [event["timestamp"] for event in visit]
    assert times == sorted(set(times))


def assert_pages_come_in_order(visit: list[Event]) -> None:
    seen: set[str] = set()
    for event in visit:
        if event["eventType"] == "pageview":
            needed = COMES_AFTER.get(event["pageType"])
            assert needed is None or needed in seen
            seen.add(event["pageType"])


def assert_one_visitor_and_session(visit: list[Event]) -> None:
    assert len({(event["visitorId"], event["sessionId"], event["device"]) for event in visit}) == 1


def assert_orders_are_plausible(events: list[Event], seed: int) -> None:
    for_sale = {product.product_id: product.price for product in catalogue(seed).products}
    placed: dict[str, Any] = {}
    for event in sorted(events, key=lambda event: event["timestamp"]):
        order = event.get("properties", {})
        if event["eventType"] == "order_completed":
            assert order["order_id"] not in placed
            pence = sum(for_sale[line["product_id"]] * line["quantity"] for line in order["products"])
            assert pence == round(order["total"] * 100) > 0
            placed[order["order_id"]] = order["total"]
        if event["eventType"] == "order_refunded":
            assert 0 < order["total"] <= placed[order["order_id"]]


def assert_nobody_is_in_two_visits_at_once(visits: list[list[Event]]) -> None:
    ended: dict[str, str] = {}
    for visit in visits:
        assert ended.get(visit[0]["visitorId"], "") < visit[0]["timestamp"]
        ended[visit[0]["visitorId"]] = visit[-1]["timestamp"]


def test_every_event_can_be_stored(month: list[Batch]) -> None:
    site = Site(site_id="demo", name="Demo", currency="GBP")
    for batch in month[::5]:
        message = EventsMessage(
            site_id="demo", source="collect", received_at=NOW, user_agent=batch.user_agent, events=batch.events
        )
        for event in batch.events:
            stored = normalise(event, message, site, NOW)
            assert "flags" not in stored
            assert stored.get("page_type") == event.get("pageType")
            assert stored["bot"] == agent_of(batch.user_agent).bot
            assert stored["type"] != "custom" or event["eventType"] in {"javascript_error", "payment_failed"}


def test_small_screens_buy_less(month: list[Batch]) -> None:
    converted: dict[str, list[bool]] = defaultdict(list)
    for visit in visits(month):
        converted[visit[0]["device"]].append(any(event["eventType"] == "order_completed" for event in visit))
    rates = {device: sum(found) / len(found) for device, found in converted.items()}
    assert 0.005 < rates["Mobile"] < 0.02 < rates["Desktop"] < 0.06


def test_devices_and_visits_are_near_their_targets(month: list[Batch]) -> None:
    people = visits(month)
    devices = Counter(visit[0]["device"] for visit in people)
    assert devices["Mobile"] / len(people) == pytest.approx(0.52, abs=0.04)
    assert devices["Desktop"] / len(people) == pytest.approx(0.41, abs=0.04)
    assert len(people) / 30 == pytest.approx(150, rel=0.1)
    bots = sum(agent_of(batch.user_agent).bot for batch in month)
    assert bots / len(month) == pytest.approx(SHARE, abs=SHARE / 2)


def test_days_have_nights(month: list[Batch]) -> None:
    hours = Counter(int(visit[0]["timestamp"][11:13]) for visit in visits(month))
    assert sum(hours[hour] for hour in (2, 3, 4)) < 0.1 * sum(hours[hour] for hour in (19, 20, 21))
    assert set(hours) <= set(range(len(HOURS["Mobile"])))


def test_people_come_back_and_buyers_become_known(month: list[Batch]) -> None:
    people = visits(month)
    per_visitor = Counter(visit[0]["visitorId"] for visit in people)
    assert 0.2 < 1 - len(per_visitor) / len(people) < 0.45
    orders = [event for visit in people for event in visit if event["eventType"] == "order_completed"]
    assert 0.7 < sum("userId" in order for order in orders) / len(orders) < 0.99
    assert max(Counter(order["userId"] for order in orders if "userId" in order).values()) > 2
    assert any(len(ids) > 1 for ids in visitors_of_customers(people).values())


def visitors_of_customers(people: list[list[Event]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for visit in people:
        for event in visit:
            if "userId" in event:
                found[event["userId"]].add(event["visitorId"])
    return found


def test_a_month_has_everything_a_shop_sees(month: list[Batch]) -> None:
    kinds = {event["eventType"] for batch in month for event in batch.events}
    assert {"click", "scroll", "hover", "form", "form_submit", "identify", "feedback", "page_exit"} <= kinds
    assert {"javascript_error", "payment_failed", "product_removed", "order_refunded"} <= kinds
    landings = [visit[0] for visit in visits(month)]
    assert {"google", "newsletter"} <= {
        landing["attribution"]["utmParams"]["source"] for landing in landings if "attribution" in landing
    }


def test_a_few_products_sell_most(month: list[Batch]) -> None:
    viewed = Counter(
        event["properties"]["product_id"]
        for batch in month
        for event in batch.events
        if event["eventType"] == "product_viewed"
    )
    top_tenth = sum(count for _, count in viewed.most_common(24))
    assert 0.3 < top_tenth / viewed.total() < 0.8


class Shop(ThreadingHTTPServer):
    """A collector that remembers what it was sent and may refuse the first requests."""

    daemon_threads = True

    def __init__(self, refusals: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), Collector)
        self.refusals = refusals
        self.taken: list[tuple[dict[str, str], list[Event]]] = []
        self.connections: set[int] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.connections.add(self.client_address[1])
        if self.server.refusals:
            return self.answer(self.server.refusals.pop(), {"detail": "not now"})
        events = json.loads(gzip.decompress(body))["batch"]
        self.server.taken.append((dict(self.headers.items()), events))
        return self.answer(202, {"accepted": len(events), "rejected": []})

    def answer(self, status: int, answer: dict[str, Any]) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_request(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    server = Shop(list(getattr(request, "param", [])))
    with serving(server):
        yield server


def test_traffic_is_sent_as_browsers_send_it(shop: Shop) -> None:
    batches = list(traffic(plan()))
    sent = send_batches(iter(batches), Client(shop.url, "wk_demo"), lambda batch: None)
    assert sent.accepted == sum(len(batch.events) for batch in batches)
    by_visit = {events[0]["eventId"]: headers for headers, events in shop.taken}
    assert {batch.events[0]["eventId"]: batch.user_agent for batch in batches} == {
        first: headers["User-Agent"] for first, headers in by_visit.items()
    }
    assert all(headers["X-Api-Key"] == "wk_demo" for headers in by_visit.values())
    assert len(shop.connections) <= 8


@pytest.mark.parametrize("shop", [[429, 503, 503]], indirect=True)
def test_a_collector_that_is_busy_is_asked_again(shop: Shop) -> None:
    batches = list(traffic(plan(days=1)))
    assert send_batches(iter(batches), Client(shop.url, "wk_demo"), lambda batch: None).accepted > 0
    assert sorted(events[0]["eventId"] for _, events in shop.taken) == sorted(
        batch.events[0]["eventId"] for batch in batches
    )


@pytest.mark.parametrize("shop", [[403] * 100], indirect=True)
def test_a_refusal_is_reported_at_once(shop: Shop) -> None:
    with pytest.raises(CliError, match="answers 403: not now"):
        send_batches(traffic(plan()), Client(shop.url, "wk_wrong"), lambda batch: None)
    assert len(shop.refusals) > 80


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(simulate)
    return app


def test_the_command_writes_a_file_line_by_line(command: typer.Typer, tmp_path: Path) -> None:
    arguments = [
        "--days",
        "2",
        "--visitors-per-day",
        "20",
        "--until",
        "2026-11-20",
        "--out",
        str(tmp_path / "a.ndjson"),
    ]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "a.ndjson").read_text().splitlines()
    expected = [event for batch in traffic(plan(days=2, visitors_per_day=20)) for event in batch.events]
    assert [json.loads(line) for line in lines] == expected


def test_the_command_says_what_it_needs(command: typer.Typer) -> None:
    result = CliRunner().invoke(command, [], env={"FOOTFALL_URL": "", "FOOTFALL_WRITE_KEY": ""})
    assert result.exit_code == 1
    assert "set FOOTFALL_URL" in result.output


@pytest.mark.parametrize("shop", [[403] * 100], indirect=True)
def test_the_command_fails_with_the_reason(command: typer.Typer, shop: Shop) -> None:
    result = CliRunner().invoke(command, ["--days", "1", "--to", shop.url, "--write-key", "wk_wrong"])
    assert result.exit_code == 1
    assert "403: not now" in result.output
