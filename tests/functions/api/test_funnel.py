"""api/funnel through its Lambda handler, on a real MongoDB with and without rollups, with and without Redis."""

from datetime import timedelta
from typing import Any

import pytest
from footfall.settings import read_environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.layers.core.funnel_oracle import Rules, Seen, furthest, users
from tests.support.asking import ask, reached, refusal
from tests.support.builders import NOON, a_site
from tests.support.caches import forget_answers
from tests.support.visits import TODAY, YESTERDAY, a_shop, happen, know, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
FUNNEL, TREND = "/api/funnel", "/api/funnel/trend"
PAGES = ["home", "search", "payment"]


def funnel(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, {name.rstrip("_"): value for name, value in query.items()})


def no_money(value_lost: float | None) -> dict[str, float | None]:
    bounds = {"value_lost_low": None, "value_lost_high": None}
    return {"revenue": 0.0, "net_revenue": 0.0, "value_lost": value_lost, **bounds}


def test_a_funnel_tells_who_reached_each_step_and_who_left_before_it(shop: Mongo) -> None:
    happen(shop, *(view("home", who) for who in ("ann", "bob", "cid", "dan")), view("search", "ann", 1))
    happen(shop, view("search", "bob", 2), view("payment", "bob", 12))
    roll_up()
    answer = funnel()
    assert answer["steps"] == [
        {
            "name": "home",
            "order": 1,
            "users": 4,
            "conversion_rate": 100.0,
            "step_conversion_rate": 100.0,
            "drop_off": 0,
            "drop_off_rate": 0.0,
            "avg_seconds": None,
            "median_seconds": None,
            "p90_seconds": None,
            **no_money(None),
        },
        {
            "name": "search",
            "order": 2,
            "users": 2,
            "conversion_rate": 50.0,
            "step_conversion_rate": 50.0,
            "drop_off": 2,
            "drop_off_rate": 50.0,
            "avg_seconds": 90.0,
            "median_seconds": 90.0,
            "p90_seconds": 114.0,
            **no_money(0.0),
        },
        {
            "name": "payment",
            "order": 3,
            "users": 1,
            "conversion_rate": 25.0,
            "step_conversion_rate": 50.0,
            "drop_off": 1,
            "drop_off_rate": 50.0,
            "avg_seconds": 600.0,
            "median_seconds": 600.0,
            "p90_seconds": 600.0,
            **no_money(0.0),
        },
    ]
    assert (answer["overall_conversion_rate"], answer["funnel"], answer["unit"]) == (25.0, "default", "user")
    assert (answer["breakdowns"], answer["currency"]) == ([], "EUR")


def test_a_shop_without_visits_has_an_empty_funnel(shop: Mongo) -> None:
    answer = funnel(breakdown="device")
    assert (reached(answer), answer["overall_conversion_rate"], answer["breakdowns"]) == ([0, 0, 0], 0.0, [])
    assert {step["conversion_rate"] for step in answer["steps"]} == {0.0}


def test_somebody_who_comes_back_is_one_person_over_the_range(shop: Mongo) -> None:
    happen(shop, view("home", minutes=-1440), view("home"), view("search", minutes=1))
    roll_up()
    assert reached(funnel()) == [1, 1, 0]
    assert reached(funnel(from_=YESTERDAY, to=YESTERDAY)) == [1, 0, 0]


def test_steps_count_across_days_and_the_last_day_of_a_range_counts(shop: Mongo) -> None:
    happen(shop, view("home", minutes=-1440), view("search"), view("payment", minutes=11 * 60 + 59))
    roll_up()
    assert reached(funnel(from_=YESTERDAY, to=TODAY)) == [1, 1, 1]
    assert reached(funnel(from_=TODAY, to=TODAY)) == [0, 0, 0]


def test_the_window_runs_from_the_first_step(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=50), view("payment", minutes=100))
    roll_up()
    assert reached(funnel(window="60m")) == [1, 1, 0]
    assert reached(funnel(window="100m")) == [1, 1, 1]


def test_a_breakdown_never_splits_one_person(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1, device="Desktop"), view("home", minutes=2, device="Desktop"))
    happen(shop, view("home", "bob", device="Desktop"))
    roll_up()
    answer = funnel(breakdown="device")
    assert {part["value"]: reached(part) for part in answer["breakdowns"]} == {
        "Mobile": [1, 1, 0],
        "Desktop": [1, 0, 0],
    }


def test_a_device_filter_leaves_out_what_was_done_on_others(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1, device="Desktop"))
    roll_up()
    assert reached(funnel(device="Mobile")) == [1, 0, 0]
    assert reached(funnel(device="Desktop")) == [0, 0, 0]


def test_a_questions_own_steps_are_answered_from_the_events(shop: Mongo) -> None:
    happen(
        shop,
        view("home"),
        view("", minutes=1, eventType="Product Added"),
        view("payment", minutes=2),
        view("search", "bob"),
        view("", "bob", minutes=1, eventType="track", event="Wishlist opened"),
    )
    answer = funnel(steps="home|search,product_added|Wishlist opened,payment", from_=TODAY, to=TODAY)
    assert (reached(answer), answer["funnel"]) == ([2, 2, 1], None)
    assert [step["name"] for step in answer["steps"]] == ["home|search", "product_added|Wishlist opened", "payment"]
    repeated = funnel(steps=["home|search", "payment"], from_=TODAY, to=TODAY)
    assert reached(repeated) == [2, 1]


def test_a_questions_own_steps_that_are_a_named_funnel_are_that_funnel(shop: Mongo) -> None:
    happen(shop, view("home"))
    roll_up()
    assert funnel(steps="home,search,payment")["funnel"] == "default"


def test_bots_are_counted_where_they_are_asked_for(shop: Mongo) -> None:
    happen(shop, view("home"), {**view("home", "bob"), "bot": True}, {**view("search", "bob", 1), "bot": True})
    for _ in range(2):
        assert reached(funnel(from_=TODAY, to=TODAY)) == [1, 0, 0]
        assert reached(funnel(from_=TODAY, to=TODAY, bots="include")) == [2, 1, 0]
        assert reached(funnel(from_=TODAY, to=TODAY, bots="include", unit="session")) == [2, 1, 0]
        roll_up()


def test_bots_and_linked_visitors_count_the_same_from_events_and_rollups(shop: Mongo) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].insert_one(person(9, "cookie", link=link))
    happen(
        shop, view("home", "cookie"), view("search", "cookie", 1, userId="ann"), {**view("home", "bob"), "bot": True}
    )
    from_events = reached(funnel(from_=TODAY, to=TODAY))
    roll_up()
    assert reached(funnel()) == from_events == [1, 1, 0]


def test_any_order_asks_only_that_all_steps_up_to_one_have_happened(shop: Mongo) -> None:
    happen(shop, view("search"), view("home", minutes=1), view("payment", "bob"), view("home", "bob", 1))
    roll_up()
    assert reached(funnel(order="ordered")) == [2, 0, 0]
    assert reached(funnel(order="any")) == [2, 1, 0]


def test_sessions_can_be_counted_instead_of_people(shop: Mongo) -> None:
    happen(
        shop,
        view("home"),
        view("search", minutes=10),
        view("home", minutes=60),
        view("payment", minutes=61),
        view("home", "bob", sessionId="s1"),
        view("search", "bob", minutes=300, sessionId="s1"),
        view("", "bob", minutes=301, eventType="identify", sessionId="s1"),
    )
    answer = funnel(unit="session", from_=TODAY, to=TODAY)
    assert (reached(answer), answer["unit"]) == ([3, 2, 0], "session")
    assert {step["revenue"] for step in answer["steps"]} == {None}


def test_a_session_counted_is_one_visitors_without_a_days_silence(shop: Mongo) -> None:
    day = -24 * 60
    happen(
        shop,
        view("home", "ann", sessionId="1"),
        view("search", "bob", minutes=1, sessionId="1"),
        view("home", "cat", minutes=2 * day, sessionId="1"),
        view("search", "cat", minutes=0, sessionId="1"),
        view("home", "dan", minutes=2 * day, sessionId="1"),
        view("about", "dan", minutes=day, sessionId="1"),
        view("search", "dan", minutes=0, sessionId="1"),
    )
    answer = funnel(unit="session", from_="2026-02-27", to=TODAY)
    assert reached(answer) == [3, 1, 0]


def test_what_happens_without_a_page_view_is_counted_for_people_and_not_for_sessions(shop: Mongo) -> None:
    for visitor_id, page in (("ann", "pageview"), ("bob", "click")):
        events = [(page, 0), ("product_added", 1), ("order_completed", 2)]
        happen(shop, *(view("about", visitor_id, minutes, eventType=kind, sessionId="1") for kind, minutes in events))
    asked = {"steps": "product_added,order_completed", "from_": TODAY, "to": TODAY}
    assert reached(funnel(**asked)) == [2, 2]
    assert reached(funnel(**asked, unit="session")) == [1, 1]


def test_days_are_the_sites_own(shop: Mongo) -> None:
    know(shop, a_shop(*PAGES, time_zone="Asia/Tokyo"))
    happen(shop, view("home", minutes=11 * 60), view("search", minutes=11 * 60 + 1))
    mark(shop, "2026-03-02")
    roll_up()
    answer = funnel()
    assert answer["range"] == {"from": "2026-02-01", "to": "2026-03-02", "time_zone": "Asia/Tokyo"}
    assert reached(funnel(from_="2026-03-02", to="2026-03-02")) == [1, 1, 0]
    assert reached(funnel(from_=TODAY, to=TODAY)) == [0, 0, 0]


def test_without_dates_the_30_days_up_to_the_last_with_data_are_answered(shop: Mongo) -> None:
    happen(shop, view("home"), view("home", "bob", minutes=-1440 * 29), view("home", "cid", minutes=-1440 * 30))
    roll_up()
    answer = funnel()
    assert answer["range"] == {"from": "2026-01-31", "to": TODAY, "time_zone": "UTC"}
    assert reached(answer)[0] == 2


def test_another_sites_visits_are_not_seen(shop: Mongo) -> None:
    know(shop, a_site(site_id="other"))
    happen(shop, view("home"))
    roll_up()
    answer = ask(handler, FUNNEL, {"from": TODAY, "to": TODAY}, site_id="other")
    assert [step["users"] for step in answer["steps"]] == [0, 0, 0, 0]
    assert refusal(handler, FUNNEL, site_id="nobody") == (404, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2015-02-30"}, "from"),
        ({"to": "2015-13-01"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2000-01-01", "to": "2026-03-01"}, "from"),
        ({"device": "Fridge"}, "device"),
        ({"order": "strictly"}, "order"),
        ({"unit": "order"}, "unit"),
        ({"window": "0d"}, "window"),
        ({"window": "7 days"}, "window"),
        ({"window_mode": "last"}, "window_mode"),
        ({"window_mode": "step"}, "window_mode"),
        ({"window_mode": "step", "window": "1h", "order": "any"}, "window_mode"),
        ({"exclude": ""}, "exclude"),
        ({"exclude": "search,,cart"}, "exclude"),
        ({"exclude": "nothing of the kind"}, "exclude"),
        ({"exclude": ",".join(["home"] * 33)}, "exclude"),
        ({"sauce": "news"}, "sauce"),
        ({"source": "x" * 258}, "source.0"),
        ({"breakdown": "devise"}, "breakdown"),
        ({"breakdown": "device,source,country"}, "breakdown"),
        ({"breakdown": "device,device"}, "breakdown"),
        ({"breakdown": "device", "at": "5"}, "at"),
        ({"breakdown": "device", "at": "second"}, "at"),
        ({"bots": "all"}, "bots"),
        ({"funnel": "none"}, "funnel"),
        ({"funnel": "default", "steps": "home,search"}, "steps"),
        ({"steps": "home"}, "steps"),
        ({"steps": "home,,search"}, "steps"),
        ({"steps": "home,a|"}, "steps"),
        ({"steps": ",".join(["home"] * 33)}, "steps"),
        ({"steps": f"home,{'x' * 257}"}, "steps"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, FUNNEL, query) == (422, [field])


def test_any_order_refuses_steps_that_one_event_satisfies_two_of(shop: Mongo) -> None:
    happen(shop, view("home"))
    query = {"steps": "home,home|search", "order": "any", "from": TODAY, "to": TODAY}
    assert refusal(handler, FUNNEL, query) == (422, ["steps"])


def test_who_may_not_read_is_turned_away(shop: Mongo) -> None:
    assert refusal(handler, FUNNEL, scopes="collect")[0] == 403
    assert refusal(handler, FUNNEL, site_id="")[0] == 401


def test_a_database_that_does_not_answer_is_a_503(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    from footfall.stores import mongo

    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    read_environment.cache_clear()
    mongo.client.cache_clear()
    assert refusal(handler, FUNNEL)[0] == 503


seen = st.builds(
    Seen,
    st.integers(1, 3),
    st.sampled_from(["Desktop", "Mobile"]),
    st.sampled_from(PAGES),
    st.builds(
        lambda minutes: NOON + timedelta(minutes=minutes), st.sampled_from([-1500, -1440, 0, 0, 1, 30, 700, 1500])
    ),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(seen, min_size=1, max_size=10).map(lambda events: sorted(events, key=lambda event: event.at)),
    st.sampled_from([None, "1s", "45m", "1d"]),
    st.sampled_from(["ordered", "any"]),
)
def test_rollups_and_events_give_the_answer_of_the_definition(
    shop: Mongo, events: list[Seen], window: str | None, order: str
) -> None:
    for collection in ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups"):
        shop[collection].delete_many({})
    forget_answers()
    names = ["ann", "bob", "cid"]
    stored = [
        {
            **view(event.page, names[event.person - 1], device=event.device, eventId=f"{99 - number}"),
            "timestamp": event.at,
            "sequence": number,
        }
        for number, event in enumerate(events)
    ]
    happen(shop, *stored)
    lengths = {"1s": timedelta(seconds=1), "45m": timedelta(minutes=45), "1d": timedelta(days=1)}
    chains = furthest(events, PAGES, rules=Rules(order, lengths.get(window or "")))
    query = {"from": "2026-02-27", "to": "2026-03-02", "order": order, **({"window": window} if window else {})}
    from_events = ask(handler, FUNNEL, query)
    roll_up()
    from_rollups = ask(handler, FUNNEL, query)
    from_lake = ask(handler, FUNNEL, {**query, "steps": ",".join(f"{page}|{page}" for page in PAGES)})
    assert reached(from_rollups) == users(chains, len(PAGES))
    assert from_rollups["steps"] == from_events["steps"]
    assert from_rollups["steps"] == [
        {**step, "name": page} for step, page in zip(from_lake["steps"], PAGES, strict=True)
    ]
