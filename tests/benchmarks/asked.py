"""Questions of the stored stream in a process of its own, as JSON: what they took, what they found, and the memory."""

import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.stored import SITE
from tests.benchmarks.stream import DAYS, date_of
from tests.support.asking import ask

RANGE = {"from": str(date_of(0)), "to": str(date_of(DAYS - 1))}
STEPS = "home|home,search,product,Order Completed"
"""The same as the site's own funnel, but not called so: the rollups have no answer."""
REPETITIONS = 7


def main() -> None:
    """Print what was found and measured."""
    from footfall.lake import loader

    from functions.api.funnel.handler import handler

    def funnel() -> dict[str, list[int]]:
        answer = ask(
            handler,
            "/api/funnel",
            {**RANGE, "steps": STEPS, "window": "7d", "breakdown": "device"},
            site_id=SITE.site_id,
        )
        return {part["value"]: [step["users"] for step in part["steps"]] for part in answer["breakdowns"]}

    def cold() -> dict[str, list[int]]:
        loader.forget()
        return funnel()

    found = funnel()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"answer": found, "cold": _median(cold), "warm": _median(funnel), "megabytes": memory}))


def _median(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
