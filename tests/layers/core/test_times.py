from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from footfall.events.times import parse_time
from hypothesis import given
from hypothesis import strategies as st

OCTOBER = datetime(2019, 10, 1, tzinfo=UTC)
WRITTEN = """2019-10-01 00:00:00 UTC
2019-10-01T00:00:00.000000000Z
2019-10-01T00:00:00+0000
2019-10-01t00:00:00z
2019-10-01T05:45:00+05:45
2019-09-30T24:00:00Z
2019-10-01T02:00:00+02:00[Europe/Rome]
2019-10-01T00:00:00Z[UTC]
2019-10-01 02:00:00.000000001 +0200 CEST m=+0.5
20191001T000000Z
20191001000000
2019/10/01 00:00:00
2019-10-01
1569888000
1569888000.0
1569888000000
1569888000000000
1569888000000000000
Tue, 01 Oct 2019 00:00:00 GMT
Tue, 1 Oct 2019 02:00:00 +0200 (CEST)
Mon, 30 Sep 2019 20:00:00 EDT
Tue Oct 01 2019 02:00:00 GMT+0200 (Central European Summer Time)
Tue Oct 01 00:00:00 UTC 2019
Tue Oct  1 00:00:00 2019
[01/Oct/2019:00:00:00 +0000]
Oct 1, 2019, 12:00:00 AM"""
UNREAD = """10/01/2019 08:00
01.10.2019
yesterday
2019-02-30T00:00:00Z
2019-10-01 25:00:00
2019-10-01 00:61:00
2019-10-01 00:00:00 CET
0000-00-00 00:00:00
1970-01-01T00:00:00Z
1234.5
0

null"""


@pytest.mark.parametrize("text", WRITTEN.split("\n"))
def test_the_beginning_of_october_is_read_however_it_is_written(text: str) -> None:
    assert parse_time(text) == OCTOBER


@pytest.mark.parametrize("raw", [*UNREAD.split("\n"), 0, 5, -1, 1e300, float("inf"), float("nan"), True, {}, []])
def test_what_is_no_time_or_might_be_two_is_not_guessed(raw: object) -> None:
    assert parse_time(raw) is None


def test_a_leap_second_is_the_moment_after_it() -> None:
    assert parse_time("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


MOMENTS = st.integers(10**11 + 10**9, 10**13).map(
    lambda told: datetime.fromtimestamp(told // 1000, UTC) + timedelta(milliseconds=told % 1000)
)
OFFSETS = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


def _since_1970(moment: datetime, unit: timedelta) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // unit


WRITERS: dict[str, Callable[[datetime], str | int | float]] = {
    "ISO": lambda moment: moment.isoformat(),
    "nanoseconds": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%f999%z"),
    "a blank before the offset": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f %z"),
    "Go": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f %z XXX"),
    "milliseconds": lambda moment: _since_1970(moment, timedelta(milliseconds=1)),
    "microseconds": lambda moment: _since_1970(moment, timedelta(microseconds=1)),
    "nanoseconds since": lambda moment: _since_1970(moment, timedelta(microseconds=1)) * 1000,
    "a text of milliseconds": lambda moment: str(_since_1970(moment, timedelta(milliseconds=1))),
}
TO_SECONDS: dict[str, Callable[[datetime], str | int | float]] = {
    "RFC 2822": format_datetime,
    "JavaScript": lambda moment: moment.strftime("%a %b %d %Y %H:%M:%S GMT%z (Somewhere Time)"),
    "a web server": lambda moment: moment.strftime("%d/%b/%Y:%H:%M:%S %z"),
    "Ruby": lambda moment: moment.strftime("%a %b %d %H:%M:%S %z %Y"),
    "seconds": lambda moment: _since_1970(moment, timedelta(seconds=1)),
}


@given(MOMENTS, OFFSETS, st.sampled_from([*WRITERS, *TO_SECONDS]))
def test_every_moment_is_read_from_what_writes_it(moment: datetime, offset: timezone, writer: str) -> None:
    if writer in TO_SECONDS:
        moment = moment.replace(microsecond=0)
    written = {**WRITERS, **TO_SECONDS}[writer](moment.astimezone(offset))
    assert parse_time(written) == moment, written


@given(st.text(max_size=40) | st.from_regex(r"\d{1,4}[-/. ]\w{1,9}[-/. ,]\d{1,4}[ T]\d\d?:\d\d.*"))
def test_no_text_is_too_odd(text: str) -> None:
    found = parse_time(text)
    assert found is None or found.tzinfo is UTC
