"""Faults of MongoDB: killed, deposed, frozen, unheard, full."""

import itertools
import random
import threading
import time

from tests.faults.disks import MongodOnSmallDisk
from tests.faults.mongods import Mongod, ReplicaSet
from tests.faults.pipeline import THROUGH_DOOR, Setting
from tests.faults.proxies import LOST, WRITES, pass_on
from tests.faults.trial import Scenario, Trial

KILLS = 3
EVENTS_BETWEEN_KILLS = 1_000
DOWN_SECONDS = 2.0
TERM_SECONDS = 1.0
FEWEST_TERMS = 3
LOSSY_SECONDS = 30.0
LOST_SHARE = 0.1


def mongod_killed(trial: Trial) -> str:
    """mongod is killed (−9) when it has been asked to insert and has not answered, and comes back."""
    struck = threading.Event()
    kills = min(KILLS, max(1, trial.events // EVENTS_BETWEEN_KILLS))
    inserts = itertools.count()
    store = trial.pipeline.store
    assert isinstance(store, Mongod)

    def kill(command: str) -> None:
        if command == "insert" and next(inserts) % 4 == 2 and not struck.is_set():
            struck.set()
            store.kill()

    with trial.sending():
        for _ in range(kills):
            trial.pipeline.mongo_door.asked = kill
            trial.await_strike(struck.is_set, "an insert")
            trial.pipeline.mongo_door.asked = pass_on
            time.sleep(DOWN_SECONDS)
            store.start()
            struck.clear()
    return f"killed {kills}×, down {DOWN_SECONDS:.0f} s each"


def step_down(trial: Trial) -> str:
    """The primary of three hands over again and again while events are stored."""
    store = trial.pipeline.store
    assert isinstance(store, ReplicaSet)
    deposed: list[str] = []
    with trial.sending() as sent:
        while len(deposed) < FEWEST_TERMS or not sent.done():
            deposed.append(store.step_down())
            time.sleep(TERM_SECONDS)
    store.await_primary()
    return f"{len(deposed)} step-downs of {len(set(deposed))} primaries"


def mongod_frozen(trial: Trial) -> str:
    """mongod stands still with open connections; etl/events gives up by itself, before its time-out."""
    store = trial.pipeline.store
    assert isinstance(store, Mongod)
    with trial.sending():
        trial.await_strike(lambda: trial.pipeline.etl.endings.total() > 0, "a first batch")
        before, started = trial.pipeline.etl.failures, time.monotonic()
        with store.frozen():
            trial.await_strike(lambda: trial.pipeline.etl.failures > before, "a batch that comes back")
        frozen = time.monotonic() - started
    trial.expect(not trial.pipeline.etl.endings["Sandbox.Timedout"], "etl/events did not give up before its time-out")
    return f"frozen {frozen:.1f} s, until a batch came back"


def reply_lost(trial: Trial) -> str:
    """One reply to a write in ten is lost after the commit, and the connection with it."""
    source = random.Random(f"replies {trial.traffic.random.random()}")
    door = trial.pipeline.mongo_door
    before = door.lost
    door.rule = lambda command: LOST if command in WRITES and source.random() < LOST_SHARE else 0.0
    trial.send()
    trial.await_strike(lambda: door.lost > before, "a write")
    trial.pipeline.settle(LOSSY_SECONDS)
    door.rule = pass_on
    return f"{door.lost - before} replies lost"


def disk_full(trial: Trial) -> str:
    """The disk under mongod is full, at which mongod gives up; it comes back when there is room."""
    store = trial.pipeline.store
    assert isinstance(store, MongodOnSmallDisk)
    with trial.sending():
        trial.await_strike(lambda: trial.pipeline.etl.endings.total() > 0, "a first batch")
        store.disk.fill()
        trial.await_strike(lambda: not store.running, "a write that mongod had no room for")
        time.sleep(DOWN_SECONDS)
        store.disk.empty()
        store.start()
    return f"no room left; mongod gave up, and was back after {DOWN_SECONDS:.0f} s"


SCENARIOS = (
    Scenario("mongod_killed", THROUGH_DOOR, mongod_killed),
    Scenario("step_down", Setting(store=ReplicaSet), step_down),
    Scenario("mongod_frozen", THROUGH_DOOR, mongod_frozen),
    Scenario("reply_lost", THROUGH_DOOR, reply_lost),
    Scenario("disk_full", Setting(store=MongodOnSmallDisk), disk_full),
)
