"""Customers: fits beside those of lifetimes, one customer's page, and look-alikes among a hundred thousand people.

`python -m tests.benchmarks.customers [--people 100000]`; about two minutes.
"""

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from footfall.forecasts.bg_nbd import BgNbd
from footfall.forecasts.gamma_gamma import GammaGamma
from footfall.forecasts.histories import Histories, histories
from footfall.forecasts.likelihood import Found
from footfall.forecasts.pareto_nbd import ParetoNbd
from footfall.forecasts.trade_log import TradeLog, counts, first_purchases, purchases_of, standing, sums
from pymongo import MongoClient

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_milvus, start_mongodb
from tests.benchmarks.rows import Row, show
from tests.support.asking import ask
from tests.support.builders import NOON
from tests.support.cdnow import SAMPLE, cdnow
from tests.support.customers import a_customer
from tests.support.shopping import a_user, an_order

CALIBRATION_ENDS = date(1997, 9, 30).toordinal()
PEOPLE, CUSTOMERS, KINDS = 100_000, 20_000, 400
ANSWERS = 200
FITS = 3


def run(people: int = PEOPLE) -> list[Row]:
    """Measures fits on CDNOW's sample, then answers of both handlers on fresh stores; returns rows."""
    return [*_fits(), *_answers(people)]


class _Fit(NamedTuple):
    seconds: float
    parameters: list[float]


def _fits() -> Iterator[Row]:
    log = cdnow(SAMPLE).before(CALIBRATION_ENDS + 1)
    found = standing(log)
    seen = histories(found.purchases, found.first, found.last, CALIBRATION_ENDS)
    repeats, mean = _means(log)
    yield from _beside(
        "BG/NBD",
        _ours(lambda: BgNbd.fit(seen)),
        _theirs("BetaGeoFitter", *_told(seen)),
        lambda told: BgNbd(*told).log_likelihoods(seen),
    )
    yield from _beside(
        "Pareto/NBD",
        _ours(lambda: ParetoNbd.fit(seen)),
        _theirs("ParetoNBDFitter", *_told(seen)),
        lambda told: ParetoNbd(*told).log_likelihoods(seen),
    )
    yield from _beside(
        "Gamma-Gamma",
        _ours(lambda: GammaGamma.fit(repeats, mean)),
        _theirs("GammaGammaFitter", repeats, mean),
        lambda told: GammaGamma(*told).log_likelihoods(repeats, mean),
    )


def _told(seen: Histories) -> list[np.ndarray[Any, Any]]:
    return [seen.repeats, seen.last, seen.watched]


def _means(log: TradeLog) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    # of what comes after the first purchase
    found = purchases_of(log.orders)
    again = ~first_purchases(found)
    repeats = counts(found.customer[again], log.customers)
    spent = sums(found.customer[again], found.amount[again], log.customers)
    who = spent > 0
    return repeats[who].astype(float), spent[who] / repeats[who] / 100


def _ours(fit: Callable[[], Found]) -> _Fit:
    took, found = [], fit()
    for _ in range(FITS):
        started = time.process_time()
        found = fit()
        took.append(time.process_time() - started)
    return _Fit(min(took), list(found.parameters.values()))


def _theirs(name: str, *told: np.ndarray[Any, Any]) -> _Fit:
    kind = getattr(import_module("lifetimes"), name)
    took, fitter = [], kind()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(FITS):
            fitter = kind()
            started = time.process_time()
            fitter.fit(*told)
            took.append(time.process_time() - started)
    return _Fit(min(took), [float(value) for value in fitter.params_])


def _beside(
    name: str, ours: _Fit, theirs: _Fit, log_likelihoods: Callable[[list[float]], np.ndarray[Any, Any]]
) -> Iterator[Row]:
    ratio = f"{theirs.seconds / ours.seconds:.1f} ×"
    yield Row(f"{name} fitted on CDNOW, beside lifetimes", f"{ours.seconds:.2f} s", f"{theirs.seconds:.2f} s", ratio)
    one, other = (float(log_likelihoods(each.parameters).sum()) for each in (ours, theirs))
    yield Row("  logarithm of the likelihood", f"{one:.3f}", f"{other:.3f}", f"{one - other:+.3f}", "not less")


def _answers(people: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL="redis://127.0.0.1:1/0")
        os.environ.update(MILVUS_URI=start_milvus(supervisor, Path(folder) / "milvus"))
        os.environ.update(LOG_LEVEL="WARNING", POWERTOOLS_SERVICE_NAME="benchmark")
        _put_customers(stack.enter_context(MongoClient[dict[str, Any]](uri)))
        from functions.api.customers.handler import handler

        yield _asked(handler, "/api/customers/", f"of {CUSTOMERS:,} customers", "p50 ≤ 10 ms")
        yield _put_vectors(people)
        yield from _similar(f"of {people:,} vectors")


def _put_customers(client: MongoClient[dict[str, Any]]) -> None:
    from footfall.stores import preparing

    database = client["footfall"]
    preparing.prepare(database)
    database["sites"].insert_one({"_id": "demo", "site_id": "demo", "name": "Demo", "currency": "GBP"})
    names = [f"person-{number}" for number in range(CUSTOMERS)]
    database["customers"].insert_many(a_customer(name) for name in names)
    database["users"].insert_many({**a_user(name), "number": number} for number, name in enumerate(names))
    orders = (an_order(name, "tea", "pot", day=day) for name in names for day in range(5))
    database["orders"].insert_many(dict(order) for order in orders)
    reasons = [{"edges": ["PURCHASED"] * 3, "share": 0.5, "product_id": "product-1"}] * 2
    told = {"source": "graph", "reasons": reasons, "category": "Tea"}
    products = [{"product_id": f"product-{number}", "score": 1 - number / 100, **told} for number in range(30)]
    same = {"site_id": "demo", "kind": "person", "products": products, "as_of": "2026-11-30", "version": 1}
    database["recommendations"].insert_many(
        {"_id": f"demo:person:{name}", "subject": name, "customer_id": name, **same} for name in names
    )
    database["user_sessions"].insert_many(_session(name, day) for name in names for day in range(5))


def _session(name: str, day: int) -> dict[str, Any]:
    moment = NOON + timedelta(days=day)
    who = {"visitor_id": name, "person_id": name, "user_id": name, "session_id": f"{name}-{day}", "site_id": "demo"}
    seen = {"started_at": moment, "ended_at": moment, "duration": 60, "page_views": 4, "device": "Mobile"}
    return {"_id": f"demo:{name}:{day}", **who, **seen, "bounce": False, "bot": False, "orders": []}


def _asked(handler: Any, path: str, what: str, target: str, query: Mapping[str, object] | None = None) -> Row:
    took: list[float] = []
    before = 0.0
    for number in range(ANSWERS + 20):
        if number == 20:  # warm by now
            took, before = [], time.process_time()
        started = time.perf_counter()
        ask(handler, f"{path}person-{number}", dict(query or {}))
        took.append(1000 * (time.perf_counter() - started))
    each = 1000 * (time.process_time() - before) / ANSWERS
    figure = f"p50 {statistics.median(took):.1f} ms, {each:.1f} ms of the processor"
    return Row(f"{path}{{id}}, {what}", figure, target=target)


def _put_vectors(people: int) -> Row:
    from footfall.stores import vectors
    from footfall.stores.vectors import PEOPLE as COLLECTION
    from footfall.stores.vectors import Row as Vector

    # people of some kinds, since nobody's behaviour is a point at random
    draw = np.random.default_rng(1)
    kinds = draw.normal(size=(KINDS, vectors.DIMENSIONS)).astype(np.float32)
    which = draw.integers(0, KINDS, people)
    found = kinds[which] + 0.6 * draw.normal(size=(people, vectors.DIMENSIONS)).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    texts = {"device": "Mobile", "rfm_segment": "Loyal", "behaviour_segment": "Many", "profile": _profile()}
    vectors.prepare()
    started = time.perf_counter()
    vectors.upsert(COLLECTION, "demo", (Vector(f"person-{at}", texts, 1, each) for at, each in enumerate(found)))
    vectors.settle(COLLECTION)
    return Row(f"{people:,} vectors stored and indexed", f"{time.perf_counter() - started:.0f} s")


def _profile() -> str:
    from footfall.customers.profile import Profile, written

    return written(Profile(pages=["home", "search", "product"], products=[f"product-{n}" for n in range(30)]))


def _similar(what: str) -> Iterator[Row]:
    from footfall.stores import vectors
    from footfall.stores.vectors import PEOPLE as COLLECTION

    from functions.api.similar.handler import handler
    from functions.training.publish.index_recall import recall_of

    yield _asked(handler, "/api/similar/", what, "p50 ≤ 25 ms")
    kind = vectors._index_type(COLLECTION)
    for probes in (10, vectors.PROBES):
        share = recall_of(COLLECTION, "demo", probes)
        yield Row(f"  recall of {kind} with nprobe {probes}", f"{share:.3f}", target="≥ 0.95" if probes > 10 else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=PEOPLE)
    show("Customers", list(run(parser.parse_args().people)))
