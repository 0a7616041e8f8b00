"""Questions of a large shop through their handlers: 1 million orders, 1 million customers, millions of events.

Documents are put straight into MongoDB, those of days as jobs/rollup computes them. Peers are the same figures added up
of all documents, in the same run. `python -m tests.benchmarks.questions [--people N] [--events N]`.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import batched, groupby
from pathlib import Path
from typing import Any, NamedTuple

from pymongo import MongoClient
from pymongo.database import Database

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb
from tests.benchmarks.rows import Row, show
from tests.support.asking import ask
from tests.support.builders import a_document, a_site

Document = dict[str, Any]
Mongo = Database[Document]
PEOPLE = 1_000_000
EVENTS = 2_000_000
DAYS = 1_000
FIRST = datetime(2023, 12, 1, 9, tzinfo=UTC)
EVENTS_A_VISIT = 8
PAGES = ("home", "search", "product", "product", "cart", "payment", "confirmation", "home")
SEGMENTS = ("Champions", "Loyal", "Promising", "At Risk", "Hibernating")
BEHAVIOUR = ("Frequent", "Night owls", "Browsers")
AT_ONCE = 20_000
REPETITIONS = 20
TARGET = "p95 ≤ 100 ms"


def run(people: int = PEOPLE, events: int = EVENTS) -> list[Row]:
    """Measures on a fresh MongoDB, without Redis; returns rows."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL="redis://127.0.0.1:1/0")
        os.environ.update(LAKE_LOCATION=f"file://{folder}/lake", LOG_LEVEL="WARNING")
        os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")
        client = stack.enter_context(MongoClient[Document](uri, tz_aware=True))
        database = client["footfall"]
        _fill(database, people, events)
        _put_days(database, people, events)
        return list(_questions(database, people))


def _fill(database: Mongo, people: int, events: int) -> None:
    # indexes are quicker to make at the end
    from footfall.customers.segment_sums import SEGMENT_FIELDS, Segments
    from footfall.stores import preparing

    site = a_site(site_id="demo")
    database["sites"].insert_one({"_id": "demo", **site.model_dump()})
    _insert(database, "users", (_person(number) for number in range(1, people + 1)))
    _insert(database, "orders", _orders(people))
    _insert(database, "events", _events(people, events))
    _insert(database, "user_sessions", _sessions(people, events))
    segments = Segments()
    for some in batched(_customers(people), AT_ONCE):
        segments.add_all(some)  # type: ignore[arg-type]
        database["customers"].insert_many(some)
    for name in SEGMENT_FIELDS:
        details = {"as_of": (FIRST + timedelta(days=DAYS - 1)).date().isoformat(), "currency": "EUR"}
        details["segments"] = [{"name": one, "customers": 1, "deviations": {}} for one in BEHAVIOUR]  # type: ignore[assignment]
        model = {"site_id": "demo", "name": name, "version": 1_773_000_000_000, "state": "published"}
        sums = segments.of_model(name)
        database["models"].insert_one({"_id": f"demo:{name}:1", **model, "details": details, "segments": sums})
    preparing.prepare(database)


def _insert(database: Mongo, name: str, documents: Iterable[Document]) -> None:
    for some in batched(documents, AT_ONCE):
        database[name].insert_many(some, ordered=False)


def _moment(place: int, of: int) -> datetime:
    # spread evenly over the days, in order
    day, rest = divmod(place * DAYS, of)
    return FIRST + timedelta(days=day, seconds=rest * 40_000 // of)


def _name(number: int) -> str:
    return f"c{number:07}"


def _person(number: int) -> Document:
    name = _name(number)
    return {"_id": f"demo:{name}", "site_id": "demo", "person_id": name, "number": number, "merged_ids": []}


def _orders(people: int) -> Iterator[Document]:
    source = random.Random(1)
    for number in range(people):
        name, placed_at = _name(source.randrange(people) + 1), _moment(number, people)
        guest, refund = number % 10 == 0, number % 20 == 0
        total = source.randrange(500, 50_000)
        yield {
            "_id": f"demo:o{number}",
            "site_id": "demo",
            "order_id": f"o{number}",
            "person_id": name,
            "user_id": None if guest else name,
            "placed_at": placed_at,
            "refunded_at": placed_at if refund else None,
            "currency": "USD" if number % 100 == 0 else "EUR",
            "total": total,
            "refunded": 100 if refund else 0,
            "refunds": [{"at": placed_at, "amount": 100}] if refund else [],
            "lines": [{"product_id": f"p{number % 500}", "quantity": 1, "price": total}],
            "told_in": [],
            "status": "completed",
            "events": 1,
        }


def _events(people: int, count: int) -> Iterator[Document]:
    like = a_document(eventType="pageview", pageType="home", path="/")
    for number in range(count):
        visit = number // EVENTS_A_VISIT
        name, page = _name(visit % people + 1), PAGES[number % EVENTS_A_VISIT]
        yield {
            **like,
            "_id": f"demo:e{number}",
            "event_id": f"e{number}",
            "type": "click" if number % EVENTS_A_VISIT == 7 else "pageview",
            "timestamp": _moment(number, count),
            "visitor_id": name,
            "person_id": name,
            "session_id": f"s{visit}",
            "page_type": page,
            "path": f"/{page}/{number % 700}",
        }


def _sessions(people: int, count: int) -> Iterator[Document]:
    for visit in range(count // EVENTS_A_VISIT):
        name, began = _name(visit % people + 1), _moment(visit * EVENTS_A_VISIT, count)
        yield {
            "_id": f"demo:s{visit}",
            "site_id": "demo",
            "session_id": f"s{visit}",
            "client_session_id": f"s{visit}",
            "visitor_id": name,
            "person_id": name,
            "started_at": began,
            "ended_at": _moment(visit * EVENTS_A_VISIT + EVENTS_A_VISIT - 1, count),
            "computed_at": began,
            "device": "Desktop",
            "attribution": {"source": "news"},
            "page_views": 7,
            "duration": 60,
            "bounce": False,
            "bot": False,
            "converted": False,
        }


def _customers(people: int) -> Iterator[Document]:
    source = random.Random(2)
    for number in range(1, people + 1):
        name, recency = _name(number), source.randrange(DAYS)
        last = FIRST + timedelta(days=DAYS - 1 - recency)
        yield {
            "_id": f"demo:{name}",
            "site_id": "demo",
            "customer_id": name,
            "recency": recency,
            "frequency": source.randrange(1, 20),
            "monetary": source.randrange(500, 1_000_000),
            "refunded": 0,
            "currency": "EUR",
            "first_order_at": FIRST,
            "last_order_at": last,
            "recency_score": 3,
            "frequency_score": 3,
            "monetary_score": 3,
            "rfm_score": "333",
            "rfm_segment": SEGMENTS[number % len(SEGMENTS)],
            "behaviour_segment": BEHAVIOUR[number % len(BEHAVIOUR)],
            "device": "Desktop",
            "as_of": (FIRST + timedelta(days=DAYS - 1)).date().isoformat(),
            "version": 1,
        }


def _put_days(database: Mongo, people: int, events: int) -> None:
    # what jobs/rollup computes of days, without its files
    from footfall.breakdowns.sessions import SessionColumns
    from footfall.clock import now
    from footfall.days import DayRange, zone_named
    from footfall.documents import note_documents
    from footfall.funnels.rollup import DayEntries, funnel_documents
    from footfall.funnels.steps import definition
    from footfall.lake.definition import definition as lake_definition
    from footfall.people.numbers import PersonNumbers

    from functions.jobs.rollup.dimensions import stored_dimensions
    from functions.jobs.rollup.metrics import DayMetrics

    class Numbers(PersonNumbers):
        def of(self, event: Any) -> int:
            return int(event["person_id"][1:])

    site, numbers = a_site(site_id="demo"), Numbers(database, "demo")
    bought = groupby(_orders(people), lambda order: order["placed_at"].date())
    happened = groupby(_events(people, events), lambda event: event["timestamp"].date())
    lake_days = []
    for (day, orders), (_, of_day) in zip(bought, happened, strict=True):
        metrics, entries, types = (
            DayMetrics(site),
            DayEntries(datetime(day.year, day.month, day.day, tzinfo=UTC), site.funnels),
            Counter[str](),
        )
        for event in of_day:
            metrics.add(event, numbers.of(event))  # type: ignore[arg-type]
            entries.add(event, numbers.of(event))  # type: ignore[arg-type]
            types[event["type"]] += 1
        placed = list(orders)
        rows = [row for row in stored_dimensions(site) if row.session]
        visits = SessionColumns(DayRange(day, day, zone_named(site.time_zone)), "EUR", rows)
        count = types.total() // EVENTS_A_VISIT
        visits.add([_a_visit(day)] * count, [1] * count)  # type: ignore[list-item]
        refunds = sum(order["refunded"] for order in placed if order["currency"] == "EUR")
        document = metrics.document(str(day), FIRST, visits, placed, refunds, numbers)  # type: ignore[arg-type]
        database["daily_metrics"].insert_one(document)  # type: ignore[arg-type]
        database["funnel_analytics"].insert_many(funnel_documents(site, day, entries))  # type: ignore[arg-type]
        lake_days.append({"date": str(day), "events": types.total(), "types": types})
    period = {"site_id": "demo", "definition": lake_definition(site), "days": lake_days, "files": []}
    database["lake_periods"].insert_one({"_id": "demo:all", **period})
    done = {"site_id": "demo", "version": "1", "definition": definition(site)}
    database["rollups"].insert_one({"_id": "demo", **done})
    note_documents(database, "demo", now())


def _a_visit(day: date) -> dict[str, Any]:
    began = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {"session_id": "s", "started_at": began, "duration": 60.0, "bounce": False, "device": "Desktop"}


class _Measured(NamedTuple):
    p50: float
    p95: float
    answer: Document


def _questions(database: Mongo, people: int) -> Iterator[Row]:
    from functions.api.customers.handler import handler as customers
    from functions.api.funnel.handler import handler as funnel
    from functions.api.metrics.handler import handler as metrics
    from functions.api.pipeline.handler import handler as pipeline

    middle = {"after": _place(database, people)}
    asked: list[tuple[Any, str, Document, Callable[[], object] | None]] = [
        (metrics, "/api/metrics", {}, lambda: _bought(database)),
        (metrics, "/api/metrics", {"compare": "year"}, None),
        (metrics, "/api/metrics/dashboard", {}, None),
        (metrics, "/api/metrics/dashboard", {"compare": "weekdays"}, None),
        (metrics, "/api/metrics/health-score", {}, None),
        (metrics, "/api/analytics/revenue-trend", {"compare": "previous"}, None),
        (metrics, "/api/analytics/conversion-trends", {"compare": "previous"}, None),
        (metrics, "/api/analytics/segment-distribution", {}, None),
        (metrics, "/api/analytics/revenue-by-segment", {}, None),
        (metrics, "/api/analytics/risk-distribution", {}, None),
        (metrics, "/api/analytics/clv-distribution", {}, None),
        (customers, "/api/customers", {}, None),
        (customers, "/api/customers", {"sort_by": "recency", "order": "asc"}, None),
        (customers, "/api/customers", {"page": 500}, None),
        (customers, "/api/customers", middle, lambda: _passed_over(database, people // 2)),
        (customers, "/api/customers", {"segment": "Champions"}, None),
        (customers, "/api/customers", {"segment": "Champions", "sort_by": "frequency"}, None),
        (customers, "/api/customers", {"q": "c00001"}, None),
        (customers, "/api/customers", {"q": "c"}, None),
        (customers, f"/api/customers/{_name(people // 2)}", {}, None),
        (customers, "/api/segments", {}, lambda: _in_segments(database)),
        (customers, "/api/segments", {"segment_type": "behaviour"}, None),
        (funnel, "/api/funnel", {}, None),
        (funnel, "/api/funnel/trend", {}, None),
        (pipeline, "/events/count", {}, lambda: _by_type(database)),
        (pipeline, "/events/recent", {}, None),
        (pipeline, "/etl/flagged", {}, None),
        (pipeline, "/etl/quarantine", {}, None),
    ]
    for handler, path, query, peer in asked:
        found = _measure(lambda handler=handler, path=path, query=query: ask(handler, path, query))  # type: ignore[misc]
        shown = {name: "…" if name == "after" else value for name, value in query.items()}
        name = path + ("?" + "&".join(f"{key}={value}" for key, value in shown.items()) if shown else "")
        yield _row(name, found, _measure(peer, 3) if peer else None)
    yield _row("documents of /etl/status", _measure(_documents), None)


def _row(name: str, found: _Measured, peer: _Measured | None) -> Row:
    figure = f"p50 {found.p50:.0f} ms, p95 {found.p95:.0f} ms"
    if peer is None:
        return Row(name, figure, target=TARGET)
    return Row(name, figure, f"all added up {peer.p50:.0f} ms", f"{peer.p50 / found.p50:.0f} × quicker", TARGET)


def _measure(work: Callable[[], Any], repetitions: int = REPETITIONS) -> _Measured:
    answer, times = work(), []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return _Measured(statistics.median(times), sorted(times)[round(0.95 * (repetitions - 1))], answer)


def _documents() -> object:
    from footfall.questions.pipeline_status import _documents

    return _documents("demo")


def _place(database: Mongo, people: int) -> str:
    from footfall.questions.keyed_list import Place

    (found,) = _passed_over(database, people // 2)
    return Place("monetary desc", found["monetary"], found["customer_id"]).text


def _passed_over(database: Mongo, count: int) -> list[Document]:
    order = [("monetary", -1), ("_id", -1)]
    return database["customers"].find({"site_id": "demo"}).sort(order).skip(count).limit(1).to_list()


def _bought(database: Mongo) -> list[Document]:
    placed = {"site_id": "demo", "placed_at": {"$type": "date"}, "total": {"$gt": 0}, "currency": "EUR"}
    sums = {"orders": {"$sum": 1}, "revenue": {"$sum": "$total"}, "last": {"$max": "$placed_at"}}
    by_kind = {"_id": {"$ne": ["$_id", None]}, "people": {"$sum": 1}, "revenue": {"$sum": "$revenue"}}
    stages: Sequence[Document] = [{"$match": placed}, {"$group": {"_id": "$user_id", **sums}}, {"$group": by_kind}]
    return database["orders"].aggregate(stages).to_list()


def _in_segments(database: Mongo) -> list[Document]:
    sums = {"customers": {"$sum": 1}, "revenue": {"$sum": "$monetary"}, "days": {"$sum": "$recency"}}
    stages: Sequence[Document] = [{"$match": {"site_id": "demo"}}, {"$group": {"_id": "$rfm_segment", **sums}}]
    return database["customers"].aggregate(stages).to_list()


def _by_type(database: Mongo) -> dict[str, int]:
    types = database["events"].distinct("type", {"site_id": "demo"})
    return {kind: database.command("count", "events", query={"site_id": "demo", "type": kind})["n"] for kind in types}


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.questions", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="orders, and customers (default: %(default)s)")
    parser.add_argument("--events", type=int, default=EVENTS, help="events (default: %(default)s)")
    given = parser.parse_args()
    show(f"questions, {given.people:,} orders and customers", run(given.people, given.events))


if __name__ == "__main__":
    main()
