"""The right answer of /api/analytics/web-vitals."""

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.narrowing import passing
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.pages import listed, page_named
from tests.oracle.reckoning.shop import Reckoning

LIMITS = {"lcp": (2_500, 4_000), "inp": (200, 500), "cls": (0.1, 0.25), "ttfb": (800, 1_800)}
"""The most that is good, and the most that is not poor."""
TEN, THOUSANDTH = Decimal(10), Decimal("0.001")


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns the vitals of all pages and of each, those first of which most was measured."""
    days = shop.days_of(question)
    exits = [event for event in passing(shop, days, question) if event.kind == "page_exit" and event.vitals]
    pages = Counter(map(page_named, exits))
    ranked = sorted(pages, key=lambda page: (-pages[page], page))
    of_list = {name: each for name, each in listed(len(ranked)).items() if name != "next"}
    return {
        "range": shop.range(days),
        "overall": _by_device(exits),
        "pages": [
            {"page": page, **_by_device([event for event in exits if page_named(event) == page])} for page in ranked
        ],
        **of_list,
    }


def _by_device(exits: Sequence[Event]) -> Json:
    devices = sorted({event.device for event in exits})
    parts = [{"device": name, **_part([event for event in exits if event.device == name])} for name in devices]
    return {**_part(exits), "by_device": parts}


def _part(exits: Sequence[Event]) -> Json:
    return {
        name: _figures(name, sorted(float(str(event.vitals[name])) for event in exits if name in event.vitals))
        for name in LIMITS
    }


def _figures(name: str, measured: Sequence[float]) -> Json | None:
    if not measured:
        return None
    n, (good, not_poor) = len(measured), LIMITS[name]
    return {
        "n": n,
        "p75": _rounded_up(measured[-(-3 * n // 4) - 1], THOUSANDTH if name == "cls" else TEN),
        "good": rate(sum(each <= good for each in measured), n),
        "poor": rate(sum(each > not_poor for each in measured), n),
    }


def _rounded_up(value: float, step: Decimal) -> float:
    return float((Decimal(str(value)) / step).to_integral_value(ROUND_CEILING) * step)
