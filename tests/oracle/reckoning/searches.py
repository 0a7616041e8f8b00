"""The right answer of /api/analytics/searches."""

from collections.abc import Sequence

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.narrowing import event_passes, looked_at
from tests.oracle.reckoning.numbers import milliseconds, rate
from tests.oracle.reckoning.pages import listed, orders_after, visits_in
from tests.oracle.reckoning.searching import NOT_SAID, Search, Step, searches
from tests.oracle.reckoning.shop import Reckoning

KINDS = {
    "product_searched": "searched",
    "product_clicked": "clicked",
    "product_viewed": "clicked",
    "product_added": "added",
}


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns the terms that were searched for, the most frequent first."""
    days, visits = shop.days_of(question), visits_in(shop, question)
    orders = [
        (session.number, milliseconds(moment)) for session in visits for moment in orders_after(shop, question, session)
    ]
    found = searches(_steps(shop, question), orders)
    terms = {search.term for search in found}
    rows: list[Json] = [{"term": term, **_figures([one for one in found if one.term == term])} for term in terms]
    sort_by = question.get("sort_by") or "searches"
    rows.sort(key=lambda row: (-int(str(row[sort_by])), str(row["term"])))
    return {"range": shop.range(days), "overall": _figures(found), "data": rows, **listed(len(rows))}


def _steps(shop: Reckoning, question: Question) -> list[Step]:
    return [
        Step(
            session.number,
            shop.person(event),
            milliseconds(event.at),
            KINDS[event.kind],
            _term(event),
            int(str(event.fields.get("results", NOT_SAID))),
            event_passes(shop, question, event),
        )
        for event in looked_at(shop, shop.days_of(question), question)
        if event.kind in KINDS and (session := shop.visit_of.get(event))
    ]


def _term(event: Event) -> str:
    return " ".join(str(event.fields.get("query", "unknown")).casefold().split())


def _figures(found: Sequence[Search]) -> Json:
    told = [search.results for search in found if search.results != NOT_SAID]
    done = {name: sum(name in search.done for search in found) for name in ("clicked", "added", "ordered")}
    return {
        "searches": len(found),
        "people": len({search.person for search in found}),
        "results_told": len(told),
        "without_results": told.count(0),
        "without_results_rate": rate(told.count(0), len(told)),
        "avg_results": round(sum(told) / len(told), 1) if told else None,
        **done,
        **{f"{name}_rate": rate(number, len(found)) for name, number in done.items()},
    }
