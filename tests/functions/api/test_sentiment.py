"""The routes of sentiment through api/metrics, on a real MongoDB; the texts are read and kept as etl/events does."""

from collections import defaultdict
from datetime import timedelta
from statistics import variance
from typing import Any, NamedTuple

import pytest
from footfall.sentiment.version import VERSION
from footfall.stores import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.metrics.handler import handler
from functions.etl.events import feedback
from tests.support.asking import ask, refusal
from tests.support.builders import NOON, a_document, a_site
from tests.support.caches import forget_answers
from tests.support.visits import TODAY, YESTERDAY, a_shop, know, mark, roll_up

Mongo = Database[dict[str, Any]]
PAGES, TREND, TEXTS = "/api/sentiment", "/api/sentiment/trend", "/api/sentiment/feedback"
DASHBOARD = "/api/metrics/dashboard"
TWO_DAYS = {"from": YESTERDAY, "to": TODAY}
LATE = "Terrible delivery, the parcel was late."


def write(shop: Mongo, event_id: str, text: str, hours: float = 0, **but: Any) -> None:
    """Keep a text that somebody writes so many hours after noon of 1 March 2026."""
    moment = (NOON + timedelta(hours=hours)).isoformat()
    said = {"eventType": "feedback", "eventId": event_id, "timestamp": moment, "properties": {"text": text}}
    feedback.keep(shop, a_site(), [a_document(**{**said, "url": "https://shop.example/cart", **but})])


@pytest.fixture
def wrote(shop: Mongo) -> Mongo:
    """A shop with praise and blame on two pages and two days, a text in German, and one of a bot."""
    write(shop, "a", "Great quality, love it")
    write(shop, "b", LATE, hours=1)
    write(shop, "c", "Awful. Broken on arrival, worst quality ever", hours=-24)
    write(shop, "d", "Die Lieferung war leider nicht schnell")
    write(shop, "e", "Wonderful shop, thank you!", url="https://shop.example/")
    write(shop, "r", "", value=5)
    shop["feedback"].insert_one({**dict(shop["feedback"].find_one({"_id": "demo:a"}) or {}), "_id": "bot", "bot": True})
    return shop


def test_each_page_has_its_shares_its_mean_and_what_it_is_about(wrote: Mongo) -> None:
    answer = ask(handler, PAGES, TWO_DAYS)
    cart, home = answer["pages"]
    assert (cart["page"], home["page"], answer["total"]) == ("/cart", "/", 2)
    assert [cart[name] for name in ("n", "unsupported", "unread")] == [3, 1, 0]
    assert cart["distribution"]["negative"] == {"count": 2, "share": 66.67, "low": 20.77, "high": 93.85}
    assert cart["avg_score_low"] <= cart["avg_score"] <= cart["avg_score_high"]
    assert [(one["category"], one["n"], one["negative"]) for one in cart["categories"]] == [
        ("delivery", 1, 1),
        ("quality", 2, 1),
    ]
    assert (home["n"], home["avg_score_low"], home["categories"]) == (1, None, [])
    assert answer["overall"]["n"] == 4
    assert [one["share"] for one in answer["overall"]["categories"]] == [25.0, 50.0]


def test_a_mean_and_its_interval_are_those_of_the_scores(wrote: Mongo) -> None:
    scores = [
        each["sentiment"]["score"]
        for each in wrote["feedback"].find({"path": "/cart", "bot": False, "sentiment.score": {"$ne": None}})
    ]
    mean = sum(scores) / 3
    half = 1.959964 * (sum((score - mean) ** 2 for score in scores) / 2 / 3) ** 0.5
    figures = ask(handler, PAGES, {**TWO_DAYS, "path": "/cart"})["overall"]
    assert figures["avg_score"] == pytest.approx(mean, abs=0.001)
    assert figures["avg_score_low"] == pytest.approx(max(mean - half, -1), abs=0.001)
    assert figures["avg_score_high"] == pytest.approx(min(mean + half, 1), abs=0.001)


def test_pages_come_by_the_page(wrote: Mongo) -> None:
    answer = ask(handler, PAGES, {**TWO_DAYS, "page": 2, "page_size": 1})
    assert [page["page"] for page in answer["pages"]] == ["/"]
    assert (answer["total"], answer["total_pages"], answer["overall"]["n"]) == (2, 2, 4)


def test_a_text_without_a_path_is_of_its_page_type(shop: Mongo) -> None:
    write(shop, "a", "Great", url=None, pageType="search")
    write(shop, "b", "Great", url=None)
    assert [page["page"] for page in ask(handler, PAGES, TWO_DAYS)["pages"]] == ["other", "search"]
    for path in ("search", "other"):
        assert ask(handler, PAGES, {**TWO_DAYS, "path": path})["overall"]["n"] == 1


def test_each_period_is_the_answer_for_its_days(wrote: Mongo) -> None:
    trend = ask(handler, TREND, TWO_DAYS)["data"]
    assert [(day["date"], day["n"]) for day in trend] == [(YESTERDAY, 1), (TODAY, 3)]
    for day in trend:
        alone = ask(handler, PAGES, {"from": day["date"], "to": day["last_date"]})["overall"]
        assert {name: alone[name] for name in alone if name != "categories"} == {
            name: day[name] for name in day if "date" not in name
        }
    [month, _] = ask(handler, TREND, {**TWO_DAYS, "period": "month"})["data"]
    assert (month["date"], month["last_date"], month["n"]) == (YESTERDAY, YESTERDAY, 1)


def test_days_are_the_shops_own(wrote: Mongo) -> None:
    know(wrote, a_shop("home", "search", time_zone="Asia/Kolkata"))
    write(wrote, "late", "Great", hours=7)  # half past midnight of the next day there
    trend = ask(handler, TREND, {"from": TODAY, "to": "2026-03-02"})["data"]
    assert [day["n"] for day in trend] == [3, 1]


def test_texts_come_newest_first_with_how_they_were_read(wrote: Mongo) -> None:
    answer = ask(handler, TEXTS, TWO_DAYS)
    assert [line["event_id"] for line in answer["feedback"]] == ["b", "e", "d", "a", "c"]
    assert answer["total"] == 5
    first, german = answer["feedback"][0], answer["feedback"][2]
    assert (first["text"], first["label"], first["categories"]) == (LATE, "negative", ["delivery"])
    assert (first["language"], first["version"], first["page"]) == ("en", VERSION, "/cart")
    assert (german["language"], german["label"], german["score"]) == ("de", None, None)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"label": "negative"}, ["b", "c"]),
        ({"category": "quality"}, ["a", "c"]),
        ({"language": "de"}, ["d"]),
        ({"path": "/"}, ["e"]),
        ({"from": TODAY, "label": "negative"}, ["b"]),
        ({"page": 2, "page_size": 4}, ["c"]),
    ],
)
def test_texts_are_filtered(wrote: Mongo, asked: dict[str, Any], found: list[str]) -> None:
    answer = ask(handler, TEXTS, {**TWO_DAYS, **asked})
    assert [line["event_id"] for line in answer["feedback"]] == found


def test_a_text_that_nobody_has_read_yet_is_listed_and_counted_as_such(shop: Mongo) -> None:
    write(shop, "a", "Great")
    shop["feedback"].update_one({}, {"$set": {"sentiment": None}})
    assert ask(handler, PAGES, TWO_DAYS)["overall"]["unread"] == 1
    [line] = ask(handler, TEXTS, TWO_DAYS)["feedback"]
    assert (line["label"], line["language"], line["version"]) == (None, None, None)


def test_the_dashboard_has_the_same_distribution_once_the_days_are_computed(wrote: Mongo) -> None:
    mark(wrote, YESTERDAY, TODAY)
    roll_up()
    told = ask(handler, DASHBOARD, TWO_DAYS)["sentiment_distribution"]
    shares = ask(handler, PAGES, TWO_DAYS)["overall"]["distribution"]
    assert told == {label: share["count"] for label, share in shares.items()}
    assert told == {"positive": 2, "neutral": 0, "negative": 2}


def test_another_sites_texts_are_in_no_answer(wrote: Mongo) -> None:
    wrote["feedback"].update_many({}, {"$set": {"site_id": "other"}})
    assert ask(handler, PAGES, TWO_DAYS)["overall"]["n"] == 0
    assert ask(handler, TEXTS, TWO_DAYS)["total"] == 0


def test_a_rollup_makes_remembered_answers_new(wrote: Mongo) -> None:
    mark(wrote, TODAY)
    roll_up()
    assert ask(handler, PAGES, TWO_DAYS)["overall"]["n"] == 4
    write(wrote, "new", "Great")
    mark(wrote, TODAY)
    roll_up()
    assert ask(handler, PAGES, TWO_DAYS)["overall"]["n"] == 5


@pytest.mark.parametrize("route", [PAGES, TREND, TEXTS])
def test_a_site_without_feedback_has_an_empty_answer(shop: Mongo, route: str) -> None:
    answer = ask(handler, route, TWO_DAYS)
    assert answer["range"] == {**TWO_DAYS, "time_zone": "UTC"}
    assert not any(page["n"] for page in answer.get("data", []))
    assert answer.get("overall", {}).get("avg_score") is None


@pytest.mark.parametrize(
    ("route", "asked", "field"),
    [
        (PAGES, {"from": TODAY, "to": YESTERDAY}, "to"),
        (PAGES, {"page_size": 101}, "page_size"),
        (TREND, {"period": "hour"}, "period"),
        (TEXTS, {"label": "angry"}, "label"),
        (TEXTS, {"category": "weather"}, "category"),
        (TREND, {"mood": "good"}, "mood"),
    ],
)
def test_what_cannot_be_asked_is_named(shop: Mongo, route: str, asked: dict[str, Any], field: str) -> None:
    assert refusal(handler, route, asked) == (422, [field])


class Text(NamedTuple):
    """A text that was written and read: its score in thousandths, None where it could not be read."""

    hours: int
    page: str
    score: int | None
    categories: tuple[str, ...]


texts = st.builds(
    Text,
    st.sampled_from([-36, -13, -12, 0, 11, 12, 30]),
    st.sampled_from(["/cart", "/", "/$x.y", "search", "other", ""]),
    st.none() | st.integers(-1_000, 1_000),
    st.sampled_from([(), ("price",), ("delivery", "price")]),
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, max_size=10))
def test_what_is_added_up_by_day_is_what_the_texts_say(shop: Mongo, written: list[Text]) -> None:
    for collection in ("feedback", "feedback_days", "daily_metrics", "lake_periods", "rollups", "stale_days"):
        shop[collection].delete_many({})
    forget_answers()
    if written:
        shop["feedback"].insert_many([stored(number, text) for number, text in enumerate(written)])
    for again in (everything_anew, lambda: mark(shop, TODAY), everything_anew):
        assert_right(written)
        again()
    answer = ask(handler, PAGES, WEEK)
    labels = ask(handler, DASHBOARD, WEEK)["sentiment_distribution"]
    assert labels == {label: answer["overall"]["distribution"][label]["count"] for label in labels}


def everything_anew() -> None:
    for day in range(27, 33):
        moment = NOON + timedelta(days=day - 29)
        roll_up({"site_id": "demo", "date": moment.date().isoformat()})


LABELS = ("negative", "neutral", "positive")
WEEK = {"from": "2026-02-27", "to": "2026-03-03"}


def stored(number: int, text: Text) -> dict[str, Any]:
    label = (
        None
        if text.score is None
        else "positive"
        if text.score >= 50
        else "negative"
        if text.score <= -50
        else "neutral"
    )
    score = None if text.score is None else text.score / 1_000
    read = {"label": label, "score": score, "categories": text.categories if label else [], "version": VERSION}
    page = {"path": text.page if text.page.startswith("/") else None, "page_type": text.page.strip("/") or None}
    moment = NOON + timedelta(hours=text.hours)
    said = {"site_id": "demo", "bot": False, "text": "said", "timestamp": moment, "sentiment": read}
    return {"_id": f"demo:{number}", **said, **page}


def assert_right(written: list[Text]) -> None:
    days = WEEK
    redis.client().flushdb()  # a mark is no new version of the rollups
    answer = ask(handler, PAGES, days)
    by_page: defaultdict[str, list[Text]] = defaultdict(list)
    for text in written:
        by_page[text.page or "other"].append(text)
    ranked = sorted(by_page, key=lambda page: (-len(by_page[page]), page))
    assert [page["page"] for page in answer["pages"]] == ranked
    assert answer["total"] == len(ranked)
    assert_part(answer["overall"], written)
    for page in answer["pages"]:
        assert_part(page, by_page[page["page"]])
        alone = ask(handler, PAGES, {**days, "path": page["page"]})
        assert (alone["overall"], alone["pages"]) == ({name: page[name] for name in page if name != "page"}, [page])
    for day in ask(handler, TREND, days)["data"]:
        assert_part(
            day, [one for one in written if (NOON + timedelta(hours=one.hours)).date().isoformat() == day["date"]]
        )


def day_of(text: Text) -> str:
    return (NOON + timedelta(hours=text.hours)).date().isoformat()


def assert_part(part: dict[str, Any], written: list[Text]) -> None:
    scores = [text.score / 1_000 for text in written if text.score is not None]
    assert (part["n"], part["unsupported"], part["unread"]) == (len(scores), len(written) - len(scores), 0)
    assert part["distribution"]["negative"]["count"] == sum(score <= -0.05 for score in scores)
    assert part["avg_score"] == (pytest.approx(sum(scores) / len(scores), abs=0.00051) if scores else None)
    if len(scores) > 1:
        half = 1.959964 * (variance(scores) / len(scores)) ** 0.5
        assert part["avg_score_high"] == pytest.approx(min(sum(scores) / len(scores) + half, 1), abs=0.00051)
    for one in part.get("categories", []):
        of = [text.score for text in written if text.score is not None and one["category"] in text.categories]
        assert (one["n"], one["negative"]) == (len(of), sum(score <= -50 for score in of))
        assert one["avg_score"] == pytest.approx(sum(of) / len(of) / 1_000, abs=0.00051)
