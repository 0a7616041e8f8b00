"""The whole pipeline on real parts: what is sent is stored once, folded, rolled up and answered."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from footfall.clock import now

from tests.flow.conftest import Shop
from tests.support.builders import an_event
from tests.support.sites import make_site

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def visit(visitor: str, pages: list[str], start: datetime, **but: Any) -> list[dict[str, Any]]:
    """Returns a visit: pages in order, a minute apart."""
    return [
        an_event(visitorId=visitor, pageType=page, timestamp=(start + timedelta(minutes=minute)).isoformat(), **but)
        for minute, page in enumerate(pages)
    ]


def test_a_visit_becomes_a_session_a_person_and_a_funnel(shop: Shop) -> None:
    start = now() - timedelta(days=1)
    pages = ["home", "search", "payment", "confirmation"]
    batch = [event for number in range(4) for event in visit(f"v{number}", pages[: number + 1], start, device="Mobile")]
    answer = shop.collect({"batch": batch})
    assert (answer.status_code, answer.json()["accepted"]) == (202, len(batch))
    shop.settle()
    funnel = shop.get("/api/funnel", breakdown="device")
    assert [step["users"] for step in funnel["steps"]] == [4, 3, 2, 1]
    assert [found["value"] for found in funnel["breakdowns"]] == ["Mobile"]
    assert funnel["overall_conversion_rate"] == 25.0
    assert shop.get("/events/count") == {"total_events": 10, "by_type": {"pageview": 10}}
    dashboard = shop.get("/api/metrics/dashboard")
    assert (dashboard["total_users"], dashboard["total_sessions"], dashboard["page_views"]) == (4, 4, 10)


def test_where_a_visitor_is_and_what_they_read_is_told_by_the_request(shop: Shop) -> None:
    page = an_event(timestamp=now().isoformat(), screenWidth=390, properties={"theme": "dark"})
    headers = {"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0", "accept-language": "it-IT,en;q=0.5"}
    assert shop.collect(page, **headers, **{"CloudFront-Viewer-Country": "IT"}).status_code == 202
    shop.settle()
    told = {name: shop.get(f"/api/dimensions/{name}")["values"] for name in ("country", "language", "screen", "os")}
    assert {name: [each["value"] for each in values] for name, values in told.items()} == {
        "country": ["IT"],
        "language": ["it"],
        "screen": ["compact"],
        "os": ["Linux"],
    }


def test_the_same_batch_sent_three_times_is_stored_once(shop: Shop) -> None:
    batch = {"batch": visit("v", ["home", "search"], now())}
    for _ in range(3):
        assert shop.collect(batch).status_code == 202
    shop.settle()
    status = shop.get("/etl/status")
    (day,) = status["ledger"].pop("by_day")
    assert status["ledger"] == {"received": 6, "stored": 2, "duplicate": 4, "quarantined": 0, "waiting": 0}
    assert status["ledger"].items() <= day.items()


def test_live_activity_reaches_redis(shop: Shop) -> None:
    shop.collect(an_event(visitorId="now", timestamp=None))
    assert shop.stack.drain()
    keys = httpx.get(f"{shop.stack.url}/health", timeout=30).json()
    assert keys["status"] == "ok"


def test_training_makes_customers_segments_and_neighbours(shop: Shop) -> None:
    orders = []
    for number in range(40):
        products = [{"product_id": f"p{number % 2}-{item}", "price": "5.00", "quantity": 2} for item in range(3)]
        properties = {"order_id": f"o{number}", "products": products}
        moment = (now() - timedelta(days=number)).isoformat()
        orders.append(
            an_event(eventType="Order Completed", userId=f"u{number}", properties=properties, timestamp=moment)
        )
    assert shop.collect({"batch": orders}).json()["accepted"] == 40
    shop.settle()
    started = shop.post("/api/models/train")
    assert started.status_code == 202
    run = finished_run(shop)
    assert run["state"] == "published", run
    metrics = shop.get("/api/metrics")
    assert (metrics["total_customers"], metrics["total_revenue"], metrics["orders"]) == (40, 1200.0, 40)
    assert sum(segment["customer_count"] for segment in shop.get("/api/segments")["segments"]) == 40
    assert shop.get("/api/customers/u0")["rfm"]["monetary"] == 30.0
    similar = shop.get("/api/similar/u0", limit=5)
    assert similar["degraded"] is False
    assert len(similar["similar"]) == 5


def finished_run(shop: Shop) -> dict[str, Any]:
    """Returns the newest training run, once it is over."""
    deadline = now() + timedelta(seconds=120)
    while now() < deadline:
        runs = shop.get("/api/models")["runs"]
        if runs and runs[0]["state"] not in ("queued", "running"):
            return dict(runs[0])
    raise AssertionError("the training run did not end")


@pytest.mark.parametrize("path", ["/api/funnel", "/api/metrics", "/api/customers", "/events/recent", "/etl/status"])
def test_without_a_key_nothing_is_told(shop: Shop, path: str) -> None:
    assert httpx.get(f"{shop.stack.url}{path}", timeout=30).status_code == 401


def test_a_shop_never_sees_another(shop: Shop) -> None:
    shop.collect({"batch": visit("mine", ["home"], now())})
    shop.settle()
    made = make_site(shop.stack, site_id="stranger")
    stranger = Shop(shop.stack, "stranger", made["api_key"], made["write_key"])
    assert stranger.get("/events/count")["total_events"] == 0
    assert stranger.get("/events/recent")["events"] == []
    answer = httpx.get(f"{shop.stack.url}/api/customers/mine", timeout=30, headers={"x-api-key": stranger.api_key})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2015-02-30"}, "from"),
        ({"to": "soon"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "to"),
        ({"device": "Toaster"}, "device"),
    ],
)
def test_a_wrong_question_is_answered_with_the_name_of_its_field(shop: Shop, query: dict[str, str], field: str) -> None:
    answer = httpx.get(f"{shop.stack.url}/api/funnel", timeout=30, params=query, headers={"x-api-key": shop.api_key})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == field
