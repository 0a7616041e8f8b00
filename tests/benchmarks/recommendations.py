"""Recommendations: a large shop's walk, the real shop's figures beside implicit's, and answers through the handler.

implicit lives in an environment of its own, .venv-peers. `python -m tests.benchmarks.recommendations [--share 0.1]`.
"""

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from footfall.customers.arrays import Arrays
from footfall.models import recommendations
from footfall.recommendations.edges import Edges, edges_of
from footfall.recommendations.ranking import AT, Quality, mean, quality
from footfall.recommendations.tuning import Trial, choose, judged, popular, windows_of
from footfall.recommendations.walk import Settings, fit_walk
from pymongo import MongoClient

from functions.training.extract.gather import Gathering
from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb
from tests.benchmarks.rows import Row, show
from tests.support.asking import ask
from tests.support.shopping import online_retail

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
DATA = ROOT.parent / "shared" / "data"
PEOPLE, PRODUCTS, PAIRS = 500_000, 20_000, 6_000_000
DOCUMENTS = 20_000
ANSWERS = 200
NOTHING = np.zeros(0, np.int32)


def run(share: float = 1.0) -> list[Row]:
    """Measures a walk over so much of the large shop, then the real shop and answers; returns rows."""
    rows = list(_large(share))
    rows += _retail() if DATA.exists() else [Row("Online Retail", "not measured: its data is not there")]
    return [*rows, _answers()]


def _large(share: float) -> Iterator[Row]:
    with get_context("spawn").Pool(1) as pool:  # a process of its own, to tell its memory
        seconds, megabytes = pool.apply(_fit, (share,))
    yield Row(f"RP3β fitted on {PAIRS * share:,.0f} pairs", f"{seconds:.1f} s of the processor", target="≤ 20 s")
    yield Row("memory of that process", f"{megabytes:,.0f} MB", target="≤ 3,000 MB")


def _fit(share: float) -> tuple[float, float]:
    edges = _shop(int(PEOPLE * share), PRODUCTS, int(PAIRS * share))
    started = time.process_time()
    fit_walk(edges, Settings(), 364)
    return time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _shop(people: int, products: int, pairs: int) -> Edges:
    # as in real shops, few products are bought by many, and few people buy very much
    draw = np.random.default_rng(1)
    liked, buying = 1 / np.arange(1, products + 1) ** 0.8, draw.lognormal(0, 1, people)
    person = draw.choice(people, pairs * 5 // 4, p=buying / buying.sum())
    key = np.unique(person * products + draw.choice(products, len(person), p=liked / liked.sum()))
    key = np.sort(draw.permutation(key)[:pairs])
    return Edges(
        people=people,
        products=products,
        categories=0,
        person=(key // products).astype(np.int32),
        product=(key % products).astype(np.int32),
        strength=np.full(len(key), 4, np.uint8),
        day=draw.integers(0, 365, len(key)).astype(np.int32),
        interested=NOTHING,
        interest=NOTHING,
        interest_day=NOTHING,
        interest_strength=NOTHING.astype(np.uint8),
        category=np.full(products, -1, np.int32),
    )


def _retail() -> list[Row]:
    files = _extracted()
    started = time.process_time()
    recommendations.fit(files)
    seconds = time.process_time() - started
    trial = windows_of(edges_of(files["products"])).judging
    settings = choose(windows_of(edges_of(files["products"])).choosing)
    walk = fit_walk(trial.known, settings, trial.as_of)
    ours, theirs = judged(trial, walk), popular(trial)
    return [
        Row("Online Retail: tuned, judged, fitted and listed", f"{seconds:.1f} s of the processor"),
        *(_beside(f"{name} beside popularity", one, other, "≥ 3 ×") for name, one, other in _measures(ours, theirs)),
        *_peers(trial, settings, ours),
    ]


def _extracted() -> dict[str, Arrays]:
    gathered = Gathering(ZoneInfo("Europe/London"), "GBP", {})
    for order in sorted(online_retail(DATA), key=lambda order: str(order["placed_at"])):
        gathered.add_order(order)
    products = gathered.products
    return {"products": products.products(len(gathered.people)), "baskets": products.baskets()}


def _measures(ours: Quality, theirs: Quality) -> Iterator[tuple[str, float, float]]:
    yield "recall@20", mean(ours.recall), mean(theirs.recall)
    yield "NDCG@20", mean(ours.ndcg), mean(theirs.ndcg)
    yield "coverage", ours.coverage, theirs.coverage


def _beside(name: str, ours: float, theirs: float, target: str = "") -> Row:
    return Row(name, f"{ours:.4f}", f"{theirs:.4f}", f"{ours / theirs:.2f} ×", target)


def _peers(trial: Trial, settings: Settings, ours: Quality) -> list[Row]:
    if not PEERS.exists():
        return [Row("implicit", "not measured: `make bench` makes its environment")]
    weights = fit_walk(trial.known, settings._replace(alpha=1.0, beta=0.0), trial.as_of).own
    started = time.process_time()
    fit_walk(trial.known, settings, trial.as_of)
    seconds = time.process_time() - started
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        parts = {"data": weights.data, "indices": weights.indices, "indptr": weights.indptr}
        np.savez(given, people=trial.people, shape=np.array(weights.shape), **parts)
        script = ROOT / "tests" / "benchmarks" / "peers" / "implicit_lists.py"
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ""}
        subprocess.run([str(PEERS), str(script), str(given), str(made)], check=True, env=environment)
        with np.load(made) as lists:
            return [row for name in ("cosine", "bm25", "als") for row in _peer(name, lists, trial, ours, seconds)]


def _peer(name: str, lists: Any, trial: Trial, ours: Quality, seconds: float) -> list[Row]:
    theirs = quality(lists[name][:, :AT].astype(np.int32), trial.truth)
    measured = _measures(ours, theirs)
    found = [_beside(f"{measure} beside implicit's {name}", one, other) for measure, one, other in measured]
    took = float(lists[f"{name}_seconds"])
    return [
        *found,
        Row(f"fit beside implicit's {name}", f"{seconds:.2f} s", f"{took:.2f} s", f"{took / seconds:.1f} ×"),
    ]


def _answers() -> Row:
    from functions.api.customers.handler import handler

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL="redis://127.0.0.1:1/0")
        os.environ.update(LOG_LEVEL="WARNING", POWERTOOLS_SERVICE_NAME="benchmark")
        _put_lists(stack.enter_context(MongoClient[dict[str, Any]](uri)))
        took, before = [], time.process_time()
        for number in range(ANSWERS):
            started = time.perf_counter()
            answer = ask(handler, f"/api/recommendations/person-{number}")
            took.append(1000 * (time.perf_counter() - started))
            assert len(answer["recommendations"]) == 10
        each = 1000 * (time.process_time() - before) / ANSWERS
    figure = f"p50 {statistics.median(took):.1f} ms, {each:.1f} ms of the processor"
    return Row(f"/api/recommendations/{{id}}, of {DOCUMENTS:,} people", figure, target="p50 ≤ 10 ms")


def _put_lists(client: MongoClient[dict[str, Any]]) -> None:
    reasons = [{"edges": ["PURCHASED"] * 3, "share": 0.5, "product_id": "product-1"}] * 2
    told = {"source": "graph", "reasons": reasons, "category": "Tea"}
    products = [{"product_id": f"product-{number}", "score": 1 - number / 100, **told} for number in range(30)]
    same = {"site_id": "demo", "kind": "person", "products": products, "as_of": "2026-11-30", "version": 1}
    names = [f"person-{number}" for number in range(DOCUMENTS)]
    database = client["footfall"]
    database["recommendations"].insert_many(
        {"_id": f"demo:person:{name}", "subject": name, "customer_id": name, **same} for name in names
    )
    database["users"].insert_many(
        {"_id": f"demo:{name}", "site_id": "demo", "person_id": name, "number": at} for at, name in enumerate(names)
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0, help="of six million pairs")
    show("recommendations", run(parser.parse_args().share))
