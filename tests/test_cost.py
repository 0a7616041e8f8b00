"""The bill of a million events: its arithmetic, and what it reads out of template.yaml."""

from dataclasses import replace
from typing import Any

import pytest

from infra import prices
from infra.cost import (
    TEMPLATE,
    Configuration,
    FunctionSize,
    Measured,
    configuration,
    cost_per_million,
    cost_per_month_of_choices,
    fixed_cost_per_month,
    runs_a_day,
)
from infra.prices import GIB, MILLION
from infra.template import load

SMALL = FunctionSize(memory=1024)
PACE = 1_000_000.0
GIVEN = Configuration(
    collect=SMALL,
    etl=FunctionSize(1769),
    realtime=FunctionSize(512),
    rollup=FunctionSize(1769),
    batch=100,
    window=1,
    rollups_a_day=288,
    access_log=200,
)


def measured(**but: Any) -> Measured:
    """Ten events a request, ten requests a batch; the values do not matter unless given."""
    return Measured(
        **{
            "events": 10,
            "request_bytes": 6_000,
            "message_bytes": 7_000,
            "messages": 10,
            "collect_ms": 5,
            "etl_ms": 40,
            "etl_waiting_ms": 20,
            "announced_bytes": 3_000,
            "realtime_ms": 2,
            "rollup_ms": 4,
            **but,
        }
    )


def test_a_function_with_less_than_a_whole_cpu_takes_longer_and_each_millisecond_begun_is_paid() -> None:
    duration = -(-10 * 1769 // 1024)
    assert FunctionSize(1024).billed(10) == pytest.approx(0.2e-6 + duration / 1000 * prices.GB_SECOND)
    assert FunctionSize(3538).billed(10) == pytest.approx(0.2e-6 + 3538 / 1024 * 0.010 * prices.GB_SECOND)


def test_waiting_is_paid_as_it_is() -> None:
    assert FunctionSize(1024).billed(0, 7) == pytest.approx(0.2e-6 + 0.007 * prices.GB_SECOND)


@pytest.mark.parametrize(("events", "dollars"), [(1, 1.0), (10, 0.1), (50, 0.02), (500, 0.002)])
def test_the_gateway_asks_a_dollar_for_a_million_requests(events: int, dollars: float) -> None:
    assert cost_per_million(GIVEN, measured(events=events), PACE).gateway == pytest.approx(dollars)


def test_a_body_over_half_a_megabyte_counts_as_two_requests() -> None:
    assert cost_per_million(GIVEN, measured(request_bytes=600_000), PACE).gateway == pytest.approx(0.2)


def test_collect_is_paid_by_request_with_its_wait_for_sqs() -> None:
    bill = cost_per_million(GIVEN, measured(collect_ms=0), PACE)
    assert bill.collect == pytest.approx(100_000 * (0.2e-6 + 0.010 * prices.GB_SECOND))


def test_a_snapshot_that_is_restored_is_paid_for() -> None:
    snapped = replace(GIVEN, collect=replace(SMALL, snap_start=True))
    more = cost_per_million(snapped, measured(), PACE).collect - cost_per_million(GIVEN, measured(), PACE).collect
    assert more == pytest.approx(100_000 * 0.001 * prices.RESTORED_GB)


def test_messages_are_sent_one_by_one_and_received_and_deleted_ten_at_a_time() -> None:
    batches, of_a_batch = 10_000, (10 + 2 + 1) * prices.FAIR_SQS_REQUEST  # 70 KB received count as two
    heard = 3 * (1 + 1 + 1) * prices.SQS_REQUEST
    assert cost_per_million(GIVEN, measured(), PACE).sqs == pytest.approx(batches * (of_a_batch + heard))


def test_a_large_message_counts_by_its_64_kilobytes() -> None:
    one = measured(events=500, messages=1, message_bytes=300_000)
    heard = 9 * prices.SQS_REQUEST
    assert cost_per_million(GIVEN, one, PACE).sqs == pytest.approx(
        2_000 * ((5 + 5 + 1) * prices.FAIR_SQS_REQUEST + heard)
    )


def test_each_batch_is_announced_once() -> None:
    assert cost_per_million(GIVEN, measured(), PACE).sns == pytest.approx(10_000 * prices.SNS_REQUEST)


def test_logs_are_paid_by_byte_for_the_gateway_the_platform_and_the_functions() -> None:
    bill = cost_per_million(GIVEN, measured(collect_log=100, etl_log=300), PACE)
    size = 100_000 * (200 + 650 + 100) + 10_000 * (2 * 650 + 300)
    assert bill.logs == pytest.approx(size / GIB * 0.5)


def test_a_quicker_pace_makes_rollups_longer_and_shares_them_between_more_events() -> None:
    slow, quick = (cost_per_million(GIVEN, measured(), pace).rollup for pace in (1_000_000, 10_000_000))
    day = 288 * (0.2e-6 + 1769 / 1024 * 2.0 * prices.GB_SECOND)
    assert slow == pytest.approx(day)
    assert quick == pytest.approx(slow, rel=0.01)
    assert cost_per_million(GIVEN, measured(rollup_ms=0), MILLION).rollup == pytest.approx(288 * 0.2e-6)


def test_the_total_is_the_sum_of_its_lines() -> None:
    bill = cost_per_million(GIVEN, measured(), PACE)
    assert bill.total == pytest.approx(
        bill.gateway + bill.collect + bill.etl + bill.sqs + bill.sns + bill.logs + bill.rollup
    )


@pytest.mark.parametrize(
    ("events", "size", "pace", "messages"),
    [(1, 1_000, 1e6, 11), (1, 1_000, 1e8, 100), (50, 30_000, 1e6, 1), (500, 300_000, 1e10, 20)],
)
def test_a_batch_holds_what_comes_in_its_window_and_fits(events: int, size: int, pace: float, messages: int) -> None:
    assert GIVEN.messages_a_batch(events, size, pace) == messages


@pytest.mark.parametrize(("rate", "runs"), [("rate(5 minutes)", 288), ("rate(1 hour)", 24), ("rate(1 day)", 1)])
def test_a_rate_comes_round_so_often_in_a_day(rate: str, runs: float) -> None:
    assert runs_a_day(rate) == runs


def test_another_kind_of_schedule_is_named() -> None:
    with pytest.raises(ValueError, match="cron"):
        runs_a_day("cron(0 3 * * ? *)")


def test_the_configuration_is_the_templates() -> None:
    found = configuration()
    assert (found.collect.memory, found.etl.memory, found.batch, found.window) == (1024, 1769, 100, 1)
    assert not found.collect.snap_start
    assert len(found.snap_started) > 10
    assert found.endpoints == 7
    assert found.fed_queues == 6
    assert found.alarms > 30
    assert found.access_log > 100


def test_what_is_paid_each_month_is_told_apart() -> None:
    given = replace(GIVEN, fed_queues=4, secrets=2, alarms=3, snap_started=(1024,), endpoints=2)
    month, choices = fixed_cost_per_month(given), cost_per_month_of_choices(given)
    assert month["polling of idle queues"] == pytest.approx(4 * 5 * 3 * 1440 * 30 * 0.4e-6)
    assert month["secrets"] == pytest.approx(0.8)
    assert choices["KeepSnapshots"] == pytest.approx(30 * 86_400 * prices.SNAPSHOT_GB_SECOND)
    assert choices["AlarmEmail"] == pytest.approx(0.3)
    assert choices["VpcSubnetIds"] == pytest.approx(2 * 3 * 720 * 0.01)


def test_a_deployment_that_stands_idle_costs_at_most_three_dollars_a_month() -> None:
    assert sum(fixed_cost_per_month(configuration()).values()) <= 3
    parameters = load(TEMPLATE)["Parameters"]
    assert [parameters[name]["Default"] for name in cost_per_month_of_choices(GIVEN)] == ["no", "", ""]
