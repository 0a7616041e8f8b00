"""Schedules start their targets when EventBridge would, with the events that it sends."""

import json
import queue
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.plan import Schedule
from infra.local.scheduler import UNITS, Scheduler, event_of, next_time
from infra.local.template import TemplateError
from tests.local.examples import recorded, shape_of

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)  # a Saturday
TARGET = "arn:aws:lambda:us-east-1:123456789012:function:Any"


def a_schedule(source: str = "aws.events", given: str | None = None, expression: str = "rate(5 minutes)") -> Schedule:
    return Schedule("my-schedule", expression, TARGET, source, given)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-11-21T12:01:30+00:00"),
        ("rate(5 minutes)", "2026-11-21T12:05:30+00:00"),
        ("rate(2 hours)", "2026-11-21T14:00:30+00:00"),
        ("rate(1 day)", "2026-11-22T12:00:30+00:00"),
        ("cron(0 10 * * ? *)", "2026-11-22T10:00:00+00:00"),
        ("cron(15 12 * * ? *)", "2026-11-21T12:15:00+00:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-23T18:00:00+00:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01T08:00:00+00:00"),
        ("cron(0/10 * ? * SAT *)", "2026-11-21T12:10:00+00:00"),
        ("cron(5,35 14 * * ? *)", "2026-11-21T14:05:00+00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00+00:00"),
        ("cron(0 9 ? * 2 2027)", "2027-01-04T09:00:00+00:00"),
    ],
)
def test_an_expression_is_next_due(expression: str, due: str) -> None:
    assert next_time(expression, NOON) == datetime.fromisoformat(due)


def test_an_expression_follows_its_time_zone() -> None:
    due = next_time("cron(0 4 ? * MON-FRI *)", NOON, "America/New_York")
    assert due == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_an_expression_of_the_past_is_never_due() -> None:
    assert next_time("cron(0 0 1 1 ? 2020)", NOON) is None


@pytest.mark.parametrize("expression", ["every day", "rate(5 weeks)", "cron(0 10 * * ?)", "cron(0 0 L * ? *)"])
def test_an_expression_that_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        next_time(expression, NOON)


@pytest.mark.parametrize(
    ("source", "payload"), [("aws.events", "eventbridge_rule"), ("aws.scheduler", "eventbridge_scheduler")]
)
def test_the_event_is_the_documented_one(source: str, payload: str) -> None:
    event = json.loads(event_of(a_schedule(source), NOON))
    expected = recorded(payload)
    assert shape_of(event) == shape_of(expected)
    assert event["time"] == "2026-11-21T12:00:30Z"
    for name in ("version", "detail-type", "source", "detail"):
        assert event[name] == expected[name]
    assert event["resources"][0].split(":")[2] == expected["resources"][0].split(":")[2]


def test_an_input_of_its_own_takes_the_place_of_the_event() -> None:
    assert event_of(a_schedule(given='{"a": 1}'), NOON) == '{"a": 1}'


def test_a_schedule_that_is_due_starts_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UNITS, "minute", timedelta(seconds=0.05))
    started: queue.Queue[tuple[str, str]] = queue.Queue()
    scheduler = Scheduler([a_schedule(given="{}", expression="rate(1 minute)")], lambda *call: started.put(call))
    scheduler.start()
    assert [started.get(timeout=5) for _ in range(2)] == [(TARGET, "{}")] * 2
    scheduler.stop()
