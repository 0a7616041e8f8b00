"""Questions of the stored stream in a process of its own, as JSON: what they took, what they found, and the memory."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.stored import SITE
from tests.benchmarks.stream import DAYS, date_of
from tests.support.asking import ask

WHOLE = {"from": str(date_of(0)), "to": str(date_of(DAYS - 1))}
WEEKS = {"from": str(date_of(4)), "to": str(date_of(4 + 12 * 7 - 1))}
"""Twelve whole weeks: the first day is a Monday."""
MONTH = {"from": str(date_of(60)), "to": str(date_of(89))}
STEPS = "home|home,search,product,Order Completed"
"""The same as the site's own funnel, but not called so: the rollups have no answer."""
FUNNEL = {**WHOLE, "steps": STEPS, "window": "7d", "breakdown": "device"}
NAMED = {**WHOLE, "funnel": "default", "window": "7d"}
"""The site's own funnel, whose entries are linked once."""
BREAKDOWNS = ("device", "source", "country")
OTHERS = {
    "funnel by source and country": ("/api/funnel", {**FUNNEL, "breakdown": "source,country"}),
    "retention of twelve weeks, of who searched": (
        "/api/retention",
        {**WEEKS, "period": "week", "first": "search", "returning": "product"},
    ),
    "paths of thirty days": ("/api/paths", {**MONTH, "nodes": "page_type"}),
    "journeys of thirty days": ("/api/journeys", MONTH),
}
REPETITIONS = 5


def main() -> None:
    """Print what was found and measured."""
    from footfall.lake import loader

    def funnel(query: dict[str, str] = FUNNEL) -> dict[str, list[int]]:
        answer = _ask("/api/funnel", query)
        return {part["value"]: [step["users"] for step in part["steps"]] for part in answer["breakdowns"]}

    def cold() -> dict[str, list[int]]:
        loader.forget()
        return funnel()

    found = funnel()
    memory = _most_megabytes()
    times = {"cold": _median(cold), "warm": _median(funnel)}
    others = {name: _median(lambda asked=asked: _ask(*asked)) for name, asked in OTHERS.items()}  # type: ignore[misc]
    named = {name: _median(lambda name=name: _ask("/api/funnel", {**NAMED, "breakdown": name})) for name in BREAKDOWNS}  # type: ignore[misc]
    assert found == funnel({**NAMED, "breakdown": "device"})
    print(json.dumps({"answer": found, "megabytes": memory, **times, "others": others, "named": named}))


def _ask(path: str, query: dict[str, str]) -> dict[str, Any]:
    # without Redis: every answer is computed
    from functions.api.funnel.handler import handler

    return ask(handler, path, query, site_id=SITE.site_id)


def _most_megabytes() -> float:
    # so much memory the process has held at once; what getrusage says may be of the process that started it
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def _median(work: Callable[[], Any]) -> float:
    work()
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
