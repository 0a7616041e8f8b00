"""Segment's published SDKs with nothing changed but their host: each message is stored once, whatever comes between."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from segment.analytics.client import Client

from tests.flow.conftest import Shop
from tests.flow.front import Front, Refusal

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

ROOT = Path(__file__).parents[2]
TRACKS = 120
"""More than either SDK puts into one request."""
SENT = Counter(identify=1, pageview=2, group=1, alias=1, order_completed=1, custom=TRACKS)
Sdk = Callable[[str, str], list[str]]


def python(host: str, write_key: str, **options: Any) -> list[str]:
    """Makes every call with the Python SDK, and closes it; returns the ids of the messages."""
    failures: list[Any] = []
    client = Client(
        write_key, host=host, upload_interval=0.1, on_error=lambda *failure: failures.append(failure), **options
    )
    sent = [
        client.identify("ann", {"email": "ann@example.com"}, anonymous_id="visitor"),
        client.page(anonymous_id="visitor", name="Home", properties={"url": "https://shop.example/", "title": "Shop"}),
        client.screen("ann", name="Basket", properties={"items": 2}),
        client.group("ann", "g1", {"plan": "gold"}),
        client.alias("before", "ann"),
        client.track("ann", "Order Completed", an_order()),
        *(client.track("ann", "Lamp Lit", {"number": number, "größe": "groß"}) for number in range(TRACKS)),
    ]
    client.shutdown()
    assert failures == []
    return [message["messageId"] for _, message in sent]


def python_with_gzip(host: str, write_key: str) -> list[str]:
    """Makes the same calls with compressed bodies."""
    return python(host, write_key, gzip=True)


def node(host: str, write_key: str) -> list[str]:
    """Makes every call with the Node SDK; returns the ids of the messages."""
    if not shutil.which("node") or not (ROOT / "node_modules" / "@segment" / "analytics-node").is_dir():
        pytest.skip("node and its @segment/analytics-node are not here (npm ci)")
    command = ["node", str(Path(__file__).parent / "segment.mjs"), host, write_key, str(TRACKS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout.splitlines()[-1])
    assert printed["failures"] == []
    return list(printed["ids"])


def an_order() -> dict[str, Any]:
    """Returns the properties of a completed order."""
    products = [{"product_id": "p", "price": 12.5, "quantity": 2}]
    return {"order_id": "o1", "total": 25, "currency": "EUR", "products": products}


SDKS = [python, python_with_gzip, node]


@pytest.fixture(params=SDKS, ids=lambda sdk: sdk.__name__)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    """One of the SDKs."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def front(shop: Shop) -> Iterator[Front]:
    """Stands before the stack."""
    with Front(shop.stack.url) as front:
        yield front


@pytest.fixture
def database(shop: Shop) -> Iterator[Database[dict[str, Any]]]:
    """What the stack has stored, of every site."""
    with MongoClient[dict[str, Any]](shop.stack.stores.mongodb_uri) as client:
        yield client["footfall"]


def assert_stored_once(shop: Shop, database: Database[dict[str, Any]], ids: list[str]) -> None:
    """Every message is an event under its own id, none is there twice, and none was refused."""
    shop.wait_until_stored()
    site = {"site_id": shop.site_id}
    stored = list(database["events"].find(site))
    assert len(set(ids)) == len(ids) == SENT.total()
    assert sorted(event["event_id"] for event in stored) == sorted(ids)
    assert Counter(event["type"] for event in stored) == SENT
    assert list(database["quarantine"].find(site)) == []
    assert not any(event["bot"] for event in stored)


def test_every_call_of_an_sdk_is_stored_once_and_means_what_it_says(
    sdk: Sdk, shop: Shop, database: Database[dict[str, Any]]
) -> None:
    assert_stored_once(shop, database, sdk(shop.stack.url, shop.write_key))
    site = {"site_id": shop.site_id}
    [order] = database["orders"].find(site)
    assert (order["order_id"], order["total"], order["currency"]) == ("o1", 2500, "EUR")
    views = {view["title"]: view for view in database["events"].find({**site, "type": "pageview"})}
    assert set(views) == {"Shop", "Basket"}
    assert (views["Shop"]["url"], views["Shop"]["visitor_id"]) == ("https://shop.example/", "visitor")
    visitor = database["users"].find_one({**site, "person_id": "visitor"})
    assert visitor
    assert visitor["link"]["person_id"] == "ann"
    before = database["users"].find_one({**site, "person_id": "before"})
    assert before
    assert before["link"]["person_id"] == "ann"


@pytest.mark.parametrize("status", [429, 503])
def test_what_is_turned_away_comes_again_when_asked_to(
    status: int, sdk: Sdk, shop: Shop, front: Front, database: Database[dict[str, Any]]
) -> None:
    front.refusals.extend([Refusal(status, retry_after=1)] * 2)
    assert_stored_once(shop, database, sdk(front.url, shop.write_key))
    assert Counter(front.statuses)[status] == 2


def test_the_wait_that_a_429_asks_for_is_kept(shop: Shop, front: Front) -> None:
    front.refusals.append(Refusal(429, retry_after=2))
    python(front.url, shop.write_key)
    first, second = next(pairwise(front.visits))
    assert (first.status, second.status) == (429, 200)
    assert second.at - first.at >= 1.9


def test_a_lost_reply_doubles_nothing(sdk: Sdk, shop: Shop, front: Front, database: Database[dict[str, Any]]) -> None:
    front.refusals.extend([Refusal(503, reply_lost=True), Refusal(502, reply_lost=True)])
    assert_stored_once(shop, database, sdk(front.url, shop.write_key))


def test_a_wrong_key_is_reported_and_not_tried_again(shop: Shop, front: Front) -> None:
    statuses: list[Any] = []
    client = Client(
        "wk_wrong", host=front.url, upload_interval=0.1, on_error=lambda error, _batch: statuses.append(error.status)
    )
    client.track("ann", "Lamp Lit")
    client.shutdown()
    assert (statuses, front.statuses) == ([403], [403])
