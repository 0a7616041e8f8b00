"""Lists that go on behind their last item, however long they are, beside pages by number."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field, TypeAdapter

from footfall.errors import FieldProblem, Invalid
from footfall.schemas.paging import PagedAnswer, PagedQuestion
from footfall.stores.mongo import Condition

FARTHEST = 10_000
"""Items in pages by number: what is before a page is passed over one by one."""


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
    return {"$or": steps}
