"""Local days: both ends of a range count, and no hour of the year is lost or counted twice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from footfall.days import DayRange, day_of, start_of, zone_named
from footfall.errors import Invalid, Misconfigured
from footfall.questions.range import RangeQuestion
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

ZONES = [
    "UTC",
    "Europe/London",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
]
days = st.dates(date(1990, 1, 1), date(2035, 1, 1))


@given(days, st.sampled_from(ZONES))
def test_a_day_begins_where_the_day_before_ends(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    begin = start_of(day, zone)
    assert day_of(begin, zone) == day
    assert day_of(begin - timedelta(milliseconds=1), zone) == day - timedelta(days=1)


@given(days, st.integers(0, 40), st.sampled_from(ZONES))
def test_a_range_is_its_days_and_its_time(first: date, more: int, name: str) -> None:
    days = DayRange(first, first + timedelta(days=more), ZoneInfo(name))
    assert len(days) == len(list(days)) == more + 1
    assert (days.start, days.end) == (start_of(first, days.zone), start_of(days.last + timedelta(days=1), days.zone))


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    day = DayRange(date(2026, 10, 25), date(2026, 10, 25), ZoneInfo("Europe/London"))
    assert day.end - day.start == timedelta(hours=25)


def test_a_moment_belongs_to_the_local_day() -> None:
    assert day_of(datetime(2026, 1, 1, 23, 30, tzinfo=UTC), ZoneInfo("Asia/Tokyo")) == date(2026, 1, 2)


def asked(**given: str) -> DayRange:
    return RangeQuestion.model_validate(given).days(date(2026, 3, 31), ZoneInfo("UTC"))


def test_without_dates_the_30_days_up_to_the_last_with_data_are_meant() -> None:
    days = asked()
    assert (days.first, days.last, len(days)) == (date(2026, 3, 2), date(2026, 3, 31), 30)


def test_one_date_is_completed_by_the_other() -> None:
    assert asked(to="2026-01-30").first == date(2026, 1, 1)
    assert asked(**{"from": "2026-01-01"}).last == date(2026, 3, 31)
    assert asked(**{"from": "2026-05-01"}).last == date(2026, 5, 1), "nothing is there yet"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2015-02-30", "there is no such day"),
        ("2015-2-3", "write a day as YYYY-MM-DD"),
        ("20150203", "write a day as YYYY-MM-DD"),
        ("2015-02-03T00:00:00", "write a day as YYYY-MM-DD"),
        ("1423008000", "write a day as YYYY-MM-DD"),
        ("yesterday", "write a day as YYYY-MM-DD"),
        ("0001-01-01", "days are known from 1970 to 2999"),
        ("9999-12-31", "days are known from 1970 to 2999"),
    ],
)
def test_what_is_no_day_is_refused_by_the_name_of_its_field(text: str, message: str) -> None:
    for field in ("from", "to"):
        with pytest.raises(ValidationError) as refused:
            RangeQuestion.model_validate({field: text})
        assert [(error["loc"], error["msg"]) for error in refused.value.errors()] == [((field,), message)]


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        asked(**{"from": "2026-03-02", "to": "2026-03-01"})
    assert [problem.field for problem in refused.value.problems] == ["to"]


def test_a_range_of_more_than_ten_years_is_refused() -> None:
    assert len(asked(**{"from": "2016-03-25", "to": "2026-03-31"})) == 3_659
    with pytest.raises(Invalid, match="from"):
        asked(**{"from": "2016-03-01", "to": "2026-03-31"})


def test_a_site_whose_time_zone_is_none_is_misconfigured() -> None:
    for name in ("Europe/Atlantis", "../etc/passwd", ""):
        with pytest.raises(Misconfigured):
            zone_named(name)


@given(days, st.integers(1, 800))
def test_previous_days_are_as_many_and_end_where_a_range_begins(first: date, many: int) -> None:
    now = DayRange(first, first + timedelta(days=many - 1), ZoneInfo("UTC"))
    before = now.earlier("previous")
    assert (len(before), before.last) == (many, first - timedelta(days=1))


@given(days, st.integers(1, 800))
def test_weekdays_are_compared_with_like_ones_the_nearest_that_are_not_in_the_range(first: date, many: int) -> None:
    now = DayRange(first, first + timedelta(days=many - 1), ZoneInfo("UTC"))
    before = now.earlier("weekdays")
    assert [day.weekday() for day in before] == [day.weekday() for day in now]
    assert before.last < now.first <= before.last + timedelta(days=7)


@given(days, st.integers(1, 800))
def test_a_year_before_dates_are_the_same_but_for_a_leap_day(first: date, many: int) -> None:
    now = DayRange(first, first + timedelta(days=many - 1), ZoneInfo("UTC"))
    for day, earlier in zip((now.first, now.last), (now.earlier("year").first, now.earlier("year").last), strict=True):
        leap = (day.month, day.day) == (2, 29)
        assert (earlier.year, earlier.month, earlier.day) == (day.year - 1, day.month, 28 if leap else day.day)


@given(days, st.integers(1, 400), st.data())
def test_a_part_of_a_range_moves_as_the_whole_does(first: date, many: int, data: st.DataObject) -> None:
    now = DayRange(first, first + timedelta(days=many - 1), ZoneInfo("UTC"))
    begin = data.draw(st.integers(0, many - 1))
    part = DayRange(first + timedelta(days=begin), now.last, now.zone)
    for compare in ("previous", "weekdays"):
        before = now.earlier_of(part, compare)
        assert before.first - now.earlier(compare).first == timedelta(days=begin)
        assert before.last == now.earlier(compare).last
