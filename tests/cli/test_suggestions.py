"""What commands of one site suggest next is for that site, with the key that was used."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Footfall, run

ORDERS = "order_id,date,product,quantity,price\n1,2025-11-13 10:00,Lamp,1,10\n"
ANNOUNCED = "/api/imports"
MISMATCH = {"site": "EUR", "orders": {"USD": 5}, "mismatch": True}
DONE = {
    "import_id": "1", "kind": "orders", "state": "done", "rows_read": 1, "rows_sent": 1, "rows_repeated": 0,
    "rows_quarantined": 1, "events_sent": 1, "events_stored": 1, "events_refused": 0, "reasons": {"bad_date": 1},
    "problems": [], "first_day": "2025-11-13", "last_day": "2025-11-13", "error": None,
}  # fmt: skip


@pytest.fixture
def orders(footfall: Footfall, tmp_path: Path) -> Path:
    """A file of orders, and a Footfall that imports it."""
    footfall.answers |= {
        "/api/imports": (201, {"import_id": "1", "kind": "orders", "uploads": []}),
        "/api/imports/1": (200, DONE),
        "/etl/status": (200, {"latest_rollup": None, "stale_days": 0}),
        "/api/health": (200, {"currencies": MISMATCH}),
        "/api/metrics": (200, {"range": {"time_zone": "Europe/Berlin"}}),
    }
    (tmp_path / "orders.csv").write_text(ORDERS)
    return tmp_path / "orders.csv"


def test_an_import_with_the_operators_key_suggests_its_own_site(footfall: Footfall, orders: Path) -> None:
    ended = run(footfall, "import", "orders", str(orders), "--site", "roma", key="ak_demo_1_2", operator_key="o")
    assert ended.exit_code == 3, ended.output
    for line in (
        "  footfall quarantine --site roma    # what",
        "  footfall train --site roma    # customers'",
        'curl -H "X-Api-Key: $FOOTFALL_OPERATOR_KEY" -H "X-Footfall-Site: roma" \'http://',
        "`footfall site set roma --currency CODE`",
        "`footfall site rates roma FILE`",
    ):
        assert line in ended.stdout
    assert "1 imported as 1 event," in ended.stdout


def test_an_import_with_the_sites_own_key_names_its_variable(footfall: Footfall, orders: Path) -> None:
    ended = run(footfall, "import", "orders", str(orders), key="ak_roma_1_2")
    assert 'curl -H "X-Api-Key: $FOOTFALL_KEY" \'http://' in ended.stdout
    assert "  footfall train    # customers'" in ended.stdout
    given = run(footfall, "import", "orders", str(orders), "--key", "ak_roma_1_2")
    assert 'curl -H "X-Api-Key: KEY" \'http://' in given.stdout
    assert "ak_roma_1_2" not in given.stdout


def test_an_import_of_no_rows_fails(footfall: Footfall, orders: Path) -> None:
    orders.write_text(ORDERS.partition("\n")[0])
    footfall.answers["/api/imports/1"] = (200, {**DONE, "rows_read": 0, "rows_quarantined": 0})
    ended = run(footfall, "import", "orders", str(orders), key="ak_roma_1_2")
    assert (ended.exit_code, "the files hold no rows" in ended.stderr) == (1, True)


def test_a_preview_is_in_the_sites_time_zone(footfall: Footfall, orders: Path) -> None:
    shown = run(footfall, "import", "orders", str(orders), "--dry-run", key="ak_roma_1_2")
    assert "times without an offset: Europe/Berlin, the site's" in shown.stdout
    assert "2025-11-13T10:00:00+01:00" in shown.stdout
    told = run(footfall, "import", "orders", str(orders), "--dry-run", "--time-zone", "Asia/Tokyo")
    assert "2025-11-13T10:00:00+09:00" in told.stdout
    assert "times without" not in told.stdout
    for answer in ((503, {"detail": "later"}), (403, {"message": "Forbidden"})):
        footfall.answers["/api/metrics"] = answer
        shown = run(footfall, "import", "orders", str(orders), "--dry-run", key="ak_roma_1_2")
        assert "times without an offset are shown in UTC: no Footfall answers" in shown.stdout
        assert "2025-11-13T10:00:00+00:00" in shown.stdout


@pytest.mark.parametrize(("site", "key"), [(["--site", "roma"], "ak_demo_1_2"), ([], "ak_roma_1_2")])
def test_quarantine_suggests_its_own_site(footfall: Footfall, site: list[str], key: str) -> None:
    origin = {"file": "a:x:.csv", "line": 3, "source": None}
    item = {"quarantine_id": "0" * 40, "origin": origin, "detail": "[red]: :x: date is empty", "reason": "bad_date"}
    found = {"reasons": [], "items": [item], "total": 1, "next": None}
    footfall.answers["/etl/quarantine?page_size=20"] = (200, found)
    listed = run(footfall, "quarantine", *site, key=key, operator_key="o").stdout
    assert run(footfall, "quarantine", "list", *site, key=key, operator_key="o").stdout == listed
    assert "  " + " ".join(["footfall quarantine show ID", *site]) + "\n" in listed
    assert "  " + " ".join(["footfall quarantine replay --dry-run", *site]) + "\n" in listed
    assert "a:x:.csv line 3: [red]: :x: date is empty (bad_date)" in listed


def test_a_site_that_there_is_not_is_told_from_a_wrong_key(footfall: Footfall) -> None:
    footfall.answers |= {"/api/health": (403, {"message": "Forbidden"}), "/api/sites/nope": (404, {"detail": "none"})}
    assert "there is no site nope:" in run(footfall, "status", "--site", "nope", operator_key="o").stderr
    assert "x-footfall-site" not in footfall.asked[-1][2]
    footfall.answers["/api/sites/nope"] = (403, {"message": "Forbidden"})
    ended = run(footfall, "status", "--site", "nope", operator_key="o")
    assert "the key in FOOTFALL_OPERATOR_KEY is not accepted" in ended.stderr


def test_a_key_that_is_not_accepted_is_named_as_it_was_given(footfall: Footfall) -> None:
    footfall.answers["/api/health"] = (401, {"message": "Unauthorized"})
    assert "the key in FOOTFALL_KEY is not accepted" in run(footfall, "status", key="ak_roma_1_2").stderr
    ended = run(footfall, "status", "--key", "ak_bad", key="ak_roma_1_2")
    assert (
        "the key given with --key is not accepted (Unauthorized): `footfall up` prints those of the site demo"
        in ended.stderr
    )


def test_names_of_files_and_columns_are_printed_as_they_are(footfall: Footfall, tmp_path: Path) -> None:
    (tmp_path / "[b]:x:.csv").write_text("root:x:0:0,:x: date,[red]total\n1,2,3\n")
    ended = run(footfall, "import", "orders", str(tmp_path / "[b]:x:.csv"))
    for text in ("[b]:x:.csv is not", "root:x:0:0", ":x: date", "[red]total"):
        assert text in ended.stderr


def a_status(ran_at: str, left: int, stale: int = 3) -> tuple[int, Any]:
    return (200, {"latest_rollup": {"ran_at": ran_at, "left": left}, "stale_days": stale})


def test_an_import_waits_for_a_rollup_that_began_after_it_and_left_no_day(footfall: Footfall, orders: Path) -> None:
    footfall.answers["/etl/status"] = [
        a_status("before", 0),
        a_status("before", 0),
        a_status("under way already", 0),
        a_status("cut short", 2),
        a_status("cut short", 2),
        a_status("all of it", 0),
        a_status("never asked for", 0),
    ]
    run(footfall, "import", "orders", str(orders), key="ak_roma_1_2")
    left = footfall.answers["/etl/status"]
    assert isinstance(left, list)
    assert left == [a_status("never asked for", 0)]


def test_an_import_is_done_at_once_where_no_day_is_stale(footfall: Footfall, orders: Path) -> None:
    footfall.answers["/etl/status"] = [a_status("before", 0), a_status("under way", 1, stale=0), a_status("later", 0)]
    run(footfall, "import", "orders", str(orders), key="ak_roma_1_2")
    assert footfall.answers["/etl/status"] == [a_status("later", 0)]
