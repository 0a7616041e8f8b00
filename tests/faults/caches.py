"""Faults of Redis and Milvus, without which the pipeline can do: events are stored, and questions answered."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median

from redis import Redis

from infra.local.stores import start_milvus
from tests.faults.mongods import frozen
from tests.faults.pipeline import Setting
from tests.faults.trial import Scenario, Trial

REALTIME, VECTORS = "EtlRealtimeFunction", "EtlVectorsFunction"
QUESTIONS = 12
PEOPLE = 10
SITE = "shop"
CACHED = Setting(fan_out=(REALTIME, VECTORS))


def redis_stopped(trial: Trial) -> str:
    """Redis stands still with open connections; the dashboard is answered from MongoDB."""
    with trial.sending(), frozen(trial.pipeline.supervisor.child("redis")):
        return _asked_meanwhile(trial)


def redis_full(trial: Trial) -> str:
    """Redis is out of memory and refuses every write; the dashboard is answered from MongoDB."""
    with Redis.from_url(trial.pipeline.redis_url) as redis:
        before = redis.config_get("maxmemory*")
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", 1)
        with trial.sending():
            reached = _asked_meanwhile(trial)
        refused = redis.info("errorstats").get("errorstat_OOM", {}).get("count", 0)
        trial.expect(refused > 0, "Redis refused nothing")
        for name, value in before.items():
            redis.config_set(name, value)
    return f"{refused} writes refused; {reached}"


def _asked_meanwhile(trial: Trial) -> str:
    statuses: Counter[int] = Counter()
    took = []
    today = datetime.now(UTC).date()
    for days in range(QUESTIONS):
        first, started = today - timedelta(days=days), time.monotonic()
        answer = trial.pipeline.get(f"/api/metrics/dashboard?from={first}&to={today}", SITE)
        statuses[answer.status if answer else 0] += 1
        took.append(time.monotonic() - started)
    trial.expect(statuses.keys() == {200}, f"the dashboard answered {dict(statuses)}")
    slowest = max(took[1:]) * 1000  # the first call starts the function
    return f"{QUESTIONS} dashboards answered, median {median(took) * 1000:.0f} ms, slowest {slowest:.0f} ms"


def milvus_down(trial: Trial) -> str:
    """Milvus is killed (−9) once a model is trained; similar people are found without it, and with it afterwards."""
    pipeline = trial.pipeline
    trial.send(trial.traffic.bodies(trial.events // 2))
    pipeline.settle()
    trained = not trial.short
    if trained:
        _train(trial)
    pipeline.supervisor.child("milvus").kill()
    trial.send(trial.traffic.bodies(trial.events - len(trial.ledger.sent)))
    sent = reversed(trial.ledger.sent.values())
    newest = list(dict.fromkeys(event["visitorId"] for site_id, event in sent if site_id == SITE))[:PEOPLE]
    events = pipeline.database["events"]
    trial.await_strike(lambda: events.count_documents({}) == len(trial.ledger.sent), "the last event")
    without = _found_similar(trial, newest)
    trial.expect(without == {(200, True): PEOPLE}, f"without Milvus similar people were answered {without}")
    start_milvus(pipeline.supervisor, pipeline.folder / "milvus", port=int(pipeline.milvus_uri.rpartition(":")[2]))
    pipeline.invoke("JobsPrepareFunction", {})  # Milvus Lite forgets at its end which collections were loaded
    pipeline.settle()
    after = _found_similar(trial, newest)
    trial.expect(after == {(200, not trained): PEOPLE}, f"with Milvus back similar people were answered {after}")
    vectors = "by vectors of what came meanwhile" if trained else "degraded still (a short trial trains no model)"
    return f"{PEOPLE} people asked about: degraded answers without it, {vectors} once it was back"


def _train(trial: Trial) -> None:
    invoke = trial.pipeline.invoke
    run = invoke("TrainingExtractFunction", {"site_id": SITE, "run_id": "run"})
    fitted = [invoke("TrainingFitFunction", {"run": run, "model": model}) for model in run["models"]]
    judged = invoke("TrainingEvaluateFunction", {**run, "fitted": fitted})
    begun = invoke("TrainingPublishFunction", {"step": "publish", "run": judged})
    shards = [{"step": "score", "run": begun, "shard": shard} for shard in begun["shards"]]
    scored = [invoke("TrainingPublishFunction", shard) for shard in shards]
    invoke("TrainingPublishFunction", {"step": "finish", "run": begun, "scored": scored})


def _found_similar(trial: Trial, people: list[str]) -> dict[tuple[int, bool | None], int]:
    # by status, and whether the answer was one without vectors
    found: Counter[tuple[int, bool | None]] = Counter()
    for person in people:
        answer = trial.pipeline.get(f"/api/similar/{person}", SITE)
        found[(answer.status, json.loads(answer.body).get("degraded")) if answer else (0, None)] += 1
    return dict(found)


SCENARIOS = (
    Scenario("redis_stopped", CACHED, redis_stopped),
    Scenario("redis_full", CACHED, redis_full),
    Scenario("milvus_down", CACHED, milvus_down),
)
