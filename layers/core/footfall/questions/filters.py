"""Filters: a parameter for each dimension, by which questions about behaviour are narrowed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, create_model

from footfall.dimensions import BUILT_IN, BUILT_IN_NAMES, LONGEST, SEGMENT, Dimension, dimensions_of, none_named
from footfall.errors import FieldProblem, Invalid
from footfall.people.profiles import NAMES_APART
from footfall.questions.range import RangeQuestion
from footfall.schemas.site import Site

MOST_VALUES = 50
EXCLUDED = "!"
OF_ORDERS = "commerce."
"""How the fields of events begin that orders have too."""
PASSES, FAILS = "passes", "fails"
Bots = Literal["exclude", "include"]
BOTS = "Whether programs that load pages are counted too"
Value = Annotated[str, Field(min_length=1, max_length=LONGEST + len(EXCLUDED))]
Values = Annotated[list[Value], Field(max_length=MOST_VALUES)]


def _parameter(row: Dimension) -> tuple[object, object]:
    description = f"{row.description}. Repeat it for several; `!` before a value leaves out what has it"
    return Values | None, Field(default=None, description=description)


def is_told_of_orders(row: Dimension) -> bool:
    """Returns whether an order has a value: its session, its person or itself has one."""
    return bool(row.session or row.needs_person or is_of_orders(row))


def is_of_orders(row: Dimension) -> bool:
    """Returns whether it is told of what was bought."""
    return row.event.startswith(OF_ORDERS)


@dataclass(frozen=True)
class Wanted:
    """What values of one dimension a filter lets through, compared without case."""

    row: Dimension
    values: frozenset[str]
    excluded: frozenset[str]

    @classmethod
    def of(cls, row: Dimension, told: Iterable[str]) -> "Wanted":
        """Returns the filter that a parameter's values come to."""
        values = [value.strip().casefold() for value in told]
        return cls(
            row,
            frozenset(value for value in values if not value.startswith(EXCLUDED)),
            frozenset(value.removeprefix(EXCLUDED) for value in values if value.startswith(EXCLUDED)),
        )

    def takes(self, values: Iterable[str]) -> bool:
        """Returns whether what has these values of the dimension passes: any is wanted, and none is excluded."""
        found = {value.casefold() for value in values}
        return (not self.values or not found.isdisjoint(self.values)) and found.isdisjoint(self.excluded)

    def by_all_segments(self) -> "Wanted":
        """Returns the same filter; one of segments goes by those that the site has saved too."""
        return _of_segments(self) if self.row.name == SEGMENT else self


class _Narrowing(RangeQuestion):
    # may be narrowed; a site's own dimensions are parameters too

    model_config = ConfigDict(extra="allow")

    def filters_of(self, site: Site) -> dict[str, Wanted]:
        """Returns the filters by dimension; raises Invalid for a parameter that the site has no dimension for."""
        given: Mapping[str, object] = {**self._built_in(), **(self.model_extra or {})}
        rows = dimensions_of(site)
        unknown = [name for name in given if name not in rows]
        if unknown:
            raise Invalid([FieldProblem(name[:LONGEST], none_named(site, name)) for name in unknown[:MOST_VALUES]])
        return {name: Wanted.of(rows[name], _texts(name, told)).by_all_segments() for name, told in given.items()}

    def _built_in(self) -> dict[str, object]:
        # of a question that is paged, `page` is the number of a page
        names = BUILT_IN_NAMES & type(self).model_fields.keys()
        return {name: told for name in sorted(names) if isinstance(told := getattr(self, name), list)}


if TYPE_CHECKING:

    class _Filters(_Narrowing):
        pass

    class _FiltersOfOrders(_Narrowing):
        pass
else:
    ALL = {row.name: _parameter(row) for row in BUILT_IN if row.filter}
    _Filters = create_model("_Filters", __base__=_Narrowing, **ALL)
    _FiltersOfOrders = create_model(
        "_FiltersOfOrders",
        __base__=_Narrowing,
        **{row.name: ALL[row.name] for row in BUILT_IN if row.filter and is_told_of_orders(row)},
    )


class Filtered(_Filters):
    """A question about what people did on a range of days, which may be narrowed."""

    bots: Bots = Field(default="exclude", description=BOTS)


class FilteredOrders(_FiltersOfOrders):
    """A question about orders: by the session that each came of, by whose it is, and by what was bought."""


class FilteredList(Filtered):
    """The same of a list, whose parameter `page` is the number of a page: the dimension of that name is `path` here."""

    path: Values | None = Field(
        default=None,
        description="The path of the page that an event is about: the dimension `page`. Repeat it for several; `!`"
        " before a value leaves out what has it",
    )

    def _built_in(self) -> dict[str, object]:
        return {**super()._built_in(), **({"page": self.path} if self.path is not None else {})}


def _of_segments(wanted: Wanted) -> Wanted:
    # somebody is in one RFM segment and in any of those that the site has saved: whether they pass is told by all
    def passes(names: str) -> str:
        return PASSES if wanted.takes(names.split(NAMES_APART)) else FAILS

    nobodys = PASSES if wanted.takes([wanted.row.missing]) else FAILS
    told_by_all = replace(wanted.row, person="segment_names", fold=passes, missing=nobodys)
    return Wanted(told_by_all, frozenset({PASSES.casefold()}), frozenset())


def _texts(name: str, told: object) -> list[str]:
    given = told if isinstance(told, list) else [told]
    values = [value for value in given if isinstance(value, str) and 0 < len(value) <= LONGEST + len(EXCLUDED)]
    if len(values) < len(given) or len(given) > MOST_VALUES:
        raise Invalid([FieldProblem(name, f"give at most {MOST_VALUES} values of 1 to {LONGEST} characters")])
    return values
