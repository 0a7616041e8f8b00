"""What can be asked of any funnel, and which entries to its steps that comes to; anything else is refused by name."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Annotated, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from footfall.dimensions import Dimension, dimensions_of, none_named
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.steps import Condition, Reading, kept_by_day, parted, words
from footfall.questions.cache import Asked
from footfall.questions.event_rows import Answer, EventsQuery, Rows, dimensions_named, narrowed
from footfall.questions.filters import Filtered, Wanted
from footfall.questions.step_names import check_names
from footfall.rollups import Rollups
from footfall.schemas.site import DEFAULT_FUNNEL, Funnel, Site

WINDOW = re.compile(r"([1-9]\d{0,7})([smhd])")
UNIT_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
MAX_STEPS = 32
MAX_STEP_LENGTH = 256
MOST_CONDITIONS = 50
Unit = Literal["user", "session"]
Order = Literal["ordered", "strict", "any"]
WindowMode = Literal["first", "step"]


def read_window(text: object) -> int:
    """Returns the milliseconds of a window such as `7d`, `12h`, `30m` or `90s`; raises ValueError for anything else."""
    if isinstance(text, int):
        return text
    match = WINDOW.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise PydanticCustomError("window", "write a window as a number and s, m, h or d, such as 7d")
    return int(match[1]) * UNIT_MILLISECONDS[match[2]]


Window = Annotated[
    int, BeforeValidator(read_window), WithJsonSchema({"type": "string", "pattern": f"^{WINDOW.pattern}$"})
]


class FunnelSelection(Filtered):
    """Which funnel, over which days, within which time, and of which events."""

    funnel: str | None = Field(
        default=None,
        max_length=100,
        description="One of the site's named funnels; without it the first",
        examples=["default"],
    )
    steps: list[str] | None = Field(
        default=None,
        description="Steps instead of a named funnel, by commas or repeated: page types, event types or event names,"
        " by whichever name (`purchase`, `Order Completed`); `a|b` is either. Conditions narrow a step by dimensions:"
        " `product_viewed[category=lamps][device!=Mobile]`. A name that was never seen is refused",
        examples=[["home", "product_viewed[category=lamps]|search", "Order Completed"]],
    )
    window: Window | None = Field(
        default=None,
        description="How long somebody has from the first step on: a number and s, m, h or d; else the whole range",
        examples=["7d"],
    )

    def query_of(self, rollups: Rollups) -> "FunnelQuery":
        """Returns what the question comes to for a site; raises Invalid, also for steps that nothing is called."""
        return FunnelQuery.of(rollups, self)

    def funnel_of(self, site: Site) -> Funnel:
        """Returns the funnel asked about, its name empty for a question's own steps; raises Invalid without one."""
        known = site.funnels or [DEFAULT_FUNNEL]
        if self.steps is None:
            found = next((one for one in known if self.funnel in (None, one.name)), None)
            return found or _refuse("funnel", "the site has none of this name")
        if self.funnel is not None:
            _refuse("steps", "give either `steps` or `funnel`")
        steps = _names("steps", self.steps, fewest=2)
        return next((one for one in known if one.steps == steps), None) or Funnel(name="", steps=steps)


class FunnelModes(FunnelSelection):
    """What counts as going through a funnel, and for whom."""

    order: Order = Field(
        default="ordered",
        description="`ordered`: step after step, whatever is between; `strict`: nothing is between, but what pages"
        " record by themselves (page_exit, click, rage_click, scroll, hover, form, javascript_error) and what needs"
        " nobody there (identify, refunds …), unless a step is called so; what filters leave out is between too; `any`:"
        " a step is reached once it and all before it have happened",
    )
    window_mode: WindowMode = Field(
        default="first",
        description="`window` counts from an attempt's `first` step, or from each `step` to the next",
    )
    exclude: list[str] | None = Field(
        default=None,
        description="An attempt ends where one of these happens, by names as `steps` have them: what comes after is of"
        " another attempt",
        examples=[["cart|product_removed"]],
    )
    unit: Unit = Field(default="user", description="What is counted: people, or sessions")

    def query_of(self, rollups: Rollups) -> "FunnelQuery":
        """Returns what the question comes to for a site; raises Invalid, also for names that nothing is called."""
        if self.window_mode == "step" and self.window is None:
            _refuse("window_mode", "give a `window` too")
        if self.window_mode == "step" and self.order == "any":
            _refuse("window_mode", "a step of `order=any` has none before it")
        exclude = _names("exclude", self.exclude, fewest=1) if self.exclude is not None else []
        check_names("exclude", rollups.site, exclude)
        reading = Reading(self.funnel_of(rollups.site).steps, exclude, self.order == "strict")
        return FunnelQuery.of(rollups, self, self.unit, reading, self.dimensions())

    def dimensions(self) -> Sequence[str]:
        """Returns by which dimensions the answer is broken down."""
        return ()


def _names(field: str, given: list[str], *, fewest: int) -> list[str]:
    names = [name for part in given for name in parted(part, ",")]
    if not fewest <= len(names) <= MAX_STEPS:
        _refuse(field, f"give from {fewest} to {MAX_STEPS} names")
    if any(len(name) > MAX_STEP_LENGTH or not all(words(name)) for name in names):
        _refuse(field, f"give names of 1 to {MAX_STEP_LENGTH} characters, or such with | between them")
    return names


def conditions_of(site: Site, reading: Reading) -> dict[int, list[Wanted]]:
    """Returns the conditions of what is read as filters, by place; raises Invalid, also for too many."""
    found = {
        place: [_wanted(site, reading, each.place, condition) for condition in each.conditions]
        for place, each in reading.conditionals.items()
    }
    if sum(map(len, found.values())) > MOST_CONDITIONS:
        _refuse("steps", f"give at most {MOST_CONDITIONS} conditions")
    return found


def _wanted(site: Site, reading: Reading, place: int, condition: Condition) -> Wanted:
    row = dimensions_of(site).get(condition.dimension)
    if row is None or not row.filter:
        where = ("exclude", "a name") if place == reading.excluded else ("steps", f"step {place + 1}")
        _refuse(where[0], f"{where[1]}: {none_named(site, condition.dimension)}")
    value = frozenset({condition.value.casefold()})
    wanted = Wanted(row, frozenset(), value) if condition.excluded else Wanted(row, value, frozenset())
    return wanted.by_all_segments()


def _refuse(field: str, message: str) -> NoReturn:
    raise Invalid([FieldProblem(field, message)])


def step_of(query: "FunnelQuery", field: str, given: int | None, otherwise: int) -> int:
    """Returns the place of a step that a field asks about; raises Invalid for one that the funnel has not."""
    if (given or otherwise) > len(query.funnel.steps):
        _refuse(field, "the funnel has not so many steps")
    return given or otherwise


@dataclass(frozen=True)
class StepsQuery(EventsQuery):
    """Which events that satisfy steps are read; `conditions` are the filters of steps that have some.

    They are by the places of `reading.conditionals`. What does not pass the filters in `chosen` is read too, and
    satisfies no step: it may be in between.
    """

    reading: Reading
    conditions: Mapping[int, Sequence[Wanted]]
    chosen: Mapping[str, Wanted] = field(default_factory=dict, kw_only=True)

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """All dimensions that must be read of events, by their names."""
        filters = chain(self.chosen.values(), *self.conditions.values())
        return {**super().dimensions, **{wanted.row.name: wanted.row for wanted in filters}}

    def fitting(self, rows: Rows, fits: Callable[[Wanted], NDArray[np.bool_]]) -> Iterator[Rows]:
        """Yields the same events, those together that satisfy the same steps by filters and conditions too."""
        undecided = sorted(rows.steps & self.conditions.keys())
        if not undecided and not self.chosen:
            yield replace(rows, steps=self.reading.settled(rows.steps))
            return
        passing = [self.chosen.values(), *(self.conditions[place] for place in undecided)]
        held = [np.logical_and.reduce([fits(wanted) for wanted in filters]) for filters in passing]
        codes = sum((np.int64(1) << bit) * fitting for bit, fitting in enumerate(held))
        for code in np.unique(codes):
            steps = rows.steps & {self.reading.others}
            if code & 1:
                fitted = {place for bit, place in enumerate(undecided, 1) if code >> bit & 1}
                steps = self.reading.settled(rows.steps - frozenset(undecided) | fitted)
            if steps:
                yield rows.where(codes == code, steps)


@dataclass(frozen=True)
class FunnelQuery(StepsQuery):
    """Which entries to steps are read: from the rollups, which hold the site's own funnels, or else from the lake.

    `told` are the dimensions that the answer is broken down by; `with_sessions` asks when each entry's session began.
    """

    funnel: Funnel
    from_rollups: bool
    with_sessions: bool = False

    @classmethod
    def of(
        cls,
        rollups: Rollups,
        selection: FunnelSelection,
        unit: Unit = "user",
        reading: Reading | None = None,
        breakdown: Sequence[str] = (),
    ) -> "FunnelQuery":
        """Returns what a question comes to for a site; raises Invalid, also for steps that nothing is called."""
        site = rollups.site
        funnel = selection.funnel_of(site)
        device, filters = narrowed(site, selection)
        told = dimensions_named(site, breakdown)
        if not funnel.name:
            check_names("steps", site, funnel.steps)
        read = reading or Reading(funnel.steps)
        bots = selection.bots == "include"
        steps_alone = unit == "user" and not read.exclude and not read.strict and not bots
        rolled_up = steps_alone and not filters and told.keys() <= {"device"}
        return cls(
            rollups,
            selection.days_of(rollups),
            None if read.strict else device,
            {} if read.strict else filters,
            told,
            unit == "session",
            bots,
            read,
            conditions_of(site, read),
            funnel,
            from_rollups=rollups.current and rolled_up and funnel in kept_by_day(site) and rollups.part is None,
            chosen=selection.filters_of(site) if read.strict else {},
        )

    @property
    def tells_sessions(self) -> bool:
        """Whether it is told of each event when its session began."""
        return self.by_session or self.with_sessions

    @property
    def unit(self) -> Unit:
        """What is counted."""
        return "session" if self.by_session else "user"

    def asked(self, question: BaseModel) -> Asked:
        """Returns what an answer to the question is remembered by."""
        found = super().asked(question)
        return replace(found, made_of="figures") if self.from_rollups else found

    def counted(self, answer: Answer) -> Answer:
        """Returns the answer with the watermark of what it was made of."""
        return answer.counted_to(self.rollups.complete_to(self.days)) if self.from_rollups else super().counted(answer)
