"""api/funnel over real tables: the figures that they are known for."""

from pathlib import Path
from typing import Any

import pytest
from footfall.stores import preparing
from pymongo.database import Database

from functions.api.funnel.handler import handler
from functions.api.metrics.handler import handler as metrics
from tests.support.asking import ask, reached
from tests.support.clickstream import load_clickstream
from tests.support.shop_funnel import SITE, load_shop_funnel
from tests.support.visits import roll_up

Mongo = Database[dict[str, Any]]
FUNNEL, TREND, DROPOFF = "/api/funnel", "/api/funnel/trend", "/api/funnel/dropoff"


@pytest.mark.shared_data
def test_the_public_tables_give_the_figures_they_are_known_for(shop: Mongo, shared_data: Path) -> None:
    load_shop_funnel(shop, shared_data / "shop_funnel")
    assert roll_up()["days"] == 120
    whole = {"from": "2015-01-01", "to": "2015-04-30"}

    def asked(path: str, **query: str) -> dict[str, Any]:
        return ask(handler, path, whole | query, site_id=SITE.site_id)

    answer = asked(FUNNEL, breakdown="device")
    assert reached(answer) == [90_400, 45_200, 6_030, 452]
    assert [step["conversion_rate"] for step in answer["steps"]] == [100.0, 50.0, 6.67, 0.5]
    parts = {part["value"]: reached(part) for part in answer["breakdowns"]}
    assert parts == {"Desktop": [60_200, 30_100, 3_010, 150], "Mobile": [30_200, 15_100, 3_020, 302]}
    for device, expected in parts.items():
        assert reached(asked(FUNNEL, device=device)) == expected
    assert reached(asked(FUNNEL, order="any")) == reached(asked(FUNNEL, window="1d")) == reached(answer)
    months = ask(metrics, "/api/analytics/conversion-trends", {**whole, "period": "month"}, site_id=SITE.site_id)
    assert (months["overall"]["users"], months["overall"]["page_views"]) == (90_400, 90_400 + 45_200 + 6_030 + 452)
    assert sum(month["users"] for month in months["data"]) == 90_400, "everybody comes in one month alone"
    trend = asked(TREND)
    assert [sum(step) for step in zip(*map(reached, trend["data"]), strict=True)] == reached(answer)
    breaks = [
        (asked(TREND, **query)["anomalies"], query, step)
        for query, step in [
            ({"device": "Mobile"}, "search"),
            ({"device": "Desktop"}, "payment"),
            ({}, "search"),
            ({}, "payment"),
            ({"device": "Mobile", "period": "month"}, "search"),
        ]
    ]
    for anomalies, query, step in breaks:
        shifts = [(one["date"], one["step"]) for one in anomalies if one["kind"] == "shift"]
        assert ("2015-03-01", step) in shifts, query
        assert all(date == "2015-03-01" for date, _ in shifts), "nothing else has broken for good"
    broken = [(step["step"], one) for step in asked(DROPOFF)["transitions"] for one in step["breaks"]]
    assert {one["date"] for _, one in broken} == {"2015-03-01"}
    rates = {(step, one["device"]): (one["rate_before"], one["level_rate"]) for step, one in broken}
    assert rates["search", "Mobile"] == (80.0, 20.0), "as counted by hand: 12,080 of 15,100, and 3,020 of 15,100"
    assert rates["payment", "Desktop"] == (15.91, 4.0), "2,412 of 15,161, and 598 of 14,939"
    assert rates.keys() == {("search", "Mobile"), ("search", None), ("payment", "Desktop"), ("payment", None)}
    for name in ("events", "users"):
        shop.drop_collection(name)  # quicker than emptying them
    preparing.prepare(shop)


@pytest.mark.shared_data
def test_the_clickstream_gives_the_figures_it_is_known_for(shop: Mongo, shared_data: Path) -> None:
    load_clickstream(shop, shared_data / "clickstream" / "ecom.csv.gz")
    steps = "product_view,add_to_cart,cart,shipping_details,payment_details,purchase"

    def asked(unit: str, order: str) -> list[int]:
        query = {"steps": steps, "unit": unit, "order": order, "from": "2024-01-01", "to": "2024-06-30"}
        return reached(ask(handler, FUNNEL, query))

    assert asked("session", "ordered") == [2868, 944, 477, 194, 72, 15]
    assert asked("session", "any") == [2868, 1174, 987, 763, 599, 445]
    assert asked("user", "ordered") == [598, 517, 429, 329, 222, 114]
    assert asked("user", "any") == [598, 522, 489, 441, 390, 328]
