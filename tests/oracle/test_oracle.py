"""Small lives of shops through the whole product, every answer reckoned by hand; `make oracle` tries thousands."""

import ast
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.oracle.compare import Comparison
from tests.oracle.findings import told_smallest, try_lives
from tests.oracle.life import PAGE, Delivery, Json, Life, Question, Shop, Told
from tests.oracle.product import Product, a_product
from tests.oracle.smallest import smallest
from tests.oracle.telling import lines

LIVES = 25
SEED = 20_261_130
OURS = ("cli", "footfall", "functions", "infra")


@pytest.fixture
def product(parts: Mapping[str, str], worker: str) -> Iterator[Product]:
    """The product with a database of its own."""
    with a_product(parts, f"oracle_{worker}") as opened:
        yield opened


def test_every_figure_of_a_shops_life_is_what_a_reckoning_by_hand_says(product: Product) -> None:
    findings = try_lives(product, LIVES, SEED)
    told = [
        "\n".join([str(finding.difference), *lines(finding.life)])
        for finding, _ in told_smallest(product, findings, most=3)
    ]
    assert not findings.found, "\n\n".join(told)


def test_the_reckoning_shares_no_code_with_the_product() -> None:
    for file in (Path(__file__).parent / "reckoning").glob("*.py"):
        imported = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
        }
        assert imported.isdisjoint(OURS), file


def test_a_wrong_figure_is_named_by_its_place_whatever_the_order_of_equals() -> None:
    said: Json = {
        "top_pages": [{"page": "/b", "views": 2}, {"page": "/a", "views": 2}],
        "range": {"from": "2025-05-12"},
    }
    right: Json = {
        "top_pages": [{"page": "/a", "views": 2}, {"page": "/b", "views": 1}],
        "range": {"from": "2025-05-12"},
    }
    comparison = Comparison()
    comparison.compare("by hand", Question("/api/metrics/dashboard"), said, right)
    assert [(one.place, one.said, one.right) for one in comparison.differences] == [("top_pages[/b].views", 2, 1)]


def test_what_has_nothing_to_do_with_a_difference_is_left_out_of_its_life() -> None:
    names = tuple(f"e{number}" for number in range(9))
    view: Json = {"eventType": "pageview", "visitorId": "v", "url": "https://shop.example/", "timestamp": "2025-05-12"}
    told = tuple(Told({**view, "eventId": name}, PAGE, datetime(2025, 5, 13, tzinfo=UTC), 0) for name in names)
    deliveries = (Delivery(names[:1], "roll up"), Delivery(names, "look"), Delivery(names[:4], "nothing"))
    life = Life(Shop("UTC", "EUR", {}), told, deliveries, (Question("/api/metrics"), Question("/api/customers")))

    def shows(candidate: Life) -> bool:
        return names[-1] in {one.event_id for one in candidate.told}

    left = smallest(life, shows)
    assert [one.event_id for one in left.told] == [names[-1]]
    assert left.told[0].event.keys() == view.keys() - {"url"} | {"eventId"}
    assert left.deliveries == (Delivery(names[-1:], "nothing"),)
    assert len(left.questions) == 1
