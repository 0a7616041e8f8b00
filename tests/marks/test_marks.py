"""The small version: a few kinds of series, always the same, on which marks must be rare and breaks be found."""

import pytest

from tests.marks.__main__ import ALLOWED, NATURES
from tests.marks.measures import false_marks, power
from tests.marks.series import Setting

STEADY, WEEKDAYS, SPREAD, BOTH, RESTLESS = NATURES
SERIES = 60


@pytest.mark.parametrize(
    "setting",
    [
        Setting(STEADY, "day", rate=0.02, tries=25, days=120),
        Setting(WEEKDAYS, "day", rate=0.5, tries=100_000, days=120),
        Setting(SPREAD, "day", rate=0.1, tries=5_000, days=30),
        Setting(BOTH, "day", rate=0.02, tries=5_000, days=120),
        Setting(RESTLESS, "day", rate=0.9, tries=5_000, days=120),
        Setting(BOTH, "week", rate=0.1, tries=250, days=120),
    ],
    ids=lambda setting: f"{setting.period}-{setting.nature.name}",
)
def test_a_constant_rate_is_hardly_ever_marked(setting: Setting) -> None:
    assert false_marks(setting, SERIES, seed=1).share <= ALLOWED


def test_a_rate_that_doubles_is_marked_where_most_of_it_shows_and_soon() -> None:
    found = power(Setting(STEADY, "day", 0.2, 250, 90, begins=59.7, factor=2), 20, seed=1)
    assert (found.marked, found.elsewhere) == (20, 0)
    assert found.exact >= 15
    assert found.late <= 2


def test_a_rate_that_halves_is_marked_by_week_though_days_differ() -> None:
    found = power(Setting(RESTLESS, "week", 0.02, 5_000, 210, begins=20 * 7 + 5, factor=0.5), 20, seed=1)
    assert found.setting.first == 21
    assert found.marked == 20
    assert found.exact >= 15
