"""Filters: a parameter for each dimension, by which questions about behaviour are narrowed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, create_model

from footfall.dimensions import BUILT_IN, LONGEST, SEGMENT, Dimension, dimensions_of, none_named
from footfall.errors import FieldProblem, Invalid
from footfall.people.profiles import NAMES_APART
from footfall.questions.range import RangeQuestion
from footfall.schemas.site import Site

MOST_VALUES = 50
EXCLUDED = "!"
PASSES, FAILS = "passes", "fails"
Value = Annotated[str, Field(min_length=1, max_length=LONGEST + len(EXCLUDED))]
Values = Annotated[list[Value], Field(max_length=MOST_VALUES)]


def _parameter(row: Dimension) -> tuple[object, object]:
    description = f"{row.description}. Repeat it for several; `!` before a value leaves out what has it"
    return Values | None, Field(default=None, description=description)


if TYPE_CHECKING:

    class _Parameters(RangeQuestion):
        pass
else:
    _Parameters = create_model(
        "_Parameters",
        __base__=RangeQuestion,
        **{row.name: _parameter(row) for row in BUILT_IN if row.filter},
    )


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


class Filtered(_Parameters):
    """A question about a range of days that may be narrowed; a site's own dimensions are parameters too."""

    model_config = ConfigDict(extra="allow")

    bots: Literal["exclude", "include"] = Field(
        default="exclude", description="Whether programs that load pages are counted too"
    )

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
        names = _Parameters.model_fields.keys() - RangeQuestion.model_fields.keys()
        return {name: told for name in sorted(names) if isinstance(told := getattr(self, name), list)}


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
