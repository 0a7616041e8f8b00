"""`footfall lake restore` says first what it would do, waits until nothing is missing, and says what stays archived."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cli.conftest import Footfall, run

RESTORE = "/etl/lake/restore?from={}&to={}&dry_run={}"
MARCH = ("2025-03-01", "2025-03-31")
NOTHING = {
    "days": 0, "events": 0, "missing": 0, "conflicts": 0, "cold_days": 0, "damaged_days": 0, "left": 0
}  # fmt: skip


def told(**but: int) -> tuple[int, dict[str, Any]]:
    return (200, {"dry_run": False, **NOTHING, **but})


def commanded(footfall: Footfall) -> list[str]:
    """The ranges that were asked to be stored again."""
    queries = [parse_qs(urlsplit(path).query) for method, path, _, _ in footfall.asked if method == "POST"]
    return [query["from"][0] for query in queries if query["dry_run"] == ["false"]]


def test_a_dry_run_says_what_would_be_stored_again_and_asks_for_nothing(footfall: Footfall) -> None:
    footfall.answers[RESTORE.format(*MARCH, "true")] = told(days=31, events=9_000, missing=8_000)
    ended = run(footfall, "lake", "restore", *MARCH, "--dry-run", key="ak_roma_1_2")
    assert (ended.exit_code, ended.stdout) == (0, "8,000 of 9,000 events of 31 days to store\n")
    assert commanded(footfall) == []


def test_it_waits_until_every_event_of_every_month_is_there(footfall: Footfall) -> None:
    april = ("2025-04-01", "2025-04-02")
    footfall.answers |= {
        RESTORE.format(*MARCH, "true"): [told(days=31, events=9, missing=9), told(missing=4), told(missing=0)],
        RESTORE.format(*MARCH, "false"): told(days=31, events=9),
        RESTORE.format(*april, "true"): told(days=2, events=1),
        RESTORE.format(*april, "false"): told(days=2, events=1),
    }
    ended = run(footfall, "lake", "restore", MARCH[0], april[1], key="ak_roma_1_2")
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.splitlines()[0] == "9 of 10 events of 33 days to store"
    assert ended.stdout.splitlines()[-1] == "10 events of 33 days are stored again"
    assert commanded(footfall) == ["2025-03-01", "2025-03-01", "2025-04-01", "2025-04-01"]


def test_days_that_stay_archived_are_said_and_are_a_failure(footfall: Footfall) -> None:
    for dry_run in ("true", "false"):
        footfall.answers[RESTORE.format(*MARCH, dry_run)] = told(days=1, cold_days=29, damaged_days=1, conflicts=3)
    ended = run(footfall, "lake", "restore", *MARCH, key="ak_roma_1_2")
    assert ended.exit_code == 1
    for line in ("29 archived days are older", "1 days stay archived", "3 events stay archived"):
        assert line in ended.stdout


def test_a_month_for_which_there_is_no_time_is_asked_about_day_by_day(footfall: Footfall) -> None:
    footfall.answers[RESTORE.format("2025-03-01", "2025-03-02", "true")] = told(days=1, events=5, left=1)
    for day in ("2025-03-01", "2025-03-02"):
        footfall.answers[RESTORE.format(day, day, "true")] = told(days=1, events=5, missing=2)
    ended = run(footfall, "lake", "restore", "2025-03-01", "2025-03-02", "--dry-run", key="ak_roma_1_2")
    assert (ended.exit_code, ended.stdout) == (0, "4 of 10 events of 2 days to store\n")
