"""What can be asked about a funnel; anything else is refused by name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, NoReturn, TypeVar

from footfall.days import DayRange, zone_named
from footfall.errors import FieldProblem, Invalid
from footfall.questions.cache import remember
from footfall.questions.range import RangeQuestion
from footfall.rollups import Rollups
from footfall.schemas.funnel import Device
from footfall.schemas.range import Answer
from footfall.schemas.site import DEFAULT_FUNNEL, Funnel
from footfall.stores.keys import funnel_key
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

WINDOW = re.compile(r"([1-9]\d{0,7})([smhd])")
UNIT_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
Answering = TypeVar("Answering", bound=Answer)
MAX_STEPS = 10
MAX_STEP_LENGTH = 256


def read_window(text: object) -> int:
    """The milliseconds of a window such as `7d`, `12h`, `30m` or `90s`; raises ValueError for anything else."""
    if isinstance(text, int):
        return text
    match = WINDOW.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise PydanticCustomError("window", "write a window as a number and s, m, h or d, such as 7d")
    return int(match[1]) * UNIT_MILLISECONDS[match[2]]


Window = Annotated[
    int, BeforeValidator(read_window), WithJsonSchema({"type": "string", "pattern": f"^{WINDOW.pattern}$"})
]


class FunnelQuestion(RangeQuestion):
    """A question about one funnel."""

    funnel: str | None = Field(
        default=None,
        max_length=100,
        description="One of the site's named funnels; without it the first",
        examples=["default"],
    )
    steps: list[str] | None = Field(
        default=None,
        description="Steps instead of a named funnel, by commas or repeated: page types, event types or event names;"
        " `a|b` is either",
        examples=[["home", "product|search", "Order Completed"]],
    )
    window: Window | None = Field(
        default=None,
        description="How long somebody has from the first step on: a number and s, m, h or d; else the whole range",
        examples=["7d"],
    )
    device: Device | None = Field(default=None, description="Only what was done on this device")

    def funnel_of(self, rollups: Rollups) -> Funnel:
        """The funnel asked about, with an empty name for a question's own steps; raises Invalid when there is none."""
        known = rollups.site.funnels or [DEFAULT_FUNNEL]
        if self.steps is None:
            found = next((one for one in known if self.funnel in (None, one.name)), None)
            return found or _refuse("funnel", "the site has none of this name")
        if self.funnel is not None:
            _refuse("steps", "give either `steps` or `funnel`")
        steps = _steps(self.steps)
        return next((one for one in known if one.steps == steps), None) or Funnel(name="", steps=steps)


def _steps(given: list[str]) -> list[str]:
    steps = [step.strip() for part in given for step in part.split(",")]
    if not 2 <= len(steps) <= MAX_STEPS:
        _refuse("steps", f"give from 2 to {MAX_STEPS} steps")
    if any(len(step) > MAX_STEP_LENGTH or not all(word.strip() for word in step.split("|")) for step in steps):
        _refuse("steps", f"a step is a name of 1 to {MAX_STEP_LENGTH} characters, or such names with | between them")
    return steps


def _refuse(field: str, message: str) -> NoReturn:
    raise Invalid([FieldProblem(field, message)])


class StandingQuestion(FunnelQuestion):
    """How the funnel stands over the whole range."""

    order: Literal["ordered", "any"] = Field(
        default="ordered",
        description="`ordered`: step after step; `any`: a step is reached once it and all before it have happened",
    )
    unit: Literal["user", "session"] = Field(default="user", description="What is counted: people, or sessions")
    breakdown: Literal["device"] | None = Field(
        default=None, description="Also by the device of the first step; nobody is split over two"
    )


class TrendQuestion(FunnelQuestion):
    """How the funnel went over time."""

    period: Literal["day", "week", "month"] = Field(default="day", description="Weeks begin on Monday")


@dataclass(frozen=True)
class Asked:
    """A question about entries to steps over a range of days, and how it can be answered.

    From the rollups when they hold the funnel, else from the events.
    """

    rollups: Rollups
    days: DayRange
    funnel: Funnel
    device: Device | None
    unit: Literal["user", "session"]
    from_rollups: bool

    @classmethod
    def of(cls, rollups: Rollups, question: FunnelQuestion) -> "Asked":
        """What a question comes to for a site; raises Invalid."""
        funnel = question.funnel_of(rollups)
        unit = question.unit if isinstance(question, StandingQuestion) else "user"
        last_day = rollups.last_day() if question.to is None else question.to
        days = question.days(last_day, zone_named(rollups.site.time_zone))
        from_rollups = rollups.current and unit == "user" and funnel in rollups.site.funnels
        return cls(rollups, days, funnel, question.device, unit, from_rollups)

    def answer(self, question: FunnelQuestion, model: type[Answering], compute: Callable[[], Answering]) -> Answering:
        """The answer, remembered for as long as the rollups it is made of are the latest; made of events, never."""
        if not self.from_rollups:
            return compute().model_copy(update={"complete_to": self.rollups.moment})
        asked = f"{model.__name__} {question.model_dump_json()}"
        key = funnel_key(self.rollups.site.site_id, self.device, self.days, self.rollups.version or "", asked)
        answer = remember(key, model, compute)
        return answer.model_copy(update={"complete_to": self.rollups.complete_to(self.days)})
