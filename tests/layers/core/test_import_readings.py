"""Amounts and dates of files, written as people write them, held against the values they were written from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from footfall.errors import Unimportable
from footfall.imports.amounts import COMMA, POINT, DecimalEvidence, read_amount
from footfall.imports.dates import DAY_FIRST, MONTH_FIRST, DateEvidence, read_moment
from hypothesis import given
from hypothesis import strategies as st

MARKS = {POINT: (".", [",", "'", "\u2019", " ", "\u00a0", ""]), COMMA: (",", [".", "'", " ", "\u00a0", ""])}
AROUND = ["{}", "-{}", "{}-", "({})", "€ {}", "{} €", "EUR {}", "-€{}", "{} kr", "+{}"]
NEGATIVE = {"-{}", "{}-", "({})", "-€{}"}
SIGNS = {"€ {}": "€", "{} €": "€", "EUR {}": "EUR", "-€{}": "€", "{} kr": "kr"}
ROME = ZoneInfo("Europe/Rome")
LATEST = datetime(2026, 3, 1, tzinfo=UTC)
FORMS = {
    DAY_FIRST: ["%d/%m/%Y", "%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d/%m/%y %I:%M %p"],
    MONTH_FIRST: ["%m/%d/%Y", "%m-%d-%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%y %I:%M %p"],
}
NAMED = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M", "%d %b %Y %H:%M", "%b %d, %Y", "%Y%m%d"]


def written(number: Decimal, mark: str, group: str, decimals: int) -> str:
    """A number with its thousands parted by `group`."""
    whole, _, rest = f"{number:.{decimals}f}".partition(".")
    parts = f"{int(whole):,}".replace(",", group)
    return f"{parts}{mark}{rest}" if rest else parts


@given(
    st.decimals(0, 10**9, allow_nan=False, places=4), st.integers(0, 4), st.sampled_from([POINT, COMMA]),
    st.integers(0, 4), st.sampled_from(AROUND),
)  # fmt: skip
def test_an_amount_is_what_was_written(number: Decimal, decimals: int, name: str, group: int, around: str) -> None:
    mark, groups = MARKS[name]
    told = round(number, decimals)
    found = read_amount(around.format(written(told, mark, groups[group], decimals)), name)
    assert found is not None
    assert (found.number, found.currency) == (-told if around in NEGATIVE else told, SIGNS.get(around, ""))


@given(st.lists(st.decimals(0, 10**7, allow_nan=False, places=3), min_size=1), st.sampled_from([POINT, COMMA]))
def test_a_files_numbers_decide_on_its_mark_or_nothing_does(numbers: list[Decimal], name: str) -> None:
    mark, groups = MARKS[name]
    decimals = [0, 2, 3]
    texts = [
        written(round(number, decimals[place % 3]), mark, groups[0], decimals[place % 3])
        for place, number in enumerate(numbers)
    ]
    evidence = DecimalEvidence()
    evidence.look_at(texts)
    try:
        decided = evidence.decide("a.csv")
    except Unimportable:
        assert evidence.ambiguous is not None
        return
    for number, text in zip(numbers, texts, strict=True):
        found = read_amount(text, decided)
        assert found is not None
        assert found.number == round(number, decimals[texts.index(text) % 3]) or texts.count(text) > 1


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2025, 12, 31))  # noqa: DTZ001 - the shop's own


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from([DAY_FIRST, MONTH_FIRST]), st.integers(0, 3))
def test_a_files_dates_decide_on_their_order_or_nothing_does(moments: list[datetime], order: str, form: int) -> None:
    pattern = FORMS[order][form]
    texts = [moment.strftime(pattern) for moment in moments]
    evidence = DateEvidence()
    evidence.look_at(texts)
    try:
        decided = evidence.decide("a.csv")
    except Unimportable:
        assert evidence.ambiguous is not None
        return
    for text in texts:
        meant = datetime.strptime(text, pattern).replace(tzinfo=ROME)
        assert read_moment(text, decided, ROME, LATEST) == meant


@given(MOMENTS, st.sampled_from(NAMED), st.sampled_from([DAY_FIRST, MONTH_FIRST]))
def test_dates_that_say_their_order_themselves_are_read_alike_everywhere(
    moment: datetime, pattern: str, order: str
) -> None:
    text = moment.strftime(pattern)
    meant = datetime.strptime(text, pattern).replace(tzinfo=ROME)
    assert read_moment(text, order, ROME, LATEST) == meant


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-13T10:00:00+05:30",
        "2025-11-13 04:30:00Z",
        "Thu, 13 Nov 2025 04:30:00 GMT",
        "13 Nov 2025 04:30 UTC",
        "Wed Nov 12 2025 23:30:00 GMT-0500 (EST)",
        "2025-11-13T04:30Z",
        "Nov 12, 2025 23:30 EST",
    ],
)
def test_an_offset_counts_more_than_the_shops_zone(text: str) -> None:
    assert read_moment(text, DAY_FIRST, ROME, LATEST) == datetime(2025, 11, 13, 4, 30, tzinfo=UTC)


def test_a_moment_after_the_import_is_none() -> None:
    assert read_moment((LATEST + timedelta(seconds=1)).isoformat(), DAY_FIRST, ROME, LATEST) is None
