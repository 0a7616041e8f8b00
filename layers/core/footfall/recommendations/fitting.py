"""Fitting: the settings that are best at what was bought later, what they are worth, and the lists they make."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from footfall.customers.arrays import Arrays
from footfall.recommendations.edges import Edges
from footfall.recommendations.lists import lists_of_people, popular_lists, trending_lists
from footfall.recommendations.pairs import pairs_of
from footfall.recommendations.ranking import Quality, interval, mean
from footfall.recommendations.tuning import Trial, Windows, choose, judged, new_to_them, popular, repeated, windows_of
from footfall.recommendations.walk import Settings, fit_walk
from footfall.schemas.model import Figures
from footfall.schemas.recommendation import Degraded

FEWEST_PEOPLE = 10
"""Who bought something in a window, below which nothing is learnt from it."""


class Fitted(NamedTuple):
    """The settings, how good they are, why they are not used if so, and the lists by name."""

    settings: Settings
    figures: Figures
    degraded: Degraded | None
    lists: Mapping[str, Arrays]


def fitted(edges: Edges, baskets: Arrays) -> Fitted:
    """Returns what is learnt of these edges; `baskets` has the `order` and `product` of what was bought together.

    Where the walk finds no more than popularity does, or too few people bought anything for that to be told, there are
    no lists of people.
    """
    windows = windows_of(edges)
    enough = _enough(windows.choosing) and _enough(windows.judging)
    settings = choose(windows.choosing) if enough else Settings()
    return _made(edges, baskets, windows, settings, enough=enough)


def fitted_again(edges: Edges, baskets: Arrays, settings: Settings) -> Fitted:
    """Returns what settings that were chosen earlier make of these edges, and how good they are in the end."""
    windows = windows_of(edges)
    return _made(edges, baskets, windows, settings, enough=_enough(windows.judging))


def _enough(trial: Trial) -> bool:
    return len(trial.people) >= FEWEST_PEOPLE


def _made(edges: Edges, baskets: Arrays, windows: Windows, settings: Settings, *, enough: bool) -> Fitted:
    figures = _figures(windows, settings) if enough else Figures(people=len(windows.judging.people))
    degraded = _degraded(figures) if enough else "too_little_data"
    return Fitted(settings, figures, degraded, dict(_lists(edges, baskets, settings, people=degraded is None)))


def _degraded(figures: Figures) -> Degraded | None:
    better = figures["ndcg_at_20"] > figures["popular_ndcg_at_20"]  # type: ignore[operator]
    return None if better else "no_better_than_popular"


def _figures(windows: Windows, settings: Settings) -> Figures:
    trial = windows.judging
    walk = fit_walk(trial.known, settings, trial.as_of)
    found, (new, new_popular) = judged(trial, walk), new_to_them(trial, walk)
    return {
        "people": len(trial.people),
        "days": windows.days,
        **_named("", found),
        "intervals": {"recall_at_20": interval(found.recall), "ndcg_at_20": interval(found.ndcg)},
        **_named("popular_", popular(trial)),
        **_named("repeated_", repeated(trial, walk)),
        **_named("new_", new),
        **_named("popular_new_", new_popular),
    }


def _named(prefix: str, found: Quality) -> Figures:
    return {
        f"{prefix}recall_at_20": round(mean(found.recall), 4),
        f"{prefix}ndcg_at_20": round(mean(found.ndcg), 4),
        f"{prefix}coverage": round(found.coverage, 4),
    }


def _lists(edges: Edges, baskets: Arrays, settings: Settings, *, people: bool) -> Iterator[tuple[str, Arrays]]:
    walk = fit_walk(edges, settings, edges.span[1])
    yield "popular", popular_lists(walk)
    yield from trending_lists(edges).items()
    orders = int(baskets["order"].max(initial=-1)) + 1
    pairs = pairs_of(baskets["order"], baskets["product"], orders, edges.products)._asdict()
    yield "pairs", {name: np.asarray(column) for name, column in pairs.items()}
    for number, lists in enumerate(lists_of_people(walk, edges) if people else ()):
        yield f"people_{number}", lists
