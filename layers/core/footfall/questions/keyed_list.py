"""Lists that go on behind their last item, however long they are, beside pages by number."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import Field, TypeAdapter
from pymongo.cursor import Cursor

from footfall.errors import FieldProblem, Invalid
from footfall.schemas.paging import PagedAnswer, PagedQuestion
from footfall.stores.collection import Collection
from footfall.stores.mongo import Condition, Mongo

Document = TypeVar("Document", bound=Mapping[str, Any])
Order = Sequence[tuple[str, int]]
FARTHEST = 10_000
"""Items in pages by number: the keys of what is before a page are passed over one by one."""
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
    value: int | float | None
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


def behind(order: Order, values: Sequence[object]) -> Condition:
    """Returns the condition for what comes behind an item with these values, in the order of these fields.

    An item without a value, None, comes before all that have one, as in MongoDB's own order.
    """
    same = dict(zip((field for field, _ in order), values, strict=True))
    steps = []
    for place, (field, direction) in enumerate(order):
        before = {name: same[name] for name, _ in order[:place]}
        if same[field] is not None or direction == 1:
            steps.append({**before, field: _beyond(same[field], direction)})
    # the first condition follows from the others: an index is read from there on
    first, direction = order[0]
    if same[first] is None:
        return {"$or": steps}
    if direction == 1 or not isinstance(same[first], int | float):
        return {first: {"$gte" if direction == 1 else "$lte": same[first]}, "$or": steps}
    return {first: {"$not": {"$gt": same[first]}}, "$or": steps}


def _beyond(value: object, direction: int) -> dict[str, object]:
    # numbers may be missing, times and keys are not: $lt passes over what has none
    if value is None:
        return {"$ne": None}
    if direction == 1 or not isinstance(value, int | float):
        return {"$gt" if direction == 1 else "$lt": value}
    return {"$not": {"$gte": value}}


def documents_of(
    database: Mongo,
    collection: Collection[Document],
    query: Condition,
    order: Order,
    question: KeyedQuestion,
    fields: Iterable[str] = (),
    index: Iterable[str] = (),
) -> list[Document]:
    """Returns the documents of a page that match, and the one that comes next if there is one; `fields` of them.

    What is before a page by number is passed over in the index, and no document of it read: an index must go by all
    fields of the order. `index` are its fields where MongoDB might take another, or would try them all first.
    """
    shown, most = dict.fromkeys(fields, True) or None, question.page_size + 1

    def found(read: Mapping[str, bool] | None) -> Cursor[Document]:
        cursor = collection.of(database).find(query, read).sort(order).skip(question.skip).limit(most)
        return cursor.hint([(field, 1) for field in index]) if index else cursor

    if not question.skip:
        return found(shown).to_list()
    keys = [each["_id"] for each in found({"_id": True, **{field: True for field, _ in order}})]
    ours = {"site_id": query["site_id"], "_id": {"$in": keys}}
    known = {each["_id"]: each for each in collection.of(database).find(ours, shown)}
    return [known[key] for key in keys if key in known]


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
    fields = [*shown, moment] if shown else []
    documents = documents_of(database, collection, wanted, order, question, fields, index)
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
