"""Lists that go on behind their last item, however long they are, beside pages by number."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import Field, TypeAdapter

from footfall.errors import FieldProblem, Invalid
from footfall.schemas.paging import PagedAnswer, PagedQuestion
from footfall.stores.collection import Collection
from footfall.stores.mongo import Condition, Mongo

Document = TypeVar("Document", bound=Mapping[str, Any])
FARTHEST = 10_000
"""Items in pages by number: what is before a page is passed over one by one."""
COUNTED = f"{FARTHEST + 1:,} stands for more than {FARTHEST:,}"
"""What `total` says of a list that is counted only so far."""


class KeyedQuestion(PagedQuestion):
    """Which part of a list is asked for: a page of its first items by number, or what comes behind an item."""

    page: int = Field(default=1, ge=1, le=FARTHEST, description=f"Which page of the first {FARTHEST:,} items")
    after: str | None = Field(
        default=None,
        max_length=2_048,
        description="`next` of the answer before, asked for in the same order, for the items behind it however many"
        " there are; instead of `page`",
    )

    def behind(self, sorted_by: str) -> "Place | None":
        """Returns the place behind which items are asked for; None for a page by its number.

        Raises Invalid for a place in another list, and for a page that is too far.
        """
        if self.after is None:
            if self.skip + self.page_size > FARTHEST:
                raise Invalid([FieldProblem("page", f"pages reach to item {FARTHEST:,}: go on with `after`")])
            return None
        if self.page > 1:
            raise Invalid([FieldProblem("after", "is instead of `page`")])
        place = _read(self.after)
        if place is None or place.sorted_by != sorted_by:
            raise Invalid([FieldProblem("after", "is not the `next` of a list that is sorted like this")])
        return place


class KeyedAnswer(PagedAnswer):
    """What the answer of such a list says of itself."""

    next: str | None = Field(description="What to give as `after` for the items behind these; null where none are left")


class Listed(NamedTuple, Generic[Document]):
    """A page of documents, the place behind them if there are more, and how many there are in all, by `COUNTED`."""

    documents: Sequence[Document]
    next: str | None
    total: int


class Place(NamedTuple):
    """An item's place in a list: how the list is sorted, by which value the item is, and its id."""

    sorted_by: str
    value: int | None
    item_id: str

    @property
    def text(self) -> str:
        """The place as `next` and `after` say it."""
        return urlsafe_b64encode(_PLACES.dump_json(self)).decode().rstrip("=")


_PLACES = TypeAdapter(Place)


def _read(text: str) -> Place | None:
    try:
        return _PLACES.validate_json(urlsafe_b64decode(text + "=" * (-len(text) % 4)), strict=True)
    except ValueError:  # of base64, UTF-8 and pydantic alike
        return None


def behind(order: Sequence[tuple[str, int]], values: Sequence[object]) -> Condition:
    """Returns the condition for what comes behind an item with these values, in the order of these fields."""
    same = dict(zip((field for field, _ in order), values, strict=True))
    steps = []
    for place, (field, direction) in enumerate(order):
        before = {name: same[name] for name, _ in order[:place]}
        steps.append({**before, field: {"$gt" if direction == 1 else "$lt": same[field]}})
    # the first condition follows from the others: an index is read from there on
    first, direction = order[0]
    return {first: {"$gte" if direction == 1 else "$lte": same[first]}, "$or": steps}


def newest(
    database: Mongo,
    collection: Collection[Document],
    query: Condition,
    moment: str,
    question: KeyedQuestion,
    shown: Iterable[str] = (),
    index: Iterable[str] = (),
) -> Listed[Document]:
    """Returns a page of a site's documents that match, the newest by `moment` first, equal ones by their keys.

    `shown` are the fields that are read, all without any. An index must go by the moment and the key; `index` are its
    fields where MongoDB might take another. Raises Invalid for a place in another list.
    """
    order = [(moment, -1), ("_id", -1)]
    site_id, wanted = query["site_id"], query
    if place := question.behind(moment):
        wanted = {"$and": [query, behind(order, [_moment(place), f"{site_id}:{place.item_id}"])]}
    fields = dict.fromkeys([*shown, moment], True) if shown else None
    found = collection.of(database).find(wanted, fields).sort(order).skip(question.skip)
    if index:
        found = found.hint([(field, 1) for field in index])
    documents = found.limit(question.page_size + 1).to_list()
    page = documents[: question.page_size]
    return Listed(
        page,
        _place(page[-1], site_id, moment).text if len(documents) > len(page) else None,
        collection.count(database, query, most=FARTHEST + 1),
    )


def _place(document: Mapping[str, Any], site_id: str, moment: str) -> Place:
    return Place(moment, round(document[moment].timestamp() * 1000), document["_id"].removeprefix(f"{site_id}:"))


def _moment(place: Place) -> datetime:
    try:
        return datetime.fromtimestamp((place.value or 0) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise Invalid([FieldProblem("after", "is not the `next` of a list that is sorted like this")]) from None
