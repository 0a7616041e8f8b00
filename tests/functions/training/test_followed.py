"""What the chance of an order is learnt from: sessions of the lake, which begin as the live view tells them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from bson import ObjectId
from footfall.clock import now
from footfall.propensity.columns import NEVER, Sessions
from footfall.propensity.scoring import Beginning, beginning_of
from footfall.rollups import rollups_of
from footfall.schemas.funnel import DEVICES
from footfall.sessions.fold import FIRST_EVENTS, fold_session, sessions_of, summarise
from pymongo.database import Database

from functions.training.extract.followed import sessions_followed
from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import Json, site_to_train, train
from tests.support.builders import NOON, a_document, a_site
from tests.support.shopping import at_site
from tests.support.visits import roll_up

Mongo = Database[dict[str, Any]]
DEVICE = ("Desktop", "Mobile")


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A site without anybody."""
    with site_to_train(worker) as site_id:
        open_site(database, site_id)
        yield site_id


def open_site(database: Mongo, site_id: str) -> None:
    database["sites"].insert_one({"_id": site_id, **a_site(site_id=site_id).model_dump()})


def a_session(
    visitor: str, start: datetime, kinds: Sequence[str], *, device: str = "Desktop", source: str | None = None
) -> list[Json]:
    """Events of one session, ten seconds apart and two of them at once; a kind with a capital is a page's type."""
    told = [
        {"eventType": "pageview", "pageType": kind.lower()} if kind[0].isupper() else {"eventType": kind}
        for kind in kinds
    ]
    brought = {"attribution": {"utmParams": {"utm_source": source, "utm_medium": "cpc"}}} if source else {}
    same = {"visitorId": visitor, "sessionId": f"{visitor}-s", "device": device, **brought}
    events = [dict(a_document(**{**same, **each})) for each in told]
    for number, event in enumerate(events):
        event |= {"timestamp": start + timedelta(seconds=10 * (number - number % 2)), "sequence": number}
    return events


def happen(database: Mongo, site_id: str, events: Sequence[Json], ordered: dict[str, datetime]) -> None:
    """Store events, their sessions, and which visitors' sessions led to an order, and when."""
    stored = [at_site(site_id, event) for event in events]  # type: ignore[arg-type]
    database["events"].insert_many(stored)
    visitors = sorted({event["visitor_id"] for event in stored})
    people = [
        {"_id": f"{site_id}:{v}", "site_id": site_id, "person_id": v, "number": n} for n, v in enumerate(visitors, 1)
    ]
    database["users"].insert_many([{**person, "device": "Desktop", "merged_ids": []} for person in people])
    visits: list[Any] = list(stored)
    for found in sessions_of(visits):
        session: Json = dict(fold_session(found, NOON))
        if moment := ordered.get(session["visitor_id"]):
            told = {"order_id": "o", "told_id": "o", "placed_at": moment, "total": 100, "currency": "EUR"}
            session |= {"converted": True, "orders": [told]}
        database["user_sessions"].insert_one(session)
    stale(database, site_id, stored)


def stale(database: Mongo, site_id: str, events: Sequence[Json]) -> None:
    """Mark the days of events."""
    dates = sorted({event["timestamp"].date().isoformat() for event in events})
    marks = [{"_id": f"{site_id}:{date}", "site_id": site_id, "date": date, "token": ObjectId()} for date in dates]
    database["stale_days"].insert_many(marks)


def told_of(sessions: Sessions) -> list[Beginning]:
    """The beginnings of sessions, in the order in which they began."""
    found = []
    for number, begin in enumerate(sessions.begins[:-1].tolist()):
        length = min(int(sessions.lengths[number]), FIRST_EVENTS)
        times = sessions.times[begin : begin + length].tolist()
        found.append(
            Beginning(
                kinds=[sessions.kinds[code] for code in sessions.codes[begin : begin + length]],
                seconds=[(time - times[0]) / 1000 for time in times],
                viewed=min(int(sessions.viewed[number]), length),
                device=DEVICES[sessions.devices[number]],
                source=sessions.sources[sessions.sources_of[number]],
            )
        )
    return found


def followed_of(site_id: str) -> Sessions:
    with rollups_of(site_id) as rollups:
        return sessions_followed(rollups)


def invented(people: int, seed: int, until: datetime = NOON) -> tuple[list[Json], dict[str, datetime]]:
    """Sessions a few minutes apart; whoever adds something to the cart, mostly orders."""
    random, events, ordered = Random(seed), [], {}
    for number in range(people):
        start = until - timedelta(minutes=7 * (people - number))
        adds = random.random() < 0.3
        kinds = ["click"] * random.randint(0, 1) + ["Home", random.choice(["Search", "Product"])]
        kinds += ["product_added", "Cart"] if adds else ["scroll", "Product"]
        kinds += ["Product", "Home"] * random.randint(0, 10)
        source = random.choice([None, "google", "news"])
        events += a_session(f"v{number:04}", start, kinds, device=random.choice(DEVICE), source=source)
        if random.random() < (0.8 if adds else 0.05):
            ordered[f"v{number:04}"] = events[-1]["timestamp"] + timedelta(seconds=random.randint(0, 60))
    return events, ordered


@pytest.mark.parametrize("changed", [False, True])
def test_sessions_of_training_begin_as_the_live_view_tells_them(database: Mongo, site: str, changed: bool) -> None:
    events, ordered = invented(40, 3)
    happen(database, site, events, ordered)
    roll_up({"site_id": site})
    if changed:
        stale(database, site, events)
    stored = list(database["user_sessions"].find({"site_id": site}).sort("started_at", 1))
    summaries = [summarise(session) for session in stored]  # type: ignore[arg-type]
    ours = followed_of(site)
    assert told_of(ours) == [
        beginning_of(one.first_kinds, one.first_seconds, one.device, one.source or "direct") for one in summaries
    ]
    assert [place != NEVER for place in ours.ordered] == [session["converted"] for session in stored]


def test_orders_of_long_after_a_session_and_sessions_that_go_on_are_left_out(database: Mongo, site: str) -> None:
    start = now() - timedelta(days=3)
    late, early = start + timedelta(hours=9), start - timedelta(hours=1)
    events = [
        *a_session("ann", start, ["Home"]),
        *a_session("bob", start, ["Home"]),
        *a_session("cid", now(), ["Home"]),
    ]
    happen(database, site, events, {"ann": late, "bob": early})
    roll_up({"site_id": site})
    ours = followed_of(site)
    assert ours.ordered.tolist() == [NEVER, NEVER]


def test_of_more_events_than_one_call_reads_the_newest_days_are_followed(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [a_session(f"v{day}", NOON - timedelta(days=20 * day), ["Home"] * 4) for day in range(4)]
    happen(database, site, [event for events in days for event in events], {})
    roll_up({"site_id": site})
    monkeypatch.setenv("MOST_ROWS", "5")
    followed_days = followed_of(site)
    assert len(followed_days.ordered) == 1


def test_a_site_without_events_has_no_sessions(site: str) -> None:
    assert len(followed_of(site).ordered) == 0


def propensity_of(database: Mongo, site_id: str) -> Json:
    found = database["models"].find_one({"site_id": site_id, "name": "propensity"})
    assert found is not None
    return dict(found)


def test_a_trained_site_has_scorers_of_its_own(database: Mongo, site: str) -> None:
    happen(database, site, *invented(1_500, 5))
    roll_up({"site_id": site})
    assert train(site)["state"] == "published"
    model = propensity_of(database, site)
    details = model["details"]["propensity"]
    assert not details["degraded"]
    five = next(scorer for scorer in details["scorers"] if scorer["events"] == 5)
    assert five["share"]["product_added"] > five["share"]["scroll"]
    assert set(model["metrics"]["baselines"]) == {"base_rate", "page_chain"}


def test_a_small_site_says_why_it_has_none(database: Mongo, site: str) -> None:
    happen(database, site, *invented(5, 5))
    roll_up({"site_id": site})
    assert train(site)["state"] == "published"
    details = propensity_of(database, site)["details"]["propensity"]
    assert (details["scorers"], details["degraded"]) == ([], True)
    assert "50 of either kind are needed" in details["reason"]


def test_what_happens_on_another_site_changes_nothing(database: Mongo, site: str) -> None:
    happen(database, site, *invented(30, 5))
    roll_up({"site_id": site})
    before = followed_of(site)
    other = f"{site}x"
    open_site(database, other)
    happen(database, other, *invented(60, 9))
    roll_up({"site_id": other})
    assert told_of(followed_of(site)) == told_of(before)
