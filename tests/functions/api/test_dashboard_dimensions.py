"""The dashboard narrowed by filters and by a dimension: from days' figures, from the lake, and from events since."""

from typing import Any

import pytest
from footfall.breakdowns import packed
from footfall.questions import breakdown, read_sessions
from footfall.questions.dashboard_answer import DashboardQuestion

from functions.api.metrics.handler import handler
from functions.jobs.rollup import dimensions
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import TODAY, YESTERDAY, Mongo, a_shop, an_order, happen, know, mark, person, roll_up, view

DASHBOARD, DIMENSIONS = "/api/metrics/dashboard", "/api/dimensions"
RANGE = {"from": YESTERDAY, "to": TODAY}
TOTALS = ("total_users", "total_sessions", "page_views", "bounce_rate", "orders", "revenue")
FIGURES = ("users", "page_views", "sessions", "bounce_rate", "conversions", "orders", "revenue")


def board(**query: Any) -> dict[str, Any]:
    return ask(handler, DASHBOARD, {**RANGE, **query})


def totals(answer: dict[str, Any]) -> list[Any]:
    return [answer[name] for name in TOTALS]


def by_value(name: str, **query: Any) -> dict[str, list[Any]]:
    values = board(breakdown=name, **query)["breakdown"]["values"]
    return {each["value"]: [each[figure] for figure in FIGURES] for each in values}


def a_weekend(shop: Mongo) -> None:
    """Ann came by a newsletter from Italy and bought for 12.50; Bob looked in on both days, the second time direct."""
    happen(
        shop,
        view("home", path="/", country="IT", url="https://shop.example/?utm_source=News"),
        view("product", minutes=1, path="/lamp", country="IT"),
        view("home", "bob", minutes=-1440, path="/", url="https://shop.example/?utm_source=google"),
        view("home", "bob", path="/", device="Desktop", country="DE"),
        view("search", "bob", minutes=1, eventType="click", path="/", device="Desktop", country="DE"),
        view("home", "bot", context={"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
    )
    bought = {"order_id": "o1", "told_id": "o1", "placed_at": NOON, "total": 1_250, "currency": "EUR"}
    usd = {**bought, "order_id": "o2", "currency": "USD"}
    change = {"$set": {"orders": [bought, usd], "bounce": False}}
    shop["user_sessions"].update_one({"visitor_id": "ann"}, change)
    shop["orders"].insert_one(an_order("o1", "ann", 1_250))


def test_the_dashboard_by_a_dimension_of_sessions_or_of_events_comes_from_the_days(shop: Mongo) -> None:
    a_weekend(shop)
    roll_up()
    shop["user_sessions"].delete_many({})
    shop["events"].delete_many({})
    shop["lake_periods"].delete_many({})
    assert by_value("source") == {
        "direct": [1, 1, 1, 0.0, 0, 0, 0.0],
        "google": [1, 1, 1, 100.0, 0, 0, 0.0],
        "news": [1, 2, 1, 0.0, 1, 1, 12.5],
    }
    assert by_value("page") == {"/": [2, 3, 3, 33.33, 1, 1, 12.5], "/lamp": [1, 1, 1, 0.0, 1, 1, 12.5]}
    assert by_value("country") == {
        "DE": [1, 1, 1, 0.0, 0, 0, 0.0],
        "IT": [1, 2, 1, 0.0, 1, 1, 12.5],
        "unknown": [1, 1, 1, 100.0, 0, 0, 0.0],
    }
    assert board(breakdown="source")["total_sessions"] == 3, "the rest is as without"


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_filters_narrow_every_figure_of_the_dashboard(shop: Mongo, rolled_up: bool) -> None:
    a_weekend(shop)
    if rolled_up:
        roll_up()
        shop["user_sessions"].delete_many({})
    assert totals(board(country="it")) == [1, 1, 2, 0.0, 1, 12.5]
    assert totals(board(source="!news")) == [1, 2, 2, 50.0, 0, 0.0]
    assert totals(board(source=["google", "direct"], device="desktop")) == [1, 1, 1, 0.0, 0, 0.0]
    assert totals(board(page="/lamp")) == [1, 1, 1, 0.0, 1, 12.5], "the session that saw it, and one view"
    assert totals(board(page="/lamp", country="DE")) == [0, 0, 0, 0.0, 0, 0.0]
    answer = board(source="google", breakdown="device")
    assert [day["users"] for day in answer["daily"]] == [1, 0]
    assert answer["top_pages"] == [{"page": "/", "views": 1}]
    assert answer["top_sources"] == [{"source": "google", "sessions": 1, "conversions": 0}]
    assert [(each["device"], each["users"]) for each in answer["by_device"]] == [("Mobile", 1)]
    assert [(each["value"], each["users"]) for each in answer["breakdown"]["values"]] == [("Mobile", 1)]
    assert (answer["refunds"], answer["net_revenue"], answer["sentiment_distribution"]) == (None, None, None)
    assert [point["drop_off"] for point in answer["top_drop_off_points"]] == [1]


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_bots_are_counted_where_they_are_asked_for(shop: Mongo, rolled_up: bool) -> None:
    a_weekend(shop)
    shop["users"].insert_one(person(9, "bot"))
    if rolled_up:
        roll_up()
    assert totals(board(bots="include"))[:3] == [3, 4, 5]
    assert totals(board(bots="include", source="direct"))[:3] == [2, 2, 2]


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_what_is_of_people_is_told_as_it_is_now(shop: Mongo, rolled_up: bool) -> None:
    a_weekend(shop)
    if rolled_up:
        roll_up()
    shop["users"].update_one({"person_id": "ann"}, {"$set": {"sex": "f", "date": NOON}})
    shop["users"].update_one({"person_id": "bob"}, {"$set": {"date": NOON.replace(day=1, month=1)}})
    assert by_value("sex") == {"female": [1, 2, 1, 0.0, 1, 1, 12.5], "unknown": [1, 2, 2, 50.0, 0, 0, 0.0]}
    assert by_value("visitor") == {"new": [1, 2, 1, 0.0, 1, 1, 12.5], "returning": [1, 2, 2, 50.0, 0, 0, 0.0]}
    assert totals(board(sex="female")) == [1, 1, 2, 0.0, 1, 12.5]
    assert by_value("source", visitor="returning").keys() == {"google", "direct"}


def test_a_sites_own_dimension_and_those_of_lines_are_of_events(shop: Mongo) -> None:
    know(shop, a_shop("home", "search", dimensions=[{"name": "theme", "property": "theme"}]))
    lines = {"products": [{"product_id": "lamp", "category": "Light"}, {"product_id": "cup"}]}
    happen(
        shop,
        view("home", properties={"theme": "dark"}),
        view("", minutes=1, eventType="track", event="Product Viewed", properties=lines),
        view("home", "bob", properties={"theme": "light"}),
    )
    for _ in ("from events", "from the days"):
        assert [(value, found[0], found[2]) for value, found in by_value("theme").items()] == [
            ("dark", 1, 1),
            ("light", 1, 1),
            ("unknown", 1, 1),
        ]
        assert by_value("product").keys() == {"lamp", "unknown"}, "of several lines the first"
        roll_up()
    assert totals(board(theme="dark"))[:3] == [1, 1, 1]
    assert totals(board(product="cup"))[:3] == [1, 1, 0]


def test_beyond_a_days_largest_values_the_rest_is_told_together(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dimensions, "MOST_VALUES", 2)
    shop["users"].insert_many([person(number, f"p{number}") for number in range(10, 16)])
    places = {"p10": "IT", "p11": "IT", "p12": "IT", "p13": "FR", "p14": "FR", "p15": "DE", "ann": "US"}
    happen(shop, *(view("home", who, country=country) for who, country in places.items()))
    happen(shop, view("home", "bob", minutes=-1440, country="US"))
    roll_up()
    answer = board(breakdown="country")["breakdown"]
    assert [(each["value"], each["users"], each["sessions"]) for each in answer["values"]] == [
        ("IT", 3, 3),
        ("FR", 2, 2),
        ("US", 1, 1),
    ]
    assert (answer["other"]["users"], answer["other"]["sessions"], answer["other"]["page_views"]) == (2, 2, 2)
    monkeypatch.setattr(breakdown, "MOST_VALUES", 1)
    again = ask(handler, DASHBOARD, {"from": TODAY, "to": TODAY, "breakdown": "country"})["breakdown"]
    assert ([each["value"] for each in again["values"]], again["other"]["users"]) == (["IT"], 4)
    shop["daily_sessions"].update_many({}, {"$set": {"cut": ["country"]}})
    counts = ask(handler, f"{DIMENSIONS}/country", RANGE)
    assert {each["value"]: each["count"] for each in counts["values"]} == {"IT": 3, "FR": 2, "US": 2, "DE": 1}


def test_values_of_dimensions_are_counted_by_days_and_what_changed_since_by_events(shop: Mongo) -> None:
    a_weekend(shop)
    roll_up()
    shop["user_sessions"].delete_many({"started_at": {"$lt": NOON.replace(hour=0)}})
    happen(shop, view("home", "cid", minutes=3, country="IT", path="/"))

    def counts(name: str) -> dict[str, int]:
        return {each["value"]: each["count"] for each in ask(handler, f"{DIMENSIONS}/{name}", RANGE)["values"]}

    assert counts("country") == {"IT": 2, "DE": 1, "unknown": 1}, "yesterday's session is in its day's figures"
    assert counts("page") == {"/": 5, "/lamp": 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"breakdown": "colour"}, "breakdown"),
        ({"breakdown": "device,source"}, "breakdown"),
        ({"colour": "red"}, "colour"),
        ({"device": "Toaster"}, "device"),
        ({"from_": TODAY}, "from_"),
    ],
)
def test_what_the_dashboard_cannot_be_narrowed_by_is_refused_by_name(
    shop: Mongo, query: dict[str, str], field: str
) -> None:
    assert refusal(handler, DASHBOARD, query) == (422, [field])


def test_sessions_of_days_with_more_values_than_columns_tell_are_read_one_by_one(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MOST_TEXTS", 1)
    monkeypatch.setattr(packed, "SESSIONS_PER_DOCUMENT", 1)
    a_weekend(shop)
    roll_up()
    assert totals(board(source="!news")) == [1, 2, 2, 50.0, 0, 0.0]
    assert shop["daily_sessions"].count_documents({"bots": False}) == 3
    shop["user_sessions"].delete_many({})
    assert totals(board(source="!news"))[:3] == [1, 1, 2], "yesterday's one session is of one source"


def test_of_days_that_are_up_to_date_no_session_is_read_by_itself(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    a_weekend(shop)
    shop["users"].insert_one(person(9, "bot"))
    shop["users"].update_one({"person_id": "ann"}, {"$set": {"sex": "f", "date": NOON}})
    shop["users"].update_one({"person_id": "bob"}, {"$set": {"date": NOON.replace(day=1, month=1)}})
    asked = ({"visitor": "new"}, {"visitor": "!new"}, {"sex": "female"}, {"segment": "!Champions"}, {"bots": "include"})
    before = [totals(board(**query)) for query in asked]
    roll_up()
    monkeypatch.setattr(read_sessions, "MOST_SESSIONS", 0)
    assert [totals(board(**query)) for query in asked] == before
    assert before[0] == [1, 1, 2, 0.0, 1, 12.5]


def test_the_visits_of_somebody_who_turned_out_to_be_another_are_theirs(shop: Mongo) -> None:
    a_weekend(shop)
    shop["users"].insert_one(person(7, "eve", date=NOON.replace(year=2025), sex="f"))
    roll_up()
    link = {"at": NOON, "event_id": "e", "person_id": "eve"}
    shop["users"].update_one({"person_id": "bob"}, {"$set": {"link": link, "linked_at": NOON, "date": NOON}})
    for _ in ("from the lake and columns", "from events"):
        assert totals(board(sex="female"))[:3] == [1, 2, 2]
        assert totals(board(visitor="returning"))[:3] == [1, 2, 2]
        shop["daily_sessions"].delete_many({})
        mark(shop, TODAY, YESTERDAY)


def test_too_many_sessions_are_refused(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    a_weekend(shop)
    monkeypatch.setattr(read_sessions, "MOST_SESSIONS", 2)
    assert refusal(handler, DASHBOARD, {**RANGE, "source": "news"}) == (422, ["from"])


def test_a_site_without_events_has_an_empty_breakdown_and_its_range(shop: Mongo) -> None:
    for query in ({"breakdown": "source"}, {"breakdown": "sex"}, {"source": "news", "breakdown": "page"}):
        answer = board(**query)
        assert answer["breakdown"]["values"] == []
        assert (answer["total_users"], [day["date"] for day in answer["daily"]]) == (0, [YESTERDAY, TODAY])


def test_a_breakdown_from_days_is_remembered_apart_from_the_dashboard(shop: Mongo) -> None:
    a_weekend(shop)
    roll_up()
    assert board()["breakdown"] is None
    assert board(breakdown="source")["breakdown"]["dimension"] == "source"
    assert board(breakdown="country")["breakdown"]["dimension"] == "country"
    assert DashboardQuestion().breakdown is None
