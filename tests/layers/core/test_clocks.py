from datetime import UTC, datetime, timedelta

import pytest
from footfall.events.clocks import read_clocks
from footfall.events.times import parse_time

RECEIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_client_whose_clock_is_an_hour_slow_is_put_right() -> None:
    clocks = read_clocks("2026-03-01T10:59:50Z", "2026-03-01T11:00:00Z", RECEIVED)
    assert clocks.timestamp == RECEIVED - timedelta(seconds=10)
    assert clocks.client_time == datetime(2026, 3, 1, 10, 59, 50, tzinfo=UTC)


def test_a_visit_sent_in_bodies_of_different_delay_keeps_its_order() -> None:
    slow = read_clocks("2026-03-01T11:59:30Z", "2026-03-01T11:59:35Z", RECEIVED)
    quick = read_clocks("2026-03-01T11:59:31Z", "2026-03-01T11:59:36Z", RECEIVED - timedelta(seconds=20))
    assert slow.timestamp < quick.timestamp


def test_without_a_send_time_the_client_is_believed() -> None:
    assert read_clocks("2026-02-01T00:00:00Z", None, RECEIVED).timestamp == datetime(2026, 2, 1, tzinfo=UTC)


def test_the_far_future_falls_to_the_time_of_receipt_and_says_so() -> None:
    clocks = read_clocks("2026-03-02T12:00:01Z", None, RECEIVED)
    assert (clocks.timestamp, clocks.flags) == (RECEIVED, ("clock_future",))


@pytest.mark.parametrize("raw", ["2015-02-30", "yesterday", "", 1e300, float("inf"), -1, "0000-01-01", True])
def test_a_time_that_is_none_falls_to_the_time_of_receipt_and_says_so(raw: str | float) -> None:
    clocks = read_clocks(raw, None, RECEIVED)
    assert (clocks.timestamp, clocks.client_time, clocks.flags) == (RECEIVED, None, ("timestamp_invalid",))


@pytest.mark.parametrize("sent", ["9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"])
def test_an_absurd_send_time_never_fails(sent: str) -> None:
    clocks = read_clocks("9999-12-31T23:59:59Z", sent, RECEIVED)
    assert clocks.timestamp.year >= 1970


def test_times_are_cut_to_the_milliseconds_that_are_stored() -> None:
    assert parse_time("2026-03-01T12:00:00.123999+02:00") == datetime(2026, 3, 1, 10, 0, 0, 123000, tzinfo=UTC)
    assert parse_time(1_772_366_400_123) == datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
