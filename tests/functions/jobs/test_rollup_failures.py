"""jobs/rollup: a site that fails is skipped, noted and alarmed, and delays no other; many values cost no other site."""

import time
from typing import Any

import pytest
from footfall.questions import pipeline_status
from pymongo.database import Database

from functions.jobs.rollup import handler as rollup
from functions.jobs.rollup import recompute as recomputing
from functions.jobs.rollup.handler import handler
from tests.support.builders import LambdaContext, a_site
from tests.support.visits import happen, know, roll_up, view

Mongo = Database[dict[str, Any]]


def test_a_site_that_fails_is_skipped_shown_and_alarmed_until_it_does_not(
    database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(database, a_site(site_id="bad"))
    know(database, a_site())
    happen(database, view("home"))

    def recompute(site: Any, *rest: Any) -> Any:
        if site.site_id == "bad":
            raise OverflowError("too much")
        return recomputing.recompute(site, *rest)

    monkeypatch.setattr(rollup, "recompute", recompute)
    for _ in range(2):
        with pytest.raises(rollup.RollupsFailed, match="1 sites"):
            handler({}, LambdaContext())
    assert database["daily_metrics"].count_documents({"site_id": "demo"}) == 1
    shown, other = pipeline_status._failing_rollup("bad"), pipeline_status._failing_rollup("demo")
    assert (shown and shown.error, shown and shown.since < shown.at, other) == ("OverflowError", True, None)
    monkeypatch.undo()
    roll_up()
    assert pipeline_status._failing_rollup("bad") is None


def test_twice_as_many_sources_cost_twice_as_much_and_a_hundred_of_them_are_kept(
    database: Mongo,
) -> None:
    know(database, a_site())
    seconds = {}
    for number in (2_000, 4_000):
        found = [_from_source(one) for one in range(number)]
        database["events"].delete_many({})
        database["user_sessions"].delete_many({})
        happen(database, *found)
        began = time.process_time()
        roll_up()
        seconds[number] = time.process_time() - began
    (day,) = database["daily_metrics"].find()
    (sources,) = database["daily_dimensions"].find({"dimension": "source", "values": "s1"})
    assert (day["sessions"], len(day["sources"]), len(sources["values"])) == (4_000, 1_000, 100)
    assert seconds[4_000] < 3 * seconds[2_000] + 1


def _from_source(number: int) -> dict[str, Any]:
    found = view("home", visitor_id=f"v{number}", url=f"https://shop.example/?utm_source=s{number}")
    return {**found, "visitor_id": f"v{number}", "person_id": f"v{number}"}
