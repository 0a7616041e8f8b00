"""Faults of a function's process: killed at every point, cut at its time-out, stopped in time by its own guard."""

import json
from collections import Counter
from dataclasses import replace
from itertools import count

from tests.faults import poison
from tests.faults.messages import SEGMENT
from tests.faults.mongods import Mongod
from tests.faults.pipeline import COLLECT, EVENTS, ROLLUP, Setting
from tests.faults.proxies import WRITES, pass_on
from tests.faults.traffic import Body
from tests.faults.trial import NeverStruck, Scenario, Trial

TIME_OUT = 6
SLOW_SECONDS = 0.2
SLOW_FOR_SECONDS = 10.0
LARGE_BODIES = 6
"""Of three messages each, of which no two go through the steps together."""
SAMPLE = 8
DEADLY = 3
ABANDONED_SECONDS, MONGODB_SECONDS = 2, 60
"""How long a transaction lasts whose process is gone: here, and as MongoDB has it."""
EVENTS_PER_BODY = 20
DYING = Setting(dying=True, concurrency=1, retry_seconds=0)
SHORT_LIVED = Setting(mongo_door=True, time_out=TIME_OUT, messages_at_once=100)


def etl_killed(trial: Trial) -> str:
    """etl/events is killed before and after each of its external calls in turn, and what it held comes back."""
    return _killed_at_every_point(trial, EVENTS, SAMPLE if trial.short else 1)


def collect_killed(trial: Trial) -> str:
    """collect is killed before and after each of its external calls in turn, and its client tries again."""
    return _killed_at_every_point(trial, COLLECT, 1)


def rollup_killed(trial: Trial) -> str:
    """jobs/rollup is killed before and after each of its external calls in turn; the lake holds what is stored."""
    chosen, fell = (trial.pipeline.folder / ROLLUP / name for name in ("point", "died"))
    trial.pipeline.let_transactions_live(ABANDONED_SECONDS)
    died = 0
    for point in count(1, SAMPLE if trial.short else 1):
        trial.deliver(_mixed(trial))
        trial.pipeline.settle()
        chosen.write_text(str(point))
        trial.pipeline.functions[ROLLUP].invoke(b"{}")
        if not fell.exists():
            break
        fell.unlink()
        died += 1
        _expect_a_whole_lake(trial, but_stale=True)
        _let_turns_end(trial)
        trial.pipeline.invoke(ROLLUP, {})
        _expect_a_whole_lake(trial)
    chosen.unlink()
    trial.pipeline.let_transactions_live(MONGODB_SECONDS)
    if not died:
        raise NeverStruck("jobs/rollup came past every point")
    trial.send(trial.traffic.bodies(trial.events - len(trial.ledger.sent)))
    return f"killed at {died} points"


def _let_turns_end(trial: Trial) -> None:
    # that of the process that is gone would do so within a minute
    trial.pipeline.database["rollups"].update_many({}, {"$unset": {"turn": ""}})


def _expect_a_whole_lake(trial: Trial, *, but_stale: bool = False) -> None:
    answer = trial.pipeline.get("/etl/lake/check", "shop", "admin")
    found = json.loads(answer.body) if answer else {}
    wrong = [day for day in found.get("differing_days", [{}]) if not (but_stale and day.get("problem") == "waits")]
    trial.expect(not wrong, f"days of the lake differ: {wrong[:3]}")
    trial.expect(found.get("damaged_files") == [], "files of the lake are damaged")


def killed_by_a_message(trial: Trial) -> str:
    """Now and then a message ends the process that works on it, every time; its neighbours go on without it."""
    messages = 1 if trial.short else DEADLY
    apart = trial.events // EVENTS_PER_BODY // (messages + 1)
    for number, body in enumerate(trial.traffic.bodies(trial.events)):
        deadly = number in range(apart, apart * messages + 1, apart)
        trial.deliver(_deadly(trial, body) if deadly else body)
        if number % apart == apart // 2:  # two that meet in one batch are more than is promised
            trial.pipeline.settle()
    trial.pipeline.settle()
    redriven, ended = trial.pipeline.redriven, trial.pipeline.etl.endings["Runtime.ExitError"]
    trial.expect(not redriven, f"{redriven} messages became dead letters beside a deadly one")
    return f"{messages} deadly messages, which ended {ended} processes"


def _deadly(trial: Trial, body: Body) -> Body:
    event = trial.traffic.event("deadly", trial.traffic.moment(), properties={"deadly": True})
    deadly = replace(body, events=[*body.events, event])
    trial.ledger.doom(deadly.events, "ends_the_process")
    return deadly


def _killed_at_every_point(trial: Trial, function: str, step: int) -> str:
    # one body for each point, or for each `step`th, until the function came past the last one alive
    died: list[int] = []
    chosen, passed, fell = (trial.pipeline.folder / function / name for name in ("point", "passed", "died"))
    for point in count(1, step):
        chosen.write_text(str(point))
        trial.deliver(_mixed(trial))
        trial.pipeline.settle()
        if not fell.exists():
            break
        fell.unlink()
        died.append(point)
    chosen.unlink()
    names = passed.read_text().splitlines()
    # what comes back after a death takes some calls less or more than what comes for the first time
    if len(died) * step < len(names) - step or died != list(range(1, died[-1] + 1, step)):
        raise NeverStruck(f"{function} died at {died} of {len(names)} points")
    trial.send(trial.traffic.bodies(trial.events - len(trial.ledger.sent)))
    calls = Counter(name.partition(" ")[2] for name in names if name.startswith("before"))
    shown = ", ".join(f"{call} {times}×" for call, times in calls.items())
    return f"points covered {len(died)}/{len(names)}, before and after {shown}"


def _mixed(trial: Trial) -> Body:
    # Every kind of call is made for it, and always the same ones: somebody new who logs in, orders and writes; a visit
    # without a session id; somebody known; an event known already; and one that is to be quarantined.
    traffic, sent = trial.traffic, trial.ledger.sent
    moment, visitor, known = traffic.moment(), f"mixed-{len(sent)}", next(iter(sent.values()), None)
    visit = {"sessionId": f"s-{visitor}", "userId": f"u-{visitor}", "device": "Mobile"}
    bought = {"order_id": f"o-{visitor}", "total": 10, "currency": "EUR"}
    poisoned = poison.EVENTS["too_deep"](traffic)
    trial.ledger.doom([poisoned], "too_deep")
    events = [
        traffic.event(visitor, moment, eventType="identify", traits={"plan": "free"}, **visit),
        traffic.event(visitor, moment, eventType="order_completed", properties=bought, **visit),
        traffic.event(visitor, moment, eventType="feedback", properties={"text": "slow"}, **visit),
        traffic.event(f"{visitor}-unnamed", moment, pageType="home"),
        traffic.event("known", moment, pageType="home", sessionId="s-known"),
    ]
    return Body("shop", [*([known[1]] if known else []), *events, poisoned], SEGMENT)


def cut_at_time_out(trial: Trial) -> str:
    """MongoDB answers so late that etl/events is killed (−9) at its time-out, in mid batch."""
    door, etl = trial.pipeline.mongo_door, trial.pipeline.etl
    with trial.sending():
        door.rule = lambda command: TIME_OUT * 2.0 if command == "insert" else 0.0
        trial.await_strike(lambda: etl.endings["Sandbox.Timedout"] > 0, "a time-out")
        door.rule = pass_on
    return f"killed at its {TIME_OUT} s {etl.endings['Sandbox.Timedout']}×"


def stopped_by_guard(trial: Trial) -> str:
    """MongoDB is so slow that etl/events runs out of time between groups, and hands back what is left."""
    door, store, log = trial.pipeline.mongo_door, trial.pipeline.store, "no time is left"
    assert isinstance(store, Mongod)
    door.rule = lambda command: SLOW_SECONDS if command in WRITES else 0.0
    before = trial.pipeline.log_of(EVENTS).count(log)
    with trial.sending():
        with store.frozen():  # so that much waits when it is slow
            trial.send_large(LARGE_BODIES)
        trial.await_strike(lambda: trial.pipeline.log_of(EVENTS).count(log) > before, "the guard")
    trial.pipeline.settle(SLOW_FOR_SECONDS)
    door.rule = pass_on
    times = trial.pipeline.log_of(EVENTS).count(log) - before
    return f"stopped in time {times}×, cut at its time-out {trial.pipeline.etl.endings['Sandbox.Timedout']}×"


SCENARIOS = (
    Scenario("etl_killed", DYING, etl_killed),
    Scenario("collect_killed", DYING, collect_killed),
    Scenario("rollup_killed", DYING, rollup_killed),
    Scenario("killed_by_a_message", DYING, killed_by_a_message),
    Scenario("cut_at_time_out", SHORT_LIVED, cut_at_time_out),
    Scenario("stopped_by_guard", SHORT_LIVED, stopped_by_guard),
)
