"""Questions too big for one call on the whole stack, of which each call reads four rows of the lake."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from footfall.clock import now

from infra.local.stack import Stack
from tests.flow.conftest import Shop
from tests.flow.test_pipeline import visit

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
PAGES = ["home", "search", "payment", "confirmation"]
FIGURES = ("users", "conversion_rate", "drop_off", "avg_seconds", "median_seconds", "p90_seconds", "revenue")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product, which answers little in one call."""
    folder = tmp_path_factory.mktemp("small")
    with Stack(folder, parameters={"MostRows": "4"}, schedules=False, window=0) as running:
        yield running


def ask(shop: Shop, path: str, method: str = "GET", **query: Any) -> tuple[int, dict[str, Any]]:
    headers = {"x-api-key": shop.api_key}
    answer = httpx.request(method, f"{shop.stack.url}{path}", params=query, headers=headers, timeout=60)
    return answer.status_code, answer.json()


def figures(answer: dict[str, Any]) -> list[Any]:
    parts = [answer, *answer["breakdowns"]]
    return [[[step[name] for name in FIGURES] for step in part["steps"][:3]] for part in parts]


def test_a_big_question_is_answered_by_the_state_machine_as_the_rollups_answer_it(shop: Shop) -> None:
    start = now() - timedelta(days=1)
    devices = ("Mobile", "Desktop", "Desktop")
    visits = [visit(f"v{n}", PAGES[: 1 + n % 4], start, device=devices[n % 3]) for n in range(8)]
    assert shop.collect({"batch": [event for pages in visits for event in pages]}).status_code == 202
    shop.settle()
    of_rollups = shop.get("/api/funnel", breakdown="device")
    asked = {"steps": "home,search,payment", "breakdown": "device"}
    status, job = ask(shop, "/api/funnel", **asked)
    assert (status, job["reads"]["rows"] > 4) == (202, True)
    deadline = time.monotonic() + 120
    while (found := shop.get(f"/api/jobs/{job['job_id']}"))["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    assert (found["state"], found["error"]) == ("done", None)
    assert found["progress"]["done"] == found["progress"]["of"] > 1
    assert figures(found["answer"]) == figures(of_rollups)
    assert found["answer"]["range"] == of_rollups["range"]
    status, cancelled = ask(shop, f"/api/jobs/{job['job_id']}", "DELETE")
    assert (status, cancelled["state"]) == (200, "done"), "what has ended stays"
    assert ask(shop, "/api/jobs/" + "0" * 32)[0] == 404
