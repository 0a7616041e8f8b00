"""Heatmaps reckoned by hand, event by event, in plain Python that knows nothing of columns."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

Answer = dict[str, Any]
MOST_ELEMENTS = 20


class Done(NamedTuple):
    """Something that somebody did on a page: `at` are x, y, width and height of the view, `on_page` of the page."""

    kind: str
    person: str
    device: str
    path: str
    when: datetime
    at: tuple[float, float, float, float] | None = None
    on_page: tuple[float, float, float, float] | None = None
    element: str | None = None
    value: object = None


def heatmap(events: Sequence[Done], metric: str, grid: int) -> Answer:
    """Returns the answer about one page's events, which are in the order of time."""
    seen = {
        event.device for event in events if event.kind in (metric, "pageview", "scroll", "rage_click", "dead_click")
    }
    devices = [device for device in ("Desktop", "Mobile", "Tablet", "Other") if device in seen]
    return {
        **_heat(events, metric, grid, lambda _: True),
        "by_device": [{"device": one, **_heat(events, metric, grid, _is_on(one))} for one in devices],
        "elements": _elements([event for event in events if event.kind == metric != "scroll"]),
        "rage": _trouble([event for event in events if event.kind == "rage_click"], grid),
        "dead": _trouble([event for event in events if event.kind == "dead_click"], grid),
    }


def _is_on(device: str) -> Callable[[Done], bool]:
    return lambda event: event.device == device


def _heat(events: Sequence[Done], metric: str, grid: int, wanted: Callable[[Done], bool]) -> Answer:
    views = [place for place, event in enumerate(events) if event.kind == "pageview"]
    depths, unplaced = dict.fromkeys(views, 0.0), 0
    for place, event in enumerate(events):
        if event.kind == "scroll":
            of = [view for view in views if view < place and _same(events[view], event)]
            percent = _percent(event.value)
            if of and percent is not None:
                depths[of[-1]] = max(depths[of[-1]], percent)
            elif wanted(event):
                unplaced += 1
    ours = [depth for view, depth in depths.items() if wanted(events[view])]
    done = [event for event in events if event.kind == metric and wanted(event)]
    outside = unplaced if metric == "scroll" else sum(_bin(event.at, grid) is None for event in done)
    rows = [(row * 100 // grid, sum(depth * grid >= 100 * (row + 1) for depth in ours)) for row in range(grid)]
    down = [{"x": 0, "y": y, "count": count} for y, count in rows if count]
    return {
        "views": len(ours),
        "people": len({events[view].person for view in views if wanted(events[view])}),
        "count": len(done),
        "count_people": len({event.person for event in done}),
        "unplaced": outside,
        "bins": [] if metric == "scroll" else _bins([event.at for event in done], grid),
        "page_bins": down if metric == "scroll" else _bins([event.on_page for event in done], grid),
        "rage_clicks": sum(event.kind == "rage_click" for event in events if wanted(event)),
        "dead_clicks": sum(event.kind == "dead_click" for event in events if wanted(event)),
        "scroll_depth": [
            {
                "depth": tenth,
                "views": sum(depth >= tenth for depth in ours),
                "share": round(100 * sum(depth >= tenth for depth in ours) / len(ours), 2) if ours else 0.0,
                "ended": sum(tenth <= depth < tenth + 10 for depth in ours),
            }
            for tenth in range(10, 101, 10)
        ],
    }


def _same(view: Done, scroll: Done) -> bool:
    return (view.person, view.path) == (scroll.person, scroll.path)


def _percent(value: object) -> float | None:
    try:
        percent = float(str(value).removesuffix("%"))
    except ValueError:
        return None
    return percent if 0 <= percent <= 100 else None


def _bin(at: tuple[float, float, float, float] | None, grid: int) -> tuple[int, int] | None:
    if at is None:
        return None
    x, y, width, height = at
    if not (0 < width <= 1e6 and 0 < height <= 1e6 and 0 <= x <= width and 0 <= y <= height):
        return None
    return int(min(x * grid // width, grid - 1)), int(min(y * grid // height, grid - 1))


def _bins(places: Sequence[tuple[float, float, float, float] | None], grid: int) -> list[Answer]:
    counts = Counter(found for at in places if (found := _bin(at, grid)))
    ordered = sorted(counts.items(), key=lambda each: (each[0][1], each[0][0]))
    return [{"x": x * 100 // grid, "y": y * 100 // grid, "count": count} for (x, y), count in ordered]


def _elements(events: Sequence[Done]) -> list[Answer]:
    people = defaultdict(list)
    for event in events:
        if event.element:
            people[event.element].append(event.person)
    ranked = sorted(people.items(), key=lambda each: (-len(each[1]), each[0]))[:MOST_ELEMENTS]
    return [{"element": name, "count": len(who), "people": len(set(who))} for name, who in ranked]


def _trouble(events: Sequence[Done], grid: int) -> Answer:
    return {
        "count": len(events),
        "people": len({event.person for event in events}),
        "unplaced": sum(_bin(event.at, grid) is None for event in events),
        "bins": _bins([event.at for event in events], grid),
        "elements": _elements(events),
    }
