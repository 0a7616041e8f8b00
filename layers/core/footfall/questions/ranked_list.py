"""Lists by a count, the largest first, of which a page is asked for: by its number or behind an item."""

from collections.abc import Sequence
from typing import NamedTuple

from footfall.errors import FieldProblem, Invalid
from footfall.questions.keyed_list import KeyedQuestion, Place
from footfall.questions.table import Table

MOST_LISTED = 100_000
"""Items of a list; beyond these many, the smallest are one, called `other`."""
OTHER = "other"


class Page(NamedTuple):
    """The places of a page's items in the whole list, and what `next` says; None where no more follow."""

    items: list[int]
    next: str | None


def check_listed(found: Table, were: str) -> None:
    """Raises Invalid for more than are listed: of parts of the people it is not known which are the smallest."""
    if len(found) > MOST_LISTED + 1:
        raise Invalid([FieldProblem("from", f"more than {MOST_LISTED:,} {were}; ask for fewer days, or narrow them")])


def page_of(question: KeyedQuestion, names: Sequence[str], counts: Sequence[int], sorted_by: str) -> Page:
    """Returns a page of items by their counts, those of the same count by name; raises Invalid for no such page."""
    place = question.behind(sorted_by)
    ranked = sorted(range(len(names)), key=lambda at: (-counts[at], names[at]))
    begin = question.skip
    if place:
        behind = (-(place.value or 0), place.item_id)
        begin = next((at for at, item in enumerate(ranked) if (-counts[item], names[item]) > behind), len(ranked))
    items = ranked[begin : begin + question.page_size]
    if not items or begin + len(items) >= len(ranked):
        return Page(items, None)
    return Page(items, Place(sorted_by, counts[items[-1]], names[items[-1]]).text)
